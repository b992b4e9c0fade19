//! The service: everything that a request needs, compiled at the start and shared by all.
//!
//! **Invariant.** Nothing is looked up by name while a request is served; a reload makes a new service.

mod builtin;
mod cached;
mod endpoint;
mod events;
mod exchange;
mod flow;
mod incoming;
mod left;
mod list;
pub(crate) mod location;
mod merge;
mod old;
pub mod once;
mod page;
mod place;
mod readers;
mod stream;
mod table;
mod wanted;
mod watch;
mod write;

pub use builtin::Builtin;
pub use endpoint::Endpoint;
pub use exchange::Mapped;
pub use flow::{Origin, Responded};
pub use incoming::{Content, Headers, Incoming};
pub use stream::{Rest, Torn};
pub(crate) use watch::Asked;

use crate::auth::Auth;
use crate::events::Events;
use crate::http::router::{Method, Router, Segment};
use crate::metrics::Metrics;
use crate::problem::Types;
use crate::store::Store;
use adapters_layers::Stack;
use adapters_ports::Connection;
use bytes::Bytes;
use cached::Answers;
use engine::program::{self, Ambient, Program};
use jiff::tz::TimeZone;
use left::Left;
use page::Signer;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where `now`, `today` and `requestId` come from: the clock, or a test. The zone is that of the connection.
pub type Clock = Arc<dyn Fn(&Arc<str>, &TimeZone) -> Ambient + Send + Sync>;

/// Everything that a request needs.
pub struct Service {
    program: Arc<Program>,
    router: Router,
    endpoints: Vec<Arc<Endpoint>>,
    connections: Vec<Option<Connected>>,
    auth: Auth,
    types: Types,
    store: Option<Arc<dyn Store>>,
    answers: Answers,
    signer: Signer,
    clock: Clock,
    openapi: Bytes,
    body_bytes_max: usize,
    /// Counters, for `/metrics`.
    pub metrics: Metrics,
    draining: AtomicBool,
    left: Left,
    /// What is published; nothing until it is attached.
    events: OnceLock<Arc<Events>>,
    /// The description of that.
    asyncapi: OnceLock<Bytes>,
}

/// A connection with its layers.
#[derive(Debug)]
pub(crate) struct Connected {
    pub connection: Arc<dyn Connection>,
    pub stack: Stack,
}

/// What a service is made of.
pub struct Parts {
    /// The compiled project.
    pub program: Arc<Program>,
    /// The connections in the order of the program; `None` where no adapter serves one.
    pub connections: Vec<Option<Arc<dyn Connection>>>,
    /// Who may call.
    pub auth: Auth,
    /// What the types of problems are relative to.
    pub types: Types,
    /// What must not be forgotten.
    pub store: Option<Arc<dyn Store>>,
    /// Where `now` comes from.
    pub clock: Clock,
    /// The API's description of itself.
    pub openapi: Bytes,
    /// Signs the cursors of pages; the same on all nodes.
    pub signing_key: Vec<u8>,
    /// Largest request body.
    pub body_bytes_max: usize,
}

