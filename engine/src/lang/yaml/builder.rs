//! Builds nodes from the parser's events.
//!
//! **Invariant.** Each scalar keeps the text as written; each duplicate key is reported with both places.

use super::frame::{Content, Frame, Key};
use super::offsets::Offsets;
use super::tabs::ScalarPlace;
use super::{DEPTH_MAX, cuts};
use kernel::{Diagnostic, Entry, FileId, Node, NodeKind, Span, Style, Text};
use saphyr_parser::{Event, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Where nodes grow.
pub(super) struct Builder<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) scalars: Vec<ScalarPlace>,
    offsets: Offsets,
    stack: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
    found: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: FileId, text: &'a str) -> Self {
        Self {
            file,
            text,
            scalars: Vec::new(),
            offsets: Offsets::new(text),
            stack: Vec::new(),
            root: None,
            documents: 0,
            found: Vec::new(),
        }
    }

    /// Takes the next event.
    pub(super) fn take(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> Result<(), Diagnostic> {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        match event {
            Event::DocumentStart(_) => self.document(start, end),
            Event::Alias(_) => Err(self.refused(start, end, "aliases")),
            Event::Scalar(value, style, anchor, tag) => {
                self.decorated(anchor, tag.as_ref(), start, end);
                self.scalar(value, style, start, end);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => {
                self.decorated(anchor, tag.as_ref(), start, end);
                self.open(start, !span.is_empty(), Content::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.decorated(anchor, tag.as_ref(), start, end);
                let content = Content::Map { entries: Vec::new(), seen: HashMap::new(), key: Key::None };
                self.open(start, !span.is_empty(), content)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(start);
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    /// Returns the node, and hands over what was found on the way.
    pub(super) fn finish(self, found: &mut Vec<Diagnostic>) -> Option<Node> {
        found.extend(self.found);
        self.root
    }

    /// Returns the byte offset of a character.
    pub(super) fn byte(&self, character: usize) -> usize {
        self.offsets.byte(character)
    }

    /// Returns whether the scalar that begins at `start` is a key that waits for its value.
    pub(super) fn is_key(&self, start: usize) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame { content: Content::Map { key: Key::Text(_, span), .. }, .. }) if span.start as usize == start
        )
    }

    /// Returns the innermost list or map that is not complete.
    pub(super) fn innermost(&self) -> Option<&Frame> {
        self.stack.last()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Returns the span of the character that begins at `start`.
    pub(super) fn character(&self, start: usize) -> Span {
        let length = self.text[start..].chars().next().map_or(0, char::len_utf8);
        self.span(start, start + length)
    }

    fn refused(&self, start: usize, end: usize, what: &str) -> Diagnostic {
        Diagnostic::new("E008", self.span(start, end), format!("{what} are not allowed"))
            .hint("write the value where it is used; shared policies have `use:`")
    }

    fn document(&mut self, start: usize, end: usize) -> Result<(), Diagnostic> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        Err(Diagnostic::new("E008", self.span(start, end), "a second document in the same file")
            .hint("write one file per document"))
    }

    fn decorated(&mut self, anchor: usize, tag: Option<&Cow<'_, Tag>>, start: usize, end: usize) {
        let end = self.text[start..end.max(start)].find('\n').map_or(end, |at| start + at);
        if anchor != 0 {
            self.found.push(self.refused(start, end, "anchors"));
        }
        if tag.is_some() {
            self.found.push(self.refused(start, end, "tags"));
        }
    }

    fn open(&mut self, start: usize, flow: bool, content: Content) -> Result<(), Diagnostic> {
        if self.stack.len() == DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(Diagnostic::new("E008", self.character(start), message));
        }
        let as_key = self.expects_key();
        if as_key {
            self.unusable_key(start);
        }
        self.stack.push(Frame { start, end: start, flow, as_key, cut: false, content });
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Map { key: Key::None, .. }, .. }))
    }

    fn unusable_key(&mut self, start: usize) {
        let span = self.character(start);
        if !self.stack.last().is_some_and(|frame| frame.cut) {
            self.found.push(Diagnostic::new("E008", span, "a key is a text, not a list or map"));
        }
    }

    fn close(&mut self, at: usize) {
        let Some(frame) = self.stack.pop() else { return };
        let end = if frame.flow { at + 1 } else { frame.end };
        let kind = match frame.content {
            Content::List(items) => NodeKind::List(items),
            Content::Map { entries, .. } => NodeKind::Map(entries),
        };
        let node = Node { span: self.span(frame.start, end.min(self.text.len())), kind };
        match self.stack.last_mut() {
            Some(Frame { content: Content::Map { key, .. }, .. }) if frame.as_key => *key = Key::Unusable,
            _ => self.value(node),
        }
    }

    fn scalar(&mut self, value: Cow<'_, str>, style: ScalarStyle, start: usize, end: usize) {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let unwritten = value.is_empty() && style == Style::Plain;
        if unwritten {
            return self.unwritten(start);
        }
        // Within braces the parser counts the blanks behind a scalar to it.
        let written = &self.text[start..end.max(start)];
        let end = if style == Style::Block { end } else { start + written.trim_end().len() };
        self.scalars.push((start, end, style));
        if self.expects_key() {
            return self.key(value.into_owned(), self.span(start, end));
        }
        if style == Style::Plain && self.stack.last().is_some_and(|frame| frame.flow) && cuts::is_open(&value)
        {
            self.cut(cuts::cut_at_comma(self.span(start, end)));
        }
        let nothing = style == Style::Plain && matches!(&*value, "~" | "null");
        let kind = match nothing {
            true => NodeKind::Null,
            false => NodeKind::Text(Text { value: value.into_owned(), style }),
        };
        self.value(Node { span: self.span(start, end), kind });
    }

    /// Takes a value, or a key, of which nothing stands in the file.
    fn unwritten(&mut self, start: usize) {
        let at = self.span(start, start);
        if self.expects_key() {
            self.found.push(Diagnostic::new("E008", at, "a key is missing before `:`"));
            if let Some(Frame { content: Content::Map { key, .. }, .. }) = self.stack.last_mut() {
                *key = Key::Unusable;
            }
            return;
        }
        match self.stack.last() {
            Some(Frame { flow: true, content: Content::Map { key: Key::Text(_, span), .. }, .. }) => {
                let span = *span;
                let behind = self.text.get(span.end as usize..).unwrap_or_default();
                let written = behind.trim_start().starts_with(':');
                if written {
                    return self
                        .value(Node { span: span.within(usize::MAX, usize::MAX), kind: NodeKind::Null });
                }
                let found = match cuts::bracket(self.text, span.end as usize) {
                    Some(end) => cuts::cut_at_bracket(self.span(span.start as usize, end)),
                    None => cuts::cut_at_comma(span),
                };
                self.cut(found);
                if let Some(Frame { content: Content::Map { key, .. }, .. }) = self.stack.last_mut() {
                    *key = Key::None;
                }
            }
            Some(Frame { content: Content::Map { key: Key::Text(_, span), .. }, .. }) => {
                let node = Node { span: *span, kind: NodeKind::Null };
                self.value(node);
            }
            _ => self.value(Node { span: at, kind: NodeKind::Null }),
        }
    }

    /// Reports a line that YAML cut, once for each list or map.
    fn cut(&mut self, found: Diagnostic) {
        if let Some(frame) = self.stack.last_mut()
            && !frame.cut
        {
            frame.cut = true;
            self.found.push(found);
        }
    }

    fn key(&mut self, name: String, span: Span) {
        if name == "<<" {
            self.found.push(self.refused(span.start as usize, span.end as usize, "merge keys"));
        }
        let Some(Frame { end, content: Content::Map { key, .. }, .. }) = self.stack.last_mut() else {
            return;
        };
        *end = (*end).max(span.end as usize);
        *key = Key::Text(name, span);
    }

    fn value(&mut self, node: Node) {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.end = frame.end.max(node.span.end as usize);
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, seen, key } => match std::mem::replace(key, Key::None) {
                Key::Text(name, span) => match seen.get(&name) {
                    Some(first) => self.found.push(duplicate(&name, span, *first)),
                    None => {
                        seen.insert(name.clone(), span);
                        entries.push(Entry { key: name, key_span: span, value: node });
                    }
                },
                Key::None | Key::Unusable => {}
            },
        }
    }
}

/// Returns E001 for a key that stands twice.
pub(crate) fn duplicate(name: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new("E001", second, format!("`{name}` is defined twice"))
        .also(Some(first), "first defined here")
}
