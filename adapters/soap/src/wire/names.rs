//! Which namespace a prefix means, where.
//!
//! **Invariant.** A context never changes once it exists; equal declarations in the same place share one, so that
//! what was learnt in a context holds wherever its number stands.
//!
//! Source: Namespaces in XML 1.0 (Third Edition), sections 3 and 6.

use super::attributes::Attribute;
use super::chars;
use super::text::{self, Place};
use super::tokenizer::{Tag, Tokenizer, shortened};
use kernel::DecodeError;
use std::sync::Arc;

/// The namespace of `xml:`.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of `xmlns:`.
pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// The namespace of `xsi:type` and `xsi:nil`.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of the types of XML Schema.
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// Number of a context.
pub(crate) type ContextId = u32;

/// The context outside of the root.
pub(crate) const OUTSIDE: ContextId = 0;

/// Contexts that are kept for the whole message. More are forgotten when their element ends.
const KEPT_MAX: usize = 256;

/// All contexts of a message, and of those of its kind before it.
#[derive(Debug)]
pub(crate) struct Contexts {
    all: Vec<Context>,
    /// The declarations of the tag at hand as written; kept only for its memory.
    written: String,
}

#[derive(Debug)]
struct Context {
    parent: ContextId,
    /// Its declarations as written.
    written: Box<str>,
    bindings: Vec<(Box<str>, Option<Arc<str>>)>,
}

impl Default for Contexts {
    fn default() -> Self {
        let bindings = vec![("".into(), None), ("xml".into(), Some(XML.into()))];
        Self { all: vec![Context { parent: OUTSIDE, written: "".into(), bindings }], written: String::new() }
    }
}

impl Contexts {
    /// Returns what is left where contexts were taken away: not even the outermost one.
    pub(crate) fn none() -> Self {
        Self { all: Vec::new(), written: String::new() }
    }

    /// Returns the context within an element that stands in `parent` and has these attributes.
    ///
    /// # Errors
    /// A declaration that namespaces do not allow.
    pub(crate) fn declare(
        &mut self,
        parent: ContextId,
        tokens: &Tokenizer,
        tag: &Tag,
        attributes: &[Attribute],
    ) -> Result<ContextId, DecodeError> {
        // Those behind the kept ones belong to elements that are inside of `parent`, and over.
        self.all.truncate((parent as usize + 1).max(KEPT_MAX));
        let written = &mut self.written;
        written.clear();
        for attribute in attributes.iter().filter(|attribute| attribute.declares) {
            // No value holds the separator, so that different declarations are never written alike.
            for text in [attribute.name(tokens, tag), "<", attribute.value(tokens, tag), "<"] {
                written.push_str(text);
            }
        }
        if written.is_empty() {
            return Ok(parent);
        }
        let same = |context: &Context| context.parent == parent && *context.written == **written;
        if let Some(known) = self.all.iter().take(KEPT_MAX).position(same) {
            return Ok(number(known));
        }
        let mut bindings = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.declares) {
            let offset = attribute.offset(tokens, tag);
            let mut uri = String::new();
            text::append(attribute.value(tokens, tag), Place::Attribute, offset, &mut uri)?;
            let name = attribute.name(tokens, tag);
            let prefix = name.strip_prefix("xmlns:").unwrap_or("");
            permitted(name, prefix, &uri).map_err(|message| DecodeError::new(message, offset))?;
            bindings.push((prefix.into(), (!uri.is_empty()).then(|| uri.into())));
        }
        self.all.push(Context { parent, written: self.written.as_str().into(), bindings });
        Ok(number(self.all.len() - 1))
    }

    /// Returns whether the next message may profit: not if each message declares something else.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.all.len() <= KEPT_MAX / 4
    }

    /// Returns the namespace of a prefix; the outer `None` means that it is not declared.
    ///
    /// The empty prefix is the default namespace, which is always declared.
    pub(crate) fn resolve(&self, mut context: ContextId, prefix: &str) -> Option<Option<&Arc<str>>> {
        loop {
            let here = &self.all[context as usize];
            if let Some((_, uri)) = here.bindings.iter().find(|(known, _)| **known == *prefix) {
                return Some(uri.as_ref());
            }
            if context == OUTSIDE {
                return None;
            }
            context = here.parent;
        }
    }

    /// Resolves a qualified name; without a prefix it is in the default namespace if `default` says so.
    ///
    /// # Errors
    /// It is no qualified name, or its prefix is not declared.
    pub(crate) fn name<'a, 'n>(
        &'a self,
        context: ContextId,
        qname: &'n str,
        default: bool,
        offset: u64,
    ) -> Result<(Option<&'a Arc<str>>, &'n str), DecodeError> {
        if !chars::is_qname(qname) {
            return Err(DecodeError::new("a name is not a valid qualified name", offset));
        }
        let (prefix, local) = chars::split(qname);
        if prefix.is_empty() && !default {
            return Ok((None, local));
        }
        match self.resolve(context, prefix) {
            Some(space) => Ok((space, local)),
            None => {
                let message = format!("the prefix {} is not declared", shortened(prefix));
                Err(DecodeError::new(message, offset))
            }
        }
    }

    /// Returns whether what was learnt in a context may be kept.
    pub(crate) fn is_kept(context: ContextId) -> bool {
        (context as usize) < KEPT_MAX
    }
}

fn permitted(name: &str, prefix: &str, uri: &str) -> Result<(), &'static str> {
    if !chars::is_qname(name) {
        return Err("a namespace prefix is not a valid name");
    }
    match (prefix, uri) {
        ("xmlns", _) => Err("the prefix xmlns cannot be declared"),
        ("xml", XML) => Ok(()),
        ("xml", _) => Err("the prefix xml cannot be declared anew"),
        (_, XML | XMLNS) => Err("this namespace cannot have another prefix"),
        ("", _) => Ok(()),
        (_, "") => Err("a prefix cannot be undeclared"),
        _ => Ok(()),
    }
}

fn number(n: usize) -> ContextId {
    // There are never more contexts than elements in a message, whose size is limited.
    u32::try_from(n).unwrap_or(u32::MAX)
}
