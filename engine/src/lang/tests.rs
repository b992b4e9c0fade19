//! Tests of loading projects.

mod codes;
mod environment;
mod examples;
mod forms;
mod lines;
mod mutations;
mod printed;

use super::*;
use kernel::{Diagnostic, Severity, Sources, Span};

/// The head of every project in these tests.
const HEAD: &str = "facade: t\nformat: 1\n";

/// Loads one file behind the usual head.
fn read(body: &str) -> (Project, Vec<Diagnostic>, Sources) {
    read_files(&[("facade.yaml", &format!("{HEAD}{body}"))])
}

fn read_files(files: &[(&str, &str)]) -> (Project, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let (project, found) = load(files, &mut sources);
    (project, found, sources)
}

/// Returns what stands at a place.
fn under(sources: &Sources, span: Option<Span>) -> String {
    let Some(span) = span else { return "<nowhere>".into() };
    let text = &sources.file(span.file).expect("a file").text;
    text.get(span.start as usize..span.end as usize).unwrap_or("<outside>").to_owned()
}

/// Checks that exactly one thing is found: its code, and what stands at its place.
fn check(body: &str, code: &str, place: &str) {
    let (_, found, sources) = read(body);
    let told: Vec<_> = found.iter().map(|one| (one.code.0, under(&sources, one.span))).collect();
    assert_eq!(told, [(code, place.to_owned())], "{body}\n{found:?}");
}

/// Checks that nothing is found.
fn passes(body: &str) -> Project {
    let (project, found, _) = read(body);
    assert_eq!(found, [], "{body}");
    project
}
