//! Code pages: bytes to characters and back.
//!
//! **Invariant.** A character that a page lacks is refused; nothing is replaced.

mod ascii;
mod ebcdic;
mod names;
mod single;
mod web;

pub(crate) use names::nearest;
pub(crate) use single::SinglePage;

use kernel::Pen;
use std::fmt;
use std::str;

/// A code page of one byte a character, or UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodePage {
    /// 256 characters; a byte that has none is `'\u{FFFF}'`.
    Single(&'static SinglePage),
    /// UTF-8.
    Utf8,
}

/// Bytes that are no character of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Undecodable {
    /// Index of the first of them.
    pub at: usize,
    page: CodePage,
}

/// A character that the page lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unencodable {
    /// How many characters stand before it.
    pub at: usize,
    page: CodePage,
}

/// The characters of ASCII that are not escaped in JSON, by byte; the others are [`OTHER`].
const PLAIN: [u8; 256] = {
    let mut plain = [OTHER; 256];
    let mut byte = 0x20;
    while byte < 0x7F {
        if !matches!(byte, b'"' | b'\\') {
            plain[byte as usize] = byte;
        }
        byte += 1;
    }
    plain
};

/// Stands for a character that is none of those wanted.
pub(crate) const OTHER: u8 = 0x80;

impl CodePage {
    /// Returns the page of a name, as mappings, vendors and Java write it: `cp273`, `IBM273`, `latin1`, `UTF-8`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        names::find(name)
    }

    /// Its name, as mappings write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single(page) => page.name,
            Self::Utf8 => "utf-8",
        }
    }

    /// Returns whether digits are F0 to F9 and a blank is 40.
    pub(crate) fn is_ebcdic(self) -> bool {
        matches!(self, Self::Single(page) if page.ebcdic)
    }

    /// The byte of a blank.
    pub(crate) fn blank(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { b' ' }
    }

    /// The byte of the digit nought.
    pub(crate) fn zero(self) -> u8 {
        if self.is_ebcdic() { 0xF0 } else { b'0' }
    }

    /// Returns the byte of a character that has one of its own.
    pub(crate) fn byte(self, character: char) -> Option<u8> {
        match self {
            Self::Single(page) => page.byte(character),
            Self::Utf8 => u8::try_from(character).ok().filter(u8::is_ascii),
        }
    }

    /// Returns the text of bytes: these themselves where they are text already, else what is made of them in `text`, which
    /// is cleared.
    ///
    /// # Errors
    /// A byte that has no character.
    #[inline]
    pub(crate) fn decode<'a>(self, raw: &'a [u8], text: &'a mut String) -> Result<&'a str, Undecodable> {
        if !self.is_ebcdic()
            && (self == Self::Utf8 || raw.is_ascii())
            && let Ok(same) = str::from_utf8(raw)
        {
            return Ok(same);
        }
        text.clear();
        self.decode_into(raw, text)?;
        Ok(text)
    }

    /// Appends the text of bytes.
    ///
    /// # Errors
    /// A byte that has no character; what stands before it was appended.
    pub(crate) fn decode_into(self, raw: &[u8], text: &mut String) -> Result<(), Undecodable> {
        match self {
            Self::Single(page) => page.decode_into(raw, text),
            Self::Utf8 => {
                str::from_utf8(raw).map(|same| text.push_str(same)).map_err(|error| error.valid_up_to())
            }
        }
        .map_err(|at| Undecodable { at, page: self })
    }

    /// Writes the text of bytes, and says whether nothing in it has to be escaped in JSON; nothing where a byte has no
    /// character. `text` is a buffer.
    #[inline(always)]
    pub(crate) fn take(self, raw: &[u8], text: &mut String, pen: &mut Pen<'_>) -> Option<bool> {
        let plain = self.plain();
        let written = pen.put_with(raw.len(), |to| {
            let mut all = 0;
            for (to, byte) in to.iter_mut().zip(raw) {
                *to = plain[usize::from(*byte)];
                all |= *to;
            }
            all < OTHER
        });
        if written == Some(true) { Some(true) } else { self.take_any(raw, text, pen) }
    }

    /// The characters of ASCII that are not escaped in JSON, by byte; the others are [`OTHER`].
    #[inline]
    pub(crate) fn plain(self) -> &'static [u8; 256] {
        match self {
            Self::Single(page) => &page.plain,
            Self::Utf8 => &PLAIN,
        }
    }

    #[inline(never)]
    fn take_any(self, raw: &[u8], text: &mut String, pen: &mut Pen<'_>) -> Option<bool> {
        pen.put_all(self.decode(raw, text).ok()?.as_bytes())?;
        Some(false)
    }

    /// Appends the bytes of a text.
    ///
    /// # Errors
    /// A character that the page lacks; those before it were appended.
    pub(crate) fn encode_into(self, text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let Self::Single(page) = self else {
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        };
        if !page.ebcdic && text.is_ascii() {
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        for (at, character) in text.chars().enumerate() {
            out.push(page.byte(character).ok_or(Unencodable { at, page: self })?);
        }
        Ok(())
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, page) = (self.at + 1, self.page.name());
        write!(f, "byte {at} of the text is no character of {page}")
    }
}

impl fmt::Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, page) = (self.at + 1, self.page.name());
        write!(f, "character {at} of the text does not exist in {page}")
    }
}

#[cfg(test)]
mod tests;
