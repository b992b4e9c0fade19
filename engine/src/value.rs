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
