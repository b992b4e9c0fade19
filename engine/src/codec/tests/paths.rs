//! Both ways of reading give the same: `read_json`, and `read` followed by `json::write`.
//!
//! **Invariant.** Inputs are random bytes of the alphabets that matter, right and wrong ones alike.

use super::super::{Chain, Written};
use super::kit::{Random, json, try_chain};
use crate::value::Value;
use kernel::Scalar;

const LINES: &[&str] = &[
    "text",
    "text | default(-)",
    "char(8)",
    "token",
    "list",
    "bool",
    "decimal",
    "decimal(11,2)",
    "integer",
    "integer | default(0)",
    "float",
    "real",
    "xdate",
    "xtime",
    "xdatetime",
    "timestamp",
    "instant",
    "bytes",
    "hexbytes",
    "text | codes(status)",
    "char(8) | codes(country)",
    "token | codes(open)",
    "enum | codes(status)",
    "integer | codes(country)",
    "text | flag(1, 0)",
    "bool | flag(1, 0)",
    "integer | nullIf(0) | date(yyyyMMdd)",
    "text | date(yyyyMMdd)",
    "char(8) | date(yyyyMMdd)",
    "integer | date(yyyyMMdd)",
    "integer | date(yyyyMMdd) | default(2000-01-01)",
    "text | datetime(yyyyMMddHHmmss)",
    "integer | datetime(unix)",
    "text | decimal(2)",
    "text | number(de)",
    "text | split(;)",
    "text | slice(2, 4)",
    "text | pad(left, 8, 0)",
    "text | lower",
    "text | raw",
    "hexbytes | hex",
];

#[test]
fn the_short_cut_and_the_long_way_give_the_same_json() {
    let mut random = Random(0xf00d);
    let mut told = 0;
    for line in LINES {
        for nulls in [&[][..], &["0", "0001-01-01"]] {
            let chain = try_chain(line, Some("Europe/Vienna"), nulls).unwrap();
            for _ in 0..6000 {
                let text = input(&mut random);
                told += usize::from(check(line, &chain, Scalar::Text(&text)));
                if let Ok(number) = text.parse() {
                    check(line, &chain, Scalar::Int(number));
                }
            }
            for scalar in [Scalar::Nil, Scalar::Int(0), Scalar::Int(i64::MIN), Scalar::Int(i64::MAX)] {
                check(line, &chain, scalar);
            }
        }
    }
    assert!(told > 100_000, "only {told} inputs were readable");
}

/// Reads one leaf both ways, and returns whether it is something.
fn check(line: &str, chain: &Chain, scalar: Scalar<'_>) -> bool {
    let mut out = b"before".to_vec();
    let fast = chain.read_json(scalar, &mut out);
    match chain.read(&[scalar]) {
        Err(error) => assert_eq!(fast, Err(error), "{line} {scalar:?}"),
        Ok(value) if value.is_absent() => assert_eq!(fast, Ok(false), "{line} {scalar:?}"),
        Ok(value) => {
            assert_eq!(fast, Ok(true), "{line} {scalar:?}");
            assert_eq!(String::from_utf8_lossy(&out[6..]), json(&value), "{line} {scalar:?}");
            return true;
        }
    }
    assert_eq!(out, b"before", "{line} {scalar:?}");
    false
}

/// Every type under every pair of codecs: it compiles or says why, and what compiles never breaks a law or panics.
#[test]
fn any_chain_that_compiles_keeps_the_laws_on_any_input() {
    let mut random = Random(0xbeef);
    let (mut compiled, mut refused, mut written) = (0, 0, 0);
    for ty in TYPES {
        for first in CODECS {
            for second in CODECS {
                let line = format!("{ty}{first}{second}");
                let Ok(chain) = try_chain(&line, Some("Europe/Vienna"), &[]) else {
                    refused += 1;
                    continue;
                };
                compiled += 1;
                for _ in 0..30 {
                    written += usize::from(round(&line, &chain, &mut random));
                }
            }
        }
    }
    assert!(compiled > 1000 && refused > 1000 && written > 10_000, "{compiled} {refused} {written}");
}

