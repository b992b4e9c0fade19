//! Builds `steps:`.
//!
//! **Invariant.** No step waits for itself.

use super::Reader;
use super::field::whole;
use crate::lang::ast::{Operand, Spanned, StepCall};
use kernel::{Diagnostic, Entry, Node};
use std::collections::BTreeSet;

impl Reader<'_> {
    /// Builds the steps of an operation, in the order of the file.
    pub(super) fn steps(&mut self, node: &Node) -> Vec<StepCall> {
        let entries = self.entries(node, "steps");
        let steps: Vec<_> = entries.iter().map(|entry| self.step_call(entry)).collect();
        for step in &steps {
            if waits_for_itself(step, &steps) {
                let message = format!("step {} waits for itself", step.name.value);
                let hint = "a step may use the results of steps that do not use its own";
                self.found.push(Diagnostic::new("E074", step.name.span, message).hint(hint));
            }
        }
        steps
    }

    fn step_call(&mut self, entry: &Entry) -> StepCall {
        let node = &entry.value;
        if node.at("parallel").is_some() && node.at("each").is_none() {
            self.wrong(
                entry.key_span,
                "`parallel` has no effect without `each`",
                "write `each:` with a list",
            );
        }
        StepCall {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            call: self.call(node),
            send: self.assigns(node, "send"),
            receive: self.path(node, "receive"),
            model: self.text(node, "as"),
            each: self.text(node, "each"),
            parallel: self.integer(node, "parallel"),
            optional: self.is_set(node, "optional"),
            span: whole(entry),
        }
    }
}

/// Returns whether a step uses, by way of others, its own result.
fn waits_for_itself(step: &StepCall, steps: &[StepCall]) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut next = vec![step];
    while let Some(at) = next.pop() {
        for other in steps.iter().filter(|other| uses(at, &other.name.value)) {
            if other.name.value == step.name.value {
                return true;
            }
            if seen.insert(&other.name.value) {
                next.push(other);
            }
        }
    }
    false
}

fn uses(step: &StepCall, name: &str) -> bool {
    let each = step.each.as_ref().is_some_and(|each| names(&each.value).any(|used| used == name));
    let sent = step.send.iter().any(|assign| match &assign.value {
        Operand::Expr(expr) => names(&expr.text).any(|used| used == name),
        Operand::Text(_) => false,
    });
    each || sent
}

/// Returns the names in an expression that are not members of something, texts in quotes aside.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    let mut names = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let part = character.is_alphanumeric() || character == '_';
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if part => start = start.or(Some(at)),
            None => {}
        }
        if let (Some(from), false) = (start, part) {
            names.extend((!text[..from].trim_end().ends_with('.')).then(|| &text[from..at]));
            start = None;
        }
    }
    names.into_iter()
}
