//! What one message leaves for the next: namespaces and names that were learnt, and memory.
//!
//! **Invariant.** Tables are kept only together with the contexts that they were learnt in, so a number means the same
//! in the next message; of a message no value is kept but what the tags of its envelope say, and what a message made
//! large is let go.

use super::attributes::Attribute;
use super::decoder::Frame;
use super::lookup::Learnt;
use super::names::{ContextId, Contexts};
use super::tokenizer::Open;
use crate::wsdl::SoapVersion;
use kernel::Limits;
use std::sync::{Mutex, PoisonError};

/// What is learnt and allocated for one message at a time.
#[derive(Debug, Default)]
pub(crate) struct Warm {
    /// Namespaces that were declared.
    pub(crate) contexts: Contexts,
    /// Names that were found in these contexts.
    pub(crate) learnt: Learnt,
    /// How the last message began.
    pub(crate) prologue: Option<Prologue>,
    /// Memory.
    pub(crate) room: Room,
}

/// The tags of an envelope as written, and where they led.
#[derive(Debug)]
pub(crate) struct Prologue {
    /// Up to the last of them.
    pub(crate) text: Box<str>,
    /// The limits that it was read with.
    pub(crate) limits: Limits,
    /// The version of the envelope.
    pub(crate) version: SoapVersion,
    /// Where the names of the open elements stand.
    pub(crate) names: Vec<(usize, usize)>,
    /// The contexts of the open elements.
    pub(crate) contexts: Vec<ContextId>,
}

/// Memory without content.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Of the input.
    pub(crate) text: String,
    /// Of open elements.
    pub(crate) open: Open,
    /// Of open groups.
    pub(super) frames: Vec<Frame>,
    /// Of attributes.
    pub(super) attributes: Vec<Attribute>,
    /// Of values.
    pub(super) scratch: String,
    /// Of text between elements.
    pub(super) mixed: String,
}

/// What messages of one shape left.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    kept: Mutex<Vec<Warm>>,
}

/// How many messages at a time find something.
const KEPT_MAX: usize = 64;
/// Largest memory that is kept of one kind; a piece of input is smaller.
const BYTES_MAX: usize = 128 * 1024;

impl Pool {
    /// Returns what a message left, or nothing learnt.
    pub(crate) fn take(&self) -> Warm {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps what a message leaves.
    pub(crate) fn put(&self, mut warm: Warm) {
        if !warm.contexts.is_worth_keeping() || !warm.learnt.is_worth_keeping() {
            warm.contexts = Contexts::default();
            warm.learnt = Learnt::default();
            warm.prologue = None;
        }
        warm.room.empty();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(warm);
        }
    }
}

impl Room {
    fn empty(&mut self) {
        for text in [&mut self.text, &mut self.scratch, &mut self.mixed] {
            text.clear();
            text.shrink_to(BYTES_MAX);
        }
        self.open.clear();
        self.open.shrink(BYTES_MAX);
        empty(&mut self.frames);
        empty(&mut self.attributes);
    }
}

fn empty<T>(items: &mut Vec<T>) {
    items.clear();
    items.shrink_to(BYTES_MAX / size_of::<T>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_made_large_is_let_go() {
        let pool = Pool::default();
        let mut warm = Warm::default();
        warm.room.text = "x".repeat(BYTES_MAX * 3);
        warm.room.mixed = "secret".into();
        pool.put(warm);
        let warm = pool.take();
        assert!(warm.room.text.is_empty() && warm.room.text.capacity() <= BYTES_MAX);
        assert!(warm.room.mixed.is_empty() && warm.room.mixed.capacity() > 0);
    }

    #[test]
    fn only_so_many_are_kept() {
        let pool = Pool::default();
        (0..KEPT_MAX + 5).for_each(|_| pool.put(Warm::default()));
        assert_eq!(pool.kept.lock().unwrap().len(), KEPT_MAX);
    }
}
