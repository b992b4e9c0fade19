//! The visit: which parts are wanted, and what is done when they are told.
//!
//! **Invariant.** A part that nothing asks for is skipped without being decoded.

use super::layout::{Act, ReadPlan};
use super::state::{Active, Frame, Held, State};
use super::way::{Count, Node, Way};
use kernel::{Cause, Class, Error, Interest, PartId, PartKind, Scalar, Stop, TypeId};

impl State {
    #[inline]
    pub(super) fn enter(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Interest {
        self.pending.clear();
        self.step(plan, part, ty).unwrap_or_else(|| self.enter_any(plan, part, ty))
    }

    /// Goes the short way into a part: the part around it is on one branch, whose node has one short way for it.
    ///
    /// `None`, and nothing was done, if it has to be gone as any part.
    #[inline(always)]
    fn step(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Option<Interest> {
        let end = self.active.len();
        let [from] = self.active.get_mut(self.start..)? else { return None };
        let node = plan.nodes.get(from.node as usize)?;
        let Some(way) = node.first(part) else {
            return (plan.logs == 0).then_some(Interest::Skip);
        };
        if !way.short || from.came & way.mark != 0 || self.failure.is_some() {
            return None;
        }
        if way.guarded && failed(&self.conditions, &node.conditions) {
            return Some(Interest::Skip);
        }
        if !*plan.groups.get(ty.0 as usize)? {
            from.came |= way.mark;
            if !way.acts {
                return Some(Interest::Skip);
            }
            self.pending.push(way.branch);
            return Some(Interest::Leaf);
        }
        from.came |= way.mark;
        if way.leads {
            self.active.push(Active { ends: false, ..Active::new(way.branch, way.node, false) });
        } else {
            self.begin(plan, way, ty, false);
            if self.active.len() == end {
                return Some(Interest::Skip);
            }
        }
        self.frames.push(Frame { part, around: self.start });
        self.start = end;
        Some(Interest::Descend)
    }

    /// Goes into a part on all branches that the part around it is on.
    #[inline(never)]
    pub(super) fn enter_any(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Interest {
        self.pending.clear();
        if self.is_over(plan) {
            return Interest::Skip;
        }
        if self.frames.is_empty() && self.pauses(plan, part) {
            self.decided = true;
            return Interest::Pause;
        }
        let recorded = self.record_enter(plan, part, ty);
        let leaf = !plan.groups[ty.0 as usize];
        let end = self.active.len();
        for at in self.start..end {
            self.follow(plan, at, part, ty, leaf);
        }
        if leaf {
            return if recorded || !self.pending.is_empty() { Interest::Leaf } else { Interest::Skip };
        }
        if self.active.len() == end && !recorded {
            return Interest::Skip;
        }
        self.frames.push(Frame { part, around: self.start });
        self.start = end;
        Interest::Descend
    }

    #[inline]
    pub(super) fn leaf(&mut self, plan: &ReadPlan, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.record_leaf(part, scalar);
        if let [branch] = *self.pending
            && let [Act::Read(read)] = plan.branches[branch as usize].acts.as_slice()
        {
            self.read(read, scalar);
        } else {
            self.leaf_any(plan, scalar);
        }
        self.pending.clear();
        if self.is_over(plan) { Err(Stop) } else { Ok(()) }
    }

    /// Does with a leaf what all branches that it is for ask.
    #[inline(never)]
    fn leaf_any(&mut self, plan: &ReadPlan, scalar: Scalar<'_>) {
        if self.pending.is_empty() && matches!(scalar, Scalar::Nil) {
            self.mark_nil(plan);
        }
        for at in 0..self.pending.len() {
            for act in &plan.branches[self.pending[at] as usize].acts {
                self.act(act, scalar);
            }
        }
    }

    #[inline]
    pub(super) fn leave(&mut self, plan: &ReadPlan, part: PartId) -> Result<(), Stop> {
        self.record_leave(part);
        self.pending.clear();
        let Some(&Frame { around, .. }) = self.frames.last() else { return Ok(()) };
        match self.active.get(self.start..) {
            Some([one]) if !one.ends => {}
            Some(&[one]) => self.close(plan, one),
            _ => self.close_all(plan),
        }
        self.active.truncate(self.start);
        self.start = around;
        self.frames.pop();
        if self.is_over(plan) { Err(Stop) } else { Ok(()) }
    }

    /// Closes the branches that the open part is on.
    #[inline(never)]
    fn close_all(&mut self, plan: &ReadPlan) {
        for at in (self.start..self.active.len()).rev() {
            if self.active[at].ends {
                self.close(plan, self.active[at]);
            }
        }
    }

    pub(super) fn unknown(&mut self, plan: &ReadPlan, name: &str) {
        let path = self.path(plan, name);
        self.count_residue(plan, path, "a part that the schema does not know arrived");
    }

    fn pauses(&self, plan: &ReadPlan, part: PartId) -> bool {
        if self.decided {
            return false;
        }
        let (Some(edge), Some(node)) = (plan.pause, plan.branches[0].node) else { return false };
        plan.nodes[node as usize].find(part).iter().any(|way| way.edge == edge)
    }

    /// Follows one branch of the open part into a part of it.
    #[inline]
    fn follow(&mut self, plan: &ReadPlan, at: usize, part: PartId, ty: TypeId, leaf: bool) {
        let from = self.active[at];
        let Some(node) = plan.nodes.get(from.node as usize) else {
            if from.text && leaf && plan.shape.part(part).kind == PartKind::Text {
                self.pending.push(from.branch);
            }
            return;
        };
        let ways = node.find(part);
        if leaf
            && let [way] = ways
            && way.short
            && from.came & way.mark == 0
        {
            self.active[at].came |= way.mark;
            if way.acts && !failed(&self.conditions, &node.conditions) {
                self.pending.push(way.branch);
            }
            return;
        }
        self.follow_all(plan, (at, from), (part, ty), (node, ways));
    }

    /// Follows one branch along ways of which anything may be asked.
    #[inline(never)]
    fn follow_all(
        &mut self,
        plan: &ReadPlan,
        (at, from): (usize, Active),
        (part, ty): (PartId, TypeId),
        (node, ways): (&Node, &[Way]),
    ) {
        let leaf = !plan.groups[ty.0 as usize];
        for way in ways {
            let open = if way.element {
                self.hold(&node.conditions)
            } else {
                !failed(&self.conditions, &node.conditions)
            };
            if !(open && way.pass.includes(from.late) && self.takes(plan, way, at, part)) {
                continue;
            }
            if !leaf {
                self.begin(plan, way, ty, from.late);
                continue;
            }
            if way.marks {
                self.mark_present(&plan.branches[way.branch as usize], from.late);
            }
            if way.acts {
                self.pending.push(way.branch);
            }
        }
    }

    /// Returns whether a way takes this occurrence of its part.
    #[inline]
    fn takes(&mut self, plan: &ReadPlan, way: &Way, at: usize, part: PartId) -> bool {
        let again = match way.count {
            Count::Never => return !(way.once && self.done[way.branch as usize]),
            Count::First => {
                let came = &mut self.active[at].came;
                let again = *came & way.mark != 0;
                *came |= way.mark;
                again
            }
            Count::Nth { n, counter } => {
                let count = &mut self.counters[counter as usize];
                *count += 1;
                if *count < n {
                    return false;
                }
                *count > n
            }
        };
        if again && way.only && !self.active[at].late {
            self.too_many(plan, part);
        }
        !again
    }

    /// A part came again that may come once; it is not taken.
    #[cold]
    fn too_many(&mut self, plan: &ReadPlan, part: PartId) {
        let path = self.path(plan, &plan.shape.part(part).name.local);
        self.count_residue(plan, path, "a part came more often than the schema allows");
    }

    /// Returns the path from the root of the reply to a name below the open part.
    fn path(&self, plan: &ReadPlan, name: &str) -> String {
        let mut path = String::new();
        for frame in self.frames.iter().filter(|frame| frame.part != PartId::TYPE) {
            path.push_str(&plan.shape.part(frame.part).name.local);
            path.push('/');
        }
        path + name
    }

    fn count_residue(&mut self, plan: &ReadPlan, path: String, what: &'static str) {
        if plan.strict {
            let error = Error::new(Class::Poison, Cause::Contract, what).with("path", &path);
            self.fail(Box::new(error));
        }
        self.residue.count(path);
    }
}

/// Returns whether a condition on an attribute turned out wrong, so that nothing can make it right.
#[inline]
fn failed(known: &[Held], conditions: &[u32]) -> bool {
    conditions.iter().any(|&condition| known[condition as usize] == Held::No)
}
