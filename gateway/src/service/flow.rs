//! One request from its head to its answer (architecture, "One request").
//!
//! **Invariant.** Nothing reaches a legacy system before the caller, the parameters and the body were judged.

use super::cached::Found as Cached;
use super::exchange::{LegacyCall, Mapped};
use super::list::{ListCall, Reading};
use super::stream::{Outgoing, Rest};
use super::wanted::Wanted;
use super::{Builtin, Connected, Endpoint, Incoming, Service, page};
use crate::auth::{Caller, Refusal};
use crate::http::answer::Answer;
use crate::http::params::{self, PAGING};
use crate::http::router::{Allow, Found, Method};
use crate::http::{body, media, query};
use crate::ids;
use crate::problem::{Judged, Kind, Problem, Status};
use adapters_layers::Place;
use adapters_ports::{Backend, CallContext, Request, Wire};
use bytes::Bytes;
use engine::json::{self, JsonLimits};
use engine::plan::query::{self as queries, Listing, QueryError};
use engine::plan::write::{WriteError, request};
use engine::program::{Ambient, CallPlan, Inputs, Page, Target, Verb};
use engine::value::Value;
use kernel::{Class, Error};
use serde_json::json;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Deepest nesting of a request body.
const BODY_DEPTH_MAX: u32 = 64;
/// Bytes of a list that are held before it goes out while it is read; a mistake among them is still a problem.
const LIST_HELD_MAX: usize = 64 << 10;
/// The same for one page, whose end has to be known for its `Link` header.
const PAGE_HELD_MAX: usize = 1 << 20;
/// Time for a request body, where the whole request has not even less.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What became of a request, for the client and for the log.
#[derive(Debug)]
pub struct Responded {
    /// What the client gets.
    pub answer: Answer,
    /// The body, where it goes out while it is read; that of `answer` is empty then.
    pub rest: Option<Rest>,
    /// The route, by its number.
    pub route: Option<usize>,
    /// The slug of the problem that it is.
    pub problem: Option<Cow<'static, str>>,
    /// The class of the error.
    pub class: Option<Class>,
    /// How the answer came about.
    pub origin: Option<Origin>,
    /// The id of the request.
    pub request_id: Arc<str>,
    /// The `traceparent` that the legacy system sees.
    pub trace: Arc<str>,
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The legacy system was called.
    Call,
    /// It was still fresh in the cache.
    Cache,
    /// It is old, and serves instead of an error.
    Stale,
    /// It was given before under the same idempotency key.
    Replay,
    /// The same content was accepted last time.
    Unchanged,
}

/// A good end of a request.
pub(super) type Done = (Answer, Option<Origin>);

/// A good end of a request, whose body may still be on its way.
pub(super) struct Good {
    answer: Answer,
    origin: Option<Origin>,
    rest: Option<Rest>,
}

impl Good {
    /// An answer whose body is made as it goes out.
    pub(super) fn streamed(answer: Answer, rest: Rest) -> Self {
        Self { answer, origin: None, rest: Some(rest) }
    }
}

/// A bad end of a request.
#[derive(Debug)]
pub(super) struct Failure {
    pub problem: Problem,
    pub class: Option<Class>,
}

/// A request that was let in and read.
#[derive(Debug)]
pub(super) struct Admitted {
    pub endpoint: Arc<Endpoint>,
    pub caller: Arc<Caller>,
    pub inputs: Inputs,
    /// Which fields, and in which order.
    pub wanted: Wanted,
    /// What the client wants to change, once it was laid over the record.
    pub patch: Option<Value>,
    pub cx: CallContext,
    /// Hash of what the client sent, for idempotency keys.
    pub payload: Bytes,
    /// The header `Idempotency-Key`.
    pub once: Option<Vec<u8>>,
    /// The header `If-None-Match`.
    pub none_match: Option<Vec<u8>>,
    /// The header `If-Match`.
    pub if_match: Option<Vec<u8>>,
}

