//! Values as they stand in a statement that people read.
//!
//! **Invariant.** What is made here is shown in tests and by `explain`; it is never executed.

use crate::dialect::Dialect;
use adapters_sql_protocol::{Direction, Parameter, Value, ValueKind};
use std::fmt::Write as _;

/// Returns a value as a literal of a dialect.
pub(crate) fn literal(dialect: Dialect, parameter: &Parameter) -> String {
    if parameter.direction == Direction::Out {
        return "?".to_owned();
    }
    let text = match &parameter.value {
        Value::Null => return "NULL".to_owned(),
        Value::Bytes(bytes) => return bytes_literal(dialect, bytes),
        Value::Text(text) => text,
    };
    let quoted = format!("'{}'", text.replace('\'', "''"));
    // SQL Server and SQLite have no words before their times, and the former no national texts without one.
    let words = !matches!(dialect, Dialect::Sqlserver | Dialect::Sqlite);
    match parameter.kind {
        ValueKind::Integer | ValueKind::Decimal | ValueKind::Double => text.clone(),
        ValueKind::Boolean if dialect == Dialect::Sqlserver => {
            if text == "true" { "1" } else { "0" }.to_owned()
        }
        ValueKind::Boolean => text.to_uppercase(),
        ValueKind::Date if words => format!("DATE {quoted}"),
        ValueKind::Time if words => format!("TIME {quoted}"),
        ValueKind::Timestamp | ValueKind::Instant if words => {
            format!("TIMESTAMP {}", quoted.replace('T', " "))
        }
        ValueKind::National if dialect == Dialect::Sqlserver => format!("N{quoted}"),
        _ => quoted,
    }
}

fn bytes_literal(dialect: Dialect, bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(hex, "{byte:02X}");
    }
    match dialect {
        Dialect::Sqlserver => format!("0x{hex}"),
        Dialect::Oracle => format!("HEXTORAW('{hex}')"),
        Dialect::Postgresql => format!("'\\x{hex}'"),
        _ => format!("X'{hex}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_literals_of_their_dialect() {
        let check = |dialect, kind, text: &str, expected: &str| {
            let parameter = Parameter::input(kind, Value::Text(text.into()));
            assert_eq!(literal(dialect, &parameter), expected);
        };
        check(Dialect::Db2i, ValueKind::Char, "O'Brien", "'O''Brien'");
        check(Dialect::Db2i, ValueKind::Integer, "20260301", "20260301");
        check(Dialect::Db2i, ValueKind::Decimal, "-12.50", "-12.50");
        check(Dialect::Db2, ValueKind::Date, "2026-06-01", "DATE '2026-06-01'");
        check(
            Dialect::Oracle,
            ValueKind::Timestamp,
            "2026-06-01T09:30:00",
            "TIMESTAMP '2026-06-01 09:30:00'",
        );
        check(Dialect::Sqlserver, ValueKind::Date, "2026-06-01", "'2026-06-01'");
        check(Dialect::Sqlserver, ValueKind::National, "ł", "N'ł'");
        check(Dialect::Sqlserver, ValueKind::Boolean, "true", "1");
        check(Dialect::Postgresql, ValueKind::Boolean, "true", "TRUE");
        let bytes =
            |dialect| literal(dialect, &Parameter::input(ValueKind::Bytes, Value::Bytes(vec![0, 0xab])));
        assert_eq!(bytes(Dialect::Ansi), "X'00AB'");
        assert_eq!(bytes(Dialect::Oracle), "HEXTORAW('00AB')");
        assert_eq!(literal(Dialect::Ansi, &Parameter::input(ValueKind::Text, Value::Null)), "NULL");
    }
}
