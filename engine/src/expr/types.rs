//! How types go together: which have a common type, which can be compared, which operators they have.
//!
//! **Invariant.** `Any` goes together with everything; what is wrong then shows when the expression is evaluated.

use super::ast::Binary;
use crate::ty::{Kind, Type};
use std::sync::Arc;

const NUMBER: Kind = Kind::Number { integer: false };
const INTEGER: Kind = Kind::Number { integer: true };

/// Returns the common type of two, if there is one.
pub(super) fn unify(a: &Kind, b: &Kind) -> Option<Kind> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Kind::Any, _) | (_, Kind::Any) => Some(Kind::Any),
        (Kind::Number { .. }, Kind::Number { .. }) => Some(NUMBER),
        (Kind::Number { .. }, Kind::Float) | (Kind::Float, Kind::Number { .. }) => Some(Kind::Float),
        (Kind::List(a), Kind::List(b)) => {
            let kind = unify(&a.kind, &b.kind).unwrap_or(Kind::Any);
            Some(Kind::List(Arc::new(Type { kind, optional: a.optional || b.optional })))
        }
        (Kind::Object(_), Kind::Object(_)) => Some(Kind::Any),
        _ => None,
    }
}

/// Returns whether `==` has a meaning between two types.
pub(super) fn comparable(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::List(a), Kind::List(b)) => comparable(&a.kind, &b.kind),
        _ => unify(a, b).is_some(),
    }
}

/// Returns whether the values of a type have an order.
pub(super) fn ordered(kind: &Kind) -> bool {
    !matches!(kind, Kind::List(_) | Kind::Object(_))
}

/// Returns the type of an arithmetic operation.
pub(super) fn arithmetic(op: Binary, a: &Kind, b: &Kind) -> Option<Kind> {
    use Kind::{Any, Bytes, Date, Duration, Float, Instant, List, Number, Text, Time};
    let both_integers = *a == INTEGER && *b == INTEGER;
    let numeric = |kind: &Kind| matches!(kind, Number { .. } | Float | Any);
    match (op, a, b) {
        (Binary::Divide, ..) if numeric(a) && numeric(b) => Some(NUMBER),
        (Binary::Multiply | Binary::Remainder, ..) if numeric(a) && numeric(b) => {
            Some(if both_integers { INTEGER } else { NUMBER })
        }
        (Binary::Multiply | Binary::Divide | Binary::Remainder, ..) => None,
        (_, Number { .. } | Float, Number { .. } | Float) => {
            Some(if both_integers { INTEGER } else { NUMBER })
        }
        (Binary::Subtract, Date, Date) => Some(INTEGER),
        (_, Date, Number { integer: true }) => Some(Date),
        (Binary::Add, Number { integer: true }, Date) => Some(Date),
        (Binary::Subtract, Instant, Instant) | (Binary::Subtract, Time, Time) => Some(Duration),
        (_, Instant, Duration) => Some(Instant),
        (Binary::Add, Duration, Instant) => Some(Instant),
        (_, Duration, Duration) => Some(Duration),
        (Binary::Add, Text, Text) => Some(Text),
        (Binary::Add, Bytes, Bytes) => Some(Bytes),
        (Binary::Add, List(_), List(_)) => unify(a, b),
        (_, Any, _) | (_, _, Any) => Some(Any),
        _ => None,
    }
}

/// Returns what to write instead, where two types do not go together.
pub(super) fn remedy(a: &Kind, b: &Kind) -> Option<&'static str> {
    let pair = |x: &Kind, y: &Kind| (a == x && b == y) || (a == y && b == x);
    if pair(&Kind::Text, &Kind::Date) {
        Some("make a date of the text by date(…), or a text of the date by string(…)")
    } else if pair(&Kind::Text, &Kind::Instant) {
        Some("make a timestamp of the text by timestamp(…), or a text of it by string(…)")
    } else if pair(&Kind::Date, &Kind::Instant) {
        Some("make a date of the timestamp by date(…)")
    } else if pair(&Kind::Date, &Kind::Duration) {
        Some("a date moves by whole days: date + 1")
    } else if pair(&Kind::Instant, &INTEGER) || pair(&Kind::Instant, &NUMBER) {
        Some("a timestamp moves by a duration: now + duration('24h')")
    } else if pair(&Kind::Date, &NUMBER) {
        Some("a date moves by whole days: cut the number by int(…)")
    } else if pair(&Kind::Text, &INTEGER) || pair(&Kind::Text, &NUMBER) {
        Some("make a text of the number by string(…), or a number of the text by decimal(…)")
    } else {
        None
    }
}
