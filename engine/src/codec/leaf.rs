//! Leaves in the lexical form of their legacy type: trimmed when read, checked and padded when written.
//!
//! **Invariant.** What a legacy type cannot hold is refused; nothing is cut.

use super::number::{fit, is_blank, plain};
use super::zone::{self, Zone};
use super::{CodecError, Written};
use crate::json;
use crate::value::{Instant, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Scalar, ScalarType, TextType};
use std::borrow::Cow;
use std::sync::Arc;

/// A legacy leaf of a chain.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// Its type.
    pub(crate) ty: ScalarType,
    /// Nothing is written as an explicit nothing.
    pub(crate) nillable: bool,
    /// It is neither trimmed nor padded.
    pub(crate) raw: bool,
    /// Texts that mean nothing, in comparable form.
    pub(crate) nulls: Vec<Box<str>>,
    /// The zone in which an instant without text is shown.
    pub(crate) zone: Option<Zone>,
}

impl Leaf {
    /// Reads a scalar as text in the lexical form of its type, as bytes, or as absent.
    pub(crate) fn read(&self, scalar: Scalar<'_>) -> Result<Value, CodecError> {
        let text = match scalar {
            Scalar::Nil => return Ok(Value::Absent),
            Scalar::Text(text) => Cow::Borrowed(text),
            Scalar::Bytes(bytes) if is_bytes(&self.ty) && !self.raw => return Ok(Value::Bytes(bytes.into())),
            scalar => Cow::Owned(self.lexical(scalar)?),
        };
        if self.raw {
            return Ok(Value::Text(text.as_ref().into()));
        }
        let Some(text) = trim(&self.ty, &text) else { return Ok(Value::Absent) };
        if !self.nulls.is_empty() && self.nulls.iter().any(|null| **null == *comparable(&self.ty, &text)) {
            return Ok(Value::Absent);
        }
        match self.ty {
            ScalarType::Base64 => from_base64(&text).map(|bytes| Value::Bytes(bytes.into())),
            ScalarType::Hex => from_hex(&text).map(|bytes| Value::Bytes(bytes.into())),
            ScalarType::Bytes { .. } => Ok(Value::Bytes(text.as_bytes().into())),
            _ => Ok(Value::Text(text.as_ref().into())),
        }
    }

