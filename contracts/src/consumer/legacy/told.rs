//! Rows that a story tells, and how many were changed.
//!
//! **Invariant.** A row is told as a database tells it: the row part around its columns.

use adapters_ports::{BoxFuture, CallContext, ReplyBody};
use kernel::{DecodeError, Document, Error, Interest, PartId, Progress, TypeId, Visitor};
use std::collections::VecDeque;

/// The answer to a statement.
pub(super) struct Told {
    row: Option<(PartId, TypeId)>,
    rows: VecDeque<Box<dyn Document + Send>>,
    /// The first row was entered.
    within: bool,
    affected: Option<u64>,
}

impl Told {
    pub(super) fn rows(row: (PartId, TypeId), rows: VecDeque<Box<dyn Document + Send>>) -> Self {
        Self { row: Some(row), rows, within: false, affected: None }
    }

    pub(super) fn changed(rows: u64) -> Self {
        Self { row: None, rows: VecDeque::new(), within: false, affected: Some(rows) }
    }
}

impl Document for Told {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let Some((part, ty)) = self.row else { return Ok(Progress::End) };
        while let Some(row) = self.rows.front_mut() {
            if !self.within {
                match to.enter(part, ty) {
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Descend => self.within = true,
                    Interest::Skip | Interest::Leaf => {
                        self.rows.pop_front();
                        continue;
                    }
                }
            }
            match row.advance(to)? {
                Progress::End => {}
                progress => return Ok(progress),
            }
            self.within = false;
            self.rows.pop_front();
            if to.leave(part).is_err() {
                return Ok(Progress::Stopped);
            }
        }
        Ok(Progress::End)
    }
}

impl ReplyBody for Told {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn bytes_read(&self) -> u64 {
        0
    }

    fn affected(&self) -> Option<u64> {
        self.affected
    }
}
