//! What two XML documents say, compared without how they say it.
//!
//! **Invariant.** Prefixes, the order of attributes, comments, hints where schemas lie, and white space between
//! elements do not count; everything else does.

use super::attributes;
use super::chars;
use super::names::{ContextId, Contexts, OUTSIDE, XSI};
use super::text::{self, Place};
use super::tokenizer::{Tag, Token, Tokenizer};
use kernel::{DecodeError, Limits};
use std::collections::BTreeMap;

/// Says how two documents differ, or nothing.
///
/// # Errors
/// One of them is not well-formed.
pub fn difference(expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
    let expected = parse(expected).map_err(|error| format!("the expected XML cannot be read: {error}"))?;
    let found = parse(found).map_err(|error| format!("the XML that was found cannot be read: {error}"))?;
    let path = format!("/{}", expected.name.local);
    Ok(differs(&expected, &found, &path))
}

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct QName {
    space: String,
    local: String,
}

#[derive(Debug, Default)]
struct Element {
    name: QName,
    attributes: BTreeMap<QName, String>,
    children: Vec<Element>,
    /// Text before each child and behind the last.
    texts: Vec<String>,
}

/// Reads a document into a tree, for comparing only.
fn parse(bytes: &[u8]) -> Result<Element, DecodeError> {
    let limits = Limits { text_bytes_max: 64 << 20, message_bytes_max: 64 << 20, ..Limits::default() };
    let mut tokens = Tokenizer::new(limits, None);
    tokens.feed(bytes);
    tokens.close();
    let mut contexts = Contexts::default();
    let mut open: Vec<(Element, ContextId)> = Vec::new();
    let mut root = Element::default();
    while let Some(token) = tokens.peek()? {
        match token {
            Token::Start(tag) => {
                let outer = open.last().map_or(OUTSIDE, |(_, context)| *context);
                open.push(element(&tokens, &tag, &mut contexts, outer)?);
                tokens.enter(&tag);
            }
            Token::End { end } => {
                tokens.leave(end);
                match (open.pop(), open.last_mut()) {
                    (Some((child, _)), Some((parent, _))) => {
                        parent.children.push(child);
                        parent.texts.push(String::new());
                    }
                    (Some((child, _)), None) => root = child,
                    (None, _) => {}
                }
            }
            Token::Text { end } => {
                let at = tokens.input.at;
                gather(&tokens, at, end, Place::Content, &mut open)?;
                tokens.input.consume(end);
            }
            Token::Data { from, to, end } => {
                gather(&tokens, from, to, Place::Data, &mut open)?;
                tokens.input.consume(end);
            }
            Token::Finish => break,
        }
    }
    Ok(root)
}

fn gather(
    tokens: &Tokenizer,
    from: usize,
    to: usize,
    place: Place,
    open: &mut [(Element, ContextId)],
) -> Result<(), DecodeError> {
    let Some(out) = open.last_mut().and_then(|(element, _)| element.texts.last_mut()) else { return Ok(()) };
    text::append(tokens.input.text(from, to), place, tokens.input.offset(from), out)
}

fn element(
    tokens: &Tokenizer,
    tag: &Tag,
    contexts: &mut Contexts,
    outer: ContextId,
) -> Result<(Element, ContextId), DecodeError> {
    let mut written = Vec::new();
    attributes::parse(tokens, tag, &mut written)?;
    let context = contexts.declare(outer, tokens, tag, &written)?;
    let resolve = |name: &str, default, offset| {
        let (space, local) = contexts.name(context, name, default, offset)?;
        Ok(QName { space: space.map(|uri| uri.to_string()).unwrap_or_default(), local: local.to_owned() })
    };
    let name = resolve(tokens.name(tag), true, tokens.input.offset(tag.start))?;
    attributes::distinct(tokens, tag, &written, contexts, context)?;
    let mut found = BTreeMap::new();
    for attribute in written.iter().filter(|attribute| !attribute.declares) {
        let offset = attribute.offset(tokens, tag);
        let name = resolve(attribute.name(tokens, tag), false, offset)?;
        let mut value = String::new();
        text::append(attribute.value(tokens, tag), Place::Attribute, offset, &mut value)?;
        match (name.space.as_str(), name.local.as_str()) {
            (XSI, "schemaLocation" | "noNamespaceSchemaLocation") => continue,
            (XSI, "nil") if matches!(value.trim(), "false" | "0") => continue,
            (XSI, "nil") => value = "true".into(),
            (XSI, "type") => {
                let ty = resolve(value.trim(), true, offset)?;
                value = format!("{{{}}}{}", ty.space, ty.local);
            }
            _ => {}
        }
        found.insert(name, value);
    }
    Ok((Element { name, attributes: found, children: Vec::new(), texts: vec![String::new()] }, context))
}

