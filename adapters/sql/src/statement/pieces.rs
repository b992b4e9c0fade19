//! Where the parameters of a statement stand.
//!
//! **Invariant.** What looks like a parameter inside of a text, a quoted name or a comment is none.

use super::wrong;
use crate::dialect::Dialect;
use kernel::StatementError;
use std::sync::Arc;

/// Text, and the parameter behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text.
    pub(crate) text: String,
    /// The number of the parameter.
    pub(crate) parameter: Option<usize>,
}

/// Parts a statement at its parameters.
///
/// # Errors
/// A `?`, which is a parameter without a name, a quote that does not close, or a second statement.
pub(super) fn split(text: &str, dialect: Dialect) -> Result<(Vec<Piece>, Vec<Arc<str>>), StatementError> {
    let trimmed = text.trim_end();
    let text = trimmed.strip_suffix(';').unwrap_or(trimmed);
    let bytes = text.as_bytes();
    let (mut pieces, mut names): (Vec<Piece>, Vec<Arc<str>>) = (Vec::new(), Vec::new());
    let (mut at, mut from) = (0, 0);
    while at < bytes.len() {
        if let Some(end) = passed(text, at, dialect)? {
            at = end;
            continue;
        }
        match bytes[at] {
            b'?' => {
                let mut error = wrong(at..at + 1, "a parameter has a name");
                error.hint = Some("write it as `:name`".into());
                return Err(error);
            }
            b';' if !text[at + 1..].trim().is_empty() => return Err(second(text, at + 1)),
            // A cast of PostgreSQL, or an assignment of MySQL.
            b':' if matches!(bytes.get(at + 1), Some(b':' | b'=')) => at += 2,
            b':' => {
                let end = at + 1 + name_length(&text[at + 1..]);
                if end > at + 1 {
                    let name = &text[at + 1..end];
                    let number = names.iter().position(|known| **known == *name).unwrap_or_else(|| {
                        names.push(name.into());
                        names.len() - 1
                    });
                    pieces.push(Piece { text: text[from..at].to_owned(), parameter: Some(number) });
                    from = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    pieces.push(Piece { text: text[from..].to_owned(), parameter: None });
    Ok((pieces, names))
}

fn second(text: &str, behind: usize) -> StatementError {
    let start = behind + (text[behind..].len() - text[behind..].trim_start().len());
    let mut error = wrong(start..text.len(), "a second statement");
    error.hint = Some("one text is one statement; a procedure can do several things at once".into());
    error
}

fn name_length(text: &str) -> usize {
    let begins = text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let letters = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    if begins { text.find(letters).unwrap_or(text.len()) } else { 0 }
}

/// The end of a text, a quoted name or a comment that begins here.
fn passed(text: &str, at: usize, dialect: Dialect) -> Result<Option<usize>, StatementError> {
    let rest = &text[at..];
    let bytes = rest.as_bytes();
    let escapes = dialect.is_mysql();
    let unclosed = |what: &str| wrong(at..text.len(), format!("{what} does not end"));
    match bytes[0] {
        quote @ (b'\'' | b'"' | b'`') => {
            // PostgreSQL reads backslashes in E'…'.
            let extended =
                dialect == Dialect::Postgresql && quote == b'\'' && text[..at].ends_with(['E', 'e']);
            let end = quoted(bytes, quote, escapes && quote != b'`' || extended);
            end.map(|end| Some(at + end)).ok_or_else(|| unclosed("a quoted text"))
        }
        b'[' if dialect == Dialect::Sqlserver => {
            quoted(bytes, b']', false).map(|end| Some(at + end)).ok_or_else(|| unclosed("a name in brackets"))
        }
        b'-' if bytes.get(1) == Some(&b'-') => Ok(Some(at + line(rest))),
        b'#' if dialect.is_mysql() => Ok(Some(at + line(rest))),
        b'/' if bytes.get(1) == Some(&b'*') => match rest[2..].find("*/") {
            Some(end) => Ok(Some(at + end + 4)),
            None => Err(unclosed("a comment")),
        },
        b'$' if dialect == Dialect::Postgresql => Ok(dollar(rest).map(|end| at + end)),
        _ => Ok(None),
    }
}

fn quoted(bytes: &[u8], close: u8, escapes: bool) -> Option<usize> {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == close && bytes.get(at + 1) == Some(&close) => at += 2,
            byte if byte == close => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The end of `$tag$ … $tag$`.
fn dollar(text: &str) -> Option<usize> {
    let tag = 1 + name_length(&text[1..]);
    if text.as_bytes().get(tag) != Some(&b'$') {
        return None;
    }
    let mark = &text[..=tag];
    text[tag + 1..].find(mark).map(|end| tag + 1 + end + mark.len())
}