impl Service {
    /// Answers a request.
    pub async fn respond(self: &Arc<Self>, mut incoming: Incoming<'_>) -> Responded {
        let request_id = ids::request_id();
        let trace = ids::traceparent(incoming.text("traceparent"));
        let method = if incoming.method == "HEAD" { "GET" } else { incoming.method };
        let (route, result) = match self.router.find(Method::of(method), incoming.path) {
            Found::Route(number, captures) => match Builtin::at(number, self.endpoints.len()) {
                Some(Builtin::Events) => (None, Box::pin(self.topic(&captures, &incoming)).await),
                Some(builtin) => (None, Box::pin(self.builtin(builtin, &captures)).await.map(Good::from)),
                None => {
                    let endpoint = Arc::clone(&self.endpoints[number]);
                    let ids = (Arc::clone(&request_id), Arc::clone(&trace));
                    (Some(number), self.operate(endpoint, &captures, &mut incoming, ids).await)
                }
            },
            Found::OtherMethods(allow) if incoming.method == "OPTIONS" => (None, Ok(options(allow).into())),
            Found::OtherMethods(allow) => (None, Err(self.outside(&incoming, other_method(allow)).await)),
            Found::Nothing => {
                let problem = Problem::new(Kind::NotFound).detail("there is no such path");
                (None, Err(self.outside(&incoming, problem).await))
            }
            Found::Unreadable => {
                let problem =
                    Problem::new(Kind::BadRequest).detail("the path holds an escape that cannot be read");
                (None, Err(problem.into()))
            }
        };
        self.responded(route, result, request_id, trace)
    }

    fn responded(
        &self,
        route: Option<usize>,
        result: Result<Good, Failure>,
        request_id: Arc<str>,
        trace: Arc<str>,
    ) -> Responded {
        match result {
            Ok(Good { answer, origin, rest }) => {
                Responded { answer, rest, route, problem: None, class: None, origin, request_id, trace }
            }
            Err(Failure { problem, class }) => {
                let answer = problem.answer(&self.types, &request_id);
                let problem = Some(problem.into_slug());
                Responded { answer, rest: None, route, problem, class, origin: None, request_id, trace }
            }
        }
    }

    /// Who is not known does not learn which paths there are.
    async fn outside(&self, incoming: &Incoming<'_>, problem: Problem) -> Failure {
        match self.caller(incoming).await {
            Ok(_) => problem.into(),
            Err(refused) => refused,
        }
    }

    pub(super) async fn caller(&self, incoming: &Incoming<'_>) -> Result<Arc<Caller>, Failure> {
        self.auth.caller(incoming.headers.find("authorization")).await.map_err(|refusal: Refusal| {
            self.metrics.refused();
            refusal.problem().into()
        })
    }

