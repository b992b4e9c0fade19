//! Makes the streams of a program: one per connection that gives records and has an event block.
//!
//! **Invariant.** What cannot be run is an error before the first record.

use super::block::{Block, Planned};
use super::deliver::{Outlet, Patience};
use super::round::{Stream, StreamParts};
use crate::events::feed::Types;
use crate::store::{Streams, hash};
use adapters_ports::{
    BoxFuture, CallContext, Connection, EventBatch, Listing, Outcomes, RawRecord, Records, SeenField, Sink,
    Source, Unit, UnitRef,
};
use bytes::Bytes;
use engine::program::{Ambient, EventPlan, EventTypes, Program, StreamPlan, TopicPlan};
use jiff::tz::TimeZone;
use kernel::{Cause, Class, Error};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The ambient inputs of a zone.
pub type ZoneClock = Arc<dyn Fn(&TimeZone) -> Ambient + Send + Sync>;

/// What streams are made of.
pub struct Setup<'a> {
    /// The program.
    pub program: &'a Program,
    /// The source of a connection, by its index in the program.
    pub source: &'a (dyn Fn(usize) -> Option<Arc<dyn Source>> + Sync),
    /// What takes the events of a topic.
    pub sink: &'a (dyn Fn(&TopicPlan) -> Option<Arc<dyn Sink>> + Sync),
    /// What must not be forgotten.
    pub store: Arc<dyn Streams>,
    /// The version of the mapping.
    pub version: Arc<str>,
    /// The base URL of the API; empty where it is not known.
    pub base_url: &'a str,
    /// How long a sink that takes nothing is waited for.
    pub patience: Patience,
    /// `now`, `today` and `requestId`.
    pub clock: ZoneClock,
}

impl Setup<'_> {
    /// Makes the streams, or that of one connection.
    ///
    /// # Errors
    /// Everything that stands against it, in words.
    pub async fn streams(&self, connection: Option<usize>) -> Result<Vec<Stream>, String> {
        let mut indexes: Vec<usize> = self.plans().map(|(_, stream)| stream.connection).collect();
        indexes.sort_unstable();
        indexes.dedup();
        indexes.retain(|index| connection.is_none_or(|wanted| wanted == *index));
        let mut streams = Vec::with_capacity(indexes.len());
        for index in indexes {
            streams.push(self.stream(index).await?);
        }
        Ok(streams)
    }

    fn plans(&self) -> impl Iterator<Item = (&Arc<EventPlan>, &StreamPlan)> {
        self.program.events.iter().filter_map(|plan| Some((plan, plan.stream.as_ref()?)))
    }

    async fn stream(&self, index: usize) -> Result<Stream, String> {
        let connection = &self.program.connections[index];
        let name = Arc::clone(&connection.name);
        let source = (self.source)(index);
        let source =
            source.ok_or_else(|| format!("connection {name}: it gives no records in this program"))?;
        let (mut blocks, mut outlets) = (Vec::new(), Vec::new());
        for (plan, stream) in self.plans().filter(|(_, stream)| stream.connection == index) {
            blocks.push(self.block(plan, stream, &mut outlets).await?);
        }
        let mut types = HashMap::new();
        if let Some(catalogue) = &connection.catalogue {
            let named = |&part| (part, Arc::from(&*catalogue.shape.part(part).name.local));
            types.extend(catalogue.records.iter().map(named));
        }
        let parts = StreamParts {
            name: hash(&[b"stream", self.program.facade.as_bytes(), name.as_bytes()]),
            connection: name,
            source,
            blocks,
            outlets: outlets.into_iter().map(|(_, outlet)| outlet).collect(),
            types,
            store: Arc::clone(&self.store),
            version: Arc::clone(&self.version),
            patience: self.patience,
        };
        Stream::open(parts).await.map_err(|error| error.to_string())
    }

    async fn block(
        &self,
        plan: &Arc<EventPlan>,
        stream: &StreamPlan,
        outlets: &mut Vec<(TopicPlan, Outlet)>,
    ) -> Result<Block, String> {
        let topic = &*plan.topic.topic;
        let id = hash(&[self.program.facade.as_bytes(), topic.as_bytes(), plan.name.as_bytes()]);
        let number = self.store.stream(hash(&[b"block", &id])).await.map_err(|error| error.to_string())?;
        let outlet = self.outlet(plan, &plan.topic, outlets)?;
        let rejects = match &plan.reject {
            Some(topic) => Some(self.outlet(plan, topic, outlets)?),
            None => None,
        };
        let zone = self.program.connections[stream.connection].timezone.clone();
        let clock = Arc::clone(&self.clock);
        let ambient = Arc::new(move || clock(&zone));
        Ok(Block {
            model: Arc::clone(&plan.name),
            id,
            number,
            record: stream.record,
            source: Arc::clone(&plan.source),
            types: types(&plan.types),
            only_changes: !plan.only_changes.is_empty(),
            newest: stream.newest.is_some(),
            dataschema: dataschema(self.base_url, &plan.name),
            rejects_max: plan.policy.reject_limit.as_ref().map(|limit| u64::from(limit.value)),
            outlet,
            rejects,
            mapping: Arc::new(Planned { plan: Arc::clone(plan), ambient }),
            counts: Arc::default(),
        })
    }

    /// Returns the number of an outlet; the same topic is the same outlet, so its events keep their order.
    fn outlet(
        &self,
        plan: &EventPlan,
        topic: &TopicPlan,
        outlets: &mut Vec<(TopicPlan, Outlet)>,
    ) -> Result<usize, String> {
        if let Some(known) = outlets.iter().position(|(own, _)| own == topic) {
            return Ok(known);
        }
        let sink = (self.sink)(topic);
        let sink =
            sink.ok_or_else(|| format!("events {}: the topic {} takes no events", plan.name, topic.topic))?;
        outlets.push((topic.clone(), Outlet { topic: Arc::clone(&topic.topic), sink }));
        Ok(outlets.len() - 1)
    }
}

