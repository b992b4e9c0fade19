//! What has to wait for the end of something: elements that use a value of what encloses them.
//!
//! **Invariant.** Only where an expression or a `..` demands it; what is kept is given back when its owner ends.
//!
//! The parts below the owner are recorded while everything else is read as it comes. At the owner's end the record is
//! told once more, and then only the branches that waited are taken.

use super::layout::ReadPlan;
use super::state::{Active, State};
use super::way::NOWHERE;
use crate::plan::tree::Leaf;
use kernel::{DecodeError, Interest, PartId, Scalar, TypeId};

/// Recorded parts of one owner.
#[derive(Debug, Default)]
pub(super) struct Log(Vec<Told>);

#[derive(Debug)]
enum Told {
    Enter(PartId, TypeId),
    Leaf(PartId, Leaf),
    Unreadable(PartId, Box<DecodeError>),
    Leave(PartId),
}

impl Log {
    /// Returns an empty log for each branch that something waits for.
    pub(super) fn all(plan: &ReadPlan) -> Vec<Self> {
        (0..plan.logs).map(|_| Self::default()).collect()
    }

    pub(super) fn clear(&mut self, bytes_kept: usize) {
        self.0.clear();
        self.0.shrink_to(bytes_kept / size_of::<Told>());
    }
}

impl State {
    /// Records that a part begins; returns whether it is recorded, so that all in it has to be told.
    #[inline]
    pub(super) fn record_enter(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> bool {
        plan.logs > 0 && self.record_entered(plan, part, ty)
    }

    #[inline(never)]
    fn record_entered(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> bool {
        for (_, depth) in &mut self.recordings {
            *depth += 1;
        }
        for at in self.start..self.active.len() {
            let Some(branch) = plan.branches.get(self.active[at].branch as usize) else { continue };
            let (Some(log), Some(node)) = (branch.waits, branch.node) else { continue };
            if !self.active[at].late && plan.nodes[node as usize].find(part).iter().any(|way| way.late) {
                self.recordings.push((log, 1));
            }
        }
        self.record(|| Told::Enter(part, ty));
        if !plan.groups[ty.0 as usize] {
            // No `leave` follows a leaf.
            self.step_out();
        }
        !self.recordings.is_empty()
    }

    #[inline]
    pub(super) fn record_leaf(&mut self, part: PartId, scalar: Scalar<'_>) {
        if !self.recordings.is_empty() {
            self.record_told(part, scalar);
        }
    }

    #[inline(never)]
    fn record_told(&mut self, part: PartId, scalar: Scalar<'_>) {
        self.record(|| Told::Leaf(part, Leaf::from_scalar(scalar)));
    }

    pub(super) fn record_unreadable(&mut self, part: PartId, error: &DecodeError) {
        self.record(|| Told::Unreadable(part, Box::new(error.clone())));
    }

    #[inline]
    pub(super) fn record_leave(&mut self, part: PartId) {
        if !self.recordings.is_empty() {
            self.record_left(part);
        }
    }

    #[inline(never)]
    fn record_left(&mut self, part: PartId) {
        self.record(|| Told::Leave(part));
        self.step_out();
    }

    fn record(&mut self, told: impl Fn() -> Told) {
        for &(log, _) in &self.recordings {
            self.logs[log as usize].0.push(told());
        }
    }

    fn step_out(&mut self) {
        for (_, depth) in &mut self.recordings {
            *depth -= 1;
        }
        self.recordings.retain(|&(_, depth)| depth > 0);
    }

    /// Does what waited for the end of a branch.
    pub(super) fn finish_late(&mut self, plan: &ReadPlan, branch: u32) {
        let Some(log) = plan.branches[branch as usize].waits else { return };
        let Log(told) = std::mem::take(&mut self.logs[log as usize]);
        let node = plan.branches[branch as usize].node;
        if let Some(node) = node {
            self.start_node(&plan.nodes[node as usize]);
        }
        // A part of its own keeps the branches of the owner out; its name is in no path.
        let (around, start) = (self.start, self.active.len());
        self.active.push(Active::new(branch, node.unwrap_or(NOWHERE), true));
        self.enclose(start, PartId::TYPE);
        self.tell(plan, &told);
        self.active.truncate(start);
        self.start = around;
    }

    /// Tells recorded parts once more. A failure is kept in the state, and then the rest changes nothing.
    fn tell(&mut self, plan: &ReadPlan, told: &[Told]) {
        let mut skipped = 0_u32;
        for told in told {
            match told {
                Told::Enter(_, ty) if skipped > 0 => skipped += u32::from(plan.groups[ty.0 as usize]),
                Told::Leave(_) if skipped > 0 => skipped -= 1,
                Told::Leaf(..) | Told::Unreadable(..) if skipped > 0 => {}
                Told::Enter(part, ty) => {
                    let wanted = self.enter_any(plan, *part, *ty);
                    skipped = u32::from(wanted == Interest::Skip && plan.groups[ty.0 as usize]);
                }
                Told::Leaf(part, leaf) => drop(self.leaf(plan, *part, leaf.as_scalar())),
                Told::Unreadable(part, error) => drop(self.unreadable(plan, *part, error)),
                Told::Leave(part) => drop(self.leave(plan, *part)),
            }
        }
    }

    /// Forgets what waited for the end of a branch that is not taken.
    pub(super) fn drop_log(&mut self, plan: &ReadPlan, branch: u32) {
        if let Some(log) = plan.branches[branch as usize].waits {
            self.logs[log as usize].0.clear();
        }
    }
}
