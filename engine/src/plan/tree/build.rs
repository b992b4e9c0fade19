//! Changing a tree: parts are added where the schema wants them, set, moved and taken out.
//!
//! **Invariant.** A new part stands behind all siblings that the schema puts before it, and behind its own kind.

use super::{Content, Leaf, Node, NodeId, Tree};
use crate::plan::model::{Condition, Pick, Step};
use kernel::{DecodeError, Document, Interest, PartId, Progress, Scalar, Shape, Stop, TypeId, Visitor};
use std::sync::Arc;

impl Tree {
    /// Adds a part of the declared type to a group, in schema order, and returns it.
    pub fn add(&mut self, parent: NodeId, part: PartId) -> NodeId {
        let ty = self.shape.part(part).ty;
        self.add_as(parent, part, ty)
    }

    /// Adds a part of a given type, which is the declared one or derived from it, and returns it.
    pub fn add_as(&mut self, parent: NodeId, part: PartId, ty: TypeId) -> NodeId {
        let rank = self.rank(parent, part);
        let after = self
            .children(parent)
            .iter()
            .rposition(|&child| self.part(child).is_some_and(|part| self.rank(parent, part) <= rank));
        self.insert(parent, after.map_or(0, |n| n + 1), part, ty)
    }

    /// Appends a part at the end, for captures, whose order is that of the document.
    fn append(&mut self, parent: NodeId, part: PartId, ty: TypeId) -> NodeId {
        let end = self.children(parent).len();
        self.insert(parent, end, part, ty)
    }

    fn insert(&mut self, parent: NodeId, at: usize, part: PartId, ty: TypeId) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let content = Content::empty(&self.shape, ty);
        self.nodes.push(Node { part: Some(part), ty, parent: Some(parent), content });
        if let Content::Group { children, nil } = &mut self.node_mut(parent).content {
            children.insert(at, id);
            *nil = false;
        }
        id
    }

    /// Where the schema puts a part among its siblings.
    fn rank(&self, parent: NodeId, part: PartId) -> usize {
        let Some(group) = self.shape.group(self.ty(parent)) else { return usize::MAX };
        if part == PartId::TYPE {
            return 0;
        }
        let head = self.shape.part(part).substitutes.unwrap_or(part);
        let at = |wanted: PartId| group.parts.iter().position(|&known| known == wanted);
        at(part).or_else(|| at(head)).map_or(usize::MAX, |n| n + 1)
    }

    /// Sets the value of a leaf, or of the text part of a group that has one.
    pub fn set(&mut self, node: NodeId, leaf: Leaf) {
        match &mut self.node_mut(node).content {
            Content::Leaf(old) => *old = leaf,
            Content::Group { children, nil } if leaf == Leaf::Nil => {
                children.clear();
                *nil = true;
            }
            Content::Group { .. } => {
                let Some(text) = self.shape.text_part(self.ty(node)) else { return };
                let known = self.children(node).iter().copied().find(|&child| self.part(child) == Some(text));
                let child = known.unwrap_or_else(|| self.add(node, text));
                self.set(child, leaf);
            }
        }
    }

    /// Makes a group have another type, as `xsi:type` would.
    pub fn retype(&mut self, node: NodeId, ty: TypeId) {
        self.node_mut(node).ty = ty;
    }

    /// Takes a node out, and each group around it that becomes empty by that and may be missing, up to `stop`.
    pub fn remove(&mut self, node: NodeId, stop: NodeId) {
        let mut node = node;
        while let Some(parent) = self.parent(node) {
            if let Content::Group { children, .. } = &mut self.node_mut(parent).content {
                children.retain(|&child| child != node);
            }
            self.node_mut(node).parent = None;
            let optional = self.part(parent).is_some_and(|part| self.shape.part(part).occurs.min == 0);
            if parent == stop || !optional || !self.children(parent).is_empty() {
                return;
            }
            node = parent;
        }
    }

    /// Puts these children of one parent into this order, at the places that they hold together.
    pub fn reorder(&mut self, parent: NodeId, order: &[NodeId]) {
        if let Content::Group { children, .. } = &mut self.node_mut(parent).content {
            let mut next = order.iter().copied();
            for child in children.iter_mut() {
                if order.contains(child)
                    && let Some(node) = next.next()
                {
                    *child = node;
                }
            }
        }
    }

    /// Returns the node at the end of a path, made if it is missing; conditions become constants.
    ///
    /// `fresh` adds a new last part even where there are some already.
    pub fn ensure(&mut self, from: NodeId, steps: &[Step], fresh: bool) -> NodeId {
        let mut node = from;
        for (n, step) in steps.iter().enumerate() {
            let fresh = fresh && n + 1 == steps.len();
            let found = if fresh { None } else { self.pick_first(node, step) };
            node = found.unwrap_or_else(|| self.make(node, step));
        }
        node
    }

    fn make(&mut self, parent: NodeId, step: &Step) -> NodeId {
        let Some(&part) = step.parts.first() else { return parent };
        if let Pick::Nth(n) = step.pick {
            // The n-th cannot exist without those before it, so they are made too.
            let there = self.matching(parent, step).count();
            for _ in there..(n as usize).saturating_sub(1) {
                self.add_as(parent, part, step.ty);
            }
        }
        let node = self.add_as(parent, part, step.ty);
        if let Pick::Where(conditions) = &step.pick {
            for condition in conditions {
                self.write_condition(node, condition);
            }
        }
        node
    }

    fn write_condition(&mut self, node: NodeId, condition: &Condition) {
        let leaf = self.ensure(node, &condition.path, false);
        self.set(leaf, Leaf::Text((&*condition.value).into()));
    }

    /// Copies a node of another tree of the same shape below `parent`, as `part`, and returns the copy.
    pub fn graft(&mut self, parent: NodeId, part: PartId, from: &Tree, node: NodeId) -> NodeId {
        let copy = self.add_as(parent, part, from.ty(node));
        self.copy_content(copy, from, node);
        copy
    }

    /// Puts a copy of the content of another tree's node in the place of what this one has.
    pub fn take_content(&mut self, to: NodeId, from: &Tree, node: NodeId) {
        if let Content::Group { children, .. } = &mut self.node_mut(to).content {
            children.clear();
        }
        self.node_mut(to).ty = from.ty(node);
        self.copy_content(to, from, node);
    }

    /// Copies what stands beside another record to this one, in the place of what stands beside it.
    pub(crate) fn take_beside(&mut self, from: &Tree) {
        let root = self.root();
        let mine: Vec<NodeId> = self.children(root).to_vec();
        mine.into_iter().filter(|&node| self.is_beside(node)).collect::<Vec<_>>().into_iter().for_each(
            |node| {
                self.remove(node, root);
            },
        );
        for &node in from.children(from.root()) {
            if let Some(part) = from.part(node).filter(|_| from.is_beside(node)) {
                self.graft(root, part, from, node);
            }
        }
    }

    fn copy_content(&mut self, to: NodeId, from: &Tree, node: NodeId) {
        match &from.node(node).content {
            Content::Leaf(leaf) => self.node_mut(to).content = Content::Leaf(leaf.clone()),
            Content::Group { nil, .. } => {
                for &child in from.children(node) {
                    if let Some(part) = from.part(child) {
                        let copy = self.append(to, part, from.ty(child));
                        self.copy_content(copy, from, child);
                    }
                }
                if let Content::Group { nil: mine, .. } = &mut self.node_mut(to).content {
                    *mine = *nil;
                }
            }
        }
    }
}

