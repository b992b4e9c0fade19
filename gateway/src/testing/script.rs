//! A connection that answers as a test says, and remembers what it was asked.
//!
//! **Invariant.** Requests and replies pass the encoder and the decoder of the real connection.

use super::rows::{self, Answered};
use adapters_ports::{
    Backend, BoxFuture, CallContext, Connection, FaultReply, Reply, ReplyBody, Request, Wire,
};
use kernel::{
    Catalogue, Cause, Class, DecodeError, Document, Error, OperationId, PartId, Progress, Query, Statement,
    StatementError, Visitor,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The calls of one test.
#[derive(Debug, Default)]
pub(super) struct Script(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    made: Vec<Made>,
    /// What the statements are answered, in their order.
    answers: Vec<Answered>,
    stated: Vec<Stated>,
    /// The queries that were encoded.
    queries: Vec<(Wire, Query)>,
}

/// A statement that was made.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// Its text with its values in place.
    pub text: String,
    /// What is wrong with the answer that the test gives to it.
    pub wrong: Option<String>,
}

/// A call that a test names.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Number of the connection.
    pub connection: usize,
    /// What is called.
    pub operation: OperationId,
    /// What it answers.
    pub reply: Scripted,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(super) enum Scripted {
    /// A reply in wire form.
    Answer(PartId, Vec<u8>),
    /// A fault, with its detail in wire form.
    Fault(Option<u16>, Option<(PartId, Vec<u8>)>),
    /// A reply in which nothing is.
    Empty,
}

/// A call that was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// Number of the connection.
    pub connection: usize,
    /// What was called.
    pub operation: OperationId,
    /// What was sent.
    pub body: Wire,
    /// The entry that answered it.
    pub entry: Option<usize>,
}

/// The real connection, but for its backend.
#[derive(Debug)]
pub(super) struct Stage {
    connection: Arc<dyn Connection>,
    actor: Actor,
}

#[derive(Debug)]
struct Actor {
    connection: Arc<dyn Connection>,
    catalogue: Arc<Catalogue>,
    number: usize,
    script: Arc<Script>,
}

impl Script {
    /// Begins a test.
    pub(super) fn begin(&self, entries: Vec<Entry>, answers: Vec<Answered>) {
        *self.state() = State { entries, answers, ..State::default() };
    }

    /// Returns the calls and the statements that were made since.
    pub(super) fn end(&self) -> (Vec<Made>, Vec<Stated>) {
        let State { made, stated, .. } = std::mem::take(&mut *self.state());
        (made, stated)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call and returns what answers it: the first entry for it that no call has taken yet.
    fn play(&self, connection: usize, request: &Request) -> Option<Scripted> {
        let mut state = self.state();
        let taken: Vec<usize> = state.made.iter().filter_map(|made| made.entry).collect();
        let fits = |(n, entry): &(usize, &Entry)| {
            entry.connection == connection && entry.operation == request.operation && !taken.contains(n)
        };
        let entry = state.entries.iter().enumerate().find(fits).map(|(n, entry)| (n, entry.reply.clone()));
        let (number, reply) = entry.unzip();
        state.made.push(Made {
            connection,
            operation: request.operation,
            body: request.body.clone(),
            entry: number,
        });
        reply
    }
}

impl Stage {
    pub(super) fn new(
        connection: &Arc<dyn Connection>,
        catalogue: Arc<Catalogue>,
        number: usize,
        script: &Arc<Script>,
    ) -> Self {
        let script = Arc::clone(script);
        let actor = Actor { connection: Arc::clone(connection), catalogue, number, script };
        Self { connection: Arc::clone(connection), actor }
    }
}

impl Connection for Stage {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.connection.encode(operation, content)
    }

    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.connection.encode_part(part, content)
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        self.connection.decode_part(part, wire)
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        self.connection.difference(expected, found)
    }

    fn query(&self, query: &Query) -> Result<Wire, Error> {
        let wire = self.connection.query(query)?;
        self.actor.script.state().queries.push((wire.clone(), query.clone()));
        Ok(wire)
    }

    fn shown(&self, wire: &[u8]) -> Option<String> {
        self.connection.shown(wire)
    }

    fn statement(&self, text: &str) -> Result<Statement, Vec<StatementError>> {
        self.connection.statement(text)
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(&self.actor)
    }
}

impl Backend for Actor {
    fn call<'a>(&'a self, _cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move { self.answer(request) })
    }
}

impl Actor {
    /// Answers a statement, and notes it.
    fn state(&self, request: &Request) -> Result<Reply, Error> {
        let mut state = self.script.state();
        let known = state.queries.iter().rev().find(|(wire, _)| *wire == request.body);
        let query = known.map(|(_, query)| query.clone());
        let query = query.ok_or_else(|| defect("the statement was encoded by nobody"))?;
        let text = self.connection.shown(&request.body).unwrap_or_else(|| format!("{query:?}"));
        let answered = state.answers.get(state.stated.len()).cloned();
        let played = rows::play(answered.as_ref(), &query, &*self.connection, &self.catalogue);
        state.stated.push(Stated { text, wrong: played.as_ref().err().cloned() });
        played.map_err(|_| defect("the answer of the test cannot be read"))
    }

    fn answer(&self, request: &Request) -> Result<Reply, Error> {
        if request.operation == OperationId::QUERY {
            return self.state(request);
        }
        let unexpected = || Error::new(Class::Defect, Cause::Internal, "the test names no such call");
        match self.script.play(self.number, request).ok_or_else(unexpected)? {
            Scripted::Answer(part, wire) => Ok(Reply::Answer(self.body(part, &wire)?)),
            Scripted::Empty => {
                Ok(Reply::Answer(Box::new(Recorded { document: Box::new(Nothing), bytes: 0 })))
            }
            Scripted::Fault(status, detail) => {
                let detail = detail.map(|(part, wire)| Ok((part, self.body(part, &wire)?))).transpose()?;
                Ok(Reply::Fault(FaultReply { status, detail, ..FaultReply::default() }))
            }
        }
    }

    fn body(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn ReplyBody>, Error> {
        let unreadable =
            |_| Error::new(Class::Defect, Cause::Internal, "the reply of the test cannot be read");
        let document = self.connection.decode_part(part, wire).map_err(unreadable)?;
        Ok(Box::new(Recorded { document, bytes: u64::try_from(wire.len()).unwrap_or(u64::MAX) }))
    }
}

fn defect(message: &'static str) -> Error {
    Error::new(Class::Defect, Cause::Internal, message)
}

/// A reply that is all there.
struct Recorded {
    document: Box<dyn Document + Send>,
    bytes: u64,
}

impl Document for Recorded {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        self.document.advance(to)
    }
}

impl ReplyBody for Recorded {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Err(Error::new(Class::Poison, Cause::Broken, "the reply of the test ends early")) })
    }

    fn bytes_read(&self) -> u64 {
        self.bytes
    }
}

/// A reply in which nothing is.
struct Nothing;

impl Document for Nothing {
    fn advance(&mut self, _to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        Ok(Progress::End)
    }
}
