//! Writes a record that was told.
//!
//! **Invariant.** A record is written whole or not at all; bytes that nobody speaks for are those of the older record.

mod group;
mod table;

use super::tell::counted;
use super::told::Told;
use super::{Kind, Layout, Leaf, Record};
use kernel::{Cause, Class, Document, Error, PartId, Progress, Scalar};

/// The older record, and of which parts the document would speak.
pub(super) type Old<'a> = (&'a [u8], &'a dyn Fn(PartId) -> bool);

/// Writes a new record.
///
/// # Errors
/// See [`crate::format::Format::write`].
pub(super) fn write(
    layout: &Layout,
    number: usize,
    content: &mut dyn Document,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    whole(layout, number, None, content, out)
}

/// Writes a record over an older one.
///
/// # Errors
/// See [`Layout::write_over`].
pub(super) fn rewrite(
    layout: &Layout,
    number: usize,
    old: Old<'_>,
    content: &mut dyn Document,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    whole(layout, number, Some(old), content, out)
}

fn whole(
    layout: &Layout,
    number: usize,
    old: Option<Old<'_>>,
    content: &mut dyn Document,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let defect = || Error::new(Class::Defect, Cause::Internal, "there is no such type of record");
    let record = layout.records.get(number).ok_or_else(defect)?;
    let mut told = Told::new(layout, u32::try_from(number).unwrap_or(u32::MAX));
    take(content, &mut told)?;
    let start = out.len();
    let mut writer = Writer {
        layout,
        record,
        told: &told,
        out,
        start,
        old,
        counters: [Counter::default(); Layout::COUNTERS_MAX],
        first: vec![NONE; record.nodes.len()],
        last: vec![NONE; record.nodes.len()],
        next: vec![NONE; told.events.len()],
        elements: Vec::new(),
    };
    let written = writer.whole();
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Takes all that a document tells.
fn take(content: &mut dyn Document, told: &mut Told<'_>) -> Result<(), Error> {
    let broken = |message| Error::new(Class::Defect, Cause::Internal, message);
    match content.advance(told) {
        Ok(Progress::End) => Ok(()),
        Ok(Progress::Stopped) => Err(unwritable(told.wrong.unwrap_or("the record cannot be written"))),
        Ok(_) => Err(broken("what is to be written was not told whole")),
        Err(error) => Err(broken("what is to be written cannot be told").because(error)),
    }
}

fn unwritable(message: &'static str) -> Error {
    Error::new(Class::Client, Cause::Unwritable, message)
}

/// No event.
const NONE: u32 = u32::MAX;

/// A counter of the record that is written.
#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    /// Its leaf, and where it was written.
    leaf: u32,
    at: usize,
    /// What the document says.
    told: Option<u32>,
    /// What the older record says.
    old: Option<u32>,
    /// How many elements a table had that depends on it.
    set: Option<u32>,
    /// None of its elements were told.
    is_least: bool,
}

/// Where an item goes.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The base in what is written, and in the older record.
    base: usize,
    old: Option<usize>,
    /// Nothing follows in the record.
    is_last: bool,
}

struct Writer<'a> {
    layout: &'a Layout,
    record: &'a Record,
    told: &'a Told<'a>,
    out: &'a mut Vec<u8>,
    /// Where the record begins in `out`.
    start: usize,
    old: Option<Old<'a>>,
    counters: [Counter; Layout::COUNTERS_MAX],
    /// The first and last event of each node in the group that is written, and for each event the next of its node.
    first: Vec<u32>,
    last: Vec<u32>,
    next: Vec<u32>,
    /// The elements that are written, from the outermost.
    elements: Vec<(u32, u32)>,
}

