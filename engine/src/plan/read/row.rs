//! The short way of the rows of a list: their columns are taken in the order of the mapping and become members on the spot.
//!
//! **Invariant.** It gives what the long way gives, or nothing; whatever is unusual about a row goes the long way.

use super::layout::{ReadPlan, Yield};
use super::short::Short;
use super::state::{Cell, State};
use super::way::Count;
use kernel::{PartId, Sheet, TakeRows, Taker};

/// Rows all of whose members are columns.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The part that a row is, directly below the root.
    part: PartId,
    short: Short,
}

impl Row {
    /// Returns the short way of a reading; nothing where it has none.
    pub(super) fn of(plan: &ReadPlan) -> Option<Self> {
        let is_list = plan.yields == Yield::Many;
        let branch = plan.branches.iter().position(|branch| branch.level == Some(1)).filter(|_| is_list)?;
        let it = plan.branches.get(branch)?;
        let root = plan.nodes.get(plan.branches.first()?.node? as usize)?;
        let (part, _) = root.known().find(|(_, way)| way.branch as usize == branch)?;
        let [way] = root.find(part) else { return None };
        let is_alone = way.count == Count::Never && !(way.once || way.guarded || way.cased);
        if !(is_alone && it.conditions.is_empty() && it.guard.is_none() && it.acts.is_empty()) {
            return None;
        }
        Some(Self { part, short: Short::below(plan, branch, &[])? })
    }
}

impl State {
    /// Takes rows that come next, below the root; returns how many.
    pub(super) fn rows(
        &mut self,
        plan: &ReadPlan,
        part: PartId,
        rows: &mut dyn TakeRows,
        most: usize,
    ) -> usize {
        let Some(row) = plan.row.as_ref().filter(|row| row.part == part) else { return 0 };
        let is_at_root = self.start == 0 && self.active.len() == 1;
        if !is_at_root || self.failure.is_some() || !rows.excerpt(row.short.slots()) {
            return 0;
        }
        let Some(Cell::List(list)) = self.cells.get_mut(plan.levels[1].list as usize) else { return 0 };
        let mut sheet = Sheet::behind(std::mem::take(&mut list.json));
        let take = &mut |to: &mut dyn Taker, sheet: &mut Sheet| rows.take(row.short.slots(), to, sheet);
        let mut taken = 0;
        while taken < most {
            let begin = sheet.end();
            if list.count > 0 {
                sheet.put(b",");
            }
            if !self.taking.read(&row.short, take, &mut sheet) {
                sheet.truncate(begin);
                break;
            }
            list.count += 1;
            taken += 1;
        }
        list.json = sheet.into_bytes();
        self.records += u64::try_from(taken).unwrap_or(u64::MAX);
        taken
    }
}
