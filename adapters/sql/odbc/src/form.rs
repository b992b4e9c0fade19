//! Lexical forms: what drivers write for numbers, dates and truth values, made into one form.
//!
//! **Invariant.** A text that is not of the expected kind stays as it is: whoever knows the type refuses it, with its
//! name. No digit is lost or invented.

/// The form in which a text is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it is.
    Plain,
    /// `-12.50`: no exponent, a digit before the point.
    Decimal,
    /// `2026-06-01`.
    Date,
    /// `09:30:00`.
    Time,
    /// `2026-06-01T09:30:00`, with its offset if there is one.
    Timestamp,
    /// `true` or `false`.
    Boolean,
}

/// Appends a text in its form.
pub(crate) fn put(out: &mut Vec<u8>, style: Style, text: &[u8]) {
    match style {
        Style::Plain => out.extend_from_slice(text),
        Style::Decimal => decimal(out, text),
        Style::Date => date(out, text),
        Style::Time => time(out, text),
        Style::Timestamp => timestamp(out, text),
        Style::Boolean => boolean(out, text),
    }
}

/// Returns a text in its form.
pub(crate) fn formed(style: Style, text: String) -> String {
    let mut out = Vec::with_capacity(text.len() + 8);
    put(&mut out, style, text.as_bytes());
    // Every form is made of whole characters of the text and of ASCII.
    String::from_utf8(out).unwrap_or(text)
}

fn decimal(out: &mut Vec<u8>, text: &[u8]) {
    let text = text.trim_ascii();
    // Nearly all numbers are in their form already.
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    if unsigned.first().is_some_and(u8::is_ascii_digit)
        && !unsigned.iter().any(|byte| byte.eq_ignore_ascii_case(&b'e'))
    {
        return out.extend_from_slice(text);
    }
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (&b"-"[..], rest),
        [b'+', rest @ ..] => (&b""[..], rest),
        _ => (&b""[..], text),
    };
    if let Some(expanded) = expanded(digits) {
        out.extend_from_slice(sign);
        return out.extend_from_slice(&expanded);
    }
    if digits.first() == Some(&b'.') {
        out.extend_from_slice(sign);
        out.push(b'0');
        return out.extend_from_slice(digits);
    }
    out.extend_from_slice(sign);
    out.extend_from_slice(digits);
}

/// `1.25E+3` without its exponent; nothing if there is none.
fn expanded(text: &[u8]) -> Option<Vec<u8>> {
    const EXPONENT_MAX: i32 = 400;
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
    let exponent: i32 = std::str::from_utf8(&text[at + 1..]).ok()?.parse().ok()?;
    let (whole, part) = match text[..at].iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..at]),
        None => (&text[..at], &[][..]),
    };
    // SQLite writes `1.0e-10` for what has ten decimals.
    let part = if part == b"0" { &[][..] } else { part };
    let all = [whole, part].concat();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) || exponent.abs() > EXPONENT_MAX {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let zeros = |count: i32| vec![b'0'; usize::try_from(count).unwrap_or(0)];
    let length = i32::try_from(all.len()).ok()?;
    Some(match point {
        ..=0 => [b"0.".to_vec(), zeros(-point), all].concat(),
        _ if point >= length => [all, zeros(point - length)].concat(),
        _ => {
            let (whole, part) = all.split_at(usize::try_from(point).ok()?);
            [whole, b".", part].concat()
        }
    })
}

/// Some drivers answer a date as a timestamp of midnight.
fn date(out: &mut Vec<u8>, text: &[u8]) {
    let text = text.trim_ascii();
    let midnight = |rest: &[u8]| {
        matches!(rest.first(), Some(b' ' | b'T' | b'-'))
            && rest[1..].iter().all(|byte| matches!(byte, b'0' | b':' | b'.'))
    };
    match text.split_at_checked(10) {
        Some((day, rest)) if is_day(day) && midnight(rest) => out.extend_from_slice(day),
        _ => out.extend_from_slice(text),
    }
}

/// DB2 writes `09.30.00`. Zeros at the end of a second's decimals are left out, as not all drivers write them.
fn time(out: &mut Vec<u8>, text: &[u8]) {
    let text = text.trim_ascii();
    let begin = out.len();
    out.extend_from_slice(text);
    if let [_, _, b'.', _, _, b'.', ..] = text {
        out[begin + 2] = b':';
        out[begin + 5] = b':';
    }
    if text.get(8) == Some(&b'.') && text[9..].iter().all(u8::is_ascii_digit) {
        let zeros = text[9..].iter().rev().take_while(|byte| **byte == b'0').count();
        out.truncate(out.len() - zeros);
        if out.last() == Some(&b'.') {
            out.pop();
        }
    }
}

