//! A producer that runs: made once, replaced when the library gives it up.
//!
//! **Invariant.** A producer is replaced only once nothing of the old one is under way.

use crate::config::Config;
use crate::fault::Place;
use crate::flight::{Flights, Reports};
use crate::message::Writer;
use adapters_ports::Event;
use kernel::{Cause, Class, Error};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one question for a topic may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a topic that a broker makes on its own may take until it is there.
const BIRTH_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two questions for it.
const BIRTH_PAUSE: Duration = Duration::from_millis(100);
/// How long events that nobody waits for any more may take at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// A producer.
pub(crate) struct Live {
    producer: ThreadedProducer<Reports>,
    /// What it has under way.
    pub(crate) flights: Arc<Flights>,
    /// Each event goes in a batch of its own.
    pub(crate) alone: bool,
    /// Its transactional id is registered with the brokers.
    pub(crate) registered: AtomicBool,
    /// Topics that are known to be there.
    topics: Mutex<HashSet<Arc<str>>>,
}

impl Live {
    /// Makes a producer. It connects in the background.
    ///
    /// # Errors
    /// The library refuses the configuration.
    pub(crate) fn start(name: &str, config: &Config, alone: bool) -> Result<Self, Error> {
        let flights = Arc::new(Flights::default());
        let reports = Reports(Arc::clone(&flights));
        let producer = ThreadedProducer::from_config_and_context(&config.producer(name, alone), reports)
            .map_err(|error| {
                let message = "the kafka library does not take this configuration";
                Error::new(Class::Defect, Cause::Internal, message).with("reason", error)
            })?;
        Ok(Self { producer, flights, alone, registered: AtomicBool::new(false), topics: Mutex::default() })
    }

    /// Returns the producer itself.
    pub(crate) fn producer(&self) -> &ThreadedProducer<Reports> {
        &self.producer
    }

    /// Returns why the library has given this producer up, if it has.
    pub(crate) fn fatal(&self) -> Option<(Code, String)> {
        self.producer.client().fatal_error()
    }

    /// Gives an event to the library, which copies it. `opaque` is what its answer is known by.
    ///
    /// # Errors
    /// It was not taken.
    pub(crate) fn send(
        &self,
        topic: &str,
        event: &Event,
        opaque: usize,
        writer: &mut Writer,
    ) -> Result<(), Code> {
        let (headers, value) = writer.write(event);
        let record =
            BaseRecord::with_opaque_to(topic, opaque).key(&*event.key).payload(value).headers(headers);
        self.producer.send(record).map_err(|(error, _)| error.rdkafka_error_code().unwrap_or(Code::Fail))
    }

    /// Makes sure that a topic is there, before anything is sent to it: what the library does not know yet it would keep,
    /// and fail later in the middle of a batch.
    ///
    /// # Errors
    /// No broker can be reached, or there is no such topic. Nothing was sent.
    pub(crate) async fn find(
        self: &Arc<Self>,
        topic: &Arc<str>,
        place: Place<'_>,
        end: Instant,
    ) -> Result<(), Error> {
        if self.topics.lock().unwrap_or_else(PoisonError::into_inner).contains(topic) {
            return Ok(());
        }
        let birth = end.min(Instant::now() + BIRTH_TIMEOUT);
        loop {
            match self.ask(topic, end).await {
                Ok(None) => break,
                Ok(Some(Code::UnknownTopicOrPartition | Code::LeaderNotAvailable))
                    if Instant::now() < birth =>
                {
                    tokio::time::sleep(BIRTH_PAUSE).await;
                }
                Ok(Some(code)) => return Err(place.error(code)),
                Err(error) => return Err(self.unreachable(place, &error)),
            }
        }
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(topic));
        Ok(())
    }

    /// Asks for a topic; answers with what is wrong with it.
    async fn ask(self: &Arc<Self>, topic: &Arc<str>, end: Instant) -> Result<Option<Code>, String> {
        let (live, topic) = (Arc::clone(self), Arc::clone(topic));
        let timeout = end.saturating_duration_since(Instant::now()).min(PROBE_TIMEOUT);
        let asked = tokio::task::spawn_blocking(move || {
            let found = live.producer.client().fetch_metadata(Some(&topic), timeout)?;
            let topic = found.topics().first();
            Ok(topic.map_or(Some(Code::UnknownTopic), |topic| topic.error().map(Code::from)))
        });
        let answer: Result<_, KafkaError> = asked.await.map_err(|error| error.to_string())?;
        answer.map_err(|error| error.to_string())
    }

    /// Returns why no broker answers: what it and we do not agree on, or else `error`.
    pub(crate) fn unreachable(&self, place: Place<'_>, error: &str) -> Error {
        match self.flights.complaint() {
            Some(complaint) => match complaint.refusal() {
                Some(code) => place.error(code).with("reason", complaint.reason),
                None => place.unreachable().with("reason", complaint.reason),
            },
            None => place.unreachable().with("reason", error),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // What nobody waits for any more is still wanted: its caller was told that nobody knows.
        if !self.flights.is_empty()
            && let Err(error) = self.producer.flush(FLUSH_TIMEOUT)
        {
            tracing::warn!(%error, "events were still under way to kafka; they are sent again after the next start");
        }
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("flights", &self.flights)
            .field("alone", &self.alone)
            .finish_non_exhaustive()
    }
}
