//! Reads legacy paths: `A/B[1]`, `B[Type=14]/ID`, `../X`, `$header/Y`, `A/xsi:type`, `"a b"/@id`.
//!
//! **Invariant.** Each step has its own span; what is not a path is E010, a position zero E011.

use super::Line;
use super::line::trimmed;
use crate::lang::ast::{Path, Pick, PickWhere, Spanned, Step, StepKind};
use kernel::Diagnostic;

const TYPE_STEP: &str = "xsi:type";

/// Reads the whole line as one path.
pub(crate) fn read(line: &Line<'_>, found: &mut Vec<Diagnostic>) -> Option<Path> {
    between(line, 0, line.text.len(), found)
}

/// Reads `from..to` of a line as one path.
pub(crate) fn between(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Path> {
    let (from, to) = trimmed(line.text, from, to);
    let mut path = Path { beside: None, up: 0, steps: Vec::new(), span: line.place(from, to) };
    if from == to {
        found.push(Diagnostic::new("E010", line.place(from, to), "a legacy path is missing"));
        return None;
    }
    let mut whole = true;
    for (n, (from, to)) in split(line.text, from, to, '/').into_iter().enumerate() {
        let written = &line.text[from..to];
        match written {
            ".." if path.steps.is_empty() && path.beside.is_none() => path.up += 1,
            ".." => {
                let message = "`..` can only stand at the beginning of a path";
                found.push(Diagnostic::new("E010", line.place(from, to), message));
                whole = false;
            }
            _ if n == 0 && written.starts_with('$') => match beside(line, from, to, found) {
                Some(name) => path.beside = Some(name),
                None => whole = false,
            },
            _ => match step(line, from, to, found) {
                Some(step) => path.steps.push(step),
                None => whole = false,
            },
        }
    }
    whole.then_some(path)
}

/// Splits `from..to` at a separator outside of quotes, brackets and parentheses; blanks around pieces are left out.
pub(crate) fn split(text: &str, from: usize, to: usize, separator: char) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut start = from;
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, character) in text[from..to].char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, _) if character == separator && depth == 0 => {
                pieces.push(trimmed(text, start, from + at));
                start = from + at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(trimmed(text, start, to));
    pieces
}

fn unreadable(line: &Line<'_>, from: usize, to: usize, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new("E010", line.place(from, to), message)
}

fn beside(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let name = &line.text[from + 1..to];
    if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') {
        return Some(Spanned::new(name.to_owned(), line.place(from, to)));
    }
    let message = format!("`{}` is not a name that stands beside a record", &line.text[from..to]);
    found.push(unreadable(line, from, to, message).hint("such a name looks like $header or $fault/code"));
    None
}

fn step(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Step> {
    let written = &line.text[from..to];
    if written.is_empty() {
        let message = "an empty step in a legacy path";
        let slash = line.text[..from].rfind('/').or_else(|| line.text[from..].find('/').map(|at| from + at));
        let (from, to) = slash.map_or((from, to), |at| (at, at + 1));
        found.push(unreadable(line, from, to, message).hint("is there a `/` too much?"));
        return None;
    }
    let name_end = from + name_length(written);
    let (name, kind) = match name(&line.text[from..name_end]) {
        Ok(name) => name,
        Err(message) => {
            found.push(
                unreadable(line, from, to, message).hint("quote a name that has such characters: \"a b\""),
            );
            return None;
        }
    };
    let pick = brackets(line, name_end, to, found)?;
    Some(Step { name, name_span: line.place(from, name_end), kind, pick, span: line.place(from, to) })
}

/// Returns how far the name of a step reaches, quotes included.
fn name_length(written: &str) -> usize {
    let quoted = written.strip_prefix('@').unwrap_or(written);
    let ahead = written.len() - quoted.len();
    if let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))
        && let Some(end) = quoted[1..].find(quote)
    {
        return ahead + end + 2;
    }
    written.find('[').unwrap_or(written.len())
}

