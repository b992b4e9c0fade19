//! A legacy system behind the real codec that says what a story wants.
//!
//! **Invariant.** It notes every call that the story does not expect and every expected one that does not come.

mod told;

use adapters_ports::{
    Backend, BoxFuture, CallContext, Connection, FaultReply, Reply, ReplyBody, Request, Wire,
};
use kernel::{
    Catalogue, Cause, Class, DecodeError, Document, Error, OperationId, PartId, Progress, Query, Statement,
    StatementError, Visitor,
};
use serde::Deserialize;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use told::Told;

/// What the legacy system does with one call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// It answers with the content of a file.
    Reply(String),
    /// It answers a statement with rows.
    Rows(Rows),
    /// It changes rows by a statement.
    Changed(Changed),
    /// It reports a fault.
    Fault(Fault),
    /// It takes the request and is never heard of again.
    Silent,
    /// It cannot be reached.
    Unreachable,
}

/// Rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The statement that asks for them, with its values in place.
    pub sql: String,
    /// The table.
    pub table: String,
    /// The rows, each a map of columns.
    pub rows: Vec<serde_json::Value>,
}

/// What a statement changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The statement, with its values in place.
    pub sql: String,
    /// How many rows.
    pub rows: u64,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its code.
    #[serde(default)]
    pub code: String,
    /// Its text.
    pub text: String,
    /// The status of the transport.
    pub status: Option<u16>,
    /// The word for it, of a database.
    pub error: Option<String>,
}

/// The scripted system.
#[derive(Debug)]
pub struct Legacy {
    real: Arc<dyn Connection>,
    catalogue: Arc<Catalogue>,
    files: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Says>,
    complaints: Vec<String>,
}

impl Legacy {
    pub(super) fn new(real: Arc<dyn Connection>, catalogue: Arc<Catalogue>, files: &Path) -> Self {
        Self { real, catalogue, files: files.to_owned(), state: Mutex::default() }
    }

    /// Prepares the calls of a step.
    pub(super) fn expect(&self, script: &[Says]) {
        *self.state() = State { script: script.iter().cloned().collect(), complaints: Vec::new() };
    }

    /// Returns how the calls were not as expected.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut state = self.state();
        let open: Vec<Says> = state.script.drain(..).collect();
        let mut all = std::mem::take(&mut state.complaints);
        all.extend(open.iter().map(|says| format!("the legacy system was not called for {says:?}")));
        all
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, cx: &CallContext, request: &Request) -> Result<Reply, Error> {
        cx.sent.hold();
        let next = self.state().script.pop_front();
        let says = next.ok_or_else(|| self.complain("the legacy system was called once more".into()))?;
        if says != Says::Unreachable {
            cx.sent.mark();
        }
        match says {
            Says::Reply(file) => {
                self.read(&file, request).map_err(|why| self.complain(format!("{file}: {why}")))
            }
            Says::Rows(Rows { sql, table, rows }) => {
                self.stated(&sql, request);
                self.rows(&table, &rows).map_err(|why| self.complain(format!("{table}: {why}")))
            }
            Says::Changed(Changed { sql, rows }) => {
                self.stated(&sql, request);
                Ok(Reply::Answer(Box::new(Told::changed(rows))))
            }
            Says::Fault(Fault { code, text, status, error }) => {
                let error = error.as_deref().and_then(word);
                Ok(Reply::Fault(FaultReply { code, text, status, error, ..FaultReply::default() }))
            }
            Says::Silent => Err(Error::new(Class::Ambiguous, Cause::TimedOut, "no answer in time")),
            Says::Unreachable => Err(Error::new(Class::Transient, Cause::Unavailable, "nobody listens")),
        }
    }

    fn read(&self, file: &str, request: &Request) -> Result<Reply, String> {
        let wire = std::fs::read(self.files.join(file)).map_err(|error| error.to_string())?;
        let operation = self.catalogue.operations.get(request.operation.0 as usize);
        let part = operation.and_then(|operation| operation.reply).ok_or("the operation answers nothing")?;
        Ok(Reply::Answer(Box::new(Whole(self.real.decode_part(part, &wire)?))))
    }

    /// Holds a statement against the one that the story expects.
    fn stated(&self, expected: &str, request: &Request) {
        let found = self.real.shown(&request.body).unwrap_or_default();
        if found != expected {
            self.state().complaints.push(format!("the statement is\n  {found}\ninstead of\n  {expected}"));
        }
    }

    fn rows(&self, table: &str, rows: &[serde_json::Value]) -> Result<Reply, String> {
        let shape = &self.catalogue.shape;
        let is = |part: &PartId| &*shape.part(*part).name.local == table;
        let part = self.catalogue.tables.iter().map(|table| table.part).find(is).ok_or("no such table")?;
        let row = |row: &serde_json::Value| self.real.decode_part(part, row.to_string().as_bytes());
        let rows = rows.iter().map(row).collect::<Result<_, _>>()?;
        Ok(Reply::Answer(Box::new(Told::rows((part, shape.part(part).ty), rows))))
    }

    fn complain(&self, what: String) -> Error {
        self.state().complaints.push(what);
        Error::new(Class::Defect, Cause::Internal, "the story does not expect it")
    }
}

impl Connection for Legacy {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.real.encode(operation, content)
    }

    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.real.encode_part(part, content)
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        self.real.decode_part(part, wire)
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        self.real.difference(expected, found)
    }

    fn query(&self, query: &Query) -> Result<Wire, Error> {
        self.real.query(query)
    }

    fn shown(&self, wire: &[u8]) -> Option<String> {
        self.real.shown(wire)
    }

    fn statement(&self, text: &str) -> Result<Statement, Vec<StatementError>> {
        self.real.statement(text)
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(self)
    }
}

impl Backend for Legacy {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async { self.answer(cx, request) })
    }
}

/// Returns a word of databases for an error.
fn word(text: &str) -> Option<&'static str> {
    ["unique", "foreign-key", "locked", "deadlock", "timeout"].into_iter().find(|word| *word == text)
}

/// A reply that is there as a whole.
struct Whole(Box<dyn Document + Send>);

impl Document for Whole {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        self.0.advance(to)
    }
}

impl ReplyBody for Whole {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Err(Error::new(Class::Poison, Cause::Contract, "the reply ends early")) })
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}
