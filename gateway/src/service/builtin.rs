//! The paths of the gateway itself: health, metrics, the description of the API, the meaning of problems.
//!
//! **Invariant.** They ask for no token and hold nothing of any request.

use super::flow::Failure;
use super::{Connected, Service};
use crate::http::answer::Answer;
use crate::metrics;
use crate::problem::{Kind, Problem, Status};
use adapters_layers::BreakerState;
use kernel::Class;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// How long the store may take to say that it can be used.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A path of the gateway itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// The process runs.
    Live,
    /// The process can serve.
    Ready,
    /// Counters and latencies.
    Metrics,
    /// The API's description of itself.
    OpenApi,
    /// The description of what is published.
    AsyncApi,
    /// The JSON Schema of a model.
    Schema,
    /// What the type of a problem means.
    ProblemType,
    /// What was published to a topic.
    Events,
}

impl Builtin {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Live,
        Self::Ready,
        Self::Metrics,
        Self::OpenApi,
        Self::ProblemType,
        Self::Events,
        Self::AsyncApi,
        Self::Schema,
    ];

    /// Returns whether it is there only where something is published.
    pub(super) fn is_of_events(self) -> bool {
        matches!(self, Self::Events | Self::AsyncApi | Self::Schema)
    }

    /// Returns its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Live => "/health/live",
            Self::Ready => "/health/ready",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::AsyncApi => "/asyncapi.json",
            Self::Schema => "/schemas/{file}",
            Self::ProblemType => "/problems/{slug}",
            Self::Events => "/events/{topic}",
        }
    }

    /// Returns the segments of its path.
    pub fn segments(self) -> Vec<&'static str> {
        self.path().split('/').skip(1).collect()
    }

    /// Returns the path behind a number of the router; operations have the numbers before.
    pub(super) fn at(number: usize, operations: usize) -> Option<Self> {
        Self::ALL.get(number.checked_sub(operations)?).copied()
    }
}

