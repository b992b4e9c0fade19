//! A small HTTP/1.1 server for tests and the demo, which can be slow, rude or absent.
//!
//! **Invariant.** It listens on the loopback address only and stops when it is dropped.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request that arrived in full.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Header names in lower case; of equal ones the last.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers beside `Content-Length` and `Connection`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it is sent.
    pub behaviour: Behaviour,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// At once.
    #[default]
    Prompt,
    /// After a pause.
    After(Duration),
    /// Not at all: the connection is reset after the request was read.
    Reset,
    /// Not at all: the connection stays open and silent.
    Silence,
    /// The first half of the body, then the connection is closed.
    Half,
}

/// Makes answers. Called once per request, in any order.
pub type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A running server.
pub struct Server {
    address: SocketAddr,
    hits: Arc<AtomicU64>,
    frozen: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// Largest head and body that a fake reads, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
const BODY_BYTES_MAX: usize = 64 << 20;

impl Server {
    /// Starts a server on a port; 0 takes a free one.
    ///
    /// # Errors
    /// The port cannot be had.
    pub async fn start(port: u16, handler: Arc<Handler>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let hits = Arc::new(AtomicU64::new(0));
        let frozen = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(accept(listener, handler, Arc::clone(&hits), Arc::clone(&frozen)));
        Ok(Self { address, hits, frozen, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests arrived in full.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::SeqCst)
    }

    /// Makes it answer nothing, as a process that was stopped, or answer again.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

impl Request {
    /// Returns the part of the target before `?`.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// Returns a query parameter, undecoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }
}

impl Reply {
    /// Returns an answer with a media type.
    pub fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Self { status, headers, body: body.into(), behaviour: Behaviour::Prompt }
    }

    /// Returns the same answer, sent in another way.
    #[must_use]
    pub fn sent(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }
}

/// Returns whether these bytes are a whole request, its body included.
pub fn is_whole(bytes: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(length)) = head.parse(bytes) else { return false };
    let body = head.headers.iter().map(header).find(|(name, _)| name == "content-length");
    bytes.len() - length >= body.map_or(0, |(_, text)| text.parse().unwrap_or(0))
}

async fn accept(listener: TcpListener, handler: Arc<Handler>, hits: Arc<AtomicU64>, frozen: Arc<AtomicBool>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (handler, hits, frozen) = (Arc::clone(&handler), Arc::clone(&hits), Arc::clone(&frozen));
        connections.spawn(async move {
            // A client that goes away is no event for a fake.
            drop(serve(stream, handler, hits, frozen).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    mut stream: TcpStream,
    handler: Arc<Handler>,
    hits: Arc<AtomicU64>,
    frozen: Arc<AtomicBool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = Vec::with_capacity(4096);
    while let Some(request) = read_request(&mut stream, &mut input).await? {
        while frozen.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        hits.fetch_add(1, Ordering::SeqCst);
        let reply = handler(&request);
        if !send(&mut stream, &reply).await? {
            return Ok(());
        }
    }
    Ok(())
}

async fn read_request(stream: &mut TcpStream, input: &mut Vec<u8>) -> io::Result<Option<Request>> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        match head.parse(input) {
            Ok(httparse::Status::Complete(length)) => {
                let mut request = Request {
                    method: head.method.unwrap_or("").to_owned(),
                    target: head.path.unwrap_or("").to_owned(),
                    headers: head.headers.iter().map(header).collect(),
                    body: Vec::new(),
                };
                input.drain(..length);
                request.body = read_body(stream, input, &request).await?;
                return Ok(Some(request));
            }
            Ok(httparse::Status::Partial) if input.len() < HEAD_BYTES_MAX => {
                if stream.read_buf(input).await? == 0 {
                    return Ok(None);
                }
            }
            _ => return Err(io::Error::other("a head that is no HTTP")),
        }
    }
}

fn header(header: &httparse::Header<'_>) -> (String, String) {
    (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned())
}

async fn read_body(stream: &mut TcpStream, input: &mut Vec<u8>, request: &Request) -> io::Result<Vec<u8>> {
    let length = request.headers.get("content-length").map_or(Ok(0), |text| text.parse::<usize>());
    let length = length.map_err(io::Error::other)?;
    if length > BODY_BYTES_MAX {
        return Err(io::Error::other("a body larger than a fake reads"));
    }
    if request.headers.contains_key("expect") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while input.len() < length {
        if stream.read_buf(input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(input.drain(..length).collect())
}

/// Sends an answer; says whether the connection goes on.
async fn send(stream: &mut TcpStream, reply: &Reply) -> io::Result<bool> {
    match reply.behaviour {
        Behaviour::Prompt | Behaviour::Half => {}
        Behaviour::After(pause) => tokio::time::sleep(pause).await,
        Behaviour::Silence => std::future::pending::<()>().await,
        Behaviour::Reset => {
            stream.set_zero_linger()?;
            return Ok(false);
        }
    }
    let mut out = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status)).into_bytes();
    for (name, value) in &reply.headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", reply.body.len()).as_bytes());
    let half = reply.behaviour == Behaviour::Half;
    out.extend_from_slice(if half { &reply.body[..reply.body.len() / 2] } else { &reply.body });
    stream.write_all(&out).await?;
    Ok(!half)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        404 => "Not Found",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
