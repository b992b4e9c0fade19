//! What a reader knows at a moment: open parts, filled cells, what went wrong.
//!
//! **Invariant.** Buffers are kept from reply to reply and shrunk when one of them grew large.

use super::Answer;
use super::late::Log;

use super::layout::{CellKind, Pass, ReadPlan, Yield};
use super::residue::Residue;
use super::short::Line;
use super::way::NOWHERE;
use crate::codec::CodecError;
use crate::plan::errors::FaultView;
use crate::plan::tree::Leaf;
use crate::program::Ambient;
use crate::value::Value;
use kernel::{BadField, DecodeError, Error, PartId, Scalar};
use std::borrow::Cow;

/// Buffers larger than this are given back after a reply.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

/// Everything that changes while a reply is read.
#[derive(Debug)]
pub(super) struct State {
    /// The branches that open parts are on: at least one for each, but for the root.
    pub(super) active: Vec<Active>,
    /// Where those of the innermost part begin; nought at the root.
    pub(super) start: usize,
    /// The branch that the leaf which comes next is for, or [`NOWHERE`], where it is found at once.
    pub(super) next: u32,
    /// Branches that the leaf which comes next is for, where they are several or have to be looked for.
    pub(super) pending: Vec<u32>,
    /// Occurrences of parts, where not only the first is asked for.
    pub(super) counters: Vec<u32>,
    /// Branches that took their one occurrence.
    pub(super) done: Vec<bool>,
    pub(super) conditions: Vec<Held>,
    pub(super) tests: Vec<bool>,
    pub(super) cells: Vec<Cell>,
    /// Values by cell, where an expression needs them.
    pub(super) values: Vec<Value>,
    /// What texts became that no short cut reads, by cell: the same ones come again and again.
    pub(super) memos: Vec<Memo>,
    /// What is remembered from row to row, where rows go the short way.
    pub(super) taking: Line,
    /// JSON text by level.
    pub(super) arenas: Vec<Arena>,
    /// Elements written so far in the list of a level, for pointers.
    pub(super) positions: Vec<usize>,
    pub(super) logs: Vec<Log>,
    /// Branches whose late parts are being recorded, with the depth in them.
    pub(super) recordings: Vec<(u32, u32)>,
    /// The table was judged before the payload.
    pub(super) decided: bool,
    pub(super) failure: Option<Box<Error>>,
    /// The field that could not be read, if the failure is about one.
    pub(super) bad: Option<Box<BadField>>,
    pub(super) records: u64,
    pub(super) key: Vec<Value>,
    pub(super) fingerprint: u128,
    /// Somebody asks for the fingerprint.
    pub(super) fingerprints: bool,
    pub(super) residue: Residue,
    pub(super) ambient: Ambient,
    out: Vec<u8>,
}

/// What leaves left behind in a level, as text.
#[derive(Debug, Default)]
pub(super) struct Arena {
    pub(super) text: Vec<u8>,
    /// So many members came, in the order of the mapping and once each, and nothing else; or [`UNTIDY`].
    pub(super) tidy: u32,
    /// The level is explicitly nothing.
    pub(super) nil: bool,
}

/// The text of an arena is not its members one behind the other.
pub(super) const UNTIDY: u32 = u32::MAX;

/// A branch that an open part is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Active {
    /// The branch, or [`NOWHERE`] for a part that is only recorded.
    pub(super) branch: u32,
    /// Where the branch leads, or [`NOWHERE`].
    pub(super) node: u32,
    /// Marks of the parts that came, where only the first is asked for.
    pub(super) came: u32,
    /// The pass in which what is below it is done.
    pub(super) late: bool,
    /// Its own text is wanted: a leaf that came as a structure.
    pub(super) text: bool,
    /// Something is done at its end.
    pub(super) ends: bool,
    /// The part; said only of the first branch that it is on.
    pub(super) part: PartId,
    /// Where the branches of the part around it begin; said only of the first, too.
    pub(super) around: usize,
}

