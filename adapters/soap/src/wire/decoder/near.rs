//! The short way through a group, which most of most messages goes: what was met before, plainly written, all here.
//!
//! **Invariant.** It tells what the long way would tell, and leaves off in a state that the long way goes on from;
//! whatever is odd, wrong or incomplete is left to the long way, which says what is wrong.

use super::{Decoder, Frame, State};
use crate::wire::attributes::{self, Attribute, Rest};
use crate::wire::chars::{self, SPACE};
use crate::wire::input::Input;
use crate::wire::lookup::{Found, Known, Lookup, NO_TABLE, Own, Table};
use crate::wire::names::ContextId;
use crate::wire::scan;
use crate::wire::text::{self, Place};
use crate::wire::tokenizer::{Open, Tag};
use crate::wire::written::{self, Written};
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
    /// The value of an attribute that is wanted means nothing.
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
    input: &'a Input,
    bytes: &'a [u8],
    lookup: &'a Lookup,
    limits: &'a Limits,
    frames: &'a mut Vec<Frame>,
    open: &'a mut Open,
    attributes: &'a mut Vec<Attribute>,
    scratch: &'a mut String,
    mixed_from: usize,
    /// Where the next tag is looked for.
    at: usize,
    /// Of the innermost group: the names of its elements, where the last one was found, its context and text.
    names: &'a [Written],
    hint: u32,
    context: ContextId,
    own: Own,
    end: Short,
}

impl Decoder {
    /// Goes as far as the short way leads.
    pub(super) fn short(&mut self, to: &mut dyn Visitor) -> Short {
        if self.tokens.is_in_empty() || self.tokens.input.searched != 0 {
            return Short::Odd;
        }
        let (input, open, limits) = self.tokens.parts();
        let mut way = Way {
            input,
            bytes: input.bytes(),
            lookup: &self.lookup,
            limits,
            frames: &mut self.frames,
            open,
            attributes: &mut self.attributes,
            scratch: &mut self.scratch,
            mixed_from: self.mixed.len(),
            at: input.at,
            names: &[],
            hint: NO_TABLE,
            context: 0,
            own: Own::None,
            end: Short::Odd,
        };
        way.arrive();
        way.go(to);
        let (at, hint, end) = (way.at, way.hint, way.end);
        if let Some(innermost) = self.frames.last_mut() {
            innermost.hint = hint;
        }
        self.tokens.input.consume(at);
        end
    }
}

impl<'a> Way<'a> {
    fn go(&mut self, to: &mut dyn Visitor) {
        loop {
            let rest = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
            let pace = match rest {
                Some(b"</") => self.close(to),
                Some([b'<', _]) => self.start(to),
                Some(_) => self.pass_blank(),
                None => Pace::End,
            };
            if pace == Pace::End {
                return;
            }
        }
    }

