//! Keeps the events of one block flowing: reads, compares with what was seen before, keeps, publishes.
//!
//! The order of a step is its meaning. What was seen and the events that follow are kept in one transaction; only then are
//! the events published; only then are they forgotten. Whatever happens in between, the next step publishes the same
//! events under the same ids. A record that is gone is looked at once more before that is believed.
//!
//! **Invariant.** Nothing is read while events wait to be published, so a sink that is down holds the reading back.

mod own;
mod poll;
mod run;
mod weigh;

use super::feed::{Feed, Rules};
use super::inbox::Inbox;
use crate::store::{Known, Outgoing, Settled, StoreError, WatchState, Watches};
use adapters_ports::{BoxFuture, Event, Outcomes};
use jiff::Timestamp;
use kernel::Error;
use poll::Poll;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use run::Counts;

/// Events that are published at once.
const PUBLISH_MAX: usize = 256;

/// Where events go.
pub trait Publish: Send + Sync + 'static {
    /// Publishes events to the topic, or to the dead letters, and says what became of each.
    fn publish(&self, rejected: bool, events: Vec<Event>) -> BoxFuture<'_, Outcomes>;
}

/// The current time.
pub(super) type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The pump of one event block.
pub struct Pump<F: Feed> {
    feed: F,
    rules: Rules,
    store: Arc<dyn Watches>,
    sink: Arc<dyn Publish>,
    inbox: Arc<Inbox>,
    now: Now,
    watch: i64,
    state: WatchState,
    /// Events that are kept and not published, oldest first.
    outgoing: VecDeque<Outgoing>,
    /// Numbers of events that are published and still kept.
    published: Vec<i64>,
    poll: Option<Poll<F::Position>>,
    /// When the next poll begins; `None`: at once.
    due: Option<Timestamp>,
    /// What is counted.
    pub counts: Arc<Counts>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    Again,
    /// Nothing until then, unless a write comes.
    Wait(Option<Duration>),
}

/// Why a step was not done. Nothing is lost: it is done again.
#[derive(Debug)]
pub enum Trouble {
    /// The store cannot keep anything.
    Store(StoreError),
    /// The legacy system cannot be read.
    Feed(Error),
    /// The sink does not take events.
    Sink(Error),
    /// Records cannot be read, and there is nowhere to put them.
    Held {
        /// How many.
        records: u64,
        /// Why the first of them cannot be read.
        reason: String,
    },
    /// More records cannot be read than `rejectLimit` allows.
    TooManyRejects(u64),
}

impl<F: Feed> Pump<F> {
    /// Opens a pump where it was left.
    ///
    /// # Errors
    /// Its state cannot be read.
    pub async fn open(
        feed: F,
        rules: Rules,
        store: Arc<dyn Watches>,
        sink: Arc<dyn Publish>,
        now: Now,
    ) -> Result<Self, StoreError> {
        let (watch, state) = store.open(rules.id).await?;
        let inbox = Inbox::open(Arc::clone(&store), watch).await?;
        let outgoing = store.outgoing(watch, PUBLISH_MAX).await?.into();
        let (published, poll, due, counts) = (Vec::new(), None, None, Arc::default());
        Ok(Self {
            feed,
            rules,
            store,
            sink,
            inbox,
            now,
            watch,
            state,
            outgoing,
            published,
            poll,
            due,
            counts,
        })
    }

    /// Returns the rules that it obeys.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Returns where own writes are noted.
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Does what comes next.
    ///
    /// # Errors
    /// It is not done, and will be done by a later step.
    ///
    /// # Cancel safety
    /// None: a pump that was cut off in a step is opened anew.
    pub async fn step(&mut self) -> Result<Step, Trouble> {
        if !self.outgoing.is_empty() {
            self.publish().await?;
            return Ok(Step::Again);
        }
        let own = self.inbox.ready(own::OWN_MAX);
        if !own.is_empty() {
            self.own(own).await?;
            return Ok(Step::Again);
        }
        if self.poll.is_some() {
            self.poll_on().await?;
            return Ok(Step::Again);
        }
        let now = (self.now)();
        if self.rules.every.is_some() && self.due.is_none_or(|due| due <= now) {
            self.begin_poll(now).await?;
            return Ok(Step::Again);
        }
        if !self.published.is_empty() {
            self.settle(Settled::default()).await?;
            // More may be left from before than was loaded at the start.
            let left = self.store.outgoing(self.watch, PUBLISH_MAX).await.map_err(Trouble::Store)?;
            self.outgoing = left.into();
            return Ok(Step::Again);
        }
        Ok(Step::Wait(self.pause(now)))
    }

    fn pause(&self, now: Timestamp) -> Option<Duration> {
        let poll = self
            .rules
            .every
            .and(self.due)
            .map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
        let own = self.inbox.next().map(|at| at.saturating_duration_since(tokio::time::Instant::now()));
        poll.into_iter().chain(own).min()
    }

    /// Publishes what is kept.
    async fn publish(&mut self) -> Result<(), Trouble> {
        let Some(first) = self.outgoing.front() else { return Ok(()) };
        let rejected = first.rejected;
        let same = self.outgoing.iter().take_while(|one| one.rejected == rejected).take(PUBLISH_MAX);
        let events: Vec<Event> = same.map(|one| one.event.clone()).collect();
        let count = events.len();
        let outcomes = self.sink.publish(rejected, events).await;
        let mut trouble = None;
        let mut left = VecDeque::with_capacity(self.outgoing.len());
        for (outgoing, outcome) in self.outgoing.drain(..count).zip(outcomes) {
            match outcome {
                Ok(()) => {
                    self.counts.published(rejected);
                    self.published.push(outgoing.row);
                }
                Err(error) => {
                    trouble.get_or_insert(error);
                    left.push_back(outgoing);
                }
            }
        }
        left.append(&mut self.outgoing);
        self.outgoing = left;
        self.counts.waiting(self.outgoing.len());
        trouble.map_or(Ok(()), |error| Err(Trouble::Sink(error)))
    }

    async fn known(&self, keys: Vec<Arc<str>>) -> Result<Vec<Option<Known>>, Trouble> {
        self.store.known(self.watch, keys).await.map_err(Trouble::Store)
    }

    /// Keeps what was seen and takes over the events that follow.
    async fn settle(&mut self, mut settled: Settled) -> Result<Vec<i64>, Trouble> {
        settled.published.clone_from(&self.published);
        if settled.is_empty() {
            return Ok(Vec::new());
        }
        let events = settled.events.clone();
        let state = settled.state.clone();
        let (numbers, rows) = self.store.settle(self.watch, settled).await.map_err(Trouble::Store)?;
        self.published.clear();
        if let Some(state) = state {
            self.state = state;
        }
        let outgoing = numbers.into_iter().zip(events);
        self.outgoing.extend(outgoing.map(|(row, (rejected, event))| Outgoing { row, rejected, event }));
        self.counts.waiting(self.outgoing.len());
        if let Some(poll) = &mut self.poll {
            poll.note(&rows);
        }
        Ok(rows)
    }
}

impl<F: Feed> fmt::Debug for Pump<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pump").field("model", &self.rules.name).finish_non_exhaustive()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Feed(error) => write!(f, "the legacy system cannot be read: {error}"),
            Self::Sink(error) => write!(f, "events cannot be published: {error}"),
            Self::Held { records, reason } => write!(f, "{records} records cannot be read: {reason}"),
            Self::TooManyRejects(count) => {
                write!(f, "{count} records cannot be read, more than rejectLimit allows")
            }
        }
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
pub(super) mod tests;
