//! One codec of a chain, compiled: what it does to a value in each direction.
//!
//! **Invariant.** Absent passes through unchanged, but for `nullIf`, `default` and `slice`.

use super::leaf::{comparable, from_base64, from_hex, to_hex};
use super::lookup::Lookup;
use super::native::Native;
use super::number::{Format, read_implied, write_implied};
use super::pattern::{Makes, Pattern};
use super::text::{Side, pad, replace, slice, split_exactly, strip, wrap};
use super::zone::Zone;
use super::{CodecError, Loss};
use crate::value::{Instant, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil;
use kernel::{Decimal, ScalarType};
use std::sync::Arc;

/// A compiled codec. Several sources are a list of texts until one of these combines them.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// What the legacy type says by itself.
    Native(Native),
    /// `codes`, `flag`.
    Lookup(Lookup),
    /// `date`, `time`, `datetime` with a pattern.
    Moment { pattern: Pattern, makes: Makes, zone: Zone, numeric: Vec<bool>, several: bool },
    /// `datetime(unix)`.
    Unix { zone: Zone },
    /// `decimal(n)`.
    Implied { places: u16, text: bool },
    /// `decimal`, `integer`, `number(…)`.
    Number { format: Format, integer: bool, text: bool },
    /// `nullIf` on legacy texts, one list of comparable texts per source.
    NullIfLegacy { types: Vec<ScalarType>, texts: Vec<Vec<Box<str>>>, first: Arc<str> },
    /// `nullIf` on modern values.
    NullIf(Vec<Value>),
    /// `default`.
    Default(Value),
    /// `join`.
    Join { separator: Arc<str>, parts: usize },
    /// `lines`.
    Lines { width: usize, parts: usize },
    /// `split`.
    Split { separator: Arc<str> },
    /// `slice`, from 1, inclusive.
    Slice { first: usize, last: usize },
    /// `pad`.
    Pad { side: Side, width: usize, with: char },
    /// `lower`, `upper`.
    Case { upper: bool },
    /// `hex`, `base64`.
    Bytes { hex: bool },
}

impl Step {
    /// Reads.
    pub(crate) fn read(&self, value: Value) -> Result<Value, CodecError> {
        if value.is_absent() {
            return Ok(if let Self::Default(value) = self { value.clone() } else { Value::Absent });
        }
        match self {
            Self::Native(native) => native.read(value),
            Self::Lookup(lookup) => lookup.read(text(&value)?),
            Self::Moment { pattern, makes, zone, numeric, .. } => {
                read_moment(pattern, *makes, zone, numeric, &value)
            }
            Self::Unix { zone } => read_unix(zone, text(&value)?).map(Value::Instant),
            Self::Implied { places, .. } => read_implied(text(&value)?, *places).map(Value::Number),
            Self::Number { format, integer, .. } => {
                let number = format.read(text(&value)?)?;
                match integer {
                    true => number.rescaled(0).map_err(|_| CodecError::new("not a whole number")),
                    false => Ok(number),
                }
                .map(Value::Number)
            }
            Self::NullIfLegacy { types, texts, .. } => {
                Ok(if means_nothing(types, texts, &value) { Value::Absent } else { value })
            }
            Self::NullIf(values) => {
                Ok(if values.iter().any(|null| null.same(&value)) { Value::Absent } else { value })
            }
            Self::Default(_) => Ok(value),
            Self::Join { separator, .. } => Ok(joined(&value, separator)),
            Self::Lines { .. } => Ok(joined(&trimmed(&value), " ")),
            Self::Split { separator } => Ok(Value::List(
                text(&value)?.split(&**separator).map(|item| Value::Text(item.into())).collect(),
            )),
            Self::Slice { first, last } => {
                Ok(slice(text(&value)?, *first, *last).map_or(Value::Absent, Value::Text))
            }
            Self::Pad { side, with, .. } => {
                Ok(strip(text(&value)?, *side, *with).map_or(Value::Absent, |text| Value::Text(text.into())))
            }
            Self::Case { upper } => Ok(fold(text(&value)?, *upper)),
            Self::Bytes { hex } => match &value {
                Value::Bytes(bytes) if *hex => Ok(Value::Text(to_hex(bytes).into())),
                Value::Bytes(bytes) => Ok(Value::Text(STANDARD.encode(bytes).into())),
                _ => Err(CodecError::new("bytes were expected")),
            },
        }
    }

