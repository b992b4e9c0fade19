//! The keys of a `log` connection: from what is written to what it means.
//!
//! **Invariant.** Every reason why a configuration cannot be used is told, not the first.

use crate::folder::Rules;
use adapters_ports::{Forms, KeyDoc, Settings};
use kernel::Diagnostic;
use std::time::Duration;

/// All keys beside the common ones, for the editor and the reference.
pub(crate) const KEYS: &[KeyDoc] = &[
    KeyDoc::new(
        "path",
        "text",
        "var/events",
        "The folder, relative to the project. One process at a time has it.",
    ),
    KeyDoc::new("format", "text", "json", "The form of events: `json`."),
    KeyDoc::new("retention", "map", "", "How long events are kept; whole files go, never a part of one."),
    KeyDoc::new("retention.age", "duration", "7d", "How old events get at least; `off` keeps them for ever."),
    KeyDoc::new(
        "retention.size",
        "size",
        "off",
        "Bytes of a topic beyond which its oldest files go; `off` sets no bound.",
    ),
    KeyDoc::new("segment", "map", "", "The files of a topic."),
    KeyDoc::new("segment.size", "size", "64MiB", "Bytes after which a new file begins."),
    KeyDoc::new(
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
    let mut forms = Forms::new(settings.offline);
    let node = settings.node;
    let mut config = Config::default();
    if let Some((text, span)) = forms.text(node, "path") {
        if forms.is_known(text) && (text.split('/').any(|step| step == "..") || text.contains('\0')) {
            let found = Diagnostic::new("E007", span, "`path` stays in the project, or is absolute");
            forms.diagnose(found.hint("write a path without `..`"));
        }
        config.path = text.to_owned();
    }
    if let Some((text, span)) = forms.text(node, "format")
        && forms.is_known(text)
        && text != "json"
    {
        let found = Diagnostic::new("E007", span, format!("there is no form `{text}` of events"));
        forms.diagnose(found.hint("leave `format` out: events are JSON"));
    }
    if let Some(retention) = forms.map(node, "retention", &["age", "size"]) {
        match forms.is_off(retention, "age") {
            true => config.rules.age = None,
            false => config.rules.age = forms.duration(retention, "age").or(config.rules.age),
        }
        if !forms.is_off(retention, "size") {
            config.rules.size = forms.size(retention, "size", u64::MAX);
        }
    }
    if let Some(segment) = forms.map(node, "segment", &["size"]) {
        match forms.size(segment, "size", u64::MAX) {
            Some(size) if size < SEGMENT_BYTES_MIN => {
                forms.wrong(segment.span, "`segment.size` is at least 4KiB");
            }
            size => config.rules.segment = size.unwrap_or(config.rules.segment),
        }
    }
    config.rules.fsync = forms.truth(node, "fsync").unwrap_or(config.rules.fsync);
    forms.finish(config)
}

#[cfg(test)]
mod tests;
