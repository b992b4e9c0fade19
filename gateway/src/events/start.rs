//! Starts the events of a project: opens its topics, its state and its pumps.
//!
//! **Invariant.** What cannot be run is an error before the first request.

use super::feed::Rules;
use super::pump::{Publish, Pump};
use super::stream::{self, Outlet, Setup, SinkOf, SourceOf, Stream};
use super::table::TableFeed;
use super::topics::{Block, Events, readable};
use crate::registry;
use crate::service::Service;
use crate::store::{Streams, Watches, hash};
use adapters_ports::{BoxFuture, Connection, Event, EventBatch, Outcomes};
use engine::plan::model::Model;
use engine::plan::read::ReadPlan;
use engine::program::{CallPlan, EventPlan, Program, TopicPlan, WatchPlan};
use jiff::Timestamp;
use kernel::{Cause, Class, Error};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where the embedded log is that nobody names, in the folder of the store.
const LOG_FOLDER: &str = "events";

/// What events are started with.
pub struct Start<'a> {
    /// The service, which asks the questions.
    pub service: &'a Arc<Service>,
    /// What must not be forgotten of tables.
    pub watches: Arc<dyn Watches>,
    /// What must not be forgotten of streams.
    pub streams: Arc<dyn Streams>,
    /// The folder of the store.
    pub folder: &'a Path,
    /// The base URL of the API, by which an event names the schema of its data, if there is one.
    pub base_url: &'a str,
    /// The version of the mapping.
    pub version: Arc<str>,
}

/// Returns the connection that keeps a topic: the one that is named, or the log in the folder of the store.
pub fn keeper<'a>(
    connection: impl Fn(usize) -> Option<Arc<dyn Connection>> + Sync + 'a,
    folder: &Path,
) -> impl Fn(&TopicPlan) -> Option<Arc<dyn Connection>> + Sync + 'a {
    let default = registry::default_log(folder.join(LOG_FOLDER));
    move |topic| match topic.connection {
        Some(index) => connection(index),
        None => default.clone(),
    }
}

/// Starts the events of a service's project.
///
/// # Errors
/// Everything that stands against it, in words.
pub async fn start(from: Start<'_>) -> Result<Option<Arc<Events>>, String> {
    let program = from.service.program();
    if program.events.is_empty() {
        return Ok(None);
    }
    let keeper = keeper(|index| from.service.connection(index).cloned(), from.folder);
    let topics = readable(program, &keeper)?;
    for topic in &topics {
        topic.topics().open()?;
    }
    let (mut blocks, mut pumps) = (Vec::new(), Vec::new());
    for plan in program.events.iter().filter(|plan| plan.stream.is_none()) {
        let pump = from.pump(plan, &keeper).await?;
        let (inbox, counts) = (Arc::clone(pump.inbox()), Arc::clone(&pump.counts));
        blocks.push(Block { model: plan.model, rules: pump.rules().clone(), inbox, counts });
        pumps.push(pump);
    }
    let streams = from.streams(&keeper).await?;
    let events = Arc::new(Events::new(topics, blocks, &streams));
    let pumps = pumps.into_iter().map(|pump| tokio::spawn(pump.run(events.stop())));
    let streams = streams.into_iter().map(|stream| tokio::spawn(stream.run(events.stop())));
    let running = pumps.chain(streams).collect();
    *events.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = running;
    Ok(Some(events))
}

