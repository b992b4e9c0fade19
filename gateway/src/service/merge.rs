//! Merge patches (RFC 7396).
//!
//! **Invariant.** What a patch does not name stays as it is; `null` takes away.

use engine::value::Value;

/// Returns a value with a patch laid over it.
pub(super) fn patch(target: Value, patch: Value) -> Value {
    let Value::Object(changes) = patch else { return patch };
    // "If the target is not an object, it is treated as an empty one."
    let mut members = match target {
        Value::Object(members) => members,
        _ => Vec::new(),
    };
    for (name, change) in changes {
        let at = members.iter().position(|(known, _)| *known == name);
        match (at, change) {
            (Some(at), Value::Null) => drop(members.remove(at)),
            (None, Value::Null) => {}
            (Some(at), change) => {
                let old = std::mem::take(&mut members[at].1);
                members[at].1 = self::patch(old, change);
            }
            (None, change) => members.push((name, self::patch(Value::Absent, change))),
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::json::{JsonLimits, parse, write};

    #[test]
    fn the_examples_of_the_standard_hold() {
        let check = |target: &str, change: &str, expected: &str| {
            let value = |text: &str| parse(text.as_bytes(), JsonLimits::default()).unwrap();
            let mut found = Vec::new();
            write(&patch(value(target), value(change)), &mut found);
            let mut wanted = Vec::new();
            write(&value(expected), &mut wanted);
            assert_eq!(String::from_utf8(found), String::from_utf8(wanted), "{target} {change}");
        };
        // RFC 7396, appendix A.
        check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"a":null}"#, r"{}");
        check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
        check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#);
        check(r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#);
        check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
        check(r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#);
        check(r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#);
        check(r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#);
        check(r#"{"e":1.50}"#, r#"{"a":1}"#, r#"{"e":1.50,"a":1}"#);
        check(r"[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
        check(r"{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
    }
}
