//! Computed fields: compiled once all other fields have their types, in the order in which they use each other.
//!
//! **Invariant.** A circle is reported at each of its members, and none of them is evaluated.

use super::{Fields, retype};
use crate::expr;
use crate::lang;
use crate::plan::compile::formulas::scope_of;
use crate::plan::compile::models::can_write;
use crate::plan::model::{Field, FieldKind, Formula, ObjectMap, Origin, Scope, WriteRule};
use std::sync::Arc;

/// An expression of a field.
pub(super) struct Pending<'m> {
    /// Indexes that lead to the field.
    path: Vec<usize>,
    expr: &'m lang::Expr,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is the field.
    Result,
    /// It is what is written.
    Write,
}

impl<'m> Fields<'_, '_, 'm> {
    pub(super) fn compute_later(&mut self, expr: &'m lang::Expr) {
        self.pending.push(Pending { path: self.at.clone(), expr, role: Role::Result });
    }

    pub(super) fn write_later(&mut self, made: &mut Field, expr: &'m lang::Expr) {
        match &mut made.kind {
            FieldKind::Value { write, .. } => {
                // Until the expression is there: the client's value is not written in any case.
                *write = WriteRule::Never;
                self.pending.push(Pending { path: self.at.clone(), expr, role: Role::Write });
            }
            FieldKind::Object(_) => {}
            _ => {
                let diagnostic =
                    self.compiler.report("E007", expr.span, "only a field with one value can have `write:`");
                *diagnostic = diagnostic.clone().hint("set further legacy fields by `write:` of the model");
            }
        }
    }

    /// Compiles all expressions into the fields.
    pub(in crate::plan::compile) fn formulas(mut self, body: &mut ObjectMap) {
        let pending = std::mem::take(&mut self.pending);
        let (writes, mut results): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|it| it.role == Role::Write);
        while !results.is_empty() {
            // Whatever uses no other result that is still open can be compiled.
            let ready = results.iter().position(|it| !results.iter().any(|other| uses(body, it, other)));
            let Some(ready) = ready else {
                for it in &results {
                    let name =
                        field_at(body, &it.path).map_or_else(String::new, |field| field.name.to_string());
                    self.compiler.report("E037", it.expr.span, format!("`{name}` is computed from itself"));
                }
                break;
            };
            let it = results.remove(ready);
            self.result(body, &it);
        }
        for it in &writes {
            self.write(body, it);
        }
    }

    fn result(&mut self, body: &mut ObjectMap, it: &Pending<'_>) {
        let scope = scope_at(body, &it.path);
        let Some(formula) = self.compiler.formula(it.expr, &scope) else { return };
        let Some(field) = field_at_mut(body, &it.path) else { return };
        field.ty = formula.typed.ty().clone();
        field.facts.read_only = true;
        field.kind = FieldKind::Computed(Box::new(formula));
        let field = field.clone();
        body.fields.iter_mut().for_each(retype);
        let pointer = dotted(body, &it.path);
        let schema = self.schema_at(body, &it.path);
        if let Some(schema) = schema {
            self.check_type(&field, Some(schema.schema()), it.expr.span, &pointer);
        }
        self.check_result(&field, it.expr.span, &pointer);
    }

    fn write(&mut self, body: &mut ObjectMap, it: &Pending<'_>) {
        let scope = scope_at(body, &it.path);
        let Some(formula) = self.compiler.formula(it.expr, &scope) else { return };
        let Some(field) = field_at_mut(body, &it.path) else { return };
        let FieldKind::Value { sources, chain, write, .. } = &mut field.kind else { return };
        if sources.iter().any(|source| source.beside.is_some()) {
            let message = "what stands beside the record is never written";
            self.compiler.report("E013", it.expr.span, message).hint = Some("take `write:` away".into());
            return;
        }
        let (value, wanted) = (&formula.typed.ty().kind, &chain.ty().kind);
        if can_write(value, wanted) {
            *write = WriteRule::Expr(Box::new(formula));
            field.facts.read_only = true;
            return;
        }
        let message = format!("this is {}, and the field is {}", value.describe(), wanted.describe());
        self.compiler.report("E042", it.expr.span, message);
    }

    /// Returns the schema of a field, by the file of the model.
    fn schema_at(&self, body: &ObjectMap, path: &[usize]) -> Option<Owned> {
        let source = self.compiler.sources.file(self.file?)?;
        let root = serde_json::from_str(&source.text).ok()?;
        Owned { root, names: names(body, path) }.exists()
    }
}

/// A JSON Schema with the names that lead to one of its properties; empty names are elements.
struct Owned {
    root: serde_json::Value,
    names: Vec<String>,
}

impl Owned {
    fn exists(self) -> Option<Self> {
        self.find().is_some().then_some(self)
    }

