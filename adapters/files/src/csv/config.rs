//! The keys of `format: { type: csv }`.
//!
//! **Invariant.** A dialect in which a record could be read in two ways is refused.

use super::dialect::Dialect;
use super::header::{self, Order};
use super::{Column, Csv, Cut};
use crate::codepage::CodePage;
use crate::columns::{add_type, type_names};
use adapters_ports::{Files, Forms};
use kernel::{Diagnostic, Node, PartId, ScalarType, ShapeBuilder, Span};
use std::sync::Arc;

/// The keys of its own.
pub(crate) const KEYS: [&str; 9] =
    ["separator", "quote", "escape", "comment", "preamble", "header", "columns", "ragged", "quoting"];

/// Most columns of a type of records.
const COLUMNS_MAX: usize = 16_384;

/// Columns as written: those of all records, or by type.
type Named = Vec<(Option<String>, Span, Vec<(String, Span)>)>;

/// Reads `format` of type `csv` and adds its records to the shape; nothing if it is wrong, which is noted.
pub(crate) fn open(
    node: &Node,
    page: CodePage,
    forms: &mut Forms,
    files: &dyn Files,
    shape: &mut ShapeBuilder,
) -> Option<Csv> {
    let mut dialect = dialect(node, page, forms)?;
    let has_header = forms.truth(node, "header").unwrap_or(false);
    let ragged = forms.truth(node, "ragged").unwrap_or(false);
    let named = columns(node, dialect, forms, files)?;
    dialect.pass_blank = named.iter().all(|(_, _, columns)| columns.len() > 1);
    let ty = shape.add_scalar(ScalarType::text());
    let (mut types, mut all) = (Vec::new(), Vec::new());
    for (name, span, columns) in named {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let kinds: Vec<_> = columns.iter().map(|(name, span)| (name.as_str(), ty, *span)).collect();
        let record = add_type(shape, name.as_deref(), span, &kinds, ragged);
        all.push(names.iter().zip(&record.parts).map(|(name, part)| column(name, *part)).collect());
        types.push(record);
    }
    let order = if has_header { Order::Unknown } else { Order::Declared };
    Some(Csv { types: types.into(), columns: all.into(), ty, dialect, ragged, order })
}

fn column(name: &str, part: PartId) -> Column {
    Column { name: Arc::from(name), part }
}

fn dialect(node: &Node, page: CodePage, forms: &mut Forms) -> Option<Dialect> {
    let mut byte = |key: &str, default: Option<char>| byte(node, key, default, page, forms);
    let (separator, quote) = (byte("separator", Some(','))?, byte("quote", Some('"'))?);
    let (escape, comment) = (byte("escape", None)?, byte("comment", None)?);
    let Some(separator) = separator else {
        let span = node.at("separator").map_or(node.span, |written| written.span);
        forms.wrong(span, "`separator` cannot be none");
        return None;
    };
    let quote_always = match forms.text(node, "quoting") {
        Some(("always", _)) => true,
        Some(("needed", _)) | None => false,
        Some((text, span)) => {
            forms.wrong(span, format!("`quoting` is needed or always, not `{text}`"));
            false
        }
    };
    let preamble = forms.count(node, "preamble").unwrap_or(0);
    let dialect =
        Dialect { page, separator, quote, escape, comment, preamble, quote_always, pass_blank: true };
    let marks: Vec<u8> = [Some(separator), quote, escape, comment].into_iter().flatten().collect();
    let twice = marks.iter().enumerate().any(|(n, mark)| marks.iter().take(n).any(|other| other == mark));
    if twice || marks.iter().any(|mark| dialect.is_end(*mark)) {
        let message =
            "`separator`, `quote`, `escape` and `comment` are different characters, and no line ends";
        let found = Diagnostic::new("E007", node.span, message);
        forms.diagnose(found.hint("a quote in quotes is doubled; that needs no `escape`"));
        return None;
    }
    Some(dialect)
}

/// Reads a key that is one character, or `none`.
#[expect(
    clippy::option_option,
    reason = "the outer one says that it is wrong, the inner one that there is none"
)]
fn byte(
    node: &Node,
    key: &str,
    default: Option<char>,
    page: CodePage,
    forms: &mut Forms,
) -> Option<Option<u8>> {
    let (character, span) = match forms.text(node, key) {
        None if node.at(key).is_some() => return None,
        None => (default, node.span),
        Some(("none", _)) => return Some(None),
        Some((text, span)) => (Some(character(text, key, span, forms)?), span),
    };
    let Some(character) = character else { return Some(None) };
    match page.byte(character) {
        Some(byte) => Some(Some(byte)),
        None => {
            forms.wrong(
                span,
                format!("`{key}` has to be one byte, and `{character}` is none in {}", page.name()),
            );
            None
        }
    }
}

