//! What `compile` says about lines that cannot work.
//!
//! **Invariant.** Every code from E019 to E024 has rows here.

use super::kit::try_chain;

#[test]
fn wrong_lines_are_reported_with_code_and_hint() {
    let check = |line: &str, expected: &[&str], hint: &str| {
        let found = try_chain(line, None, &[]).expect_err(line);
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(told.len() == expected.len(), "{line}: {told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{line}: {told}");
        }
        let hints: Vec<&str> = found.iter().filter_map(|error| error.hint.as_deref()).collect();
        assert!(hints.join("; ").contains(hint), "{line}: {hints:?}");
    };
    check("text + text", &["E019: several sources need a codec"], "join(-)");
    check("text + text | nullIf(0)", &["E019"], "lines(35)");
    check("text | code(status)", &["E021: unknown codec `code`"], "did you mean `codes`?");
    check("text | dat(yyyyMMdd)", &["E021"], "did you mean `date`?");
    check("text | nullif(0)", &["E021"], "did you mean `nullIf`?");
    check("text | frobnicate", &["E021"], "the codecs are codes, flag");
    check("text | codes", &["E020: `codes` has the wrong arguments"], "write codes(table)");
    check("text | codes(statsu)", &["E020: there is no code table `statsu`"], "did you mean `status`?");
    check("text | flag(A)", &["E020"], "flag(A, [S, G])");
    check("text | flag(A, A)", &["E020: legacy code `A` stands for two values"], "");
    check("text | date(YYYYMMdd)", &["E022: `YYYY` is no date letter"], "write yyyy");
    check("text | date(yyyymmdd)", &["E022"], "the month is MM");
    check("text + text | datetime(yyyyMMdd + hhmmss, UTC)", &["E022: `hh`"], "write HH");
    check(
        "text | datetime(yyyyMMdd + HHmmss, UTC)",
        &["E020: the pattern has 2 parts for 1 sources"],
        "one part per source",
    );
    check("text | datetime(yyyyMMddHHmm, Vienna)", &["E020: `Vienna` is no IANA time zone"], "Europe/Vienna");
    check("text | datetime", &["E020"], "datetime(unix)");
    check("text | number(xx)", &["E020: unknown number format `xx`"], "1.234,56");
    check("text | decimal(x)", &["E020"], "decimal(2)");
    check("text | decimal(0)", &["E020"], "decimal(2)");
    check("text | integer(3)", &["E020"], "without arguments");
    check("text | slice(3, 1)", &["E020"], "counted from 1");
    check("text | slice(0, 1)", &["E020"], "counted from 1");
    check("text | pad(middle, 3, 0)", &["E020"], "pad(left, 8, 0)");
    check("text | lower | raw", &["E020"], "as the first codec");
    check("text | readOnly | writeOnly", &["E020: readOnly and writeOnly"], "");
    check("integer | default(x)", &["E020: default: expected a number"], "");
    check("integer | decimal(1) | nullIf(x)", &["E020: nullIf: expected a number"], "");
    check("integer | nullIf(abc)", &["E023: the legacy field cannot hold `abc`"], "");
    check("enum | flag(Book, Cancelled)", &["E023: the legacy field cannot hold `Cancelled`"], "");
    check("text(3) | codes(status)", &["E023"; 4], "");
    check("xdate | date(yyyyMMdd)", &["E023: `date` does not fit date: its type is a date"], "");
    check("decimal(7,2) | decimal(2)", &["E023: `decimal` does not fit decimal(7,2)"], "");
    check(
        "integer | date(yyyy-MM-dd)",
        &["E023: `date` does not fit integer: a number holds digits only"],
        "",
    );
    check("integer | lower", &["E023: `lower` does not fit integer: it reads text"], "");
    check("text | join(-)", &["E023: `join` does not fit text"], "");
    check("text | hex", &["E023: `hex` does not fit text: it reads bytes"], "");
    check("bytes | codes(status)", &["E023: `codes` does not fit bytes"], "");
    check("text | split(;) | lower", &["E023: `lower` does not fit list of text"], "");
    check(
        "text(3) + text(3) | lines(5)",
        &["E023: `lines` does not fit several sources: a line takes 3"],
        "",
    );
    check("xdate | codes(status)", &["E023: `codes` does not fit date"], "");
    check("timestamp", &["E024: the timestamp has no zone"], "timezone: Europe/Vienna");
    check("integer + integer | datetime(yyyyMMdd + HHmmss)", &["E024"], "timezone");
    check("integer | lower | cods(x) | date(DD)", &["E023", "E021", "E022"], "did you mean `codes`?");
}

#[test]
fn a_zone_that_does_not_exist_is_reported_where_it_is_needed() {
    let found = try_chain("timestamp", Some("Europe/Wien"), &[]).unwrap_err();
    assert_eq!(found[0].to_string(), "E024: `timezone: Europe/Wien` of the connection is no IANA time zone");
    assert!(try_chain("text", Some("Europe/Wien"), &[]).is_ok());
    assert!(try_chain("xdatetime", None, &[]).is_ok(), "the text may have a zone");
    assert!(try_chain("integer | datetime(unix)", None, &[]).is_ok());
}

#[test]
fn diagnostics_point_at_the_call_and_at_the_declaration() {
    let found = try_chain("integer | lower", None, &[]).unwrap_err();
    assert_eq!(found[0].span, Some(super::kit::span(2)));
    assert_eq!(found[0].others[0].span, super::kit::span(90));
}
