//! Writes values as JSON text.
//!
//! **Invariant.** Every value has one text; a number is written with all digits of its scale.

use crate::value::{Instant, Value};
use base64::Engine as _;
use jiff::civil;
use kernel::{Decimal, INT_BYTES_MAX, digits_of, has_to_escape, must_escape, short_word};
use std::io::Write as _;

/// Appends a value. Absent is written as `null`; a caller that leaves members out does not write them.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Absent | Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::List(items) => list(items, out),
        Value::Object(members) => {
            out.push(b'{');
            for (n, (name, value)) in members.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_text(name, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Text(text) => write_text(text, out),
        Value::Number(number) => put(out, format_args!("{number}")),
        Value::Float(float) => write_float(*float, out),
        scalar => {
            out.push(b'"');
            plain(scalar, out);
            out.push(b'"');
        }
    }
}

/// Appends a text in quotes, escaped where JSON demands it.
#[inline(always)]
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    if let Some(word) = quoted(text.as_bytes()) {
        let end = out.len() + text.len() + 2;
        out.extend_from_slice(&word.to_le_bytes());
        out.truncate(end);
    } else {
        write_long(text, out);
    }
}

/// Returns a text in quotes as the low end of a word, if it fits and nothing in it has to be escaped.
#[inline]
fn quoted(text: &[u8]) -> Option<u64> {
    const QUOTE: u64 = b'"' as u64;
    let length = text.len();
    let word = short_word(text).filter(|_| (1..=WORD - 2).contains(&length))?;
    // A nought would have to be escaped, so there are blanks behind the text while that is asked.
    let blanks = (u64::MAX / 0xff * 0x20) << (length * 8);
    if has_to_escape((word | blanks).to_le_bytes()) {
        return None;
    }
    Some(QUOTE | word << 8 | QUOTE << ((length + 1) * 8))
}

/// Appends a text of any length in quotes.
#[inline(never)]
fn write_long(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let next = first_to_escape(bytes);
    if let (None, 16..=32, Some(first), Some(last)) =
        (next, bytes.len(), bytes.first_chunk::<16>(), bytes.last_chunk::<16>())
    {
        // Two moves that may overlap are less than a call.
        let mut quoted = [b'"'; 34];
        quoted[1..17].copy_from_slice(first);
        let end = bytes.len() + 1;
        quoted[end - 16..end].copy_from_slice(last);
        quoted[end] = b'"';
        let end = out.len() + end + 1;
        out.extend_from_slice(&quoted);
        out.truncate(end);
        return;
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    match next {
        None => out.extend_from_slice(bytes),
        Some(n) => write_escaped(bytes, n, out),
    }
    out.push(b'"');
}

/// Appends a text whose `n`th byte is the first that has to be escaped.
#[inline(never)]
fn write_escaped(text: &[u8], n: usize, out: &mut Vec<u8>) {
    let mut rest = text;
    let mut next = Some(n);
    while let Some(n) = next {
        out.extend_from_slice(&rest[..n]);
        escape(rest[n], out);
        rest = &rest[n + 1..];
        next = first_to_escape(rest);
    }
    out.extend_from_slice(rest);
}

/// Returns where the first byte is that cannot stand in a JSON text.
#[inline(always)]
fn first_to_escape(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<WORD>();
    let skipped = words.iter().take_while(|word| !has_to_escape(**word)).count() * WORD;
    let rest = &bytes[skipped..];
    // The last bytes are no word of their own, but they end one, or are the halves of one.
    let last = bytes.last_chunk::<WORD>().copied().or_else(|| halves(bytes));
    if rest.len() < WORD && last.is_some_and(|word| !has_to_escape(word)) {
        return None;
    }
    rest.iter().position(|&byte| must_escape(byte)).map(|n| skipped + n)
}

/// Returns the first and the last four bytes, which may overlap.
fn halves(bytes: &[u8]) -> Option<[u8; WORD]> {
    let ([a, b, c, d], [e, f, g, h]) = (*bytes.first_chunk::<4>()?, *bytes.last_chunk::<4>()?);
    Some([a, b, c, d, e, f, g, h])
}

const WORD: usize = 8;

/// Returns the plain text of a value: a date as `2026-06-01`, a number as its digits; nothing for lists and objects.
pub fn text_of(value: &Value) -> Option<String> {
    if !has_text(value) {
        return None;
    }
    // Room for a moment, the longest of what is written here often.
    let mut out = Vec::with_capacity(32);
    match value {
        Value::Text(text) => return Some(text.to_string()),
        Value::Bool(_) | Value::Number(_) | Value::Float(_) => write(value, &mut out),
        scalar => plain(scalar, &mut out),
    }
    String::from_utf8(out).ok()
}

/// Returns whether a value has a plain text: it is there, and neither a list nor an object.
pub fn has_text(value: &Value) -> bool {
    !matches!(value, Value::Absent | Value::Null | Value::List(_) | Value::Object(_))
}

/// Returns the value for `serde_json`, for validation only: numbers become floats there.
pub fn to_serde(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Absent | Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::List(items) => Json::Array(items.iter().map(to_serde).collect()),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.to_string(), to_serde(value))).collect())
        }
        Value::Number(number) => match number.to_i64() {
            Some(whole) => Json::Number(whole.into()),
            None => number_of(number.to_f64()),
        },
        Value::Float(float) => number_of(*float),
        scalar => text_of(scalar).map_or(Json::Null, Json::String),
    }
}

