//! Finds tabs where YAML would take them for blanks.
//!
//! **Invariant.** A tab within quotes, a block or a comment is somebody's text and is left alone.

use kernel::{Diagnostic, FileId, Span, Style};

/// Bytes `start..end` of a scalar, and how it was written.
pub(super) type ScalarPlace = (usize, usize, Style);

const REPORTED_MAX: usize = 10;

/// Returns an error for each line with a tab that is not text. `scalars` are in the order of the file.
pub(super) fn check(file: FileId, text: &str, scalars: &[ScalarPlace]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !text.contains('\t') {
        return found;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(at) = offending(line, start, scalars) {
            let span = Span::new(file, start + at, start + at + 1);
            found.push(Diagnostic::new("E008", span, "a tab where YAML wants blanks").hint("use blanks"));
        }
        start += line.len();
        if found.len() == REPORTED_MAX {
            break;
        }
    }
    found
}

fn offending(line: &str, start: usize, scalars: &[ScalarPlace]) -> Option<usize> {
    let indentation = line.len() - line.trim_start().len();
    let mut before = None;
    for (at, character) in line.char_indices() {
        let text = written_as_text(start + at, scalars);
        match character {
            '\t' if at < indentation && !line.trim().is_empty() => return Some(at),
            '\t' if !text && at >= indentation => return Some(at),
            '#' if !text && before.is_none_or(char::is_whitespace) => return None,
            _ => before = Some(character),
        }
    }
    None
}

fn written_as_text(at: usize, scalars: &[ScalarPlace]) -> bool {
    let behind = scalars.partition_point(|(start, ..)| *start <= at);
    behind
        .checked_sub(1)
        .and_then(|n| scalars.get(n))
        .is_some_and(|(_, end, style)| at < *end && *style != Style::Plain)
}
