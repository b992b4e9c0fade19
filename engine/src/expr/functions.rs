//! The functions of expressions: one table for checker, evaluator, reference and tests.
//!
//! **Invariant.** A function is total: it returns a value or a message that names no value, and never panics.
//! It never sees an absent argument: the evaluator answers absent before.

mod convert;
mod list;
mod number;
mod text;
mod time;

use crate::ty::{Kind, Type};
use crate::value::Value;
use jiff::tz::TimeZone;
use kernel::Decimal;
use regex::Regex;
use std::sync::Arc;

pub(super) use time::zone;

/// A row of the table. Several rows may have one name.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Parameters; for a method the first is what stands before the point.
    pub(super) params: &'static [Param],
    /// How many of the last parameters may be left out.
    pub(super) optional: usize,
    /// The last parameter may be repeated.
    pub(super) rest: bool,
    pub(super) result: Outcome,
    pub(super) doc: &'static str,
    /// An expression and its value as JSON.
    pub(super) example: (&'static str, &'static str),
    pub(super) run: fn(&[Value], &Ready) -> Result<Value, String>,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `f(x)`
    Function,
    /// `x.f()`
    Method,
    /// Both.
    Either,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Param {
    Any,
    Text,
    /// A pattern, written out as a text.
    Pattern,
    /// A time zone: `Europe/Berlin`, `UTC`, `+02:00`.
    Zone,
    Integer,
    Number,
    Date,
    Time,
    Instant,
    Duration,
    Bytes,
    List,
    Texts,
    Numbers,
    /// A list whose elements have an order.
    Ordered,
    /// A value that has an order.
    Order,
    Object,
}

/// What a function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Any,
    Bool,
    Text,
    Texts,
    Integer,
    Number,
    Date,
    Time,
    Instant,
    Duration,
    Bytes,
    /// The type of the first argument.
    Same,
    /// The common type of all arguments.
    Common,
    /// An element of the first argument; absent if it has none.
    Element,
    /// The sum of the elements of the first argument.
    Sum,
}

/// What was prepared from literal arguments when the expression was compiled.
#[derive(Debug, Clone)]
pub(super) enum Ready {
    Nothing,
    Pattern(Regex),
    Zone(TimeZone),
}

/// Returns all rows, grouped as in the reference.
pub(super) fn groups() -> [(&'static str, &'static [Function]); 5] {
    [
        ("Text", text::ROWS),
        ("Numbers", number::ROWS),
        ("Lists", list::ROWS),
        ("Dates and times", time::ROWS),
        ("Conversions", convert::ROWS),
    ]
}

/// Iterates over all rows.
pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    groups().into_iter().flat_map(|(_, rows)| rows.iter())
}

impl Function {
    /// Returns whether so many arguments can be given.
    pub(super) fn takes(&self, arguments: usize) -> bool {
        let most = if self.rest { usize::MAX } else { self.params.len() };
        (self.params.len() - self.optional..=most).contains(&arguments)
    }

    /// Returns the parameter of an argument.
    pub(super) fn param(&self, n: usize) -> Param {
        self.params.get(n).or(self.params.last()).copied().unwrap_or(Param::Any)
    }

    /// Returns the row as it is called: `text.indexOf(text, integer?) → integer`.
    pub(super) fn signature(&self) -> String {
        let first_optional = self.params.len() - self.optional;
        let mut names: Vec<String> = (self.params.iter().enumerate())
            .map(|(n, param)| format!("{}{}", param.name(), if n >= first_optional { "?" } else { "" }))
            .collect();
        if self.rest {
            names.push("…".into());
        }
        let head = match self.form {
            Form::Method => format!("{}.{}", names.remove(0), self.name),
            Form::Function | Form::Either => self.name.to_owned(),
        };
        format!("{head}({}) → {}", names.join(", "), self.result.name())
    }
}

