//! The types of columns: from the words of a catalog to what a value may be and how it is bound.
//!
//! **Invariant.** A type that is not known is `Unknown`, never a guess; a value of it is neither read nor written.

mod binding;
mod read;

pub(crate) use binding::{cast, fetch, kind, size};
pub(crate) use read::read;

use kernel::{ScalarType, TextType};

/// The type of a column or parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlType {
    /// A truth value; also BIT and TINYINT(1).
    Boolean,
    /// A whole number.
    Integer {
        /// Digits that it always holds are one less.
        digits: u16,
        /// No negative numbers.
        unsigned: bool,
    },
    /// An exact number; without bounds where nothing is said, as Oracle's NUMBER.
    Decimal {
        /// Digits in all.
        precision: Option<u16>,
        /// Decimals.
        scale: Option<u16>,
    },
    /// A binary float.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// Text.
    Text(Text),
    /// Bytes.
    Bytes {
        /// Most bytes.
        length: Option<u32>,
        /// A large object, which cannot be compared.
        large: bool,
    },
    /// A calendar date.
    Date,
    /// A time of day.
    Time {
        /// Digits of fractions of a second.
        digits: u8,
    },
    /// Date and time.
    Timestamp(Timestamp),
    /// A type with a text form that the database checks.
    Formed(Form),
    /// A number that the database changes with every write: bytes.
    RowVersion,
    /// A type that Seawall does not read.
    Unknown,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// Most characters or bytes.
    pub length: Option<u32>,
    /// `length` counts bytes.
    pub bytes: bool,
    /// Padded with blanks.
    pub padded: bool,
    /// In the national character set, which is Unicode.
    pub national: bool,
    /// A large object, which cannot be compared everywhere.
    pub large: bool,
}

/// Date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Digits of fractions of a second.
    pub digits: u8,
    /// With a zone: a point in time.
    pub zone: bool,
    /// What the database calls it, where that matters.
    pub named: TimestampName,
}

/// Kinds of timestamps that databases tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampName {
    /// TIMESTAMP.
    Timestamp,
    /// DATE of Oracle.
    Date,
    /// DATETIME of SQL Server, in steps of 3⅓ ms.
    Datetime,
    /// SMALLDATETIME of SQL Server, in minutes.
    Smalldatetime,
    /// DATETIME2 of SQL Server.
    Datetime2,
}

/// Types with a text form that the database checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// UUID, UNIQUEIDENTIFIER.
    Uuid,
    /// JSON.
    Json,
    /// JSONB.
    Jsonb,
    /// XML.
    Xml,
    /// Text whose case does not count.
    Citext,
}

impl SqlType {
    /// Returns what a value may be; nothing for a type that is not read.
    pub(crate) fn scalar(&self) -> Option<ScalarType> {
        Some(match self {
            Self::Boolean => ScalarType::Bool,
            Self::Integer { digits, unsigned } => {
                ScalarType::Decimal { digits: Some(*digits), scale: Some(0), unsigned: *unsigned }
            }
            Self::Decimal { precision, scale } => {
                ScalarType::Decimal { digits: *precision, scale: *scale, unsigned: false }
            }
            Self::Float { bits } => ScalarType::Float { bits: *bits },
            Self::Text(text) => ScalarType::Text(TextType {
                length_max: text.length,
                padded: text.padded,
                ..TextType::default()
            }),
            Self::Bytes { length, .. } => ScalarType::Bytes { length_max: *length },
            Self::RowVersion => ScalarType::Bytes { length_max: Some(8) },
            Self::Date => ScalarType::Date,
            Self::Time { .. } => ScalarType::Time,
            Self::Timestamp(Timestamp { zone: true, .. }) => ScalarType::Instant,
            Self::Timestamp(_) => ScalarType::LocalDateTime,
            Self::Formed(Form::Uuid) => {
                ScalarType::Text(TextType { length_max: Some(36), ..TextType::default() })
            }
            Self::Formed(_) => ScalarType::text(),
            Self::Unknown => return None,
        })
    }
}
