//! Forms of a connection's values: texts, lists, numbers, durations, sizes; with a diagnostic where one is not of its
//! form.
//!
//! **Invariant.** A value that is not known offline (`${…}`) is never judged.

use crate::KeyDoc;
use kernel::{Diagnostic, Node, Secret, Span};
use std::time::Duration;

const MILLISECONDS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const BYTES: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

/// Reads values of a connection and gathers what is wrong with them.
///
/// Methods that read a value return nothing where there is none, and where it is wrong, which is then noted.
#[derive(Debug)]
pub struct Forms {
    offline: bool,
    wrong: Vec<Diagnostic>,
}

impl Forms {
    /// Starts. `offline`: variables stand for themselves.
    pub fn new(offline: bool) -> Self {
        Self { offline, wrong: Vec::new() }
    }

    /// Ends.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<Diagnostic>> {
        if self.wrong.is_empty() { Ok(value) } else { Err(self.wrong) }
    }

    /// Returns whether a text is a value, and not a variable that has none offline.
    pub fn is_known(&self, text: &str) -> bool {
        !(self.offline && text.contains("${"))
    }

    /// Notes a diagnostic.
    pub fn diagnose(&mut self, diagnostic: Diagnostic) {
        self.wrong.push(diagnostic);
    }

    /// Notes a value of the wrong form.
    pub fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.diagnose(Diagnostic::new("E007", span, message));
    }

    /// Notes that a key is missing.
    pub fn missing(&mut self, node: &Node, key: &str, hint: &str) {
        self.diagnose(Diagnostic::new("E007", node.span, format!("`{key}` is missing")).hint(hint));
    }

    /// Returns the map below a key and notes the keys in it that mean nothing.
    pub fn map<'n>(&mut self, node: &'n Node, key: &str, known: &[&str]) -> Option<&'n Node> {
        let value = node.at(key)?;
        self.keys(value, key, known);
        value.map().map(|_| value)
    }

    /// Notes the keys of a map that mean nothing.
    pub fn keys(&mut self, node: &Node, parent: &str, known: &[&str]) {
        if node.is_null() {
            return;
        }
        let Some(entries) = node.map() else {
            return self.diagnose(node.expected("a map"));
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("`{parent}` has no key `{}`", entry.key);
            let hint = format!("it has: {}", known.join(", "));
            self.diagnose(Diagnostic::new("E007", entry.key_span, message).hint(hint));
        }
    }

    /// A text that is not empty, and where it stands.
    pub fn text<'n>(&mut self, node: &'n Node, key: &str) -> Option<(&'n str, Span)> {
        let value = node.at(key)?;
        match value.text() {
            Some(text) if !text.is_empty() => return Some((text, value.span)),
            Some(_) => self.wrong(value.span, format!("`{key}` is empty")),
            None => self.diagnose(value.expected("a text")),
        }
        None
    }

    /// A text that is not empty.
    pub fn owned(&mut self, node: &Node, key: &str) -> Option<String> {
        self.text(node, key).map(|(text, _)| text.to_owned())
    }

    /// One text, or a list of texts.
    pub fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(value) = node.at(key) else { return Vec::new() };
        let items = value.list().unwrap_or(std::slice::from_ref(value));
        let mut texts = Vec::new();
        for item in items {
            match item.text() {
                Some(text) if !text.trim().is_empty() => texts.push(text.to_owned()),
                Some(_) => self.wrong(item.span, format!("an empty text in `{key}`")),
                None => self.diagnose(item.expected("a text or a list of texts")),
            }
        }
        texts
    }

    /// A map from names to values, which may be secret. `what` says in words what is expected.
    pub fn pairs(&mut self, node: &Node, key: &str, what: &str) -> Vec<(String, Secret<String>)> {
        let Some(written) = node.at(key) else { return Vec::new() };
        let Some(entries) = written.map() else {
            self.diagnose(written.expected(what));
            return Vec::new();
        };
        let mut found = Vec::new();
        for entry in entries {
            match entry.value.text() {
                Some(text) => found.push((entry.key.clone(), Secret::new(text.to_owned()))),
                None => self.diagnose(entry.value.expected("a text")),
            }
        }
        found
    }

    /// `true` or `false`.
    pub fn truth(&mut self, node: &Node, key: &str) -> Option<bool> {
        match self.text(node, key)? {
            ("true", _) => return Some(true),
            ("false", _) => return Some(false),
            (text, span) if self.is_known(text) => self.wrong(span, format!("`{key}` is true or false")),
            _ => {}
        }
        None
    }

    /// A number above 0.
    pub fn number(&mut self, node: &Node, key: &str) -> Option<u32> {
        self.counted(node, key, 1, "a number above 0")
    }

    /// A number.
    pub fn count(&mut self, node: &Node, key: &str) -> Option<u32> {
        self.counted(node, key, 0, "a number")
    }

    fn counted(&mut self, node: &Node, key: &str, least: u32, what: &str) -> Option<u32> {
        let (text, span) = self.text(node, key)?;
        let number = text.parse().ok().filter(|&number| number >= least);
        if number.is_none() && self.is_known(text) {
            self.wrong(span, format!("`{key}` is {what}"));
        }
        number
    }

    /// A duration above 0.
    pub fn duration(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let (text, span) = self.text(node, key)?;
        let duration = amount(text, MILLISECONDS);
        if duration.is_none() && self.is_known(text) {
            self.wrong(span, format!("`{key}` is a duration with its unit: 500ms, 3s, 5m, 1h"));
        }
        duration.map(Duration::from_millis)
    }

    /// A size in bytes above 0 and at most `max`.
    pub fn size(&mut self, node: &Node, key: &str, max: u64) -> Option<u64> {
        let (text, span) = self.text(node, key)?;
        let size = amount(text, BYTES).filter(|&size| size <= max);
        if size.is_none() && self.is_known(text) {
            let most =
                if max == u64::MAX { String::new() } else { format!(", and at most {}KiB", max >> 10) };
            self.wrong(span, format!("`{key}` is a size with its unit: 512B, 64KiB, 10MiB{most}"));
        }
        size
    }

    /// Returns whether a value is written as `off`.
    pub fn is_off(&self, node: &Node, key: &str) -> bool {
        node.at(key).and_then(Node::text) == Some("off")
    }
}

