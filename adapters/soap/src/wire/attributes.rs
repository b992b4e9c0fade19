//! The attributes of a start tag.
//!
//! **Invariant.** Names and values are positions in the tag; a value is decoded only for somebody who wants it.

use super::chars::{self, LOCAL, NAME, NAME_START, SPACE};
use super::names::{ContextId, Contexts};
use super::scan;
use super::tokenizer::{Tag, Tokenizer};
use super::written::{self, Head, Written};
use kernel::{DecodeError, Limits};

/// One attribute as written; positions count from the beginning of the tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    name: (u32, u32),
    value: (u32, u32),
    /// Which of the known ones it is, where that was asked.
    pub(crate) entry: u32,
    /// It declares a namespace.
    pub(crate) declares: bool,
    /// Its name has a prefix.
    pub(crate) prefixed: bool,
    /// Its value is known to mean exactly what is written.
    pub(crate) plain: bool,
}

/// What stands behind the name of a tag, as `plain` found it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// Behind the attributes.
    pub(crate) attributes_end: usize,
    /// Behind the tag.
    pub(crate) end: usize,
    /// It is an empty element.
    pub(crate) empty: bool,
    /// All attributes are known, and none has a prefix.
    pub(crate) simple: bool,
}

impl Attribute {
    /// Its name as written, given its tag.
    pub(crate) fn name<'a>(&self, tokens: &'a Tokenizer, tag: &Tag) -> &'a str {
        tokens.input.text(tag.start + self.name.0 as usize, tag.start + self.name.1 as usize)
    }

    /// The bytes of its name, given its tag.
    #[inline]
    pub(crate) fn bytes<'a>(&self, tokens: &'a Tokenizer, tag: &Tag) -> &'a [u8] {
        &tokens.input.bytes()[tag.start + self.name.0 as usize..tag.start + self.name.1 as usize]
    }

    /// Its value as written, given its tag.
    pub(crate) fn value<'a>(&self, tokens: &'a Tokenizer, tag: &Tag) -> &'a str {
        tokens.input.text(tag.start + self.value.0 as usize, tag.start + self.value.1 as usize)
    }

    /// From where to where its value stands in its tag.
    #[inline]
    pub(crate) fn value_range(&self) -> (usize, usize) {
        (self.value.0 as usize, self.value.1 as usize)
    }

    /// Place of its value in the message, given its tag.
    pub(crate) fn offset(&self, tokens: &Tokenizer, tag: &Tag) -> u64 {
        tokens.input.offset(tag.start + self.value.0 as usize)
    }
}

/// Most attributes of a tag whose names are compared with each other.
const MOST: usize = 16;

/// Reads the attributes of a tag into `found`; names that are written twice are refused.
///
/// # Errors
/// What stands there is no attribute, or there are too many.
pub(crate) fn parse(tokens: &Tokenizer, tag: &Tag, found: &mut Vec<Attribute>) -> Result<(), DecodeError> {
    found.clear();
    let bytes = &tokens.input.bytes()[tag.start..tag.attributes_end];
    let mut at = tag.name_end - tag.start;
    let mut namespaces = 0;
    loop {
        let blank = chars::run(&bytes[at..], SPACE);
        if at + blank == bytes.len() {
            break;
        }
        if blank == 0 {
            return Err(tokens.error(tag.start + at, "white space is missing between two attributes"));
        }
        at += blank;
        let attribute = one(bytes, &mut at).map_err(|(at, message)| tokens.error(tag.start + at, message))?;
        namespaces += u32::from(attribute.declares);
        found.push(attribute);
        let limits = &tokens.limits;
        let offset = tokens.input.offset(tag.start + at);
        if namespaces > limits.namespaces_max {
            return Err(DecodeError::limit("limits.namespaces", u64::from(limits.namespaces_max), offset));
        }
        if found.len() - namespaces as usize > limits.attributes_max as usize {
            return Err(DecodeError::limit("limits.attributes", u64::from(limits.attributes_max), offset));
        }
        if attribute.value.1 - attribute.value.0 > limits.text_bytes_max {
            return Err(DecodeError::limit("limits.text", u64::from(limits.text_bytes_max), offset));
        }
    }
    unique(tokens, tag, bytes, found)
}

/// Reads the attributes of a tag where they are the `known` ones in the order in which these came first, and each is written
/// as most are; returns where they end, nothing if there is anything else. Positions count from the beginning of the tag.
#[inline(never)]
pub(crate) fn regular(
    tag: &[u8],
    name_length: usize,
    known: &[Written],
    found: &mut Vec<Attribute>,
) -> Option<usize> {
    found.clear();
    let mut known = (0..).zip(known);
    let mut at = 1 + name_length;
    while tag.get(at) == Some(&b' ') {
        let from = at + 1;
        let head = Head::at(tag, from)?;
        let (entry, name) = known.find(|(_, name)| name.behind(tag, from, head) == Some(b'='))?;
        let name_end = from + name.name().len();
        let open = name_end + 2;
        let end = scan::value_end(tag, open, b'"')?;
        if tag.get(name_end + 1) != Some(&b'"') || tag.get(end) != Some(&b'"') || name.prefixed {
            return None;
        }
        let (name, value) = ((from as u32, name_end as u32), (open as u32, end as u32));
        found.push(Attribute { name, value, entry, declares: false, prefixed: false, plain: true });
        at = end + 1;
    }
    Some(at)
}

