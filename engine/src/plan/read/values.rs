//! The values of members, where an expression, a key or several sources need more than their text.
//!
//! **Invariant.** A member has the same value as its text says.

use super::layout::{Input, Level, Member, MemberKind, ReadPlan};
use super::render::Rendered;
use super::state::{Cell, State};
use crate::codec::Chain;
use crate::expr::{Names, Typed};
use crate::plan::model::Origin;
use crate::value::Value;
use kernel::Scalar;

impl State {
    /// Returns the value of a member.
    pub(super) fn value(&mut self, plan: &ReadPlan, level: u32, member: &Member) -> Rendered<Value> {
        match &member.kind {
            MemberKind::Cell { cell, empty, .. } => match &self.cells[*cell as usize] {
                Cell::Json(..) => Ok(self.values[*cell as usize].clone()),
                Cell::Failed(error) => {
                    let reason = error.message.clone();
                    Err(self.contract(plan, level, member, reason))
                }
                Cell::Unread(_) => Err(self.unread(plan, level, member, *cell)),
                Cell::Empty => Ok(empty.as_ref().map_or(Value::Absent, |(_, value)| value.clone())),
                _ => Ok(Value::Absent),
            },
            MemberKind::Several { cells, chain, cell } => {
                if !matches!(self.cells[*cell as usize], Cell::Present) {
                    self.values[*cell as usize] = self.combined(plan, level, member, cells, chain)?;
                    self.cells[*cell as usize] = Cell::Present;
                }
                Ok(self.values[*cell as usize].clone())
            }
            MemberKind::List { cell } => {
                self.whole(plan, level, member, *cell)?;
                Ok(match &self.values[*cell as usize] {
                    Value::Absent => Value::List(Vec::new()),
                    list => list.clone(),
                })
            }
            MemberKind::Object { members } => self.object(plan, level, members),
            MemberKind::Cases { tag_name, .. } => match self.chosen(plan, level, member)? {
                Some(case) => {
                    let Value::Object(mut inner) = self.object_or_empty(plan, level, &case.members)? else {
                        return Ok(Value::Absent);
                    };
                    inner.insert(0, (tag_name.clone(), Value::Text(case.name.clone())));
                    Ok(Value::Object(inner))
                }
                None => Ok(Value::Absent),
            },
            MemberKind::Computed { formula, inputs, cell } => {
                self.computed(plan, level, member, (formula, inputs, *cell))
            }
        }
    }

    fn combined(
        &mut self,
        plan: &ReadPlan,
        level: u32,
        member: &Member,
        cells: &[u32],
        chain: &Chain,
    ) -> Rendered<Value> {
        if let Some(&cell) = cells.iter().find(|&&cell| self.is_unread(cell)) {
            return Err(self.unread(plan, level, member, cell));
        }
        let scalars: Vec<Scalar<'_>> = cells.iter().map(|&cell| self.raw(plan, cell)).collect();
        chain.read(&scalars).map_err(|error| self.contract(plan, level, member, error.message))
    }

    fn computed(
        &mut self,
        plan: &ReadPlan,
        level: u32,
        member: &Member,
        (formula, inputs, cell): (&Typed, &[Input], u32),
    ) -> Rendered<Value> {
        if matches!(self.cells[cell as usize], Cell::Present) {
            return Ok(self.values[cell as usize].clone());
        }
        let mut bound = Vec::with_capacity(inputs.len());
        for (&index, input) in formula.inputs().iter().zip(inputs) {
            bound.push((index, self.input(plan, input)?));
        }
        let value = formula
            .eval(&Bound(&bound))
            .map_err(|error| self.contract(plan, level, member, format!("cannot be computed: {error}")))?;
        self.cells[cell as usize] = Cell::Present;
        self.values[cell as usize] = value.clone();
        Ok(value)
    }

    fn input(&mut self, plan: &ReadPlan, input: &Input) -> Rendered<Value> {
        Ok(match input {
            Input::Ambient(Origin::Now) => Value::Instant(self.ambient.now),
            Input::Ambient(Origin::Today) => Value::Date(self.ambient.today),
            Input::Ambient(Origin::RequestId) => Value::Text(self.ambient.request_id.clone()),
            Input::Ambient(_) => Value::Absent,
            Input::Member { level, path } => {
                let Some(member) = plan.levels[*level as usize].at(path) else { return Ok(Value::Absent) };
                return self.value(plan, *level, member);
            }
        })
    }

    /// Returns the object of these members; absent if none of them is there.
    pub(super) fn object(&mut self, plan: &ReadPlan, level: u32, members: &[Member]) -> Rendered<Value> {
        Ok(match self.object_or_empty(plan, level, members)? {
            Value::Object(members) if members.is_empty() => Value::Absent,
            object => object,
        })
    }

    fn object_or_empty(&mut self, plan: &ReadPlan, level: u32, members: &[Member]) -> Rendered<Value> {
        let mut object = Vec::with_capacity(members.len());
        for member in members {
            let value = self.value(plan, level, member)?;
            if !value.is_absent() {
                object.push((member.name.clone(), value));
            }
        }
        Ok(Value::Object(object))
    }
}

impl Level {
    /// Returns the member at a path of indexes.
    pub(super) fn at(&self, path: &[u32]) -> Option<&Member> {
        let (first, rest) = path.split_first()?;
        self.members.get(*first as usize)?.at(rest)
    }
}

impl Member {
    fn at(&self, path: &[u32]) -> Option<&Member> {
        match (&self.kind, path) {
            (_, []) => Some(self),
            (MemberKind::Object { members }, [first, rest @ ..]) => members.get(*first as usize)?.at(rest),
            (MemberKind::Cases { cases, .. }, [case, first, rest @ ..]) => {
                cases.get(*case as usize)?.members.get(*first as usize)?.at(rest)
            }
            _ => None,
        }
    }
}

struct Bound<'a>(&'a [(usize, Value)]);

impl Names for Bound<'_> {
    fn value(&self, index: usize) -> Value {
        let found = self.0.iter().find(|(known, _)| *known == index);
        found.map_or(Value::Absent, |(_, value)| value.clone())
    }
}
