//! One codec turned around, where one value stands before it.
//!
//! **Invariant.** A value that a codec never gives is wanted in vain: it leaves the condition, and nothing takes its place.

use super::condition::{Atom, By, Test, Want};
use crate::codec::CodecError;
use crate::codec::leaf::Leaf;
use crate::codec::native::Native;
use crate::codec::pattern::Pattern;
use crate::codec::step::Step;
use crate::codec::text::Side;
use crate::codec::zone::Zone;
use crate::value::Value;
use jiff::civil;
use kernel::{Comparison, Decimal, ScalarType, TextType};
use std::sync::Arc;

/// Returns what is wanted before a step, if this is wanted behind it.
pub(super) fn before(step: &Step, want: Want, leaves: &[Leaf]) -> Result<Want, CodecError> {
    let Want { absent, some } = want;
    let by = match leaves {
        [leaf] if matches!(leaf.ty, ScalarType::Decimal { .. } | ScalarType::Float { .. }) => By::Number,
        _ => By::Value,
    };
    let some = match step {
        Step::Default(value) => {
            let absent = some.holds(value, By::Value).unwrap_or_else(|| some.is_open());
            return Ok(Want { absent, some });
        }
        Step::NullIf(values) if absent => some.or(values, By::Value),
        Step::NullIf(values) => some.without(values, By::Value),
        Step::NullIfLegacy { texts, .. } => {
            let texts: Vec<Value> =
                texts.iter().flatten().map(|text| Value::Text((&**text).into())).collect();
            if absent { some.or(&texts, by) } else { some.without(&texts, by) }
        }
        Step::Lookup(lookup) => {
            let open = some.is_open();
            let wanted = |value: &Value| some.holds(value, By::Value).unwrap_or(open);
            let (codes, these) = lookup.codes_of(wanted, open);
            let codes = codes.into_iter().map(Value::Text).collect();
            Test::Atom(if these { Atom::OneOf(codes) } else { Atom::NoneOf(codes) }, false)
        }
        Step::Native(native) => some.map(&|atom, fold| self::native(native, atom, fold))?,
        Step::Moment { pattern, zone, numeric, .. } => some.map(&|atom, _| {
            moment(pattern, zone, &atom, &|texts, op| {
                let numeric = numeric.first().copied().unwrap_or_default();
                let text = part(texts.first().map_or("", String::as_str), numeric);
                Test::Atom(
                    match op {
                        Comparison::Equal => Atom::OneOf(vec![text]),
                        op => Atom::Range(op, text),
                    },
                    false,
                )
            })
        })?,
        Step::Unix { .. } => some.map(&|atom, _| {
            each(atom, &|value| match value {
                Value::Instant(instant) => Decimal::new(instant.at.as_nanosecond(), 9).ok().map(number),
                _ => None,
            })
        })?,
        Step::Implied { places, .. } => some.map(&|atom, _| {
            each(atom, &|value| match value {
                Value::Number(decimal) => shifted(*decimal, *places).map(number),
                _ => None,
            })
        })?,
        Step::Number { .. } => some.map(&|atom, _| {
            each(atom, &|value| match value {
                Value::Number(decimal) => Some(number(*decimal)),
                _ => None,
            })
        })?,
        Step::Slice { last, .. } => some.map(&|atom, fold| slice(*last, atom, fold))?,
        Step::Pad { side, width, with } => {
            let longest = match leaves {
                [Leaf { ty: ScalarType::Text(TextType { length_max: Some(n), .. }), .. }] => *n as usize,
                _ => *width,
            };
            some.map(&|atom, fold| pad(*side, longest.max(*width), *with, atom, fold))?
        }
        Step::Case { upper } => some.map(&|atom, _| Ok(Test::Atom(folded(atom, *upper), true)))?,
        Step::Bytes { .. } => some.map(&|atom, _| {
            each(atom, &|value| {
                step.write(value.clone(), &Value::Absent).ok().filter(|bytes| reads(step, bytes, value))
            })
        })?,
        Step::Join { .. } | Step::Lines { .. } | Step::Split { .. } => {
            return Err(CodecError::new("the field cannot be asked for"));
        }
    };
    Ok(Want { absent, some })
}

