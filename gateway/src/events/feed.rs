//! What a pump is fed by: the records of one event block, as they are read.
//!
//! **Invariant.** A record that cannot be read is told as such, with its bytes; it never hides those beside it.

use super::mark::{Mark, MarkKind};
use crate::store::Hash;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Error;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Something whose records are watched.
pub trait Feed: Send + 'static {
    /// Where a page ended, within one poll.
    type Position: Clone + Send + Sync + Debug + 'static;

    /// Asks which changes may still be hidden in open transactions; `None` where nobody can tell.
    ///
    /// # Errors
    /// The system did not answer.
    fn clock(&self) -> impl Future<Output = Result<Option<DatabaseClock>, Error>> + Send;

    /// Reads a page of records, behind a position.
    ///
    /// # Errors
    /// The page cannot be read; nothing may be concluded from that.
    fn page(
        &self,
        ask: &Ask,
        after: Option<&Self::Position>,
    ) -> impl Future<Output = Result<Page<Self::Position>, Error>> + Send;

    /// Reads one record by its key; nothing if there is none.
    ///
    /// # Errors
    /// The system did not answer, which says nothing of the record.
    fn one(&self, key: &str) -> impl Future<Output = Result<Option<Row>, Error>> + Send;
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Records that changed since, in the order of their changes.
    Since(Mark),
    /// All records.
    All,
}

/// What the clock of a database says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseClock {
    /// Its time.
    pub now: Timestamp,
    /// The beginning of the oldest transaction that may have written and is open; its time where there is none.
    pub oldest: Timestamp,
}

/// Records that were read at once.
#[derive(Debug, Clone)]
pub struct Page<P> {
    /// The records.
    pub rows: Vec<Row>,
    /// Where it goes on; `None` at the end.
    pub next: Option<P>,
}

/// A record as it was read.
#[derive(Debug, Clone)]
pub enum Row {
    /// It could be read.
    Seen(Box<Seen>),
    /// It could not.
    Poison(Box<Poison>),
}

/// A record that could be read.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The model's key: a JSON array of its values.
    pub key: Arc<str>,
    /// Hash of what has to change for an event.
    pub content: Hash,
    /// The record as JSON.
    pub data: Bytes,
    /// `deletedWhen` holds.
    pub deleted: bool,
    /// The value of the `since` field.
    pub mark: Option<Mark>,
    /// The partition key.
    pub partition: Arc<str>,
    /// `subject`.
    pub subject: Option<Arc<str>>,
    /// `time`.
    pub time: Option<Arc<str>>,
    /// `id`, where the mapping makes one.
    pub id: Option<Arc<str>>,
}

/// A record that could not be read.
#[derive(Debug, Clone)]
pub struct Poison {
    /// The model's key, if that could be read.
    pub key: Option<Arc<str>>,
    /// Where it stands in the legacy system, the same for as long as it is there.
    pub position: Arc<str>,
    /// What came.
    pub raw: Bytes,
    /// The media type of that.
    pub content_type: &'static str,
    /// Why it could not be read, without values.
    pub reason: String,
}

/// What an event block says, as far as a pump needs it.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The name of the model, for people.
    pub name: Arc<str>,
    /// What the state is kept under: facade, topic, model.
    pub id: Hash,
    /// `source` of every event.
    pub source: Arc<str>,
    /// The topic.
    pub topic: Arc<str>,
    /// The types of events.
    pub types: Types,
    /// The names of the model's key.
    pub key: Vec<Arc<str>>,
    /// Records that cannot be read go to dead letters.
    pub rejects: bool,
    /// So many of them in one poll stop it.
    pub rejects_max: Option<u64>,
    /// How often is asked; `None`: only what was changed here is looked at.
    pub every: Option<Duration>,
    /// How far each question reaches back.
    pub overlap: Duration,
    /// How often everything is compared, beside `since`.
    pub sweep: Option<Duration>,
    /// What the `since` field is; without one everything is compared each time.
    pub since: Option<MarkKind>,
    /// The zone in which the legacy system lives.
    pub zone: TimeZone,
    /// The schema of the data.
    pub dataschema: Option<Arc<str>>,
    /// The version of the mapping, for dead letters.
    pub version: Arc<str>,
}

/// The types of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Types {
    /// One for every change.
    Record(Arc<str>),
    /// By what happened; what has none is not published.
    State {
        /// It came.
        created: Option<Arc<str>>,
        /// It changed.
        updated: Option<Arc<str>>,
        /// It went.
        deleted: Option<Arc<str>>,
    },
}