    /// Writes. `old` is what stood before this step in the old record.
    pub(crate) fn write(&self, value: Value, old: &Value) -> Result<Value, CodecError> {
        if value.is_absent() {
            return Ok(self.write_absent(old));
        }
        match self {
            Self::Native(native) => native.write(value),
            Self::Lookup(lookup) => lookup.write(&value),
            Self::Moment { pattern, zone, several, .. } => write_moment(pattern, zone, *several, &value),
            Self::Unix { .. } => write_unix(&value),
            Self::Implied { places, .. } => Ok(owned(write_implied(number(&value)?, *places)?)),
            Self::Number { format, .. } => Ok(owned(format.write(number(&value)?))),
            Self::NullIfLegacy { .. } | Self::NullIf(_) | Self::Default(_) => Ok(value),
            Self::Join { separator, parts } => {
                let parts = split_exactly(text(&value)?, separator, *parts)?;
                Ok(Value::List(parts.into_iter().map(Value::Text).collect()))
            }
            Self::Lines { width, parts } => {
                let mut lines: Vec<Value> =
                    wrap(text(&value)?, *width, *parts)?.into_iter().map(owned).collect();
                lines.resize(*parts, Value::Absent);
                Ok(Value::List(lines))
            }
            Self::Split { separator } => write_split(&value, separator),
            Self::Slice { first, last } => {
                let old = text(old).unwrap_or_default();
                Ok(owned(replace(old, text(&value)?, *first, *last)?))
            }
            Self::Pad { side, width, with } => Ok(owned(pad(text(&value)?, *side, *width, *with)?)),
            Self::Case { upper } => Ok(fold(text(&value)?, *upper)),
            Self::Bytes { hex: true } => from_hex(text(&value)?).map(|bytes| Value::Bytes(bytes.into())),
            Self::Bytes { hex: false } => from_base64(text(&value)?).map(|bytes| Value::Bytes(bytes.into())),
        }
    }

    fn write_absent(&self, old: &Value) -> Value {
        match self {
            Self::NullIfLegacy { types, first, .. } if types.len() == 1 => Value::Text(first.clone()),
            Self::NullIfLegacy { types, first, .. } => {
                Value::List(types.iter().map(|_| Value::Text(first.clone())).collect())
            }
            Self::NullIf(values) => values.first().cloned().unwrap_or_default(),
            Self::Slice { first, last } => match text(old).and_then(|old| replace(old, "", *first, *last)) {
                Ok(text) => owned(text),
                Err(_) => Value::Absent,
            },
            _ => Value::Absent,
        }
    }

    /// Brings a modern value to the form that this step gives.
    pub(crate) fn fold(&self, value: Value) -> Value {
        match (self, &value) {
            (Self::Case { upper }, Value::Text(text)) => fold(text, *upper),
            _ => value,
        }
    }

    /// Returns whether the steps before this one see the same modern value, but for its form.
    pub(crate) fn keeps_value(&self) -> bool {
        matches!(self, Self::Case { .. } | Self::Default(_) | Self::NullIf(_))
    }

    /// How much it keeps.
    pub(crate) fn loss(&self) -> Loss {
        match self {
            Self::Native(native) => native.loss(),
            Self::Lookup(lookup) if lookup.is_lossy() => Loss::Lossy,
            Self::NullIfLegacy { texts, .. } if texts.iter().any(|texts| texts.len() > 1) => Loss::Lossy,
            Self::NullIf(values) if values.len() > 1 => Loss::Lossy,
            Self::Default(_) => Loss::Lossy,
            Self::Implied { text, .. } | Self::Number { text, .. } if *text => Loss::Canonical,
            Self::Pad { .. } | Self::Case { .. } => Loss::Canonical,
            Self::Join { .. } | Self::Lines { .. } | Self::Split { .. } => Loss::Partial,
            _ => Loss::Exact,
        }
    }

    /// Returns whether larger legacy values read as larger modern ones.
    pub(crate) fn keeps_order(&self) -> bool {
        match self {
            Self::Native(_) | Self::Unix { .. } => true,
            Self::NullIfLegacy { .. } | Self::NullIf(_) => true,
            Self::Moment { pattern, .. } => pattern.keeps_order(),
            Self::Implied { text, .. } | Self::Number { text, .. } => !text,
            _ => false,
        }
    }

    /// What `explain` says about it.
    pub(crate) fn notes(&self) -> Vec<String> {
        match self {
            Self::Lookup(lookup) => lookup.notes(),
            Self::NullIfLegacy { texts, first, .. } if texts[0].len() > 1 => {
                vec![format!("{} → absent → {first}", texts[0].join(", "))]
            }
            Self::Default(value) => {
                let text = crate::json::text_of(value).unwrap_or_default();
                vec![format!("absent → {text} → {text}")]
            }
            Self::Moment { makes: Makes::DateTime, .. } => vec![DOUBLED_HOUR.into()],
            Self::Native(Native { ty: ScalarType::LocalDateTime, .. }) => vec![DOUBLED_HOUR.into()],
            Self::Native(Native { ty: ScalarType::DateTime, zone: Some(_) }) => {
                vec![DOUBLED_HOUR_READ.into(), "writes one form: with the offset of the zone".into()]
            }
            Self::Implied { text: true, .. } | Self::Number { text: true, .. } => {
                vec!["writes one form".into()]
            }
            Self::Pad { .. } | Self::Case { .. } => vec!["writes one form".into()],
            Self::Join { separator, parts } => {
                vec![format!("refuses texts that do not have {parts} parts separated by `{separator}`")]
            }
            Self::Lines { width, parts } => {
                vec![format!("wraps at words; refuses what does not fit {parts} lines of {width} characters")]
            }
            Self::Split { separator } => vec![format!("refuses elements that hold `{separator}`")],
            _ => Vec::new(),
        }
    }
}

