//! Closing a level: its members become JSON text, absent ones by the rules of the schema.
//!
//! **Invariant.** An error names the pointer and the legacy path, never the value.

use super::act::push_value;
use super::layout::{CaseMember, Member, MemberKind, ReadPlan, Yield};
use super::state::{Cell, State};
use crate::json;
use crate::plan::model::Absent;
use crate::plan::schema::{self, Unmet};
use crate::value::Value;
use kernel::{Cause, Class, Error};
use std::fmt::Display;
use std::ops::Range;

/// What became of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// It came from the legacy system.
    Present,
    /// It is written, but says nothing of the legacy system: a constant, an empty list.
    Neutral,
    /// Nothing was written.
    Absent,
}

/// Why a member cannot be in an answer.
#[derive(Debug, Clone, Copy)]
enum Refused<'a> {
    /// It must be there.
    Missing,
    /// The JSON Schema demands something else.
    Unmet(Unmet<'a>),
}

/// Members of an object that lie one behind the other in an arena, as leaves do that come in the order of the mapping.
#[derive(Debug, Default)]
struct Run {
    arena: u32,
    text: Range<usize>,
}

impl Run {
    /// Adds a text, if it lies behind the others.
    #[inline]
    fn append(&mut self, arena: u32, text: &Range<usize>) -> bool {
        let fits = self.arena == arena && self.text.end == text.start;
        if fits {
            self.text.end = text.end;
        }
        fits
    }
}

/// What is known of an object while its members are written.
#[derive(Debug, Default)]
struct SoFar<'a> {
    /// A member came from the legacy system.
    present: bool,
    /// A member was written that says nothing of it.
    neutral: bool,
    /// The first member that cannot be in an answer.
    refused: Option<(&'a Member, Refused<'a>)>,
}

impl<'a> SoFar<'a> {
    /// Refuses a member that is there and is not what the JSON Schema wants.
    fn check(&mut self, member: &'a Member, json: &[u8], items: Option<usize>) {
        if let Some(unmet) = schema::unmet(&member.checks, json, items) {
            self.refused.get_or_insert((member, Refused::Unmet(unmet)));
        }
    }
}

/// What was written, or why nothing can be.
pub(super) type Rendered<T> = Result<T, Box<Error>>;

impl State {
    /// Writes a level that is complete, and adds it to its list.
    pub(super) fn emit(&mut self, plan: &ReadPlan, number: u32) {
        if self.failure.is_some() {
            return;
        }
        let level = &plan.levels[number as usize];
        let Cell::List(list) = &mut self.cells[level.list as usize] else { return };
        self.positions[number as usize] = list.count;
        list.count += 1;
        if list.count > 1 {
            list.json.push(b',');
        }
        list.json.push(b'{');
        let arena = &self.arenas[number as usize];
        // Of a record that is the whole answer there is more to know than its text.
        if (number > 1 || plan.yields == Yield::Many)
            && level.leaves == arena.tidy
            && let [_comma, members @ ..] = arena.text.as_slice()
        {
            list.json.extend_from_slice(members);
            list.json.push(b'}');
            self.records += u64::from(number == 1);
            return;
        }
        let mut json = std::mem::take(&mut list.json);
        let done = self.members(plan, number, &level.members, &mut json);
        let done = done.and_then(|_| self.kept(plan, number));
        json.push(b'}');
        if let Cell::List(list) = &mut self.cells[level.list as usize] {
            list.json = json;
        }
        match done {
            Ok(()) if number == 1 => self.records += 1,
            Ok(()) => {}
            Err(error) => self.fail(error),
        }
    }

    /// Keeps what expressions and callers need of a level beside its text.
    fn kept(&mut self, plan: &ReadPlan, number: u32) -> Rendered<()> {
        let level = &plan.levels[number as usize];
        if level.keep {
            let value = self.object(plan, number, &level.members)?;
            push_value(&mut self.values[level.list as usize], value);
        }
        if number == 1 && plan.yields == Yield::One {
            for path in &plan.key {
                let value =
                    level.at(path).map_or(Ok(Value::Absent), |member| self.value(plan, number, member))?;
                self.key.push(value);
            }
        }
        Ok(())
    }

