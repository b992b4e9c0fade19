//! Models: their structure, schema, fields, key, and what a write adds.
//!
//! **Invariant.** A model that is wrong is remembered as such, so that its users are not reported for it.

use super::fields::Fields;
use super::{Compiler, coverage};
use crate::codec;
use crate::lang::{self, Operand};
use crate::plan::model::{Absent, Constant, Field, FieldKind, Fill, LegacyPath, Model, ObjectMap};
use crate::plan::resolve::{Resolver, Scope};
use crate::plan::schema::{self, Schema};
use crate::ty::Kind;
use kernel::{Diagnostic, PartKind, Scalar, Severity, Shape};
use std::sync::Arc;

impl<'a> Compiler<'a> {
    pub(super) fn models(&mut self) {
        for model in &self.project.models {
            let before = self.errors();
            let done = self.model(model);
            if done.is_none() && self.errors() > before {
                self.broken.insert(&model.name.value, ());
            }
        }
    }

    fn errors(&self) -> usize {
        self.found.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    fn model(&mut self, model: &'a lang::Model) -> Option<()> {
        let (schema, file) = match &model.schema {
            Some(file) => self.read_schema(file).map(|(schema, file)| (Some(schema), Some(file)))?,
            None => (None, None),
        };
        let Some(legacy) = &model.legacy else {
            match schema {
                Some(schema) => self.schemas.push((model.name.value.clone(), schema, file)),
                None => {
                    self.report(
                        "E007",
                        model.name.span,
                        format!("model {} has neither `legacy:` nor `schema:`", model.name.value),
                    );
                }
            }
            return Some(());
        };
        let connection = self.connection(&legacy.connection.value, legacy.connection.span)?;
        let Some(catalogue) = self.connections[connection].catalogue.clone() else {
            if self.failed.contains(&legacy.connection.value) {
                self.broken.insert(&model.name.value, ());
                return Some(());
            }
            let why = "its connection is of a type that no adapter of this build serves";
            self.unsupported("models", &model.name.value, why, model.name.span);
            self.foreign.push(&model.name.value);
            return Some(());
        };
        let shape = Arc::clone(&catalogue.shape);
        let structure = self.structure(&catalogue, legacy)?;
        let before = self.errors();
        let scope = Scope::record(structure.ty, &structure.parents);
        let mut fields = Fields::new(self, &shape, connection, file);
        let mut body = fields.map(&model.fields, &scope, schema.as_deref().map(Schema::of), "");
        fields.formulas(&mut body);
        if let Some(table) = catalogue.table(structure.part) {
            self.filled_by_database(table, &mut body);
        }
        if let Some(schema) = &schema {
            self.all_made(model, &body, Schema::of(schema), file);
        }
        let key = self.key(&model.key, &body);
        let constants = self.constants(model, &body, &shape, &scope, connection);
        let ignored = self.ignored(model, &shape, &scope);
        self.optional_in_legacy(model, &body);
        let schema = schema.unwrap_or_else(|| schema::infer(&model.name.value, &body).into());
        let ready = Model {
            name: model.name.value.as_str().into(),
            connection,
            shape: Arc::clone(&shape),
            part: structure.part,
            ty: structure.ty,
            parents: structure.parents,
            body,
            key,
            constants,
            ignored,
            schema: Arc::clone(&schema),
            span: model.name.span,
        };
        self.schemas.push((model.name.value.clone(), schema, file));
        if self.errors() > before {
            self.broken.insert(&model.name.value, ());
        }
        if self.errors() == before {
            self.uncovered(model, &coverage::measure(&ready));
        }
        self.models.push(Arc::new(ready));
        Some(())
    }

    fn read_schema(
        &mut self,
        file: &lang::Spanned<String>,
    ) -> Option<(Arc<serde_json::Value>, kernel::FileId)> {
        let text = self.text(file)?;
        let id = self.sources.add(file.value.as_str(), text.as_str());
        match serde_json::from_str(&text) {
            Ok(schema) => Some((Arc::new(schema), id)),
            Err(error) => {
                self.report("E007", file.span, format!("{} is no JSON: {error}", file.value));
                None
            }
        }
    }

    /// Reports properties that the JSON Schema requires and that no field makes.
    fn all_made(
        &mut self,
        model: &lang::Model,
        body: &ObjectMap,
        schema: Schema<'_>,
        file: Option<kernel::FileId>,
    ) {
        for name in schema.required() {
            if !body.fields.iter().any(|field| &*field.name == name) {
                let message = format!(
                    "the JSON Schema requires `{name}`, and no field of {} makes it",
                    model.name.value
                );
                let span = self.property(file, name);
                let diagnostic = self.report("E040", model.name.span, message);
                *diagnostic = diagnostic
                    .clone()
                    .also(span, "required here")
                    .hint(format!("add a line `{name}: LEGACY-PATH`"));
            }
        }
    }

    /// Returns where a property stands in the file of a model's JSON Schema.
    pub(super) fn property(&self, file: Option<kernel::FileId>, name: &str) -> Option<kernel::Span> {
        property_in(self.sources.file(file?)?, file?, name)
    }

    fn key(&mut self, key: &[lang::Spanned<String>], body: &ObjectMap) -> Vec<usize> {
        let mut indexes = Vec::new();
        for name in key {
            match body.fields.iter().position(|field| *field.name == *name.value) {
                Some(index) => indexes.push(index),
                None => {
                    let names: Vec<String> = body.fields.iter().map(|field| field.name.to_string()).collect();
                    self.unknown("E031", name.span, "field", &name.value, &names);
                }
            }
        }
        indexes
    }

    fn constants(
        &mut self,
        model: &lang::Model,
        body: &ObjectMap,
        shape: &Arc<Shape>,
        scope: &Scope,
        connection: usize,
    ) -> Vec<Constant> {
        let mut constants = Vec::new();
        for assign in &model.write {
            let mut resolver = Resolver { shape, found: &mut self.found };
            let Some(path) = resolver.value(scope, &assign.path) else { continue };
            if path.beside.is_some() {
                let message = "what stands beside the record is never written";
                self.report("E013", assign.path.span, message).hint = Some("take the line away".into());
                continue;
            }
            let value = match &assign.value {
                Operand::Text(text) => self.literal(shape, &path, text, connection),
                Operand::Expr(expr) => {
                    let scope = super::formulas::scope_of(&[body]);
                    self.filled(shape, &path, expr, &scope, connection)
                        .map(|(formula, chain)| Fill::Expr(Box::new(formula), chain))
                }
            };
            constants.extend(value.map(|value| Constant { path, value }));
        }
        constants
    }

    /// Checks a literal by the legacy type.
    pub(super) fn literal(
        &mut self,
        shape: &Arc<Shape>,
        path: &LegacyPath,
        text: &lang::Spanned<String>,
        connection: usize,
    ) -> Option<Fill> {
        let chain = self.plain_chain(shape, path, text.span, connection)?;
        Resolver { shape, found: &mut self.found }.possible(path.ty, text)?;
        if let Err(error) = chain.read(&[Scalar::Text(&text.value)]) {
            let span = Resolver { shape, found: &mut self.found }.declared(path);
            let message = format!("`{}` is no value of the legacy type: {error}", text.value);
            let diagnostic = self.report("E042", text.span, message);
            *diagnostic = diagnostic.clone().also(span, "declared here");
            return None;
        }
        Some(Fill::Text(text.value.as_str().into()))
    }

    /// Compiles an expression that is written to a legacy leaf.
    pub(super) fn filled(
        &mut self,
        shape: &Arc<Shape>,
        path: &LegacyPath,
        expr: &lang::Expr,
        scope: &Arc<crate::plan::model::Scope>,
        connection: usize,
    ) -> Option<(crate::plan::model::Formula, codec::Chain)> {
        let chain = self.plain_chain(shape, path, expr.span, connection);
        let formula = self.formula(expr, scope);
        let (chain, formula) = (chain?, formula?);
        if !can_write(&formula.typed.ty().kind, &chain.ty().kind) {
            let span = Resolver { shape, found: &mut self.found }.declared(path);
            let message = format!(
                "this is {}, and the legacy type takes {}",
                formula.typed.ty().kind.describe(),
                chain.ty().kind.describe()
            );
            let diagnostic = self.report("E042", expr.span, message);
            *diagnostic = diagnostic.clone().also(span, "declared here");
            return None;
        }
        Some((formula, chain))
    }

    /// Returns the chain of a legacy leaf without codecs.
    pub(super) fn plain_chain(
        &mut self,
        shape: &Shape,
        path: &LegacyPath,
        span: kernel::Span,
        connection: usize,
    ) -> Option<codec::Chain> {
        self.chain(shape, std::slice::from_ref(path), &[], (span, path.span), connection)
    }

    pub(super) fn chain(
        &mut self,
        shape: &Shape,
        sources: &[LegacyPath],
        calls: &[codec::CodecCall],
        (span, sources_span): (kernel::Span, kernel::Span),
        connection: usize,
    ) -> Option<codec::Chain> {
        let mut leaves = Vec::with_capacity(sources.len());
        for source in sources {
            let part = source.steps.last().and_then(|step| step.parts.first()).map(|&part| shape.part(part));
            leaves.push(codec::Source {
                ty: shape.scalar(source.ty)?,
                nillable: part.is_some_and(|part| {
                    part.nillable && (part.occurs.min > 0 || part.kind == PartKind::Field)
                }),
                span: part.and_then(|part| part.span),
            });
        }
        let written = &self.project.connections[connection];
        let nulls: Vec<String> = written.nulls.iter().map(|text| text.value.clone()).collect();
        let setting = codec::Setting {
            // A name that is none was reported at the connection, once for all of its fields.
            timezone: written.timezone.as_ref().map(|zone| match codec::Zone::named(&zone.value) {
                Some(_) => zone.value.as_str(),
                None => "UTC",
            }),
            nulls: &nulls,
            codes: &self.codes,
            span,
            sources_span,
        };
        match codec::compile(&leaves, calls, &setting) {
            Ok(chain) => Some(chain),
            Err(found) => {
                self.found.extend(found);
                None
            }
        }
    }

    fn ignored(&mut self, model: &lang::Model, shape: &Shape, scope: &Scope) -> Vec<LegacyPath> {
        let mut resolver = Resolver { shape, found: &mut self.found };
        model.ignore.iter().filter_map(|path| resolver.path(scope, path)).collect()
    }

    /// W002: optional in legacy, required in the model, with the list.
    fn optional_in_legacy(&mut self, model: &lang::Model, body: &ObjectMap) {
        let mut names = Vec::new();
        missing(body, "", &mut names);
        if names.is_empty() {
            return;
        }
        let message = format!("optional in legacy, required in {}: {}", model.name.value, names.join(", "));
        self.found.push(
            Diagnostic::new("W002", model.name.span, message)
                .hint("a reply without one of them is answered by 502 legacy-contract"),
        );
    }

    /// W003: legacy fields that are neither used nor ignored.
    fn uncovered(&mut self, model: &lang::Model, coverage: &coverage::Coverage) {
        if coverage.reported.is_empty() {
            return;
        }
        let shown: Vec<&str> = coverage.reported.iter().take(12).map(|(path, _)| path.as_str()).collect();
        let more = match coverage.reported.len() - shown.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let span = model.legacy.as_ref().map_or(model.name.span, |legacy| legacy.span);
        let message = format!("legacy fields neither used nor ignored: {}{more}", shown.join(", "));
        let declared = coverage.reported.first().and_then(|(_, span)| *span);
        self.found.push(
            Diagnostic::new("W003", span, message)
                .also(declared, "the first is declared here")
                .hint("map them, or name them under `ignore:`"),
        );
    }
}

/// Collects the fields that an answer must have and a reply may lack.
fn missing(map: &ObjectMap, prefix: &str, names: &mut Vec<String>) {
    for field in &map.fields {
        let name = format!("{prefix}{}", field.name);
        let object_optional =
            matches!(field.kind, FieldKind::Object(_)) && field.facts.absent() != Absent::Refuse;
        if field.facts.absent() == Absent::Refuse
            && field.ty.optional
            && !matches!(field.kind, FieldKind::Computed(_) | FieldKind::Object(_))
        {
            names.push(name.clone());
        }
        match &field.kind {
            // The members of an object that may be absent as a whole come and go together.
            FieldKind::Object(inner) if !object_optional => missing(inner, &format!("{name}."), names),
            FieldKind::Each { element, .. } => missing(element, &format!("{name}."), names),
            _ => {}
        }
    }
}

/// Returns where a property stands in a JSON Schema.
pub(super) fn property_in(
    source: &kernel::SourceFile,
    file: kernel::FileId,
    name: &str,
) -> Option<kernel::Span> {
    let quoted = format!("\"{name}\"");
    let mut from = 0;
    while let Some(at) = source.text[from..].find(&quoted) {
        let (start, end) = (from + at, from + at + quoted.len());
        if source.text[end..].trim_start().starts_with(':') {
            return Some(kernel::Span::new(file, start, end));
        }
        from = end;
    }
    None
}

/// Returns whether a value of one kind can be written where a chain gives another one.
pub(super) fn can_write(value: &Kind, chain: &Kind) -> bool {
    match (value, chain) {
        (Kind::Any, _) | (_, Kind::Any | Kind::Text) => !matches!(value, Kind::List(_) | Kind::Object(_)),
        (Kind::Number { .. } | Kind::Float, Kind::Number { .. } | Kind::Float) => true,
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// Returns whether a field of a model can be written at all.
pub(super) fn is_writable(field: &Field) -> bool {
    !field.hidden && !field.facts.read_only
}

/// Returns whether a field reads several legacy values alike or writes one form, so that a replacement could do harm.
pub(super) fn keeps_less(map: &ObjectMap) -> bool {
    map.fields.iter().any(|field| match &field.kind {
        FieldKind::Value { chain, .. } => {
            is_writable(field) && matches!(chain.loss(), codec::Loss::Lossy | codec::Loss::Canonical)
        }
        FieldKind::Each { element, .. } => keeps_less(element),
        FieldKind::Object(inner) => keeps_less(inner),
        FieldKind::Cases { cases, .. } => cases.iter().any(|case| keeps_less(&case.fields)),
        FieldKind::Computed(_) => false,
    })
}

/// Returns how many structures around a record the paths of its fields reach.
pub(super) fn highest(map: &ObjectMap, inside: usize) -> usize {
    let reach = |path: &LegacyPath| path.up.saturating_sub(inside);
    map.fields
        .iter()
        .map(|field| match &field.kind {
            FieldKind::Value { sources, .. } => sources.iter().map(reach).max().unwrap_or(0),
            FieldKind::Each { path, element, .. } => {
                reach(path).max(highest(element, inside + path.steps.len()))
            }
            FieldKind::Object(inner) => highest(inner, inside),
            FieldKind::Cases { cases, .. } => {
                cases.iter().map(|case| highest(&case.fields, inside)).max().unwrap_or(0)
            }
            FieldKind::Computed(_) => 0,
        })
        .max()
        .unwrap_or(0)
}
