//! The short way over start tags that have more than a name.
//!
//! **Invariant.** All attributes of a tag are read before any of them is told.

use super::{Pace, Short, Way};
use crate::wire::attributes::{self, Attribute, Rest};
use crate::wire::decoder::State;
use crate::wire::lookup::{Found, Kind, Known, Own, Table};
use crate::wire::text::{self, Place};
use crate::wire::tokenizer::Tag;
use crate::wire::written::Written;
use kernel::{DecodeError, Interest, Limits, Progress, Scalar, Visitor};

impl<'a> Way<'a> {
    /// A group that has attributes or is empty.
    #[inline(never)]
    pub(super) fn with_attributes(
        &mut self,
        start: usize,
        name_end: usize,
        name: &Written,
        table: &'a Table,
        hint: u32,
        to: &mut dyn Visitor,
    ) -> Pace {
        let Found::Part(known) = &name.found else { return Pace::End };
        let bytes = &self.bytes[start..];
        let regular = attributes::regular(bytes, name.name().len(), &table.attributes, self.attributes);
        let Some(attributes_end) = regular.filter(|&end| self.are_within(end)) else {
            return self.special(start, name_end, known, hint, to);
        };
        let (end, empty) = match bytes.get(attributes_end..).and_then(|rest| rest.first_chunk()) {
            Some([b'>', _]) => (start + attributes_end + 1, false),
            Some(b"/>") => (start + attributes_end + 2, true),
            _ => return self.special(start, name_end, known, hint, to),
        };
        let tag = Tag { start, name_end, attributes_end: start + attributes_end, end, empty };
        if !self.wants(&tag, known, hint, to) {
            return Pace::End;
        }
        self.tell(&tag, known, table, to)
    }

    /// Returns whether the attributes are not too many, and none too long; they end here, from the beginning of the tag.
    #[inline]
    fn are_within(&self, end: usize) -> bool {
        let Limits { attributes_max, text_bytes_max, .. } = *self.limits;
        self.attributes.len() <= attributes_max as usize && end as u64 <= u64::from(text_bytes_max)
    }

    /// Any other element: an empty leaf, one whose type may be another, or whose attributes are not the usual ones.
    #[cold]
    pub(super) fn special(
        &mut self,
        start: usize,
        name_end: usize,
        known: &Known,
        hint: u32,
        to: &mut dyn Visitor,
    ) -> Pace {
        let table = self.lookup.get(known.table);
        let names = table.map_or(&[][..], |table| &table.attributes);
        let length = name_end - start - 1;
        let rest = attributes::plain(&self.bytes[start..], length, self.limits, names, self.attributes);
        let Some(Rest { attributes_end, end, empty, simple }) = rest else { return Pace::End };
        let (attributes_end, end) = (start + attributes_end, start + end);
        let tag = Tag { start, name_end, attributes_end, end, empty };
        match (known.kind, table) {
            (Kind::Leaf, _) if empty && self.attributes.is_empty() => {
                if !self.wants(&tag, known, hint, to) {
                    return Pace::End;
                }
                self.at = end;
                self.told(to.leaf(known.part, Scalar::Text("")))
            }
            (Kind::Group, Some(table)) if simple => {
                if self.wants(&tag, known, hint, to) {
                    self.tell(&tag, known, table, to)
                } else {
                    Pace::End
                }
            }
            _ => self.ends(Short::Special(tag, *known, hint)),
        }
    }

    /// Tells the attributes of a group that is wanted, and goes into it.
    #[inline]
    fn tell(&mut self, tag: &Tag, known: &Known, table: &'a Table, to: &mut dyn Visitor) -> Pace {
        if self.tell_attributes(tag, known, table, to) == Pace::End {
            return Pace::End;
        }
        if matches!(table.own, Own::Value(_)) || !tag.empty {
            return self.enter(tag, known, table);
        }
        self.at = tag.end;
        self.told(to.leave(known.part))
    }

    /// Tells the attributes of a group; if the visitor halts there, the group is open.
    #[inline]
    fn tell_attributes(&mut self, tag: &Tag, known: &Known, table: &'a Table, to: &mut dyn Visitor) -> Pace {
        let mut telling =
            Telling { text: &self.text[tag.start..], base: self.base + tag.start as u64, table, to };
        for (n, attribute) in self.attributes.iter().enumerate() {
            let progress = match telling.attribute(attribute, self.scratch) {
                Ok(None) => continue,
                Ok(Some(progress)) => progress,
                Err(error) => return self.ends(Short::Failed(error)),
            };
            self.push(known, table);
            // A part that was told is not told again; one that is paused is.
            let next = n + 1 + usize::from(progress == Progress::Stopped);
            return self.ends(Short::Halt(progress, State::Attributes(next)));
        }
        Pace::On
    }
}

/// What is needed to tell the attributes of a tag that were met before.
struct Telling<'a> {
    /// From the beginning of the tag on.
    text: &'a str,
    /// Offset of the tag in the message.
    base: u64,
    table: &'a Table,
    to: &'a mut dyn Visitor,
}

impl Telling<'_> {
    #[inline]
    fn attribute(
        &mut self,
        attribute: &Attribute,
        scratch: &mut String,
    ) -> Result<Option<Progress>, DecodeError> {
        let Some(name) = self.table.attributes.get(attribute.entry as usize) else { return Ok(None) };
        let Found::Part(known) = &name.found else {
            if name.found == Found::Unknown {
                self.to.unknown(name.name());
            }
            return Ok(None);
        };
        match self.to.enter(known.part, known.ty) {
            Interest::Pause => return Ok(Some(Progress::Paused)),
            Interest::Skip => return Ok(None),
            Interest::Leaf | Interest::Descend => {}
        }
        let (from, until) = attribute.value_range();
        let mut value = &self.text[from..until];
        if !attribute.plain {
            scratch.clear();
            text::append(value, Place::Attribute, self.base + from as u64, scratch)?;
            value = scratch;
        }
        Ok(self.to.leaf(known.part, Scalar::Text(value)).is_err().then_some(Progress::Stopped))
    }
}
