//! A document in memory, told part by part.
//!
//! **Invariant.** What is skipped is passed over as a whole; what is paused is told again.

use kernel::{Datum, DecodeError, Document, Interest, PartId, Progress, Scalar, TypeId, Visitor};

/// One thing that is told.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// A group begins.
    Enter(PartId, TypeId),
    /// A value.
    Leaf(PartId, TypeId, Datum),
    /// A group ends.
    Leave(PartId),
}

/// A document in memory.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    events: Vec<Event>,
    at: usize,
}

impl Told {
    pub(super) fn new(events: Vec<Event>) -> Self {
        Self { events, at: 0 }
    }

    /// Passes over the group that begins at an event.
    fn pass(&mut self) {
        let mut depth = 0_usize;
        while let Some(event) = self.events.get(self.at) {
            self.at += 1;
            match event {
                Event::Enter(..) => depth += 1,
                Event::Leave(_) => depth -= 1,
                Event::Leaf(..) => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

impl Document for Told {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        while let Some(event) = self.events.get(self.at) {
            let told = match event {
                Event::Leave(part) => to.leave(*part),
                Event::Enter(part, ty) => match to.enter(*part, *ty) {
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Descend => Ok(()),
                    Interest::Skip | Interest::Leaf => {
                        self.pass();
                        continue;
                    }
                },
                Event::Leaf(part, ty, value) => match to.enter(*part, *ty) {
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Leaf => to.leaf(*part, scalar(value)),
                    Interest::Skip | Interest::Descend => Ok(()),
                },
            };
            self.at += 1;
            if told.is_err() {
                return Ok(Progress::Stopped);
            }
        }
        Ok(Progress::End)
    }
}

fn scalar(value: &Datum) -> Scalar<'_> {
    match value {
        Datum::Null => Scalar::Nil,
        Datum::Text(text) => Scalar::Text(text),
        Datum::Bytes(bytes) => Scalar::Bytes(bytes),
    }
}
