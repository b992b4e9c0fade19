//! What is under way: the events that librdkafka was given and has not answered for yet.
//!
//! **Invariant.** A topic is free for the next batch only once every event of the last one is answered for.

use crate::complaint::{Complaint, Complaints};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedMutexGuard};

/// The right to send to a topic; whoever holds a clone keeps others out.
pub(crate) type Turn = Arc<OwnedMutexGuard<()>>;

/// A batch that was given to a producer.
#[derive(Debug)]
pub(crate) struct Flight {
    number: u32,
    /// One bit per event that the broker has confirmed.
    confirmed: Vec<AtomicU64>,
    /// Events that were refused, and why.
    refused: Mutex<Vec<(usize, RDKafkaErrorCode)>>,
    /// Events without an answer, and one for whoever still adds some.
    open: AtomicUsize,
    done: Notify,
    turn: Mutex<Option<Turn>>,
}

/// All flights of a producer, and what it says of itself.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    running: Mutex<Vec<Arc<Flight>>>,
    number: AtomicUsize,
    /// The last complaint of the library. It is forgotten with the next event that is confirmed.
    complaints: Complaints,
    complains: AtomicBool,
    /// Somebody waits for room in the queue.
    waiting: AtomicBool,
    moved: Notify,
}

/// Adds events to a flight. Dropping it says that no more will come.
#[derive(Debug)]
pub(crate) struct Boarding {
    flights: Arc<Flights>,
    /// The flight itself.
    pub(crate) flight: Arc<Flight>,
}

/// What librdkafka calls.
#[derive(Debug)]
pub(crate) struct Reports(pub(crate) Arc<Flights>);

/// How many events one batch can have: their number shares a word with the flight's.
const EVENTS_MAX: usize = u32::MAX as usize;

impl Flights {
    /// Begins a flight of up to `events` events; `turn` is kept until all are answered for.
    pub(crate) fn begin(self: &Arc<Self>, events: usize, turn: Turn) -> Boarding {
        let number = self.number.fetch_add(1, Ordering::Relaxed) & EVENTS_MAX;
        let flight = Arc::new(Flight {
            number: u32::try_from(number).unwrap_or_default(),
            confirmed: (0..events.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            refused: Mutex::default(),
            open: AtomicUsize::new(1),
            done: Notify::new(),
            turn: Mutex::new(Some(turn)),
        });
        lock(&self.running).push(Arc::clone(&flight));
        Boarding { flights: Arc::clone(self), flight }
    }

    /// Returns whether nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.running).is_empty()
    }

    /// Waits until nothing is under way.
    pub(crate) async fn landed(&self) {
        loop {
            let Some(first) = lock(&self.running).first().cloned() else { return };
            first.wait().await;
        }
    }

    /// Returns the last complaint, if it still holds.
    pub(crate) fn complaint(&self) -> Option<Complaint> {
        self.complaints.last()
    }

    /// Waits until an event is answered for, so that there may be room in the queue. An answer that came just before is
    /// missed, so the caller sets a limit.
    pub(crate) async fn room(&self) {
        let mut moved = std::pin::pin!(self.moved.notified());
        moved.as_mut().enable();
        self.waiting.store(true, Ordering::SeqCst);
        moved.await;
    }

    fn answered(self: &Arc<Self>, opaque: usize, result: Result<(), RDKafkaErrorCode>) {
        let (number, index) = (opaque >> 32, opaque & EVENTS_MAX);
        let running = lock(&self.running).iter().find(|flight| flight.number as usize == number).cloned();
        // Nearly always there is neither, and a look costs less than a change.
        if result.is_ok()
            && self.complains.load(Ordering::Relaxed)
            && self.complains.swap(false, Ordering::Relaxed)
        {
            self.complaints.forget();
        }
        if let Some(flight) = running {
            flight.note(index, result);
            self.leave(&flight);
        }
        if self.waiting.load(Ordering::SeqCst) && self.waiting.swap(false, Ordering::SeqCst) {
            self.moved.notify_waiters();
        }
    }

    fn leave(&self, flight: &Arc<Flight>) {
        if flight.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            lock(&self.running).retain(|running| running.number != flight.number);
            drop(lock(&flight.turn).take());
            flight.done.notify_waiters();
        }
    }
}

impl Boarding {
    /// Counts an event in and returns what its answer is known by.
    pub(crate) fn add(&self, index: usize) -> usize {
        self.flight.open.fetch_add(1, Ordering::AcqRel);
        (self.flight.number as usize) << 32 | (index & EVENTS_MAX)
    }

    /// Counts an event out again that librdkafka did not take.
    pub(crate) fn remove(&self) {
        self.flights.leave(&self.flight);
    }
}

impl Drop for Boarding {
    fn drop(&mut self) {
        self.flights.leave(&self.flight);
    }
}

impl Flight {
    /// Waits until every event is answered for.
    pub(crate) async fn wait(&self) {
        loop {
            let mut done = std::pin::pin!(self.done.notified());
            done.as_mut().enable();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            done.await;
        }
    }

    /// Returns whether the broker has confirmed an event.
    pub(crate) fn is_confirmed(&self, index: usize) -> bool {
        let word = self.confirmed.get(index / 64);
        word.is_some_and(|word| word.load(Ordering::Acquire) & 1 << (index % 64) != 0)
    }

    /// Returns the events that were refused so far, and why.
    pub(crate) fn refused(&self) -> Vec<(usize, RDKafkaErrorCode)> {
        lock(&self.refused).clone()
    }

    fn note(&self, index: usize, result: Result<(), RDKafkaErrorCode>) {
        match (result, self.confirmed.get(index / 64)) {
            (Ok(()), Some(word)) => drop(word.fetch_or(1 << (index % 64), Ordering::AcqRel)),
            (Ok(()), None) => {}
            (Err(code), _) => lock(&self.refused).push((index, code)),
        }
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.complaints.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.complaints.error(error, reason);
        self.0.complains.store(true, Ordering::Relaxed);
    }
}

impl ProducerContext for Reports {
    /// The number of the flight, and that of the event in it.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let code = |error: &KafkaError| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        self.0.answered(opaque, result.as_ref().map(drop).map_err(|(error, _)| code(error)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
