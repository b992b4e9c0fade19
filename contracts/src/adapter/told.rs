//! What a document told, kept to compare it and to tell it again.
//!
//! **Invariant.** What is told again is what was told: same parts, same order, same values.

use kernel::{DecodeError, Document, Interest, PartId, Progress, Scalar, Shape, Stop, TypeId, Visitor};
use std::sync::Arc;

/// A value that outlives its document.
#[derive(Debug, Clone, PartialEq)]
pub enum Owned {
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// What borrows nothing.
    Other(Scalar<'static>),
}

/// One thing that a document told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A part begins.
    Enter(PartId, TypeId),
    /// Its value.
    Leaf(PartId, Owned),
    /// A part is over.
    Leave(PartId),
    /// Something that the shape does not know.
    Unknown(String),
}

/// Wants everything and keeps it; on request it pauses once at every part.
#[derive(Debug)]
pub struct Recorder {
    shape: Arc<Shape>,
    /// What was told.
    pub events: Vec<Event>,
    /// How often it paused; `None` if it never does.
    pub pauses: Option<usize>,
    paused: bool,
}

impl Recorder {
    /// Returns a recorder that never pauses.
    pub fn new(shape: &Arc<Shape>) -> Self {
        Self { shape: Arc::clone(shape), events: Vec::new(), pauses: None, paused: false }
    }

    /// Returns a recorder that pauses at every part.
    pub fn pausing(shape: &Arc<Shape>) -> Self {
        Self { pauses: Some(0), ..Self::new(shape) }
    }
}

impl Visitor for Recorder {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if let Some(pauses) = self.pauses.as_mut().filter(|_| !self.paused) {
            *pauses += 1;
            self.paused = true;
            return Interest::Pause;
        }
        self.paused = false;
        self.events.push(Event::Enter(part, ty));
        if self.shape.scalar(ty).is_some() { Interest::Leaf } else { Interest::Descend }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.events.push(Event::Leaf(part, Owned::of(scalar)));
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.events.push(Event::Unknown(name.to_owned()));
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.events.push(Event::Leave(part));
        Ok(())
    }
}

impl Owned {
    fn of(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Text(text) => Self::Text(text.to_owned()),
            Scalar::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Scalar::Nil => Self::Other(Scalar::Nil),
            Scalar::Bool(value) => Self::Other(Scalar::Bool(value)),
            Scalar::Int(value) => Self::Other(Scalar::Int(value)),
            Scalar::Decimal(value) => Self::Other(Scalar::Decimal(value)),
            Scalar::Float(value) => Self::Other(Scalar::Float(value)),
            Scalar::Date(value) => Self::Other(Scalar::Date(value)),
            Scalar::Time(value) => Self::Other(Scalar::Time(value)),
            Scalar::DateTime(value) => Self::Other(Scalar::DateTime(value)),
            Scalar::Instant(value) => Self::Other(Scalar::Instant(value)),
        }
    }

    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Text(text) => Scalar::Text(text),
            Self::Bytes(bytes) => Scalar::Bytes(bytes),
            Self::Other(scalar) => *scalar,
        }
    }

    /// Returns another value that is as plausible, or nothing where there is none.
    pub fn changed(&self) -> Option<Self> {
        match self {
            Self::Text(text) => {
                let at = text.rfind(|letter: char| letter.is_ascii_alphanumeric())?;
                let other = match text.as_bytes()[at] {
                    b'9' | b'z' | b'Z' => char::from(text.as_bytes()[at] - 1),
                    letter => char::from(letter + 1),
                };
                Some(Self::Text(format!("{}{other}{}", &text[..at], &text[at + 1..])))
            }
            Self::Bytes(bytes) => {
                Some(Self::Bytes(bytes.iter().map(|byte| byte ^ 1).collect())).filter(|_| !bytes.is_empty())
            }
            Self::Other(Scalar::Int(value)) => Some(Self::Other(Scalar::Int(value.wrapping_add(1)))),
            Self::Other(Scalar::Bool(value)) => Some(Self::Other(Scalar::Bool(!value))),
            Self::Other(_) => None,
        }
    }
}

/// Tells events again.
#[derive(Debug)]
pub struct Playing<'a> {
    events: &'a [Event],
    at: usize,
}

impl<'a> Playing<'a> {
    /// Prepares to tell events.
    pub fn new(events: &'a [Event]) -> Self {
        Self { events, at: 0 }
    }

    /// Passes over the part that begins at `at`: a leaf of its own, or all up to its end.
    fn behind(&self) -> usize {
        let mut depth = 0_usize;
        for (n, event) in self.events.iter().enumerate().skip(self.at) {
            match event {
                Event::Enter(..) => depth += 1,
                Event::Leave(_) => depth -= 1,
                // The value of a scalar part ends it; that of a group that is nothing is followed by its end.
                Event::Leaf(part, _) => match self.events.get(n + 1) {
                    Some(Event::Leave(end)) if end == part => {}
                    _ => depth -= 1,
                },
                Event::Unknown(_) => {}
            }
            if depth == 0 {
                return n + 1;
            }
        }
        self.events.len()
    }
}

impl Document for Playing<'_> {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        while let Some(event) = self.events.get(self.at) {
            let told = match event {
                Event::Enter(part, ty) => match to.enter(*part, *ty) {
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Skip => {
                        self.at = self.behind();
                        continue;
                    }
                    Interest::Descend | Interest::Leaf => Ok(()),
                },
                Event::Leaf(part, value) => to.leaf(*part, value.scalar()),
                Event::Leave(part) => to.leave(*part),
                Event::Unknown(_) => Ok(()),
            };
            self.at += 1;
            if told.is_err() {
                return Ok(Progress::Stopped);
            }
        }
        Ok(Progress::End)
    }
}
