//! Ids of requests and traces.
//!
//! **Invariant.** An id carries nothing of the request that it names, and no two requests of a process share one.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

thread_local! {
    static STATE: Cell<u64> = Cell::new(seed());
}

/// Returns a fresh request id: 16 hexadecimal digits.
pub fn request_id() -> Arc<str> {
    let mut text = [0; 16];
    hex(next(), &mut text);
    ascii(&text).into()
}

/// Continues the trace of a request with a span of ours, or starts one: a `traceparent` of version 00.
///
/// Source: W3C Trace Context, section 3.2.
pub fn traceparent(incoming: Option<&str>) -> Arc<str> {
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    match incoming.and_then(parse) {
        Some((trace, flags)) => {
            text[3..35].copy_from_slice(trace);
            text[53..55].copy_from_slice(flags);
        }
        None => {
            hex(next(), &mut text[3..19]);
            hex(next(), &mut text[19..35]);
        }
    }
    hex(next(), &mut text[36..52]);
    ascii(&text).into()
}

/// Returns the trace id in a `traceparent` that [`traceparent`] made.
pub fn trace_id(traceparent: &str) -> &str {
    traceparent.get(3..35).unwrap_or("")
}

/// Returns trace id and flags of a `traceparent` that may be continued.
fn parse(text: &str) -> Option<(&[u8], &[u8])> {
    let bytes = text.trim().as_bytes();
    // "If a higher version is detected, the implementation SHOULD try to parse it", by the fields of version 00.
    let whole = bytes.len() == 55 || (bytes.len() > 55 && bytes[55] == b'-' && &bytes[..2] != b"00");
    if !whole || &bytes[..2] == b"ff" || bytes[2] != b'-' || bytes[35] != b'-' || bytes[52] != b'-' {
        return None;
    }
    let (trace, span, flags) = (&bytes[3..35], &bytes[36..52], &bytes[53..55]);
    let digits = |part: &[u8]| part.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |part: &[u8]| part.iter().all(|&b| b == b'0');
    let valid = digits(&bytes[..2]) && digits(trace) && digits(span) && digits(flags);
    (valid && !zero(trace) && !zero(span)).then_some((trace, flags))
}

/// SplitMix64: each step of the state gives another output, so ids of a thread never repeat.
fn next() -> u64 {
    let state = STATE.with(|cell| {
        let state = cell.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        cell.set(state);
        state
    });
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Another one for each thread. These ids keep no secret, so what the standard library seeds its maps with will do; a
/// generator of secrets takes milliseconds to start.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    RandomState::new().hash_one((now, std::process::id()))
}

fn hex(value: u64, into: &mut [u8]) {
    for (n, digit) in into.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (60 - 4 * n) & 15) as usize];
    }
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("hexadecimal digits and dashes are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_continued_only_if_its_header_is_valid() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let continues = |text: String| trace_id(&traceparent(Some(&text))) == trace;
        assert!(continues(format!("00-{trace}-00f067aa0ba902b7-01")));
        assert!(continues(format!("01-{trace}-00f067aa0ba902b7-01-more")));
        assert!(!continues(format!("00-{trace}-00f067aa0ba902b7-01-more")));
        assert!(!continues(format!("ff-{trace}-00f067aa0ba902b7-01")));
        assert!(!continues(format!("00-{trace}-0000000000000000-01")));
        assert!(!continues(format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase())));
        assert!(!continues(format!("00-{trace}")));
        assert_ne!(trace_id(&traceparent(Some(""))), "0".repeat(32));
    }

    #[test]
    fn the_flags_are_kept_and_the_span_is_ours() {
        let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let outgoing = traceparent(Some(incoming));
        assert_eq!(outgoing.len(), 55);
        assert!(outgoing.ends_with("-01"));
        assert_ne!(&outgoing[36..52], "00f067aa0ba902b7");
    }

    #[test]
    fn ids_do_not_repeat() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
