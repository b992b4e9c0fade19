//! Calls operations of a SOAP service over HTTP.
//!
//! **Invariant.** The body of a reply decides what it is; its status is asked only where there is no envelope.

use crate::fault::{self, Message};
use crate::wire::decoder::Decoder;
use crate::wire::envelope::Envelope;
use crate::wire::lookup::Index;
use crate::wire::reply::{Beginning, Expected, Held, Refusal};
use crate::wsdl::SoapVersion;
use adapters_client::{BodyStream, Client, Head, Headers, Response};
use adapters_ports::{Backend, BoxFuture, CallContext, FaultReply, Reply, ReplyBody, Request};
use bytes::Bytes;
use kernel::{Cause, Class, DecodeError, Document, Error, Limits, PartId, Progress, Visitor};
use std::time::Duration;

/// A SOAP service that can be called.
#[derive(Debug)]
pub(crate) struct Service {
    /// The connections.
    pub(crate) client: Client,
    /// What the decoder needs of the shape.
    pub(crate) index: Index,
    /// Limits of a reply.
    pub(crate) limits: Limits,
    /// By number of the operation.
    pub(crate) operations: Vec<Operation>,
}

/// An operation, prepared.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The head of its requests.
    pub(crate) head: Head,
    /// What stands around its requests.
    pub(crate) envelope: std::sync::Arc<Envelope>,
    /// The version of SOAP that is spoken.
    pub(crate) version: SoapVersion,
    /// What is expected; nothing of a one-way operation.
    pub(crate) expected: Option<Expected>,
    /// The parts that the detail of its faults may be.
    pub(crate) details: Vec<PartId>,
}

impl Backend for Service {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.exchange(cx, request))
    }
}

impl Service {
    async fn exchange(&self, cx: &CallContext, request: &Request) -> Result<Reply, Error> {
        let unknown = || Error::new(Class::Defect, Cause::Internal, "no such operation");
        let operation = self.operations.get(request.operation.0 as usize).ok_or_else(unknown)?;
        let pieces = operation.envelope.pieces(request.body.clone())?;
        let trace: &[(&str, &str)] = match &cx.trace {
            Some(trace) => &[("traceparent", trace)],
            None => &[],
        };
        let response = match request.repeatable {
            true => self.client.send_repeatable(cx, &operation.head, trace, &pieces).await?,
            false => self.client.send(cx, &operation.head, trace, &pieces).await?,
        };
        Receiving { service: self, operation, response }.reply(cx).await
    }
}

/// A response whose meaning is not known yet.
struct Receiving<'a> {
    service: &'a Service,
    operation: &'a Operation,
    response: Response,
}

