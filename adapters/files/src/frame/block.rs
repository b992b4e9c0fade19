//! Records and blocks behind descriptor words.
//!
//! **Invariant.** A block is exactly its records; a length that does not fit is an error, never a guess.

use super::{Frame, FrameError, Rdw, Step};

/// Bytes of a descriptor word.
const WORD: usize = 4;
/// The bit that makes the length of a block one of 31 bits.
const LARGE: u8 = 0x80;

/// Reads record descriptor words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub Rdw);

/// How far a block is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Blocks {
    /// Bytes of its records that are left.
    left: usize,
}

impl Words {
    pub(super) fn next(self, window: &[u8], last: bool, record_max: usize) -> Result<Step, FrameError> {
        let Some(word) = window.first_chunk::<WORD>() else {
            return match window.len() {
                0 if last => Ok(Step::End(0)),
                found if last => Err(FrameError::new(
                    0,
                    format!("the file ends within a record descriptor word, after {found} of 4 bytes"),
                )),
                _ => Ok(Step::More),
            };
        };
        let length = self.length(*word)?;
        if length > record_max {
            let message = format!("the record has {length} bytes, and `limits.record` allows {record_max}");
            return Err(FrameError::new(0, message));
        }
        let next = WORD + length;
        if window.len() >= next {
            return Ok(Step::Frame(Frame { start: WORD, length, next }));
        }
        if last {
            let message =
                format!("the last record has {} bytes, and its length is {length}", window.len() - WORD);
            return Err(FrameError::new(WORD, message));
        }
        Ok(Step::More)
    }

    /// Returns the length of the record behind a word.
    fn length(self, word: [u8; WORD]) -> Result<usize, FrameError> {
        let [a, b, c, d] = word;
        let (length, zeros) = match self.0.little {
            true => (u16::from_le_bytes([c, d]), [a, b]),
            false => (u16::from_be_bytes([a, b]), [c, d]),
        };
        let shown = || format!("{a:02X}{b:02X}{c:02X}{d:02X}");
        if zeros != [0, 0] {
            let why = match self.0.little {
                false if c <= 3 && d == 0 => "is one of a spanned record, which is not read",
                _ => "is none: two of its bytes are always zero",
            };
            return Err(FrameError::new(0, format!("the record descriptor word {} {why}", shown())));
        }
        let own = if self.0.whole { 4 } else { 0 };
        let length = i64::from(length) + i64::from(self.0.adjust) - own;
        usize::try_from(length).map_err(|_| {
            let message = format!("the record descriptor word {} gives a length of {length} bytes", shown());
            FrameError::new(0, message)
        })
    }
}

impl Blocks {
    pub(super) fn next(
        &mut self,
        words: Words,
        window: &[u8],
        last: bool,
        record_max: usize,
    ) -> Result<Step, FrameError> {
        let (mut at, mut left) = (0, self.left);
        while left == 0 {
            let rest = window.get(at..).unwrap_or_default();
            let Some(word) = rest.first_chunk::<WORD>() else {
                return match rest.len() {
                    0 if last => Ok(Step::End(at)),
                    found if last => Err(FrameError::new(
                        at,
                        format!("the file ends within a block descriptor word, after {found} of 4 bytes"),
                    )),
                    _ => Ok(Step::More),
                };
            };
            left = block(*word).map_err(|message| FrameError::new(at, message))?;
            at += WORD;
        }
        let rest = window.get(at..).unwrap_or_default();
        // A record lies within its block, so nothing behind the block says anything of it.
        let (inside, ends) = match rest.get(..left) {
            Some(inside) => (inside, true),
            None => (rest, last),
        };
        let place = |error: FrameError| FrameError { at: at + error.at, ..error };
        match words.next(inside, ends, record_max).map_err(place)? {
            Step::Frame(frame) => {
                self.left = left - frame.next;
                Ok(Step::Frame(Frame {
                    start: at + frame.start,
                    length: frame.length,
                    next: at + frame.next,
                }))
            }
            Step::More => Ok(Step::More),
            Step::End(_) => {
                let message = format!("the file ends within a block, of which {left} bytes are missing");
                Err(FrameError::new(at, message))
            }
        }
    }
}

/// Returns the bytes of a block behind its word.
fn block(word: [u8; WORD]) -> Result<usize, String> {
    let [a, b, c, d] = word;
    let shown = || format!("{a:02X}{b:02X}{c:02X}{d:02X}");
    let length = if a & LARGE != 0 {
        u32::from_be_bytes([a & !LARGE, b, c, d])
    } else if [c, d] == [0, 0] {
        u32::from(u16::from_be_bytes([a, b]))
    } else {
        return Err(format!(
            "the block descriptor word {} is none: its last two bytes are always zero",
            shown()
        ));
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    length
        .checked_sub(WORD)
        .filter(|&length| length > 0)
        .ok_or_else(|| format!("the block descriptor word {} gives a block without records", shown()))
}
