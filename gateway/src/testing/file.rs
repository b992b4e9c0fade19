//! Tests of whole files: the records of a file, through the same code that runs them, into topics in memory.
//!
//! **Invariant.** Every event that is published is compared, in order; none is passed over because a test does not list it.

use super::{Outcome, Subject, compare, inline};
use crate::events::stream::{Setup, SourceOf, Stream, UnitOutcome};
use crate::store::Sqlite;
use adapters_ports::{
    BoxFuture, CallContext, Event, EventBatch, Files as _, Listing, Outcomes, RawRecord, Records, Sink,
    Source, Unit, UnitRef,
};
use bytes::Bytes;
use engine::json::{self, JsonLimits};
use engine::lang::Test;
use engine::plan::model::ObjectMap;
use engine::program::{Ambient, EventPlan, EventTypes, TopicPlan};
use engine::value::Value;
use kernel::{Cause, Class, Error, Node};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What a file came to.
pub(crate) struct Found {
    /// Events in the order of their records, each with the topic that it went to.
    pub events: Vec<(TopicPlan, Event)>,
    /// Why the file was refused, or each of its records that went to dead letters.
    pub rejected: Vec<String>,
}

pub(super) fn run(subject: &Subject<'_>, test: &Test) -> Outcome {
    let found = match play(subject, test) {
        Ok(Some(found)) => found,
        Ok(None) => return Outcome::NotRun("no adapter of this build reads the file".into()),
        Err(why) => return Outcome::failed(why),
    };
    let mut wrong = Vec::new();
    let rejected = found.rejected.join("\n");
    match &test.rejected {
        Some(expected) if expected.value.trim_end() != rejected => {
            let rejected = if rejected.is_empty() { "nothing" } else { &rejected };
            wrong.push(format!("rejected: expected {}, found {rejected}", expected.value));
        }
        None if !rejected.is_empty() => wrong.push(format!("rejected: expected nothing, found {rejected}")),
        _ => {}
    }
    if let Some(expected) = &test.events {
        wrong.extend(events(subject, expected, &found.events));
    }
    Outcome::of(wrong)
}

/// Runs the file of a test; nothing where nobody reads it.
///
/// # Errors
/// In words: the file cannot be had, or it is not clear what reads it.
pub(crate) fn play(subject: &Subject<'_>, test: &Test) -> Result<Option<Found>, String> {
    let Some(path) = &test.file else { return Err("the test names no file".into()) };
    let index = connection(subject, test)?;
    let Some(Some(connection)) = subject.connections.get(index) else { return Ok(None) };
    let Some(source) = SourceOf::of(Arc::clone(connection)) else { return Ok(None) };
    let bytes = subject.folder.read(path)?;
    let name = Path::new(path.as_str())
        .file_name()
        .map_or_else(|| path.to_string(), |it| it.to_string_lossy().into());
    let sample: Arc<dyn Source> = Arc::new(Sample { source, name: name.into(), bytes: bytes.into() });
    let kept = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let store = Sqlite::open(Path::new(":memory:")).map_err(|error| error.to_string())?;
        let setup = Setup {
            program: subject.program,
            source: &|_| Some(Arc::clone(&sample)),
            sink: &|topic| Some(Arc::new(Capture { topic: topic.clone(), kept: Arc::clone(&kept) })),
            store: Arc::new(store),
            version: "test".into(),
            base_url: "",
            patience: Some(std::time::Duration::ZERO),
            clock: Arc::new(|_| Ambient::for_tests()),
        };
        let mut streams = setup.streams(Some(index)).await?;
        let stream = streams.pop().ok_or("no event block is about its records")?;
        stream_once(subject, &stream, &kept).await.map(Some)
    })
}

async fn stream_once(subject: &Subject<'_>, stream: &Stream, kept: &Kept) -> Result<Found, String> {
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let mut reports = Vec::new();
    let round = stream.round(&stopped, &mut |report| reports.push(report)).await;
    round.map_err(|trouble| trouble.to_string())?;
    let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let is_reject =
        |topic: &TopicPlan| subject.program.events.iter().any(|plan| plan.reject.as_ref() == Some(topic));
    let (letters, events): (Vec<_>, Vec<_>) = kept
        .into_iter()
        .partition(|(topic, event)| is_reject(topic) && &*event.ty == crate::events::REJECTED);
    let reason = |(_, letter): &(TopicPlan, Event)| {
        let reason = letter.extensions.iter().find(|(name, _)| &**name == "reason");
        reason.map_or_else(String::new, |(_, reason)| reason.to_string())
    };
    let mut rejected: Vec<String> = letters.iter().map(reason).collect();
    for report in reports {
        match report.outcome {
            UnitOutcome::Refused(reason) | UnitOutcome::Left(reason) => rejected.push(reason),
            UnitOutcome::Settled | UnitOutcome::Duplicate => {}
        }
    }
    Ok(Found { events, rejected })
}

/// Returns the connection whose records the file has: that of the model that is named, or the only one.
fn connection(subject: &Subject<'_>, test: &Test) -> Result<usize, String> {
    let streams = subject.program.events.iter().filter_map(|plan| Some((plan, plan.stream.as_ref()?)));
    let of_model = |plan: &EventPlan| test.model.as_ref().is_none_or(|model| model.value == *plan.name);
    let mut found: Vec<usize> =
        streams.filter(|(plan, _)| of_model(plan)).map(|(_, stream)| stream.connection).collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [index] => Ok(index),
        [] => Err("no event block is about the records of a file".into()),
        _ => Err("several connections have records: name the model by `model:`".into()),
    }
}

