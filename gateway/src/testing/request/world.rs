//! The service of a test: the real one, with a scripted legacy system, a frozen clock and a fresh store.
//!
//! **Invariant.** Nothing of one test is left for another one, unless it says `after:`.

use super::sql;
use crate::auth::Auth;
use crate::problem::Types;
use crate::service::{Content, Headers, Incoming, Parts, Responded, Service};
use crate::store::{Sqlite, Store};
use crate::testing::Subject;
use crate::testing::payload::{self, Legacy, named};
use crate::testing::rows;
use crate::testing::script::{Entry, Made, Script, Scripted, Stage, Stated};
use adapters_ports::Connection;
use bytes::Bytes;
use engine::lang::{Payload, Test, TestCall};
use engine::program::{Ambient, Program};
use futures_util::StreamExt as _;
use kernel::{Operation, OperationId};
use std::path::Path;
use std::sync::Arc;

/// Largest body of a request.
const BODY_BYTES_MAX: usize = 10 << 20;

/// A service that can be asked.
pub(super) struct World<'a> {
    subject: &'a Subject<'a>,
    service: Arc<Service>,
    script: Arc<Script>,
    runtime: tokio::runtime::Runtime,
}

/// What became of a request.
pub(super) struct Played {
    /// The calls that the test names, in its order.
    pub expected: Vec<(String, OperationId)>,
    /// The calls that were made.
    pub made: Vec<Made>,
    /// The statements that were made.
    pub stated: Vec<Stated>,
    /// The answer.
    pub responded: Responded,
}

/// An operation of a connection that can be called.
#[derive(Clone, Copy)]
pub(super) struct Called<'a> {
    /// Number of the connection.
    pub number: usize,
    pub connection: &'a Arc<dyn Connection>,
    pub shape: &'a Arc<kernel::Shape>,
    pub id: OperationId,
    pub operation: &'a Operation,
}

impl<'a> World<'a> {
    /// Makes a fresh service.
    ///
    /// # Errors
    /// The service would not start either.
    pub(super) fn new(subject: &'a Subject<'a>) -> Result<Self, String> {
        let script = Arc::new(Script::default());
        let stage = |(number, connection): (usize, &Option<Arc<dyn Connection>>)| {
            let catalogue = subject.program.connections[number].catalogue.clone().unwrap_or_default();
            let stage = connection.as_ref().map(|it| Stage::new(it, catalogue, number, &script));
            stage.map(|stage| Arc::new(stage) as Arc<dyn Connection>)
        };
        // SQLite keeps this one in memory.
        let store = Sqlite::open(Path::new(":memory:")).map_err(|error| error.to_string())?;
        let parts = Parts {
            program: Arc::new(untimed(subject.program)),
            connections: subject.connections.iter().enumerate().map(stage).collect(),
            auth: Auth::none(),
            types: Types::new(""),
            store: Some(Arc::new(store) as Arc<dyn Store>),
            clock: Arc::new(|_, _| Ambient::for_tests()),
            openapi: Bytes::new(),
            signing_key: b"test".to_vec(),
            body_bytes_max: BODY_BYTES_MAX,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let service = Service::new(parts).map_err(|errors| errors.join("; "))?;
        Ok(Self { subject, service: Arc::new(service), script, runtime })
    }

    /// Sends the request of a test.
    ///
    /// # Errors
    /// The test itself cannot be read.
    pub(super) fn play(&self, test: &Test, number: usize) -> Result<Played, String> {
        let request = test.request.as_ref().ok_or("it requests nothing")?;
        let calls = test.calls.as_deref().unwrap_or_default();
        let entries: Vec<Entry> = calls.iter().map(|call| self.entry(call)).collect::<Result<_, _>>()?;
        let name = |(call, entry): (&TestCall, &Entry)| (call.name.value.clone(), entry.operation);
        let expected = calls.iter().zip(&entries).map(name).collect();
        let body = test.body.as_ref().map(|body| payload::body(self.subject.folder, body)).transpose();
        let body = body.map_err(|why| format!("body: {why}"))?;
        let headers = Written::of(test, number, body.is_some());
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let content = Content::Whole(body.unwrap_or_default().into());
        let incoming = Incoming { method: &request.method, path, query, headers: &headers, content };
        let statements = test.statement.as_ref().map_or(0, |text| sql::statements(text).len());
        self.script.begin(entries, rows::answers(test.reply.as_ref(), statements)?);
        let responded = self.runtime.block_on(async { whole(self.service.respond(incoming).await).await });
        let (made, stated) = self.script.end();
        Ok(Played { expected, made, stated, responded })
    }

    fn entry(&self, call: &TestCall) -> Result<Entry, String> {
        let called = called(self.subject, &call.name)?;
        let reply = self.reply(call, called).map_err(|why| format!("{}: {why}", call.name.value))?;
        Ok(Entry { connection: called.number, operation: called.id, reply })
    }

    /// The data is the operation's reply, or the detail of a fault that it declares.
    fn reply(&self, call: &TestCall, called: Called<'_>) -> Result<Scripted, String> {
        let status = call.status.map(|status| status.value);
        let Some(payload) = &call.reply else {
            return Ok(status.map_or(Scripted::Empty, |status| Scripted::Fault(Some(status), None)));
        };
        let faults = called.operation.faults.iter().filter_map(|fault| fault.detail);
        let mut wrong = Vec::new();
        for (n, part) in called.operation.reply.into_iter().chain(faults).enumerate() {
            match self.wire(called, part, payload) {
                Ok(wire) if n == 0 && called.operation.reply.is_some() => {
                    return Ok(Scripted::Answer(part, wire));
                }
                Ok(wire) => return Ok(Scripted::Fault(status, Some((part, wire)))),
                Err(why) => wrong.push(why),
            }
        }
        let why = wrong.into_iter().next().unwrap_or_else(|| "the operation answers nothing".into());
        Err(format!("{}: {why}", named(payload, "reply")))
    }

    fn wire(&self, called: Called<'_>, part: kernel::PartId, payload: &Payload) -> Result<Vec<u8>, String> {
        let wire = called.legacy(part).wire(self.subject.folder, payload)?;
        called.connection.decode_part(part, &wire)?;
        Ok(wire)
    }
}

/// Puts an answer that goes out while it is read into one piece.
async fn whole(mut responded: Responded) -> Responded {
    let Some(mut rest) = responded.rest.take() else { return responded };
    let mut body = Vec::new();
    // What breaks off is no JSON, which the test will say.
    while let Some(Ok(piece)) = rest.next().await {
        body.extend_from_slice(&piece);
    }
    responded.answer = responded.answer.body(body);
    responded
}

impl<'a> Called<'a> {
    /// Returns what is needed to make sense of data of a part.
    pub(super) fn legacy(self, part: kernel::PartId) -> Legacy<'a> {
        Legacy { connection: &**self.connection, shape: self.shape, part }
    }
}

