//! Configurations of tests, written as YAML flows: `{ path: /in/*.DAT, format: { type: csv } }`.
//!
//! **Invariant.** Only what tests write is understood; anything else is a panic.

use kernel::{Entry, FileId, Node, NodeKind, Span, Style, Text};

/// Reads a flow; spans are byte ranges of the text.
pub(crate) fn node(text: &str) -> Node {
    let mut reader = Flow { text, at: 0 };
    let node = reader.value();
    reader.blanks();
    assert_eq!(reader.at, text.len(), "something stands behind {text}");
    node
}

struct Flow<'a> {
    text: &'a str,
    at: usize,
}

impl Flow<'_> {
    fn blanks(&mut self) {
        self.at += self.text[self.at..].len() - self.text[self.at..].trim_start().len();
    }

    fn eat(&mut self, mark: char) -> bool {
        self.blanks();
        let found = self.text[self.at..].starts_with(mark);
        self.at += if found { mark.len_utf8() } else { 0 };
        found
    }

    fn span(&self, from: usize) -> Span {
        Span::new(FileId(0), from, self.at)
    }

    fn value(&mut self) -> Node {
        self.blanks();
        let from = self.at;
        let kind = if self.eat('{') {
            let mut entries = Vec::new();
            while !self.eat('}') {
                self.blanks();
                let start = self.at;
                let key = self.scalar().value;
                let key_span = self.span(start);
                assert!(self.eat(':'), "no `:` behind {key}");
                entries.push(Entry { key, key_span, value: self.value() });
                self.eat(',');
            }
            NodeKind::Map(entries)
        } else if self.eat('[') {
            let mut items = Vec::new();
            while !self.eat(']') {
                items.push(self.value());
                self.eat(',');
            }
            NodeKind::List(items)
        } else {
            NodeKind::Text(self.scalar())
        };
        Node { span: self.span(from), kind }
    }

    fn scalar(&mut self) -> Text {
        if self.eat('"') {
            let end = self.at + self.text[self.at..].find('"').expect("a closing quote");
            let value = self.text[self.at..end].to_owned();
            self.at = end + 1;
            return Text { value, style: Style::Quoted };
        }
        let rest = &self.text[self.at..];
        let end = rest
            .char_indices()
            .find(|(at, char)| {
                matches!(char, ',' | '}' | ']') || *char == ':' && rest[at + 1..].starts_with(' ')
            })
            .map_or(rest.len(), |(at, _)| at);
        self.at += end;
        Text { value: rest[..end].trim().to_owned(), style: Style::Plain }
    }
}
