//! A small owned copy of what a document told, for tests and comparisons; never on the way of a record.
//!
//! **Invariant.** It is told again exactly as it was told, what cannot be read included.

use kernel::{DecodeError, Document, Interest, PartId, Progress, Scalar, Stop, TypeId, Visitor};

/// A part with what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// The part.
    pub part: PartId,
    /// Its type in the document.
    pub ty: TypeId,
    /// What it holds.
    pub held: Held,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Held {
    /// Other parts.
    Parts(Vec<Told>),
    /// A value.
    Value(Value),
    /// Bytes that are no value.
    Unreadable(DecodeError),
}

/// A value that is owned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Anything that is no reference.
    Plain(Scalar<'static>),
}

impl Value {
    fn new(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Text(text) => Self::Text(text.to_owned()),
            Scalar::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Scalar::Nil => Self::Plain(Scalar::Nil),
            Scalar::Bool(value) => Self::Plain(Scalar::Bool(value)),
            Scalar::Int(value) => Self::Plain(Scalar::Int(value)),
            Scalar::Decimal(value) => Self::Plain(Scalar::Decimal(value)),
            Scalar::Float(value) => Self::Plain(Scalar::Float(value)),
            Scalar::Date(value) => Self::Plain(Scalar::Date(value)),
            Scalar::Time(value) => Self::Plain(Scalar::Time(value)),
            Scalar::DateTime(value) => Self::Plain(Scalar::DateTime(value)),
            Scalar::Instant(value) => Self::Plain(Scalar::Instant(value)),
        }
    }

    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Text(text) => Scalar::Text(text),
            Self::Bytes(bytes) => Scalar::Bytes(bytes),
            Self::Plain(scalar) => *scalar,
        }
    }
}

/// Gathers all parts of a document. `is_group` says which types hold parts.
pub(crate) struct Gather<'a> {
    is_group: &'a dyn Fn(TypeId) -> bool,
    open: Vec<Told>,
    done: Vec<Told>,
}

impl<'a> Gather<'a> {
    /// Starts.
    pub(crate) fn new(is_group: &'a dyn Fn(TypeId) -> bool) -> Self {
        Self { is_group, open: Vec::new(), done: Vec::new() }
    }

    /// Returns what was told.
    pub(crate) fn finish(self) -> Vec<Told> {
        self.done
    }

    fn add(&mut self, told: Told) {
        match self.open.last_mut() {
            Some(Told { held: Held::Parts(parts), .. }) => parts.push(told),
            _ => self.done.push(told),
        }
    }

    /// Gives a leaf that was entered its content; without parts a group may be a leaf that is nothing.
    fn fill(&mut self, part: PartId, held: Held) {
        let parts = match self.open.last_mut() {
            Some(Told { held: Held::Parts(parts), .. }) => parts,
            _ => &mut self.done,
        };
        match parts.last_mut() {
            Some(told) if told.part == part => told.held = held,
            _ => {}
        }
    }
}

impl Visitor for Gather<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        let told = Told { part, ty, held: Held::Parts(Vec::new()) };
        if (self.is_group)(ty) {
            self.open.push(told);
            return Interest::Descend;
        }
        self.add(told);
        Interest::Leaf
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.fill(part, Held::Value(Value::new(scalar)));
        Ok(())
    }

    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.fill(part, Held::Unreadable(error.clone()));
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        if let Some(told) = self.open.pop() {
            self.add(told);
        }
        Ok(())
    }
}

/// Tells parts again, from where it was left.
#[derive(Debug)]
pub(crate) struct Replay {
    parts: Vec<Told>,
    /// The way to the next part: an index in each open group.
    way: Vec<usize>,
}

impl Replay {
    /// Starts.
    pub(crate) fn new(parts: Vec<Told>) -> Self {
        Self { parts, way: vec![0] }
    }

    /// Returns the groups that are open, and the next part in the innermost.
    fn next(&self) -> (Option<PartId>, Option<&Told>) {
        let (mut parts, mut owner) = (&self.parts, None);
        let Some((last, outer)) = self.way.split_last() else { return (None, None) };
        for &step in outer {
            match parts.get(step) {
                Some(Told { part, held: Held::Parts(inner), .. }) => (parts, owner) = (inner, Some(*part)),
                _ => return (None, None),
            }
        }
        (owner, parts.get(*last))
    }

    fn step(&mut self) {
        if let Some(last) = self.way.last_mut() {
            *last += 1;
        }
    }
}

impl Document for Replay {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        loop {
            let told = match self.next() {
                (_, Some(told)) => told,
                (None, None) => return Ok(Progress::End),
                (Some(owner), None) => {
                    self.way.pop();
                    self.step();
                    if to.leave(owner).is_err() {
                        return Ok(Progress::Stopped);
                    }
                    continue;
                }
            };
            let stopped = match (to.enter(told.part, told.ty), &told.held) {
                (Interest::Pause, _) => return Ok(Progress::Paused),
                (Interest::Descend, Held::Parts(_)) => {
                    self.way.push(0);
                    continue;
                }
                (Interest::Leaf, Held::Value(value)) => to.leaf(told.part, value.scalar()).is_err(),
                (Interest::Leaf, Held::Unreadable(error)) if to.unreadable(told.part, error).is_err() => {
                    return Err(error.clone());
                }
                _ => false,
            };
            self.step();
            if stopped {
                return Ok(Progress::Stopped);
            }
        }
    }
}
