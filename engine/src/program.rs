//! What a project compiles to, as the gateway sees it: connections, models, operations.
//!
//! **Invariant.** Immutable and complete; nothing in it is looked up by name while a request is served.

mod event;
mod inputs;
mod operation;
mod param;
mod table;

pub use crate::plan::errors::FaultView;
pub use crate::plan::read::{Answer, ReadPlan, Reader, Residue};
pub use event::{EventPlan, EventTypes, FieldPath, SinceKind, SincePlan, StreamPlan, TopicPlan, WatchPlan};
pub use inputs::{Ambient, Inputs, Page};
pub use operation::{
    Assignment, CallPlan, Method, OperationPlan, Paging, Segment, SendPlan, SendValue, Target, Verb,
};
pub use param::{Param, Place};
pub use table::{ColumnPlan, FilterPlan, OwnPlan, OwnValue, SortPlan, TablePlan};

use crate::lang;
use crate::plan::errors::ErrorTable;
use crate::plan::model::{Model, ModelId};
use jiff::tz::TimeZone;
use kernel::{Catalogue, Class, Span};
use std::sync::Arc;

/// A compiled project.
#[derive(Debug, Clone)]
pub struct Program {
    /// Name of the facade: event source, metric label.
    pub facade: Arc<str>,
    /// Title for people.
    pub title: Option<Arc<str>>,
    /// Who may call; `None` where the project says nothing.
    pub auth: Option<lang::Auth>,
    /// The connections in the order of the project, also those that no adapter serves.
    pub connections: Vec<ConnectionPlan>,
    /// The models that have a legacy side; a [`ModelId`] is an index into it.
    pub models: Vec<Arc<Model>>,
    /// The JSON Schema of every model by name, also of those that only describe a body.
    pub schemas: Vec<(Arc<str>, Arc<serde_json::Value>)>,
    /// What can be called; an operation's number is its index.
    pub operations: Vec<Arc<OperationPlan>>,
    /// What is published, and how changes are noticed.
    pub events: Vec<Arc<EventPlan>>,
    /// What is written and checked, but is not run by this build.
    pub unsupported: Vec<Unsupported>,
}

/// A connection with what the gateway needs to put layers around it.
#[derive(Debug, Clone)]
pub struct ConnectionPlan {
    /// Its name.
    pub name: Arc<str>,
    /// The word behind `type:`.
    pub kind: Arc<str>,
    /// What protects the legacy system; `use:` is resolved.
    pub policy: lang::Policy,
    /// The error table; `kernel::Error::entry` is an index into it.
    pub errors: Vec<ErrorEntry>,
    /// The table in the form that judges.
    pub table: Arc<ErrorTable>,
    /// What it offers; `None` where no adapter serves it.
    pub catalogue: Option<Arc<Catalogue>>,
    /// Unknown parts are errors.
    pub strict: bool,
    /// The zone in which it lives: `timezone:`, or UTC.
    pub timezone: TimeZone,
    /// Where it is declared.
    pub span: Span,
}

/// One line of an error table: what a client sees, and what policies do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorEntry {
    /// The problem's slug.
    pub problem: Arc<str>,
    /// The HTTP status.
    pub status: u16,
    /// Its title, if the mapping gives one.
    pub title: Option<Arc<str>>,
    /// Its class: written, or by the status and `retry`.
    pub class: Class,
    /// The call was not executed, and the same one may succeed later.
    pub retry: bool,
    /// Whether the breaker counts it; `None` leaves it to the class.
    pub counts: Option<bool>,
    /// It releases a text of the legacy system to clients.
    pub has_detail: bool,
    /// Where it stands.
    pub span: Span,
}

/// Something that this build checks, but does not run. `serve` refuses it unless it is waived by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The section: `events`, `reconcile`, `versions`, `rest`, `models`, `connections`.
    pub section: &'static str,
    /// Its name in the section.
    pub name: Arc<str>,
    /// Why, in words.
    pub why: &'static str,
    /// Where it stands.
    pub span: Span,
}

impl Program {
    /// Returns a model by its number.
    pub fn model(&self, id: ModelId) -> &Arc<Model> {
        &self.models[id.0 as usize]
    }

    /// Returns a model by its name.
    pub fn find_model(&self, name: &str) -> Option<&Arc<Model>> {
        self.models.iter().find(|model| &*model.name == name)
    }

    /// Returns number and plan of a connection by its name.
    pub fn find_connection(&self, name: &str) -> Option<(usize, &ConnectionPlan)> {
        self.connections.iter().enumerate().find(|(_, connection)| &*connection.name == name)
    }

    /// Returns an operation by method and template, as tests name it: `GET /reservations/{id}`.
    pub fn find_operation(&self, key: &str) -> Option<&Arc<OperationPlan>> {
        self.operations.iter().find(|operation| &*operation.key == key)
    }
}
