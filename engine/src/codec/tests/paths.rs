//! Both ways of reading give the same: `read_json`, and `read` followed by `json::write`.
//!
//! **Invariant.** Inputs are random bytes of the alphabets that matter, right and wrong ones alike.

use super::kit::{Random, json, try_chain};
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
                let mut out = b"before".to_vec();
                let fast = chain.read_json(Scalar::Text(&text), &mut out);
                match chain.read(&[Scalar::Text(&text)]) {
                    Err(error) => assert_eq!(fast, Err(error), "{line} {text:?}"),
                    Ok(value) if value.is_absent() => assert_eq!(fast, Ok(false), "{line} {text:?}"),
                    Ok(value) => {
                        told += 1;
                        assert_eq!(fast, Ok(true), "{line} {text:?}");
                        assert_eq!(String::from_utf8_lossy(&out[6..]), json(&value), "{line} {text:?}");
                        continue;
                    }
                }
                assert_eq!(out, b"before", "{line} {text:?}");
            }
        }
    }
    assert!(told > 100_000, "only {told} inputs were readable");
}

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
