//! Reads a type as the catalog writes it: `DECIMAL(11,2)`, `VARCHAR(20 CHAR)`, `TIMESTAMP(6) WITH TIME ZONE`.
//!
//! **Invariant.** Words of every dialect are read in every dialect, except where one word means two things.

use super::{Form, SqlType, Text, Timestamp, TimestampName};
use crate::dialect::Dialect;

/// Why a type cannot be read at all.
type TypeError = String;

/// A type taken apart: `CHARACTER VARYING`, its arguments, and the words behind them.
struct Words {
    name: String,
    arguments: Vec<String>,
    rest: String,
}

/// Words that may stand behind a name without arguments and do not belong to it.
const BEHIND: [&str; 9] = [
    " FOR BIT DATA",
    " WITH TIME ZONE",
    " WITHOUT TIME ZONE",
    " WITH LOCAL TIME ZONE",
    " UNSIGNED",
    " SIGNED",
    " CCSID ",
    " CHARACTER SET ",
    " COLLATE ",
];

/// Reads a type. One whose name is not known is [`SqlType::Unknown`].
///
/// # Errors
/// Parentheses that do not close, or numbers that are none.
pub(crate) fn read(text: &str, dialect: Dialect) -> Result<SqlType, String> {
    let words = take_apart(text)?;
    let number = |n: usize| -> Result<Option<u32>, TypeError> {
        words.arguments.get(n).map_or(Ok(None), |argument| length(argument))
    };
    let (first, second) = match words.name.as_str() {
        // The arguments of these are values, not lengths.
        "ENUM" | "SET" => (None, None),
        _ => (number(0)?, number(1)?),
    };
    let ty = numbers(&words, first, second, dialect)
        .or_else(|| texts(&words, first, dialect))
        .or_else(|| bytes(&words, first, dialect))
        .or_else(|| times(&words, first, dialect));
    Ok(ty.unwrap_or(SqlType::Unknown))
}

fn take_apart(text: &str) -> Result<Words, TypeError> {
    let (name, inner, rest) = match text.split_once('(') {
        None => (text, "", ""),
        Some((name, behind)) => {
            let close = closing(behind).ok_or_else(|| format!("`{text}` has no closing parenthesis"))?;
            (name, &behind[..close], &behind[close + 1..])
        }
    };
    let normal = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    let (mut name, mut rest) = (normal(name), normal(rest));
    if let Some(at) = BEHIND.iter().filter_map(|words| name.find(words)).min() {
        rest = format!("{} {rest}", &name[at + 1..]).trim().to_owned();
        name.truncate(at);
    }
    if let Some(varying) = rest.strip_prefix("VARYING") {
        rest = varying.trim_start().to_owned();
        name.push_str(" VARYING");
    }
    if name.is_empty() {
        return Err("a type is missing".into());
    }
    let arguments = match inner.trim().is_empty() {
        true => Vec::new(),
        false => inner.split(',').map(normal).collect(),
    };
    Ok(Words { name, arguments, rest })
}

fn closing(behind: &str) -> Option<usize> {
    let mut quoted = false;
    behind.bytes().position(|byte| {
        quoted ^= byte == b'\'';
        byte == b')' && !quoted
    })
}

/// A length: `20`, `20 CHAR`, `1M`, `MAX`; nothing for one without a bound.
fn length(argument: &str) -> Result<Option<u32>, TypeError> {
    let word = argument.split(' ').next().unwrap_or_default();
    if matches!(word, "MAX" | "*" | "") {
        return Ok(None);
    }
    let factor = match word.as_bytes().last() {
        Some(b'K') => 1 << 10,
        Some(b'M') => 1 << 20,
        Some(b'G') => 1 << 30,
        _ => 1_i64,
    };
    let digits = if factor > 1 { &word[..word.len() - 1] } else { word };
    let number: i64 = digits.parse().map_err(|_| format!("`{argument}` is no length"))?;
    // A negative scale (Oracle) is read by its own rule; a length beyond two GiB is no bound.
    Ok(u32::try_from(number.saturating_mul(factor)).ok().filter(|&n| n < u32::MAX / 2))
}