/// Returns the types of events as pumps know them.
pub(in crate::events) fn types(types: &EventTypes) -> Types {
    match types.clone() {
        EventTypes::Record(ty) => Types::Record(ty),
        EventTypes::State { created, updated, deleted } => Types::State { created, updated, deleted },
    }
}

/// Returns where the schema of a model stands. CloudEvents 1.0: `dataschema` is a URI, so without a base there is none.
pub(in crate::events) fn dataschema(base_url: &str, model: &str) -> Option<Arc<str>> {
    let base = base_url.trim_end_matches('/');
    (!base.is_empty()).then(|| format!("{base}/schemas/{model}.json").into())
}

/// The source port of a connection.
pub(crate) struct SourceOf(Arc<dyn Connection>);

/// The sink port of a connection.
pub(crate) struct SinkOf(Arc<dyn Connection>);

impl SourceOf {
    /// Returns the port, if the connection has it.
    pub(crate) fn of(connection: Arc<dyn Connection>) -> Option<Arc<dyn Source>> {
        connection.source()?;
        Some(Arc::new(Self(connection)))
    }

    fn port(&self) -> Result<&dyn Source, Error> {
        self.0
            .source()
            .ok_or_else(|| Error::new(Class::Defect, Cause::Internal, "the connection gives no records"))
    }
}

impl SinkOf {
    /// Returns the port, if the connection has it.
    pub(crate) fn of(connection: Arc<dyn Connection>) -> Option<Arc<dyn Sink>> {
        connection.sink()?;
        Some(Arc::new(Self(connection)))
    }
}

impl Source for SourceOf {
    fn list(&self) -> BoxFuture<'_, Result<Listing, Error>> {
        Box::pin(async { self.port()?.list().await })
    }

    fn open<'a>(&'a self, unit: &'a UnitRef) -> BoxFuture<'a, Result<Box<dyn Unit>, Error>> {
        Box::pin(async { self.port()?.open(unit).await })
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match self.port() {
                Ok(port) => port.wait().await,
                Err(_) => std::future::pending().await,
            }
        })
    }

    fn sample(&self, name: &str, bytes: Bytes) -> Result<Box<dyn Unit>, String> {
        self.port().map_err(|error| error.to_string())?.sample(name, bytes)
    }

    fn letter(&self, raw: &RawRecord) -> Result<Box<dyn Records>, String> {
        self.port().map_err(|error| error.to_string())?.letter(raw)
    }

    fn fields(&self, raw: &RawRecord) -> Vec<SeenField> {
        self.port().map(|port| port.fields(raw)).unwrap_or_default()
    }
}

impl Sink for SinkOf {
    fn publish<'a>(&'a self, cx: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes> {
        Box::pin(async move {
            match self.0.sink() {
                Some(sink) => sink.publish(cx, batch).await,
                None => {
                    let none = || Error::new(Class::Defect, Cause::Internal, "nothing takes these events");
                    batch.events.iter().map(|_| Err(none())).collect()
                }
            }
        })
    }
}

impl fmt::Debug for SourceOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SinkOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
