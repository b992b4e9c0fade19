//! Where a body ends: by length, by chunks, or with the connection.
//!
//! **Invariant.** Bytes behind the end of a body are never told as part of it.

use crate::fail;
use bytes::{Buf, Bytes, BytesMut};
use kernel::Error;

/// Longest line that tells the size of a chunk, with its extensions.
const SIZE_LINE_BYTES_MAX: usize = 256;

/// Where a body ends.
#[derive(PartialEq, Eq)]
pub(crate) enum Framing {
    /// After so many bytes.
    Length { left: u64 },
    /// By chunks.
    Chunked { state: Chunk, trailer_bytes_left: usize },
    /// With the connection.
    UntilClose,
}

/// What comes next in a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    Size,
    Data { left: u64 },
    DataEnd,
    Trailer,
    Done,
}

/// What the input held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A piece of the body.
    Data(Bytes),
    /// Nothing yet; more input is needed.
    Wait,
    /// The body has ended.
    End,
}

impl Framing {
    pub(crate) fn length(left: u64) -> Self {
        Self::Length { left }
    }

    pub(crate) fn chunked(trailer_bytes_max: usize) -> Self {
        Self::Chunked { state: Chunk::Size, trailer_bytes_left: trailer_bytes_max }
    }

    /// Takes the next piece from the input.
    ///
    /// # Errors
    /// `Poison`: chunks that break the grammar, a line or trailers over their limit.
    pub(crate) fn step(&mut self, input: &mut BytesMut) -> Result<Step, Error> {
        match self {
            Self::Length { left: 0 } => Ok(Step::End),
            Self::Length { left } => Ok(take(input, left).map_or(Step::Wait, Step::Data)),
            Self::UntilClose if input.is_empty() => Ok(Step::Wait),
            Self::UntilClose => Ok(Step::Data(input.split().freeze())),
            Self::Chunked { state, trailer_bytes_left } => chunked(state, trailer_bytes_left, input),
        }
    }

    /// Returns whether at most so many bytes can be left, as far as is known.
    pub(crate) fn may_end_within(&self, bytes: u64) -> bool {
        match self {
            Self::Length { left } => *left <= bytes,
            Self::Chunked { state: Chunk::Data { left }, .. } => *left <= bytes,
            Self::Chunked { .. } => true,
            Self::UntilClose => false,
        }
    }

    /// Returns whether a body may end where the connection ends.
    pub(crate) fn ends_with_connection(&self) -> bool {
        matches!(self, Self::UntilClose)
    }
}

impl std::fmt::Debug for Framing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length { left } => write!(f, "Length({left})"),
            Self::Chunked { .. } => f.write_str("Chunked"),
            Self::UntilClose => f.write_str("UntilClose"),
        }
    }
}

fn take(input: &mut BytesMut, left: &mut u64) -> Option<Bytes> {
    let length = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
    if length == 0 {
        return None;
    }
    *left -= length as u64;
    Some(input.split_to(length).freeze())
}

/// Source: RFC 9112, section 7.1. Lines end with CR LF and nothing else.
fn chunked(state: &mut Chunk, trailer_bytes_left: &mut usize, input: &mut BytesMut) -> Result<Step, Error> {
    loop {
        match state {
            Chunk::Size => {
                let Some(length) = line(input, SIZE_LINE_BYTES_MAX)? else { return Ok(Step::Wait) };
                let size = size(&input[..length])?;
                input.advance(length + 2);
                *state = if size == 0 { Chunk::Trailer } else { Chunk::Data { left: size } };
            }
            Chunk::Data { left: 0 } => *state = Chunk::DataEnd,
            Chunk::Data { left } => return Ok(take(input, left).map_or(Step::Wait, Step::Data)),
            Chunk::DataEnd => match input.get(..2) {
                Some(b"\r\n") => {
                    input.advance(2);
                    *state = Chunk::Size;
                }
                None if input.is_empty() || input.first() == Some(&b'\r') => return Ok(Step::Wait),
                _ => return Err(fail::contract("a chunk of the answer does not end where it said")),
            },
            Chunk::Trailer => {
                let Some(length) = line(input, *trailer_bytes_left)? else { return Ok(Step::Wait) };
                input.advance(length + 2);
                *trailer_bytes_left = trailer_bytes_left.saturating_sub(length + 2);
                if length == 0 {
                    *state = Chunk::Done;
                }
            }
            Chunk::Done => return Ok(Step::End),
        }
    }
}

