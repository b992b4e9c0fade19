//! Collects what is wrong with a schema.
//!
//! **Invariant.** Every refusal and everything passed over is in here with its place; too many of them are counted, not lost.

use kernel::{Code, Diagnostic, Severity, Span};

/// Most findings that are kept one by one.
const KEPT_MAX: usize = 100;

/// The findings of one loading.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Diagnostic>,
    errors: usize,
    more: usize,
    /// What is found now concerns nothing that an operation needs: it is a warning, not an error.
    pub(crate) aside: bool,
    /// What is broken at some place of the schema is a warning too: somebody decided to live with it.
    pub(crate) tolerant: bool,
}

impl Findings {
    /// Adds a finding; one that was already made at the same place is not repeated.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        if self.tolerant && diagnostic.span.is_some() && diagnostic.severity == Severity::Error {
            (diagnostic.code, diagnostic.severity) = (Code("W091"), Severity::Warning);
        }
        if self.kept.iter().rev().take(64).any(|known| *known == diagnostic) {
            return;
        }
        let error = diagnostic.severity == Severity::Error;
        self.errors += usize::from(error);
        // An error is always kept as long as it is the first ones; warnings must not push it out.
        if self.kept.len() < KEPT_MAX || (error && self.errors <= KEPT_MAX) {
            self.kept.push(diagnostic);
        } else {
            self.more += 1;
        }
    }

    /// Adds E092, or W091 if nothing that an operation needs is concerned.
    pub(crate) fn refuse(&mut self, span: Span, message: impl Into<String>, hint: Option<String>) {
        let code = if self.aside { "W091" } else { "E092" };
        let diagnostic = Diagnostic::new(code, span, message);
        self.push(match hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }

    /// Adds W091: a part of the schema was passed over.
    pub(crate) fn pass_over(&mut self, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::new("W091", span, message));
    }

    /// Returns whether so much was found that further findings are only counted.
    pub(crate) fn full(&self) -> bool {
        self.kept.len() >= KEPT_MAX
    }

    /// Returns whether anything forbids to use the schema.
    pub(crate) fn fatal(&self) -> bool {
        self.errors > 0
    }

    /// Returns all findings, and one more that says how many were left out.
    pub(crate) fn into_vec(mut self) -> Vec<Diagnostic> {
        if self.more > 0 {
            let message = format!("{} further findings in this schema are not shown", self.more);
            self.kept.push(Diagnostic::new("W091", None, message));
        }
        self.kept
    }
}
