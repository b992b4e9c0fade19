//! Examples that consumers rely on: what they send, what they get, what the legacy system says in between.
//!
//! A story is a JSON file in `contracts/consumers`, written for the developer of an app: its steps are asked one behind
//! the other of one service, and each answer is also held to the published API.
//!
//! **Invariant.** The service, its policies and the codec are the real ones; only the legacy system is scripted, and
//! nothing opens a socket.

mod legacy;

pub use legacy::{Changed, Fault, Legacy, Rows, Says};

use crate::adapter::POISON;
use crate::api::target;
use adapters_ports::Connection;
use engine::program::Ambient;
use gateway::auth::Auth;
use gateway::problem::Types;
use gateway::project::Project;
use gateway::service::{Content, Headers, Incoming, Parts, Responded, Service};
use gateway::store::{Sqlite, Store};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a consumer does with the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Whose story it is.
    pub consumer: String,
    /// The facade that it is told of.
    #[serde(default = "example")]
    pub api: String,
    /// What it is about, for people.
    pub about: String,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

fn example() -> String {
    "reservations".to_owned()
}

/// A request and its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub name: String,
    /// The operation as the published API names it, `GET /reservations/{id}`; none where the request is for nothing.
    pub operation: Option<String>,
    /// The scopes of the token; without any token where it is missing.
    pub scopes: Option<String>,
    /// What the legacy system says, call by call; what it is not called for is a mistake.
    #[serde(default)]
    pub legacy: Vec<Says>,
    /// What is sent.
    pub request: Asked,
    /// What comes.
    pub expect: Expected,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers beside `Authorization` and `Content-Type`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<Value>,
}

/// What is promised of an answer. What is not named is not promised.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The status.
    pub status: u16,
    /// The problem that it is; none where it is none.
    pub problem: Option<String>,
    /// Headers with their values; `null` is a header that is not there.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// Members of the body by JSON pointer; `null` is one that is not there.
    #[serde(default)]
    pub members: Map<String, Value>,
}

/// A service in front of a scripted legacy system.
#[derive(Debug)]
pub struct Stage {
    service: Arc<Service>,
    legacy: Arc<Legacy>,
    published: Value,
}

impl Stage {
    /// Sets up a fresh service of a project, whose connection of this name is scripted with files of a folder.
    ///
    /// # Errors
    /// The service would not start either.
    pub fn new(
        project: &Project,
        name: &str,
        auth: Auth,
        files: &Path,
        published: Value,
    ) -> Result<Self, String> {
        let (number, plan) = project.program.find_connection(name).ok_or("there is no such connection")?;
        let catalogue = plan.catalogue.clone().ok_or("the connection has no adapter")?;
        let mut connections = project.connections.clone();
        let real = connections[number].take().ok_or("the connection has no adapter")?;
        let legacy = Arc::new(Legacy::new(real, catalogue, files));
        connections[number] = Some(Arc::clone(&legacy) as Arc<dyn Connection>);
        let store = Sqlite::open(Path::new(":memory:")).map_err(|error| error.to_string())?;
        let service = Service::new(Parts {
            program: Arc::clone(&project.program),
            connections,
            auth,
            types: Types::new(""),
            store: Some(Arc::new(store) as Arc<dyn Store>),
            clock: Arc::new(|_, _| Ambient::for_tests()),
            openapi: published.to_string().into(),
            signing_key: b"stage".to_vec(),
            body_bytes_max: 1 << 20,
        });
        Ok(Self { service: Arc::new(service.map_err(|errors| errors.join("; "))?), legacy, published })
    }

    /// Plays a step and returns everything that was promised otherwise. `token` issues a token with scopes.
    pub async fn play(&self, step: &Step, token: &(dyn Fn(&str) -> String + Sync)) -> Vec<String> {
        self.legacy.expect(&step.legacy);
        let responded = self.ask(step, token).await;
        let mut wrong = self.legacy.complaints();
        judge(step, &responded, &mut wrong);
        if let Some(operation) = &step.operation {
            self.judge_by_api(operation, &responded, &mut wrong);
        }
        wrong
    }

    async fn ask(&self, step: &Step, token: &(dyn Fn(&str) -> String + Sync)) -> Responded {
        let asked = &step.request;
        let mut headers: Vec<(String, String)> = asked.headers.clone().into_iter().collect();
        if asked.body.is_some() {
            headers.push(("content-type".into(), "application/json".into()));
        }
        if let Some(scopes) = &step.scopes {
            headers.push(("authorization".into(), format!("Bearer {}", token(scopes))));
        }
        let body = asked.body.as_ref().map(Value::to_string).unwrap_or_default();
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let (headers, content) = (List(headers), Content::Whole(body.into()));
        self.service
            .respond(Incoming { method: &asked.method, path, query, headers: &headers, content })
            .await
    }

    /// The answer is one that the published API announces, headers and body included.
    fn judge_by_api(&self, operation: &str, responded: &Responded, wrong: &mut Vec<String>) {
        let answer = &responded.answer;
        let (method, path) = operation.split_once(' ').unwrap_or((operation, ""));
        let described = &self.published["paths"][path][method.to_lowercase()];
        let Some(response) = described["responses"].get(answer.status().to_string()) else {
            wrong.push(format!("{operation}: the API does not announce {}", answer.status()));
            return;
        };
        let content = &target(&self.published, response)["content"];
        let kind = answer.find("content-type").unwrap_or_default();
        match content.get(kind) {
            Some(media) => {
                let errors = crate::api::errors(&self.published, &media["schema"], &body(responded));
                wrong.extend(errors.into_iter().map(|error| format!("the body breaks the API: {error}")));
            }
            None if answer.bytes().is_empty() => {}
            None => wrong.push(format!("the API does not announce the media type {kind:?}")),
        }
    }
}

fn judge(step: &Step, responded: &Responded, wrong: &mut Vec<String>) {
    let (answer, expect) = (&responded.answer, &step.expect);
    let mut same = |what: &str, found: Option<&str>, expected: Option<&str>| {
        if found != expected {
            wrong.push(format!("{what} is {found:?} instead of {expected:?}"));
        }
    };
    same("the status", Some(&answer.status().to_string()), Some(&expect.status.to_string()));
    same("the problem", responded.problem.as_deref(), expect.problem.as_deref());
    for (name, value) in &expect.headers {
        same(&format!("the header {name}"), answer.find(&name.to_lowercase()), value.as_deref());
    }
    let body = body(responded);
    for (pointer, expected) in &expect.members {
        let found = body.pointer(pointer).unwrap_or(&Value::Null);
        same(pointer, Some(&found.to_string()), Some(&expected.to_string()));
    }
    if let Some(slug) = &expect.problem {
        same("the media type", answer.find("content-type"), Some("application/problem+json"));
        same("the type", body["type"].as_str(), Some(&format!("/problems/{slug}")));
        same("/status", Some(&body["status"].to_string()), Some(&expect.status.to_string()));
    }
    let shown = format!("{answer:?} {}", String::from_utf8_lossy(answer.bytes()));
    if shown.contains(POISON) {
        wrong.push(format!("text of the legacy system is shown: {shown}"));
    }
}

fn body(responded: &Responded) -> Value {
    serde_json::from_slice(responded.answer.bytes()).unwrap_or(Value::Null)
}

struct List(Vec<(String, String)>);

impl Headers for List {
    fn find(&self, name: &str) -> Option<&[u8]> {
        self.0.as_slice().find(name)
    }

    fn several(&self, name: &str) -> bool {
        self.0.as_slice().several(name)
    }
}
