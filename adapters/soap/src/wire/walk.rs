//! Walks over the outer elements of a message: the envelope, its body, a fault.
//!
//! **Invariant.** It stops before what it is asked to leave alone, so that a decoder can go on from there.

use super::attributes;
use super::chars;
use super::names::{ContextId, Contexts, OUTSIDE};
use super::skip;
use super::text::{self, Place};
use super::tokenizer::{Tag, Token, Tokenizer};
use super::warm::{Prologue, Warm};
use crate::wsdl::SoapVersion;
use kernel::{DecodeError, Limits};

/// A message on which one can walk.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The tokens.
    pub(crate) tokens: Tokenizer,
    /// The namespaces, and what a decoder needs besides.
    pub(crate) warm: Warm,
    /// The contexts of the open elements.
    open: Vec<ContextId>,
    passing: Option<usize>,
}

/// What comes next within an element.
#[derive(Debug)]
pub(crate) enum Next {
    /// An element, which is not used up.
    Element(Child),
    /// The end of the element, which was used up.
    End,
    /// More input is needed.
    NeedInput,
}

/// An element that comes next.
#[derive(Debug)]
pub(crate) struct Child {
    /// Its tag; the attributes of the last child are those of the walk.
    pub(crate) tag: Tag,
    /// The namespaces that hold around it.
    pub(crate) outer: ContextId,
    /// The namespaces that hold in it.
    pub(crate) context: ContextId,
    /// Its namespace, empty if there is none.
    pub(crate) space: String,
    /// Its name.
    pub(crate) local: String,
}

impl Walk {
    /// Starts with nothing.
    pub(crate) fn new(limits: Limits, charset: Option<&str>) -> Self {
        Self::within(Warm::default(), limits, charset)
    }

    /// Starts with what another message left.
    pub(crate) fn within(mut warm: Warm, limits: Limits, charset: Option<&str>) -> Self {
        let tokens = Tokenizer::within(&mut warm.room, limits, charset);
        Self { tokens, warm, open: vec![], passing: None }
    }

    /// The namespaces that hold where it stands.
    pub(crate) fn context(&self) -> ContextId {
        self.open.last().copied().unwrap_or(OUTSIDE)
    }

    /// Returns what comes next, over text.
    ///
    /// # Errors
    /// What stands there is not XML.
    pub(crate) fn next(&mut self) -> Result<Next, DecodeError> {
        if let Some(depth) = self.passing {
            if !skip::pass(&mut self.tokens, depth)? {
                return Ok(Next::NeedInput);
            }
            self.passing = None;
        }
        loop {
            match self.tokens.peek()? {
                None => return Ok(Next::NeedInput),
                Some(Token::Start(tag)) => return self.child(tag).map(Next::Element),
                Some(Token::Text { end } | Token::Data { end, .. }) => self.tokens.input.consume(end),
                Some(Token::End { end }) => {
                    self.tokens.leave(end);
                    self.open.pop();
                    return Ok(Next::End);
                }
                Some(Token::Finish) => return Ok(Next::End),
            }
        }
    }

    /// Goes where the message before went, if this one begins with the same tags; says which version of envelope that is.
    pub(crate) fn recall(&mut self) -> Option<SoapVersion> {
        let Self { tokens, warm, open, .. } = self;
        let known = warm.prologue.as_ref().filter(|known| known.limits == tokens.limits)?;
        let fresh = tokens.input.offset(tokens.input.at) == 0 && open.is_empty();
        if !fresh || !tokens.input.all().starts_with(&*known.text) {
            return None;
        }
        tokens.enter_all(&known.names, known.text.len());
        open.extend_from_slice(&known.contexts);
        Some(known.version)
    }

    /// Remembers how the message began, for one that begins alike.
    pub(crate) fn remember(&mut self, version: SoapVersion) {
        const BYTES_MAX: usize = 1024;
        let input = &self.tokens.input;
        let text = input.all()[..input.at].trim_end_matches([' ', '\t', '\r', '\n']);
        let Some(names) = self.tokens.open.places().filter(|_| input.offset(0) == 0) else { return };
        let known = self.warm.prologue.as_ref().is_some_and(|known| *known.text == *text);
        let lasting = self.open.iter().all(|&context| Contexts::is_kept(context));
        if !known && lasting && text.len() <= BYTES_MAX && text.ends_with('>') {
            let (limits, names, contexts) = (self.tokens.limits, names.to_vec(), self.open.clone());
            self.warm.prologue = Some(Prologue { text: text.into(), limits, version, names, contexts });
        }
    }

    /// Goes into an element.
    pub(crate) fn enter(&mut self, child: &Child) {
        self.tokens.enter(&child.tag);
        self.open.push(child.context);
    }

    /// Passes an element over.
    pub(crate) fn pass(&mut self, child: &Child) {
        self.passing = Some(self.tokens.open.depth());
        self.tokens.enter(&child.tag);
    }

    /// Goes into an element of a complete message, gathers its text, and leaves it.
    ///
    /// # Errors
    /// What stands there is not XML.
    pub(crate) fn text(&mut self, child: &Child) -> Result<String, DecodeError> {
        self.enter(child);
        let depth = self.tokens.open.depth();
        let mut out = String::new();
        loop {
            match self.tokens.peek()? {
                Some(Token::Text { end }) => {
                    let at = self.tokens.input.at;
                    let offset = self.tokens.input.offset(at);
                    text::append(self.tokens.input.text(at, end), Place::Content, offset, &mut out)?;
                    self.tokens.input.consume(end);
                }
                Some(Token::Data { from, to, end }) => {
                    let offset = self.tokens.input.offset(from);
                    text::append(self.tokens.input.text(from, to), Place::Data, offset, &mut out)?;
                    self.tokens.input.consume(end);
                }
                Some(Token::Start(tag)) => {
                    self.tokens.enter(&tag);
                    skip::pass(&mut self.tokens, depth)?;
                }
                Some(Token::End { end }) => {
                    self.tokens.leave(end);
                    self.open.pop();
                    return Ok(out);
                }
                Some(Token::Finish) | None => return Ok(out),
            }
        }
    }

    fn child(&mut self, tag: Tag) -> Result<Child, DecodeError> {
        let outer = self.context();
        let Warm { contexts, room, .. } = &mut self.warm;
        attributes::parse(&self.tokens, &tag, &mut room.attributes)?;
        let context = contexts.declare(outer, &self.tokens, &tag, &room.attributes)?;
        let offset = self.tokens.input.offset(tag.start);
        let (space, local) = contexts.name(context, self.tokens.name(&tag), true, offset)?;
        let space = space.map(|uri| uri.to_string()).unwrap_or_default();
        Ok(Child { tag, outer, context, space, local: local.to_owned() })
    }
}

impl Child {
    /// Whether it has this name.
    pub(crate) fn is(&self, space: &str, local: &str) -> bool {
        self.space == space && self.local == local
    }

    /// Its name in words.
    pub(crate) fn describe(&self) -> String {
        match self.space.as_str() {
            "" => self.local.clone(),
            space => format!("{{{space}}}{}", self.local),
        }
    }
}

/// Returns a qualified name without its prefix and the white space around it.
pub(crate) fn without_prefix(qname: &str) -> &str {
    chars::split(qname.trim()).1
}
