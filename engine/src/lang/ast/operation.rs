//! Operations: the entries of `rest:`.
//!
//! **Invariant.** Names of models, operations and fields stand as written; nothing says yet that they exist.

use super::{Assign, Expr, Path, Policy, Spanned};
use kernel::Span;

/// One entry of `rest:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The key as written: `GET /reservations/{id}`.
    pub key: Spanned<String>,
    /// The method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Spanned<String>,
    /// The path template.
    pub template: Spanned<String>,
    /// The segments of the template.
    pub segments: Vec<Spanned<Segment>>,
    /// What it means, and for which model.
    pub verb: Option<(Verb, Spanned<String>)>,
    /// `body:`, the model that describes the body of an operation without a verb.
    pub body: Option<Spanned<String>>,
    /// `reply:` as a map, the assembly of the answer of `steps`.
    pub reply: Vec<ReplyField>,
    /// `call:`, as `connection.operation`.
    pub call: Option<Spanned<String>>,
    /// `send:`.
    pub send: Vec<Assign>,
    /// `receive:`.
    pub receive: Option<Path>,
    /// `read:`, the operation that reads the old record.
    pub read: Option<Spanned<String>>,
    /// `sql:`, an own statement.
    pub statement: Option<Spanned<String>>,
    /// `status:`, of a good answer.
    pub status: Option<Spanned<u16>>,
    /// `query:`, parameters.
    pub query: Vec<QueryParam>,
    /// `filter:`, parameters that select.
    pub filter: Vec<Filter>,
    /// `page:`.
    pub page: Option<PageRule>,
    /// `steps:`, in the order of the file.
    pub steps: Vec<StepCall>,
    /// `policy:`.
    pub policy: Policy,
    /// `doc:`.
    pub doc: Option<Spanned<String>>,
    /// `since:`, the first version that has it.
    pub since: Option<Spanned<String>>,
    /// `until:`, the last version that has it.
    pub until: Option<Spanned<String>>,
    /// The whole block.
    pub span: Span,
}

/// What an operation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Answers one record.
    Get,
    /// Answers many.
    List,
    /// Makes one.
    Create,
    /// Puts one in the place of another.
    Replace,
    /// Changes one.
    Update,
    /// Takes one away.
    Delete,
}

/// A segment of a path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text as it stands.
    Literal(String),
    /// A parameter, by its name.
    Param(String),
}

/// A query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryParam {
    /// Its name.
    pub name: Spanned<String>,
    /// `type:` one of `text integer number boolean date time datetime`.
    pub ty: Spanned<String>,
    /// `required: true`.
    pub required: bool,
    /// `enum:`, the values that are allowed.
    pub allowed: Vec<Spanned<String>>,
    /// `default:`.
    pub default: Option<Spanned<String>>,
    /// `doc:`.
    pub doc: Option<Spanned<String>>,
}

/// A filter: `changedSince: updatedAt >=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The query parameter.
    pub name: Spanned<String>,
    /// The modern field.
    pub field: Spanned<String>,
    /// How they are compared.
    pub op: Spanned<CompareOp>,
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`, also where nothing is written.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `starts`.
    Starts,
    /// `contains`.
    Contains,
    /// `in`.
    In,
}

/// `page:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRule {
    /// Items where the client does not say.
    pub size: Spanned<u32>,
    /// Items at most.
    pub max: Spanned<u32>,
    /// Where the legacy cursor stands in the reply.
    pub next: Option<Path>,
    /// `order:`, the fields by which a list of a table is ordered; `-` in front turns the order around.
    pub order: Vec<Spanned<String>>,
    /// `sort:`, the fields by which a client may have it ordered.
    pub sort: Vec<Spanned<String>>,
    /// The whole map.
    pub span: Span,
}

/// One step of an operation that asks several systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCall {
    /// Its name.
    pub name: Spanned<String>,
    /// `call:`.
    pub call: Option<Spanned<String>>,
    /// `send:`.
    pub send: Vec<Assign>,
    /// `receive:`.
    pub receive: Option<Path>,
    /// `as:`, a model.
    pub model: Option<Spanned<String>>,
    /// `each:`, the list of another step for each element of which this one runs.
    pub each: Option<Spanned<String>>,
    /// `parallel:`, how many of those run at once.
    pub parallel: Option<Spanned<u32>>,
    /// `optional: true`.
    pub optional: bool,
    /// The whole block.
    pub span: Span,
}

/// One member of `reply:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyField {
    /// Its name, with dots.
    pub name: Spanned<String>,
    /// What it is.
    pub value: Expr,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Self; 6] =
        [Self::Get, Self::List, Self::Create, Self::Replace, Self::Update, Self::Delete];

    /// Returns the word in the mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl CompareOp {
    /// All operators and how they are written.
    pub const ALL: [(&'static str, Self); 9] = [
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        ("<", Self::Less),
        (">=", Self::GreaterOrEqual),
        (">", Self::Greater),
        ("starts", Self::Starts),
        ("contains", Self::Contains),
        ("in", Self::In),
    ];

    /// Returns whether it asks for an order.
    pub fn is_range(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }
}
