//! Fields against the JSON Schema: there must be such a property, and of that type.
//!
//! **Invariant.** Hidden fields are of no concern to the schema.

use super::Fields;
use crate::plan::model::{Absent, Facts, Field, FieldKind};
use crate::plan::resolve::suggestions;
use crate::plan::schema::Schema;
use kernel::Span;

impl Fields<'_, '_, '_> {
    /// Returns what the schema says of a property; E040 if it has none of that name.
    pub(super) fn facts(
        &mut self,
        schema: Option<Schema<'_>>,
        name: &str,
        span: Span,
        pointer: &str,
    ) -> Facts {
        let Some(schema) = schema else { return Facts::default() };
        if let Some(facts) = schema.facts(name) {
            return facts;
        }
        let names = schema.properties();
        if !name.starts_with('_') && !schema.names_others() && !names.is_empty() {
            let near = suggestions(name, names);
            let message = format!("the JSON Schema has no property `{pointer}{name}`");
            let diagnostic = self.compiler.report("E040", span, message);
            if !near.is_empty() {
                *diagnostic = diagnostic.clone().hint(format!("it has: {}", near.join(", ")));
            }
        }
        Facts::default()
    }

    /// E042: the values of a field must be what the schema allows.
    pub(super) fn check_type(
        &mut self,
        field: &Field,
        schema: Option<Schema<'_>>,
        span: Span,
        pointer: &str,
    ) {
        let Some(schema) = schema.filter(|_| !field.hidden) else { return };
        let Some(allowed) = schema.refuses(&field.ty.kind) else { return };
        let message =
            format!("`{pointer}` is {}, and the JSON Schema wants {allowed}", field.ty.kind.describe());
        let declared = self.compiler.property(self.file, &field.name);
        let diagnostic = self.compiler.report("E042", span, message);
        *diagnostic = diagnostic.clone().also(declared, "declared here");
    }

    /// E032: a result that is required must not depend on what may be absent.
    pub(super) fn check_result(&mut self, field: &Field, span: Span, pointer: &str) {
        if !matches!(field.kind, FieldKind::Computed(_)) || field.hidden {
            return;
        }
        if field.facts.absent() == Absent::Refuse && field.ty.optional {
            let message =
                format!("`{pointer}` is required, and something that it is computed from may be absent");
            let declared = self.compiler.property(self.file, &field.name);
            let diagnostic = self.compiler.report("E032", span, message);
            *diagnostic = diagnostic
                .clone()
                .also(declared, "declared here")
                .hint("say what it is then: has(x) ? … : …");
        }
    }
}
