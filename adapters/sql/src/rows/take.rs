//! Takes rows without telling them.
//!
//! **Invariant.** A row is taken whole, or stays where it is and is told.

use super::RowSet;
use kernel::{Sheet, Slot, TakeRows, Taker};

impl TakeRows for RowSet {
    fn excerpt(&mut self, slots: &[Slot]) -> bool {
        let Self { taken, columns, cells, need, .. } = self;
        taken.clear();
        for slot in slots {
            let Some(column) = columns.iter().find(|column| column.part == slot.part) else { return false };
            if !cells.get(column.index).is_some_and(|cells| cells.is_taken(column.lexical)) {
                return false;
            }
            taken.push((column.index, column.lexical));
        }
        *need = slots.iter().map(Slot::need).sum();
        true
    }

    fn take(&mut self, slots: &[Slot], to: &mut dyn Taker, sheet: &mut Sheet) -> bool {
        if self.at >= self.rows {
            return false;
        }
        let end = self.write(slots, to, sheet);
        if let Some(end) = end {
            sheet.set_end(end);
            self.at += 1;
        }
        end.is_some()
    }
}

impl RowSet {
    /// Writes the row that is next, and returns where it ends; nothing where it has to be told.
    fn write(&self, slots: &[Slot], to: &mut dyn Taker, sheet: &mut Sheet) -> Option<usize> {
        let Self { cells, taken, at: row, .. } = self;
        let lengths = taken.iter().filter_map(|(column, _)| Some(cells.get(*column)?.length(*row)));
        sheet.reserve(self.need + lengths.sum::<usize>());
        let mut at = sheet.end();
        for (index, (slot, (column, lexical))) in slots.iter().zip(taken).enumerate() {
            let cells = cells.get(*column)?;
            at = slot.fill(index, |pen| cells.write(*row, *lexical, pen), to, (sheet, at))?;
        }
        Some(at)
    }
}
