//! What a request is made of: `send:` of the connection and of the operation.
//!
//! **Invariant.** What a connection sends everywhere goes into the requests that have the field, and into no other.

use super::Compiler;
use crate::lang::{self, Assign, Operand};
use crate::plan::model::{Fill, LegacyPath, Model, ModelId, Pick, Scope as Names};
use crate::plan::resolve::{Resolver, Scope};
use crate::plan::write::Prepared;
use crate::program::{Assignment, SendPlan, SendValue};
use kernel::{Catalogue, Diagnostic, Operation, Shape};
use std::sync::Arc;

/// What surrounds the lines of a `send:`.
pub(super) struct Sending<'s> {
    pub(super) connection: usize,
    pub(super) catalogue: &'s Catalogue,
    pub(super) operation: &'s Operation,
    /// The names that expressions may use.
    pub(super) names: Arc<Names>,
    /// The model of the body.
    pub(super) body: Option<(ModelId, Arc<Model>)>,
}

impl Compiler<'_> {
    /// Compiles what an operation sends. Lines that are wrong are left out.
    pub(super) fn send(&mut self, lines: &[Assign], sending: &Sending<'_>) -> SendPlan {
        let shape = &sending.catalogue.shape;
        let part = sending.operation.request;
        let scope = Scope::record(shape.part(part).ty, &[]);
        let own: Vec<Assignment> =
            lines.iter().filter_map(|line| self.assign(line, &scope, sending)).collect();
        let mut assignments = Vec::new();
        for line in &self.project.connections[sending.connection].send {
            let there = Resolver { shape, found: &mut Vec::new() }.path(&scope, &line.path);
            let Some(there) = there else { continue };
            if !own.iter().any(|assignment| same(&assignment.path, &there)) {
                assignments.extend(self.assign(line, &scope, sending));
            }
        }
        assignments.extend(own);
        let ty = shape.part(part).ty;
        let mut plan = SendPlan { shape: Arc::clone(shape), part, ty, assignments, prepared: None };
        plan.prepared = Prepared::of(&plan);
        plan
    }

    fn assign(&mut self, line: &Assign, scope: &Scope, sending: &Sending<'_>) -> Option<Assignment> {
        let shape = &sending.catalogue.shape;
        let path = Resolver { shape, found: &mut self.found }.path(scope, &line.path)?;
        let span = line.path.span;
        if let Operand::Expr(expr) = &line.value
            && expr.text.trim() == "body"
            && shape.group(path.ty).is_some()
            && shape.text_part(path.ty).is_none()
        {
            return self.body(line, path, expr, sending);
        }
        let value = Resolver { shape, found: &mut self.found }.values(scope, &line.path);
        if let (None, Operand::Expr(expr)) = (&value, &line.value) {
            // `= boddy` for a group: that the name is unknown says more than that a value is needed.
            self.formula(expr, &sending.names);
        }
        let path = value?;
        let fresh = adds_one(shape, &path);
        let value = match &line.value {
            Operand::Text(text) => match self.literal(shape, &path, text, sending.connection)? {
                Fill::Text(text) => SendValue::Text(text),
                Fill::Expr(formula, chain) => SendValue::Expr(formula, chain),
            },
            Operand::Expr(expr) => {
                let (formula, chain) = self.filled(shape, &path, expr, &sending.names, sending.connection)?;
                SendValue::Expr(Box::new(formula), chain)
            }
        };
        Some(Assignment { path, fresh, value, span })
    }

    /// `= body`, translated by the model whose legacy type the path has.
    fn body(
        &mut self,
        line: &Assign,
        path: LegacyPath,
        expr: &lang::Expr,
        sending: &Sending<'_>,
    ) -> Option<Assignment> {
        let shape = &sending.catalogue.shape;
        let Some((id, model)) = &sending.body else {
            self.report("E030", expr.span, "there is no `body` here");
            return None;
        };
        let declared = Resolver { shape, found: &mut self.found }.declared(&path);
        if model.connection != sending.connection || path.ty != model.ty {
            let message = format!("`body` is {}, which is made of another structure than this", model.name);
            let diagnostic = self.report("E003", line.path.span, message);
            *diagnostic =
                diagnostic.clone().also(declared, "declared here").also(Some(model.span), "the model");
            return None;
        }
        let fresh = adds_one(shape, &path);
        Some(Assignment { path, fresh, value: SendValue::Body(*id), span: line.path.span })
    }

    /// E014 for a line of a connection's `send:` that no request has.
    pub(super) fn connection_sends(&mut self) {
        for connection in &self.project.connections {
            let Some(catalogue) = self.catalogues.get(&connection.name.value) else { continue };
            for line in &connection.send {
                let mut first: Option<Vec<Diagnostic>> = None;
                let fits = catalogue.operations.iter().any(|operation| {
                    let mut found = Vec::new();
                    let scope = Scope::record(catalogue.shape.part(operation.request).ty, &[]);
                    let there =
                        Resolver { shape: &catalogue.shape, found: &mut found }.path(&scope, &line.path);
                    first.get_or_insert(found);
                    there.is_some()
                });
                if !fits {
                    self.found.extend(first.into_iter().flatten());
                }
            }
        }
    }
}

/// Returns whether writing to a path adds a part: it repeats and nothing says which one.
fn adds_one(shape: &Shape, path: &LegacyPath) -> bool {
    let element =
        path.steps.iter().rev().find(|step| {
            step.parts.first().is_some_and(|&part| shape.part(part).kind != kernel::PartKind::Text)
        });
    element.is_some_and(|step| {
        matches!(step.pick, Pick::Only) && step.parts.iter().any(|&part| shape.part(part).occurs.repeats())
    })
}

fn same(one: &LegacyPath, other: &LegacyPath) -> bool {
    // The own text of an element is meant by the element's path, so one of them may be a step longer.
    let steps = one.steps.iter().zip(&other.steps);
    one.steps.len().abs_diff(other.steps.len()) <= 1
        && steps.clone().count() > 0
        && steps.clone().all(|(a, b)| a.parts == b.parts)
        && one.steps.len().min(other.steps.len()) == steps.count()
}
