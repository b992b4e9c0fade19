//! One entry of `events:`, compiled: which events are published of a model, and how changes are noticed.
//!
//! **Invariant.** Immutable; what was seen and published is the state of whoever runs it.

use crate::codec::Chain;
use crate::lang;
use crate::plan::model::{Formula, ModelId};
use crate::plan::read::ReadPlan;
use crate::plan::stream::{Reading, TallyPlan};
use crate::program::{ColumnPlan, TablePlan};
use kernel::{PartId, Span, TypeId};
use std::sync::Arc;
use std::time::Duration;

/// Events of a model. [`crate::plan::watch`] makes the questions and the facts of an event.
#[derive(Debug, Clone)]
pub struct EventPlan {
    /// The model.
    pub model: ModelId,
    /// The name of the model.
    pub name: Arc<str>,
    /// Where events go.
    pub topic: TopicPlan,
    /// Which types they have.
    pub types: EventTypes,
    /// `source` of every event: `/facade/<name>`.
    pub source: Arc<str>,
    /// `deletedWhen`, over the fields of the model.
    pub deleted_when: Option<Formula>,
    /// `key`, the partition key; without it the model's key.
    pub key: Option<Formula>,
    /// `id`; without it a hash of key and content.
    pub id: Option<Formula>,
    /// `time`; without it the `since` field, else the time at which the change was noticed.
    pub time: Option<Formula>,
    /// `subject`.
    pub subject: Option<Formula>,
    /// `onlyChanges`: published only if one of these fields changed; empty is all.
    pub only_changes: Vec<FieldPath>,
    /// `reject`, where records go that cannot be read.
    pub reject: Option<TopicPlan>,
    /// JSON Schema of the data, as answers have it.
    pub schema: Arc<serde_json::Value>,
    /// How changes are noticed; `None`: by writes through this facade only, or by a stream.
    pub watch: Option<WatchPlan>,
    /// The stream whose records these events are.
    pub stream: Option<StreamPlan>,
    /// Who may read the topic, and how many rejects stop it; `use:` is resolved.
    pub policy: lang::Policy,
    /// Where it is declared.
    pub span: Span,
}

/// A topic of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    /// Index of the connection in the program; `None` is the embedded log under `var/events`.
    pub connection: Option<usize>,
    /// The topic.
    pub topic: Arc<str>,
}

/// The types of a model's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTypes {
    /// `type`: one event per record.
    Record(Arc<str>),
    /// Changes of state; what has no type is not published.
    State {
        /// `created`.
        created: Option<Arc<str>>,
        /// `updated`.
        updated: Option<Arc<str>>,
        /// `deleted`.
        deleted: Option<Arc<str>>,
    },
}

/// A modern field by its names, outermost first: `address`, `city`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    /// The names.
    pub names: Vec<Arc<str>>,
}

impl FieldPath {
    /// Returns it as a mapping writes it: `address.city`.
    pub fn dotted(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(|name| &**name).collect();
        names.join(".")
    }
}

impl StreamPlan {
    /// Says in words what has to hold before anything of a unit is published.
    pub fn verified(&self) -> Vec<String> {
        let checks = self.tally.iter().flat_map(|tally| &tally.checks);
        checks.map(|check| format!("{} is {}", check.path, check.totals.typed.text())).collect()
    }

    /// Returns which types of records hold the totals, by name.
    pub fn compared(&self) -> Vec<&str> {
        let checks = self.tally.iter().flat_map(|tally| &tally.checks);
        checks.map(|check| &*check.part.1).collect()
    }

    /// Returns whether elements of a record have to wait for the end of what encloses them.
    pub fn waits(&self) -> bool {
        self.reading.read.waits()
    }
}

/// The records of a source. [`crate::plan::stream`] reads them.
#[derive(Debug, Clone)]
pub struct StreamPlan {
    /// The connection whose source gives them, by its index in the program.
    pub connection: usize,
    /// The type of records that the block is about; others pass by.
    pub record: PartId,
    /// `newest`: records with a smaller value than the last one of their key are dropped.
    pub newest: Option<FieldPath>,
    /// Totals have to hold before anything of a unit is published.
    pub verifies: bool,
    /// The other types of records of the connection, which pass by this block.
    pub others: Vec<PartId>,
    pub(crate) reading: Arc<Reading>,
    pub(crate) tally: Option<Arc<TallyPlan>>,
}

/// How changes of a table are noticed.
#[derive(Debug, Clone)]
pub struct WatchPlan {
    /// How often is asked.
    pub every: Duration,
    /// How far each question reaches back into the last one; zero where nothing is written.
    pub overlap: Duration,
    /// How often all rows are compared, which finds deletes; `None` is never.
    ///
    /// A watch without `since` compares all rows each time, and then this says nothing.
    pub sweep: Option<Duration>,
    /// `since`; `None`: all rows are compared each time.
    pub since: Option<SincePlan>,
    /// The connection that is asked, by its index in the program.
    pub connection: usize,
    /// How the table is asked: columns, key.
    pub table: TablePlan,
    /// Reads one row: the parts of the row are told to it.
    pub read: Arc<ReadPlan>,
    /// The type of an answer with rows.
    pub rows: TypeId,
    /// The database can tell how old its oldest open transaction is, so the watermark stops there.
    pub horizon: bool,
}

/// The field that grows with each change.
#[derive(Debug, Clone)]
pub struct SincePlan {
    /// The field.
    pub field: FieldPath,
    /// Its chain.
    pub chain: Chain,
    /// Its columns, one per source of the chain.
    pub columns: Vec<ColumnPlan>,
    /// What it is.
    pub kind: SinceKind,
}

/// What a `since` field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceKind {
    /// A point in time.
    Instant,
    /// A date: its midnight in the zone of the connection.
    Date,
    /// A number that grows; what an overlap means for it is up to whoever watches.
    Sequence,
}
