//! Where a page ended: the values of its last row by which the rows are ordered.
//!
//! **Invariant.** The rows behind a keyset are exactly those that come after that row in the same order; NULL is last.

use crate::plan::compile::tables::is_nullable;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Comparison, Datum, Order, PartId, Predicate, ScalarType, Shape};
use serde_json::{Value as Json, json};

/// The values of a row by which rows are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyset {
    /// A value per column of the order.
    pub values: Vec<Datum>,
    /// The order: a column's number, negative where it descends.
    order: Vec<i64>,
}

impl Keyset {
    /// Makes a keyset of the values of an order's columns.
    pub fn new(order: &[Order], values: Vec<Datum>) -> Self {
        Self { values, order: numbers(order) }
    }

    /// Returns it as text, which is as opaque as somebody makes it: it shows values.
    pub fn text(&self) -> String {
        let value = |datum: &Datum| match datum {
            Datum::Null => Json::Null,
            Datum::Text(text) => Json::from(&**text),
            Datum::Bytes(bytes) => json!({ "b": STANDARD.encode(bytes) }),
        };
        json!([self.order, self.values.iter().map(value).collect::<Vec<_>>()]).to_string()
    }

    /// Reads a text that [`Keyset::text`] gave.
    pub fn parse(text: &str) -> Option<Self> {
        let parsed: Json = serde_json::from_str(text).ok()?;
        let [order, values] = parsed.as_array()?.as_slice() else { return None };
        let order: Option<Vec<i64>> = order.as_array()?.iter().map(Json::as_i64).collect();
        let value = |value: &Json| match value {
            Json::Null => Some(Datum::Null),
            Json::String(text) => Some(Datum::Text(text.as_str().into())),
            other => Some(Datum::Bytes(STANDARD.decode(other.get("b")?.as_str()?).ok()?.into())),
        };
        let values: Option<Vec<Datum>> = values.as_array()?.iter().map(value).collect();
        Some(Self { values: values?, order: order? })
    }

    /// Returns whether it belongs to this order.
    pub fn fits(&self, order: &[Order]) -> bool {
        self.order == numbers(order) && self.values.len() == order.len()
    }

    /// Returns the rows behind it.
    pub fn behind(&self, shape: &Shape, order: &[Order]) -> Predicate {
        let mut ways = Vec::new();
        let mut equal: Vec<Predicate> = Vec::new();
        for (one, value) in order.iter().zip(&self.values) {
            let column = one.column;
            match after(shape, *one, value) {
                Some(Predicate::Any(either)) if equal.is_empty() => ways.extend(either),
                Some(after) => ways.push(super::all(equal.iter().cloned().chain([after]).collect())),
                None => {}
            }
            let compare = |op| Predicate::Compare { column, op, value: value.clone(), fold: false };
            match value {
                Datum::Null => equal.push(Predicate::Null { column, is: true }),
                // An order may take different texts for equal, which `=` does not.
                _ if is_text(shape, column) => {
                    equal.extend([Comparison::GreaterOrEqual, Comparison::LessOrEqual].map(compare));
                }
                _ => equal.push(compare(Comparison::Equal)),
            }
        }
        if ways.len() == 1 { ways.swap_remove(0) } else { Predicate::Any(ways) }
    }
}

/// The rows that come after a value by one column alone.
fn after(shape: &Shape, order: Order, value: &Datum) -> Option<Predicate> {
    if *value == Datum::Null {
        return None;
    }
    let op = if order.descending { Comparison::Less } else { Comparison::Greater };
    let column = order.column;
    let beyond = Predicate::Compare { column, op, value: value.clone(), fold: false };
    Some(match is_nullable(shape, column) {
        true => Predicate::Any(vec![beyond, Predicate::Null { column, is: true }]),
        false => beyond,
    })
}

fn is_text(shape: &Shape, column: PartId) -> bool {
    matches!(shape.scalar(shape.part(column).ty), Some(ScalarType::Text(_)))
}

fn numbers(order: &[Order]) -> Vec<i64> {
    let number = |order: &Order| {
        let number = i64::from(order.column.0) + 1;
        if order.descending { -number } else { number }
    };
    order.iter().map(number).collect()
}
