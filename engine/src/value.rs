//! Modern values: what JSON, expressions and codecs speak.
//!
//! **Invariant.** Numbers are exact decimals; `Float` occurs only where the legacy type is a binary float.

use jiff::civil;
use kernel::Decimal;
use std::sync::Arc;

/// A modern value.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Nothing: the member is not there.
    #[default]
    Absent,
    /// JSON `null`, which differs from absent only in a merge patch.
    Null,
    /// A truth value.
    Bool(bool),
    /// An exact number, with its scale.
    Number(Decimal),
    /// A binary float, from a legacy float.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// A date: JSON text `2026-06-01`.
    Date(civil::Date),
    /// A time of day: JSON text `09:30:00`.
    Time(civil::Time),
    /// A point in time and the offset that it is shown with: JSON text in RFC 3339.
    Instant(Instant),
    /// A span of time, in expressions only.
    Duration(jiff::SignedDuration),
    /// Bytes, in expressions and codecs only.
    Bytes(Arc<[u8]>),
    /// An array.
    List(Vec<Value>),
    /// An object, in the order of its members.
    Object(Vec<(Arc<str>, Value)>),
}

/// A point in time, shown with an offset. Equality and order go by the point in time alone.
#[derive(Debug, Clone, Copy)]
pub struct Instant {
    /// The point in time.
    pub at: jiff::Timestamp,
    /// The offset from UTC in seconds with which it is written.
    pub offset_s: i32,
}

impl Value {
    /// Returns whether there is nothing: absent or `null`.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }

    /// Returns a member of an object.
    pub fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| &**key == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

impl Value {
    /// Returns whether two values mean the same: absent and `null` do, numbers go by value, instants by their point in time.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Absent | Self::Null, Self::Absent | Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Float(float), Self::Number(number)) | (Self::Number(number), Self::Float(float)) => {
                Decimal::from_f64(*float).is_some_and(|float| float == *number)
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Instant(a), Self::Instant(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Self::Object(a), Self::Object(b)) => same_members(a, b) && same_members(b, a),
            _ => false,
        }
    }

    /// Returns it in the one form that stands for all that mean the same: `1.50` as `1.5`, instants without an offset.
    ///
    /// What is found again by its text is told apart only then by what it means.
    pub fn plain(&self) -> Self {
        match self {
            Self::Number(number) => Self::Number(number.normalized()),
            Self::Instant(instant) => Self::Instant(Instant { at: instant.at, offset_s: 0 }),
            other => other.clone(),
        }
    }
}

/// Returns whether every member of `a` is the same in `b`, in whatever order; a missing one is absent.
fn same_members(a: &[(Arc<str>, Value)], b: &[(Arc<str>, Value)]) -> bool {
    a.iter().all(|(name, value)| {
        let other = b.iter().find(|(key, _)| key == name).map_or(&Value::Absent, |(_, value)| value);
        value.same(other)
    })
}

impl Instant {
    /// Returns date and time as its offset shows them.
    pub fn local(self) -> civil::DateTime {
        // An offset is less than a day, as jiff's are; what leaves the calendar is cut to its end, which no codec reads.
        let offset = jiff::tz::Offset::from_seconds(self.offset_s).unwrap_or(jiff::tz::Offset::UTC);
        offset.to_datetime(self.at)
    }
}

impl PartialEq for Instant {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
