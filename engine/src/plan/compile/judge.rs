//! Error tables: their conditions and details against the replies of the connection's operations.
//!
//! **Invariant.** A path that no operation's reply has is a mistake; one that only some have matches only there.

use super::Compiler;
use crate::lang::{self, ErrorRule};
use crate::plan::errors::{Beside, ErrorTable, Pattern, Rule, Test, class_of};
use crate::plan::model::LegacyPath;
use crate::plan::read::TestPath;
use crate::plan::resolve::{Resolver, Scope};
use crate::program::ErrorEntry;
use kernel::{Catalogue, Class, Diagnostic, Operation, Shape};
use std::sync::Arc;

/// The paths of a table as they were written, to be resolved for each operation.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    /// Tests by their numbers.
    tests: Vec<(&'a lang::Path, Vec<Pattern>)>,
    /// The path of each line's detail.
    details: Vec<Option<&'a lang::Path>>,
}

impl<'a> Compiler<'a> {
    pub(super) fn error_tables(&mut self) {
        for (index, connection) in self.project.connections.iter().enumerate() {
            let mut written = Written::default();
            let mut table = ErrorTable::default();
            for rule in &connection.errors {
                let compiled = self.rule(rule, &mut written);
                written.details.push(rule.detail.as_ref());
                table.entries.push(compiled);
            }
            table.tests = written.tests.len();
            if let Some(catalogue) = self.connections[index].catalogue.clone() {
                self.check_paths(&written, &catalogue, connection);
                self.catch_all(connection, &catalogue);
            }
            self.connections[index].errors = table.entries.iter().map(|rule| rule.entry.clone()).collect();
            self.connections[index].table = Arc::new(table);
            self.judged.push(written);
        }
    }

    fn rule(&mut self, rule: &'a ErrorRule, written: &mut Written<'a>) -> Rule {
        let mut any = Vec::new();
        for conditions in &rule.when {
            let mut all = Vec::new();
            for (path, values) in &conditions.all {
                let patterns: Vec<Pattern> =
                    values.iter().map(|value| Pattern::parse(&value.value)).collect();
                match &path.beside {
                    Some(_) => all.extend(self.beside(path).map(|beside| Test::Beside(beside, patterns))),
                    None => {
                        all.push(Test::Reply(written.tests.len()));
                        written.tests.push((path, patterns));
                    }
                }
            }
            any.push(all);
        }
        let retry = rule.retry.as_ref().is_some_and(|retry| retry.value);
        let class =
            rule.class.as_ref().map_or_else(|| class_of(rule.status.value, retry), |class| class.value);
        self.check_retry(rule, retry, class);
        let entry = ErrorEntry {
            problem: rule.problem.value.as_str().into(),
            status: rule.status.value,
            title: rule.title.as_ref().map(|title| title.value.as_str().into()),
            class,
            retry,
            counts: rule.counts.as_ref().map(|counts| counts.value),
            has_detail: rule.detail.is_some(),
            span: rule.span,
        };
        Rule { any, entry }
    }

    /// E072: `retry: true` promises that nothing was executed; the class has to say so too.
    fn check_retry(&mut self, rule: &ErrorRule, retry: bool, class: Class) {
        let (Some(written), Some(said)) = (&rule.class, &rule.retry) else { return };
        let retried = matches!(class, Class::Transient | Class::RateLimited);
        if retry != retried {
            let message = if retry {
                format!("`retry: true` contradicts class {}, which is not retried", class.name())
            } else {
                format!("`retry: false` contradicts class {}, which is retried", class.name())
            };
            let diagnostic = self.report("E072", said.span, message);
            *diagnostic = diagnostic.clone().also(Some(written.span), "the class");
        }
    }

    fn beside(&mut self, path: &lang::Path) -> Option<Beside> {
        let beside = path.beside.as_ref()?;
        let name = path.steps.iter().fold(beside.value.clone(), |name, step| format!("{name}/{}", step.name));
        let found = Beside::find(&name);
        if found.is_none() {
            let known = ["fault/code", "fault/string", "status", "sqlstate", "message", "error"]
                .map(|name| format!("${name}"));
            let message = format!("`${name}` is not available here");
            let near =
                crate::plan::resolve::suggestions(&format!("${name}"), known.iter().map(String::as_str))
                    .join(", ");
            let diagnostic = self.report("E013", path.span, message);
            *diagnostic = diagnostic.clone().hint(format!("there is: {near}"));
        }
        found
    }

