//! Keeps the events of one block flowing: reads, compares with what was seen before, keeps, publishes.
//!
//! The order of a step is its meaning. What was seen and the events that follow are kept in one transaction; only then are
//! the events published; only then are they forgotten. Whatever happens in between, the next step publishes the same
//! events under the same ids. A record that is gone is looked at once more before that is believed.
//!
//! **Invariant.** Nothing is read while events wait to be published, so a sink that is down holds the reading back.

mod poll;
mod run;

use super::feed::{Feed, Poison, Row, Rules, Seen};
use super::inbox::{Inbox, Look};
use super::judge::{self, Verdict};
use super::mark::Mark;
use crate::store::{Known, KnownKind, Outgoing, Settled, StoreError, WatchState, Watches};
use adapters_ports::{BoxFuture, Event, Outcomes};
use jiff::Timestamp;
use kernel::Error;
use poll::Poll;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use run::Counts;

/// Events that are published at once.
const PUBLISH_MAX: usize = 256;
/// Own writes that are looked at in one step.
const OWN_MAX: usize = 32;

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
        let own = self.inbox.ready(OWN_MAX);
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

    /// Looks at records that were changed through this facade.
    async fn own(&mut self, mut looks: Vec<Look>) -> Result<(), Trouble> {
        let now = (self.now)();
        let mut settled = Settled::default();
        for look in looks.iter_mut().filter(|look| !look.nothing) {
            if look.key.is_empty() {
                self.unknown_key();
                continue;
            }
            let row = self.feed.one(&look.key).await.map_err(Trouble::Feed)?;
            match row {
                Some(row) => {
                    if matches!(row, Row::Poison(_)) && !self.rules.rejects {
                        look.put_off();
                    }
                    self.judge(vec![row], now, &mut settled).await?;
                }
                None => self.own_gone(look, now, &mut settled).await?,
            }
        }
        settled.clean = looks.iter().filter(|look| look.again.is_none()).map(|look| look.row).collect();
        self.settle(settled).await?;
        self.inbox.done(&looks);
        Ok(())
    }

    /// A record was to be made, and nobody knows its key: the process ended before the answer came.
    fn unknown_key(&mut self) {
        self.due = None;
        if self.rules.every.is_none() {
            let model = &*self.rules.name;
            tracing::error!(
                model,
                "a record may have been made whose key is not known, and nothing watches the table"
            );
        }
    }

    async fn own_gone(&self, look: &Look, now: Timestamp, settled: &mut Settled) -> Result<(), Trouble> {
        let known = self.known(vec![Arc::clone(&look.key)]).await?.pop().flatten();
        if known.is_none() && !look.deletes {
            return Ok(());
        }
        settled.events.extend(judge::gone(&self.rules, known.as_ref(), &look.key, now));
        settled.gone.push(Arc::clone(&look.key));
        Ok(())
    }

    /// Judges records, and returns the numbers of those that are as they were.
    async fn judge(
        &mut self,
        rows: Vec<Row>,
        now: Timestamp,
        settled: &mut Settled,
    ) -> Result<Vec<i64>, Trouble> {
        let keys: Vec<Arc<str>> = rows.iter().map(key).collect();
        let known = self.known(keys.clone()).await?;
        // The same record may come twice, and then the later one is compared with the earlier one.
        let mut newer: HashMap<Arc<str>, Known> = HashMap::new();
        for (key, content, change, kind) in &settled.seen {
            newer.insert(Arc::clone(key), Known { row: 0, content: *content, change: *change, kind: *kind });
        }
        let mut same = Vec::new();
        for ((row, key), stored) in rows.iter().zip(keys).zip(known) {
            let before = newer.get(&key).cloned().or(stored);
            let verdict = match row {
                Row::Seen(seen) => self.judge_seen(seen, before.as_ref(), now),
                Row::Poison(poison) => self.judge_poison(poison, before.as_ref(), now)?,
            };
            let Some(Verdict { key, content, change, kind, event }) = verdict else {
                same.extend(before.map(|known| known.row));
                continue;
            };
            settled.events.extend(event);
            newer.insert(Arc::clone(&key), Known { row: 0, content, change, kind });
            settled.seen.push((key, content, change, kind));
        }
        Ok(same)
    }

    fn judge_seen(&mut self, seen: &Seen, before: Option<&Known>, now: Timestamp) -> Option<Verdict> {
        if let (Some(poll), Some(mark)) = (&mut self.poll, seen.mark) {
            poll.newest = poll.newest.max(Some(mark));
        }
        judge::seen(&self.rules, before, seen, now)
    }

    fn judge_poison(
        &mut self,
        poison: &Poison,
        before: Option<&Known>,
        now: Timestamp,
    ) -> Result<Option<Verdict>, Trouble> {
        if !self.rules.rejects {
            match &mut self.poll {
                Some(poll) => poll.hold(&poison.reason),
                None => self.held(1, &poison.reason),
            }
            return Ok(None);
        }
        let verdict = judge::rejected(&self.rules, before, poison, now);
        if verdict.is_some()
            && let Some(poll) = &mut self.poll
        {
            poll.rejected += 1;
            if self.rules.rejects_max.is_some_and(|max| poll.rejected > max) {
                return Err(Trouble::TooManyRejects(poll.rejected));
            }
        }
        Ok(verdict)
    }

    fn held(&self, records: u64, reason: &str) {
        let model = &*self.rules.name;
        self.counts.held(records);
        tracing::error!(
            model,
            records,
            reason,
            "records cannot be read and are held; a `reject:` topic would take them"
        );
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

    /// Takes records for gone that a second look does not find either.
    async fn missing(&mut self, known: &[(Arc<str>, Known)], now: Timestamp) -> Result<(), Trouble> {
        let mut settled = Settled::default();
        for (key, known) in known {
            if known.kind == KnownKind::Rejected && key.starts_with('!') {
                // A record without a key that is not there any more: mended, or gone.
                settled.gone.push(Arc::clone(key));
                continue;
            }
            match self.feed.one(key).await.map_err(Trouble::Feed)? {
                Some(row) => drop(self.judge(vec![row], now, &mut settled).await?),
                None => {
                    settled.events.extend(judge::gone(&self.rules, Some(known), key, now));
                    settled.gone.push(Arc::clone(key));
                }
            }
        }
        self.settle(settled).await.map(drop)
    }
}

fn key(row: &Row) -> Arc<str> {
    match row {
        Row::Seen(seen) => Arc::clone(&seen.key),
        Row::Poison(poison) => judge::poison_key(poison),
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

/// The larger one, where nothing is the least.
fn newest(a: Option<Mark>, b: Option<Mark>) -> Option<Mark> {
    a.max(b)
}

#[cfg(test)]
pub(super) mod tests;
