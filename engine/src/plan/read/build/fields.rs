//! Fields: their paths grow the trie, their values get cells, and they become members.
//!
//! **Invariant.** A value that nothing but the JSON needs is never kept as a value.

use super::{Builder, RecordSpec, every_one, take};
use crate::codec::Chain;
use crate::json;
use crate::plan::errors::Pattern;
use crate::plan::model::{
    Case, Condition, Field, FieldKind, Formula, LegacyPath, ObjectMap, Origin, Pick, Step,
};
use crate::plan::read::layout::{
    Act, CaseMember, CellKind, Guard, Input, Level, Member, MemberKind, Read, Take, Yield,
};
use crate::plan::resolve::written;
use crate::value::Value;
use kernel::{Scalar, Snippet};
use std::sync::Arc;

/// Where in the trie and in which levels a path begins.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// The branches from the root, each with the level that it is in.
    trail: Vec<(u32, u32)>,
    /// The `fields:` maps around, outermost first: the indexes that lead to each, and its level.
    maps: Vec<(Vec<usize>, u32)>,
    /// How many indexes lead to each level's own map, by level.
    starts: Vec<(u32, usize)>,
    /// The cases that ask for what follows.
    guard: Option<Guard>,
}

impl Around {
    pub(super) fn root() -> Self {
        Self { trail: vec![(0, 0)], maps: Vec::new(), starts: Vec::new(), guard: None }
    }

    pub(super) fn branch(&self) -> u32 {
        self.trail.last().map_or(0, |(branch, _)| *branch)
    }

    pub(super) fn level(&self) -> u32 {
        self.trail.last().map_or(0, |(_, level)| *level)
    }

    pub(super) fn depth(&self) -> usize {
        self.trail.len()
    }

    /// What follows is in this level.
    pub(super) fn enter_level(&mut self, level: u32) {
        if let Some(last) = self.trail.last_mut() {
            last.1 = level;
        }
    }

    /// Returns the place `up` parts outwards, if it is within the reply.
    fn outwards(&self, up: usize) -> Option<Self> {
        let keep = self.trail.len().checked_sub(up).filter(|&keep| keep > 0)?;
        Some(Self { trail: self.trail[..keep].to_vec(), ..self.clone() })
    }
}

impl Builder {
    /// Goes one step on.
    pub(super) fn step(&mut self, around: &mut Around, step: &Step, pick: Take) {
        self.step_to(around, step, pick, false);
    }

    /// Goes one step on, to a branch that is to open a level.
    pub(super) fn step_into_level(&mut self, around: &mut Around, step: &Step, pick: Take) {
        self.step_to(around, step, pick, true);
    }

    fn step_to(&mut self, around: &mut Around, step: &Step, pick: Take, opens: bool) {
        let (branch, new) = self.trie.grow(around.branch(), step, (pick, opens), around.guard.as_ref());
        let level = around.level();
        around.trail.push((branch, level));
        if let (Pick::Where(conditions), true) = (&step.pick, new) {
            for condition in conditions {
                self.condition(around, condition);
            }
        }
    }

    fn condition(&mut self, around: &Around, condition: &Condition) {
        let number = self.conditions;
        self.conditions += 1;
        let early = condition.path.len() == 1 && self.is_attribute(&condition.path[0].parts);
        let mut at = around.clone();
        for step in &condition.path {
            self.step(&mut at, step, every_one(&step.pick));
        }
        self.trie.branch(at.branch()).acts.push(Act::Condition { number, value: condition.value.clone() });
        let branch = self.trie.branch(around.branch());
        branch.conditions.push(number);
        if early {
            branch.early_conditions.push(number);
        }
    }

    /// Says that what is on the way from `from` fills a cell, so that it is emptied when the way turns out wrong.
    pub(super) fn fills(&mut self, around: &Around, from: usize, cell: u32) {
        for &(branch, _) in &around.trail[from..] {
            let branch = self.trie.branch(branch);
            match branch.pick {
                Take::FirstWhere => branch.clear_at_failure.push(cell),
                Take::Last => branch.clear_at_open.push(cell),
                _ => {}
            }
        }
    }

