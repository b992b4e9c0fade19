//! The members of a record, one behind the other: what stands in front of each leaf is known before any record is there.
//!
//! **Invariant.** Where all leaves are there, what stands between them is what the long way writes.

use super::layout::{Level, Member, MemberKind};
use crate::expr::Names;
use crate::json;
use crate::plan::model::Absent;
use crate::value::Value;

/// A leaf of a record.
#[derive(Debug)]
pub(super) struct Flat<'p> {
    pub(super) member: &'p Member,
    pub(super) cell: u32,
    /// What stands in front of it: ends of objects, constants, beginnings of objects, its own label.
    pub(super) before: Vec<u8>,
    /// How much of that is not its own, and stays where the leaf is left out.
    pub(super) kept: usize,
    /// What is done where it is absent. An object shows how many of its members are there, so that goes the long way.
    pub(super) absent: Absent,
    /// The indexes that lead to it from the members of the record.
    pub(super) path: Vec<u32>,
}

/// The leaves of a record, and what stands behind the last one. The comma in front of the first member becomes the brace that
/// opens the record.
#[derive(Debug)]
pub(super) struct Flattened<'p> {
    pub(super) leaves: Vec<Flat<'p>>,
    pub(super) behind: Vec<u8>,
}

impl Level {
    /// Returns the leaves of the level with this number; nothing if it has anything but leaves, constants, and objects of
    /// these.
    pub(super) fn flattened(&self, number: u32) -> Option<Flattened<'_>> {
        let mut flat = Flattened { leaves: Vec::new(), behind: Vec::new() };
        flat.take(&self.members, number, &mut Vec::new(), false)?;
        flat.behind.push(b'}');
        (!self.keep && !flat.leaves.is_empty()).then_some(flat)
    }
}

impl<'p> Flattened<'p> {
    fn take(&mut self, members: &'p [Member], number: u32, path: &mut Vec<u32>, inner: bool) -> Option<()> {
        let mut first = inner;
        for (index, member) in (0..).zip(members).filter(|(_, member)| !member.label.is_empty()) {
            let label = member.label.get(usize::from(std::mem::replace(&mut first, false))..)?;
            path.push(index);
            match &member.kind {
                MemberKind::Cell { cell, level, .. } if *level == number => {
                    let mut before = std::mem::take(&mut self.behind);
                    let kept = before.len();
                    before.extend_from_slice(label);
                    let absent = if inner { Absent::Refuse } else { member.absent };
                    self.leaves.push(Flat { member, cell: *cell, before, kept, absent, path: path.clone() });
                }
                MemberKind::Object { members } => {
                    let leaves = self.leaves.len();
                    self.behind.extend_from_slice(label);
                    self.behind.push(b'{');
                    self.take(members, number, path, true)?;
                    self.behind.push(b'}');
                    // An object without leaves is there or not by other rules.
                    (self.leaves.len() > leaves && member.checks.is_empty()).then_some(())?;
                }
                MemberKind::Computed { formula, inputs, .. } if inputs.is_empty() => {
                    let value = formula.eval(&Nothing).ok().filter(|value| !value.is_absent())?;
                    member.checks.is_empty().then_some(())?;
                    self.behind.extend_from_slice(label);
                    json::write(&value, &mut self.behind);
                }
                _ => return None,
            }
            path.pop();
        }
        Some(())
    }
}

/// What a constant asks for.
struct Nothing;

impl Names for Nothing {
    fn value(&self, _: usize) -> Value {
        Value::Absent
    }
}
