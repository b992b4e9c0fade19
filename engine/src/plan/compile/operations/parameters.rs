//! Parameters of operations, and the names that `send:` may use.
//!
//! **Invariant.** A parameter that is a field of the model has the field's type.

use super::{Asked, Compiler, Subject, takes_body};
use crate::lang::{self, CompareOp, Operand};
use crate::plan::compile::fields::record;
use crate::plan::compile::formulas::Names;
use crate::plan::model::{Field, FieldKind, Model, Origin, Scope};
use crate::plan::resolve::Resolver;
use crate::plan::schema::Schema;
use crate::program::{Param, Place, Verb};
use crate::ty::{Kind, Record, Type};
use crate::value::Value;
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn parameters(
        &mut self,
        operation: &lang::Operation,
        subject: &Subject,
        asked: &Asked,
    ) -> Vec<Param> {
        let model = match subject {
            Subject::Mapped(_, model) => Some(&**model),
            _ => None,
        };
        let mut params = Vec::new();
        for segment in &operation.segments {
            let lang::Segment::Param(name) = &segment.value else { continue };
            let field =
                model.and_then(|model| model.body.fields.iter().position(|field| *field.name == **name));
            let kind = match field.zip(model) {
                Some((at, model)) => model.body.fields[at].ty.kind.clone(),
                None => self.kind_by_use(operation, subject, asked, name).unwrap_or(Kind::Text),
            };
            params.push(Param {
                name: name.as_str().into(),
                place: Place::Path,
                ty: Type::required(kind),
                allowed: Vec::new(),
                default: None,
                field,
            });
        }
        for query in &operation.query {
            params.extend(self.query(query));
        }
        for filter in &operation.filter {
            let kind = model.map_or(Kind::Any, |model| self.filter(filter, model));
            params.push(Param {
                name: filter.name.value.as_str().into(),
                place: Place::Query,
                ty: Type::optional(kind),
                allowed: model.map_or_else(Vec::new, |model| allowed(filter, model)),
                default: None,
                field: None,
            });
        }
        params
    }

    /// Returns the type that a parameter of the path has by what it is sent to, where no field says it.
    fn kind_by_use(
        &mut self,
        operation: &lang::Operation,
        subject: &Subject,
        asked: &Asked,
        name: &str,
    ) -> Option<Kind> {
        // What is wrong there is told where it is compiled.
        let told = self.found.len();
        let kind = match (asked, subject) {
            (Asked::Operation(connection, id, catalogue), _) => {
                let sends = operation.send.iter().find(|line| match &line.value {
                    Operand::Expr(expr) => expr.text.trim() == name,
                    Operand::Text(_) => false,
                });
                sends.and_then(|line| {
                    let shape = &catalogue.shape;
                    let request = catalogue.operations[id.0 as usize].request;
                    let scope = crate::plan::resolve::Scope::record(shape.part(request).ty, &[]);
                    let path = Resolver { shape, found: &mut self.found }.values(&scope, &line.path)?;
                    self.plain_chain(shape, &path, line.path.span, *connection)
                })
            }
            (Asked::Statement(connection), _) => self.chain_in_statement(operation, *connection, name),
            (Asked::Rows(_), Subject::Mapped(_, model)) => {
                self.chain_in_statement(operation, model.connection, name)
            }
            (Asked::Rows(_), _) => None,
        };
        self.found.truncate(told);
        kind.map(|chain| chain.ty().kind.clone())
            .filter(|kind| !matches!(kind, Kind::List(_) | Kind::Object(_) | Kind::Bytes))
    }

    fn query(&mut self, query: &lang::QueryParam) -> Option<Param> {
        let kind = match query.ty.value.as_str() {
            "text" => Kind::Text,
            "integer" => Kind::Number { integer: true },
            "number" => Kind::Number { integer: false },
            "boolean" => Kind::Bool,
            "date" => Kind::Date,
            "time" => Kind::Time,
            "datetime" => Kind::Instant,
            other => {
                let known =
                    ["text", "integer", "number", "boolean", "date", "time", "datetime"].map(String::from);
                self.unknown("E007", query.ty.span, "type", other, &known);
                return None;
            }
        };
        let mut param = Param {
            name: query.name.value.as_str().into(),
            place: Place::Query,
            ty: Type { kind, optional: !query.required && query.default.is_none() },
            allowed: query.allowed.iter().map(|allowed| allowed.value.as_str().into()).collect(),
            default: None,
            field: None,
        };
        if let Some(default) = &query.default {
            match param.parse(&default.value) {
                Ok(value) => param.default = Some(value),
                Err(expected) => {
                    self.report(
                        "E042",
                        default.span,
                        format!("the default of `{}`: {expected}", query.name.value),
                    );
                }
            }
        }
        Some(param)
    }

    /// Returns what a filter compares with; E033, E034.
    fn filter(&mut self, filter: &lang::Filter, model: &Model) -> Kind {
        let Some(field) = find_field(model, &filter.field.value) else {
            let names: Vec<String> = model.body.fields.iter().map(|field| field.name.to_string()).collect();
            self.unknown(
                "E033",
                filter.field.span,
                &format!("field of {}", model.name),
                &filter.field.value,
                &names,
            );
            return Kind::Any;
        };
        let ordered = matches!(&field.kind, FieldKind::Value { chain, .. } if chain.keeps_order());
        // Of the fields of a table more can be said, where its filters are made.
        if filter.op.value.is_range() && !ordered && self.table(model).is_none() {
            let sign =
                CompareOp::ALL.iter().find(|(_, op)| *op == filter.op.value).map_or("", |(sign, _)| *sign);
            let message = format!(
                "`{}` cannot be compared by {sign}: its codec does not keep the order",
                filter.field.value
            );
            self.report("E034", filter.op.span, message);
        }
        match filter.op.value {
            CompareOp::Starts | CompareOp::Contains => Kind::Text,
            CompareOp::In => Kind::List(Arc::new(Type::required(field.ty.kind.clone()))),
            _ => field.ty.kind.clone(),
        }
    }

    /// The names that `send:` of an operation may use.
    pub(super) fn names_of(
        &self,
        operation: &lang::Operation,
        verb: Verb,
        params: &[Param],
        body: Option<&serde_json::Value>,
        subject: &Subject,
    ) -> Arc<Scope> {
        let mut names = Names::default();
        for (index, param) in params.iter().enumerate() {
            let absent = param.ty.optional && param.default.as_ref().is_none_or(Value::is_absent);
            names.add(
                &param.name,
                Type { kind: param.ty.kind.clone(), optional: absent },
                Origin::Param(index),
            );
        }
        match (subject, body) {
            (Subject::Mapped(_, model), _) if takes_body(verb) || operation.body.is_some() => {
                names.add("body", Type::required(Kind::Object(Arc::new(sent(model)))), Origin::Body);
            }
            (_, Some(schema)) => names.add("body", Type::required(Schema::of(schema).kind()), Origin::Body),
            _ => {}
        }
        if verb == Verb::List {
            names.add("page", Type::required(Kind::Object(Arc::new(page()))), Origin::Page);
        }
        names.add_ambient();
        names.done()
    }
}

