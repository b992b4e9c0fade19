//! The short way through a group, which most of most messages goes: what was met before, plainly written, all here.
//!
//! **Invariant.** It tells what the long way would tell, and leaves off in a state that the long way goes on from;
//! whatever is odd, wrong or incomplete is left to the long way, which says what is wrong.

mod tags;

use super::{Decoder, Frame, State};
use crate::wire::attributes::Attribute;
use crate::wire::chars::{self, SPACE};
use crate::wire::lookup::{Found, Kind, Known, Lookup, NO_TABLE, Own, Table};
use crate::wire::names::ContextId;
use crate::wire::scan;
use crate::wire::text::{self, Place};
use crate::wire::tokenizer::{Open, Tag};
use crate::wire::written::{self, Head, Met};
use kernel::{DecodeError, Interest, Limits, Progress, Scalar, Visitor};

/// Where the short way ends.
pub(super) enum Short {
    /// Before something that it does not know.
    Odd,
    /// Before an element that was met before and says something special of itself; its attributes are read.
    Special(Tag, Known, u32),
    /// At the start tag of a leaf that is wanted, and whose text is not simple.
    Leaf(Tag, Known),
    /// At the start tag of a group that has a value, behind its attributes.
    Value(Tag),
    /// At the start tag of an element that is not wanted.
    Unwanted(Tag),
    /// The visitor wants no more for now.
    Halt(Progress, State),
    /// A value that is wanted means nothing.
    Failed(DecodeError),
}

/// What a step on the short way came to; where it ends, `end` says more.
#[derive(PartialEq, Eq)]
enum Pace {
    On,
    End,
}

/// What the short way looks at, apart from each other so that the processor's registers can hold most of it.
struct Way<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Offset of the text in the message.
    base: u64,
    lookup: &'a Lookup,
    limits: &'a Limits,
    frames: &'a mut Vec<Frame>,
    open: &'a mut Open,
    attributes: &'a mut Vec<Attribute>,
    scratch: &'a mut String,
    mixed_from: usize,
    deepest: usize,
    /// Where the next tag is looked for.
    at: usize,
    /// What was learnt of the innermost group, where its last element was found, and its context.
    group: &'a Table,
    hint: u32,
    context: ContextId,
    end: Short,
}

impl Decoder {
    /// Goes as far as the short way leads.
    pub(super) fn short(&mut self, to: &mut dyn Visitor) -> Short {
        if self.tokens.is_in_empty() || self.tokens.input.searched != 0 {
            return Short::Odd;
        }
        let (input, open, limits) = self.tokens.parts();
        let Some(frame) = self.frames.last() else { return Short::Odd };
        let Some(group) = self.lookup.get(frame.table) else { return Short::Odd };
        let mut way = Way {
            text: input.all(),
            bytes: input.bytes(),
            base: input.offset(0),
            lookup: &self.lookup,
            limits,
            context: frame.context,
            frames: &mut self.frames,
            open,
            attributes: &mut self.attributes,
            scratch: &mut self.scratch,
            mixed_from: self.mixed.len(),
            deepest: limits.depth_max as usize,
            at: input.at,
            group,
            hint: self.hint,
            end: Short::Odd,
        };
        way.go(to);
        let (at, hint, end) = (way.at, way.hint, way.end);
        self.hint = hint;
        self.tokens.input.consume(at);
        end
    }
}

impl<'a> Way<'a> {
    fn go(&mut self, to: &mut dyn Visitor) {
        loop {
            // What begins with fewer bytes is at the end of the input.
            let window: Option<&[u8; 18]> = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
            let pace = match window {
                Some([b'<', b'/', head @ ..]) => self.close(Head::new(head), to),
                Some([b'<', head @ .., _]) => self.start(Head::new(head), to),
                Some(_) => self.pass_blank(),
                None => Pace::End,
            };
            if pace == Pace::End {
                return;
            }
        }
    }

    #[inline]
    fn ends(&mut self, end: Short) -> Pace {
        self.end = end;
        Pace::End
    }

    #[inline]
    fn told(&mut self, told: Result<(), kernel::Stop>) -> Pace {
        match told {
            Ok(()) => Pace::On,
            Err(kernel::Stop) => self.ends(Short::Halt(Progress::Stopped, State::Content)),
        }
    }

    /// Passes white space over that means nothing, up to a tag.
    #[inline(never)]
    fn pass_blank(&mut self) -> Pace {
        let blank = chars::run(&self.bytes[self.at..], SPACE);
        let short = blank as u64 <= u64::from(self.limits.text_bytes_max);
        let end = self.at + blank;
        if matches!(self.group.own, Own::Between(_)) || !short || self.bytes.get(end) != Some(&b'<') {
            return Pace::End;
        }
        self.at = end;
        Pace::On
    }