    /// Looks at what is the innermost group now.
    #[inline]
    fn arrive(&mut self) {
        if let Some(frame) = self.frames.last() {
            (self.hint, self.context, self.own) = (frame.hint, frame.context, frame.own);
            self.names = self.lookup.get(frame.table).map_or(&[], |table| &table.elements);
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
    fn pass_blank(&mut self) -> Pace {
        let blank = chars::run(&self.bytes[self.at..], SPACE);
        let short = blank as u64 <= u64::from(self.limits.text_bytes_max);
        let end = self.at + blank;
        if matches!(self.own, Own::Between(_)) || !short || self.bytes.get(end) != Some(&b'<') {
            return Pace::End;
        }
        self.at = end;
        Pace::On
    }

    /// The end tag of the innermost group, if it is not the root and has no text between its elements.
    #[inline]
    fn close(&mut self, to: &mut dyn Visitor) -> Pace {
        let name = self.open.last(self.bytes).unwrap_or_default();
        let from = self.at + 2;
        let close = from + name.len();
        let ends = self.bytes.get(close) == Some(&b'>') && scan::same(&self.bytes[from..close], name);
        if !ends || self.frames.len() < 2 || matches!(self.own, Own::Between(_)) {
            return Pace::End;
        }
        let Some(Frame { part, .. }) = self.frames.pop() else { return Pace::End };
        self.open.pop();
        self.at = close + 1;
        self.arrive();
        self.told(to.leave(part))
    }

    /// The start tag of an element that was met before.
    #[inline]
    fn start(&mut self, to: &mut dyn Visitor) -> Pace {
        let start = self.at;
        let hint = written::find(self.names, self.bytes, start + 1, self.hint);
        let Some(name) = self.names.get(hint as usize) else { return Pace::End };
        let Found::Part(known) = name.found else { return Pace::End };
        let name_end = start + 1 + name.name().len();
        let table = self.lookup.get(known.table);
        let mut rest = Rest { attributes_end: name_end, end: name_end + 1, empty: false, simple: true };
        if self.bytes.get(name_end) == Some(&b'>') {
            self.attributes.clear();
        } else {
            let names = table.map_or(&[][..], |table| &table.attributes);
            let read = attributes::plain(self.bytes, start, name_end, self.limits, names, self.attributes);
            let Some(read) = read else { return Pace::End };
            rest = read;
        }
        if self.open.depth() >= self.limits.depth_max as usize {
            return Pace::End;
        }
        let Rest { attributes_end, end, empty, simple } = rest;
        let tag = Tag { start, name_end, attributes_end, end, empty };
        if !simple || known.polymorphic || known.scalar != table.is_none() {
            return self.ends(Short::Special(tag, known, hint));
        }
        match to.enter(known.part, known.ty) {
            Interest::Pause => return self.ends(Short::Halt(Progress::Paused, State::Content)),
            Interest::Skip => {
                self.hint = hint;
                return self.ends(Short::Unwanted(tag));
            }
            Interest::Leaf | Interest::Descend => self.hint = hint,
        }
        match table {
            None => self.leaf(tag, known, to),
            Some(table) => self.group(tag, known, table, to),
        }
    }

    /// A leaf that is wanted.
    #[inline(never)]
    fn leaf(&mut self, tag: Tag, known: Known, to: &mut dyn Visitor) -> Pace {
        let mut value = "";
        let mut end = tag.end;
        if !tag.empty {
            let name = &self.bytes[tag.start + 1..tag.name_end];
            let found = scan::leaf(self.bytes, tag.end, name, self.limits.text_bytes_max);
            let Some(found) = found else { return self.ends(Short::Leaf(tag, known)) };
            value = self.input.text(tag.end, found.text_end);
            if !found.plain {
                self.scratch.clear();
                let offset = self.input.offset(tag.end);
                if text::append(value, Place::Content, offset, self.scratch).is_err() {
                    return self.ends(Short::Leaf(tag, known));
                }
                value = self.scratch;
            }
            end = found.end;
        }
        self.at = end;
        let told = to.leaf(known.part, Scalar::Text(value));
        self.told(told)
    }

    /// A group that is wanted.
    #[inline]
    fn group(&mut self, tag: Tag, known: Known, table: &'a Table, to: &mut dyn Visitor) -> Pace {
        if !self.attributes.is_empty() && self.tell_attributes(&tag, known, table, to) == Pace::End {
            return Pace::End;
        }
        if matches!(table.own, Own::Value(_)) {
            self.push(known, table.own);
            return self.ends(Short::Value(tag));
        }
        self.at = tag.end;
        if tag.empty {
            return self.told(to.leave(known.part));
        }
        self.open.push(tag.start + 1, tag.name_end);
        self.push(known, table.own);
        self.names = &table.elements;
        Pace::On
    }

    /// Opens a group, which becomes the innermost one.
    #[inline]
    fn push(&mut self, known: Known, own: Own) {
        if let Some(outer) = self.frames.last_mut() {
            outer.hint = self.hint;
        }
        let Known { part, ty, table, .. } = known;
        let (context, mixed_from) = (self.context, self.mixed_from);
        let (nil, several) = (false, false);
        self.frames.push(Frame { part, ty, table, hint: NO_TABLE, context, own, nil, several, mixed_from });
        (self.hint, self.own) = (NO_TABLE, own);
    }

    /// Tells the attributes of a group; if the visitor halts there, the group is open.
    #[inline(never)]
    fn tell_attributes(&mut self, tag: &Tag, known: Known, table: &Table, to: &mut dyn Visitor) -> Pace {
        for n in 0..self.attributes.len() {
            let told = self.attribute(tag, self.attributes[n], table, to);
            let progress = match told {
                Ok(None) => continue,
                Ok(Some(progress)) => progress,
                Err(error) => return self.ends(Short::Failed(error)),
            };
            self.push(known, table.own);
            // A part that was told is not told again; one that is paused is.
            let next = n + 1 + usize::from(progress == Progress::Stopped);
            return self.ends(Short::Halt(progress, State::Attributes(next)));
        }
        Pace::On
    }

    /// Tells an attribute that was met before.
    #[inline]
    fn attribute(
        &mut self,
        tag: &Tag,
        attribute: Attribute,
        table: &Table,
        to: &mut dyn Visitor,
    ) -> Result<Option<Progress>, DecodeError> {
        let Some(entry) = table.attributes.get(attribute.entry as usize) else { return Ok(None) };
        let known = match entry.found {
            Found::Part(known) => known,
            Found::Passed => return Ok(None),
            Found::Unknown => {
                to.unknown(entry.name());
                return Ok(None);
            }
        };
        match to.enter(known.part, known.ty) {
            Interest::Pause => return Ok(Some(Progress::Paused)),
            Interest::Skip => return Ok(None),
            Interest::Leaf | Interest::Descend => {}
        }
        let (from, until) = attribute.value_of(tag);
        let mut value = self.input.text(from, until);
        if !attribute.plain {
            self.scratch.clear();
            text::append(value, Place::Attribute, self.input.offset(from), self.scratch)?;
            value = self.scratch;
        }
        Ok(to.leaf(known.part, Scalar::Text(value)).is_err().then_some(Progress::Stopped))
    }
}
