//! A request whose structure is the same for all values: built once, filled for each request.
//!
//! **Invariant.** What is filled is what building anew would give; where its structure depends on a value, nothing is
//! prepared, and where a value is missing, the request is built anew.

use super::request::written;
use super::verify::missing;
use crate::codec::Written;
use crate::plan::model::{Pick, Step};
use crate::plan::tree::{Leaf, NodeId, Replay, Tree};
use crate::program::{Assignment, Inputs, SendPlan, SendValue};
use kernel::PartId;
use std::sync::Arc;

/// The structure of a request, with the constants in it.
#[derive(Debug, Clone)]
pub struct Prepared {
    tree: Arc<Tree>,
    /// The assignments of expressions, by number, and the leaves that they fill.
    slots: Vec<(usize, NodeId)>,
}

/// A request, ready to be told.
#[derive(Debug)]
pub struct Built {
    tree: Arc<Tree>,
    /// What stands in leaves of the tree, in the place of what it holds there itself.
    filled: Vec<(NodeId, Leaf)>,
    /// What the write of the body did.
    pub outcome: super::Outcome,
}

impl Prepared {
    /// Builds the structure of a request, unless it depends on the values.
    pub(crate) fn of(plan: &SendPlan) -> Option<Self> {
        let mut tree = Tree::new(Arc::clone(&plan.shape), plan.ty);
        let (mut slots, mut filled): (Vec<_>, Vec<NodeId>) = (Vec::new(), Vec::new());
        for (number, assignment) in plan.assignments.iter().enumerate() {
            let root = tree.root();
            let node = tree.ensure(root, &assignment.path.steps, assignment.fresh);
            // A leaf that is written twice has the later value, which a slot does not know.
            if tree.leaf(node).is_none() || filled.contains(&node) {
                return None;
            }
            filled.push(node);
            match &assignment.value {
                SendValue::Text(text) => tree.set(node, Leaf::Text((&**text).into())),
                SendValue::Expr(..) if !is_condition(assignment, &plan.assignments) => {
                    slots.push((number, node));
                }
                SendValue::Expr(..) | SendValue::Body(_) => return None,
            }
        }
        missing(&tree).is_empty().then(|| Self { tree: Arc::new(tree), slots })
    }

    /// Fills the structure; nothing where an expression gives anything else than one text.
    pub(super) fn fill(&self, plan: &SendPlan, inputs: &Inputs) -> Option<Built> {
        let mut filled = Vec::with_capacity(self.slots.len());
        for &(number, node) in &self.slots {
            let SendValue::Expr(formula, chain) = &plan.assignments.get(number)?.value else { return None };
            let mut values = written(formula, chain, inputs).ok()?;
            let (Some(Written::Text(text)), true) = (values.pop(), values.is_empty()) else { return None };
            filled.push((node, Leaf::Text(text.into())));
        }
        Some(Built { tree: Arc::clone(&self.tree), filled, outcome: super::Outcome::default() })
    }
}

impl Built {
    /// A request that was built for itself.
    pub(super) fn anew(tree: Tree, outcome: super::Outcome) -> Self {
        Self { tree: Arc::new(tree), filled: Vec::new(), outcome }
    }

    /// Returns a document that tells its parts.
    pub fn replay(&self) -> Replay<'_> {
        self.tree.replay_with(&self.filled)
    }
}

/// Returns whether a condition may look at what an assignment fills: then the structure depends on its value.
fn is_condition(assignment: &Assignment, all: &[Assignment]) -> bool {
    let Some(last) = assignment.path.steps.last() else { return true };
    all.iter().any(|other| asked(&other.path.steps, &last.parts))
}

fn asked(steps: &[Step], parts: &[PartId]) -> bool {
    steps.iter().any(|step| match &step.pick {
        Pick::Where(conditions) => conditions.iter().any(|condition| {
            let is_last = |step: &Step| step.parts.iter().any(|part| parts.contains(part));
            condition.path.iter().any(is_last) || asked(&condition.path, parts)
        }),
        Pick::Only | Pick::Nth(_) | Pick::Last | Pick::All => false,
    })
}
