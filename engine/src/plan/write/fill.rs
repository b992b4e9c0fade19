//! What is written beside the client's values: defaults, generated fields, constants of the model.
//!
//! **Invariant.** Nothing of it is written by a put that changes nothing.

use super::{Place, Run, WriteError};
use crate::codec::{Chain, Written};
use crate::json::push_pointer;
use crate::plan::model::{Field, FieldKind, Fill, Formula, LegacyPath, Model, ObjectMap, WriteRule};
use crate::plan::tree::NodeId;
use crate::value::Value;

impl Run<'_> {
    /// Writes the fields that have an expression in the place of the client's value.
    pub(super) fn generated<'m>(&mut self, map: &'m ObjectMap, node: NodeId, at: &mut Place<'m>) {
        for field in &map.fields {
            let length = at.pointer.len();
            push_pointer(&mut at.pointer, &field.name);
            match &field.kind {
                FieldKind::Value { sources, chain, write: WriteRule::Expr(formula), .. } => {
                    self.formula(formula, chain, sources, node, at);
                }
                FieldKind::Object(inner) if inner.implicit => self.generated(inner, node, at),
                FieldKind::Object(inner) => {
                    at.frames.step(inner, &field.name);
                    self.generated(inner, node, at);
                    at.frames.leave(inner);
                }
                FieldKind::Each { path, element, .. } => self.generated_each(field, path, element, node, at),
                _ => {}
            }
            at.pointer.truncate(length);
        }
    }

    fn generated_each<'m>(
        &mut self,
        field: &'m Field,
        path: &LegacyPath,
        element: &'m ObjectMap,
        node: NodeId,
        at: &mut Place<'m>,
    ) {
        for (n, place) in self.tree.select(node, path).into_iter().enumerate() {
            at.frames.step_into(element, &field.name, n);
            self.generated(element, place, at);
            at.frames.leave(element);
        }
    }

    pub(super) fn constants(&mut self, model: &Model, node: NodeId, at: &Place<'_>) {
        for constant in &model.constants {
            match &constant.value {
                Fill::Text(text) => self.store_one(&constant.path, Written::Text(text.to_string()), node),
                Fill::Expr(formula, chain) => {
                    self.formula(formula, chain, std::slice::from_ref(&constant.path), node, at);
                }
            }
        }
    }

    fn formula(&mut self, formula: &Formula, chain: &Chain, to: &[LegacyPath], node: NodeId, at: &Place<'_>) {
        let names = at.frames.names(formula, self.ambient);
        let written = formula.typed.eval(&names).map_err(|error| error.to_string());
        match written.and_then(|value| chain.write_generated(&value).map_err(|error| error.message)) {
            Ok(written) => self.store(to, written, node),
            Err(message) => self.errors.push(WriteError { pointer: at.pointer.clone(), message }),
        }
    }
}

/// Returns the value with the defaults of the JSON Schema where a member is missing.
pub(crate) fn with_defaults(map: &ObjectMap, value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let mut members = members.clone();
    for field in &map.fields {
        let at = members.iter().position(|(name, _)| *name == field.name);
        match (at, &field.facts.default) {
            (None, Some(default)) if !field.facts.read_only => {
                members.push((field.name.clone(), default.clone()))
            }
            (Some(n), _) => members[n].1 = inner_defaults(field, &members[n].1),
            _ => {}
        }
    }
    Value::Object(members)
}

fn inner_defaults(field: &Field, value: &Value) -> Value {
    match (&field.kind, value) {
        (FieldKind::Object(inner), _) => with_defaults(inner, value),
        (FieldKind::Each { element, .. }, Value::List(items)) => {
            Value::List(items.iter().map(|item| with_defaults(element, item)).collect())
        }
        _ => value.clone(),
    }
}
