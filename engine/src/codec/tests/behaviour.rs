//! What each codec and each legacy type reads and writes.
//!
//! **Invariant.** Every row names a line, a legacy text and a JSON text.

use super::super::{Loss, Written, catalogue, compile, reference};
use super::kit::{chain, read, span, try_chain, ty, value, write};
use kernel::Scalar;

fn reads(line: &str, legacy: &[&str], expected: &str) {
    assert_eq!(read(&chain(line), legacy), expected, "{line} {legacy:?}");
}

fn writes(line: &str, modern: &str, expected: &str) {
    assert_eq!(write(&chain(line), modern, None), expected, "{line} {modern}");
}

/// Reads and writes the same.
fn both(line: &str, legacy: &[&str], modern: &str) {
    reads(line, legacy, modern);
    writes(line, modern, &legacy.join("+"));
}

#[test]
fn every_example_of_the_catalogue_is_true_in_both_directions() {
    for codec in catalogue::examples() {
        let chain = chain(codec.field);
        assert_eq!(read(&chain, codec.legacy), codec.json, "{}", codec.field);
        if !chain.read_only() {
            assert_eq!(
                write(&chain, codec.json, Some(codec.legacy)),
                codec.legacy.join("+"),
                "{}",
                codec.field
            );
        }
        assert!(reference().contains(codec.json), "{}", codec.json);
    }
}

#[test]
fn a_field_without_codecs_is_read_by_its_legacy_type() {
    both("text", &["Ada"], "\"Ada\"");
    both("text", &[" Ada "], "\" Ada \"");
    both("char(5)", &["Ada  "], "\"Ada\"");
    reads("token", &["  a \n b "], "\"a b\"");
    both("list", &["a b"], "[\"a\",\"b\"]");
    reads("list", &[" a\n b "], "[\"a\",\"b\"]");
    both("bool", &["true"], "true");
    reads("bool", &[" 0 "], "false");
    both("decimal", &["420.50"], "420.50");
    reads("decimal", &[" +007.10"], "7.10");
    reads("decimal", &[".5"], "0.5");
    reads("decimal", &["-0.00"], "0.00");
    both("decimal(11,2)", &["5000.00"], "5000.00");
    both("integer", &["99999999999999999999999999999999999999"], "99999999999999999999999999999999999999");
    reads("integer", &["5.00"], "5");
    both("float", &["0.1"], "0.1");
    reads("float", &["1e300"], "1e300");
    both("real", &["0.1"], "0.1");
    both("xdate", &["2026-06-01"], "\"2026-06-01\"");
    reads("xdate", &["2026-06-01+02:00"], "\"2026-06-01\"");
    both("xtime", &["09:30:00.25"], "\"09:30:00.25\"");
    both("xdatetime", &["2026-03-01T09:05:00+01:00"], "\"2026-03-01T09:05:00+01:00\"");
    reads("xdatetime", &["2026-03-01T09:05:00"], "\"2026-03-01T09:05:00+01:00\"");
    reads("xdatetime", &["2026-03-01T09:05:00Z"], "\"2026-03-01T09:05:00Z\"");
    both("timestamp", &["2026-07-01T09:05:00"], "\"2026-07-01T09:05:00+02:00\"");
    writes("timestamp", "\"2026-07-01T07:05:00Z\"", "2026-07-01T09:05:00");
    writes("xdatetime", "\"2026-07-01T07:05:00Z\"", "2026-07-01T09:05:00+02:00");
    assert_eq!(
        write(&try_chain("xdatetime", None, &[]).unwrap(), "\"2026-07-01T07:05:00Z\"", None),
        "2026-07-01T07:05:00Z"
    );
    reads("timestamp", &["2026-07-01 09:05:00.100"], "\"2026-07-01T09:05:00.1+02:00\"");
    both("instant", &["2026-07-01T09:05:00Z"], "\"2026-07-01T09:05:00Z\"");
    both("bytes", &["AQL/"], "\"AQL/\"");
    reads("bytes", &["AQ\n L/"], "\"AQL/\"");
    both("hexbytes", &["0102FF"], "\"0102FF\"");
    writes("blob(3)", "\"AQL/\"", "[01, 02, ff]");
}

