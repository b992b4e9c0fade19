//! Takes leaves of a record without telling it.
//!
//! **Invariant.** Only records in which every place is known are taken: no counters, no areas of unknown length, no bytes
//! that nothing describes.

use super::{Kind, Layout, Record};
use crate::field::Quick;
use crate::format::Excerpt;
use kernel::{PartId, Sheet, Slot, Taker};

impl Layout {
    /// See [`crate::format::Format::excerpt`].
    pub(super) fn excerpt_of(&self, number: usize, slots: &[Slot]) -> Option<Excerpt> {
        let record = self.records.get(number).filter(|record| record.counters == 0 && !record.is_open)?;
        let slot = |slot: &Slot| Some((record.takeable(slot.part)?, slot.clone()));
        let need = |leaf: usize| record.leaves.get(leaf).map_or(0, |leaf| leaf.field.sheet_bytes());
        let excerpt = Excerpt::new(number, slots.iter().map(slot).collect::<Option<_>>()?, need);
        let quick = excerpt.slots.iter().filter_map(|(leaf, slot)| {
            let leaf = record.leaves.get(*leaf)?;
            Some(Quick::new(&leaf.field, leaf.at as usize, &self.setting, slot))
        });
        Some(Excerpt { quick: quick.collect(), ..excerpt })
    }

    /// See [`crate::format::Format::take`].
    pub(super) fn take_from(
        &self,
        excerpt: &Excerpt,
        bytes: &[u8],
        text: &mut String,
        to: &mut dyn Taker,
        sheet: &mut Sheet,
    ) -> Option<()> {
        let record = self.records.get(excerpt.number).filter(|record| bytes.len() == record.size as usize)?;
        sheet.reserve(excerpt.need);
        let mut at = sheet.end();
        for (index, quick) in excerpt.quick.iter().enumerate() {
            at = match quick.write(bytes, sheet.room(at)?) {
                Some((start, end)) => {
                    if quick.is_marked() {
                        to.mark(index, at + start..at + end);
                    }
                    at + end
                }
                None => {
                    self.fill(record, excerpt.slots.get(index)?, (index, bytes), text, to, (sheet, at))?
                }
            };
        }
        sheet.set_end(at);
        Some(())
    }

    /// Fills a slot whose leaf is not usual.
    #[inline(never)]
    fn fill(
        &self,
        record: &Record,
        (leaf, slot): &(usize, Slot),
        (index, bytes): (usize, &[u8]),
        text: &mut String,
        to: &mut dyn Taker,
        place: (&mut Sheet, usize),
    ) -> Option<usize> {
        let leaf = record.leaves.get(*leaf)?;
        let raw = bytes.get(leaf.bytes(0))?;
        slot.fill(index, |pen| leaf.field.take(raw, &self.setting, text, pen), to, place)
    }
}

impl Record {
    /// Returns the leaf of a part that occurs once and has one place.
    fn takeable(&self, part: PartId) -> Option<usize> {
        let mut found = self.leaves.iter().enumerate().filter(|(_, leaf)| leaf.part == part);
        let (index, leaf) = found.next()?;
        let once = |node: u32| {
            let around = std::iter::successors(Some(node), |node| self.nodes.get(*node as usize)?.parent);
            around.into_iter().all(|node| self.nodes.get(node as usize).is_some_and(|it| it.table.is_none()))
        };
        let is_item = self.nodes.get(leaf.node as usize).is_some_and(|it| matches!(it.kind, Kind::Leaf(_)));
        let plain = found.next().is_none() && leaf.is_fixed && is_item && once(leaf.node);
        (plain && leaf.field.is_takeable()).then_some(index)
    }
}
