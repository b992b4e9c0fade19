//! Builds the whole project, section by section.
//!
//! **Invariant.** Sections are built independently: a mistake in one hides nothing in another.

use super::Reader;
use super::field::whole;
use crate::codec::CodeLine;
use crate::lang::ast::{CodeSource, Codes, Project, Spanned};
use crate::lang::check;
use kernel::{Diagnostic, Entry, Node, Sources};

/// Builds a project from its merged sections. They were checked against the table of keys.
pub(crate) fn project(root: &Node, sources: &Sources) -> (Project, Vec<Diagnostic>) {
    let mut reader = Reader { sources, found: Vec::new() };
    let (policies, shared) = reader.shared(root.at("policies"));
    let entries = |name: &str| root.at(name).and_then(Node::map).unwrap_or_default();
    let project = Project {
        facade: reader.text(root, "facade"),
        title: reader.text(root, "title"),
        auth: root.at("auth").and_then(|node| reader.auth(node)),
        connections: entries("connections")
            .iter()
            .filter_map(|entry| reader.connection(entry, &shared))
            .collect(),
        codes: entries("codes").iter().filter_map(|entry| reader.codes(entry)).collect(),
        models: entries("models").iter().map(|entry| reader.model(entry)).collect(),
        rest: reader.rest(root.at("rest"), &shared),
        events: entries("events").iter().map(|entry| reader.events(entry, &shared)).collect(),
        reconcile: entries("reconcile").iter().map(|entry| reader.reconcile(entry)).collect(),
        versions: entries("versions").iter().map(|entry| reader.version(entry)).collect(),
        policies,
        tests: reader.tests(root.at("tests")),
    };
    (project, reader.found)
}

impl Reader<'_> {
    fn codes(&mut self, entry: &Entry) -> Option<Codes> {
        let node = &entry.value;
        let source = match check::is_csv(node) {
            true => CodeSource::Csv {
                file: self.text(node, "csv")?,
                modern: self.text(node, "modern")?,
                legacy: self.text(node, "legacy")?,
            },
            false => CodeSource::Inline(node.map()?.iter().map(|line| self.code_line(line)).collect()),
        };
        Some(Codes { name: Spanned::new(entry.key.clone(), entry.key_span), source, span: whole(entry) })
    }

    fn code_line(&mut self, entry: &Entry) -> CodeLine {
        self.look_alike_key(entry);
        self.look_alike(&entry.value);
        let legacy = self.texts_of(&entry.value).into_iter().map(|text| (text.value, text.span)).collect();
        CodeLine { modern: entry.key.clone(), modern_span: entry.key_span, legacy }
    }
}
