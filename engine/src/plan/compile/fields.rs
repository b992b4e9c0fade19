//! Fields: the five forms, resolved and typed, and checked against the JSON Schema.
//!
//! **Invariant.** A field that is wrong is kept with type `Any`, so that expressions which use it are not reported too.

mod cases;
mod computed;
mod facts;

use super::Compiler;
use crate::codec::CodecCall;
use crate::lang;
use crate::plan::model::{Facts, Field, FieldKind, LegacyPath, ObjectMap, Pick, WriteRule};
use crate::plan::resolve::{Resolver, Scope};
use crate::plan::schema::Schema;
use crate::ty::{Kind, Record, Type};
use kernel::{FileId, PartKind, Shape, Span};
use std::sync::Arc;

/// The fields of one model while they are compiled.
pub(super) struct Fields<'c, 'a, 'm> {
    compiler: &'c mut Compiler<'a>,
    shape: &'c Arc<Shape>,
    connection: usize,
    /// The file of the JSON Schema.
    file: Option<FileId>,
    /// Expressions that wait until all fields have their types.
    pending: Vec<computed::Pending<'m>>,
    /// Indexes from the model's body to the map that is being made.
    at: Vec<usize>,
}

impl<'c, 'a, 'm> Fields<'c, 'a, 'm> {
    pub(super) fn new(
        compiler: &'c mut Compiler<'a>,
        shape: &'c Arc<Shape>,
        connection: usize,
        file: Option<FileId>,
    ) -> Self {
        Self { compiler, shape, connection, file, pending: Vec::new(), at: Vec::new() }
    }

    /// Compiles the fields of one map. `pointer` is the dotted name of what they are in.
    pub(super) fn map(
        &mut self,
        fields: &'m [lang::Field],
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) -> ObjectMap {
        let mut map = ObjectMap::default();
        for field in fields {
            self.place(&mut map, field, 0, scope, schema, pointer);
        }
        map
    }

    /// Puts a field where its dotted name says; the objects on the way are made.
    fn place(
        &mut self,
        map: &mut ObjectMap,
        field: &'m lang::Field,
        depth: usize,
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) {
        let Some(part) = field.name.parts.get(depth) else { return };
        let name = part.value.as_str();
        let known = map.fields.iter().position(|known| *known.name == *name);
        let last = depth + 1 == field.name.parts.len();
        let index = known.unwrap_or(map.fields.len());
        if let Some(known) = known
            && (last || !matches!(&map.fields[known].kind, FieldKind::Object(inner) if inner.implicit))
        {
            let first = map.fields[known].span;
            let diagnostic =
                self.compiler.report("E001", part.span, format!("`{pointer}{name}` is there twice"));
            *diagnostic = diagnostic.clone().also(Some(first), "first here");
            return;
        }
        // The object of several dotted keys is looked up once.
        let facts =
            if known.is_none() { self.facts(schema, name, part.span, pointer) } else { Facts::default() };
        self.at.push(index);
        if last {
            let inner = schema.and_then(|schema| schema.property(name));
            let made = self.field(field, name, facts, scope, inner, &format!("{pointer}{name}"));
            map.fields.push(made);
        } else {
            if known.is_none() {
                let kind = FieldKind::Object(ObjectMap { fields: Vec::new(), implicit: true });
                map.fields.push(self.bare(name, facts, field.name.span, kind));
            }
            let inner = schema.and_then(|schema| schema.property(name));
            if let FieldKind::Object(object) = &mut map.fields[index].kind {
                let mut taken = std::mem::take(object);
                self.place(&mut taken, field, depth + 1, scope, inner, &format!("{pointer}{name}."));
                if let FieldKind::Object(object) = &mut map.fields[index].kind {
                    *object = taken;
                }
            }
            retype(&mut map.fields[index]);
        }
        self.at.pop();
    }