fn character(text: &str, key: &str, span: Span, forms: &mut Forms) -> Option<char> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Some('\t'),
        (_, Some(one), None) => Some(one),
        _ => {
            let found = Diagnostic::new("E007", span, format!("`{key}` is one character, `tab`, or `none`"));
            forms.diagnose(found.hint("quote it where YAML needs that: separator: \";\""));
            None
        }
    }
}

/// Reads `columns`: a list, a list for each type of records, or a file whose first record names them.
fn columns(node: &Node, dialect: Dialect, forms: &mut Forms, files: &dyn Files) -> Option<Named> {
    let Some(written) = node.at("columns") else {
        let hint = "list them: columns: [ID, NAME, AMOUNT]; or name a file that has them in its first record";
        forms.missing(node, "columns", hint);
        return None;
    };
    if let Some(path) = written.text() {
        let names = sample(path, dialect, files).map_err(|why| forms.wrong(written.span, why)).ok()?;
        let names: Vec<_> = names.into_iter().map(|name| (name, written.span)).collect();
        check(&names, written.span, forms)?;
        return Some(vec![(None, written.span, names)]);
    }
    let Some(entries) = written.map() else {
        let names = list(written, forms)?;
        return Some(vec![(None, written.span, names)]);
    };
    let known = type_names(node);
    let mut named = Vec::new();
    for entry in entries {
        if !known.is_empty() && !known.contains(&entry.key.as_str()) {
            let found =
                Diagnostic::new("E014", entry.key_span, format!("there is no record type `{}`", entry.key));
            forms.diagnose(found.hint(format!("`records` has: {}", known.join(", "))));
        }
        named.push((Some(entry.key.clone()), entry.key_span, list(&entry.value, forms)?));
    }
    for missing in
        known.iter().filter(|name| named.iter().all(|(known, ..)| known.as_deref() != Some(**name)))
    {
        forms.wrong(written.span, format!("`columns` says nothing of the record type `{missing}`"));
    }
    if named.is_empty() {
        forms.wrong(written.span, "`columns` is empty");
        return None;
    }
    Some(named)
}

fn list(written: &Node, forms: &mut Forms) -> Option<Vec<(String, Span)>> {
    let Some(items) = written.list() else {
        forms.diagnose(written.expected("a list of names: [ID, NAME, AMOUNT]"));
        return None;
    };
    let mut names = Vec::new();
    for item in items {
        match item.text().map(str::trim) {
            Some(name) if !name.is_empty() => names.push((name.to_owned(), item.span)),
            _ => forms.diagnose(item.expected("the name of a column")),
        }
    }
    check(&names, written.span, forms)?;
    Some(names)
}

fn check(names: &[(String, Span)], span: Span, forms: &mut Forms) -> Option<()> {
    if names.is_empty() || names.len() > COLUMNS_MAX {
        forms.wrong(span, format!("a record has at least one column and at most {COLUMNS_MAX}"));
        return None;
    }
    let mut seen = std::collections::HashMap::new();
    for (name, span) in names {
        if let Some(first) = seen.insert(name.as_str(), *span) {
            let found = Diagnostic::new("E007", *span, format!("the column `{name}` is there twice"));
            forms.diagnose(found.also(Some(first), "the first one"));
        }
    }
    Some(())
}

/// Returns the names in the first record of a file.
fn sample(path: &str, dialect: Dialect, files: &dyn Files) -> Result<Vec<String>, String> {
    let bytes = files.read(path)?;
    let broken = |broken: super::Broken| format!("`{path}`: {}", broken.message);
    let start = dialect.prelude(&bytes, true).map_err(broken)?.unwrap_or(0);
    let rest = bytes.get(start..).unwrap_or_default();
    let Cut::Record { start, length, .. } = dialect.split(rest, true).map_err(broken)? else {
        return Err(format!("`{path}` has no record"));
    };
    let record = rest.get(start..start + length).unwrap_or_default();
    header::names(&dialect, record).map_err(|error| format!("`{path}`: {error}"))
}
