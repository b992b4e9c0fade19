//! Where the model is in a reply, and how the reply is read.
//!
//! **Invariant.** What is received has the legacy type of the model, and stands where the model's `..` need it.

use super::{Compiler, Subject};
use crate::lang;
use crate::plan::compile::structures::itself;
use crate::plan::model::{LegacyPath, Model, Pick};
use crate::plan::read::{ReadPlan, ReadSpec, RecordSpec, Yield};
use crate::plan::resolve::{Resolver, Scope};
use crate::program::Verb;
use kernel::{Catalogue, Operation, Shape, TypeId};
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn reading(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        subject: &Subject,
        (connection, catalogue, called): (usize, &Arc<Catalogue>, &Operation),
        repeatable: bool,
    ) -> Option<ReadPlan> {
        let shape = &catalogue.shape;
        // A one-way operation has no reply; then nothing is read, and the request's type stands in.
        let root = shape.part(called.reply.unwrap_or(called.request)).ty;
        let model = match subject {
            Subject::Mapped(_, model) => Some(model),
            _ => None,
        };
        let yields = if verb == Verb::List { Yield::Many } else { Yield::One };
        let record = match (model, &operation.receive) {
            (Some(model), Some(path)) if called.reply.is_some() => {
                Some(RecordSpec::new(model, self.receive(shape, root, path, model, yields)?, yields))
            }
            (Some(model), None) if matches!(verb, Verb::Get | Verb::List) => {
                Some(RecordSpec::new(model, self.whole(operation, root, model)?, yields))
            }
            (_, Some(path)) => {
                let diagnostic = self.report("E003", path.span, "nothing can be received here");
                *diagnostic =
                    diagnostic.clone().hint("the operation has no reply, or no model says how it is read");
                return None;
            }
            _ => None,
        };
        let (tests, details) = match called.reply {
            Some(_) => self.judged_on(connection, shape, root),
            None => (Vec::new(), Vec::new()),
        };
        let cursor = self.cursor(operation, shape, root);
        Some(ReadPlan::new(&ReadSpec {
            shape: Arc::clone(shape),
            root,
            table: Arc::clone(&self.connections[connection].table),
            tests,
            details,
            record,
            cursor,
            strict: self.connections[connection].strict,
            repeatable,
        }))
    }

    fn receive(
        &mut self,
        shape: &Shape,
        root: TypeId,
        path: &lang::Path,
        model: &Model,
        yields: Yield,
    ) -> Option<LegacyPath> {
        let mut resolver = Resolver { shape, found: &mut self.found };
        let resolved = resolver.path(&Scope::record(root, &[]), path)?;
        let single = match (yields, resolved.steps.split_last()) {
            (Yield::Many, Some((_, first))) => {
                resolver.single(&LegacyPath { steps: first.to_vec(), ..resolved.clone() }, path)
            }
            _ => resolver.single(&resolved, path),
        };
        let declared = resolver.declared(&resolved);
        if !single {
            return None;
        }
        if yields == Yield::Many && !repeats(shape, &resolved) {
            let diagnostic = self.report("E017", path.span, "`list` receives what occurs at most once");
            *diagnostic =
                diagnostic.clone().also(declared, "declared here").hint("use `get`, or receive what repeats");
            return None;
        }
        let derived = shape.group(model.ty).is_some_and(|group| group.derived.contains(&resolved.ty));
        if resolved.ty != model.ty && !derived {
            let message = format!("this is not what {} is made of", model.name);
            let diagnostic = self.report("E003", path.span, message);
            *diagnostic =
                diagnostic.clone().also(declared, "declared here").also(Some(model.span), "the model");
            return None;
        }
        self.enclosed(root, path, &resolved, model);
        Some(resolved)
    }

    /// The `..` of a model's paths need the same structures around the record everywhere.
    fn enclosed(&mut self, root: TypeId, path: &lang::Path, resolved: &LegacyPath, model: &Model) {
        let around: Vec<TypeId> =
            resolved.steps.iter().rev().skip(1).map(|step| step.ty).chain([root]).collect();
        let needed = super::super::models::highest(&model.body, 0);
        for (n, parent) in model.parents.iter().take(needed).enumerate() {
            if around.get(n) != Some(parent) {
                let message = format!(
                    "{} uses what encloses it by `..`, and here it stands in something else",
                    model.name
                );
                let diagnostic = self.report("E014", path.span, message);
                *diagnostic = diagnostic.clone().also(Some(model.span), "the model");
                return;
            }
        }
    }

    fn whole(&mut self, operation: &lang::Operation, root: TypeId, model: &Model) -> Option<LegacyPath> {
        if root == model.ty {
            return Some(itself(root, operation.key.span));
        }
        let message = format!("where in the reply is {}?", model.name);
        let diagnostic = self.report("E003", operation.key.span, message);
        *diagnostic = diagnostic.clone().hint("add `receive:` with the path from the root of the reply");
        None
    }

    fn cursor(&mut self, operation: &lang::Operation, shape: &Shape, root: TypeId) -> Option<LegacyPath> {
        let path = operation.page.as_ref()?.next.as_ref()?;
        Resolver { shape, found: &mut self.found }.value(&Scope::record(root, &[]), path)
    }
}

/// Returns whether there may be several at the end of a path.
fn repeats(shape: &Shape, path: &LegacyPath) -> bool {
    path.steps.last().is_some_and(|step| {
        !matches!(step.pick, Pick::Nth(_) | Pick::Last)
            && step.parts.iter().any(|&part| shape.part(part).occurs.repeats())
    })
}
