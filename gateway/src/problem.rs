//! Turns errors into problems (RFC 9457). The only place where status codes are chosen.
//!
//! **Invariant.** What a legacy system said is in a problem only as the `detail` that the mapping releases.

mod kind;
mod legacy;

pub use kind::{Kind, Status};
pub use legacy::Judged;

use crate::http::answer::Answer;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error answer. It is in a box, since every result on the way may be one.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq)]
struct Parts {
    /// Behind the base URL it makes the `type`.
    slug: Cow<'static, str>,
    title: Cow<'static, str>,
    status: u16,
    detail: Option<String>,
    /// Further members: `pointer`, `path`, `parameter`, `errors`.
    members: Map<String, Value>,
    /// Headers beside `Retry-After`: `WWW-Authenticate`, `Allow`.
    headers: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
}

/// What the types of problems are relative to.
#[derive(Debug, Clone)]
pub struct Types {
    base: Arc<str>,
}

impl Problem {
    /// Returns a problem of a kind that is built in.
    pub fn new(kind: Kind) -> Self {
        let facts = kind.facts();
        Self(Box::new(Parts {
            slug: Cow::Borrowed(facts.slug),
            title: Cow::Borrowed(facts.title),
            status: facts.status,
            detail: None,
            members: Map::new(),
            headers: Vec::new(),
            retry_after: None,
        }))
    }

    /// Returns a problem that a mapping declares.
    fn declared(slug: &str, status: u16, title: Option<&str>) -> Self {
        let title = title.map_or_else(|| words(slug), str::to_owned);
        let mut problem = Self::new(Kind::LegacyError);
        problem.0.slug = Cow::Owned(slug.into());
        problem.0.title = Cow::Owned(title);
        problem.0.status = status;
        problem
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(key.into(), value.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// Says when it is worth trying again.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Returns the last segment of the type.
    pub fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Returns the last segment of the type, for a log.
    pub fn into_slug(self) -> Cow<'static, str> {
        self.0.slug
    }

    /// Returns what a client gets.
    pub fn answer(&self, types: &Types, request_id: &str) -> Answer {
        let mut answer = Answer::new(self.0.status).header("content-type", MEDIA_TYPE);
        if let Some(pause) = self.0.retry_after {
            answer = answer.header("retry-after", seconds(pause).to_string());
        }
        for (name, value) in &self.0.headers {
            answer = answer.header(*name, value.clone());
        }
        answer.body(self.json(types, request_id))
    }

    fn json(&self, types: &Types, request_id: &str) -> Vec<u8> {
        let mut members = Map::new();
        members.insert("type".into(), json!(types.of(&self.0.slug)));
        members.insert("title".into(), json!(self.0.title));
        members.insert("status".into(), json!(self.0.status));
        if let Some(detail) = &self.0.detail {
            members.insert("detail".into(), json!(detail));
        }
        members.insert("instance".into(), json!(request_id));
        for (key, value) in &self.0.members {
            members.entry(key.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(members).to_string().into_bytes()
    }
}

impl Types {
    /// Returns the types below a base URL, which may be empty: types are then relative to the API.
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').into() }
    }

    /// Returns the type of a slug.
    pub fn of(&self, slug: &str) -> String {
        format!("{}/problems/{slug}", self.base)
    }
}

/// `Retry-After` counts whole seconds; a shorter pause is rounded up, so that nobody comes too early.
fn seconds(pause: Duration) -> u64 {
    (pause.as_secs() + u64::from(pause.subsec_nanos() > 0)).max(1)
}

/// `no-availability` → `No availability`.
pub fn words(slug: &str) -> String {
    let text = slug.replace('-', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_json_with_its_type_below_the_base_url() {
        let problem =
            Problem::new(Kind::NotFound).detail("there is no such reservation").with("pointer", "/id");
        let answer = problem.answer(&Types::new("https://api.example.com/"), "r-1");
        assert_eq!(
            std::str::from_utf8(answer.bytes()).unwrap(),
            r#"{"type":"https://api.example.com/problems/not-found","title":"Not found","status":404,"detail":"there is no such reservation","instance":"r-1","pointer":"/id"}"#
        );
        assert_eq!(answer.find("content-type"), Some(MEDIA_TYPE));
    }

    #[test]
    fn a_member_cannot_replace_what_the_standard_names() {
        let answer = Problem::new(Kind::NotFound).with("status", 200).answer(&Types::new(""), "r");
        assert!(std::str::from_utf8(answer.bytes()).unwrap().contains(r#""status":404"#));
    }

    #[test]
    fn a_pause_is_rounded_up_to_whole_seconds() {
        let check = |ms, expected| assert_eq!(seconds(Duration::from_millis(ms)), expected);
        check(0, 1);
        check(1, 1);
        check(1000, 1);
        check(1001, 2);
        check(30_000, 30);
    }

    #[test]
    fn a_declared_problem_without_title_gets_the_words_of_its_slug() {
        assert_eq!(words("no-availability"), "No availability");
        assert_eq!(words(""), "");
    }
}