impl Writer<'_> {
    fn whole(&mut self) -> Result<(), Error> {
        let all = u32::try_from(self.told.events.len()).unwrap_or(NONE);
        self.link(0, all);
        let mut place = Place { base: self.start, old: self.old.map(|_| 0), is_last: true };
        match self.record.nodes.first().map(|root| &root.kind) {
            Some(Kind::Group(_)) => self.members(0, &mut place)?,
            _ => self.item(0, &mut place)?,
        }
        self.rest(&place);
        Ok(())
    }

    /// What stood behind the older record, or in the room that its tables had left.
    fn rest(&mut self, place: &Place) {
        let (Some((old, _)), Some(base)) = (self.old, place.old) else { return };
        let written = self.out.len() - self.start;
        let is_image =
            self.record.counters > 0 && !self.record.is_open && old.len() == self.record.most as usize;
        let from = if is_image {
            written
        } else {
            base + if self.record.is_open { 0 } else { self.record.size as usize }
        };
        self.out.extend_from_slice(old.get(from..).unwrap_or_default());
    }

    /// Finds the events of a group by their nodes.
    fn link(&mut self, from: u32, to: u32) {
        let mut at = from;
        while at < to {
            let Some(event) = self.told.events.get(at as usize) else { break };
            let node = event.node as usize;
            if let (Some(first), Some(last)) = (self.first.get_mut(node), self.last.get_mut(node)) {
                match *first {
                    NONE => *first = at,
                    _ => {
                        if let Some(next) = self.next.get_mut(*last as usize) {
                            *next = at;
                        }
                    }
                }
                *last = at;
            }
            at = event.end.max(at + 1);
        }
    }

    fn unlink(&mut self, from: u32, to: u32) {
        let mut at = from;
        while at < to {
            let Some(event) = self.told.events.get(at as usize) else { break };
            if let Some(first) = self.first.get_mut(event.node as usize) {
                *first = NONE;
            }
            at = event.end.max(at + 1);
        }
    }

    fn event(&self, node: u32) -> Option<u32> {
        self.first.get(node as usize).copied().filter(|&event| event != NONE)
    }

    /// Writes an item in its place, and moves on where its length depends on a counter.
    fn item(&mut self, node: u32, place: &mut Place) -> Result<(), Error> {
        let Some(it) = self.record.nodes.get(node as usize) else { return Ok(()) };
        match (&it.table, &it.kind) {
            (Some(table), _) => self.table(node, *table, place),
            (None, Kind::Leaf(leaf)) => self.leaf(*leaf, *place, self.event(node)),
            (None, Kind::Group(_)) => self.group(node, place, self.event(node)),
        }
    }

    /// Writes a field: what was told, else what stood there, else blanks or zeros.
    fn leaf(&mut self, number: u32, place: Place, event: Option<u32>) -> Result<(), Error> {
        let Some(leaf) = self.record.leaves.get(number as usize) else { return Ok(()) };
        let start = place.base + leaf.at as usize;
        let end = start + leaf.field.width as usize;
        let old = place.old.map(|old| old + leaf.at as usize);
        // What the older record lacks at its end stays missing, unless it is told.
        let here = self.old.map_or(usize::MAX, |(bytes, _)| bytes.len());
        let kept = old.filter(|_| event.is_none() && place.is_last).map(|old| here.saturating_sub(old));
        let end = kept.map_or(end, |kept| end.min(start + kept));
        if kept != Some(0) {
            self.room(start, end, old, &leaf.initial);
        }
        let scalar = event.and_then(|event| self.told.scalar(event as usize));
        if let Some(scalar) = scalar {
            self.put(leaf, start, scalar)?;
        }
        self.remember(number, leaf, (start, place.old), scalar);
        Ok(())
    }

    fn put(&mut self, leaf: &Leaf, start: usize, scalar: Scalar<'_>) -> Result<(), Error> {
        let end = start + leaf.field.width as usize;
        let Some(bytes) = self.out.get_mut(start..end) else { return Ok(()) };
        leaf.field.write(scalar, &self.layout.setting, bytes).map_err(|reason| {
            self.wrong(leaf.node, "a value that its field cannot hold").with("reason", reason)
        })
    }

    /// A counter, for its table.
    fn remember(
        &mut self,
        number: u32,
        leaf: &Leaf,
        (at, base): (usize, Option<usize>),
        told: Option<Scalar<'_>>,
    ) {
        let Some(slot) = self.record.slot(number) else { return };
        let mut text = String::new();
        let mut counted = |bytes, base| counted(self.layout, leaf, bytes, base, &mut text);
        let old = self.old.zip(base).and_then(|((bytes, _), base)| counted(bytes, base));
        // What was told stands there now, so it is read as any counter is.
        let told = told.and_then(|_| counted(self.out.as_slice(), at - leaf.at as usize));
        if let Some(counter) = self.counters.get_mut(usize::from(slot)) {
            *counter = Counter { leaf: number, at, told, old, set: None, is_least: false };
        }
    }

    /// Makes room up to `end`: bytes of the older record, else `initial` again and again from `start`.
    fn room(&mut self, start: usize, end: usize, old: Option<usize>, initial: &[u8]) {
        // Slack bytes, and what lies between, are zero unless they are known.
        while self.out.len() < start {
            let before = start - self.out.len();
            let known = old.and_then(|old| old.checked_sub(before)).and_then(|at| self.old_byte(at));
            self.out.push(known.unwrap_or(0));
        }
        let mut done = self.out.len() - start;
        if self.out.len() >= end {
            return;
        }
        if let Some((bytes, old)) = self.old.map(|(bytes, _)| bytes).zip(old) {
            let known = bytes.get(old + done..bytes.len().min(old + end - start)).unwrap_or_default();
            self.out.extend_from_slice(known);
            done += known.len();
        }
        let missing = end - start - done;
        let length = initial.len().max(1);
        self.out.extend(initial.iter().copied().cycle().skip(done % length).take(missing));
    }

    fn old_byte(&self, at: usize) -> Option<u8> {
        self.old.and_then(|(bytes, _)| bytes.get(at).copied())
    }

    /// An error at an item.
    fn wrong(&self, node: u32, message: &'static str) -> Error {
        let path = self.record.path_of(node, &mut |node| {
            self.elements.iter().rev().find(|(table, _)| *table == node).map(|(_, index)| *index)
        });
        unwritable(message).with("part", path)
    }
}

impl Record {
    /// The slot of a counter.
    pub(super) fn slot(&self, leaf: u32) -> Option<u8> {
        if self.counters == 0 {
            return None;
        }
        self.steps.iter().find_map(|step| match step {
            super::step::Step::Count { leaf: known, slot } if *known == leaf => Some(*slot),
            _ => None,
        })
    }
}
