//! A scalar together with the place of each of its bytes in the file.
//!
//! **Invariant.** A place is never outside of the scalar, whatever quotes, escapes and folds stand between.

use crate::lang::ast::{Expr, Spanned};
use kernel::{Node, NodeKind, Sources, Span, Style, Text};
use std::sync::Arc;

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    /// The text, quotes and escapes resolved.
    pub(crate) text: &'a str,
    /// The scalar in the file, with its quotes.
    pub(crate) span: Span,
    /// How it was written.
    pub(crate) style: Style,
    places: Places,
}

/// Where bytes of a text stand in its file.
#[derive(Debug, Clone)]
enum Places {
    /// One behind the other, from this offset.
    From(u32),
    /// Each where the table says.
    Table(Arc<[u32]>),
    /// The file has another text, as where a variable was replaced: the whole scalar.
    Whole,
}

impl<'a> Line<'a> {
    /// Returns the line that a scalar is; `None` for a list, a map or nothing.
    pub(crate) fn of(node: &'a Node, sources: &Sources) -> Option<Self> {
        let NodeKind::Text(Text { value, style }) = &node.kind else { return None };
        Some(Self {
            text: value,
            span: node.span,
            style: *style,
            places: places(value, *style, node.span, sources),
        })
    }

    /// Returns the line that a key is.
    pub(crate) fn of_key(key: &'a str, span: Span, sources: &Sources) -> Self {
        let raw = raw(span, sources);
        let quoted = raw.starts_with(['"', '\'']) && raw != key;
        let style = if quoted { Style::Quoted } else { Style::Plain };
        Self { text: key, span, style, places: places(key, style, span, sources) }
    }

    /// Returns where the bytes `from..to` of the text stand.
    pub(crate) fn place(&self, from: usize, to: usize) -> Span {
        match &self.places {
            Places::From(start) => {
                let ahead = (*start - self.span.start) as usize;
                self.span.within(ahead + from, ahead + to)
            }
            Places::Table(table) => {
                let start = table.get(from).copied().unwrap_or(self.span.end);
                let last = to.checked_sub(1).filter(|last| *last >= from).and_then(|last| table.get(last));
                Span { file: self.span.file, start, end: last.map_or(start, |at| at + 1).max(start) }
            }
            Places::Whole => self.span,
        }
    }

    /// Returns the text with its place.
    pub(crate) fn spanned(&self) -> Spanned<String> {
        Spanned::new(self.text.to_owned(), self.span)
    }

    /// Returns a part of the text with its place, without blanks around it.
    pub(crate) fn part(&self, from: usize, to: usize) -> Spanned<String> {
        let (from, to) = trimmed(self.text, from, to);
        Spanned::new(self.text[from..to].to_owned(), self.place(from, to))
    }

    /// Returns the expression that begins at `from`.
    pub(crate) fn expr(&self, from: usize) -> Expr {
        let (from, to) = trimmed(self.text, from, self.text.len());
        let span = self.place(from, to);
        let places = match &self.places {
            Places::From(_) => None,
            Places::Table(table) => Some(table.get(from..to).unwrap_or_default().into()),
            Places::Whole => Some(vec![self.span.start; to - from].into()),
        };
        Expr { text: self.text[from..to].to_owned(), span, places }
    }

    /// Returns whether the scalar stands on one line of the file.
    pub(crate) fn is_single(&self, sources: &Sources) -> bool {
        self.style != Style::Block && !raw(self.span, sources).contains('\n')
    }
}

/// Returns `from..to` without blanks at either end.
pub(crate) fn trimmed(text: &str, from: usize, to: usize) -> (usize, usize) {
    let part = &text[from..to];
    let start = from + (part.len() - part.trim_start().len());
    (start, start + part.trim().len())
}

