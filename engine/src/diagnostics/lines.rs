//! Finds lines of files, many times and quickly.
//!
//! **Invariant.** Any span can be asked for; what lies outside of a file is moved to its end.

use kernel::{Diagnostic, FileId, Position, Sources, Span};
use std::collections::HashMap;

/// The code of a literal in a place for secrets.
const LITERAL_SECRET: &str = "E081";

/// The lines of files.
pub(super) struct Lines<'a> {
    sources: &'a Sources,
    starts: HashMap<FileId, Vec<usize>>,
    secrets: Vec<Span>,
}

/// A span within the line where it begins.
pub(super) struct Place<'a> {
    /// Path of the file.
    pub(super) path: &'a str,
    /// Number of the line, from 1.
    pub(super) line: usize,
    /// The text of the line, without its end.
    pub(super) text: &'a str,
    /// First byte within the line.
    pub(super) from: usize,
    /// Behind the last byte within the line.
    pub(super) to: usize,
    /// First byte and the one behind the last, within the line, of what must not be shown.
    pub(super) hidden: Vec<(usize, usize)>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, starts: HashMap::new(), secrets: Vec::new() }
    }

    /// Hides the literals that are told to be secrets: what is printed ends up in logs of builds.
    pub(super) fn hiding(mut self, found: &[Diagnostic]) -> Self {
        let secret = |one: &&Diagnostic| one.code.0 == LITERAL_SECRET;
        self.secrets = found.iter().filter(secret).filter_map(|one| one.span).collect();
        self
    }

    /// Returns where a span is.
    pub(super) fn place(&mut self, span: Span) -> Option<Place<'a>> {
        let file = self.sources.file(span.file)?;
        let starts = self.starts.entry(span.file).or_insert_with(|| starts(&file.text));
        let at = boundary(&file.text, span.start);
        let line = starts.partition_point(|start| *start <= at);
        let start = starts.get(line.checked_sub(1)?).copied()?;
        let stop = starts.get(line).copied().unwrap_or(file.text.len());
        let text = file.text[start..stop].trim_end_matches(['\n', '\r']);
        let from = (at - start).min(text.len());
        let to = (boundary(&file.text, span.end).max(at) - start).min(text.len()).max(from);
        let within = |at: u32| boundary(&file.text, at).saturating_sub(start).min(text.len());
        let secrets = self.secrets.iter().filter(|secret| secret.file == span.file);
        let hidden = secrets.map(|secret| (within(secret.start), within(secret.end))).collect();
        Some(Place { path: &file.path, line, text, from, to, hidden })
    }

    /// Returns line and column of a byte.
    pub(super) fn position(&mut self, file: FileId, at: u32) -> Option<Position> {
        let place = self.place(Span { file, start: at, end: at })?;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Some(Position {
            line: number(place.line),
            column: number(place.text[..place.from].chars().count() + 1),
        })
    }
}

fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn boundary(text: &str, at: u32) -> usize {
    let mut at = (at as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
