//! Start tags: which part an element is, of which type, and what its attributes are.
//!
//! **Invariant.** A start tag is used up only after everything in it was told, so that a pause loses nothing.

use super::{Decoder, Flow, Frame, Leaf, State, Step};
use crate::wire::attributes::{self, Attribute};
use crate::wire::chars;
use crate::wire::lookup::{Found, Kind, Known, NO_TABLE, Own, Place, TableId};
use crate::wire::names::{ContextId, XSD, XSI};
use crate::wire::text::{self, Place as TextPlace};
use crate::wire::tokenizer::{Tag, Token, shortened};
use kernel::{DecodeError, Interest, PartId, Progress, Scalar, TypeId, Visitor};

/// A child element that is known.
pub(super) struct Met {
    pub(super) known: Known,
    /// The namespaces that hold in it.
    pub(super) context: ContextId,
    /// Where its name was looked up.
    pub(super) table: TableId,
    /// Where it stands there.
    pub(super) hint: u32,
    /// Its attributes were read.
    pub(super) parsed: bool,
}

impl Decoder {
    /// Begins with the start tag of the root.
    pub(super) fn begin(&mut self, to: &mut dyn Visitor) -> Step {
        let (tag, context) = match self.root.read.take() {
            Some(read) => read,
            None => {
                let Some(Token::Start(tag)) = self.tokens.peek()? else {
                    return Ok(Flow::Halt(Progress::NeedInput));
                };
                attributes::parse(&self.tokens, &tag, &mut self.attributes)?;
                let outer = self.root.context;
                (tag, self.contexts.declare(outer, &self.tokens, &tag, &self.attributes)?)
            }
        };
        self.check_root(&tag, context)?;
        let part = self.root.part;
        let scalar = self.shape().scalar(self.root.ty).is_some();
        let (ty, nil) = self.substitution(&tag, context, self.root.ty, scalar)?;
        if scalar {
            return match to.enter(part, ty) {
                Interest::Pause => Ok(Flow::Halt(Progress::Paused)),
                Interest::Skip => {
                    self.end_root();
                    self.tokens.enter(&tag);
                    Ok(Flow::On)
                }
                Interest::Leaf | Interest::Descend => {
                    self.foreign_attributes(&tag, context, ty, to)?;
                    self.begin_leaf(&tag, Leaf { part, nil, own: false }, to)
                }
            };
        }
        let table = self.lookup.table(ty, context);
        let frame = Frame { context, nil, ..self.frame(part, ty, table) };
        self.open_group(frame);
        self.parts_of_tag(&tag, 0, to)
    }

    /// A child element of the innermost group begins.
    pub(super) fn child(&mut self, tag: &Tag, frame: Frame, to: &mut dyn Visitor) -> Step {
        let (context, table, parsed) = self.surroundings(tag, &frame)?;
        let mut hint = self.hint;
        let offset = self.tokens.input.offset(tag.start);
        let place = Place { table, ty: frame.ty, contexts: &self.contexts, context, offset };
        let known = match self.lookup.element(place, self.tokens.name(tag), &mut hint)? {
            Found::Part(known) => known,
            Found::Passed => return self.pass_element(tag),
            Found::Unknown => {
                to.unknown(chars::split(self.tokens.name(tag)).1);
                return self.pass_element(tag);
            }
        };
        self.met(tag, &frame, Met { known, context, table, hint, parsed }, to)
    }

    /// A child element of the innermost group begins, and is known.
    #[inline]
    pub(super) fn met(&mut self, tag: &Tag, frame: &Frame, met: Met, to: &mut dyn Visitor) -> Step {
        let Met { known, context, table, hint, mut parsed } = met;
        let mut ty = known.ty;
        let scalar = known.kind == Kind::Leaf;
        if known.kind == Kind::Several && !parsed {
            attributes::parse(&self.tokens, tag, &mut self.attributes)?;
            parsed = true;
        }
        let mut nil = false;
        // Both that a tag can say of its element is said with a prefix.
        let says = |attributes: &[Attribute]| attributes.iter().any(|attribute| attribute.prefixed);
        if parsed && says(&self.attributes) {
            (ty, nil) = self.substitution(tag, context, ty, scalar)?;
        }
        let interest = to.enter(known.part, ty);
        if interest == Interest::Pause {
            return Ok(Flow::Halt(Progress::Paused));
        }
        if context == frame.context {
            self.hint = hint;
        }
        if interest == Interest::Skip {
            return self.pass_element(tag);
        }
        if !parsed {
            attributes::parse(&self.tokens, tag, &mut self.attributes)?;
            (ty, nil) = self.substitution(tag, context, ty, scalar)?;
        }
        if scalar {
            if !self.attributes.is_empty() {
                self.foreign_attributes(tag, context, ty, to)?;
            }
            return self.begin_leaf(tag, Leaf { part: known.part, nil, own: false }, to);
        }
        let inner = match context == frame.context {
            true if ty == known.ty && known.table != NO_TABLE => known.table,
            true => self.lookup.inner_table(table, hint, context, ty),
            false => self.lookup.table(ty, context),
        };
        let several = known.kind == Kind::Several || ty != known.ty;
        let mixed_from = self.mixed.len();
        let (part, outer_hint) = (known.part, self.hint);
        let (table, named) = (inner, false);
        self.open_group(Frame { part, ty, table, context, outer_hint, named, nil, several, mixed_from });
        self.parts_of_tag(tag, 0, to)
    }

