//! What a legacy type says by itself: the reading and writing of a field without codecs.
//!
//! **Invariant.** Works on the lexical text of a leaf; only here is it known which modern type a legacy type has.

use super::leaf::{bytes_text, from_base64, from_hex, local_text};
use super::number::{is_blank, plain};
use super::zone::{self, Zone};
use super::{CodecError, Loss};
use crate::json;
use crate::ty::{Kind, Type};
use crate::value::Value;
use kernel::{Decimal, DecimalError, ScalarType, TextType};
use std::sync::Arc;

/// The reading and writing of a legacy type.
#[derive(Debug, Clone)]
pub(crate) struct Native {
    /// The legacy type.
    pub(crate) ty: ScalarType,
    /// The zone of timestamps without one.
    pub(crate) zone: Option<Zone>,
}

impl Native {
    /// Returns the modern type.
    pub(crate) fn kind(&self) -> Kind {
        match &self.ty {
            ScalarType::Text(TextType { list: true, .. }) => Kind::List(Arc::new(Type::required(Kind::Text))),
            ScalarType::Text(_) | ScalarType::Base64 | ScalarType::Hex | ScalarType::Bytes { .. } => {
                Kind::Text
            }
            ScalarType::Bool => Kind::Bool,
            ScalarType::Decimal { scale, .. } => Kind::Number { integer: *scale == Some(0) },
            ScalarType::Float { .. } => Kind::Float,
            ScalarType::Date => Kind::Date,
            ScalarType::Time => Kind::Time,
            ScalarType::DateTime | ScalarType::LocalDateTime | ScalarType::Instant => Kind::Instant,
        }
    }

    /// Returns how much it keeps.
    pub(crate) fn loss(&self) -> Loss {
        match (&self.ty, &self.zone) {
            // Texts with and without a zone may arrive; one form is written.
            (ScalarType::DateTime, Some(_)) => Loss::Canonical,
            _ => Loss::Exact,
        }
    }

    /// Reads the lexical text, or bytes.
    pub(crate) fn read(&self, value: Value) -> Result<Value, CodecError> {
        let text = match &value {
            Value::Text(text) => text,
            Value::Bytes(bytes) => return Ok(Value::Text(bytes_text(&self.ty, bytes))),
            _ => return Ok(value),
        };
        match &self.ty {
            ScalarType::Text(TextType { list: true, .. }) => Ok(Value::List(
                text.split(is_blank)
                    .filter(|item| !item.is_empty())
                    .map(|item| Value::Text(item.into()))
                    .collect(),
            )),
            ScalarType::Text(_) | ScalarType::Base64 | ScalarType::Hex | ScalarType::Bytes { .. } => {
                Ok(value)
            }
            ScalarType::Bool => match &**text {
                "true" | "1" => Ok(Value::Bool(true)),
                "false" | "0" => Ok(Value::Bool(false)),
                _ => Err(CodecError::new("not a boolean: true, false, 1 or 0")),
            },
            ScalarType::Decimal { scale: Some(0), .. } => {
                let whole = plain(text)?.rescaled(0);
                whole.map(Value::Number).map_err(|_| CodecError::new("not a whole number"))
            }
            ScalarType::Decimal { .. } => plain(text).map(Value::Number),
            ScalarType::Float { bits } => read_float(text, *bits).map(Value::Float),
            ScalarType::Date => zone::read_date(text).map(Value::Date),
            ScalarType::Time => zone::read_time(text).map(Value::Time),
            ScalarType::DateTime | ScalarType::LocalDateTime | ScalarType::Instant => {
                zone::read_instant(text, self.zone.as_ref()).map(Value::Instant)
            }
        }
    }

    /// Writes the lexical text, or bytes.
    pub(crate) fn write(&self, value: Value) -> Result<Value, CodecError> {
        let text = match (&self.ty, &value) {
            (ScalarType::Base64 | ScalarType::Bytes { .. }, Value::Text(text)) => {
                return from_base64(text).map(|bytes| Value::Bytes(bytes.into()));
            }
            (ScalarType::Hex, Value::Text(text)) => {
                return from_hex(text).map(|bytes| Value::Bytes(bytes.into()));
            }
            (ScalarType::LocalDateTime, Value::Instant(instant)) => match &self.zone {
                Some(zone) => local_text(zone.local(instant.at)),
                None => return Err(CodecError::new("the connection has no `timezone:`")),
            },
            (ScalarType::DateTime, Value::Instant(instant)) => {
                let shown = self.zone.as_ref().map_or(*instant, |zone| zone.show(instant.at));
                json::text_of(&Value::Instant(shown)).unwrap_or_default()
            }
            (ScalarType::Text(TextType { list: true, .. }), Value::List(items)) => join_items(items)?,
            (ScalarType::Text(_), Value::Text(_)) | (_, Value::Absent | Value::Null) => return Ok(value),
            (_, scalar) => {
                json::text_of(scalar).ok_or_else(|| CodecError::new("a single value was expected"))?
            }
        };
        Ok(Value::Text(text.into()))
    }
}

