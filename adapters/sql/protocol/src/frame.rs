//! A frame: its length, its kind, its payload.
//!
//! **Invariant.** A header that announces more than [`FRAME_BYTES_MAX`] is refused before anything is allocated.

use crate::scan::{Malformed, saturated};
use crate::{FRAME_BYTES_MAX, HEADER_BYTES};
use std::io::{self, Read};

/// What stands at the beginning of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framed {
    /// The kind of the frame.
    pub kind: u8,
    /// The bytes of its payload.
    pub payload_bytes: usize,
}

impl Framed {
    /// Reads a header, or nothing if it is not complete yet.
    ///
    /// # Errors
    /// A length of zero, which leaves no room for the kind, or beyond the limit.
    pub fn peek(input: &[u8]) -> Result<Option<Self>, Malformed> {
        let [a, b, c, d, kind, ..] = *input else { return Ok(None) };
        let length = u32::from_le_bytes([a, b, c, d]);
        match length {
            0 => Err(Malformed { what: "a frame has no kind", at: 0 }),
            1..=FRAME_BYTES_MAX => Ok(Some(Self { kind, payload_bytes: length as usize - 1 })),
            _ => Err(Malformed { what: "a frame is longer than 16 MiB", at: 0 }),
        }
    }
}

/// Appends a frame whose payload is what `payload` writes.
pub fn write_frame(out: &mut Vec<u8>, kind: u8, payload: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, kind]);
    payload(out);
    let length = saturated(out.len() - begin - (HEADER_BYTES - 1));
    out[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
}

/// Waits for a frame, puts its payload into `payload` and returns its kind; nothing at the end of the input.
///
/// # Errors
/// What the input says; `InvalidData` for a length beyond the limit, `UnexpectedEof` inside a frame.
pub fn read_frame(input: &mut impl Read, payload: &mut Vec<u8>) -> io::Result<Option<u8>> {
    let mut header = [0; HEADER_BYTES];
    let first = loop {
        match input.read(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    input.read_exact(&mut header[first..])?;
    let bad = |wrong| io::Error::new(io::ErrorKind::InvalidData, wrong);
    let framed = Framed::peek(&header).map_err(bad)?.expect("the header is complete");
    payload.clear();
    // Grows while bytes arrive: a length that lies costs nothing.
    let announced = framed.payload_bytes as u64;
    if input.by_ref().take(announced).read_to_end(payload)? < framed.payload_bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(framed.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_too_long_or_has_no_kind_is_refused_by_its_header() {
        let check = |header: [u8; 5], expected: Result<Option<Framed>, &str>| {
            assert_eq!(Framed::peek(&header).map_err(|wrong| wrong.what), expected);
        };
        check([1, 0, 0, 0, 6], Ok(Some(Framed { kind: 6, payload_bytes: 0 })));
        check([0, 0, 0, 1, 6], Ok(Some(Framed { kind: 6, payload_bytes: (16 << 20) - 1 })));
        check([1, 0, 0, 1, 6], Err("a frame is longer than 16 MiB"));
        check([255, 255, 255, 255, 6], Err("a frame is longer than 16 MiB"));
        check([0, 0, 0, 0, 6], Err("a frame has no kind"));
        assert_eq!(Framed::peek(&[1, 0, 0, 0]), Ok(None));
    }

    #[test]
    fn frames_are_read_one_by_one_until_the_end() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, 6, |_| {});
        write_frame(&mut bytes, 7, |out| out.extend_from_slice(b"abc"));
        let (mut input, mut payload) = (&bytes[..], vec![9]);
        assert_eq!(read_frame(&mut input, &mut payload).unwrap(), Some(6));
        assert!(payload.is_empty());
        assert_eq!(read_frame(&mut input, &mut payload).unwrap(), Some(7));
        assert_eq!(payload, b"abc");
        assert_eq!(read_frame(&mut input, &mut payload).unwrap(), None);
        let mut cut = &bytes[..bytes.len() - 1];
        read_frame(&mut cut, &mut payload).unwrap();
        assert_eq!(read_frame(&mut cut, &mut payload).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