/// The only texts that a filter finds anything by, where a code table decides what the field can be.
fn allowed(filter: &lang::Filter, model: &Model) -> Vec<Arc<str>> {
    let points = matches!(filter.op.value, CompareOp::Equal | CompareOp::NotEqual | CompareOp::In);
    let field = find_field(model, &filter.field.value).filter(|_| points);
    let Some(FieldKind::Value { chain, .. }) = field.map(|field| &field.kind) else { return Vec::new() };
    let text = |value: &Value| match value {
        Value::Text(text) => Some(Arc::clone(text)),
        _ => None,
    };
    chain.outcomes().and_then(|values| values.iter().map(text).collect()).unwrap_or_default()
}

/// The members of a body: all may be missing but those that the schema requires.
fn sent(model: &Model) -> Record {
    let mut members = record(&model.body);
    for ((_, ty), field) in members.fields.iter_mut().zip(&model.body.fields) {
        ty.optional = !field.facts.required || field.facts.default.is_some() || field.facts.read_only;
    }
    members
}

fn page() -> Record {
    let number = || Type::required(Kind::Number { integer: true });
    let members = [
        ("size", number()),
        ("cursor", Type::optional(Kind::Text)),
        ("offset", number()),
        ("number", number()),
    ];
    Record { fields: members.into_iter().map(|(name, ty)| (name.into(), ty)).collect() }
}

/// Finds a field by its dotted name.
pub(in crate::plan::compile) fn find_field<'m>(model: &'m Model, name: &str) -> Option<&'m Field> {
    let mut map = &model.body;
    let mut parts = name.split('.').peekable();
    while let Some(part) = parts.next() {
        let field = map.fields.iter().find(|field| *field.name == *part)?;
        if parts.peek().is_none() {
            return Some(field);
        }
        let FieldKind::Object(inner) = &field.kind else { return None };
        map = inner;
    }
    None
}