fn numbers(words: &Words, first: Option<u32>, second: Option<u32>, dialect: Dialect) -> Option<SqlType> {
    let unsigned = words.rest.contains("UNSIGNED");
    let integer = |digits| Some(SqlType::Integer { digits, unsigned });
    let float = |bits| Some(SqlType::Float { bits });
    match words.name.as_str() {
        "BOOLEAN" | "BOOL" => Some(SqlType::Boolean),
        "BIT" if first.is_none_or(|bits| bits == 1) => Some(SqlType::Boolean),
        "TINYINT" | "INT1" if first == Some(1) && dialect.is_mysql() => Some(SqlType::Boolean),
        // SQL Server's has no sign.
        "TINYINT" | "INT1" => {
            Some(SqlType::Integer { digits: 3, unsigned: unsigned || dialect == Dialect::Sqlserver })
        }
        "SMALLINT" | "INT2" | "SMALLSERIAL" | "SERIAL2" if dialect != Dialect::Oracle => integer(5),
        "YEAR" => integer(4),
        "MEDIUMINT" | "INT3" => integer(8),
        // Oracle's are numbers of 38 digits.
        "INTEGER" | "INT" | "SMALLINT" if dialect == Dialect::Oracle => {
            Some(SqlType::Decimal { precision: Some(38), scale: Some(0) })
        }
        // SQLite's hold 64 bits whatever they are called.
        "INTEGER" | "INT" if dialect == Dialect::Sqlite => integer(19),
        "INTEGER" | "INT" | "INT4" | "SERIAL" | "SERIAL4" => integer(10),
        "OID" => Some(SqlType::Integer { digits: 10, unsigned: true }),
        "BIGINT" | "INT8" | "BIGSERIAL" | "SERIAL8" => integer(if unsigned { 20 } else { 19 }),
        "DECIMAL" | "NUMERIC" | "DEC" | "NUM" | "NUMBER" => Some(decimal(words, first, second, dialect)),
        "MONEY" if dialect == Dialect::Sqlserver => exact(Some(19), Some(4)),
        "SMALLMONEY" => exact(Some(10), Some(4)),
        "DECFLOAT" => exact(Some(first.and_then(narrow).unwrap_or(34)), None),
        "REAL" | "FLOAT4" => float(if dialect == Dialect::Sqlite { 64 } else { 32 }),
        "BINARY_FLOAT" => float(32),
        "FLOAT" if dialect == Dialect::Oracle => exact(None, None),
        // MySQL's FLOAT without a length is single, everybody else's double.
        "FLOAT" => float(if first.map_or(dialect.is_mysql(), |bits| bits <= 24) { 32 } else { 64 }),
        "DOUBLE" | "DOUBLE PRECISION" | "FLOAT8" | "BINARY_DOUBLE" => float(64),
        _ => None,
    }
}

fn exact(precision: Option<u16>, scale: Option<u16>) -> Option<SqlType> {
    Some(SqlType::Decimal { precision, scale })
}

fn narrow(number: u32) -> Option<u16> {
    u16::try_from(number).ok()
}

fn decimal(words: &Words, first: Option<u32>, second: Option<u32>, dialect: Dialect) -> SqlType {
    let written: Option<i64> = words.arguments.get(1).and_then(|scale| scale.parse().ok());
    if let (Some(digits), Some(scale @ ..0)) = (first.and_then(narrow), written) {
        // NUMBER(5,-2) holds five digits and two noughts behind them.
        let noughts = u16::try_from(-scale).unwrap_or(u16::MAX);
        return SqlType::Decimal { precision: Some(digits.saturating_add(noughts)), scale: Some(0) };
    }
    let default = match dialect {
        Dialect::Mysql | Dialect::Mariadb => Some(10),
        Dialect::Sqlserver => Some(18),
        Dialect::Db2 | Dialect::Db2i => Some(5),
        Dialect::Oracle | Dialect::Postgresql | Dialect::Sqlite | Dialect::Ansi => None,
    };
    let precision = first.and_then(narrow).or(default);
    let scale = precision.map(|_| second.and_then(narrow).unwrap_or(0));
    SqlType::Decimal { precision, scale }
}

