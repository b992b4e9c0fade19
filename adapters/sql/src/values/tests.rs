//! Values at the bounds of their columns.

use super::*;
use kernel::Comparison;

fn rules(dialect: Dialect) -> Rules {
    Rules { dialect, charset: None }
}

fn text(text: &str) -> Datum {
    Datum::Text(text.into())
}

/// The text that is bound, or why not.
fn bound(rules: Rules, ty: &str, datum: &Datum) -> Result<String, String> {
    let ty = types::read(ty, rules.dialect).unwrap();
    match written(rules, &ty, datum, "C") {
        Ok(Parameter { value: Value::Text(text), .. }) => Ok(text),
        Ok(Parameter { value: Value::Bytes(bytes), .. }) => Ok(format!("{bytes:?}")),
        Ok(Parameter { value: Value::Null, .. }) => Ok("NULL".into()),
        Err(error) => Err(error.context.last().unwrap().1.clone()),
    }
}

fn check(dialect: Dialect, ty: &str, value: &str, expected: Result<&str, &str>) {
    let found = bound(rules(dialect), ty, &text(value));
    assert_eq!(found.as_deref().map_err(String::as_str), expected, "{dialect} {ty} {value}");
}

#[test]
fn numbers_are_written_exactly_or_refused() {
    let check = |ty, value, expected| check(Dialect::Db2i, ty, value, expected);
    check("DECIMAL(7,0)", "100234", Ok("100234"));
    check("DECIMAL(7,0)", "7.00", Ok("7"));
    check("DECIMAL(7,0)", "7.5", Err("it has too many decimals"));
    check("DECIMAL(7,0)", "12345678", Err("it has too many digits"));
    check("DECIMAL(11,2)", "-999999999.99", Ok("-999999999.99"));
    check("DECIMAL(11,2)", "1000000000.00", Err("it has too many digits"));
    check(
        "DECIMAL(38,10)",
        "1234567890123456789012345678.0123456789",
        Ok("1234567890123456789012345678.0123456789"),
    );
    check(
        "DECIMAL(38,0)",
        "99999999999999999999999999999999999999",
        Ok("99999999999999999999999999999999999999"),
    );
    check("DECIMAL(2,2)", "0.99", Ok("0.99"));
    check("DECIMAL(2,2)", "1", Err("it has too many digits"));
    check("SMALLINT", "32767", Ok("32767"));
    check("SMALLINT", "32768", Err("it is too large"));
    check("SMALLINT", "-32769", Err("it is too small"));
    check("BIGINT", "9223372036854775807", Ok("9223372036854775807"));
    check("BIGINT", "9223372036854775808", Err("it is too large"));
    check("INTEGER", "x", Err("it is no number"));
    check("DOUBLE", "1.5e3", Ok("1.5e3"));
    check("DOUBLE", "NaN", Err("it is no number"));
}

#[test]
fn sqlite_refuses_decimals_that_it_would_round() {
    check(Dialect::Sqlite, "DECIMAL(20,2)", "1234567890123.45", Ok("1234567890123.45"));
    check(
        Dialect::Sqlite,
        "DECIMAL(20,2)",
        "12345678901234.56",
        Err("SQLite holds at most 15 digits exactly"),
    );
    check(Dialect::Sqlite, "DECIMAL(20,0)", "9223372036854775807", Ok("9223372036854775807"));
}

#[test]
fn texts_fit_their_columns() {
    check(Dialect::Db2i, "CHAR(3)", "A  ", Ok("A"));
    check(Dialect::Db2i, "CHAR(3)", "ABCD", Err("it is too long"));
    check(Dialect::Db2i, "VARCHAR(3)", "A  ", Ok("A  "));
    check(Dialect::Db2i, "VARCHAR(3)", "äöü", Ok("äöü"));
    check(Dialect::Db2i, "VARCHAR(3)", "a\0b", Err("U+0000"));
    check(Dialect::Oracle, "CHAR(3)", "", Ok(" "));
    check(Dialect::Oracle, "VARCHAR2(3)", "", Ok(""));
    check(Dialect::Sqlserver, "NVARCHAR(1)", "\u{1F30A}", Err("it is too long"));
    check(Dialect::Mysql, "VARCHAR(1)", "\u{1F30A}", Ok("\u{1F30A}"));
    let latin = Rules { dialect: Dialect::Oracle, charset: encoding_rs::Encoding::for_label(b"latin1") };
    assert_eq!(bound(latin, "VARCHAR2(3)", &text("äöü")).as_deref(), Ok("äöü"));
    assert_eq!(bound(latin, "VARCHAR2(3)", &text("ł")).unwrap_err(), "U+0142");
    assert_eq!(bound(latin, "NVARCHAR2(3)", &text("ł")).as_deref(), Ok("ł"));
    let utf8 = Rules { dialect: Dialect::Oracle, charset: Some(encoding_rs::UTF_8) };
    assert_eq!(bound(utf8, "VARCHAR2(3)", &text("äöü")).unwrap_err(), "it is too long");
    assert_eq!(bound(utf8, "VARCHAR2(3 CHAR)", &text("äöü")).as_deref(), Ok("äöü"));
}

