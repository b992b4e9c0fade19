//! Conversions between types, and the texts of values.
//!
//! **Invariant.** A conversion that would lose digits other than those it is asked to cut is an error.

use super::super::limits::TEXT_BYTES_MAX;
use super::number::truncated;
use super::{Form, Function, Outcome, Param, made, number, number_at, text};
use crate::json;
use crate::value::Value;
use kernel::Decimal;
use std::fmt::Write as _;

const CONVERSION: Function = Function {
    name: "",
    form: Form::Function,
    params: &[Param::Text],
    optional: 0,
    rest: false,
    result: Outcome::Text,
    doc: "",
    example: ("", ""),
    run: |_, _| Ok(Value::Absent),
};

pub(super) const ROWS: &[Function] = &[
    Function {
        name: "string",
        params: &[Param::Any],
        doc: "Returns the text of a value: ISO 8601 for dates, RFC 3339 for timestamps, JSON for lists and objects.",
        example: ("string(date('2026-06-01')) + ' ' + string(1.50)", r#""2026-06-01 1.50""#),
        run: |args, _| match args.first() {
            Some(Value::Text(text)) => Ok(Value::Text(text.clone())),
            Some(Value::Bytes(bytes)) => {
                let text = std::str::from_utf8(bytes).map_err(|_| "the bytes are no UTF-8")?;
                made(text.to_owned())
            }
            Some(value) => made(plain(value)),
            None => Err(super::WRONG.into()),
        },
        ..CONVERSION
    },
    Function {
        name: "int",
        params: &[Param::Number],
        result: Outcome::Integer,
        doc: "Cuts the digits behind the point.",
        example: ("int(7 / 2)", "3"),
        run: |args, _| Ok(Value::Number(truncated(number_at(args, 0)?))),
        ..CONVERSION
    },
    Function {
        name: "int",
        result: Outcome::Integer,
        doc: "Reads a whole number.",
        example: ("int('042')", "42"),
        run: |args, _| {
            let number = Decimal::parse(text(args, 0)?).and_then(|number| number.rescaled(0));
            number.map(Value::Number).map_err(|_| "the text is no whole number".into())
        },
        ..CONVERSION
    },
    Function {
        name: "int",
        params: &[Param::Instant],
        result: Outcome::Integer,
        doc: "Returns the seconds since 1970 began.",
        example: ("int(timestamp('1970-01-02T00:00:00Z'))", "86400"),
        run: |args, _| match args.first() {
            Some(Value::Instant(instant)) => Ok(Value::Number(instant.at.as_second().into())),
            _ => Err(super::WRONG.into()),
        },
        ..CONVERSION
    },
    Function {
        name: "decimal",
        doc: "Reads a number.",
        example: ("decimal('19.90')", "19.90"),
        run: |args, _| read_number(text(args, 0)?),
        ..DECIMAL
    },
    Function {
        name: "decimal",
        params: &[Param::Number],
        doc: "Returns the number; a binary float becomes the shortest decimal that reads as that float.",
        example: ("decimal(1.50)", "1.50"),
        run: |args, _| Ok(Value::Number(number_at(args, 0)?)),
        ..DECIMAL
    },
    Function {
        name: "double",
        doc: "The name of CEL for `decimal`; the result is exact here.",
        example: ("double('0.1') + double('0.2')", "0.3"),
        run: |args, _| read_number(text(args, 0)?),
        ..DECIMAL
    },
    Function {
        name: "double",
        params: &[Param::Number],
        doc: "The name of CEL for `decimal`.",
        example: ("double(3)", "3"),
        run: |args, _| Ok(Value::Number(number_at(args, 0)?)),
        ..DECIMAL
    },
    Function {
        name: "bool",
        result: Outcome::Bool,
        doc: "Reads `true` or `false`, also as `1 0 t f TRUE FALSE True False`.",
        example: ("bool('true')", "true"),
        run: |args, _| match &**text(args, 0)? {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
            _ => Err("the text is neither true nor false".into()),
        },
        ..CONVERSION
    },
    Function {
        name: "bytes",
        result: Outcome::Bytes,
        doc: "Returns the text in UTF-8.",
        example: ("size(bytes('é'))", "2"),
        run: |args, _| Ok(Value::Bytes(text(args, 0)?.as_bytes().into())),
        ..CONVERSION
    },
    Function {
        name: "dyn",
        params: &[Param::Any],
        result: Outcome::Any,
        doc: "Returns the value, and takes its type from the checker: mistakes then show when it is evaluated.",
        example: ("dyn(1) + 1", "2"),
        run: |args, _| args.first().cloned().ok_or_else(|| super::WRONG.into()),
        ..CONVERSION
    },
];

const DECIMAL: Function = Function { result: Outcome::Number, ..CONVERSION };

fn read_number(text: &str) -> Result<Value, String> {
    Decimal::parse(text).map(Value::Number).map_err(|_| "the text is no number of at most 38 digits".into())
}

/// Returns the text of a value, as `string` does.
pub(super) fn plain(value: &Value) -> String {
    if let Value::Duration(duration) = value {
        let nanos = Decimal::new(duration.as_nanos(), 9).unwrap_or(Decimal::ZERO);
        return format!("{}s", nanos.normalized());
    }
    json::text_of(value).unwrap_or_else(|| {
        let mut out = Vec::new();
        json::write(value, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    })
}

/// Fills values into a text.
pub(super) fn format(pattern: &str, values: &[Value]) -> Result<String, String> {
    let (mut out, mut rest, mut values) = (String::new(), pattern, values.iter());
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (precision, after) = precision(after)?;
        let mut chars = after.chars();
        let clause = chars.next().ok_or("the format ends behind %")?;
        let value = values.next().ok_or("the format has more clauses than there are values")?;
        out.push_str(&filled(clause, precision, value)?);
        rest = chars.as_str();
        if out.len() > TEXT_BYTES_MAX {
            return Err(format!("a text of more than {TEXT_BYTES_MAX} bytes"));
        }
    }
    out.push_str(rest);
    if values.next().is_some() {
        Err("there are more values than the format has clauses".into())
    } else {
        Ok(out)
    }
}

fn precision(text: &str) -> Result<(Option<u16>, &str), String> {
    let Some(rest) = text.strip_prefix('.') else { return Ok((None, text)) };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = rest[..end].parse().ok().filter(|digits| *digits <= 37);
    digits
        .map(|digits| (Some(digits), &rest[end..]))
        .ok_or_else(|| "the format has a precision beyond 37".into())
}

fn filled(clause: char, precision: Option<u16>, value: &Value) -> Result<String, String> {
    let whole = || {
        let whole = number(value)?.rescaled(0).map_err(|_| "the format wants a whole number")?;
        Ok::<i128, String>(whole.mantissa())
    };
    let signed = |digits: String, n: i128| if n < 0 { format!("-{digits}") } else { digits };
    match clause {
        's' => Ok(plain(value)),
        'd' => Ok(whole()?.to_string()),
        'b' if matches!(value, Value::Bool(_)) => {
            Ok(String::from(if matches!(value, Value::Bool(true)) { "1" } else { "0" }))
        }
        'b' => whole().map(|n| signed(format!("{:b}", n.unsigned_abs()), n)),
        'o' => whole().map(|n| signed(format!("{:o}", n.unsigned_abs()), n)),
        'x' | 'X' => {
            let digits = match value {
                Value::Text(text) => hex(text.as_bytes()),
                Value::Bytes(bytes) => hex(bytes),
                _ => whole().map(|n| signed(format!("{:x}", n.unsigned_abs()), n))?,
            };
            Ok(if clause == 'X' { digits.to_uppercase() } else { digits })
        }
        'f' => {
            let scale = precision.unwrap_or(6);
            let number = number(value)?.round(scale).rescaled(scale).map_err(|error| error.to_string())?;
            Ok(number.to_string())
        }
        'e' => scientific(number(value)?, precision.unwrap_or(6)),
        _ => Err("the format has an unknown clause".into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Writes a number with one digit before the point and an exponent.
fn scientific(value: Decimal, precision: u16) -> Result<String, String> {
    let value = value.normalized();
    let digits = u16::try_from(value.mantissa().unsigned_abs().to_string().len()).unwrap_or(1);
    let mut exponent = i32::from(digits) - 1 - i32::from(value.scale());
    let mut shown =
        Decimal::new(value.mantissa(), digits - 1).map_err(|error| error.to_string())?.round(precision);
    if shown.normalized().mantissa().abs() == 1 && shown.checked_rem(10.into()) == Ok(Decimal::ZERO) {
        // 9.99 was rounded up to 10.0.
        shown = shown.checked_div(10.into()).map_err(|error| error.to_string())?;
        exponent += 1;
    }
    let shown = shown.rescaled(precision).map_err(|error| error.to_string())?;
    let sign = if exponent < 0 { '-' } else { '+' };
    Ok(format!("{shown}e{sign}{:02}", exponent.abs()))
}
