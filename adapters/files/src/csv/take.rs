//! Takes fields of a record without telling it.
//!
//! **Invariant.** Only records that have exactly the fields that they should have are taken.

use super::fields::Fields;
use super::{Csv, Order};
use crate::format::{Excerpt, Scratch};
use kernel::{Pen, Sheet, Slot, Taken, Taker};

impl Csv {
    /// See [`crate::format::Format::excerpt`]. The leaves are fields, in the order of the file.
    pub(super) fn excerpt_of(&self, number: usize, slots: &[Slot]) -> Option<Excerpt> {
        if matches!(self.order, Order::Unknown) {
            return None;
        }
        // A field that no column is for has to be told.
        (0..self.width(number)).try_for_each(|field| self.column(number, field).map(drop))?;
        let slot = |slot: &Slot| {
            let column = self.columns(number).iter().position(|column| column.part == slot.part)?;
            Some((self.field(number, column)?, slot.clone()))
        };
        Some(Excerpt::new(number, slots.iter().map(slot).collect::<Option<_>>()?, |_| 0))
    }

    /// See [`crate::format::Format::take`].
    pub(super) fn take_from(
        &self,
        excerpt: &Excerpt,
        record: &[u8],
        scratch: &mut Scratch,
        to: &mut dyn Taker,
        sheet: &mut Sheet,
    ) -> Option<()> {
        let Scratch { places, text } = scratch;
        places.clear();
        for field in Fields::new(&self.dialect, record) {
            places.push(field.ok().filter(|field| !field.escaped)?.inner);
        }
        if places.len() != self.width(excerpt.number) {
            return None;
        }
        // A byte of a code page is up to three of UTF-8.
        sheet.reserve(excerpt.need + 3 * record.len());
        let (page, mut at) = (self.dialect.page, sheet.end());
        for (index, (field, slot)) in excerpt.slots.iter().enumerate() {
            let raw = record.get(places.get(*field)?.clone())?;
            let leaf = |pen: &mut Pen<'_>| page.take(raw, text, pen).map(|plain| Taken::Text { plain });
            at = slot.fill(index, leaf, to, (sheet, at))?;
        }
        sheet.set_end(at);
        Some(())
    }
}
