//! The tests in a mapping, run against the same program and the same service that serve.
//!
//! **Invariant.** A test that is not run is said and counted; none passes in silence.

mod compare;
pub(crate) mod file;
mod inline;
mod laws;
mod model;
mod payload;
mod report;
mod request;
mod rows;
mod script;
#[cfg(test)]
mod tests;
mod update;

pub use report::{Checked, Outcome, Report, Tested};

use crate::project::Folder;
use adapters_ports::Connection;
use engine::lang;
use engine::program::Program;
use engine::value::Value;
use kernel::{Sources, Span};
use std::sync::Arc;
use update::Updates;

/// A project that was loaded and compiled.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What is written.
    pub project: &'a lang::Project,
    /// What it compiles to.
    pub program: &'a Arc<Program>,
    /// The connections in the order of the program, opened offline.
    pub connections: &'a [Option<Arc<dyn Connection>>],
    /// Where the files of tests lie.
    pub folder: &'a Folder,
    /// Where the tests stand.
    pub sources: &'a Sources,
}

/// What is done beside running the tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The laws of each model are checked on random records.
    pub laws: bool,
    /// Files with expected data are rewritten where they differ.
    pub update: bool,
}

/// Runs all tests of a project.
///
/// Must not be called from within an asynchronous task: it drives a service of its own.
pub fn run(subject: &Subject<'_>, options: Options) -> Report {
    let mut updates = Updates::new(subject.folder, options.update);
    let results = (0..subject.project.tests.len()).map(|number| one(subject, number, &mut updates)).collect();
    let laws = if options.laws { laws::run(subject.program) } else { Vec::new() };
    Report { results, laws, updated: updates.written() }
}

/// Returns JSON data of a test as a value, such as an example of the API.
///
/// # Errors
/// The file cannot be read, or is no JSON.
pub fn data(folder: &Folder, payload: &lang::Payload) -> Result<Value, String> {
    payload::value(folder, payload)
}

fn one(subject: &Subject<'_>, number: usize, updates: &mut Updates<'_>) -> Tested {
    let test = &subject.project.tests[number];
    let outcome = match (lacking(test), &test.model, &test.request) {
        (Some(why), _, _) => Outcome::NotRun(why.into()),
        (None, _, None) if test.file.is_some() => file::run(subject, test),
        (None, Some(_), None) => model::run(subject, test, updates),
        (None, None, Some(_)) => request::run(subject, number, updates),
        (None, Some(_), Some(_)) => Outcome::failed("a test has either `model` or `request`"),
        (None, None, None) => {
            Outcome::failed("a test needs `model` with `legacy` and `modern`, or `request`, or `file`")
        }
    };
    Tested { name: test.name.value.clone(), place: subject.place(test.span), outcome }
}

/// Says which part this build lacks for a test.
fn lacking(test: &lang::Test) -> Option<&'static str> {
    let parts = [
        (test.messages.is_some(), "this build reads no streams"),
        (test.reconcile.is_some(), "this build reconciles nothing"),
    ];
    parts.into_iter().find_map(|(there, why)| there.then_some(why))
}

impl Subject<'_> {
    /// Returns a place as `file:line:column`.
    fn place(&self, span: Span) -> String {
        let file = self.sources.file(span.file).map_or("?", |file| &file.path);
        match self.sources.position(span) {
            Some(position) => format!("{file}:{}:{}", position.line, position.column),
            None => file.to_owned(),
        }
    }
}
