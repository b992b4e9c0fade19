//! How values of a type are bound and fetched.
//!
//! **Invariant.** An exact number is never bound or fetched as a binary float.

use super::{Form, SqlType, TimestampName};
use crate::dialect::Dialect;
use adapters_sql_protocol::{Fetch, ValueKind};

/// Digits that a 64 bit integer always holds.
const INT_DIGITS: u16 = 18;
/// Digits of BIGINT, which is one.
const BIGINT_DIGITS: u16 = 19;

/// Returns how a value is bound.
pub(crate) fn kind(ty: &SqlType, dialect: Dialect) -> ValueKind {
    match ty {
        // SQLite has no times: they are texts, which are compared as texts.
        SqlType::Date | SqlType::Time { .. } | SqlType::Timestamp(_) if dialect == Dialect::Sqlite => {
            ValueKind::Text
        }
        SqlType::Boolean if matches!(dialect, Dialect::Sqlite | Dialect::Mysql | Dialect::Mariadb) => {
            ValueKind::Integer
        }
        SqlType::Boolean => ValueKind::Boolean,
        // An index on BIGINT is not used for an exact number.
        SqlType::Integer { digits, .. } if *digits <= BIGINT_DIGITS => ValueKind::Integer,
        SqlType::Decimal { precision: Some(digits), scale: Some(0) } if *digits <= INT_DIGITS => {
            ValueKind::Integer
        }
        SqlType::Integer { .. } | SqlType::Decimal { .. } => ValueKind::Decimal,
        SqlType::Float { .. } => ValueKind::Double,
        SqlType::Text(text) if text.national => ValueKind::National,
        SqlType::Text(text) if text.padded => ValueKind::Char,
        SqlType::Text(_) | SqlType::Formed(_) | SqlType::Unknown => ValueKind::Text,
        SqlType::Bytes { .. } | SqlType::RowVersion => ValueKind::Bytes,
        SqlType::Date => ValueKind::Date,
        SqlType::Time { .. } => ValueKind::Time,
        // Drivers differ in what they do with zones; a text with an offset means one thing.
        SqlType::Timestamp(timestamp) if timestamp.zone => match dialect {
            Dialect::Postgresql | Dialect::Sqlserver | Dialect::Oracle => ValueKind::Text,
            _ => ValueKind::Instant,
        },
        // The steps of DATETIME are told by a text that is cast.
        SqlType::Timestamp(timestamp) if timestamp.named == TimestampName::Datetime => ValueKind::Text,
        SqlType::Timestamp(_) => ValueKind::Timestamp,
    }
}

/// Returns how a column is fetched.
pub(crate) fn fetch(ty: &SqlType, dialect: Dialect) -> Fetch {
    match ty {
        // A column of SQLite holds anything: only its text loses nothing.
        SqlType::Integer { .. } | SqlType::Decimal { .. } if dialect == Dialect::Sqlite => Fetch::Decimal,
        SqlType::Boolean => Fetch::Boolean,
        SqlType::Integer { digits, .. } if *digits <= BIGINT_DIGITS => Fetch::Integer,
        SqlType::Decimal { precision: Some(digits), scale: Some(0) } if *digits <= INT_DIGITS => {
            Fetch::Integer
        }
        SqlType::Integer { .. } | SqlType::Decimal { .. } => Fetch::Decimal,
        SqlType::Float { .. } => Fetch::Double,
        SqlType::Text(_) | SqlType::Formed(_) | SqlType::Unknown => Fetch::Text,
        SqlType::Bytes { .. } | SqlType::RowVersion => Fetch::Bytes,
        SqlType::Date => Fetch::Date,
        SqlType::Time { .. } => Fetch::Time,
        SqlType::Timestamp(timestamp) if timestamp.zone => Fetch::Instant,
        SqlType::Timestamp(_) => Fetch::Timestamp,
    }
}

/// Returns precision and scale for the driver; 0 where nothing is known or it is too much to say.
pub(crate) fn size(ty: &SqlType) -> (u16, u16) {
    let short = |length: Option<u32>| length.and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
    match ty {
        SqlType::Integer { digits, .. } => (*digits, 0),
        SqlType::Decimal { precision, scale } => (precision.unwrap_or(0), scale.unwrap_or(0)),
        SqlType::Text(text) => (short(text.length), 0),
        SqlType::Bytes { length, .. } => (short(*length), 0),
        SqlType::Time { digits } => (0, u16::from(*digits)),
        SqlType::Timestamp(timestamp) => (0, u16::from(timestamp.digits)),
        SqlType::Formed(Form::Uuid) => (36, 0),
        _ => (0, 0),
    }
}