fn timestamp(out: &mut Vec<u8>, text: &[u8]) {
    let text = text.trim_ascii();
    if text.len() < 11 || !is_day(&text[..10]) || !matches!(text[10], b' ' | b'T' | b'-') {
        // A day alone is its midnight.
        out.extend_from_slice(text);
        if text.len() == 10 && is_day(text) {
            out.extend_from_slice(b"T00:00:00");
        }
        return;
    }
    out.extend_from_slice(&text[..10]);
    out.push(b'T');
    let (clock, offset) = match text[11..].iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z' | b' ')) {
        Some(at) => text[11..].split_at(at),
        None => (&text[11..], &[][..]),
    };
    time(out, clock);
    let offset = offset.trim_ascii();
    out.extend_from_slice(offset);
    match *offset {
        [b'+' | b'-', _, _] => out.extend_from_slice(b":00"),
        [b'+' | b'-', _, _, a, b] if a.is_ascii_digit() => {
            out.truncate(out.len() - 2);
            out.extend_from_slice(&[b':', a, b]);
        }
        _ => {}
    }
}

fn is_day(text: &[u8]) -> bool {
    text.iter()
        .enumerate()
        .all(|(n, byte)| if matches!(n, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() })
}

fn boolean(out: &mut Vec<u8>, text: &[u8]) {
    let word = match text.trim_ascii() {
        b"1" | b"-1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" | b"\x01" => &b"true"[..],
        b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" | b"\x00" => b"false",
        other => other,
    };
    out.extend_from_slice(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(style: Style, text: &str, expected: &str) {
        let mut out = b"x".to_vec();
        put(&mut out, style, text.as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), format!("x{expected}"), "{style:?} {text}");
    }

    #[test]
    fn a_number_has_a_digit_before_the_point_and_no_exponent() {
        let check = |text, expected| check(Style::Decimal, text, expected);
        check("12.50", "12.50");
        check("-12.50", "-12.50");
        check(".5", "0.5");
        check("-.50", "-0.50");
        check("+7", "7");
        check("1E+3", "1000");
        check("1.25e2", "125");
        check("1.250e2", "125.0");
        check("1.0e-10", "0.0000000001");
        check("-1.5e-3", "-0.0015");
        check("12345678901234567890123456789012345678", "12345678901234567890123456789012345678");
        check("1e999999999", "1e999999999");
        check("abc", "abc");
        check("e5", "e5");
        check("", "");
    }

    #[test]
    fn dates_and_times_are_iso_8601() {
        check(Style::Timestamp, "2026-06-01 09:30:00.25", "2026-06-01T09:30:00.25");
        check(Style::Timestamp, "2026-06-01T09:30:00", "2026-06-01T09:30:00");
        check(Style::Timestamp, "2026-06-01 09:30:00.020000+02", "2026-06-01T09:30:00.02+02:00");
        check(Style::Timestamp, "2026-06-01-09.30.00.000000", "2026-06-01T09:30:00");
        check(Style::Timestamp, "2026-06-01 09:30:00+02", "2026-06-01T09:30:00+02:00");
        check(Style::Timestamp, "2026-06-01 09:30:00.5-0330", "2026-06-01T09:30:00.5-03:30");
        check(Style::Timestamp, "2026-06-01 09:30:00 +05:45", "2026-06-01T09:30:00+05:45");
        check(Style::Timestamp, "2026-06-01T09:30:00Z", "2026-06-01T09:30:00Z");
        check(Style::Timestamp, "2026-06-01", "2026-06-01T00:00:00");
        check(Style::Timestamp, "1.6.2026 09:30", "1.6.2026 09:30");
        check(
            Style::Timestamp,
            "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}",
            "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}",
        );
        check(Style::Date, "2026-06-01 00:00:00.000", "2026-06-01");
        check(Style::Date, "2026-06-01", "2026-06-01");
        check(Style::Date, "2026-06-01 10:00:00", "2026-06-01 10:00:00");
        check(Style::Time, "09.30.00", "09:30:00");
        check(Style::Time, "09:30:00.5", "09:30:00.5");
    }

    #[test]
    fn truth_values_have_one_form() {
        for text in ["1", "t", "true", "TRUE", "\u{1}"] {
            check(Style::Boolean, text, "true");
        }
        for text in ["0", "f", "false", "\u{0}"] {
            check(Style::Boolean, text, "false");
        }
        check(Style::Boolean, "J", "J");
    }
}
