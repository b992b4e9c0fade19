//! Gives diagnostics as JSON, for editors and pipelines.
//!
//! **Invariant.** Lines and columns count from 1, columns in characters; an end stands behind the last character.

use super::lines::Lines;
use super::render::severity;
use kernel::{Diagnostic, Sources, Span};
use serde_json::{Map, Value, json};

/// Returns an array with one object for each diagnostic, sorted by file and position.
///
/// Members: `code severity message file line column endLine endColumn hint others`; what is not known is `null`.
/// `others` has objects with `text` and the members of a place.
pub fn to_json(found: &[Diagnostic], sources: &Sources) -> Value {
    let mut sorted = found.to_vec();
    super::sort(&mut sorted, sources);
    let mut lines = Lines::new(sources);
    Value::Array(sorted.iter().map(|diagnostic| one(diagnostic, &mut lines)).collect())
}

fn one(diagnostic: &Diagnostic, lines: &mut Lines<'_>) -> Value {
    let mut object = Map::new();
    object.insert("code".into(), json!(diagnostic.code.0));
    object.insert("severity".into(), json!(severity(diagnostic.severity)));
    object.insert("message".into(), json!(diagnostic.message));
    place(diagnostic.span, lines, &mut object);
    object.insert("hint".into(), json!(diagnostic.hint));
    let others = diagnostic.others.iter().map(|label| {
        let mut object = Map::new();
        place(Some(label.span), lines, &mut object);
        object.insert("text".into(), json!(label.text));
        Value::Object(object)
    });
    object.insert("others".into(), Value::Array(others.collect()));
    Value::Object(object)
}

fn place(span: Option<Span>, lines: &mut Lines<'_>, object: &mut Map<String, Value>) {
    let path = span.and_then(|span| Some(lines.place(span)?.path.to_owned()));
    let start = span.and_then(|span| lines.position(span.file, span.start));
    let end = span.and_then(|span| lines.position(span.file, span.end.max(span.start)));
    object.insert("file".into(), json!(path));
    object.insert("line".into(), json!(start.map(|at| at.line)));
    object.insert("column".into(), json!(start.map(|at| at.column)));
    object.insert("endLine".into(), json!(end.map(|at| at.line)));
    object.insert("endColumn".into(), json!(end.map(|at| at.column)));
}
