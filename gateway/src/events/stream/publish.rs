//! The second pass over a unit: what comes of its batches is judged and published in their order.
//!
//! **Invariant.** A position is kept only once everything before it is durable.

use super::Trouble;
use super::counts::StreamCounts;
use super::deliver::{Delivery, Lot, Origin};
use super::judge::{Verdict, judge};
use super::map::{Entry, Mapped, Outcome, Shared};
use super::round::Stream;
use super::workers::{Job, Permit, Workers};
use crate::store::{Advance, BlockKey, KeyState, StoreError, UnitProgress};
use adapters_ports::{Event, Identity, Token, Unit};
use futures_util::future::try_join_all;
use kernel::{Cause, Class, Error};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Events that are published at once, but for the last batch.
const GROUP_MAX: usize = 5_000;
/// How often a position is kept while a unit is read.
pub(super) const KEEP_EVERY: Duration = Duration::from_millis(250);

/// Why a pass over a unit ended before its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// It was told to.
    Stopped,
    /// A sink took nothing for too long.
    Sink(String),
    /// The store keeps nothing.
    Store(StoreError),
    /// The unit cannot be read.
    Source(Error),
    /// The unit is refused from here on.
    Refused(String),
    /// A sink refused events for good; they are dead letters from now on, and the pass begins again.
    Again(Vec<(Origin, String)>),
}

/// One pass.
pub(super) struct Pass<'s> {
    pub stream: &'s Stream,
    pub identity: Identity,
    /// What is durable, as it will be kept next.
    pub progress: UnitProgress,
    pub stop: watch::Receiver<bool>,
    keys: HashMap<BlockKey, Option<KeyState>>,
    changed: HashSet<BlockKey>,
    pub(super) kept_at: Instant,
    dirty: bool,
}

/// Batches that are published at once.
#[derive(Default)]
pub(super) struct Group {
    lots: BTreeMap<usize, Lot>,
    tokens: Vec<Token>,
    permits: Vec<Permit>,
    events: usize,
    bytes: u64,
    counted: crate::store::Counted,
}

impl<'s> Pass<'s> {
    pub(super) fn new(
        stream: &'s Stream,
        identity: Identity,
        progress: UnitProgress,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let (keys, changed) = Default::default();
        Self { stream, identity, progress, stop, keys, changed, kept_at: Instant::now(), dirty: false }
    }

    /// Publishes a unit from where it stands to its end, and gives it back.
    pub(super) async fn run(
        &mut self,
        unit: Box<dyn Unit>,
        shared: Arc<Shared>,
    ) -> (Option<Box<dyn Unit>>, Result<(), Halt>) {
        let counts = Arc::clone(&self.stream.counts);
        let mut workers = Workers::new(unit, Arc::clone(&shared), counts, self.progress.position);
        let written = match &self.stream.dry {
            Some(show) => self.show(&mut workers, &**show, &shared).await,
            None => self.write(&mut workers).await,
        };
        let (unit, read) = workers.close().await;
        let read = read.map_err(Halt::Source);
        let result = match written.and(read) {
            Ok(()) => self.keep(true).await,
            Err(halt) => Err(halt),
        };
        (unit, result)
    }

    async fn write(&mut self, workers: &mut Workers) -> Result<(), Halt> {
        while let Some(first) = self.next(workers).await? {
            let mut group = Group::default();
            let mut added = self.add(&mut group, first).await;
            while added.is_ok()
                && group.events < GROUP_MAX
                && let Some(job) = workers.ready()
            {
                added = self.add(&mut group, job).await;
            }
            // What came before a batch that is not taken is published all the same.
            self.publish(group).await?;
            if added.is_err() || self.kept_at.elapsed() >= self.stream.keep_every {
                self.keep(false).await?;
            }
            added?;
        }
        self.keep(false).await
    }

