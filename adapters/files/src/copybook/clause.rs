//! Entries of a copybook: a level number, a name, clauses.
//!
//! **Invariant.** Every word of an entry belongs to a clause; one that does not is an error.

mod entry;
mod occurs;
mod read;
mod value;

pub(crate) use entry::{Entry, entries};
pub(crate) use occurs::RawOccurs;
pub(crate) use value::{Condition, Literal};

use super::lex::{Token, TokenKind};
use kernel::Span;

/// How an item is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// `DISPLAY`.
    Display,
    /// `BINARY`, `COMP`, `COMP-4`.
    Binary,
    /// `COMP-1`: 32 bits of floating point.
    Float,
    /// `COMP-2`: 64 bits of floating point.
    Double,
    /// `COMP-3`, `PACKED-DECIMAL`.
    Packed,
    /// `COMP-5`: binary, in the order of bytes of the machine.
    Native,
    /// `COMP-6`: packed without a sign.
    PackedUnsigned,
    /// `COMP-X`: binary in as few bytes as hold the digits, high byte first.
    Bytewise,
    /// `BINARY-CHAR`, `BINARY-SHORT`, `BINARY-LONG`, `BINARY-DOUBLE`: so many bytes.
    Sized { bytes: u8, signed: bool },
    /// `NATIONAL`.
    National,
    /// `DISPLAY-1`.
    Dbcs,
    /// `POINTER`, `INDEX` and the like: so many bytes that mean nothing in a file.
    Opaque(u8),
}

/// Where the sign of zoned numbers is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignClause {
    /// At the first digit, else at the last.
    pub leading: bool,
    /// In a character of its own.
    pub separate: bool,
}

/// The words of an entry, one after the other.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Words<'a> {
    pub(crate) fn new(tokens: &'a [Token]) -> Self {
        Self { tokens, at: 0 }
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// The next word in capitals, if it is one.
    fn upper(&self) -> Option<String> {
        self.peek().and_then(Token::upper)
    }

    /// Takes the next word if it is one of these.
    fn take(&mut self, wanted: &[&str]) -> bool {
        let is = self.upper().is_some_and(|word| wanted.contains(&word.as_str()));
        self.at += usize::from(is);
        is
    }

    /// Takes a word that is a name.
    fn name(&mut self) -> Option<(Box<str>, Span)> {
        let token = self.peek()?;
        let TokenKind::Word(word) = &token.kind else { return None };
        is_name(word).then(|| {
            self.at += 1;
            (word.clone(), token.span)
        })
    }

    /// Takes a word that is a number.
    fn number(&mut self) -> Option<(u32, Span)> {
        let token = self.peek()?;
        let TokenKind::Word(word) = &token.kind else { return None };
        let number = word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten()?;
        self.at += 1;
        Some((number, token.span))
    }

    /// Where the next word stands, else the last one.
    fn here(&self) -> Option<Span> {
        self.peek().or_else(|| self.tokens.get(self.at.checked_sub(1)?)).map(|token| token.span)
    }

    /// Passes over everything up to the end of the entry.
    fn skip_entry(&mut self) {
        while self.next().is_some_and(|token| token.kind != TokenKind::Stop) {}
    }
}

impl Token {
    fn upper(&self) -> Option<String> {
        match &self.kind {
            TokenKind::Word(word) => Some(word.to_ascii_uppercase()),
            _ => None,
        }
    }
}

/// "A user-defined word has letters, digits, hyphens and underscores, and at least one letter." Signs that compilers add
/// are accepted; the length is not what makes a name wrong.
fn is_name(word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '#' | '@' | '$');
    word.chars().all(is_part)
        && word.chars().any(char::is_alphabetic)
        && !word.starts_with('-')
        && !word.ends_with('-')
}

/// What a word says of the usage.
fn usage(word: &str) -> Option<Usage> {
    Some(
        match word
            .strip_prefix("COMPUTATIONAL")
            .map_or_else(|| word.to_owned(), |it| format!("COMP{it}"))
            .as_str()
        {
            "DISPLAY" => Usage::Display,
            "COMP" | "COMP-0" | "COMP-4" | "BINARY" => Usage::Binary,
            "COMP-1" | "FLOAT-SHORT" => Usage::Float,
            "COMP-2" | "FLOAT-LONG" => Usage::Double,
            "COMP-3" | "PACKED-DECIMAL" => Usage::Packed,
            "COMP-5" => Usage::Native,
            "COMP-6" => Usage::PackedUnsigned,
            "COMP-X" => Usage::Bytewise,
            "BINARY-CHAR" => Usage::Sized { bytes: 1, signed: true },
            "BINARY-SHORT" => Usage::Sized { bytes: 2, signed: true },
            "BINARY-LONG" => Usage::Sized { bytes: 4, signed: true },
            "BINARY-DOUBLE" => Usage::Sized { bytes: 8, signed: true },
            "NATIONAL" => Usage::National,
            "DISPLAY-1" => Usage::Dbcs,
            "INDEX" | "POINTER" | "POINTER-32" => Usage::Opaque(4),
            "FUNCTION-POINTER" | "PROCEDURE-POINTER" => Usage::Opaque(8),
            _ => return None,
        },
    )
}
