//! All event blocks of a project while it is served: its topics for readers, its pumps, its notes of own writes.
//!
//! **Invariant.** A topic has one scope, and every topic has one.

use super::feed::Rules;
use super::inbox::{Ended, Inbox, Noted};
use super::pump::Counts;
use super::stream::{Stream, StreamCounts, print_streams};
use crate::store::StoreError;
use adapters_ports::{Connection, Topics};
use engine::plan::model::ModelId;
use engine::program::{Program, TopicPlan};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Streams that may be open at once.
const STREAMS_MAX: usize = 1_000;
/// The scope of dead letters.
const REJECT_SCOPE: &str = "events:reject";

/// The events of a project.
#[derive(Debug)]
pub struct Events {
    topics: HashMap<String, Arc<Readable>>,
    pub(super) blocks: Vec<Block>,
    stop: watch::Sender<bool>,
    listening: Arc<AtomicUsize>,
    streams: Vec<Counted>,
    pub(super) running: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// An event block that is run.
#[derive(Debug)]
pub(super) struct Block {
    pub model: ModelId,
    pub rules: Rules,
    pub inbox: Arc<Inbox>,
    pub counts: Arc<Counts>,
}

/// What the stream of a connection counts: its own, and by model and topic.
#[derive(Debug)]
struct Counted {
    connection: Arc<str>,
    counts: Arc<StreamCounts>,
    blocks: Vec<(Arc<str>, Arc<str>, Arc<Counts>)>,
}

/// A topic that can be read over HTTP.
#[derive(Debug)]
pub struct Readable {
    /// Its name.
    pub name: String,
    /// Who may read it.
    pub scope: String,
    /// It holds records that could not be read.
    pub rejects: bool,
    connection: Arc<dyn Connection>,
}

/// A client that listens to a topic, until it is dropped.
#[derive(Debug)]
pub struct Listening(Arc<AtomicUsize>);

impl Readable {
    /// Returns where it is kept.
    pub fn topics(&self) -> &dyn Topics {
        self.connection.topics().expect("only what keeps topics is readable")
    }

    /// Waits until there may be an event behind a cursor.
    pub async fn wait(&self, after: Option<&str>) {
        self.topics().wait(&self.name, after).await;
    }
}

#[cfg(test)]
impl Readable {
    /// Returns a topic of a log.
    pub(crate) fn new(name: &str, scope: &str, connection: Arc<dyn Connection>) -> Self {
        Self { name: name.into(), scope: scope.into(), rejects: false, connection }
    }

    /// Returns where events are published to.
    pub(crate) fn sink(&self) -> &dyn adapters_ports::Sink {
        self.connection.sink().expect("a log takes events")
    }
}

#[cfg(test)]
impl Events {
    /// Returns events of which there are none.
    pub(crate) fn for_tests() -> Self {
        Self::new(Vec::new(), Vec::new(), &[])
    }
}

impl Events {
    pub(super) fn new(topics: Vec<Readable>, blocks: Vec<Block>, streams: &[Stream]) -> Self {
        let streams = streams.iter().map(|stream| Counted {
            connection: Arc::clone(stream.connection()),
            counts: Arc::clone(&stream.counts),
            blocks: stream.counted(),
        });
        let topics = topics.into_iter().map(|topic| (topic.name.clone(), Arc::new(topic))).collect();
        Self {
            topics,
            blocks,
            stop: watch::Sender::new(false),
            listening: Arc::default(),
            streams: streams.collect(),
            running: Default::default(),
        }
    }

    /// Returns a topic by its name.
    pub fn topic(&self, name: &str) -> Option<&Arc<Readable>> {
        self.topics.get(name)
    }

    /// Counts a stream; nothing where there are too many.
    pub fn enter_stream(&self) -> Option<Listening> {
        let before = self.listening.fetch_add(1, Ordering::Relaxed);
        let listening = Listening(Arc::clone(&self.listening));
        (before < STREAMS_MAX).then_some(listening)
    }

    /// Ends streams and pumps.
    pub fn drain(&self) {
        self.stop.send_replace(true);
    }

