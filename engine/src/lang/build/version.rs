//! Builds `versions:`.
//!
//! **Invariant.** A sunset is never before the deprecation.

use super::Reader;
use super::field::whole;
use crate::lang::ast::{FieldKind, Spanned, Version, VersionField, VersionKind, VersionModel};
use crate::lang::syntax::amount;
use kernel::{Diagnostic, Entry};

impl Reader<'_> {
    /// Builds an entry of `versions:`.
    pub(crate) fn version(&mut self, entry: &Entry) -> Version {
        let node = &entry.value;
        let version = Version {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            deprecated: self.parsed(node, "deprecated", amount::date),
            sunset: self.parsed(node, "sunset", amount::date),
            link: self.text(node, "link"),
            gone: self.is_set(node, "gone"),
            models: self.entries(node, "models").iter().map(|entry| self.version_model(entry)).collect(),
            span: whole(entry),
        };
        if let (Some(deprecated), Some(sunset)) = (&version.deprecated, &version.sunset)
            && sunset.value < deprecated.value
        {
            let message = format!("the sunset {} is before the deprecation", sunset.value);
            let diagnostic = Diagnostic::new("E073", sunset.span, message);
            self.found.push(diagnostic.also(Some(deprecated.span), "deprecated here"));
        }
        if version.gone && version.sunset.is_none() && node.at("sunset").is_none() {
            self.wrong(entry.key_span, "`gone` has no effect without `sunset`", "say when the version ends");
        }
        version
    }

    fn version_model(&mut self, entry: &Entry) -> VersionModel {
        let mut fields = Vec::new();
        for field in entry.value.map().unwrap_or_default() {
            let name = self.field_name(field);
            let kind = match field.value.is_null() {
                true => Some(VersionKind::Removed),
                false => self.line_or_expr(&field.value).and_then(|kind| match kind {
                    FieldKind::Value(line) => Some(VersionKind::Value(line)),
                    FieldKind::Computed(expr) => Some(VersionKind::Computed(expr)),
                    _ => None,
                }),
            };
            if let (Some(name), Some(kind)) = (name, kind) {
                fields.push(VersionField { name, kind, span: whole(field) });
            }
        }
        VersionModel { model: Spanned::new(entry.key.clone(), entry.key_span), fields }
    }
}