impl Receiving<'_> {
    async fn reply(mut self, cx: &CallContext) -> Result<Reply, Error> {
        let content = Content::of(&self.response.headers);
        if content.attachments {
            return Err(broken(
                "the reply has attachments, which are not supported",
                self.response.status,
                None,
            ));
        }
        let charset = content.charset.as_deref();
        let mut pieces: Vec<Bytes> = Vec::new();
        let mut beginning = Beginning::new(&self.service.index, self.service.limits, charset);
        let expected = self.operation.expected.unwrap_or(Expected::nothing(self.operation.version));
        loop {
            match self.response.body.chunk(cx).await? {
                Some(piece) => {
                    beginning.feed(&piece);
                    pieces.push(piece);
                }
                None => beginning.close(),
            }
            beginning = match beginning.held(&expected) {
                Ok(Ok(held)) => return self.held(held, pieces, charset, cx).await,
                Ok(Err(waiting)) => waiting,
                Err(refusal) => return self.refused(refusal),
            };
        }
    }

    async fn held(
        mut self,
        held: Held,
        mut pieces: Vec<Bytes>,
        charset: Option<&str>,
        cx: &CallContext,
    ) -> Result<Reply, Error> {
        let status = self.response.status;
        match held {
            Held::Answer(_) | Held::Nothing if self.operation.expected.is_none() => Ok(nothing()),
            Held::Answer(decoder) => {
                Ok(Reply::Answer(Box::new(SoapReply { decoder, body: self.response.body })))
            }
            Held::Nothing => Err(broken("the body of the reply is empty", status, None)),
            Held::Fault => {
                while let Some(piece) = self.response.body.chunk(cx).await? {
                    pieces.push(piece);
                }
                let message = Message { pieces: &pieces, charset, limits: self.service.limits };
                let fault = fault::read(message, &self.service.index, &self.operation.details)
                    .map_err(|error| broken("the fault cannot be read", status, Some(error)))?;
                let retry_after = retry_after(&self.response.headers);
                Ok(Reply::Fault(FaultReply { status: Some(status), retry_after, ..fault }))
            }
        }
    }

    /// There is no answer in the body: what the status says is left, if it says anything.
    fn refused(&self, refusal: Refusal) -> Result<Reply, Error> {
        let status = self.response.status;
        let done = (200..300).contains(&status);
        match refusal {
            Refusal::NotSoap(_) if !done => {
                let retry_after = retry_after(&self.response.headers);
                Ok(Reply::Fault(FaultReply { status: Some(status), retry_after, ..FaultReply::default() }))
            }
            Refusal::NotSoap(_) if self.operation.expected.is_none() => Ok(nothing()),
            Refusal::NotSoap(error) => Err(broken("the reply is no SOAP message", status, Some(error))),
            Refusal::Bad(error) => Err(broken("the reply breaks the contract", status, Some(error))),
        }
    }
}

/// An answer that is being decoded while it arrives.
#[derive(Debug)]
struct SoapReply {
    decoder: Box<Decoder>,
    body: BodyStream,
}

impl Document for SoapReply {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        self.decoder.advance(to)
    }
}

impl ReplyBody for SoapReply {
    fn more<'a>(&'a mut self, cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async {
            match self.body.chunk(cx).await? {
                Some(piece) => self.decoder.feed(&piece),
                None => self.decoder.close(),
            }
            Ok(())
        })
    }

    fn bytes_read(&self) -> u64 {
        self.decoder.bytes_read()
    }
}

/// The answer of an operation that has none.
#[derive(Debug)]
struct Nothing;

impl Document for Nothing {
    fn advance(&mut self, _to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        Ok(Progress::End)
    }
}

impl ReplyBody for Nothing {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}

fn nothing() -> Reply {
    Reply::Answer(Box::new(Nothing))
}

/// A reply that breaks the contract.
fn broken(message: &'static str, status: u16, why: Option<DecodeError>) -> Error {
    let error = Error::new(Class::Poison, Cause::Contract, message).with("status", status);
    match why {
        Some(why) => error.with("reason", &why).because(why),
        None => error,
    }
}

/// What the content type says.
struct Content {
    charset: Option<String>,
    attachments: bool,
}

impl Content {
    fn of(headers: &Headers) -> Self {
        let value = headers.get("content-type").unwrap_or_default().as_bytes();
        let mut words = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let attachments = words.next().is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/related"));
        let charset = words.find_map(charset);
        Self { charset, attachments }
    }
}

/// The value of the parameter `charset`, if this is it.
fn charset(parameter: &[u8]) -> Option<String> {
    let at = parameter.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (parameter[..at].trim_ascii(), parameter[at + 1..].trim_ascii());
    let text = std::str::from_utf8(value).ok()?;
    name.eq_ignore_ascii_case(b"charset").then(|| text.trim_matches(['"', '\'']).to_owned())
}

/// When it is worth trying again: seconds, or a date.
///
/// Source: RFC 9110, section 10.2.3.
fn retry_after(headers: &Headers) -> Option<Duration> {
    let value = headers.get("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(at.duration_since(jiff::Timestamp::now())).ok()
}
