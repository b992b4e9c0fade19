//! Which parts of a legacy structure a set of paths touches.
//!
//! **Invariant.** What a condition compares is touched too: on the way back it is written.

use crate::plan::model::{Case, FieldKind, LegacyPath, ObjectMap, Pick, Step, WriteRule};
use kernel::PartId;
use std::collections::HashMap;

/// Touched parts below a structure.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) below: HashMap<PartId, Usage>,
    /// Everything below is deliberately left alone.
    pub(super) ignored: bool,
    /// A model is written here.
    pub(super) body: bool,
}

/// Which fields count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All.
    All,
    /// Those that a write fills.
    Written,
}

impl Usage {
    /// Touches what a path leads to.
    pub(super) fn touch(&mut self, steps: &[Step], mark: &dyn Fn(&mut Usage)) {
        let Some((step, rest)) = steps.split_first() else { return mark(self) };
        for &part in &step.parts {
            let inner = self.below.entry(part).or_default();
            if let Pick::Where(conditions) = &step.pick {
                conditions.iter().for_each(|condition| inner.touch(&condition.path, &|_| {}));
            }
            inner.touch(rest, mark);
        }
    }

    /// Touches what the fields of a map lead to; `base` leads to what their paths are relative to.
    ///
    /// Paths that lead out of `base` by `..` touch what is around; those that lead further out are passed over.
    pub(super) fn touch_fields(&mut self, map: &ObjectMap, base: &[Step], which: Which) {
        for field in &map.fields {
            let written = !field.hidden && !field.facts.read_only;
            match &field.kind {
                FieldKind::Value { sources, write, .. } => {
                    let counts = match write {
                        WriteRule::Inverse => written,
                        WriteRule::Expr(_) => true,
                        WriteRule::Never => false,
                    };
                    if counts || which == Which::All {
                        sources.iter().for_each(|source| self.touch_from(base, source));
                    }
                }
                FieldKind::Computed(_) => {}
                _ if !written && which == Which::Written => {}
                FieldKind::Each { path, .. } if path.beside.is_some() => {}
                FieldKind::Each { path, element, .. } => {
                    self.touch_from(base, path);
                    if let Some(inner) = joined(base, path) {
                        self.touch_fields(element, &inner, which);
                    }
                }
                FieldKind::Object(map) => self.touch_fields(map, base, which),
                FieldKind::Cases { selector, cases, .. } => {
                    selector.iter().for_each(|selector| self.touch_from(base, selector));
                    cases.iter().for_each(|case| self.touch_case(case, base, which));
                }
            }
        }
    }

    fn touch_case(&mut self, case: &Case, base: &[Step], which: Which) {
        case.at.iter().for_each(|at| self.touch_from(base, at));
        self.touch_fields(&case.fields, base, which);
    }

    /// Touches what a path leads to that is relative to `base`; what stands beside the record is no part of it.
    pub(super) fn touch_from(&mut self, base: &[Step], path: &LegacyPath) {
        if path.beside.is_some() {
            return;
        }
        if let Some(steps) = joined(base, path) {
            self.touch(&steps, &|_| {});
        }
    }
}

/// Returns the steps of a path from where `base` begins, if it does not lead further out.
pub(super) fn joined(base: &[Step], path: &LegacyPath) -> Option<Vec<Step>> {
    let keep = base.len().checked_sub(path.up)?;
    Some(base[..keep].iter().chain(&path.steps).cloned().collect())
}
