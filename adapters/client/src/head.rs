//! The head of a request, serialised once and completed per try.
//!
//! **Invariant.** No value given from outside can end a line.

use crate::config::ConfigError;
use crate::fail;
use crate::target::Origin;
use kernel::Error;

/// Headers that say how a message is framed or where it goes: ours alone.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// The part of a request's head that is the same for every call.
#[derive(Debug, Clone)]
pub struct Head {
    /// Request line and fixed headers, each line ended.
    lines: Vec<u8>,
    /// Without a body, nothing is said about its length.
    length_optional: bool,
    /// The answer has no body.
    pub(crate) bodiless: bool,
}

impl Head {
    /// Serialises a head. `path` begins with `/`. `Host`, `User-Agent` and `Accept-Encoding: gzip` are added.
    ///
    /// # Errors
    /// A method, path, name or value that HTTP cannot hold, or a header that this client sets itself.
    pub fn new(
        method: &str,
        origin: &Origin,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, ConfigError> {
        if !is_token(method) {
            return Err(ConfigError(format!("{method:?} is no HTTP method")));
        }
        if !path.starts_with('/') || !path.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ConfigError(format!("{path:?} is no path of a URL")));
        }
        let mut lines =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", origin.host_header()).into_bytes();
        let has = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        if !has("user-agent") {
            lines.extend_from_slice(
                concat!("User-Agent: seawall/", env!("CARGO_PKG_VERSION"), "\r\n").as_bytes(),
            );
        }
        if !has("accept-encoding") {
            lines.extend_from_slice(b"Accept-Encoding: gzip\r\n");
        }
        for (name, value) in headers {
            check(name, value).map_err(|reason| ConfigError(format!("header {name:?}: {reason}")))?;
            line(&mut lines, name, value);
        }
        let length_optional = matches!(method, "GET" | "HEAD" | "DELETE");
        Ok(Self { lines, length_optional, bodiless: method == "HEAD" })
    }

    /// Writes the whole head of one try into `out`, replacing what is there.
    ///
    /// # Errors
    /// A header of this try that HTTP cannot hold; `Client`, since nothing was sent and nothing would change.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        fields: &[(&str, &str)],
        body_bytes: usize,
    ) -> Result<(), Error> {
        out.clear();
        out.extend_from_slice(&self.lines);
        for (name, value) in fields {
            check(name, value).map_err(|reason| fail::unwritable(reason, name))?;
            line(out, name, value);
        }
        if body_bytes > 0 || !self.length_optional {
            out.extend_from_slice(b"Content-Length: ");
            number(out, body_bytes);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// Appends the digits of a number.
fn number(out: &mut Vec<u8>, mut value: usize) {
    let mut digits = [b'0'; 20];
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return out.extend_from_slice(&digits[from..]);
        }
    }
}

fn line(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// "field-name = token": RFC 9110, section 5.1; values: section 5.5, without what was only ever obsolete.
fn check(name: &str, value: &str) -> Result<(), &'static str> {
    if !is_token(name) {
        return Err("a header name has letters, digits and -");
    }
    if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        return Err("this header is set by the client itself");
    }
    if value.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
        return Err("a header value has no line ends and no control characters");
    }
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if blank(value.as_bytes().first()) || blank(value.as_bytes().last()) {
        return Err("a header value neither begins nor ends with a blank");
    }
    Ok(())
}

/// Source: RFC 9110, section 5.6.2, `token`.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin { tls: false, host: "pms".to_owned(), port: 8080 }
    }

    #[test]
    fn a_head_is_the_fixed_lines_then_those_of_the_try_then_the_length() {
        let head =
            Head::new("POST", &origin(), "/s", &[("User-Agent", "x"), ("SOAPAction", "\"a\"")]).unwrap();
        let mut out = b"old".to_vec();
        head.write(&mut out, &[("traceparent", "00-1")], 3).unwrap();
        let expected = "POST /s HTTP/1.1\r\nHost: pms:8080\r\nAccept-Encoding: gzip\r\nUser-Agent: x\r\n\
                        SOAPAction: \"a\"\r\ntraceparent: 00-1\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_length_has_all_its_digits_and_no_more() {
        for length in [0, 9, 10, 1234, usize::MAX] {
            let mut out = Vec::new();
            number(&mut out, length);
            assert_eq!(String::from_utf8(out).unwrap(), length.to_string());
        }
    }

    #[test]
    fn what_would_end_a_line_or_frame_a_message_is_refused() {
        let check = |headers: &[(&str, &str)], part: &str| {
            let error = Head::new("POST", &origin(), "/s", headers).expect_err(part);
            assert!(error.0.contains(part), "{error}");
        };
        check(&[("X", "a\r\nY: 1")], "no line ends");
        check(&[("X", "a\0")], "control characters");
        check(&[("X Y", "a")], "header name");
        check(&[("", "a")], "header name");
        check(&[("content-length", "1")], "set by the client");
        check(&[("X", " a")], "blank");
        assert!(Head::new("PO ST", &origin(), "/s", &[]).is_err());
        assert!(Head::new("POST", &origin(), "s", &[]).is_err());
        assert!(Head::new("POST", &origin(), "/s HTTP/1.1\r\n", &[]).is_err());
        let head = Head::new("GET", &origin(), "/s", &[]).unwrap();
        let error = head.write(&mut Vec::new(), &[("X", "a\nb")], 0).unwrap_err();
        assert_eq!(error.class, kernel::Class::Client);
    }
}
