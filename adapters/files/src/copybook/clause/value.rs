//! `VALUE`: literals, figurative constants, and the values of 88 levels.
//!
//! **Invariant.** Values never decide how a record is read; those of 88 levels propose code tables.

use super::entry::Entry;
use super::{Words, is_name};
use crate::copybook::Findings;
use crate::copybook::lex::{Token, TokenKind};
use kernel::Span;

/// An 88 level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Its name.
    pub name: Box<str>,
    /// Where it stands.
    pub span: Span,
    /// Its values; the second of a pair is the end of a range.
    pub values: Vec<(Literal, Option<Literal>)>,
}

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    /// In quotes.
    Text(Box<str>),
    /// A number, as it was written.
    Number(Box<str>),
    /// A figurative constant or bytes in hexadecimal, as it was written.
    Other(Box<str>),
}

/// Reads the values of an 88 level, up to the end of the entry.
pub(super) fn condition(words: &mut Words<'_>, entry: &Entry, found: &mut Findings) -> Option<Condition> {
    let mut wrong = |message: &str, words: &mut Words<'_>| {
        found.unreadable(words.here().unwrap_or(entry.span), message, "write 88 NAME VALUE literal.");
        words.skip_entry();
        None
    };
    let Some(name) = entry.name.clone() else { return wrong("an 88 level has a name", words) };
    if !words.take(&["VALUE", "VALUES"]) {
        return wrong("an 88 level has a VALUE", words);
    }
    words.take(&["IS", "ARE"]);
    let mut values = Vec::new();
    loop {
        if words.take(&["WHEN"]) {
            words.take(&["SET"]);
            words.take(&["TO"]);
        }
        // What FALSE sets is for programs.
        if words.take(&["FALSE"]) {
            words.take(&["IS"]);
            literal(words);
        }
        match words.peek() {
            Some(Token { kind: TokenKind::Stop, .. }) => {
                words.next();
                break;
            }
            None => return wrong("the entry has no full stop", words),
            Some(_) => match range(words) {
                Some(range) => values.push(range),
                None => return wrong("this is no literal", words),
            },
        }
    }
    if values.is_empty() {
        return wrong("an 88 level has a value", words);
    }
    Some(Condition { name, span: entry.span, values })
}

/// Reads `literal [THRU literal]`.
pub(super) fn range(words: &mut Words<'_>) -> Option<(Literal, Option<Literal>)> {
    let first = literal(words)?;
    let last = if words.take(&["THRU", "THROUGH"]) { Some(literal(words)?) } else { None };
    Some((first, last))
}

fn literal(words: &mut Words<'_>) -> Option<Literal> {
    let all = words.take(&["ALL"]);
    let token = words.peek()?;
    let literal = match &token.kind {
        TokenKind::Quoted { prefix, text } if prefix.is_empty() && !all => Literal::Text(text.clone()),
        TokenKind::Quoted { prefix, text } => Literal::Other(format!("{prefix}'{text}'").into()),
        TokenKind::Word(word) if is_number(word) => Literal::Number(word.clone()),
        TokenKind::Word(word) if is_figurative(word) || all && is_name(word) => Literal::Other(word.clone()),
        _ => return None,
    };
    words.next();
    Some(literal)
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | 'E' | 'e' | '+' | '-');
    digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) && digits.chars().all(is_part)
}

fn is_figurative(word: &str) -> bool {
    const FIGURATIVE: [&str; 13] = [
        "ZERO",
        "ZEROS",
        "ZEROES",
        "SPACE",
        "SPACES",
        "HIGH-VALUE",
        "HIGH-VALUES",
        "LOW-VALUE",
        "LOW-VALUES",
        "QUOTE",
        "QUOTES",
        "NULL",
        "NULLS",
    ];
    FIGURATIVE.contains(&word.to_ascii_uppercase().as_str())
}
