//! The keys of `format: { type: fixed }`.
//!
//! **Invariant.** Places count from 1 and both their ends belong to them, as in every record description on paper.

use super::{Column, Columns, add_type, type_names};
use crate::codepage::CodePage;
use adapters_ports::Forms;
use kernel::{Diagnostic, Entry, Node, ScalarType, ShapeBuilder, Span, TextType};
use std::ops::Range;
use std::sync::Arc;

/// The keys of its own.
pub(crate) const KEYS: [&str; 2] = ["columns", "short"];

/// Most characters of a record.
const WIDTH_MAX: usize = 1 << 20;

/// A column as written.
type Place<'n> = (&'n str, Span, Range<usize>);

/// A type of records and its columns as written; without a name it is the only one.
type Named<'n> = (Option<&'n str>, Span, Vec<Place<'n>>);

/// Reads `format` of type `fixed` and adds its records to the shape; nothing if it is wrong, which is noted.
pub(crate) fn open(
    node: &Node,
    page: CodePage,
    forms: &mut Forms,
    shape: &mut ShapeBuilder,
) -> Option<Columns> {
    let short = match forms.text(node, "short") {
        None | Some(("blanks", _)) => true,
        Some(("refuse", _)) => false,
        Some((text, span)) => {
            forms.wrong(span, format!("`short` is blanks or refuse, not `{text}`"));
            true
        }
    };
    let named = columns(node, forms)?;
    let (mut types, mut all) = (Vec::new(), Vec::new());
    for (name, span, places) in named {
        let (record, columns) = record(shape, name, span, &places, page);
        types.push(record);
        all.push(columns);
    }
    Some(Columns { types: types.into(), columns: all.into(), page, short })
}

fn record(
    shape: &mut ShapeBuilder,
    name: Option<&str>,
    span: Span,
    places: &[Place<'_>],
    page: CodePage,
) -> (crate::format::RecordType, Vec<Column>) {
    let mut kinds = Vec::new();
    for (name, span, at) in places {
        let length_max = u32::try_from(at.len()).ok();
        let ty =
            shape.add_scalar(ScalarType::Text(TextType { length_max, padded: true, ..TextType::default() }));
        kinds.push((*name, ty, *span));
    }
    let mut record = add_type(shape, name, span, &kinds, false);
    let width =
        places.iter().map(|(_, _, at)| at.end).max().and_then(|end| u32::try_from(end).ok()).unwrap_or(0);
    // A character of UTF-8 has up to four bytes.
    let bytes = if page == CodePage::Utf8 { 4 } else { 1 };
    (record.bytes_min, record.bytes_max) = (width, Some(width.saturating_mul(bytes)));
    record.length = (bytes == 1).then_some(width);
    let columns = places.iter().zip(&record.parts).zip(kinds).map(|(((name, _, at), part), (_, ty, _))| {
        Column { name: Arc::from(*name), at: at.clone(), part: *part, ty }
    });
    let columns = columns.collect();
    (record, columns)
}

/// Reads `columns`: places by name; a map below a name holds those of a type of records, beside those of all.
fn columns<'n>(node: &'n Node, forms: &mut Forms) -> Option<Vec<Named<'n>>> {
    let Some(written) = node.at("columns") else {
        forms.missing(node, "columns", "give each its place: columns: { KIND: 1-2, NAME: 11-40 }");
        return None;
    };
    let Some(entries) = written.map().filter(|entries| !entries.is_empty()) else {
        forms.diagnose(written.expected("a map of places: { KIND: 1-2, NAME: 11-40 }"));
        return None;
    };
    let (own, common): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.value.map().is_some());
    let common = places(&common, forms);
    let known = type_names(node);
    for entry in own.iter().filter(|entry| !known.is_empty() && !known.contains(&entry.key.as_str())) {
        let found =
            Diagnostic::new("E014", entry.key_span, format!("there is no record type `{}`", entry.key));
        forms.diagnose(found.hint(format!("`records` has: {}", known.join(", "))));
    }
    if own.is_empty() {
        return Some(vec![(None, written.span, common)]);
    }
    let mut types = Vec::new();
    for entry in &own {
        let inner: Vec<&Entry> = entry.value.map().unwrap_or_default().iter().collect();
        let mut all = common.clone();
        for place in places(&inner, forms) {
            if let Some((_, first, _)) = common.iter().find(|(name, ..)| *name == place.0) {
                let message = format!("the column `{}` is there for all records already", place.0);
                forms.diagnose(Diagnostic::new("E007", place.1, message).also(Some(*first), "there"));
            }
            all.push(place);
        }
        types.push((Some(entry.key.as_str()), entry.key_span, all));
    }
    // Types without columns of their own have those of all.
    let named = |name: &str| own.iter().any(|entry| entry.key == name);
    types.extend(
        known.iter().filter(|name| !named(name)).map(|name| (Some(*name), written.span, common.clone())),
    );
    if let Some((Some(name), span, _)) = types.iter().find(|(.., places)| places.is_empty()) {
        forms.wrong(*span, format!("the record type `{name}` has no columns"));
        return None;
    }
    Some(types)
}

fn places<'n>(entries: &[&'n Entry], forms: &mut Forms) -> Vec<Place<'n>> {
    let mut places = Vec::new();
    for entry in entries {
        let place = entry.value.text().map(place);
        match place {
            Some(Ok(at)) => places.push((entry.key.as_str(), entry.key_span, at)),
            Some(Err(why)) => forms.diagnose(
                Diagnostic::new("E007", entry.value.span, format!("the column `{}` {why}", entry.key))
                    .hint("write its first and its last place, counted from 1: 11-40"),
            ),
            None => forms.diagnose(entry.value.expected("the place of a column: 11-40")),
        }
    }
    places
}

/// Reads `11-40`, `11`, or `11+30`: 30 places from 11 on.
fn place(text: &str) -> Result<Range<usize>, String> {
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| *number <= WIDTH_MAX);
    let (first, end) = match (text.split_once('-'), text.split_once('+')) {
        (Some((first, last)), _) => (number(first), number(last)),
        (None, Some((first, length))) => {
            let first = number(first);
            (first, first.zip(number(length)).map(|(first, length)| (first + length).saturating_sub(1)))
        }
        (None, None) => (number(text), number(text)),
    };
    match (first, end) {
        (Some(first), Some(end)) if first >= 1 && first <= end && end <= WIDTH_MAX => Ok(first - 1..end),
        (Some(0), _) => Err("begins at 0, and places count from 1".into()),
        (Some(first), Some(end)) if end < first => Err("ends before it begins".into()),
        (Some(_), Some(_)) => Err(format!("ends behind {WIDTH_MAX}")),
        _ => Err(format!("has no place: `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_include_both_ends() {
        let check = |text: &str, expected: Result<Range<usize>, &str>| {
            assert_eq!(
                place(text).as_ref().map_err(String::as_str),
                expected.as_ref().map_err(|why| *why),
                "{text}"
            );
        };
        check("11-40", Ok(10..40));
        check(" 11 - 40 ", Ok(10..40));
        check("11", Ok(10..11));
        check("11+30", Ok(10..40));
        check("0-5", Err("begins at 0, and places count from 1"));
        check("9-5", Err("ends before it begins"));
        check("1-1048577", Err("has no place: `1-1048577`"));
        check("1048576+2", Err("ends behind 1048576"));
        check("1+0", Err("ends before it begins"));
        check("a-b", Err("has no place: `a-b`"));
    }
}
