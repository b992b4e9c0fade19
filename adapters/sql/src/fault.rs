//! Errors of databases, in one word for what they all say in different codes.
//!
//! **Invariant.** A word is said only where the code or the state says it; what is not listed has none.

use crate::dialect::Dialect;

const UNIQUE: &str = "unique";
const FOREIGN_KEY: &str = "foreign-key";
const NOT_NULL: &str = "not-null";
const CHECK: &str = "check";
const LOCKED: &str = "locked";
const DEADLOCK: &str = "deadlock";
const SERIALIZATION: &str = "serialization";
const TIMEOUT: &str = "timeout";
const READ_ONLY: &str = "read-only";

/// Returns the word for an error.
pub(crate) fn word(dialect: Dialect, sqlstate: &str, native: i32, message: &str) -> Option<&'static str> {
    by_native(dialect, native, message).or_else(|| by_state(dialect, sqlstate, message))
}

/// Sources: MySQL and MariaDB error references; SQL Server, `sys.messages`; Oracle Database Error Messages; Db2 SQL
/// messages; SQLite result and extended result codes.
fn by_native(dialect: Dialect, native: i32, message: &str) -> Option<&'static str> {
    Some(match (dialect, native) {
        (Dialect::Mysql | Dialect::Mariadb, _) => match native {
            1062 | 1169 | 1586 => UNIQUE,
            1216 | 1217 | 1451 | 1452 => FOREIGN_KEY,
            1048 | 1263 | 1364 => NOT_NULL,
            3819 | 4025 => CHECK,
            1205 | 3572 => LOCKED,
            1213 => DEADLOCK,
            1020 => SERIALIZATION,
            1317 | 1969 | 3024 => TIMEOUT,
            1290 | 1792 | 1836 => READ_ONLY,
            _ => return None,
        },
        (Dialect::Sqlserver, _) => match native {
            2601 | 2627 => UNIQUE,
            547 if message.contains("CHECK") => CHECK,
            547 => FOREIGN_KEY,
            515 => NOT_NULL,
            1222 => LOCKED,
            1205 => DEADLOCK,
            3960 | 41302 | 41305 | 41325 => SERIALIZATION,
            3906 => READ_ONLY,
            _ => return None,
        },
        (Dialect::Oracle, _) => match native {
            1 => UNIQUE,
            2291 | 2292 => FOREIGN_KEY,
            1400 | 1407 => NOT_NULL,
            2290 => CHECK,
            54 | 30006 => LOCKED,
            60 => DEADLOCK,
            8177 => SERIALIZATION,
            1013 => TIMEOUT,
            1456 | 16000 => READ_ONLY,
            _ => return None,
        },
        (Dialect::Db2 | Dialect::Db2i, _) => match native.saturating_abs() {
            803 => UNIQUE,
            530..=532 => FOREIGN_KEY,
            407 => NOT_NULL,
            545 => CHECK,
            // Reason 68 is a time-out of a lock, 2 a deadlock.
            911 | 913 if dialect == Dialect::Db2 && !message.contains("68") => DEADLOCK,
            911 | 913 => LOCKED,
            952 => TIMEOUT,
            _ => return None,
        },
        (Dialect::Sqlite, _) => match native {
            1555 | 2067 | 2579 => UNIQUE,
            787 => FOREIGN_KEY,
            1299 => NOT_NULL,
            275 => CHECK,
            5 | 6 | 261 | 517 => LOCKED,
            8 => READ_ONLY,
            9 => TIMEOUT,
            _ => return sqlite_text(message),
        },
        (Dialect::Postgresql | Dialect::Ansi, _) => return None,
    })
}