    async fn operate(
        self: &Arc<Self>,
        endpoint: Arc<Endpoint>,
        captures: &[Cow<'_, str>],
        incoming: &mut Incoming<'_>,
        (request_id, trace): (Arc<str>, Arc<str>),
    ) -> Result<Good, Failure> {
        let mut cx = CallContext::new(Arc::clone(&request_id), endpoint.deadline);
        cx.trace = Some(trace);
        if let Some(name) = incoming.ambiguous() {
            let why = format!("the request has several headers {name}");
            return Err(Problem::new(Kind::BadRequest).detail(why).into());
        }
        let caller = self.caller(incoming).await?;
        let scope = endpoint.plan.policy.scope.as_ref().map(|scope| scope.value.as_str());
        self.auth.permit(&caller, scope).inspect_err(|_| self.metrics.refused())?;
        media::acceptable(incoming.headers.find("accept"))?;
        let mut query = query::parse_with(incoming.query, |name| params::repeats(&endpoint.plan, name))?;
        let params = params::read(&endpoint.plan, captures, &mut query)?;
        let wanted = self.wanted(&endpoint, &params, &query)?;
        let page = self.page(&endpoint, &query, &wanted)?;
        let (payload, body) = self.body(&endpoint, incoming, &params).await?;
        let inputs =
            Inputs { params, body, ambient: (self.clock)(&request_id, &endpoint.timezone), page, old: None };
        let header = |name| incoming.headers.find(name).map(<[u8]>::to_vec);
        let once = endpoint.idempotency.and_then(|_| header(super::once::HEADER));
        let none_match = endpoint.plan.is_read().then(|| header("if-none-match")).flatten();
        let if_match = if endpoint.plan.is_read() { None } else { header("if-match") };
        let admitted = Admitted {
            endpoint,
            caller,
            inputs,
            wanted,
            patch: None,
            cx,
            payload,
            once,
            none_match,
            if_match,
        };
        match admitted.endpoint.plan.verb {
            // In boxes: what is rarer and larger should not make the future of every request as large as itself.
            Verb::List if admitted.endpoint.cache.is_none() => Box::pin(self.list(admitted)).await,
            Verb::Get | Verb::List => self.read(admitted).await.map(Good::from),
            _ => Box::pin(self.write(admitted)).await.map(Good::from),
        }
    }

    async fn body(
        &self,
        endpoint: &Endpoint,
        incoming: &mut Incoming<'_>,
        params: &[Value],
    ) -> Result<(Bytes, Value), Failure> {
        let Some(validator) = &endpoint.validator else {
            return match incoming.has_body() {
                false => Ok((Bytes::new(), Value::Absent)),
                true => Err(Problem::new(Kind::BadRequest).detail("the operation takes no body").into()),
            };
        };
        media::readable(incoming.headers.find("content-type"))?;
        media::plain(incoming.headers.find("content-encoding"))?;
        let payload = incoming.read(self.body_bytes_max, BODY_TIMEOUT.min(endpoint.deadline)).await?;
        let limits = JsonLimits { depth_max: BODY_DEPTH_MAX, bytes_max: self.body_bytes_max };
        let mut body = json::parse(&payload, limits).map_err(|error| {
            Problem::new(Kind::InvalidBody)
                .detail(error.message)
                .with("line", error.line)
                .with("column", error.column)
        })?;
        // What stands in the path need not be sent, so the schema is asked before it is put in.
        body::judge(&json::to_serde(&body), validator)?;
        if let Some(model) = &endpoint.model {
            params::merge(&endpoint.plan, model, params, &mut body)?;
        }
        Ok((payload, body))
    }

    async fn read(self: &Arc<Self>, admitted: Admitted) -> Result<Done, Failure> {
        let Admitted { endpoint, inputs, wanted, cx, none_match, .. } = &admitted;
        if endpoint.cache.is_none() || (endpoint.plan.verb == Verb::Get && wanted.fields.is_some()) {
            let kept = self.fetch(endpoint, inputs, wanted, cx).await;
            let kept = kept.map_err(|error| self.failure(endpoint, &error))?;
            return Ok((present(&kept, none_match.as_deref(), None), Some(Origin::Call)));
        }
        let make = || self.fetch(endpoint, inputs, wanted, cx);
        match Box::pin(self.answers.find(endpoint, inputs, wanted, cx.deadline, make)).await {
            Ok(Cached { kept, origin, age_s }) => {
                Ok((present(&kept, none_match.as_deref(), age_s), Some(origin)))
            }
            Err(error) => Err(self.failure(endpoint, &error)),
        }
    }

    /// Calls the legacy system and makes what is worth keeping of its answer.
    async fn fetch(
        &self,
        endpoint: &Arc<Endpoint>,
        inputs: &Inputs,
        wanted: &Wanted,
        cx: &CallContext,
    ) -> Result<Kept, Error> {
        if endpoint.plan.verb == Verb::List {
            // What is kept is kept whole.
            let (mut reading, _) = self.begin_list(endpoint, inputs, wanted, cx, usize::MAX).await?;
            return Ok(self.whole(endpoint, inputs, wanted, &mut reading));
        }
        let mapped = self.perform(endpoint, inputs, &wanted.listing, cx).await?;
        if !mapped.found {
            return Err(Error::new(Class::NotFound, kernel::Cause::Legacy, "there is no such thing"));
        }
        // The tag of some fields would not be that of the record, which is the one that a write asks for.
        let etag = wanted.fields.is_none().then(|| etag(mapped.fingerprint));
        Ok(Kept { json: mapped.json.into(), etag, link: None })
    }

    /// Answers a list: whole if it is short, else while it is read.
    async fn list(self: &Arc<Self>, admitted: Admitted) -> Result<Good, Failure> {
        let Admitted { endpoint, inputs, wanted, cx, none_match, .. } = admitted;
        let held_max = if endpoint.plan.page.is_some() { PAGE_HELD_MAX } else { LIST_HELD_MAX };
        let begun = self.begin_list(&endpoint, &inputs, &wanted, &cx, held_max).await;
        let (mut reading, place) = begun.map_err(|error| self.failure(&endpoint, &error))?;
        if reading.end().is_some() {
            let kept = self.whole(&endpoint, &inputs, &wanted, &mut reading);
            return Ok((present(&kept, none_match.as_deref(), None), Some(Origin::Call)).into());
        }
        let pause_max = self.called(&endpoint).map_or(endpoint.deadline, |(_, it)| it.stack.policy().timeout);
        let answer = Answer::new(endpoint.plan.success).json(Bytes::new());
        let service = Arc::clone(self);
        let rest =
            Outgoing { service, endpoint, inputs, wanted, cx, reading, _place: place, pause_max }.start();
        Ok(Good { answer, origin: Some(Origin::Call), rest: Some(rest) })
    }

    /// Calls the legacy system and reads its list, until so many bytes are held.
    async fn begin_list(
        &self,
        endpoint: &Arc<Endpoint>,
        inputs: &Inputs,
        wanted: &Wanted,
        cx: &CallContext,
        held_max: usize,
    ) -> Result<(Reading, Place), Error> {
        let (call, connected) = self.called(endpoint)?;
        let listing = &wanted.listing;
        let (body, _) = self.encode(endpoint, call, connected, inputs, listing)?;
        let backend = connected.backend()?;
        let request = Request { operation: call.operation, body, repeatable: call.repeatable };
        let paged = queries::paged(&endpoint.plan, inputs, listing);
        let (fields, ambient) = (listing.fields.as_deref(), &inputs.ambient);
        let list = ListCall { backend, request, endpoint, ambient, fields, paged, held_max };
        connected.stack.call_held(cx, &list).await
    }

    /// Encodes the request and sends it through the layers.
    pub(super) async fn perform(
        &self,
        endpoint: &Endpoint,
        inputs: &Inputs,
        listing: &Listing,
        cx: &CallContext,
    ) -> Result<Mapped, Error> {
        let (call, connected) = self.called(endpoint)?;
        let (wire, _) = self.encode(endpoint, call, connected, inputs, listing)?;
        let backend = connected.backend()?;
        let request = Request { operation: call.operation, body: wire, repeatable: call.repeatable };
        let (fields, ambient) = (listing.fields.as_deref(), &inputs.ambient);
        connected.stack.call(cx, &LegacyCall { backend, request, endpoint, ambient, fields }).await
    }

    pub(super) fn called<'s>(
        &'s self,
        endpoint: &'s Endpoint,
    ) -> Result<(&'s CallPlan, &'s Connected), Error> {
        let call = endpoint.plan.call.as_ref();
        let found = call.and_then(|call| Some((call, self.connections.get(call.connection)?.as_ref()?)));
        found.ok_or_else(|| internal("nothing is there that could be called"))
    }

