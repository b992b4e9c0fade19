//! Making a reading: paths become a trie, fields become cells and members.
//!
//! **Invariant.** Two paths that pick the same occurrences share one branch, so each part is looked at once.

mod fields;
mod finish;
mod trie;

use super::layout::{Act, CellKind, Level, ReadPlan, Take, Yield};
use super::row::Row;
use crate::plan::errors::{ErrorTable, Pattern};
use crate::plan::model::{LegacyPath, Model, Pick};
use fields::Around;
use kernel::{PartId, PartKind, Particle, Shape, TypeId, TypeKind};
use std::collections::HashSet;
use std::sync::Arc;
use trie::Trie;

/// What a reading is made of.
#[derive(Debug)]
pub struct ReadSpec<'a> {
    /// The shape of the connection.
    pub shape: Arc<Shape>,
    /// The type of the root of the reply.
    pub root: TypeId,
    /// The connection's error table.
    pub table: Arc<ErrorTable>,
    /// Which of the table's tests are on paths that this reply has.
    pub tests: Vec<TestPath>,
    /// For each line of the table the text that it releases, if this reply has it.
    pub details: Vec<Option<LegacyPath>>,
    /// What is received, if anything.
    pub record: Option<RecordSpec<'a>>,
    /// Where the legacy cursor of the next page is.
    pub cursor: Option<LegacyPath>,
    /// Unknown parts are errors.
    pub strict: bool,
    /// The call has the same effect when it is executed twice.
    pub repeatable: bool,
}

/// A test of the error table on a path of the reply.
#[derive(Debug, Clone)]
pub struct TestPath {
    /// Its number in the table.
    pub number: usize,
    /// The path from the root of the reply.
    pub path: LegacyPath,
    /// The values.
    pub patterns: Vec<Pattern>,
}

/// Where the model is in a reply.
#[derive(Debug, Clone)]
pub struct RecordSpec<'a> {
    /// The model.
    pub model: &'a Model,
    /// The path from the root of the reply; without steps the reply itself is the record.
    pub receive: LegacyPath,
    /// One or many.
    pub yields: Yield,
    /// The fields whose values are given beside the JSON of a single record, by the indexes that lead to each.
    pub key: Vec<Vec<usize>>,
}

impl<'a> RecordSpec<'a> {
    /// The values of the model's key are given.
    pub fn new(model: &'a Model, receive: LegacyPath, yields: Yield) -> Self {
        let key = model.key.iter().map(|&index| vec![index]).collect();
        Self { model, receive, yields, key }
    }
}

impl ReadPlan {
    /// Makes a reading.
    pub fn new(spec: &ReadSpec<'_>) -> Self {
        Builder::new(spec).build(spec)
    }

    /// Makes a reading of one record that stands alone, as test data does: the document tells the record's parts.
    pub fn of_record(model: &Model) -> Self {
        let key = model.key.iter().map(|&index| vec![index]).collect();
        Self::of_values(model, key, false)
    }

    /// Makes a reading of one record that stands alone, which gives the values of these fields beside the JSON.
    ///
    /// `strict`: parts that the shape does not know are errors.
    pub(crate) fn of_values(model: &Model, key: Vec<Vec<usize>>, strict: bool) -> Self {
        let receive = LegacyPath {
            beside: None,
            up: 0,
            steps: Vec::new(),
            ty: model.ty,
            occurs: kernel::Occurs::ONCE,
            span: model.span,
        };
        Self::new(&ReadSpec {
            shape: Arc::clone(&model.shape),
            root: model.ty,
            table: Arc::default(),
            tests: Vec::new(),
            details: Vec::new(),
            record: Some(RecordSpec { model, receive, yields: Yield::One, key }),
            cursor: None,
            strict,
            repeatable: true,
        })
    }

    /// Returns whether its rows have a short way.
    #[cfg(test)]
    pub(crate) fn has_short_rows(&self) -> bool {
        self.row.is_some()
    }

    /// Returns what comes of it.
    pub fn gives(&self) -> Yield {
        self.yields
    }

    /// Returns whether the reply has anything that the error table asks for.
    pub fn judges(&self) -> bool {
        self.tests_asked
    }