    /// Returns a text as it is read, or nothing in it if it is blank; nothing at all where more has to be asked.
    pub(crate) fn plain<'a>(&self, text: &'a str) -> Option<Option<Cow<'a, str>>> {
        let is_text = !matches!(self.ty, ScalarType::Base64 | ScalarType::Hex | ScalarType::Bytes { .. });
        (is_text && !self.raw && self.nulls.is_empty()).then(|| trim(&self.ty, text))
    }

    fn lexical(&self, scalar: Scalar<'_>) -> Result<String, CodecError> {
        let value = match scalar {
            Scalar::Bytes(bytes) => {
                return match self.ty {
                    ScalarType::Base64 => Ok(STANDARD.encode(bytes)),
                    ScalarType::Hex => Ok(to_hex(bytes).to_uppercase()),
                    _ => String::from_utf8(bytes.to_vec())
                        .map_err(|_| CodecError::new("the bytes are no text")),
                };
            }
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::Number(value.into()),
            Scalar::Decimal(number) => Value::Number(number),
            Scalar::Float(float) if !float.is_finite() => {
                return Err(CodecError::new("the float is not a number or infinite"));
            }
            Scalar::Float(float) => Value::Float(float),
            Scalar::Date(date) => Value::Date(date),
            Scalar::Time(time) => Value::Time(time),
            Scalar::DateTime(local) => return Ok(local_text(local)),
            Scalar::Instant(at) => Value::Instant(match &self.zone {
                Some(zone) => zone.show(at),
                None => Instant { at, offset_s: 0 },
            }),
            Scalar::Nil => Value::Absent,
            Scalar::Text(text) => return Ok(text.to_owned()),
        };
        Ok(json::text_of(&value).unwrap_or_default())
    }

    /// Checks a text or bytes against the type and brings it into the form that is sent.
    pub(crate) fn write(&self, value: &Value) -> Result<Written, CodecError> {
        match value {
            Value::Absent | Value::Null => Ok(self.nothing()),
            Value::Bytes(bytes) => self.write_bytes(bytes),
            Value::Text(text) => self.write_text(text).map(Written::Text),
            _ => Err(CodecError::new("the codecs before it leave no legacy text")),
        }
    }

    /// Returns whether a text, once it is written, is read as it is: most are.
    pub(crate) fn gives_back(&self, text: &str) -> bool {
        let one = matches!(&self.ty, ScalarType::Text(ty) if !ty.list && !ty.padded);
        one && self.nulls.is_empty()
            && matches!(trim(&self.ty, text), Some(Cow::Borrowed(read)) if read.len() == text.len())
    }

    fn nothing(&self) -> Written {
        match &self.ty {
            _ if self.nillable => Written::Nil,
            ScalarType::Text(TextType { padded: true, length_max: Some(length), .. }) if !self.raw => {
                Written::Text(" ".repeat(*length as usize))
            }
            _ => Written::Absent,
        }
    }

    fn write_bytes(&self, bytes: &[u8]) -> Result<Written, CodecError> {
        match &self.ty {
            ScalarType::Base64 => Ok(Written::Text(STANDARD.encode(bytes))),
            ScalarType::Hex => Ok(Written::Text(to_hex(bytes).to_uppercase())),
            ScalarType::Bytes { length_max: Some(length), .. } if bytes.len() > *length as usize => {
                Err(CodecError::new(format!("the legacy field takes at most {length} bytes")))
            }
            _ => Ok(Written::Bytes(bytes.to_vec())),
        }
    }

    fn write_text(&self, text: &str) -> Result<String, CodecError> {
        let keep = |_: Vec<u8>| text.to_owned();
        match &self.ty {
            ScalarType::Text(ty) => self.write_characters(text, ty),
            ScalarType::Bool => match text {
                "true" | "false" | "1" | "0" => Ok(text.to_owned()),
                _ => Err(CodecError::new("the legacy field takes true and false only")),
            },
            ScalarType::Decimal { digits, scale, unsigned } => {
                let number = fit(plain(text.trim_matches(is_blank))?, *digits, *scale, *unsigned)?;
                Ok(if self.raw { text.to_owned() } else { number.to_string() })
            }
            ScalarType::Float { .. } => match text.parse::<f64>() {
                Ok(float) if float.is_finite() => Ok(text.to_owned()),
                _ => Err(CodecError::new("the legacy field takes numbers only")),
            },
            ScalarType::Date => zone::read_date(text).map(|_| text.to_owned()),
            ScalarType::Time => zone::read_time(text).map(|_| text.to_owned()),
            ScalarType::DateTime | ScalarType::LocalDateTime | ScalarType::Instant => {
                zone::read_datetime(text).map(|_| text.to_owned())
            }
            ScalarType::Base64 => from_base64(text).map(keep),
            ScalarType::Hex => from_hex(text).map(keep),
            ScalarType::Bytes { .. } => Err(CodecError::new("the legacy field takes bytes, not text")),
        }
    }

    fn write_characters(&self, text: &str, ty: &TextType) -> Result<String, CodecError> {
        let allowed = |text: &str| ty.codes.is_empty() || ty.codes.iter().any(|code| **code == *text);
        if ty.list {
            // Length facets of a list count its elements, of which nothing is known here.
            return match text.split(is_blank).filter(|item| !item.is_empty()).all(allowed) {
                true => Ok(text.to_owned()),
                false => Err(CodecError::new("the legacy schema does not allow one of the values")),
            };
        }
        if !allowed(text) {
            let codes: Vec<&str> = ty.codes.iter().map(|code| &**code).take(8).collect();
            let more = if ty.codes.len() > codes.len() { " …" } else { "" };
            return Err(CodecError::new(format!("the legacy schema allows only {}{more}", codes.join(" "))));
        }
        // Most types have neither bound, and then nobody needs to know.
        if ty.length_min.is_none() && ty.length_max.is_none() {
            return Ok(text.to_owned());
        }
        let length = text.chars().count();
        let at_least = ty.length_min.map_or(0, |n| n as usize);
        let at_most = ty.length_max.map_or(usize::MAX, |n| n as usize);
        if length > at_most {
            return Err(CodecError::new(format!("the legacy field takes at most {at_most} characters")));
        }
        if length < at_least && !ty.padded {
            return Err(CodecError::new(format!("the legacy field takes at least {at_least} characters")));
        }
        let blanks = if ty.padded && !self.raw && ty.length_max.is_some() { at_most - length } else { 0 };
        let mut written = String::with_capacity(text.len() + blanks);
        written.push_str(text);
        written.extend(std::iter::repeat_n(' ', blanks));
        Ok(written)
    }
}