/// Reads the attributes of a tag, and finds its end, in one pass; `known` are those that elements of this name had before.
/// Nothing if there is anything that `parse` may refuse, if a namespace is declared, or if the
/// tag is not here as a whole.
pub(crate) fn plain(
    tag: &[u8],
    name_length: usize,
    limits: &Limits,
    known: &[Written],
    found: &mut Vec<Attribute>,
) -> Option<Rest> {
    found.clear();
    let most = MOST.min(limits.attributes_max as usize);
    let mut at = 1 + name_length;
    let empty = loop {
        match *tag.get(at)? {
            b'>' => break false,
            b'/' if *tag.get(at + 1)? == b'>' => break true,
            byte if chars::is(byte, SPACE) => at += 1,
            _ => return None,
        }
        if chars::is(*tag.get(at)?, NAME_START) {
            let attribute = plain_one(tag, at, known).filter(|_| found.len() < most)?;
            let name = |a: &Attribute| &tag[a.name.0 as usize..a.name.1 as usize];
            if found.iter().any(|other| scan::same(name(other), name(&attribute))) {
                return None;
            }
            at = attribute.value.1 as usize + 1;
            found.push(attribute);
        }
    };
    let simple = found.iter().all(|attribute| attribute.entry != written::NONE && !attribute.prefixed);
    // Where all of them are not too long, none is.
    let short = at as u64 <= u64::from(limits.text_bytes_max);
    short.then_some(Rest { attributes_end: at, end: at + 1 + usize::from(empty), empty, simple })
}

fn plain_one(tag: &[u8], from: usize, known: &[Written]) -> Option<Attribute> {
    let mut end = from + chars::run(&tag[from..], LOCAL);
    let prefixed = *tag.get(end)? == b':';
    if prefixed {
        end += chars::run(&tag[end..], NAME);
    }
    let name = &tag[from..end];
    let quote = *tag.get(end + 1)?;
    if name.starts_with(b"xmlns") || tag[end] != b'=' || !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let open = end + 2;
    let mut close = scan::value_end(tag, open, quote)?;
    let plain = tag[close] == quote;
    if !plain {
        close = scan::find(tag, close, quote).filter(|&close| !tag[open..close].contains(&b'<'))?;
    }
    let entry = written::position(known, name);
    let (name, value) = ((from as u32, end as u32), (open as u32, close as u32));
    Some(Attribute { name, value, entry, declares: false, prefixed, plain })
}

/// Returns whether a tag may declare a namespace; `true` may be wrong, `false` is not.
pub(crate) fn may_declare(tokens: &Tokenizer, tag: &Tag) -> bool {
    let raw = &tokens.input.bytes()[tag.name_end..tag.attributes_end];
    memchr::memchr_iter(b'x', raw).any(|at| raw[at..].starts_with(b"xmlns"))
}

fn one(bytes: &[u8], at: &mut usize) -> Result<Attribute, (usize, &'static str)> {
    let start = *at;
    let name_end = start + chars::run(&bytes[start..], NAME);
    if name_end == start || !chars::is(bytes[start], NAME_START) {
        return Err((start, "an attribute has no valid name"));
    }
    let equals = name_end + chars::run(&bytes[name_end..], SPACE);
    if bytes.get(equals) != Some(&b'=') {
        return Err((equals, "an attribute has no value"));
    }
    let open = equals + 1 + chars::run(&bytes[equals + 1..], SPACE);
    let quote =
        *bytes.get(open).filter(|b| matches!(b, b'"' | b'\'')).ok_or((open, "a value is not quoted"))?;
    let length =
        scan::find(bytes, open + 1, quote).map(|at| at - open - 1).ok_or((open, "a value has no end"))?;
    let value = (open + 1, open + 1 + length);
    *at = value.1 + 1;
    let name = &bytes[start..name_end];
    let declares = name.starts_with(b"xmlns") && (name.len() == 5 || name[5] == b':');
    // A tag is part of a message, whose size is limited far below four gigabytes.
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let prefixed = name.contains(&b':');
    Ok(Attribute {
        prefixed,
        name: (narrow(start), narrow(name_end)),
        value: (narrow(value.0), narrow(value.1)),
        entry: written::NONE,
        declares,
        plain: false,
    })
}

/// Source: XML 1.0, "An attribute name MUST NOT appear more than once in the same start-tag".
fn unique(tokens: &Tokenizer, tag: &Tag, bytes: &[u8], found: &[Attribute]) -> Result<(), DecodeError> {
    let name = |a: &Attribute| &bytes[a.name.0 as usize..a.name.1 as usize];
    let twice = if found.len() <= MOST {
        (1..found.len()).find(|&n| found[..n].iter().any(|other| name(other) == name(&found[n])))
    } else {
        let mut seen = std::collections::HashSet::with_capacity(found.len());
        found.iter().position(|attribute| !seen.insert(name(attribute)))
    };
    match twice {
        Some(n) => {
            let at = tag.start + found[n].name.0 as usize;
            Err(tokens.error(at, "an attribute is written twice"))
        }
        None => Ok(()),
    }
}

/// Refuses two attributes of one expanded name, under different prefixes.
///
/// Source: Namespaces in XML 1.0, section 6.3, "Uniqueness of Attributes".
///
/// # Errors
/// There are two.
pub(crate) fn distinct(
    tokens: &Tokenizer,
    tag: &Tag,
    found: &[Attribute],
    contexts: &Contexts,
    context: ContextId,
) -> Result<(), DecodeError> {
    if found.len() < 2 {
        return Ok(());
    }
    let mut seen = std::collections::HashSet::new();
    for attribute in found.iter().filter(|attribute| !attribute.declares) {
        let (prefix, local) = chars::split(attribute.name(tokens, tag));
        let space = contexts.resolve(context, prefix).flatten();
        if !prefix.is_empty() && space.is_some() && !seen.insert((space, local)) {
            return Err(tokens.error(tag.start + attribute.name.0 as usize, "an attribute is written twice"));
        }
    }
    Ok(())
}