    /// Returns whether the error table is decided before the payload begins.
    pub fn decides_early(&self) -> bool {
        self.pause.is_some()
    }

    /// Returns whether elements have to wait for the end of what encloses them.
    pub fn waits(&self) -> bool {
        self.logs > 0
    }
}

/// A plan under construction.
struct Builder {
    shape: Arc<Shape>,
    trie: Trie,
    levels: Vec<Level>,
    cells: Vec<CellKind>,
    conditions: u32,
    /// Owners with the branches that wait for their end.
    waiting: Vec<(u32, u32)>,
    /// Fields whose values are needed, by their indexes from the root of the model.
    kept: HashSet<Vec<usize>>,
}

impl Builder {
    fn new(spec: &ReadSpec<'_>) -> Self {
        Self {
            shape: Arc::clone(&spec.shape),
            trie: Trie::new(),
            levels: vec![Level::default()],
            cells: Vec::new(),
            conditions: 0,
            waiting: Vec::new(),
            kept: HashSet::new(),
        }
    }

    fn build(mut self, spec: &ReadSpec<'_>) -> ReadPlan {
        let root = Around::root();
        for test in &spec.tests {
            self.test(&root, test);
        }
        let details =
            spec.details.iter().map(|path| path.as_ref().map(|path| self.raw(&root, path))).collect();
        let cursor = spec.cursor.as_ref().map(|path| self.raw(&root, path));
        let mut key = Vec::new();
        if let Some(record) = &spec.record {
            let number = |&index: &usize| u32::try_from(index).ok();
            key = record.key.iter().map(|path| path.iter().filter_map(number).collect()).collect();
            self.record(record, &root);
        }
        let pause = self.pause(spec);
        let rooted = spec.record.as_ref().is_some_and(|record| record.receive.steps.is_empty());
        finish::mark_late(&mut self.trie, &self.waiting, &self.levels);
        let (nodes, mut branches, counters) = self.trie.freeze(&self.shape, pause);
        finish::mark_places(&mut self.levels, &mut branches);
        let groups = self.shape.types().map(|(_, ty)| matches!(ty.kind, TypeKind::Group(_))).collect();
        let mut plan = ReadPlan {
            groups,
            counters,
            logs: branches.iter().filter(|branch| branch.waits.is_some()).count(),
            shape: self.shape,
            nodes,
            branches,
            levels: self.levels,
            cells: self.cells,
            conditions: self.conditions as usize,
            table: Arc::clone(&spec.table),
            details,
            pause,
            tests_asked: !spec.tests.is_empty(),
            rooted,
            yields: spec.record.as_ref().map_or(Yield::Nothing, |record| record.yields),
            key,
            cursor,
            strict: spec.strict,
            repeatable: spec.repeatable,
            row: None,
        };
        plan.row = Row::of(&plan);
        plan
    }

    fn record(&mut self, record: &RecordSpec<'_>, root: &Around) {
        let model = record.model;
        self.keep_inputs(record);
        let list = self.cell(0, CellKind::List);
        let number = self.level(Level { list, outer: 0, ..Level::default() });
        let mut around = root.clone();
        if let Some((last, first)) = record.receive.steps.split_last() {
            for step in first {
                self.step(&mut around, step, take(&step.pick));
            }
            let every = record.yields == Yield::Many;
            self.step_into_level(
                &mut around,
                last,
                if every { every_one(&last.pick) } else { take(&last.pick) },
            );
            self.fills(&around, 1, list);
            self.trie.branch(around.branch()).level = Some(number);
        }
        around.enter_level(number);
        let members = self.object(&model.body, &mut around, &mut Vec::new());
        self.levels[number as usize].members = members;
    }

