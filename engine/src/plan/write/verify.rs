//! The checks after a write: nothing that the legacy schema requires is missing, and all reads back.
//!
//! **Invariant.** A request that the legacy schema would refuse never leaves.

use super::WriteError;
use crate::plan::tree::{NodeId, Tree};
use kernel::{DecodeError, Document, PartId, Progress, Visitor};

/// Returns what the legacy schema requires and the tree does not have, by legacy path.
pub(super) fn missing(tree: &Tree) -> Vec<WriteError> {
    let mut errors = Vec::new();
    visit(tree, tree.root(), &mut String::new(), &mut errors);
    errors
}

fn visit(tree: &Tree, node: NodeId, path: &mut String, errors: &mut Vec<WriteError>) {
    let Some(group) = tree.shape().group(tree.ty(node)) else { return };
    if tree.value(node) == Some(kernel::Scalar::Nil) {
        return;
    }
    for &part in &group.parts {
        let declared = tree.shape().part(part);
        let required =
            declared.occurs.min > 0 && declared.kind != kernel::PartKind::Text && declared.fixed.is_none();
        let is_it = |child: PartId| child == part || tree.shape().part(child).substitutes == Some(part);
        let there = || tree.children(node).iter().filter_map(|&child| tree.part(child)).any(is_it);
        if required && !there() {
            let message =
                format!("the legacy structure requires {path}{}, and nothing fills it", declared.name);
            errors.push(WriteError { pointer: String::new(), message });
        }
    }
    for &child in tree.children(node) {
        let Some(part) = tree.part(child).filter(|_| !tree.is_beside(child)) else { continue };
        let length = path.len();
        path.push_str(&tree.shape().part(part).name.local);
        path.push('/');
        visit(tree, child, path, errors);
        path.truncate(length);
    }
}

/// Tells a record of a tree to a reader, to see how it reads back.
///
/// # Errors
/// As for any document; a tree is always whole, so in practice none.
pub fn read_back(tree: &Tree, node: NodeId, to: &mut dyn Visitor) -> Result<(), DecodeError> {
    let mut replay = tree.replay(node);
    loop {
        match replay.advance(to)? {
            Progress::Paused => {}
            _ => return Ok(()),
        }
    }
}
