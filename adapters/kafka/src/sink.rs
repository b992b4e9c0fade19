//! Publishing: gives the events of a batch to the producer, waits for the broker's word on each, and keeps the order of
//! each key whatever happens.
//!
//! **Invariant.** Of the events of one key, none is sent while it is unknown what became of those before it in an earlier
//! batch, and none is kept behind one of its batch that was refused.
//!
//! Why that holds:
//! 1. Within a batch the library keeps the order of a partition: it is idempotent, never gives an event up for its age,
//!    has one request under way per broker, and gives up altogether after a refusal (`enable.gapless.guarantee`). Nothing
//!    behind a refused event is sent then.
//! 2. Between batches a topic has one turn. Whoever is late or goes away leaves the turn to what is under way, so that the
//!    next batch begins once all of it is answered for. Nothing is ever taken back from the library, since the broker may
//!    have it.
//! 3. What was left under way and is published again arrives twice, each time in order and under its id; so the first
//!    arrivals of all ids are in order too.

use crate::config::Config;
use crate::fault::Place;
use crate::flight::{Boarding, Flight, Turn};
use crate::live::Live;
use crate::message::Writer;
use adapters_ports::{CallContext, Event, EventBatch, Outcomes};
use kernel::Error;
use rdkafka::error::RDKafkaErrorCode as Code;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Gate;
use tokio::time::timeout_at;

/// How long somebody waits for room in the queue without being told.
const ROOM_TIMEOUT: Duration = Duration::from_millis(50);
/// After how many events others get their turn on this thread.
const EVENTS_AT_ONCE: usize = 512;

/// Publishes to the brokers of one connection.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// The connection's name.
    pub(crate) name: String,
    /// Its configuration.
    pub(crate) config: Config,
    /// One turn per topic; one for all in transactions. As many as the mapping has topics.
    turns: Mutex<HashMap<Arc<str>, Arc<Gate<()>>>>,
    live: Gate<Option<Arc<Live>>>,
}

/// What became of an event in one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The broker has confirmed it.
    Kept,
    /// It is too large to be sent.
    Large,
    /// It was refused, or given up.
    Refused(Code),
    /// One of its key before it was not kept; it was not sent.
    Behind,
    /// It was not sent.
    Unsent,
    /// It is still under way.
    Late,
}

impl Publisher {
    /// Returns a publisher that has not connected yet.
    pub(crate) fn new(name: &str, config: Config) -> Self {
        Self { name: name.to_owned(), config, turns: Mutex::default(), live: Gate::default() }
    }

    /// Publishes a batch and waits until each event is confirmed, refused or late.
    pub(crate) async fn publish(self: &Arc<Self>, cx: &CallContext, batch: &EventBatch) -> Outcomes {
        let place = self.place(&batch.topic);
        let all = |error: &dyn Fn() -> Error| batch.events.iter().map(|_| Err(error())).collect();
        let Ok(turn) = timeout_at(cx.deadline.into(), self.turn(&batch.topic)).await else {
            return all(&|| self.explained(place.queued()));
        };
        let mut outcomes: Vec<Option<Result<(), Error>>> = batch.events.iter().map(|_| None).collect();
        let mut left: Vec<usize> = (0..batch.events.len()).collect();
        let mut alone = false;
        while !left.is_empty() {
            let fates = match self.attempt(cx, batch, &left, alone, &turn).await {
                Ok(fates) => fates,
                Err(error) => {
                    for &index in &left {
                        set(&mut outcomes, index, Err(copy(&error)));
                    }
                    break;
                }
            };
            let again = again(&fates, alone) && Instant::now() < cx.deadline;
            left = self.settle(place, batch, &left, &fates, again.then_some(alone), &mut outcomes);
            alone = true;
        }
        in_order(place, &batch.events, outcomes)
    }