fn join_items(items: &[Value]) -> Result<String, CodecError> {
    let mut text = String::new();
    for item in items {
        let Value::Text(item) = item else { return Err(CodecError::new("a list of texts was expected")) };
        if item.is_empty() || item.contains(is_blank) {
            return Err(CodecError::new("an element of a list separated by blanks cannot hold a blank"));
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(item);
    }
    Ok(text)
}

/// Reads a float; one of 32 bits becomes the shortest number that such a float has.
fn read_float(text: &str, bits: u8) -> Result<f64, CodecError> {
    let number =
        |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let wrong = || CodecError::new("not a finite number");
    if !number(text) {
        return Err(wrong());
    }
    let float: f64 = match bits {
        32 => text.parse::<f32>().ok().and_then(|float| format!("{float}").parse().ok()).ok_or_else(wrong)?,
        _ => text.parse().map_err(|_| wrong())?,
    };
    if float.is_finite() { Ok(float) } else { Err(wrong()) }
}

/// Brings a value that a client or an expression gave to a modern type: dates and numbers out of JSON text.
///
/// # Errors
/// The value is of another type, or a binary float cannot hold it.
pub(crate) fn coerce(kind: &Kind, value: &Value) -> Result<Value, CodecError> {
    if value.is_absent() {
        return Ok(Value::Absent);
    }
    let expected = |what: &str| CodecError::new(format!("expected {what}, found {}", form(value)));
    match (kind, value) {
        (Kind::Any, _) => Ok(value.clone()),
        (Kind::Text, Value::Text(_)) => Ok(value.clone()),
        (Kind::Text, _) => {
            json::text_of(value).map(|text| Value::Text(text.into())).ok_or_else(|| expected("a text"))
        }
        (Kind::Bool, Value::Bool(_)) => Ok(value.clone()),
        (Kind::Bool, Value::Text(text)) if **text == *"true" => Ok(Value::Bool(true)),
        (Kind::Bool, Value::Text(text)) if **text == *"false" => Ok(Value::Bool(false)),
        (Kind::Bool, _) => Err(expected("true or false")),
        (Kind::Number { integer }, _) => match number_of(value) {
            Some(number) if !*integer => Ok(Value::Number(number)),
            Some(number) => match number.rescaled(0) {
                Ok(whole) => Ok(Value::Number(whole)),
                Err(DecimalError::Overflow) => Err(CodecError::new("the number has more than 38 digits")),
                Err(_) => Err(CodecError::new("expected a whole number")),
            },
            None => Err(expected("a number")),
        },
        (Kind::Float, Value::Float(float)) if float.is_finite() => Ok(value.clone()),
        (Kind::Float, _) => {
            let number = number_of(value).ok_or_else(|| expected("a number"))?;
            let float = Value::Float(number.to_f64());
            if float.same(&Value::Number(number)) {
                return Ok(float);
            }
            Err(CodecError::new("the legacy field is a binary float, which cannot hold this number"))
        }
        (Kind::Date, Value::Date(_)) | (Kind::Time, Value::Time(_)) => Ok(value.clone()),
        (Kind::Date, Value::Text(text)) if text.len() == 10 => zone::read_date(text).map(Value::Date),
        (Kind::Date, _) => Err(expected("a date as yyyy-MM-dd")),
        (Kind::Time, Value::Text(text)) => zone::read_time(text).map(Value::Time),
        (Kind::Time, _) => Err(expected("a time as HH:mm:ss")),
        (Kind::Instant, Value::Instant(_)) => Ok(value.clone()),
        (Kind::Instant, Value::Text(text)) => zone::read_instant(text, None)
            .map(Value::Instant)
            .map_err(|_| CodecError::new("expected a timestamp with its offset, as 2026-03-01T09:05:00Z")),
        (Kind::Instant, _) => Err(expected("a timestamp as 2026-03-01T09:05:00Z")),
        (Kind::List(element), Value::List(items)) => {
            items.iter().map(|item| coerce(&element.kind, item)).collect::<Result<_, _>>().map(Value::List)
        }
        (Kind::List(_), _) => Err(expected("a list")),
        (Kind::Duration | Kind::Bytes | Kind::Object(_), _) => Err(expected("a value of the legacy field")),
    }
}

fn number_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Float(float) => Decimal::from_f64(*float),
        Value::Text(text) => plain(text).ok(),
        _ => None,
    }
}

fn form(value: &Value) -> &'static str {
    match value {
        Value::Absent | Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) | Value::Float(_) => "a number",
        Value::Text(_) => "another text",
        Value::Date(_) => "a date",
        Value::Time(_) => "a time",
        Value::Instant(_) => "a timestamp",
        Value::Duration(_) => "a duration",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
    }
}
