//! Marking what has to wait for the end of what encloses it.
//!
//! **Invariant.** A branch that opens a level, or that others wait for, is taken in one pass only.

use super::trie::Trie;
use crate::plan::read::layout::{Act, Branch, Level, Pass, Read};

/// Marks, for each owner, the way to the branches that wait for its end.
pub(super) fn mark_late(trie: &mut Trie, waiting: &[(u32, u32)], levels: &[Level]) {
    let mut logs = 0;
    for &(owner, _) in waiting {
        let branch = trie.branch(owner);
        if branch.waits.is_none() {
            branch.waits = Some(logs);
            logs += 1;
        }
    }
    for &(owner, target) in waiting {
        for branch in way(trie, owner, target) {
            let it = trie.branch(branch);
            if branch == target || it.level.is_some() || it.waits.is_some() {
                it.pass = Pass { now: false, late: true };
                break;
            }
            it.pass.late = true;
        }
    }
    for &(owner, _) in waiting {
        split(trie, owner, levels);
    }
}

/// Returns the branches from below `from` down to `to`.
fn way(trie: &Trie, from: u32, to: u32) -> Vec<u32> {
    for below in trie.below(from) {
        if below == to {
            return vec![to];
        }
        let mut rest = way(trie, below, to);
        if !rest.is_empty() {
            rest.insert(0, below);
            return rest;
        }
    }
    Vec::new()
}

/// Divides what a branch of both passes empties, and lets its conditions be looked at in both.
fn split(trie: &mut Trie, branch: u32, levels: &[Level]) {
    for below in trie.below(branch) {
        let it = trie.get(below);
        if !(it.pass.now && it.pass.late) {
            continue;
        }
        let lists = late_lists(trie, below, levels);
        let conditions = it.conditions.clone();
        let it = trie.branch(below);
        let (late, now) = it.clear_at_failure.iter().partition(|cell| lists.contains(cell));
        (it.clear_late, it.clear_at_failure) = (late, now);
        if !conditions.is_empty() {
            look_again(trie, below);
        }
        split(trie, below, levels);
    }
}

fn late_lists(trie: &Trie, branch: u32, levels: &[Level]) -> Vec<u32> {
    let mut lists = Vec::new();
    for below in trie.below(branch) {
        let it = trie.get(below);
        match it.level {
            Some(level) if !it.pass.now => lists.push(levels[level as usize].list),
            _ if it.pass.late => lists.extend(late_lists(trie, below, levels)),
            _ => {}
        }
    }
    lists
}

/// Lets the leaves below a branch that are conditions be taken in both passes.
fn look_again(trie: &mut Trie, branch: u32) {
    for below in trie.below(branch) {
        look_again(trie, below);
        let inner = trie.below(below).iter().any(|&at| trie.get(at).pass.late);
        let it = trie.branch(below);
        let condition = it.acts.iter().any(|act| matches!(act, Act::Condition { .. }));
        it.pass.late |= it.pass.now && (condition || inner);
    }
}

/// Marks the levels that are nothing but leaves, and says to each of these its place.
pub(super) fn mark_places(levels: &mut [Level], branches: &mut [Branch]) {
    let cells: Vec<_> =
        (0..).zip(&*levels).map(|(number, level)| level.leaves(number).unwrap_or_default()).collect();
    for (level, cells) in levels.iter_mut().zip(&cells) {
        level.leaves = u32::try_from(cells.len()).unwrap_or_default();
    }
    for act in branches.iter_mut().flat_map(|branch| &mut branch.acts) {
        let Act::Read(read) = act else { continue };
        let place = cells[read.level as usize].iter().position(|&cell| cell == read.cell);
        read.place = place.and_then(|place| u32::try_from(place).ok()).unwrap_or(Read::NO_PLACE);
    }
}
