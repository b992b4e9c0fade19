//! The head of an answer, parsed strictly.
//!
//! **Invariant.** How long a body is has exactly one reading, or the answer is refused.

use crate::config::Limits;
use crate::fail;
use crate::framing::Framing;
use bytes::{Buf, Bytes, BytesMut};
use kernel::Error;
use std::mem::MaybeUninit;
use std::time::Duration;

/// Most headers that [`Limits::headers_max`] can allow.
const HEADERS_MAX: usize = 128;

/// The headers of an answer.
pub struct Headers {
    bytes: Bytes,
    /// Begin and end of name and value in `bytes`.
    fields: Vec<[u32; 4]>,
}

/// The head of an answer and what follows from it.
pub(crate) struct ReplyHead {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) framing: Framing,
    pub(crate) gzip: bool,
    /// After the body, the connection takes another request.
    pub(crate) reusable: bool,
    /// For how long, if the server told.
    pub(crate) kept_for: Option<Duration>,
}

impl Headers {
    /// Returns the first value of a header, whatever the case of its name; nothing if that is no UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.raw(name).next()?).ok()
    }

    /// Returns all values of a header in their order; those that are no UTF-8 are passed over.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.raw(name).filter_map(|value| std::str::from_utf8(value).ok())
    }

    fn raw<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let found = |field: &&[u32; 4]| self.slice(field[0], field[1]).eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(found).map(|field| self.slice(field[2], field[3]))
    }

    fn slice(&self, begin: u32, end: u32) -> &[u8] {
        self.bytes.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// Returns whether one of the values is a list that has this word.
    fn has_word(&self, name: &str, word: &str) -> bool {
        let items = self.raw(name).flat_map(|value| value.split(|byte| *byte == b','));
        items.map(<[u8]>::trim_ascii).any(|item| item.eq_ignore_ascii_case(word.as_bytes()))
    }
}

/// Names only: values may hold what nobody should log.
impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |field: &[u32; 4]| String::from_utf8_lossy(self.slice(field[0], field[1])).into_owned();
        f.debug_list().entries(self.fields.iter().map(name)).finish()
    }
}

/// Takes a complete head from `input`, or nothing if it is not complete yet. Interim answers are the caller's.
///
/// # Errors
/// `Ambiguous` if it is no HTTP at all, `Poison` if it is HTTP that breaks a rule or a limit.
pub(crate) fn take(
    input: &mut BytesMut,
    limits: &Limits,
    bodiless: bool,
) -> Result<Option<ReplyHead>, Error> {
    // Not cleared beforehand: the parser says how many there are.
    let mut fields = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let fields_max = limits.headers_max.min(HEADERS_MAX);
    let mut parsed = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let parsing = parser.parse_response_with_uninit_headers(&mut parsed, input, &mut fields[..fields_max]);
    let length = match parsing {
        Ok(httparse::Status::Complete(length)) if length <= limits.head_bytes_max => length,
        Ok(httparse::Status::Partial) if input.len() <= limits.head_bytes_max => return Ok(None),
        Ok(_) => {
            return Err(fail::over("the head of the answer is too large", limits.head_bytes_max as u64));
        }
        Err(error) => return Err(refused(input, error, fields_max)),
    };
    let (status, version) = (parsed.code.unwrap_or(0), parsed.version.unwrap_or(0));
    let base = input.as_ptr() as usize;
    let range = |bytes: &[u8]| {
        let begin = (bytes.as_ptr() as usize).wrapping_sub(base);
        [begin as u32, (begin + bytes.len()) as u32]
    };
    let fields = parsed.headers.iter().map(|field| {
        let ([a, b], [c, d]) = (range(field.name.as_bytes()), range(field.value));
        [a, b, c, d]
    });
    let fields = fields.collect();
    let headers = Headers { bytes: input.split_to(length).freeze(), fields };
    understand(status, version, headers, limits, bodiless).map(Some)
}

/// Drops empty lines that some servers send behind the last body.
pub(crate) fn skip_empty_lines(input: &mut BytesMut) {
    let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    input.advance(blank);
}

fn refused(input: &[u8], error: httparse::Error, fields_max: usize) -> Error {
    match error {
        httparse::Error::TooManyHeaders => fail::over("the answer has too many headers", fields_max as u64),
        _ if input.starts_with(b"HTTP/1.") => {
            fail::contract("the head of the answer is malformed").with("reason", error)
        }
        _ => fail::lost("what came is no HTTP answer"),
    }
}