    /// Returns the encoded request, and whether it changes anything as far as the mapping can tell.
    pub(super) fn encode(
        &self,
        endpoint: &Endpoint,
        call: &CallPlan,
        connected: &Connected,
        inputs: &Inputs,
        listing: &Listing,
    ) -> Result<(Wire, Changes), Error> {
        let connection = &connected.connection;
        let query = match &call.target {
            Target::Send(_) => return self.message(endpoint, call, connected, inputs),
            Target::Table(_) if endpoint.plan.is_read() => {
                queries::select(&endpoint.plan, inputs, listing).map(Some)
            }
            Target::Table(_) | Target::Own(_) => queries::write(&self.program, &endpoint.plan, inputs),
        };
        let Some(query) = query.map_err(unaskable)? else { return Ok((Wire::new(), Changes::Nothing)) };
        let wire = connection.query(&query).map_err(|error| super::place::located(error, &inputs.body))?;
        Ok((wire, Changes::Something))
    }

    /// Returns the encoded message of an operation of the catalogue.
    fn message(
        &self,
        endpoint: &Endpoint,
        call: &CallPlan,
        connected: &Connected,
        inputs: &Inputs,
    ) -> Result<(Wire, Changes), Error> {
        let built = request(&self.program, &endpoint.plan, inputs).map_err(unwritable)?;
        let encoded = connected.connection.encode(call.operation, &mut built.replay());
        let wire = encoded.map_err(|error| super::place::located(error, &inputs.body))?;
        let same = inputs.old.is_some() && !built.outcome.changed;
        Ok((wire, if same { Changes::Nothing } else { Changes::Something }))
    }

