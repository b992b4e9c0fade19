//! What a model is made of: the legacy structure behind `legacy:`.
//!
//! **Invariant.** One name, one type: a structure that occurs with two types is not guessed at.

use super::Compiler;
use crate::lang;
use crate::plan::model::LegacyPath;
use crate::plan::resolve::{Resolver, Scope, suggestions};
use kernel::{Catalogue, Occurs, PartId, PartKind, Shape, Table, TypeId};

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
    pub(super) fn structure(&mut self, catalogue: &Catalogue, legacy: &lang::LegacyRef) -> Option<Structure> {
        let shape = &catalogue.shape;
        let Some(path) = &legacy.path else {
            if let [record] = catalogue.records.as_slice() {
                return Some(Structure { part: *record, ty: shape.part(*record).ty, parents: Vec::new() });
            }
            self.report("E003", legacy.span, format!("which structure of {}?", legacy.connection.value))
                .hint = Some("write `connection/Structure`".into());
            return None;
        };
        let (first, rest) = path.steps.split_first()?;
        let (part, ty) = match table_named(catalogue, &first.name) {
            Some(table) => (table.part, shape.part(table.part).ty),
            None if !catalogue.tables.is_empty() && catalogue.operations.is_empty() => {
                return self.no_table(catalogue, first);
            }
            None if !catalogue.records.is_empty() => self.record_named(catalogue, first)?,
            None => self.named(shape, first)?,
        };
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

    /// A type of records that come by themselves.
    fn record_named(&mut self, catalogue: &Catalogue, step: &lang::Step) -> Option<(PartId, TypeId)> {
        let name = |record: PartId| &*catalogue.shape.part(record).name.local;
        if let Some(&record) = catalogue.records.iter().find(|&&record| name(record) == step.name) {
            return Some((record, catalogue.shape.part(record).ty));
        }
        let names: Vec<String> = catalogue.records.iter().map(|&record| name(record).to_owned()).collect();
        self.unknown("E003", step.name_span, "type of records", &step.name, &names);
        None
    }

    fn no_table<T>(&mut self, catalogue: &Catalogue, step: &lang::Step) -> Option<T> {
        let names: Vec<String> =
            catalogue.tables.iter().map(|table| dotted(&catalogue.shape, table.part)).collect();
        self.unknown("E003", step.name_span, "table", &step.name, &names);
        None
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

/// Returns the name of a table as a mapping writes it: with its schema in front.
pub(crate) fn dotted(shape: &Shape, table: PartId) -> String {
    let name = &shape.part(table).name;
    match &name.space {
        Some(space) if !name.local.contains('.') => format!("{space}.{}", name.local),
        _ => name.local.to_string(),
    }
}

/// Finds a table by its whole name, or without its schema where only one has that name.
fn table_named<'c>(catalogue: &'c Catalogue, name: &str) -> Option<&'c Table> {
    let shape = &catalogue.shape;
    if let Some(table) = catalogue.tables.iter().find(|table| dotted(shape, table.part) == name) {
        return Some(table);
    }
    let mut alike = catalogue.tables.iter().filter(|table| *shape.part(table.part).name.local == *name);
    alike.next().filter(|_| alike.next().is_none())
}

/// Returns the path that leads nowhere else: the record itself.
pub(super) fn itself(ty: TypeId, span: kernel::Span) -> LegacyPath {
    LegacyPath { beside: None, up: 0, steps: Vec::new(), ty, occurs: Occurs::ONCE, span }
}
