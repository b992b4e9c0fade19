//! A peer of any protocol over TCP, that does what a script says on each connection.
//!
//! **Invariant.** It knows no protocol: what a whole request is, it is told; it counts what it gets.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// One step of a script. Behind the last one the connection stays open and silent.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads until a whole request is there.
    Read,
    /// Sends bytes at once.
    Send(Vec<u8>),
    /// Sends bytes in pieces of a size, with a pause behind each.
    Trickle(Vec<u8>, usize, Duration),
    /// Closes the connection.
    Close,
    /// Closes the connection by a reset.
    Reset,
}

/// Says whether these bytes are a whole request.
pub type Whole = fn(&[u8]) -> bool;

/// A running peer. It stops when it is dropped.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// Bytes that are kept of what it got.
const RECEIVED_BYTES_MAX: usize = 1 << 20;

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    ended: AtomicU64,
    bytes: AtomicU64,
    received: Mutex<Vec<u8>>,
}

impl Peer {
    /// Starts a peer that follows the script on each connection.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(whole: Whole, script: Vec<Step>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(accept(listener, whole, script.into(), Arc::clone(&counts)));
        Ok(Self { address, counts, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it accepted so far.
    pub fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// How many connections neither side has closed.
    pub fn open(&self) -> u64 {
        self.accepted() - self.counts.ended.load(Ordering::SeqCst)
    }

    /// How many bytes it got in all.
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::SeqCst)
    }

    /// The bytes that it got, in the order in which they came, up to a MiB.
    pub fn received(&self) -> Vec<u8> {
        self.counts.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, whole: Whole, script: Arc<[Step]>, counts: Arc<Counts>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        counts.accepted.fetch_add(1, Ordering::SeqCst);
        let (script, counts) = (Arc::clone(&script), Arc::clone(&counts));
        connections.spawn(async move {
            // A client that goes away is no event for a fake.
            drop(follow(stream, whole, &script, &counts).await);
            counts.ended.fetch_add(1, Ordering::SeqCst);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn follow(mut stream: TcpStream, whole: Whole, script: &[Step], counts: &Counts) -> io::Result<()> {
    stream.set_nodelay(true)?;
    for step in script {
        match step {
            Step::Read => {
                let mut request = Vec::new();
                while !whole(&request) {
                    if read(&mut stream, &mut request, counts).await? == 0 {
                        return Ok(());
                    }
                }
            }
            Step::Send(bytes) => stream.write_all(bytes).await?,
            Step::Trickle(bytes, size, pause) => {
                for piece in bytes.chunks(*size) {
                    stream.write_all(piece).await?;
                    tokio::time::sleep(*pause).await;
                }
            }
            Step::Close => return stream.shutdown().await,
            Step::Reset => return stream.set_zero_linger(),
        }
    }
    let mut rest = Vec::new();
    while read(&mut stream, &mut rest, counts).await? > 0 {
        rest.clear();
    }
    Ok(())
}

async fn read(stream: &mut TcpStream, into: &mut Vec<u8>, counts: &Counts) -> io::Result<usize> {
    let count = stream.read_buf(into).await?;
    counts.bytes.fetch_add(count as u64, Ordering::SeqCst);
    let mut received = counts.received.lock().unwrap_or_else(PoisonError::into_inner);
    let room = RECEIVED_BYTES_MAX - received.len();
    received.extend_from_slice(&into[into.len() - count..][..count.min(room)]);
    Ok(count)
}
