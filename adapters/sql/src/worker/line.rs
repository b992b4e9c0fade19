//! Frames over the socket of one session.
//!
//! **Invariant.** A frame that has arrived in part stays where it is when nobody waits for it any more: the next
//! reading goes on behind it.

use adapters_sql_protocol::{Framed, HEADER_BYTES};
use bytes::{Buf as _, Bytes, BytesMut};
use std::io;
use std::os::unix::net::UnixStream as Kept;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// One end of a session's socket, bound to the runtime of who uses it.
#[derive(Debug)]
pub(crate) struct Line {
    stream: UnixStream,
    input: BytesMut,
}

/// A line that nobody uses, bound to no runtime.
#[derive(Debug)]
pub(crate) struct Quiet {
    stream: Kept,
    input: BytesMut,
}

/// Bytes that are read at once at least.
const READ_BYTES: usize = 64 << 10;
/// Bytes of the buffer that are kept for the next statement.
const KEPT_BYTES_MAX: usize = 1 << 20;

impl Line {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, input: BytesMut::new() }
    }

    /// Sends all bytes, and tells by the error how many had left.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        self.send_noting(bytes, || {}).await
    }

    /// Sends all bytes; `left` is called as soon as the first of them have left.
    ///
    /// # Cancel safety
    /// If `left` was not called when the future is dropped, nothing has left.
    pub(crate) async fn send_noting(
        &mut self,
        mut bytes: &[u8],
        left: impl Fn(),
    ) -> Result<(), (usize, io::Error)> {
        let mut sent = 0;
        while !bytes.is_empty() {
            match self.stream.write(bytes).await {
                Ok(0) => return Err((sent, io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    left();
                    sent += count;
                    bytes.advance(count);
                }
                Err(error) => return Err((sent, error)),
            }
        }
        Ok(())
    }

    /// Waits for a frame; returns its kind and its payload.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn receive(&mut self) -> io::Result<(u8, Bytes)> {
        let bad = |wrong| io::Error::new(io::ErrorKind::InvalidData, wrong);
        loop {
            let framed = Framed::peek(&self.input).map_err(bad)?;
            let wanted = framed.map_or(HEADER_BYTES, |framed| HEADER_BYTES + framed.payload_bytes);
            if let Some(framed) = framed
                && self.input.len() >= wanted
            {
                self.input.advance(HEADER_BYTES);
                return Ok((framed.kind, self.input.split_to(framed.payload_bytes).freeze()));
            }
            // A length that lies costs no more than twice what has arrived.
            let more = (wanted - self.input.len()).min(self.input.len().max(READ_BYTES));
            self.input.reserve(more.max(READ_BYTES));
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Lets go of the runtime.
    pub(crate) fn quiet(self) -> io::Result<Quiet> {
        let large = self.input.is_empty() && self.input.capacity() > KEPT_BYTES_MAX;
        let input = if large { BytesMut::new() } else { self.input };
        Ok(Quiet { stream: self.stream.into_std()?, input })
    }
}

impl Quiet {
    /// Binds it to the runtime of the caller.
    pub(crate) fn line(self) -> io::Result<Line> {
        Ok(Line { stream: UnixStream::from_std(self.stream)?, input: self.input })
    }

    /// Returns whether something has arrived that nobody asked for.
    pub(crate) fn has_input(&self) -> bool {
        !self.input.is_empty()
    }
}
