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
    pub(super) branches: Vec<Branch>,
    /// Level 0 is the reply; level 1 is the record, if there is one.
    pub(super) levels: Vec<Level>,
    /// What each cell is.
    pub(super) cells: Vec<CellKind>,
    /// Which types are structures, by number.
    pub(super) groups: Vec<bool>,
    /// How many branches have something that waits for their end.
    pub(super) logs: usize,
    /// How many counters its nodes have.
    pub(super) counters: usize,
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
    /// The ways on, those of one part together, in the order of the parts.
    ways: Vec<Way>,
    /// The first part of `places`.
    first: u32,
    /// The first way of each part, or [`NOWHERE`], by the distance from the first part.
    places: Vec<u32>,
    /// The same, sorted, where the numbers of the parts are far apart.
    sparse: Vec<(PartId, u32)>,
    /// The counters of its ways, which start anew with it.
    pub(super) counters: Vec<u32>,
    /// Branches below it that take the first for which conditions hold, and so remember that they took it.
    pub(super) firsts: Vec<u32>,
    /// Conditions that are known when its first element begins, and without which no element is looked at.
    pub(super) conditions: Vec<u32>,
}

/// A way from a node on: a part, and a branch that may take it.
///
/// It has in one place what is asked of the branch each time that the part begins.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// The edge that the part is.
    pub(super) edge: u32,
    pub(super) branch: u32,
    /// Where the branch leads, or [`NOWHERE`].
    pub(super) node: u32,
    pub(super) count: Count,
    /// How many ways its part has from this one on.
    pub(super) rest: u32,
    /// The branch takes the first for which its conditions hold.
    pub(super) once: bool,
    /// More of them than are counted are residue.
    pub(super) only: bool,
    /// In which passes the branch is taken.
    pub(super) pass: Pass,
    /// The part is no attribute, so all attributes of what encloses it are known when it begins.
    pub(super) element: bool,
    /// Some way of the edge has to wait for the end of what encloses it.
    pub(super) late: bool,
    /// The beginning of the branch alone fills something.
    pub(super) marks: bool,
    /// Something is done with the value.
    pub(super) acts: bool,
    /// The branch only leads on: its beginning and its end fill, empty and write nothing.
    pub(super) plain: bool,
    /// Nothing is to be looked at before the way is gone but whether the part came before; see `State::step`.
    pub(super) short: bool,
    /// The branch leads to a node, and nothing is to be done there but to go on.
    pub(super) leads: bool,
}

/// How the occurrences of a part are counted for a branch, as far as its pick asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Count {
    /// Not at all.
    #[default]
    Never,
    /// Only the first is taken; this mark of the open part says that it came.
    First(u32),
    /// Only the n-th is taken.
    Nth {
        /// Which.
        n: u32,
        /// The number of the counter.
        counter: u32,
    },
}

/// No node has this number.
pub(super) const NOWHERE: u32 = u32::MAX;

/// So many places of a node may be for each part that it has.
const PLACES_PER_PART: usize = 8;

impl Node {
    /// Makes a node of parts, each with a way that it leads to.
    pub(super) fn new(mut ways: Vec<(PartId, Way)>) -> Self {
        ways.sort_by_key(|(part, _)| *part);
        let mut known: Vec<(PartId, u32)> = Vec::new();
        for at in 0..ways.len() {
            let part = ways[at].0;
            ways[at].1.rest = number(ways[at..].iter().take_while(|(other, _)| *other == part).count());
            if known.last().is_none_or(|(last, _)| *last != part) {
                known.push((part, number(at)));
            }
        }
        let ways = ways.into_iter().map(|(_, way)| way).collect();
        let (Some(&(PartId(first), _)), Some(&(PartId(last), _))) = (known.first(), known.last()) else {
            return Self::default();
        };
        let length = (last - first) as usize + 1;
        if length > known.len() * PLACES_PER_PART {
            return Self { ways, sparse: known, ..Self::default() };
        }
        let mut places = vec![NOWHERE; length];
        for (part, place) in known {
            places[(part.0 - first) as usize] = place;
        }
        Self { ways, first, places, ..Self::default() }
    }

