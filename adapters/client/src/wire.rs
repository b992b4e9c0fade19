//! Writes a request and reads the head of its answer.
//!
//! **Invariant.** How many bytes have left is known at every moment, also when a future is dropped.

use crate::config::Limits;
use crate::fail;
use crate::pool::Conn;
use crate::reply::{self, ReplyHead};
use adapters_ports::Sent;
use bytes::Bytes;
use kernel::Error;
use std::io::{self, IoSlice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The size of a read. One that fills it makes the next one larger.
const READ_BYTES: usize = 8 << 10;
const READ_BYTES_MAX: usize = 64 << 10;

/// Pieces that one system call writes at most.
const PIECES_MAX: usize = 16;

/// Most interim answers (`1xx`) before the answer.
const INTERIM_MAX: u32 = 8;

/// Writes head and body, in one system call if the socket takes it. `Err` tells how many bytes had left.
///
/// # Cancel safety
/// `sent` is marked as soon as a byte has left, before the future can be dropped.
pub(crate) async fn write(conn: &mut Conn, body: &[Bytes], sent: &Sent) -> Result<(), (usize, io::Error)> {
    let total = conn.output.len() + body.iter().map(Bytes::len).sum::<usize>();
    let mut done = 0;
    while done < total {
        let mut pieces = [IoSlice::new(&[]); PIECES_MAX];
        let count = gather(&mut pieces, &conn.output, body, done);
        match conn.stream.write_vectored(&pieces[..count]).await {
            Ok(0) => return Err((done, io::ErrorKind::WriteZero.into())),
            Ok(written) => {
                sent.mark();
                done += written;
            }
            Err(error) => return Err((done, error)),
        }
    }
    conn.stream.flush().await.map_err(|error| (done, error))
}

/// Collects what is left of head and body after `done` bytes; returns the number of pieces.
fn gather<'a>(pieces: &mut [IoSlice<'a>], head: &'a [u8], body: &'a [Bytes], mut done: usize) -> usize {
    let mut count = 0;
    for piece in std::iter::once(head).chain(body.iter().map(|piece| &piece[..])) {
        let rest = piece.get(done.min(piece.len())..).unwrap_or_default();
        done = done.saturating_sub(piece.len());
        if !rest.is_empty() && count < pieces.len() {
            pieces[count] = IoSlice::new(rest);
            count += 1;
        }
    }
    count
}

/// Reads once; 0 is the end.
///
/// # Cancel safety
/// Nothing is lost when the future is dropped.
pub(crate) async fn read(conn: &mut Conn) -> io::Result<usize> {
    // A buffer that the last read filled was too small for this answer.
    let wanted = if conn.filled { READ_BYTES_MAX } else { READ_BYTES };
    if conn.input.capacity() - conn.input.len() < wanted / 2 {
        conn.input.reserve(wanted);
    }
    let room = conn.input.capacity() - conn.input.len();
    let count = conn.stream.read_buf(&mut conn.input).await?;
    conn.filled = count == room;
    Ok(count)
}

/// Reads the head of the answer; interim answers are passed over.
///
/// # Errors
/// See the table of the crate.
pub(crate) async fn read_head(
    conn: &mut Conn,
    limits: &Limits,
    bodiless: bool,
    sent: &Sent,
) -> Result<ReplyHead, Error> {
    let mut interim = 0;
    let mut unseen = 0;
    loop {
        reply::skip_empty_lines(&mut conn.input);
        while worth_parsing(&conn.input, unseen) {
            let Some(head) = reply::take(&mut conn.input, limits, bodiless)? else { break };
            match head.status {
                101 => return Err(fail::contract("the server changed the protocol unasked")),
                100..=199 if interim == INTERIM_MAX => {
                    return Err(fail::over("too many interim answers", u64::from(INTERIM_MAX)));
                }
                100..=199 => (interim, unseen) = (interim + 1, 0),
                200..=599 => return Ok(head),
                _ => {
                    return Err(
                        fail::contract("the status of the answer is none").with("status", head.status)
                    );
                }
            }
        }
        unseen = conn.input.len();
        match read(conn).await {
            Ok(0) if conn.input.is_empty() => {
                return Err(fail::lost("the connection was closed without an answer"));
            }
            Ok(0) => return Err(fail::lost("the connection was closed within the head of the answer")),
            Ok(_) => {}
            Err(error) => return Err(fail::broken(sent, "the connection broke before an answer", error)),
        }
    }
}

/// The first bytes are parsed at once, so that what is no HTTP is noticed early; later only a line that is empty or
/// a size over every limit is, since parsing anew for each byte of a slow head would be quadratic.
fn worth_parsing(input: &[u8], unseen: usize) -> bool {
    if input.is_empty() {
        return false;
    }
    let fresh = input.get(unseen.saturating_sub(3)..).unwrap_or_default();
    let ends = |window: &[u8]| window.starts_with(b"\n\n") || window.starts_with(b"\n\r\n");
    unseen == 0 || (0..fresh.len()).any(|at| ends(&fresh[at..])) || input.len() / 4096 != unseen / 4096
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_gathered_from_any_point() {
        let body = [Bytes::from_static(b"cde"), Bytes::new(), Bytes::from_static(b"f")];
        for done in 0..=6 {
            let mut pieces = [IoSlice::new(&[]); 4];
            let count = gather(&mut pieces, b"ab", &body, done);
            let text: Vec<u8> = pieces[..count].iter().flat_map(|piece| piece.to_vec()).collect();
            assert_eq!(text, b"abcdef"[done..]);
        }
        let mut two = [IoSlice::new(&[]); 2];
        assert_eq!(gather(&mut two, b"ab", &body, 0), 2);
    }
}