    /// Notes what is known, and returns what is to be tried again.
    fn settle(
        &self,
        place: Place<'_>,
        batch: &EventBatch,
        tried: &[usize],
        fates: &[Fate],
        again: Option<bool>,
        outcomes: &mut [Option<Result<(), Error>>],
    ) -> Vec<usize> {
        let mut blocked = HashSet::new();
        let mut left = Vec::new();
        for (&index, fate) in tried.iter().zip(fates) {
            let Some(event) = batch.events.get(index) else { continue };
            // A batch that is too large says nothing of one event; alone it does.
            let known = match (again, fate) {
                (None, _) | (_, Fate::Kept | Fate::Large | Fate::Behind) => true,
                (Some(alone), Fate::Refused(Code::MessageSizeTooLarge)) => alone,
                (Some(_), _) => false,
            };
            if !known && !blocked.contains(&event.key) {
                left.push(index);
                continue;
            }
            let outcome = match fate {
                Fate::Kept => Ok(()),
                Fate::Large => Err(place.error(Code::MessageSizeTooLarge)),
                Fate::Refused(code) => Err(self.explained(self.refusal(&batch.topic, *code))),
                Fate::Late => Err(self.explained(place.late())),
                Fate::Unsent if !blocked.contains(&event.key) => Err(self.explained(place.unsent())),
                Fate::Behind | Fate::Unsent => Err(place.behind()),
            };
            if outcome.is_err() {
                blocked.insert(Arc::clone(&event.key));
            }
            set(outcomes, index, outcome);
        }
        left
    }

    async fn attempt(
        self: &Arc<Self>,
        cx: &CallContext,
        batch: &EventBatch,
        left: &[usize],
        alone: bool,
        turn: &Turn,
    ) -> Result<Vec<Fate>, Error> {
        let place = self.place(&batch.topic);
        let live = timeout_at(cx.deadline.into(), self.live(place, alone)).await;
        let live = live.map_err(|_| self.explained(place.queued()))??;
        live.find(&batch.topic, place, cx.deadline).await?;
        if self.config.transactions.is_some() {
            return self.transact(cx, &live, batch, left, turn).await;
        }
        let boarding = live.flights.begin(batch.events.len(), Arc::clone(turn));
        let mut fates = Vec::new();
        self.board(&live, &boarding, batch, left, cx.deadline, &mut fates).await;
        let flight = Arc::clone(&boarding.flight);
        drop(boarding);
        let _ = timeout_at(cx.deadline.into(), flight.wait()).await;
        landed(&flight, left, &mut fates);
        Ok(fates)
    }

    /// Gives events to the library, one after the other, and waits where its queue is full. `fates` gets one entry per
    /// event, [`Fate::Late`] for each that was taken.
    pub(crate) async fn board(
        &self,
        live: &Live,
        boarding: &Boarding,
        batch: &EventBatch,
        left: &[usize],
        end: Instant,
        fates: &mut Vec<Fate>,
    ) {
        let mut writer = Writer::new(self.config.mode);
        let mut blocked: HashSet<&str> = HashSet::new();
        for (n, &index) in left.iter().enumerate() {
            let Some(event) = batch.events.get(index) else { continue };
            if !blocked.is_empty() && blocked.contains(&*event.key) {
                fates.push(Fate::Behind);
                continue;
            }
            if n % EVENTS_AT_ONCE == EVENTS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            let sent = loop {
                let sent = live.send(&batch.topic, event, boarding.add(index), &mut writer);
                if sent.is_err() {
                    boarding.remove();
                }
                if sent != Err(Code::QueueFull) || Instant::now() >= end {
                    break sent;
                }
                let soon = end.min(Instant::now() + ROOM_TIMEOUT);
                let _ = timeout_at(soon.into(), live.flights.room()).await;
            };
            match sent {
                Ok(()) => fates.push(Fate::Late),
                Err(Code::MessageSizeTooLarge) => {
                    fates.push(Fate::Large);
                    blocked.insert(&event.key);
                }
                // Nothing more is sent: what comes next could be behind this one.
                Err(code) => {
                    let fate = if code == Code::QueueFull { Fate::Unsent } else { refused(live, code) };
                    fates.push(fate);
                    break;
                }
            }
        }
        fates.resize(left.len(), Fate::Unsent);
    }

