//! A legacy system behind the real codec that says what a story wants.
//!
//! **Invariant.** It notes every call that the story does not expect and every expected one that does not come.

use adapters_ports::{
    Backend, BoxFuture, CallContext, Connection, FaultReply, Reply, ReplyBody, Request, Wire,
};
use kernel::{Catalogue, Cause, Class, DecodeError, Document, Error, OperationId, PartId, Progress, Visitor};
use serde::Deserialize;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What the legacy system does with one call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// It answers with the content of a file.
    Reply(String),
    /// It reports a fault.
    Fault(Fault),
    /// It takes the request and is never heard of again.
    Silent,
    /// It cannot be reached.
    Unreachable,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its code.
    pub code: String,
    /// Its text.
    pub text: String,
    /// The status of the transport.
    pub status: u16,
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
            Says::Fault(Fault { code, text, status }) => {
                Ok(Reply::Fault(FaultReply { code, text, status: Some(status), ..FaultReply::default() }))
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

    fn backend(&self) -> Option<&dyn Backend> {
        Some(self)
    }
}

impl Backend for Legacy {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async { self.answer(cx, request) })
    }
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
