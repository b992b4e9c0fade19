//! One entry after the other, with the clauses of each.
//!
//! **Invariant.** An entry that is wrong costs only itself; reading goes on behind its full stop.

use super::read::clause;
use super::value::{self, Condition};
use super::{RawOccurs, SignClause, Usage, Words, usage};
use crate::copybook::lex::{Token, TokenKind};
use crate::copybook::picture::Picture;
use crate::copybook::{Findings, ITEMS_MAX};
use kernel::Span;

/// An entry as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its level number.
    pub level: u8,
    /// Where its name, else its level number stands.
    pub span: Span,
    /// Its name, unless it is FILLER or has none.
    pub name: Option<Box<str>>,
    /// What it redefines.
    pub redefines: Option<(Box<str>, Span)>,
    /// How often it occurs.
    pub occurs: Option<RawOccurs>,
    /// Its picture, and where it stands.
    pub picture: Option<(Picture, Span)>,
    /// Its usage.
    pub usage: Option<Usage>,
    /// Where its sign is.
    pub sign: Option<SignClause>,
    /// It is aligned.
    pub synchronized: bool,
    /// Its text stands at the right.
    pub justified: bool,
    /// Zero is written as blanks.
    pub blank_when_zero: bool,
    /// It is an 88 level with these values.
    pub condition: Option<Condition>,
}

/// Reads all entries.
pub(crate) fn entries(tokens: &[Token], found: &mut Findings) -> Vec<Entry> {
    let mut words = Words::new(tokens);
    let mut entries = Vec::new();
    while words.peek().is_some() {
        if let Some(entry) = entry(&mut words, found) {
            entries.push(entry);
        }
        if entries.len() > ITEMS_MAX {
            let span = words.here().unwrap_or_else(|| found.span(0, 0));
            found.unreadable(span, format!("more than {ITEMS_MAX} items"), "");
            break;
        }
    }
    entries
}

fn entry(words: &mut Words<'_>, found: &mut Findings) -> Option<Entry> {
    let first = words.peek()?;
    let level = level_of(first);
    let Some(level) = level else {
        no_level(words, found);
        return None;
    };
    words.next();
    let mut entry = Entry {
        level,
        span: first.span,
        name: None,
        redefines: None,
        occurs: None,
        picture: None,
        usage: None,
        sign: None,
        synchronized: false,
        justified: false,
        blank_when_zero: false,
        condition: None,
    };
    named(words, &mut entry);
    match level {
        66 => {
            let hint = "its fields are told under their own names; map these";
            found.passed_over(entry.span, "a level 66 (RENAMES) is passed over", hint);
            words.skip_entry();
            return None;
        }
        88 => entry.condition = value::condition(words, &entry, found),
        _ => while clause(words, &mut entry, found) {},
    }
    Some(entry)
}

pub(super) fn level_of(token: &Token) -> Option<u8> {
    let word = token.upper()?;
    let level = word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten()?;
    matches!(level, 1..=49 | 66 | 77 | 88).then_some(level)
}

fn named(words: &mut Words<'_>, entry: &mut Entry) {
    if words.take(&["FILLER"]) {
        return;
    }
    let is_clause = words.upper().is_some_and(|word| is_keyword(&word));
    // `RECORD` and many others are reserved, and yet used as names; only what begins a clause is none.
    if !is_clause && let Some((name, span)) = words.name() {
        (entry.name, entry.span) = (Some(name), span);
    }
}

/// Words that begin a clause.
pub(super) fn is_keyword(word: &str) -> bool {
    const CLAUSES: [&str; 21] = [
        "REDEFINES",
        "PIC",
        "PICTURE",
        "USAGE",
        "OCCURS",
        "SIGN",
        "LEADING",
        "TRAILING",
        "SYNC",
        "SYNCHRONIZED",
        "JUST",
        "JUSTIFIED",
        "BLANK",
        "VALUE",
        "VALUES",
        "GLOBAL",
        "EXTERNAL",
        "IS",
        "RENAMES",
        "GROUP-USAGE",
        "VOLATILE",
    ];
    CLAUSES.contains(&word) || usage(word).is_some()
}

/// Something stands where a level number should.
fn no_level(words: &mut Words<'_>, found: &mut Findings) {
    let Some(first) = words.next() else { return };
    let word = first.upper().unwrap_or_default();
    match word.as_str() {
        "EJECT" | "SKIP1" | "SKIP2" | "SKIP3" => {
            if words.peek().is_some_and(|token| token.kind == TokenKind::Stop) {
                words.next();
            }
            return;
        }
        "TITLE" => {
            words.next();
            if words.peek().is_some_and(|token| token.kind == TokenKind::Stop) {
                words.next();
            }
            return;
        }
        "COPY" | "REPLACE" | "++INCLUDE" | "-INC" => found.refused(
            first.span,
            format!("`{word}` is not followed"),
            "put the text that it stands for in its place, as a listing of the compiler shows it",
        ),
        "EXEC" => found.refused(first.span, "`EXEC` is no part of a copybook's data", "take it out"),
        _ if first.kind == TokenKind::Stop => {
            found.unreadable(first.span, "a full stop without an entry", "");
            return;
        }
        _ => found.unreadable(
            first.span,
            "an entry begins with a level number: 01 to 49, 66, 77 or 88",
            "only data descriptions are read; divisions, sections and FD entries are left out",
        ),
    }
    words.skip_entry();
}
