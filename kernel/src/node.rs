//! A configuration as it was written: texts, lists and maps, each with its span.
//!
//! **Invariant.** A scalar is the text that stands in the file; nobody here guesses that `NO` is a boolean.

use crate::{Diagnostic, Span};

/// One value of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// The three forms of a value, and nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Nothing was written, or `~` or `null` unquoted.
    Null,
    /// A scalar, as written.
    Text(Text),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<Entry>),
}

/// A scalar and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text without quotes and with escapes resolved.
    pub value: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes, on one line or folded.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As a block, `|` or `>`.
    Block,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the scalar's text.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) => Some(&text.value),
            _ => None,
        }
    }

    /// Returns the scalar's text if it stands without quotes.
    pub fn plain(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(Text { value, style: Style::Plain }) => Some(value),
            _ => None,
        }
    }

    /// Returns the elements of a list.
    pub fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns the entries of a map.
    pub fn map(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the value of a key of a map.
    pub fn at(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Returns whether nothing was written.
    pub fn is_null(&self) -> bool {
        self.kind == NodeKind::Null
    }

    /// Returns what this is in words: `a text`, `a list`, `a map`, `nothing`.
    pub fn form(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Text(_) => "a text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }

    /// Returns the diagnostic E007 for a value of the wrong form.
    pub fn expected(&self, what: &str) -> Diagnostic {
        Diagnostic::new("E007", self.span, format!("expected {what}, found {}", self.form()))
    }
}
