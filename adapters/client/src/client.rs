//! The client: takes or opens a connection, sends, and hands out the answer.
//!
//! **Invariant.** A second connection is tried only if not one byte left on the first.

use crate::body::BodyStream;
use crate::config::{Config, ConfigError, Limits, Tls};
use crate::connect::Connector;
use crate::fail;
use crate::head::Head;
use crate::pool::{Conn, Pool};
use crate::reply::Headers;
use crate::target::{Origin, Target};
use crate::{tls, wire};
use adapters_ports::CallContext;
use bytes::Bytes;
use kernel::{Cause, Class, Error};
use std::sync::Arc;

/// A client for one origin. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    connector: Connector,
    limits: Limits,
    pool: Arc<Pool>,
}

/// The beginning of an answer; its body may still be on its way.
#[derive(Debug)]
pub struct Response {
    /// The status, 200 to 599.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: BodyStream,
}

impl Client {
    /// Makes a client. Opens no connection and needs no runtime.
    ///
    /// # Errors
    /// Certificates or a key that cannot be used, a host that TLS cannot name.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let tls = config.origin.tls.then(|| tls::client_config(&config.tls)).transpose()?;
        let connector = Connector::new(config.origin, config.connect_timeout, tls).map_err(ConfigError)?;
        let pool = Arc::new(Pool::new(config.idle_timeout, config.idle_per_thread_max));
        Ok(Self { inner: Arc::new(Inner { connector, limits: config.limits, pool }) })
    }

    /// Serialises the part of a head that all calls of one kind share. See [`Head::new`].
    ///
    /// # Errors
    /// What HTTP cannot hold.
    pub fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Head, ConfigError> {
        Head::new(method, &self.inner.connector.origin, path, headers)
    }

    /// Sends a request and waits for the head of its answer. `fields` are headers of this try alone; the pieces of
    /// `body` are sent one behind the other.
    ///
    /// The deadline of `cx` holds, and `cx.sent` is marked with the first byte that leaves.
    ///
    /// # Errors
    /// See the table of the crate.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection that it used; nothing is sent afterwards.
    pub async fn send(
        &self,
        cx: &CallContext,
        head: &Head,
        fields: &[(&str, &str)],
        body: &[Bytes],
    ) -> Result<Response, Error> {
        self.bounded(cx, head, fields, body, true).await
    }

    /// As [`Client::send`], for a request that may be executed twice.
    ///
    /// A kept connection is used without asking the kernel whether its server has closed it since the runtime last
    /// looked, which saves a system call. No look can exclude a close that is still on its way; this makes that moment
    /// longer by one turn of the runtime. What is caught in it ends as `Ambiguous`, which for such a request is
    /// worth another try, if the caller's policy has one. Nothing is sent twice here.
    ///
    /// # Errors
    /// As for [`Client::send`].
    ///
    /// # Cancel safety
    /// As for [`Client::send`].
    pub async fn send_repeatable(
        &self,
        cx: &CallContext,
        head: &Head,
        fields: &[(&str, &str)],
        body: &[Bytes],
    ) -> Result<Response, Error> {
        self.bounded(cx, head, fields, body, false).await
    }

    async fn bounded(
        &self,
        cx: &CallContext,
        head: &Head,
        fields: &[(&str, &str)],
        body: &[Bytes],
        surely: bool,
    ) -> Result<Response, Error> {
        cx.sent.hold();
        // A connection may be ready at once; without time for an answer nothing must leave on it.
        if cx.remaining().is_zero() {
            return Err(fail::late(&cx.sent));
        }
        let deadline = tokio::time::Instant::from_std(cx.deadline);
        match tokio::time::timeout_at(deadline, self.exchange(cx, head, fields, body, surely)).await {
            Ok(result) => result,
            Err(_) => Err(fail::late(&cx.sent)),
        }
    }

    /// Returns how many unused connections are kept.
    pub fn idle(&self) -> usize {
        self.inner.pool.idle()
    }

    /// Returns whom it talks to.
    pub fn origin(&self) -> &Origin {
        &self.inner.connector.origin
    }

    async fn exchange(
        &self,
        cx: &CallContext,
        head: &Head,
        fields: &[(&str, &str)],
        body: &[Bytes],
        surely: bool,
    ) -> Result<Response, Error> {
        let body_bytes = body.iter().map(Bytes::len).sum();
        loop {
            let (mut conn, reused) = match self.inner.pool.take(surely) {
                Some(conn) => (conn, true),
                None => (Conn::new(self.inner.connector.connect().await?), false),
            };
            head.write(&mut conn.output, fields, body_bytes)?;
            match wire::write(&mut conn, body, &cx.sent).await {
                Ok(()) => return self.answer(cx, head, conn).await,
                // A kept connection that died unnoticed: nothing left, so nothing is lost.
                Err((0, _)) if reused => {}
                Err((0, error)) => {
                    return Err(fail::broken(&cx.sent, "the connection broke before the request", error));
                }
                Err((_, error)) => return self.early_answer(cx, head, conn, error).await,
            }
        }
    }

    async fn answer(&self, cx: &CallContext, head: &Head, mut conn: Conn) -> Result<Response, Error> {
        let limits = &self.inner.limits;
        let mut reply = wire::read_head(&mut conn, limits, head.bodiless, &cx.sent).await?;
        let body = BodyStream::new(conn, &mut reply, limits, &self.inner.pool);
        Ok(Response { status: reply.status, headers: reply.headers, body })
    }

    /// A server may answer and hang up before it has read all: "too large", for one. That answer counts.
    async fn early_answer(
        &self,
        cx: &CallContext,
        head: &Head,
        mut conn: Conn,
        error: std::io::Error,
    ) -> Result<Response, Error> {
        let limits = &self.inner.limits;
        let Ok(mut reply) = wire::read_head(&mut conn, limits, head.bodiless, &cx.sent).await else {
            return Err(fail::broken(&cx.sent, "the connection broke within the request", error));
        };
        reply.reusable = false;
        let body = BodyStream::new(conn, &mut reply, limits, &self.inner.pool);
        Ok(Response { status: reply.status, headers: reply.headers, body })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.inner.connector.origin)
    }
}

/// Gets a small document, such as a set of keys, with a connection of its own. Redirects are not followed.
///
/// # Errors
/// A URL or certificates that cannot be used (`Defect`), another status than 200 (`Defect`, or `Transient` where the
/// server is only busy), a document over `bytes_max`, and what [`Client::send`] says.
pub async fn get(cx: &CallContext, url: &str, tls: &Tls, bytes_max: u64) -> Result<Bytes, Error> {
    let unusable = |reason: String| {
        Error::new(Class::Defect, Cause::Internal, "the URL cannot be used").with("reason", reason)
    };
    let target = Target::parse(url).map_err(unusable)?;
    let mut config = Config::new(target.origin);
    config.tls = tls.clone();
    config.limits.body_bytes_max = bytes_max;
    config.idle_per_thread_max = 0;
    let client = Client::new(config).map_err(|error| unusable(error.0))?;
    let head = client.head("GET", &target.path, &[("Accept", "*/*")]).map_err(|error| unusable(error.0))?;
    let mut response = client.send(cx, &head, &[], &[]).await?;
    match response.status {
        200 => response.body.whole(cx).await,
        status => {
            let class = if matches!(status, 429 | 502..=504) { Class::Transient } else { Class::Defect };
            Err(Error::new(class, Cause::Legacy, "the document was not given").with("status", status))
        }
    }
}
