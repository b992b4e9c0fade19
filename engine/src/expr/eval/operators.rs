//! The operators, on values that are there.
//!
//! **Invariant.** Exact, and total: overflow and division by zero are messages.

use super::super::ast::Binary;
use crate::value::{Instant, Value};
use jiff::{SignedDuration, Span, civil};
use kernel::{Decimal, DecimalError};
use std::cmp::Ordering;

type Outcome = Result<Value, String>;

const OUT_OF_RANGE: &str = "the date or time is out of range";

/// Evaluates an operator other than `&&` and `||`.
pub(super) fn binary(op: Binary, left: Value, right: Value) -> Outcome {
    let ordered = |test: fn(Ordering) -> bool| compare(&left, &right).map(|order| Value::Bool(test(order)));
    match op {
        Binary::Equal => equal(&left, &right).map(Value::Bool),
        Binary::Unequal => equal(&left, &right).map(|equal| Value::Bool(!equal)),
        Binary::Less => ordered(Ordering::is_lt),
        Binary::LessOrEqual => ordered(Ordering::is_le),
        Binary::Greater => ordered(Ordering::is_gt),
        Binary::GreaterOrEqual => ordered(Ordering::is_ge),
        Binary::In => within(&left, &right),
        Binary::Add => add(left, right),
        Binary::Subtract => subtract(left, right),
        Binary::Multiply => arithmetic(left, right, "*", Decimal::checked_mul),
        Binary::Divide => arithmetic(left, right, "/", Decimal::checked_div),
        Binary::Remainder => arithmetic(left, right, "%", Decimal::checked_rem),
        Binary::And | Binary::Or => Err("`&&` and `||` are not evaluated here".into()),
    }
}

/// Evaluates the minus sign.
pub(super) fn negate(value: Value) -> Outcome {
    match value {
        Value::Absent | Value::Null => Ok(Value::Absent),
        Value::Duration(duration) => {
            duration.checked_neg().map(Value::Duration).ok_or_else(|| OUT_OF_RANGE.into())
        }
        value => match decimal(&value)? {
            Some(number) => Ok(Value::Number(number.negated())),
            None => Err(format!("`-` does not go with {}", name(&value))),
        },
    }
}

/// Returns the order of two values of one type.
pub(in crate::expr) fn compare(left: &Value, right: &Value) -> Result<Ordering, String> {
    Ok(match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => {
            a.partial_cmp(b).ok_or("a float that is no number has no order")?
        }
        (Value::Float(a), Value::Number(b)) => float_order(*a, *b)?,
        (Value::Number(a), Value::Float(b)) => float_order(*b, *a)?.reverse(),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Instant(a), Value::Instant(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        _ => return Err(format!("{} and {} cannot be compared", name(left), name(right))),
    })
}

/// Compares a float with a number: exactly where the float has a decimal of at most 38 digits, else by magnitude.
fn float_order(a: f64, b: Decimal) -> Result<Ordering, String> {
    match Decimal::from_f64(a) {
        Some(a) => Ok(a.cmp(&b)),
        None => a.partial_cmp(&b.to_f64()).ok_or_else(|| "a float that is no number has no order".into()),
    }
}

fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (Value::List(_), Value::List(_)) | (Value::Object(_), Value::Object(_)) => Ok(left.same(right)),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Float(a), Value::Number(_)) | (Value::Number(_), Value::Float(a)) if a.is_nan() => Ok(false),
        _ => compare(left, right).map(Ordering::is_eq),
    }
}

fn within(element: &Value, container: &Value) -> Outcome {
    match (container, element) {
        // Elements of other types are simply other values.
        (Value::List(items), _) => {
            Ok(Value::Bool(items.iter().any(|item| !item.is_absent() && equal(item, element) == Ok(true))))
        }
        (Value::Object(_), Value::Text(name)) => {
            Ok(Value::Bool(container.member(name).is_some_and(|value| !value.is_absent())))
        }
        _ => Err("`in` looks for an element in a list, or for a name in an object".into()),
    }
}

fn add(left: Value, right: Value) -> Outcome {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Ok(Value::Text([&*a, &*b].concat().into())),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Value::Bytes([&*a, &*b].concat().into())),
        (Value::List(mut a), Value::List(b)) => {
            a.extend(b);
            Ok(Value::List(a))
        }
        (Value::Date(date), Value::Number(days)) | (Value::Number(days), Value::Date(date)) => {
            move_date(date, days)
        }
        (Value::Instant(instant), Value::Duration(by)) | (Value::Duration(by), Value::Instant(instant)) => {
            move_instant(instant, by)
        }
        (Value::Duration(a), Value::Duration(b)) => duration(a.checked_add(b)),
        (left, right) => arithmetic(left, right, "+", Decimal::checked_add),
    }
}

fn subtract(left: Value, right: Value) -> Outcome {
    match (left, right) {
        (Value::Date(a), Value::Date(b)) => Ok(Value::Number((a.duration_since(b).as_hours() / 24).into())),
        (Value::Date(date), Value::Number(days)) => move_date(date, days.negated()),
        (Value::Instant(a), Value::Instant(b)) => Ok(Value::Duration(a.at.duration_since(b.at))),
        (Value::Time(a), Value::Time(b)) => Ok(Value::Duration(a.duration_since(b))),
        (Value::Instant(instant), Value::Duration(by)) => {
            move_instant(instant, by.checked_neg().ok_or(OUT_OF_RANGE)?)
        }
        (Value::Duration(a), Value::Duration(b)) => duration(a.checked_sub(b)),
        (left, right) => arithmetic(left, right, "-", Decimal::checked_sub),
    }
}

fn move_date(date: civil::Date, days: Decimal) -> Outcome {
    let days = days.to_i64().ok_or("a date moves by whole days")?;
    let span = Span::new().try_days(days).map_err(|_| OUT_OF_RANGE)?;
    date.checked_add(span).map(Value::Date).map_err(|_| OUT_OF_RANGE.into())
}

fn move_instant(instant: Instant, by: SignedDuration) -> Outcome {
    let at = instant.at.checked_add(by).map_err(|_| OUT_OF_RANGE)?;
    Ok(Value::Instant(Instant { at, ..instant }))
}

fn duration(sum: Option<SignedDuration>) -> Outcome {
    sum.map(Value::Duration).ok_or_else(|| "the duration is too long".into())
}

fn arithmetic(
    left: Value,
    right: Value,
    symbol: &str,
    run: fn(Decimal, Decimal) -> Result<Decimal, DecimalError>,
) -> Outcome {
    match (decimal(&left)?, decimal(&right)?) {
        (Some(a), Some(b)) => run(a, b).map(Value::Number).map_err(|error| error.to_string()),
        _ => Err(format!("`{symbol}` does not go with {} and {}", name(&left), name(&right))),
    }
}

/// Returns the exact number of a number or a float, nothing for other types.
fn decimal(value: &Value) -> Result<Option<Decimal>, String> {
    match value {
        Value::Number(number) => Ok(Some(*number)),
        Value::Float(float) => match Decimal::from_f64(*float) {
            Some(number) => Ok(Some(number)),
            None => Err("the float is no number of at most 38 digits".into()),
        },
        _ => Ok(None),
    }
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Absent | Value::Null => "nothing",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Float(_) => "float",
        Value::Text(_) => "text",
        Value::Date(_) => "date",
        Value::Time(_) => "time",
        Value::Instant(_) => "timestamp",
        Value::Duration(_) => "duration",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "list",
        Value::Object(_) => "object",
    }
}
