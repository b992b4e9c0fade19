//! Forms of values: texts, lists, durations, sizes; with a diagnostic where one is not of its form.
//!
//! **Invariant.** A value that is not known offline (`${…}`) is never judged.

use kernel::{Diagnostic, Node, Span};
use std::time::Duration;

/// Reads values and gathers what is wrong with them.
#[derive(Debug)]
pub(super) struct Forms {
    offline: bool,
    wrong: Vec<Diagnostic>,
}

impl Forms {
    pub(super) fn new(offline: bool) -> Self {
        Self { offline, wrong: Vec::new() }
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

    pub(super) fn owned(&mut self, node: &Node, key: &str) -> Option<String> {
        self.text(node, key).map(|(text, _)| text.to_owned())
    }

    /// One text, or a list of texts.
    pub(super) fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(value) = node.at(key) else { return Vec::new() };
        let items = value.list().unwrap_or(std::slice::from_ref(value));
        let mut texts = Vec::new();
        for item in items {
            match item.text() {
                Some(text) if !text.trim().is_empty() => texts.push(text.to_owned()),
                Some(_) => self.wrong(item.span, format!("an empty text in `{key}`")),
                None => self.wrong.push(item.expected("a text or a list of texts")),
            }
        }
        texts
    }

    pub(super) fn truth(&mut self, node: &Node, key: &str) -> Option<bool> {
        match self.text(node, key)? {
            ("true", _) => Some(true),
            ("false", _) => Some(false),
            (text, span) => {
                if self.is_known(text) {
                    self.wrong(span, format!("`{key}` is true or false"));
                }
                None
            }
        }
    }

    /// A number above 0.
    pub(super) fn number(&mut self, node: &Node, key: &str) -> Option<u32> {
        self.count(node, key).and_then(|number| {
            if number == 0 {
                let span = node.at(key).unwrap_or(node).span;
                self.wrong(span, format!("`{key}` is a number above 0"));
            }
            (number > 0).then_some(number)
        })
    }

    /// A number.
    pub(super) fn count(&mut self, node: &Node, key: &str) -> Option<u32> {
        let (text, span) = self.text(node, key)?;
        let number = text.parse().ok();
        if number.is_none() && self.is_known(text) {
            self.wrong(span, format!("`{key}` is a number"));
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

    /// A size in bytes, at most `max`.
    pub(super) fn size(&mut self, node: &Node, key: &str, max: u32) -> Option<u32> {
        let (text, span) = self.text(node, key)?;
        let size = amount(text, &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]);
        let fits = size.and_then(|size| u32::try_from(size).ok()).filter(|&size| size <= max);
        if self.is_known(text) && fits.is_none() {
            let most = max >> 10;
            self.wrong(span, format!("`{key}` is a size with its unit, 64KiB, and at most {most}KiB"));
        }
        fits
    }
}

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor).filter(|&amount| amount > 0)
}
