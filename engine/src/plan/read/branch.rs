//! Branches of the trie: what their beginning and their end fill, empty and write.
//!
//! **Invariant.** What came on a branch whose conditions do not hold is forgotten at its end.

use super::layout::{Branch, CellKind, ReadPlan, Take};
use super::state::{Active, Cell, Held, State, UNTIDY};
use super::way::{NOWHERE, Node, Way};
use crate::value::Value;
use kernel::TypeId;

impl State {
    /// Begins a structure on a branch.
    #[inline]
    pub(super) fn begin(&mut self, plan: &ReadPlan, way: &Way, ty: TypeId, late: bool) {
        if way.plain {
            if let Some(node) = plan.nodes.get(way.node as usize) {
                self.start_node(node);
                self.active.push(Active { ends: false, ..Active::new(way.branch, way.node, false) });
            }
            return;
        }
        if way.acts && plan.shape.text_part(ty).is_some() {
            self.active.push(Active { text: true, ends: false, ..Active::new(way.branch, NOWHERE, late) });
        }
        self.open(plan, way.branch, late);
    }

    /// Fills what the beginning of a branch fills by itself.
    pub(super) fn mark_present(&mut self, branch: &Branch, late: bool) {
        if late && branch.pass.now {
            return;
        }
        for &cell in &branch.present {
            self.cells[cell as usize] = Cell::Present;
        }
        for &test in &branch.present_tests {
            self.tests[test as usize] = true;
        }
    }

    /// Opens a structure on a branch.
    #[inline(always)]
    pub(super) fn open(&mut self, plan: &ReadPlan, branch: u32, late: bool) {
        let it = &plan.branches[branch as usize];
        if it.begins {
            self.prepare(plan, it, late);
        }
        for &condition in &it.conditions {
            self.conditions[condition as usize] = Held::Open;
        }
        if let Some(node) = it.node {
            self.start_node(&plan.nodes[node as usize]);
        }
        if let Some(level) = it.level {
            self.open_level(plan, level);
        }
        if it.node.is_some() || it.level.is_some() {
            // What waits for the end of something is done at once when its turn has come.
            let late = late && it.pass.now;
            self.active.push(Active::new(branch, it.node.unwrap_or(NOWHERE), late));
        }
    }

    /// Fills and empties what the beginning of a branch does.
    #[inline(never)]
    fn prepare(&mut self, plan: &ReadPlan, branch: &Branch, late: bool) {
        if !(late && branch.pass.now) {
            for &cell in &branch.clear_at_open {
                self.clear_cell(plan, cell);
            }
        }
        if branch.marks() {
            self.mark_present(branch, late);
        }
    }

    /// Starts counting anew what is below a node.
    #[inline]
    pub(super) fn start_node(&mut self, node: &Node) {
        for &counter in &node.counters {
            self.counters[counter as usize] = 0;
        }
        for &branch in &node.firsts {
            self.done[branch as usize] = false;
        }
    }

    pub(super) fn open_level(&mut self, plan: &ReadPlan, level: u32) {
        let it = &plan.levels[level as usize];
        for &cell in &it.cells {
            self.cells[cell as usize].clear();
        }
        for &cell in &it.values {
            self.values[cell as usize] = Value::Absent;
        }
        self.arenas[level as usize].clear();
    }

    #[inline(never)]
    pub(super) fn close(&mut self, plan: &ReadPlan, active: Active) {
        let branch = &plan.branches[active.branch as usize];
        if !self.hold(&branch.conditions) {
            self.drop(plan, active);
            return;
        }
        if branch.waits.is_some() {
            self.finish_late(plan, active.branch);
        }
        if branch.pick == Take::FirstWhere {
            self.done[active.branch as usize] = true;
        }
        if let Some(level) = branch.level
            && !self.arenas[level as usize].nil
        {
            self.emit(plan, level);
        }
    }

    /// Forgets what came on a branch whose conditions do not hold.
    #[inline(never)]
    fn drop(&mut self, plan: &ReadPlan, active: Active) {
        self.drop_log(plan, active.branch);
        let branch = &plan.branches[active.branch as usize];
        let cells = if active.late { &branch.clear_late } else { &branch.clear_at_failure };
        for &cell in cells {
            self.clear_cell(plan, cell);
        }
    }

    /// Returns whether conditions hold.
    #[inline]
    pub(super) fn hold(&self, conditions: &[u32]) -> bool {
        conditions.iter().all(|&condition| self.conditions[condition as usize] == Held::Yes)
    }

    fn clear_cell(&mut self, plan: &ReadPlan, cell: u32) {
        let it = &mut self.cells[cell as usize];
        if let (Cell::Json(..), CellKind::Single(level)) = (&it, plan.cells[cell as usize]) {
            // Its text stays in the arena.
            self.arenas[level as usize].tidy = UNTIDY;
        }
        it.clear();
        let value = &mut self.values[cell as usize];
        if !matches!(value, Value::Absent) {
            *value = Value::Absent;
        }
    }

    /// The open structure is explicitly nothing, so it counts as absent.
    pub(super) fn mark_nil(&mut self, plan: &ReadPlan) {
        for at in self.start..self.active.len() {
            let Some(branch) = plan.branches.get(self.active[at].branch as usize) else { continue };
            for &cell in &branch.present {
                self.clear_cell(plan, cell);
            }
            if let Some(level) = branch.level {
                self.arenas[level as usize].nil = true;
            }
        }
    }
}
