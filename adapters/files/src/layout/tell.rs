//! Tells a record, step by step.
//!
//! **Invariant.** Every byte that is read lies in the record; a counter is believed only within its bounds.

use super::step::Step;
use super::{Layout, Leaf, Record, Table};
use kernel::{BadField, DecodeError, Interest, Progress, Scalar, Stop, Visitor};
use std::ops::Range;

/// What is told of bytes that nothing describes.
const REST: &str = "bytes behind the record";

/// A base that is nowhere: what follows a table of unknown length.
const LOST: usize = usize::MAX / 2;

/// A counter that cannot be read.
const UNREADABLE: u32 = u32::MAX;

/// Tells all parts of a record.
///
/// # Errors
/// See [`crate::format::Format::tell`].
pub(super) fn tell(
    layout: &Layout,
    record: &Record,
    (bytes, at): (&[u8], u64),
    text: &mut String,
    to: &mut dyn Visitor,
) -> Result<Progress, DecodeError> {
    let counts = [0; Layout::COUNTERS_MAX];
    let mut teller = Teller { layout, record, bytes, at, text, to, counts, places: None };
    match teller.whole() {
        Ok(()) => Ok(Progress::End),
        Err(Halt::Paused) => Ok(Progress::Paused),
        Err(Halt::Stopped) => Ok(Progress::Stopped),
        Err(Halt::Failed(error)) => Err(*error),
    }
}

/// Returns the places of all leaves that are told.
pub(super) fn places(layout: &Layout, record: &Record, bytes: &[u8]) -> Vec<Option<Range<usize>>> {
    let counts = [0; Layout::COUNTERS_MAX];
    let (text, to) = (&mut String::new(), &mut All);
    let mut teller = Teller { layout, record, bytes, at: 0, text, to, counts, places: Some(Vec::new()) };
    // Where the telling ends early, the other one does too.
    let _ = teller.whole();
    teller.places.unwrap_or_default()
}

/// Wants everything.
struct All;

impl Visitor for All {
    fn enter(&mut self, _: kernel::PartId, _: kernel::TypeId) -> Interest {
        Interest::Leaf
    }

    fn leaf(&mut self, _: kernel::PartId, _: kernel::Scalar<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn unreadable(&mut self, _: kernel::PartId, _: &DecodeError) -> Result<(), Stop> {
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: kernel::PartId) -> Result<(), Stop> {
        Ok(())
    }
}

/// Why the telling ends early.
enum Halt {
    Paused,
    Stopped,
    Failed(Box<DecodeError>),
}

impl From<Stop> for Halt {
    fn from(_: Stop) -> Self {
        Self::Stopped
    }
}

struct Teller<'a> {
    layout: &'a Layout,
    record: &'a Record,
    bytes: &'a [u8],
    /// Where the record stands in its unit.
    at: u64,
    text: &'a mut String,
    to: &'a mut dyn Visitor,
    counts: [u32; Layout::COUNTERS_MAX],
    /// Where leaves stand that are told, for those who ask for it.
    places: Option<Vec<Option<Range<usize>>>>,
}

/// Where the telling is.
#[derive(Clone, Copy)]
struct Place<'f> {
    /// The element that is told, and those around it.
    element: Option<&'f Element<'f>>,
    /// Nobody wants this; only counters and lengths count.
    quiet: bool,
    /// This is one of several meanings, perhaps not the right one.
    doubtful: bool,
}

struct Element<'f> {
    outer: Option<&'f Element<'f>>,
    node: u32,
    index: u32,
}