impl Start<'_> {
    async fn pump(&self, plan: &Arc<EventPlan>, keeper: Keeper<'_>) -> Result<Pump<TableFeed>, String> {
        let program = self.service.program();
        let model = Arc::clone(program.model(plan.model));
        let rules = self.rules(plan, &model);
        let Some(watch) = plan.watch.clone().or_else(|| unwatched(program, plan, &model)) else {
            return Err(format!(
                "events {}: nothing reads the table by its key; add a `get` operation",
                plan.name
            ));
        };
        let outlet = |topic: &TopicPlan| {
            let sink = keeper(topic).and_then(SinkOf::of);
            let topic = Arc::clone(&topic.topic);
            match sink {
                Some(sink) => Ok(Outlet { topic, sink }),
                None => Err(format!("events {}: the topic {topic} takes no events", plan.name)),
            }
        };
        let rejects = plan.reject.as_ref().map(outlet).transpose()?;
        let publish = Arc::new(Topic { main: outlet(&plan.topic)?, rejects });
        let hidden = std::sync::atomic::AtomicBool::new(false);
        let (service, plan) = (Arc::clone(self.service), Arc::clone(plan));
        let feed = TableFeed { service, plan, model, watch, hidden };
        let now = Arc::new(Timestamp::now);
        let pump = Pump::open(feed, rules, Arc::clone(&self.watches), publish, now).await;
        pump.map_err(|error| error.to_string())
    }

    async fn streams(&self, keeper: Keeper<'_>) -> Result<Vec<Stream>, String> {
        let service = Arc::clone(self.service);
        let setup = Setup {
            program: self.service.program(),
            source: &|index| SourceOf::of(Arc::clone(self.service.connection(index)?)),
            sink: &|topic| keeper(topic).and_then(SinkOf::of),
            store: Arc::clone(&self.streams),
            version: Arc::clone(&self.version),
            base_url: self.base_url,
            patience: None,
            clock: Arc::new(move |zone| service.ambient_now(zone)),
        };
        setup.streams(None).await
    }

    fn rules(&self, plan: &EventPlan, model: &Model) -> Rules {
        let program = self.service.program();
        let watch = plan.watch.as_ref();
        let zone = &program.connections[model.connection].timezone;
        Rules {
            name: Arc::clone(&plan.name),
            id: hash(&[program.facade.as_bytes(), plan.topic.topic.as_bytes(), plan.name.as_bytes()]),
            source: Arc::clone(&plan.source),
            topic: Arc::clone(&plan.topic.topic),
            types: stream::types(&plan.types),
            key: model.key.iter().map(|&field| Arc::clone(&model.body.fields[field].name)).collect(),
            rejects: plan.reject.is_some(),
            rejects_max: plan.policy.reject_limit.as_ref().map(|limit| u64::from(limit.value)),
            every: watch.map(|watch| watch.every),
            overlap: watch.map_or(Duration::ZERO, |watch| watch.overlap),
            sweep: watch.and_then(|watch| watch.sweep),
            since: watch.and_then(|watch| watch.since.as_ref()).map(|since| since.kind.into()),
            zone: zone.clone(),
            dataschema: stream::dataschema(self.base_url, &plan.name),
            version: Arc::clone(&self.version),
        }
    }
}

type Keeper<'a> = &'a (dyn Fn(&TopicPlan) -> Option<Arc<dyn Connection>> + Sync);

/// How a record is read by its key where nothing watches the table: as an operation on it does.
fn unwatched(program: &Program, plan: &EventPlan, model: &Model) -> Option<WatchPlan> {
    let mut operations = program.operations.iter().filter(|operation| operation.model == Some(plan.model));
    let table = operations.find_map(|operation| operation.call.as_ref().and_then(CallPlan::table))?;
    Some(WatchPlan {
        every: Duration::MAX,
        overlap: Duration::ZERO,
        sweep: None,
        since: None,
        connection: model.connection,
        table: table.clone(),
        read: Arc::new(ReadPlan::of_record(model)),
        rows: table.table.rows,
        horizon: false,
    })
}

/// The topics of a block.
struct Topic {
    main: Outlet,
    rejects: Option<Outlet>,
}

impl Publish for Topic {
    fn publish(&self, rejected: bool, events: Vec<Event>) -> BoxFuture<'_, Outcomes> {
        Box::pin(async move {
            let none = || Error::new(Class::Defect, Cause::Internal, "nothing takes these events");
            let outlet = if rejected { self.rejects.as_ref() } else { Some(&self.main) };
            let Some(outlet) = outlet else { return events.iter().map(|_| Err(none())).collect() };
            let batch = EventBatch { topic: Arc::clone(&outlet.topic), events };
            stream::publish(&*outlet.sink, &batch).await
        })
    }
}
