//! The keys of a `files` connection: from what is written to what it means.
//!
//! **Invariant.** Every reason why a configuration cannot be used is told, not the first.

mod folder;
mod format;
mod framing;
mod keys;
mod records;
mod remote;

pub(crate) use format::{FormatConfig, FormatKind};
pub(crate) use framing::settle;
pub(crate) use keys::KEYS;

use crate::content::{Bounds, Compression};
use crate::folder::{Place, Store};
use crate::source::Limits;
use adapters_ports::{Files as ProjectFiles, Forms, Settings};
use kernel::{Diagnostic, Node, Span};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A connection's configuration, understood.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where files are, and what is done with them; nothing where that is not known offline, or not written.
    pub place: Option<(Place, Arc<dyn Store>)>,
    /// How often the folder is looked at.
    pub poll: Duration,
    /// How files are packed.
    pub compression: Compression,
    /// Bounds on what is unpacked.
    pub bounds: Bounds,
    /// Bounds on what is held at once.
    pub limits: Limits,
    /// What records are.
    pub format: FormatConfig,
}

/// Largest value of a size that is held in memory.
const HELD_MAX: u64 = 512 << 20;

/// Reads the configuration. Relative paths are below the folder of the project.
///
/// # Errors
/// Everything that is wrong.
pub(crate) fn read(settings: &Settings<'_>, files: &dyn ProjectFiles) -> Result<Config, Vec<Diagnostic>> {
    let root = files.root().unwrap_or(Path::new(""));
    let mut forms = Forms::new(settings.offline);
    let node = settings.node;
    let place = folder::read(&mut forms, node, root, files);
    let poll = forms.duration(node, "poll").unwrap_or(Duration::from_secs(2));
    let compression = word(&mut forms, node, "compression", &Compression::WORDS).unwrap_or_default();
    let (limits, bounds) = limits(&mut forms, node);
    let format = format::read(&mut forms, node);
    match format {
        Some(format) => forms.finish(Config { place, poll, compression, bounds, limits, format }),
        None => {
            let found = forms.finish(()).err().unwrap_or_default();
            Err(found)
        }
    }
}

fn limits(forms: &mut Forms, node: &Node) -> (Limits, Bounds) {
    const KNOWN: [&str; 5] = ["record", "batch", "group", "content", "ratio"];
    let mut limits = Limits { record: 1 << 20, batch: 512 << 10, group: 16 << 20 };
    let mut bounds = Bounds { bytes: 1 << 40, ratio: 1000 };
    let Some(written) = forms.map(node, "limits", &KNOWN) else { return (limits, bounds) };
    let mut held = |key: &str, default: u32| {
        let size = forms.size(written, key, HELD_MAX);
        size.and_then(|size| u32::try_from(size).ok()).unwrap_or(default)
    };
    limits.record = held("record", limits.record);
    limits.batch = held("batch", limits.batch);
    limits.group = held("group", limits.group);
    bounds.bytes = forms.size(written, "content", u64::MAX).unwrap_or(bounds.bytes);
    bounds.ratio = forms.number(written, "ratio").unwrap_or(bounds.ratio);
    (limits, bounds)
}

/// Reads one of several words.
pub(crate) fn word<T: Copy>(forms: &mut Forms, node: &Node, key: &str, words: &[(&str, T)]) -> Option<T> {
    let (text, span) = forms.text(node, key)?;
    if !forms.is_known(text) {
        return None;
    }
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        no_word(forms, key, text, span, words.iter().map(|(word, _)| *word));
    }
    found
}

/// Notes a word that is none of those that there are.
pub(crate) fn no_word<'w>(
    forms: &mut Forms,
    key: &str,
    text: &str,
    span: Span,
    words: impl Iterator<Item = &'w str>,
) {
    let words: Vec<&str> = words.collect();
    let found = Diagnostic::new("E007", span, format!("`{key}` is no `{text}`"));
    forms.diagnose(found.hint(format!("it is one of: {}", words.join(", "))));
}

#[cfg(test)]
mod tests;
