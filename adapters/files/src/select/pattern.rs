//! The values of conditions: `T`, `CPF*`, `*`, `!00`.
//!
//! **Invariant.** Text is compared without the blanks around it, numbers by value; nothing else is the same.

use kernel::Decimal;
use std::fmt;

/// A value of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `"*"`: it is there, and not only blanks.
    Present,
    /// This text.
    Text(String),
    /// Pieces around stars: `CPF*`.
    Pieces(Vec<String>),
    /// `!…`: there, and not like this.
    Not(Box<Pattern>),
}

impl Pattern {
    /// Returns the pattern that a text of a mapping is.
    pub(crate) fn parse(text: &str) -> Self {
        match text.strip_prefix('!') {
            Some(rest) if !rest.is_empty() => Self::Not(Box::new(Self::positive(rest))),
            _ => Self::positive(text),
        }
    }

    fn positive(text: &str) -> Self {
        match text {
            "*" => Self::Present,
            _ if text.contains('*') => Self::Pieces(text.split('*').map(str::to_owned).collect()),
            _ => Self::Text(text.trim().to_owned()),
        }
    }

    /// Returns whether the text of a field matches; `number`: its type is a number.
    pub(crate) fn matches(&self, text: &str, number: bool) -> bool {
        let text = text.trim();
        match self {
            Self::Present => !text.is_empty(),
            Self::Text(wanted) => wanted == text || number && same_number(wanted, text),
            Self::Pieces(pieces) => pieces_match(pieces, text),
            Self::Not(pattern) => !pattern.matches(text, number),
        }
    }

    /// Returns the only text that matches, as it is written back.
    pub(crate) fn only(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether some text matches both; `number`: it is that of a number.
    pub(crate) fn overlaps(&self, other: &Self, number: bool) -> bool {
        match (self, other) {
            (Self::Text(a), b) | (b, Self::Text(a)) => b.matches(a, number),
            (Self::Pieces(a), Self::Pieces(b)) => {
                let (a, b) = (a.first().map_or("", String::as_str), b.first().map_or("", String::as_str));
                a.starts_with(b) || b.starts_with(a)
            }
            _ => true,
        }
    }
}

fn same_number(wanted: &str, text: &str) -> bool {
    match (Decimal::parse(wanted), Decimal::parse(text)) {
        (Ok(wanted), Ok(text)) => wanted == text,
        _ => false,
    }
}

fn pieces_match(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        match rest.split_once(piece.as_str()) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("*"),
            Self::Text(text) => f.write_str(text),
            Self::Pieces(pieces) => f.write_str(&pieces.join("*")),
            Self::Not(pattern) => write!(f, "!{pattern}"),
        }
    }
}
