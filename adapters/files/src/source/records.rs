//! The records of a batch, told one after the other.
//!
//! **Invariant.** Nothing is copied to tell a record; what stands beside it is what stood there in the file.

use crate::format::{Excerpt, Format, Scratch};
use crate::shape::{Kind, Layout};
use adapters_ports::{Framed, RawRecord, Records};
use bytes::Bytes;
use kernel::{DecodeError, Interest, PartId, Progress, Sheet, Slot, Taker, Visitor};
use std::collections::HashMap;
use std::sync::Arc;

/// The name under which a dead letter has the header of its file.
pub(crate) const HEADER: &str = "#header";
/// A record that has no type.
pub(crate) const NO_KIND: u16 = u16::MAX;

/// Records that were read at once.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// All their bytes, with those that frame them.
    pub data: Bytes,
    /// Where these begin in the unit.
    pub at: u64,
    /// Records before them in the unit.
    pub number: u64,
    /// Where each is.
    pub placed: Vec<Placed>,
    /// Why some have no type, by their index.
    pub reasons: HashMap<usize, String>,
    /// What stands beside the first, by type.
    pub before: Arc<[Option<Kept>]>,
    /// What reads them: that of the layout, or one that knows the header of the file.
    pub format: Arc<dyn Format>,
    /// That header.
    pub header: Option<Bytes>,
}

/// Where a record is in its chunk, and its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    /// Its first byte.
    pub at: u32,
    /// How many it has.
    pub length: u32,
    /// Index of its type, or [`NO_KIND`].
    pub kind: u16,
}

/// The latest record of a type, kept beyond its chunk.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// Its bytes.
    pub bytes: Bytes,
    /// Where it stands in the unit.
    pub at: u64,
}

/// Where the latest record of a type is.
#[derive(Debug, Clone, Copy)]
enum Latest {
    /// Before the chunk, if there was one.
    Before,
    /// In the chunk, at this index.
    Here(usize),
}

/// Index of a type and the type, where a record has one.
type Typed<'a> = Option<(usize, &'a Kind)>;

/// The records of a chunk.
#[derive(Debug)]
pub(crate) struct FileRecords {
    layout: Arc<Layout>,
    chunk: Chunk,
    file: Option<Arc<str>>,
    /// The record that is looked at; none before the first.
    current: Option<usize>,
    latest: Vec<Latest>,
    text: String,
    /// Leaves that are taken without being told, each with the index of the type.
    excerpts: Vec<(usize, Excerpt)>,
    scratch: Scratch,
}

impl Chunk {
    /// Returns the bytes of a record.
    pub(crate) fn bytes(&self, placed: &Placed) -> &[u8] {
        let at = placed.at as usize;
        self.data.get(at..at.saturating_add(placed.length as usize)).unwrap_or_default()
    }

    fn at(&self, placed: &Placed) -> u64 {
        self.at.saturating_add(u64::from(placed.at))
    }

    fn shared(&self, placed: &Placed) -> Bytes {
        let bytes = self.bytes(placed);
        if bytes.is_empty() { Bytes::new() } else { self.data.slice_ref(bytes) }
    }
}

impl FileRecords {
    /// Starts in front of the first record. `file` is the name of the unit, where there is one.
    pub(crate) fn new(layout: Arc<Layout>, chunk: Chunk, file: Option<Arc<str>>) -> Self {
        let latest = vec![Latest::Before; layout.kinds.len()];
        let (text, excerpts, scratch) = Default::default();
        Self { layout, chunk, file, current: None, latest, text, excerpts, scratch }
    }

    /// Returns the record that was moved to, and its type, if it has one.
    fn here(&self) -> Option<(usize, &Placed, Typed<'_>)> {
        let index = self.current?;
        let placed = self.chunk.placed.get(index)?;
        let kind = usize::from(placed.kind);
        Some((index, placed, self.layout.kinds.get(kind).map(|found| (kind, found))))
    }

    fn is_child(&self, placed: &Placed) -> bool {
        self.layout.kinds.get(usize::from(placed.kind)).is_some_and(|kind| kind.parent.is_some())
    }

    /// Returns the records that came with the one at this index.
    fn children(&self, index: usize) -> impl Iterator<Item = &Placed> {
        let rest = if self.layout.grouped { self.chunk.placed.get(index + 1..) } else { None };
        rest.unwrap_or_default()
            .iter()
            .take_while(|placed| placed.kind == NO_KIND || self.is_child(placed))
            .filter(|placed| placed.kind != NO_KIND)
    }
}

/// Returns the latest record of a type and where it stands.
fn latest<'c>(chunk: &'c Chunk, latest: &[Latest], kind: usize) -> Option<(&'c [u8], u64)> {
    match latest.get(kind)? {
        Latest::Here(index) => {
            let placed = chunk.placed.get(*index)?;
            Some((chunk.bytes(placed), chunk.at(placed)))
        }
        Latest::Before => chunk.before.get(kind)?.as_ref().map(|kept| (&*kept.bytes, kept.at)),
    }
}

