//! What is wanted of a legacy leaf becomes a condition on its column.
//!
//! **Invariant.** A value that the column cannot hold is never bound: it is known beforehand how the comparison ends.

use super::condition::{Atom, By, Test, Want};
use super::{CodecError, Column};
use crate::codec::leaf::{Leaf, comparable};
use crate::codec::number::plain;
use crate::value::Value;
use kernel::{Comparison, Datum, Decimal, PartId, Predicate, ScalarType, TextType};
use std::sync::Arc;

/// Returns the rows in which a leaf is what is wanted.
pub(super) fn predicate(leaf: &Leaf, column: Column, want: Want) -> Result<Predicate, CodecError> {
    let by = match leaf.ty {
        ScalarType::Decimal { .. } | ScalarType::Float { .. } => By::Number,
        _ => By::Value,
    };
    let some = want.some.map(&|atom, fold| Ok(fitted(leaf, atom, fold)))?;
    // These texts read as nothing.
    let nulls = leaf.nulls.iter().map(|null| Value::Text((&**null).into()));
    let mut nothing: Vec<Value> = nulls.filter(|null| leaf.write(null).is_ok()).collect();
    if matches!(leaf.ty, ScalarType::Text(_)) && !leaf.raw {
        nothing.push(Value::Text("".into()));
    }
    let (part, nullable) = column;
    let some = if want.absent { some.or(&nothing, by) } else { some.without(&nothing, by) };
    let found = rows(leaf, part, some);
    if !nullable {
        return Ok(found);
    }
    let null = |is| Predicate::Null { column: part, is };
    Ok(match (want.absent, found) {
        (true, found) => any(vec![found, null(true)]),
        (false, found) if found == Predicate::everything() => null(false),
        (false, found) => found,
    })
}

/// All of these, without needless nesting.
pub(super) fn all(of: Vec<Predicate>) -> Predicate {
    let mut flat = Vec::new();
    for one in of {
        match one {
            Predicate::All(inner) => flat.extend(inner),
            Predicate::Any(inner) if inner.is_empty() => return Predicate::nothing(),
            one => flat.push(one),
        }
    }
    if flat.len() == 1 { flat.swap_remove(0) } else { Predicate::All(flat) }
}

/// One of these, without needless nesting.
pub(super) fn any(of: Vec<Predicate>) -> Predicate {
    let mut flat = Vec::new();
    for one in of {
        match one {
            Predicate::Any(inner) => flat.extend(inner),
            Predicate::All(inner) if inner.is_empty() => return Predicate::everything(),
            one => flat.push(one),
        }
    }
    if flat.len() == 1 { flat.swap_remove(0) } else { Predicate::Any(flat) }
}

fn rows(leaf: &Leaf, column: PartId, test: Test) -> Predicate {
    match test {
        Test::All(tests) => all(tests.into_iter().map(|test| rows(leaf, column, test)).collect()),
        Test::Any(tests) => any(tests.into_iter().map(|test| rows(leaf, column, test)).collect()),
        Test::Atom(atom, fold) => atom_rows(leaf, column, atom, fold),
    }
}

fn atom_rows(leaf: &Leaf, column: PartId, atom: Atom, fold: bool) -> Predicate {
    let compare = |op, value: &Value| Predicate::Compare { column, op, value: datum(leaf, value), fold };
    match atom {
        Atom::OneOf(values) => match values.as_slice() {
            [] => Predicate::nothing(),
            [one] => compare(Comparison::Equal, one),
            several => {
                let values = several.iter().map(|value| datum(leaf, value)).collect();
                Predicate::In { column, values, fold }
            }
        },
        Atom::NoneOf(values) => {
            all(values.iter().map(|value| compare(Comparison::NotEqual, value)).collect())
        }
        Atom::Range(op, value) => compare(op, &value),
        Atom::Starts(text) if text.is_empty() => Predicate::everything(),
        Atom::Contains(text) if text.is_empty() => Predicate::everything(),
        Atom::Starts(text) => Predicate::Like { column, text: (&*text).into(), anywhere: false, fold },
        Atom::Contains(text) => Predicate::Like { column, text: (&*text).into(), anywhere: true, fold },
    }
}

