//! What is wanted of a value at one stage of a chain, and whether a known value has it.
//!
//! **Invariant.** A condition that cannot be decided for a value is kept; only what is certain is left out.

use crate::codec::CodecError;
use crate::codec::number::plain;
use crate::value::Value;
use kernel::Comparison;
use std::cmp::Ordering;
use std::sync::Arc;

/// What is wanted of a value that may be absent.
#[derive(Debug, Clone)]
pub(super) struct Want {
    /// Absent is wanted.
    pub(super) absent: bool,
    /// What is wanted of a value that is there.
    pub(super) some: Test,
}

/// A condition on a value that is there.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// All hold; with none, every value is wanted.
    All(Vec<Test>),
    /// One holds; with none, no value is.
    Any(Vec<Test>),
    /// One comparison, and whether the case of letters does not count.
    Atom(Atom, bool),
}

/// One comparison.
#[derive(Debug, Clone)]
pub(super) enum Atom {
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It is none of these.
    NoneOf(Vec<Value>),
    /// It is less or greater; never equal or not equal.
    Range(Comparison, Value),
    /// It begins so.
    Starts(Arc<str>),
    /// It holds this.
    Contains(Arc<str>),
}

/// How values of a stage compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// As modern values.
    Value,
    /// As numbers that stand in texts.
    Number,
}

impl Test {
    pub(super) fn always() -> Self {
        Self::All(Vec::new())
    }

    pub(super) fn never() -> Self {
        Self::Any(Vec::new())
    }

    /// Returns whether a value has it, if that is certain.
    pub(super) fn holds(&self, value: &Value, by: By) -> Option<bool> {
        match self {
            Self::All(tests) => every(tests.iter().map(|test| test.holds(value, by)), true),
            Self::Any(tests) => every(tests.iter().map(|test| test.holds(value, by)), false),
            Self::Atom(atom, fold) => atom.holds(value, *fold, by),
        }
    }

    /// Returns whether values that nobody has named are wanted too.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(Self::is_open),
            Self::Any(tests) => tests.iter().any(Self::is_open),
            Self::Atom(atom, _) => matches!(atom, Atom::NoneOf(_)),
        }
    }

    /// Returns it without these values.
    pub(super) fn without(self, values: &[Value], by: By) -> Self {
        if let Self::Atom(Atom::OneOf(known), false) = self {
            let keep =
                |one: &Value| !values.iter().any(|other| compare(one, other, by) == Some(Ordering::Equal));
            return Self::Atom(Atom::OneOf(known.into_iter().filter(keep).collect()), false);
        }
        let left: Vec<Value> =
            values.iter().filter(|value| self.holds(value, by) != Some(false)).cloned().collect();
        if left.is_empty() { self } else { Self::All(vec![self, Self::Atom(Atom::NoneOf(left), false)]) }
    }

    /// Returns it with these values beside.
    pub(super) fn or(self, values: &[Value], by: By) -> Self {
        let more: Vec<Value> =
            values.iter().filter(|value| self.holds(value, by) != Some(true)).cloned().collect();
        if more.is_empty() { self } else { Self::Any(vec![self, Self::Atom(Atom::OneOf(more), false)]) }
    }

    /// Puts something else in the place of each comparison.
    pub(super) fn map(
        self,
        change: &dyn Fn(Atom, bool) -> Result<Test, CodecError>,
    ) -> Result<Self, CodecError> {
        Ok(match self {
            Self::All(tests) => {
                Self::All(tests.into_iter().map(|test| test.map(change)).collect::<Result<_, _>>()?)
            }
            Self::Any(tests) => {
                Self::Any(tests.into_iter().map(|test| test.map(change)).collect::<Result<_, _>>()?)
            }
            Self::Atom(atom, fold) => change(atom, fold)?,
        })
    }

    /// Returns the opposite, for values that are there.
    pub(super) fn negated(self) -> Result<Self, CodecError> {
        let each = |tests: Vec<Self>| tests.into_iter().map(Self::negated).collect::<Result<_, _>>();
        Ok(match self {
            Self::All(tests) => Self::Any(each(tests)?),
            Self::Any(tests) => Self::All(each(tests)?),
            Self::Atom(atom, fold) => Self::Atom(atom.negated()?, fold),
        })
    }
}

impl Atom {
    fn holds(&self, value: &Value, fold: bool, by: By) -> Option<bool> {
        let same = |other: &Value| match fold {
            true => match (value, other) {
                (Value::Text(a), Value::Text(b)) => a.to_lowercase() == b.to_lowercase(),
                _ => value.same(other),
            },
            false => compare(value, other, by).map_or_else(|| value.same(other), |order| order.is_eq()),
        };
        let text = |part: &str, inside: fn(&str, &str) -> bool| match value {
            Value::Text(text) if fold => Some(inside(&text.to_lowercase(), &part.to_lowercase())),
            Value::Text(text) => Some(inside(text, part)),
            _ => None,
        };
        match self {
            Self::OneOf(values) => Some(values.iter().any(same)),
            Self::NoneOf(values) => Some(!values.iter().any(same)),
            Self::Range(op, bound) => compare(value, bound, by).map(|order| fits(*op, order)),
            Self::Starts(part) => text(part, |text, part| text.starts_with(part)),
            Self::Contains(part) => text(part, |text, part| text.contains(part)),
        }
    }

    fn negated(self) -> Result<Self, CodecError> {
        Ok(match self {
            Self::OneOf(values) => Self::NoneOf(values),
            Self::NoneOf(values) => Self::OneOf(values),
            Self::Range(op, value) => Self::Range(
                match op {
                    Comparison::Less => Comparison::GreaterOrEqual,
                    Comparison::LessOrEqual => Comparison::Greater,
                    Comparison::Greater => Comparison::LessOrEqual,
                    Comparison::GreaterOrEqual => Comparison::Less,
                    same => same,
                },
                value,
            ),
            Self::Starts(_) | Self::Contains(_) => {
                return Err(CodecError::new("the field cannot be asked for what it does not begin with"));
            }
        })
    }
}

/// Returns whether an order is the one that is wanted.
fn fits(op: Comparison, order: Ordering) -> bool {
    match op {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
    }
}

/// Returns how two values of one type compare. How texts do is the system's affair, but for the empty one.
pub(super) fn compare(a: &Value, b: &Value, by: By) -> Option<Ordering> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) if by == By::Number => Some(plain(a).ok()?.cmp(&plain(b).ok()?)),
        (Value::Text(a), Value::Text(b)) if a == b || a.is_empty() || b.is_empty() => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Returns `all` if each is, the opposite if one is not; nothing where that is not certain.
fn every(found: impl Iterator<Item = Option<bool>>, all: bool) -> Option<bool> {
    let mut certain = true;
    for one in found {
        match one {
            Some(holds) if holds != all => return Some(!all),
            Some(_) => {}
            None => certain = false,
        }
    }
    certain.then_some(all)
}
