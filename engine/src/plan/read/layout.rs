//! The compiled form of a reading: a trie over parts, and the levels whose cells its leaves fill.
//!
//! **Invariant.** Made once; everything is an index, nothing is a name that has to be looked up.

use super::way::{Node, Way};
use crate::codec::Chain;
use crate::expr::Typed;
use crate::plan::errors::{ErrorTable, Pattern};
use crate::plan::model::{Absent, Origin};
use crate::plan::schema::Check;
use crate::value::Value;
use kernel::{Shape, Snippet};
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
    /// By the indexes from the members of the record.
    pub(super) key: Vec<Box<[u32]>>,
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
    /// Only some cases ask for it.
    pub(super) guard: Option<Guard>,
    /// In which passes it is taken.
    pub(super) pass: Pass,
    /// Its beginning fills or empties something.
    pub(super) begins: bool,
    /// The number of the log that keeps what is below it and waits for its end.
    pub(super) waits: Option<u32>,
}

/// Says for which values of a selector something is wanted; where these are not selected, it is not even decoded.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// The cell of the selector.
    pub(super) cell: u32,
    /// Its values.
    pub(super) when: Vec<Pattern>,
}

impl Guard {
    /// Returns the guard of what several ask for; none where somebody always does.
    pub(super) fn either(one: Option<Self>, other: Option<&Self>) -> Option<Self> {
        let (mut one, other) = one.zip(other)?;
        let same = one.cell == other.cell;
        one.when.extend(other.when.iter().cloned());
        same.then_some(one)
    }
}

impl Branch {
    /// Returns what the way to it says of it; it has this number.
    pub(super) fn way(&self, number: u32) -> Way {
        Way {
            branch: number,
            once: self.pick == Take::FirstWhere,
            only: self.pick == Take::Only,
            pass: self.pass,
            marks: self.marks(),
            acts: !self.acts.is_empty(),
            plain: self.leads_on(),
            cased: self.guard.is_some(),
            ..Way::default()
        }
    }

    /// Returns whether its beginning fills or empties something.
    pub(super) fn touches(&self) -> bool {
        self.marks() || !self.clear_at_open.is_empty()
    }

    /// Returns whether its beginning alone fills something.
    #[inline]
    pub(super) fn marks(&self) -> bool {
        !(self.present.is_empty() && self.present_tests.is_empty())
    }

    /// Returns whether it only leads on, if it leads anywhere.
    pub(super) fn leads_on(&self) -> bool {
        self.level.is_none()
            && self.guard.is_none()
            && self.waits.is_none()
            && self.pass == Pass::default()
            && self.pick != Take::FirstWhere
            && self.acts.is_empty()
            && self.conditions.is_empty()
            && !self.touches()
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
    /// A condition of a pick; it holds if any of the leaves has the value.
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
    /// The place of its member among those of a level that has nothing but leaves, or [`Read::NO_PLACE`].
    pub(super) place: u32,
    /// The value is kept too.
    pub(super) keep: bool,
    /// `,"checkIn":`, which is written before the text; empty for a member that is not in the JSON.
    pub(super) label: Snippet,
}

impl Read {
    /// No member has this place.
    pub(super) const NO_PLACE: u32 = u32::MAX - 1;
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
    /// How many members it has, if they are nothing but leaves of which the JSON Schema demands nothing, and nobody
    /// keeps it; else nought.
    pub(super) leaves: u32,
}

impl Level {
    /// Returns the cells of its members in their order if they are nothing but leaves; the level has this number.
    pub(super) fn leaves(&self, number: usize) -> Option<Vec<u32>> {
        let members = self.members.iter().filter(|member| !member.label.is_empty());
        let leaf = |member: &Member| match member.kind {
            MemberKind::Cell { cell, level, .. } if level as usize == number && member.checks.is_empty() => {
                Some(cell)
            }
            _ => None,
        };
        if self.keep { None } else { members.map(leaf).collect() }
    }
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
    Cell { cell: u32, level: u32, empty: Option<(Box<[u8]>, Value)> },
    /// Several leaves, combined; the result is kept in a cell's value.
    Several { cells: Vec<u32>, chain: Chain, cell: u32 },
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
