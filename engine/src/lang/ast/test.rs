//! Tests that stand in the mapping.
//!
//! **Invariant.** Expected data stays as written; only who runs a test knows of which form it is.

use super::Spanned;
use kernel::{Node, Span};

/// One entry of `tests:`. Its keys say what it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// `name:`.
    pub name: Spanned<String>,
    /// `after:`, the test whose state it keeps.
    pub after: Option<Spanned<String>>,
    /// `model:`.
    pub model: Option<Spanned<String>>,
    /// `legacy:`.
    pub legacy: Option<Payload>,
    /// `modern:`.
    pub modern: Option<Payload>,
    /// `oneWay: true`.
    pub one_way: bool,
    /// `request:`.
    pub request: Option<TestRequest>,
    /// `headers:` of the request.
    pub headers: Vec<(Spanned<String>, Spanned<String>)>,
    /// `body:` of the request.
    pub body: Option<Payload>,
    /// `calls:`; `None` where nothing is said, empty where none may happen.
    pub calls: Option<Vec<TestCall>>,
    /// `response:`.
    pub response: Option<TestResponse>,
    /// `sql:`, the statement that must be made.
    pub statement: Option<Spanned<String>>,
    /// `reply:` to it.
    pub reply: Option<Payload>,
    /// `file:`.
    pub file: Option<Spanned<String>>,
    /// `messages:`.
    pub messages: Option<Vec<TestMessage>>,
    /// `reconcile:`, the model.
    pub reconcile: Option<Spanned<String>>,
    /// `events:`; `None` where nothing is said, empty where none may be published.
    pub events: Option<Vec<Node>>,
    /// `rejected:`.
    pub rejected: Option<Spanned<String>>,
    /// The whole entry.
    pub span: Span,
}

/// Data of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// A file, relative to the root.
    File(Spanned<String>),
    /// A text that was written as a block, or that begins with `<`, `{` or `[`.
    Text(Spanned<String>),
    /// A map or a list.
    Inline(Node),
}

/// `GET /reservations/R-404?x=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Where it stands.
    pub span: Span,
}

/// One entry of `calls:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCall {
    /// `connection.operation`.
    pub name: Spanned<String>,
    /// `request:`, what must be sent.
    pub request: Option<Payload>,
    /// `reply:`, what the legacy system answers.
    pub reply: Option<Payload>,
    /// `status:`, with which status of the transport.
    pub status: Option<Spanned<u16>>,
    /// The whole entry.
    pub span: Span,
}

/// `response:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResponse {
    /// `status:`.
    pub status: Option<Spanned<u16>>,
    /// `problem:`.
    pub problem: Option<Spanned<String>>,
    /// `detail:` of the problem.
    pub detail: Option<Spanned<String>>,
    /// `headers:`.
    pub headers: Vec<(Spanned<String>, Spanned<String>)>,
    /// `body:`.
    pub body: Option<Payload>,
    /// The whole map.
    pub span: Span,
}

/// One entry of `messages:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// `topic:`.
    pub topic: Spanned<String>,
    /// `payload:`, as text.
    pub payload: Spanned<String>,
    /// The entry.
    pub span: Span,
}
