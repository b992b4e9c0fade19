//! What is wrong with a project, for a person who can mend it.
//!
//! **Invariant.** A diagnostic is data; only the engine's renderer turns it into text.

use crate::Span;
use std::fmt;

/// Code of a diagnostic as in the reference: `E014`, `W003`. Codes are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The project cannot be used.
    Error,
    /// The project works, but somebody should look.
    Warning,
    /// Good to know.
    Note,
}

/// A place with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there, such as `declared here`.
    pub text: String,
}

/// One finding: code, message, place in the mapping, places elsewhere, a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Where, in the mapping. `None` only where nothing was written, such as a missing file.
    pub span: Option<Span>,
    /// Further places, such as the declaration in the legacy schema.
    pub others: Vec<Label>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Returns an error; a code that begins with `W` makes it a warning, `N` a note.
    pub fn new(code: &'static str, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        let severity = match code.as_bytes().first() {
            Some(b'W') => Severity::Warning,
            Some(b'N') => Severity::Note,
            _ => Severity::Error,
        };
        Self {
            code: Code(code),
            severity,
            message: message.into(),
            span: span.into(),
            others: Vec::new(),
            hint: None,
        }
    }

    /// Adds a second place.
    #[must_use]
    pub fn also(mut self, span: Option<Span>, text: impl Into<String>) -> Self {
        if let Some(span) = span {
            self.others.push(Label { span, text: text.into() });
        }
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.0, self.message)
    }
}
