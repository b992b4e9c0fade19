//! Arrays: each new element finds its old one, so that what is not mapped stays with its owner.
//!
//! **Invariant.** By key where the mapping names one, else by position; an element that is gone is taken out.

use super::{BESIDE, Place, Run};
use crate::codec::{Chain, Written};
use crate::json::push_pointer;
use crate::plan::model::{Field, FieldKind, LegacyPath, ObjectMap};
use crate::plan::tree::{Leaf, NodeId};
use crate::value::Value;

impl Run<'_> {
    pub(super) fn each<'m>(
        &mut self,
        path: &'m LegacyPath,
        element: &'m ObjectMap,
        key: &[usize],
        modern: &'m Value,
        node: NodeId,
        at: &mut Place<'m>,
    ) {
        let items: &[Value] = match modern {
            Value::List(items) => items,
            Value::Absent | Value::Null => &[],
            _ => return self.refuse(at, "expected an array"),
        };
        let old = self.tree.select(node, path);
        let aligned = self.align(&old, element, key, items);
        if self.is_beside(path, node) && (aligned.len() != old.len() || aligned.contains(&None)) {
            return self.refuse(at, BESIDE);
        }
        for &gone in old.iter().filter(|node| !aligned.contains(&Some(**node))) {
            self.tree.remove(gone, node);
            self.changed = true;
        }
        let Some(from) = self.start(path, node) else { return };
        let mut order = Vec::with_capacity(items.len());
        for (n, (item, kept)) in items.iter().zip(aligned).enumerate() {
            let length = at.pointer.len();
            push_pointer(&mut at.pointer, &n.to_string());
            order.push(self.item(path, element, item, kept, from, at));
            at.pointer.truncate(length);
        }
        if !self.is_beside(path, node) {
            self.order(&order);
        }
    }

    fn item<'m>(
        &mut self,
        path: &'m LegacyPath,
        element: &'m ObjectMap,
        item: &'m Value,
        kept: Option<NodeId>,
        from: NodeId,
        at: &mut Place<'m>,
    ) -> NodeId {
        let place = kept.unwrap_or_else(|| {
            self.changed = true;
            self.tree.ensure(from, &path.steps, true)
        });
        if matches!(item, Value::Object(_)) {
            at.frames.enter(element, item);
            self.object(element, item, place, at);
            at.frames.leave(element);
        } else {
            self.refuse(at, "expected an object");
        }
        place
    }

    /// Returns for each new element the old node that it continues.
    fn align(
        &self,
        old: &[NodeId],
        element: &ObjectMap,
        key: &[usize],
        items: &[Value],
    ) -> Vec<Option<NodeId>> {
        if key.is_empty() {
            return (0..items.len()).map(|n| old.get(n).copied()).collect();
        }
        let fields: Vec<&Field> = key.iter().filter_map(|&n| element.fields.get(n)).collect();
        let mut free: Vec<(NodeId, Vec<Option<Value>>)> = old
            .iter()
            .map(|&node| (node, fields.iter().map(|field| self.key_of(field, node)).collect()))
            .collect();
        let wanted = |item: &Value| -> Vec<Option<Value>> {
            fields.iter().map(|field| canonical(field, item.member(&field.name))).collect()
        };
        items
            .iter()
            .map(|item| {
                let key = wanted(item);
                let found = free.iter().position(|(_, old)| same_key(old, &key))?;
                Some(free.remove(found).0)
            })
            .collect()
    }

    fn key_of(&self, field: &Field, node: NodeId) -> Option<Value> {
        match &field.kind {
            FieldKind::Value { sources, chain, .. } => self.read(sources, chain, node),
            _ => None,
        }
    }

    /// Brings the elements into the order of the array, where they share a parent.
    fn order(&mut self, order: &[NodeId]) {
        let Some(parent) = order.first().and_then(|&node| self.tree.parent(node)) else { return };
        let now: Vec<NodeId> =
            self.tree.children(parent).iter().copied().filter(|child| order.contains(child)).collect();
        if now.len() == order.len() && now != order {
            self.tree.reorder(parent, order);
            self.changed = true;
        }
    }

    /// An array of plain values, `[*]`: element by element, by position.
    pub(super) fn many(&mut self, field: &Field, modern: &Value, node: NodeId, at: &mut Place<'_>) {
        let FieldKind::Value { sources, chain, .. } = &field.kind else { return };
        let Some(path) = sources.first() else { return };
        let items: &[Value] = match modern {
            Value::List(items) => items,
            Value::Absent | Value::Null => &[],
            _ => return self.refuse(at, "expected an array"),
        };
        let old = self.tree.select(node, path);
        if self.is_beside(path, node) && items.len() != old.len() {
            return self.refuse(at, BESIDE);
        }
        for &gone in old.iter().skip(items.len()) {
            self.tree.remove(gone, node);
            self.changed = true;
        }
        let Some(from) = self.start(path, node) else { return };
        for (n, item) in items.iter().enumerate() {
            let length = at.pointer.len();
            push_pointer(&mut at.pointer, &n.to_string());
            self.one_of_many(path, chain, item, old.get(n).copied(), from, at);
            at.pointer.truncate(length);
        }
    }

    fn one_of_many(
        &mut self,
        path: &LegacyPath,
        chain: &Chain,
        item: &Value,
        kept: Option<NodeId>,
        from: NodeId,
        at: &Place<'_>,
    ) {
        let wanted = match chain.canonical(item) {
            Ok(wanted) if !wanted.is_absent() => wanted,
            Ok(_) => return self.refuse(at, "an element of an array cannot be nothing"),
            Err(error) => return self.refuse(at, error.message),
        };
        let now = kept.and_then(|leaf| self.tree.value(leaf)).and_then(|scalar| chain.read(&[scalar]).ok());
        if now.is_some_and(|now| now.same(&wanted)) {
            return;
        }
        if self.is_beside(path, from) {
            return self.refuse(at, BESIDE);
        }
        match chain.write(item, None).map(|mut written| written.pop()) {
            Ok(Some(Written::Text(text))) => {
                let leaf = kept.unwrap_or_else(|| self.tree.ensure(from, &path.steps, true));
                self.tree.set(leaf, Leaf::Text(text.into()));
                self.changed = true;
                let back = self.tree.value(leaf).and_then(|scalar| chain.read(&[scalar]).ok());
                if !back.is_some_and(|back| back.same(&wanted)) {
                    self.refuse(at, "the legacy system would read it back as something else");
                }
            }
            Ok(_) => self.refuse(at, "an element of an array cannot be nothing"),
            Err(error) => self.refuse(at, error.message),
        }
    }
}

fn canonical(field: &Field, sent: Option<&Value>) -> Option<Value> {
    match &field.kind {
        FieldKind::Value { chain, .. } => chain.canonical(sent.unwrap_or(&Value::Absent)).ok(),
        _ => None,
    }
}

fn same_key(a: &[Option<Value>], b: &[Option<Value>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|pair| matches!(pair, (Some(a), Some(b)) if a.same(b)))
}