fn texts(words: &Words, first: Option<u32>, dialect: Dialect) -> Option<SqlType> {
    if words.rest.contains("FOR BIT DATA") {
        return Some(SqlType::Bytes { length: first, large: words.name == "LONG VARCHAR" });
    }
    let unit = words.arguments.first().and_then(|argument| argument.split(' ').nth(1));
    let bytes = match unit {
        Some("CHAR" | "CHARACTERS" | "CODEUNITS32" | "CODEUNITS16") => false,
        Some("BYTE" | "OCTETS") => true,
        _ => dialect.counts_bytes(),
    };
    let text = Text { length: first, bytes, ..Text::default() };
    let one = |text: Text| Text { length: text.length.or(Some(1)), padded: true, ..text };
    let national = |text: Text| Text { national: true, bytes: false, ..text };
    let large = |text: Text| Text { large: true, ..text };
    let sqlite = dialect == Dialect::Sqlite;
    let text = match words.name.as_str() {
        // PostgreSQL's bpchar without a length has no bound; SQLite pads nothing.
        "BPCHAR" if first.is_none() => text,
        "CHAR" | "CHARACTER" | "BPCHAR" if sqlite => text,
        "CHAR" | "CHARACTER" | "BPCHAR" => one(text),
        "NCHAR" | "NATIONAL CHARACTER" | "NATIONAL CHAR" | "GRAPHIC" if !sqlite => one(national(text)),
        "VARCHAR" | "CHARACTER VARYING" | "CHAR VARYING" | "VARCHAR2" | "VARYING CHARACTER" | "SYSNAME" => {
            text
        }
        "NVARCHAR"
        | "NVARCHAR2"
        | "NATIONAL CHARACTER VARYING"
        | "NATIONAL CHAR VARYING"
        | "NCHAR VARYING"
        | "VARGRAPHIC"
        | "NATIONAL VARCHAR"
        | "NCHAR"
        | "NATIVE CHARACTER" => national(text),
        "TEXT" | "CLOB" if sqlite => text,
        "TEXT" if dialect == Dialect::Postgresql => text,
        "NAME" if dialect == Dialect::Postgresql => Text { length: Some(63), bytes: true, ..text },
        "TEXT"
        | "TINYTEXT"
        | "MEDIUMTEXT"
        | "LONGTEXT"
        | "CLOB"
        | "CHARACTER LARGE OBJECT"
        | "CHAR LARGE OBJECT"
        | "LONG VARCHAR"
        | "LONGVARCHAR"
        | "LONG" => large(text),
        "NTEXT" | "NCLOB" | "DBCLOB" | "LONG VARGRAPHIC" | "NATIONAL CHARACTER LARGE OBJECT" => {
            large(national(text))
        }
        "ENUM" | "SET" if dialect.is_mysql() => text,
        "JSON" if dialect == Dialect::Mariadb => large(text),
        _ => return formed(words),
    };
    // VARCHAR(MAX) of SQL Server is a large object by another name.
    let unbounded = dialect == Dialect::Sqlserver && text.length.is_none() && !words.arguments.is_empty();
    Some(SqlType::Text(if unbounded { large(text) } else { text }))
}

fn formed(words: &Words) -> Option<SqlType> {
    Some(SqlType::Formed(match words.name.as_str() {
        "UUID" | "UNIQUEIDENTIFIER" => Form::Uuid,
        "JSON" => Form::Json,
        "JSONB" => Form::Jsonb,
        "XML" | "XMLTYPE" => Form::Xml,
        "CITEXT" | "VARCHAR_IGNORECASE" => Form::Citext,
        _ => return None,
    }))
}