    /// Returns the ways of a part.
    pub(super) fn find(&self, part: PartId) -> &[Way] {
        let place = self.place(part);
        let count = self.ways.get(place).map_or(0, |way| way.rest as usize);
        self.ways.get(place..place + count).unwrap_or_default()
    }

    /// Returns the first way of a part.
    #[inline]
    pub(super) fn first(&self, part: PartId) -> Option<&Way> {
        self.ways.get(self.place(part))
    }

    #[inline]
    fn place(&self, part: PartId) -> usize {
        let place = match self.places.get(part.0.wrapping_sub(self.first) as usize) {
            Some(place) => *place,
            None if self.sparse.is_empty() => NOWHERE,
            None => self.search(part),
        };
        place as usize
    }

    /// Returns whether something starts anew with it.
    pub(super) fn is_busy(&self) -> bool {
        !(self.counters.is_empty() && self.firsts.is_empty())
    }

    /// Marks the short ways. `busy` says of which nodes something starts anew; `waits` that parts are recorded.
    pub(super) fn shorten(&mut self, busy: &[bool], pause: Option<u32>, waits: bool) {
        let mut alone = true;
        for way in &mut self.ways {
            let open = !way.element || self.conditions.is_empty();
            let plain = way.pass == Pass::default() && !way.once && !way.marks;
            let counted = matches!(way.count, Count::Nth { .. });
            way.short =
                !waits && alone && way.rest == 1 && open && plain && !counted && pause != Some(way.edge);
            way.leads = way.plain && busy.get(way.node as usize) == Some(&false);
            alone = way.rest == 1;
        }
    }

    fn search(&self, part: PartId) -> u32 {
        let found = self.sparse.binary_search_by_key(&part, |&(known, _)| known);
        found.map_or(NOWHERE, |at| self.sparse[at].1)
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NOWHERE)
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
}

impl Branch {
    /// Returns what the way to it says of it; it has this number.
    pub(super) fn way(&self, number: u32) -> Way {
        Way {
            branch: number,
            once: self.pick == Take::FirstWhere,
            only: self.pick == Take::Only,
            pass: self.pass,
            marks: !(self.present.is_empty() && self.present_tests.is_empty()),
            acts: !self.acts.is_empty(),
            plain: self.leads_on(),
            ..Way::default()
        }
    }

    /// Returns whether it only leads on, if it leads anywhere.
    fn leads_on(&self) -> bool {
        self.level.is_none()
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
    /// Its JSON text goes to a cell.
    Read(Read),
    /// An element of a list.
    Append { cell: u32, chain: Chain, keep: bool },
    /// It is kept as it is; a text in the arena of this level.
    Raw { cell: u32, level: u32 },
    /// A condition of a pick.
    Condition { number: u32, value: Arc<str> },
    /// A test of the error table.
    Test { number: u32, patterns: Vec<Pattern> },
}

/// A leaf whose JSON text goes to a cell.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) cell: u32,
    /// The level in whose arena the text is.
    pub(super) level: u32,
    pub(super) chain: Chain,
    /// The value is kept too.
    pub(super) keep: bool,
    /// `,"checkIn":`, which is written before the text; empty for a member that is not in the JSON.
    pub(super) label: Box<[u8]>,
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
    /// Those of them that have a value beside their text.
    pub(super) values: Vec<u32>,
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
        let way = |edge| Way { edge, ..Way::default() };
        let check = |parts: &[(u32, u32)], dense: bool| {
            let node = Node::new(parts.iter().map(|&(part, edge)| (PartId(part), way(edge))).collect());
            assert_eq!(node.sparse.is_empty(), dense);
            for part in (0..40).chain([999, 1000, 1001, u32::MAX]) {
                let expected: Vec<u32> =
                    parts.iter().filter(|(known, _)| *known == part).map(|&(_, edge)| edge).collect();
                let found: Vec<u32> = node.find(PartId(part)).iter().map(|way| way.edge).collect();
                assert_eq!(found, expected, "part {part} of {parts:?}");
            }
        };
        check(&[], true);
        check(&[(7, 1)], true);
        check(&[(9, 4), (3, 2), (9, 1), (4, 0)], true);
        check(&[(1000, 3), (0, 5), (1000, 2)], false);
    }
}
