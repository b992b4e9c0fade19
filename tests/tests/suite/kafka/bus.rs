//! A connection of our adapter, and the events that the tests publish by it.
//!
//! **Invariant.** The adapter is used as the gateway does: by its settings and its ports.

use adapters_kafka::Kafka;
use adapters_ports::{
    Adapter, CallContext, Connection, Event, EventBatch, Files, Outcomes, Settings, TopicAsk, TopicError,
    TopicPage,
};
use kernel::{Class, Entry, Error, FileId, Node, NodeKind, Sources, Span, Style, Text};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::kafka::Message;
use tokio::runtime::Runtime;

/// Longest time in which a batch has to be kept in the end.
const KEPT_TIMEOUT: Duration = Duration::from_secs(180);

/// A connection, and what its futures run on.
#[derive(Debug)]
pub(crate) struct Bus {
    connection: Arc<dyn Connection>,
    runtime: Runtime,
}

#[derive(Debug)]
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no {path}"))
    }
}

impl Bus {
    /// Opens a connection to brokers, with further keys; `auth.user` is `user` in the map `auth`.
    pub(crate) fn open(brokers: &str, keys: &[(&str, &str)]) -> Self {
        let all: Vec<_> = [("brokers", brokers)].iter().chain(keys).copied().collect();
        let node = map(&all);
        let settings = Settings { name: "bus", node: &node, offline: false };
        let opened = Kafka.open(&settings, &NoFiles, &mut Sources::default(), &mut Vec::new()).unwrap();
        assert!(opened.catalogue.takes_events);
        Self { connection: opened.connection, runtime: Runtime::new().unwrap() }
    }

    /// Publishes once.
    pub(crate) fn publish(&self, topic: &str, events: &[Event], within: Duration) -> Outcomes {
        let batch = EventBatch { topic: topic.into(), events: events.to_vec() };
        let cx = CallContext::new("test", within);
        self.runtime.block_on(self.connection.sink().unwrap().publish(&cx, &batch))
    }

    /// Publishes once, and all is kept.
    pub(crate) fn publish_all(&self, topic: &str, events: &[Event]) {
        let outcomes = self.publish(topic, events, Duration::from_secs(60));
        assert_eq!(outcomes.len(), events.len());
        let failed = outcomes.iter().find(|outcome| outcome.is_err());
        assert!(failed.is_none(), "{failed:?}");
    }

    /// Publishes what has failed again and again, as a pump does, until all is kept; returns how often something failed.
    pub(crate) fn publish_until_kept(&self, topic: &str, events: &[Event], within: Duration) -> usize {
        let end = Instant::now() + KEPT_TIMEOUT;
        let mut left = events.to_vec();
        for failures in 0.. {
            let outcomes = self.publish(topic, &left, within);
            let failed = left.into_iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_err());
            left = failed.map(|(event, _)| event).collect();
            if left.is_empty() {
                return failures;
            }
            assert!(Instant::now() < end, "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
            std::thread::sleep(Duration::from_millis(20));
        }
        unreachable!("the loop ends by a return")
    }

    /// Reads a page of a topic back.
    pub(crate) fn read(&self, ask: TopicAsk<'_>) -> Result<TopicPage, TopicError> {
        assert!(self.connection.topics().is_none(), "a topic of kafka is not served over HTTP");
        self.runtime.block_on(self.connection.letters().unwrap().read(ask))
    }
}

/// A map of texts, and of maps of texts.
fn map(keys: &[(&str, &str)]) -> Node {
    let span = Span::new(FileId(0), 0, 0);
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in keys {
        let (key, value) = match key.split_once('.') {
            None => (*key, NodeKind::Text(Text { value: (*value).into(), style: Style::Plain })),
            Some((outer, _)) if entries.iter().any(|entry| *entry.key == *outer) => continue,
            Some((outer, _)) => {
                let inside = |(key, value): &(&'_ str, &'_ str)| {
                    let (of, inner) = key.split_once('.')?;
                    (of == outer).then(|| (inner.to_owned(), (*value).to_owned()))
                };
                let inside: Vec<(String, String)> = keys.iter().filter_map(inside).collect();
                let inside: Vec<_> = inside.iter().map(|(key, value)| (&**key, &**value)).collect();
                (outer, map(&inside).kind)
            }
        };
        entries.push(Entry { key: key.into(), key_span: span, value: Node { span, kind: value } });
    }
    Node { span, kind: NodeKind::Map(entries) }
}

/// The event of a key with a number.
pub(crate) fn event(key: &str, n: usize) -> Event {
    Event {
        id: format!("{key}-{n}").into(),
        source: "/facade/bookings".into(),
        ty: "com.example.bank.booking.posted".into(),
        subject: Some("Käufe: 7,50".into()),
        time: Some("2026-03-31T00:00:00Z".into()),
        dataschema: Some("https://example.com/schemas/Booking".into()),
        key: key.into(),
        data: format!("{{\"n\":{n},\"amount\":1.50}}").into(),
        content_type: "application/json".into(),
        extensions: vec![("position".into(), "17".into())],
    }
}

/// Events of keys `k0`, `k1`, …, turn about.
pub(crate) fn turns(keys: usize, each: usize) -> Vec<Event> {
    (0..each).flat_map(|n| (0..keys).map(move |key| event(&format!("k{key}"), n))).collect()
}

/// The classes of what failed.
pub(crate) fn classes(outcomes: &[Result<(), Error>]) -> Vec<Option<Class>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.class)).collect()
}

/// The ids of messages.
pub(crate) fn ids(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.header("ce_id").expect("a message has an id").to_owned()).collect()
}

/// Drops ids that came before, as a consumer does that takes each event once.
pub(crate) fn unique(ids: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

/// Checks that all ids are there, each once, and those of each key in order.
#[track_caller]
pub(crate) fn in_order(ids: &[String], keys: usize, each: usize) {
    assert_eq!(ids.len(), keys * each);
    for key in 0..keys {
        let prefix = format!("k{key}-");
        let found: Vec<&str> = ids.iter().filter_map(|id| id.strip_prefix(&prefix)).collect();
        let expected: Vec<String> = (0..each).map(|n| n.to_string()).collect();
        assert_eq!(found, expected, "of {key}");
    }
}