/// Returns a text as its type says it is read, or nothing if it is all blank.
pub(crate) fn trim<'a>(ty: &ScalarType, text: &'a str) -> Option<Cow<'a, str>> {
    let trimmed = text.trim_matches(is_blank);
    if trimmed.is_empty() {
        return None;
    }
    Some(match ty {
        ScalarType::Text(TextType { collapse: true, .. }) => collapse(trimmed),
        ScalarType::Text(TextType { padded: true, .. }) => Cow::Borrowed(text.trim_end_matches(' ')),
        ScalarType::Text(TextType { list: true, .. }) => collapse(trimmed),
        ScalarType::Text(_) | ScalarType::Bytes { .. } => Cow::Borrowed(text),
        _ => Cow::Borrowed(trimmed),
    })
}

/// Collapses runs of blanks, as `xs:token` says.
fn collapse(trimmed: &str) -> Cow<'_, str> {
    let bytes = trimmed.as_bytes();
    let odd = |pair: &[u8]| pair[0] == b' ' && pair[1] == b' ';
    if bytes.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r')) || bytes.windows(2).any(odd) {
        let words: Vec<&str> = trimmed.split(is_blank).filter(|word| !word.is_empty()).collect();
        return Cow::Owned(words.join(" "));
    }
    Cow::Borrowed(trimmed)
}

/// Returns a legacy text in the form in which it is compared with texts of the mapping: numbers by value.
pub(crate) fn comparable<'a>(ty: &ScalarType, text: &'a str) -> Cow<'a, str> {
    match ty {
        ScalarType::Decimal { .. } | ScalarType::Float { .. } => match plain(text) {
            Ok(number) => Cow::Owned(number.normalized().to_string()),
            Err(_) => Cow::Borrowed(text),
        },
        ScalarType::Bool => match text {
            "1" => Cow::Borrowed("true"),
            "0" => Cow::Borrowed("false"),
            _ => Cow::Borrowed(text),
        },
        _ => Cow::Borrowed(text),
    }
}

/// Returns whether leaves of this type are bytes.
pub(crate) fn is_bytes(ty: &ScalarType) -> bool {
    matches!(ty, ScalarType::Base64 | ScalarType::Hex | ScalarType::Bytes { .. })
}

/// Returns date and time without a zone: `2026-03-01T09:05:00`.
pub(crate) fn local_text(local: jiff::civil::DateTime) -> String {
    let mut out = Vec::new();
    json::write_date(local.date(), &mut out);
    out.push(b'T');
    json::write_time(local.time(), &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Reads base64, which may be broken by blanks.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, CodecError> {
    let packed: String = text.split(is_blank).collect();
    STANDARD.decode(packed).map_err(|_| CodecError::new("not base64"))
}

/// Reads pairs of hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>, CodecError> {
    let wrong = || CodecError::new("not pairs of hexadecimal digits");
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(wrong)?;
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Writes pairs of lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the value of bytes in the text form of their type: hexadecimal for `Hex`, else base64.
pub(crate) fn bytes_text(ty: &ScalarType, bytes: &[u8]) -> Arc<str> {
    match ty {
        ScalarType::Hex => to_hex(bytes).to_uppercase().into(),
        _ => STANDARD.encode(bytes).into(),
    }
}