fn bytes(words: &Words, first: Option<u32>, dialect: Dialect) -> Option<SqlType> {
    let of = |length, large| Some(SqlType::Bytes { length, large });
    match words.name.as_str() {
        "BINARY" => of(first.or(Some(1)), false),
        "VARBINARY" | "BINARY VARYING" => {
            of(first, words.arguments.first().is_some_and(|length| length == "MAX"))
        }
        "RAW" | "BYTEA" => of(first, false),
        "BLOB" if dialect == Dialect::Sqlite => of(first, false),
        "BLOB"
        | "BINARY LARGE OBJECT"
        | "TINYBLOB"
        | "MEDIUMBLOB"
        | "LONGBLOB"
        | "IMAGE"
        | "LONG RAW"
        | "LONG VARBINARY"
        | "LONGVARBINARY" => of(first, true),
        "ROWVERSION" => Some(SqlType::RowVersion),
        "TIMESTAMP" if dialect == Dialect::Sqlserver => Some(SqlType::RowVersion),
        _ => None,
    }
}

fn times(words: &Words, first: Option<u32>, dialect: Dialect) -> Option<SqlType> {
    let zone = matches!(words.rest.as_str(), "WITH TIME ZONE" | "WITH LOCAL TIME ZONE");
    let digits = |default: u8| first.and_then(|n| u8::try_from(n).ok()).unwrap_or(default).min(9);
    let timestamp = |digits, zone, named| Some(SqlType::Timestamp(Timestamp { digits, zone, named }));
    match words.name.as_str() {
        "DATE" if dialect == Dialect::Oracle => timestamp(0, false, TimestampName::Date),
        "DATE" => Some(SqlType::Date),
        // A time of day with a zone has no date to tell its offset by: nobody can map it faithfully.
        "TIME" if zone => None,
        "TIME" => {
            let default = match dialect {
                Dialect::Postgresql => 6,
                Dialect::Sqlserver => 7,
                Dialect::Sqlite => 3,
                _ => 0,
            };
            Some(SqlType::Time { digits: digits(default) })
        }
        "TIMESTAMPTZ" => timestamp(digits(6), true, TimestampName::Timestamp),
        "DATETIMEOFFSET" => timestamp(digits(7), true, TimestampName::Timestamp),
        "DATETIME2" => timestamp(digits(7), false, TimestampName::Datetime2),
        "SMALLDATETIME" => timestamp(0, false, TimestampName::Smalldatetime),
        "DATETIME" if dialect == Dialect::Sqlserver => timestamp(3, false, TimestampName::Datetime),
        "TIMESTAMP" | "DATETIME" => {
            let default = match dialect {
                Dialect::Mysql | Dialect::Mariadb => 0,
                Dialect::Sqlite => 3,
                _ => 6,
            };
            timestamp(digits(default), zone, TimestampName::Timestamp)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, text: &str, expected: &str) {
        let found = read(text, dialect).map(|ty| match ty.scalar() {
            None => "unknown".to_owned(),
            Some(scalar) => scalar.describe(),
        });
        assert_eq!(found.as_deref(), Ok(expected), "{dialect} {text}");
    }

    #[test]
    fn numbers_have_their_digits() {
        check(Dialect::Db2i, "DECIMAL(7,0)", "integer of at most 7 digits");
        check(Dialect::Db2i, "decimal ( 11 , 2 )", "decimal(11,2)");
        check(Dialect::Db2, "DECIMAL", "integer of at most 5 digits");
        check(Dialect::Db2, "DECFLOAT(16)", "decimal");
        check(Dialect::Oracle, "NUMBER", "decimal");
        check(Dialect::Oracle, "NUMBER(38)", "integer of at most 38 digits");
        check(Dialect::Oracle, "NUMBER(5,-2)", "integer of at most 7 digits");
        check(Dialect::Oracle, "INTEGER", "integer of at most 38 digits");
        check(Dialect::Oracle, "FLOAT(126)", "decimal");
        check(Dialect::Oracle, "BINARY_DOUBLE", "float of 64 bits");
        check(Dialect::Mysql, "INT(10) UNSIGNED", "integer of at most 10 digits");
        check(Dialect::Mysql, "BIGINT UNSIGNED", "integer of at most 20 digits");
        check(Dialect::Mysql, "TINYINT(1)", "boolean");
        check(Dialect::Mysql, "TINYINT(4)", "integer of at most 3 digits");
        check(Dialect::Mysql, "FLOAT", "float of 32 bits");
        check(Dialect::Postgresql, "numeric", "decimal");
        check(Dialect::Postgresql, "numeric(38,10)", "decimal(38,10)");
        check(Dialect::Postgresql, "money", "unknown");
        check(Dialect::Sqlserver, "MONEY", "decimal(19,4)");
        check(Dialect::Sqlserver, "BIT", "boolean");
        check(Dialect::Sqlite, "INTEGER", "integer of at most 19 digits");
        check(Dialect::Ansi, "DOUBLE PRECISION", "float of 64 bits");
        check(Dialect::Postgresql, "bit(8)", "unknown");
    }

    #[test]
    fn texts_and_bytes_have_their_lengths() {
        check(Dialect::Db2i, "CHAR(35)", "text of at most 35 characters");
        check(Dialect::Db2i, "CHAR", "text of at most 1 characters");
        check(Dialect::Db2i, "CHAR(10) FOR BIT DATA", "bytes");
        check(Dialect::Db2i, "VARCHAR(20) CCSID 1208", "text of at most 20 characters");
        check(Dialect::Oracle, "VARCHAR2(20 CHAR)", "text of at most 20 characters");
        check(Dialect::Oracle, "RAW(16)", "bytes");
        check(Dialect::Postgresql, "character varying(5)", "text of at most 5 characters");
        check(Dialect::Postgresql, "CHARACTER(5) VARYING", "text of at most 5 characters");
        check(Dialect::Postgresql, "text", "text");
        check(Dialect::Sqlserver, "VARCHAR(MAX)", "text");
        check(Dialect::Db2, "CLOB(1M)", "text of at most 1048576 characters");
        check(Dialect::Db2, "GRAPHIC(4)", "text of at most 4 characters");
        check(Dialect::Mysql, "enum('a,(b)','c')", "text");
        check(Dialect::Sqlserver, "UNIQUEIDENTIFIER", "text of at most 36 characters");
        check(Dialect::Postgresql, "integer[]", "unknown");
        check(Dialect::Sqlserver, "TIMESTAMP", "bytes");
    }

    #[test]
    fn times_are_told_apart() {
        check(Dialect::Oracle, "DATE", "date and time without a zone");
        check(Dialect::Db2, "DATE", "date");
        check(Dialect::Postgresql, "timestamp(3) without time zone", "date and time without a zone");
        check(Dialect::Postgresql, "timestamp with time zone", "instant");
        check(Dialect::Postgresql, "timestamptz", "instant");
        check(Dialect::Oracle, "TIMESTAMP(6) WITH LOCAL TIME ZONE", "instant");
        check(Dialect::Sqlserver, "DATETIMEOFFSET(7)", "instant");
        check(Dialect::Sqlserver, "DATETIME", "date and time without a zone");
        check(Dialect::Ansi, "TIME(3)", "time");
        check(Dialect::Postgresql, "time with time zone", "unknown");
        check(Dialect::Postgresql, "interval", "unknown");
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["CHAR(", "CHAR(x)", "", "(5)"] {
            assert!(read(text, Dialect::Ansi).is_err(), "{text}");
        }
    }
}
