//! From the text of a statement to its tree, and from places in the tree to places in the text.
//!
//! **Invariant.** One text is one statement; what cannot be read is refused with its place.

use super::{parser, wrong};
use crate::dialect::Dialect;
use kernel::StatementError;
use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span};
use std::ops::Range;

/// Deepest nesting of a statement.
const DEPTH_MAX: usize = 40;

/// Reads one statement.
///
/// # Errors
/// It cannot be read, or it is several.
pub(super) fn parse(dialect: Dialect, text: &str) -> Result<Statement, StatementError> {
    let language = parser(dialect);
    let parser = Parser::new(&*language).with_recursion_limit(DEPTH_MAX).try_with_sql(text);
    let mut statements = parser
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| unreadable(dialect, text, &error))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(wrong(0..text.len(), "there is no statement")),
        (Some(_), false) => Err(wrong(0..text.len(), "more than one statement")),
    }
}

fn unreadable(dialect: Dialect, text: &str, error: &ParserError) -> StatementError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => "too many levels",
    };
    let (message, at) = message.split_once(" at Line: ").unwrap_or((message, ""));
    let mut place = at.split(", Column: ").map_while(|number| number.trim().parse::<u64>().ok());
    let start = match (place.next(), place.next()) {
        (Some(line), Some(column)) => offset(text, Location { line, column }),
        _ => 0,
    };
    let end =
        text[start..].find(char::is_whitespace).filter(|&end| end > 0).map_or(text.len(), |end| start + end);
    let mut found =
        wrong(start..end, format!("the statement cannot be read: {}", message.trim_end_matches('.')));
    let tail = text.trim_end().trim_end_matches(';').to_uppercase();
    if dialect.is_db2()
        && ["UR", "CS", "RS", "RR"].iter().any(|level| tail.ends_with(&format!("WITH {level}")))
    {
        found.hint = Some("set the isolation for all sessions by `settings:` of the connection".into());
    }
    found
}

/// Returns where a span stands; the whole text where that is not known.
pub(super) fn range(text: &str, span: Span) -> Range<usize> {
    if span.start.line == 0 {
        return 0..text.len();
    }
    let start = offset(text, span.start);
    start..offset(text, span.end).max(start)
}

/// The byte offset of a line and a column, both from 1.
fn offset(text: &str, at: Location) -> usize {
    let line = usize::try_from(at.line.saturating_sub(1)).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    let column = usize::try_from(at.column.saturating_sub(1)).unwrap_or(0);
    before + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}