fn understand(
    status: u16,
    version: u8,
    headers: Headers,
    limits: &Limits,
    bodiless: bool,
) -> Result<ReplyHead, Error> {
    let framing = framing(status, version, &headers, limits, bodiless)?;
    let gzip = limits.unpacks && gzip(&headers)?;
    let persistent = match version {
        0 => headers.has_word("connection", "keep-alive"),
        _ => !headers.has_word("connection", "close"),
    };
    let reusable = persistent && !matches!(framing, Framing::UntilClose);
    let kept_for = headers.get("keep-alive").and_then(kept_for);
    Ok(ReplyHead { status, headers, framing, gzip, reusable, kept_for })
}

/// Decides how the body is framed, in the order of RFC 9112, section 6.3.
///
/// "If a message is received with both a Transfer-Encoding and a Content-Length header field, … [it] ought to be
/// handled as an error": it is. So are lengths that differ or are not digits only, and codings we did not ask for.
fn framing(
    status: u16,
    version: u8,
    headers: &Headers,
    limits: &Limits,
    bodiless: bool,
) -> Result<Framing, Error> {
    let mut codings = headers.raw("transfer-encoding");
    let coding = codings.next();
    let mut lengths = headers.raw("content-length").flat_map(|value| value.split(|byte| *byte == b','));
    let length = lengths.next();
    if coding.is_some() && length.is_some() {
        return Err(fail::contract("the answer has both a length and a transfer coding"));
    }
    if codings.next().is_some() || coding.is_some_and(|coding| !coding.eq_ignore_ascii_case(b"chunked")) {
        return Err(fail::contract("the answer has a transfer coding that is not chunked"));
    }
    if coding.is_some() && version == 0 {
        return Err(fail::contract("an answer in HTTP/1.0 has a transfer coding"));
    }
    let length = length.map(digits).transpose()?;
    for other in lengths {
        if Some(digits(other)?) != length {
            return Err(fail::contract("the answer has several lengths"));
        }
    }
    if bodiless || status < 200 || status == 204 || status == 304 {
        return Ok(Framing::length(0));
    }
    match (coding, length) {
        (Some(_), _) => Ok(Framing::chunked(limits.head_bytes_max)),
        (None, Some(length)) if length > limits.body_bytes_max => {
            Err(fail::over("the answer is too large", limits.body_bytes_max))
        }
        (None, Some(length)) => Ok(Framing::length(length)),
        (None, None) => Ok(Framing::UntilClose),
    }
}

/// "Content-Length = 1*DIGIT": RFC 9110, section 8.6.
fn digits(value: &[u8]) -> Result<u64, Error> {
    let bad = || fail::contract("the length of the answer is no number");
    let value = value.trim_ascii();
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or_else(bad)
}

