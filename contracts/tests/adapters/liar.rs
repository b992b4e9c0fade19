//! Adapters that break one promise each, to see that the suite notices.
//!
//! **Invariant.** All but the one promise is that of the real adapter.

use adapters_ports::{
    Adapter, AdapterError, Backend, BoxFuture, CallContext, Connection, Files, KeyDoc, Opened, Reply,
    Request, Settings, Wire,
};
use adapters_soap::Soap;
use kernel::{Class, Diagnostic, Document, Error, OperationId, PartId, Sources};
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
}

/// The adapter.
#[derive(Debug)]
pub(crate) struct Liar(pub(crate) Lie);

#[derive(Debug, Clone)]
struct Lying(Lie, Arc<dyn Connection>);

impl Adapter for Liar {
    fn kind(&self) -> &'static str {
        Soap.kind()
    }

    fn keys(&self) -> &'static [KeyDoc] {
        Soap.keys()
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        let mut opened = Soap.open(settings, files, sources, findings).map_err(|mut error| {
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

    fn backend(&self) -> Option<&dyn Backend> {
        Some(self)
    }
}

impl Backend for Lying {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
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