impl Teller<'_> {
    fn whole(&mut self) -> Result<(), Halt> {
        let record = self.record;
        let mut base = 0;
        let end = record.steps.len();
        self.fits(record.least as usize)?;
        self.run(0, end, &mut base, Place { element: None, quiet: false, doubtful: false })?;
        self.fits(base + record.need as usize)?;
        let (described, most) = (base + record.size as usize, record.most as usize);
        let length = self.bytes.len();
        // A table that has room for more than its counter says leaves bytes behind it where all records are equally long,
        // and where an area of unknown length ends is not known.
        let is_room = match record.is_open {
            true => length <= most,
            false => record.counters > 0 && length == most,
        };
        if length > described && !is_room {
            self.to.unknown(REST);
        }
        Ok(())
    }

    fn fits(&self, end: usize) -> Result<(), Halt> {
        if self.bytes.len() >= end {
            return Ok(());
        }
        let message = format!("the record has {} bytes, and its layout needs {end}", self.bytes.len());
        Err(self.failed(message, self.bytes.len()))
    }

    fn failed(&self, message: String, at: usize) -> Halt {
        Halt::Failed(Box::new(DecodeError::new(message, self.offset(at))))
    }

    fn offset(&self, at: usize) -> u64 {
        self.at.saturating_add(u64::try_from(at.min(self.bytes.len())).unwrap_or(u64::MAX))
    }

    /// Takes the steps `from..to`. `base` is left where the last variable table in them ended.
    fn run(&mut self, from: usize, to: usize, base: &mut usize, place: Place<'_>) -> Result<(), Halt> {
        let record = self.record;
        let mut at = from;
        while at < to {
            let Some(&step) = record.steps.get(at) else { break };
            at += 1;
            match step {
                Step::Leaf(_) | Step::Leave { .. } if place.quiet => {}
                Step::Leaf(leaf) => {
                    if let Some(leaf) = record.leaves.get(leaf as usize) {
                        self.leaf(leaf, *base, place)?;
                    }
                }
                Step::Enter { .. } if place.quiet => {}
                Step::Enter { part, ty, end, walk } => match self.to.enter(part, ty) {
                    Interest::Pause => return Err(Halt::Paused),
                    Interest::Descend | Interest::Leaf => {}
                    Interest::Skip => {
                        if walk {
                            self.run(at, end as usize, base, Place { quiet: true, ..place })?;
                        }
                        at = end as usize;
                    }
                },
                Step::Leave { part } => self.to.leave(part)?,
                Step::Count { leaf, slot } => self.count(leaf, slot, *base),
                Step::Table { node, end } => {
                    self.table(node, (at, end as usize), base, place)?;
                    at = end as usize;
                }
                Step::Branch { end } => {
                    let mut own = *base;
                    self.run(at, end as usize, &mut own, Place { doubtful: true, ..place })?;
                    at = end as usize;
                }
            }
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf, base: usize, place: Place<'_>) -> Result<(), Halt> {
        match self.to.enter(leaf.part, leaf.ty) {
            Interest::Skip => return Ok(()),
            Interest::Pause => return Err(Halt::Paused),
            Interest::Leaf | Interest::Descend => {}
        }
        let start = base + leaf.at as usize;
        if let Some(places) = &mut self.places {
            places.push(Some(start..start + leaf.field.width as usize));
        }
        let raw = self.bytes.get(start..start + leaf.field.width as usize);
        let read = match raw {
            Some(raw) => leaf.field.read(raw, &self.layout.setting, self.text),
            None if base >= LOST => Err("it stands behind a table whose counter cannot be read".into()),
            None => Err("it stands behind the end of the record".into()),
        };
        match read {
            Ok(scalar) => Ok(self.to.leaf(leaf.part, scalar)?),
            Err(reason) => {
                let error = self.bad(leaf.node, reason, (start, raw.unwrap_or_default()), place);
                self.unreadable(leaf.part, error)
            }
        }
    }

    /// Whoever does not want the value in the end goes on.
    fn unreadable(&mut self, part: kernel::PartId, error: DecodeError) -> Result<(), Halt> {
        match self.to.unreadable(part, &error) {
            Ok(()) => Ok(()),
            Err(Stop) => Err(Halt::Failed(Box::new(error))),
        }
    }

    /// An error with the path of the field and its bytes.
    fn bad(&self, node: u32, reason: String, (at, raw): (usize, &[u8]), place: Place<'_>) -> DecodeError {
        let path = self.record.path_of(node, &mut |node| {
            let mut around = std::iter::successors(place.element, |element| element.outer);
            around.find(|element| element.node == node).map(|element| element.index)
        });
        let field = Some(Box::new(BadField { path: path.clone(), bytes: raw.into() }));
        DecodeError { field, ..DecodeError::new(format!("{path}: {reason}"), self.offset(at)) }
    }

    /// Remembers a counter. Whether it is right matters only where its table is.
    fn count(&mut self, leaf: u32, slot: u8, base: usize) {
        let Some(leaf) = self.record.leaves.get(leaf as usize) else { return };
        let count = counted(self.layout, leaf, self.bytes, base, self.text).unwrap_or(UNREADABLE);
        if let Some(slot) = self.counts.get_mut(usize::from(slot)) {
            *slot = count;
        }
    }

    fn table(
        &mut self,
        node: u32,
        steps: (usize, usize),
        base: &mut usize,
        place: Place<'_>,
    ) -> Result<(), Halt> {
        let record = self.record;
        let Some((it, table)) = record.nodes.get(node as usize).and_then(|it| Some((it, it.table?))) else {
            return Ok(());
        };
        let start = base.saturating_add(it.at as usize).min(LOST);
        let count = match self.elements(table) {
            Ok(count) if start < LOST => count,
            Ok(_) => return self.lost(node, UNREADABLE, (start, base), place),
            Err(count) => return self.lost(node, count, (start, base), place),
        };
        let mut end = start;
        let is_told = !place.quiet && steps.0 < steps.1;
        if is_told || it.is_variable {
            for index in 0..count {
                let element = Element { outer: place.element, node, index };
                let place = Place { element: Some(&element), ..place };
                let mut own = end;
                if table.counter.is_some() && !place.doubtful {
                    self.holds(end + it.need as usize, &place, node)?;
                }
                self.run(steps.0, steps.1, &mut own, place)?;
                end = own.saturating_add(it.size as usize).min(LOST);
            }
        } else {
            end = start.saturating_add((count as usize).saturating_mul(it.size as usize)).min(LOST);
        }
        if table.counter.is_some() || it.is_variable {
            *base = end;
        }
        Ok(())
    }

    /// How many elements there are, or the counter that is out of bounds.
    fn elements(&self, table: Table) -> Result<u32, u32> {
        let Some(slot) = table.counter else { return Ok(table.max) };
        let count = self.counts.get(usize::from(slot)).copied().unwrap_or(UNREADABLE);
        if (table.min..=table.max).contains(&count) { Ok(count) } else { Err(count) }
    }

    /// An element that is not there makes the record too short.
    fn holds(&self, end: usize, place: &Place<'_>, node: u32) -> Result<(), Halt> {
        if self.bytes.len() >= end {
            return Ok(());
        }
        let reason = format!("the record of {} bytes ends within this element", self.bytes.len());
        let error = self.bad(node, reason, (self.bytes.len(), &[]), *place);
        Err(Halt::Failed(Box::new(DecodeError { field: None, ..error })))
    }

    /// A table whose counter says nothing that can be.
    fn lost(
        &mut self,
        node: u32,
        count: u32,
        (start, base): (usize, &mut usize),
        place: Place<'_>,
    ) -> Result<(), Halt> {
        let record = self.record;
        let Some((it, table)) = record.nodes.get(node as usize).and_then(|it| Some((it, it.table?))) else {
            return Ok(());
        };
        let counter = table.counter.and_then(|slot| record.counter(slot));
        let name = counter.map(|leaf| record.path_of(leaf.node, &mut |_| None)).unwrap_or_default();
        let reason = match count {
            UNREADABLE => format!("its counter {name} is no number"),
            _ => {
                format!("its counter {name} says {count}, and it has {} to {} elements", table.min, table.max)
            }
        };
        let mut error = self.bad(node, reason, (start, &[]), place);
        if let Some((leaf, field)) = counter.zip(error.field.as_mut()) {
            let raw = leaf.is_fixed.then(|| self.bytes.get(leaf.bytes(0))).flatten();
            (field.path, field.bytes) = (name, raw.unwrap_or_default().into());
            error.offset = if leaf.is_fixed { self.offset(leaf.at as usize) } else { error.offset };
        }
        *base = LOST;
        if !place.doubtful {
            return Err(Halt::Failed(Box::new(error)));
        }
        let Some(part) = it.part.filter(|_| !place.quiet) else { return Ok(()) };
        let ty = record.type_of(node);
        match ty.map_or(Interest::Skip, |ty| self.to.enter(part, ty)) {
            Interest::Skip => Ok(()),
            Interest::Pause => Err(Halt::Paused),
            Interest::Leaf => self.unreadable(part, error),
            Interest::Descend => {
                self.unreadable(part, error)?;
                Ok(self.to.leave(part)?)
            }
        }
    }
}

