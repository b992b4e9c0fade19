//! The body of an answer, piece by piece.
//!
//! **Invariant.** An end is told only where the framing says that it is: a cut-off body is an error.

use crate::config::Limits;
use crate::drain;
use crate::fail;
use crate::framing::{Framing, Step};
use crate::gzip::Gunzip;
use crate::pool::{Conn, Pool};
use crate::reply::ReplyHead;
use crate::wire;
use adapters_ports::CallContext;
use bytes::{Bytes, BytesMut};
use kernel::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What packed bytes may exceed the limit of unpacked ones by: a packed stream can be longer than its content.
const PACKED_EXCESS_BYTES: u64 = 64 << 10;

/// A body that may still be on its way.
///
/// Read to its end, it gives its connection back for the next request.
/// Dropped before, it closes it, unless the rest is small and comes soon: whoever has read what it needs does not wait
/// for the end of the message, and many servers send that in a packet of its own.
pub struct BodyStream {
    /// Until the framing has ended.
    conn: Option<Conn>,
    pool: Arc<Pool>,
    /// Whether and for how long the connection may be kept.
    keep: Option<Option<Duration>>,
    framing: Framing,
    /// A step that was taken early, to notice the end together with the last piece.
    ahead: Option<Step>,
    gunzip: Option<Gunzip>,
    state: State,
    bytes_max: u64,
    arrived_bytes: u64,
    told_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// The framing has ended; packed content may be left.
    Arrived,
    Ended,
    Failed,
}

impl BodyStream {
    pub(crate) fn new(conn: Conn, head: &mut ReplyHead, limits: &Limits, pool: &Arc<Pool>) -> Self {
        let framing = std::mem::replace(&mut head.framing, Framing::length(0));
        let mut body = Self {
            conn: Some(conn),
            pool: Arc::clone(pool),
            keep: head.reusable.then_some(head.kept_for),
            framing,
            ahead: None,
            gunzip: head.gzip.then(Gunzip::new),
            state: State::Running,
            bytes_max: limits.body_bytes_max,
            arrived_bytes: 0,
            told_bytes: 0,
        };
        if body.framing == Framing::length(0) {
            body.arrived();
        }
        body
    }

    /// Waits for the next piece; nothing at the end.
    ///
    /// # Errors
    /// `Ambiguous` if the body is cut off or does not come before the deadline of `cx`; `Poison` if it breaks HTTP,
    /// is no gzip although it says so, or is larger than the limit. After an error it only gives errors.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped; the next call goes on.
    pub async fn chunk(&mut self, cx: &CallContext) -> Result<Option<Bytes>, Error> {
        loop {
            match self.ready() {
                Ok(Some(piece)) => return Ok(Some(piece)),
                Ok(None) if self.state == State::Ended => return Ok(None),
                Ok(None) => {}
                Err(error) => return Err(self.failed(error)),
            }
            if let Err(error) = self.fill(cx).await {
                return Err(self.failed(error));
            }
        }
    }

    /// Reads the rest of the body into one piece. No copy if it arrived in one.
    ///
    /// # Errors
    /// As for [`BodyStream::chunk`].
    pub async fn whole(&mut self, cx: &CallContext) -> Result<Bytes, Error> {
        let Some(first) = self.chunk(cx).await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk(cx).await? else { return Ok(first) };
        let mut all = BytesMut::from(&first[..]);
        all.extend_from_slice(&second);
        while let Some(piece) = self.chunk(cx).await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// Returns how many bytes were told so far, after decompression.
    pub fn bytes_read(&self) -> u64 {
        self.told_bytes
    }

    /// Tells what is there without waiting.
    fn ready(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(piece) = self.unpack()? {
                return self.tell(piece).map(Some);
            }
            if self.state != State::Running {
                return self.after_arrival();
            }
            match self.step()? {
                Step::Data(piece) if self.gunzip.is_none() => return self.tell(piece).map(Some),
                Step::Data(piece) => {
                    if let Some(gunzip) = &mut self.gunzip {
                        gunzip.push(piece);
                    }
                }
                Step::Wait => return Ok(None),
                Step::End => self.arrived(),
            }
        }
    }

    fn after_arrival(&mut self) -> Result<Option<Bytes>, Error> {
        if self.state == State::Failed {
            return Err(fail::lost("the answer has failed before"));
        }
        let rest = match (&mut self.gunzip, self.state) {
            (Some(gunzip), State::Arrived) => gunzip.finish().map_err(not_gzip)?,
            _ => None,
        };
        self.state = State::Ended;
        rest.map(|piece| self.tell(piece)).transpose()
    }

    fn step(&mut self) -> Result<Step, Error> {
        if let Some(step) = self.ahead.take() {
            return Ok(step);
        }
        let Some(conn) = &mut self.conn else { return Ok(Step::End) };
        let step = self.framing.step(&mut conn.input)?;
        if let Step::Data(piece) = &step {
            self.arrived_bytes += piece.len() as u64;
            if self.arrived_bytes > self.bytes_max.saturating_add(PACKED_EXCESS_BYTES) {
                return Err(fail::over("the answer is too large", self.bytes_max));
            }
            // With the last piece in hand the connection can go back, before anybody asks for more.
            match self.framing.step(&mut conn.input)? {
                Step::End => self.arrived(),
                Step::Data(next) => {
                    self.arrived_bytes += next.len() as u64;
                    self.ahead = Some(Step::Data(next));
                }
                Step::Wait => {}
            }
        }
        Ok(step)
    }

    fn unpack(&mut self) -> Result<Option<Bytes>, Error> {
        self.gunzip.as_mut().map_or(Ok(None), |gunzip| gunzip.pull().map_err(not_gzip))
    }

    fn tell(&mut self, piece: Bytes) -> Result<Bytes, Error> {
        self.told_bytes += piece.len() as u64;
        if self.told_bytes > self.bytes_max {
            return Err(fail::over("the answer is too large", self.bytes_max));
        }
        Ok(piece)
    }

    async fn fill(&mut self, cx: &CallContext) -> Result<(), Error> {
        let Some(conn) = &mut self.conn else { return Err(fail::lost("the answer has failed before")) };
        let deadline = tokio::time::Instant::from_std(cx.deadline);
        match tokio::time::timeout_at(deadline, wire::read(conn)).await {
            Err(_) => Err(fail::slow_body()),
            Ok(Ok(0)) if self.framing.ends_with_connection() => {
                self.arrived();
                Ok(())
            }
            Ok(Ok(0)) => Err(fail::lost("the connection ended before the answer did")),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(fail::lost("the connection broke within the answer").because(error)),
        }
    }

    /// The framing has ended: the connection is free.
    fn arrived(&mut self) {
        self.state = State::Arrived;
        if let (Some(conn), Some(told)) = (self.conn.take(), self.keep) {
            self.pool.put(conn, told);
        }
    }

    fn failed(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        self.conn = None;
        self.ahead = None;
        self.gunzip = None;
        error
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        if self.state != State::Running {
            return;
        }
        if let (Some(conn), Some(told)) = (self.conn.take(), self.keep) {
            let framing = std::mem::replace(&mut self.framing, Framing::length(0));
            drain::begin(conn, framing, Arc::clone(&self.pool), told);
        }
    }
}

impl std::fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BodyStream({:?}, {} bytes told)", self.framing, self.told_bytes)
    }
}

fn not_gzip(error: io::Error) -> Error {
    fail::contract("the answer says that it is gzip and is not").because(error)
}