fn events(subject: &Subject<'_>, expected: &[Node], found: &[(TopicPlan, Event)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, pair) in expected.iter().zip(found).enumerate() {
        let (node, (topic, event)) = pair;
        let lines = event_differences(subject, node, topic, event);
        wrong.extend(lines.into_iter().map(|line| format!("events[{}]: {line}", number + 1)));
    }
    if expected.len() != found.len() {
        wrong.push(format!("events: expected {}, found {}", expected.len(), found.len()));
        let more = found.iter().skip(expected.len()).take(3);
        wrong.extend(
            more.map(|(topic, event)| format!("  also {} {} to {}", event.ty, event.id, topic.topic)),
        );
    }
    wrong
}

fn event_differences(subject: &Subject<'_>, node: &Node, topic: &TopicPlan, event: &Event) -> Vec<String> {
    let Some(entries) = node.map() else { return vec!["expected a map of attributes and data".into()] };
    let data = json::parse(&event.data, JsonLimits::default()).unwrap_or(Value::Absent);
    let model = subject.program.events.iter().find(|plan| plan.topic == *topic && has_type(plan, &event.ty));
    let map = model.map(|plan| &subject.program.model(plan.model).body);
    let mut wrong = Vec::new();
    for entry in entries {
        match entry.key.strip_prefix("data") {
            Some("") => wrong.extend(datum(&[], &entry.value, &data, map)),
            Some(path) if path.starts_with('.') => {
                let names: Vec<&str> = path.split('.').skip(1).collect();
                wrong.extend(datum(&names, &entry.value, &data, map));
            }
            _ => wrong.extend(attribute(&entry.key, &entry.value, topic, event)),
        }
    }
    wrong
}

/// A value in the data; of a map, what it lists.
fn datum(path: &[&str], node: &Node, data: &Value, map: Option<&ObjectMap>) -> Vec<String> {
    if let Some(entries) = node.map().filter(|entries| !entries.is_empty()) {
        let below = entries.iter().flat_map(|entry| {
            let names: Vec<&str> = path.iter().copied().chain(entry.key.split('.')).collect();
            datum(&names, &entry.value, data, map)
        });
        return below.collect();
    }
    let found = path.iter().try_fold(data, |value, name| match value {
        Value::List(items) => items.get(name.parse::<usize>().ok()?),
        other => other.member(name),
    });
    // Both are put back where they stand, so that a sensitive field is known as such.
    let wrap = |value: Value| {
        path.iter().rev().fold(value, |value, name| Value::Object(vec![(Arc::from(*name), value)]))
    };
    match found {
        Some(found) => compare::differences(&wrap(inline::value(node)), &wrap(found.clone()), map),
        None => vec![format!("data.{}: expected a value, found nothing", path.join("."))],
    }
}

fn attribute(key: &str, node: &Node, topic: &TopicPlan, event: &Event) -> Option<String> {
    let extension = || event.extensions.iter().find(|(name, _)| **name == *key).map(|(_, value)| &**value);
    let found = match key {
        "type" => Some(&*event.ty),
        "id" => Some(&*event.id),
        "key" | "partitionkey" => Some(&*event.key),
        "source" => Some(&*event.source),
        "subject" => event.subject.as_deref(),
        "time" => event.time.as_deref(),
        "topic" => Some(&*topic.topic),
        _ => extension(),
    };
    let expected = node.text();
    let show = |text: Option<&str>| text.map_or_else(|| "nothing".to_owned(), |text| format!("\"{text}\""));
    (expected != found).then(|| format!("{key}: expected {}, found {}", show(expected), show(found)))
}

fn has_type(plan: &EventPlan, ty: &str) -> bool {
    match &plan.types {
        EventTypes::Record(own) => **own == *ty,
        EventTypes::State { created, updated, deleted } => {
            [created, updated, deleted].into_iter().flatten().any(|own| **own == *ty)
        }
    }
}

/// A source that has one file.
#[derive(Debug)]
struct Sample {
    source: Arc<dyn Source>,
    name: Arc<str>,
    bytes: Bytes,
}

impl Source for Sample {
    fn list(&self) -> BoxFuture<'_, Result<Listing, Error>> {
        let unit = UnitRef { name: Arc::clone(&self.name), stamp: "test".into() };
        Box::pin(async { Ok(Listing { ready: vec![unit], waiting: Vec::new() }) })
    }

    fn open<'a>(&'a self, _: &'a UnitRef) -> BoxFuture<'a, Result<Box<dyn Unit>, Error>> {
        let unreadable = |why: String| {
            Error::new(Class::Poison, Cause::Contract, "the file cannot be read").with("reason", why)
        };
        Box::pin(async move { self.source.sample(&self.name, self.bytes.clone()).map_err(unreadable) })
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn sample(&self, name: &str, bytes: Bytes) -> Result<Box<dyn Unit>, String> {
        self.source.sample(name, bytes)
    }

    fn letter(&self, raw: &RawRecord) -> Result<Box<dyn Records>, String> {
        self.source.letter(raw)
    }
}

type Kept = Mutex<Vec<(TopicPlan, Event)>>;

/// A topic in memory.
#[derive(Debug)]
struct Capture {
    topic: TopicPlan,
    kept: Arc<Kept>,
}

impl Sink for Capture {
    fn publish<'a>(&'a self, _: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes> {
        let events = batch.events.iter().map(|event| (self.topic.clone(), event.clone()));
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        Box::pin(async { batch.events.iter().map(|_| Ok(())).collect() })
    }
}