/// Returns what `connection.Operation` names.
///
/// # Errors
/// There is no such thing.
pub(super) fn called<'a>(subject: &'a Subject<'_>, name: &str) -> Result<Called<'a>, String> {
    let (connection, operation) =
        name.split_once('.').ok_or_else(|| format!("{name}: expected connection.Operation"))?;
    let none = |what: &str| format!("calls: there is no {what} `{name}`");
    let (number, plan) = subject.program.find_connection(connection).ok_or_else(|| none("connection of"))?;
    let catalogue = plan.catalogue.as_ref().ok_or_else(|| none("adapter for"))?;
    let connection =
        subject.connections.get(number).and_then(Option::as_ref).ok_or_else(|| none("adapter for"))?;
    let (index, operation) = catalogue
        .operations
        .iter()
        .enumerate()
        .find(|(_, known)| *known.name == *operation)
        .ok_or_else(|| none("operation"))?;
    let id = OperationId(u32::try_from(index).unwrap_or(u32::MAX));
    Ok(Called { number, connection, shape: &catalogue.shape, id, operation })
}

/// A test takes no time, so what counts time is taken out: tries are made once, and nobody waits for a turn.
fn untimed(program: &Program) -> Program {
    let mut program = program.clone();
    for connection in &mut program.connections {
        connection.policy.retry = None;
        connection.policy.rate = None;
    }
    program
}

/// The headers of a request.
struct Written(Vec<(String, String)>);

impl Written {
    fn of(test: &Test, number: usize, has_body: bool) -> Self {
        let mut headers: Vec<(String, String)> =
            test.headers.iter().map(|(name, value)| (name.value.clone(), value.value.clone())).collect();
        let mut unless_written = |name: &str, value: String| {
            if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                headers.push((name.into(), value));
            }
        };
        if has_body {
            unless_written("content-type", "application/json".into());
        }
        // "A create test gets an Idempotency-Key of its own"; others do not look at it.
        unless_written("idempotency-key", format!("test-{number}"));
        Self(headers)
    }
}

impl Headers for Written {
    fn find(&self, name: &str) -> Option<&[u8]> {
        self.0.as_slice().find(name)
    }

    fn several(&self, name: &str) -> bool {
        self.0.as_slice().several(name)
    }
}
