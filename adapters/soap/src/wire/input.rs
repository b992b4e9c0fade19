//! The characters of a message: bytes arrive in pieces, leave as UTF-8 that XML may hold.
//!
//! **Invariant.** What stands in the buffer is valid UTF-8 and holds only characters of XML 1.0;
//! the first byte that breaks this is an error with its place, told once everything before it was used.

use super::encoding::Transcoder;
use super::tokenizer::Open;
use kernel::{DecodeError, Limits};

/// The buffered part of a message.
#[derive(Debug)]
pub(crate) struct Input {
    text: String,
    /// Where the next token begins.
    pub(crate) at: usize,
    /// How far behind `at` was searched in vain already, so that small pieces do not cost their square.
    pub(crate) searched: usize,
    /// Offset of the buffer's beginning in the whole message.
    base: u64,
    closed: bool,
    broken: Option<DecodeError>,
    transcoder: Transcoder,
    bytes: u64,
    bytes_max: u64,
}

impl Input {
    /// Starts with nothing but memory. `charset` is what the transport says.
    pub(crate) fn new(room: String, limits: &Limits, charset: Option<&str>) -> Self {
        Self {
            text: room,
            at: 0,
            searched: 0,
            base: 0,
            closed: false,
            broken: None,
            transcoder: Transcoder::new(charset),
            bytes: 0,
            bytes_max: limits.message_bytes_max,
        }
    }

    /// Takes a piece of the message; what was used may be dropped, but for the names of the open elements.
    pub(crate) fn feed(&mut self, piece: &[u8], open: &mut Open) {
        if self.broken.is_some() {
            return;
        }
        self.bytes += piece.len() as u64;
        if self.bytes > self.bytes_max {
            let end = self.offset(self.text.len());
            self.broken = Some(DecodeError::limit("limits.message", self.bytes_max, end));
            return;
        }
        self.forget(open);
        let from = self.text.len();
        let result = self.transcoder.push(piece, &mut self.text);
        self.admit(from, result);
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        if self.broken.is_none() {
            let from = self.text.len();
            let result = self.transcoder.finish(&mut self.text);
            self.admit(from, result);
        }
    }

    /// Gives its memory away.
    pub(crate) fn take_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Bytes that arrived so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// The whole buffer; offsets of tokens count from its beginning.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The same as text.
    pub(crate) fn all(&self) -> &str {
        &self.text
    }

    /// A range of the buffer.
    pub(crate) fn text(&self, start: usize, end: usize) -> &str {
        &self.text[start..end]
    }

    /// Place of a position of the buffer in the whole message.
    pub(crate) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    /// Moves on; the next token begins here.
    pub(crate) fn consume(&mut self, to: usize) {
        self.at = to;
        self.searched = 0;
    }

    /// Answers for a token whose end has not arrived: wait, or never.
    pub(crate) fn incomplete(&mut self, searched: usize, what: &'static str) -> Result<(), DecodeError> {
        self.searched = searched.saturating_sub(self.at);
        match &self.broken {
            Some(error) => Err(error.clone()),
            None if self.closed => {
                let end = self.offset(self.text.len());
                Err(DecodeError::new(format!("the message ends within {what}"), end))
            }
            None => Ok(()),
        }
    }

    /// Returns whether there is nothing behind a position and no more will come.
    pub(crate) fn is_used_up(&self, at: usize) -> bool {
        self.closed && self.broken.is_none() && at == self.text.len()
    }

    /// Drops what was used, once that is worth moving the rest.
    fn forget(&mut self, open: &mut Open) {
        if self.at == 0 || self.at < self.text.len() - self.at {
            return;
        }
        open.keep(self.text.as_bytes());
        self.base += self.at as u64;
        self.text.drain(..self.at);
        self.at = 0;
    }

    /// Cuts the buffer before the first character that XML cannot hold.
    fn admit(&mut self, from: usize, result: Result<(), String>) {
        let fresh = &self.text[from..];
        if let Some((at, c)) = forbidden(fresh) {
            let message = format!("character U+{:04X} is not allowed in XML", u32::from(c));
            self.broken = Some(DecodeError::new(message, self.offset(from + at)));
            self.text.truncate(from + at);
        } else if let Err(message) = result {
            self.broken = Some(DecodeError::new(message, self.offset(self.text.len())));
        }
    }
}

/// Returns the first character that XML 1.0 cannot hold.
fn forbidden(text: &str) -> Option<(usize, char)> {
    // Folds without an early exit become a few vector instructions for a block. Most blocks are plain ASCII.
    let odd = |found: u8, b: &u8| found | u8::from(b.cast_signed() < 0x20 && *b != b'\n');
    let suspect =
        |found: u8, b: &u8| found | u8::from(*b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || *b == 0xEF);
    let (blocks, rest) = text.as_bytes().as_chunks::<64>();
    let is_suspect = |block: &[u8]| block.iter().fold(0, suspect) != 0;
    if !blocks.iter().any(|block| block.iter().fold(0, odd) != 0 && is_suspect(block)) && !is_suspect(rest) {
        return None;
    }
    text.char_indices().find(|&(_, c)| !super::chars::is_char(c))
}