impl KeyDoc {
    /// Documents a key.
    pub const fn new(
        key: &'static str,
        form: &'static str,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { key, form, default, doc }
    }
}

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor).filter(|&amount| amount > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Entry, FileId, NodeKind, Style, Text};

    fn map(key: &str, value: &str) -> Node {
        let span = Span::new(FileId(0), 0, 0);
        let text = NodeKind::Text(Text { value: value.into(), style: Style::Plain });
        let entry = Entry { key: key.into(), key_span: span, value: Node { span, kind: text } };
        Node { span, kind: NodeKind::Map(vec![entry]) }
    }

    fn read<T>(value: &str, form: impl FnOnce(&mut Forms, &Node) -> T) -> Result<T, String> {
        let mut forms = Forms::new(true);
        let found = form(&mut forms, &map("key", value));
        forms.finish(found).map_err(|wrong| wrong.into_iter().map(|found| found.message).collect())
    }

    #[test]
    fn amounts_have_units_and_bounds() {
        let duration = |text| read(text, |forms, node| forms.duration(node, "key"));
        assert_eq!(duration("1500ms"), Ok(Some(Duration::from_millis(1500))));
        assert_eq!(duration("7d"), Ok(Some(Duration::from_secs(604_800))));
        let size = |text| read(text, |forms, node| forms.size(node, "key", 4 << 20));
        assert_eq!(size("64KiB"), Ok(Some(65_536)));
        for wrong in ["5", "0s", "soon", "s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        for wrong in ["5", "0B", "5MiB", "ten", "-1KiB"] {
            assert!(size(wrong).unwrap_err().contains("at most 4096KiB"), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_known_offline_is_not_judged() {
        let unknown = "${env:X}";
        assert_eq!(read(unknown, |forms, node| forms.duration(node, "key")), Ok(None));
        assert_eq!(read(unknown, |forms, node| forms.size(node, "key", 1)), Ok(None));
        assert_eq!(read(unknown, |forms, node| forms.number(node, "key")), Ok(None));
        assert_eq!(read(unknown, |forms, node| forms.truth(node, "key")), Ok(None));
    }

    #[test]
    fn numbers_truths_and_texts_are_refused_with_what_they_should_be() {
        let check = |text: &str, form: &dyn Fn(&mut Forms, &Node), part: &str| {
            let wrong = read(text, form).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        };
        check(
            "0",
            &|forms, node| {
                forms.number(node, "key");
            },
            "above 0",
        );
        check(
            "-1",
            &|forms, node| {
                forms.count(node, "key");
            },
            "a number",
        );
        check(
            "yes",
            &|forms, node| {
                forms.truth(node, "key");
            },
            "true or false",
        );
        check(
            "",
            &|forms, node| {
                forms.text(node, "key");
            },
            "is empty",
        );
        check(
            "x",
            &|forms, node| {
                forms.map(node, "key", &["a"]);
            },
            "a map",
        );
    }
}
