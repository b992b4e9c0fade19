//! Where in a request the character stands that a wire form cannot hold.
//!
//! **Invariant.** Looked for only after an encoder has refused; the value itself never gets into the error.

use engine::json;
use engine::value::Value;
use kernel::{Cause, Error};

/// Adds the pointer of the first text of a body that has the character which an encoder refused.
///
/// An encoder knows places of its own form only; a client knows its body.
pub(super) fn located(error: Error, body: &Value) -> Error {
    let context = |key: &str| error.context.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    if error.cause != Cause::Unwritable || context("pointer").is_some() {
        return error;
    }
    let character = context("character").and_then(|text| parse(text));
    let mut pointer = String::new();
    match character {
        Some(character) if find(body, character, &mut pointer) => error.with("pointer", pointer),
        _ => error,
    }
}

/// Reads `U+0001`.
fn parse(text: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(text.strip_prefix("U+")?, 16).ok()?)
}

fn find(value: &Value, character: char, pointer: &mut String) -> bool {
    let length = pointer.len();
    let found = match value {
        Value::Text(text) => return text.contains(character),
        Value::List(items) => items.iter().enumerate().any(|(n, item)| {
            pointer.truncate(length);
            pointer.push_str(&format!("/{n}"));
            find(item, character, pointer)
        }),
        Value::Object(members) => members.iter().any(|(name, member)| {
            pointer.truncate(length);
            json::push_pointer(pointer, name);
            find(member, character, pointer)
        }),
        _ => false,
    };
    if !found {
        pointer.truncate(length);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::json::{JsonLimits, parse as json};
    use kernel::Class;

    #[test]
    fn the_text_with_the_character_is_found() {
        let check = |body: &str, character: &str, expected: Option<&str>| {
            let body = json(body.as_bytes(), JsonLimits::default()).unwrap();
            let error = Error::new(Class::Client, Cause::Unwritable, "no").with("character", character);
            let error = located(error, &body);
            let found = error.context.iter().find(|(name, _)| *name == "pointer");
            assert_eq!(found.map(|(_, value)| value.as_str()), expected, "{body:?}");
        };
        check(r#"{"a":{"x":"1"},"b":[{"c":"2"},{"c":"\u0001"}]}"#, "U+0001", Some("/b/1/c"));
        check(r#"{"a":[],"b/~":"\uffff"}"#, "U+FFFF", Some("/b~1~0"));
        check(r#"{"a":"\u0002","b":7}"#, "U+0001", None);
        check(r#"{"a":"\u0001"}"#, "x", None);
    }
}