/// Reads a counter.
pub(super) fn counted(
    layout: &Layout,
    leaf: &Leaf,
    bytes: &[u8],
    base: usize,
    text: &mut String,
) -> Option<u32> {
    let raw = bytes.get(leaf.bytes(base))?;
    match leaf.field.read(raw, &layout.setting, text).ok()? {
        Scalar::Int(number) => u32::try_from(number).ok(),
        Scalar::Decimal(number) => u32::try_from(number.to_i64()?).ok(),
        Scalar::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Leaf {
    /// Its bytes, from its base.
    pub(super) fn bytes(&self, base: usize) -> std::ops::Range<usize> {
        let start = base.saturating_add(self.at as usize);
        start..start.saturating_add(self.field.width as usize)
    }
}

impl Record {
    /// The leaf that is remembered in a slot.
    pub(super) fn counter(&self, slot: u8) -> Option<&Leaf> {
        let is_it = |step: &Step| match step {
            Step::Count { leaf, slot: known } if *known == slot => Some(*leaf),
            _ => None,
        };
        self.leaves.get(self.steps.iter().find_map(is_it)? as usize)
    }

    /// The type of the part that tells a node.
    fn type_of(&self, node: u32) -> Option<kernel::TypeId> {
        let part = self.nodes.get(node as usize)?.part?;
        match &self.nodes.get(node as usize)?.kind {
            super::Kind::Leaf(leaf) => self.leaves.get(*leaf as usize).map(|leaf| leaf.ty),
            super::Kind::Group(_) => self.steps.iter().find_map(|step| match step {
                Step::Enter { part: known, ty, .. } if *known == part => Some(*ty),
                _ => None,
            }),
        }
    }
}