    /// E014 for a path that no reply has; a detail has to be one value, too.
    fn check_paths(&mut self, written: &Written<'_>, catalogue: &Catalogue, connection: &lang::Connection) {
        let tests = written.tests.iter().map(|(path, _)| (*path, false));
        let details = written.details.iter().copied().flatten().map(|path| (path, true));
        for (path, is_detail) in tests.chain(details).filter(|(path, _)| path.beside.is_none()) {
            let mut wrong: Option<Vec<Diagnostic>> = None;
            let fits = replies(catalogue).any(|reply| {
                let mut found = Vec::new();
                let mut resolver = Resolver { shape: &catalogue.shape, found: &mut found };
                let scope = Scope::record(reply, &[]);
                let resolved =
                    if is_detail { resolver.value(&scope, path) } else { resolver.path(&scope, path) };
                // A reply that has the path says more about what is wrong than one that does not.
                if wrong.as_ref().is_none_or(|known| known.iter().all(is_unknown)) {
                    wrong = Some(found);
                }
                resolved.is_some()
            });
            if fits {
                continue;
            }
            let Some(wrong) = wrong else {
                let message = format!("{} has no operation with a reply", connection.name.value);
                self.report("E014", path.span, message);
                continue;
            };
            let nowhere = format!("no operation of {} has it in its reply", connection.name.value);
            self.found.extend(wrong.into_iter().map(|one| match (is_unknown(&one), one.hint.clone()) {
                (false, _) => one,
                (true, None) => one.hint(nowhere.clone()),
                (true, Some(hint)) => one.hint(format!("{hint}; {nowhere}")),
            }));
        }
    }

    /// W001: a table that does not end in something that takes every error.
    fn catch_all(&mut self, connection: &lang::Connection, catalogue: &Catalogue) {
        let all_present = |conditions: &lang::Conditions| {
            !conditions.all.is_empty()
                && conditions.all.iter().all(|(path, values)| {
                    path.beside.is_none() && values.iter().all(|value| value.value == "*")
                })
        };
        let caught = connection.errors.iter().any(|rule| rule.when.iter().any(all_present));
        // What a database reports is never taken for a normal reply.
        if !caught && !catalogue.operations.is_empty() && catalogue.tables.is_empty() {
            let span = connection.errors.last().map_or(connection.name.span, |rule| rule.span);
            let message = format!("{} has no entry that takes every error", connection.name.value);
            self.found
                .push(Diagnostic::new("W001", span, message).hint(
                    "an error that no entry names would be taken for a normal reply; end with `\"*\"`",
                ));
        }
    }

    /// W005: faults that an operation declares and no entry covers.
    pub(super) fn declared_faults(&mut self, connection: usize, operation: &Operation, span: kernel::Span) {
        let table = Arc::clone(&self.connections[connection].table);
        for fault in &operation.faults {
            let covers =
                |test: &Test| matches!(test, Test::Beside(Beside::FaultCode | Beside::FaultString, _));
            let covered = table.entries.iter().any(|rule| rule.any.iter().flatten().any(covers));
            if !covered {
                let message = format!(
                    "{} declares fault {}, which no `errors` entry covers",
                    operation.name, fault.name
                );
                self.found.push(
                    Diagnostic::new("W005", span, message)
                        .also(fault.span, "declared here")
                        .hint("add an entry for `$fault/code` or `$fault/string`"),
                );
            }
        }
    }

    /// Returns the tests and details of a table, as far as an operation's reply has them.
    pub(super) fn judged_on(
        &self,
        connection: usize,
        shape: &Shape,
        reply: kernel::TypeId,
    ) -> (Vec<TestPath>, Vec<Option<LegacyPath>>) {
        let written = &self.judged[connection];
        let scope = Scope::record(reply, &[]);
        let mut found = Vec::new();
        let mut resolver = Resolver { shape, found: &mut found };
        let mut tests = Vec::new();
        for (number, (path, patterns)) in written.tests.iter().enumerate() {
            let presence = patterns.iter().all(Pattern::is_presence);
            let resolved = if presence { resolver.path(&scope, path) } else { resolver.values(&scope, path) };
            tests.extend(resolved.map(|path| TestPath { number, path, patterns: patterns.clone() }));
        }
        let details = written.details.iter().map(|path| path.and_then(|path| resolver.values(&scope, path)));
        (tests, details.collect())
    }
}

fn is_unknown(found: &Diagnostic) -> bool {
    found.code.0 == "E014"
}

/// Returns the types of all replies.
fn replies(catalogue: &Catalogue) -> impl Iterator<Item = kernel::TypeId> + '_ {
    catalogue.operations.iter().filter_map(|operation| Some(catalogue.shape.part(operation.reply?).ty))
}