    /// The end tag of the innermost group, if it is not the root and has no text between its elements.
    #[inline]
    fn close(&mut self, head: Head, to: &mut dyn Visitor) -> Pace {
        let [.., outer, inner] = self.frames.as_slice() else { return Pace::End };
        let Some(group) = self.lookup.get(outer.table) else { return Pace::End };
        if matches!(self.group.own, Own::Between(_)) {
            return Pace::End;
        }
        let end = match group.elements.get(inner.outer_hint as usize).filter(|_| inner.named) {
            Some(name) => {
                let from = self.at + 2;
                if name.behind(self.bytes, from, head) != Some(b'>') {
                    return Pace::End;
                }
                self.open.pop();
                from + name.name().len() + 1
            }
            None => match self.open.close(self.bytes, self.at) {
                Some(end) => end,
                None => return Pace::End,
            },
        };
        let part = inner.part;
        (self.group, self.hint, self.context) = (group, inner.outer_hint, outer.context);
        self.frames.pop();
        self.at = end;
        self.told(to.leave(part))
    }

    /// The start tag of an element that was met before.
    #[inline]
    fn start(&mut self, head: Head, to: &mut dyn Visitor) -> Pace {
        let start = self.at;
        let found = written::element(&self.group.elements, self.bytes, start + 1, head, self.hint);
        let Some(Met { hint, name, behind }) = found else { return Pace::End };
        let Found::Part(known) = &name.found else { return Pace::End };
        let name_end = start + 1 + name.name().len();
        if self.open.depth() >= self.deepest {
            return Pace::End;
        }
        let table = self.lookup.get(known.table).filter(|_| known.kind == Kind::Group);
        match (table, behind) {
            (Some(table), b'>') => {
                let tag = bare(start, name_end);
                if self.wants(&tag, known, hint, to) { self.enter(&tag, known, table) } else { Pace::End }
            }
            (Some(table), _) => self.with_attributes(start, name_end, name, table, hint, to),
            (None, b'>') if known.kind == Kind::Leaf => self.leaf(start, name_end, known, hint, to),
            (None, _) => self.special(start, name_end, known, hint, to),
        }
    }

    /// Asks whether an element is wanted; where it is not, the way ends before it.
    #[inline]
    fn wants(&mut self, tag: &Tag, known: &Known, hint: u32, to: &mut dyn Visitor) -> bool {
        match to.enter(known.part, known.ty) {
            Interest::Leaf | Interest::Descend => {
                self.hint = hint;
                true
            }
            Interest::Pause => {
                self.end = Short::Halt(Progress::Paused, State::Content);
                false
            }
            Interest::Skip => {
                self.hint = hint;
                self.end = Short::Unwanted(*tag);
                false
            }
        }
    }

    /// A leaf without attributes.
    #[inline(never)]
    fn leaf(
        &mut self,
        start: usize,
        name_end: usize,
        known: &Known,
        hint: u32,
        to: &mut dyn Visitor,
    ) -> Pace {
        let tag = bare(start, name_end);
        if !self.wants(&tag, known, hint, to) {
            return Pace::End;
        }
        let name = &self.bytes[tag.start + 1..tag.name_end];
        let found = scan::leaf(self.bytes, tag.end, name, self.limits.text_bytes_max);
        let Some(found) = found else { return self.ends(Short::Leaf(tag, *known)) };
        let mut value = &self.text[tag.end..found.text_end];
        if !found.plain {
            self.scratch.clear();
            let offset = self.base + tag.end as u64;
            if let Err(error) = text::append(value, Place::Content, offset, self.scratch) {
                return self.ends(Short::Failed(error));
            }
            value = self.scratch;
        }
        self.at = found.end;
        let told = to.leaf(known.part, Scalar::Text(value));
        self.told(told)
    }

    /// Goes into a group whose attributes are told.
    #[inline]
    fn enter(&mut self, tag: &Tag, known: &Known, table: &'a Table) -> Pace {
        self.push(known, table);
        if matches!(table.own, Own::Value(_)) {
            return self.ends(Short::Value(*tag));
        }
        self.at = tag.end;
        self.open.push(tag.start + 1, tag.name_end);
        Pace::On
    }

    /// Opens a group, which becomes the innermost one.
    #[inline]
    fn push(&mut self, known: &Known, group: &'a Table) {
        let Known { part, ty, table, .. } = *known;
        let (context, outer_hint, mixed_from) = (self.context, self.hint, self.mixed_from);
        let (named, nil, several) = (true, false, false);
        self.frames.push(Frame { part, ty, table, context, outer_hint, named, nil, several, mixed_from });
        (self.group, self.hint) = (group, NO_TABLE);
    }
}

/// A tag that has nothing behind its name.
#[inline]
fn bare(start: usize, name_end: usize) -> Tag {
    Tag { start, name_end, attributes_end: name_end, end: name_end + 1, empty: false }
}
