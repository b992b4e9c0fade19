//! Code pages: bytes to characters and back.
//!
//! **Invariant.** A character that a page lacks is refused; nothing is replaced.

/// A code page of one byte a character, or UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodePage {
    /// 256 characters; a byte that has none is `'\u{FFFF}'`.
    Single(&'static SinglePage),
    /// UTF-8.
    Utf8,
}

/// 256 characters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SinglePage {
    /// Its name, as mappings write it: `cp273`, `latin1`.
    pub name: &'static str,
    /// It is an EBCDIC page: digits are F0 to F9, a blank is 40.
    pub ebcdic: bool,
    /// The characters by byte.
    pub chars: [char; 256],
}