#[test]
fn what_breaks_the_contract_is_an_error() {
    let fails = |line: &str, legacy: &str, part: &str| {
        let read = read(&chain(line), &[legacy]);
        assert!(read.starts_with("error: ") && read.contains(part), "{line} {legacy}: {read}");
    };
    fails("decimal", "1e3", "not a number");
    fails("decimal", "1.2.3", "not a number");
    fails("decimal", "100000000000000000000000000000000000000", "38 digits");
    fails("integer", "5.5", "whole number");
    fails("float", "INF", "finite");
    fails("float", "NaN", "finite");
    fails("float", "1e999", "finite");
    fails("bool", "yes", "true, false");
    fails("xdate", "2026-02-30", "date");
    fails("xtime", "09:30:00Z", "raw");
    fails("timestamp", "2026-03-29T02:30:00", "does not exist");
    fails("text | codes(status)", "Xyz", "code `Xyz` is not in code table status");
    fails("text | codes(status)", "a very long text with payload", "the code is not in");
    fails("text | flag(A, [S, G])", "X", "not in the flag");
    fails("integer | date(yyyyMMdd)", "0", "not a date as yyyyMMdd");
    fails("text | integer", "5.5", "whole number");
    fails("hexbytes", "0", "hexadecimal");
    fails("integer | datetime(unix)", "-99999999999", "seconds since 1970");
    fails("xdate", "-0044-03-15", "not a date");
    fails("bytes", "A", "base64");
}

#[test]
fn nothing_is_absent_and_absent_is_written_as_nothing() {
    for line in ["text", "char(3)", "token", "decimal", "xdate", "text | codes(status)", "text | lower"] {
        reads(line, &["  "], "absent");
        reads(line, &[""], "absent");
        assert!(chain(line).read(&[Scalar::Nil]).unwrap().is_absent());
    }
    reads("char(3) | raw", &["   "], "\"   \"");
    reads("text + text | join(-)", &["", " "], "absent");
    writes("text", "absent", "absent");
    writes("text", "null", "absent");
    writes("char(3)", "absent", "   ");
    writes("integer | nullIf(0) | date(yyyyMMdd)", "absent", "0");
    writes("integer | default(0)", "absent", "0");
    reads("integer | default(0)", &[""], "0");
    let nullable = ty("decimal");
    let source = super::super::Source { ty: &nullable, nillable: true, span: None };
    let codes = Default::default();
    let setting = super::super::Setting {
        timezone: None,
        nulls: &[],
        codes: &codes,
        span: span(0),
        sources_span: span(0),
    };
    let chain = compile(&[source], &[], &setting).unwrap();
    assert_eq!(chain.write(&value("null"), None), Ok(vec![Written::Nil]));
    assert!(chain.ty().optional);
}

#[test]
fn null_values_of_a_connection_are_absent() {
    let check = |line: &str, null: &str, legacy: &str, optional: bool| {
        let chain = try_chain(line, None, &[null]).unwrap();
        assert_eq!(read(&chain, &[legacy]), "absent", "{line} {legacy}");
        assert_eq!(chain.ty().optional, optional, "{line}");
        assert!(write(&chain, &format!("\"{legacy}\""), None).starts_with("error"), "{line} {legacy}");
    };
    check("xdate", "0001-01-01", "0001-01-01", true);
    check("text", "n/a", "n/a", true);
    let number = try_chain("decimal(5,2)", None, &["0001-01-01", "0"]).unwrap();
    assert_eq!(read(&number, &["0.00"]), "absent");
    assert!(!try_chain("decimal(5,2)", None, &["0001-01-01"]).unwrap().ty().optional);
    let coded = try_chain("text | codes(status)", None, &["-"]).unwrap();
    assert_eq!(read(&coded, &["-"]), "absent");
}