impl Records for FileRecords {
    fn next(&mut self) -> Option<Framed> {
        if let Some((index, _, Some((kind, _)))) = self.here()
            && let Some(latest) = self.latest.get_mut(kind)
        {
            *latest = Latest::Here(index);
        }
        let mut index = self.current.map_or(0, |index| index.saturating_add(1));
        if self.layout.grouped {
            while self.chunk.placed.get(index).is_some_and(|placed| self.is_child(placed)) {
                index += 1;
            }
        }
        self.current = Some(index);
        let (_, placed, kind) = self.here()?;
        let offset = self.chunk.at(placed);
        let part = kind.map(|(_, kind)| kind.part).ok_or_else(|| {
            let reason = self.chunk.reasons.get(&index).map_or("no record type applies", String::as_str);
            DecodeError::new(reason, offset)
        });
        let number = self.chunk.number.saturating_add(1).saturating_add(u64::try_from(index).unwrap_or(0));
        Some(Framed { number, offset, length: placed.length, part })
    }

    fn tell(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let mut text = std::mem::take(&mut self.text);
        let progress = self.tell_with(&mut text, to);
        self.text = text;
        progress
    }

    fn excerpt(&mut self, part: PartId, slots: &[Slot]) -> Option<usize> {
        // What belongs to a record comes with it only when it is told.
        let kind = self.layout.index(part).filter(|_| !self.layout.grouped)?;
        let excerpt = self.chunk.format.excerpt(self.layout.kinds.get(kind)?.number, slots)?;
        self.excerpts.push((kind, excerpt));
        Some(self.excerpts.len() - 1)
    }

    fn take(&mut self, excerpt: usize, to: &mut dyn Taker, sheet: &mut Sheet) -> bool {
        let Self { chunk, excerpts, scratch, .. } = self;
        let placed = self.current.and_then(|index| chunk.placed.get(index));
        let (Some(placed), Some((kind, excerpt))) = (placed, excerpts.get(excerpt)) else { return false };
        usize::from(placed.kind) == *kind
            && chunk.format.take(excerpt, chunk.bytes(placed), scratch, to, sheet)
    }

    fn raw(&self) -> RawRecord {
        let Some((index, placed, kind)) = self.here() else { return RawRecord::default() };
        let unit = self.file.clone().unwrap_or_default();
        let mut beside = Vec::new();
        let own = kind.map(|(own, _)| own);
        beside.extend(self.chunk.header.iter().map(|header| (Arc::from(HEADER), header.clone())));
        for (other, kind) in self.layout.tops().filter(|(other, _)| Some(*other) != own) {
            if let Some((bytes, _)) = latest(&self.chunk, &self.latest, other) {
                beside.push((Arc::clone(&kind.name), Bytes::copy_from_slice(bytes)));
            }
        }
        if own.is_some() {
            for child in self.children(index) {
                if let Some(kind) = self.layout.kinds.get(usize::from(child.kind)) {
                    beside.push((Arc::clone(&kind.name), Bytes::copy_from_slice(self.chunk.bytes(child))));
                }
            }
        }
        let number = self.chunk.number.saturating_add(1).saturating_add(u64::try_from(index).unwrap_or(0));
        // A dead letter may be kept for long, and must not keep its whole batch.
        let bytes = Bytes::copy_from_slice(&self.chunk.shared(placed));
        RawRecord { bytes, beside, unit, number, offset: self.chunk.at(placed) }
    }
}

impl FileRecords {
    fn tell_with(&self, text: &mut String, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let Some((index, placed, Some((kind, found)))) = self.here() else { return Ok(Progress::End) };
        let (chunk, before) = (&self.chunk, &self.latest);
        let beside = |other| latest(chunk, before, other);
        let progress =
            self.layout.tell_beside(&*chunk.format, kind, &beside, self.file.as_deref(), text, to)?;
        if progress != Progress::End {
            return Ok(progress);
        }
        let (format, at) = (&chunk.format, chunk.at(placed));
        let progress = format.tell(found.number, chunk.bytes(placed), at, text, to)?;
        if progress != Progress::End || !self.layout.grouped {
            return Ok(progress);
        }
        let children: Vec<&Placed> = self.children(index).collect();
        let mut rest = children.as_slice();
        self.tell_children(kind, &mut rest, text, to)
    }

    /// Tells the records at the beginning of `rest` that belong to a record of type `parent`.
    fn tell_children(
        &self,
        parent: usize,
        rest: &mut &[&Placed],
        text: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError> {
        while let Some((placed, behind)) = rest.split_first() {
            let index = usize::from(placed.kind);
            let Some(kind) = self.layout.kinds.get(index).filter(|kind| kind.parent == Some(parent)) else {
                break;
            };
            *rest = behind;
            match to.enter(kind.part, kind.ty) {
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Skip | Interest::Leaf => {
                    self.pass(index, rest);
                    continue;
                }
                Interest::Descend => {}
            }
            let (bytes, at) = (self.chunk.bytes(placed), self.chunk.at(placed));
            let progress = match self.chunk.format.tell(kind.number, bytes, at, text, to)? {
                Progress::End => self.tell_children(index, rest, text, to)?,
                progress => progress,
            };
            if progress != Progress::End {
                return Ok(progress);
            }
            if to.leave(kind.part).is_err() {
                return Ok(Progress::Stopped);
            }
        }
        Ok(Progress::End)
    }

    /// Passes over the records that belong to one that nobody wants.
    fn pass(&self, owner: usize, rest: &mut &[&Placed]) {
        while let Some((placed, behind)) = rest.split_first() {
            let mut above = self.layout.kinds.get(usize::from(placed.kind)).and_then(|kind| kind.parent);
            while above.is_some_and(|above| above != owner) {
                above = above.and_then(|above| self.layout.kinds.get(above)).and_then(|kind| kind.parent);
            }
            if above.is_none() {
                return;
            }
            *rest = behind;
        }
    }
}