    /// Returns the namespaces that hold in an element and the table that its name is looked up in; also whether its
    /// attributes were read for that.
    fn surroundings(&mut self, tag: &Tag, frame: &Frame) -> Result<(ContextId, TableId, bool), DecodeError> {
        if tag.attributes_end == tag.name_end {
            self.attributes.clear();
            return Ok((frame.context, frame.table, true));
        }
        if !attributes::may_declare(&self.tokens, tag) {
            return Ok((frame.context, frame.table, false));
        }
        attributes::parse(&self.tokens, tag, &mut self.attributes)?;
        let context = self.contexts.declare(frame.context, &self.tokens, tag, &self.attributes)?;
        let table = match context == frame.context {
            true => frame.table,
            false => self.lookup.table(frame.ty, context),
        };
        Ok((context, table, true))
    }

    /// Returns the group that a root is.
    pub(super) fn frame(&self, part: PartId, ty: TypeId, table: TableId) -> Frame {
        let (context, mixed_from) = (self.root.context, self.mixed.len());
        let (named, nil, several) = (false, false, true);
        Frame { part, ty, table, context, outer_hint: self.hint, named, nil, several, mixed_from }
    }

    fn check_root(&self, tag: &Tag, context: ContextId) -> Result<(), DecodeError> {
        let Some(expected) = &self.root.name else { return Ok(()) };
        let offset = self.tokens.input.offset(tag.start);
        let (space, local) = self.contexts.name(context, self.tokens.name(tag), true, offset)?;
        let space = space.map(|uri| &**uri);
        if self.lookup.index.is_root(expected, space, local) {
            return Ok(());
        }
        let (expected, found) =
            (qualified(expected.space.as_deref(), &expected.local), qualified(space, local));
        Err(DecodeError::new(format!("expected the element {expected}, found {found}"), offset))
    }

    /// Tells the type name, the attributes and the value of the innermost group, and uses its start tag up.
    pub(super) fn parts_of_tag(&mut self, tag: &Tag, from: usize, to: &mut dyn Visitor) -> Step {
        let Some(&frame) = self.frames.last() else { return Ok(Flow::On) };
        let count = self.attributes.len();
        let mut hint = NO_TABLE;
        for next in from..=count {
            let told = match next {
                0 if !frame.several => Flow::On,
                0 => self.tell_type(&frame, to),
                _ => self.tell_attribute(&frame, tag, self.attributes[next - 1], &mut hint, to)?,
            };
            if let Flow::Halt(progress) = told {
                // A part that was told is not told again; one that is paused is.
                self.state = State::Attributes(next + usize::from(progress == Progress::Stopped));
                return Ok(told);
            }
        }
        self.state = State::Attributes(count + 1);
        self.open_content(&frame, tag, to)
    }

    /// What comes behind the attributes: nothing at all, a value, or content.
    pub(super) fn open_content(&mut self, frame: &Frame, tag: &Tag, to: &mut dyn Visitor) -> Step {
        if frame.nil {
            self.state = State::Closed;
            self.pass_element(tag)?;
            let is_root = self.frames.len() == 1;
            return Ok(if is_root {
                Flow::On
            } else {
                Flow::unless_stopped(to.leaf(frame.part, Scalar::Nil))
            });
        }
        let Own::Value(text) = self.own(frame) else {
            self.tokens.enter(tag);
            self.state = State::Content;
            return Ok(Flow::On);
        };
        match to.enter(text, self.shape().part(text).ty) {
            Interest::Pause => Ok(Flow::Halt(Progress::Paused)),
            Interest::Skip => {
                self.state = State::Closed;
                self.pass_element(tag)
            }
            Interest::Leaf | Interest::Descend => {
                self.begin_leaf(tag, Leaf { part: text, nil: false, own: true }, to)
            }
        }
    }

    /// Tells `xsi:type` of a group that may have several types.
    fn tell_type(&self, frame: &Frame, to: &mut dyn Visitor) -> Flow {
        let shape = self.shape();
        let several = shape.part(frame.part).ty != frame.ty
            || shape.group(frame.ty).is_some_and(|group| !group.derived.is_empty());
        let Some(name) = shape.ty(frame.ty).name.as_ref().filter(|_| several) else { return Flow::On };
        match to.enter(PartId::TYPE, shape.part(PartId::TYPE).ty) {
            Interest::Pause => Flow::Halt(Progress::Paused),
            Interest::Skip => Flow::On,
            Interest::Leaf | Interest::Descend => {
                Flow::unless_stopped(to.leaf(PartId::TYPE, Scalar::Text(&name.local)))
            }
        }
    }

