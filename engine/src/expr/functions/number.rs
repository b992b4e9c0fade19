//! Functions of numbers: the `math` extension of CEL, exact.
//!
//! **Invariant.** No result passes through a binary float.

use super::{Form, Function, Outcome, Param, count_at, list, number, number_at};
use crate::value::Value;
use kernel::Decimal;
use std::cmp::Ordering;

const MATH: Function = Function {
    name: "",
    form: Form::Function,
    params: &[Param::Number],
    optional: 0,
    rest: false,
    result: Outcome::Integer,
    doc: "",
    example: ("", ""),
    run: |_, _| Ok(Value::Absent),
};

pub(super) const ROWS: &[Function] = &[
    Function {
        name: "math.greatest",
        rest: true,
        result: Outcome::Common,
        doc: "Returns the largest of several numbers.",
        example: ("math.greatest(1, 2.5, -3)", "2.5"),
        run: |args, _| pick(args, Ordering::Greater),
        ..MATH
    },
    Function {
        name: "math.greatest",
        params: &[Param::Numbers],
        result: Outcome::Element,
        doc: "Returns the largest number of a list.",
        example: ("math.greatest([1, 3])", "3"),
        run: |args, _| pick(list(args, 0)?, Ordering::Greater),
        ..MATH
    },
    Function {
        name: "math.least",
        rest: true,
        result: Outcome::Common,
        doc: "Returns the smallest of several numbers.",
        example: ("math.least(1, 2.5, -3)", "-3"),
        run: |args, _| pick(args, Ordering::Less),
        ..MATH
    },
    Function {
        name: "math.least",
        params: &[Param::Numbers],
        result: Outcome::Element,
        doc: "Returns the smallest number of a list.",
        example: ("math.least([1, 3])", "1"),
        run: |args, _| pick(list(args, 0)?, Ordering::Less),
        ..MATH
    },
    Function {
        name: "math.ceil",
        doc: "Rounds up to a whole number.",
        example: ("math.ceil(-1.2)", "-1"),
        run: |args, _| {
            to_whole(
                args,
                |value, floor| if value == floor { Ok(floor) } else { floor.checked_add(1.into()) },
            )
        },
        ..MATH
    },
    Function {
        name: "math.floor",
        doc: "Rounds down to a whole number.",
        example: ("math.floor(-1.2)", "-2"),
        run: |args, _| to_whole(args, |_, floor| Ok(floor)),
        ..MATH
    },
    Function {
        name: "math.trunc",
        doc: "Cuts the digits behind the point.",
        example: ("math.trunc(-1.9)", "-1"),
        run: |args, _| Ok(Value::Number(truncated(number_at(args, 0)?))),
        ..MATH
    },
    Function {
        name: "math.round",
        doc: "Rounds to a whole number, half away from zero.",
        example: ("math.round(-2.5)", "-3"),
        run: |args, _| round(number_at(args, 0)?, 0),
        ..MATH
    },
    Function {
        name: "math.round",
        params: &[Param::Number, Param::Integer],
        result: Outcome::Number,
        doc: "Rounds to so many decimals, half away from zero, and shows all of them.",
        example: ("math.round(19.99 * 1.19, 2)", "23.79"),
        run: |args, _| {
            let scale = u16::try_from(count_at(args, 1)?).map_err(|_| "too many decimals")?;
            round(number_at(args, 0)?, scale)
        },
        ..MATH
    },
    Function {
        name: "math.abs",
        result: Outcome::Same,
        doc: "Removes the sign.",
        example: ("math.abs(-1.50)", "1.50"),
        run: |args, _| {
            let value = number_at(args, 0)?;
            Ok(Value::Number(if value < Decimal::ZERO { value.negated() } else { value }))
        },
        ..MATH
    },
    Function {
        name: "math.sign",
        doc: "Returns -1, 0 or 1.",
        example: ("math.sign(-0.5)", "-1"),
        run: |args, _| {
            let order = number_at(args, 0)?.cmp(&Decimal::ZERO);
            Ok(Value::Number((order as i64).into()))
        },
        ..MATH
    },
];

fn pick(values: &[Value], wanted: Ordering) -> Result<Value, String> {
    let mut best: Option<Decimal> = None;
    for value in values {
        if value.is_absent() {
            return Ok(Value::Absent);
        }
        let value = number(value)?;
        if best.is_none_or(|best| value.cmp(&best) == wanted) {
            best = Some(value);
        }
    }
    Ok(best.map_or(Value::Absent, Value::Number))
}

/// Cuts the digits behind the point.
pub(super) fn truncated(value: Decimal) -> Decimal {
    value.checked_rem(1.into()).and_then(|rest| value.checked_sub(rest)?.rescaled(0)).unwrap_or(value)
}

fn to_whole(
    args: &[Value],
    choose: fn(Decimal, Decimal) -> Result<Decimal, kernel::DecimalError>,
) -> Result<Value, String> {
    let value = number_at(args, 0)?;
    let cut = truncated(value);
    let floor = if value < cut { cut.checked_sub(1.into()) } else { Ok(cut) };
    floor.and_then(|floor| choose(value, floor)).map(Value::Number).map_err(|error| error.to_string())
}

/// Rounds half away from zero, as CEL does, and not half to even, as the kernel does.
fn round(value: Decimal, scale: u16) -> Result<Value, String> {
    let rounded = match value.scale().checked_sub(scale).filter(|excess| *excess > 0) {
        None => value.rescaled(scale),
        Some(excess) => {
            let factor = 10i128.checked_pow(u32::from(excess)).unwrap_or(i128::MAX);
            let (quotient, rest) = (value.mantissa() / factor, (value.mantissa() % factor).abs());
            let up = if rest >= factor - rest { value.mantissa().signum() } else { 0 };
            Decimal::new(quotient + up, scale)
        }
    };
    rounded.map(Value::Number).map_err(|error| error.to_string())
}
