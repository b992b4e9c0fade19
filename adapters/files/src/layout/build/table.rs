//! Places tables.
//!
//! **Invariant.** Behind a table whose length depends on a counter, places count from where it ends.

use super::group::Names;
use super::{Builder, Cursor, bytes, small};
use crate::layout::Table;
use crate::layout::step::Step;
use kernel::PartId;

impl Builder<'_, '_> {
    /// Places all elements of a table.
    pub(super) fn table(
        &mut self,
        item: usize,
        node: u32,
        cursor: &mut Cursor,
        optional: bool,
        into: &mut (&mut Vec<PartId>, &mut Names),
    ) {
        let Some(occurs) = self.item(item).and_then(|it| it.occurs) else { return };
        let counter = occurs.counter.and_then(|it| self.counters.iter().position(|&known| known == it));
        let counter = counter.and_then(|slot| u8::try_from(slot).ok());
        self.set(node, |node| node.table = Some(Table { min: occurs.min, max: occurs.max, counter }));
        let start = self.record.steps.len();
        self.record.steps.push(Step::Table { node, end: 0 });
        let mut element =
            Cursor { base: cursor.base.map(|base| base + cursor.at), is_fixed: false, ..Cursor::default() };
        // An element's own length does not depend on its counter.
        let is_variable = self.plan.is_variable_within(item);
        self.set(node, |node| node.is_variable = is_variable);
        self.once(item, node, &mut element, optional, into);
        let to = u64::from(self.alignment(item, false));
        element.at = if to > 1 { element.at.next_multiple_of(to) } else { element.at };
        self.set(node, |node| node.size = bytes(element.at));
        self.end(start);
        if element.is_closed && occurs.max > 1 {
            let called = self.copybook.called(item);
            self.refuse(item, format!("`{called}` ends with a redefined area of variable length"), "");
        }
        self.behind(item, cursor, &element, occurs);
        if !self.plan.is_told(item) && !self.plan.is_variable(item) {
            self.record.steps.truncate(start);
        }
    }

    /// Moves on behind a table.
    fn behind(&self, item: usize, cursor: &mut Cursor, element: &Cursor, occurs: crate::copybook::Occurs) {
        let times = |count: u32, each: u64| u64::from(count).saturating_mul(each);
        if self.plan.is_variable(item) {
            let (min, max) = (element.before_min + element.at, element.before_max + element.at);
            cursor.before_min = cursor.before_min.saturating_add(cursor.at + times(occurs.min, min));
            cursor.before_max = cursor.before_max.saturating_add(cursor.at + times(occurs.max, max));
            (cursor.at, cursor.need, cursor.base, cursor.is_fixed) = (0, 0, None, false);
            return;
        }
        if element.need > 0 {
            cursor.need = cursor.at + times(occurs.max - 1, element.at) + element.need;
        }
        cursor.at += times(occurs.max, element.at);
        cursor.is_closed |= element.is_closed;
    }

    /// Sets where the steps end that began at `start`.
    pub(super) fn end(&mut self, start: usize) {
        let here = small(self.record.steps.len());
        if let Some(Step::Enter { end, .. } | Step::Table { end, .. } | Step::Branch { end }) =
            self.record.steps.get_mut(start)
        {
            *end = here;
        }
    }
}
