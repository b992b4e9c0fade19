//! Models and fields in the report.
//!
//! **Invariant.** A field that a write changes otherwise than reading suggests says so.

use crate::codec::{Chain, Loss};
use crate::plan::compile::coverage;
use crate::plan::model::{FieldKind, Model, ObjectMap, WriteRule};
use crate::program::Program;
use serde_json::{Value as Json, json};

/// A model in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelReport {
    /// Its name.
    pub name: String,
    /// Connection and structure.
    pub legacy: String,
    /// Legacy fields that are used.
    pub used: usize,
    /// Legacy fields that are ignored by name.
    pub ignored: usize,
    /// Legacy fields in all.
    pub total: usize,
    /// Legacy fields that are neither.
    pub reported: Vec<String>,
    /// Its fields.
    pub fields: Vec<FieldReport>,
    /// What somebody should know.
    pub remarks: Vec<String>,
}

/// A field in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldReport {
    /// Its name, dotted; elements of a list stand behind `[]`.
    pub name: String,
    /// Whether answers have it.
    pub read: bool,
    /// What a write does: `yes`, `–`, or the expression that is written.
    pub write: String,
    /// `exact`, `canonical`, `lossy`, `partial`, or `computed`.
    pub class: String,
    /// Details to the class.
    pub notes: Vec<String>,
}

pub(super) fn model(program: &Program, model: &Model) -> ModelReport {
    let coverage = coverage::measure(model);
    let connection = program.connections.get(model.connection).map_or("", |connection| &*connection.name);
    let mut report = ModelReport {
        name: model.name.to_string(),
        legacy: format!("{connection}/{}", model.shape.part(model.part).name.local),
        used: coverage.used,
        ignored: coverage.ignored,
        total: coverage.total,
        reported: coverage.reported.into_iter().map(|(path, _)| path).collect(),
        fields: Vec::new(),
        remarks: Vec::new(),
    };
    fields(&model.body, "", &mut report);
    for constant in &model.constants {
        let path = crate::plan::resolve::written(&model.shape, &constant.path);
        report.remarks.push(format!("a write sets {path}"));
    }
    report
}

fn fields(map: &ObjectMap, prefix: &str, report: &mut ModelReport) {
    for field in &map.fields {
        let name = format!("{prefix}{}", field.name);
        let read = !field.hidden && !field.facts.write_only;
        match &field.kind {
            FieldKind::Value { chain, write, .. } => {
                let written = match write {
                    WriteRule::Expr(formula) => formula.typed.text().to_owned(),
                    WriteRule::Inverse if !field.facts.read_only && !field.hidden => "yes".into(),
                    _ => "–".into(),
                };
                report.fields.push(FieldReport { name, read, write: written, ..value(chain) });
            }
            FieldKind::Computed(formula) => report.fields.push(FieldReport {
                name,
                read,
                write: "–".into(),
                class: "computed".into(),
                notes: vec![formula.typed.text().to_owned()],
            }),
            FieldKind::Each { element, key, .. } => {
                if key.is_empty() && read {
                    report.remarks.push(format!("elements of {name} are aligned by position; `key:` would keep what is not mapped with its owner"));
                }
                fields(element, &format!("{name}[]."), report);
            }
            FieldKind::Object(inner) => fields(inner, &format!("{name}."), report),
            FieldKind::Cases { cases, .. } => {
                for case in cases {
                    fields(&case.fields, &format!("{name}({}).", case.name), report);
                }
            }
        }
    }
}

fn value(chain: &Chain) -> FieldReport {
    let mut notes = chain.notes();
    if notes.is_empty() && chain.loss() == Loss::Canonical {
        notes.push("writes one form".into());
    }
    FieldReport {
        name: String::new(),
        read: true,
        write: String::new(),
        class: chain.loss().name().into(),
        notes,
    }
}

impl ModelReport {
    pub(super) fn json(&self) -> Json {
        json!({
            "name": self.name, "legacy": self.legacy,
            "coverage": { "used": self.used, "ignored": self.ignored, "total": self.total, "reported": self.reported },
            "fields": self.fields.iter().map(FieldReport::json).collect::<Vec<_>>(),
            "remarks": self.remarks,
        })
    }
}

impl FieldReport {
    fn json(&self) -> Json {
        json!({ "name": self.name, "read": self.read, "write": self.write, "class": self.class, "notes": self.notes })
    }
}