#[test]
fn times_are_written_in_the_form_of_their_database() {
    check(Dialect::Db2, "DATE", "2026-06-01", Ok("2026-06-01"));
    check(Dialect::Db2, "DATE", "2026-13-01", Err("it is no date"));
    check(Dialect::Db2, "TIME", "09:30:00", Ok("09:30:00"));
    check(Dialect::Db2, "TIME", "09:30:00.5", Err("it has too many decimals"));
    check(Dialect::Db2, "TIMESTAMP", "2026-06-01T09:30:00.25", Ok("2026-06-01T09:30:00.25"));
    check(Dialect::Db2, "TIMESTAMP", "2026-06-01T09:30:00Z", Err("it has a zone, and the column has none"));
    check(Dialect::Db2, "TIMESTAMP(0)", "2026-06-01T09:30:00.25", Err("it has too many decimals"));
    check(Dialect::Oracle, "DATE", "2026-06-01T09:30:00", Ok("2026-06-01T09:30:00"));
    check(Dialect::Sqlite, "TIMESTAMP", "2026-06-01T09:30:00.25", Ok("2026-06-01 09:30:00.250"));
    check(Dialect::Sqlite, "TIMESTAMP", "2026-06-01T09:30:00", Ok("2026-06-01 09:30:00"));
    check(Dialect::Sqlserver, "SMALLDATETIME", "2026-06-01T09:30:01", Err("it has too many decimals"));
    check(Dialect::Postgresql, "timestamptz", "2026-06-01T09:30:00+02:00", Ok("2026-06-01T07:30:00+00:00"));
    check(Dialect::Postgresql, "timestamptz", "2026-06-01T09:30:00", Err("it is no point in time"));
}

#[test]
fn truth_and_bytes_and_forms_are_checked() {
    check(Dialect::Postgresql, "boolean", "1", Ok("true"));
    check(Dialect::Mysql, "TINYINT(1)", "true", Ok("1"));
    check(Dialect::Sqlite, "BOOLEAN", "false", Ok("0"));
    check(Dialect::Ansi, "BOOLEAN", "J", Err("it is neither true nor false"));
    check(
        Dialect::Ansi,
        "UUID",
        "123e4567-e89b-12d3-a456-426614174000",
        Ok("123e4567-e89b-12d3-a456-426614174000"),
    );
    check(Dialect::Ansi, "UUID", "123e4567", Err("it is no UUID"));
    check(Dialect::Ansi, "VARBINARY(2)", "00", Err("a text for a column of bytes"));
    check(Dialect::Ansi, "INTERVAL DAY", "1", Err("the type of the column is not supported"));
    let bytes = |bytes: &[u8]| bound(rules(Dialect::Ansi), "VARBINARY(2)", &Datum::Bytes(bytes.into()));
    assert_eq!(bytes(&[0, 255]).as_deref(), Ok("[0, 255]"));
    assert_eq!(bytes(&[0, 1, 2]).unwrap_err(), "it has too many bytes");
}

#[test]
fn a_comparison_with_what_a_column_cannot_hold_finds_the_right_rows() {
    let check = |dialect, ty: &str, op, value: &str, expected: &str| {
        let found = match fit(rules(dialect), &types::read(ty, dialect).unwrap(), op, &text(value)) {
            Fit::Always => "always".to_owned(),
            Fit::Never => "never".to_owned(),
            Fit::Compare(op, parameter) => match parameter.value {
                Value::Text(text) => format!("{op:?} {text}"),
                other => format!("{other:?}"),
            },
        };
        assert_eq!(found, expected, "{ty} {op:?} {value}");
    };
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let db2 = Dialect::Db2i;
    check(db2, "DECIMAL(7,0)", Equal, "99999999", "never");
    check(db2, "DECIMAL(7,0)", NotEqual, "99999999", "always");
    check(db2, "DECIMAL(7,0)", Less, "99999999", "always");
    check(db2, "DECIMAL(7,0)", Greater, "99999999", "never");
    check(db2, "DECIMAL(7,0)", Greater, "-99999999", "always");
    check(db2, "DECIMAL(7,0)", GreaterOrEqual, "7.5", "Greater 7");
    check(db2, "DECIMAL(7,0)", Less, "7.5", "LessOrEqual 7");
    check(db2, "DECIMAL(7,0)", Less, "-7.5", "LessOrEqual -8");
    check(db2, "DECIMAL(7,0)", Equal, "7.5", "never");
    check(db2, "CHAR(3)", Equal, "ABCD", "never");
    check(db2, "CHAR(3)", LessOrEqual, "ABCD", "LessOrEqual ABCD");
    check(db2, "TIMESTAMP(0)", GreaterOrEqual, "2026-06-01T09:30:00.5", "Greater 2026-06-01T09:30:00");
    check(Dialect::Oracle, "VARCHAR2(3)", Equal, "", "never");
    check(db2, "VARCHAR(3)", Equal, "", "Equal ");
    check(db2, "DATE", Equal, "yesterday", "never");
    // What a binary float cannot hold has its place between those that it can.
    let lite = Dialect::Sqlite;
    check(lite, "DECIMAL(38,10)", Less, "1234567.1234567891", "LessOrEqual 1234567.12345678");
    check(lite, "DECIMAL(38,10)", GreaterOrEqual, "1234567.1234567891", "Greater 1234567.12345678");
    check(lite, "DECIMAL(38,10)", Less, "-1234567.1234567891", "LessOrEqual -1234567.12345679");
    check(lite, "DECIMAL(38,10)", Equal, "1234567.1234567891", "never");
    check(lite, "DECIMAL(38,10)", NotEqual, "1234567.1234567891", "always");
    check(lite, "DECIMAL(20,2)", Less, "1234567890123456.5", "LessOrEqual 1234567890123456");
    check(lite, "DECIMAL(38,0)", Less, "123456789012345678901", "LessOrEqual 123456789012345000000");
    check(lite, "DECIMAL(38,10)", Less, "1234567.12345", "Less 1234567.12345");
}
