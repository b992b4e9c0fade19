//! How the records of a copybook lie in their bytes.
//!
//! **Invariant.** A layout is compiled once; to tell a record, nothing is looked up by a name and nothing is allocated.
//!
//! A place is an offset from a base. The base is the beginning of the record, of an element of a table, or what lies behind
//! the last table whose length depends on a counter. So most places are numbers that are known when the layout is built.

mod build;
mod leaf;
mod outline;
mod step;
mod take;
mod tell;
mod told;
mod write;

pub(crate) use build::Dialect;
pub(crate) use outline::{Outline, Shown};

use crate::field::{Field, Form, Setting};
use crate::format::{Excerpt, Format, LeafRef, RecordType, Scratch};
use kernel::{DecodeError, Document, Error, PartId, Progress, Scalar, Sheet, Slot, Taker, TypeId, Visitor};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

/// The layouts of all records of a copybook.
#[derive(Debug)]
pub(crate) struct Layout {
    setting: Setting,
    types: Vec<RecordType>,
    records: Vec<Record>,
    /// Record and node of each part, from the first one on.
    parts: Vec<(u32, u32)>,
    first_part: u32,
}

/// The layout of one record.
#[derive(Debug, Default)]
struct Record {
    /// All items, a group before its members. The first one is the record itself.
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    steps: Vec<step::Step>,
    /// How many counters are remembered.
    counters: u8,
    /// From the last base: bytes that have to be there, and bytes that are described.
    need: u32,
    size: u32,
    /// Fewest and most bytes in all.
    least: u32,
    most: u32,
    /// A redefinition at its end has a table of variable length, so where it ends is not known.
    is_open: bool,
}

/// An item.
#[derive(Debug)]
struct Node {
    /// Its number in the copybook.
    item: usize,
    name: Option<Arc<str>>,
    parent: Option<u32>,
    /// The part that it is told by; nothing for FILLER.
    part: Option<PartId>,
    kind: Kind,
    table: Option<Table>,
    /// Where it, or its first element, begins.
    at: u32,
    /// How long one of it is, described and at least; of a variable item only what lies behind its last base.
    size: u32,
    need: u32,
    /// It has tables of variable length in it.
    is_variable: bool,
}

#[derive(Debug)]
enum Kind {
    Leaf(u32),
    Group(Members),
}

/// What a group consists of.
#[derive(Debug, Default)]
struct Members {
    /// Its members; several have the same place.
    areas: Vec<Vec<u32>>,
    /// The leaf that is the group as one text.
    text: Option<u32>,
}

/// How often an item occurs.
#[derive(Debug, Clone, Copy)]
struct Table {
    min: u32,
    max: u32,
    /// Which remembered counter says how often.
    counter: Option<u8>,
}

/// An elementary item.
#[derive(Debug)]
struct Leaf {
    part: PartId,
    ty: TypeId,
    node: u32,
    at: u32,
    /// Its base is the beginning of the record.
    is_fixed: bool,
    field: Field,
    /// What a new record has there, repeated as often as there is room.
    initial: Box<[u8]>,
}

impl Layout {
    /// Most bytes of a record.
    pub(crate) const RECORD_BYTES_MAX: u32 = 32 << 20;

    /// Most tables of variable length in one record.
    pub(crate) const COUNTERS_MAX: usize = 64;

    fn record(&self, number: usize) -> Result<&Record, DecodeError> {
        self.records
            .get(number)
            .ok_or_else(|| DecodeError::new(format!("there is no type of record {number}"), 0))
    }

    /// Writes a record over an older one: what the document does not speak for stays, byte for byte, and so does what has
    /// the same value in another form.
    ///
    /// `speaks` says of a part whether the document would tell it if it were there. A table that it speaks for has exactly
    /// the elements that are told.
    ///
    /// # Errors
    /// As for [`Format::write`]; also where the older record cannot be read so far that it can be written over.
    pub(crate) fn write_over(
        &self,
        number: usize,
        old: &[u8],
        speaks: &dyn Fn(PartId) -> bool,
        content: &mut dyn Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        write::rewrite(self, number, (old, speaks), content, out)
    }
}

impl Format for Layout {
    fn types(&self) -> &[RecordType] {
        &self.types
    }