    fn find(&self) -> Option<crate::plan::schema::Schema<'_>> {
        let mut schema = crate::plan::schema::Schema::of(&self.root);
        for name in &self.names {
            schema = if name.is_empty() { schema.items()? } else { schema.property(name)? };
        }
        Some(schema)
    }

    fn schema(&self) -> crate::plan::schema::Schema<'_> {
        self.find().unwrap_or_else(|| crate::plan::schema::Schema::of(&self.root))
    }
}

/// Returns whether an expression uses the field of another one, or something that contains it.
fn uses(body: &ObjectMap, it: &Pending<'_>, other: &Pending<'_>) -> bool {
    let scope = scope_at(body, &it.path);
    let Ok(typed) = expr::compile(&it.expr.text, it.expr.span, &scope.record) else { return false };
    let maps = map_paths(body, &it.path);
    typed.inputs().iter().any(|&input| match scope.origins.get(input) {
        Some(Origin::Field { out, index }) => {
            let used: Vec<usize> = maps[maps.len() - 1 - out].iter().copied().chain([*index]).collect();
            other.path.starts_with(&used)
        }
        _ => false,
    })
}

/// Returns the names in scope at a field.
fn scope_at(body: &ObjectMap, path: &[usize]) -> Arc<Scope> {
    let maps: Vec<&ObjectMap> = map_paths(body, path).iter().filter_map(|path| map_at(body, path)).collect();
    scope_of(&maps)
}

/// Returns the ways to the `fields:` maps around a field, outermost first.
fn map_paths(body: &ObjectMap, path: &[usize]) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    let (mut map, mut at) = (body, 0);
    while at + 1 < path.len() {
        let inner = match map.fields.get(path[at]).map(|field| &field.kind) {
            Some(FieldKind::Object(inner)) => inner,
            Some(FieldKind::Each { element, .. }) => element,
            Some(FieldKind::Cases { cases, .. }) => {
                at += 1;
                match cases.get(path[at]) {
                    Some(case) => &case.fields,
                    None => break,
                }
            }
            _ => break,
        };
        at += 1;
        map = inner;
        if !map.implicit {
            found.push(path[..at].to_vec());
        }
    }
    found
}

fn map_at<'b>(body: &'b ObjectMap, path: &[usize]) -> Option<&'b ObjectMap> {
    let Some((first, rest)) = path.split_first() else { return Some(body) };
    match &body.fields.get(*first)?.kind {
        FieldKind::Object(inner) => map_at(inner, rest),
        FieldKind::Each { element, .. } => map_at(element, rest),
        FieldKind::Cases { cases, .. } => {
            let (case, rest) = rest.split_first()?;
            map_at(&cases.get(*case)?.fields, rest)
        }
        _ => None,
    }
}

fn field_at<'b>(body: &'b ObjectMap, path: &[usize]) -> Option<&'b Field> {
    let (last, first) = path.split_last()?;
    map_at(body, first)?.fields.get(*last)
}

fn field_at_mut<'b>(body: &'b mut ObjectMap, path: &[usize]) -> Option<&'b mut Field> {
    let (first, rest) = path.split_first()?;
    let field = body.fields.get_mut(*first)?;
    if rest.is_empty() {
        return Some(field);
    }
    match &mut field.kind {
        FieldKind::Object(inner) => field_at_mut(inner, rest),
        FieldKind::Each { element, .. } => field_at_mut(element, rest),
        FieldKind::Cases { cases, .. } => {
            let (case, rest) = rest.split_first()?;
            field_at_mut(&mut cases.get_mut(*case)?.fields, rest)
        }
        _ => None,
    }
}

/// Returns the names that lead to a field; an empty one stands for the elements of a list.
fn names(body: &ObjectMap, path: &[usize]) -> Vec<String> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let Some(field) = body.fields.get(*first) else { return Vec::new() };
    let mut found = vec![field.name.to_string()];
    match &field.kind {
        FieldKind::Object(inner) => found.extend(names(inner, rest)),
        FieldKind::Each { element, .. } if !rest.is_empty() => {
            found.push(String::new());
            found.extend(names(element, rest));
        }
        FieldKind::Cases { cases, .. } => {
            if let Some((case, rest)) = rest.split_first()
                && let Some(case) = cases.get(*case)
            {
                found.extend(names(&case.fields, rest));
            }
        }
        _ => {}
    }
    found
}

fn dotted(body: &ObjectMap, path: &[usize]) -> String {
    names(body, path).join(".").replace("..", "[].")
}

impl Formula {
    /// Returns whether the result depends on nothing but literals.
    pub fn is_constant(&self) -> bool {
        self.typed.inputs().is_empty()
    }
}
