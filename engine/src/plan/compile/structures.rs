//! What a model is made of: the legacy structure behind `legacy:`.
//!
//! **Invariant.** One name, one type: a structure that occurs with two types is not guessed at.

use super::Compiler;
use crate::lang;
use crate::plan::model::LegacyPath;
use crate::plan::resolve::{Resolver, Scope, suggestions};
use kernel::{Occurs, PartId, PartKind, Shape, TypeId};

/// A structure of a shape.
#[derive(Debug, Clone)]
pub(super) struct Structure {
    pub(super) part: PartId,
    pub(super) ty: TypeId,
    /// The types around it, nearest first.
    pub(super) parents: Vec<TypeId>,
}

impl Compiler<'_> {
    /// Finds the structure of a model; E003 if there is none.
    pub(super) fn structure(&mut self, shape: &Shape, legacy: &lang::LegacyRef) -> Option<Structure> {
        let Some(path) = &legacy.path else {
            self.report("E003", legacy.span, format!("which structure of {}?", legacy.connection.value))
                .hint = Some("write `connection/Structure`".into());
            return None;
        };
        let (first, rest) = path.steps.split_first()?;
        let (part, ty) = self.named(shape, first)?;
        if rest.is_empty() {
            return Some(Structure { part, ty, parents: Vec::new() });
        }
        let rest = lang::Path { beside: None, up: 0, steps: rest.to_vec(), span: path.span };
        let mut resolver = Resolver { shape, found: &mut self.found };
        let resolved: LegacyPath = resolver.path(&Scope::record(ty, &[]), &rest)?;
        let last = resolved.steps.last()?;
        let around = resolved.steps.iter().rev().skip(1).map(|step| step.ty);
        Some(Structure { part: *last.parts.first()?, ty: resolved.ty, parents: around.chain([ty]).collect() })
    }

    /// A global, else a named type, else any element of that name.
    fn named(&mut self, shape: &Shape, step: &lang::Step) -> Option<(PartId, TypeId)> {
        let name = step.name.as_str();
        let globals: Vec<PartId> =
            shape.globals().iter().copied().filter(|&part| *shape.part(part).name.local == *name).collect();
        if let Some(found) = self.one(shape, step, &globals) {
            return found;
        }
        let typed = |ty: TypeId| {
            shape.parts().find(|(id, part)| part.ty == ty && *id != PartId::TYPE).map(|(id, _)| id)
        };
        let types =
            shape.types().filter(|(_, ty)| ty.name.as_ref().is_some_and(|known| *known.local == *name));
        let types: Vec<PartId> = types.filter_map(|(ty, _)| typed(ty)).collect();
        if let Some(found) = self.one(shape, step, &types) {
            return found;
        }
        let inner = shape.parts().filter(|(_, part)| {
            *part.name.local == *name
                && matches!(part.kind, PartKind::Element | PartKind::Field)
                && shape.group(part.ty).is_some()
        });
        let inner: Vec<PartId> = inner.map(|(id, _)| id).collect();
        if let Some(found) = self.one(shape, step, &inner) {
            return found;
        }
        let names: Vec<&str> = shape
            .parts()
            .filter(|(_, part)| shape.group(part.ty).is_some())
            .map(|(_, part)| &*part.name.local)
            .chain(shape.types().filter_map(|(_, ty)| ty.name.as_ref()).map(|name| &*name.local))
            .collect();
        let near = suggestions(name, names);
        let hint = if near.is_empty() { None } else { Some(format!("there is: {}", near.join(", "))) };
        self.report("E003", step.name_span, format!("the legacy schema has no structure `{name}`")).hint =
            hint;
        None
    }

    /// Nothing if there are no candidates; what they have in common otherwise.
    fn one(
        &mut self,
        shape: &Shape,
        step: &lang::Step,
        parts: &[PartId],
    ) -> Option<Option<(PartId, TypeId)>> {
        let first = *parts.first()?;
        let ty = shape.part(first).ty;
        let Some(&other) = parts.iter().find(|&&part| shape.part(part).ty != ty) else {
            return Some(Some((first, ty)));
        };
        let (one, other) = (shape.part(first).span, shape.part(other).span);
        let diagnostic =
            self.report("E003", step.name_span, format!("`{}` occurs with different types", step.name));
        *diagnostic = diagnostic
            .clone()
            .also(one, "one")
            .also(other, "another")
            .hint("name what encloses it too, or the type itself: `connection/Enclosing/Structure`");
        Some(None)
    }
}

/// Returns the path that leads nowhere else: the record itself.
pub(super) fn itself(ty: TypeId, span: kernel::Span) -> LegacyPath {
    LegacyPath { beside: None, up: 0, steps: Vec::new(), ty, occurs: Occurs::ONCE, span }
}
