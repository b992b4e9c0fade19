//! Publishes events to a topic until all are durable: what failed is sent again, in order, after a pause.
//!
//! **Invariant.** Events of one key are never overtaken: those behind one that failed are sent again with it.

use super::counts::StreamCounts;
use super::publish::Halt;
use adapters_ports::{CallContext, Event, EventBatch, Outcomes, Sink};
use kernel::{Cause, Class, Error};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long publishing a batch may take.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);
/// The first pause after trouble, and the longest.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A topic that events go to.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its name.
    pub topic: Arc<str>,
    /// What keeps it.
    pub sink: Arc<dyn Sink>,
}

/// How long a sink that takes nothing is waited for; `None` is for ever.
pub type Patience = Option<Duration>;

/// Events for one topic, and the records that they are of.
#[derive(Debug, Default)]
pub(super) struct Lot {
    pub events: Vec<Event>,
    pub origins: Vec<Origin>,
}

/// The record that an event is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub block: Option<usize>,
    pub number: u64,
    /// It is a dead letter.
    pub letter: bool,
}

/// Who publishes, and for how long.
pub(super) struct Delivery<'a> {
    pub outlet: &'a Outlet,
    pub counts: &'a StreamCounts,
    pub patience: Patience,
    /// An event that the sink refuses for good goes to the dead letters; else it holds the stream.
    pub rejects: &'a (dyn Fn(Origin) -> bool + Sync),
}

/// Publishes a batch and waits until it is durable, but not for ever.
pub(in crate::events) async fn publish(sink: &dyn Sink, batch: &EventBatch) -> Outcomes {
    let cx = CallContext::new(crate::ids::request_id(), PUBLISH_TIMEOUT);
    let late = || Error::new(Class::Ambiguous, Cause::TimedOut, "events were not taken in time");
    let published = tokio::time::timeout(PUBLISH_TIMEOUT, sink.publish(&cx, batch)).await;
    let mut outcomes = published.unwrap_or_else(|_| batch.events.iter().map(|_| Err(late())).collect());
    // A sink that does not answer for an event has not kept it.
    outcomes.resize_with(batch.events.len(), || Err(late()));
    outcomes
}

impl Delivery<'_> {
    /// Publishes a lot until all of it is durable, but for what the sink refuses for good.
    pub(super) async fn all(
        &self,
        lot: Lot,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Vec<(Origin, String)>, Halt> {
        let Lot { events, mut origins } = lot;
        let mut batch = EventBatch { topic: Arc::clone(&self.outlet.topic), events };
        let (mut refused, mut pause, mut since) = (Vec::new(), PAUSES.0, None);
        while !batch.events.is_empty() {
            let before = batch.events.len() + refused.len();
            let outcomes = publish(&*self.outlet.sink, &batch).await;
            let trouble = self.sort(&mut batch, &mut origins, outcomes, &mut refused);
            let Some(error) = trouble else { continue };
            if batch.events.len() + refused.len() < before {
                (pause, since) = (PAUSES.0, None);
            }
            let since = *since.get_or_insert_with(Instant::now);
            self.tell(&error, batch.events.len());
            if self.patience.is_some_and(|patience| since.elapsed() >= patience) {
                return Err(Halt::Sink(format!("topic {}: {error}", self.outlet.topic)));
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return Err(Halt::Stopped),
            }
            pause = (pause * 2).min(PAUSES.1);
        }
        Ok(refused)
    }

    /// Keeps what has to be sent again, and returns the first reason for that.
    fn sort(
        &self,
        batch: &mut EventBatch,
        origins: &mut Vec<Origin>,
        outcomes: Outcomes,
        refused: &mut Vec<(Origin, String)>,
    ) -> Option<Error> {
        if outcomes.iter().all(Result::is_ok) {
            (batch.events, *origins) = Default::default();
            return None;
        }
        let (mut first, mut left, before) = (None::<Error>, Vec::new(), refused.len());
        let mut both = std::mem::take(origins).into_iter().zip(outcomes);
        batch.events.retain(|_| {
            let Some((origin, Err(error))) = both.next() else { return false };
            if is_for_good(&error) && (self.rejects)(origin) {
                refused.push((origin, format!("the sink refuses it: {error}")));
                return false;
            }
            if first.as_ref().is_none_or(|first| is_for_good(&error) && !is_for_good(first)) {
                first = Some(error);
            }
            left.push(origin);
            true
        });
        *origins = left;
        // What was held back behind a refused event is sent at once.
        first.filter(|_| refused.len() == before)
    }

    fn tell(&self, error: &Error, events: usize) {
        StreamCounts::add(&self.counts.troubles, 1);
        let topic = &*self.outlet.topic;
        if is_for_good(error) {
            tracing::error!(
                topic,
                events,
                %error,
                "an event is refused for good and holds the stream; a `reject:` topic would take it"
            );
        } else {
            tracing::warn!(topic, events, %error, "events wait; nothing is lost");
        }
    }
}

/// Returns whether the same event will be refused each time.
fn is_for_good(error: &Error) -> bool {
    matches!(error.class, Class::Poison | Class::Client)
}