#[test]
fn codes_compare_numbers_by_value_and_texts_literally() {
    both("text | codes(country)", &["038"], "\"AT\"");
    reads("text | codes(country)", &["7"], "\"é\\\"\"");
    both("char(3) | codes(country)", &["004"], "\"DE\"");
    reads("integer | codes(country)", &["38"], "\"AT\"");
    reads("integer | codes(country)", &["0038.0"], "\"AT\"");
    writes("integer | codes(country)", "\"AT\"", "38");
    writes("text | codes(status)", "\"booked\"", "Book");
    reads("text | codes(status)", &["Modify"], "\"booked\"");
    reads("text | codes(open)", &["Z"], "\"unknown\"");
    reads("bool | flag(0, 1)", &["true"], "false");
    writes("integer | flag(1, 0)", "true", "1");
    assert_eq!(read(&chain("integer | flag(1, 0)"), &["1.0"]), "true");
    let refused = |line: &str, modern: &str, part: &str| {
        let written = write(&chain(line), modern, None);
        assert!(written.contains(part), "{line} {modern}: {written}");
    };
    refused("text | codes(open)", "\"unknown\"", "stands for all other codes");
    refused("text | codes(status)", "\"noshow\"", "it has booked, cancelled, no-show");
    refused("text | flag(A, B)", "\"maybe\"", "expected true or false");
}

#[test]
fn what_the_legacy_field_cannot_hold_is_refused() {
    let refused = |line: &str, modern: &str, part: &str| {
        let written = write(&chain(line), modern, None);
        assert!(written.starts_with("error") && written.contains(part), "{line} {modern}: {written}");
    };
    refused("text(3)", "\"abcd\"", "at most 3 characters");
    writes("text(3)", "\"äöü\"", "äöü");
    refused("char(3)", "\"abcd\"", "at most 3 characters");
    refused("char(3)", "\"a \"", "another value");
    refused("token", "\"a  b\"", "another value");
    refused("text", "\" \"", "another value");
    refused("enum", "\"Booked\"", "allows only Book Modify");
    refused("decimal(5,2)", "1.005", "at most 2 decimals");
    refused("decimal(5,2)", "1000", "at most 3 digits before the point");
    refused("integer(3)", "-1", "no negative numbers");
    refused("integer", "1.5", "whole number");
    refused("integer", "\"abc\"", "expected a number");
    refused("real", "0.123456789012", "another value");
    refused("float", "0.12345678901234567890123", "binary float");
    refused("list", "[\"a b\"]", "blank");
    refused("xdate", "\"2026-13-01\"", "not a date");
    refused("xdate", "\"2026-06-01Z\"", "expected a date");
    refused("timestamp", "\"2026-10-25T02:30:00+01:00\"", "another value");
    writes("timestamp", "\"2026-10-25T02:30:00+02:00\"", "2026-10-25T02:30:00");
    refused("xdatetime", "\"2026-03-01T09:05:00\"", "with its offset");
    refused("integer | decimal(1)", "3.85", "at most 1 decimals");
    refused("char(9) + char(9) | lines(9)", "\"Donaudampfschiff\"", "does not fit 2 lines of 9");
    refused("char(9) + char(9) | lines(9)", "\"a  b\"", "another value");
    refused("text + text | join(-)", "\"a-b-c\"", "exactly 2 parts");
    refused("text + text | join(-)", "\"a-\"", "exactly 2 parts");
    refused("text | split(;)", "[\"a;b\"]", "separates");
    refused("text | pad(left, 4, 0)", "\"007\"", "another value");
    refused("text | pad(left, 4, 0)", "\"12345\"", "longer than 4");
    refused("text | slice(1, 3)", "\"ABCD\"", "at most 3 characters");
    refused("integer | nullIf(0)", "0", "another value");
    refused("text | readOnly", "\"a\"", "read only");
    refused("blob(3)", "\"AQIDBA==\"", "at most 3 bytes");
    refused("text | date(yyMMdd)", "\"2070-01-01\"", "another value");
    refused("text | datetime(yyyyMMddHHmmss)", "\"2026-03-01T09:05:00.5Z\"", "another value");
}

