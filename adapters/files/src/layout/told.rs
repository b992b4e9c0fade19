//! What a document told of a record, kept until all of it is known.
//!
//! **Invariant.** Values are kept as they were told; nothing is converted before its field is known.
//!
//! A counter stands before its table, and may be told after it or not at all. So a record is written when it was told.

use super::{Kind, Layout};
use kernel::{Interest, PartId, Scalar, Stop, TypeId, Visitor};

/// Something that was told.
#[derive(Debug)]
pub(super) struct Event {
    /// The node whose part it is.
    pub node: u32,
    /// The first event that is not in it.
    pub end: u32,
    /// Its value, if it is no group.
    pub value: Option<Kept>,
}

/// A value; texts and bytes are ranges of what is kept beside.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    Text(usize, usize),
    Bytes(usize, usize),
    Other(Scalar<'static>),
}

/// All that was told of a record.
#[derive(Debug)]
pub(super) struct Told<'a> {
    layout: &'a Layout,
    number: u32,
    pub events: Vec<Event>,
    text: String,
    bytes: Vec<u8>,
    open: Vec<usize>,
    /// A group that is explicitly nothing.
    pub wrong: Option<&'static str>,
}

impl<'a> Told<'a> {
    pub(super) fn new(layout: &'a Layout, number: u32) -> Self {
        Self {
            layout,
            number,
            events: Vec::new(),
            text: String::new(),
            bytes: Vec::new(),
            open: Vec::new(),
            wrong: None,
        }
    }

    /// Returns the value of an event.
    pub(super) fn scalar(&self, event: usize) -> Option<Scalar<'_>> {
        Some(match self.events.get(event)?.value? {
            Kept::Text(from, to) => Scalar::Text(self.text.get(from..to)?),
            Kept::Bytes(from, to) => Scalar::Bytes(self.bytes.get(from..to)?),
            Kept::Other(scalar) => scalar,
        })
    }

    /// The node of a part, unless it belongs to something beside the record.
    fn node(&self, part: PartId) -> Option<u32> {
        let slot = part.0.checked_sub(self.layout.first_part)?;
        let &(record, node) = self.layout.parts.get(slot as usize)?;
        (record == self.number).then_some(node)
    }

    fn push(&mut self, node: u32, value: Option<Kept>) {
        let end = u32::try_from(self.events.len() + 1).unwrap_or(u32::MAX);
        self.events.push(Event { node, end, value });
    }
}

impl Visitor for Told<'_> {
    fn enter(&mut self, part: PartId, _: TypeId) -> Interest {
        let record = self.layout.records.get(self.number as usize);
        let Some((number, node)) =
            self.node(part).and_then(|number| Some((number, record?.nodes.get(number as usize)?)))
        else {
            return Interest::Skip;
        };
        // The text of a group has the node of the group, and another part.
        if matches!(node.kind, Kind::Leaf(_)) || node.part != Some(part) {
            return Interest::Leaf;
        }
        self.open.push(self.events.len());
        self.push(number, None);
        Interest::Descend
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let Some(node) = self.node(part) else { return Ok(()) };
        let is_open = |&open: &usize| self.events.get(open).is_some_and(|event| event.node == node);
        if scalar == Scalar::Nil && self.open.last().is_some_and(is_open) {
            self.wrong = Some("a group of a record cannot be explicitly nothing");
            return Err(Stop);
        }
        let value = match scalar {
            Scalar::Text(text) => {
                self.text.push_str(text);
                Kept::Text(self.text.len() - text.len(), self.text.len())
            }
            Scalar::Bytes(bytes) => {
                self.bytes.extend_from_slice(bytes);
                Kept::Bytes(self.bytes.len() - bytes.len(), self.bytes.len())
            }
            Scalar::Nil => Kept::Other(Scalar::Nil),
            Scalar::Bool(it) => Kept::Other(Scalar::Bool(it)),
            Scalar::Int(it) => Kept::Other(Scalar::Int(it)),
            Scalar::Decimal(it) => Kept::Other(Scalar::Decimal(it)),
            Scalar::Float(it) => Kept::Other(Scalar::Float(it)),
            Scalar::Date(it) => Kept::Other(Scalar::Date(it)),
            Scalar::Time(it) => Kept::Other(Scalar::Time(it)),
            Scalar::DateTime(it) => Kept::Other(Scalar::DateTime(it)),
            Scalar::Instant(it) => Kept::Other(Scalar::Instant(it)),
        };
        self.push(node, Some(value));
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        let end = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        if let Some(event) = self.open.pop().and_then(|open| self.events.get_mut(open)) {
            event.end = end;
        }
        Ok(())
    }
}