    pub(super) fn object(
        &mut self,
        map: &ObjectMap,
        around: &mut Around,
        path: &mut Vec<usize>,
    ) -> Vec<Member> {
        let level = around.level();
        if !around.starts.iter().any(|(known, _)| *known == level) {
            around.starts.push((level, path.len()));
        }
        if !map.implicit {
            around.maps.push((path.clone(), level));
        }
        let mut members = Vec::with_capacity(map.fields.len());
        for (index, field) in map.fields.iter().enumerate() {
            path.push(index);
            members.push(self.field(field, around, path));
            path.pop();
        }
        if !map.implicit {
            around.maps.pop();
        }
        members
    }

    fn field(&mut self, field: &Field, around: &mut Around, path: &mut Vec<usize>) -> Member {
        let hidden = field.hidden || field.facts.write_only;
        let mut label = Vec::new();
        if !hidden {
            label.push(b',');
            json::write_text(&field.name, &mut label);
            label.push(b':');
        }
        let mut member = Member {
            label: label.into(),
            name: field.name.clone(),
            absent: field.facts.absent(),
            checks: Arc::clone(&field.facts.checks),
            pointer: json::pointer_to(&field.name).into(),
            legacy: "".into(),
            kind: MemberKind::Object { members: Vec::new() },
        };
        member.kind = match &field.kind {
            FieldKind::Value { sources, chain, many, .. } => {
                let texts: Vec<String> = sources.iter().map(|source| written(&self.shape, source)).collect();
                member.legacy = texts.join(" + ").into();
                self.value(sources, (chain, *many), &member.label, around, path)
            }
            FieldKind::Computed(formula) => self.computed(formula, around),
            FieldKind::Each { path: to, element, .. } => {
                member.legacy = written(&self.shape, to).into();
                self.each(field, to, element, around, path)
            }
            FieldKind::Object(map) => {
                MemberKind::Object { members: self.nested(map, &member.pointer, around, path) }
            }
            FieldKind::Cases { selector, tag, cases } => {
                if let Some(selector) = selector {
                    member.legacy = written(&self.shape, selector).into();
                }
                self.cases(selector.as_ref(), tag, cases, &member.pointer, around, path)
            }
        };
        member
    }

    /// Members of an object in the same level, whose pointers are below it.
    fn nested(
        &mut self,
        map: &ObjectMap,
        pointer: &str,
        around: &mut Around,
        path: &mut Vec<usize>,
    ) -> Vec<Member> {
        let level = around.level();
        let known = self.levels.len();
        let mut members = self.object(map, around, path);
        for member in &mut members {
            prefix(member, pointer);
        }
        for inner in &mut self.levels[known..] {
            if inner.outer == level {
                inner.pointer = format!("{pointer}{}", inner.pointer).into();
            }
        }
        members
    }

    fn value(
        &mut self,
        sources: &[LegacyPath],
        (chain, many): (&Chain, bool),
        label: &[u8],
        around: &Around,
        path: &[usize],
    ) -> MemberKind {
        let keep = self.is_kept(path);
        match sources {
            [source] if many => {
                let cell = self.cell(around.level(), CellKind::List);
                if keep {
                    self.has_value(around.level(), cell);
                }
                self.leaf(source, around, cell, Act::Append { cell, chain: chain.clone(), keep });
                MemberKind::List { cell }
            }
            [source] => {
                let (cell, level) = self.place(source, around);
                if keep {
                    self.has_value(level, cell);
                }
                let (label, place) = (Snippet::new(label), Read::NO_PLACE);
                let read = Read { cell, level, chain: chain.clone(), keep, label, place };
                self.leaf(source, around, cell, Act::Read(read));
                MemberKind::Cell { cell, level, empty: empty(chain) }
            }
            _ => {
                let cells: Vec<u32> = sources.iter().map(|source| self.kept_leaf(source, around)).collect();
                let level = around.level();
                let cell = self.cell(level, CellKind::Single(level));
                self.has_value(level, cell);
                MemberKind::Several { cells, chain: chain.clone(), cell }
            }
        }
    }

    fn kept_leaf(&mut self, source: &LegacyPath, around: &Around) -> u32 {
        let (cell, level) = self.place(source, around);
        self.leaf(source, around, cell, Act::Raw { cell, level });
        cell
    }

