//! Leaf values as an adapter hands them over, and the types that a schema gives them.
//!
//! **Invariant.** No value passes through a binary float unless its legacy type is one.

use crate::Decimal;
use jiff::civil;

/// A leaf as it arrives: borrowed, and as close to the wire as is sensible.
///
/// XML hands over `Text` for every type; databases hand over decimals and timestamps as `Text` too.
/// What the text means is said by the part's [`ScalarType`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// Present, and explicitly nothing: `xsi:nil`, SQL NULL.
    Nil,
    /// Text, in the lexical form of its type.
    Text(&'a str),
    /// Raw bytes.
    Bytes(&'a [u8]),
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An exact number.
    Decimal(Decimal),
    /// A binary float; only where the legacy type is one.
    Float(f64),
    /// A calendar date.
    Date(civil::Date),
    /// A time of day.
    Time(civil::Time),
    /// Date and time without a zone.
    DateTime(civil::DateTime),
    /// A point in time.
    Instant(jiff::Timestamp),
}

/// The type of a leaf, as the legacy schema declares it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// Text.
    Text(TextType),
    /// True or false. Lexical forms `true false 1 0`.
    Bool,
    /// An exact number with at most `digits` digits, `scale` of them decimals; `None` where the schema sets no bound.
    /// `scale: Some(0)` is an integer.
    Decimal {
        /// Digits in all.
        digits: Option<u16>,
        /// Decimals.
        scale: Option<u16>,
        /// Negative values are refused.
        unsigned: bool,
    },
    /// A binary float of 32 or 64 bits.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// A date, ISO 8601 as text; XSD permits a zone behind it.
    Date,
    /// A time of day.
    Time,
    /// Date and time, whose zone may be absent.
    DateTime,
    /// Date and time without any zone, as in SQL TIMESTAMP.
    LocalDateTime,
    /// A point in time, as in SQL TIMESTAMP WITH TIME ZONE.
    Instant,
    /// Bytes: base64 as text.
    Base64,
    /// Bytes: hexadecimal as text.
    Hex,
    /// Bytes as they are.
    Bytes {
        /// Length limit in bytes.
        length_max: Option<u32>,
    },
}

/// What is known of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TextType {
    /// Fewest characters.
    pub length_min: Option<u32>,
    /// Most characters.
    pub length_max: Option<u32>,
    /// Padded with blanks to `length_max`, as CHAR and `PIC X` are.
    pub padded: bool,
    /// White space is collapsed when it is read, as `xs:token` says.
    pub collapse: bool,
    /// The values that are allowed; empty where all are.
    pub codes: Box<[Box<str>]>,
    /// The elements are separated by white space, as in `xs:list`.
    pub list: bool,
}

impl ScalarType {
    /// Text without any bound.
    pub fn text() -> Self {
        Self::Text(TextType::default())
    }

    /// An exact number without any bound.
    pub fn decimal() -> Self {
        Self::Decimal { digits: None, scale: None, unsigned: false }
    }

    /// An integer without any bound.
    pub fn integer() -> Self {
        Self::Decimal { digits: None, scale: Some(0), unsigned: false }
    }

    /// Returns the type in words, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Text(text) => match text.length_max {
                Some(n) => format!("text of at most {n} characters"),
                None => "text".into(),
            },
            Self::Bool => "boolean".into(),
            Self::Decimal { scale: Some(0), digits: Some(d), .. } => format!("integer of at most {d} digits"),
            Self::Decimal { scale: Some(0), .. } => "integer".into(),
            Self::Decimal { digits: Some(d), scale: Some(s), .. } => format!("decimal({d},{s})"),
            Self::Decimal { .. } => "decimal".into(),
            Self::Float { bits } => format!("float of {bits} bits"),
            Self::Date => "date".into(),
            Self::Time => "time".into(),
            Self::DateTime => "date and time".into(),
            Self::LocalDateTime => "date and time without a zone".into(),
            Self::Instant => "instant".into(),
            Self::Base64 | Self::Hex | Self::Bytes { .. } => "bytes".into(),
        }
    }
}