fn name(written: &str) -> Result<(String, StepKind), String> {
    if written == TYPE_STEP {
        return Ok((written.to_owned(), StepKind::Type));
    }
    let (bare, kind) = match written.strip_prefix('@') {
        Some(rest) => (rest, StepKind::Attribute),
        None => (written, StepKind::Any),
    };
    let quoted = ['"', '\''].iter().find_map(|quote| bare.strip_prefix(*quote)?.strip_suffix(*quote));
    if let Some(inner) = quoted.filter(|inner| !inner.is_empty()) {
        return Ok(match inner.strip_prefix('@') {
            Some(rest) if !rest.is_empty() => (rest.to_owned(), StepKind::Attribute),
            _ => (inner.to_owned(), kind),
        });
    }
    if bare.is_empty() {
        return Err("a step of a legacy path has no name".into());
    }
    if bare.contains(':') {
        return Err(format!("`{written}` has a prefix: names are found by the schema, without prefixes"));
    }
    match bare.chars().find(|c| c.is_whitespace() || "\"'()[]|+=,;<>{}*!?&$".contains(*c)) {
        Some(odd) if odd.is_whitespace() => Err(format!("`{written}` has a blank within a name")),
        Some(odd) => Err(format!("`{odd}` cannot stand in the legacy path `{written}`")),
        None => Ok((bare.to_owned(), kind)),
    }
}

/// Reads what stands in brackets behind a name.
fn brackets(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Pick> {
    let mut pick = Pick::None;
    let mut at = from;
    while at < to {
        let inner = closed(&line.text[at..to]).map(|end| (at + 1, at + end));
        let Some((start, end)) = inner else {
            found.push(unreadable(
                line,
                at,
                to,
                format!("`{}` is not a position or condition", &line.text[at..to]),
            ));
            return None;
        };
        let next = bracket(line, start, end, found)?;
        pick = match (pick, next) {
            (Pick::None, next) => next,
            (Pick::Where(mut all), Pick::Where(more)) => {
                all.extend(more);
                Pick::Where(all)
            }
            _ => {
                let message = "a position cannot stand together with another position or condition";
                found.push(unreadable(line, from, to, message));
                return None;
            }
        };
        at = end + 1;
    }
    Some(pick)
}

/// Returns where the bracket at the beginning closes.
fn closed(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, _) if at == 0 && character != '[' => return None,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, ']') => return Some(at),
            _ => {}
        }
    }
    None
}

fn bracket(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Pick> {
    let (start, end) = trimmed(line.text, from, to);
    let written = &line.text[start..end];
    match written {
        "*" => return Some(Pick::All),
        "last" => return Some(Pick::Last),
        _ => {}
    }
    if !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit()) {
        return position(line, start, end, found);
    }
    match written.find('=') {
        Some(at) => condition(line, start, start + at, end, found),
        None => {
            let message = format!("`[{written}]` is not a position or condition");
            let hint = "write a position from 1, [last], [*], or a condition such as [Type=14]";
            found.push(unreadable(line, from - 1, to + 1, message).hint(hint));
            None
        }
    }
}

fn position(line: &Line<'_>, from: usize, to: usize, found: &mut Vec<Diagnostic>) -> Option<Pick> {
    match line.text[from..to].parse() {
        Ok(0) => {
            let message = "positions count from 1, there is no [0]";
            let (open, close) = (line.text[..from].rfind('['), line.text[to..].find(']'));
            let place = line.place(open.unwrap_or(from), close.map_or(to, |at| to + at + 1));
            found.push(Diagnostic::new("E011", place, message).hint("the first one is [1]"));
            None
        }
        Ok(position) => Some(Pick::Nth(position)),
        Err(_) => {
            found.push(unreadable(line, from, to, "this position is too large"));
            None
        }
    }
}

fn condition(
    line: &Line<'_>,
    from: usize,
    equals: usize,
    to: usize,
    found: &mut Vec<Diagnostic>,
) -> Option<Pick> {
    let mut path = Vec::new();
    for (start, end) in split(line.text, from, equals, '/') {
        let step = step(line, start, end, found)?;
        if step.pick != Pick::None {
            found.push(unreadable(line, start, end, "brackets within brackets"));
            return None;
        }
        path.push(step);
    }
    let mut value = line.part(equals + 1, to);
    if let Some(inner) = unquoted(&value.value) {
        value.value = inner.to_owned();
    }
    Some(Pick::Where(vec![PickWhere { path, value, span: line.place(from, to) }]))
}

/// Returns what stands between quotes.
pub(crate) fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
}
