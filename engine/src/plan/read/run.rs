//! The visit: which parts are wanted, and what is done when they are told.
//!
//! **Invariant.** A part that nothing asks for is skipped without being decoded.

use super::layout::{Act, Branch, CellKind, ReadPlan, Take};
use super::state::{Active, Cell, Frame, State};
use crate::plan::tree::Leaf;
use crate::value::Value;
use kernel::{Cause, Class, Error, Interest, PartId, PartKind, Scalar, Stop, TypeId};
use std::cmp::Ordering;

impl State {
    pub(super) fn enter(&mut self, plan: &ReadPlan, part: PartId, ty: TypeId) -> Interest {
        self.pending.clear();
        if self.is_over(plan) {
            return Interest::Skip;
        }
        if self.pauses(plan, part) {
            self.decided = true;
            return Interest::Pause;
        }
        let recorded = self.record_enter(plan, part, ty);
        let leaf = !plan.groups[ty.0 as usize];
        let (start, end) = (self.top().start, self.active.len());
        for at in start..end {
            self.follow(plan, self.active[at], part, ty, leaf);
        }
        if leaf {
            return if recorded || !self.pending.is_empty() { Interest::Leaf } else { Interest::Skip };
        }
        if self.active.len() == end && !recorded {
            return Interest::Skip;
        }
        self.frames.push(Frame { part, start: end });
        Interest::Descend
    }

