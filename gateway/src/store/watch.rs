//! What the gateway must not forget of the tables that it watches: what was seen last, what is on its way, what it
//! changed itself.
//!
//! **Invariant.** What was seen and the events that follow from it are kept in one transaction, so neither is there
//! without the other.

use super::{Hash, StoreError};
use adapters_ports::{BoxFuture, Event};
use std::fmt::Debug;
use std::sync::Arc;

/// The state of watches. One process has it; leases are not needed.
pub trait Watches: Send + Sync + Debug + 'static {
    /// Returns the number of a watch by its name, and its state as it was settled last.
    ///
    /// # Errors
    /// It cannot be read or made.
    fn open(&self, name: Hash) -> BoxFuture<'_, Result<(i64, WatchState), StoreError>>;

    /// Returns what is known of records, in the order of their keys.
    ///
    /// # Errors
    /// It cannot be read.
    fn known(&self, watch: i64, keys: Vec<Arc<str>>)
    -> BoxFuture<'_, Result<Vec<Option<Known>>, StoreError>>;

    /// Keeps what was seen, with the events that follow from it, and forgets what is done. Returns the numbers of the
    /// events, in their order, and of the records that were seen.
    ///
    /// # Errors
    /// Nothing of it is kept.
    fn settle(&self, watch: i64, settled: Settled) -> BoxFuture<'_, Result<Numbers, StoreError>>;

    /// Returns events that were kept and are not known to be published, oldest first.
    ///
    /// # Errors
    /// They cannot be read.
    fn outgoing(&self, watch: i64, count_max: usize) -> BoxFuture<'_, Result<Vec<Outgoing>, StoreError>>;

    /// Returns records that are known, in the order of their numbers, behind a number.
    ///
    /// # Errors
    /// They cannot be read.
    fn scan(&self, watch: i64, after: i64, count_max: usize)
    -> BoxFuture<'_, Result<Vec<Keyed>, StoreError>>;

    /// Notes that a record is about to be changed, durably. An empty key stands for one that is not known yet.
    ///
    /// # Errors
    /// It is not noted; the record must not be changed.
    fn note(&self, watch: i64, key: Arc<str>, deletes: bool) -> BoxFuture<'_, Result<i64, StoreError>>;

    /// Returns what was noted and is not settled, oldest first.
    ///
    /// # Errors
    /// It cannot be read.
    fn dirty(&self, watch: i64) -> BoxFuture<'_, Result<Vec<Dirty>, StoreError>>;
}

/// Numbers of events that were kept, and of records that were seen, each in their order.
pub type Numbers = (Vec<i64>, Vec<i64>);

/// A record by its key.
pub type Keyed = (Arc<str>, Known);

/// How far a watch got.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct WatchState {
    /// From where changes are asked for; `None` asks for everything.
    pub mark: Option<String>,
    /// The largest value of the `since` field that was seen.
    pub newest: Option<String>,
    /// When everything was compared last, to its end: seconds since 1970.
    pub swept_s: Option<i64>,
    /// For `since` fields that are no times: clocks at the beginnings of polls, in milliseconds since 1970, and the
    /// largest values that were seen before.
    #[serde(default)]
    pub history: Vec<(i64, String)>,
    /// The largest number of a change of a record that is gone: one that comes again is counted from there on.
    #[serde(default)]
    pub base: i64,
}

/// What is known of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its number in the store.
    pub row: i64,
    /// Hash of its content.
    pub content: Hash,
    /// How many changes of it were seen.
    pub change: i64,
    /// What it was.
    pub kind: KnownKind,
    /// The partition key of its events, where that does not follow from its key.
    pub partition: Option<Arc<str>>,
    /// `subject` of its events.
    pub subject: Option<Arc<str>>,
}

/// What a record was when it was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownKind {
    /// There.
    Live,
    /// Deleted, by the condition of the mapping.
    Deleted,
    /// Not readable, and given to the dead letters.
    Rejected,
}

/// What is kept in one transaction.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// Records as they were seen; their numbers in the store say nothing.
    pub seen: Vec<Keyed>,
    /// Keys of records that are gone.
    pub gone: Vec<Arc<str>>,
    /// Events that follow, in order, and whether they go to the dead letters.
    pub events: Vec<(bool, Event)>,
    /// Numbers of events that are published.
    pub published: Vec<i64>,
    /// Numbers of notes that are done.
    pub clean: Vec<i64>,
    /// How far the watch got; `None` is as far as before.
    pub state: Option<WatchState>,
}

/// An event that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number in the store.
    pub row: i64,
    /// It goes to the dead letters.
    pub rejected: bool,
    /// The event.
    pub event: Event,
}

/// A note that a record was about to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirty {
    /// Its number in the store.
    pub row: i64,
    /// The record's key; empty where it was not known.
    pub key: Arc<str>,
    /// It was to be taken away.
    pub deletes: bool,
}

impl KnownKind {
    /// Returns the number under which it is stored.
    pub fn number(self) -> i64 {
        match self {
            Self::Live => 0,
            Self::Deleted => 1,
            Self::Rejected => 2,
        }
    }

    /// Returns what a number means.
    pub fn of(number: i64) -> Self {
        match number {
            0 => Self::Live,
            1 => Self::Deleted,
            _ => Self::Rejected,
        }
    }
}

impl Settled {
    /// Returns whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
            && self.gone.is_empty()
            && self.events.is_empty()
            && self.published.is_empty()
            && self.clean.is_empty()
            && self.state.is_none()
    }
}
