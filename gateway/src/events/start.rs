//! Starts the events of a project: opens its topics, its state and its pumps.
//!
//! **Invariant.** What cannot be run is an error before the first request.

use super::feed::{Rules, Types};
use super::pump::{Publish, Pump};
use super::table::TableFeed;
use super::topics::{Block, Events, readable};
use crate::registry;
use crate::service::Service;
use crate::store::{Watches, hash};
use adapters_ports::{BoxFuture, CallContext, Connection, Event, EventBatch, Outcomes};
use engine::plan::model::Model;
use engine::plan::read::ReadPlan;
use engine::program::{CallPlan, EventPlan, EventTypes, Program, TopicPlan, WatchPlan};
use jiff::Timestamp;
use kernel::{Cause, Class, Error};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long publishing a batch may take.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);
/// Where the embedded log is that nobody names, in the folder of the store.
const LOG_FOLDER: &str = "events";

/// Starts the events of a service's project. `folder` is that of the store; `base_url` that of the API, by which an event
/// names the schema of its data, if there is one.
///
/// # Errors
/// Everything that stands against it, in words.
pub async fn start(
    service: &Arc<Service>,
    store: &Arc<dyn Watches>,
    folder: &Path,
    base_url: &str,
) -> Result<Option<Arc<Events>>, String> {
    let program = service.program();
    if program.events.is_empty() {
        return Ok(None);
    }
    let default = registry::default_log(folder.join(LOG_FOLDER));
    let keeper = |topic: &TopicPlan| match topic.connection {
        Some(index) => service.connection(index).cloned(),
        None => default.clone(),
    };
    let topics = readable(program, keeper)?;
    for topic in &topics {
        topic.topics().open()?;
    }
    let (mut blocks, mut pumps) = (Vec::new(), Vec::new());
    for plan in &program.events {
        let model = Arc::clone(program.model(plan.model));
        let rules = rules(program, plan, &model, base_url);
        let Some(watch) = plan.watch.clone().or_else(|| unwatched(program, plan, &model)) else {
            return Err(format!(
                "events {}: nothing reads the table by its key; add a `get` operation",
                plan.name
            ));
        };
        let sink = |topic: &TopicPlan| {
            let connection = keeper(topic).filter(|connection| connection.sink().is_some());
            connection
                .ok_or_else(|| format!("events {}: the topic {} takes no events", plan.name, topic.topic))
        };
        let rejects = match &plan.reject {
            Some(topic) => Some((Arc::clone(&topic.topic), sink(topic)?)),
            None => None,
        };
        let publish = Arc::new(Topic { main: (Arc::clone(&plan.topic.topic), sink(&plan.topic)?), rejects });
        let hidden = std::sync::atomic::AtomicBool::new(false);
        let feed = TableFeed { service: Arc::clone(service), plan: Arc::clone(plan), model, watch, hidden };
        let now = Arc::new(Timestamp::now);
        let pump = Pump::open(feed, rules.clone(), Arc::clone(store), publish, now).await;
        let pump = pump.map_err(|error| error.to_string())?;
        let (inbox, counts) = (Arc::clone(pump.inbox()), Arc::clone(&pump.counts));
        blocks.push(Block { model: plan.model, rules, inbox, counts });
        pumps.push(pump);
    }
    let events = Arc::new(Events::new(topics, blocks));
    let running = pumps.into_iter().map(|pump| tokio::spawn(pump.run(events.stop()))).collect();
    *events.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = running;
    Ok(Some(events))
}

fn rules(program: &Program, plan: &EventPlan, model: &Model, base_url: &str) -> Rules {
    // CloudEvents 1.0: `dataschema` is a URI, so without a base there is none.
    let dataschema = (!base_url.is_empty()).then(|| {
        let base = base_url.trim_end_matches('/');
        format!("{base}/openapi.json#/components/schemas/{}", plan.name).into()
    });
    let watch = plan.watch.as_ref();
    let zone = &program.connections[model.connection].timezone;
    Rules {
        name: Arc::clone(&plan.name),
        id: hash(&[program.facade.as_bytes(), plan.topic.topic.as_bytes(), plan.name.as_bytes()]),
        source: Arc::clone(&plan.source),
        topic: Arc::clone(&plan.topic.topic),
        types: match plan.types.clone() {
            EventTypes::Record(ty) => Types::Record(ty),
            EventTypes::State { created, updated, deleted } => Types::State { created, updated, deleted },
        },
        key: model.key.iter().map(|&field| Arc::clone(&model.body.fields[field].name)).collect(),
        rejects: plan.reject.is_some(),
        rejects_max: plan.policy.reject_limit.as_ref().map(|limit| u64::from(limit.value)),
        every: watch.map(|watch| watch.every),
        overlap: watch.map_or(Duration::ZERO, |watch| watch.overlap),
        sweep: watch.and_then(|watch| watch.sweep),
        since: watch.and_then(|watch| watch.since.as_ref()).map(|since| since.kind.into()),
        zone: zone.clone(),
        dataschema,
    }
}

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
    main: (Arc<str>, Arc<dyn Connection>),
    rejects: Option<(Arc<str>, Arc<dyn Connection>)>,
}

impl Publish for Topic {
    fn publish(&self, rejected: bool, events: Vec<Event>) -> BoxFuture<'_, Outcomes> {
        Box::pin(async move {
            let count = events.len();
            let none = || Error::new(Class::Defect, Cause::Internal, "nothing takes these events");
            let topic = if rejected { self.rejects.as_ref() } else { Some(&self.main) };
            let found = topic.and_then(|(topic, connection)| Some((topic, connection.sink()?)));
            let Some((topic, sink)) = found else { return (0..count).map(|_| Err(none())).collect() };
            let cx = CallContext::new(crate::ids::request_id(), PUBLISH_TIMEOUT);
            let batch = EventBatch { topic: Arc::clone(topic), events };
            let late = || Error::new(Class::Ambiguous, Cause::TimedOut, "events were not taken in time");
            tokio::time::timeout(PUBLISH_TIMEOUT, sink.publish(&cx, &batch))
                .await
                .unwrap_or_else(|_| (0..count).map(|_| Err(late())).collect())
        })
    }
}