impl Active {
    /// Returns a branch on which a part begins, and which leads to a node.
    #[inline]
    pub(super) fn new(branch: u32, node: u32, late: bool) -> Self {
        let (part, around) = (PartId::TYPE, 0);
        Self { branch, node, came: 0, late, text: false, ends: true, part, around }
    }
}

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// No leaf came yet.
    Open,
    /// A leaf has the value.
    Yes,
    /// No leaf that came has the value.
    No,
}

/// What a leaf left behind.
#[derive(Debug)]
pub(super) enum Cell {
    /// Nothing came.
    Empty,
    /// Something came that means nothing.
    Nothing,
    /// Label and JSON text in the arena of its level.
    Json(usize, usize),
    /// The leaf as it came: text in the arena of its level, or anything else.
    Text(usize, usize),
    Raw(Box<Leaf>),
    /// It is there.
    Present,
    /// It could not be read.
    Failed(Box<CodecError>),
    /// Its bytes are not what its type says.
    Unread(Box<DecodeError>),
    /// Elements, separated by commas.
    List(Box<List>),
}

/// Elements of an array as JSON text.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) json: Vec<u8>,
    /// Elements in `json`.
    pub(super) count: usize,
    /// An element could not be read.
    pub(super) failed: Option<Box<CodecError>>,
    /// The bytes of an element are not what its type says.
    pub(super) unread: Option<Box<DecodeError>>,
}

/// The last text that a cell read, and what became of it. It does not depend on the record.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// The text; empty is none.
    pub(super) text: String,
    pub(super) json: Vec<u8>,
    pub(super) value: Value,
}

impl Memo {
    /// Longer texts are not kept.
    const TEXT_BYTES_MAX: usize = 40;

    /// Keeps a text and what became of it.
    pub(super) fn keep(&mut self, text: &str, json: &[u8], value: Value) {
        if text.len() <= Self::TEXT_BYTES_MAX {
            self.text.clear();
            self.text.push_str(text);
            self.json.clear();
            self.json.extend_from_slice(json);
            self.value = value;
        }
    }
}

impl Arena {
    /// Forgets what came.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.tidy = 0;
        self.nil = false;
    }
}

impl Cell {
    #[inline]
    pub(super) fn clear(&mut self) {
        match self {
            Self::List(list) => {
                list.json.clear();
                list.count = 0;
                list.failed = None;
                list.unread = None;
            }
            other => other.set(Self::Empty),
        }
    }

    /// Takes the place of what was there.
    #[inline]
    pub(super) fn set(&mut self, new: Self) {
        let old = std::mem::replace(self, new);
        if matches!(old, Self::Raw(_) | Self::Failed(_) | Self::Unread(_) | Self::List(_)) {
            drop(old);
        } else {
            // It owns nothing, and so has nothing to drop; this spares a call for nearly every leaf.
            std::mem::forget(old);
        }
    }
}

impl Pass {
    #[inline]
    pub(super) fn includes(self, late: bool) -> bool {
        if late { self.late } else { self.now }
    }
}

impl State {
    pub(super) fn new(plan: &ReadPlan) -> Self {
        let cell = |kind: &CellKind| match kind {
            CellKind::List => Cell::List(Box::default()),
            CellKind::Single(_) => Cell::Empty,
        };
        Self {
            active: Vec::new(),
            start: 0,
            next: NOWHERE,
            pending: Vec::new(),
            counters: vec![0; plan.counters],
            done: vec![false; plan.branches.len()],
            conditions: vec![Held::Open; plan.conditions],
            tests: vec![false; plan.table.tests],
            cells: plan.cells.iter().map(cell).collect(),
            values: vec![Value::Absent; plan.cells.len()],
            taking: Line::default(),
            memos: plan.cells.iter().map(|_| Memo::default()).collect(),
            arenas: plan.levels.iter().map(|_| Arena::default()).collect(),
            positions: vec![0; plan.levels.len()],
            logs: Log::all(plan),
            recordings: Vec::new(),
            decided: false,
            failure: None,
            bad: None,
            records: 0,
            key: Vec::new(),
            fingerprint: 0,
            fingerprints: plan.yields != Yield::Many,
            residue: Residue::default(),
            ambient: Ambient::for_tests(),
            out: Vec::new(),
        }
    }

