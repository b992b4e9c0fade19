//! The sections that are checked and not run by this build, and the tests as far as they name things.
//!
//! **Invariant.** A name that does not exist is reported, whether its section runs or not.

use super::Compiler;
use super::formulas::{Names, scope_of};
use super::send::Sending;
use crate::lang::{self, Assign, Spanned};
use crate::plan::model::{Model, Origin};
use crate::plan::resolve::{Resolver, Scope};
use kernel::Span;
use std::sync::Arc;

impl<'a> Compiler<'a> {
    pub(super) fn other_sections(&mut self) {
        for events in &self.project.events {
            self.events(events);
        }
        self.records_passed_by();
        for reconcile in &self.project.reconcile {
            self.reconcile(reconcile);
            let why = "reconciliation is not run by this build";
            self.unsupported("reconcile", &reconcile.model.value, why, reconcile.model.span);
        }
        for version in &self.project.versions {
            self.version(version);
            let why = "older versions are not served by this build";
            self.unsupported("versions", &version.name.value, why, version.name.span);
        }
        for test in &self.project.tests {
            self.test(test);
        }
    }

    /// Returns a model that is mapped here; E004 if there is none of that name.
    pub(super) fn known_model(&mut self, name: &Spanned<String>) -> Option<Arc<Model>> {
        if self.project.model(&name.value).is_none() {
            self.no_model(name);
        }
        self.find_model(&name.value).map(|(_, model)| Arc::clone(model))
    }

    fn reconcile(&mut self, reconcile: &lang::Reconcile) {
        let Some(model) = self.known_model(&reconcile.model) else { return };
        let mut names = Names::default();
        for (n, name) in reconcile.for_each.iter().enumerate() {
            if let Some(index) = self.field_name(name, &model) {
                names.add(&name.value, model.body.fields[index].ty.clone(), Origin::Param(n));
            }
        }
        for name in &reconcile.compare {
            self.field_name(name, &model);
        }
        names.add_ambient();
        let asked = (reconcile.call.as_ref(), &reconcile.send[..], reconcile.receive.as_ref());
        self.sends(asked, names, (&model, reconcile.model.span));
    }

    /// Checks call, `send:` and `receive:` of something that is not run.
    pub(super) fn sends(
        &mut self,
        (call, send, receive): (Option<&Spanned<String>>, &[Assign], Option<&lang::Path>),
        names: Names,
        (model, span): (&Model, Span),
    ) {
        let Some(Some((connection, id, catalogue))) = call.and_then(|call| self.callee(call)) else { return };
        let called = &catalogue.operations[id.0 as usize];
        let sending =
            Sending { connection, catalogue: &catalogue, operation: called, names: names.done(), body: None };
        self.send(send, &sending);
        let root = called.reply.map(|reply| catalogue.shape.part(reply).ty);
        match (receive, root) {
            (Some(path), Some(root)) => {
                let scope = Scope::record(root, &[]);
                Resolver { shape: &catalogue.shape, found: &mut self.found }.path(&scope, path);
            }
            (None, Some(root)) if root == model.ty => {}
            (None, Some(_)) => {
                let message = format!("where in the reply is {}?", model.name);
                self.report("E007", span, message).hint =
                    Some("add `receive:` with the path from the root of the reply".into());
            }
            (_, None) => {
                let message = format!("`{}` has no reply, so nothing can be received", called.name);
                self.report("E007", span, message).hint = Some("call an operation that answers".into());
            }
        }
    }

    /// Returns the index of a field by its name; E030.
    pub(super) fn field_name(&mut self, name: &Spanned<String>, model: &Model) -> Option<usize> {
        let first = name.value.split('.').next().unwrap_or_default();
        let found = model.body.fields.iter().position(|field| *field.name == *first);
        if found.is_none() {
            let names: Vec<String> = model.body.fields.iter().map(|field| field.name.to_string()).collect();
            self.unknown("E030", name.span, &format!("field of {}", model.name), &name.value, &names);
        }
        found
    }

    fn version(&mut self, version: &lang::Version) {
        for changed in &version.models {
            let Some(model) = self.known_model(&changed.model) else { continue };
            let scope = scope_of(&[&model.body]);
            for field in &changed.fields {
                match &field.kind {
                    lang::VersionKind::Value(line) => {
                        for source in &line.sources {
                            if let Some(step) = source.steps.first() {
                                self.field_name(&Spanned::new(step.name.clone(), step.name_span), &model);
                            }
                        }
                    }
                    lang::VersionKind::Computed(expr) => {
                        self.formula(expr, &scope);
                    }
                    lang::VersionKind::Removed => {}
                }
            }
        }
    }

    fn test(&mut self, test: &lang::Test) {
        if let Some(model) = &test.model {
            self.known_model(model);
        }
        if let Some(name) = &test.reconcile
            && !self.project.reconcile.iter().any(|it| it.model.value == name.value)
        {
            let names: Vec<String> = self.project.reconcile.iter().map(|it| it.model.value.clone()).collect();
            self.unknown("E004", name.span, "reconciliation of", &name.value, &names);
        }
        for call in test.calls.iter().flatten() {
            self.callee(&call.name);
        }
        if let Some(request) = &test.request
            && !self.project.rest.iter().any(|operation| answers(operation, request))
        {
            let names: Vec<String> =
                self.project.rest.iter().map(|operation| operation.key.value.clone()).collect();
            let asked = format!("{} {}", request.method, request.target);
            self.unknown("E005", request.span, "operation that answers", &asked, &names);
        }
    }
}

/// Returns whether a request goes to an operation.
fn answers(operation: &lang::Operation, request: &lang::TestRequest) -> bool {
    let path = request.target.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    operation.method.value == request.method
        && operation.segments.len() == segments.len()
        && operation.segments.iter().zip(segments).all(|(known, asked)| match &known.value {
            lang::Segment::Literal(text) => text == asked,
            lang::Segment::Param(_) => !asked.is_empty(),
        })
}
