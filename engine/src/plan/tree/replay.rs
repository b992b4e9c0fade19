//! Telling a tree to a visitor: an encoder that writes it, or a read plan that reads it back.
//!
//! **Invariant.** The same calls in the same order as from a message of the same content.

use super::{Content, Leaf, NodeId, Tree};
use kernel::{DecodeError, Document, Interest, PartId, Progress, Scalar, Stop, Visitor};

/// A document over a tree.
#[derive(Debug)]
pub struct Replay<'a> {
    tree: &'a Tree,
    /// What is told in the place of what leaves of the tree hold.
    filled: &'a [(NodeId, Leaf)],
    /// Open nodes, each with the number of its next child.
    open: Vec<(NodeId, usize)>,
    done: bool,
}

impl<'a> Replay<'a> {
    pub(super) fn new(tree: &'a Tree, node: NodeId, filled: &'a [(NodeId, Leaf)]) -> Self {
        Self { tree, filled, open: vec![(node, 0)], done: false }
    }

    fn value(&self, node: NodeId) -> Option<Scalar<'a>> {
        let filled = self.filled.iter().find(|(known, _)| *known == node);
        filled.map_or_else(|| self.tree.value(node), |(_, leaf)| Some(leaf.as_scalar()))
    }

    /// Tells one child, or the end of the open node.
    fn step(&mut self, to: &mut dyn Visitor) -> Result<Progress, Stop> {
        let Some((node, next)) = self.open.last_mut() else { return Ok(Progress::End) };
        let node = *node;
        let Some(&child) = self.tree.children(node).get(*next) else {
            self.open.pop();
            return self.close(node, to);
        };
        let tree = self.tree;
        let (Some(part), ty) = (tree.part(child), tree.ty(child)) else { return Ok(Progress::End) };
        match to.enter(part, ty) {
            Interest::Pause => return Ok(Progress::Paused),
            Interest::Skip => *next += 1,
            Interest::Leaf => {
                *next += 1;
                to.leaf(part, self.value(child).unwrap_or(Scalar::Nil))?;
            }
            Interest::Descend => {
                *next += 1;
                self.tell_type(child, to)?;
                self.open.push((child, 0));
            }
        }
        Ok(Progress::NeedInput)
    }

    fn tell_type(&self, child: NodeId, to: &mut dyn Visitor) -> Result<(), Stop> {
        let ty = self.tree.ty(child);
        let name = self.tree.shape().ty(ty).name.as_ref();
        if let Some(name) = name
            && to.enter(PartId::TYPE, self.tree.shape().part(PartId::TYPE).ty) == Interest::Leaf
        {
            to.leaf(PartId::TYPE, Scalar::Text(&name.local))?;
        }
        Ok(())
    }

    fn close(&self, node: NodeId, to: &mut dyn Visitor) -> Result<Progress, Stop> {
        if self.open.is_empty() {
            return Ok(Progress::End);
        }
        if let Some(part) = self.tree.part(node) {
            if matches!(self.tree.node(node).content, Content::Group { nil: true, .. }) {
                to.leaf(part, Scalar::Nil)?;
            }
            to.leave(part)?;
        }
        Ok(Progress::NeedInput)
    }
}

impl Document for Replay<'_> {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        while !self.done {
            match self.step(to) {
                Ok(Progress::NeedInput) => {}
                Ok(Progress::End) => self.done = true,
                Ok(progress) => return Ok(progress),
                Err(Stop) => return Ok(Progress::Stopped),
            }
        }
        Ok(Progress::End)
    }
}