    pub(super) async fn send(
        &self,
        endpoint: &Endpoint,
        call: &CallPlan,
        connected: &Connected,
        body: Wire,
        ambient: &Ambient,
        cx: &CallContext,
    ) -> Result<Mapped, Error> {
        let backend = connected.backend()?;
        let request = Request { operation: call.operation, body, repeatable: call.repeatable };
        connected.stack.call(cx, &LegacyCall { backend, request, endpoint, ambient, fields: None }).await
    }

    /// Returns what a client gets for an error of a call.
    pub(super) fn failure(&self, endpoint: &Endpoint, error: &Error) -> Failure {
        self.failure_of(endpoint, error, endpoint.plan.call.as_ref().is_some_and(|call| call.repeatable))
    }

    /// The same for a call that may be repeated, whatever its operation says.
    pub(super) fn failure_of(&self, endpoint: &Endpoint, error: &Error, repeatable: bool) -> Failure {
        let call = endpoint.plan.call.as_ref();
        let entries = call.map_or(&[][..], |call| &self.program.connections[call.connection].errors);
        let judged = Judged { entries, repeatable };
        log(endpoint, error);
        Failure { problem: judged.problem(error), class: Some(error.class) }
    }

    fn page(&self, endpoint: &Endpoint, query: &query::Query<'_>, wanted: &Wanted) -> Result<Page, Failure> {
        let Some(paging) = &endpoint.plan.page else { return Ok(Page::default()) };
        let given = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
        Ok(page::read(paging, &self.signer, &wanted.scope, given(PAGING[0]), given(PAGING[1]))?)
    }

    /// Returns what is kept of a list that has ended.
    fn whole(&self, endpoint: &Endpoint, inputs: &Inputs, wanted: &Wanted, reading: &mut Reading) -> Kept {
        let cursor = reading.end().flatten().map(str::to_owned);
        let next = self.next_page(endpoint, inputs, wanted, cursor.as_deref());
        let json = reading.close(next.as_deref()).into();
        let link = next.map(|next| page::link(&endpoint.plan, inputs, wanted, &next));
        Kept { json, etag: None, link }
    }
}

impl Connected {
    /// Returns the backend.
    pub(super) fn backend(&self) -> Result<&dyn Backend, Error> {
        self.connection.backend().ok_or_else(|| internal("the connection cannot be called"))
    }
}

/// Whether a request changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// The record already is what the client wants.
    Nothing,
    /// It may.
    Something,
}

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub json: Bytes,
    pub etag: Option<Box<str>>,
    pub link: Option<String>,
}

impl From<Done> for Good {
    fn from((answer, origin): Done) -> Self {
        Self { answer, origin, rest: None }
    }
}

impl From<Answer> for Good {
    fn from(answer: Answer) -> Self {
        (answer, None).into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, class: None }
    }
}

