//! Compares JSON values, and says where they differ.
//!
//! **Invariant.** Numbers go by value and everything else by its JSON type; a missing member is not `null`; the value of
//! a sensitive field is never shown.

use engine::json;
use engine::plan::model::{Field, FieldKind, ObjectMap};
use engine::value::Value;

/// Differences that are told.
const DIFFERENCES_MAX: usize = 10;
/// Longest value that is shown, in characters.
const SHOWN_MAX: usize = 160;

/// Returns how a value differs from what was expected, by JSON pointers. `map` says which fields are sensitive.
pub(super) fn differences(expected: &Value, found: &Value, map: Option<&ObjectMap>) -> Vec<String> {
    let mut compare = Compare { map, path: Vec::new(), lines: Vec::new() };
    compare.value(Some(expected), Some(found));
    let more = compare.lines.len().saturating_sub(DIFFERENCES_MAX);
    compare.lines.truncate(DIFFERENCES_MAX);
    if more > 0 {
        compare.lines.push(format!("and {more} more"));
    }
    compare.lines
}

struct Compare<'a> {
    map: Option<&'a ObjectMap>,
    path: Vec<String>,
    lines: Vec<String>,
}

impl Compare<'_> {
    fn value(&mut self, expected: Option<&Value>, found: Option<&Value>) {
        match (expected, found) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                for (name, value) in a {
                    let other = b.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                    self.member(name, Some(value), other);
                }
                for (name, value) in b.iter().filter(|(name, _)| !a.iter().any(|(key, _)| key == name)) {
                    self.member(name, None, Some(value));
                }
            }
            (Some(Value::List(a)), Some(Value::List(b))) => {
                for n in 0..a.len().max(b.len()) {
                    self.member(&n.to_string(), a.get(n), b.get(n));
                }
            }
            (Some(a), Some(b)) if alike(a, b) => {}
            (None, None) => {}
            (expected, found) => self.differs(expected, found),
        }
    }

    fn member(&mut self, name: &str, expected: Option<&Value>, found: Option<&Value>) {
        self.path.push(name.to_owned());
        self.value(expected, found);
        self.path.pop();
    }

    fn differs(&mut self, expected: Option<&Value>, found: Option<&Value>) {
        let masked = self.map.is_some_and(|map| sensitive(map, &self.path));
        let show = |value: Option<&Value>| match value {
            None => "nothing".to_owned(),
            Some(_) if masked => "***".to_owned(),
            Some(value) => shown(value),
        };
        let pointer: String = self.path.iter().map(|name| json::pointer_to(name)).collect();
        let place = if pointer.is_empty() { "the whole" } else { &pointer };
        let (expected, found) = (show(expected), show(found));
        let alike = expected == found && !masked;
        // A text and a number may look the same only where one of them is a text that JSON would quote.
        let hint = if alike { " (of another type)" } else { "" };
        self.lines.push(format!("{place}: expected {expected}, found {found}{hint}"));
    }
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, other) | (other, Value::Null) => matches!(other, Value::Null),
        _ => a.same(b),
    }
}

/// Returns whether a path of member names and positions leads to, or through, a sensitive field.
fn sensitive(map: &ObjectMap, path: &[String]) -> bool {
    let Some((name, rest)) = path.split_first() else { return any_sensitive(map) };
    map.fields.iter().filter(|field| *field.name == **name).any(|field| field.sensitive || below(field, rest))
}

fn below(field: &Field, rest: &[String]) -> bool {
    match &field.kind {
        FieldKind::Object(inner) => sensitive(inner, rest),
        FieldKind::Each { element, .. } => match rest.split_first() {
            Some((_, rest)) => sensitive(element, rest),
            None => any_sensitive(element),
        },
        FieldKind::Cases { cases, .. } => cases.iter().any(|case| sensitive(&case.fields, rest)),
        FieldKind::Value { .. } | FieldKind::Computed(_) => false,
    }
}

/// A whole object is shown only if nothing in it is sensitive.
fn any_sensitive(map: &ObjectMap) -> bool {
    map.fields.iter().any(|field| field.sensitive || below(field, &[]))
}

fn shown(value: &Value) -> String {
    let mut out = Vec::new();
    json::write(value, &mut out);
    let text = String::from_utf8_lossy(&out);
    if text.chars().count() <= SHOWN_MAX {
        return text.into_owned();
    }
    text.chars().take(SHOWN_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::json::JsonLimits;
    use engine::plan::model::Facts;
    use engine::ty::{Kind, Type};
    use kernel::{FileId, Span};

    fn parse(text: &str) -> Value {
        json::parse(text.as_bytes(), JsonLimits::default()).unwrap()
    }

    #[test]
    fn differences_are_told_by_their_pointers() {
        let check = |a: &str, b: &str, expected: &[&str]| {
            assert_eq!(differences(&parse(a), &parse(b), None), expected, "{a} {b}");
        };
        check(r#"{"a":420.50,"b":[1]}"#, r#"{"b":[1.0],"a":4.205e2}"#, &[]);
        check(r#"{"a":1}"#, r#"{"a":"1"}"#, &[r#"/a: expected 1, found "1""#]);
        check(r#"{"a":null}"#, "{}", &["/a: expected null, found nothing"]);
        check("{}", r#"{"a":null}"#, &["/a: expected nothing, found null"]);
        check(
            r#"{"a":[{"b":1},2]}"#,
            r#"{"a":[{"b":2}]}"#,
            &["/a/0/b: expected 1, found 2", "/a/1: expected 2, found nothing"],
        );
        check("[]", "{}", &["the whole: expected [], found {}"]);
        check(r#"{"a/b~":true}"#, r#"{"a/b~":false}"#, &["/a~1b~0: expected true, found false"]);
        check(
            "0.1",
            "0.10000000000000000000001",
            &["the whole: expected 0.1, found 0.10000000000000000000001"],
        );
    }

    #[test]
    fn a_sensitive_value_is_not_shown_wherever_it_stands() {
        let field = |name: &str, sensitive, kind| Field {
            name: name.into(),
            hidden: false,
            sensitive,
            span: Span::new(FileId(0), 0, 0),
            ty: Type::optional(Kind::Text),
            facts: Facts::default(),
            kind,
        };
        let inner = ObjectMap {
            fields: vec![field("pan", true, FieldKind::Object(ObjectMap::default()))],
            implicit: false,
        };
        let map = ObjectMap { fields: vec![field("card", false, FieldKind::Object(inner))], implicit: false };
        let check = |a: &str, b: &str| {
            let lines = differences(&parse(a), &parse(b), Some(&map));
            assert!(!lines.is_empty() && lines.iter().all(|line| !line.contains("4111")), "{lines:?}");
        };
        check(r#"{"card":{"pan":"4111"}}"#, r#"{"card":{"pan":"41112"}}"#);
        check(r#"{"card":{"pan":"4111"}}"#, r#"{"card":null}"#);
        check(r#"{"card":{"pan":"4111"}}"#, "{}");
        check(r#"{"card":{"pan":["4111"]}}"#, r#"{"card":{"pan":["4112"]}}"#);
        check(r#"{"card":{"pan":"4111"}}"#, "null");
    }
}