impl Service {
    pub(super) async fn builtin(
        self: &Arc<Self>,
        builtin: Builtin,
        captures: &[Cow<'_, str>],
    ) -> Result<Answer, Failure> {
        match builtin {
            Builtin::Live => Ok(document(Status::Ok, &json!({ "status": "live" }))),
            Builtin::Ready => Ok(self.ready().await),
            Builtin::Metrics => Ok(self.metrics_page()),
            Builtin::OpenApi => Ok(Answer::new(Status::Ok.code()).json(self.openapi.clone())),
            Builtin::AsyncApi => match self.asyncapi.get() {
                Some(document) => Ok(Answer::new(Status::Ok.code()).json(document.clone())),
                None => Err(Problem::new(Kind::NotFound).detail("nothing is published").into()),
            },
            Builtin::Schema => self.schema(captures.first().map_or("", |file| file)).map_err(Failure::from),
            Builtin::Events => Err(Problem::new(Kind::NotFound).into()),
            Builtin::ProblemType => {
                self.problem_type(captures.first().map_or("", |slug| slug)).map_err(Failure::from)
            }
        }
    }

    /// A dead legacy system is told, but does not make a node unready: another node would not reach it either.
    async fn ready(&self) -> Answer {
        let store = match &self.store {
            None => "not needed".to_owned(),
            Some(store) => match tokio::time::timeout(CHECK_TIMEOUT, store.check()).await {
                Ok(Ok(())) => "usable".into(),
                Ok(Err(_)) | Err(_) => "not usable".into(),
            },
        };
        let draining = self.draining.load(std::sync::atomic::Ordering::Relaxed);
        let keys = self.auth.is_ready();
        let ready = !draining && keys && store != "not usable";
        let connections: serde_json::Map<String, Value> =
            self.named().map(|(name, it)| (name, health(it))).collect();
        let state = match (ready, draining) {
            (true, _) => "ready",
            (false, true) => "draining",
            (false, false) => "not ready",
        };
        let status = if ready { Status::Ok } else { Status::NotReady };
        document(
            status,
            &json!({
                "status": state,
                "facade": &*self.program.facade,
                "operations": self.endpoints.len(),
                "store": store,
                "tokenKeys": if keys { "known" } else { "not known yet" },
                "connections": connections,
            }),
        )
    }

    fn metrics_page(&self) -> Answer {
        let mut text = String::with_capacity(8 << 10);
        self.metrics.print(&mut text);
        let residue = self.endpoints.iter().map(|endpoint| (&*endpoint.plan.key, endpoint.residue()));
        metrics::print_residue(residue, &mut text);
        metrics::print_cache(self.answers.counts(), &mut text);
        let states: Vec<_> = self.named().map(|(_, connected)| connected.stack.snapshot()).collect();
        adapters_layers::print(&states, &mut text);
        if let Some(events) = self.events.get() {
            events.print(&mut text);
        }
        Answer::new(Status::Ok.code())
            .header("content-type", "text/plain; version=0.0.4; charset=utf-8")
            .body(text)
    }

    /// Returns the JSON Schema of a model, as events name it by `dataschema`.
    fn schema(&self, file: &str) -> Result<Answer, Problem> {
        let model = file.strip_suffix(".json").unwrap_or(file);
        let found = self.program.schemas.iter().find(|(name, _)| **name == *model);
        let (_, schema) =
            found.ok_or_else(|| Problem::new(Kind::NotFound).detail("there is no such schema"))?;
        let mut schema = (**schema).clone();
        if let Value::Object(members) = &mut schema {
            let dialect = "https://json-schema.org/draft/2020-12/schema";
            members.entry("$schema").or_insert_with(|| dialect.into());
        }
        Ok(Answer::new(Status::Ok.code()).json(schema.to_string()))
    }

    /// Says what the type of a problem means: one that is built in, or one of an error table.
    fn problem_type(&self, slug: &str) -> Result<Answer, Problem> {
        let built_in = Kind::ALL.into_iter().find(|kind| kind.facts().slug == slug).map(|kind| {
            let facts = kind.facts();
            json!({ "title": facts.title, "status": facts.status, "description": kind.explanation() })
        });
        let declared = || {
            let mut entries = self.program.connections.iter().flat_map(|connection| &connection.errors);
            entries.find(|entry| &*entry.problem == slug).map(|entry| {
                let title = entry.title.as_deref().map_or_else(|| crate::problem::words(slug), str::to_owned);
                json!({ "title": title, "status": entry.status, "description": meaning(entry.class) })
            })
        };
        let found = built_in.or_else(declared);
        let mut found =
            found.ok_or_else(|| Problem::new(Kind::NotFound).detail("there is no such problem"))?;
        found["type"] = json!(self.types.of(slug));
        Ok(document(Status::Ok, &found))
    }

    fn named(&self) -> impl Iterator<Item = (String, &Connected)> {
        let plans = self.program.connections.iter();
        plans
            .zip(&self.connections)
            .filter_map(|(plan, connected)| Some((plan.name.to_string(), connected.as_ref()?)))
    }
}

fn health(connected: &Connected) -> Value {
    let state = connected.stack.snapshot();
    let breaker = match state.breaker {
        None => "none",
        Some(BreakerState::Closed) => "closed",
        Some(BreakerState::Open(_)) => "open",
        Some(BreakerState::HalfOpen) => "half open",
    };
    json!({ "breaker": breaker, "inFlight": state.in_flight, "waiting": state.waiting })
}

fn document(status: Status, content: &Value) -> Answer {
    Answer::new(status.code()).json(content.to_string()).header("cache-control", "no-store")
}

/// Says what a class means for a client.
fn meaning(class: Class) -> &'static str {
    match class {
        Class::Client => "The request is wrong and stays wrong.",
        Class::Auth => "The system behind does not permit it.",
        Class::NotFound => "The thing does not exist.",
        Class::Conflict => "The thing is in another state than the request assumes.",
        Class::RateLimited => "Too many requests. Nothing was executed; try again later.",
        Class::Transient => "The system behind was busy. Nothing was executed; try again later.",
        Class::Maintenance => "The system behind is closed. Try again later.",
        Class::Ambiguous => "Nobody knows whether it was executed.",
        Class::Poison => "The answer of the system behind cannot be used.",
        Class::Defect => "The system behind reported an error.",
    }
}