    pub(super) fn reset(&mut self, plan: &ReadPlan, ambient: &Ambient) {
        self.ambient = ambient.clone();
        self.again(plan);
    }

    /// Forgets everything but the ambient inputs.
    pub(super) fn again(&mut self, plan: &ReadPlan) {
        self.active.clear();
        self.next = NOWHERE;
        self.pending.clear();
        self.recordings.clear();
        self.counters.fill(0);
        self.done.fill(false);
        self.conditions.fill(Held::Open);
        self.tests.fill(false);
        self.values.fill(Value::Absent);
        for log in &mut self.logs {
            log.clear(BUFFER_BYTES_KEPT);
        }
        for cell in &mut self.cells {
            cell.clear();
            if let Cell::List(list) = cell {
                list.json.shrink_to(BUFFER_BYTES_KEPT);
            }
        }
        for arena in &mut self.arenas {
            arena.clear();
        }
        for buffer in self.arenas.iter_mut().map(|arena| &mut arena.text).chain([&mut self.out]) {
            buffer.clear();
            buffer.shrink_to(BUFFER_BYTES_KEPT);
        }
        self.decided = false;
        self.failure = None;
        self.bad = None;
        self.records = 0;
        self.key.clear();
        self.fingerprint = FINGERPRINT_SEED;
        self.residue.clear();
        self.start = 0;
        self.open(plan, 0, false);
    }

    pub(super) fn judged(&self, plan: &ReadPlan, beside: &FaultView<'_>) -> Option<Error> {
        let line = plan.table.first(|test| self.tests[test], beside)?;
        let detail = plan.details.get(line).copied().flatten();
        let text = detail.and_then(|cell| self.raw_text(plan, cell)).map(Cow::into_owned);
        Some(plan.table.error(line, text))
    }

    pub(super) fn finish(&mut self, plan: &ReadPlan) -> Result<(), Error> {
        if self.failure.is_none() {
            self.finish_late(plan, 0);
        }
        if plan.rooted && self.failure.is_none() {
            self.emit(plan, 1);
        }
        if let Some(error) = self.judged(plan, &FaultView::default()) {
            return Err(error);
        }
        self.failure.take().map_or(Ok(()), |error| Err(*error))
    }

