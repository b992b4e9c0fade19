//! The visit: which parts are wanted, and what is done when they are told.
//!
//! **Invariant.** A part that nothing asks for is skipped without being decoded.

use super::layout::{Act, ReadPlan};
use super::state::{Active, Cell, Held, State};
use super::way::{Count, NOWHERE, Near, Node, Way};
use kernel::{Cause, Class, DecodeError, Error, Interest, PartId, PartKind, Scalar, Stop, TypeId};

impl State {
    /// A part begins.
    ///
    /// Nearly all go the short way: the part around is on one branch, whose node has one short way for it. Here nothing is
    /// called but at the end, so that nothing has to be saved for it.
    #[inline]
    pub(super) fn enter(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Interest {
        self.next = NOWHERE;
        self.pending.clear();
        let alone = self.active.len() == self.start + 1;
        let Some(from) = self.active.last().filter(|_| alone) else { return self.enter_any(plan, part, ty) };
        let Some(node) = plan.nodes.get(from.node as usize) else { return self.enter_any(plan, part, ty) };
        match node.near(part) {
            Near::Way(way) if way.guarded => self.enter_guarded(plan, way, part, ty),
            Near::Way(way) => self.enter_way(plan, way, part, ty),
            Near::Nothing if plan.logs == 0 => Interest::Skip,
            Near::Nothing | Near::Far => self.enter_far(plan, part, ty),
        }
    }

    /// Goes a way of the innermost part, which is on one branch: the short way, if this is one.
    #[inline(always)]
    fn enter_way(&mut self, plan: &ReadPlan, way: &Way, part: PartId, ty: TypeId) -> Interest {
        let (around, end) = (self.start, self.active.len());
        let full = end == self.active.capacity();
        let Some(from) = self.active.last_mut() else { return self.enter_any(plan, part, ty) };
        let Some(&group) = plan.groups.get(ty.0 as usize) else { return self.enter_any(plan, part, ty) };
        if !way.short || full || from.came & way.mark != 0 || self.failure.is_some() {
            return self.enter_any(plan, part, ty);
        }
        from.came |= way.mark;
        if !group {
            if !way.acts {
                return Interest::Skip;
            }
            self.next = way.branch;
            return Interest::Leaf;
        }
        if !way.leads {
            return self.enter_branch(plan, way, part, ty);
        }
        self.start = end;
        self.active.push(Active { ends: false, part, around, ..Active::new(way.branch, way.node, false) });
        Interest::Descend
    }

    /// Goes a way of a node that has conditions.
    #[inline(never)]
    fn enter_guarded(&mut self, plan: &ReadPlan, way: &Way, part: PartId, ty: TypeId) -> Interest {
        let from = self.active.get(self.start).and_then(|from| plan.nodes.get(from.node as usize));
        let out = from.is_some_and(|node| failed(&self.conditions, &node.conditions));
        if out && way.short && self.failure.is_none() {
            return Interest::Skip;
        }
        self.enter_way(plan, way, part, ty)
    }

    /// Goes into a part that has to be searched for, or is at most recorded; the part around it is on one branch.
    #[inline(never)]
    fn enter_far(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Interest {
        let from = self.active.get(self.start).and_then(|from| plan.nodes.get(from.node as usize));
        match from.and_then(|node| node.first(part)) {
            Some(way) if way.guarded => self.enter_guarded(plan, way, part, ty),
            Some(way) => self.enter_way(plan, way, part, ty),
            None if plan.logs == 0 => Interest::Skip,
            None => self.enter_any(plan, part, ty),
        }
    }

    /// Goes into a part on a branch whose beginning fills, empties or opens something.
    #[inline(never)]
    fn enter_branch(&mut self, plan: &ReadPlan, way: &Way, part: PartId, ty: TypeId) -> Interest {
        let start = self.active.len();
        self.begin(plan, way, ty, false);
        if self.active.len() == start {
            return Interest::Skip;
        }
        self.enclose(start, part);
        Interest::Descend
    }

    /// Goes into a part whose branches begin here.
    #[inline]
    pub(super) fn enclose(&mut self, start: usize, part: PartId) {
        let around = std::mem::replace(&mut self.start, start);
        match self.active.get_mut(start) {
            Some(first) => (first.part, first.around) = (part, around),
            None => {
                let none = Active { ends: false, ..Active::new(NOWHERE, NOWHERE, false) };
                self.active.push(Active { part, around, ..none });
            }
        }
    }

    /// Goes into a part on all branches that the part around it is on.
    #[inline(never)]
    pub(super) fn enter_any(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Interest {
        self.next = NOWHERE;
        self.pending.clear();
        if self.is_over(plan) {
            return Interest::Skip;
        }
        if self.start == 0 && self.pauses(plan, part) {
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
        self.enclose(end, part);
        Interest::Descend
    }

    #[inline]
    pub(super) fn leaf(&mut self, plan: &ReadPlan, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.record_leaf(part, scalar);
        match plan
            .branches
            .get(std::mem::replace(&mut self.next, NOWHERE) as usize)
            .map(|it| it.acts.as_slice())
        {
            Some([Act::Read(read)]) => self.read(read, scalar),
            Some(acts) => acts.iter().for_each(|act| self.act(act, scalar)),
            None => self.leaf_any(plan, scalar),
        }
        if self.is_over(plan) { Err(Stop) } else { Ok(()) }
    }

    /// A leaf cannot be read. Whoever needs its value finds the reason in its cell.
    #[cold]
    pub(super) fn unreadable(
        &mut self,
        plan: &ReadPlan,
        part: PartId,
        error: &DecodeError,
    ) -> Result<(), Stop> {
        self.record_unreadable(part, error);
        let next = std::mem::replace(&mut self.next, NOWHERE);
        let mut branches = std::mem::take(&mut self.pending);
        if next != NOWHERE {
            branches.push(next);
        }
        for act in branches.drain(..).flat_map(|branch| &plan.branches[branch as usize].acts) {
            self.act_unreadable(act, error);
        }
        self.pending = branches;
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
        self.pending.clear();
    }

    /// The innermost part ends; nearly all are on one branch, at whose end nothing is done.
    #[inline]
    pub(super) fn leave(&mut self, plan: &ReadPlan, part: PartId) -> Result<(), Stop> {
        match self.active.get(self.start..) {
            Some(&[Active { ends: false, around, .. }])
                if self.start > 0 && self.recordings.is_empty() && self.failure.is_none() =>
            {
                self.next = NOWHERE;
                self.pending.clear();
                self.active.truncate(self.start);
                self.start = around;
                Ok(())
            }
            _ => self.leave_any(plan, part),
        }
    }

    #[inline(never)]
    fn leave_any(&mut self, plan: &ReadPlan, part: PartId) -> Result<(), Stop> {
        self.record_leave(part);
        self.next = NOWHERE;
        self.pending.clear();
        let start = self.start;
        let Some(&first) = self.active.get(start).filter(|_| start > 0) else { return Ok(()) };
        if self.active.len() > start + 1 {
            self.close_all(plan);
        } else if first.ends {
            self.close(plan, first);
        }
        self.active.truncate(start);
        self.start = first.around;
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
        let Some(from) = self.active.get_mut(at) else { return };
        let Some(node) = plan.nodes.get(from.node as usize) else {
            if from.text && leaf && plan.shape.part(part).kind == PartKind::Text {
                self.pending.push(from.branch);
            }
            return;
        };
        let Some(way) = node.first(part) else { return };
        if leaf && way.short && from.came & way.mark == 0 {
            from.came |= way.mark;
            if way.acts && !failed(&self.conditions, &node.conditions) {
                self.pending.push(way.branch);
            }
            return;
        }
        let from = *from;
        self.follow_all(plan, (at, from), (part, ty), (node, node.find(part)));
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
            if way.cased && self.is_left_out(plan, way) {
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

    /// Returns whether it is known that the cases which ask for a way are not selected.
    fn is_left_out(&self, plan: &ReadPlan, way: &Way) -> bool {
        let Some(guard) = &plan.branches[way.branch as usize].guard else { return false };
        match self.cells[guard.cell as usize] {
            Cell::Text(..) | Cell::Raw(_) => {
                let text = self.raw_text(plan, guard.cell);
                !text.is_some_and(|text| guard.when.iter().any(|pattern| pattern.matches(&text)))
            }
            // It has not come yet.
            _ => false,
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
        let mut parts = Vec::new();
        let mut at = self.start;
        while let Some(open) = self.active.get(at).filter(|_| at > 0) {
            parts.push(open.part);
            at = open.around;
        }
        let mut path = String::new();
        for &part in parts.iter().rev().filter(|&&part| part != PartId::TYPE) {
            path.push_str(&plan.shape.part(part).name.local);
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
