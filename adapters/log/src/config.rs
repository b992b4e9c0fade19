//! The keys of a `log` connection: from what is written to what it means.
//!
//! **Invariant.** Every reason why a configuration cannot be used is told, not the first.

use crate::folder::Rules;
use adapters_ports::{KeyDoc, Settings};
use kernel::{Diagnostic, Node, Span};
use std::time::Duration;

/// All keys beside the common ones, for the editor and the reference.
pub(crate) const KEYS: &[KeyDoc] = &[
    key("path", "text", "var/events", "The folder, relative to the project. One process at a time has it."),
    key("format", "text", "json", "The form of events: `json`."),
    key("retention", "map", "", "How long events are kept; whole files go, never a part of one."),
    key("retention.age", "duration", "7d", "How old events get at least; `off` keeps them for ever."),
    key(
        "retention.size",
        "size",
        "off",
        "Bytes of a topic beyond which its oldest files go; `off` sets no bound.",
    ),
    key("segment", "map", "", "The files of a topic."),
    key("segment.size", "size", "64MiB", "Bytes after which a new file begins."),
    key(
        "fsync",
        "true|false",
        "true",
        "Whether an event counts as published only once the disk has it. With `false` it survives the process, but not \
         the machine.",
    ),
];

/// Least bytes of a file: less would make a file of each event.
const SEGMENT_BYTES_MIN: u64 = 4 << 10;

/// A connection's configuration, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The folder as written.
    pub path: String,
    /// How events are kept.
    pub rules: Rules,
}

impl Default for Config {
    fn default() -> Self {
        Self { path: "var/events".into(), rules: Rules::default() }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { age: Some(Duration::from_secs(7 * 24 * 3600)), size: None, segment: 64 << 20, fsync: true }
    }
}

/// Reads the configuration.
///
/// # Errors
/// Everything that is wrong.
pub(crate) fn read(settings: &Settings<'_>) -> Result<Config, Vec<Diagnostic>> {
    let mut form = Form { offline: settings.offline, wrong: Vec::new() };
    let node = settings.node;
    let mut config = Config::default();
    if let Some((text, span)) = form.text(node, "path") {
        if form.known(text) && (text.split('/').any(|step| step == "..") || text.contains('\0')) {
            form.wrong(span, "`path` stays in the project, or is absolute", "write a path without `..`");
        }
        config.path = text.to_owned();
    }
    if let Some((text, span)) = form.text(node, "format")
        && form.known(text)
        && text != "json"
    {
        form.wrong(
            span,
            &format!("there is no form `{text}` of events"),
            "leave `format` out: events are JSON",
        );
    }
    if let Some(retention) = form.map(node, "retention", &["age", "size"]) {
        form.amount(retention, "age", DURATION, "7d")
            .into_iter()
            .for_each(|age| config.rules.age = age.map(Duration::from_millis));
        form.amount(retention, "size", SIZE, "10GiB").into_iter().for_each(|size| config.rules.size = size);
    }
    if let Some(segment) = form.map(node, "segment", &["size"])
        && let Some(size) = form.amount(segment, "size", SIZE, "64MiB")
    {
        match size.filter(|size| *size >= SEGMENT_BYTES_MIN) {
            Some(size) => config.rules.segment = size,
            None => form.wrong(segment.span, "`segment.size` is at least 4KiB", "write such as 64MiB"),
        }
    }
    match form.text(node, "fsync") {
        None | Some(("true", _)) => {}
        Some(("false", _)) => config.rules.fsync = false,
        Some((text, _)) if !form.known(text) => {}
        Some((_, span)) => form.wrong(span, "`fsync` is true or false", "write `true` unless it is a demo"),
    }
    if form.wrong.is_empty() { Ok(config) } else { Err(form.wrong) }
}

const DURATION: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZE: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

/// Reads values and gathers what is wrong with them.
struct Form {
    offline: bool,
    wrong: Vec<Diagnostic>,
}

impl Form {
    /// Offline, a variable has no value and stands for itself.
    fn known(&self, text: &str) -> bool {
        !(self.offline && text.contains("${"))
    }

    fn wrong(&mut self, span: Span, message: &str, hint: &str) {
        self.wrong.push(Diagnostic::new("E007", span, message).hint(hint));
    }

    fn text<'n>(&mut self, node: &'n Node, key: &str) -> Option<(&'n str, Span)> {
        let value = node.at(key)?;
        let text = value.text().filter(|text| !text.is_empty());
        if text.is_none() {
            self.wrong.push(value.expected("a text"));
        }
        Some((text?, value.span))
    }

    fn map<'n>(&mut self, node: &'n Node, key: &str, known: &[&str]) -> Option<&'n Node> {
        let value = node.at(key)?;
        let Some(entries) = value.map() else {
            self.wrong.push(value.expected("a map"));
            return None;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let hint = format!("it has: {}", known.join(", "));
            self.wrong(entry.key_span, &format!("`{key}` has no key `{}`", entry.key), &hint);
        }
        Some(value)
    }

    /// Reads a number with its unit; the inner nothing is `off`.
    #[expect(clippy::option_option, reason = "not written, and written as off, are two things")]
    fn amount(
        &mut self,
        node: &Node,
        key: &str,
        units: &[(&str, u64)],
        example: &str,
    ) -> Option<Option<u64>> {
        let (text, span) = self.text(node, key)?;
        if text == "off" {
            return Some(None);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = units.iter().find(|(name, _)| *name == unit.trim_start()).map(|(_, factor)| *factor);
        let amount =
            factor.and_then(|factor| number.parse::<u64>().ok()?.checked_mul(factor)).filter(|&n| n > 0);
        if amount.is_none() && self.known(text) {
            self.wrong(
                span,
                &format!("`{key}` is a number with its unit, or off"),
                &format!("write such as {example}"),
            );
        }
        amount.map(Some)
    }
}

const fn key(key: &'static str, form: &'static str, default: &'static str, doc: &'static str) -> KeyDoc {
    KeyDoc { key, form, default, doc }
}

#[cfg(test)]
mod tests;
