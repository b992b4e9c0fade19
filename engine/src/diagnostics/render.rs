//! Writes diagnostics as text: the line, the place under it, further places, what to do.
//!
//! **Invariant.** A line of any length, width or content leaves the carets under what they mean; a literal secret is
//! never shown.

use super::lines::{Lines, Place};
use super::width::{show, shown};
use kernel::{Diagnostic, Severity, Sources};
use std::fmt::Write;

/// Longest part of a line that is shown, in columns.
const COLUMNS_MAX: usize = 160;
/// Columns that are shown before the place where a line is too long.
const COLUMNS_BEFORE: usize = 60;

/// Returns diagnostics as text, sorted by file and position, with an empty line between them.
pub fn render(found: &[Diagnostic], sources: &Sources) -> String {
    let mut sorted = found.to_vec();
    super::sort(&mut sorted, sources);
    let mut lines = Lines::new(sources).hiding(found);
    let mut out = String::new();
    for (n, diagnostic) in sorted.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        one(diagnostic, &mut lines, &mut out);
    }
    out
}

/// Returns how many errors and warnings there are: `2 errors, 1 warning`; empty if there is neither.
pub fn summary(found: &[Diagnostic]) -> String {
    let count = |severity| found.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let words = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts = [words(count(Severity::Error), "error"), words(count(Severity::Warning), "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns the word of a severity.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn one(diagnostic: &Diagnostic, lines: &mut Lines<'_>, out: &mut String) {
    let word = severity(diagnostic.severity);
    let _ = writeln!(out, "{word}[{}]: {}", diagnostic.code.0, shown(&diagnostic.message));
    let main = diagnostic.span.and_then(|span| lines.place(span));
    let others: Vec<(Place<'_>, &str)> =
        diagnostic.others.iter().filter_map(|label| Some((lines.place(label.span)?, &*label.text))).collect();
    let numbers = main.iter().chain(others.iter().map(|(place, _)| place)).map(|place| place.line);
    let gutter = numbers.max().map_or(1, |line| line.to_string().len());
    if let Some(place) = &main {
        let column = place.text[..place.from].chars().count() + 1;
        let _ = writeln!(out, "{:gutter$}--> {}:{}:{column}", "", shown(place.path), place.line);
        excerpt(place, gutter, '^', "", out);
    }
    for (place, text) in &others {
        let _ = writeln!(out, "{:gutter$}::: {}:{}", "", shown(place.path), place.line);
        excerpt(place, gutter, '-', text, out);
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(out, "{:gutter$} = help: {}", "", shown(hint));
    }
}

/// Writes a line of a file with marks under the place.
fn excerpt(place: &Place<'_>, gutter: usize, mark: char, label: &str, out: &mut String) {
    let mut text = String::new();
    let (mut columns, mut start, mut end) = (0, 0, 0);
    let skipped = first_shown(place);
    if skipped > 0 {
        columns += show('…', &mut text);
    }
    for (at, character) in place.text.char_indices().skip_while(|(at, _)| *at < skipped) {
        if columns >= COLUMNS_MAX {
            show('…', &mut text);
            break;
        }
        if at == place.from {
            start = columns;
        }
        let hidden = place.hidden.iter().any(|(from, to)| (*from..*to).contains(&at));
        columns += show(if hidden { '*' } else { character }, &mut text);
        if at < place.to {
            end = columns;
        }
    }
    if place.from >= place.text.len() {
        start = columns;
    }
    let marks = mark.to_string().repeat(end.saturating_sub(start).max(1));
    let _ = writeln!(out, "{:gutter$} |", "");
    let _ = writeln!(out, "{:>gutter$} | {}", place.line, text.trim_end());
    let line = format!("{:gutter$} | {:start$}{marks} {}", "", "", shown(label));
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Returns the first byte of a line that is shown: not 0 only where the line is too long.
fn first_shown(place: &Place<'_>) -> usize {
    let mut columns = 0;
    let mut scratch = String::new();
    let before: Vec<(usize, usize)> = place.text[..place.from]
        .char_indices()
        .map(|(at, character)| {
            columns += show(character, &mut scratch);
            (at, columns)
        })
        .collect();
    if columns <= COLUMNS_MAX - COLUMNS_BEFORE {
        return 0;
    }
    before.iter().find(|(_, behind)| *behind + COLUMNS_BEFORE > columns).map_or(0, |(at, _)| *at)
}
