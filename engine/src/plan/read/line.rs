//! Leaves that come several at once, as the columns of a row do.
//!
//! **Invariant.** Telling them at once does what telling them one by one does.

use super::layout::{Act, Read, ReadPlan};
use super::state::State;
use kernel::{Interest, Leaf, Stop};

impl State {
    /// Enters and reads leaves of the open part; returns how many were told.
    pub(super) fn line(&mut self, plan: &ReadPlan, leaves: &[Leaf<'_>]) -> Result<usize, Stop> {
        for (told, leaf) in leaves.iter().enumerate() {
            if let Some(read) = self.straight(plan, leaf) {
                self.read(read, leaf.scalar);
                continue;
            }
            match self.enter(plan, leaf.part, leaf.ty) {
                Interest::Leaf => self.leaf(plan, leaf.part, leaf.scalar)?,
                Interest::Pause => return Ok(told),
                Interest::Skip | Interest::Descend => {}
            }
        }
        Ok(leaves.len())
    }

    /// Enters a leaf if the short way leads to it and nothing is done with it but to read it.
    ///
    /// `None`, and nothing was done, if it has to be told as any leaf.
    #[inline(always)]
    fn straight<'p>(&mut self, plan: &'p ReadPlan, leaf: &Leaf<'_>) -> Option<&'p Read> {
        let [from] = self.active.get_mut(self.start..)? else { return None };
        let way = plan.nodes.get(from.node as usize)?.first(leaf.part)?;
        let told = from.came & way.mark != 0 || self.failure.is_some() || !self.recordings.is_empty();
        if !way.short || way.guarded || told || *plan.groups.get(leaf.ty.0 as usize)? {
            return None;
        }
        let [Act::Read(read)] = plan.branches[way.branch as usize].acts.as_slice() else { return None };
        from.came |= way.mark;
        Some(read)
    }
}
