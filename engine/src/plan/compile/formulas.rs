//! Expressions in their scopes: which names they may use, of which type, and from where.
//!
//! **Invariant.** An inner name hides an outer one, and any field hides an input of the same name.

use super::Compiler;
use crate::expr;
use crate::lang;
use crate::plan::model::{Formula, ObjectMap, Origin, Scope};
use crate::ty::{Kind, Record, Type};
use std::sync::Arc;

/// Names under construction.
#[derive(Debug, Default)]
pub(super) struct Names {
    record: Record,
    origins: Vec<Origin>,
}

impl Names {
    /// Adds a name unless it is there already.
    pub(super) fn add(&mut self, name: &str, ty: Type, origin: Origin) {
        if self.record.find(name).is_none() {
            self.record.fields.push((name.into(), ty));
            self.origins.push(origin);
        }
    }

    /// Adds the fields of maps, the innermost of which stands first.
    pub(super) fn add_maps<'m>(&mut self, maps: impl Iterator<Item = &'m ObjectMap>) {
        for (out, map) in maps.enumerate() {
            for (index, field) in map.fields.iter().enumerate() {
                self.add(&field.name, field.ty.clone(), Origin::Field { out, index });
            }
        }
    }

    /// Adds `now`, `today` and `requestId`.
    pub(super) fn add_ambient(&mut self) {
        self.add("now", Type::required(Kind::Instant), Origin::Now);
        self.add("today", Type::required(Kind::Date), Origin::Today);
        self.add("requestId", Type::required(Kind::Text), Origin::RequestId);
    }

    pub(super) fn done(self) -> Arc<Scope> {
        Arc::new(Scope { record: self.record, origins: self.origins })
    }
}

/// Returns the names that stand in maps, of which the outermost stands first, and the inputs of every model.
pub(super) fn scope_of(maps: &[&ObjectMap]) -> Arc<Scope> {
    let mut names = Names::default();
    names.add_maps(maps.iter().rev().copied());
    names.add_ambient();
    names.done()
}

impl Compiler<'_> {
    /// Compiles an expression; what is wrong with it is reported at its nodes.
    pub(super) fn formula(&mut self, expr: &lang::Expr, scope: &Arc<Scope>) -> Option<Formula> {
        match expr::compile(&expr.text, expr.span, &scope.record) {
            Ok(typed) => Some(Formula { typed, scope: Arc::clone(scope) }),
            Err(found) => {
                self.found.extend(found.into_iter().map(|found| expr.relocate(found)));
                None
            }
        }
    }
}
