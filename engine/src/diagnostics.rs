//! Shows diagnostics to people and to programs, and explains every code.
//!
//! **Invariant.** Each code has one line in [`CODES`], and is never used again for something else.

mod codes;
mod json;
mod lines;
mod render;
mod width;

pub use codes::{CODES, CodeDoc, explain, reference};
pub use json::to_json;
pub use render::{render, summary};

use kernel::{Diagnostic, Severity, Sources};

/// Returns whether a project with these findings cannot be used.
pub fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Sorts by file and position, and leaves out what was found twice.
pub fn sort(found: &mut Vec<Diagnostic>, sources: &Sources) {
    found.sort_by(|a, b| key(a, sources).cmp(&key(b, sources)));
    // What differs only in its hint stands side by side, each time that it was found.
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(found.len());
    for one in found.drain(..) {
        let alike = kept.iter().rev().take_while(|other| key(other, sources) == key(&one, sources));
        if !alike.into_iter().any(|other| *other == one) {
            kept.push(one);
        }
    }
    *found = kept;
}

fn key<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
) -> (Option<&'a str>, u32, u32, &'a str, &'a str) {
    let path = diagnostic.span.and_then(|span| sources.file(span.file)).map(|file| &*file.path);
    let (start, end) = diagnostic.span.map_or((0, 0), |span| (span.start, span.end));
    (path, start, end, diagnostic.code.0, &diagnostic.message)
}

#[cfg(test)]
mod tests;