/// Returns the comparison with other values; those that have none drop out of lists, and refuse a range.
fn each(atom: Atom, change: &dyn Fn(&Value) -> Option<Value>) -> Result<Test, CodecError> {
    let all = |values: Vec<Value>| values.iter().filter_map(change).collect();
    let atom = match atom {
        Atom::OneOf(values) => Atom::OneOf(all(values)),
        Atom::NoneOf(values) => Atom::NoneOf(all(values)),
        Atom::Range(op, value) => {
            Atom::Range(op, change(&value).ok_or_else(|| CodecError::new("the value is out of bounds"))?)
        }
        text => text,
    };
    Ok(Test::Atom(atom, false))
}

fn native(native: &Native, atom: Atom, fold: bool) -> Result<Test, CodecError> {
    match (&native.ty, &native.zone) {
        (ScalarType::Text(_), _) => Ok(Test::Atom(atom, fold)),
        (ScalarType::LocalDateTime, Some(zone)) => local(zone, &atom),
        _ => each(atom, &|value| {
            native.write(value.clone()).ok().filter(|text| native_reads(native, text, value))
        }),
    }
}

fn native_reads(native: &Native, text: &Value, value: &Value) -> bool {
    native.read(text.clone()).is_ok_and(|read| read.same(value))
}

fn reads(step: &Step, bytes: &Value, value: &Value) -> bool {
    step.read(bytes.clone()).is_ok_and(|read| read.same(value))
}

/// Local times without a pattern.
fn local(zone: &Zone, atom: &Atom) -> Result<Test, CodecError> {
    let text = |local: civil::DateTime| Value::Text(crate::codec::leaf::local_text(local).into());
    let exact = |value: &Value| match value {
        Value::Instant(instant) => match zone.cut(instant.at) {
            (local, true) => Some(text(local)),
            _ => None,
        },
        _ => None,
    };
    let Atom::Range(op, Value::Instant(instant)) = atom else { return each(atom.clone(), &exact) };
    let (cut, is_it) = zone.cut(instant.at);
    Ok(Test::Atom(Atom::Range(beyond(*op, is_it), text(cut)), false))
}

/// Returns how local times compare with a cut: where it does not read as the point itself, it reads as a later one.
fn beyond(op: Comparison, is_it: bool) -> Comparison {
    match op {
        Comparison::LessOrEqual if !is_it => Comparison::Less,
        Comparison::Greater if !is_it => Comparison::GreaterOrEqual,
        op => op,
    }
}

/// Returns how texts of a pattern compare with the last one that is not later than the bound.
fn floored(op: Comparison, is_it: bool) -> Comparison {
    match op {
        Comparison::Less if !is_it => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual if !is_it => Comparison::Greater,
        op => op,
    }
}

/// Turns a pattern around; `make` makes the condition on its texts for `=` or a range.
pub(super) fn moment<T>(
    pattern: &Pattern,
    zone: &Zone,
    atom: &Atom,
    make: &dyn Fn(&[String], Comparison) -> T,
) -> Result<T, CodecError>
where
    T: Logic,
{
    let equal = |value: &Value| {
        let (local, is_it) = at(zone, value)?;
        let (texts, exact) = pattern.floor(local)?;
        (is_it && exact).then(|| make(&texts, Comparison::Equal))
    };
    match atom {
        Atom::OneOf(values) => Ok(T::any(values.iter().filter_map(equal).collect())),
        Atom::NoneOf(values) => T::opposite(T::any(values.iter().filter_map(equal).collect())),
        Atom::Range(op, value) => {
            let wrong = || CodecError::new("the value is out of bounds");
            let (local, is_it) = at(zone, value).ok_or_else(wrong)?;
            let (texts, exact) = pattern.floor(local).ok_or_else(wrong)?;
            Ok(make(&texts, floored(beyond(*op, is_it), exact)))
        }
        Atom::Starts(_) | Atom::Contains(_) => Err(CodecError::new("a date or time is no text")),
    }
}

/// Returns the local time of a moment, and whether it reads as this very moment.
fn at(zone: &Zone, value: &Value) -> Option<(civil::DateTime, bool)> {
    match value {
        Value::Date(date) => Some((date.to_datetime(civil::Time::midnight()), true)),
        Value::Time(time) => Some((civil::date(1970, 1, 1).to_datetime(*time), true)),
        Value::Instant(instant) => Some(zone.cut(instant.at)),
        _ => None,
    }
}

/// Returns a text of a pattern as its column has it.
pub(super) fn part(text: &str, numeric: bool) -> Value {
    let digits = text.trim_start_matches('0');
    let text = if numeric && digits.is_empty() {
        "0"
    } else if numeric {
        digits
    } else {
        text
    };
    Value::Text(text.into())
}

