//! What a condition proves about the presence of values.
//!
//! **Invariant.** Only what holds whenever the condition does not decide otherwise; doubt proves nothing.

use super::super::ast::Binary;
use super::super::ir::{Ir, IrKind};
use crate::value::Value;
use std::sync::Arc;

/// A name and the steps from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    root: Root,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Input(usize),
    Local(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(Arc<str>),
    Index(i64),
}

/// Returns the path that a node is, if it is one.
pub(super) fn path(ir: &Ir) -> Option<Path> {
    let (of, step) = match &ir.kind {
        IrKind::Input(n) => return Some(Path { root: Root::Input(*n), steps: Vec::new() }),
        IrKind::Local(n) => return Some(Path { root: Root::Local(*n), steps: Vec::new() }),
        IrKind::Member(of, name) => (of, Step::Member(name.clone())),
        IrKind::Index(of, at) => match &at.kind {
            IrKind::Constant(Value::Number(n)) => (of, Step::Index(n.to_i64()?)),
            _ => return None,
        },
        _ => return None,
    };
    let mut path = path(of)?;
    path.steps.push(step);
    Some(path)
}

/// Returns what is present if a condition holds, or with `false` if it does not.
pub(super) fn learned(condition: &Ir, holds: bool) -> Vec<Path> {
    match &condition.kind {
        IrKind::Present(of, present) if *present == holds => path(of).map(prefixes).unwrap_or_default(),
        IrKind::Not(of) => learned(of, !holds),
        IrKind::Binary(Binary::And, sides) if holds => both(sides, holds),
        IrKind::Binary(Binary::Or, sides) if !holds => both(sides, holds),
        _ => Vec::new(),
    }
}

fn both(sides: &[Ir; 2], holds: bool) -> Vec<Path> {
    sides.iter().flat_map(|side| learned(side, holds)).collect()
}

/// Returns the path and everything that it lies in.
fn prefixes(path: Path) -> Vec<Path> {
    (0..=path.steps.len()).map(|n| Path { root: path.root, steps: path.steps[..n].to_vec() }).collect()
}