    fn bare(&self, name: &str, facts: Facts, span: Span, kind: FieldKind) -> Field {
        let hidden = name.starts_with('_');
        Field {
            name: name.into(),
            hidden,
            sensitive: false,
            span,
            ty: Type::optional(Kind::Any),
            facts,
            kind,
        }
    }

    fn field(
        &mut self,
        field: &'m lang::Field,
        name: &str,
        facts: Facts,
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) -> Field {
        let nothing = FieldKind::Object(ObjectMap::default());
        let mut made =
            Field { sensitive: field.sensitive, ..self.bare(name, facts, field.name.span, nothing) };
        match &field.kind {
            lang::FieldKind::Value(line) => self.value(&mut made, line, scope, schema, pointer),
            lang::FieldKind::Computed(expr) => self.compute_later(expr),
            lang::FieldKind::List { each, at, key, fields } => {
                self.list(&mut made, each, at.as_ref(), key, fields, scope, schema, pointer);
            }
            lang::FieldKind::Object { at, fields } => {
                if let Some(path) = self.resolver().prefix(scope, at) {
                    let inner = self.map(fields, &scope.below(&path), schema, &format!("{pointer}."));
                    made.kind = FieldKind::Object(inner);
                }
            }
            lang::FieldKind::Cases { selector, tag, cases } => {
                self.cases(&mut made, selector.as_ref(), tag.as_ref(), cases, scope, schema, pointer);
            }
        }
        if let Some(expr) = &field.write {
            self.write_later(&mut made, expr);
        }
        retype(&mut made);
        self.check_type(&made, schema, field.span, pointer);
        made
    }

    fn resolver(&mut self) -> Resolver<'_> {
        Resolver { shape: self.shape, found: &mut self.compiler.found }
    }

    fn value(
        &mut self,
        made: &mut Field,
        line: &lang::ValueLine,
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) {
        let Some(sources) = self.sources(line, scope) else { return };
        let spans = (line.span, line.sources_span);
        let chain = self.compiler.chain(self.shape, &sources, &line.codecs, spans, self.connection);
        let Some(chain) = chain else { return };
        let many =
            sources.iter().any(|source| source.steps.iter().any(|step| matches!(step.pick, Pick::All)));
        if many && !sources.iter().all(|source| self.resolver().outwards_once(source)) {
            return;
        }
        self.check_codes(&line.codecs, schema, pointer);
        let missing = sources.iter().all(|source| may_lack(self.shape, source))
            && chain.read(&[]).is_ok_and(|value| value.is_absent());
        let element = chain.ty().clone();
        made.ty = if many {
            Type::required(Kind::List(Arc::new(Type::required(element.kind))))
        } else {
            Type { kind: element.kind, optional: element.optional || missing }
        };
        made.facts.read_only |= chain.read_only() || sources.iter().all(|source| source.beside.is_some());
        made.facts.write_only |= chain.write_only();
        let write = if made.facts.read_only { WriteRule::Never } else { WriteRule::Inverse };
        made.kind = FieldKind::Value { sources, chain, many, write };
    }

    fn sources(&mut self, line: &lang::ValueLine, scope: &Scope) -> Option<Vec<LegacyPath>> {
        let mut resolver = Resolver { shape: self.shape, found: &mut self.compiler.found };
        let sources: Vec<Option<LegacyPath>> =
            line.sources.iter().map(|path| resolver.value(scope, path)).collect();
        sources.into_iter().collect()
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one construct of the language, each used once"
    )]
    fn list(
        &mut self,
        made: &mut Field,
        each: &lang::Path,
        at: Option<&lang::Path>,
        key: &[lang::Spanned<String>],
        fields: &'m [lang::Field],
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) {
        let Some(path) = self.resolver().repeated(scope, each) else { return };
        let mut inner = scope.element(&path);
        if let Some(at) = at {
            let Some(prefix) = self.resolver().prefix(&inner, at) else { return };
            inner = inner.below(&prefix);
        }
        let items = schema.and_then(Schema::items);
        let element = self.map(fields, &inner, items, &format!("{pointer}[]."));
        let key = self.element_key(key, &element);
        made.kind = FieldKind::Each { path, element, key };
    }

    fn element_key(&mut self, key: &[lang::Spanned<String>], element: &ObjectMap) -> Vec<usize> {
        let mut indexes = Vec::new();
        for name in key {
            match element.fields.iter().position(|field| *field.name == *name.value) {
                Some(index) => indexes.push(index),
                None => {
                    let names: Vec<String> =
                        element.fields.iter().map(|field| field.name.to_string()).collect();
                    self.compiler.unknown("E031", name.span, "field", &name.value, &names);
                }
            }
        }
        indexes
    }

    /// E041: what a code table yields must be in the enumeration; the other way round is a note.
    fn check_codes(&mut self, calls: &[CodecCall], schema: Option<Schema<'_>>, pointer: &str) {
        let (Some(call), Some(allowed)) =
            (calls.iter().find(|call| call.name == "codes"), schema.and_then(Schema::texts))
        else {
            return;
        };
        let Some(crate::codec::CodecArg::Text { value: name, span }) = call.args.first() else { return };
        let Some(table) = self.compiler.codes.get(name.as_str()).cloned() else { return };
        let member = pointer.rsplit(['.', ']']).next().unwrap_or(pointer);
        let declared = self.compiler.property(self.file, member);
        for line in &table.lines {
            if !allowed.contains(&line.modern.as_str()) {
                let message = format!(
                    "code table {name} yields `{}`, which the JSON Schema does not allow",
                    line.modern
                );
                let diagnostic = self.compiler.report("E041", line.modern_span, message);
                *diagnostic = diagnostic
                    .clone()
                    .also(declared, "declared here")
                    .also(Some(*span), "used here")
                    .hint(format!("it allows: {}", allowed.join(", ")));
            }
        }
        for text in allowed {
            if !table.lines.iter().any(|line| line.modern == text) {
                let message = format!(
                    "the JSON Schema allows `{text}` for {pointer}, and no line of code table {name} yields it"
                );
                self.compiler.report("N001", *span, message);
            }
        }
    }
}

