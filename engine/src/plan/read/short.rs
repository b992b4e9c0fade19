//! The short way from a record to JSON: its leaves are taken in the order of the mapping and become members on the spot.
//!
//! **Invariant.** It gives what the long way gives, or nothing; whatever is unusual about a record goes the long way.

use super::flat::Flat;
use super::layout::{Act, Read, ReadPlan, Yield};
use crate::codec::{Chain, Direct};
use crate::plan::model::Absent;
use crate::plan::schema;
use crate::plan::stream::Take;
use crate::ty::Type;
use kernel::{PartId, Scalar, Sheet, Slot, Snippet, Taken, Taker, Usual};
use std::ops::Range;
use std::sync::Arc;

/// A record all of whose members are leaves of its own.
#[derive(Debug, Clone)]
pub(crate) struct Short {
    slots: Vec<Slot>,
    members: Vec<Leaf>,
    /// For each value that is given beside the JSON the member that it is of.
    values: Vec<usize>,
    /// What stands behind the last one.
    behind: Vec<u8>,
}

/// A member. Its slot has its label, and behind that the quote of a text where that is usual.
#[derive(Debug, Clone)]
struct Leaf {
    /// How long the label is, with and without the quote, and how much of it is not the member's own.
    label: usize,
    bare: usize,
    kept: usize,
    direct: Direct,
    chain: Chain,
    absent: Absent,
    checks: Arc<[schema::Check]>,
    /// Its text is asked for.
    given: bool,
}

impl Short {
    /// Returns the short way of a reading; nothing where it has none.
    pub(crate) fn of(plan: &ReadPlan) -> Option<Self> {
        let is_record = plan.rooted && plan.yields == Yield::One;
        if is_record { Self::below(plan, 0, &plan.key) } else { None }
    }

    /// Returns the short way of what is read below a branch, with the texts of these values beside it.
    pub(super) fn below(plan: &ReadPlan, branch: usize, values: &[Box<[u32]>]) -> Option<Self> {
        let plain = plan.levels.len() == 2
            && plan.logs == 0
            && plan.conditions == 0
            && !plan.tests_asked
            && plan.cursor.is_none();
        let flat = plan.levels.get(1).filter(|_| plain)?.flattened(1)?;
        let mut reads = Vec::new();
        gather(plan, branch, &mut reads)?;
        let given = |leaf: &Flat<'_>| values.iter().any(|path| **path == *leaf.path);
        let mut short =
            Self { slots: Vec::new(), members: Vec::new(), values: Vec::new(), behind: flat.behind };
        for leaf in &flat.leaves {
            let (part, read) = reads.iter().find(|(_, read)| read.cell == leaf.cell)?;
            let (slot, leaf) = Leaf::new(*part, leaf, read, given(leaf))?;
            short.slots.push(slot);
            short.members.push(leaf);
        }
        for path in values {
            short.values.push(flat.leaves.iter().position(|leaf| *leaf.path == **path)?);
        }
        Some(short)
    }

    /// Returns the leaves that are taken.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Returns the modern type of a value that stands beside the JSON.
    pub(crate) fn ty(&self, value: usize) -> Option<&Type> {
        self.members.get(*self.values.get(value)?).map(|leaf| leaf.chain.ty())
    }
}

/// Gathers the leaves below a branch that are read and nothing else.
fn gather<'p>(plan: &'p ReadPlan, branch: usize, reads: &mut Vec<(PartId, &'p Read)>) -> Option<()> {
    let Some(node) = plan.branches.get(branch)?.node else { return Some(()) };
    for (part, way) in plan.nodes.get(node as usize)?.known() {
        let below = plan.branches.get(way.branch as usize)?;
        let is_plain = below.leads_on() || !below.acts.is_empty();
        if !way.short || way.guarded || !is_plain {
            return None;
        }
        for act in &below.acts {
            let Act::Read(read) = act else { return None };
            reads.push((part, read));
        }
        gather(plan, way.branch as usize, reads)?;
    }
    Some(())
}

impl Leaf {
    fn new(part: PartId, flat: &Flat<'_>, read: &Read, given: bool) -> Option<(Slot, Self)> {
        let direct = read.chain.direct()?;
        let checks = &flat.member.checks;
        let mut label = flat.before.clone();
        let bare = label.len();
        if direct.is_quoted() {
            label.push(b'"');
        }
        let usual = match direct {
            // What is looked at afterwards has to be known.
            _ if !checks.is_empty() => Usual::Nothing,
            Direct::Number => Usual::Number,
            Direct::Text => Usual::Text,
            Direct::Date => Usual::Date,
            Direct::Day => Usual::Day,
            Direct::Codecs => Usual::Nothing,
        };
        let leaf = Self {
            label: label.len(),
            bare,
            direct,
            chain: read.chain.clone(),
            kept: flat.kept,
            absent: flat.absent,
            checks: Arc::clone(checks),
            given,
        };
        Some((Slot { part, before: Snippet::new(&label), usual, marked: given }, leaf))
    }
}

