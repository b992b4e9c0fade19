//! Types of modern values, as the expression checker and the JSON Schema know them.
//!
//! **Invariant.** A type says whether its value may be absent; nothing else decides that.

use std::sync::Arc;

/// The type of a modern value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// What it is.
    pub kind: Kind,
    /// The value may be absent.
    pub optional: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Anything: nobody said.
    Any,
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// An exact number; `integer` has no digits behind the point.
    Number {
        /// Whole numbers only.
        integer: bool,
    },
    /// A binary float.
    Float,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A point in time.
    Instant,
    /// A span of time.
    Duration,
    /// Bytes.
    Bytes,
    /// A list.
    List(Arc<Type>),
    /// An object with known members.
    Object(Arc<Record>),
}

/// The members of an object, or the names that an expression may use; the index is what evaluation uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Names with their types.
    pub fields: Vec<(Arc<str>, Type)>,
}

impl Type {
    /// A value that is always there.
    pub fn required(kind: Kind) -> Self {
        Self { kind, optional: false }
    }

    /// A value that may be absent.
    pub fn optional(kind: Kind) -> Self {
        Self { kind, optional: true }
    }
}

impl Kind {
    /// Returns the type in words, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Any => "anything".into(),
            Self::Text => "text".into(),
            Self::Bool => "true or false".into(),
            Self::Number { integer: true } => "whole number".into(),
            Self::Number { integer: false } => "number".into(),
            Self::Float => "binary float".into(),
            Self::Date => "date".into(),
            Self::Time => "time".into(),
            Self::Instant => "timestamp".into(),
            Self::Duration => "duration".into(),
            Self::Bytes => "bytes".into(),
            Self::List(element) => format!("list of {}", element.kind.describe()),
            Self::Object(_) => "object".into(),
        }
    }
}

impl Record {
    /// Returns number and type of a member.
    pub fn find(&self, name: &str) -> Option<(usize, &Type)> {
        self.fields.iter().position(|(field, _)| &**field == name).map(|n| (n, &self.fields[n].1))
    }
}