    fn tell(
        &self,
        number: usize,
        record: &[u8],
        at: u64,
        text: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError> {
        tell::tell(self, self.record(number)?, (record, at), text, to)
    }

    fn excerpt(&self, number: usize, slots: &[Slot]) -> Option<Excerpt> {
        self.excerpt_of(number, slots)
    }

    fn take(
        &self,
        excerpt: &Excerpt,
        record: &[u8],
        scratch: &mut Scratch,
        to: &mut dyn Taker,
        sheet: &mut Sheet,
    ) -> bool {
        self.take_from(excerpt, record, &mut scratch.text, to, sheet).is_some()
    }

    fn write(&self, number: usize, content: &mut dyn Document, out: &mut Vec<u8>) -> Result<(), Error> {
        write::write(self, number, content, out)
    }

    /// A table of which nothing is told stays as it is; to empty it, its counter is told. See [`Layout::write_over`] for who
    /// knows more.
    fn rewrite(
        &self,
        number: usize,
        old: &[u8],
        content: &mut dyn Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.write_over(number, old, &|_| false, content, out)
    }

    fn is_number(&self, leaf: &LeafRef) -> bool {
        let record = self.records.get(leaf.number);
        let field = record.and_then(|record| record.leaves.get(leaf.leaf)).map(|leaf| &leaf.field);
        field.is_some_and(|field| field.is_number() || matches!(field.form, Form::Float { .. }))
    }

    fn leaf(&self, number: usize, path: &str) -> Option<LeafRef> {
        let record = self.records.get(number)?;
        let is_it = |leaf: &usize| record.path(*leaf).is_some_and(|known| known == path);
        let leaf = (0..record.leaves.len()).find(is_it)?;
        let start = record.fixed(leaf)?;
        let Leaf { part, field, .. } = record.leaves.get(leaf)?;
        Some(LeafRef { number, leaf, part: *part, bytes: Some(start..start + field.width as usize) })
    }

    fn text(&self, leaf: &LeafRef, record: &[u8], text: &mut String) -> Option<String> {
        let field = &self.records.get(leaf.number)?.leaves.get(leaf.leaf)?.field;
        let raw = record.get(leaf.bytes.clone()?)?;
        Some(match field.read(raw, &self.setting, text).ok()? {
            Scalar::Text(text) => text.trim_matches(' ').to_owned(),
            Scalar::Int(number) => number.to_string(),
            Scalar::Decimal(number) => number.to_string(),
            Scalar::Float(number) => number.to_string(),
            Scalar::Bytes(bytes) => bytes.iter().fold(String::new(), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02X}");
                hex
            }),
            _ => return None,
        })
    }

    fn places(&self, number: usize, record: &[u8]) -> Vec<Option<Range<usize>>> {
        self.records.get(number).map(|it| tell::places(self, it, record)).unwrap_or_default()
    }

    fn names(&self, number: usize) -> Vec<String> {
        let Some(record) = self.records.get(number) else { return Vec::new() };
        (0..record.leaves.len()).filter_map(|leaf| record.path(leaf)).collect()
    }
}

impl Record {
    /// The path of a leaf as mappings write it; nothing for FILLER and for the text of a group.
    fn path(&self, leaf: usize) -> Option<String> {
        let leaf = self.leaves.get(leaf)?;
        self.nodes
            .get(leaf.node as usize)
            .filter(|node| matches!(node.kind, Kind::Leaf(_)) && node.part.is_some())?;
        Some(self.path_of(leaf.node, &mut |_| None))
    }

    /// The path of an item; `index` gives the number of the element for tables, the innermost is asked first.
    fn path_of(&self, node: u32, index: &mut dyn FnMut(u32) -> Option<u32>) -> String {
        let mut steps: Vec<String> = Vec::new();
        let mut at = Some(node);
        while let Some((number, node)) = at.and_then(|at| Some((at, self.nodes.get(at as usize)?))) {
            // The record itself has no step, unless it is elementary; nor has what has no name.
            let is_root = node.parent.is_none() && matches!(node.kind, Kind::Group(_));
            if let Some(name) = node.name.as_deref().filter(|_| !is_root && node.part.is_some()) {
                let index = node.table.and_then(|_| index(number));
                steps.push(index.map_or_else(|| name.to_owned(), |index| format!("{name}[{}]", index + 1)));
            }
            at = node.parent;
        }
        steps.reverse();
        steps.join("/")
    }

    /// Where a leaf stands in every record, if that is one place.
    fn fixed(&self, leaf: usize) -> Option<usize> {
        let leaf = self.leaves.get(leaf)?;
        leaf.is_fixed.then_some(leaf.at as usize)
    }
}

#[cfg(test)]
mod tests;
