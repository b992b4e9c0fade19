//! How values are separated: the bytes that mean something, in the code page of the file.
//!
//! **Invariant.** These bytes differ from each other, so that what is written is read again as the same fields.

use crate::codepage::CodePage;
use std::str;

/// A dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The code page.
    pub page: CodePage,
    /// Stands between fields.
    pub separator: u8,
    /// Stands around fields that hold what would mean something else.
    pub quote: Option<u8>,
    /// Makes the character behind it one of the field.
    pub escape: Option<u8>,
    /// Begins a line that is no record.
    pub comment: Option<u8>,
    /// Lines of a file before its first record.
    pub preamble: u32,
    /// Every field is written in quotes.
    pub quote_always: bool,
    /// Lines without a byte are no records.
    pub pass_blank: bool,
}

/// Carriage return, in ASCII and in EBCDIC.
pub(super) const CR: u8 = 0x0D;

impl Dialect {
    /// The bytes that end a line beside the carriage return: a line feed, and in EBCDIC a new line too.
    #[inline]
    pub(super) fn ends(&self) -> [u8; 2] {
        if self.page.is_ebcdic() { [0x15, 0x25] } else { [b'\n', b'\n'] }
    }

    /// What is written behind a record.
    pub(crate) fn ending(&self) -> &'static [u8] {
        if self.page.is_ebcdic() { &[0x15] } else { b"\n" }
    }

    /// Returns whether a byte ends a line, or begins its end.
    #[inline]
    pub(super) fn is_end(&self, byte: u8) -> bool {
        byte == CR || self.ends().contains(&byte)
    }

    /// Returns whether a byte cannot stand in a field as it is.
    pub(super) fn is_special(&self, byte: u8) -> bool {
        byte == self.separator || Some(byte) == self.quote || Some(byte) == self.escape || self.is_end(byte)
    }

    /// Returns the text of a record where that is the same bytes.
    #[inline]
    pub(super) fn whole<'a>(&self, record: &'a [u8]) -> Option<&'a str> {
        let same = self.page == CodePage::Utf8 || (!self.page.is_ebcdic() && record.is_ascii());
        if same { str::from_utf8(record).ok() } else { None }
    }
}
