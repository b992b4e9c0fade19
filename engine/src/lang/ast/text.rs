//! The smallest pieces: texts with places, paths, expressions, assignments.
//!
//! **Invariant.** A span covers exactly what it names, also within a line.

use kernel::{Diagnostic, Span};
use std::ops::Deref;
use std::sync::Arc;

/// A value and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// An expression as it was written, without the `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Where in the file each byte of the text stands, where that is not simply one behind the other.
    pub(crate) places: Option<Arc<[u32]>>,
}

/// A path into a legacy structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The name after `$`, if it begins beside the record: `header` of `$header/HDR-DATE`.
    pub beside: Option<Spanned<String>>,
    /// How many `..` it begins with.
    pub up: usize,
    /// The steps behind that.
    pub steps: Vec<Step>,
    /// The whole path.
    pub span: Span,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, without `@` and quotes.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// What it asks for.
    pub kind: StepKind,
    /// Which of several it takes.
    pub pick: Pick,
    /// The step with its brackets.
    pub span: Span,
}

/// What a step asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Whatever the schema has under this name.
    Any,
    /// `@name`: the attribute, where the schema has both.
    Attribute,
    /// `xsi:type`: the type that the document states.
    Type,
}

/// Which of several a step takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// Nothing in brackets.
    None,
    /// `[2]`, from 1.
    Nth(u32),
    /// `[last]`.
    Last,
    /// `[*]`.
    All,
    /// `[A=x][B=y]`: all must hold.
    Where(Vec<PickWhere>),
}

/// One condition in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickWhere {
    /// The path to what is compared; steps without brackets of their own.
    pub path: Vec<Step>,
    /// The text that it must have.
    pub value: Spanned<String>,
    /// What is between the brackets.
    pub span: Span,
}

/// The right side of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A text as written, in the lexical form of the legacy type.
    Text(Spanned<String>),
    /// `= expression`.
    Expr(Expr),
}

/// `legacy path: text` or `legacy path: = expression`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assign {
    /// The left side.
    pub path: Path,
    /// The right side.
    pub value: Operand,
}

impl<T> Spanned<T> {
    /// Returns a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl Operand {
    /// Returns where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span,
            Self::Expr(expr) => expr.span,
        }
    }
}

impl Expr {
    /// Moves the places of a diagnostic from offsets in [`Expr::text`] to offsets in the file.
    ///
    /// They differ only where quotes or folded lines stand between; a compiler that adds its offsets to
    /// [`Expr::span`] passes what it found through here.
    #[must_use]
    pub fn relocate(&self, mut found: Diagnostic) -> Diagnostic {
        found.span = found.span.map(|span| self.place(span));
        for label in &mut found.others {
            label.span = self.place(label.span);
        }
        found
    }

    fn place(&self, span: Span) -> Span {
        let Some(places) = &self.places else { return span };
        if span.file != self.span.file || span.start < self.span.start || span.end > self.span.end {
            return span;
        }
        let at = |offset: u32| places.get((offset - self.span.start) as usize).copied();
        let start = at(span.start).unwrap_or(span.start);
        let end = match span.end.checked_sub(1).filter(|last| *last >= span.start) {
            Some(last) => at(last).map_or(self.span.end, |place| place + 1),
            None => start,
        };
        Span { file: span.file, start, end: end.max(start) }
    }
}