    pub(super) fn answer(&mut self, plan: &ReadPlan) -> Answer<'_> {
        let cursor = plan.cursor.and_then(|cell| self.raw_text(plan, cell));
        let cursor = cursor.filter(|text| !text.trim().is_empty()).map(Cow::into_owned);
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        if plan.yields == Yield::Many {
            out.push(b'[');
            out.extend_from_slice(self.json(plan));
            out.push(b']');
        }
        self.out = out;
        let key = std::mem::take(&mut self.key);
        Answer {
            json: if plan.yields == Yield::Many { &self.out } else { self.json(plan) },
            found: self.records > 0,
            key,
            fingerprint: self.fingerprint,
            cursor,
        }
    }

    /// Returns the JSON of all records that are complete, separated by commas.
    pub(super) fn json(&self, plan: &ReadPlan) -> &[u8] {
        match plan.levels.get(1).map(|level| &self.cells[level.list as usize]) {
            Some(Cell::List(list)) => list.json.as_slice(),
            _ => &[],
        }
    }

    pub(super) fn take_items(&mut self, plan: &ReadPlan, first: bool, out: &mut Vec<u8>) -> usize {
        let open = plan.tests_asked && !self.decided;
        if plan.yields != Yield::Many || open || self.failure.is_some() {
            return 0;
        }
        let Cell::List(list) = &mut self.cells[plan.levels[1].list as usize] else { return 0 };
        let count = list.count;
        if count > 0 {
            if !first {
                out.push(b',');
            }
            out.extend_from_slice(&list.json);
            list.json.clear();
            list.count = 0;
        }
        count
    }

    /// Returns a leaf that was kept as it came.
    pub(super) fn raw(&self, plan: &ReadPlan, cell: u32) -> Scalar<'_> {
        match (&self.cells[cell as usize], plan.cells[cell as usize]) {
            (&Cell::Text(start, end), CellKind::Single(level)) => {
                let text = str::from_utf8(&self.arenas[level as usize].text[start..end]);
                text.map_or(Scalar::Nil, Scalar::Text)
            }
            (Cell::Raw(leaf), _) => leaf.as_scalar(),
            _ => Scalar::Nil,
        }
    }

    /// Returns the text of a leaf that was kept as it came; none if it is explicitly nothing.
    pub(super) fn raw_text(&self, plan: &ReadPlan, cell: u32) -> Option<Cow<'_, str>> {
        match self.raw(plan, cell) {
            Scalar::Text(text) => Some(Cow::Borrowed(text)),
            other => Leaf::from_scalar(other).text().map(Cow::Owned),
        }
    }

    /// Keeps the first failure.
    pub(super) fn fail(&mut self, error: Box<Error>) {
        self.failure.get_or_insert(error);
    }

    /// Nothing that comes can change the outcome.
    #[inline]
    pub(super) fn is_over(&self, plan: &ReadPlan) -> bool {
        self.failure.is_some() && (self.decided || !plan.tests_asked)
    }

    /// Mixes a leaf into the fingerprint.
    #[inline]
    pub(super) fn mix(&mut self, cell: u32, bytes: &[u8]) {
        self.fingerprint = mixed(self.fingerprint, cell, bytes);
    }
}

/// Mixes bytes into a fingerprint that began with [`FINGERPRINT_SEED`]; `place` says whose they are.
#[inline]
pub(crate) fn mixed(fingerprint: u128, place: u32, bytes: &[u8]) -> u128 {
    let mut mixed = fingerprint ^ u128::from(place);
    let (words, rest) = bytes.as_chunks::<8>();
    let mix = |mixed: u128, word: u64| {
        let mixed = (mixed ^ u128::from(word)).wrapping_mul(FINGERPRINT_FACTOR);
        mixed ^ mixed >> 64
    };
    for word in words {
        mixed = mix(mixed, u64::from_le_bytes(*word));
    }
    // The length keeps `a` + `bc` apart from `ab` + `c`; the highest byte of the last word is free for it.
    mix(mixed, short_word(rest) | (bytes.len() as u64) << 56)
}

/// Returns up to seven bytes as the low end of a word, without copying them one by one.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    let by_place = |word: u64, (place, &byte): (usize, &u8)| word | u64::from(byte) << (place * 8);
    match bytes {
        // Where the two halves overlap they are alike.
        [a, b, c, d, ..] => {
            let last = bytes.len() - 4;
            let high = bytes[last..].first_chunk::<4>().map_or(0, |half| u32::from_le_bytes(*half));
            u64::from(u32::from_le_bytes([*a, *b, *c, *d])) | u64::from(high) << (last * 8)
        }
        few => few.iter().enumerate().fold(0, by_place),
    }
}

/// Seed and prime of 128-bit FNV-1a; here words are mixed instead of bytes.
/// Source: the FNV non-cryptographic hash, RFC 9923, section 5.
pub(crate) const FINGERPRINT_SEED: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FINGERPRINT_FACTOR: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

#[cfg(test)]
mod tests {
    use super::short_word;

    #[test]
    fn a_short_word_has_its_bytes_at_the_low_end() {
        for length in 1..8 {
            let bytes = &[1_u8, 2, 3, 4, 5, 6, 7][..length];
            let mut word = [0_u8; 8];
            word[..length].copy_from_slice(bytes);
            assert_eq!(short_word(bytes), u64::from_le_bytes(word), "{length} bytes");
        }
    }
}
