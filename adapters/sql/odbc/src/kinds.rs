//! What a column of a result is, and how it is fetched.
//!
//! **Invariant.** Exact numbers, dates and times are fetched as text; only a binary float passes through one.

use crate::form::Style;
use crate::native::{Described, Form};
use adapters_sql_protocol::{ColumnInfo, Fetch, ValueKind};

/// How one column is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// In which memory.
    pub(crate) form: Form,
    /// In which form its texts are answered.
    pub(crate) style: Style,
    /// Bytes that its values have at most, as far as one can tell.
    pub(crate) content_bytes: usize,
}

/// The room that a value gets at most before it is known to be longer.
const CONTENT_BYTES_MAX: usize = 4096;
/// The room that a value of unknown or enormous length gets.
const CONTENT_BYTES_UNKNOWN: usize = 1024;

/// Decides how a column is fetched. `narrow` says that the driver's narrow texts are UTF-8; `loose` that lengths of
/// texts are only declared and not kept.
pub(crate) fn plan(described: &Described, fetch: Fetch, narrow: bool, loose: bool) -> Plan {
    let text = if narrow { Form::Narrow } else { Form::Wide };
    let (form, style) = match fetch {
        Fetch::Text => (text, Style::Plain),
        Fetch::Integer | Fetch::Decimal => (Form::Narrow, Style::Decimal),
        Fetch::Double => (Form::Double, Style::Plain),
        Fetch::Bytes => (Form::Bytes, Style::Plain),
        Fetch::Date => (Form::Narrow, Style::Date),
        Fetch::Time => (Form::Narrow, Style::Time),
        Fetch::Timestamp | Fetch::Instant => (Form::Narrow, Style::Timestamp),
        Fetch::Boolean => (Form::Narrow, Style::Boolean),
        Fetch::Decide => decide(kind(described), text),
    };
    Plan { form, style, content_bytes: content_bytes(described, form, style, loose) }
}

fn decide(kind: ValueKind, text: Form) -> (Form, Style) {
    match kind {
        ValueKind::Text | ValueKind::Char | ValueKind::National => (text, Style::Plain),
        ValueKind::Integer | ValueKind::Decimal => (Form::Narrow, Style::Decimal),
        ValueKind::Double => (Form::Double, Style::Plain),
        ValueKind::Bytes => (Form::Bytes, Style::Plain),
        ValueKind::Date => (Form::Narrow, Style::Date),
        ValueKind::Time => (Form::Narrow, Style::Time),
        ValueKind::Timestamp | ValueKind::Instant => (Form::Narrow, Style::Timestamp),
        ValueKind::Boolean => (Form::Narrow, Style::Boolean),
    }
}

/// Returns the form in which a text of a kind is answered.
pub(crate) fn style(kind: ValueKind) -> Style {
    decide(kind, Form::Narrow).1
}

fn content_bytes(described: &Described, form: Form, style: Style, loose: bool) -> usize {
    let declared = match (form, style) {
        (Form::Double, _) => return 8,
        (Form::Bytes, _) => described.size.max(described.octets),
        (Form::Wide, _) => described.size.saturating_mul(2).max(described.octets),
        // Four bytes are the longest character in UTF-8.
        (Form::Narrow, Style::Plain) => described.size.saturating_mul(4),
        (Form::Narrow, _) => return described.size.clamp(60, 200) + 4,
    };
    let floor = if loose { 256 } else { 1 };
    match declared {
        0 => CONTENT_BYTES_UNKNOWN,
        declared if declared > CONTENT_BYTES_MAX => CONTENT_BYTES_UNKNOWN,
        declared => declared.max(floor),
    }
}

/// Returns the kind of a column by its SQL type.
///
/// Source: ODBC Programmer's Reference, "SQL Data Types"; -150 to -155 are those of SQL Server, 94 and 95 ODBC 4.
pub(crate) fn kind(described: &Described) -> ValueKind {
    let zoned = ["timestamptz", "timestamp with time zone", "datetimeoffset"];
    match described.sql_type {
        1 => ValueKind::Char,
        -10..=-8 => ValueKind::National,
        2 | 3 => ValueKind::Decimal,
        4 | 5 | -5 | -6 => ValueKind::Integer,
        6..=8 => ValueKind::Double,
        9 | 91 => ValueKind::Date,
        10 | 92 | 94 | -154 => ValueKind::Time,
        95 | -155 => ValueKind::Instant,
        11 | 93 if zoned.iter().any(|name| described.type_name.eq_ignore_ascii_case(name)) => {
            ValueKind::Instant
        }
        11 | 93 => ValueKind::Timestamp,
        -4..=-2 => ValueKind::Bytes,
        -7 => ValueKind::Boolean,
        _ => ValueKind::Text,
    }
}

/// Describes a column to Seawall.
pub(crate) fn told(described: &Described) -> ColumnInfo {
    ColumnInfo {
        name: described.name.clone(),
        kind: kind(described),
        precision: u16::try_from(described.size).unwrap_or(u16::MAX),
        scale: u16::try_from(described.digits).unwrap_or(0),
        nullable: described.nullable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(sql_type: i16, size: usize) -> Described {
        let (name, type_name) = (String::new(), "timestamptz".to_owned());
        Described { name, sql_type, type_name, size, octets: 0, digits: 0, nullable: true }
    }

    #[test]
    fn a_column_gets_the_room_that_its_type_needs() {
        let check = |sql_type, size, fetch, expected: (Form, Style, usize)| {
            let plan = plan(&described(sql_type, size), fetch, true, false);
            assert_eq!((plan.form, plan.style, plan.content_bytes), expected, "{sql_type} {size} {fetch:?}");
        };
        check(12, 30, Fetch::Text, (Form::Narrow, Style::Plain, 120));
        check(12, 0, Fetch::Text, (Form::Narrow, Style::Plain, 1024));
        check(-1, 65535, Fetch::Decide, (Form::Narrow, Style::Plain, 1024));
        check(3, 38, Fetch::Decimal, (Form::Narrow, Style::Decimal, 64));
        check(3, 100, Fetch::Decide, (Form::Narrow, Style::Decimal, 104));
        check(8, 15, Fetch::Decide, (Form::Double, Style::Plain, 8));
        check(93, 26, Fetch::Decide, (Form::Narrow, Style::Timestamp, 64));
        check(-3, 16, Fetch::Decide, (Form::Bytes, Style::Plain, 16));
        check(-7, 1, Fetch::Decide, (Form::Narrow, Style::Boolean, 64));
        assert_eq!(kind(&described(93, 26)), ValueKind::Instant);
        let wide = plan(&described(-9, 30), Fetch::Text, false, false);
        assert_eq!((wide.form, wide.content_bytes), (Form::Wide, 60));
        assert_eq!(plan(&described(12, 3), Fetch::Text, true, true).content_bytes, 256);
    }
}
