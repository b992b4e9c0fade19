//! Values for parameters: checked against the type of their column, in the lexical form of the protocol.
//!
//! **Invariant.** A value that a column cannot hold exactly is an error where it is written, and finds no row where it is
//! compared; it is never cut, rounded or replaced.

mod fit;
mod text;
mod times;

pub(crate) use fit::{Fit, fit};

use crate::dialect::Dialect;
use crate::types::{self, Form, SqlType};
use adapters_sql_protocol::{Parameter, Value};
use kernel::{Cause, Class, Datum, Decimal, Error};

/// Digits that a binary float of 64 bits keeps of every number.
const FLOAT_DIGITS: u32 = 15;
/// Why a value lies between two others.
const FLOATS: &str = "SQLite holds at most 15 digits exactly";
const DECIMALS: &str = "it has too many decimals";

/// What values are checked against, beside their type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) dialect: Dialect,
    /// The charset of texts, where it is known.
    pub(crate) charset: Option<&'static encoding_rs::Encoding>,
}

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It is not of the form of its type at all.
    Form(&'static str),
    /// It is too long, too large or too small; `true` where it is above all values of the type.
    Beyond(&'static str, bool),
    /// It lies between two values of the type; this is the lower one.
    Between(&'static str, Value),
    /// A character that the charset lacks.
    Character(char),
}

/// Returns the parameter of a value that is written.
///
/// # Errors
/// The column cannot hold it: class client, cause unwritable.
pub(crate) fn written(rules: Rules, ty: &SqlType, datum: &Datum, column: &str) -> Result<Parameter, Error> {
    let value = match datum {
        Datum::Null => Value::Null,
        _ => value(rules, ty, datum).map_err(|misfit| refused(&misfit, column))?,
    };
    Ok(parameter(rules.dialect, ty, value))
}

/// Returns the parameter of a value that fits.
pub(crate) fn parameter(dialect: Dialect, ty: &SqlType, value: Value) -> Parameter {
    let (precision, scale) = types::size(ty);
    Parameter { precision, scale, ..Parameter::input(types::kind(ty, dialect), value) }
}

/// Returns the value in the form of the protocol.
pub(crate) fn value(rules: Rules, ty: &SqlType, datum: &Datum) -> Result<Value, Misfit> {
    match (ty, datum) {
        (_, Datum::Null) => Ok(Value::Null),
        (SqlType::Bytes { length, .. }, Datum::Bytes(bytes)) => match length {
            Some(most) if bytes.len() > *most as usize => Err(Misfit::Beyond("it has too many bytes", true)),
            _ => Ok(Value::Bytes(bytes.to_vec())),
        },
        (SqlType::RowVersion, Datum::Bytes(bytes)) => Ok(Value::Bytes(bytes.to_vec())),
        (_, Datum::Bytes(_)) => Err(Misfit::Form("bytes for a column that holds none")),
        (SqlType::Bytes { .. } | SqlType::RowVersion, Datum::Text(_)) => {
            Err(Misfit::Form("a text for a column of bytes"))
        }
        (SqlType::Unknown, Datum::Text(_)) => Err(Misfit::Form("the type of the column is not supported")),
        (_, Datum::Text(text)) => lexical(rules, ty, text),
    }
}

fn lexical(rules: Rules, ty: &SqlType, text: &str) -> Result<Value, Misfit> {
    match ty {
        SqlType::Boolean => boolean(rules.dialect, text),
        SqlType::Integer { digits, unsigned } => {
            let number = exact(text, Some(*digits), Some(0))?;
            let (least, most) = bounds(*digits, *unsigned);
            match number.mantissa() {
                n if n > most => Err(Misfit::Beyond("it is too large", true)),
                n if n < least => Err(Misfit::Beyond("it is too small", false)),
                _ => Ok(Value::Text(number.to_string())),
            }
        }
        SqlType::Decimal { precision, scale } => {
            // Without bounds, a scale is not one of 0 but any.
            let number = exact(text, *precision, *scale)?;
            sqlite_holds(rules.dialect, number)?;
            Ok(Value::Text(number.to_string()))
        }
        SqlType::Float { .. } => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Text(text.to_owned())),
            _ => Err(Misfit::Form("it is no number")),
        },
        SqlType::Text(ty) => text::check(rules, ty, text),
        SqlType::Formed(Form::Uuid) if !is_uuid(text) => Err(Misfit::Form("it is no UUID")),
        SqlType::Formed(_) => text::check(rules, &crate::types::Text::default(), text),
        SqlType::Date => times::date(text),
        SqlType::Time { digits } => times::time(rules.dialect, *digits, text),
        SqlType::Timestamp(ty) => times::timestamp(rules.dialect, *ty, text),
        SqlType::Bytes { .. } | SqlType::RowVersion | SqlType::Unknown => Err(Misfit::Form("it is no text")),
    }
}

