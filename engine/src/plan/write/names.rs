//! The names that an expression sees while something is written: modern values and inputs.
//!
//! **Invariant.** An expression sees what the client sent, never the legacy record.

use crate::expr::Names;
use crate::plan::model::{FieldKind, Formula, ObjectMap, Origin};
use crate::program::{Ambient, Page};
use crate::value::Value;
use std::sync::Arc;

/// The `fields:` maps around the place of the write, outermost first, each with the value that is written to it.
#[derive(Debug, Clone)]
pub(super) struct Frames<'m> {
    frames: Vec<(&'m ObjectMap, &'m Value)>,
}

const NOTHING: &Value = &Value::Absent;

impl<'m> Frames<'m> {
    pub(super) fn new(map: &'m ObjectMap, value: &'m Value) -> Self {
        Self { frames: vec![(map, value)] }
    }

    /// Goes into a nested object or element.
    pub(super) fn enter(&mut self, map: &'m ObjectMap, value: &'m Value) {
        if !map.implicit {
            self.frames.push((map, value));
        }
    }

    /// Goes into a member of the innermost map.
    pub(super) fn step(&mut self, map: &'m ObjectMap, name: &str) {
        let value = self.frames.last().and_then(|(_, value)| value.member(name)).unwrap_or(NOTHING);
        self.enter(map, value);
    }

    /// Goes into the n-th element of a member of the innermost map.
    pub(super) fn step_into(&mut self, map: &'m ObjectMap, name: &str, n: usize) {
        let list = self.frames.last().and_then(|(_, value)| value.member(name));
        let value = match list {
            Some(Value::List(items)) => items.get(n).unwrap_or(NOTHING),
            _ => NOTHING,
        };
        self.enter(map, value);
    }

    pub(super) fn leave(&mut self, map: &ObjectMap) {
        if !map.implicit {
            self.frames.pop();
        }
    }

    /// Returns the names of an expression that stands here.
    pub(super) fn names<'a>(&'a self, formula: &'a Formula, ambient: &'a Ambient) -> Scoped<'a, 'm> {
        Scoped { frames: &self.frames, formula, ambient, params: &[], body: NOTHING, page: None, depth: 0 }
    }
}

/// Names by their origins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scoped<'a, 'm> {
    pub(super) frames: &'a [(&'m ObjectMap, &'m Value)],
    pub(super) formula: &'a Formula,
    pub(super) ambient: &'a Ambient,
    pub(super) params: &'a [Value],
    pub(super) body: &'a Value,
    pub(super) page: Option<&'a Page>,
    /// Computed fields may use computed fields; the compiler refuses circles, and this bounds them again.
    pub(super) depth: u32,
}

const DEPTH_MAX: u32 = 32;

impl Names for Scoped<'_, '_> {
    fn value(&self, index: usize) -> Value {
        match self.formula.scope.origins.get(index) {
            Some(Origin::Field { out, index }) => self.member(*out, *index),
            Some(Origin::Now) => Value::Instant(self.ambient.now),
            Some(Origin::Today) => Value::Date(self.ambient.today),
            Some(Origin::RequestId) => Value::Text(Arc::clone(&self.ambient.request_id)),
            Some(Origin::Param(n)) => self.params.get(*n).cloned().unwrap_or_default(),
            Some(Origin::Body) => self.body.clone(),
            Some(Origin::Page) => self.page.map(page).unwrap_or_default(),
            _ => Value::Absent,
        }
    }
}

impl Scoped<'_, '_> {
    fn member(&self, out: usize, index: usize) -> Value {
        let Some(at) = self.frames.len().checked_sub(out + 1) else { return Value::Absent };
        let (map, value) = self.frames[at];
        let Some(field) = map.fields.get(index) else { return Value::Absent };
        match &field.kind {
            FieldKind::Computed(formula) if self.depth < DEPTH_MAX => {
                let inner = Scoped { frames: &self.frames[..=at], formula, depth: self.depth + 1, ..*self };
                formula.typed.eval(&inner).unwrap_or_default()
            }
            FieldKind::Value { chain, .. } => {
                chain.canonical(value.member(&field.name).unwrap_or(NOTHING)).unwrap_or_default()
            }
            _ => value.member(&field.name).cloned().unwrap_or_default(),
        }
    }
}

fn page(page: &Page) -> Value {
    let number = |n: u64| Value::Number(i64::try_from(n).unwrap_or(i64::MAX).into());
    Value::Object(vec![
        ("size".into(), number(u64::from(page.size))),
        ("cursor".into(), page.cursor.clone().map_or(Value::Absent, Value::Text)),
        ("offset".into(), number(page.offset)),
        ("number".into(), number(page.number)),
    ])
}
