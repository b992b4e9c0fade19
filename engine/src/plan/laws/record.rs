//! Random legacy records of a model: valid by the shape, readable by the mapping, with much beside it.
//!
//! **Invariant.** Parts that no field names are filled too, so that a law sees when a write damages them.

use super::random::Random;
use crate::codec::{Chain, Written};
use crate::plan::model::{Case, Field, FieldKind, LegacyPath, Model, ObjectMap};
use crate::plan::tree::{Leaf, NodeId, Tree};
use kernel::{PartId, Scalar, TypeId};
use std::sync::Arc;

/// How deep a record grows where its type is recursive, and how often a part is repeated at the most.
const DEPTH_MAX: u32 = 12;
const REPEAT_MAX: u32 = 3;

/// Makes a record.
pub(super) fn random(model: &Model, random: &mut Random) -> Tree {
    let mut make = Make { tree: Tree::new(Arc::clone(&model.shape), model.ty), random };
    let root = make.tree.root();
    make.fill(root, 0);
    make.object(&model.body, root, true);
    make.tree
}

struct Make<'a> {
    tree: Tree,
    random: &'a mut Random,
}

impl Make<'_> {
    /// Fills a node with random parts as the shape allows them.
    fn fill(&mut self, node: NodeId, depth: u32) {
        let shape = Arc::clone(self.tree.shape());
        let ty = self.tree.ty(node);
        let Some(group) = shape.group(ty) else {
            let leaf = shape.scalar(ty).map_or_else(String::new, |scalar| self.random.leaf(scalar));
            return self.tree.set(node, Leaf::Text(leaf.into()));
        };
        for &part in &group.parts {
            for _ in 0..self.count(part, depth) {
                let Some(ty) = self.concrete(shape.part(part).ty) else { continue };
                let child = self.tree.add_as(node, part, ty);
                self.fill(child, depth + 1);
            }
        }
    }

    fn count(&mut self, part: PartId, depth: u32) -> u32 {
        let part = self.tree.shape().part(part).clone();
        if part.kind == kernel::PartKind::TypeName || part.abstract_ || part.substitutes.is_some() {
            return 0;
        }
        if depth >= DEPTH_MAX || self.random.chance(35) {
            return part.occurs.min;
        }
        let max = part.occurs.max.unwrap_or(REPEAT_MAX).min(part.occurs.min.max(REPEAT_MAX));
        let more = max.saturating_sub(part.occurs.min);
        part.occurs.min + u32::try_from(self.random.below(more as usize + 1)).unwrap_or(0)
    }

    /// Returns the type, or one that derives from it where it is abstract.
    fn concrete(&mut self, ty: TypeId) -> Option<TypeId> {
        let shape = Arc::clone(self.tree.shape());
        let Some(group) = shape.group(ty) else { return Some(ty) };
        if !group.abstract_ {
            return Some(ty);
        }
        let is_concrete = |ty: &TypeId| shape.group(*ty).is_some_and(|group| !group.abstract_);
        let derived: Vec<TypeId> = group.derived.iter().copied().filter(is_concrete).collect();
        self.random.pick(&derived).copied()
    }

    /// Makes the fields of an object readable. `needed` says that it has to be there.
    fn object(&mut self, map: &ObjectMap, node: NodeId, needed: bool) {
        for field in &map.fields {
            self.field(field, node, needed && field.facts.required && !field.facts.nullable);
        }
    }

    fn field(&mut self, field: &Field, node: NodeId, needed: bool) {
        match &field.kind {
            FieldKind::Value { sources, chain, many, .. } => self.value(sources, chain, *many, node, needed),
            FieldKind::Computed(_) => {}
            FieldKind::Each { path, element, .. } => {
                for child in self.tree.select(node, path) {
                    self.object(element, child, true);
                }
            }
            FieldKind::Object(map) if needed || self.random.chance(70) => self.object(map, node, true),
            FieldKind::Object(map) => self.clear(map, node),
            FieldKind::Cases { selector, cases, .. } => self.cases(selector.as_ref(), cases, node),
        }
    }

    fn value(&mut self, sources: &[LegacyPath], chain: &Chain, many: bool, node: NodeId, needed: bool) {
        if many {
            for leaf in sources.iter().flat_map(|source| self.tree.select(node, source)).collect::<Vec<_>>() {
                self.assign(&[leaf], chain, true);
            }
            return;
        }
        let present = sources.iter().all(|source| !self.tree.select(node, source).is_empty());
        if !present && !needed && self.random.chance(50) {
            return sources.iter().for_each(|source| self.remove(source, node));
        }
        let leaves: Vec<NodeId> = sources.iter().filter_map(|source| self.ensure(source, node)).collect();
        if leaves.len() == sources.len() && !self.assign(&leaves, chain, needed) {
            sources.iter().for_each(|source| self.remove(source, node));
        }
    }

    fn ensure(&mut self, path: &LegacyPath, node: NodeId) -> Option<NodeId> {
        if let Some(&leaf) = self.tree.select(node, path).first() {
            return Some(leaf);
        }
        let from = (0..path.up).try_fold(node, |node, _| self.tree.parent(node))?;
        Some(self.tree.ensure(from, &path.steps, false))
    }

    /// Gives leaves that belong to one field a value that its chain reads; says whether there is one.
    fn assign(&mut self, leaves: &[NodeId], chain: &Chain, needed: bool) -> bool {
        for _ in 0..20 {
            let texts: Vec<String> = leaves.iter().map(|&leaf| self.sample(leaf, chain)).collect();
            let scalars: Vec<Scalar<'_>> = texts.iter().map(|text| Scalar::Text(text)).collect();
            if chain.read(&scalars).is_ok_and(|value| !needed || !value.is_absent()) {
                for (&leaf, text) in leaves.iter().zip(texts) {
                    self.tree.set(leaf, Leaf::Text(text.into()));
                }
                return true;
            }
        }
        self.encode(leaves, chain)
    }

    fn sample(&mut self, leaf: NodeId, chain: &Chain) -> String {
        let codes = chain.legacy_codes();
        if let Some(code) = self.random.pick(&codes) {
            return code.clone();
        }
        let shape = Arc::clone(self.tree.shape());
        let ty = self.tree.ty(leaf);
        let ty = shape.text_part(ty).map_or(ty, |text| shape.part(text).ty);
        shape.scalar(ty).map_or_else(String::new, |scalar| self.random.leaf(scalar))
    }

    /// Where no random text is readable, a random modern value is encoded.
    fn encode(&mut self, leaves: &[NodeId], chain: &Chain) -> bool {
        let value = self.random.value(&chain.ty().kind);
        let Ok(written) = chain.write(&value, None) else { return false };
        for (&leaf, value) in leaves.iter().zip(written) {
            match value {
                Written::Text(text) => self.tree.set(leaf, Leaf::Text(text.into())),
                Written::Bytes(bytes) => self.tree.set(leaf, Leaf::Bytes(bytes.into())),
                Written::Nil | Written::Absent => return false,
            }
        }
        true
    }

    fn clear(&mut self, map: &ObjectMap, node: NodeId) {
        for field in &map.fields {
            match &field.kind {
                FieldKind::Value { sources, .. } => {
                    sources.iter().for_each(|source| self.remove(source, node))
                }
                FieldKind::Each { path, .. } => self.remove(path, node),
                FieldKind::Object(inner) => self.clear(inner, node),
                _ => {}
            }
        }
    }

    fn remove(&mut self, path: &LegacyPath, node: NodeId) {
        for found in self.tree.select(node, path) {
            let required =
                self.tree.part(found).is_some_and(|part| self.tree.shape().part(part).occurs.min > 0);
            if !required {
                self.tree.remove(found, node);
            }
        }
    }

    fn cases(&mut self, selector: Option<&LegacyPath>, cases: &[Case], node: NodeId) {
        let chosen = self.random.below(cases.len());
        for (n, case) in cases.iter().enumerate() {
            if let (false, Some(at)) = (n == chosen, &case.at) {
                self.remove(at, node);
            }
        }
        let Some(case) = cases.get(chosen) else { return };
        if let Some(at) = &case.at
            && let Some(part) = self.ensure(at, node)
            && let Some(step) = at.steps.last()
        {
            self.tree.retype(part, step.ty);
        }
        if let (Some(selector), Some(when)) = (selector, self.random.pick(&case.when).cloned())
            && selector.steps.last().is_none_or(|step| step.parts.first() != Some(&PartId::TYPE))
            && let Some(leaf) = self.ensure(selector, node)
        {
            self.tree.set(leaf, Leaf::Text((&*when).into()));
        }
        self.object(&case.fields, node, true);
    }
}