    /// A cell in the level in which the leaf is: an outer one for `..`. Returns the level too.
    fn place(&mut self, source: &LegacyPath, around: &Around) -> (u32, u32) {
        let level = around.outwards(source.up).map_or_else(|| around.level(), |outer| outer.level());
        (self.cell(level, CellKind::Single(level)), level)
    }

    fn leaf(&mut self, source: &LegacyPath, around: &Around, cell: u32, act: Act) {
        // What is outside of the document stays absent.
        let Some(mut at) = around.outwards(source.up) else { return };
        let (from, owner) = (at.depth(), at.branch());
        for step in &source.steps {
            self.step(&mut at, step, take(&step.pick));
        }
        self.fills(&at, from, cell);
        self.trie.branch(at.branch()).acts.push(act);
        if source.up > 0 {
            self.trie.branch(owner).clear_at_open.push(cell);
            // Attributes, and what stands beside a record, are told before what is in it.
            let attribute = matches!(source.steps.as_slice(), [step] if self.is_attribute(&step.parts));
            if !attribute && source.beside.is_none() {
                self.wait(owner, around);
            }
        }
    }

    /// Says that the level around has to wait for the end of an owner.
    fn wait(&mut self, owner: u32, around: &Around) {
        let branch = self.level_branch(around);
        if branch != owner && !self.waiting.contains(&(owner, branch)) {
            self.waiting.push((owner, branch));
        }
    }

    /// The branch that opened the level around.
    fn level_branch(&self, around: &Around) -> u32 {
        let level = around.level();
        let at = around.trail.iter().find(|(_, known)| *known == level);
        at.map_or(0, |(branch, _)| *branch)
    }

    fn computed(&mut self, formula: &Formula, around: &Around) -> MemberKind {
        let mut inputs = Vec::new();
        for &index in formula.typed.inputs() {
            let origin = formula.scope.origins.get(index).copied().unwrap_or(Origin::RequestId);
            inputs.push(self.input(origin, around));
        }
        let cell = self.cell(around.level(), CellKind::Single(around.level()));
        self.has_value(around.level(), cell);
        MemberKind::Computed { formula: formula.typed.clone().into(), inputs, cell }
    }

    fn input(&mut self, origin: Origin, around: &Around) -> Input {
        let Origin::Field { out, index } = origin else { return Input::Ambient(origin) };
        let Some((map, level)) = around.maps.iter().rev().nth(out).cloned() else {
            return Input::Ambient(Origin::Body);
        };
        let start = around.starts.iter().find(|(known, _)| *known == level).map_or(0, |(_, start)| *start);
        let path = map[start..].iter().chain([&index]).filter_map(|&n| u32::try_from(n).ok()).collect();
        if level != around.level()
            && let Some(&(owner, _)) = around.trail.iter().find(|(_, known)| *known == level)
        {
            self.wait(owner, around);
        }
        Input::Member { level, path }
    }

    fn each(
        &mut self,
        field: &Field,
        to: &LegacyPath,
        element: &ObjectMap,
        around: &Around,
        path: &mut Vec<usize>,
    ) -> MemberKind {
        let outer = around.level();
        let list = self.cell(outer, CellKind::List);
        let pointer = json::pointer_to(&field.name).into();
        let keep = self.is_kept(path);
        if keep {
            self.has_value(outer, list);
        }
        let number = self.level(Level { list, outer, pointer, keep, ..Level::default() });
        let (Some(mut at), Some((last, first))) = (around.outwards(to.up), to.steps.split_last()) else {
            return MemberKind::List { cell: list };
        };
        let from = at.depth();
        for step in first {
            self.step(&mut at, step, take(&step.pick));
        }
        self.fills(&at, from, list);
        self.step_into_level(&mut at, last, every_one(&last.pick));
        if take(&last.pick) == Take::Last {
            self.trie.branch(at.branch()).clear_at_open.push(list);
        }
        self.trie.branch(at.branch()).level = Some(number);
        at.enter_level(number);
        let members = self.object(element, &mut at, path);
        self.levels[number as usize].members = members;
        MemberKind::List { cell: list }
    }