/// Returns whether what stands at a path may be missing when it is read.
fn may_lack(shape: &Shape, path: &LegacyPath) -> bool {
    let part = path.steps.last().and_then(|step| step.parts.first()).map(|&part| shape.part(part));
    match part {
        // A column that the database fills in may be missing from what is written only.
        Some(part) if part.kind == PartKind::Field && path.steps.len() == 1 => part.nillable,
        _ => path.occurs.min == 0,
    }
}

/// Makes the type of a field that has members follow from them.
pub(super) fn retype(field: &mut Field) {
    match &mut field.kind {
        FieldKind::Object(map) if !map.fields.is_empty() => {
            map.fields.iter_mut().for_each(retype);
            let optional = map.fields.iter().all(|field| field.ty.optional);
            field.ty = Type { kind: Kind::Object(Arc::new(record(map))), optional };
        }
        FieldKind::Each { element, .. } => {
            element.fields.iter_mut().for_each(retype);
            let element = Type::required(Kind::Object(Arc::new(record(element))));
            field.ty = Type::required(Kind::List(Arc::new(element)));
        }
        FieldKind::Cases { tag, cases, .. } => {
            let mut members = vec![(tag.clone(), Type::required(Kind::Text))];
            for case in cases {
                case.fields.fields.iter_mut().for_each(retype);
                for (name, ty) in record(&case.fields).fields {
                    match members.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) if known.kind != ty.kind => known.kind = Kind::Any,
                        Some(_) => {}
                        None => members.push((name, Type::optional(ty.kind))),
                    }
                }
            }
            field.ty = Type::optional(Kind::Object(Arc::new(Record { fields: members })));
        }
        _ => {}
    }
}

/// Returns the members of a map with their types.
pub(super) fn record(map: &ObjectMap) -> Record {
    Record { fields: map.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect() }
}
