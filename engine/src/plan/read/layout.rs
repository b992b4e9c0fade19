//! The compiled form of a reading: a trie over parts, and the levels whose cells its leaves fill.
//!
//! **Invariant.** Made once; everything is an index, nothing is a name that has to be looked up.

use crate::codec::Chain;
use crate::expr::Typed;
use crate::plan::errors::{ErrorTable, Pattern};
use crate::plan::model::{Absent, Origin};
use crate::plan::schema::Check;
use crate::value::Value;
use kernel::{PartId, Shape};
use std::sync::Arc;

/// How replies of one operation, or records of one model, are read.
#[derive(Debug, Clone)]
pub struct ReadPlan {
    pub(super) shape: Arc<Shape>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) branches: Vec<Branch>,
    /// Level 0 is the reply; level 1 is the record, if there is one.
    pub(super) levels: Vec<Level>,
    /// What each cell is.
    pub(super) cells: Vec<CellKind>,
    /// Which types are structures, by number.
    pub(super) groups: Vec<bool>,
    /// How many branches have something that waits for their end.
    pub(super) logs: usize,
    /// How many conditions there are on picked parts.
    pub(super) conditions: usize,
    pub(super) table: Arc<ErrorTable>,
    /// Cells with the texts that lines of the table release.
    pub(super) details: Vec<Option<u32>>,
    /// The edge at which the table is decided, if the schema proves that it can be decided before the payload.
    pub(super) pause: Option<u32>,
    /// The table asks for something that the reply has.
    pub(super) tests_asked: bool,
    /// The record is the reply itself, not a part of it.
    pub(super) rooted: bool,
    /// What comes of it.
    pub(super) yields: Yield,
    /// The members that make the key.
    pub(super) key: Vec<u32>,
    /// The cell with the legacy cursor of the next page.
    pub(super) cursor: Option<u32>,
    pub(super) strict: bool,
    pub(super) repeatable: bool,
}

/// What comes of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yield {
    /// Nothing but a judgement.
    Nothing,
    /// One record.
    One,
    /// An array of records.
    Many,
}

/// A place in the trie: what is interesting below a part.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// The edges of all parts, those of one part together, in the order of the parts.
    found: Vec<u32>,
    /// Where they are.
    index: Index,
    /// Its edges, whose counters start anew with it.
    pub(super) edges: Vec<u32>,
    /// Branches below it that take the first for which conditions hold, and so remember that they took it.
    pub(super) firsts: Vec<u32>,
}

/// Where in a node the edges of a part are.
#[derive(Debug, Clone)]
enum Index {
    /// By the distance from the first part: a range of `found`.
    Dense { first: u32, ranges: Vec<(u32, u32)> },
    /// Parts whose numbers are far apart, sorted, each with its range.
    Sparse(Vec<(PartId, (u32, u32))>),
}

impl Default for Index {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

/// A dense index may have so many places for each part that it has.
const PLACES_PER_PART: usize = 8;

impl Node {
    /// Makes a node of its edges, each with the parts that lead to it.
    pub(super) fn new(edges: Vec<u32>, firsts: Vec<u32>, mut lookup: Vec<(PartId, u32)>) -> Self {
        lookup.sort_unstable();
        let mut known: Vec<(PartId, (u32, u32))> = Vec::new();
        for (at, &(part, _)) in (0..).zip(&lookup) {
            match known.last_mut() {
                Some((last, (_, end))) if *last == part => *end = at + 1,
                _ => known.push((part, (at, at + 1))),
            }
        }
        let found = lookup.into_iter().map(|(_, edge)| edge).collect();
        Self { found, index: Index::new(known), edges, firsts }
    }

    /// Returns the edges of a part.
    #[inline]
    pub(super) fn find(&self, part: PartId) -> &[u32] {
        let range = match &self.index {
            Index::Dense { first, ranges } => ranges.get(part.0.wrapping_sub(*first) as usize).copied(),
            Index::Sparse(known) => {
                known.binary_search_by_key(&part, |&(known, _)| known).ok().map(|at| known[at].1)
            }
        };
        range.map_or(&[], |(start, end)| &self.found[start as usize..end as usize])
    }
}

impl Index {
    /// Makes an index of sorted parts.
    fn new(known: Vec<(PartId, (u32, u32))>) -> Self {
        let (Some(&(PartId(first), _)), Some(&(PartId(last), _))) = (known.first(), known.last()) else {
            return Self::default();
        };
        let places = (last - first) as usize + 1;
        if places > known.len() * PLACES_PER_PART {
            return Self::Sparse(known);
        }
        let mut ranges = vec![(0, 0); places];
        for (part, range) in known {
            ranges[(part.0 - first) as usize] = range;
        }
        Self::Dense { first, ranges }
    }
}

/// A part below a node; several numbers may be the same part by derivation or substitution.
#[derive(Debug, Clone, Default)]
pub(super) struct Edge {
    pub(super) branches: Vec<u32>,
    /// It is no attribute, so all attributes of what encloses it are known when it begins.
    pub(super) element: bool,
    /// It leads to something that has to wait for the end of what encloses it.
    pub(super) late: bool,
}

/// One pick of a part, and what is done with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Branch {
    pub(super) pick: Take,
    /// What is done when its value is told.
    pub(super) acts: Vec<Act>,
    /// Cells and tests that its mere beginning fills.
    pub(super) present: Vec<u32>,
    pub(super) present_tests: Vec<u32>,
    /// Where it leads, if anything below it is of interest.
    pub(super) node: Option<u32>,
    /// The level that it opens.
    pub(super) level: Option<u32>,
    /// Conditions that must hold when it closes.
    pub(super) conditions: Vec<u32>,
    /// Those of them that are known when the first element begins.
    pub(super) early_conditions: Vec<u32>,
    /// Cells that are emptied when it begins.
    pub(super) clear_at_open: Vec<u32>,
    /// Cells that are emptied when its conditions did not hold: as it arrives, and in the late pass.
    pub(super) clear_at_failure: Vec<u32>,
    pub(super) clear_late: Vec<u32>,
    /// In which passes it is taken.
    pub(super) pass: Pass,
    /// The number of the log that keeps what is below it and waits for its end.
    pub(super) waits: Option<u32>,
    /// It only leads on: its beginning and its end fill, empty and write nothing.
    pub(super) plain: bool,
}

