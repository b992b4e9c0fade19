//! The adapter: a connection that keeps events in topics of Kafka.
//!
//! **Invariant.** Nothing is connected before the first event is published or read.

use crate::config;
use crate::letters;
use crate::sink::Publisher;
use adapters_ports::{
    Adapter, AdapterError, BoxFuture, CallContext, Connection, EventBatch, Files, KeyDoc, Opened, Outcomes,
    Settings, Sink, TopicAsk, TopicError, TopicPage, Topics,
};
use kernel::{Catalogue, Diagnostic, Sources};
use std::sync::Arc;
use std::time::Duration;

/// The kind `kafka`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kafka;

/// A `kafka` connection.
#[derive(Debug)]
struct KafkaConnection {
    publisher: Arc<Publisher>,
}

/// How long a reader waits before it asks again.
const PAUSE: Duration = Duration::from_secs(1);

impl Adapter for Kafka {
    fn kind(&self) -> &'static str {
        "kafka"
    }

    fn keys(&self) -> &'static [KeyDoc] {
        config::KEYS
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        _sources: &mut Sources,
        _findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        let config = config::read(settings, files).map_err(AdapterError)?;
        let catalogue = Catalogue { takes_events: true, ..Catalogue::default() };
        let connection = KafkaConnection { publisher: Arc::new(Publisher::new(settings.name, config)) };
        Ok(Opened { catalogue: Arc::new(catalogue), connection: Arc::new(connection) })
    }
}

impl Sink for KafkaConnection {
    fn publish<'a>(&'a self, cx: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes> {
        Box::pin(self.publisher.publish(cx, batch))
    }
}

impl Topics for KafkaConnection {
    fn open(&self) -> Result<(), String> {
        Ok(())
    }

    fn read<'a>(&'a self, ask: TopicAsk<'a>) -> BoxFuture<'a, Result<TopicPage, TopicError>> {
        Box::pin(async move {
            let publisher = Arc::clone(&self.publisher);
            let (topic, after) = (ask.topic.to_owned(), ask.after.map(str::to_owned));
            let (events_max, bytes_max) = (ask.events_max, ask.bytes_max);
            let read = move || {
                let ask = TopicAsk { topic: &topic, after: after.as_deref(), events_max, bytes_max };
                letters::read(&publisher.name, &publisher.config, ask)
            };
            let read = tokio::task::spawn_blocking(read).await;
            read.unwrap_or_else(|_| Err(TopicError::Broken("reading the topic failed".into())))
        })
    }

    /// Kafka cannot tell without a reader that stays; so it is asked again after a pause.
    fn wait<'a>(&'a self, _topic: &'a str, _after: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(tokio::time::sleep(PAUSE))
    }
}

impl Connection for KafkaConnection {
    fn sink(&self) -> Option<&dyn Sink> {
        Some(self)
    }

    fn letters(&self) -> Option<&dyn Topics> {
        Some(self)
    }
}
