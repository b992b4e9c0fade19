//! Versions of the API.
//!
//! **Invariant.** The right side of a version's field is a modern name of the next newer version, never a legacy path.

use super::{Expr, FieldName, Spanned, ValueLine};
use jiff::civil::Date;
use kernel::Span;

/// One entry of `versions:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its name: `v1`.
    pub name: Spanned<String>,
    /// `deprecated:`.
    pub deprecated: Option<Spanned<Date>>,
    /// `sunset:`.
    pub sunset: Option<Spanned<Date>>,
    /// `link:`.
    pub link: Option<Spanned<String>>,
    /// `gone: true`: answers 410 after the sunset.
    pub gone: bool,
    /// `models:`.
    pub models: Vec<VersionModel>,
    /// The whole block.
    pub span: Span,
}

/// What a version says of a model; everything not listed stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionModel {
    /// The model.
    pub model: Spanned<String>,
    /// Its fields.
    pub fields: Vec<VersionField>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionField {
    /// Its name in this version.
    pub name: FieldName,
    /// What it is.
    pub kind: VersionKind,
    /// Key and value.
    pub span: Span,
}

/// What a field of a version is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionKind {
    /// `name | codec`: a field of the newer version.
    Value(ValueLine),
    /// `= expression` over the newer version.
    Computed(Expr),
    /// `~`: not in this version.
    Removed,
}
