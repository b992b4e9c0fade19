//! The server: actix-web with one catch-all, graceful end, access log.
//!
//! **Invariant.** Routing, limits and answers are the service's; here a request is only taken apart and an answer put together.

use super::answer::Answer;
use crate::service::{Content, Incoming, Responded, Service};
use crate::telemetry::{Access, Log};
use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::header::{HeaderName, HeaderValue, InvalidHeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{App, HttpResponse, HttpResponseBuilder, HttpServer, body};
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::borrow::Cow;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Longest path and query.
const TARGET_BYTES_MAX: usize = 16 << 10;
/// Connections per worker.
const CONNECTIONS_MAX: usize = 25_000;
/// Time for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The id under which logs show a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How the server runs.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Threads that serve.
    pub workers: usize,
    /// How long a connection without requests stays open.
    pub keep_alive: Duration,
    /// Time between the signal and the end of listening, in which load balancers see that the node is not ready.
    pub drain: Duration,
    /// Time for requests under way after that.
    pub grace: Duration,
    /// Whether requests are logged.
    pub access_log: bool,
}

/// The service that serves now; a reload puts another one in its place.
pub type Current = Arc<ArcSwap<Service>>;

/// Serves until the process is asked to end, then finishes what is under way.
///
/// # Errors
/// The server cannot run.
pub async fn serve(
    current: Current,
    listener: TcpListener,
    options: ServerOptions,
    log: Log,
) -> std::io::Result<()> {
    let log = options.access_log.then_some(log);
    let serving = Arc::clone(&current);
    let factory = move || {
        let (current, log) = (Arc::clone(&serving), log.clone());
        App::new().default_service(fn_service(move |request: ServiceRequest| {
            let (service, log) = (current.load_full(), log.clone());
            async move { Ok::<_, actix_web::Error>(handle(service, log, request).await) }
        }))
    };
    let server = HttpServer::new(factory)
        .workers(options.workers)
        .keep_alive(options.keep_alive)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(Duration::from_secs(1))
        // Who closes its side has gone: what is read for it is given up. A write goes on, on its own.
        .h1_allow_half_closed(false)
        .shutdown_timeout(options.grace.as_secs().max(1))
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    let (drain, grace) = (options.drain, options.grace);
    tokio::spawn(async move {
        asked_to_end().await;
        tracing::info!("asked to end: requests under way are finished");
        current.load().drain();
        tokio::time::sleep(drain).await;
        // A write runs on a thread that serves, which ends with its last connection, and nobody is connected to these.
        handle.pause().await;
        current.load_full().finish(grace).await;
        handle.stop(true).await;
    });
    server.await
}

async fn handle(service: Arc<Service>, log: Option<Log>, request: ServiceRequest) -> ServiceResponse {
    let start = Instant::now();
    let (request, payload) = request.into_parts();
    let in_flight = service.metrics.enter();
    let uri = request.uri();
    let incoming = Incoming {
        method: request.method().as_str(),
        // A path that nobody could have written leads to nothing.
        path: if fits(uri) { uri.path() } else { "" },
        query: uri.query().unwrap_or(""),
        headers: request.headers(),
        content: Content::Stream(payload),
    };
    let responded = service.respond(incoming).await;
    drop(in_flight);
    let took = start.elapsed();
    service.metrics.answered(responded.route, responded.answer.status(), took);
    if let Some(log) = log {
        access(&service, &log, &request, &responded, took);
    }
    let response = match responded.rest {
        None => respond(&responded.answer, &responded.request_id).body(responded.answer.bytes().clone()),
        // Nobody knows how long it will be, and nobody wants it.
        Some(_) if request.method() == Method::HEAD => {
            respond(&responded.answer, &responded.request_id).body(body::None::new())
        }
        Some(rest) => respond(&responded.answer, &responded.request_id).streaming(rest),
    };
    ServiceResponse::new(request, response)
}

fn fits(uri: &actix_web::http::Uri) -> bool {
    uri.path().len() + uri.query().map_or(0, str::len) <= TARGET_BYTES_MAX
}

/// Returns an answer but for its body.
fn respond(answer: &Answer, request_id: &str) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(answer.status()).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers() {
        // A text of the legacy system that is no header value is left out rather than cut.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(&**name), header(value)) {
            response.append_header((name, value));
        }
    }
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.insert_header((REQUEST_ID, id));
    }
    response
}

/// The value of a header; one that is the same for all answers is not copied.
#[expect(clippy::ptr_arg, reason = "whether it is borrowed decides")]
fn header(value: &Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    match value {
        Cow::Borrowed(fixed) => HeaderValue::from_maybe_shared(Bytes::from_static(fixed.as_bytes())),
        Cow::Owned(text) => HeaderValue::try_from(text),
    }
}

fn access(
    service: &Service,
    log: &Log,
    request: &actix_web::HttpRequest,
    responded: &Responded,
    took: Duration,
) {
    let route = responded.route.and_then(|number| service.program().operations.get(number));
    // A method that no route has may be any text of the client's.
    let method = crate::http::router::Method::of(request.method().as_str());
    log.access(&Access {
        method: method.map_or("", crate::http::router::Method::name),
        route: route.map_or("", |operation| &operation.template),
        status: responded.answer.status(),
        problem: responded.problem.as_deref(),
        class: responded.class.map(kernel::Class::name),
        origin: responded.origin.map(crate::service::Origin::name),
        took,
        request_id: &responded.request_id,
        trace_id: crate::ids::trace_id(&responded.trace),
    });
}

async fn asked_to_end() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
