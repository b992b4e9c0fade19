//! How much of a reply is in memory at once, and why.
//!
//! **Invariant.** The class is the highest of its causes; without a cause it is a stream.

use crate::plan::model::{Case, FieldKind, LegacyPath, Model, ObjectMap, Pick};
use crate::plan::resolve::written;
use crate::program::{OperationPlan, StreamPlan, Verb};
use kernel::{PartKind, Shape};

/// The memory of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// Its class.
    pub class: MemoryClass,
    /// What causes it.
    pub causes: Vec<String>,
}

/// How much is in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryClass {
    /// One set of slots.
    Stream,
    /// One element of the outermost repetition.
    Element,
    /// The whole reply.
    Reply,
}

impl MemoryClass {
    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "S0 stream",
            Self::Element => "S1 one element",
            Self::Reply => "S2 whole reply",
        }
    }
}

/// Returns the memory of an operation.
pub(super) fn of(operation: &OperationPlan, model: Option<&Model>) -> Memory {
    let mut memory = Memory { class: MemoryClass::Stream, causes: Vec::new() };
    if let Some(model) = model.filter(|_| operation.reply_schema.is_some()) {
        memory.map(&model.shape, &model.body);
    }
    let Some(call) = &operation.call else { return memory };
    if call.read.waits() {
        memory.cause(MemoryClass::Element, "elements use values of what encloses them".into());
    }
    if operation.reply_schema.is_some() && call.read.judges() && !call.read.decides_early() {
        memory
            .cause(MemoryClass::Reply, "the error table cannot be decided before the payload begins".into());
    }
    if operation.read_by.is_some() {
        memory.cause(MemoryClass::Reply, "a write reads the old record and keeps what is not mapped".into());
    }
    if operation.verb != Verb::List && memory.class == MemoryClass::Element {
        memory.causes.push("the element is the record itself".into());
    }
    memory
}

/// Returns the memory of records that come by themselves: each is forgotten before the next one.
pub(super) fn of_stream(stream: &StreamPlan) -> Memory {
    let mut memory = Memory { class: MemoryClass::Stream, causes: Vec::new() };
    if stream.waits() {
        memory.cause(MemoryClass::Element, "elements use values of what encloses them".into());
        memory.causes.push("the element is the record itself".into());
    }
    memory
}

impl Memory {
    fn cause(&mut self, class: MemoryClass, cause: String) {
        self.class = self.class.max(class);
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
    }

    fn map(&mut self, shape: &Shape, map: &ObjectMap) {
        for field in &map.fields {
            match &field.kind {
                FieldKind::Value { sources, .. } => {
                    sources.iter().for_each(|source| self.path(shape, source));
                    if sources.len() > 1 {
                        self.cause(MemoryClass::Element, format!("{} combines several fields", field.name));
                    }
                }
                FieldKind::Computed(formula) if !formula.is_constant() => {
                    self.cause(MemoryClass::Element, format!("{} is computed", field.name));
                }
                FieldKind::Computed(_) => {}
                FieldKind::Each { path, element, .. } => {
                    self.path(shape, path);
                    self.map(shape, element);
                }
                FieldKind::Object(inner) => self.map(shape, inner),
                FieldKind::Cases { cases, .. } => {
                    self.cause(
                        MemoryClass::Element,
                        format!("the case of {} may be known only at the end", field.name),
                    );
                    cases.iter().for_each(|case: &Case| self.map(shape, &case.fields));
                }
            }
        }
    }

    fn path(&mut self, shape: &Shape, path: &LegacyPath) {
        for step in &path.steps {
            match &step.pick {
                Pick::Last => self.cause(MemoryClass::Element, format!("[last] in {}", written(shape, path))),
                Pick::Where(conditions) => {
                    let early = conditions.iter().all(|condition| {
                        matches!(condition.path.as_slice(), [step] if step.parts.iter().all(|&part| {
                            matches!(shape.part(part).kind, PartKind::Attribute | PartKind::Field)
                        }))
                    });
                    if !early {
                        self.cause(
                            MemoryClass::Element,
                            format!("a condition on a later part in {}", written(shape, path)),
                        );
                    }
                }
                _ => {}
            }
        }
    }
}