    fn cases(
        &mut self,
        selector: Option<&LegacyPath>,
        tag: &Arc<str>,
        cases: &[Case],
        pointer: &str,
        around: &mut Around,
        path: &mut Vec<usize>,
    ) -> MemberKind {
        let decides = selector.is_some_and(|selector| decides_early(&selector.steps));
        let selector = selector.map(|selector| self.kept_leaf(selector, around));
        let outer = around.guard.clone();
        let mut label = Vec::new();
        json::write_text(tag, &mut label);
        label.push(b':');
        let mut members = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            path.push(index);
            let present = match (&case.at, selector) {
                (Some(at), None) => Some(self.present(at, around)),
                _ => None,
            };
            let when: Vec<Pattern> = case.when.iter().map(|text| Pattern::parse(text)).collect();
            around.guard = match selector.filter(|_| decides) {
                Some(cell) => Some(Guard { cell, when: when.clone() }),
                None => outer.clone(),
            };
            members.push(CaseMember {
                name: case.name.clone(),
                when,
                present,
                members: self.nested(&case.fields, pointer, around, path),
            });
            path.pop();
        }
        around.guard = outer;
        MemberKind::Cases { selector, tag: label.into(), tag_name: tag.clone(), cases: members }
    }

    fn present(&mut self, path: &LegacyPath, around: &Around) -> u32 {
        let cell = self.cell(around.level(), CellKind::Single(around.level()));
        let mut at = around.clone();
        let from = at.depth();
        for step in &path.steps {
            self.step(&mut at, step, take(&step.pick));
        }
        self.fills(&at, from, cell);
        self.trie.branch(at.branch()).present.push(cell);
        cell
    }

    fn is_kept(&self, path: &[usize]) -> bool {
        (1..=path.len()).any(|n| self.kept.contains(&path[..n]))
    }

    /// Finds out which fields' values are needed beside their text.
    pub(super) fn keep_inputs(&mut self, record: &RecordSpec<'_>) {
        if record.yields == Yield::One {
            self.kept.extend(record.key.iter().cloned());
        }
        self.keep_of(&record.model.body, &mut Vec::new(), &mut Vec::new());
    }

    fn keep_of(&mut self, map: &ObjectMap, path: &mut Vec<usize>, maps: &mut Vec<Vec<usize>>) {
        if !map.implicit {
            maps.push(path.clone());
        }
        for (index, field) in map.fields.iter().enumerate() {
            path.push(index);
            match &field.kind {
                FieldKind::Computed(formula) => self.keep_for(formula, maps),
                FieldKind::Each { element, .. } => self.keep_of(element, path, maps),
                FieldKind::Object(inner) => self.keep_of(inner, path, maps),
                FieldKind::Cases { cases, .. } => {
                    for (n, case) in cases.iter().enumerate() {
                        path.push(n);
                        self.keep_of(&case.fields, path, maps);
                        path.pop();
                    }
                }
                FieldKind::Value { .. } => {}
            }
            path.pop();
        }
        if !map.implicit {
            maps.pop();
        }
    }

    fn keep_for(&mut self, formula: &Formula, maps: &[Vec<usize>]) {
        for &input in formula.typed.inputs() {
            if let Some(Origin::Field { out, index }) = formula.scope.origins.get(input)
                && let Some(map) = maps.iter().rev().nth(*out)
            {
                self.kept.insert(map.iter().copied().chain([*index]).collect());
            }
        }
    }
}

/// Returns whether the first value that comes at the end of these steps is the one that decides.
fn decides_early(steps: &[Step]) -> bool {
    steps.iter().all(|step| matches!(step.pick, Pick::Only))
}

/// What a member shows where nothing arrived: a default, if the chain has one.
fn empty(chain: &Chain) -> Option<(Box<[u8]>, Value)> {
    let mut text = Vec::new();
    match chain.read_json(Scalar::Nil, &mut text) {
        Ok(true) => Some((text.into(), chain.read(&[Scalar::Nil]).unwrap_or_default())),
        _ => None,
    }
}

fn prefix(member: &mut Member, pointer: &str) {
    member.pointer = format!("{pointer}{}", member.pointer).into();
    match &mut member.kind {
        MemberKind::Object { members } => members.iter_mut().for_each(|member| prefix(member, pointer)),
        MemberKind::Cases { cases, .. } => {
            cases.iter_mut().flat_map(|case| &mut case.members).for_each(|member| prefix(member, pointer));
        }
        _ => {}
    }
}