const DOUBLED_HOUR: &str =
    "the hour that the clocks repeat reads as the earlier one; the later one is refused";
const DOUBLED_HOUR_READ: &str = "without a zone, the hour that the clocks repeat reads as the earlier one";

fn text(value: &Value) -> Result<&str, CodecError> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(CodecError::new("a text was expected")),
    }
}

fn number(value: &Value) -> Result<Decimal, CodecError> {
    match value {
        Value::Number(number) => Ok(*number),
        _ => Err(CodecError::new("a number was expected")),
    }
}

fn owned(text: String) -> Value {
    Value::Text(text.into())
}

fn fold(text: &str, upper: bool) -> Value {
    owned(if upper { text.to_uppercase() } else { text.to_lowercase() })
}

fn parts(value: &Value) -> &[Value] {
    match value {
        Value::List(parts) => parts,
        single => std::slice::from_ref(single),
    }
}

fn means_nothing(types: &[ScalarType], texts: &[Vec<Box<str>>], value: &Value) -> bool {
    parts(value).iter().zip(types).zip(texts).all(|((part, ty), texts)| match part {
        Value::Text(text) => texts.iter().any(|null| **null == *comparable(ty, text)),
        part => part.is_absent(),
    })
}

fn joined(value: &Value, separator: &str) -> Value {
    let texts: Vec<&str> = parts(value).iter().filter_map(|part| text(part).ok()).collect();
    if texts.is_empty() { Value::Absent } else { owned(texts.join(separator)) }
}

fn trimmed(value: &Value) -> Value {
    let trim = |part: &Value| match part {
        Value::Text(text) if text.trim().is_empty() => Value::Absent,
        Value::Text(text) => Value::Text(text.trim().into()),
        _ => Value::Absent,
    };
    Value::List(parts(value).iter().map(trim).collect())
}

fn read_moment(
    pattern: &Pattern,
    makes: Makes,
    zone: &Zone,
    numeric: &[bool],
    value: &Value,
) -> Result<Value, CodecError> {
    let part = |part| text(part).map_err(|_| CodecError::new("one of the parts is absent"));
    let local = match (parts(value), numeric) {
        ([one], [numeric, ..]) => pattern.read(&[(part(one)?, *numeric)])?,
        (several, numeric) => {
            let texts: Result<Vec<&str>, CodecError> = several.iter().map(part).collect();
            let texts: Vec<(&str, bool)> = texts?.into_iter().zip(numeric.iter().copied()).collect();
            pattern.read(&texts)?
        }
    };
    Ok(match makes {
        Makes::Date => Value::Date(local.date()),
        Makes::Time => Value::Time(local.time()),
        Makes::DateTime => Value::Instant(zone.instant(local)?),
    })
}

fn write_moment(pattern: &Pattern, zone: &Zone, several: bool, value: &Value) -> Result<Value, CodecError> {
    let local = match value {
        Value::Date(date) => date.to_datetime(civil::Time::midnight()),
        Value::Time(time) => civil::date(1970, 1, 1).to_datetime(*time),
        Value::Instant(instant) => zone.local(instant.at),
        _ => return Err(CodecError::new("a date or time was expected")),
    };
    let mut texts = pattern.write(local)?.into_iter().map(owned);
    Ok(if several { Value::List(texts.collect()) } else { texts.next().unwrap_or_default() })
}

fn read_unix(zone: &Zone, text: &str) -> Result<Instant, CodecError> {
    let wrong = || CodecError::new("not seconds since 1970");
    let seconds = Decimal::parse(text).map_err(|_| wrong())?.normalized();
    let nanos = seconds.rescaled(9).map_err(|_| wrong())?.mantissa();
    let at = jiff::Timestamp::from_nanosecond(nanos).map_err(|_| wrong())?;
    let shown = zone.show(at);
    if shown.local().year() < 0 { Err(wrong()) } else { Ok(shown) }
}

fn write_unix(value: &Value) -> Result<Value, CodecError> {
    let Value::Instant(instant) = value else { return Err(CodecError::new("a timestamp was expected")) };
    let seconds =
        Decimal::new(instant.at.as_nanosecond(), 9).map_err(|_| CodecError::new("beyond the calendar"))?;
    Ok(owned(seconds.normalized().to_string()))
}

fn write_split(value: &Value, separator: &str) -> Result<Value, CodecError> {
    let Value::List(items) = value else { return Err(CodecError::new("a list was expected")) };
    let items: Vec<&str> = items.iter().map(text).collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Ok(Value::Absent);
    }
    if items.iter().any(|item| item.contains(separator)) {
        return Err(CodecError::new(format!("an element holds `{separator}`, which separates the elements")));
    }
    Ok(owned(items.join(separator)))
}
