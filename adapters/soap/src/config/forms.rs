//! Forms of values: texts, durations, sizes, files; with a diagnostic where one is not of its form.
//!
//! **Invariant.** A value that is not known offline (`${…}`) is never judged.

use adapters_ports::Files;
use kernel::{Diagnostic, Node, Span};
use std::time::Duration;

/// Reads values and gathers what is wrong with them.
#[derive(Debug)]
pub(super) struct Forms<'a> {
    offline: bool,
    files: &'a dyn Files,
    wrong: Vec<Diagnostic>,
}

impl<'a> Forms<'a> {
    pub(super) fn new(offline: bool, files: &'a dyn Files) -> Self {
        Self { offline, files, wrong: Vec::new() }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Diagnostic>> {
        if self.wrong.is_empty() { Ok(value) } else { Err(self.wrong) }
    }

    /// Whether a value stands for itself: offline, a variable has no value.
    pub(super) fn is_known(&self, text: &str) -> bool {
        !(self.offline && text.contains("${"))
    }

    pub(super) fn diagnose(&mut self, diagnostic: Diagnostic) {
        self.wrong.push(diagnostic);
    }

    pub(super) fn wrong(&mut self, span: Span, message: String) {
        self.wrong.push(Diagnostic::new("E007", span, message));
    }

    pub(super) fn missing(&mut self, node: &Node, key: &str, hint: &str) {
        self.wrong.push(Diagnostic::new("E007", node.span, format!("`{key}` is missing")).hint(hint));
    }

    /// Reports keys that mean nothing.
    pub(super) fn keys(&mut self, node: &Node, parent: &str, known: &[&str]) {
        if node.is_null() {
            return;
        }
        let Some(entries) = node.map() else {
            self.wrong.push(node.expected("a map"));
            return;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("`{parent}` has no key `{}`", entry.key);
            let hint = format!("it has: {}", known.join(", "));
            self.wrong.push(Diagnostic::new("E007", entry.key_span, message).hint(hint));
        }
    }

    pub(super) fn text<'n>(&mut self, node: &'n Node, key: &str) -> Option<(&'n str, Span)> {
        let value = node.at(key)?;
        match value.text() {
            Some(text) if !text.is_empty() => Some((text, value.span)),
            Some(_) => {
                self.wrong(value.span, format!("`{key}` is empty"));
                None
            }
            None => {
                self.wrong.push(value.expected("a text"));
                None
            }
        }
    }

    pub(super) fn required(&mut self, node: &Node, key: &str) -> Option<String> {
        if node.at(key).is_none() {
            self.missing(node, key, "this kind of `auth` needs it");
        }
        self.text(node, key).map(|(text, _)| text.to_owned())
    }

    /// Reports texts that XML cannot hold.
    pub(super) fn writable(&mut self, node: &Node, keys: &[&str]) {
        for key in keys {
            if let Some((text, span)) = self.text(node, key)
                && !text.chars().all(crate::wire::chars::is_char)
            {
                self.wrong(span, format!("`{key}` has a character that XML cannot hold"));
            }
        }
    }

    pub(super) fn truth(&mut self, node: &Node, key: &str) -> Option<bool> {
        match self.text(node, key)? {
            ("true", _) => Some(true),
            ("false", _) => Some(false),
            (text, span) if self.is_known(text) => {
                self.wrong(span, format!("`{key}` is true or false"));
                None
            }
            _ => None,
        }
    }

    pub(super) fn number(&mut self, node: &Node, key: &str) -> Option<u64> {
        let (text, span) = self.text(node, key)?;
        let number = text.parse().ok().filter(|&n: &u64| n > 0);
        if number.is_none() && self.is_known(text) {
            self.wrong(span, format!("`{key}` is a number above 0"));
        }
        number
    }

    pub(super) fn duration(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let (text, span) = self.text(node, key)?;
        let duration = amount(text, &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]);
        if duration.is_none() && self.is_known(text) {
            self.wrong(span, format!("`{key}` is a duration with its unit: 500ms, 3s, 5m, 1h"));
        }
        duration.map(Duration::from_millis)
    }

    pub(super) fn size(&mut self, node: &Node, key: &str) -> Option<u64> {
        let (text, span) = self.text(node, key)?;
        let size = amount(text, &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]);
        if size.is_none() && self.is_known(text) {
            self.wrong(span, format!("`{key}` is a size with its unit: 512B, 64KiB, 10MiB"));
        }
        size
    }

    /// A PEM text, or the content of a PEM file of the project.
    pub(super) fn pem(&mut self, node: &Node, key: &str) -> Option<Vec<u8>> {
        let (text, span) = self.text(node, key)?;
        if text.trim_start().starts_with("-----BEGIN") {
            return Some(text.as_bytes().to_vec());
        }
        if !self.is_known(text) {
            return None;
        }
        match self.files.read(text) {
            Ok(bytes) => Some(bytes),
            Err(reason) => {
                self.wrong(span, format!("`{key}` cannot be read: {reason}"));
                None
            }
        }
    }
}

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor).filter(|&amount| amount > 0)
}
