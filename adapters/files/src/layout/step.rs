//! The steps of telling a record.
//!
//! **Invariant.** Steps are in the order of the record; a jump leads only forward.

use kernel::{PartId, TypeId};

/// A step. `end` is the first step behind those that belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A group begins. One that has counters or tables of variable length in it is walked through even if nobody wants it.
    Enter { part: PartId, ty: TypeId, end: u32, walk: bool },
    /// It ends.
    Leave { part: PartId },
    /// A field.
    Leaf(u32),
    /// A field is remembered, since it counts.
    Count { leaf: u32, slot: u8 },
    /// The steps up to `end` are those of an element.
    Table { node: u32, end: u32 },
    /// The steps up to `end` are one meaning of the area at the end of the record; its length is its own.
    Branch { end: u32 },
}
