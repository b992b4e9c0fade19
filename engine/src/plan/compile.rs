//! Compiling a project: every name is resolved, every mistake is reported, and the plans are made.
//!
//! **Invariant.** All mistakes at once: one that is found does not hide another that does not follow from it.

mod connections;
pub(crate) mod coverage;
mod events;
mod fields;
mod formulas;
mod judge;
mod models;
mod operations;
mod others;
mod own;
mod policies;
mod required;
mod send;
pub(crate) mod structures;
pub(crate) mod tables;
mod usage;

pub(crate) use events::beside_names;

use crate::codec::{CodeTable, CodeTables};
use crate::lang::{self, CodeSource, Project};
use crate::plan::model::{Model, ModelId};
use crate::program::{ConnectionPlan, Program, Unsupported};
use kernel::{Catalogue, Diagnostic, Severity, Sources, Span, Statement, StatementError};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// Reads a statement of the mapping's author: for a connection, by its name, and the text.
pub type ReadStatement<'a> = dyn Fn(&str, &str) -> Result<Statement, Vec<StatementError>> + 'a;

/// What a project is compiled with.
pub struct Environment<'a> {
    /// What the connections offer that an adapter serves, by name.
    pub catalogues: &'a BTreeMap<String, Arc<Catalogue>>,
    /// Connections that could not be opened: why was reported already, so what follows from it is not.
    pub failed: &'a BTreeSet<String>,
    /// Reads a statement of the mapping's author for a connection, by its name.
    pub statements: &'a ReadStatement<'a>,
    /// Reads a text file of the project folder; the error says why it cannot be read.
    pub files: &'a dyn Fn(&str) -> Result<String, String>,
    /// The files of the project; those that are read here are added.
    pub sources: &'a mut Sources,
}

/// What came of compiling a project.
#[derive(Debug)]
pub struct Compiled {
    /// The program; `None` if there was an error.
    pub program: Option<Program>,
    /// Errors, warnings and notes.
    pub findings: Vec<Diagnostic>,
}

/// Compiles a project.
pub fn compile(project: &Project, environment: &mut Environment<'_>) -> Compiled {
    let mut compiler = Compiler::new(project, environment);
    compiler.codes();
    compiler.connections();
    compiler.models();
    compiler.error_tables();
    compiler.operations();
    compiler.other_sections();
    let findings = compiler.found;
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let program = (!failed).then(|| Program {
        facade: project.facade.as_ref().map_or("", |name| name.value.as_str()).into(),
        title: project.title.as_ref().map(|title| title.value.as_str().into()),
        auth: project.auth.clone(),
        connections: compiler.connections,
        models: compiler.models,
        schemas: compiler
            .schemas
            .into_iter()
            .map(|(name, schema, _)| (name.as_str().into(), schema))
            .collect(),
        operations: compiler.operations,
        events: compiler.events,
        unsupported: compiler.unsupported,
    });
    Compiled { program, findings }
}

/// A project while it is compiled.
pub(crate) struct Compiler<'a> {
    project: &'a Project,
    catalogues: &'a BTreeMap<String, Arc<Catalogue>>,
    failed: &'a BTreeSet<String>,
    statements: &'a ReadStatement<'a>,
    files: &'a dyn Fn(&str) -> Result<String, String>,
    sources: &'a mut Sources,
    found: Vec<Diagnostic>,
    codes: CodeTables,
    connections: Vec<ConnectionPlan>,
    /// Tests of each connection's error table, as they were written.
    judged: Vec<judge::Written<'a>>,
    models: Vec<Arc<Model>>,
    /// Models that are understood but belong to a connection that no adapter serves.
    foreign: Vec<&'a str>,
    /// The JSON Schemas by model, with the file in which each stands.
    schemas: Vec<(String, Arc<serde_json::Value>, Option<kernel::FileId>)>,
    operations: Vec<Arc<crate::program::OperationPlan>>,
    events: Vec<Arc<crate::program::EventPlan>>,
    unsupported: Vec<Unsupported>,
    /// Models that were wrong, so that what uses them is not reported too.
    broken: HashMap<&'a str, ()>,
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("catalogues", &self.catalogues.keys()).finish_non_exhaustive()
    }
}

impl<'a> Compiler<'a> {
    fn new(project: &'a Project, environment: &'a mut Environment<'_>) -> Self {
        Self {
            project,
            catalogues: environment.catalogues,
            failed: environment.failed,
            statements: environment.statements,
            files: environment.files,
            sources: environment.sources,
            found: Vec::new(),
            codes: CodeTables::new(),
            connections: Vec::new(),
            judged: Vec::new(),
            models: Vec::new(),
            foreign: Vec::new(),
            schemas: Vec::new(),
            operations: Vec::new(),
            events: Vec::new(),
            unsupported: Vec::new(),
            broken: HashMap::new(),
        }
    }

    fn report(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic::new(code, span, message));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Checks the code tables (E060) and reads those that are files.
    fn codes(&mut self) {
        for table in &self.project.codes {
            let lines = match &table.source {
                CodeSource::Inline(lines) => lines.clone(),
                CodeSource::Csv { file, modern, legacy } => {
                    let Some(text) = self.text(file) else { continue };
                    let id = self.sources.add(file.value.as_str(), text.as_str());
                    match lang::codes_from_csv(&text, id, modern, legacy) {
                        Ok(lines) => lines,
                        Err(found) => {
                            self.found.extend(found);
                            continue;
                        }
                    }
                }
            };
            let (checked, found) = CodeTable::new(table.name.value.as_str(), lines);
            self.found.extend(found);
            self.codes.insert(checked.name.clone(), Arc::new(checked));
        }
    }

    /// Reads a file that the mapping names.
    fn text(&mut self, file: &lang::Spanned<String>) -> Option<String> {
        match (self.files)(&file.value) {
            Ok(text) => Some(text),
            Err(why) => {
                self.report("E007", file.span, format!("the file {} cannot be read: {why}", file.value));
                None
            }
        }
    }

    fn find_model(&self, name: &str) -> Option<(ModelId, &Arc<Model>)> {
        let at = self.models.iter().position(|known| &*known.name == name)?;
        Some((ModelId(u32::try_from(at).ok()?), &self.models[at]))
    }

    fn schema_of(&self, model: &str) -> Option<&Arc<serde_json::Value>> {
        self.schemas.iter().find(|(name, ..)| name == model).map(|(_, schema, _)| schema)
    }

    /// Says that something is checked, but not run by this build.
    fn unsupported(&mut self, section: &'static str, name: &str, why: &'static str, span: Span) {
        self.unsupported.push(Unsupported { section, name: name.into(), why, span });
    }
}