/// What conditions of one stage have in common.
pub(super) trait Logic: Sized {
    fn any(of: Vec<Self>) -> Self;
    fn opposite(it: Self) -> Result<Self, CodecError>;
}

impl Logic for Test {
    fn any(of: Vec<Self>) -> Self {
        // One list instead of many alternatives.
        let mut values = Vec::new();
        for test in &of {
            match test {
                Self::Atom(Atom::OneOf(one), false) => values.extend(one.iter().cloned()),
                _ => return Self::Any(of),
            }
        }
        Self::Atom(Atom::OneOf(values), false)
    }

    fn opposite(it: Self) -> Result<Self, CodecError> {
        it.negated()
    }
}

fn number(number: Decimal) -> Value {
    Value::Text(number.normalized().to_string().into())
}

/// Returns the number without its point: `3.8` is `38`.
fn shifted(number: Decimal, places: u16) -> Option<Decimal> {
    let scale = number.scale();
    match scale.checked_sub(places) {
        Some(scale) => Decimal::new(number.mantissa(), scale).ok(),
        None => {
            let factor = 10i128.checked_pow(u32::from(places - scale))?;
            Decimal::new(number.mantissa().checked_mul(factor)?, 0).ok()
        }
    }
}

/// The first characters of a column are this.
fn slice(last: usize, atom: Atom, fold: bool) -> Result<Test, CodecError> {
    let one = |value: &Value| -> Vec<Test> {
        let Value::Text(text) = value else { return Vec::new() };
        let length = text.chars().count();
        if length > last || text.ends_with(' ') || text.trim().is_empty() {
            return Vec::new();
        }
        let whole = Test::Atom(Atom::OneOf(vec![value.clone()]), fold);
        let begins = format!("{text}{}", " ".repeat(last - length));
        let begins = Test::Atom(Atom::Starts(begins.into()), fold);
        if length == last { vec![begins] } else { vec![whole, begins] }
    };
    match atom {
        Atom::OneOf(values) => Ok(Test::Any(values.iter().flat_map(one).collect())),
        Atom::Starts(text) if text.chars().count() <= last => Ok(Test::Atom(Atom::Starts(text), fold)),
        Atom::Starts(_) => Ok(Test::never()),
        _ => Err(CodecError::new("only the beginning of the field can be asked for")),
    }
}

/// The texts that read as this one once their padding is stripped, up to the longest that the column holds.
fn pad(side: Side, longest: usize, with: char, atom: Atom, fold: bool) -> Result<Test, CodecError> {
    let padded = |value: Value| -> Vec<Value> {
        let Value::Text(text) = &value else { return Vec::new() };
        let alone = text.chars().count() == 1 && text.starts_with(with);
        let stripped = match side {
            Side::Left => !text.starts_with(with),
            Side::Right => !text.ends_with(with),
        };
        if !stripped && !alone {
            return Vec::new();
        }
        (0..=longest.saturating_sub(text.chars().count()))
            .map(|n| {
                let padding: String = std::iter::repeat_n(with, n).collect();
                let text: Arc<str> = match side {
                    Side::Left => format!("{padding}{text}").into(),
                    Side::Right => format!("{text}{padding}").into(),
                };
                Value::Text(text)
            })
            .collect()
    };
    let all = |values: Vec<Value>| values.into_iter().flat_map(padded).collect();
    match atom {
        Atom::OneOf(values) => Ok(Test::Atom(Atom::OneOf(all(values)), fold)),
        Atom::NoneOf(values) => Ok(Test::Atom(Atom::NoneOf(all(values)), fold)),
        _ => Err(CodecError::new("padding hides how the field begins")),
    }
}

fn folded(atom: Atom, upper: bool) -> Atom {
    let fold = |text: &str| -> Arc<str> {
        if upper { text.to_uppercase().into() } else { text.to_lowercase().into() }
    };
    let all = |values: Vec<Value>| {
        // What is not folded is never read.
        values.into_iter().filter(|value| matches!(value, Value::Text(text) if fold(text) == *text)).collect()
    };
    match atom {
        Atom::OneOf(values) => Atom::OneOf(all(values)),
        Atom::NoneOf(values) => Atom::NoneOf(all(values)),
        Atom::Starts(text) => Atom::Starts(fold(&text)),
        Atom::Contains(text) => Atom::Contains(fold(&text)),
        range => range,
    }
}