/// Returns what stands before and behind a parameter that is compared with a column or assigned to it.
///
/// Where the driver and the column agree on a type there is nothing. Else a cast keeps the comparison that of the
/// column's type, with its index.
pub(crate) fn cast(ty: &SqlType, dialect: Dialect) -> Option<(&'static str, String)> {
    let to = |name: &str| Some(("CAST(", format!(" AS {name})")));
    match (dialect, ty) {
        (Dialect::Postgresql, SqlType::Text(text)) if text.padded => to("bpchar"),
        (Dialect::Postgresql, SqlType::Formed(form)) => to(match form {
            Form::Uuid => "uuid",
            Form::Json => "json",
            Form::Jsonb => "jsonb",
            Form::Xml => "xml",
            Form::Citext => "citext",
        }),
        (Dialect::Postgresql, SqlType::Timestamp(timestamp)) if timestamp.zone => to("timestamptz"),
        (Dialect::Postgresql, SqlType::Timestamp(_)) => to("timestamp"),
        (Dialect::Postgresql, SqlType::Boolean) => to("boolean"),
        (Dialect::Ansi, SqlType::Formed(Form::Uuid)) => to("UUID"),
        (Dialect::Sqlserver, SqlType::Formed(Form::Uuid)) => to("UNIQUEIDENTIFIER"),
        (Dialect::Sqlserver, SqlType::Formed(Form::Xml)) => to("XML"),
        (Dialect::Sqlserver, SqlType::Timestamp(timestamp)) => match timestamp.named {
            TimestampName::Datetime => to("DATETIME"),
            TimestampName::Smalldatetime => to("SMALLDATETIME"),
            _ if timestamp.zone => to("DATETIMEOFFSET"),
            _ => None,
        },
        // A text is not padded before it is compared with a CHAR, so it would never be equal.
        (Dialect::Oracle, SqlType::Text(text)) if text.padded => {
            let n = text.length.unwrap_or(1);
            to(&if text.national { format!("NCHAR({n})") } else { format!("CHAR({n})") })
        }
        // An index on a DATE is not used for a TIMESTAMP.
        (Dialect::Oracle, SqlType::Timestamp(timestamp)) if timestamp.named == TimestampName::Date => {
            to("DATE")
        }
        (Dialect::Oracle, SqlType::Timestamp(timestamp)) if timestamp.zone => {
            Some(("TO_TIMESTAMP_TZ(", ", 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9TZH:TZM')".to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::read;

    #[test]
    fn exact_numbers_are_never_floats() {
        for dialect in Dialect::ALL {
            for text in ["DECIMAL(38,10)", "DECIMAL(18,0)", "DECIMAL(5,2)", "BIGINT", "NUMERIC", "INTEGER"] {
                let ty = read(text, dialect).unwrap();
                assert_ne!(kind(&ty, dialect), ValueKind::Double, "{dialect} {text}");
                assert_ne!(fetch(&ty, dialect), Fetch::Double, "{dialect} {text}");
            }
        }
    }

    #[test]
    fn integers_beyond_what_a_long_holds_are_fetched_as_text() {
        let check = |text: &str, expected| {
            assert_eq!(fetch(&read(text, Dialect::Db2i).unwrap(), Dialect::Db2i), expected, "{text}");
        };
        check("DECIMAL(18,0)", Fetch::Integer);
        check("DECIMAL(19,0)", Fetch::Decimal);
        check("DECIMAL(7,2)", Fetch::Decimal);
        check("INTEGER", Fetch::Integer);
        check("BIGINT", Fetch::Integer);
        check("BIGINT UNSIGNED", Fetch::Decimal);
    }

    #[test]
    fn parameters_are_cast_where_the_column_would_lose_its_index_or_its_sense() {
        let check = |dialect, text: &str, expected: &str| {
            let around = cast(&read(text, dialect).unwrap(), dialect);
            let found = around.map_or("?".to_owned(), |(before, behind)| format!("{before}?{behind}"));
            assert_eq!(found, expected, "{dialect} {text}");
        };
        check(Dialect::Db2i, "CHAR(3)", "?");
        check(Dialect::Postgresql, "character(3)", "CAST(? AS bpchar)");
        check(Dialect::Postgresql, "character varying(3)", "?");
        check(Dialect::Postgresql, "uuid", "CAST(? AS uuid)");
        check(Dialect::Postgresql, "timestamptz", "CAST(? AS timestamptz)");
        check(Dialect::Sqlserver, "DATETIME", "CAST(? AS DATETIME)");
        check(Dialect::Sqlserver, "DATETIME2(3)", "?");
        check(Dialect::Oracle, "CHAR(3)", "CAST(? AS CHAR(3))");
        check(Dialect::Oracle, "DATE", "CAST(? AS DATE)");
        check(
            Dialect::Oracle,
            "TIMESTAMP(6) WITH TIME ZONE",
            "TO_TIMESTAMP_TZ(?, 'YYYY-MM-DD\"T\"HH24:MI:SS.FF9TZH:TZM')",
        );
    }
}
