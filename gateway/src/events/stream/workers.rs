//! Reads and maps the batches of a unit on as many threads as there are processors: each thread reads a batch and maps it
//! at once, while it is in its cache, and gives only what came of it to another.
//!
//! **Invariant.** Batches are given out in the order in which they were read; every one that was begun is given out or its
//! error is; what is in flight is bounded in bytes, events and batches; no thread waits for anything but its turn to read.

use super::counts::StreamCounts;
use super::map::{Mapped, Shared};
use super::publish::mistake;
use adapters_ports::{Batch, Position, Token, Unit};
use kernel::Error;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// Batches that are in flight at most.
const BATCHES_MAX: usize = 16;
/// Bytes of records in flight with which no further batch is read.
const BYTES_MAX: u64 = 4 << 20;
/// Events in flight with which no further batch is read: each takes some hundred bytes besides its data.
const EVENTS_MAX: usize = 8_000;
/// Threads for one unit at most.
const WORKERS_MAX: usize = 16;

/// A batch that was mapped.
pub(super) struct Job {
    pub mapped: Mapped,
    pub token: Token,
    /// How many bytes its records have.
    pub bytes: u64,
    pub permit: Permit,
}

/// A part of what may be in flight, given back when it is dropped.
pub(super) struct Permit {
    desk: Arc<Desk>,
    bytes: u64,
    events: usize,
}

/// Has a unit read and mapped, as long as what comes of it is taken.
pub(super) struct Workers {
    desk: Arc<Desk>,
    /// Threads at most. The system reads files to say how many processors there are, so it is asked once.
    most: usize,
    done: UnboundedReceiver<Done>,
    /// For workers that are yet to start.
    to: UnboundedSender<Done>,
    /// What was mapped before one that was read earlier.
    early: BTreeMap<u64, Answer>,
    /// The number of the batch that is given out next.
    next: u64,
    /// How the unit ended, once that is known.
    ended: Option<Result<(), Error>>,
}

/// What became of a batch; nothing where the unit had no more.
type Answer = Result<Option<Job>, Error>;
type Done = (u64, Answer);

/// What workers share.
struct Desk {
    turn: Mutex<Turn>,
    flow: Mutex<Flow>,
    shared: Arc<Shared>,
    counts: Arc<StreamCounts>,
}

/// What the one has whose turn it is to read.
struct Turn {
    unit: Option<Box<dyn Unit>>,
    /// Bytes before what is read next.
    at: u64,
    /// Batches that were begun.
    begun: u64,
}

/// What goes on.
#[derive(Default)]
struct Flow {
    workers: usize,
    batches: usize,
    bytes: u64,
    events: usize,
    /// Nothing more is read.
    over: bool,
}

impl Workers {
    /// Gets ready to read a unit that stands at `from`.
    pub(super) fn new(
        unit: Box<dyn Unit>,
        shared: Arc<Shared>,
        counts: Arc<StreamCounts>,
        from: Position,
    ) -> Self {
        let turn = Mutex::new(Turn { unit: Some(unit), at: from.bytes, begun: 0 });
        let desk = Arc::new(Desk { turn, flow: Mutex::default(), shared, counts });
        let (to, done) = mpsc::unbounded_channel();
        let most = available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
        Self { desk, most, done, to, early: BTreeMap::new(), next: 0, ended: None }
    }

    /// Waits for the next batch; nothing at the end of the unit, and where it cannot be read any further.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Job> {
        loop {
            if let Some(job) = self.ready() {
                return Some(job);
            }
            if self.ended.is_some() {
                return None;
            }
            self.start();
            let (number, answer) = self.done.recv().await?;
            self.early.insert(number, answer);
        }
    }

    /// Returns the next batch if it is there.
    pub(super) fn ready(&mut self) -> Option<Job> {
        while let Ok((number, answer)) = self.done.try_recv() {
            self.early.insert(number, answer);
        }
        if self.ended.is_some() {
            return None;
        }
        let answer = self.early.remove(&self.next)?;
        self.next += 1;
        match answer {
            Ok(Some(job)) => return Some(job),
            Ok(None) => self.ended = Some(Ok(())),
            Err(error) => self.ended = Some(Err(error)),
        }
        None
    }

    /// Has no more read, and returns the unit once nobody reads it, unless reading it ended by a mistake; and why it could
    /// not be read to its end, if that is known.
    pub(super) async fn close(mut self) -> (Option<Box<dyn Unit>>, Result<(), Error>) {
        self.desk.flow().over = true;
        drop(self.to);
        // Each worker has a sender until it ends.
        while self.done.recv().await.is_some() {}
        let unit = self.desk.turn.lock().ok().and_then(|mut turn| turn.unit.take());
        (unit, self.ended.unwrap_or(Ok(())))
    }

    /// Starts workers that ended because too much was in flight.
    fn start(&self) {
        let mut flow = self.desk.flow();
        while !flow.over && flow.has_room() && flow.workers < self.most {
            flow.workers += 1;
            let worker = Worker { desk: Arc::clone(&self.desk), to: self.to.clone(), left: false };
            tokio::task::spawn_blocking(move || worker.run());
        }
    }
}