impl Service {
    /// Makes a service.
    ///
    /// # Errors
    /// Everything that stands against it, in words: a schema that cannot be used, two routes that nobody can tell
    /// apart, a store that is missing.
    pub fn new(parts: Parts) -> Result<Self, Vec<String>> {
        let program = parts.program;
        let mut errors = Vec::new();
        let endpoints = endpoints(&program, &mut errors);
        let router = router(&program, &mut errors);
        if parts.store.is_none() && endpoints.iter().any(|endpoint| endpoint.needs_store()) {
            errors.push("operations with idempotency or dedupe need a store".into());
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let connected = |(connection, plan): (Option<Arc<dyn Connection>>, &program::ConnectionPlan)| {
            let policy = crate::policy::of(&plan.policy);
            connection.map(|connection| Connected { connection, stack: Stack::new(&plan.name, policy) })
        };
        let routes = endpoints
            .iter()
            .map(|endpoint| (endpoint.plan.method.name(), Arc::clone(&endpoint.plan.template)));
        Ok(Self {
            metrics: Metrics::new(routes),
            connections: parts.connections.into_iter().zip(&program.connections).map(connected).collect(),
            answers: Answers::new(&program),
            signer: Signer::new(&parts.signing_key),
            program,
            router,
            endpoints,
            auth: parts.auth,
            types: parts.types,
            store: parts.store,
            clock: parts.clock,
            openapi: parts.openapi,
            body_bytes_max: parts.body_bytes_max,
            draining: AtomicBool::new(false),
            left: Left::default(),
            events: OnceLock::new(),
            asyncapi: OnceLock::new(),
        })
    }

    /// Says that the process is about to end: `/health/ready` answers so from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        if let Some(events) = self.events.get() {
            events.drain();
        }
    }

    /// Waits for the writes whose clients have gone, for as long as `within`.
    pub async fn finish(&self, within: Duration) {
        if tokio::time::timeout(within, self.left.ended()).await.is_err() {
            tracing::warn!("a write is cut off; its outcome is unknown");
        }
    }

    /// Attaches what is published, which needs the service itself for its questions. Only the first time counts.
    pub fn attach(&self, events: Arc<Events>) {
        let _ = self.events.set(events);
    }

    /// Attaches the description of what is published. Only the first time counts.
    pub fn attach_asyncapi(&self, document: Bytes) {
        let _ = self.asyncapi.set(document);
    }

    /// Ends what is published.
    pub async fn end_events(&self) {
        if let Some(events) = self.events.get() {
            events.stopped().await;
        }
    }

    /// Returns the compiled project.
    pub fn program(&self) -> &Program {
        &self.program
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("facade", &self.program.facade).finish_non_exhaustive()
    }
}

fn endpoints(program: &Program, errors: &mut Vec<String>) -> Vec<Arc<Endpoint>> {
    let mut endpoints = Vec::with_capacity(program.operations.len());
    for number in 0..program.operations.len() {
        match Endpoint::new(program, number) {
            Ok(endpoint) => endpoints.push(Arc::new(endpoint)),
            Err(error) => errors.push(error),
        }
    }
    endpoints
}

/// Operations have their own numbers, the paths of the gateway itself those behind them.
fn router(program: &Program, errors: &mut Vec<String>) -> Router {
    let mut router = Router::default();
    let count = program.operations.len();
    for (number, builtin) in Builtin::ALL.into_iter().enumerate() {
        // Where nothing is published, the path is the project's own.
        if builtin.is_of_events() && program.events.is_empty() {
            continue;
        }
        let path: Vec<_> = builtin.segments().iter().map(|text| Segment::of(text)).collect();
        if router.add(Method::Get, &path, count + number).is_err() {
            errors.push(format!("the path {} is there twice", builtin.path()));
        }
    }
    // What this program cannot run is not there at all, rather than there and broken.
    let served = program.operations.iter().enumerate().filter(|(_, operation)| operation.call.is_some());
    for (number, operation) in served {
        let path: Vec<_> = operation.path.iter().map(|segment| literal(operation, segment)).collect();
        let Some(method) = Method::of(operation.method.name()) else { continue };
        if let Err(conflict) = router.add(method, &path, number) {
            let other = match program.operations.get(conflict.first) {
                Some(first) => first.key.to_string(),
                None => "a path of the gateway itself".into(),
            };
            errors.push(format!("{}: the path is already taken by {other}", operation.key));
        }
    }
    router
}

fn literal(operation: &program::OperationPlan, segment: &program::Segment) -> Segment {
    match segment {
        program::Segment::Literal(text) => Segment::Literal(text.to_string()),
        program::Segment::Param(index) => Segment::Param(
            operation.params.get(*index).map_or_else(String::new, |param| param.name.to_string()),
        ),
    }
}

#[cfg(test)]
mod tests;
