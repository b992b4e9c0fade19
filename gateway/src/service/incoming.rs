//! A request as the service sees it, whoever brings it: the server, or a test in a mapping.
//!
//! **Invariant.** Headers are looked up, never copied; a body is read only by an operation that takes one.

use crate::http::body;
use crate::problem::Problem;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use bytes::Bytes;
use std::time::Duration;

/// Headers of which a request has at most one: with two, another part of the way may have believed the other one.
const SINGLE: [&str; 5] =
    ["authorization", "idempotency-key", "content-type", "content-encoding", "if-match"];

/// A request.
pub struct Incoming<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path as it stands in the request line.
    pub path: &'a str,
    /// The query without `?`; empty where there is none.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a dyn Headers,
    /// The body.
    pub content: Content,
}

/// Headers of a request.
pub trait Headers {
    /// Returns the first header of this name, which is in lower case.
    fn find(&self, name: &str) -> Option<&[u8]>;

    /// Returns whether there are several headers of this name, which is in lower case.
    fn several(&self, name: &str) -> bool;
}

/// The body of a request.
pub enum Content {
    /// All of it.
    Whole(Bytes),
    /// On its way.
    Stream(Payload),
}

impl Incoming<'_> {
    /// Returns a header as text, if it is there and readable.
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers.find(name)?).ok().map(str::trim)
    }

    /// Returns the length that the body is said to have.
    pub fn announced(&self) -> Option<u64> {
        match &self.content {
            Content::Whole(bytes) => u64::try_from(bytes.len()).ok(),
            Content::Stream(_) => self.text("content-length")?.parse().ok(),
        }
    }

    /// Returns the first header of those that mean one thing, and stands there twice.
    pub fn ambiguous(&self) -> Option<&'static str> {
        SINGLE.into_iter().find(|name| self.headers.several(name))
    }

    /// Returns whether there is a body, of a length that may not be known yet.
    pub fn has_body(&self) -> bool {
        match self.announced() {
            Some(bytes) => bytes > 0,
            None => self.headers.find("transfer-encoding").is_some(),
        }
    }

    /// Reads the body, up to a limit and for as long as `within`.
    ///
    /// # Errors
    /// The problems `body-too-large` and `bad-request`.
    pub async fn read(&mut self, bytes_max: usize, within: Duration) -> Result<Bytes, Problem> {
        let announced = self.announced();
        let content = std::mem::replace(&mut self.content, Content::Whole(Bytes::new()));
        let payload = match content {
            Content::Stream(payload) => payload,
            Content::Whole(bytes) if bytes.len() <= bytes_max => return Ok(bytes),
            Content::Whole(_) => Payload::None,
        };
        body::read(payload, announced, bytes_max, within).await
    }
}

impl Headers for HeaderMap {
    fn find(&self, name: &str) -> Option<&[u8]> {
        self.get(name).map(actix_web::http::header::HeaderValue::as_bytes)
    }

    fn several(&self, name: &str) -> bool {
        // To count is cheaper than to look for a name, and most requests have no header twice.
        self.len() > self.len_keys() && self.get_all(name).nth(1).is_some()
    }
}

impl Headers for [(String, String)] {
    fn find(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_bytes())
    }

    fn several(&self, name: &str) -> bool {
        self.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name)).nth(1).is_some()
    }
}
