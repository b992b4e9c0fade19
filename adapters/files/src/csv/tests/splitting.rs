//! Where records end, however a stream is cut into pieces.
//!
//! **Invariant.** Every row is read in windows of all sizes, and gives the same records each time.

use super::kit::{opened, try_open};
use crate::csv::dialect::Dialect;
use crate::csv::{Broken, Cut};
use serde_json::json;

fn dialect(format: serde_json::Value) -> Dialect {
    opened(format).dialect()
}

/// Splits a stream of which `step` more bytes are seen each time.
fn split(dialect: &Dialect, stream: &[u8], step: usize) -> Result<Vec<Vec<u8>>, Broken> {
    let (mut at, mut seen, mut records) = (0, 0, Vec::new());
    let mut begun = false;
    loop {
        let last = seen == stream.len();
        let window = &stream[at..seen];
        let cut = if begun {
            dialect.split(window, last)?
        } else {
            match dialect.prelude(window, last)? {
                Some(bytes) => {
                    (at, begun) = (bytes, true);
                    continue;
                }
                None => Cut::More,
            }
        };
        match cut {
            Cut::Record { start, length, next } => {
                records.push(window[start..start + length].to_vec());
                at += next;
            }
            Cut::End(bytes) => {
                assert_eq!(at + bytes, stream.len());
                return Ok(records);
            }
            Cut::More => {
                assert!(!last, "nothing comes behind it");
                seen = (seen + step).min(stream.len());
            }
        }
    }
}

fn check_in(dialect: &Dialect, stream: &str, expected: &[&str]) {
    let expected: Vec<Vec<u8>> = expected.iter().map(|record| record.as_bytes().to_vec()).collect();
    for step in 1..=stream.len().max(1) {
        assert_eq!(split(dialect, stream.as_bytes(), step), Ok(expected.clone()), "{stream:?} by {step}");
    }
}

fn check(stream: &str, expected: &[&str]) {
    check_in(&dialect(json!({ "columns": ["a", "b"] })), stream, expected);
}

#[test]
fn records_end_with_their_lines_but_not_in_quotes() {
    check("", &[]);
    check("a,b", &["a,b"]);
    check("a,b\n", &["a,b"]);
    check("a,b\nc,d", &["a,b", "c,d"]);
    check("a,b\r\nc,d\r\n", &["a,b", "c,d"]);
    check("a,b\rc,d\r", &["a,b", "c,d"]);
    check("a,b\n\n\r\n\rc,d\n\n", &["a,b", "c,d"]);
    check("\"a\nb\",c\nd,e", &["\"a\nb\",c", "d,e"]);
    check("\"a\r\n\"\"\r\nb\"\r\nd,e", &["\"a\r\n\"\"\r\nb\"", "d,e"]);
    check("a,\"\"\n\"\",b\n", &["a,\"\"", "\"\",b"]);
    check("a,\"\"\"\"\nc", &["a,\"\"\"\"", "c"]);
    // A quote inside of a field is a character like any other.
    check("5\" pipe,b\nc,d", &["5\" pipe,b", "c,d"]);
    check("a, \"b\nc,d", &["a, \"b", "c,d"]);
    // A record with text behind a closing quote is a bad one, and ends all the same.
    check("\"a\"x,b\nc,d", &["\"a\"x,b", "c,d"]);
    check("\u{feff}a,b\nc,d", &["a,b", "c,d"]);
    check("\u{feff}\"a\",b\n", &["\"a\",b"]);
}

#[test]
fn a_quote_that_is_never_closed_is_told_where_it_opens() {
    let dialect = dialect(json!({ "columns": ["a", "b"] }));
    for step in 1..12 {
        let broken = split(&dialect, b"a,b\nc,\"d\ne,f", step).unwrap_err();
        assert_eq!((broken.at, broken.message), (2, "the quoted field that begins here has no end"));
    }
}

#[test]
fn comments_preambles_and_other_marks_are_those_of_the_dialect() {
    let with = |format: serde_json::Value| dialect(format);
    let comments = with(json!({ "columns": ["a", "b"], "comment": "#" }));
    check_in(&comments, "# one\na,b\n#two\r\n\nc,#d\n# end", &["a,b", "c,#d"]);
    let preamble = with(json!({ "columns": ["a", "b"], "preamble": "2" }));
    check_in(&preamble, "Report\r\n\"of today\r\na,b\r\n", &["a,b"]);
    check_in(&preamble, "Report", &[]);
    let escape = with(json!({ "columns": ["a", "b"], "escape": "\\" }));
    check_in(&escape, "\"a\\\"\nb\",c\nd,e", &["\"a\\\"\nb\",c", "d,e"]);
    check_in(&escape, "a\\\nb,c\nd\\,e,f", &["a\\\nb,c", "d\\,e,f"]);
    let none = with(json!({ "columns": ["a", "b"], "quote": "none" }));
    check_in(&none, "\"a,b\nc\",d", &["\"a,b", "c\",d"]);
    let single = with(json!({ "columns": ["a"] }));
    check_in(&single, "a\n\nb\n", &["a", "", "b"]);
}

#[test]
fn records_of_ebcdic_end_with_its_line_ends() {
    let csv = try_open(&json!({ "columns": ["a", "b"], "separator": ";" }), "cp273").unwrap();
    let mut stream = Vec::new();
    csv.dialect().page.encode_into("a;\"b\u{85}c\"\u{85}d;e\nf;g\r\u{85}h;i", &mut stream).unwrap();
    for step in 1..=stream.len() {
        let records = split(&csv.dialect(), &stream, step).unwrap();
        let lengths: Vec<usize> = records.iter().map(Vec::len).collect();
        assert_eq!(lengths, [7, 3, 3, 3]);
    }
}

#[test]
fn a_file_of_utf_16_is_refused_by_its_mark() {
    let dialect = dialect(json!({ "columns": ["a", "b"] }));
    assert!(dialect.prelude(b"\xFF\xFEa\0", false).unwrap_err().message.contains("UTF-16"));
    assert_eq!(dialect.prelude(b"\xEF\xBB", false), Ok(None));
    assert_eq!(dialect.prelude(b"\xEF\xBB", true), Ok(Some(0)));
}

#[test]
fn random_streams_are_split_alike_in_pieces_of_any_size() {
    let letters = [b'a', b',', b'"', b'\n', b'\r', b'\\', b'#', b' '];
    let dialects = [
        dialect(json!({ "columns": ["a", "b"] })),
        dialect(json!({ "columns": ["a", "b"], "escape": "\\", "comment": "#" })),
        dialect(json!({ "columns": ["a"], "quote": "none", "escape": "\\" })),
    ];
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    for _ in 0..3000 {
        let mut stream = Vec::new();
        for _ in 0..seed % 24 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            stream.push(letters[(seed % 8) as usize]);
        }
        seed = seed.wrapping_add(0x9E37_79B9);
        for dialect in &dialects {
            let whole = split(dialect, &stream, stream.len().max(1));
            for step in 1..4 {
                assert_eq!(split(dialect, &stream, step).is_err(), whole.is_err(), "{stream:?}");
                if let Ok(whole) = &whole {
                    assert_eq!(&split(dialect, &stream, step).unwrap(), whole, "{stream:?}");
                }
            }
        }
    }
}
