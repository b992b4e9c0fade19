//! Records that come by themselves: what an event of a record says, and totals that must hold before any is published.
//!
//! **Invariant.** A record that cannot be read is handed over as such, with its reason; it never counts as nothing.

use crate::program::{Ambient, EventPlan};
use crate::value::Value;
use kernel::{BadField, DecodeError, Error, Progress, Visitor};
use std::sync::Arc;

/// Has a document tell its parts to a visitor.
pub type Tell<'a> = dyn FnMut(&mut dyn Visitor) -> Result<Progress, DecodeError> + 'a;

/// Reads the records of one event block, one after the other.
#[derive(Debug)]
pub struct EventReader;

/// What a record says.
#[derive(Debug, Clone)]
pub struct Said {
    /// The values of the model's key, joined by `/`; empty where the model has none.
    pub key: Arc<str>,
    /// The partition key: by `key:` of the block, else the model's.
    pub partition: Arc<str>,
    /// `id`, where the mapping makes one.
    pub id: Option<Arc<str>>,
    /// `time` as RFC 3339, where the mapping makes one.
    pub time: Option<Arc<str>>,
    /// `subject`.
    pub subject: Option<Arc<str>>,
    /// `deletedWhen` holds.
    pub deleted: bool,
    /// The value of the `newest` field; absent where there is none.
    pub newest: Value,
    /// Fingerprint of what has to change for an event: the fields of `onlyChanges`, else all.
    pub content: u128,
}

/// A record that cannot be read.
#[derive(Debug)]
pub struct Unread {
    /// Why, with its place; its text holds no values.
    pub error: Error,
    /// The field, if it is one.
    pub field: Option<Box<BadField>>,
}

/// Totals over the records of a unit.
#[derive(Debug)]
pub struct Tally;

impl EventReader {
    /// Starts; the block must be one of a stream.
    pub fn new(plan: &EventPlan, ambient: &Ambient) -> Self {
        let _ = (plan, ambient);
        Self
    }

    /// Reads the record that `tell` tells, and appends it to `json`. Nothing is appended where it cannot be read.
    ///
    /// # Errors
    /// The record breaks the contract, or an expression of the block has no value.
    pub fn read(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<Said, Unread> {
        let _ = (tell, json);
        Err(Unread {
            error: Error::new(kernel::Class::Defect, kernel::Cause::Internal, "not built yet"),
            field: None,
        })
    }
}

impl Tally {
    /// Starts; `None` where the block verifies nothing.
    pub fn new(plan: &EventPlan, ambient: &Ambient) -> Option<Self> {
        let _ = (plan, ambient);
        None
    }

    /// Counts a record of the block's type and adds it up.
    ///
    /// # Errors
    /// A field that is summed cannot be read: the unit is held.
    pub fn add(&mut self, tell: &mut Tell<'_>) -> Result<(), Unread> {
        let _ = tell;
        Ok(())
    }

    /// Counts a record whose type nobody knows.
    pub fn add_unknown(&mut self) {}

    /// Compares with what stands beside the last record, and returns every difference in words.
    ///
    /// # Errors
    /// What the totals are compared with is not there or cannot be read.
    pub fn close(&self, tell: &mut Tell<'_>) -> Result<Vec<String>, Unread> {
        let _ = tell;
        Ok(Vec::new())
    }
}
