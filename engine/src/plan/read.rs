//! Reading: visits a reply part by part and writes JSON into one buffer.
//!
//! **Invariant.** No part of a payload is kept longer than its record, and none ever gets into an error.
//!
//! A [`ReadPlan`] is a trie over numbered parts. Each `fields:` map below an `each` is a *level* with cells that leaves
//! fill as they pass by; when the level closes, its members are written in the order of the mapping.

mod act;
mod branch;
mod build;
mod flat;
mod late;
mod layout;
mod line;
mod render;
mod residue;
mod row;
mod run;
mod short;
mod state;
mod values;
mod way;

pub use build::{ReadSpec, RecordSpec, TestPath};
pub use layout::{ReadPlan, Yield};
pub use residue::Residue;
pub(crate) use short::{Line, Short};
pub(crate) use state::{FINGERPRINT_SEED, mixed};

use crate::plan::errors::FaultView;
use crate::program::Ambient;
use crate::value::Value;
use kernel::{BadField, DecodeError, Error, Interest, PartId, Scalar, Stop, TakeRows, TypeId, Visitor};
use state::State;
use std::sync::Arc;

/// Reads one reply; to be reused for the next one by [`Reader::reset`].
#[derive(Debug)]
pub struct Reader {
    plan: Arc<ReadPlan>,
    state: State,
}

/// What a reply says, mapped.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The JSON text: an object, or the array of all items that [`Reader::take_items`] has not taken. Empty where the
    /// operation receives nothing or nothing was found.
    pub json: &'a [u8],
    /// There was a record.
    pub found: bool,
    /// The modern values of the key's fields, of a single record.
    pub key: Vec<Value>,
    /// Fingerprint of the mapped legacy values of a single record, for `ETag`.
    pub fingerprint: u128,
    /// The legacy cursor of the next page, if the mapping names it and the reply has it.
    pub cursor: Option<String>,
}

impl Reader {
    /// Starts reading.
    pub fn new(plan: Arc<ReadPlan>, ambient: &Ambient) -> Self {
        let mut state = State::new(&plan);
        state.reset(&plan, ambient);
        Self { plan, state }
    }

    /// Makes it ready for the next reply; buffers are kept unless they grew large.
    pub fn reset(&mut self, ambient: &Ambient) {
        self.state.reset(&self.plan, ambient);
    }

    /// Makes it one of whose records nobody asks the fingerprint.
    pub(crate) fn without_fingerprints(mut self) -> Self {
        self.state.fingerprints = false;
        self
    }

    /// Makes it ready for the next record of the same pass.
    pub(crate) fn again(&mut self) {
        self.state.again(&self.plan);
    }

    /// Returns what the error table says of the reply as far as it was read.
    ///
    /// After [`kernel::Progress::Paused`] all that the table asks for has been seen.
    pub fn judged(&self) -> Option<Error> {
        self.state.judged(&self.plan, &FaultView::default())
    }

    /// Returns the error that a fault is.
    pub fn judge_fault(&self, fault: &FaultView<'_>) -> Error {
        self.plan.table.fault(fault, self.plan.repeatable)
    }

    /// Returns the error of a reply that could not be decoded.
    pub fn broken(&self, error: &DecodeError) -> Error {
        residue::undecodable(error)
    }

    /// Ends the reading, after [`kernel::Progress::End`] or [`kernel::Progress::Stopped`].
    ///
    /// # Errors
    /// The reply is an error by the table, or breaks the contract.
    pub fn finish(&mut self) -> Result<Answer<'_>, Error> {
        self.state.finish(&self.plan)?;
        Ok(self.state.answer(&self.plan))
    }

    /// Ends the reading of a single record, which [`Reader::given`] gives then.
    ///
    /// # Errors
    /// As for [`Reader::finish`].
    pub(crate) fn record(&mut self) -> Result<(), Error> {
        self.state.finish(&self.plan)
    }

    /// Returns the JSON of a single record, the values that the plan gives beside it, and its fingerprint.
    pub(crate) fn given(&self) -> (&[u8], &[Value], u128) {
        (self.state.json(&self.plan), &self.state.key, self.state.fingerprint)
    }

    /// Returns the field that could not be read, if the record broke the contract by one.
    pub fn bad_field(&mut self) -> Option<Box<BadField>> {
        self.state.bad.take()
    }

    /// Moves the items of a list that are complete into `out`, separated by commas, and returns how many.
    ///
    /// `first` says that none was written before. Nothing is given while the table may still turn the reply into an
    /// error.
    pub fn take_items(&mut self, first: bool, out: &mut Vec<u8>) -> usize {
        self.state.take_items(&self.plan, first, out)
    }

    /// What arrived and the schema does not know, or allows less often.
    pub fn residue(&self) -> &Residue {
        &self.state.residue
    }
}

impl Visitor for Reader {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        self.state.enter(&self.plan, part, ty)
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.state.leaf(&self.plan, part, scalar)
    }

    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.state.unreadable(&self.plan, part, error)
    }

    fn leaves(&mut self, leaves: &[kernel::Leaf<'_>]) -> Result<usize, Stop> {
        self.state.line(&self.plan, leaves)
    }

    fn rows(&mut self, part: PartId, rows: &mut dyn TakeRows, most: usize) -> usize {
        self.state.rows(&self.plan, part, rows, most)
    }

    fn unknown(&mut self, name: &str) {
        self.state.unknown(&self.plan, name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.state.leave(&self.plan, part)
    }
}
