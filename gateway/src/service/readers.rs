//! Readers to be used again, so that a request does not make its buffers anew.
//!
//! **Invariant.** A reader is given to one request at a time, and is reset before it is given.

use engine::program::{Ambient, OperationPlan, Reader};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Readers that are kept; more are made and dropped.
const KEPT_MAX: usize = 64;

/// The readers of one operation.
#[derive(Default)]
pub(super) struct Readers(Mutex<Vec<Reader>>);

impl Readers {
    /// Returns a reader for a reply. `None` where the operation calls nothing.
    pub(super) fn take(&self, plan: &OperationPlan, ambient: &Ambient) -> Option<Reader> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match kept {
            Some(mut reader) => {
                reader.reset(ambient);
                Some(reader)
            }
            None => plan.reader(ambient),
        }
    }

    /// Keeps a reader that is not needed any more.
    pub(super) fn give(&self, reader: Reader) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(reader);
        }
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readers")
    }
}