/// Returns the length of the line at the beginning, without its end, once it is complete.
fn line(input: &[u8], bytes_max: usize) -> Result<Option<usize>, Error> {
    let window = &input[..input.len().min(bytes_max + 2)];
    match window.iter().position(|byte| *byte == b'\n') {
        Some(end) if end > 0 && window[end - 1] == b'\r' => Ok(Some(end - 1)),
        Some(_) => Err(fail::contract("a line between chunks of the answer does not end with CR LF")),
        None if window.len() == bytes_max + 2 => {
            Err(fail::over("a line between chunks of the answer is too long", bytes_max as u64))
        }
        None => Ok(None),
    }
}

/// Reads hex digits up to the end or an extension, which is passed over.
fn size(line: &[u8]) -> Result<u64, Error> {
    let bad = || fail::contract("the size of a chunk of the answer is no number");
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = line.get(digits..).unwrap_or_default().trim_ascii_start();
    // 15 digits are a petabyte: enough, and no overflow.
    if digits == 0 || digits > 15 || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(bad());
    }
    let text = line.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(bad)?;
    u64::from_str_radix(text, 16).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a chunked body in pieces of one size; returns what was told and what was left over.
    fn run(wire: &[u8], piece: usize) -> Result<(Vec<u8>, usize), String> {
        let mut framing = Framing::chunked(64);
        let (mut input, mut out) = (BytesMut::new(), Vec::new());
        let mut pieces = wire.chunks(piece);
        loop {
            match framing.step(&mut input).map_err(|error| error.to_string())? {
                Step::Data(data) => out.extend_from_slice(&data),
                Step::End => return Ok((out, input.len() + pieces.map(<[u8]>::len).sum::<usize>())),
                Step::Wait => match pieces.next() {
                    Some(piece) => input.extend_from_slice(piece),
                    None => return Err("wait".to_owned()),
                },
            }
        }
    }

    fn check(wire: &str, expected: Result<(&str, usize), &str>) {
        for piece in [1, 2, 3, 7, 4096] {
            match (run(wire.as_bytes(), piece), expected) {
                (Ok((out, left)), Ok((text, rest))) => {
                    assert_eq!((out.as_slice(), left), (text.as_bytes(), rest), "{wire:?} by {piece}");
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{wire:?} by {piece}: {error}"),
                (found, expected) => panic!("{wire:?} by {piece}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn chunks_are_joined_and_what_follows_is_left_alone() {
        check("3\r\nabc\r\n0\r\n\r\n", Ok(("abc", 0)));
        check("3;x=\"y\"\r\nabc\r\n02 ;z\r\nde\r\n0\r\nT: 1\r\nU: 2\r\n\r\nHTTP", Ok(("abcde", 4)));
        check("0\r\n\r\n", Ok(("", 0)));
        check("3\r\nabc\r\n0\r\n", Err("wait"));
        check("3\r\nab", Err("wait"));
        check("3\r\nabcd\r\n0\r\n\r\n", Err("does not end where it said"));
        check("3\nabc\r\n0\r\n\r\n", Err("CR LF"));
        check("\r\nabc", Err("no number"));
        check("-3\r\nabc", Err("no number"));
        check("0x3\r\nabc", Err("no number"));
        check("3 3\r\nabc", Err("no number"));
        check("1000000000000000\r\nabc", Err("no number"));
        check(&format!("3;{}\r\nabc", "x".repeat(400)), Err("too long"));
        check(&format!("0\r\nT: {}\r\n\r\n", "x".repeat(80)), Err("too long"));
        check(&format!("0\r\n{}\r\n", "T: 1234567\r\n".repeat(9)), Err("too long"));
    }
}
