//! Path and query parameters.
//!
//! **Invariant.** A parameter's text is parsed by its type or refused; it is never passed on unparsed.

use crate::ty::{Kind, Type};
use crate::value::{Instant, Value};
use kernel::Decimal;
use std::sync::Arc;

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name.
    pub name: Arc<str>,
    /// Where it comes from.
    pub place: Place,
    /// Its type; optional unless it is in the path or required.
    pub ty: Type,
    /// The values that are allowed; empty where all are.
    pub allowed: Vec<Arc<str>>,
    /// What is assumed where it is missing.
    pub default: Option<Value>,
    /// The field of the model to which a path parameter belongs: an index into the fields of its body.
    pub field: Option<usize>,
}

/// Where a parameter comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query.
    Query,
}

impl Param {
    /// Returns the value of a parameter's text.
    ///
    /// # Errors
    /// What was expected, in words, without the text itself.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        match &self.ty.kind {
            Kind::List(element) => self.list(&element.kind, text.split(',')),
            kind => self.one(kind, text),
        }
    }

    /// Returns the value of a parameter that is given several times: each text is one element, with its commas.
    ///
    /// # Errors
    /// As [`Param::parse`]; also where it is no list.
    pub fn parse_all(&self, texts: &[&str]) -> Result<Value, String> {
        match (&self.ty.kind, texts) {
            (_, [one]) => self.parse(one),
            (Kind::List(element), texts) => self.list(&element.kind, texts.iter().copied()),
            _ => Err("the parameter occurs twice".into()),
        }
    }

    /// Whether it may be given several times.
    pub fn repeats(&self) -> bool {
        matches!(self.ty.kind, Kind::List(_))
    }

    fn list<'t>(&self, element: &Kind, texts: impl Iterator<Item = &'t str>) -> Result<Value, String> {
        texts.map(|text| self.one(element, text)).collect::<Result<_, _>>().map(Value::List)
    }

    fn one(&self, kind: &Kind, text: &str) -> Result<Value, String> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| &**allowed == text) {
            return Err(format!("expected one of {}", self.allowed.join(", ")));
        }
        parse(kind, text)
    }
}

fn parse(kind: &Kind, text: &str) -> Result<Value, String> {
    let expected = |what: &str| format!("expected {what}");
    match kind {
        Kind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(expected("true or false")),
        },
        Kind::Number { integer } => match Decimal::parse(text) {
            Ok(number) if *integer && !number.is_integer() => Err(expected("an integer")),
            Ok(number) => Ok(Value::Number(number).plain()),
            Err(_) => Err(expected(if *integer { "an integer" } else { "a number" })),
        },
        Kind::Date => text.parse().map(Value::Date).map_err(|_| expected("a date such as 2026-06-01")),
        Kind::Time => text.parse().map(Value::Time).map_err(|_| expected("a time such as 09:30:00")),
        Kind::Instant => instant(text)
            .map(Value::Instant)
            .ok_or_else(|| expected("an instant such as 2026-06-01T09:30:00Z")),
        _ => Ok(Value::Text(text.into())),
    }
}

fn instant(text: &str) -> Option<Instant> {
    let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text).ok()?;
    let offset_s = pieces.to_numeric_offset().map_or(0, jiff::tz::Offset::seconds);
    pieces.offset()?;
    Some(Instant { at: text.parse().ok()?, offset_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_by_its_type_or_refused() {
        let check = |kind: Kind, text: &str, ok: bool| {
            let param = Param {
                name: "p".into(),
                place: Place::Query,
                ty: Type::required(kind),
                allowed: Vec::new(),
                default: None,
                field: None,
            };
            assert_eq!(param.parse(text).is_ok(), ok, "{text}");
        };
        check(Kind::Text, "anything", true);
        check(Kind::Number { integer: true }, "12", true);
        check(Kind::Number { integer: true }, "12.5", false);
        check(Kind::Number { integer: false }, "12.5", true);
        check(Kind::Number { integer: false }, "x", false);
        check(Kind::Bool, "true", true);
        check(Kind::Bool, "TRUE", false);
        check(Kind::Date, "2026-02-28", true);
        check(Kind::Date, "2026-02-30", false);
        check(Kind::Instant, "2026-06-01T09:30:00+02:00", true);
        check(Kind::Instant, "2026-06-01T09:30:00", false);
    }

    #[test]
    fn a_list_is_separated_by_commas() {
        let number = Type::required(Kind::Number { integer: true });
        let param = Param {
            name: "p".into(),
            place: Place::Query,
            ty: Type::optional(Kind::List(Arc::new(number))),
            allowed: Vec::new(),
            default: None,
            field: None,
        };
        let two = Value::List(vec![Value::Number(Decimal::from(1)), Value::Number(Decimal::from(2))]);
        assert!(param.parse("1,2").unwrap().same(&two));
        assert_eq!(param.parse("1,x").unwrap_err(), "expected an integer");
    }

    #[test]
    fn a_list_that_is_given_in_pieces_keeps_their_commas() {
        let param = |kind, allowed: &[&str]| Param {
            name: "p".into(),
            place: Place::Query,
            ty: Type::optional(kind),
            allowed: allowed.iter().map(|text| Arc::from(*text)).collect(),
            default: None,
            field: None,
        };
        let list = |of: &[&str]| Value::List(of.iter().map(|text| Value::Text(Arc::from(*text))).collect());
        let texts = || Kind::List(Arc::new(Type::required(Kind::Text)));
        let names = param(texts(), &[]);
        assert!(names.parse_all(&["a,b"]).unwrap().same(&list(&["a", "b"])));
        assert!(names.parse_all(&["a,b", "c"]).unwrap().same(&list(&["a,b", "c"])));
        let codes = param(texts(), &["cold", "dry"]);
        assert!(codes.parse("cold,dry").unwrap().same(&list(&["cold", "dry"])));
        assert_eq!(codes.parse("cold,blue").unwrap_err(), "expected one of cold, dry");
        assert_eq!(codes.parse_all(&["cold", "cold,dry"]).unwrap_err(), "expected one of cold, dry");
        assert!(names.repeats() && !param(Kind::Text, &[]).repeats());
        assert_eq!(param(Kind::Text, &[]).parse_all(&["a", "b"]).unwrap_err(), "the parameter occurs twice");
    }

    #[test]
    fn a_value_outside_the_enumeration_is_refused_without_repeating_it() {
        let param = Param {
            name: "p".into(),
            place: Place::Query,
            ty: Type::optional(Kind::Text),
            allowed: vec!["a".into(), "b".into()],
            default: None,
            field: None,
        };
        assert_eq!(param.parse("c").unwrap_err(), "expected one of a, b");
    }
}
