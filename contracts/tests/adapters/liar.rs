//! Adapters that break one promise each, to see that the suite notices.
//!
//! **Invariant.** All but the one promise is that of the real adapter.

use adapters_ports::{
    Adapter, AdapterError, Backend, BoxFuture, CallContext, Connection, EventBatch, Files, KeyDoc, Opened,
    Outcomes, Reply, Request, Settings, Sink, TopicAsk, TopicError, TopicPage, Topics, Wire,
};
use kernel::{
    Class, Datum, Diagnostic, Document, Error, From, OperationId, Own, PartId, Query, Sources, Statement,
    StatementError,
};
use std::sync::Arc;
use std::time::Duration;

/// What is not true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Every call may be repeated.
    Safe,
    /// A deadline is a proposal.
    Late,
    /// A call goes on when nobody waits for it.
    Stubborn,
    /// A fault is an error with its text.
    Talkative,
    /// Nothing ever differs.
    Blind,
    /// A part is written without the second half of its text.
    Forgetful,
    /// One mistake is enough.
    Quick,
    /// A reading is marked as if it changed something.
    Anxious,
    /// A value becomes text of a statement.
    Literal,
    /// The last event of a batch is kept in mind.
    Lossy,
    /// Events are kept from the last to the first.
    Backward,
    /// What is refused is said to be kept.
    Generous,
    /// Who waits does not.
    Restless,
}

/// The adapter: a lie, and who tells the truth.
#[derive(Debug)]
pub(crate) struct Liar(pub(crate) Lie, pub(crate) &'static dyn Adapter);

#[derive(Debug, Clone)]
struct Lying(Lie, Arc<dyn Connection>);

impl Adapter for Liar {
    fn kind(&self) -> &'static str {
        self.1.kind()
    }

    fn keys(&self) -> &'static [KeyDoc] {
        self.1.keys()
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        let mut opened = self.1.open(settings, files, sources, findings).map_err(|mut error| {
            error.0.truncate(if self.0 == Lie::Quick { 1 } else { usize::MAX });
            error
        })?;
        opened.connection = Arc::new(Lying(self.0, opened.connection));
        Ok(opened)
    }
}

impl Connection for Lying {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        self.1.encode(operation, content)
    }

    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        let wire = self.1.encode_part(part, content)?;
        let text = String::from_utf8_lossy(&wire).into_owned();
        Ok(if self.0 == Lie::Forgetful { text.replace("lace", "").into() } else { wire })
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        self.1.decode_part(part, wire)
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        if self.0 == Lie::Blind { Ok(None) } else { self.1.difference(expected, found) }
    }

    fn query(&self, query: &Query) -> Result<Wire, Error> {
        if self.0 != Lie::Literal {
            return self.1.query(query);
        }
        let mut query = query.clone();
        match &mut query {
            Query::Run(own) => spliced(own),
            Query::Select(select) => {
                if let From::Own(own) = &mut select.from {
                    spliced(own);
                }
            }
            _ => {}
        }
        self.1.query(&query)
    }

    fn shown(&self, wire: &[u8]) -> Option<String> {
        self.1.shown(wire)
    }

    fn statement(&self, text: &str) -> Result<Statement, Vec<StatementError>> {
        self.1.statement(text)
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.1.backend().map(|_| self as &dyn Backend)
    }

    fn sink(&self) -> Option<&dyn Sink> {
        self.1.sink().map(|_| self as &dyn Sink)
    }

    fn topics(&self) -> Option<&dyn Topics> {
        self.1.topics().map(|_| self as &dyn Topics)
    }
}

/// Puts values where their names stand.
fn spliced(own: &mut Own) {
    for (name, value) in std::mem::take(&mut own.values) {
        let Datum::Text(value) = value else { continue };
        let literal = format!("'{}'", value.replace('\'', "''"));
        own.text = own.text.replace(&format!(":{name}"), &literal).into();
    }
}

impl Sink for Lying {
    fn publish<'a>(&'a self, cx: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes> {
        Box::pin(async move {
            let mut batch = batch.clone();
            let all = batch.events.len();
            match self.0 {
                Lie::Lossy => drop(batch.events.pop()),
                Lie::Backward => batch.events.reverse(),
                _ => {}
            }
            let mut outcomes = self.1.sink().unwrap().publish(cx, &batch).await;
            outcomes.resize_with(all, || Ok(()));
            if self.0 == Lie::Generous {
                outcomes.fill_with(|| Ok(()));
            }
            outcomes
        })
    }
}

impl Topics for Lying {
    fn open(&self) -> Result<(), String> {
        self.1.topics().unwrap().open()
    }

    fn read<'a>(&'a self, ask: TopicAsk<'a>) -> BoxFuture<'a, Result<TopicPage, TopicError>> {
        self.1.topics().unwrap().read(ask)
    }

    fn wait<'a>(&'a self, topic: &'a str, after: Option<&'a str>) -> BoxFuture<'a, ()> {
        match self.0 {
            Lie::Restless => Box::pin(std::future::ready(())),
            _ => self.1.topics().unwrap().wait(topic, after),
        }
    }
}

impl Backend for Lying {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            if self.0 == Lie::Anxious && request.repeatable {
                cx.sent.mark();
            }
            match self.0 {
                Lie::Late if cx.remaining() < Duration::from_secs(1) => {
                    let patient = CallContext::new("patient", Duration::from_secs(3));
                    let reply = self.1.backend().unwrap().call(&patient, request).await;
                    cx.sent.mark();
                    reply
                }
                Lie::Stubborn => {
                    let (this, other, request) = (self.clone(), cx.clone(), request.clone());
                    cx.sent.hold();
                    let reply = tokio::spawn(async move {
                        let reply = this.1.backend().unwrap().call(&other, &request).await;
                        (reply, other.sent.is_marked())
                    });
                    let (reply, marked) = reply.await.unwrap();
                    if marked {
                        cx.sent.mark();
                    }
                    reply
                }
                lie => self.1.backend().unwrap().call(cx, request).await.map_err(|error| match lie {
                    Lie::Safe => Error { class: Class::Transient, ..error },
                    _ => error,
                }),
            }
            .and_then(|reply| match reply {
                Reply::Fault(fault) if self.0 == Lie::Talkative => {
                    let cause = kernel::Cause::Legacy;
                    Err(Error::new(Class::Defect, cause, "a fault").with("text", fault.text))
                }
                reply => Ok(reply),
            })
        })
    }
}
