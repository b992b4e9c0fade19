//! Reads JSON into nodes that know where they stand.
//!
//! **Invariant.** Every byte of the text is accounted for; what is no JSON is refused with its place.

use kernel::{Diagnostic, Entry, FileId, Node, NodeKind, Span, Style, Text};

/// Deepest nesting; a catalog has six levels.
const DEPTH_MAX: usize = 32;

/// Reads a whole text.
///
/// A string is a quoted text; a number, `true` or `false` is a plain one.
///
/// # Errors
/// The first place where the text is no JSON.
pub(crate) fn parse(text: &str, file: FileId) -> Result<Node, Diagnostic> {
    let text_without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: text.len() - text_without_mark.len(), file };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.wrong("nothing may follow the value"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    file: FileId,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        self.blanks();
        if depth > DEPTH_MAX {
            return Err(self.wrong("too many levels"));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => NodeKind::Map(self.entries(depth)?),
            Some(b'[') => NodeKind::List(self.items(depth)?),
            Some(b'"') => NodeKind::Text(Text { value: self.string()?, style: Style::Quoted }),
            Some(byte) if byte == b'-' || byte.is_ascii_alphanumeric() => self.word()?,
            _ => return Err(self.wrong("expected a value")),
        };
        Ok(Node { span: self.span(start), kind })
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<Entry>, Diagnostic> {
        let mut entries: Vec<Entry> = Vec::new();
        self.at += 1;
        while !self.closes(b'}', entries.is_empty())? {
            self.blanks();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key in double quotes"));
            }
            let key = self.string()?;
            let key_span = self.span(start);
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let wrong = Diagnostic::new("E001", key_span, format!("the key `{key}` stands here twice"));
                return Err(wrong.also(Some(first.key_span), "the first one"));
            }
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.wrong("expected a `:`"));
            }
            self.at += 1;
            entries.push(Entry { key, key_span, value: self.value(depth + 1)? });
        }
        Ok(entries)
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Diagnostic> {
        let mut items = Vec::new();
        self.at += 1;
        while !self.closes(b']', items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(items)
    }

    /// Passes over the end of a list or map, or over the comma between two members.
    fn closes(&mut self, end: u8, first: bool) -> Result<bool, Diagnostic> {
        self.blanks();
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                return Ok(true);
            }
            Some(b',') if !first => self.at += 1,
            _ if first => {}
            _ => return Err(self.wrong(&format!("expected `,` or `{}`", char::from(end)))),
        }
        Ok(false)
    }

    fn string(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(0..=0x1f) | None => return Err(self.wrong("the text has no closing quote on its line")),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        // The words of escapes, surrogate pairs among them, are read by serde_json.
        serde_json::from_str(self.text.get(start..self.at).unwrap_or_default()).map_err(|_| {
            Diagnostic::new("E091", self.span(start), "the text has an escape that JSON does not know")
        })
    }

    fn word(&mut self) -> Result<NodeKind, Diagnostic> {
        let start = self.at;
        let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        while self.peek().is_some_and(part) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        let plain = |value: &str| NodeKind::Text(Text { value: value.to_owned(), style: Style::Plain });
        match serde_json::from_str(word) {
            Ok(serde_json::Value::Null) => Ok(NodeKind::Null),
            Ok(serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => Ok(plain(word)),
            _ => Err(Diagnostic::new("E091", self.span(start), format!("`{word}` is no JSON value"))),
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at.min(self.text.len()))
    }

    fn wrong(&self, message: &str) -> Diagnostic {
        let start = self.at.min(self.text.len().saturating_sub(1));
        let span = Span::new(self.file, start, start + 1);
        Diagnostic::new("E091", span, format!("the catalog is no JSON: {message}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_where_it_stands() {
        let text = "{ \"a\": [\"x\\u00e9\", 7, true, null] }";
        let node = parse(text, FileId(0)).unwrap();
        let list = node.at("a").unwrap();
        assert_eq!(&text[list.span.start as usize..list.span.end as usize], "[\"x\\u00e9\", 7, true, null]");
        let items = list.list().unwrap();
        assert_eq!(items[0].text(), Some("xé"));
        assert_eq!(items[0].plain(), None);
        assert_eq!(items[1].plain(), Some("7"));
        assert!(items[3].is_null());
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        let check = |text: &str, message: &str, at: u32| {
            let wrong = parse(text, FileId(0)).unwrap_err();
            assert!(wrong.message.contains(message), "{text}: {}", wrong.message);
            assert_eq!(wrong.span.unwrap().start, at, "{text}");
        };
        check("{\"a\": 1,}", "expected a key", 8);
        check("{\"a\" 1}", "expected a `:`", 5);
        check("[1 2]", "expected `,` or `]`", 3);
        check("[1] x", "nothing may follow", 4);
        check("{\"a\": 1, \"a\": 2}", "stands here twice", 9);
        check("[01]", "no JSON value", 1);
        check("\"a", "no closing quote", 1);
        check("\"\\q\"", "escape", 0);
        check(&"[".repeat(40), "too many levels", 33);
        check("", "expected a value", 0);
    }
}
