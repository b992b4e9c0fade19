//! Requests to a store: signed, sent, and judged by their answers.
//!
//! **Invariant.** The secret key never leaves; what leaves is a signature that soon expires.

use super::Config;
use crate::folder::remote::{Fault, wait};
use adapters_client::Response;
use adapters_ports::CallContext;
use bytes::Bytes;
use jiff::Timestamp;
use kernel::{Class, Error};
use rusty_s3::Method;
use rusty_s3::signing::sign;

/// How long a signature is good for; clocks may differ by so much less the time that a request takes.
const SIGNED_SECONDS: u64 = 900;
/// What is said of a store that does not know a condition that it was asked to keep.
pub(super) const NOT_OFFERED: &str = "the store does not offer what it was asked for";
/// Characters of what a store says of an error.
const SAID_MAX: usize = 300;

/// A request.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// The object; nothing for the bucket.
    pub key: Option<&'a str>,
    /// Sorted by name.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers that begin with `x-amz-`, sorted by name.
    pub signed: &'a [(&'a str, &'a str)],
    /// Others.
    pub headers: &'a [(&'a str, &'a str)],
}

/// An answer that is no fault.
pub(super) struct Answer {
    pub status: u16,
    pub etag: String,
    pub length: Option<u64>,
    pub modified: Option<String>,
    pub body: Bytes,
}

impl Config {
    /// Sends a request once, and waits for all of its answer.
    pub(super) fn send(&self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        let url = ask.key.map_or_else(|| self.bucket.base_url().clone(), |key| self.bucket.object_url(key));
        let (access, secret, token) = &self.keys;
        let (query, signed) = (ask.query.iter().copied(), ask.signed.iter().copied());
        let url = sign(
            &Timestamp::now(),
            ask.method,
            url,
            access.expose(),
            secret.expose(),
            token.as_ref().map(|token| token.expose().as_str()),
            self.bucket.region(),
            SIGNED_SECONDS,
            query,
            signed,
        );
        let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let mut headers = vec![("Accept-Encoding", "identity")];
        headers.extend_from_slice(ask.signed);
        headers.extend_from_slice(ask.headers);
        let head = self.client.head(ask.method.to_str(), &target, &headers);
        // What it says names the address, and that has the signature and perhaps a token.
        let head = head.map_err(|_| Fault::Said("its key cannot stand in a request".into()))?;
        let cx = CallContext::new("files", self.timeout);
        let (status, region, mut answer) = wait(self.timeout, async {
            let mut response = self.client.send(&cx, &head, &[], &[]).await.map_err(broken)?;
            let body = response.body.whole(&cx).await.map_err(broken)?;
            let region = header(&response, "x-amz-bucket-region");
            Ok((response.status, region, self.answer(&response, body)))
        })?;
        if matches!(status, 200..=299) {
            return Ok(answer);
        }
        if let Some(region) = region.filter(|region| region != self.bucket.region()) {
            return Err(Fault::Said(format!("the bucket is in another region; write region: {region}")));
        }
        Err(self.fault(status, &std::mem::take(&mut answer.body)))
    }

    fn answer(&self, response: &Response, body: Bytes) -> Answer {
        Answer {
            status: response.status,
            etag: header(response, "etag").unwrap_or_default(),
            length: header(response, "content-length").and_then(|length| length.parse().ok()),
            modified: header(response, "last-modified"),
            body,
        }
    }

    /// Returns what an answer says that is none of success.
    pub(super) fn fault(&self, status: u16, body: &[u8]) -> Fault {
        let (code, words) = said(body);
        let known = if code.is_empty() { format!("status {status}") } else { format!("{code}: {words}") };
        match (status, code.as_str()) {
            (_, "NoSuchBucket") => Fault::Said(format!("there is no bucket `{}`", self.bucket.name())),
            (_, "SlowDown" | "InternalError" | "RequestTimeout" | "ServiceUnavailable") => {
                Fault::Lost(format!("the store says: {known}"))
            }
            (501, _) | (_, "NotImplemented") => Fault::Said(NOT_OFFERED.into()),
            (404, _) => Fault::Gone,
            (401 | 403, _) => Fault::Denied(format!("the store says: {known}")),
            (412, _) => Fault::Changed("it was written to, or another object took its place".into()),
            (408 | 429 | 500 | 502..=504, _) => Fault::Lost(format!("the store says: {known}")),
            _ => Fault::Said(format!("the store says: {known}")),
        }
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers.get(name).map(str::to_owned)
}

fn broken(error: Error) -> Fault {
    match error.class {
        Class::Transient | Class::Ambiguous | Class::RateLimited => Fault::Lost(error.to_string()),
        _ => Fault::Said(error.to_string()),
    }
}

/// Returns code and words of an error: `<Error><Code>…</Code><Message>…</Message></Error>`.
fn said(body: &[u8]) -> (String, String) {
    let Some(document) =
        std::str::from_utf8(body).ok().and_then(|text| roxmltree::Document::parse(text).ok())
    else {
        return Default::default();
    };
    let error = document.root_element();
    let text = |name: &str| {
        let found = error.children().find(|child| child.tag_name().name() == name);
        found.and_then(|found| found.text()).unwrap_or_default().chars().take(SAID_MAX).collect::<String>()
    };
    match error.tag_name().name() {
        "Error" => (text("Code"), text("Message")),
        _ => Default::default(),
    }
}

/// Judges a copy: a store may answer 200 and tell an error afterwards.
///
/// Source: Amazon S3 API Reference, CopyObject: "If the error occurs during the copy operation, the error response is
/// embedded in the 200 OK response."
pub(super) fn copied(config: &Config, answer: &Answer) -> Result<(), Fault> {
    let text = std::str::from_utf8(&answer.body).unwrap_or_default();
    let is_result = roxmltree::Document::parse(text)
        .is_ok_and(|document| document.root_element().tag_name().name() == "CopyObjectResult");
    if is_result { Ok(()) } else { Err(config.fault(500, &answer.body)) }
}
