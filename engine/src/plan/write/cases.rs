//! Alternatives: the new case is selected, and what the old one had is taken out.
//!
//! **Invariant.** What no case maps stays; a part that both cases map is changed in its place; a case that stays and is not
//! changed leaves everything as it is.

use super::{BESIDE, Place, Run};
use crate::codec::Written;
use crate::plan::errors::Pattern;
use crate::plan::model::{Case, FieldKind, LegacyPath, ObjectMap};
use crate::plan::tree::{Leaf, NodeId};
use crate::value::Value;
use std::sync::Arc;

impl Run<'_> {
    pub(super) fn cases<'m>(
        &mut self,
        selector: Option<&'m LegacyPath>,
        tag: &str,
        cases: &'m [Case],
        modern: &'m Value,
        node: NodeId,
        at: &mut Place<'m>,
    ) {
        let name = match modern.member(tag) {
            Some(Value::Text(name)) => Some(Arc::clone(name)),
            _ if modern.is_absent() => None,
            _ => return self.refuse(at, format!("expected an object with `{tag}`")),
        };
        let chosen = name.as_ref().map(|name| cases.iter().position(|case| case.name == *name));
        if chosen == Some(None) {
            let known: Vec<&str> = cases.iter().map(|case| &*case.name).collect();
            return self.refuse(at, format!("`{tag}` is none of {}", known.join(", ")));
        }
        let chosen = chosen.flatten();
        let before = self.selected(selector, cases, node);
        if before != chosen {
            if let (Some(before), Some(chosen)) = (before, chosen) {
                self.leave_fields(&cases[before].fields, &cases[chosen].fields, selector, node);
            }
            self.leave_others(cases, chosen, &[], node);
        }
        let Some(case) = chosen.map(|n| &cases[n]) else { return };
        let changed = std::mem::take(&mut self.changed);
        self.select_case(selector, case, node, at);
        at.frames.enter(&case.fields, modern);
        self.object(&case.fields, modern, node, at);
        at.frames.leave(&case.fields);
        if before == chosen && self.changed {
            // The same bytes may be told once for each case, and only one of these tellings is up to date now.
            let mut kept = Vec::new();
            self.mapped(&case.fields, node, &mut kept);
            self.leave_others(cases, chosen, &kept, node);
        }
        self.changed |= changed;
    }

    /// Takes out what belongs to all cases but the chosen one, except what `kept` is in.
    fn leave_others(&mut self, cases: &[Case], chosen: Option<usize>, kept: &[NodeId], node: NodeId) {
        for (_, other) in cases.iter().enumerate().filter(|(n, _)| Some(*n) != chosen) {
            self.leave_case(other, chosen.map(|n| &cases[n]), kept, node);
        }
    }

    /// Returns which case the record is now.
    fn selected(&self, selector: Option<&LegacyPath>, cases: &[Case], node: NodeId) -> Option<usize> {
        let there = |case: &Case, typed: bool| {
            let Some((path, step)) = case.at.as_ref().and_then(|path| Some((path, path.steps.last()?)))
            else {
                return false;
            };
            self.tree.select(node, path).iter().any(|&part| !typed || self.tree.ty(part) == step.ty)
        };
        match selector {
            None => cases.iter().position(|case| there(case, false)),
            Some(selector) if is_type(selector) => cases.iter().position(|case| there(case, true)),
            Some(selector) => {
                let now = self.text(selector, node)?;
                cases.iter().position(|case| selects(case, &now))
            }
        }
    }

    fn text(&self, path: &LegacyPath, node: NodeId) -> Option<String> {
        let leaf = self.tree.select(node, path).first().copied()?;
        Leaf::from_scalar(self.tree.value(leaf)?).text().map(|text| text.to_string())
    }

    /// Takes out what the fields of the old case left behind, except what the new case or the selector maps, too.
    fn leave_fields(
        &mut self,
        old: &ObjectMap,
        new: &ObjectMap,
        selector: Option<&LegacyPath>,
        node: NodeId,
    ) {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        self.mapped(old, node, &mut gone);
        self.mapped(new, node, &mut kept);
        kept.extend(selector.into_iter().flat_map(|selector| self.tree.select(node, selector)));
        for leaf in gone {
            // Something around it may have gone before it.
            let attached = self.is_below(leaf, node) && !self.tree.is_beside(leaf);
            if attached && !kept.iter().any(|&kept| self.is_below(kept, leaf) || self.is_below(leaf, kept)) {
                self.tree.remove(leaf, node);
                self.changed = true;
            }
        }
    }

    /// Collects the nodes that the fields of a map stand for.
    fn mapped(&self, map: &ObjectMap, node: NodeId, found: &mut Vec<NodeId>) {
        for field in map.fields.iter().filter(|field| !field.hidden) {
            match &field.kind {
                FieldKind::Value { sources, .. } => {
                    found.extend(sources.iter().flat_map(|source| self.tree.select(node, source)));
                }
                FieldKind::Computed(_) => {}
                FieldKind::Each { path, .. } => found.extend(self.tree.select(node, path)),
                FieldKind::Object(inner) => self.mapped(inner, node, found),
                FieldKind::Cases { selector, cases, .. } => {
                    let selector = selector.as_ref().filter(|selector| !is_type(selector));
                    found.extend(selector.into_iter().flat_map(|selector| self.tree.select(node, selector)));
                    for case in cases {
                        found.extend(case.at.iter().flat_map(|at| self.tree.select(node, at)));
                        self.mapped(&case.fields, node, found);
                    }
                }
            }
        }
    }

    /// Returns whether a node is another one, or within it.
    fn is_below(&self, node: NodeId, above: NodeId) -> bool {
        std::iter::successors(Some(node), |&node| self.tree.parent(node)).any(|at| at == above)
    }

    /// Takes out what belongs to a case that does not apply any more.
    fn leave_case(&mut self, case: &Case, chosen: Option<&Case>, kept: &[NodeId], node: NodeId) {
        let Some(path) = &case.at else { return };
        let ends = |path: &LegacyPath| path.steps.last().map(|step| (step.parts.clone(), step.ty));
        if chosen
            .and_then(|case| case.at.as_ref())
            .is_some_and(|kept| ends(kept).map(|e| e.0) == ends(path).map(|e| e.0))
        {
            // Both cases live in the same part and differ by type or by a selector beside it.
            return;
        }
        for part in self.tree.select(node, path) {
            if !self.tree.is_beside(part) && !kept.iter().any(|&kept| self.is_below(kept, part)) {
                self.tree.remove(part, node);
                self.changed = true;
            }
        }
    }

    fn select_case(&mut self, selector: Option<&LegacyPath>, case: &Case, node: NodeId, at: &Place<'_>) {
        if let Some(path) = &case.at
            && self.tree.select(node, path).is_empty()
            && !self.is_beside(path, node)
            && let Some(from) = self.start(path, node)
        {
            let part = self.tree.ensure(from, &path.steps, false);
            if let Some(step) = path.steps.last() {
                self.tree.retype(part, step.ty);
            }
            self.changed = true;
        }
        let Some(selector) = selector else { return };
        if is_type(selector) {
            return self.retype_case(case, node);
        }
        // A record that selects this case already by another of its values keeps that value.
        if self.text(selector, node).is_some_and(|now| selects(case, &now)) {
            return;
        }
        if self.is_beside(selector, node) {
            return self.refuse(at, BESIDE);
        }
        let literal = |when: &&Arc<str>| matches!(Pattern::parse(when), Pattern::Text(_));
        match case.when.iter().find(literal) {
            Some(wanted) => {
                self.store_one(selector, Written::Text(wanted.to_string()), node);
                self.changed = true;
            }
            None => {
                self.refuse(at, format!("{} is known by a pattern, of which no value follows", case.name))
            }
        }
    }

    fn retype_case(&mut self, case: &Case, node: NodeId) {
        let Some((path, step)) = case.at.as_ref().and_then(|path| path.steps.last().map(|step| (path, step)))
        else {
            return;
        };
        for part in self.tree.select(node, path) {
            if self.tree.ty(part) != step.ty {
                self.tree.retype(part, step.ty);
                self.changed = true;
            }
        }
    }
}

/// Whether the type in the message decides.
fn is_type(selector: &LegacyPath) -> bool {
    selector.steps.last().is_some_and(|step| step.parts.first() == Some(&kernel::PartId::TYPE))
}

/// Whether a text of the selector selects a case.
fn selects(case: &Case, text: &str) -> bool {
    case.when.iter().any(|when| Pattern::parse(when).matches(text.trim()))
}