/// Returns the value of one of `serde_json`, with the digits that are left of its numbers there.
pub fn from_serde(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match Decimal::parse(&number.to_string()) {
            Ok(exact) => Value::Number(exact),
            Err(_) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(text.as_str().into()),
        Json::Array(items) => Value::List(items.iter().map(from_serde).collect()),
        Json::Object(members) => {
            let member = |(name, value): (&String, &Json)| (name.as_str().into(), from_serde(value));
            Value::Object(members.iter().map(member).collect())
        }
    }
}

fn number_of(float: f64) -> serde_json::Value {
    serde_json::Number::from_f64(float).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

/// Appends a float: its shortest digits, with an exponent where it is very large or very small.
fn write_float(float: f64, out: &mut Vec<u8>) {
    let size = float.abs();
    if !float.is_finite() {
        // Codecs refuse these; an expression can still make one, and JSON has no form for it.
        out.extend_from_slice(b"null");
    } else if size != 0.0 && !(1e-7..1e16).contains(&size) {
        put(out, format_args!("{float:e}"));
    } else {
        put(out, format_args!("{float}"));
    }
}

/// Appends a whole number.
#[inline(never)]
pub(crate) fn write_int(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(digits_of(number, &mut [0; INT_BYTES_MAX]));
}

/// Appends a date: `2026-06-01`.
pub(crate) fn write_date(date: civil::Date, out: &mut Vec<u8>) {
    if date.year() < 0 {
        // No codec reads such a year, so the sign makes it an error there instead of another year.
        out.push(b'-');
    }
    digits(out, date.year().unsigned_abs().into(), 4);
    out.push(b'-');
    digits(out, u32::from(date.month().unsigned_abs()), 2);
    out.push(b'-');
    digits(out, u32::from(date.day().unsigned_abs()), 2);
}

/// Appends a time: `09:30:00`, with as many decimals as it has.
pub(crate) fn write_time(time: civil::Time, out: &mut Vec<u8>) {
    for (n, part) in [time.hour(), time.minute(), time.second()].into_iter().enumerate() {
        if n > 0 {
            out.push(b':');
        }
        digits(out, u32::from(part.unsigned_abs()), 2);
    }
    let nanos = time.subsec_nanosecond().unsigned_abs();
    if nanos > 0 {
        out.push(b'.');
        digits(out, nanos, 9);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// Appends a point in time as RFC 3339: `2026-03-01T09:05:00+01:00`, or `Z` where the offset is nought.
fn write_instant(instant: Instant, out: &mut Vec<u8>) {
    let local = instant.local();
    write_date(local.date(), out);
    out.push(b'T');
    write_time(local.time(), out);
    if instant.offset_s == 0 {
        out.push(b'Z');
        return;
    }
    out.push(if instant.offset_s < 0 { b'-' } else { b'+' });
    let minutes = instant.offset_s.unsigned_abs() / 60;
    digits(out, minutes / 60, 2);
    out.push(b':');
    digits(out, minutes % 60, 2);
}

fn plain(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Date(date) => write_date(*date, out),
        Value::Time(time) => write_time(*time, out),
        Value::Instant(instant) => write_instant(*instant, out),
        Value::Duration(duration) => put(out, format_args!("{duration}")),
        Value::Bytes(bytes) => {
            out.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(bytes).as_bytes());
        }
        _ => {}
    }
}

fn list(items: &[Value], out: &mut Vec<u8>) {
    out.push(b'[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x8 => out.extend_from_slice(b"\\b"),
        0xc => out.extend_from_slice(b"\\f"),
        _ => put(out, format_args!("\\u{byte:04x}")),
    }
}

fn put(out: &mut Vec<u8>, args: std::fmt::Arguments<'_>) {
    out.write_fmt(args).expect("a vector takes all bytes");
}

fn digits(out: &mut Vec<u8>, mut n: u32, width: usize) {
    let mut buffer = [b'0'; 10];
    for place in buffer[..width].iter_mut().rev() {
        *place = b'0' + u8::try_from(n % 10).unwrap_or(0);
        n /= 10;
    }
    out.extend_from_slice(&buffer[..width]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_one_text() {
        let check = |value: Value, expected: &str| {
            let mut out = Vec::new();
            write(&value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        let instant =
            |offset_s| Value::Instant(Instant { at: "2026-03-01T08:05:00.5Z".parse().unwrap(), offset_s });
        check(Value::Absent, "null");
        check(Value::Number("5000.00".parse().unwrap()), "5000.00");
        check(Value::Float(0.1), "0.1");
        check(Value::Float(5.0), "5");
        check(Value::Float(1e300), "1e300");
        check(Value::Float(-2.5e-9), "-2.5e-9");
        check(Value::Float(f64::NAN), "null");
        check(Value::Date(civil::date(2026, 6, 1)), "\"2026-06-01\"");
        check(Value::Time(civil::time(9, 5, 0, 120_000_000)), "\"09:05:00.12\"");
        check(instant(0), "\"2026-03-01T08:05:00.5Z\"");
        check(instant(3600), "\"2026-03-01T09:05:00.5+01:00\"");
        check(instant(-12600), "\"2026-03-01T04:35:00.5-03:30\"");
        check(Value::Bytes(Arc::from([1u8, 2])), "\"AQI=\"");
        check(Value::Text("a\"\\\u{1}\u{8}é".into()), "\"a\\\"\\\\\\u0001\\bé\"");
        check(Value::Object(vec![("a".into(), Value::List(vec![Value::Null]))]), "{\"a\":[null]}");
    }

    #[test]
    fn whole_numbers_have_all_their_digits() {
        for number in [0, 7, -7, 10, 99, 100, 1_234_567_890_123_456_789, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            write_int(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }

    #[test]
    fn texts_of_any_length_come_back_out_of_json() {
        let unusual = ['"', '\\', '\u{1f}', '\u{20}', '\u{7f}', 'é', '😀', '\n', '\0'];
        for length in 0..70 {
            for at in 0..=length {
                for c in unusual {
                    let text: String = (0..length).map(|n| if n == at { c } else { 'x' }).collect();
                    let mut out = Vec::new();
                    write_text(&text, &mut out);
                    let read = crate::json::parse(&out, Default::default()).unwrap();
                    assert!(read.same(&Value::Text(text.as_str().into())), "{text:?}");
                }
            }
        }
    }

    use std::sync::Arc;
}