    /// Waits for the next batch; nothing at the end.
    pub(super) async fn next(&mut self, workers: &mut Workers) -> Result<Option<Job>, Halt> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            job = workers.next() => return Ok(job),
        }
        // All that was judged is published, so the position may be kept.
        self.keep(false).await?;
        Err(Halt::Stopped)
    }

    /// Adds a batch to a group: judges its records against what is known of their keys.
    async fn add(&mut self, group: &mut Group, job: Job) -> Result<(), Halt> {
        let Job { mapped, token, bytes, permit } = job;
        self.admit(group, &mapped)?;
        self.take(group, mapped).await?;
        group.tokens.push(token);
        group.bytes += bytes;
        group.permits.push(permit);
        Ok(())
    }

    /// Takes what came of records into a group.
    pub(super) async fn take(&mut self, group: &mut Group, mapped: Mapped) -> Result<(), Halt> {
        self.learn(&mapped).await?;
        let Mapped { entries, records, .. } = mapped;
        for (name, count) in records {
            *group.counted.records.entry(name).or_default() += count;
        }
        for Entry { block, number, outcome } in entries {
            match outcome {
                Outcome::Letter(event, outlet) => {
                    let origin = Origin { block, number, letter: true };
                    let model = block.map_or("", |block| &*self.stream.blocks[block].model);
                    count(&mut group.counted.rejected, model);
                    group.push(outlet, event, origin);
                }
                Outcome::Event(event, pending) => {
                    let Some(block) = block else { continue };
                    let event = match pending {
                        Some(pending) => self.judged(block, event, &pending),
                        None => Some(event),
                    };
                    let Some(event) = event else {
                        group.counted.passed_over += 1;
                        continue;
                    };
                    let outlet = self.stream.blocks[block].outlet;
                    group.push(outlet, event, Origin { block: Some(block), number, letter: false });
                }
                // It was not admitted.
                Outcome::Nowhere(_) => {}
            }
        }
        Ok(())
    }

    /// Refuses a batch with a record that nothing takes, or with more dead letters than are allowed.
    pub(super) fn admit(&self, group: &Group, mapped: &Mapped) -> Result<(), Halt> {
        let mut new: HashMap<Option<usize>, u64> = HashMap::new();
        for entry in &mapped.entries {
            match &entry.outcome {
                Outcome::Nowhere(reason) => return Err(Halt::Refused(reason.clone())),
                Outcome::Letter(..) => *new.entry(entry.block).or_default() += 1,
                Outcome::Event(..) => {}
            }
        }
        for (block, count) in new {
            let of = block.map(|block| &self.stream.blocks[block]);
            // What is nobody's counts against everybody's limit.
            let limits = self.stream.blocks.iter().filter_map(|block| block.rejects_max);
            let limit = match of {
                Some(block) => block.rejects_max,
                None => limits.min(),
            };
            let model = of.map_or("", |block| &*block.model);
            let before = |counted: &crate::store::Counted| counted.rejected.get(model).copied().unwrap_or(0);
            let all = before(&self.progress.counted) + before(&group.counted) + count;
            if let Some(limit) = limit.filter(|&limit| all > limit) {
                let position = self.progress.position.records;
                return Err(Halt::Refused(format!(
                    "more than {limit} records cannot be read, which is the rejectLimit; it stopped behind record \
                     {position} or soon after"
                )));
            }
        }
        Ok(())
    }

    /// Asks the store what is known of the keys of a batch.
    pub(super) async fn learn(&mut self, mapped: &Mapped) -> Result<(), Halt> {
        let mut asked = HashSet::new();
        for entry in &mapped.entries {
            if let (Some(block), Outcome::Event(_, Some(pending))) = (entry.block, &entry.outcome) {
                let key = (self.stream.blocks[block].number, Arc::clone(&pending.key));
                if !self.keys.contains_key(&key) {
                    asked.insert(key);
                }
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let asked: Vec<BlockKey> = asked.into_iter().collect();
        let known = self.stream.store.keys(asked.clone()).await.map_err(Halt::Store)?;
        self.keys.extend(asked.into_iter().zip(known));
        Ok(())
    }

    pub(super) fn judged(
        &mut self,
        block: usize,
        mut event: Event,
        pending: &super::judge::Pending,
    ) -> Option<Event> {
        let block = &self.stream.blocks[block];
        let key = (block.number, Arc::clone(&pending.key));
        let known = self.keys.get(&key).and_then(Option::as_ref);
        let Verdict { state, event: verdict } = judge(block, known, pending);
        if let Some(state) = state {
            self.keys.insert(key.clone(), Some(state));
            self.changed.insert(key);
        }
        let (ty, id) = verdict?;
        event.ty = ty;
        if let Some(id) = id {
            event.id = id;
        }
        Some(event)
    }

    /// Publishes a group, and takes its tokens for settled.
    pub(super) async fn publish(&mut self, group: Group) -> Result<(), Halt> {
        let Group { lots, tokens, permits, bytes, mut counted, .. } = group;
        let stream = self.stream;
        let rejects = |origin: Origin| {
            !origin.letter && origin.block.is_some_and(|block| stream.blocks[block].rejects.is_some())
        };
        let published: Vec<(usize, Vec<Origin>)> =
            lots.iter().map(|(outlet, lot)| (*outlet, lot.origins.clone())).collect();
        let deliveries = lots.into_iter().map(|(outlet, lot)| {
            let outlet = &stream.outlets[outlet];
            let (counts, patience) = (&*stream.counts, stream.patience);
            let delivery = Delivery { outlet, counts, patience, rejects: &rejects };
            let mut stop = self.stop.clone();
            async move { delivery.all(lot, &mut stop).await }
        });
        let refused: Vec<_> = try_join_all(deliveries).await?.into_iter().flatten().collect();
        if !refused.is_empty() {
            return Err(Halt::Again(refused));
        }
        for (outlet, origins) in published {
            let events = origins.iter().filter(|origin| !origin.letter).count();
            if events > 0 {
                let topic = stream.outlets[outlet].topic.to_string();
                *counted.events.entry(topic).or_default() += u64::try_from(events).unwrap_or(u64::MAX);
            }
            self.count(&origins);
        }
        self.settled(tokens, bytes, &counted);
        drop(permits);
        Ok(())
    }

    fn count(&self, origins: &[Origin]) {
        for origin in origins {
            if let Some(block) = origin.block {
                let counts = &self.stream.blocks[block].counts;
                let counter = if origin.letter { &counts.rejected } else { &counts.published };
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn settled(&mut self, tokens: Vec<Token>, bytes: u64, counted: &crate::store::Counted) {
        let counts = &self.stream.counts;
        for token in tokens {
            self.progress.position = token.settle();
            self.dirty = true;
        }
        StreamCounts::add(&counts.records, counted.records.values().sum());
        StreamCounts::add(&counts.bytes, bytes);
        StreamCounts::add(&counts.passed_over, counted.passed_over);
        StreamCounts::add(&counts.rejected, counted.rejected_in_all());
        StreamCounts::set(&counts.position, self.progress.position.records);
        self.progress.counted.add(counted);
    }

    /// Keeps the position, with what is known of keys.
    pub(super) async fn keep(&mut self, settled: bool) -> Result<(), Halt> {
        if !settled && !self.dirty && self.changed.is_empty() {
            return Ok(());
        }
        self.progress.settled = settled;
        let changed = self.changed.drain();
        let known = changed.filter_map(|key| Some((key.clone(), self.keys.get(&key)?.clone()?)));
        let advance =
            Advance { identity: self.identity, progress: self.progress.clone(), keys: known.collect() };
        self.stream.store.advance(self.stream.id, advance).await.map_err(Halt::Store)?;
        self.keys.clear();
        (self.dirty, self.kept_at) = (false, Instant::now());
        Ok(())
    }
}

impl Group {
    fn push(&mut self, outlet: usize, event: Event, origin: Origin) {
        let lot = self.lots.entry(outlet).or_default();
        lot.events.push(event);
        lot.origins.push(origin);
        self.events += 1;
    }
}

impl Halt {
    /// Returns the trouble that it is for the whole stream; nothing where only the unit is concerned.
    pub(super) fn trouble(self) -> Result<Trouble, Self> {
        match self {
            Self::Stopped => Ok(Trouble::Stopped),
            Self::Sink(why) => Ok(Trouble::Sink(why)),
            Self::Store(error) => Ok(Trouble::Store(error)),
            Self::Source(_) | Self::Refused(_) | Self::Again(_) => Err(self),
        }
    }
}

pub(super) fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

pub(super) fn mistake() -> Error {
    Error::new(Class::Defect, Cause::Internal, "reading ended by a mistake of its own")
}
