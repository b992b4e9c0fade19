//! What a format knows: the types of its records, how their bytes are told, and how they are written.
//!
//! **Invariant.** A format does no I/O and knows nothing of files; it sees one record at a time.

use crate::field::{Quick, Setting};
use kernel::{
    DecodeError, Document, Error, PartId, Progress, ShapeBuilder, Sheet, Slot, Taker, TypeId, Visitor,
};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// The records of a copybook, of columns, or of separated values.
pub(crate) trait Format: Send + Sync + Debug + 'static {
    /// The types of records, in the order in which they are declared. Their numbers are indexes into it.
    fn types(&self) -> &[RecordType];

    /// Tells the parts of a record, without anything beside it. It is told whole: [`kernel::Interest::Pause`] ends the
    /// telling, and it can be told again.
    ///
    /// `at` is where its first byte stands in the unit. Leaves whose bytes are no values are told by
    /// [`Visitor::unreadable`]. `text` is a buffer for what has to be made.
    ///
    /// # Errors
    /// The record is shorter than its type, a counter is out of its bounds, or the visitor stopped at an unreadable leaf.
    fn tell(
        &self,
        number: usize,
        record: &[u8],
        at: u64,
        text: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError>;

    /// Returns where these leaves are, as [`Format::take`] wants it; nothing where they have to be told.
    fn excerpt(&self, number: usize, slots: &[Slot]) -> Option<Excerpt> {
        let _ = (number, slots);
        None
    }

    /// Writes an excerpt; see [`adapters_ports::Records::take`].
    fn take(
        &self,
        excerpt: &Excerpt,
        record: &[u8],
        scratch: &mut Scratch,
        to: &mut dyn Taker,
        sheet: &mut Sheet,
    ) -> bool {
        let _ = (excerpt, record, scratch, to, sheet);
        false
    }

    /// Appends a record whose parts a document tells. Parts beside the record are passed over.
    ///
    /// # Errors
    /// A value that its field cannot hold, with its path in the context `part`.
    fn write(&self, number: usize, content: &mut dyn Document, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Appends a record as it was, with the values that a document tells. What it does not tell stays, and so do bytes that
    /// say the same.
    ///
    /// # Errors
    /// As for [`Format::write`].
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "nothing writes over files yet; tests hold reading against it")
    )]
    fn rewrite(
        &self,
        number: usize,
        old: &[u8],
        content: &mut dyn Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let _ = old;
        self.write(number, content, out)
    }

    /// Finds a leaf by its path as mappings write it (`HDR-TYPE`, `GROUP/FIELD`), for conditions; nothing if there is none,
    /// or none that has always the same place.
    fn leaf(&self, number: usize, path: &str) -> Option<LeafRef>;

    /// Returns the text of a leaf without its padding, as conditions compare it: numbers canonical, without leading zeros
    /// only where the type is no text; nothing where the record is too short or the leaf cannot be read.
    fn text(&self, leaf: &LeafRef, record: &[u8], text: &mut String) -> Option<String>;

    /// Returns the names of all leaves of a type, for suggestions.
    fn names(&self, number: usize) -> Vec<String>;

    /// Returns the bytes of all leaves of a record that are told, in the order of the telling, where they are known.
    fn places(&self, number: usize, record: &[u8]) -> Vec<Option<Range<usize>>> {
        let _ = record;
        let place = |name: &String| self.leaf(number, name).and_then(|leaf| leaf.bytes);
        self.names(number).iter().map(place).collect()
    }

    /// Returns whether a leaf is a number, so that conditions compare it by value.
    fn is_number(&self, leaf: &LeafRef) -> bool {
        let _ = leaf;
        false
    }

    /// Returns whether the first record of a unit names the columns of those that follow, and is none itself.
    fn has_header(&self) -> bool {
        false
    }

    /// Returns the format of the records that follow this header. Whoever keeps a record on its own keeps its header too.
    ///
    /// # Errors
    /// It is no header of this format: a column is missing.
    fn headed(&self, header: &[u8]) -> Result<Arc<dyn Format>, DecodeError> {
        let _ = header;
        Err(DecodeError::new("records of this format have no header", 0))
    }
}

/// A type of records.
#[derive(Debug, Clone)]
pub(crate) struct RecordType {
    /// Its name: that of the 01 level, or the one under `records:`.
    pub name: Arc<str>,
    /// Its parts, in order, as they were added to the shape.
    pub parts: Vec<PartId>,
    /// The group of just these parts, which is its type beside other records.
    pub plain: TypeId,
    /// Fewest and most bytes of a record; `None` where there is no bound.
    pub bytes_min: u32,
    /// Most bytes.
    pub bytes_max: Option<u32>,
    /// Its bytes where all its records are equally long, FILLER at the end included.
    pub length: Option<u32>,
    /// Where it is declared.
    pub span: Option<kernel::Span>,
}

/// Leaves that are taken without being told.
#[derive(Debug)]
pub(crate) struct Excerpt {
    /// The type of record.
    pub number: usize,
    /// What is wanted, each with the number that its leaf has in the format.
    pub slots: Vec<(usize, Slot)>,
    /// The same, for those formats that know much of their fields.
    pub quick: Vec<Quick>,
    /// How many bytes of a sheet it needs at most.
    pub need: usize,
}

impl Excerpt {
    /// Makes one. `need` says how many bytes of a sheet a leaf needs at most.
    pub(crate) fn new(number: usize, slots: Vec<(usize, Slot)>, need: impl Fn(usize) -> usize) -> Self {
        let bytes = |(leaf, slot): &(usize, Slot)| slot.need() + need(*leaf);
        Self { number, need: slots.iter().map(bytes).sum(), slots, quick: Vec::new() }
    }
}

/// Buffers of whoever takes leaves.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Where the fields of a record are, where that differs.
    pub places: Vec<Range<usize>>,
    /// What has to be made.
    pub text: String,
}

/// A leaf that conditions can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeafRef {
    /// The type of record.
    pub number: usize,
    /// Which leaf, as the format counts them.
    pub leaf: usize,
    /// The part that it is told by.
    pub part: PartId,
    /// Its bytes in the record, where they are always the same.
    pub bytes: Option<Range<usize>>,
}

/// What a format is built with.
pub(crate) struct Building<'a> {
    /// The shape to which its types and parts are added.
    pub shape: &'a mut ShapeBuilder,
    /// Code page and fillers.
    pub setting: Setting,
}