/// The first difference, in document order.
fn differs(expected: &Element, found: &Element, path: &str) -> Option<String> {
    if expected.name != found.name {
        return Some(format!("{path}: expected the element {}, found {}", expected.name, found.name));
    }
    attributes_differ(expected, found, path).or_else(|| texts_differ(expected, found, path)).or_else(|| {
        let mut seen: BTreeMap<&QName, usize> = BTreeMap::new();
        for (n, child) in expected.children.iter().enumerate() {
            let count = seen.entry(&child.name).or_default();
            *count += 1;
            let inner = format!("{path}/{}[{count}]", child.name.local);
            let Some(other) = found.children.get(n) else { return Some(format!("{inner}: is missing")) };
            if let Some(difference) = differs(child, other, &inner) {
                return Some(difference);
            }
        }
        let extra = found.children.get(expected.children.len())?;
        Some(format!("{path}: the element {} was not expected", extra.name))
    })
}

fn attributes_differ(expected: &Element, found: &Element, path: &str) -> Option<String> {
    for (name, value) in &expected.attributes {
        match found.attributes.get(name) {
            Some(other) if other == value => {}
            Some(other) => {
                return Some(format!("{path}/@{}: expected {value:?}, found {other:?}", name.local));
            }
            None => return Some(format!("{path}/@{}: is missing", name.local)),
        }
    }
    let extra = found.attributes.keys().find(|name| !expected.attributes.contains_key(name))?;
    Some(format!("{path}: the attribute {extra} was not expected"))
}

fn texts_differ(expected: &Element, found: &Element, path: &str) -> Option<String> {
    let (a, b) = (expected.significant(), found.significant());
    (a != b).then(|| format!("{path}: expected the text {:?}, found {:?}", a.concat(), b.concat()))
}

impl Element {
    /// Its texts; none where only white space stands between its elements, or only a line break in an element
    /// that has none: whoever breaks a line between two tags means nothing by it.
    fn significant(&self) -> &[String] {
        let blank = self.texts.iter().all(|text| chars::is_blank(text));
        let formatted =
            !self.children.is_empty() || self.texts.iter().all(|text| text.is_empty() || text.contains('\n'));
        if blank && formatted { &[] } else { &self.texts }
    }
}

impl std::fmt::Display for QName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.space.as_str() {
            "" => f.write_str(&self.local),
            space => write!(f, "{{{space}}}{}", self.local),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_counts() {
        let check = |a: &str, b: &str, expected: Option<&str>| {
            assert_eq!(difference(a.as_bytes(), b.as_bytes()), Ok(expected.map(str::to_owned)), "{a} {b}");
        };
        check("<a x='1' y='2'><b/></a>", "<a y=\"2\" x=\"1\">\n <b></b><!-- c --></a>", None);
        check("<p:a xmlns:p='u'><p:b/></p:a>", "<a xmlns='u'><q:b xmlns:q='u'/></a>", None);
        check("<a>1&amp;</a>", "<a><![CDATA[1&]]></a>", None);
        check("<a>\n  </a>", "<a/>", None);
        let xsi = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'";
        check(
            &format!("<a {xsi} xmlns:t='u' i:type='t:x' i:nil='1'/>"),
            &format!("<a {xsi} xmlns:r='u' i:type='r:x' i:nil='true' i:schemaLocation='x y'/>"),
            None,
        );
        check("<a/>", "<a xmlns='u'/>", Some("/a: expected the element a, found {u}a"));
        check("<a> 1</a>", "<a>1</a>", Some("/a: expected the text \" 1\", found \"1\""));
        check("<a> </a>", "<a/>", Some("/a: expected the text \" \", found \"\""));
        check("<a x='1'/>", "<a x='2'/>", Some("/a/@x: expected \"1\", found \"2\""));
        check("<a x='1'/>", "<a/>", Some("/a/@x: is missing"));
        check("<a/>", "<a x='1'/>", Some("/a: the attribute x was not expected"));
        check("<a><b/><b/></a>", "<a><b/></a>", Some("/a/b[2]: is missing"));
        check("<a><b/></a>", "<a><b/><b/></a>", Some("/a: the element b was not expected"));
        check("<a><b/><c/></a>", "<a><c/><b/></a>", Some("/a/b[1]: expected the element b, found c"));
        check("<a>x<b/>y</a>", "<a>xy<b/></a>", Some("/a: expected the text \"xy\", found \"xy\""));
    }

    #[test]
    fn what_is_not_xml_is_refused() {
        assert!(difference(b"<a/>", b"<a>").unwrap_err().contains("was found cannot be read"));
        assert!(difference(b"", b"<a/>").unwrap_err().contains("expected XML cannot be read"));
    }
}