impl Flow {
    fn has_room(&self) -> bool {
        self.batches < BATCHES_MAX && self.bytes < BYTES_MAX && self.events < EVENTS_MAX
    }
}

impl Desk {
    fn flow(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread at work.
struct Worker {
    desk: Arc<Desk>,
    to: UnboundedSender<Done>,
    /// It is not counted any more.
    left: bool,
}

impl Worker {
    fn run(mut self) {
        while let Some(permit) = self.admit() {
            let Some((promise, read)) = self.read(permit) else { break };
            let answer = read.map(|read| {
                let (Batch { records, token }, bytes, mut permit) = read?;
                let mapped = self.desk.shared.map(records);
                permit.grow(0, mapped.entries.len());
                Some(Job { mapped, token, bytes, permit })
            });
            promise.keep(answer);
        }
    }

    /// Asks for room for one more batch; where there is none, the worker is not counted any more at the same moment, so
    /// that whoever makes room starts another.
    fn admit(&mut self) -> Option<Permit> {
        let mut flow = self.desk.flow();
        if flow.over || !flow.has_room() {
            flow.workers -= 1;
            self.left = true;
            return None;
        }
        flow.batches += 1;
        drop(flow);
        Some(Permit { desk: Arc::clone(&self.desk), bytes: 0, events: 0 })
    }

    /// Waits for its turn, and reads a batch; nothing where nothing is to be read any more.
    #[allow(clippy::type_complexity, reason = "it is taken apart by the one caller")]
    fn read(&self, mut permit: Permit) -> Option<(Promise, Result<Option<(Batch, u64, Permit)>, Error>)> {
        // Who ended by a mistake in its turn has said so.
        let mut turn = self.desk.turn.lock().ok()?;
        if self.desk.flow().over {
            return None;
        }
        let Turn { unit, at, begun } = &mut *turn;
        let unit = unit.as_mut()?;
        let promise = Promise { number: *begun, to: Some(self.to.clone()) };
        *begun += 1;
        let batch = unit.batch();
        StreamCounts::set(&self.desk.counts.unit_bytes_read, unit.bytes_read());
        match batch {
            Ok(Some(batch)) => {
                let behind = batch.token.position().bytes;
                let bytes = behind.saturating_sub(*at);
                *at = behind;
                permit.grow(bytes, 0);
                Some((promise, Ok(Some((batch, bytes, permit)))))
            }
            other => {
                self.desk.flow().over = true;
                Some((promise, other.map(|_| None)))
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.left {
            self.desk.flow().workers -= 1;
        }
    }
}

impl Permit {
    fn grow(&mut self, bytes: u64, events: usize) {
        let mut flow = self.desk.flow();
        flow.bytes += bytes;
        flow.events += events;
        self.bytes += bytes;
        self.events += events;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut flow = self.desk.flow();
        flow.batches -= 1;
        flow.bytes -= self.bytes;
        flow.events -= self.events;
    }
}

/// That a batch which was begun is answered for, whatever happens.
struct Promise {
    number: u64,
    to: Option<UnboundedSender<Done>>,
}

impl Promise {
    fn keep(mut self, answer: Answer) {
        self.send(answer);
    }

    fn send(&mut self, answer: Answer) {
        if let Some(to) = self.to.take() {
            // Nobody takes it where the pass was given up.
            let _ = to.send((self.number, answer));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.send(Err(mistake()));
    }
}

#[cfg(test)]
mod tests;
