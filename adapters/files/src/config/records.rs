//! Types of records as written: names, conditions, who belongs to whom.
//!
//! **Invariant.** A condition is a map of paths to values; nothing here is an expression.

use crate::select::{Asked, Named, Pattern};
use crate::shape::{Belongs, FILE};
use adapters_ports::Forms;
use kernel::{Diagnostic, Node};

/// Most types of records.
const TYPES_MAX: usize = 1000;

/// Reads `records`.
pub(super) fn records(forms: &mut Forms, format: &Node) -> Vec<Named> {
    let Some(written) = format.at("records") else { return Vec::new() };
    let Some(entries) = written.map() else {
        forms.diagnose(written.expected("a map of record types: { booking: { TRX-TYPE: \"10\" } }"));
        return Vec::new();
    };
    if entries.is_empty() || entries.len() > TYPES_MAX {
        forms.wrong(written.span, format!("`records` has at least one type and at most {TYPES_MAX}"));
    }
    let mut named = Vec::new();
    for entry in entries {
        if entry.key == FILE {
            let message = "a record type cannot be called `file`: `$file` is the name of the file";
            forms.wrong(entry.key_span, message);
        }
        let maps = entry.value.list().unwrap_or(std::slice::from_ref(&entry.value));
        let mut any = Vec::new();
        for map in maps {
            match map.map() {
                Some(checks) if !checks.is_empty() => {
                    any.push(
                        checks
                            .iter()
                            .map(|check| Asked {
                                path: check.key.clone(),
                                span: check.key_span,
                                values: values(forms, &check.value),
                            })
                            .collect(),
                    );
                }
                Some(_) if entries.len() == 1 && maps.len() == 1 => {}
                Some(_) => {
                    let message =
                        format!("`{}` has no condition, and there are other record types", entry.key);
                    forms.wrong(map.span, message);
                }
                None if map.is_null() && entries.len() == 1 => {}
                None => forms.diagnose(map.expected("a map of paths to values: { TRX-TYPE: \"10\" }")),
            }
        }
        named.push(Named { name: entry.key.as_str().into(), span: entry.key_span, any });
    }
    named
}

fn values(forms: &mut Forms, value: &Node) -> Vec<Pattern> {
    let items = value.list().unwrap_or(std::slice::from_ref(value));
    if items.is_empty() {
        forms.wrong(value.span, "a condition has at least one value");
    }
    let mut patterns = Vec::new();
    for item in items {
        match item.text() {
            Some(text) => patterns.push(Pattern::parse(text)),
            None => forms.diagnose(item.expected("a text or a list of texts")),
        }
    }
    patterns
}

/// Reads `parents`.
pub(super) fn parents(forms: &mut Forms, format: &Node) -> Vec<Belongs> {
    let Some(written) = format.at("parents") else { return Vec::new() };
    let Some(entries) = written.map() else {
        forms.diagnose(
            written.expected("a map from a record type to the one it belongs to: { contact: company }"),
        );
        return Vec::new();
    };
    if format.at("records").is_none() {
        let found = Diagnostic::new(
            "E007",
            written.span,
            "`parents` says which of several `records` belong to others",
        );
        forms.diagnose(found.hint("write `records` too"));
    }
    let mut belongs = Vec::new();
    for entry in entries {
        match entry.value.text() {
            Some(parent) => belongs.push(Belongs {
                child: entry.key.clone(),
                child_span: entry.key_span,
                parent: parent.to_owned(),
                parent_span: entry.value.span,
            }),
            None => forms.diagnose(entry.value.expected("the name of a record type")),
        }
    }
    belongs
}
