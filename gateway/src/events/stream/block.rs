//! One event block of a stream: what it publishes of which records, and where.
//!
//! **Invariant.** Whatever reads a record makes the same event of it each time; only keys have a memory.

use crate::events::feed::Types;
use crate::events::pump::Counts;
use crate::store::Hash;
use engine::plan::stream::{Compared, EventReader, Said, Take, Tally, Tell, Unread};
use engine::program::{Ambient, EventPlan};
use kernel::{PartId, Sheet, Slot};
use std::fmt::{self, Debug};
use std::sync::Arc;

/// An event block.
#[derive(Debug)]
pub struct Block {
    /// The name of the model.
    pub model: Arc<str>,
    /// What its ids are made from: facade, topic, model.
    pub id: Hash,
    /// The number under which the store knows its keys.
    pub number: i64,
    /// The type of records that it is about.
    pub record: PartId,
    /// `source` of every event.
    pub source: Arc<str>,
    /// The types of events.
    pub types: Types,
    /// Published only if what it says has changed.
    pub only_changes: bool,
    /// Records that are older than the last one of their key are dropped.
    pub newest: bool,
    /// The schema of the data.
    pub dataschema: Option<Arc<str>>,
    /// So many dead letters of one unit stop it.
    pub rejects_max: Option<u64>,
    /// Where events go, by the number of the outlet.
    pub outlet: usize,
    /// Where records go that cannot be read.
    pub rejects: Option<usize>,
    /// Reads records.
    pub mapping: Arc<dyn Mapping>,
    /// What is counted.
    pub counts: Arc<Counts>,
}

impl Block {
    /// Returns whether an event depends on what was published before.
    pub(super) fn has_memory(&self) -> bool {
        self.newest || self.only_changes || matches!(self.types, Types::State { .. })
    }
}

/// Makes readers of records; the mapping in the program, or one of a test.
pub trait Mapping: Send + Sync + Debug + 'static {
    /// Returns a reader of records, for one thread at a time.
    fn reader(&self) -> Box<dyn ReadRecord>;

    /// Returns totals at zero, where some must hold.
    fn tally(&self) -> Option<Box<dyn Total>>;
}

/// Reads records of one block.
pub trait ReadRecord: Send {
    /// Reads a record and appends it to `json`.
    ///
    /// # Errors
    /// It cannot be read; nothing is appended.
    fn read(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<Said, Unread>;

    /// Reads a record for those who want nothing but its JSON.
    ///
    /// # Errors
    /// As for [`ReadRecord::read`].
    fn read_json(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<(), Unread> {
        self.read(tell, json).map(drop)
    }

    /// Returns the leaves that [`ReadRecord::take`] takes, with `facts`, or [`ReadRecord::take_json`] does; nothing where
    /// records have to be told.
    fn slots(&self, facts: bool) -> Option<&[Slot]> {
        let _ = facts;
        None
    }

    /// Reads a record by taking its leaves. Nothing, and nothing is appended, where it has to be told.
    fn take(&mut self, take: &mut Take<'_>, sheet: &mut Sheet) -> Option<Said> {
        let _ = (take, sheet);
        None
    }

    /// Reads a record by taking its leaves, for those who want nothing but its JSON; `false` where it has to be told.
    fn take_json(&mut self, take: &mut Take<'_>, sheet: &mut Sheet) -> bool {
        let _ = (take, sheet);
        false
    }
}

/// Totals over the records of one unit.
pub trait Total: Send {
    /// Adds a record of the block's type.
    ///
    /// # Errors
    /// A field that is summed cannot be read.
    fn add(&mut self, tell: &mut Tell<'_>) -> Result<(), Unread>;

    /// Counts a record whose type nobody knows.
    fn add_unknown(&mut self);

    /// Returns what was compared.
    ///
    /// # Errors
    /// What is compared with cannot be read.
    fn close(&self, tell: &mut Tell<'_>) -> Result<Vec<Compared>, Unread>;
}

/// The mapping of a program.
pub struct Planned {
    /// The block.
    pub plan: Arc<EventPlan>,
    /// `now`, `today` and `requestId`, asked for once per reader.
    pub ambient: Arc<dyn Fn() -> Ambient + Send + Sync>,
}

impl Mapping for Planned {
    fn reader(&self) -> Box<dyn ReadRecord> {
        Box::new(EventReader::new(&self.plan, &(self.ambient)()))
    }

    fn tally(&self) -> Option<Box<dyn Total>> {
        let tally = Tally::new(&self.plan, &(self.ambient)())?;
        Some(Box::new(tally))
    }
}

impl ReadRecord for EventReader {
    fn read(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<Said, Unread> {
        Self::read(self, tell, json)
    }

    fn read_json(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<(), Unread> {
        Self::read_json(self, tell, json)
    }

    fn slots(&self, facts: bool) -> Option<&[Slot]> {
        Self::slots(self, facts)
    }

    fn take(&mut self, take: &mut Take<'_>, sheet: &mut Sheet) -> Option<Said> {
        Self::take(self, take, sheet)
    }

    fn take_json(&mut self, take: &mut Take<'_>, sheet: &mut Sheet) -> bool {
        Self::take_json(self, take, sheet)
    }
}

impl Total for Tally {
    fn add(&mut self, tell: &mut Tell<'_>) -> Result<(), Unread> {
        Self::add(self, tell)
    }

    fn add_unknown(&mut self) {
        Self::add_unknown(self);
    }

    fn close(&self, tell: &mut Tell<'_>) -> Result<Vec<Compared>, Unread> {
        Self::close(self, tell)
    }
}

impl Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned").field("model", &self.plan.name).finish_non_exhaustive()
    }
}
