//! Media types: what a body may be, and what a client accepts.
//!
//! **Invariant.** Only `application/json` and its relatives are read; answers are JSON, and a client may only refuse that outright.

use crate::problem::{Kind, Problem};

/// Checks the type of a body.
///
/// # Errors
/// The problem `unsupported-media-type`.
pub fn readable(content_type: Option<&[u8]>) -> Result<(), Problem> {
    let refused = || {
        let problem = Problem::new(Kind::UnsupportedMediaType).header("accept", "application/json");
        Err(problem.detail("the body must be application/json in UTF-8"))
    };
    let Some(value) = content_type.and_then(|value| std::str::from_utf8(value).ok()) else {
        return refused();
    };
    let mut pieces = value.split(';').map(str::trim);
    let essence = pieces.next().unwrap_or_default();
    if !is_json(essence) {
        return refused();
    }
    // RFC 8259, section 8.1: JSON between systems "MUST be encoded using UTF-8".
    let charset = |piece: &str| {
        let (name, value) = piece.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    };
    match pieces.find_map(charset).as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(()),
        Some(_) => refused(),
    }
}

/// Checks that a body is not compressed: what it becomes could not be limited by its length.
///
/// # Errors
/// The problem `unsupported-media-type`.
pub fn plain(content_encoding: Option<&[u8]>) -> Result<(), Problem> {
    if content_encoding.is_none_or(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    // RFC 9110, section 15.5.16: the answer "SHOULD" say what is accepted instead.
    let problem = Problem::new(Kind::UnsupportedMediaType).header("accept-encoding", "identity");
    Err(problem.detail("the body must not be compressed"))
}

/// Checks that a client takes JSON at all.
///
/// # Errors
/// The problem `not-acceptable`: the client names types, and none of them covers JSON.
pub fn acceptable(accept: Option<&[u8]>) -> Result<(), Problem> {
    // What is not readable is no refusal.
    let Some(accept) = accept.and_then(|value| std::str::from_utf8(value).ok()) else { return Ok(()) };
    if accept.trim().is_empty() || accept.split(',').any(covers_json) {
        return Ok(());
    }
    Err(Problem::new(Kind::NotAcceptable).detail("answers are application/json"))
}

fn covers_json(range: &str) -> bool {
    let mut pieces = range.split(';').map(str::trim);
    let essence = pieces.next().unwrap_or_default();
    let refused = pieces.any(|piece| {
        let weight = piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q="));
        weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
    });
    !refused && (essence == "*/*" || essence.eq_ignore_ascii_case("application/*") || is_json(essence))
}

fn is_json(essence: &str) -> bool {
    let lower = essence.to_ascii_lowercase();
    lower == "application/json" || (lower.starts_with("application/") && lower.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_read() {
        let check =
            |value: Option<&str>, ok| assert_eq!(readable(value.map(str::as_bytes)).is_ok(), ok, "{value:?}");
        check(Some("application/json"), true);
        check(Some("Application/JSON; charset=UTF-8"), true);
        check(Some("application/merge-patch+json"), true);
        check(Some("application/json; charset=\"utf-8\"; profile=x"), true);
        check(Some("application/json; charset=iso-8859-1"), false);
        check(Some("text/json"), false);
        check(Some("application/xml"), false);
        check(Some("multipart/form-data; boundary=x"), false);
        check(Some(""), false);
        check(None, false);
    }

    #[test]
    fn a_client_is_refused_only_if_it_rules_json_out() {
        let check = |value: Option<&str>, ok| {
            assert_eq!(acceptable(value.map(str::as_bytes)).is_ok(), ok, "{value:?}")
        };
        check(None, true);
        check(Some(""), true);
        check(Some("*/*"), true);
        check(Some("text/html, application/xhtml+xml, */*;q=0.8"), true);
        check(Some("application/problem+json"), true);
        check(Some("application/*"), true);
        check(Some("text/html"), false);
        check(Some("application/json;q=0"), false);
        check(Some("application/xml, text/*"), false);
    }

    #[test]
    fn a_compressed_body_is_refused() {
        let check = |value: Option<&[u8]>, ok| assert_eq!(plain(value).is_ok(), ok, "{value:?}");
        check(None, true);
        check(Some(b"Identity"), true);
        check(Some(b"gzip"), false);
        check(Some(b"\xff"), false);
        check(Some(b""), false);
    }
}