    /// Waits for the turn of a topic.
    async fn turn(&self, topic: &Arc<str>) -> Turn {
        let key: Arc<str> = if self.config.transactions.is_some() { "".into() } else { Arc::clone(topic) };
        let gate = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(key).or_default())
        };
        Arc::new(gate.lock_owned().await)
    }

    /// Returns the producer, or makes one.
    async fn live(&self, place: Place<'_>, alone: bool) -> Result<Arc<Live>, Error> {
        let mut slot = self.live.lock().await;
        if let Some(live) = &*slot {
            let fatal = live.fatal();
            if let (Some((code, _)), Some(id)) = (&fatal, &self.config.transactions)
                && is_fenced(*code)
            {
                // A new producer would shut out the one that came after us, and so on for ever.
                return Err(place.fenced(id));
            }
            let fits = live.alone == alone || (live.alone && !live.flights.is_empty());
            if fatal.is_none() && fits {
                return Ok(Arc::clone(live));
            }
            if let Some((code, reason)) = fatal {
                tracing::debug!(connection = self.name, ?code, reason, "the kafka producer is made anew");
            }
            live.flights.landed().await;
            let old = slot.take();
            drop(tokio::task::spawn_blocking(move || drop(old)));
        }
        let live = Arc::new(Live::start(&self.name, &self.config, alone)?);
        *slot = Some(Arc::clone(&live));
        Ok(live)
    }

    /// Returns where errors point at.
    pub(crate) fn place<'a>(&'a self, topic: &'a str) -> Place<'a> {
        Place { brokers: &self.config.brokers, topic }
    }

    /// Returns the error of a code, which may say that another process has shut this one out.
    pub(crate) fn refusal(&self, topic: &str, code: Code) -> Error {
        match &self.config.transactions {
            Some(id) if is_fenced(code) => self.place(topic).fenced(id),
            _ => self.place(topic).error(code),
        }
    }

    /// Adds to an error what the library complains of.
    fn explained(&self, error: Error) -> Error {
        let complaint = match self.live.try_lock() {
            Ok(slot) => slot.as_ref().and_then(|live| live.flights.complaint()),
            Err(_) => None,
        };
        match complaint {
            Some(complaint) => error.with("reason", complaint.reason),
            None => error,
        }
    }
}

/// Replaces the fates of what was under way by what is known now.
pub(crate) fn landed(flight: &Flight, left: &[usize], fates: &mut [Fate]) {
    let refused: HashMap<usize, Code> = flight.refused().into_iter().collect();
    for (&index, fate) in left.iter().zip(fates.iter_mut()).filter(|(_, fate)| **fate == Fate::Late) {
        match refused.get(&index) {
            // What the library still had when it gave up has not left.
            Some(Code::PurgeQueue) => *fate = Fate::Unsent,
            Some(code) => *fate = Fate::Refused(*code),
            None if flight.is_confirmed(index) => *fate = Fate::Kept,
            None => {}
        }
    }
}

/// Why an event was not taken.
fn refused(live: &Live, code: Code) -> Fate {
    // The library has given up before, for another event.
    if live.fatal().is_some() { Fate::Unsent } else { Fate::Refused(code) }
}

/// Returns whether another try tells more: a batch was too large for the broker, and it is known of all others whether they
/// are kept.
fn again(fates: &[Fate], alone: bool) -> bool {
    let large = fates.contains(&Fate::Refused(Code::MessageSizeTooLarge));
    let unknown = |fate: &Fate| match fate {
        Fate::Late => true,
        Fate::Refused(code) => *code != Code::MessageSizeTooLarge,
        Fate::Kept | Fate::Large | Fate::Behind | Fate::Unsent => false,
    };
    large && !fates.iter().any(unknown) && (!alone || fates.contains(&Fate::Unsent))
}

/// Returns whether another producer has shut this one out.
fn is_fenced(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::InvalidProducerEpoch | Code::ProducerFenced)
}

fn set(outcomes: &mut [Option<Result<(), Error>>], index: usize, outcome: Result<(), Error>) {
    if let Some(slot) = outcomes.get_mut(index) {
        *slot = Some(outcome);
    }
}

/// Returns an error that says the same for another event.
fn copy(error: &Error) -> Error {
    let mut same = Error::new(error.class, error.cause, error.message);
    same.context.clone_from(&error.context);
    same
}

/// Keeps the promise of [`Outcomes`]: of the events of one key, all that follow a failed one have failed too.
fn in_order(place: Place<'_>, events: &[Event], outcomes: Vec<Option<Result<(), Error>>>) -> Outcomes {
    let mut failed: HashSet<&str> = HashSet::new();
    let mut found = Vec::with_capacity(events.len());
    for (event, outcome) in events.iter().zip(outcomes) {
        let outcome = outcome.unwrap_or_else(|| Err(place.unsent()));
        let outcome = match outcome {
            Ok(()) if !failed.is_empty() && failed.contains(&*event.key) => Err(place.kept_behind()),
            outcome => outcome,
        };
        if outcome.is_err() {
            failed.insert(&*event.key);
        }
        found.push(outcome);
    }
    found
}

#[cfg(test)]
mod tests;