impl Branch {
    /// Returns whether it only leads on.
    pub(super) fn leads_on(&self) -> bool {
        self.node.is_some()
            && self.level.is_none()
            && self.waits.is_none()
            && self.pass == Pass::default()
            && self.pick != Take::FirstWhere
            && self.acts.is_empty()
            && self.present.is_empty()
            && self.present_tests.is_empty()
            && self.conditions.is_empty()
            && self.clear_at_open.is_empty()
    }
}

/// Which occurrences a branch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Take {
    /// The first; more of them are residue.
    #[default]
    Only,
    /// The n-th.
    Nth(u32),
    /// Each takes the place of the one before.
    Last,
    /// All.
    Every,
    /// The first for which the conditions hold.
    FirstWhere,
    /// All for which the conditions hold.
    EveryWhere,
}

/// In which passes something is done: as it arrives, or when what encloses it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) now: bool,
    pub(super) late: bool,
}

impl Default for Pass {
    fn default() -> Self {
        Self { now: true, late: false }
    }
}

/// What is done with a leaf.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Its JSON text goes to a cell; the value is kept too if `keep`.
    Read { cell: u32, chain: Chain, keep: bool },
    /// An element of a list.
    Append { cell: u32, chain: Chain, keep: bool },
    /// It is kept as it is.
    Raw { cell: u32 },
    /// A condition of a pick.
    Condition { number: u32, value: Arc<str> },
    /// A test of the error table.
    Test { number: u32, patterns: Vec<Pattern> },
}

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Anything but a list; in the arena of this level.
    Single(u32),
    /// A list.
    List,
}

/// A set of cells that is filled and written together: the reply, a record, an element.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    pub(super) members: Vec<Member>,
    /// The cells that belong to it.
    pub(super) cells: Vec<u32>,
    /// The list that its JSON goes to.
    pub(super) list: u32,
    /// The level around it.
    pub(super) outer: u32,
    /// Its JSON pointer within the level around it, without the index: `/rooms`.
    pub(super) pointer: Box<str>,
    /// Its values are needed by an expression.
    pub(super) keep: bool,
}

/// A member of a JSON object.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// `,"checkIn":`, empty if it is not in the JSON; the first member of an object leaves the comma out.
    pub(super) label: Box<[u8]>,
    /// Its name.
    pub(super) name: Arc<str>,
    pub(super) absent: Absent,
    /// What the JSON Schema demands of it where it is there.
    pub(super) checks: Arc<[Check]>,
    /// Its JSON pointer within the level.
    pub(super) pointer: Box<str>,
    /// Its legacy path as the mapping writes it.
    pub(super) legacy: Box<str>,
    pub(super) kind: MemberKind,
}

/// How a member is written.
#[derive(Debug, Clone)]
pub(super) enum MemberKind {
    /// A cell of this level or of one around it; `empty` is what it shows where nothing arrived.
    Cell { cell: u32, empty: Option<(Box<[u8]>, Value)> },
    /// Several leaves, combined.
    Several { cells: Vec<u32>, chain: Chain },
    /// An array: of plain values, or of the objects of a level.
    List { cell: u32 },
    /// An object in the same level.
    Object { members: Vec<Member> },
    /// An expression; its result is kept in a cell's value.
    Computed { formula: Arc<Typed>, inputs: Vec<Input>, cell: u32 },
    /// Alternatives.
    Cases { selector: Option<u32>, tag: Box<[u8]>, tag_name: Arc<str>, cases: Vec<CaseMember> },
}

/// One alternative.
#[derive(Debug, Clone)]
pub(super) struct CaseMember {
    pub(super) name: Arc<str>,
    pub(super) when: Vec<Pattern>,
    /// The cell that says that it is there, where no selector decides.
    pub(super) present: Option<u32>,
    pub(super) members: Vec<Member>,
}

/// Where the value of an input of an expression is.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// A member, by indexes from the members of a level.
    Member { level: u32, path: Vec<u32> },
    /// `now`, `today`, `requestId`.
    Ambient(Origin),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_whether_the_numbers_of_a_node_are_near_or_far_apart() {
        let check = |parts: &[(u32, u32)], dense: bool| {
            let lookup: Vec<(PartId, u32)> = parts.iter().map(|&(part, edge)| (PartId(part), edge)).collect();
            let node = Node::new(Vec::new(), Vec::new(), lookup);
            assert_eq!(matches!(node.index, Index::Dense { .. }), dense);
            for part in (0..40).chain([999, 1000, 1001, u32::MAX]) {
                let mut expected: Vec<u32> =
                    parts.iter().filter(|(known, _)| *known == part).map(|&(_, edge)| edge).collect();
                expected.sort_unstable();
                assert_eq!(node.find(PartId(part)), expected, "part {part} of {parts:?}");
            }
        };
        check(&[], false);
        check(&[(7, 1)], true);
        check(&[(9, 4), (3, 2), (9, 1), (4, 0)], true);
        check(&[(1000, 3), (0, 5), (1000, 2)], false);
    }
}
