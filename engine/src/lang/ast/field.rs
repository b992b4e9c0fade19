//! Models and their fields.
//!
//! **Invariant.** Fields stand in the order of the file; a dotted key is kept as its parts.

use super::{Assign, Expr, Path, Spanned};
use crate::codec::CodecCall;
use kernel::Span;
use std::time::Duration;

/// A modern structure and how it is made of a legacy one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: Spanned<String>,
    /// `legacy:`; `None` for a model that only describes a body.
    pub legacy: Option<LegacyRef>,
    /// `schema:`, a file with a JSON Schema.
    pub schema: Option<Spanned<String>>,
    /// `key:`, the fields that make the key.
    pub key: Vec<Spanned<String>>,
    /// `keep:`, how long the latest record of a key is remembered.
    pub keep: Option<Spanned<Duration>>,
    /// `fields:`.
    pub fields: Vec<Field>,
    /// `write:`, legacy values that the modern side does not know.
    pub write: Vec<Assign>,
    /// `ignore:`, paths that are deliberately not mapped.
    pub ignore: Vec<Path>,
    /// `doc:`.
    pub doc: Option<Spanned<String>>,
    /// The whole block.
    pub span: Span,
}

/// `connection`, or `connection/structure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyRef {
    /// The connection.
    pub connection: Spanned<String>,
    /// What stands behind it; `None` is the connection's own record.
    pub path: Option<Path>,
    /// Both.
    pub span: Span,
}

/// A field: a member of the JSON object, or a hidden one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: FieldName,
    /// What it is made of.
    pub kind: FieldKind,
    /// `write:` of the long form.
    pub write: Option<Expr>,
    /// `sensitive: true`.
    pub sensitive: bool,
    /// `doc:`.
    pub doc: Option<Spanned<String>>,
    /// Key and value.
    pub span: Span,
}

/// A name on the modern side, with dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName {
    /// Its parts: `address`, `city`.
    pub parts: Vec<Spanned<String>>,
    /// As it was written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The five forms of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// `PATH | codec`.
    Value(ValueLine),
    /// `= expression`.
    Computed(Expr),
    /// `each:`, an array of objects.
    List {
        /// What repeats.
        each: Path,
        /// Common prefix inside of it.
        at: Option<Path>,
        /// The fields by which old and new elements are matched.
        key: Vec<Spanned<String>>,
        /// The fields of an element.
        fields: Vec<Field>,
    },
    /// `at:`, an object with a common legacy prefix.
    Object {
        /// The prefix.
        at: Path,
        /// Its fields.
        fields: Vec<Field>,
    },
    /// `cases:`, alternatives.
    Cases {
        /// `oneOf:`, what is compared; `None` where presence decides.
        selector: Option<Path>,
        /// `as:`, name of the property that says which case it is; `None` is `type`.
        tag: Option<Spanned<String>>,
        /// The cases.
        cases: Vec<Case>,
    },
}

/// One alternative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: Spanned<String>,
    /// When it applies.
    pub when: CaseWhen,
    /// Common prefix, and what must be there where nothing is compared.
    pub at: Option<Path>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The whole block.
    pub span: Span,
}

/// When a case applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseWhen {
    /// Nothing written: the element that is there decides.
    Present,
    /// Values of the path of `oneOf`; the first is written.
    Values(Vec<Spanned<String>>),
    /// Conditions of their own.
    Conditions(Vec<Conditions>),
}

/// A map of path to values: all paths must hold. Several maps are alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// Each path with the values of which one must match: `T`, `CPF*`, `*`, `!00`.
    pub all: Vec<(Path, Vec<Spanned<String>>)>,
    /// The map.
    pub span: Span,
}

/// `PATH + PATH | codec(args) | codec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueLine {
    /// The paths, at least one.
    pub sources: Vec<Path>,
    /// The codecs, in reading order.
    pub codecs: Vec<CodecCall>,
    /// All paths, with the `+` between them.
    pub sources_span: Span,
    /// The whole line.
    pub span: Span,
}

impl FieldName {
    /// Returns whether it is hidden: usable in expressions, not in the JSON.
    pub fn is_hidden(&self) -> bool {
        self.parts.iter().any(|part| part.value.starts_with('_'))
    }
}
