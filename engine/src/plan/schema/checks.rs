//! What a JSON Schema demands of single values in answers: lengths, patterns, enumerated texts, bounds.
//!
//! **Invariant.** A check looks at JSON text of the kind that its keyword is about; any other kind passes, as JSON Schema
//! has it. A message names the keyword, never the value.

use super::Schema;
use kernel::Decimal;
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// One demand of a schema.
#[derive(Debug, Clone)]
pub struct Check {
    demand: Demand,
    /// The keyword with its argument: `minItems 1`.
    words: Box<str>,
}

#[derive(Debug, Clone)]
enum Demand {
    Items {
        min: usize,
        max: usize,
    },
    Length {
        min: usize,
        max: usize,
    },
    Texts(Vec<Box<str>>),
    Pattern(Arc<jsonschema::Validator>),
    Bound {
        side: Side,
        at: Decimal,
        float: f64,
    },
    /// What is demanded of each element of an array of plain values.
    Each(Vec<Check>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    AtLeast,
    MoreThan,
    AtMost,
    LessThan,
}

/// A demand that a value does not meet.
#[derive(Debug, Clone, Copy)]
pub struct Unmet<'a> {
    /// The demand.
    pub check: &'a Check,
    /// The element of the array that does not meet it.
    pub element: Option<usize>,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// Returns what a schema demands of a value; usually nothing.
pub(super) fn of(schema: Schema<'_>) -> Vec<Check> {
    let mut checks: Vec<Check> = schema.all().into_iter().flat_map(|schema| of_node(schema.node)).collect();
    if let Some(items) = schema.items() {
        let inner = of(items);
        if !inner.is_empty() {
            checks.push(Check { demand: Demand::Each(inner), words: "items".into() });
        }
    }
    checks
}

fn of_node(node: &Json) -> Vec<Check> {
    let Some(node) = node.as_object() else { return Vec::new() };
    let checks = node.iter().filter_map(|(key, argument)| {
        let demand = demand(key, argument)?;
        let words = match argument {
            Json::Array(_) => key.clone(),
            Json::String(text) => format!("{key} {text}"),
            other => format!("{key} {other}"),
        };
        Some(Check { demand, words: words.into() })
    });
    checks.collect()
}

fn demand(key: &str, argument: &Json) -> Option<Demand> {
    // A count may be written as 1.0.
    let count = || {
        let count =
            argument.as_u64().or_else(|| Decimal::from_f64(argument.as_f64()?)?.to_i64()?.try_into().ok());
        count.and_then(|count| usize::try_from(count).ok())
    };
    let bound = |side| {
        let float = argument.as_f64()?;
        let at = Decimal::parse(&argument.to_string()).ok().or_else(|| Decimal::from_f64(float))?;
        Some(Demand::Bound { side, at, float })
    };
    match key {
        "minItems" => Some(Demand::Items { min: count()?, max: usize::MAX }),
        "maxItems" => Some(Demand::Items { min: 0, max: count()? }),
        "minLength" => Some(Demand::Length { min: count()?, max: usize::MAX }),
        "maxLength" => Some(Demand::Length { min: 0, max: count()? }),
        "minimum" => bound(Side::AtLeast),
        "exclusiveMinimum" => bound(Side::MoreThan),
        "maximum" => bound(Side::AtMost),
        "exclusiveMaximum" => bound(Side::LessThan),
        "pattern" => {
            // The same code that judges requests, so that both sides understand a pattern alike.
            let schema = json!({ "pattern": argument });
            jsonschema::options().offline().build(&schema).ok().map(|it| Demand::Pattern(Arc::new(it)))
        }
        "enum" => {
            let values = argument.as_array()?;
            values
                .iter()
                .all(|value| value.is_string() || value.is_null())
                .then(|| Demand::Texts(values.iter().filter_map(Json::as_str).map(Box::from).collect()))
        }
        "const" => Some(Demand::Texts(vec![argument.as_str()?.into()])),
        _ => None,
    }
}

/// Returns the first demand that JSON text does not meet. `items` is the number of elements, where it is known.
pub(crate) fn unmet<'a>(checks: &'a [Check], json: &[u8], items: Option<usize>) -> Option<Unmet<'a>> {
    checks.iter().find_map(|check| check.unmet(json, items))
}

impl Check {
    fn unmet(&self, json: &[u8], items: Option<usize>) -> Option<Unmet<'_>> {
        let met = match &self.demand {
            Demand::Each(inner) => {
                let broken =
                    elements(json).enumerate().find_map(|(at, json)| Some((at, unmet(inner, json, None)?)));
                return broken.map(|(at, inner)| Unmet { element: Some(at), ..inner });
            }
            Demand::Items { min, max } => {
                json.first() != Some(&b'[')
                    || (*min..=*max).contains(&items.unwrap_or_else(|| elements(json).count()))
            }
            Demand::Length { min, max } => {
                text(json).is_none_or(|text| (*min..=*max).contains(&text.chars().count()))
            }
            Demand::Texts(texts) => text(json).is_none_or(|text| texts.iter().any(|known| **known == *text)),
            Demand::Pattern(pattern) => {
                text(json).is_none_or(|text| pattern.is_valid(&Json::String(text.into_owned())))
            }
            Demand::Bound { side, at, float } => {
                number(json).is_none_or(|text| side.holds(text, *at, *float))
            }
        };
        (!met).then_some(Unmet { check: self, element: None })
    }
}