#[test]
fn codecs_read_and_write_as_the_language_says() {
    both(
        "integer + integer | datetime(yyyyMMdd + HHmmss)",
        &["20260301", "90500"],
        "\"2026-03-01T09:05:00+01:00\"",
    );
    both("integer | datetime(unix)", &["1772352300"], "\"2026-03-01T09:05:00+01:00\"");
    both("decimal | datetime(unix, UTC)", &["1772352300.25"], "\"2026-03-01T08:05:00.25Z\"");
    both(
        "text | datetime(yyyy-MM-dd HH:mm, America/New_York)",
        &["2026-03-01 09:05"],
        "\"2026-03-01T09:05:00-05:00\"",
    );
    reads("integer | nullIf(0) | date(yyyyMMdd)", &["00000000"], "absent");
    reads("integer + integer | nullIf(0) | datetime(yyyyMMdd + HHmmss)", &["0", "0"], "absent");
    writes("integer + integer | nullIf(0) | datetime(yyyyMMdd + HHmmss)", "null", "0+0");
    both("text | pad(left, 6, 0) | decimal(2)", &["001234"], "12.34");
    both("integer | nullIf(-999) | decimal(1)", &["215"], "21.5");
    reads("text | decimal(1)", &["038"], "3.8");
    writes("text | decimal(1)", "3.8", "38");
    writes("text | lower", "\"Ada@Example.com\"", "ada@example.com");
    reads("text | lower", &["Ada@Example.com"], "\"ada@example.com\"");
    both("char(9) + char(9) | lines(9)", &["Müller   ", "und Söhne"], "\"Müller und Söhne\"");
    reads("text + text | join(-)", &["4711", ""], "\"4711\"");
    both("char(3) | raw", &["A  "], "\"A  \"");
    both("integer(4) | raw", &["0042"], "\"0042\"");
    both("hexbytes | base64", &["0102FF"], "\"AQL/\"");
    both("text | split(;)", &["a;;b"], "[\"a\",\"\",\"b\"]");
    both("text | nullIf(NONE) | codes(status)", &["NONE"], "absent");
    both("text | date(yyyyMMdd) | nullIf(1900-01-01)", &["19000101"], "absent");
    writes("text", "5", "5");
}

#[test]
fn a_slice_keeps_the_rest_of_the_old_value() {
    let check = |line: &str, modern: &str, old: &str, expected: &str| {
        assert_eq!(write(&chain(line), modern, Some(&[old])), expected, "{line} {modern} {old}");
    };
    check("char(6) | slice(1, 3)", "\"GRZ\"", "VIE01 ", "GRZ01 ");
    check("char(6) | slice(4, 5)", "\"2\"", "VIE01 ", "VIE2  ");
    check("char(6) | slice(4, 5)", "absent", "VIE01X", "VIE  X");
    check("char(6) | slice(1, 3) | lower", "\"GRZ\"", "VIE01 ", "grz01 ");
    check("text | slice(1, 3) | codes(country)", "\"DE\"", "038-17", "004-17");
    check("text | slice(3, 4)", "\"xy\"", "", "  xy");
}

