//! Coverage: each legacy leaf is used, ignored by name, or reported.
//!
//! **Invariant.** Recursive structures are walked once per way, and a group that nothing uses is reported as one.

use super::usage::{Usage, Which};
use crate::plan::model::Model;
use kernel::{PartId, PartKind, Shape, Span, TypeId};

/// What is used of a legacy structure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// Leaves that are used.
    pub(crate) used: usize,
    /// Leaves that are ignored by name.
    pub(crate) ignored: usize,
    /// Leaves in all.
    pub(crate) total: usize,
    /// What is neither, with where it is declared; a group that is not used at all ends in `/…`.
    pub(crate) reported: Vec<(String, Option<Span>)>,
}

/// A schema can have more leaves than anybody counts.
const LEAVES_MAX: usize = 10_000;
/// How deep groups are looked into whose leaves may all follow from other things; this only bounds recursive ones.
const DEPTH_MAX: usize = 64;

/// Measures the coverage of a model.
pub(crate) fn measure(model: &Model) -> Coverage {
    let mut usage = Usage::default();
    usage.touch_fields(&model.body, &[], Which::All);
    for constant in &model.constants {
        usage.touch_from(&[], &constant.path);
    }
    for path in model.ignored.iter().filter(|path| path.up == 0 && path.beside.is_none()) {
        usage.touch(&path.steps, &|node| node.ignored = true);
    }
    let mut walk = Walk { shape: &model.shape, coverage: Coverage::default(), open: Vec::new() };
    walk.group(model.ty, &usage, "");
    walk.coverage
}

struct Walk<'a> {
    shape: &'a Shape,
    coverage: Coverage,
    /// Types that are being walked.
    open: Vec<TypeId>,
}

impl Walk<'_> {
    fn group(&mut self, ty: TypeId, usage: &Usage, prefix: &str) {
        let Some(group) = self.shape.group(ty) else { return };
        self.open.push(ty);
        for &part in group.parts.iter().filter(|&&part| is_own(self.shape, part)) {
            self.part(part, usage.below.get(&part), prefix);
        }
        self.open.pop();
    }

    fn part(&mut self, id: PartId, usage: Option<&Usage>, prefix: &str) {
        let part = self.shape.part(id);
        let path = match part.kind {
            PartKind::Text => prefix.trim_end_matches('/').to_owned(),
            _ => format!("{prefix}{}", part.name.local),
        };
        let leaves = if self.shape.group(part.ty).is_some() { self.leaves(part.ty) } else { 1 };
        match usage {
            Some(usage) if usage.ignored => {
                self.coverage.ignored += leaves;
                self.coverage.total += leaves;
            }
            Some(usage) if self.shape.group(part.ty).is_some() => {
                if self.open.iter().filter(|&&open| open == part.ty).count() < 2 {
                    self.group(part.ty, usage, &format!("{path}/"));
                }
            }
            Some(_) => {
                self.coverage.used += 1;
                self.coverage.total += 1;
            }
            None => {
                self.coverage.total += leaves;
                let group = self.shape.group(part.ty).is_some();
                if self.is_implied(id) {
                    self.coverage.used += leaves;
                } else if leaves > 0 {
                    self.coverage.reported.push((if group { format!("{path}/…") } else { path }, part.span));
                }
            }
        }
    }

    /// Returns whether a part follows from other things, or consists of nothing else.
    fn is_implied(&self, part: PartId) -> bool {
        let part = self.shape.part(part);
        part.implied || implied(self.shape, part.ty, DEPTH_MAX)
    }

    /// Counts the leaves of a group, each type on a way once.
    fn leaves(&mut self, ty: TypeId) -> usize {
        let mut open = self.open.clone();
        count(self.shape, ty, &mut open, LEAVES_MAX)
    }
}

/// Returns whether a group has leaves, all of which follow from other things.
fn implied(shape: &Shape, ty: TypeId, depth: usize) -> bool {
    let Some(group) = shape.group(ty).filter(|_| depth > 0) else { return false };
    let mut own = group.parts.iter().filter(|&&part| is_own(shape, part)).peekable();
    let follows = |part: PartId| {
        let part = shape.part(part);
        part.implied || implied(shape, part.ty, depth - 1)
    };
    own.peek().is_some() && own.all(|&part| follows(part))
}

/// Returns whether a part is in the structure, not beside it.
fn is_own(shape: &Shape, part: PartId) -> bool {
    shape.part(part).kind != PartKind::Beside
}

fn count(shape: &Shape, ty: TypeId, open: &mut Vec<TypeId>, most: usize) -> usize {
    if open.contains(&ty) {
        return 0;
    }
    let Some(group) = shape.group(ty) else { return 1 };
    open.push(ty);
    let mut leaves = 0;
    for &part in group.parts.iter().filter(|&&part| is_own(shape, part)) {
        if leaves >= most {
            break;
        }
        leaves += count(shape, shape.part(part).ty, open, most - leaves);
    }
    open.pop();
    leaves.min(most)
}