impl Side {
    fn holds(self, number: &str, at: Decimal, float: f64) -> bool {
        let order = match Decimal::parse(number) {
            Ok(number) => Some(number.cmp(&at)),
            // A binary float with an exponent.
            Err(_) => number.parse::<f64>().ok().and_then(|number| number.partial_cmp(&float)),
        };
        order.is_some_and(|order| match self {
            Self::AtLeast => order.is_ge(),
            Self::MoreThan => order.is_gt(),
            Self::AtMost => order.is_le(),
            Self::LessThan => order.is_lt(),
        })
    }
}

/// Returns the text that a JSON string is.
fn text(json: &[u8]) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') {
        return serde_json::from_slice::<String>(json).ok().map(Cow::Owned);
    }
    std::str::from_utf8(inner).ok().map(Cow::Borrowed)
}

/// Returns the digits of a JSON number.
fn number(json: &[u8]) -> Option<&str> {
    matches!(json.first(), Some(b'-' | b'0'..=b'9')).then(|| std::str::from_utf8(json).ok())?
}

/// Returns the elements of a JSON array as they are written; nothing where it is none.
fn elements(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let inner = json.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or_default();
    let mut rest = (!inner.is_empty()).then_some(inner);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = element_end(all);
        rest = all.get(end + 1..);
        Some(&all[..end])
    })
}

/// Returns where the first element ends: at the first comma that is in no text and in no inner array or object.
fn element_end(json: &[u8]) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, &byte) in json.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a schema is met, by these checks; the element too that does not meet it.
    fn verdict(schema: &Json, json: &str) -> Option<(String, Option<usize>)> {
        let checks = of(Schema::of(schema));
        unmet(&checks, json.as_bytes(), None).map(|unmet| (unmet.check.to_string(), unmet.element))
    }

    #[test]
    fn each_keyword_is_met_or_named() {
        let check = |schema: Json, met: &[&str], unmet: &[&str], words: &str| {
            for json in met {
                assert_eq!(verdict(&schema, json), None, "{schema} {json}");
            }
            for json in unmet {
                assert_eq!(verdict(&schema, json), Some((words.into(), None)), "{schema} {json}");
            }
        };
        let tricky = r#"[{"a":[1,2],"b":"],\""},"x,y"]"#;
        check(
            json!({ "minItems": 2 }),
            &["[1,2]", tricky, "\"a\"", "null"],
            &["[]", "[[1,2]]", "[\",\"]"],
            "minItems 2",
        );
        check(json!({ "maxItems": 1 }), &["[]", "[1]"], &["[1,2]", tricky], "maxItems 1");
        check(
            json!({ "minLength": 2.0 }),
            &["\"ab\"", "\"é東\"", "1"],
            &["\"\"", "\"é\"", r#""\n""#],
            "minLength 2.0",
        );
        check(json!({ "maxLength": 2 }), &[r#""\n\"""#, "\"😀é\""], &["\"abc\""], "maxLength 2");
        check(
            json!({ "pattern": "^[A-Z]{3}$" }),
            &["\"EUR\"", "7"],
            &["\"eur\"", "\"EURO\""],
            "pattern ^[A-Z]{3}$",
        );
        check(json!({ "pattern": "^(?!x)" }), &["\"y\""], &["\"x\""], "pattern ^(?!x)");
        check(json!({ "enum": ["a", "\"", null] }), &["\"a\"", r#""\"""#, "null"], &["\"b\""], "enum");
        check(json!({ "enum": ["a", 1] }), &["\"b\"", "2"], &[], "enum");
        check(json!({ "const": "a" }), &["\"a\""], &["\"b\""], "const a");
        check(
            json!({ "minimum": 0.5 }),
            &["0.5", "0.50", "1e300", "\"0\""],
            &["0.49", "-1e300"],
            "minimum 0.5",
        );
        check(json!({ "exclusiveMinimum": 0 }), &["0.1"], &["0", "-1"], "exclusiveMinimum 0");
        check(json!({ "maximum": 9 }), &["9.0"], &["9.01", "1e300"], "maximum 9");
        check(json!({ "exclusiveMaximum": 9 }), &["8"], &["9.0"], "exclusiveMaximum 9");
        check(
            json!({ "allOf": [{ "minLength": 1 }, { "maxLength": 1 }] }),
            &["\"a\""],
            &["\"ab\""],
            "maxLength 1",
        );
        check(json!({ "format": "email" }), &["\"no email\""], &[], "");
    }

    #[test]
    fn the_element_that_does_not_meet_a_demand_is_named() {
        let schema = json!({ "items": { "enum": ["a", "b"] } });
        assert_eq!(verdict(&schema, r#"["a","b"]"#), None);
        assert_eq!(verdict(&schema, r#"["a",null,"c,"]"#), Some(("enum".into(), Some(2))));
    }

    #[test]
    fn a_schema_without_demands_has_no_checks() {
        assert!(of(Schema::of(&json!({ "type": "string", "format": "date", "readOnly": true }))).is_empty());
    }
}
