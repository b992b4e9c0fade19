//! Finding nodes by paths.
//!
//! **Invariant.** The same rules as in the read plan: positions count from 1, conditions compare legacy text.

use super::{Leaf, NodeId, Tree};
use crate::plan::model::{Condition, LegacyPath, Pick, Step};

impl Tree {
    /// Returns all nodes at the end of a path, in document order.
    pub fn select(&self, from: NodeId, path: &LegacyPath) -> Vec<NodeId> {
        let mut start = Some(from);
        for _ in 0..path.up {
            start = start.and_then(|node| self.parent(node));
        }
        start.map_or_else(Vec::new, |start| self.walk(start, &path.steps))
    }

    /// Returns all nodes at the end of these steps, in document order.
    pub fn walk(&self, from: NodeId, steps: &[Step]) -> Vec<NodeId> {
        steps
            .iter()
            .fold(vec![from], |nodes, step| nodes.iter().flat_map(|&node| self.pick(node, step)).collect())
    }

    /// Returns the children that a step takes.
    pub(crate) fn pick(&self, parent: NodeId, step: &Step) -> Vec<NodeId> {
        let all = self.matching(parent, step);
        match &step.pick {
            Pick::Only | Pick::All => all.collect(),
            Pick::Nth(n) => all.skip((*n as usize).saturating_sub(1)).take(1).collect(),
            Pick::Last => all.last().into_iter().collect(),
            Pick::Where(conditions) => {
                all.filter(|&node| conditions.iter().all(|condition| self.holds(node, condition))).collect()
            }
        }
    }

    /// Returns the first of the children that a step takes.
    pub(super) fn pick_first(&self, parent: NodeId, step: &Step) -> Option<NodeId> {
        let mut all = self.matching(parent, step);
        match &step.pick {
            Pick::Only | Pick::All => all.next(),
            Pick::Nth(n) => all.nth((*n as usize).saturating_sub(1)),
            Pick::Last => all.last(),
            Pick::Where(conditions) => {
                all.find(|&node| conditions.iter().all(|condition| self.holds(node, condition)))
            }
        }
    }

    pub(super) fn matching<'a>(
        &'a self,
        parent: NodeId,
        step: &'a Step,
    ) -> impl Iterator<Item = NodeId> + 'a {
        let is = |node: &NodeId| self.part(*node).is_some_and(|part| step.parts.contains(&part));
        self.children(parent).iter().copied().filter(is)
    }

    fn holds(&self, node: NodeId, condition: &Condition) -> bool {
        self.walk(node, &condition.path).into_iter().any(|leaf| self.text_is(leaf, &condition.value))
    }

    fn text_is(&self, node: NodeId, wanted: &str) -> bool {
        match self.value(node) {
            Some(kernel::Scalar::Text(text)) => text.trim() == wanted,
            Some(kernel::Scalar::Nil) | None => false,
            Some(other) => Leaf::from_scalar(other).text().as_deref() == Some(wanted),
        }
    }
}

impl Leaf {
    /// Returns the value as the text that a condition of a mapping would write; nothing for nil and bytes.
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::Nil | Self::Bytes(_) => return None,
            Self::Text(text) => text.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Decimal(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Date(value) => value.to_string(),
            Self::Time(value) => value.to_string(),
            Self::DateTime(value) => value.to_string(),
            Self::Instant(value) => value.to_string(),
        })
    }
}
