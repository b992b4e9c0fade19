//! The one thread that writes: it takes all jobs that wait, runs them in one transaction, commits, then answers.
//!
//! **Invariant.** It alone knows what is in flight, so equal keys that come at once are told apart by the order of its queue.

use super::{Clock, table};
use crate::http::answer::Answer;
use crate::store::{Begin, Hash, Offer, StoreError};
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Jobs of one transaction.
const BATCH_MAX: usize = 256;
/// Expired rows are removed this often, and with each batch while there are more.
const PURGE_EVERY_S: i64 = 60;

/// A check writes at most this often, so that nobody wears out the disk by asking.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

pub(super) struct Job(pub Task);

pub(super) enum Task {
    Begin {
        key: Hash,
        payload: Hash,
        keep: Duration,
        reply: Reply<Begin>,
    },
    Finish {
        key: Hash,
        answer: Answer,
        reply: Reply<()>,
    },
    Release {
        key: Hash,
        reply: Reply<()>,
    },
    Leave {
        key: Hash,
    },
    Offer {
        key: Hash,
        content: Hash,
        reply: Reply<Offer>,
    },
    Settle {
        key: Hash,
        accepted: Option<Hash>,
        reply: Reply<()>,
    },
    Check {
        reply: Reply<()>,
    },
    /// A piece of work of another part of the store. It is told whether the transaction can still be used.
    Run(Work),
}

/// What runs within the transaction; it leaves what it answers in the list.
pub(super) type Work = Box<dyn FnOnce(&Connection, bool, &mut Vec<Done>) -> rusqlite::Result<()> + Send>;

impl Task {
    /// Ends something that was begun; it is never refused, else that would stay in flight.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Self::Finish { .. } | Self::Release { .. } | Self::Leave { .. } | Self::Settle { .. })
    }
}

pub(super) struct Writer {
    db: Connection,
    clock: Clock,
    waiting: Arc<AtomicUsize>,
    in_flight: HashSet<Hash>,
    offered: HashMap<Hash, Offered>,
    purge_at_s: i64,
    probed: Option<Instant>,
}

/// Contents under one key that were offered and are not settled.
#[derive(Default)]
struct Offered {
    open: usize,
    overlapped: bool,
}

/// What a transaction began in memory, to be taken back if it fails.
enum Begun {
    Request(Hash),
    Offer(Hash),
}

/// What a job answers once the transaction is on disk. Gives back what has to be undone because nobody took the answer.
pub(super) type Done = Box<dyn FnOnce(Result<(), StoreError>) -> Option<Task>>;

impl Writer {
    pub(super) fn new(db: Connection, clock: Clock, waiting: Arc<AtomicUsize>) -> Self {
        let (in_flight, offered) = (HashSet::new(), HashMap::new());
        Self { db, clock, waiting, in_flight, offered, purge_at_s: 0, probed: None }
    }

    pub(super) fn run(mut self, inbox: &mpsc::Receiver<Job>) {
        while let Ok(Job(first)) = inbox.recv() {
            let mut batch = vec![first];
            batch.extend(inbox.try_iter().take(BATCH_MAX - 1).map(|Job(task)| task));
            self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
            self.run_batch(batch);
        }
    }

    fn run_batch(&mut self, batch: Vec<Task>) {
        // A batch that only gives up needs no transaction.
        if batch.iter().all(|task| matches!(task, Task::Leave { .. })) {
            for task in batch {
                if let Task::Leave { key } = task {
                    self.in_flight.remove(&key);
                }
            }
            return;
        }
        let mut started = Vec::new();
        let mut done = Vec::with_capacity(batch.len());
        let result = self.transaction(batch, &mut started, &mut done);
        if let Err(error) = &result {
            for begun in started {
                match begun {
                    Begun::Request(key) => drop(self.in_flight.remove(&key)),
                    Begun::Offer(key) => drop(self.close(&key)),
                }
            }
            tracing::error!(%error, "the store cannot write");
        }
        let undo: Vec<Task> = done.into_iter().filter_map(|tell| tell(result.clone())).collect();
        if !undo.is_empty() {
            self.run_batch(undo);
        }
    }

