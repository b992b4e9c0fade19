//! The sink port: events out, durable at the receiver. And reading topics again, where the receiver is our own.
//!
//! **Invariant.** An event that is answered with `Ok` is durable; one that is not can be sent again under the same id.

use crate::{BoxFuture, CallContext};
use bytes::Bytes;
use kernel::Error;
use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::sync::Arc;

/// One event: the attributes of CloudEvents 1.0, and its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `id`: with `source` it names the event; a replay has the same one.
    pub id: Arc<str>,
    /// `source`, a URI reference: `/facade/customers`.
    pub source: Arc<str>,
    /// `type`.
    pub ty: Arc<str>,
    /// `subject`.
    pub subject: Option<Arc<str>>,
    /// `time`, as RFC 3339.
    pub time: Option<Arc<str>>,
    /// `dataschema`, a URI.
    pub dataschema: Option<Arc<str>>,
    /// `partitionkey`: events with the same one keep their order.
    pub key: Arc<str>,
    /// The data.
    pub data: Bytes,
    /// The media type of the data: `application/json`, or that of raw bytes in dead letters.
    pub content_type: Cow<'static, str>,
    /// Further attributes, for dead letters: position, mapping version, reason.
    pub extensions: Vec<(Arc<str>, Arc<str>)>,
}

/// Events for one topic, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventBatch {
    /// The topic.
    pub topic: Arc<str>,
    /// The events. Those of one key are published in this order.
    pub events: Vec<Event>,
}

/// What became of each event of a batch, in its order.
///
/// Of the events of one key, all that follow a failed one have failed too.
pub type Outcomes = Vec<Result<(), Error>>;

/// Something that keeps events: a log, a broker.
pub trait Sink: Send + Sync + Debug + 'static {
    /// Publishes a batch and waits until it is durable.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the outcome unknown; the same batch may be published again, under the same ids.
    fn publish<'a>(&'a self, cx: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes>;
}

/// Why a topic cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicError {
    /// The cursor is none of this topic's; the text says why.
    Unknown(String),
    /// Events between the cursor and the oldest that is kept are gone.
    Expired {
        /// The cursor before the oldest event that is kept.
        resume: String,
    },
    /// What is kept cannot be read; the text says where and why, for operators.
    Broken(String),
}

/// An event that is kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEvent {
    /// Its cursor: reading after it gives the next one.
    pub cursor: String,
    /// The event.
    pub event: Event,
}

/// What was asked of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicPage {
    /// The events, oldest first.
    pub events: Vec<KeptEvent>,
    /// Where to go on: the cursor of the last event, or the one that was given. `None` where nothing is kept yet and
    /// none was given.
    pub next: Option<String>,
    /// There were more when it was read.
    pub more: bool,
}

/// How a topic is asked.
#[derive(Debug, Clone, Copy)]
pub struct TopicAsk<'a> {
    /// The topic.
    pub topic: &'a str,
    /// Behind which event; `None` begins with the oldest that is kept.
    pub after: Option<&'a str>,
    /// Events at most.
    pub events_max: usize,
    /// Bytes at most, but for the first event.
    pub bytes_max: usize,
}

/// Topics that can be read again, by cursor. A topic that nobody has published to is empty.
pub trait Topics: Send + Sync + Debug + 'static {
    /// Opens what is kept, so that what is wrong with it is known at the start.
    ///
    /// # Errors
    /// Why it cannot be used, in words, with what to do.
    fn open(&self) -> Result<(), String>;

    /// Reads events. Only those are told that are durable.
    ///
    /// # Errors
    /// The cursor is of no use, or what is kept cannot be read.
    fn read<'a>(&'a self, ask: TopicAsk<'a>) -> BoxFuture<'a, Result<TopicPage, TopicError>>;

    /// Waits until there may be an event behind a cursor.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    fn wait<'a>(&'a self, topic: &'a str, after: Option<&'a str>) -> BoxFuture<'a, ()>;
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(why) => write!(f, "the cursor cannot be used: {why}"),
            Self::Expired { .. } => f.write_str("events behind the cursor are not kept any more"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for TopicError {}
