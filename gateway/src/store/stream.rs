//! What the gateway must not forget of the streams that it reads: how far it got in each unit, which units are done with,
//! what was published last of each key, and how far dead letters were sent again.
//!
//! **Invariant.** A position and what is known of the keys up to it are kept in one transaction, so whoever goes on from
//! there makes the same events.

use super::{Hash, StoreError};
use adapters_ports::{BoxFuture, Identity, Position};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

/// Units of a stream that are remembered by their content; older ones are forgotten, the oldest first.
///
/// A unit that comes again after that is published again, under the same ids.
pub const UNITS_MAX: u32 = 500_000;

/// The state of streams. One process has it; leases are not needed.
pub trait Streams: Send + Sync + Debug + 'static {
    /// Returns the number of a stream, or of an event block, by its name.
    ///
    /// # Errors
    /// It cannot be read or made.
    fn stream(&self, name: Hash) -> BoxFuture<'_, Result<i64, StoreError>>;

    /// Returns what is known of units by their names.
    ///
    /// # Errors
    /// It cannot be read.
    fn places(&self, stream: i64) -> BoxFuture<'_, Result<Vec<NamedPlace>, StoreError>>;

    /// Keeps what is known of a unit by its name.
    ///
    /// # Errors
    /// It is not kept.
    fn place(&self, stream: i64, name: Arc<str>, place: Place) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Forgets what is known of names under which there is nothing any more.
    ///
    /// # Errors
    /// It is not forgotten.
    fn unplace(&self, stream: i64, names: Vec<Arc<str>>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Returns how far a unit was read, by its content.
    ///
    /// # Errors
    /// It cannot be read.
    fn progress(
        &self,
        stream: i64,
        identity: Identity,
    ) -> BoxFuture<'_, Result<Option<UnitProgress>, StoreError>>;

    /// Returns what is known of keys, each of an event block, in their order.
    ///
    /// # Errors
    /// It cannot be read.
    fn keys(&self, keys: Vec<BlockKey>) -> BoxFuture<'_, Result<Vec<Option<KeyState>>, StoreError>>;

    /// Keeps how far a unit was read, with what follows from it for its keys.
    ///
    /// # Errors
    /// Nothing of it is kept.
    fn advance(&self, stream: i64, advance: Advance) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Returns the cursor behind which dead letters of a topic were not sent again.
    ///
    /// # Errors
    /// It cannot be read.
    fn letters(&self, topic: Hash) -> BoxFuture<'_, Result<Option<String>, StoreError>>;

    /// Keeps that cursor.
    ///
    /// # Errors
    /// It is not kept.
    fn letters_done(&self, topic: Hash, cursor: String) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// A key of an event block, by the number of the block.
pub type BlockKey = (i64, Arc<str>);

/// What is known of a unit, with its name.
pub type NamedPlace = (Arc<str>, Place);

/// What is known of a unit by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its stamp when that was found out; with another one it says nothing.
    pub stamp: Arc<str>,
    /// Why it is refused; nothing where it is done with.
    pub refused: Option<Refusal>,
}

/// Why a unit is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In words.
    pub reason: String,
    /// The version of the mapping that refused it; another one may take it.
    pub version: Arc<str>,
}

/// How far a unit was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitProgress {
    /// The name under which it was read.
    pub name: Arc<str>,
    /// Its stamp then.
    pub stamp: Arc<str>,
    /// Everything before it is durable.
    pub position: Position,
    /// All of it is.
    pub settled: bool,
    /// What was counted up to there.
    pub counted: Counted,
}

/// What was counted in a unit.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Counted {
    /// Records by the name of their type.
    #[serde(default)]
    pub records: BTreeMap<String, u64>,
    /// Events by topic.
    #[serde(default)]
    pub events: BTreeMap<String, u64>,
    /// Dead letters by model; empty for those whose type nobody knows.
    #[serde(default)]
    pub rejected: BTreeMap<String, u64>,
    /// Records that are older than the last one of their key, or say nothing new.
    #[serde(default)]
    pub passed_over: u64,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyState {
    /// Fingerprint of its content.
    pub content: u128,
    /// How many changes of it were published.
    pub change: i64,
    /// It was deleted, by the condition of the mapping.
    pub deleted: bool,
    /// The value of the `newest` field, as it is written in the store.
    pub newest: Option<String>,
}

/// What is kept in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The content of the unit.
    pub identity: Identity,
    /// How far it is read.
    pub progress: UnitProgress,
    /// What is known of keys from now on.
    pub keys: Vec<(BlockKey, KeyState)>,
}

impl Counted {
    /// Adds what another one counted.
    pub fn add(&mut self, other: &Self) {
        let sum = |into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>| {
            for (name, count) in from {
                match into.get_mut(name) {
                    Some(known) => *known += count,
                    None => drop(into.insert(name.clone(), *count)),
                }
            }
        };
        sum(&mut self.records, &other.records);
        sum(&mut self.events, &other.events);
        sum(&mut self.rejected, &other.rejected);
        self.passed_over += other.passed_over;
    }

    /// Returns how many dead letters there are in all.
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.values().sum()
    }
}
