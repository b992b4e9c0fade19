//! Unused connections, kept per thread.
//!
//! A connection belongs to the runtime that opened it, since that runtime wakes its readers: another one does
//! not take it.
//! The lock of a shard is contended only when two threads share it, and is held for a push or a pop.
//!
//! **Invariant.** A connection is in the pool only after its last answer was read to the end, and at most once.

use crate::stream::Stream;
use bytes::BytesMut;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, Id};

/// Number of shards; threads beyond it share.
const SHARDS: usize = 32;

/// Buffers that grew beyond this are given back instead of kept.
const BUFFER_BYTES_KEPT_MAX: usize = 256 << 10;

/// A connection and its buffers.
pub(crate) struct Conn {
    pub(crate) stream: Stream,
    /// What has arrived and was not yet taken.
    pub(crate) input: BytesMut,
    /// The head of the request, built here to reuse the allocation.
    pub(crate) output: Vec<u8>,
    /// The last read filled the buffer: the answer is large.
    pub(crate) filled: bool,
    runtime: Id,
    kept_until: Instant,
}

/// Unused connections to one origin.
pub(crate) struct Pool {
    shards: Box<[Mutex<VecDeque<Conn>>]>,
    idle_timeout: Duration,
    idle_per_thread_max: usize,
}

impl Conn {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: Vec::new(),
            filled: false,
            runtime: Handle::current().id(),
            kept_until: Instant::now(),
        }
    }
}

impl Pool {
    pub(crate) fn new(idle_timeout: Duration, idle_per_thread_max: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, idle_timeout, idle_per_thread_max }
    }

    /// Takes the connection that was used last and still lives. Dead ones on the way are dropped.
    ///
    /// `surely` says how well it is looked at: see [`Stream::is_quiet`].
    pub(crate) fn take(&self, surely: bool) -> Option<Conn> {
        let runtime = Handle::current().id();
        loop {
            let conn = {
                let mut shard = self.shard();
                let index = shard.iter().rposition(|conn| conn.runtime == runtime)?;
                shard.remove(index)?
            };
            if conn.kept_until > Instant::now() && conn.stream.is_quiet(surely) {
                return Some(conn);
            }
        }
    }

    /// Keeps a connection for the next request; `told` is how long its server said that it keeps it.
    pub(crate) fn put(&self, mut conn: Conn, told: Option<Duration>) {
        let now = Instant::now();
        let keep = told.map_or(self.idle_timeout, |told| told.min(self.idle_timeout));
        conn.kept_until = now + keep;
        if !conn.input.is_empty() || keep.is_zero() {
            return;
        }
        conn.filled = false;
        if conn.input.capacity() > BUFFER_BYTES_KEPT_MAX {
            conn.input = BytesMut::new();
        }
        if conn.output.capacity() > BUFFER_BYTES_KEPT_MAX {
            conn.output = Vec::new();
        }
        // Closing is a system call, so what is dropped is dropped without the lock.
        let mut dropped = None;
        let mut expired = Vec::new();
        {
            let mut shard = self.shard();
            while shard.front().is_some_and(|oldest| oldest.kept_until <= now) {
                expired.extend(shard.pop_front());
            }
            if shard.len() < self.idle_per_thread_max {
                shard.push_back(conn);
            } else {
                dropped = Some(conn);
            }
        }
        drop((dropped, expired));
    }

    /// Returns how many connections are kept.
    pub(crate) fn idle(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self) -> std::sync::MutexGuard<'_, VecDeque<Conn>> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
        }
        lock(&self.shards[SHARD.with(|shard| *shard)])
    }
}

fn lock(shard: &Mutex<VecDeque<Conn>>) -> std::sync::MutexGuard<'_, VecDeque<Conn>> {
    // A push or a pop that panicked leaves the queue whole.
    shard.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