    /// Writes members, and returns whether any of them came from the legacy system.
    ///
    /// A missing member, or an empty array that must not be, is refused only if something is there: an object without
    /// anything is absent as a whole.
    fn members(
        &mut self,
        plan: &ReadPlan,
        level: u32,
        members: &[Member],
        out: &mut Vec<u8>,
    ) -> Rendered<bool> {
        let mut so_far = SoFar::default();
        let mut run = Run::default();
        for member in members {
            if let Some((arena, text)) = self.ready(member) {
                so_far.present = true;
                if !member.checks.is_empty() {
                    let json = &self.arenas[arena as usize].text[text.start + member.label.len()..text.end];
                    so_far.check(member, json, None);
                }
                if !run.append(arena, &text) {
                    self.copy(&run, out);
                    run = Run { arena, text };
                }
            } else if !member.label.is_empty() {
                self.copy(&std::mem::take(&mut run), out);
                self.other(plan, level, member, &mut so_far, out)?;
            }
        }
        self.copy(&run, out);
        let SoFar { present, neutral, refused } = so_far;
        let only_neutral = neutral && members.iter().all(|member| !member.is_legacy());
        match refused {
            // Level members are an element or a record, which is there; only an inner object may be absent as a whole.
            Some((member, refused))
                if present
                    || only_neutral
                    || std::ptr::eq(members, plan.levels[level as usize].members.as_slice()) =>
            {
                Err(self.refuse(plan, level, member, refused))
            }
            _ => Ok(present || only_neutral),
        }
    }

