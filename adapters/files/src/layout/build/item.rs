//! Places fields, and gives items their parts.
//!
//! **Invariant.** What has a part has a step that tells it, and nothing else has.

use super::group::Names;
use super::{Builder, Cursor, bytes, small};
use crate::layout::step::Step;
use crate::layout::{Kind, Layout, Leaf, leaf};
use kernel::{Name, Occurs, Part, PartId, PartKind, TypeId};

impl Builder<'_, '_> {
    /// Places one occurrence.
    pub(super) fn once(
        &mut self,
        item: usize,
        node: u32,
        cursor: &mut Cursor,
        optional: bool,
        into: &mut (&mut Vec<PartId>, &mut Names),
    ) {
        let before = *cursor;
        let Some(it) = self.item(item) else { return };
        if it.children.is_empty() {
            self.leaf(item, node, cursor, optional, into.0);
        } else {
            self.group(item, node, cursor, optional, into);
        }
        self.close(node, cursor, before);
    }

    pub(super) fn leaf(
        &mut self,
        item: usize,
        node: u32,
        cursor: &mut Cursor,
        optional: bool,
        into: &mut Vec<PartId>,
    ) {
        let Some(it) = self.item(item) else { return };
        let field = match leaf::field(it, self.dialect, &self.building.setting) {
            Ok((field, _)) => field,
            Err(reason) => {
                let called = self.copybook.called(item);
                return self.refuse(item, format!("`{called}` cannot be stored: {reason}"), "");
            }
        };
        let width = u64::from(field.width);
        let number = small(self.record.leaves.len());
        let mut leaf = Leaf {
            part: PartId::TYPE,
            ty: TypeId(0),
            node,
            at: bytes(cursor.at),
            is_fixed: cursor.is_fixed,
            initial: leaf::initial(&field, &self.building.setting),
            field,
        };
        cursor.at += width;
        if self.is_named(node) {
            leaf.ty = self.building.shape.add_scalar(leaf.field.scalar_type());
            leaf.part = self.part(item, node, leaf.ty, PartKind::Field, optional);
            // A counter says how many elements a table has, which whoever maps the table knows.
            self.building.shape.part_mut(leaf.part).implied = self.plan.counts(item);
            into.push(leaf.part);
            self.record.steps.push(Step::Leaf(number));
            cursor.need = cursor.at;
        }
        self.record.leaves.push(leaf);
        self.set(node, |node| node.kind = Kind::Leaf(number));
        if self.plan.counts(item) {
            self.remember(item, number);
        }
    }

    pub(super) fn is_named(&self, node: u32) -> bool {
        self.record.nodes.get(node as usize).is_some_and(|node| node.name.is_some())
    }

    fn remember(&mut self, item: usize, leaf: u32) {
        if self.counters.len() >= Layout::COUNTERS_MAX {
            let most = Layout::COUNTERS_MAX;
            return self.refuse(item, format!("more than {most} counters in one record"), "");
        }
        let slot = u8::try_from(self.counters.len()).unwrap_or(u8::MAX);
        self.counters.push(item);
        self.record.steps.push(Step::Count { leaf, slot });
    }

    pub(super) fn part(
        &mut self,
        item: usize,
        node: u32,
        ty: TypeId,
        kind: PartKind,
        optional: bool,
    ) -> PartId {
        let name =
            self.record.nodes.get(node as usize).and_then(|node| node.name.clone()).unwrap_or_default();
        let once = if optional { Occurs::OPTIONAL } else { Occurs::ONCE };
        let occurs = self
            .item(item)
            .and_then(|it| it.occurs)
            .map_or(once, |it| Occurs { min: if optional { 0 } else { it.min }, max: Some(it.max) });
        let span = self.item(item).map(|it| it.span);
        let part = Part { occurs, span, ..Part::new(Name::local(name), kind, ty) };
        let part = self.building.shape.add_part(part);
        self.set(node, |node| node.part = Some(part));
        part
    }
}