fn gzip(headers: &Headers) -> Result<bool, Error> {
    let mut gzip = false;
    for coding in headers.all("content-encoding").flat_map(|value| value.split(',')) {
        match coding.trim() {
            coding if coding.is_empty() || coding.eq_ignore_ascii_case("identity") => {}
            coding
                if !gzip
                    && (coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")) =>
            {
                gzip = true;
            }
            _ => return Err(fail::contract("the answer has a content coding that is not gzip")),
        }
    }
    Ok(gzip)
}

/// Reads `timeout=5` of `Keep-Alive`, less a second so that we let go first.
fn kept_for(value: &str) -> Option<Duration> {
    let seconds = value.split(',').find_map(|item| item.trim().strip_prefix("timeout="))?;
    let seconds: u64 = seconds.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: Result<&str, &str>) {
        let mut input = BytesMut::from(head.replace('\n', "\r\n").as_bytes());
        let found = take(&mut input, &Limits { headers_max: 5, ..Limits::default() }, false);
        let told = match &found {
            Ok(Some(head)) => Ok(format!(
                "{} {:?}{}{}",
                head.status,
                head.framing,
                if head.gzip { " gzip" } else { "" },
                if head.reusable { " kept" } else { "" }
            )),
            Ok(None) => Ok("partial".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match expected {
            Ok(expected) => assert_eq!(told.as_deref(), Ok(expected), "{head}"),
            Err(part) => assert!(told.as_ref().is_err_and(|told| told.contains(part)), "{head}: {told:?}"),
        }
    }

    #[test]
    fn the_length_of_a_body_has_one_reading_or_the_answer_is_refused() {
        check("HTTP/1.1 200 OK\nContent-Length: 5\n\n", Ok("200 Length(5) kept"));
        check("HTTP/1.1 200 OK\ncontent-length: 5\nContent-Length: 5\n\n", Ok("200 Length(5) kept"));
        check("HTTP/1.1 200 OK\nContent-Length: 5, 5\n\n", Ok("200 Length(5) kept"));
        check("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n", Ok("200 Chunked kept"));
        check("HTTP/1.1 200 OK\n\n", Ok("200 UntilClose"));
        check("HTTP/1.1 204 No\n\n", Ok("204 Length(0) kept"));
        check("HTTP/1.1 304 No\nContent-Length: 7\n\n", Ok("304 Length(0) kept"));
        check("HTTP/1.1 200 OK\nContent-Length: 0\nConnection: x, Close\n\n", Ok("200 Length(0)"));
        check("HTTP/1.0 200 OK\nContent-Length: 0\n\n", Ok("200 Length(0)"));
        check("HTTP/1.0 200 OK\nContent-Length: 0\nConnection: keep-alive\n\n", Ok("200 Length(0) kept"));
        check(
            "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Encoding: gzip\n\n",
            Ok("200 Length(5) gzip kept"),
        );
        check("HTTP/1.1 200 OK\nContent-Le", Ok("partial"));
        check(
            "HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: chunked\n\n",
            Err("poison: the answer has both"),
        );
        check("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n\n", Err("several lengths"));
        check("HTTP/1.1 200 OK\nContent-Length: 5, 6\n\n", Err("several lengths"));
        for bad in ["+3", "-1", "0x3", "18446744073709551617", "", "5 5", "5;"] {
            check(&format!("HTTP/1.1 200 OK\nContent-Length: {bad}\n\n"), Err("no number"));
        }
        for bad in ["xchunked", "gzip, chunked", "chunked, chunked", "identity"] {
            check(&format!("HTTP/1.1 200 OK\nTransfer-Encoding: {bad}\n\n"), Err("not chunked"));
        }
        let twice = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n";
        check(twice, Err("not chunked"));
        check("HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n", Err("HTTP/1.0"));
        check("HTTP/1.1 200 OK\nTransfer-Encoding : chunked\n\n", Err("malformed"));
        check("HTTP/1.1 200 OK\nA: b\n folded\n\n", Err("malformed"));
        check("HTTP/1.1 200 OK\nContent-Length: 99999999999\n\n", Err("too large"));
        check("HTTP/1.1 200 OK\nContent-Encoding: br\n\n", Err("not gzip"));
        check("HTTP/1.1 200 OK\nContent-Encoding: gzip, gzip\n\n", Err("not gzip"));
        check("HTTP/1.1 200 OK\nA:1\nB:1\nC:1\nD:1\nE:1\nF:1\n\n", Err("too many headers"));
        check("SSH-2.0-OpenSSH_9\n", Err("ambiguous: what came is no HTTP"));
        check("<html>\n", Err("ambiguous"));
    }

    #[test]
    fn headers_are_found_whatever_their_case_and_never_printed_with_values() {
        let mut input = BytesMut::from("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-B: \u{e9}\r\n\r\nrest");
        let head = take(&mut input, &Limits::default(), false).unwrap().unwrap();
        assert_eq!(head.headers.get("x-A"), Some("1"));
        assert_eq!(head.headers.all("X-a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(head.headers.get("x-b"), Some("\u{e9}"));
        assert_eq!(head.headers.get("x-c"), None);
        assert_eq!(&input[..], b"rest");
        assert_eq!(format!("{:?}", head.headers), "[\"X-A\", \"x-a\", \"X-B\"]");
    }

    #[test]
    fn a_server_that_tells_how_long_it_keeps_a_connection_is_believed() {
        assert_eq!(kept_for("timeout=5, max=100"), Some(Duration::from_secs(4)));
        assert_eq!(kept_for("max=1, timeout=0"), Some(Duration::ZERO));
        assert_eq!(kept_for("max=1"), None);
    }
}