    /// Writes a member that is not a leaf that came.
    #[inline(never)]
    fn other<'a>(
        &mut self,
        plan: &ReadPlan,
        level: u32,
        member: &'a Member,
        so_far: &mut SoFar<'a>,
        out: &mut Vec<u8>,
    ) -> Rendered<()> {
        let mark = out.len();
        let first = out.last() == Some(&b'{');
        out.extend_from_slice(&member.label[usize::from(first)..]);
        let start = out.len();
        let shown = self.member(plan, level, member, out)?;
        if shown != Shown::Absent {
            so_far.check(member, &out[start..], self.items(member));
        }
        match shown {
            Shown::Present => so_far.present = true,
            Shown::Neutral => so_far.neutral = true,
            Shown::Absent if member.absent == Absent::Null => out.extend_from_slice(b"null"),
            Shown::Absent => {
                out.truncate(mark);
                if member.absent == Absent::Refuse {
                    so_far.refused.get_or_insert((member, Refused::Missing));
                }
            }
        }
        Ok(())
    }

    /// Returns where the label and the text of a member are, if it is in the JSON and a leaf that came.
    #[inline]
    fn ready(&self, member: &Member) -> Option<(u32, Range<usize>)> {
        if member.label.is_empty() {
            return None;
        }
        match member.kind {
            MemberKind::Cell { cell, level, .. } => match self.cells[cell as usize] {
                Cell::Json(start, end) => Some((level, start..end)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Copies members that lie one behind the other.
    #[inline]
    fn copy(&self, run: &Run, out: &mut Vec<u8>) {
        if !run.text.is_empty() {
            let text = &self.arenas[run.arena as usize].text[run.text.clone()];
            let first = out.last() == Some(&b'{');
            out.extend_from_slice(&text[usize::from(first)..]);
        }
    }

    /// Writes the value of such a member.
    fn member(&mut self, plan: &ReadPlan, level: u32, member: &Member, out: &mut Vec<u8>) -> Rendered<Shown> {
        match &member.kind {
            MemberKind::Cell { cell, empty, .. } => match &self.cells[*cell as usize] {
                Cell::Failed(error) => {
                    let reason = error.message.clone();
                    Err(self.contract(plan, level, member, reason))
                }
                Cell::Unread(_) => Err(self.unread(plan, level, member, *cell)),
                Cell::Empty => match empty {
                    Some((text, _)) => {
                        out.extend_from_slice(text);
                        Ok(Shown::Present)
                    }
                    None => Ok(Shown::Absent),
                },
                _ => Ok(Shown::Absent),
            },
            MemberKind::List { cell } => {
                self.whole(plan, level, member, *cell)?;
                let Cell::List(list) = &self.cells[*cell as usize] else { return Ok(Shown::Absent) };
                out.push(b'[');
                out.extend_from_slice(&list.json);
                out.push(b']');
                Ok(if list.count > 0 { Shown::Present } else { Shown::Neutral })
            }
            MemberKind::Object { members } => self.inner(plan, level, members, None, out),
            MemberKind::Cases { tag, .. } => match self.chosen(plan, level, member)? {
                Some(case) => self.inner(plan, level, &case.members, Some((tag, &case.name)), out),
                None => Ok(Shown::Absent),
            },
            MemberKind::Several { .. } | MemberKind::Computed { .. } => {
                let value = self.value(plan, level, member)?;
                if value.is_absent() {
                    return Ok(Shown::Absent);
                }
                json::write(&value, out);
                let constant =
                    matches!(&member.kind, MemberKind::Computed { inputs, .. } if inputs.is_empty());
                Ok(if constant { Shown::Neutral } else { Shown::Present })
            }
        }
    }

    /// Writes an object in the same level; one that has a tag is there by being chosen.
    fn inner(
        &mut self,
        plan: &ReadPlan,
        level: u32,
        members: &[Member],
        tag: Option<(&[u8], &str)>,
        out: &mut Vec<u8>,
    ) -> Rendered<Shown> {
        let mark = out.len();
        out.push(b'{');
        if let Some((label, name)) = tag {
            out.extend_from_slice(label);
            json::write_text(name, out);
        }
        let present = self.members(plan, level, members, out)? || tag.is_some();
        if !present {
            out.truncate(mark);
            return Ok(Shown::Absent);
        }
        out.push(b'}');
        Ok(Shown::Present)
    }

    /// Returns the case that applies.
    pub(super) fn chosen<'a>(
        &mut self,
        plan: &ReadPlan,
        level: u32,
        member: &'a Member,
    ) -> Rendered<Option<&'a CaseMember>> {
        let MemberKind::Cases { selector, cases, .. } = &member.kind else { return Ok(None) };
        let Some(selector) = selector else {
            let there = |case: &&CaseMember| {
                case.present.is_some_and(|cell| matches!(self.cells[cell as usize], Cell::Present))
            };
            return Ok(cases.iter().find(there));
        };
        if self.is_unread(*selector) {
            return Err(self.unread(plan, level, member, *selector));
        }
        let text = self.raw_text(plan, *selector).filter(|text| !text.trim().is_empty());
        let Some(text) = text else { return Ok(None) };
        let chosen = cases.iter().find(|case| case.when.iter().any(|pattern| pattern.matches(&text)));
        match chosen {
            Some(case) => Ok(Some(case)),
            None => Err(self.contract(plan, level, member, "selects none of the cases")),
        }
    }

    /// Returns the number of elements of an array, where it is known.
    fn items(&self, member: &Member) -> Option<usize> {
        let MemberKind::List { cell } = member.kind else { return None };
        match &self.cells[cell as usize] {
            Cell::List(list) => Some(list.count),
            _ => None,
        }
    }

    fn refuse(&self, plan: &ReadPlan, level: u32, member: &Member, refused: Refused<'_>) -> Box<Error> {
        let unmet = match refused {
            Refused::Missing => return self.contract(plan, level, member, "required and absent"),
            Refused::Unmet(unmet) => unmet,
        };
        let reason = format!("not what the JSON Schema wants: {}", unmet.check);
        let mut error = self.contract(plan, level, member, reason);
        let pointer = error.context.iter_mut().find(|(key, _)| *key == "pointer");
        if let (Some((_, pointer)), Some(at)) = (pointer, unmet.element) {
            *pointer += &format!("/{at}");
        }
        error
    }

    /// Returns whether the bytes of a leaf are not what its type says.
    pub(super) fn is_unread(&self, cell: u32) -> bool {
        matches!(self.cells[cell as usize], Cell::Unread(_))
    }

    /// Returns the error of a member whose leaf cannot be read, and keeps which field it is.
    #[cold]
    pub(super) fn unread(&mut self, plan: &ReadPlan, level: u32, member: &Member, cell: u32) -> Box<Error> {
        let error = match &self.cells[cell as usize] {
            Cell::Unread(error) => Some(error),
            Cell::List(list) => list.unread.as_ref(),
            _ => None,
        };
        let Some(error) = error else { return self.contract(plan, level, member, "it cannot be read") };
        let (reason, offset, field) = (error.message.clone(), error.offset, error.field.clone());
        if self.failure.is_none() {
            self.bad = field;
        }
        Box::new(self.contract(plan, level, member, reason).with("offset", offset))
    }

    /// Refuses a list of which an element cannot be read.
    pub(super) fn whole(&mut self, plan: &ReadPlan, level: u32, member: &Member, cell: u32) -> Rendered<()> {
        let Cell::List(list) = &self.cells[cell as usize] else { return Ok(()) };
        match &list.failed {
            _ if list.unread.is_some() => Err(self.unread(plan, level, member, cell)),
            Some(error) => Err(self.contract(plan, level, member, &error.message)),
            None => Ok(()),
        }
    }

    pub(super) fn contract(
        &self,
        plan: &ReadPlan,
        level: u32,
        member: &Member,
        reason: impl Display,
    ) -> Box<Error> {
        let pointer = self.pointer(plan, level) + &member.pointer;
        Box::new(
            Error::new(Class::Poison, Cause::Contract, "the reply breaks the contract")
                .with("pointer", pointer)
                .with("path", &member.legacy)
                .with("reason", reason),
        )
    }

    /// Returns the JSON pointer of the element that a level is at.
    fn pointer(&self, plan: &ReadPlan, number: u32) -> String {
        let level = &plan.levels[number as usize];
        if number <= 1 {
            return match plan.yields {
                Yield::Many => format!("/items/{}", self.records),
                _ => String::new(),
            };
        }
        // The list itself is taken out while its element is written, so its length is not to be had here.
        format!("{}{}/{}", self.pointer(plan, level.outer), level.pointer, self.positions[number as usize])
    }
}

impl Member {
    /// Something of it comes from the legacy system.
    fn is_legacy(&self) -> bool {
        match &self.kind {
            MemberKind::Computed { inputs, .. } => !inputs.is_empty(),
            MemberKind::Object { members } => members.iter().any(Self::is_legacy),
            _ => true,
        }
    }
}