    /// Returns whether streams are to end.
    pub fn is_draining(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until streams are to end.
    pub async fn draining(&self) {
        // Whoever sends is held by `self`.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Ends the pumps, each after the step that it is in.
    pub async fn stopped(&self) {
        self.drain();
        let running =
            std::mem::take(&mut *self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for pump in running {
            if pump.await.is_err() {
                tracing::error!("a pump ended by a mistake of its own");
            }
        }
    }

    pub(super) fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Notes durably that a record of a model is about to be changed.
    ///
    /// # Errors
    /// It is not noted; nothing may be changed.
    pub async fn note(
        &self,
        model: ModelId,
        key: Option<Arc<str>>,
        deletes: bool,
    ) -> Result<Notes, StoreError> {
        let mut notes = Vec::new();
        for block in self.blocks.iter().filter(|block| block.model == model) {
            let noted = block.inbox.note(key.clone().unwrap_or_default(), deletes).await;
            match noted {
                Ok(noted) => notes.push(noted),
                Err(error) => {
                    Notes(notes).ended(&Ended::Nothing);
                    return Err(error);
                }
            }
        }
        Ok(Notes(notes))
    }

    /// Appends what pumps and streams count, in the text format of Prometheus.
    pub fn print(&self, out: &mut String) {
        let watched = self.blocks.iter().map(|block| {
            let rules = &block.rules;
            (&*rules.name, &*rules.topic, &*block.counts)
        });
        let watched: Vec<_> = watched.collect();
        let streamed = self.streams.iter().flat_map(|stream| &stream.blocks);
        let streamed: Vec<_> =
            streamed.map(|(model, topic, counts)| (&**model, &**topic, &**counts)).collect();
        print(&watched, &streamed, self.listening.load(Ordering::Relaxed), out);
        let streams: Vec<_> =
            self.streams.iter().map(|stream| (&*stream.connection, &*stream.counts)).collect();
        print_streams(&streams, out);
    }
}

/// Counters of an event block: its model, its topic, what it counts.
pub type BlockCounts<'a> = (&'a str, &'a str, &'a Counts);

/// Appends what event blocks count, of tables and of streams, and how many clients listen.
pub fn print(watched: &[BlockCounts<'_>], streamed: &[BlockCounts<'_>], listening: usize, out: &mut String) {
    for (number, (name, kind, help, read)) in FAMILIES.into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let streamed = if number < FAMILIES_OF_STREAMS { streamed } else { &[] };
        for (model, topic, counts) in watched.iter().chain(streamed) {
            let (model, topic) = (escape(model), escape(topic));
            let _ = writeln!(out, "{name}{{model=\"{model}\",topic=\"{topic}\"}} {}", read(counts));
        }
    }
    let _ = writeln!(out, "# HELP seawall_event_streams Streams of events that are open.");
    let _ = writeln!(out, "# TYPE seawall_event_streams gauge\nseawall_event_streams {listening}");
}

/// So many of the families, from the first on, are those of streams too.
const FAMILIES_OF_STREAMS: usize = 2;

/// A metric: its name, its type, what it says, and where its value is.
type Family = (&'static str, &'static str, &'static str, fn(&Counts) -> String);

const FAMILIES: [Family; 8] = [
    ("seawall_events_published_total", "counter", "Events that were published.", |c| count(&c.published)),
    ("seawall_events_rejected_total", "counter", "Records that went to dead letters.", |c| {
        count(&c.rejected)
    }),
    ("seawall_events_held", "gauge", "Records that are held because they cannot be read.", |c| {
        count(&c.held)
    }),
    ("seawall_events_waiting", "gauge", "Events that are kept and not published yet.", |c| count(&c.waiting)),
    ("seawall_events_troubles_total", "counter", "Steps that have to be done again.", |c| count(&c.troubles)),
    ("seawall_watch_polls_total", "counter", "Polls that came to their end.", |c| count(&c.polls)),
    ("seawall_watch_poll_seconds", "gauge", "How long the last poll took.", |c| seconds(&c.poll_ms)),
    ("seawall_watch_lag_seconds", "gauge", "Time since the last whole poll began.", Counts::lag_s),
];

/// The notes of one write.
#[derive(Debug, Default)]
pub struct Notes(Vec<Noted>);

impl Notes {
    /// Says how the write ended.
    pub fn ended(self, ended: &Ended) {
        for noted in self.0 {
            noted.ended(ended.clone());
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the topics of a program that can be read, with the connection that keeps each.
///
/// # Errors
/// In words: a name that means two topics, or a topic with two scopes.
pub(super) fn readable(
    program: &Program,
    keeper: impl Fn(&TopicPlan) -> Option<Arc<dyn Connection>>,
) -> Result<Vec<Readable>, String> {
    let mut found: Vec<(TopicPlan, Readable)> = Vec::new();
    for plan in &program.events {
        let own = plan.policy.scope.as_ref().map(|scope| scope.value.clone());
        let scope = own.unwrap_or_else(|| format!("events:{}", plan.topic.topic));
        let reject = plan.reject.iter().map(|topic| (topic, REJECT_SCOPE.to_owned(), true));
        for (topic, scope, rejects) in [(&plan.topic, scope, false)].into_iter().chain(reject) {
            let Some(connection) = keeper(topic).filter(|connection| connection.topics().is_some()) else {
                continue;
            };
            let name = topic.topic.to_string();
            match found.iter_mut().find(|(_, known)| known.name == name) {
                None => found.push((topic.clone(), Readable { name, scope, rejects, connection })),
                Some((known, _)) if known.connection != topic.connection => {
                    return Err(format!(
                        "the topic {name} is on two connections, and /events/{name} can be only one"
                    ));
                }
                Some((_, known)) if known.rejects != rejects || known.scope != scope => {
                    return Err(format!("the topic {name} has the scopes {} and {scope}", known.scope));
                }
                Some(_) => {}
            }
        }
    }
    Ok(found.into_iter().map(|(_, topic)| topic).collect())
}

fn count(counter: &std::sync::atomic::AtomicU64) -> String {
    counter.load(Ordering::Relaxed).to_string()
}

fn seconds(millis: &std::sync::atomic::AtomicU64) -> String {
    std::time::Duration::from_millis(millis.load(Ordering::Relaxed)).as_secs_f64().to_string()
}

fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
