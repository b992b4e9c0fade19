//! Writes groups, and areas that have several meanings.
//!
//! **Invariant.** Of several meanings those are written that were told, in the order in which they were told.

use super::{Kind, Place, Writer};
use kernel::Error;

impl Writer<'_> {
    /// Writes one occurrence of a group. A group without a part shares the events of the group around it.
    pub(super) fn group(&mut self, node: u32, place: &mut Place, event: Option<u32>) -> Result<(), Error> {
        let has_part = self.record.nodes.get(node as usize).is_some_and(|node| node.part.is_some());
        if !has_part {
            return self.members(node, place);
        }
        let end = event.and_then(|event| self.told.events.get(event as usize)).map(|event| event.end);
        let (from, to) = event.zip(end).map_or((0, 0), |(event, end)| (event + 1, end));
        self.link(from, to);
        self.text(node, *place, (from, to))?;
        let written = self.members(node, place);
        self.unlink(from, to);
        written
    }

    /// The group as one text; its members are written over it.
    fn text(&mut self, node: u32, place: Place, (from, to): (u32, u32)) -> Result<(), Error> {
        let record = self.record;
        let Some(Kind::Group(members)) = record.nodes.get(node as usize).map(|node| &node.kind) else {
            return Ok(());
        };
        let Some(leaf) = members.text.and_then(|leaf| record.leaves.get(leaf as usize)) else {
            return Ok(());
        };
        // It has the node of the group, so it is no other member.
        let events = &self.told.events;
        let is_it = |at: &u32| events.get(*at as usize).is_some_and(|event| event.node == node);
        let scalar = (from..to).find(is_it).and_then(|event| self.told.scalar(event as usize));
        let Some(scalar) = scalar else { return Ok(()) };
        let start = place.base + leaf.at as usize;
        let old = place.old.map(|old| old + leaf.at as usize);
        self.room(start, start + leaf.field.width as usize, old, &leaf.initial);
        self.put(leaf, start, scalar)
    }

    /// Writes the members of a group, area by area.
    pub(super) fn members(&mut self, node: u32, place: &mut Place) -> Result<(), Error> {
        let record = self.record;
        let Some(Kind::Group(members)) = record.nodes.get(node as usize).map(|node| &node.kind) else {
            return Ok(());
        };
        let is_last = place.is_last;
        let count = members.areas.len();
        for (n, area) in members.areas.iter().enumerate() {
            place.is_last = is_last && n + 1 == count;
            match area.as_slice() {
                [one] => self.item(*one, place)?,
                several => self.alternatives(several, place)?,
            }
        }
        place.is_last = is_last;
        Ok(())
    }

    fn alternatives(&mut self, nodes: &[u32], place: &mut Place) -> Result<(), Error> {
        let mut told: Vec<(u32, u32)> =
            nodes.iter().filter_map(|&node| Some((self.told_first(node)?, node))).collect();
        told.sort_unstable();
        let before = *place;
        let mut end = before.old;
        for &(_, node) in &told {
            let mut own = before;
            self.item(node, &mut own)?;
            end = end.max(own.old.map(|old| old + self.behind(node, &own, &before)));
        }
        let is_open = nodes.iter().any(|&node| self.is_variable(node));
        if is_open {
            place.old = end;
        }
        // Where nothing follows, the area is as long as what was told; what an older record has there stays.
        if told.is_empty() || !place.is_last {
            let room =
                |node: &&u32| self.record.nodes.get(**node as usize).is_some_and(|node| !node.is_variable);
            let others: Vec<u32> = nodes.iter().filter(room).copied().collect();
            for node in others.into_iter().filter(|&node| told.iter().all(|(_, known)| *known != node)) {
                self.item(node, &mut before.clone())?;
            }
        }
        Ok(())
    }

    /// How far an alternative reaches behind its last base.
    fn behind(&self, node: u32, own: &Place, before: &Place) -> usize {
        let Some(it) = self.record.nodes.get(node as usize) else { return 0 };
        match own.base == before.base {
            true => it.at as usize + it.size as usize,
            false if it.table.is_some() => 0,
            false => it.size as usize,
        }
    }

    fn is_variable(&self, node: u32) -> bool {
        let it = self.record.nodes.get(node as usize);
        it.is_some_and(|it| it.is_variable || it.table.is_some_and(|table| table.counter.is_some()))
    }

    /// The first event of an item, or of what is in it if it has no part itself.
    fn told_first(&self, node: u32) -> Option<u32> {
        let it = self.record.nodes.get(node as usize)?;
        match &it.kind {
            Kind::Group(members) if it.part.is_none() => {
                members.areas.iter().flatten().filter_map(|&node| self.told_first(node)).min()
            }
            _ => self.event(node).filter(|&event| self.has_value(event)),
        }
    }

    /// Something was told in it: a group of which nothing could be read says nothing of an area.
    fn has_value(&self, event: u32) -> bool {
        let end = self.told.events.get(event as usize).map_or(event, |event| event.end);
        let all = self.told.events.get(event as usize..end as usize).unwrap_or_default();
        all.iter().any(|event| event.value.is_some())
    }
}
