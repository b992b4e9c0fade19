//! What stands between tags: child elements, the text of leaves, the own text of groups.
//!
//! **Invariant.** Text is joined around comments, CDATA sections and elements, and limited as a whole.

use super::near::Short;
use super::start::Met;
use super::{Decoder, Flow, Frame, Leaf, State, Step};
use crate::wire::chars;
use crate::wire::lookup::{Known, Own};
use crate::wire::text::{self, Place};
use crate::wire::tokenizer::{Tag, Token};
use kernel::{DecodeError, Interest, PartId, Progress, Scalar, Visitor};

impl Decoder {
    /// Goes on within the innermost group.
    pub(super) fn content(&mut self, to: &mut dyn Visitor) -> Step {
        loop {
            let end = self.short(to);
            let Some(&frame) = self.frames.last() else { return Ok(Flow::Halt(Progress::NeedInput)) };
            let step = match end {
                Short::Odd => return self.far(to),
                Short::Special(tag, known, hint) => {
                    let Frame { context, table, .. } = frame;
                    self.met(&tag, &frame, Met { known, context, table, hint, parsed: true }, to)
                }
                Short::Leaf(tag, Known { part, .. }) => {
                    self.begin_leaf(&tag, Leaf { part, nil: false, own: false }, to)
                }
                Short::Value(tag) => {
                    self.state = State::Attributes(self.attributes.len() + 1);
                    self.open_content(&frame, &tag, to)
                }
                Short::Unwanted(tag) => self.pass_element(&tag),
                Short::Halt(progress, state) => {
                    self.state = state;
                    Ok(Flow::Halt(progress))
                }
                Short::Failed(error) => Err(error),
            };
            let goes_on = matches!(step, Ok(Flow::On));
            if !goes_on || self.passing.is_some() || !matches!(self.state, State::Content) {
                return step;
            }
        }
    }

    /// The long way to the next tag.
    fn far(&mut self, to: &mut dyn Visitor) -> Step {
        while let (Some(token), Some(&frame)) = (self.tokens.peek()?, self.frames.last()) {
            match token {
                Token::Start(tag) => return self.child(&tag, frame, to),
                Token::End { end } => return self.end_content(end, &frame, to),
                Token::Text { end } => {
                    self.own_text(self.tokens.input.at, end, Place::Content, &frame, to)?;
                    self.tokens.input.consume(end);
                }
                Token::Data { from, to: until, end } => {
                    self.own_text(from, until, Place::Data, &frame, to)?;
                    self.tokens.input.consume(end);
                }
                Token::Finish => break,
            }
        }
        Ok(Flow::Halt(Progress::NeedInput))
    }

    /// Begins a leaf, whose start tag is not used up; one that is here as a whole is told at once.
    #[inline]
    pub(super) fn begin_leaf(&mut self, tag: &Tag, leaf: Leaf, to: &mut dyn Visitor) -> Step {
        if let Some(found) = self.tokens.near_leaf(tag).filter(|_| !tag.empty && !leaf.nil) {
            let mut value = self.tokens.input.text(tag.end, found.text_end);
            if !found.plain {
                self.scratch.clear();
                text::append(value, Place::Content, self.tokens.input.offset(tag.end), &mut self.scratch)?;
                value = &self.scratch;
            }
            let told = to.leaf(leaf.part, Scalar::Text(value));
            self.tokens.pass_leaf(found.end);
            self.end_leaf(leaf);
            return Ok(Flow::unless_stopped(told));
        }
        self.tokens.enter(tag);
        self.scratch.clear();
        self.state = State::Leaf(leaf);
        self.leaf(leaf, to)
    }

    /// Goes on within a leaf.
    pub(super) fn leaf(&mut self, leaf: Leaf, to: &mut dyn Visitor) -> Step {
        while let Some(token) = self.tokens.peek()? {
            match token {
                Token::Start(tag) => {
                    to.unknown(chars::split(self.tokens.name(&tag)).1);
                    return self.pass_element(&tag);
                }
                Token::Text { end } => {
                    self.gather(self.tokens.input.at, end, Place::Content)?;
                    self.tokens.input.consume(end);
                }
                Token::Data { from, to: until, end } => {
                    self.gather(from, until, Place::Data)?;
                    self.tokens.input.consume(end);
                }
                Token::End { end } => {
                    self.tokens.leave(end);
                    self.end_leaf(leaf);
                    let value = if leaf.nil { Scalar::Nil } else { Scalar::Text(&self.scratch) };
                    return Ok(Flow::unless_stopped(to.leaf(leaf.part, value)));
                }
                Token::Finish => break,
            }
        }
        Ok(Flow::Halt(Progress::NeedInput))
    }

    fn end_leaf(&mut self, leaf: Leaf) {
        if self.frames.is_empty() {
            self.end_root();
        } else {
            self.state = if leaf.own { State::Closed } else { State::Content };
        }
    }

    fn gather(&mut self, from: usize, to: usize, place: Place) -> Result<(), DecodeError> {
        let input = &self.tokens.input;
        let offset = input.offset(from);
        bounded(self.scratch.len() + to - from, &self.tokens.limits, offset)?;
        text::append(input.text(from, to), place, offset, &mut self.scratch)
    }

    /// Own text of a group that has elements.
    fn own_text(
        &mut self,
        from: usize,
        until: usize,
        place: Place,
        frame: &Frame,
        to: &mut dyn Visitor,
    ) -> Result<(), DecodeError> {
        let raw = self.tokens.input.text(from, until);
        let offset = self.tokens.input.offset(from);
        match self.own(frame) {
            Own::Between(_) => {
                let length = self.mixed.len() - frame.mixed_from + raw.len();
                bounded(length, &self.tokens.limits, offset)?;
                text::append(raw, place, offset, &mut self.mixed)
            }
            Own::None | Own::Value(_) if chars::is_blank(raw) => Ok(()),
            Own::None | Own::Value(_) => {
                // It is read to be refused where it is not well-formed.
                self.scratch.clear();
                text::append(raw, place, offset, &mut self.scratch)?;
                if !self.shape().group(frame.ty).is_some_and(|group| group.open_elements || group.mixed) {
                    to.unknown("text()");
                }
                Ok(())
            }
        }
    }

    /// The end tag of the innermost group comes next.
    fn end_content(&mut self, end: usize, frame: &Frame, to: &mut dyn Visitor) -> Step {
        if let Own::Between(part) = self.own(frame)
            && !chars::is_blank(&self.mixed[frame.mixed_from..])
        {
            let told = self.tell_mixed(part, frame.mixed_from, to);
            if let Flow::Halt(progress) = told {
                if progress == Progress::Stopped {
                    self.tokens.leave(end);
                    self.state = State::Closed;
                }
                return Ok(told);
            }
        }
        self.tokens.leave(end);
        self.end_group(to)
    }

    fn tell_mixed(&mut self, part: PartId, from: usize, to: &mut dyn Visitor) -> Flow {
        match to.enter(part, self.shape().part(part).ty) {
            Interest::Pause => Flow::Halt(Progress::Paused),
            Interest::Skip => Flow::On,
            Interest::Leaf | Interest::Descend => {
                Flow::unless_stopped(to.leaf(part, Scalar::Text(&self.mixed[from..])))
            }
        }
    }
}

fn bounded(length: usize, limits: &kernel::Limits, offset: u64) -> Result<(), DecodeError> {
    match length as u64 > u64::from(limits.text_bytes_max) {
        true => Err(DecodeError::limit("limits.text", u64::from(limits.text_bytes_max), offset)),
        false => Ok(()),
    }
}