fn boolean(dialect: Dialect, text: &str) -> Result<Value, Misfit> {
    let truth = match text {
        "true" | "1" => true,
        "false" | "0" => false,
        _ => return Err(Misfit::Form("it is neither true nor false")),
    };
    let numbers = types::kind(&SqlType::Boolean, dialect) == adapters_sql_protocol::ValueKind::Integer;
    let word = match (numbers, truth) {
        (true, true) => "1",
        (true, false) => "0",
        (false, true) => "true",
        (false, false) => "false",
    };
    Ok(Value::Text(word.to_owned()))
}

fn exact(text: &str, precision: Option<u16>, scale: Option<u16>) -> Result<Decimal, Misfit> {
    let number = Decimal::parse(text).map_err(|error| match error {
        kernel::DecimalError::Syntax => Misfit::Form("it is no number"),
        _ => Misfit::Beyond("it has too many digits", !text.starts_with('-')),
    })?;
    let number = number.normalized();
    let Some(scale) = scale else { return Ok(number) };
    // The lower neighbour, where there are too many decimals.
    let cut = number.scale().saturating_sub(scale);
    let floor = number.mantissa().div_euclid(10_i128.pow(u32::from(cut)));
    let floor = Decimal::new(floor, number.scale() - cut).map_err(|_| Misfit::Form("it is no number"))?;
    if let Some(precision) = precision {
        let whole = u32::from(precision.saturating_sub(scale).min(38));
        let limit = 10_i128.checked_pow(whole).unwrap_or(i128::MAX);
        let integer = floor.mantissa() / 10_i128.pow(u32::from(floor.scale()));
        if integer.abs() >= limit {
            return Err(Misfit::Beyond("it has too many digits", integer > 0));
        }
    }
    if cut > 0 { Err(Misfit::Between(DECIMALS, Value::Text(floor.to_string()))) } else { Ok(number) }
}

fn bounds(digits: u16, unsigned: bool) -> (i128, i128) {
    let (bits, decimal) = match digits {
        3 => (8, false),
        5 => (16, false),
        8 => (24, false),
        10 => (32, false),
        19 | 20 => (64, false),
        _ => (0, true),
    };
    match (decimal, unsigned) {
        (true, _) => (0, 10_i128.pow(u32::from(digits)) - 1),
        (false, true) => (0, (1_i128 << bits) - 1),
        (false, false) => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
    }
}

/// SQLite keeps a number with decimals as a binary float: of more than 15 digits it would lose some.
fn sqlite_holds(dialect: Dialect, number: Decimal) -> Result<(), Misfit> {
    let is_held = |number: Decimal| number.scale() == 0 && i64::try_from(number.mantissa()).is_ok();
    let digits = number.mantissa().unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
    if dialect != Dialect::Sqlite || is_held(number) || digits <= FLOAT_DIGITS {
        return Ok(());
    }
    // The lower neighbour: the whole number below, if there is no room for decimals, or one of so many digits.
    let cut = |digits: u32| {
        let floor = number.mantissa().div_euclid(10_i128.pow(digits));
        let zeros = 10_i128.pow(digits.saturating_sub(u32::from(number.scale())));
        let scale = number.scale().saturating_sub(u16::try_from(digits).unwrap_or(u16::MAX));
        floor.checked_mul(zeros).and_then(|floor| Decimal::new(floor, scale).ok())
    };
    let whole = cut(number.scale().into()).filter(|&whole| is_held(whole));
    let is_whole = digits.saturating_sub(number.scale().into()) >= FLOAT_DIGITS;
    let lower = whole.filter(|_| is_whole).or_else(|| cut(digits - FLOAT_DIGITS));
    Err(match lower {
        Some(lower) => Misfit::Between(FLOATS, Value::Text(lower.normalized().to_string())),
        None => Misfit::Beyond(FLOATS, number.mantissa() > 0),
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns the error of a value that cannot be written.
pub(crate) fn refused(misfit: &Misfit, column: &str) -> Error {
    let error =
        |message: &'static str| Error::new(Class::Client, Cause::Unwritable, message).with("column", column);
    match misfit {
        Misfit::Form(reason) | Misfit::Beyond(reason, _) | Misfit::Between(reason, _) => {
            error("a value that the column cannot hold").with("reason", reason)
        }
        Misfit::Character(letter) => error("a character that the column's charset lacks")
            .with("character", format!("U+{:04X}", u32::from(*letter))),
    }
}

#[cfg(test)]
mod tests;
