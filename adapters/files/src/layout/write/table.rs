//! Writes tables, and what counts their elements.
//!
//! **Invariant.** A counter says how many elements there are; if it was told something else, nothing is written.

use super::super::{Kind, Table};
use super::{NONE, Place, Writer};
use kernel::{Error, Scalar};

impl Writer<'_> {
    /// Writes all elements of a table.
    pub(super) fn table(&mut self, node: u32, table: Table, place: &mut Place) -> Result<(), Error> {
        let record = self.record;
        let Some(it) = record.nodes.get(node as usize) else { return Ok(()) };
        let events = self.events(node);
        let told = u32::try_from(events.len()).unwrap_or(u32::MAX);
        if told > table.max {
            return Err(self.wrong(node, "more elements than the table has room for").with("max", table.max));
        }
        let speaks = it.part.is_some_and(|part| self.old.is_none_or(|(_, speaks)| told > 0 || speaks(part)));
        let (count, old) = self.count(node, table, told, speaks)?;
        let mut element = Place {
            base: place.base + it.at as usize,
            old: place.old.map(|old| old + it.at as usize),
            is_last: false,
        };
        let is_variable = it.is_variable || table.counter.is_some();
        for index in 0..count.max(old) {
            let event = events.get(index as usize).copied();
            // An element that is no longer there is passed over; one that was not there, or that nobody told though it
            // could have been, begins with blanks and zeros.
            let is_gone = index >= count;
            let is_new = index >= old || (speaks && event.is_none() && !is_gone);
            let mut own = Place { old: element.old.filter(|_| !is_new), ..element };
            let before = self.out.len();
            self.elements.push((node, index));
            self.element(node, &mut own, event)?;
            self.elements.pop();
            let end = own.base + it.size as usize;
            self.fill(end);
            match is_gone {
                true => self.out.truncate(before),
                false => element.base = end,
            }
            if index < old {
                let next = if is_new {
                    self.old_end(node, element.old)
                } else {
                    own.old.map(|old| old + it.size as usize)
                };
                element.old = next;
            }
        }
        if is_variable {
            (place.base, place.old) = (element.base, element.old);
        }
        Ok(())
    }

    fn element(&mut self, node: u32, place: &mut Place, event: Option<u32>) -> Result<(), Error> {
        match self.record.nodes.get(node as usize).map(|node| &node.kind) {
            Some(Kind::Leaf(leaf)) => self.leaf(*leaf, *place, event),
            _ => self.group(node, place, event),
        }
    }

    /// Slack bytes behind an element.
    fn fill(&mut self, end: usize) {
        if self.out.len() < end {
            self.out.resize(end, 0);
        }
    }

    /// Where an element of the older record ends that is not kept.
    fn old_end(&mut self, node: u32, old: Option<usize>) -> Option<usize> {
        let it = self.record.nodes.get(node as usize)?;
        if !it.is_variable {
            return old.map(|old| old + it.size as usize);
        }
        let before = self.out.len();
        let mut own = Place { base: before, old, is_last: false };
        let walked = self.element(node, &mut own, None);
        self.out.truncate(before);
        walked.ok().and(own.old).map(|old| old + it.size as usize)
    }

    fn events(&self, node: u32) -> Vec<u32> {
        let next = |&event: &u32| self.next.get(event as usize).copied().filter(|&event| event != NONE);
        std::iter::successors(self.event(node), next).collect()
    }

    /// How many elements there are to be, and how many the older record has.
    fn count(&mut self, node: u32, table: Table, told: u32, speaks: bool) -> Result<(u32, u32), Error> {
        let has_old = self.old.is_some();
        let Some(slot) = table.counter else { return Ok((table.max, if has_old { table.max } else { 0 })) };
        let counter = self.counters.get(usize::from(slot)).copied().unwrap_or_default();
        let old = match (has_old, counter.old) {
            (false, _) => 0,
            (true, Some(old)) if old <= table.max => old,
            // Nothing of the table is known; only an element that is new itself may begin like this.
            (true, None) if counter.old.is_none() && !self.elements.is_empty() => 0,
            (true, _) => return Err(self.wrong(node, "the counter of the older record cannot be read")),
        };
        let count = match (speaks, counter.told) {
            (false, Some(count)) => count,
            (false, None) => old.max(if has_old { 0 } else { table.min }),
            (true, None) if told == 0 => counter.set.filter(|_| counter.is_least).unwrap_or(table.min),
            (true, _) => told,
        };
        let disagrees =
            counter.told.is_some_and(|said| said != count) || counter.set.is_some_and(|set| set != count);
        if disagrees {
            let said = counter.told.or(counter.set).unwrap_or_default();
            let message = "a counter says something else than there are elements";
            return Err(self.wrong(node, message).with("counter", said).with("elements", count));
        }
        if !(table.min..=table.max).contains(&count) {
            let error = self.wrong(node, "as many elements as its table cannot have").with("elements", count);
            return Err(error.with("min", table.min).with("max", table.max));
        }
        self.set(slot, count, told == 0)?;
        Ok((count, old))
    }

    /// Writes a counter, unless the document told it.
    fn set(&mut self, slot: u8, count: u32, is_least: bool) -> Result<(), Error> {
        let Some(counter) = self.counters.get_mut(usize::from(slot)) else { return Ok(()) };
        (counter.set, counter.is_least) = (Some(count), is_least);
        let counter = *counter;
        let record = self.record;
        match record.leaves.get(counter.leaf as usize) {
            Some(leaf) if counter.told.is_none() => self.put(leaf, counter.at, Scalar::Int(i64::from(count))),
            _ => Ok(()),
        }
    }
}
