//! The sink port: events out, durable at the receiver.
//!
//! **Invariant.** An event that is answered with `Ok` is durable; one that is not can be sent again under the same id.

use crate::{BoxFuture, CallContext};
use bytes::Bytes;
use kernel::Error;
use std::fmt::Debug;
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
    pub content_type: &'static str,
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
