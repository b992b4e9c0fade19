//! One entry of `rest:`, compiled: how it is reached, what it sends, how its answer is read.
//!
//! **Invariant.** A plan is shared and never changes; what belongs to one request lives in its `Reader` and `Inputs`.

use super::{OwnPlan, Param, ReadPlan, Reader, TablePlan};
use crate::codec::Chain;
use crate::lang;
use crate::plan::model::{Formula, LegacyPath, ModelId};
use crate::plan::write::Prepared;
use crate::program::Ambient;
use kernel::{OperationId, PartId, Shape, Span, TypeId};
use std::sync::Arc;

/// A compiled operation.
#[derive(Debug, Clone)]
pub struct OperationPlan {
    /// Method and template as written: `GET /reservations/{id}`.
    pub key: Arc<str>,
    /// The method.
    pub method: Method,
    /// The template: `/reservations/{id}`.
    pub template: Arc<str>,
    /// Its segments.
    pub path: Vec<Segment>,
    /// What it means.
    pub verb: Verb,
    /// The model that it answers with or takes, if it has a legacy side.
    pub model: Option<ModelId>,
    /// The name of that model, or of the one that describes the body.
    pub model_name: Option<Arc<str>>,
    /// Path parameters in the order of the path, then query parameters.
    pub params: Vec<Param>,
    /// Status of a good answer.
    pub success: u16,
    /// What is called; `None` where this build cannot run it (see [`super::Program::unsupported`]).
    pub call: Option<CallPlan>,
    /// The client side: scope, cache, idempotency …; `use:` is resolved.
    pub policy: lang::Policy,
    /// Paging of a list.
    pub page: Option<Paging>,
    /// JSON Schema that a request body must obey; `None` where there is no body.
    pub body_schema: Option<Arc<serde_json::Value>>,
    /// JSON Schema of the answer's body, of one item for a list; `None` where there is none.
    pub reply_schema: Option<Arc<serde_json::Value>>,
    /// A line for people.
    pub summary: Option<Arc<str>>,
    /// The operation whose call reads the old record, for an update; its key.
    pub read_by: Option<Arc<str>>,
    /// Where it is declared.
    pub span: Span,
}

/// What is called.
#[derive(Debug, Clone)]
pub struct CallPlan {
    /// Index of the connection in the program.
    pub connection: usize,
    /// The operation in the connection's catalogue; [`OperationId::QUERY`] for tables and statements.
    pub operation: OperationId,
    /// The name as written: `pms.ReadReservation`, `erp/KDLIB.KDSTAMM`.
    pub name: Arc<str>,
    /// The call has the same effect when it is executed twice.
    pub repeatable: bool,
    /// What is asked for.
    pub target: Target,
    /// How the reply is read: for `update`, `replace` and `delete` of a table how the old row is, for `create` the key
    /// of the new one.
    pub read: Arc<ReadPlan>,
}

/// What a call asks for.
#[derive(Debug, Clone)]
pub enum Target {
    /// An operation of the catalogue, by a message.
    Send(SendPlan),
    /// Rows of a table.
    Table(Box<TablePlan>),
    /// A statement of the mapping's author that reads no rows.
    Own(OwnPlan),
}

/// What a request is made of, in order. Conditions of paths are constants that are written too.
#[derive(Debug, Clone)]
pub struct SendPlan {
    /// The shape of the connection.
    pub shape: Arc<Shape>,
    /// The root of the request.
    pub part: PartId,
    /// Its type.
    pub ty: TypeId,
    /// The assignments: the connection's own first, as far as the request has their field and the operation does not
    /// assign it itself.
    pub assignments: Vec<Assignment>,
    /// The request without its values, where all requests have the same structure.
    pub prepared: Option<Prepared>,
}

/// One line of `send:`.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Where it goes, relative to the request.
    pub path: LegacyPath,
    /// The last step repeats and has no position: one is added.
    pub fresh: bool,
    /// What it is.
    pub value: SendValue,
    /// Where it stands.
    pub span: Span,
}

/// The right side of a line of `send:`.
#[derive(Debug, Clone)]
pub enum SendValue {
    /// A text as written, in the lexical form of the legacy type.
    Text(Arc<str>),
    /// An expression over parameters, `body`, `page`, `now`, `today`, `requestId`; written by the chain of the legacy
    /// type; absent sends nothing.
    Expr(Box<Formula>, Chain),
    /// `= body`, where the path has the legacy type of the model: the body, translated.
    Body(ModelId),
}

/// Paging of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Items where the client does not say.
    pub size: u32,
    /// Items at most.
    pub max: u32,
}

/// The methods of HTTP that a mapping may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
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
    /// Does something else.
    Call,
}

/// A segment of a path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text as it stands.
    Literal(Arc<str>),
    /// A parameter, by its index into [`OperationPlan::params`].
    Param(usize),
}

impl CallPlan {
    /// Returns what the message is made of, where an operation of the catalogue is called.
    pub fn send(&self) -> Option<&SendPlan> {
        match &self.target {
            Target::Send(send) => Some(send),
            Target::Table(_) | Target::Own(_) => None,
        }
    }

    /// Returns how a table is asked, where it is one.
    pub fn table(&self) -> Option<&TablePlan> {
        match &self.target {
            Target::Table(table) => Some(table),
            Target::Send(_) | Target::Own(_) => None,
        }
    }
}

impl OperationPlan {
    /// Returns a reader for one reply, to be reused by [`Reader::reset`]. `None` where nothing is called.
    pub fn reader(&self, ambient: &Ambient) -> Option<Reader> {
        self.call.as_ref().map(|call| Reader::new(Arc::clone(&call.read), ambient))
    }

    /// Returns whether the method is safe: it changes nothing.
    pub fn is_read(&self) -> bool {
        matches!(self.verb, Verb::Get | Verb::List)
    }
}

impl Method {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Returns the method of a name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.name() == name)
    }
}

impl Verb {
    /// Returns the word in the mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Call => "call",
        }
    }
}
