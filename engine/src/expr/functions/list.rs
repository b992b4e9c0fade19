//! Functions of lists and objects, and `hash`.
//!
//! **Invariant.** An absent element makes a result absent; it is never skipped silently.

use super::super::eval::compare;
use super::convert::plain;
use super::{Form, Function, Outcome, Param, Ready, list, number, whole};
use crate::value::Value;
use kernel::Decimal;
use sha2::{Digest, Sha256};
use std::cmp::Ordering;

const LIST: Function = Function {
    name: "",
    form: Form::Function,
    params: &[Param::List],
    optional: 0,
    rest: false,
    result: Outcome::Integer,
    doc: "",
    example: ("", ""),
    run: |_, _| Ok(Value::Absent),
};

pub(super) const ROWS: &[Function] = &[
    Function {
        name: "size",
        form: Form::Either,
        doc: "Counts the elements.",
        example: ("[1, 2, 3].size()", "3"),
        run: |args, _| Ok(whole(list(args, 0)?.len())),
        ..LIST
    },
    Function {
        name: "size",
        form: Form::Either,
        params: &[Param::Object],
        doc: "Counts the members that are there.",
        example: ("size({'a': 1})", "1"),
        run: |args, _| match args.first() {
            Some(Value::Object(members)) => {
                Ok(whole(members.iter().filter(|(_, value)| !matches!(value, Value::Absent)).count()))
            }
            _ => Err(super::WRONG.into()),
        },
        ..LIST
    },
    Function {
        name: "size",
        form: Form::Either,
        params: &[Param::Bytes],
        doc: "Counts the bytes.",
        example: ("size(b'abc')", "3"),
        run: |args, _| match args.first() {
            Some(Value::Bytes(bytes)) => Ok(whole(bytes.len())),
            _ => Err(super::WRONG.into()),
        },
        ..LIST
    },
    Function {
        name: "count",
        doc: "Counts the elements, as `size` does.",
        example: ("count(['a', 'b'])", "2"),
        run: |args, _| Ok(whole(list(args, 0)?.len())),
        ..LIST
    },
    Function {
        name: "sum",
        params: &[Param::Numbers],
        result: Outcome::Sum,
        doc: "Adds the elements; the sum of an empty list is 0.",
        example: ("sum([0.1, 0.1, 0.1])", "0.3"),
        run: sum,
        ..LIST
    },
    Function {
        name: "min",
        params: &[Param::Ordered],
        result: Outcome::Element,
        doc: "Returns the smallest element, or the earliest.",
        example: ("min([date('2026-06-01'), date('2026-05-31')])", r#""2026-05-31""#),
        run: |args, _| pick(list(args, 0)?, Ordering::Less),
        ..LIST
    },
    Function {
        name: "min",
        params: &[Param::Order, Param::Order],
        rest: true,
        result: Outcome::Common,
        doc: "Returns the smallest of several values of one type.",
        example: ("min(3, 1, 2)", "1"),
        run: |args, _| pick(args, Ordering::Less),
        ..LIST
    },
    Function {
        name: "max",
        params: &[Param::Ordered],
        result: Outcome::Element,
        doc: "Returns the largest element, or the latest.",
        example: ("max(['a', 'c', 'b'])", r#""c""#),
        run: |args, _| pick(list(args, 0)?, Ordering::Greater),
        ..LIST
    },
    Function {
        name: "max",
        params: &[Param::Order, Param::Order],
        rest: true,
        result: Outcome::Common,
        doc: "Returns the largest of several values of one type.",
        example: ("max(3, 1, 2)", "3"),
        run: |args, _| pick(args, Ordering::Greater),
        ..LIST
    },
    Function {
        name: "reverse",
        form: Form::Method,
        result: Outcome::Same,
        doc: "Turns the order of the elements.",
        example: ("[1, 2, 3].reverse()", "[3,2,1]"),
        run: |args, _| Ok(Value::List(list(args, 0)?.iter().rev().cloned().collect())),
        ..LIST
    },
    Function {
        name: "hash",
        params: &[Param::Any],
        rest: true,
        result: Outcome::Text,
        doc: "Returns the SHA-256 of a value's text, in hexadecimal; of several values, that of their JSON array. \
              Numbers count by value: 1.0 and 1.00 have one hash.",
        example: ("hash('abc')", r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
        run: hash,
        ..LIST
    },
];

fn sum(args: &[Value], _: &Ready) -> Result<Value, String> {
    let mut total = Decimal::ZERO;
    for value in list(args, 0)? {
        if value.is_absent() {
            return Ok(Value::Absent);
        }
        total = total.checked_add(number(value)?).map_err(|error| error.to_string())?;
    }
    Ok(Value::Number(total))
}

fn pick(values: &[Value], wanted: Ordering) -> Result<Value, String> {
    let mut best: Option<&Value> = None;
    for value in values {
        if value.is_absent() {
            return Ok(Value::Absent);
        }
        let better = match best {
            Some(best) => compare(value, best)? == wanted,
            // A single value is compared with itself, so that one without an order is refused too.
            None => compare(value, value).map(|_| true)?,
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.cloned().unwrap_or_default())
}

fn hash(args: &[Value], _: &Ready) -> Result<Value, String> {
    let normal: Vec<Value> = args.iter().map(normalized).collect();
    let text = match &normal[..] {
        [one] => plain(one),
        _ => plain(&Value::List(normal)),
    };
    let digest = Sha256::digest(text.as_bytes());
    super::made(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns the value in the one form that all equal values share.
fn normalized(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(number.normalized()),
        Value::Instant(instant) => Value::Instant(crate::value::Instant { offset_s: 0, ..*instant }),
        Value::List(items) => Value::List(items.iter().map(normalized).collect()),
        Value::Object(members) => {
            let mut members: Vec<_> = (members.iter())
                .filter(|(_, value)| !value.is_absent())
                .map(|(name, value)| (name.clone(), normalized(value)))
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members)
        }
        other => other.clone(),
    }
}