impl Origin {
    /// Returns the word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Cache => "cache",
            Self::Stale => "stale",
            Self::Replay => "replay",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Returns the entity tag of a fingerprint.
pub(super) fn etag(fingerprint: u128) -> Box<str> {
    let mut text = String::with_capacity(34);
    text.push('"');
    // Sixteen digits at a time, without the machinery of formats: every answer has one.
    for half in [fingerprint >> 64, fingerprint] {
        for shift in (0..16).rev() {
            text.push(char::from(b"0123456789abcdef"[(half >> (4 * shift) & 15) as usize]));
        }
    }
    text.push('"');
    text.into()
}

fn present(kept: &Kept, none_match: Option<&[u8]>, age_s: Option<u64>) -> Answer {
    let etag = kept.etag.as_deref();
    let same = etag.zip(none_match).is_some_and(|(etag, wanted)| matches(wanted, etag));
    let mut answer = if same {
        Answer::new(Status::NotModified.code())
    } else {
        Answer::new(Status::Ok.code()).json(kept.json.clone())
    };
    if let Some(etag) = etag {
        answer = answer.header("etag", etag.to_owned());
    }
    if let Some(age_s) = age_s {
        answer = answer.header("age", age_s.to_string());
    }
    match &kept.link {
        Some(link) => answer.header("link", link.clone()),
        None => answer,
    }
}

/// RFC 9110, section 13.1.2: "A recipient MUST use the weak comparison function" for `If-None-Match`.
fn matches(wanted: &[u8], etag: &str) -> bool {
    any_tag(wanted, |tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// RFC 9110, section 13.1.1: "An origin server MUST use the strong comparison function" for `If-Match`, by which a
/// weak tag is the same as nothing.
pub(super) fn matches_strongly(wanted: &[u8], etag: &str) -> bool {
    any_tag(wanted, |tag| tag == etag)
}

/// Our tags hold no commas, so a list may be split at every one.
fn any_tag(wanted: &[u8], same: impl Fn(&str) -> bool) -> bool {
    let Ok(wanted) = std::str::from_utf8(wanted) else { return false };
    wanted.trim() == "*" || wanted.split(',').any(|tag| same(tag.trim()))
}

fn options(allow: Allow) -> Answer {
    Answer::new(Status::NoContent.code()).header("allow", allow.to_string())
}

fn other_method(allow: Allow) -> Problem {
    Problem::new(Kind::MethodNotAllowed)
        .detail("the path has other methods")
        .header("allow", allow.to_string())
}

fn unwritable(errors: Vec<WriteError>) -> Error {
    let first = errors.first().map(|error| error.pointer.clone()).unwrap_or_default();
    let list: Vec<_> =
        errors.iter().map(|error| json!({ "pointer": error.pointer, "detail": error.message })).collect();
    Error::new(
        Class::Client,
        kernel::Cause::Unwritable,
        "the legacy system cannot hold a value of the request",
    )
    .with("pointer", first)
    .with("errors", serde_json::Value::from(list))
}

/// What a table cannot be asked for, and what it cannot hold.
pub(super) fn unaskable(error: QueryError) -> Error {
    match error {
        QueryError::Body(errors) => unwritable(errors),
        QueryError::Parameter { name, message } => {
            Error::new(Class::Client, kernel::Cause::Unwritable, "a parameter cannot be asked for")
                .with("parameter", name)
                .with("why", message)
        }
    }
}

fn internal(message: &'static str) -> Error {
    Error::new(Class::Defect, kernel::Cause::Internal, message)
}

/// Errors that somebody should look at; what clients do wrong, and what they are told, is in the access log.
fn log(endpoint: &Endpoint, error: &Error) {
    let operation = &endpoint.plan.key;
    match error.class {
        Class::Client | Class::NotFound | Class::Conflict => tracing::debug!(%operation, %error, "refused"),
        Class::Poison | Class::Defect | Class::Auth => tracing::error!(%operation, %error, "call failed"),
        _ => tracing::warn!(%operation, %error, "call failed"),
    }
}
