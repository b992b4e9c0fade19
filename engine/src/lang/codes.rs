//! Reads code tables from CSV files.
//!
//! **Invariant.** A row that gives no pair of names is reported, never skipped.

use super::ast::Spanned;
use super::suggest;
use crate::codec::CodeLine;
use kernel::{Diagnostic, FileId, Span};
use std::collections::HashMap;

const REPORTED_MAX: usize = 20;

/// A cell: its text, quotes resolved, and where it stands.
type Cell = (String, Span);

/// Returns the lines of a code table that stands in a CSV file with a header line.
///
/// `modern` and `legacy` name columns. Rows with the same modern name become one line, of which the first code is
/// written. The separator is a comma, or a semicolon where the header has one and no comma.
///
/// # Errors
/// A column that is not there, and each row that gives no pair.
pub fn codes_from_csv(
    text: &str,
    file: FileId,
    modern: &Spanned<String>,
    legacy: &Spanned<String>,
) -> Result<Vec<CodeLine>, Vec<Diagnostic>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = body.lines().next().unwrap_or_default();
    let separator = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
    let mut rows = Rows { text, at: text.len() - body.len(), separator, file };
    let header = rows.next().unwrap_or_default();
    let mut found = Vec::new();
    let columns = (column(&header, modern, &mut found), column(&header, legacy, &mut found));
    let (Some(left), Some(right)) = columns else { return Err(found) };
    let mut lines = Lines::default();
    for row in rows.filter(|row| row.len() > 1 || row.iter().any(|(cell, _)| !cell.trim().is_empty())) {
        match pair(&row, header.len(), left, right) {
            Ok((modern, legacy)) => lines.add(modern, legacy),
            Err(diagnostic) if found.len() < REPORTED_MAX => found.push(*diagnostic),
            Err(_) => {}
        }
    }
    if found.is_empty() { Ok(lines.lines) } else { Err(found) }
}

/// Lines of a table, found by their modern names.
#[derive(Default)]
struct Lines {
    lines: Vec<CodeLine>,
    known: HashMap<String, usize>,
}

impl Lines {
    fn add(&mut self, modern: Cell, legacy: Cell) {
        if let Some(line) = self.known.get(&modern.0) {
            self.lines[*line].legacy.push(legacy);
            return;
        }
        self.known.insert(modern.0.clone(), self.lines.len());
        self.lines.push(CodeLine { modern: modern.0, modern_span: modern.1, legacy: vec![legacy] });
    }
}

fn column(header: &[Cell], wanted: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<usize> {
    let names = || header.iter().map(|(name, _)| name.trim());
    let mut places = names().enumerate().filter(|(_, name)| *name == wanted.value.trim()).map(|(at, _)| at);
    let (place, again) = (places.next(), places.next());
    let message = match (place, again) {
        (Some(place), None) => return Some(place),
        (Some(_), Some(_)) => format!("the file has two columns `{}`", wanted.value),
        _ => format!("the file has no column `{}`", wanted.value),
    };
    let names: Vec<&str> = names().collect();
    let mut diagnostic = Diagnostic::new("E007", wanted.span, message);
    if let Some((_, span)) = header.first() {
        diagnostic = diagnostic.also(Some(*span), "its header");
    }
    if let Some(hint) = suggest::hint(&wanted.value, names) {
        diagnostic = diagnostic.hint(hint);
    }
    found.push(diagnostic);
    None
}

fn pair(row: &[Cell], columns: usize, left: usize, right: usize) -> Result<(Cell, Cell), Box<Diagnostic>> {
    let span = row.first().zip(row.last()).map(|((_, a), (_, b))| Span { end: b.end, ..*a });
    if row.len() != columns {
        let message = format!("this row has {} cells, the header has {columns}", row.len());
        return Err(Box::new(Diagnostic::new("E007", span, message)));
    }
    let cell = |at: usize| (row[at].0.trim().to_owned(), row[at].1);
    let (modern, legacy) = (cell(left), cell(right));
    if modern.0.is_empty() || legacy.0.is_empty() {
        return Err(Box::new(Diagnostic::new("E007", span, "a code without its counterpart in this row")));
    }
    Ok((modern, legacy))
}

/// The rows of a CSV text.
///
/// Source: RFC 4180.
struct Rows<'a> {
    text: &'a str,
    at: usize,
    separator: char,
    file: FileId,
}

impl Iterator for Rows<'_> {
    type Item = Vec<Cell>;

    fn next(&mut self) -> Option<Vec<Cell>> {
        if self.at >= self.text.len() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            row.push(self.cell());
            let rest = &self.text[self.at..];
            if rest.starts_with(self.separator) {
                self.at += 1;
                continue;
            }
            self.at += rest
                .strip_prefix("\r\n")
                .or_else(|| rest.strip_prefix('\n'))
                .map_or(rest.len().min(1), |tail| rest.len() - tail.len());
            return Some(row);
        }
    }
}

impl Rows<'_> {
    fn cell(&mut self) -> Cell {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.text[start..].char_indices().peekable();
        let mut quoted = false;
        let mut length = self.text.len() - start;
        while let Some((at, character)) = chars.next() {
            match character {
                '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                    value.push('"');
                }
                '"' if quoted || value.is_empty() => quoted = !quoted,
                '\r' if !quoted && chars.peek().is_some_and(|(_, next)| *next == '\n') => {
                    length = at;
                    break;
                }
                _ if !quoted && (character == self.separator || character == '\n') => {
                    length = at;
                    break;
                }
                _ => value.push(character),
            }
        }
        self.at = start + length;
        (value, Span::new(self.file, start, self.at))
    }
}