    fn transaction(
        &mut self,
        batch: Vec<Task>,
        started: &mut Vec<Begun>,
        done: &mut Vec<Done>,
    ) -> Result<(), StoreError> {
        let begun = self.db.execute_batch("BEGIN IMMEDIATE").map_err(failed);
        let mut result = begun.clone();
        for task in batch {
            // After a failure the rest is only told of it; what is in memory is still brought to its end.
            let ran = self.task(task, result.is_ok(), started, done);
            result = result.and(ran.map_err(failed));
        }
        if begun.is_err() {
            return result;
        }
        let result = result.and_then(|()| self.purge().map_err(failed));
        let result = result.and_then(|()| self.db.execute_batch("COMMIT").map_err(failed));
        if result.is_err() && !self.db.is_autocommit() {
            // A rollback that fails leaves a transaction open, and the next BEGIN reports it.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        result
    }

    fn task(
        &mut self,
        task: Task,
        usable: bool,
        started: &mut Vec<Begun>,
        done: &mut Vec<Done>,
    ) -> rusqlite::Result<()> {
        match task {
            Task::Begin { key, payload, keep, reply } => {
                let begin = if usable { self.begin(key, payload, keep, started) } else { Ok(Begin::Unknown) };
                let undo = move |begin: &Begin| (*begin == Begin::Started).then(|| release(key));
                answer(begin, reply, undo, done)
            }
            Task::Finish { key, answer: kept, reply } => {
                self.in_flight.remove(&key);
                let finished = if usable { table::finish(&self.db, &key, &kept) } else { Ok(()) };
                answer(finished, reply, |()| None, done)
            }
            Task::Release { key, reply } => {
                self.in_flight.remove(&key);
                let removed = if usable { table::remove(&self.db, &key) } else { Ok(()) };
                answer(removed, reply, |()| None, done)
            }
            Task::Leave { key } => {
                self.in_flight.remove(&key);
                Ok(())
            }
            Task::Offer { key, content, reply } => {
                let offer = if usable { self.offer(key, content, started) } else { Ok(Offer::Changed) };
                let undo = move |offer: &Offer| (*offer == Offer::Changed).then(|| settle(key));
                answer(offer, reply, undo, done)
            }
            Task::Settle { key, accepted, reply } => {
                let settled = self.settle(key, accepted, usable);
                answer(settled, reply, |()| None, done)
            }
            Task::Check { reply } => {
                let checked = if usable { self.check() } else { Ok(()) };
                answer(checked, reply, |()| None, done)
            }
            Task::Run(work) => work(&self.db, usable, done),
        }
    }

    /// Reads, and now and then writes: a file may be readable and yet on a disk that takes nothing.
    fn check(&mut self) -> rusqlite::Result<()> {
        table::find(&self.db, &[0; 32])?;
        if self.probed.is_some_and(|probed| probed.elapsed() < PROBE_PAUSE) {
            return Ok(());
        }
        table::probe(&self.db)?;
        self.probed = Some(Instant::now());
        Ok(())
    }

    fn begin(
        &mut self,
        key: Hash,
        payload: Hash,
        keep: Duration,
        started: &mut Vec<Begun>,
    ) -> rusqlite::Result<Begin> {
        let now_s = (self.clock)();
        let row = table::find(&self.db, &key)?;
        let flying = self.in_flight.contains(&key);
        // What is in flight does not expire under the feet of the request that works on it.
        if let Some(row) = row.filter(|row| flying || row.expires_s > now_s) {
            return Ok(match row.answer {
                _ if row.payload != payload => Begin::OtherPayload,
                Some(answer) => Begin::Finished(answer),
                None if flying => Begin::InFlight,
                None => Begin::Unknown,
            });
        }
        let keep_s = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        table::start(&self.db, &key, &payload, now_s.saturating_add(keep_s))?;
        self.in_flight.insert(key);
        started.push(Begun::Request(key));
        Ok(Begin::Started)
    }

    fn offer(&mut self, key: Hash, content: Hash, started: &mut Vec<Begun>) -> rusqlite::Result<Offer> {
        let open = self.offered.contains_key(&key);
        if !open && table::accepted(&self.db, &key)? == Some(content) {
            return Ok(Offer::Unchanged);
        }
        table::forget(&self.db, &key)?;
        let offered = self.offered.entry(key).or_default();
        offered.open += 1;
        offered.overlapped |= open;
        started.push(Begun::Offer(key));
        Ok(Offer::Changed)
    }

    fn settle(&mut self, key: Hash, accepted: Option<Hash>, usable: bool) -> rusqlite::Result<()> {
        let alone = self.close(&key).is_some_and(|overlapped| !overlapped);
        match accepted.filter(|_| alone && usable) {
            Some(content) => table::accept(&self.db, &key, &content),
            None => Ok(()),
        }
    }

    /// Closes one offer and returns whether it overlapped with another one.
    fn close(&mut self, key: &Hash) -> Option<bool> {
        let offered = self.offered.get_mut(key)?;
        offered.open -= 1;
        let overlapped = offered.overlapped;
        if offered.open == 0 {
            self.offered.remove(key);
        }
        Some(overlapped)
    }

    fn purge(&mut self) -> rusqlite::Result<()> {
        let now_s = (self.clock)();
        if now_s < self.purge_at_s {
            return Ok(());
        }
        // What is in flight stays, however the clock was set: without its row the request would be sent again.
        let more = table::purge(&self.db, now_s, &self.in_flight)?;
        self.purge_at_s = if more { now_s } else { now_s.saturating_add(PURGE_EVERY_S) };
        Ok(())
    }
}

/// Keeps an answer until the transaction has ended; a statement that failed fails all of it.
pub(super) fn answer<T: 'static>(
    result: rusqlite::Result<T>,
    reply: Reply<T>,
    undo: impl FnOnce(&T) -> Option<Task> + 'static,
    done: &mut Vec<Done>,
) -> rusqlite::Result<()> {
    let (value, result) = match result {
        Ok(value) => (Some(value), Ok(())),
        Err(error) => (None, Err(error)),
    };
    done.push(Box::new(move |committed| {
        let value = committed.and_then(|()| value.ok_or_else(|| StoreError("a statement failed".into())));
        match reply.send(value) {
            // Nobody waits any more, so nobody will send anything, or end what was begun.
            Err(Ok(value)) => undo(&value),
            Ok(()) | Err(Err(_)) => None,
        }
    }));
    result
}

fn release(key: Hash) -> Task {
    Task::Release { key, reply: oneshot::channel().0 }
}

fn settle(key: Hash) -> Task {
    Task::Settle { key, accepted: None, reply: oneshot::channel().0 }
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
}
