//! The head of a request, serialised once and completed per try.
//!
//! **Invariant.** No value given from outside can end a line.

use crate::config::ConfigError;
use crate::fail;
use crate::target::Origin;
use kernel::Error;
use std::io::Write;

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
            // Writing into a vector cannot fail.
            drop(write!(out, "Content-Length: {body_bytes}\r\n"));
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
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
    if value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']) {
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
