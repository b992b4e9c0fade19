//! The report on a program: coverage, what is read and written and how exactly, memory, plan, policies.
//!
//! **Invariant.** Everything in it is computed from the plans that run, so it cannot promise more than they do.

mod events;
mod fields;
mod memory;
mod operations;
mod text;

pub use events::EventReport;
pub use fields::{FieldReport, ModelReport};
pub use memory::{Memory, MemoryClass};
pub use operations::OperationReport;

use crate::program::Program;
use serde_json::{Value as Json, json};

/// The report on a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its models.
    pub models: Vec<ModelReport>,
    /// Its operations.
    pub operations: Vec<OperationReport>,
    /// What is published.
    pub events: Vec<EventReport>,
    /// What is checked but not run: section, name, why.
    pub unsupported: Vec<(String, String, String)>,
}

/// Makes the report on a program, or on one of its models and the operations that use it.
///
/// `None` if there is no model of that name.
pub fn explain(program: &Program, model: Option<&str>) -> Option<Report> {
    if let Some(name) = model {
        program.find_model(name)?;
    }
    let wanted = |name: &str| model.is_none_or(|model| model == name);
    let models = program.models.iter().filter(|model| wanted(&model.name));
    let operations = program
        .operations
        .iter()
        .filter(|operation| model.is_none() || operation.model_name.as_deref().is_some_and(wanted));
    let events = program.events.iter().filter(|events| wanted(&events.name));
    let unsupported = program.unsupported.iter().filter(|it| model.is_none() || wanted(&it.name));
    Some(Report {
        models: models.map(|model| fields::model(program, model)).collect(),
        operations: operations.map(|operation| operations::operation(program, operation)).collect(),
        events: events.map(|events| events::events(program, events)).collect(),
        unsupported: unsupported
            .map(|it| (it.section.to_owned(), it.name.to_string(), it.why.to_owned()))
            .collect(),
    })
}

impl Report {
    /// Returns the report as text.
    pub fn text(&self) -> String {
        text::report(self)
    }

    /// Returns the report as data.
    pub fn json(&self) -> Json {
        json!({
            "models": self.models.iter().map(ModelReport::json).collect::<Vec<_>>(),
            "operations": self.operations.iter().map(OperationReport::json).collect::<Vec<_>>(),
            "events": self.events.iter().map(EventReport::json).collect::<Vec<_>>(),
            "unsupported": self.unsupported.iter().map(|(section, name, why)| json!({
                "section": section, "name": name, "why": why,
            })).collect::<Vec<_>>(),
        })
    }
}
