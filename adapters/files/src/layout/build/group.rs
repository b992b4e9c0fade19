//! Places the members of a group, side by side or in one place.
//!
//! **Invariant.** Whatever has several meanings is optional in each of them.

use super::{Builder, Cursor, bytes, small};
use crate::field::{Field, Form};
use crate::layout::step::Step;
use crate::layout::{Kind, Leaf, Members};
use kernel::{PartId, PartKind};
use std::collections::HashMap;

/// The names of a group, so that no two are the same.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashMap<Box<str>, u32>,
}

impl Names {
    /// Returns a name, with a number behind it if it is taken: `RATE`, `RATE-2`.
    pub(super) fn unused(&mut self, name: &str) -> String {
        let mut unused = name.to_owned();
        let mut number = self.taken.get(name).copied().unwrap_or(0);
        while self.taken.contains_key(unused.as_str()) {
            number += 1;
            unused = format!("{name}-{}", number + 1);
        }
        if number > 0 {
            self.taken.insert(name.into(), number);
        }
        self.taken.insert(unused.clone().into(), 0);
        unused
    }
}

impl Builder<'_, '_> {
    /// Places a group, and gives it a part if it has a name.
    pub(super) fn group(
        &mut self,
        item: usize,
        node: u32,
        cursor: &mut Cursor,
        optional: bool,
        into: &mut (&mut Vec<PartId>, &mut Names),
    ) {
        let is_root = self.record.nodes.get(node as usize).is_some_and(|node| node.parent.is_none());
        if is_root || !self.is_named(node) {
            return self.members(item, node, cursor, optional && !is_root, into);
        }
        let ty = self.building.shape.reserve();
        let part = self.part(item, node, ty, PartKind::Element, optional);
        into.0.push(part);
        let start = self.record.steps.len();
        let walk = self.plan.is_walked(item);
        self.record.steps.push(Step::Enter { part, ty, end: 0, walk });
        let mut members = Vec::new();
        let own = self.own_text(item, node, cursor, &mut members);
        let before = *cursor;
        self.members(item, node, cursor, false, &mut (&mut members, &mut Names::default()));
        self.close_text(own, cursor, &before);
        self.record.steps.push(Step::Leave { part });
        self.end(start);
        let span = self.item(item).map(|it| it.span);
        self.define(ty, None, &members, span);
    }

    /// A group that is also told as one text.
    fn own_text(&mut self, item: usize, node: u32, cursor: &Cursor, into: &mut Vec<PartId>) -> Option<u32> {
        let called = self.copybook.called(item);
        if !self.dialect.texts.iter().any(|name| name.eq_ignore_ascii_case(called)) {
            return None;
        }
        if self.plan.is_variable_within(item) {
            self.refuse(item, format!("`{called}` has no fixed length and cannot be told as a text"), "");
            return None;
        }
        let number = small(self.record.leaves.len());
        let ty = self.building.shape.add_scalar(kernel::ScalarType::text());
        let name = kernel::Name::local(called);
        let part =
            kernel::Part { occurs: kernel::Occurs::OPTIONAL, ..kernel::Part::new(name, PartKind::Text, ty) };
        let part = self.building.shape.add_part(part);
        into.push(part);
        let field = Field { form: Form::Text, width: 0 };
        let (at, initial) = (bytes(cursor.at), [self.building.setting.page.blank()].into());
        self.record.leaves.push(Leaf { part, ty, node, at, is_fixed: cursor.is_fixed, field, initial });
        self.record.steps.push(Step::Leaf(number));
        self.set(node, |node| node.kind = Kind::Group(Members { text: Some(number), ..Members::default() }));
        Some(number)
    }

    fn close_text(&mut self, text: Option<u32>, cursor: &Cursor, before: &Cursor) {
        let Some(leaf) = text.and_then(|text| self.record.leaves.get_mut(text as usize)) else { return };
        leaf.field.width = bytes(cursor.at - before.at);
        let (ty, scalar) = (leaf.ty, leaf.field.scalar_type());
        if let Some(ty) = self.building.shape.ty_mut(ty) {
            ty.kind = kernel::TypeKind::Scalar(scalar);
        }
    }

    /// Places the members of a group, area by area.
    fn members(
        &mut self,
        item: usize,
        node: u32,
        cursor: &mut Cursor,
        optional: bool,
        into: &mut (&mut Vec<PartId>, &mut Names),
    ) {
        for area in self.areas(item) {
            let nodes = match area.as_slice() {
                [one] => self.place(*one, Some(node), cursor, optional, into).into_iter().collect(),
                several => self.alternatives(several, node, cursor, into),
            };
            self.set(node, |node| {
                if let Kind::Group(members) = &mut node.kind {
                    members.areas.push(nodes);
                }
            });
        }
    }

    /// The members of a group; those that redefine another one are with it.
    fn areas(&self, item: usize) -> Vec<Vec<usize>> {
        let children = self.item(item).map(|it| it.children.as_slice()).unwrap_or_default();
        let mut areas: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<usize, usize> = HashMap::new();
        for &child in children {
            let base = self.item(child).and_then(|it| it.redefines);
            match base.and_then(|base| known.get(&base)).and_then(|&at| areas.get_mut(at)) {
                Some(area) => area.push(child),
                None => {
                    known.insert(child, areas.len());
                    areas.push(vec![child]);
                }
            }
        }
        areas
    }

    /// Places what begins at one place. The area is as long as the longest, and has to be there for the shortest.
    fn alternatives(
        &mut self,
        items: &[usize],
        parent: u32,
        cursor: &mut Cursor,
        into: &mut (&mut Vec<PartId>, &mut Names),
    ) -> Vec<u32> {
        if let Some(&first) = items.first() {
            self.align(first, cursor);
        }
        let before = *cursor;
        let is_variable = items.iter().any(|&item| self.plan.is_variable(item));
        let mut need = None;
        let mut nodes = Vec::new();
        for &item in items {
            let mut one = before;
            let start = self.record.steps.len();
            if is_variable {
                self.record.steps.push(Step::Branch { end: 0 });
            }
            nodes.extend(self.place(item, Some(parent), &mut one, true, into));
            self.end(start);
            // Counted from the base that they have in common.
            let at = one.before_max - before.before_max + one.at;
            cursor.at = cursor.at.max(at);
            if self.plan.is_told(item) {
                let least = one.before_min - before.before_min + one.need.max(before.need);
                need = Some(need.map_or(least, |known: u64| known.min(least)));
            }
            cursor.is_closed |= is_variable || one.is_closed;
        }
        cursor.need = need.unwrap_or(before.need);
        self.imply(&nodes);
        nodes
    }

    /// An area that others redefine is there for its bytes; what these mean, the others say.
    fn imply(&mut self, nodes: &[u32]) {
        let told = |node: &u32| self.record.nodes.get(*node as usize).filter(|node| node.part.is_some());
        if let Some((first, [_, ..])) = nodes.split_first()
            && let Some(part) =
                told(first).filter(|it| matches!(it.kind, Kind::Leaf(_))).and_then(|it| it.part)
        {
            self.building.shape.part_mut(part).implied = true;
        }
    }
}