#[test]
fn scalars_of_any_kind_are_read() {
    let check = |line: &str, scalar: Scalar<'_>, expected: &str| {
        let chain = chain(line);
        let mut out = Vec::new();
        assert!(chain.read_json(scalar, &mut out).unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{line}");
    };
    check("integer | date(yyyyMMdd)", Scalar::Int(20260601), "\"2026-06-01\"");
    check("decimal(11,2)", Scalar::Decimal("5000.00".parse().unwrap()), "5000.00");
    check("float", Scalar::Float(0.1), "0.1");
    check("real", Scalar::Float(f64::from(0.1f32)), "0.1");
    check("bool", Scalar::Bool(true), "true");
    check("xdate", Scalar::Date(jiff::civil::date(2026, 6, 1)), "\"2026-06-01\"");
    check(
        "timestamp",
        Scalar::DateTime(jiff::civil::date(2026, 6, 1).at(9, 0, 0, 0)),
        "\"2026-06-01T09:00:00+02:00\"",
    );
    check(
        "instant",
        Scalar::Instant("2026-06-01T07:00:00Z".parse().unwrap()),
        "\"2026-06-01T09:00:00+02:00\"",
    );
    check("blob(9)", Scalar::Bytes(&[1, 2, 255]), "\"AQL/\"");
    check("blob(9) | hex", Scalar::Bytes(&[1, 2, 255]), "\"0102ff\"");
    check("hexbytes", Scalar::Bytes(&[1, 2, 255]), "\"0102FF\"");
    assert!(chain("float").read(&[Scalar::Float(f64::NAN)]).is_err());
    assert!(chain("xdate").read(&[Scalar::Date(jiff::civil::date(-44, 3, 15))]).is_err());
}

#[test]
fn loss_order_and_notes_are_told() {
    let check = |line: &str, loss: Loss, ordered: bool, note: &str| {
        let chain = chain(line);
        assert_eq!((chain.loss(), chain.keeps_order()), (loss, ordered), "{line}");
        let notes = chain.notes().join("; ");
        assert!(if note.is_empty() { notes.is_empty() } else { notes.contains(note) }, "{line}: {notes}");
    };
    check("text", Loss::Exact, true, "");
    check("text | codes(country)", Loss::Exact, false, "");
    check("text | codes(status)", Loss::Lossy, false, "Book, Modify → booked → Book");
    check("text | codes(open)", Loss::Lossy, false, "all other codes → unknown");
    check("text | flag(A, [S, G])", Loss::Lossy, false, "S, G → false → S");
    check("text | flag(A, S)", Loss::Exact, false, "");
    check("integer | nullIf(0) | date(yyyyMMdd)", Loss::Exact, true, "");
    check("integer | nullIf(0, 99999999)", Loss::Lossy, true, "0, 99999999 → absent → 0");
    check("integer | date(ddMMyyyy)", Loss::Exact, false, "");
    check("integer | default(0)", Loss::Lossy, false, "absent → 0 → 0");
    check("integer | decimal(1)", Loss::Exact, true, "");
    check("text | decimal(1)", Loss::Canonical, false, "one form");
    check("text | lower", Loss::Canonical, false, "one form");
    check("text + text | join(-)", Loss::Partial, false, "2 parts separated by `-`");
    check("text + text | lines(35)", Loss::Partial, false, "2 lines of 35");
    check("timestamp", Loss::Exact, true, "the clocks repeat");
    check("xdatetime", Loss::Canonical, true, "offset of the zone");
}

#[test]
fn a_table_tells_what_it_can_give() {
    let check = |line: &str, expected: Option<&[&str]>| {
        let outcomes = chain(line).outcomes();
        let texts: Option<Vec<String>> = outcomes.map(|values| values.iter().map(super::kit::json).collect());
        let expected = expected.map(|values| values.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(texts, expected, "{line}");
    };
    check("text | codes(status)", Some(&["\"booked\"", "\"cancelled\"", "\"no-show\""]));
    check("text | codes(open) | default(none)", Some(&["\"a\"", "\"unknown\"", "\"none\""]));
    check("text | flag(A, S)", Some(&["true", "false"]));
    check("text | codes(status) | upper", None);
    check("text", None);
}