/// Takes the leaves of records, one record after the other.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The texts of the values that are given, by member.
    given: Vec<Range<usize>>,
    memos: Vec<Memo>,
    text: String,
    json: Vec<u8>,
}

/// The last text of a member, and what became of it.
#[derive(Debug, Default)]
struct Memo {
    text: String,
    json: Vec<u8>,
}

/// Longer texts are not kept.
const MEMO_BYTES_MAX: usize = 40;

impl Line {
    /// Reads the record that `take` takes, and appends its JSON; `false`, and nothing is appended, where it has to go the long
    /// way.
    pub(crate) fn read(&mut self, short: &Short, take: &mut Take<'_>, sheet: &mut Sheet) -> bool {
        let begin = sheet.end();
        if self.memos.len() != short.members.len() {
            self.given.resize(short.members.len(), 0..0);
            self.memos.resize_with(short.members.len(), Memo::default);
        }
        let taken = take(&mut Taking { short, line: self }, sheet);
        // Each member has a comma in front; the first one's becomes the brace of the object.
        match sheet.byte_mut(begin) {
            Some(first) if taken => {
                *first = b'{';
                sheet.put(&short.behind);
                true
            }
            _ => {
                sheet.truncate(begin);
                false
            }
        }
    }

    /// Returns the JSON text of a value that is given; nothing where it is left out.
    #[inline]
    pub(crate) fn value<'o>(&self, short: &Short, value: usize, out: &'o [u8]) -> Option<&'o [u8]> {
        let range = self.given.get(*short.values.get(value)?)?;
        out.get(range.clone()).filter(|text| !text.is_empty())
    }
}

/// A record that is being read.
struct Taking<'a> {
    short: &'a Short,
    line: &'a mut Line,
}

impl Taking<'_> {
    /// Makes a value the way that any codec goes, and returns where it begins.
    #[inline(never)]
    fn make(&mut self, index: usize, taken: Taken, start: usize, sheet: &mut Sheet) -> Option<usize> {
        let leaf = self.short.members.get(index)?;
        let Line { memos, text, json, .. } = &mut *self.line;
        text.clear();
        text.push_str(str::from_utf8(sheet.written().get(start..)?).ok()?);
        let member = start.checked_sub(leaf.label)?;
        let start = member + leaf.bare;
        sheet.truncate(start);
        let memo = memos.get_mut(index)?;
        if !text.is_empty() && memo.text == *text {
            sheet.put(&memo.json);
            return Some(start);
        }
        let scalar = match taken {
            Taken::Nil => Scalar::Nil,
            Taken::Float { bits } => Scalar::Float(f64::from_bits(bits)),
            Taken::Number | Taken::Text { .. } => Scalar::Text(text),
        };
        json.clear();
        if leaf.chain.read_json(scalar, json).ok()? {
            sheet.put(json);
            if text.len() <= MEMO_BYTES_MAX {
                std::mem::swap(&mut memo.text, text);
                std::mem::swap(&mut memo.json, json);
            }
            return Some(start);
        }
        match leaf.absent {
            Absent::Null => sheet.put(b"null"),
            Absent::Omit => {
                sheet.truncate(member + leaf.kept);
                return Some(member + leaf.kept);
            }
            Absent::Refuse => return None,
        }
        Some(start)
    }
}

impl Taker for Taking<'_> {
    fn take(&mut self, index: usize, taken: Taken, start: usize, sheet: &mut Sheet) -> bool {
        let Some(leaf) = self.short.members.get(index) else { return false };
        let Some(start) = self.make(index, taken, start, sheet) else { return false };
        let end = sheet.end();
        let json = sheet.written().get(start..).unwrap_or_default();
        if !(leaf.checks.is_empty() || json.is_empty() || json == b"null")
            && schema::unmet(&leaf.checks, json, None).is_some()
        {
            return false;
        }
        if leaf.given
            && let Some(given) = self.line.given.get_mut(index)
        {
            *given = start..end;
        }
        true
    }

    fn mark(&mut self, index: usize, place: Range<usize>) {
        let Some(leaf) = self.short.members.get(index) else { return };
        if let Some(given) = self.line.given.get_mut(index) {
            // The quote in front of a text is that of the label.
            *given = place.start - usize::from(leaf.direct.is_quoted())..place.end;
        }
    }
}
