//! The short way of a row of a list: its columns come at once, and become members on the spot.
//!
//! **Invariant.** It gives what the long way gives, or nothing; whatever is unusual about a row goes the long way.

use super::flat::Flat;
use super::layout::{ReadPlan, Yield};
use super::short;
use super::state::{Cell, Memo, State};
use crate::codec::Chain;
use crate::json;
use crate::plan::model::Absent;
use crate::plan::schema;
use kernel::{Leaf, PartId, Scalar, Snippet};
use std::sync::Arc;

/// Rows all of whose members are columns.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The branch that a row is on.
    branch: u32,
    members: Vec<Member>,
    /// What stands behind the last one.
    behind: Vec<u8>,
}

/// A member.
#[derive(Debug, Clone)]
struct Member {
    part: PartId,
    cell: u32,
    /// What stands in front, `,"checkIn":`, and how much of that is not its own.
    before: Snippet,
    kept: usize,
    chain: Chain,
    absent: Absent,
    checks: Arc<[schema::Check]>,
}

impl Row {
    /// Returns the short way of a reading; nothing where it has none.
    pub(super) fn of(plan: &ReadPlan) -> Option<Self> {
        let plain = plan.yields == Yield::Many && plan.levels.len() == 2 && plan.logs == 0;
        let flat = plan.levels.get(1).filter(|_| plain && !plan.tests_asked)?.flattened(1)?;
        let branch = plan.branches.iter().position(|branch| branch.level == Some(1))?;
        let it = &plan.branches[branch];
        if !(it.conditions.is_empty() && it.guard.is_none() && it.acts.is_empty()) {
            return None;
        }
        let mut reads = Vec::new();
        short::gather(plan, branch, &mut reads)?;
        let member = |leaf: &Flat<'_>| {
            let (part, read) = reads.iter().find(|(_, read)| read.cell == leaf.cell)?;
            let (before, chain) = (Snippet::new(&leaf.before), read.chain.clone());
            let checks = Arc::clone(&leaf.member.checks);
            let Flat { cell, kept, absent, .. } = *leaf;
            Some(Member { part: *part, cell, before, kept, chain, absent, checks })
        };
        let members = flat.leaves.iter().map(member).collect::<Option<_>>()?;
        Some(Self { branch: u32::try_from(branch).ok()?, members, behind: flat.behind })
    }
}

impl State {
    /// Writes a row, if these are its first columns and all that its members need; `false`, and nothing is written, where it
    /// has to go the long way.
    pub(super) fn row(&mut self, plan: &ReadPlan, leaves: &[Leaf<'_>]) -> bool {
        let Some(row) = &plan.row else { return false };
        let [from] = self.active.get(self.start..).unwrap_or_default() else { return false };
        if from.branch != row.branch || from.came != 0 || self.failure.is_some() {
            return false;
        }
        let Self { cells, memos, arenas, places, .. } = self;
        let Some(Cell::List(list)) = cells.get_mut(plan.levels[1].list as usize) else { return false };
        let start = list.json.len();
        if list.count > 0 {
            list.json.push(b',');
        }
        if !row.write(leaves, places, memos, &mut list.json) {
            list.json.truncate(start);
            return false;
        }
        self.positions[1] = list.count;
        list.count += 1;
        self.records += 1;
        arenas[1].written = true;
        true
    }
}

impl Row {
    fn write(
        &self,
        leaves: &[Leaf<'_>],
        places: &mut Vec<usize>,
        memos: &mut [Memo],
        out: &mut Vec<u8>,
    ) -> bool {
        let begin = out.len();
        if places.len() != self.members.len() {
            places.clear();
            places.extend(
                self.members.iter().map(|member| {
                    leaves.iter().position(|leaf| leaf.part == member.part).unwrap_or(usize::MAX)
                }),
            );
        }
        for (n, member) in self.members.iter().enumerate() {
            let place = places.get(n).copied().unwrap_or(usize::MAX);
            // Columns come in the same order each time; where one does not, it is looked for the long way.
            let Some(leaf) = leaves.get(place).filter(|leaf| leaf.part == member.part) else {
                places.clear();
                return false;
            };
            if member.write(leaf.scalar, memos, out).is_none() {
                return false;
            }
        }
        // Each member has a comma in front; the first one's becomes the brace of the object.
        // Where all are left out there is none, and what stands behind them would begin with one.
        let Some(first) = out.get_mut(begin) else { return false };
        *first = b'{';
        out.extend_from_slice(&self.behind);
        true
    }
}

impl Member {
    #[inline(always)]
    fn write(&self, scalar: Scalar<'_>, memos: &mut [Memo], out: &mut Vec<u8>) -> Option<()> {
        let begin = out.len();
        self.before.append(out);
        let start = out.len();
        if !self.chain.read_at_once(scalar, out) && !self.write_slowly(scalar, memos, out)? {
            return self.write_absent(begin, out);
        }
        if self.checks.is_empty() || schema::unmet(&self.checks, out.get(start..)?, None).is_none() {
            Some(())
        } else {
            None
        }
    }

    /// Writes a value the way that any codec goes; `false` where it is absent, nothing where it cannot be read.
    #[inline(never)]
    fn write_slowly(&self, scalar: Scalar<'_>, memos: &mut [Memo], out: &mut Vec<u8>) -> Option<bool> {
        let memo = memos.get_mut(self.cell as usize)?;
        let Scalar::Text(text) = scalar else { return self.chain.read_json(scalar, out).ok() };
        if !text.is_empty() && memo.text == text {
            out.extend_from_slice(&memo.json);
            return Some(true);
        }
        let value = self.chain.read(&[scalar]).ok()?;
        if value.is_absent() {
            return Some(false);
        }
        let start = out.len();
        json::write(&value, out);
        memo.keep(text, out.get(start..)?, value);
        Some(true)
    }

    fn write_absent(&self, begin: usize, out: &mut Vec<u8>) -> Option<()> {
        match self.absent {
            Absent::Null => out.extend_from_slice(b"null"),
            Absent::Omit => out.truncate(begin + self.kept),
            Absent::Refuse => return None,
        }
        Some(())
    }
}