/// Its ODBC driver tells the constraint by text alone.
fn sqlite_text(message: &str) -> Option<&'static str> {
    const TEXTS: [(&str, &str); 7] = [
        ("UNIQUE constraint failed", UNIQUE),
        ("PRIMARY KEY must be unique", UNIQUE),
        ("FOREIGN KEY constraint failed", FOREIGN_KEY),
        ("NOT NULL constraint failed", NOT_NULL),
        ("CHECK constraint failed", CHECK),
        ("database is locked", LOCKED),
        ("attempt to write a readonly database", READ_ONLY),
    ];
    TEXTS.into_iter().find(|(text, _)| message.contains(text)).map(|(_, word)| word)
}

/// Sources: ISO/IEC 9075-2, 24.1 "SQLSTATE"; PostgreSQL, Appendix A "Error Codes"; ODBC, Appendix A "Error Codes".
fn by_state(dialect: Dialect, sqlstate: &str, message: &str) -> Option<&'static str> {
    Some(match sqlstate {
        "23505" | "23P01" => UNIQUE,
        "23503" | "23001" | "23504" | "23506" => FOREIGN_KEY,
        "23502" => NOT_NULL,
        "23513" | "23514" => CHECK,
        "55P03" | "57033" | "40XL1" | "40XL2" => LOCKED,
        "HYT00" if message.contains("lock") || message.contains("Lock") => LOCKED,
        "40P01" => DEADLOCK,
        // In the standard it is a transaction that cannot be serialized; DB2 and most others mean a deadlock.
        "40001" if dialect == Dialect::Postgresql => SERIALIZATION,
        "40001" => DEADLOCK,
        "HYT00" | "HYT01" | "57014" | "HY008" | "S1T00" => TIMEOUT,
        "25006" => READ_ONLY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_databases_say_in_different_codes_is_one_word() {
        let check = |dialect, state, native, message, expected: Option<&str>| {
            assert_eq!(word(dialect, state, native, message), expected, "{dialect} {state} {native}");
        };
        check(Dialect::Postgresql, "23505", 0, "", Some(UNIQUE));
        check(Dialect::Postgresql, "40001", 0, "", Some(SERIALIZATION));
        check(Dialect::Postgresql, "40P01", 0, "", Some(DEADLOCK));
        check(Dialect::Postgresql, "55P03", 0, "", Some(LOCKED));
        check(Dialect::Postgresql, "57014", 0, "", Some(TIMEOUT));
        check(Dialect::Postgresql, "25006", 0, "", Some(READ_ONLY));
        check(Dialect::Mariadb, "23000", 1062, "", Some(UNIQUE));
        check(Dialect::Mysql, "23000", 1452, "", Some(FOREIGN_KEY));
        check(Dialect::Mysql, "HY000", 1205, "", Some(LOCKED));
        check(Dialect::Mysql, "23000", 4711, "", None);
        check(Dialect::Sqlserver, "23000", 547, "the CHECK constraint", Some(CHECK));
        check(Dialect::Sqlserver, "23000", 547, "the FOREIGN KEY constraint", Some(FOREIGN_KEY));
        check(Dialect::Oracle, "23000", 1, "", Some(UNIQUE));
        check(Dialect::Oracle, "72000", 54, "", Some(LOCKED));
        check(Dialect::Db2, "40001", -911, "Reason code \"2\"", Some(DEADLOCK));
        check(Dialect::Db2, "40001", -911, "Reason code \"68\"", Some(LOCKED));
        check(Dialect::Db2i, "57033", -913, "CPF5027", Some(LOCKED));
        check(Dialect::Db2i, "23502", -407, "", Some(NOT_NULL));
        check(Dialect::Sqlite, "HY000", 19, "UNIQUE constraint failed: T.A", Some(UNIQUE));
        check(Dialect::Sqlite, "HY000", 5, "", Some(LOCKED));
        check(Dialect::Ansi, "23513", 0, "", Some(CHECK));
        check(Dialect::Ansi, "HYT00", 50200, "Timeout trying to lock table", Some(LOCKED));
        check(Dialect::Ansi, "42000", 1, "", None);
    }
}