fn raw(span: Span, sources: &Sources) -> &str {
    let text = sources.file(span.file).map_or("", |file| &*file.text);
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

fn places(value: &str, style: Style, span: Span, sources: &Sources) -> Places {
    let raw = raw(span, sources);
    let ahead = usize::from(style == Style::Quoted);
    if raw.get(ahead..).is_some_and(|rest| rest.starts_with(value)) {
        return Places::From(span.start.saturating_add(ahead as u32));
    }
    match align(value, raw, style) {
        Some(table) => Places::Table(table.into_iter().map(|at| span.start + at).collect()),
        None => Places::Whole,
    }
}

/// Finds for each byte of the value the byte of the raw text that it comes from.
fn align(value: &str, raw: &str, style: Style) -> Option<Vec<u32>> {
    let double = raw.starts_with('"') && style == Style::Quoted;
    let mut at = usize::from(style == Style::Quoted);
    let mut table = Vec::with_capacity(value.len());
    for character in value.chars() {
        if double {
            at += joint(raw.get(at..)?);
        }
        let place = u32::try_from(at).ok()?;
        let next = raw.get(at..)?.chars().next();
        let taken = match next {
            Some('\'') if style == Style::Quoted && !double && character == '\'' => 2,
            Some('\\') if double => escape(raw.get(at..)?),
            Some(found) if found == character => character.len_utf8(),
            Some('\n' | '\r') if character.is_whitespace() => blanks(raw.get(at..)?),
            _ if character.is_whitespace() => 0,
            Some(found) if found.is_whitespace() => {
                let skipped = blanks(raw.get(at..)?);
                raw.get(at + skipped..)?.starts_with(character).then_some(skipped + character.len_utf8())?
            }
            _ => return None,
        };
        let shown = if next.is_some_and(char::is_whitespace) && !character.is_whitespace() {
            u32::try_from(at + taken - character.len_utf8()).ok()?
        } else {
            place
        };
        for byte in 0..character.len_utf8() {
            let inner = if taken == character.len_utf8() || shown != place { byte } else { 0 };
            table.push(shown + u32::try_from(inner).ok()?);
        }
        at += taken;
    }
    Some(table)
}

/// Returns the length of an escaped line break and the blanks behind it.
fn joint(raw: &str) -> usize {
    match raw.strip_prefix("\\\n").or_else(|| raw.strip_prefix("\\\r\n")) {
        Some(rest) => raw.len() - rest.len() + blanks(rest),
        None => 0,
    }
}

fn blanks(raw: &str) -> usize {
    raw.len() - raw.trim_start().len()
}

/// Returns the length of an escape of a text in double quotes.
fn escape(raw: &str) -> usize {
    let length = match raw.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        Some(byte) if !byte.is_ascii() => 1,
        _ => 2,
    };
    length.min(raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::yaml;

    /// Finds `part` in the value of the scalar and checks what stands at its place in the file.
    fn check(text: &str, part: &str, expected: &str) {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let mut found = Vec::new();
        let node = yaml::parse(file, text, &mut found).expect("YAML");
        let line = Line::of(node.at("a").expect("a"), &sources).expect("a text");
        let from = line.text.find(part).unwrap_or_else(|| panic!("{part} in {:?}", line.text));
        let span = line.place(from, from + part.len());
        assert_eq!(&text[span.start as usize..span.end as usize], expected, "{text:?}");
    }

    #[test]
    fn a_part_of_a_scalar_is_found_in_the_file_however_it_was_written() {
        check("a: x + yz\n", "yz", "yz");
        check("a: 'x + yz'\n", "yz", "yz");
        check("a: 'it''s yz'\n", "yz", "yz");
        check("a: \"x\\t\\u00e9 yz\"\n", "yz", "yz");
        check("a: \"é + yz\"\n", "yz", "yz");
        check("a: >\n  one two\n  three yz\n", "yz", "yz");
        check("a: >\n  one two\n\n  three yz\n", "yz", "yz");
        check("a: |\n  one\n  yz\n", "yz", "yz");
        check("a: one\n   two  yz\n", "two", "two");
        check("a: \"one\\\n   two yz\"\n", "yz", "yz");
    }

    #[test]
    fn a_text_that_is_not_in_the_file_is_shown_by_the_whole_scalar() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "a: ${env:X}\n");
        let node = Node {
            span: Span::new(file, 3, 11),
            kind: NodeKind::Text(Text { value: "https://example.com".into(), style: Style::Quoted }),
        };
        let line = Line::of(&node, &sources).expect("a text");
        assert_eq!(line.place(2, 5), Span::new(file, 3, 11));
    }
}