fn datum(leaf: &Leaf, value: &Value) -> Datum {
    match value {
        Value::Bytes(bytes) => Datum::Bytes((&**bytes).into()),
        Value::Text(text) => Datum::Text((&*comparable(&leaf.ty, text)).into()),
        _ => Datum::Null,
    }
}

/// Returns the comparison with values that the column can hold.
fn fitted(leaf: &Leaf, atom: Atom, fold: bool) -> Test {
    let keep = |values: Vec<Value>| {
        let mut kept: Vec<Value> = Vec::new();
        for value in values.iter().filter_map(|value| held(leaf, value)) {
            if !kept.iter().any(|known| known.same(&value)) {
                kept.push(value);
            }
        }
        kept
    };
    match atom {
        Atom::OneOf(values) => Test::Atom(Atom::OneOf(keep(values)), fold),
        Atom::NoneOf(values) => Test::Atom(Atom::NoneOf(keep(values)), fold),
        Atom::Range(op, value) => range(leaf, op, value),
        Atom::Starts(text) | Atom::Contains(text) if longer(leaf, &text) && !fold => Test::never(),
        text => Test::Atom(text, fold),
    }
}

fn longer(leaf: &Leaf, text: &str) -> bool {
    matches!(&leaf.ty, ScalarType::Text(TextType { length_max: Some(length), .. })
        if text.chars().count() > *length as usize)
}

/// Returns a value as the column holds it, if it can.
fn held(leaf: &Leaf, value: &Value) -> Option<Value> {
    let Value::Text(text) = value else { return Some(value.clone()) };
    match &leaf.ty {
        ScalarType::Decimal { digits, scale, .. } => {
            let number = plain(text).ok()?.normalized();
            let exact = scale.is_none_or(|scale| number.scale() <= scale);
            (exact && beyond(number, *digits, *scale).is_none()).then(|| text_of(number))
        }
        ScalarType::Text(ty) if leaf.raw => {
            let whole = !ty.padded || ty.length_max.is_none_or(|n| text.chars().count() == n as usize);
            (whole && !longer(leaf, text)).then(|| value.clone())
        }
        ScalarType::Text(ty) => {
            if text.trim().is_empty() || longer(leaf, text) || (ty.padded && text.ends_with(' ')) {
                return None;
            }
            Some(value.clone())
        }
        _ => Some(value.clone()),
    }
}

fn text_of(number: Decimal) -> Value {
    Value::Text(number.normalized().to_string().into())
}

/// Returns on which side of all numbers that the column holds a number lies.
fn beyond(number: Decimal, digits: Option<u16>, scale: Option<u16>) -> Option<bool> {
    let places = u32::from(digits?.saturating_sub(scale.unwrap_or(0)));
    let whole = number.mantissa().unsigned_abs() / 10u128.checked_pow(u32::from(number.scale()))?;
    (whole >= 10u128.checked_pow(places)?).then_some(number.mantissa() > 0)
}

fn range(leaf: &Leaf, op: Comparison, value: Value) -> Test {
    let as_is = |value| Test::Atom(Atom::Range(op, value), false);
    let (ScalarType::Decimal { digits, scale, .. }, Value::Text(text)) = (&leaf.ty, &value) else {
        return as_is(value);
    };
    let Ok(number) = plain(text) else { return Test::never() };
    if let Some(above) = beyond(number, *digits, *scale) {
        let less = matches!(op, Comparison::Less | Comparison::LessOrEqual);
        return if less == above { Test::always() } else { Test::never() };
    }
    let number = number.normalized();
    match scale {
        // Of the numbers that the column holds, the last one below stands for the bound.
        Some(scale) if number.scale() > *scale => {
            let factor = 10i128.checked_pow(u32::from(number.scale() - scale)).unwrap_or(i128::MAX);
            let floor = Decimal::new(number.mantissa().div_euclid(factor), *scale).unwrap_or(Decimal::ZERO);
            let op = match op {
                Comparison::Less | Comparison::LessOrEqual => Comparison::LessOrEqual,
                _ => Comparison::Greater,
            };
            Test::Atom(Atom::Range(op, text_of(floor)), false)
        }
        _ => as_is(text_of(number)),
    }
}

/// A text that is wanted, or nothing where it is none.
pub(super) fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(Arc::clone(text)),
        _ => None,
    }
}