    pub(super) fn leaf(&mut self, plan: &ReadPlan, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.record_leaf(part, scalar);
        if self.pending.is_empty() && scalar == Scalar::Nil {
            self.mark_nil(plan);
        }
        for at in 0..self.pending.len() {
            for act in &plan.branches[self.pending[at] as usize].acts {
                self.act(plan, act, scalar);
            }
        }
        self.pending.clear();
        if self.is_over(plan) { Err(Stop) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self, plan: &ReadPlan, part: PartId) -> Result<(), Stop> {
        self.record_leave(part);
        self.pending.clear();
        if self.frames.len() > 1 {
            let start = self.top().start;
            for at in (start..self.active.len()).rev() {
                self.close(plan, self.active[at]);
            }
            self.active.truncate(start);
            self.frames.pop();
        }
        if self.is_over(plan) { Err(Stop) } else { Ok(()) }
    }

    pub(super) fn unknown(&mut self, plan: &ReadPlan, name: &str) {
        let path = self.path(plan, name);
        self.count_residue(plan, path, "a part that the schema does not know arrived");
    }

    #[inline]
    pub(super) fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame { part: PartId::TYPE, start: 0 })
    }

    fn pauses(&self, plan: &ReadPlan, part: PartId) -> bool {
        if self.decided || self.frames.len() != 1 {
            return false;
        }
        let (Some(edge), Some(node)) = (plan.pause, plan.branches[0].node) else { return false };
        plan.nodes[node as usize].find(part).contains(&edge)
    }

    /// Follows one branch of the open part into a part of it.
    fn follow(&mut self, plan: &ReadPlan, from: Active, part: PartId, ty: TypeId, leaf: bool) {
        if from.text {
            if leaf && plan.shape.part(part).kind == PartKind::Text {
                self.pending.push(from.branch);
            }
            return;
        }
        let around = &plan.branches[from.branch as usize];
        let Some(node) = around.node else { return };
        for &edge in plan.nodes[node as usize].find(part) {
            let it = &plan.edges[edge as usize];
            if it.element && !self.hold(&around.early_conditions) {
                continue;
            }
            self.counters[edge as usize] += 1;
            for &branch in &it.branches {
                if self.takes(plan, branch, edge, part, from.late) {
                    self.begin(plan, branch, ty, leaf, from.late);
                }
            }
        }
    }

    fn takes(&mut self, plan: &ReadPlan, branch: u32, edge: u32, part: PartId, late: bool) -> bool {
        let it = &plan.branches[branch as usize];
        if !it.pass.includes(late) {
            return false;
        }
        let count = self.counters[edge as usize];
        match it.pick {
            Take::Only if count > 1 => {
                if !late {
                    let path = self.path(plan, &plan.shape.part(part).name.local);
                    self.count_residue(plan, path, "a part came more often than the schema allows");
                }
                false
            }
            Take::Nth(n) => count == n,
            Take::FirstWhere => !self.done[branch as usize],
            Take::Only | Take::Last | Take::Every | Take::EveryWhere => true,
        }
    }

    fn begin(&mut self, plan: &ReadPlan, branch: u32, ty: TypeId, leaf: bool, late: bool) {
        let it = &plan.branches[branch as usize];
        if it.plain
            && !leaf
            && let Some(node) = it.node
        {
            self.start_node(plan, node);
            self.active.push(Active { branch, late: false, text: false });
            return;
        }
        if leaf {
            self.mark_present(it, late);
            if !it.acts.is_empty() {
                self.pending.push(branch);
            }
            return;
        }
        if !it.acts.is_empty() && plan.shape.text_part(ty).is_some() {
            self.active.push(Active { branch, late, text: true });
        }
        self.open(plan, branch, late);
    }

    fn mark_present(&mut self, branch: &Branch, late: bool) {
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

    /// Begins a structure on a branch.
    pub(super) fn open(&mut self, plan: &ReadPlan, branch: u32, late: bool) {
        let it = &plan.branches[branch as usize];
        if !(late && it.pass.now) {
            for &cell in &it.clear_at_open {
                self.clear_cell(cell);
            }
        }
        self.mark_present(it, late);
        for &condition in &it.conditions {
            self.conditions[condition as usize] = false;
        }
        if let Some(node) = it.node {
            self.start_node(plan, node);
        }
        if let Some(level) = it.level {
            self.open_level(plan, level);
        }
        if it.node.is_some() || it.level.is_some() {
            // What waits for the end of something is done at once when its turn has come.
            let late = late && it.pass.now;
            self.active.push(Active { branch, late, text: false });
        }
    }

    /// Starts counting anew what is below a node.
    pub(super) fn start_node(&mut self, plan: &ReadPlan, node: u32) {
        let node = &plan.nodes[node as usize];
        for &edge in &node.edges {
            self.counters[edge as usize] = 0;
        }
        for &branch in &node.firsts {
            self.done[branch as usize] = false;
        }
    }

    pub(super) fn open_level(&mut self, plan: &ReadPlan, level: u32) {
        for &cell in &plan.levels[level as usize].cells {
            self.clear_cell(cell);
        }
        self.arenas[level as usize].clear();
        self.nil[level as usize] = false;
    }

    fn close(&mut self, plan: &ReadPlan, active: Active) {
        let branch = &plan.branches[active.branch as usize];
        if active.text || branch.plain {
            return;
        }
        if !self.hold(&branch.conditions) {
            self.drop_log(plan, active.branch);
            let cells = if active.late { &branch.clear_late } else { &branch.clear_at_failure };
            for &cell in cells {
                self.clear_cell(cell);
            }
            return;
        }
        self.finish_late(plan, active.branch);
        self.done[active.branch as usize] = branch.pick == Take::FirstWhere;
        if let Some(level) = branch.level
            && !self.nil[level as usize]
        {
            self.emit(plan, level);
        }
    }

    #[inline]
    pub(super) fn hold(&self, conditions: &[u32]) -> bool {
        conditions.iter().all(|&condition| self.conditions[condition as usize])
    }

    pub(super) fn clear_cell(&mut self, cell: u32) {
        self.cells[cell as usize].clear();
        let value = &mut self.values[cell as usize];
        if !matches!(value, Value::Absent) {
            *value = Value::Absent;
        }
    }

    /// The open structure is explicitly nothing, so it counts as absent.
    fn mark_nil(&mut self, plan: &ReadPlan) {
        for at in self.top().start..self.active.len() {
            let branch = &plan.branches[self.active[at].branch as usize];
            for &cell in &branch.present {
                self.clear_cell(cell);
            }
            if let Some(level) = branch.level {
                self.nil[level as usize] = true;
            }
        }
    }

    fn act(&mut self, plan: &ReadPlan, act: &Act, scalar: Scalar<'_>) {
        match act {
            Act::Read { cell, chain, keep } => {
                self.fingerprint_leaf(*cell, scalar);
                let CellKind::Single(level) = plan.cells[*cell as usize] else { return };
                let arena = &mut self.arenas[level as usize];
                let start = arena.len();
                self.cells[*cell as usize] = match chain.read_json(scalar, arena) {
                    Ok(true) => Cell::Json(start, arena.len()),
                    Ok(false) => Cell::Nothing,
                    Err(error) => Cell::Failed(Box::new(error)),
                };
                if *keep {
                    self.values[*cell as usize] = chain.read(&[scalar]).unwrap_or_default();
                }
            }
            Act::Append { cell, chain, keep } => self.append(*cell, chain, *keep, scalar),
            Act::Raw { cell } => {
                self.fingerprint_leaf(*cell, scalar);
                self.cells[*cell as usize] = Cell::Raw(Leaf::from_scalar(scalar));
            }
            Act::Condition { number, value } => {
                self.conditions[*number as usize] |= with_text(scalar, |text| is_trimmed(text, value));
            }
            Act::Test { number, patterns } => {
                self.tests[*number as usize] |=
                    with_text(scalar, |text| patterns.iter().any(|pattern| pattern.matches(text)));
            }
        }
    }

    fn append(&mut self, cell: u32, chain: &crate::codec::Chain, keep: bool, scalar: Scalar<'_>) {
        self.fingerprint_leaf(cell, scalar);
        let Cell::List(list) = &mut self.cells[cell as usize] else { return };
        let start = list.json.len();
        if list.count > 0 {
            list.json.push(b',');
        }
        match chain.read_json(scalar, &mut list.json) {
            Ok(true) => list.count += 1,
            Ok(false) => list.json.truncate(start),
            Err(error) => {
                list.json.truncate(start);
                // The list as a whole cannot be read; whoever writes it says where it is.
                let cell = &mut self.cells[cell as usize];
                *cell = Cell::Failed(Box::new(error));
                return;
            }
        }
        if keep
            && let Ok(value) = chain.read(&[scalar])
            && !value.is_absent()
        {
            push_value(&mut self.values[cell as usize], value);
        }
    }

    fn fingerprint_leaf(&mut self, cell: u32, scalar: Scalar<'_>) {
        match scalar {
            Scalar::Text(text) => self.mix(cell, text.as_bytes()),
            Scalar::Bytes(bytes) => self.mix(cell, bytes),
            Scalar::Nil => self.mix(cell, b"\0nil"),
            other => {
                if let Some(text) = Leaf::from_scalar(other).text() {
                    self.mix(cell, text.as_bytes());
                }
            }
        }
    }

    /// Returns the path from the root of the reply to a name below the open part.
    fn path(&self, plan: &ReadPlan, name: &str) -> String {
        let mut path = String::new();
        for frame in self.frames.iter().skip(1) {
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

/// Adds an element to a list value.
pub(super) fn push_value(list: &mut Value, value: Value) {
    match list {
        Value::List(values) => values.push(value),
        other => *other = Value::List(vec![value]),
    }
}

/// Returns whether a text is this one when blanks around it are not counted.
#[inline]
fn is_trimmed(text: &str, value: &str) -> bool {
    // Nearly all texts differ by length or by a byte; only what could still be the same is trimmed.
    match text.len().cmp(&value.len()) {
        Ordering::Less => false,
        Ordering::Equal => text == value && text.trim().len() == text.len(),
        Ordering::Greater => text.trim() == value,
    }
}

/// Returns whether a leaf is there and its text is as wanted.
fn with_text(scalar: Scalar<'_>, wanted: impl Fn(&str) -> bool) -> bool {
    match scalar {
        Scalar::Nil => false,
        Scalar::Text(text) => wanted(text),
        other => Leaf::from_scalar(other).text().is_some_and(|text| wanted(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_trimmed;

    #[test]
    fn blanks_around_a_text_do_not_count_and_those_of_the_mapping_do() {
        for text in ["", "10", " 10", "10\u{a0}", "100", "1", " 1", "  ", "1 0", "\t10\n"] {
            for value in ["", "10", " 1", "  ", "1 0"] {
                assert_eq!(is_trimmed(text, value), text.trim() == value, "{text:?} and {value:?}");
            }
        }
    }
}
