//! An XML element as a document: tells the parts that a shape gives it, as its characters arrive.
//!
//! **Invariant.** A part is told once, in document order, also across pieces, pauses and stops;
//! what nobody wants is passed over without being decoded.

mod content;
mod near;
mod start;
#[cfg(test)]
mod tests;

use super::attributes::Attribute;
use super::lookup::{Index, Lookup, NO_TABLE, Own, TableId};
use super::names::{ContextId, Contexts, OUTSIDE};
use super::skip;
use super::tokenizer::{Tag, Token, Tokenizer};
use super::warm::{Prologue, Room, Warm};
use kernel::{DecodeError, Document, Limits, Name, PartId, Progress, Shape, TypeId, Visitor};
use std::mem::take;

/// Decodes one element.
#[derive(Debug)]
pub struct Decoder {
    tokens: Tokenizer,
    contexts: Contexts,
    lookup: Lookup,
    /// Kept for the next message.
    prologue: Option<Prologue>,
    frames: Vec<Frame>,
    /// Where in the table of the innermost group its last element was found.
    hint: u32,
    attributes: Vec<Attribute>,
    /// Text of a leaf, where it is not one piece of the input.
    scratch: String,
    /// Own text of the open groups that have text between their elements.
    mixed: String,
    state: State,
    /// While this many elements and more are open, everything is passed over.
    passing: Option<usize>,
    root: Root,
    failed: Option<DecodeError>,
}

/// What the decoder begins with.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    /// The part that the element is.
    pub(crate) part: PartId,
    /// Its type.
    pub(crate) ty: TypeId,
    /// The name that it must have, if any.
    pub(crate) name: Option<Name>,
    /// The namespaces that hold around it.
    pub(crate) context: ContextId,
    /// Its tag and the namespaces that hold in it, where both were read already, and the attributes too.
    pub(crate) read: Option<(Tag, ContextId)>,
}

/// Where the decoder begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// The next token is the start tag of the root.
    Tag,
    /// The next token is behind the start tag of the root, whatever that was.
    Content,
}

/// An open group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    part: PartId,
    ty: TypeId,
    table: TableId,
    context: ContextId,
    /// Where in the table of the outer group this one was found.
    outer_hint: u32,
    /// What was found there is its name; if not, something else may be.
    named: bool,
    nil: bool,
    /// Its type in this message is worth telling: it may have several.
    several: bool,
    /// Where the own text of this group begins in `mixed`.
    mixed_from: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The start tag of the root comes next.
    Root,
    /// The start tag of the innermost group is not used up; this many of its parts were told.
    Attributes(usize),
    /// Within the innermost group.
    Content,
    /// Within a leaf; its text is gathered.
    Leaf(Leaf),
    /// The end tag of the innermost group is used up.
    Closed,
    /// Behind the root.
    Behind,
    /// Everything was told.
    Over,
}

/// A leaf whose text is gathered.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    part: PartId,
    nil: bool,
    /// It is the own text of the innermost group, not an element of its own.
    own: bool,
}

/// What a step came to.
enum Flow {
    On,
    Halt(Progress),
}

type Step = Result<Flow, DecodeError>;

impl Decoder {
    /// Starts to decode a message whose root element is `root` of the shape.
    pub fn new(index: &Index, root: PartId, limits: Limits, charset: Option<&str>) -> Self {
        let part = index.shape().part(root);
        let root =
            Root { part: root, ty: part.ty, name: Some(part.name.clone()), context: OUTSIDE, read: None };
        let mut warm = index.pool.take();
        let tokens = Tokenizer::within(&mut warm.room, limits, charset);
        Self::within(tokens, warm, index.clone(), root, Begin::Tag)
    }

    /// Continues a message that was read up to `root`.
    pub(crate) fn within(tokens: Tokenizer, warm: Warm, index: Index, root: Root, begin: Begin) -> Self {
        let Warm { contexts, learnt, prologue, room } = warm;
        let mut decoder = Self {
            tokens,
            contexts,
            lookup: Lookup::new(index, learnt),
            prologue,
            frames: room.frames,
            hint: NO_TABLE,
            attributes: room.attributes,
            scratch: room.scratch,
            mixed: room.mixed,
            state: State::Root,
            passing: None,
            root,
            failed: None,
        };
        if begin == Begin::Content {
            let Root { part, ty, context, .. } = decoder.root;
            let table = decoder.lookup.table(ty, context);
            let frame = Frame { part, ty, table, context, ..decoder.frame(part, ty, table) };
            decoder.open_group(frame);
            decoder.state = State::Content;
        }
        decoder
    }

