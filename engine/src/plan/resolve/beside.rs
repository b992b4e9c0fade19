//! What stands beside a record: `$header/…`, `$file`.
//!
//! **Invariant.** It is found by its own names alone: a plain path never leads there, so names may coincide.

use super::{Resolver, Scope, suggestions};
use crate::lang;
use crate::plan::model::{LegacyPath, Pick, Step};
use kernel::{Diagnostic, PartId, PartKind, Shape, TypeId};
use std::sync::Arc;

/// Returns the parts that stand beside a record of a type.
pub(super) fn parts(shape: &Shape, ty: TypeId) -> impl Iterator<Item = PartId> + '_ {
    let parts = shape.group(ty).map(|group| group.parts.as_slice()).unwrap_or_default();
    parts.iter().copied().filter(|&part| shape.part(part).kind == PartKind::Beside)
}

/// Returns the name of a step that leads beside the record.
pub(super) fn name(shape: &Shape, step: &Step) -> Option<Arc<str>> {
    let part = shape.part(*step.parts.first()?);
    (part.kind == PartKind::Beside).then(|| Arc::from(&*part.name.local))
}

impl Resolver<'_> {
    /// Resolves the beginning of a path that begins beside the record: its type, its step, how far out the record is.
    pub(super) fn beside(
        &mut self,
        scope: &Scope,
        name: &lang::Spanned<String>,
    ) -> Option<(TypeId, Vec<Step>, usize)> {
        let record = scope.record_around(self.shape);
        let found = record.and_then(|(up, ty)| {
            let part =
                parts(self.shape, ty).find(|&part| *self.shape.part(part).name.local == *name.value)?;
            Some((up, part))
        });
        let Some((up, part)) = found else {
            self.not_here(name, record.map(|(_, ty)| ty));
            return None;
        };
        let ty = self.shape.part(part).ty;
        Some((ty, vec![Step { parts: vec![part], ty, pick: Pick::Only }], up))
    }

    /// Reports E013 for a list that stands beside the record and is asked for within an element of another list.
    pub fn outwards_once(&mut self, path: &LegacyPath) -> bool {
        let Some(name) = path.beside.as_ref().filter(|_| path.up > 0) else { return true };
        self.found.push(
            Diagnostic::new("E013", path.span, format!("a list of `${name}` is not available within a list"))
                .hint("make it a field of the record itself; its name may begin with `_`, so that it is not shown"),
        );
        false
    }

    fn not_here(&mut self, name: &lang::Spanned<String>, record: Option<TypeId>) {
        let message = format!("`${}` is not available here", name.value);
        let hint = match record {
            None => "a reply to a call has nothing beside it but `$fault/code`, `$fault/string` and `$status`, in `errors:`"
                .to_owned(),
            Some(ty) => {
                let names: Vec<&str> =
                    parts(self.shape, ty).map(|part| &*self.shape.part(part).name.local).collect();
                let near = suggestions(&name.value, names.iter().copied());
                let shown = if near.is_empty() { names } else { near };
                let shown: Vec<String> = shown.iter().map(|name| format!("${name}")).collect();
                format!("there is: {}", shown.join(", "))
            }
        };
        self.found.push(Diagnostic::new("E013", name.span, message).hint(hint));
    }
}