/// Reads both ways, writes back what was read and something else; returns whether something was written back.
fn round(line: &str, chain: &Chain, random: &mut Random) -> bool {
    let several = line.contains('+');
    let texts = [input(random), input(random)];
    let scalars = [Scalar::Text(&texts[0]), Scalar::Text(&texts[1])];
    let scalars = if several { &scalars[..] } else { &scalars[..1] };
    let read = chain.read(scalars);
    if !several {
        let mut out = Vec::new();
        match (chain.read_json(scalars[0], &mut out), &read) {
            (Ok(true), Ok(value)) => {
                assert_eq!(String::from_utf8_lossy(&out), json(value), "{line} {texts:?}")
            }
            (Ok(false), Ok(value)) => assert!(value.is_absent() && out.is_empty(), "{line} {texts:?}"),
            (Err(_), Err(_)) => assert!(out.is_empty()),
            (fast, slow) => panic!("{line} {texts:?}: {fast:?} {slow:?}"),
        }
    }
    let other = Value::Text(texts[1].as_str().into());
    let old: Vec<Written> = texts.iter().take(scalars.len()).cloned().map(Written::Text).collect();
    let mut kept = false;
    for value in read.iter().chain([&other]) {
        let Ok(written) = chain.write(value, Some(&old)) else { continue };
        let again: Vec<Scalar<'_>> = written.iter().map(Written::as_scalar).collect();
        let again = chain.read(&again).unwrap();
        assert!(again.same(&chain.canonical(value).unwrap()), "{line} {value:?} gave {written:?}");
        kept = true;
    }
    kept
}

const TYPES: &[&str] = &[
    "text",
    "text(5)",
    "char(8)",
    "token",
    "list",
    "enum",
    "bool",
    "integer",
    "integer(6)",
    "decimal",
    "decimal(7,2)",
    "float",
    "real",
    "xdate",
    "xtime",
    "xdatetime",
    "timestamp",
    "instant",
    "bytes",
    "hexbytes",
    "blob(4)",
    "text + text",
    "char(8) + char(8)",
    "integer + integer",
    "text + xdate",
];

const CODECS: &[&str] = &[
    "",
    " | codes(status)",
    " | codes(country)",
    " | codes(open)",
    " | flag(1, 0)",
    " | flag(A, [S, G])",
    " | date(yyyyMMdd)",
    " | date(yyDDD)",
    " | time(HHmmss)",
    " | datetime(yyyyMMddHHmmss)",
    " | datetime(yyyyMMdd + HHmmss)",
    " | datetime(unix)",
    " | decimal(2)",
    " | decimal",
    " | integer",
    " | number(de)",
    " | number(fr)",
    " | nullIf(0)",
    " | nullIf(1, 2)",
    " | default(1)",
    " | default(true)",
    " | join(-)",
    " | lines(5)",
    " | split(;)",
    " | slice(2, 4)",
    " | pad(left, 5, 0)",
    " | pad(right, 6,  )",
    " | lower",
    " | upper",
    " | raw",
    " | hex",
    " | base64",
    " | readOnly",
];

fn input(r: &mut Random) -> String {
    let inner = match r.below(10) {
        0 => r.text("0123456789", 45),
        1 => format!("{}{}.{}", r.one(&["", "-", "+"]), r.text("0012", 22), r.text("0012", 22)),
        2 => format!(
            "{}-{:02}-{:02}{}",
            r.one(&["2026", "2024", "1900", "9999", "0000", "0001"]),
            r.below(14),
            r.below(33),
            r.one(&["", "Z", "+02:00"])
        ),
        3 | 4 => format!(
            "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}",
            r.one(&["2026", "2024", "1900", "9999", "0000", "0001"]),
            r.below(13),
            r.below(32),
            r.below(26),
            r.below(61),
            r.below(61),
            r.one(&["", ".5", ".500", ".1234567891"]),
            r.one(&["", "Z", "+02:00", "-03:30", "+14:00", "+15:00", "+00:00", "-00:30", "+0200"]),
        ),
        5 => r
            .one(&["Book", "Modify", "Cancel", "038", "38", "004", "7", "A", "1", "0", "true", "false"])
            .to_owned(),
        6 => r.text("ab \"\\\u{1}\n\té😀/", 12),
        7 => r.text("0123456789abcdefABCDEF+/=", 9),
        8 => format!("{}e{}", r.text("0123456789.-", 6), r.below(400)),
        _ => r.text("01-+.: TZ;", 12),
    };
    match r.below(4) {
        0 => format!("{}{inner}{}", r.text(" \n\t", 3), r.text(" \n\t", 3)),
        _ => inner,
    }
}
