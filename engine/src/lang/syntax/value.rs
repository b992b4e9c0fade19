//! Reads field lines and the right sides of assignments: `A + B | codec(x) | codec`, `= expression`, texts.
//!
//! **Invariant.** A codec that cannot be read is E020 with the place of the codec, not of the line.

use super::Line;
use super::line::trimmed;
use super::path::{between, split, unquoted};
use crate::codec::{CodecArg, CodecCall};
use crate::lang::ast::{Expr, Operand, ValueLine};
use kernel::{Diagnostic, Style};

/// Returns where the expression begins, if a text is one: behind `= `.
pub(crate) fn expression_start(line: &Line<'_>) -> Option<usize> {
    let rest = line.text.strip_prefix('=')?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(1)
}

/// Reads `= expression`.
pub(crate) fn expression(line: &Line<'_>, found: &mut Vec<Diagnostic>) -> Option<Expr> {
    let Some(from) = expression_start(line) else {
        let message = format!("expected an expression, found `{}`", shortened(line.text));
        found.push(Diagnostic::new("E007", line.span, message).hint("an expression begins with `= `"));
        return None;
    };
    let expr = line.expr(from);
    if expr.text.is_empty() {
        found.push(Diagnostic::new("E035", line.span, "the expression is empty"));
        return None;
    }
    Some(expr)
}

/// Reads the right side of an assignment.
pub(crate) fn operand(line: &Line<'_>, found: &mut Vec<Diagnostic>) -> Option<Operand> {
    if expression_start(line).is_some() {
        return expression(line, found).map(Operand::Expr);
    }
    if line.style == Style::Plain && line.text.starts_with('=') {
        let message = "an expression begins with `= `, with a blank";
        found.push(Diagnostic::new("E007", line.span, message).hint("quote it if it is a text"));
        return None;
    }
    Some(Operand::Text(line.spanned()))
}

/// Reads `PATH + PATH | codec | codec(args)`.
pub(crate) fn value_line(line: &Line<'_>, found: &mut Vec<Diagnostic>) -> Option<ValueLine> {
    let text = line.text;
    if text.starts_with('=') {
        let message = "an expression begins with `= `, with a blank";
        found.push(Diagnostic::new("E010", line.span, message));
        return None;
    }
    let pieces = split(text, 0, text.len(), '|');
    let (&(from, to), calls) = pieces.split_first()?;
    let before = found.len();
    let sources: Vec<_> = split(text, from, to, '+')
        .into_iter()
        .filter_map(|(from, to)| between(line, from, to, found))
        .collect();
    let codecs: Vec<_> = calls.iter().filter_map(|(from, to)| codec(line, *from, *to, found)).collect();
    (found.len() == before).then(|| ValueLine {
        sources,
        codecs,
        sources_span: line.place(from, to),
        span: line.span,
    })
}

fn unreadable(line: &Line<'_>, from: usize, to: usize, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new("E020", line.place(from, to), message)
}

/// Returns the place of the separator before an empty piece.
fn before(line: &Line<'_>, from: usize, separators: &[char]) -> (usize, usize) {
    line.text[..from].rfind(separators).map_or((from, from), |at| (at, at + 1))
}

fn codec(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<CodecCall> {
    let written = &line.text[from..to];
    let name_length = written.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(written.len());
    if name_length == 0 {
        let (message, (from, to)) = match written.is_empty() {
            true => ("a codec is missing behind `|`".to_owned(), before(line, from, &['|'])),
            false => (format!("`{}` is not a codec", shortened(written)), (from, to)),
        };
        found
            .push(unreadable(line, from, to, message).hint("a codec looks like `date(yyyyMMdd)` or `lower`"));
        return None;
    }
    let name_end = from + name_length;
    let args = match trimmed(line.text, name_end, to) {
        (start, end) if start == end => Vec::new(),
        (start, end) => arguments(line, start, end, found)?,
    };
    Some(CodecCall {
        name: line.text[from..name_end].to_owned(),
        args,
        span: line.place(from, to),
        name_span: line.place(from, name_end),
    })
}

fn arguments(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Vec<CodecArg>> {
    let written = &line.text[from..to];
    if !written.starts_with('(') {
        let message = format!("`{}` behind the name of a codec", shortened(written));
        found.push(
            unreadable(line, from, to, message)
                .hint("arguments stand in parentheses, codecs are parted by `|`"),
        );
        return None;
    }
    if !written.ends_with(')') || !is_balanced(&written[1..written.len() - 1]) {
        let message = "the parentheses of this codec do not match";
        found.push(unreadable(line, from, to, message).hint("quote an argument that has brackets or quotes"));
        return None;
    }
    let (start, end) = (from + 1, to - 1);
    if line.text[start..end].trim().is_empty() {
        return Some(Vec::new());
    }
    split(line.text, start, end, ',').into_iter().map(|(from, to)| argument(line, from, to, found)).collect()
}

fn argument(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<CodecArg> {
    let written = &line.text[from..to];
    let span = line.place(from, to);
    if written.is_empty() {
        let message = "an argument of this codec is empty";
        let (from, to) = before(line, from, &['(', ',']);
        found.push(unreadable(line, from, to, message).hint("an empty text is \"\""));
        return None;
    }
    if !written.starts_with('[') {
        let value = unquoted(written).unwrap_or(written).to_owned();
        return Some(CodecArg::Text { value, span });
    }
    if !written.ends_with(']') || written[1..].contains('[') {
        found.push(unreadable(line, from, to, "this list is not closed"));
        return None;
    }
    let mut items = Vec::new();
    for (from, to) in split(line.text, from + 1, to - 1, ',') {
        if from == to {
            let (from, to) = before(line, from, &['[', ',']);
            found.push(unreadable(line, from, to, "an element of this list is empty"));
            return None;
        }
        let text = &line.text[from..to];
        items.push((unquoted(text).unwrap_or(text).to_owned(), line.place(from, to)));
    }
    Some(CodecArg::List { items, span })
}

/// Returns whether quotes, brackets and parentheses close in order.
fn is_balanced(text: &str) -> bool {
    let mut open = Vec::new();
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(begin), _) if begin == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, ')' | ']') if open.pop() != Some(character) => return false,
            _ => {}
        }
    }
    open.is_empty() && quote.is_none()
}

/// Returns the beginning of a text, for a message.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
