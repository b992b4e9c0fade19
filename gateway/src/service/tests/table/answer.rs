//! An answer that arrives in batches, and may break.
//!
//! **Invariant.** It counts itself as open until it is dropped.

use super::rows::Outcome;
use adapters_ports::{BoxFuture, CallContext, ReplyBody};
use kernel::{Cause, Class, DecodeError, Document, Error, Interest, Progress, Scalar, Visitor};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Rows on their way.
pub(super) struct Told {
    outcome: Outcome,
    /// The next row to be told.
    next: usize,
    /// Rows that have arrived.
    arrived: usize,
    batch: usize,
    pause: Duration,
    breaks_after: Option<usize>,
    open: Arc<AtomicUsize>,
    told: Arc<AtomicUsize>,
}

impl Told {
    pub(super) fn new(
        outcome: Outcome,
        batch: usize,
        pause: Duration,
        breaks_after: Option<usize>,
        (open, told): (&Arc<AtomicUsize>, &Arc<AtomicUsize>),
    ) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        let (open, told) = (Arc::clone(open), Arc::clone(told));
        Self { outcome, next: 0, arrived: 0, batch, pause, breaks_after, open, told }
    }

    fn tell(&self, row: usize, to: &mut dyn Visitor) -> Result<(), kernel::Stop> {
        for (column, ty, value) in &self.outcome.rows[row] {
            if to.enter(*column, *ty) == Interest::Leaf {
                to.leaf(*column, value.as_deref().map_or(Scalar::Nil, Scalar::Text))?;
            }
        }
        to.leave(self.outcome.part)
    }
}

impl Document for Told {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        while self.next < self.arrived {
            match to.enter(self.outcome.part, self.outcome.ty) {
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Skip | Interest::Leaf => self.next += 1,
                Interest::Descend => {
                    self.next += 1;
                    self.told.fetch_add(1, Ordering::SeqCst);
                    if self.tell(self.next - 1, to).is_err() {
                        return Ok(Progress::Stopped);
                    }
                }
            }
        }
        if self.next < self.outcome.rows.len() { Ok(Progress::NeedInput) } else { Ok(Progress::End) }
    }
}

impl ReplyBody for Told {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.breaks_after.is_some_and(|rows| self.arrived >= rows) {
                return Err(Error::new(Class::Transient, Cause::Broken, "the connection broke"));
            }
            tokio::time::sleep(self.pause).await;
            self.arrived = (self.arrived + self.batch).min(self.outcome.rows.len());
            Ok(())
        })
    }

    fn bytes_read(&self) -> u64 {
        self.arrived as u64
    }

    fn affected(&self) -> Option<u64> {
        self.outcome.affected
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