    fn test(&mut self, root: &Around, test: &TestPath) {
        let number = u32::try_from(test.number).unwrap_or(u32::MAX);
        let presence = test.patterns.iter().all(Pattern::is_presence);
        let steps = &test.path.steps;
        let attribute = steps.last().is_some_and(|step| self.is_attribute(&step.parts));
        let to =
            if presence && attribute && steps.len() > 1 { &steps[..steps.len() - 1] } else { &steps[..] };
        let mut around = root.clone();
        for step in to {
            self.step(&mut around, step, any_one(&step.pick));
        }
        let leaf = to.len() == steps.len() && self.shape.group(test.path.ty).is_none();
        let branch = self.trie.branch(around.branch());
        if leaf {
            branch.acts.push(Act::Test { number, patterns: test.patterns.clone() });
        } else {
            branch.present_tests.push(number);
        }
    }

    /// Keeps the first leaf of a path as it comes.
    fn raw(&mut self, around: &Around, path: &LegacyPath) -> u32 {
        let level = around.level();
        let cell = self.cell(level, CellKind::Single(level));
        let mut around = around.clone();
        let from = around.depth();
        for step in &path.steps {
            self.step(&mut around, step, take(&step.pick));
        }
        self.fills(&around, from, cell);
        self.trie.branch(around.branch()).acts.push(Act::Raw { cell, level });
        cell
    }

    fn cell(&mut self, level: u32, kind: CellKind) -> u32 {
        let cell = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        self.cells.push(kind);
        self.levels[level as usize].cells.push(cell);
        cell
    }

    /// Says that a cell of a level has a value.
    fn has_value(&mut self, level: u32, cell: u32) {
        self.levels[level as usize].values.push(cell);
    }

    fn level(&mut self, level: Level) -> u32 {
        self.levels.push(level);
        u32::try_from(self.levels.len() - 1).unwrap_or(u32::MAX)
    }

    fn is_attribute(&self, parts: &[PartId]) -> bool {
        parts.iter().all(|&part| self.shape.part(part).kind == PartKind::Attribute)
    }

    /// Returns the edge at which the table is decided, if everything that it asks for comes before.
    fn pause(&self, spec: &ReadSpec<'_>) -> Option<u32> {
        let first = spec.record.as_ref()?.receive.steps.first()?;
        let before = |path: &LegacyPath| {
            path.steps.first().is_some_and(|step| self.precedes(spec.root, &step.parts, &first.parts))
        };
        let asked = spec.tests.iter().map(|test| &test.path).chain(spec.details.iter().flatten());
        if spec.table.tests == 0 || spec.tests.is_empty() || !asked.into_iter().all(before) {
            return None;
        }
        self.trie.find_edge(0, &first.parts)
    }

    /// Returns whether the schema puts the one part before the other.
    fn precedes(&self, ty: TypeId, one: &[PartId], other: &[PartId]) -> bool {
        if self.is_attribute(one) {
            return !self.is_attribute(other);
        }
        let Some(Particle::Sequence(inner, occurs)) =
            self.shape.group(ty).and_then(|group| group.content.as_ref())
        else {
            return false;
        };
        let at = |parts: &[PartId]| {
            inner.iter().position(|particle| parts.iter().any(|&part| holds(particle, part)))
        };
        !occurs.repeats() && matches!((at(one), at(other)), (Some(one), Some(other)) if one < other)
    }
}

fn holds(particle: &Particle, part: PartId) -> bool {
    match particle {
        Particle::Part(known, _) => *known == part,
        Particle::Sequence(inner, _) | Particle::Choice(inner, _) | Particle::All(inner, _) => {
            inner.iter().any(|particle| holds(particle, part))
        }
        Particle::Any(_) => false,
    }
}

/// What a step takes where one thing is wanted.
fn take(pick: &Pick) -> Take {
    match pick {
        Pick::Only => Take::Only,
        Pick::Nth(n) => Take::Nth(*n),
        Pick::Last => Take::Last,
        Pick::All => Take::Every,
        Pick::Where(_) => Take::FirstWhere,
    }
}

/// What the last step takes where many are wanted.
fn every_one(pick: &Pick) -> Take {
    match pick {
        Pick::Only | Pick::All => Take::Every,
        Pick::Where(_) => Take::EveryWhere,
        Pick::Nth(_) | Pick::Last => take(pick),
    }
}

/// What a step of a condition takes: a repeated path matches if any element does.
fn any_one(pick: &Pick) -> Take {
    every_one(pick)
}
