//! Turns the bytes of a schema file into text that is safe to parse.
//!
//! **Invariant.** What passes here has no DTD and is bounded in size, nesting, attributes and namespaces, so that no later step can be made to hang.

use encoding_rs::Encoding;
use memchr::{memchr, memmem};

/// Largest schema file.
pub(crate) const FILE_BYTES_MAX: usize = 32 << 20;
/// Deepest nesting of elements in a schema file.
const DEPTH_MAX: usize = 256;
/// Most attributes of one element in a schema file.
const ATTRIBUTES_MAX: usize = 512;
/// Most namespace declarations in scope at one place of a schema file.
const NAMESPACES_MAX: usize = 512;

/// Why a file is no readable schema: in words, with the offset if there is one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) reason: String,
    pub(crate) offset: Option<usize>,
}

/// Returns the text of a schema file, in the encoding that its first bytes or its XML declaration name.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, String> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!("it has {} bytes, the limit is {FILE_BYTES_MAX}", bytes.len()));
    }
    let (encoding, skip) = match Encoding::for_bom(bytes) {
        Some(found) => found,
        None => (declared(bytes)?, 0),
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(&bytes[skip..])
        .map(|text| text.into_owned())
        .ok_or_else(|| format!("it is not valid {}", encoding.name()))
}

/// Refuses a DTD and exceeded bounds; leaves all other mistakes to the parser.
pub(crate) fn guard(text: &str) -> Result<(), Unreadable> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut scope = Scope::default();
    while let Some(found) = memchr(b'<', &bytes[at..]) {
        let start = at + found;
        let rest = &bytes[start..];
        let refused = |reason: String| Unreadable { reason, offset: Some(start) };
        let passed = if rest.starts_with(b"<!--") {
            behind(rest, b"-->")
        } else if rest.starts_with(b"<![CDATA[") {
            behind(rest, b"]]>")
        } else if rest.starts_with(b"<?") {
            behind(rest, b"?>")
        } else if rest.starts_with(b"<!") {
            return Err(refused("a DTD is not read".into()));
        } else if rest.starts_with(b"</") {
            scope.leave();
            behind(rest, b">")
        } else if let Some(tag) = start_tag(rest) {
            scope.enter(&tag).map_err(refused)?;
            Some(tag.length)
        } else {
            None
        };
        match passed {
            Some(length) => at = start + length,
            None => break,
        }
    }
    Ok(())
}

/// What is open at some place.
#[derive(Default)]
struct Scope {
    /// How many namespaces each open element declares.
    open: Vec<usize>,
    /// All of them together.
    namespaces: usize,
}

impl Scope {
    fn enter(&mut self, tag: &Tag) -> Result<(), String> {
        if tag.attributes > ATTRIBUTES_MAX {
            return Err(format!("an element has more than {ATTRIBUTES_MAX} attributes"));
        }
        if self.namespaces + tag.namespaces > NAMESPACES_MAX {
            return Err(format!("more than {NAMESPACES_MAX} namespace declarations are in scope"));
        }
        if !tag.empty {
            self.open.push(tag.namespaces);
            self.namespaces += tag.namespaces;
        }
        match self.open.len() > DEPTH_MAX {
            true => Err(format!("elements are nested deeper than {DEPTH_MAX}")),
            false => Ok(()),
        }
    }

    fn leave(&mut self) {
        self.namespaces -= self.open.pop().unwrap_or(0);
    }
}

/// Returns the length of a start tag, its `<` and `>` included.
pub(crate) fn start_tag_length(rest: &str) -> usize {
    start_tag(rest.as_bytes()).map_or(rest.len(), |tag| tag.length)
}

struct Tag {
    length: usize,
    attributes: usize,
    namespaces: usize,
    empty: bool,
}

fn start_tag(rest: &[u8]) -> Option<Tag> {
    let mut tag = Tag { length: 0, attributes: 0, namespaces: 0, empty: false };
    let mut at = 1;
    loop {
        match *rest.get(at)? {
            quote @ (b'"' | b'\'') => at += 1 + memchr(quote, &rest[at + 1..])?,
            b'>' => break,
            b'=' => tag.attributes += 1,
            b'x' if rest[at - 1].is_ascii_whitespace() && rest[at..].starts_with(b"xmlns") => {
                tag.namespaces += 1;
            }
            _ => {}
        }
        at += 1;
    }
    tag.length = at + 1;
    tag.empty = rest[at - 1] == b'/';
    Some(tag)
}

fn behind(rest: &[u8], end: &[u8]) -> Option<usize> {
    memmem::find(rest, end).map(|at| at + end.len())
}

/// The encoding that the XML declaration names; UTF-8 where there is none.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, String> {
    match bytes {
        [b'<', 0, ..] => return Ok(encoding_rs::UTF_16LE),
        [0, b'<', ..] => return Ok(encoding_rs::UTF_16BE),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(256)];
    let label = head.starts_with(b"<?xml").then(|| head.split(|&b| b == b'>').next()).flatten().and_then(
        |declaration| {
            let at = memmem::find(declaration, b"encoding")?;
            declaration[at..].split(|&b| b == b'"' || b == b'\'').nth(1)
        },
    );
    match label {
        None => Ok(encoding_rs::UTF_8),
        // The declaration could be read as single bytes, so it is not two bytes a character whatever it says.
        Some(label) if label.to_ascii_lowercase().starts_with(b"utf-16") => Ok(encoding_rs::UTF_8),
        Some(label) => Encoding::for_label(label)
            .ok_or_else(|| format!("its encoding {:?} is not known", String::from_utf8_lossy(label))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_found_by_mark_and_by_declaration() {
        let check = |bytes: &[u8], text: &str| assert_eq!(decode(bytes).as_deref(), Ok(text));
        check(b"\xEF\xBB\xBF<a/>", "<a/>");
        check(b"\xFF\xFE<\0a\0/\0>\0", "<a/>");
        check(b"\0<\0a\0/\0>", "<a/>");
        check(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xE9'/>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><a b='é'/>",
        );
        assert!(decode(b"<a b='\xE9'/>").is_err_and(|e| e.contains("UTF-8")));
        assert!(
            decode(b"<?xml version='1.0' encoding='klingon'?><a/>").is_err_and(|e| e.contains("klingon"))
        );
    }

    #[test]
    fn a_hostile_file_is_refused_before_it_is_parsed() {
        let check = |text: String, reason: &str| {
            let found = guard(&text).expect_err("it is hostile");
            assert!(found.reason.contains(reason), "{found:?}");
        };
        check("<!DOCTYPE a []><a/>".into(), "DTD");
        check("<a>".repeat(300), "nested deeper");
        check(format!("<a {}/>", "b='' ".repeat(600)), "attributes");
        check(format!("<a {}>", "xmlns:b='' ".repeat(400)).repeat(2), "namespace");
    }

    #[test]
    fn quotes_comments_and_cdata_do_not_confuse_the_guard() {
        for text in
            ["<a b='>' c=\"<\"><!-- <!DOCTYPE <a> --><![CDATA[<!DOCTYPE]]><?p <!?></a>", "<a", "", "<a b='"]
        {
            assert_eq!(guard(text), Ok(()), "{text}");
        }
    }
}
