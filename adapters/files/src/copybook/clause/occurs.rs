//! `OCCURS`, with its keys and indexes.
//!
//! **Invariant.** A table without an upper bound is refused.

use super::{Words, entry::is_keyword};
use crate::copybook::Findings;
use crate::copybook::lex::Token;
use kernel::Span;

/// Most elements of a table.
const ELEMENTS_MAX: u32 = 32 << 20;

/// The clause as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawOccurs {
    /// Fewest elements.
    pub min: u32,
    /// Most elements.
    pub max: u32,
    /// The counter, and the groups that it is said to be in, the innermost first.
    pub counter: Option<Vec<(Box<str>, Span)>>,
}

/// Reads what stands behind `OCCURS`; nothing if it was wrong and the entry was passed over.
pub(super) fn occurs(words: &mut Words<'_>, at: Span, found: &mut Findings) -> Option<RawOccurs> {
    let mut wrong = |message: &str, words: &mut Words<'_>| {
        found.refused(at, message, "write OCCURS n, or OCCURS n TO m DEPENDING ON counter");
        words.skip_entry();
        None
    };
    let Some((first, _)) = words.number() else {
        return wrong("OCCURS has no fixed number of elements", words);
    };
    let to = words.take(&["TO"]);
    let second = if to { words.number().map(|(number, _)| number) } else { None };
    if to && second.is_none() {
        return wrong("OCCURS has no upper bound", words);
    }
    words.take(&["TIMES"]);
    let counter = words.take(&["DEPENDING"]).then(|| {
        words.take(&["ON"]);
        qualified(words)
    });
    let occurs = match (second, counter) {
        (_, Some(None)) => return wrong("DEPENDING ON names no counter", words),
        (Some(_), None) => return wrong("OCCURS n TO m has no DEPENDING ON", words),
        (None, None) => RawOccurs { min: first, max: first, counter: None },
        // Some compilers take one number for the most; then none is the fewest.
        (None, Some(counter)) => RawOccurs { min: 0, max: first, counter },
        (Some(max), Some(counter)) => RawOccurs { min: first, max, counter },
    };
    if occurs.max == 0 || occurs.max < occurs.min || occurs.max > ELEMENTS_MAX {
        return wrong(&format!("OCCURS {} TO {} is no range that is offered", occurs.min, occurs.max), words);
    }
    keys(words);
    Some(occurs)
}

/// `COUNTER OF GROUP IN RECORD`.
fn qualified(words: &mut Words<'_>) -> Option<Vec<(Box<str>, Span)>> {
    let mut names = vec![words.name()?];
    while words.take(&["OF", "IN"]) {
        names.push(words.name()?);
    }
    Some(names)
}

/// Order and indexes are for programs.
fn keys(words: &mut Words<'_>) {
    loop {
        if words.take(&["ASCENDING", "DESCENDING"]) {
            words.take(&["KEY"]);
            words.take(&["IS"]);
        } else if words.take(&["INDEXED"]) {
            words.take(&["BY"]);
        } else {
            return;
        }
        while words.peek().and_then(Token::upper).is_some_and(|word| {
            !is_keyword(&word) && !matches!(word.as_str(), "ASCENDING" | "DESCENDING" | "INDEXED")
        }) && words.name().is_some()
        {}
    }
}