impl Param {
    /// Returns the name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Text => "text",
            Self::Pattern => "pattern",
            Self::Zone => "zone",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Time => "time",
            Self::Instant => "timestamp",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Texts => "list of text",
            Self::Numbers => "list of numbers",
            Self::Ordered => "list of ordered values",
            Self::Order => "ordered value",
            Self::Object => "object",
        }
    }

    /// Returns whether values of a type may be given.
    pub(super) fn fits(self, kind: &Kind) -> bool {
        if *kind == Kind::Any {
            return true;
        }
        match self {
            Self::Any => true,
            Self::Text | Self::Pattern | Self::Zone => *kind == Kind::Text,
            Self::Integer => matches!(kind, Kind::Number { integer: true }),
            Self::Number => matches!(kind, Kind::Number { .. } | Kind::Float),
            Self::Date => *kind == Kind::Date,
            Self::Time => *kind == Kind::Time,
            Self::Instant => *kind == Kind::Instant,
            Self::Duration => *kind == Kind::Duration,
            Self::Bytes => *kind == Kind::Bytes,
            Self::List => matches!(kind, Kind::List(_)),
            Self::Texts => matches!(kind, Kind::List(of) if Self::Text.fits(&of.kind)),
            Self::Numbers => matches!(kind, Kind::List(of) if Self::Number.fits(&of.kind)),
            Self::Ordered => matches!(kind, Kind::List(of) if Self::Order.fits(&of.kind)),
            Self::Order => !matches!(kind, Kind::List(_) | Kind::Object(_)),
            Self::Object => matches!(kind, Kind::Object(_)),
        }
    }

    /// Returns whether a value may be given; the elements of a list are looked at by the function itself.
    pub(super) fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text | Self::Pattern | Self::Zone => matches!(value, Value::Text(_)),
            Self::Integer => integer(value).is_ok(),
            Self::Number => matches!(value, Value::Number(_) | Value::Float(_)),
            Self::Date => matches!(value, Value::Date(_)),
            Self::Time => matches!(value, Value::Time(_)),
            Self::Instant => matches!(value, Value::Instant(_)),
            Self::Duration => matches!(value, Value::Duration(_)),
            Self::Bytes => matches!(value, Value::Bytes(_)),
            Self::List | Self::Texts | Self::Numbers | Self::Ordered => matches!(value, Value::List(_)),
            Self::Order => !matches!(value, Value::List(_) | Value::Object(_)),
            Self::Object => matches!(value, Value::Object(_)),
        }
    }
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Bool => "bool",
            Self::Text => "text",
            Self::Texts => "list of text",
            Self::Integer => "integer",
            Self::Number | Self::Sum => "number",
            Self::Date => "date",
            Self::Time => "time",
            Self::Instant => "timestamp",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::Same | Self::Common => "the same type",
            Self::Element => "an element, absent if there is none",
        }
    }

    /// Returns the type of the result for arguments of these types; whether an argument may be absent is not looked at.
    pub(super) fn of(self, arguments: &[Type]) -> Type {
        let first = arguments.first().map_or(Kind::Any, |ty| ty.kind.clone());
        let element = match &first {
            Kind::List(of) => (**of).clone(),
            _ => Type::optional(Kind::Any),
        };
        Type::required(match self {
            Self::Any => return Type::optional(Kind::Any),
            Self::Bool => Kind::Bool,
            Self::Text => Kind::Text,
            Self::Texts => Kind::List(Arc::new(Type::required(Kind::Text))),
            Self::Integer => Kind::Number { integer: true },
            Self::Number => Kind::Number { integer: false },
            Self::Date => Kind::Date,
            Self::Time => Kind::Time,
            Self::Instant => Kind::Instant,
            Self::Duration => Kind::Duration,
            Self::Bytes => Kind::Bytes,
            Self::Same => match first {
                Kind::Float => Kind::Number { integer: false },
                kind => kind,
            },
            Self::Common => {
                let common =
                    arguments.iter().skip(1).try_fold(first, |all, ty| super::types::unify(&all, &ty.kind));
                common.unwrap_or(Kind::Any)
            }
            Self::Element => return Type::optional(element.kind),
            Self::Sum => {
                let integer = element.kind == Kind::Number { integer: true };
                return Type { kind: Kind::Number { integer }, optional: element.optional };
            }
        })
    }
}

const WRONG: &str = "the function does not take a value of this type";

fn text(args: &[Value], n: usize) -> Result<&Arc<str>, String> {
    match args.get(n) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(WRONG.into()),
    }
}

fn list(args: &[Value], n: usize) -> Result<&[Value], String> {
    match args.get(n) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(WRONG.into()),
    }
}

fn number(value: &Value) -> Result<Decimal, String> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Float(float) => {
            Decimal::from_f64(*float).ok_or_else(|| "the float is no number of at most 38 digits".to_owned())
        }
        _ => Err(WRONG.into()),
    }
}

fn number_at(args: &[Value], n: usize) -> Result<Decimal, String> {
    number(args.get(n).unwrap_or(&Value::Absent))
}

fn integer(value: &Value) -> Result<i64, String> {
    number(value)?.to_i64().ok_or_else(|| "the number is not whole, or too large".to_owned())
}

/// Returns an argument that counts characters or elements.
fn count_at(args: &[Value], n: usize) -> Result<usize, String> {
    let value = integer(args.get(n).unwrap_or(&Value::Absent))?;
    usize::try_from(value).map_err(|_| "the position is negative".to_owned())
}

fn whole(n: usize) -> Value {
    Value::Number(Decimal::from(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn made(text: String) -> Result<Value, String> {
    Ok(Value::Text(text.into()))
}
