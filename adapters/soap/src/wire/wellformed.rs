//! Whether bytes are a well-formed XML document without a DTD.
//!
//! **Invariant.** It is the tokenizer of the decoder that decides; this only asks for everything.

use super::attributes;
use super::names::{Contexts, OUTSIDE};
use super::text::{self, Place};
use super::tokenizer::{Tag, Token, Tokenizer};
use kernel::{DecodeError, Limits};

/// Checks that bytes are a well-formed, namespace-aware XML document; a DOCTYPE is refused.
///
/// # Errors
/// What is wrong first, with its place.
pub fn wellformed(bytes: &[u8], limits: Limits) -> Result<(), DecodeError> {
    let mut tokens = Tokenizer::new(limits, None);
    tokens.feed(bytes);
    tokens.close();
    let mut check = Check { contexts: Contexts::default(), open: vec![OUTSIDE], scratch: String::new() };
    // All input is there, so that nothing is ever waited for.
    while let Some(token) = tokens.peek()? {
        match token {
            Token::Start(tag) => {
                check.tag(&tokens, &tag)?;
                tokens.enter(&tag);
            }
            Token::End { end } => {
                check.open.pop();
                tokens.leave(end);
            }
            Token::Text { end } => {
                let at = tokens.input.at;
                check.text(tokens.input.text(at, end), Place::Content, tokens.input.offset(at))?;
                tokens.input.consume(end);
            }
            Token::Data { end, .. } => tokens.input.consume(end),
            Token::Finish => break,
        }
    }
    Ok(())
}

struct Check {
    contexts: Contexts,
    open: Vec<u32>,
    scratch: String,
}

impl Check {
    fn tag(&mut self, tokens: &Tokenizer, tag: &Tag) -> Result<(), DecodeError> {
        let mut found = Vec::new();
        attributes::parse(tokens, tag, &mut found)?;
        let outer = self.open.last().copied().unwrap_or(OUTSIDE);
        let context = self.contexts.declare(outer, tokens, tag, &found)?;
        self.open.push(context);
        self.contexts.name(context, tokens.name(tag), true, tokens.input.offset(tag.start))?;
        attributes::distinct(tokens, tag, &found, &self.contexts, context)?;
        for attribute in &found {
            let name = attribute.name(tokens, tag);
            let offset = attribute.offset(tokens, tag);
            if !attribute.declares {
                self.contexts.name(context, name, false, offset)?;
            }
            self.text(attribute.value(tokens, tag), Place::Attribute, offset)?;
        }
        Ok(())
    }

    fn text(&mut self, raw: &str, place: Place, offset: u64) -> Result<(), DecodeError> {
        self.scratch.clear();
        text::append(raw, place, offset, &mut self.scratch)
    }
}