    fn tell_attribute(
        &mut self,
        frame: &Frame,
        tag: &Tag,
        attribute: Attribute,
        hint: &mut u32,
        to: &mut dyn Visitor,
    ) -> Step {
        let name = attribute.bytes(&self.tokens, tag);
        let known = match self.lookup.met(frame.table, name, hint) {
            Some(Found::Part(known)) => known,
            _ => match self.attribute(frame.table, frame.ty, frame.context, tag, attribute, hint, to)? {
                Some(known) => known,
                None => return Ok(Flow::On),
            },
        };
        match to.enter(known.part, known.ty) {
            Interest::Pause => return Ok(Flow::Halt(Progress::Paused)),
            Interest::Skip => return Ok(Flow::On),
            Interest::Leaf | Interest::Descend => {}
        }
        let raw = attribute.value(&self.tokens, tag);
        if attribute.plain || text::is_plain(raw, TextPlace::Attribute) {
            return Ok(Flow::unless_stopped(to.leaf(known.part, Scalar::Text(raw))));
        }
        self.scratch.clear();
        text::append(raw, TextPlace::Attribute, attribute.offset(&self.tokens, tag), &mut self.scratch)?;
        Ok(Flow::unless_stopped(to.leaf(known.part, Scalar::Text(&self.scratch))))
    }

    /// Finds the part that an attribute is, and tells what is unknown.
    #[expect(clippy::too_many_arguments, reason = "a table, a type and a context are the place of a name")]
    fn attribute(
        &mut self,
        table: TableId,
        ty: TypeId,
        context: ContextId,
        tag: &Tag,
        attribute: Attribute,
        hint: &mut u32,
        to: &mut dyn Visitor,
    ) -> Result<Option<Known>, DecodeError> {
        if attribute.declares {
            return Ok(None);
        }
        let found = match self.lookup.met(table, attribute.bytes(&self.tokens, tag), hint) {
            Some(found) => found,
            None => {
                let offset = attribute.offset(&self.tokens, tag);
                let place = Place { table, ty, contexts: &self.contexts, context, offset };
                self.lookup.attribute(place, attribute.name(&self.tokens, tag), hint)?
            }
        };
        match found {
            Found::Part(known) => Ok(Some(known)),
            Found::Passed => Ok(None),
            Found::Unknown => {
                to.unknown(chars::split(attribute.name(&self.tokens, tag)).1);
                Ok(None)
            }
        }
    }

    /// Tells the attributes of a leaf, of which its type knows none.
    fn foreign_attributes(
        &mut self,
        tag: &Tag,
        context: ContextId,
        ty: TypeId,
        to: &mut dyn Visitor,
    ) -> Result<(), DecodeError> {
        for n in 0..self.attributes.len() {
            self.attribute(NO_TABLE, ty, context, tag, self.attributes[n], &mut 0, to)?;
        }
        Ok(())
    }

    /// Returns the type that the message gives an element, and whether it is explicitly nothing.
    fn substitution(
        &self,
        tag: &Tag,
        context: ContextId,
        declared: TypeId,
        scalar: bool,
    ) -> Result<(TypeId, bool), DecodeError> {
        let mut found = (declared, false);
        for attribute in &self.attributes {
            if attribute.declares || !attribute.prefixed {
                continue;
            }
            let (prefix, local) = chars::split(attribute.name(&self.tokens, tag));
            if !matches!(local, "type" | "nil") {
                continue;
            }
            if self.contexts.resolve(context, prefix).flatten().is_none_or(|uri| **uri != *XSI) {
                continue;
            }
            let value = attribute.value(&self.tokens, tag).trim_matches([' ', '\t', '\r', '\n']);
            let offset = attribute.offset(&self.tokens, tag);
            match (local, value) {
                ("type", name) => found.0 = self.named_type(name, context, declared, scalar, offset)?,
                (_, "true" | "1") => found.1 = true,
                (_, "false" | "0") => {}
                _ => return Err(DecodeError::new("xsi:nil is neither true nor false", offset)),
            }
        }
        Ok(found)
    }

    fn named_type(
        &self,
        name: &str,
        context: ContextId,
        declared: TypeId,
        scalar: bool,
        offset: u64,
    ) -> Result<TypeId, DecodeError> {
        let (space, local) = self.contexts.name(context, name, true, offset)?;
        let space = space.map(|uri| &**uri);
        let index = &self.lookup.index;
        // A leaf is told as text, whichever simple type it names; what may be anything is told as what it is declared.
        match index.derived(declared, space, local) {
            Some(ty) => Ok(ty),
            None if index.is_anything(declared) => Ok(declared),
            None if scalar && (space == Some(XSD) || index.has_type(space, local)) => Ok(declared),
            None => {
                let name = qualified(space, local);
                let message = format!("xsi:type names {name}, which does not derive from the declared type");
                Err(DecodeError::new(message, offset))
            }
        }
    }
}

fn qualified(space: Option<&str>, local: &str) -> String {
    match space {
        Some(space) => format!("{{{}}}{}", shortened(space), shortened(local)),
        None => shortened(local),
    }
}