    /// Takes a piece of the message.
    pub fn feed(&mut self, piece: &[u8]) {
        // Where the tag of the root stands may change.
        self.root.read = None;
        self.tokens.feed(piece);
    }

    /// Says that nothing more will come.
    pub fn close(&mut self) {
        self.tokens.close();
    }

    /// Bytes that arrived so far.
    pub fn bytes_read(&self) -> u64 {
        self.tokens.input.bytes_read()
    }

    fn shape(&self) -> &Shape {
        self.lookup.index.shape()
    }

    fn step(&mut self, to: &mut dyn Visitor) -> Step {
        if let Some(depth) = self.passing {
            if !skip::pass(&mut self.tokens, depth)? {
                return Ok(Flow::Halt(Progress::NeedInput));
            }
            self.passing = None;
        }
        match self.state {
            State::Root => self.begin(to),
            State::Attributes(next) => match self.tokens.peek()? {
                Some(Token::Start(tag)) => self.parts_of_tag(&tag, next, to),
                _ => Ok(Flow::Halt(Progress::NeedInput)),
            },
            State::Content => self.content(to),
            State::Leaf(leaf) => self.leaf(leaf, to),
            State::Closed => self.end_group(to),
            State::Behind => match self.tokens.peek()? {
                Some(Token::Finish) => {
                    self.state = State::Over;
                    Ok(Flow::On)
                }
                _ => Ok(Flow::Halt(Progress::NeedInput)),
            },
            State::Over => Ok(Flow::Halt(Progress::End)),
        }
    }

    /// Passes an element over, beginning with its start tag.
    fn pass_element(&mut self, tag: &Tag) -> Step {
        self.passing = Some(self.tokens.open.depth());
        self.tokens.enter(tag);
        Ok(Flow::On)
    }

    /// A group begins.
    fn open_group(&mut self, frame: Frame) {
        self.frames.push(Frame { outer_hint: self.hint, ..frame });
        self.hint = NO_TABLE;
    }

    /// Returns what becomes of the own text of a group.
    fn own(&self, frame: &Frame) -> Own {
        self.lookup.own(frame.table, frame.ty)
    }

    /// The innermost group is over.
    fn end_group(&mut self, to: &mut dyn Visitor) -> Step {
        let Some(frame) = self.frames.pop() else { return Ok(Flow::On) };
        self.mixed.truncate(frame.mixed_from);
        self.hint = frame.outer_hint;
        if self.frames.is_empty() {
            self.end_root();
            return Ok(Flow::On);
        }
        self.state = State::Content;
        Ok(Flow::unless_stopped(to.leave(frame.part)))
    }

    /// The root is over; what is open around it, such as an envelope, is passed over.
    fn end_root(&mut self) {
        self.state = State::Behind;
        self.passing = Some(0);
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let mut room = Room {
            frames: take(&mut self.frames),
            attributes: take(&mut self.attributes),
            scratch: take(&mut self.scratch),
            mixed: take(&mut self.mixed),
            ..Room::default()
        };
        self.tokens.leave_room(&mut room);
        let contexts = std::mem::replace(&mut self.contexts, Contexts::none());
        let learnt = self.lookup.take();
        self.lookup.index.pool.put(Warm { contexts, learnt, prologue: self.prologue.take(), room });
    }
}

impl Flow {
    fn unless_stopped(result: Result<(), kernel::Stop>) -> Self {
        match result {
            Ok(()) => Self::On,
            Err(kernel::Stop) => Self::Halt(Progress::Stopped),
        }
    }
}

impl Document for Decoder {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        loop {
            match self.step(to) {
                Ok(Flow::On) => {}
                Ok(Flow::Halt(progress)) => return Ok(progress),
                Err(error) => {
                    self.failed = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }
}