/// Reads a whole document into a tree.
///
/// # Errors
/// What arrived cannot be decoded, or ends early.
pub fn capture(shape: &Arc<Shape>, ty: TypeId, document: &mut dyn Document) -> Result<Tree, DecodeError> {
    let mut capture = Capture::new(shape, ty);
    match document.advance(&mut capture)? {
        Progress::End => Ok(capture.finish()),
        _ => Err(DecodeError::new("the document ends early", 0)),
    }
}

/// Collects a document whose input arrives in pieces.
#[derive(Debug)]
pub struct Capture {
    tree: Tree,
    open: Vec<NodeId>,
}

impl Capture {
    /// Starts with nothing.
    pub fn new(shape: &Arc<Shape>, ty: TypeId) -> Self {
        let tree = Tree::new(Arc::clone(shape), ty);
        Self { open: vec![tree.root()], tree }
    }

    /// Returns what was collected.
    pub fn finish(self) -> Tree {
        self.tree
    }
}

impl Visitor for Capture {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if part == PartId::TYPE {
            // The type itself is kept with each node.
            return Interest::Skip;
        }
        if self.tree.shape.group(ty).is_none() {
            return Interest::Leaf;
        }
        let parent = self.open.last().copied().unwrap_or(self.tree.root());
        let node = self.tree.append(parent, part, ty);
        self.open.push(node);
        Interest::Descend
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let parent = self.open.last().copied().unwrap_or(self.tree.root());
        if self.tree.part(parent) == Some(part) && scalar == Scalar::Nil {
            if let Content::Group { nil, .. } = &mut self.tree.node_mut(parent).content {
                *nil = true;
            }
            return Ok(());
        }
        let ty = self.tree.shape.part(part).ty;
        let node = self.tree.append(parent, part, ty);
        self.tree.node_mut(node).content = Content::Leaf(Leaf::from_scalar(scalar));
        Ok(())
    }

    fn unknown(&mut self, _name: &str) {}

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        self.open.pop();
        Ok(())
    }
}
