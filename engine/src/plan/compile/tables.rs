//! Operations of models on tables: which rows, which columns, in which order, and what a write needs.
//!
//! **Invariant.** A filter that could miss rows, a write that the table refuses, and a row that cannot be told from
//! others are found here, not by a request.

mod filters;
mod orders;

use super::Compiler;
use super::operations::Subject;
use super::structures::dotted;
use super::usage::{Usage, Which};
use crate::lang;
use crate::plan::model::{FieldKind, LegacyPath, Model, ModelId, ObjectMap, Pick, Scope, Step, WriteRule};
use crate::plan::query::project::only;
use crate::plan::read::{ReadPlan, ReadSpec, RecordSpec, Yield};
use crate::program::{CallPlan, ColumnPlan, FilterPlan, OwnPlan, Param, TablePlan, Target, Verb};
use kernel::{Diagnostic, Occurs, OperationId, PartId, Shape, Table};
use std::sync::Arc;

impl Compiler<'_> {
    /// Returns the table that a model is made of, if it is one.
    pub(super) fn table(&self, model: &Model) -> Option<Arc<Table>> {
        let catalogue = self.connections.get(model.connection)?.catalogue.as_ref()?;
        catalogue.table(model.part).cloned().map(Arc::new)
    }

    /// What the database fills in itself is not written; E076 where the mapping says otherwise.
    pub(super) fn filled_by_database(&mut self, table: &Table, map: &mut ObjectMap) {
        for field in &mut map.fields {
            match &mut field.kind {
                FieldKind::Value { sources, write, .. } => {
                    if !sources.iter().filter_map(column).any(|part| table.generated.contains(&part)) {
                        continue;
                    }
                    if matches!(write, WriteRule::Expr(_)) {
                        let message = format!("the database fills in what `{}` is made of", field.name);
                        self.found
                            .push(Diagnostic::new("E076", field.span, message).hint("take `write:` away"));
                    }
                    *write = WriteRule::Never;
                    field.facts.read_only = true;
                }
                FieldKind::Object(inner) => self.filled_by_database(table, inner),
                FieldKind::Cases { cases, .. } => {
                    cases.iter_mut().for_each(|case| self.filled_by_database(table, &mut case.fields));
                }
                _ => {}
            }
        }
    }

    /// Compiles an operation on the rows of a model's table, or of a statement in its place.
    pub(super) fn rows(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        subject: &Subject,
        table: &Arc<Table>,
        (names, params): (&Arc<Scope>, &[Param]),
    ) -> Option<CallPlan> {
        let Subject::Mapped(id, model) = subject else { return None };
        let before = self.found.len();
        let from = match &operation.statement {
            Some(statement) => Some(self.reading_statement(statement, model, names)?),
            None => None,
        };
        let filters = self.filters(operation, verb, model, params);
        let mut plan = table_plan(*id, model, table);
        if let Some((_, given)) = &from {
            self.given(operation, given, model, &plan.columns);
        }
        plan.filters = filters;
        self.orders(operation, verb, model, &mut plan);
        let named = from.is_some() || self.whole_key(operation, verb, model, params);
        if from.is_none() {
            self.writable(operation, verb, model, table);
        }
        if named {
            self.used(operation, verb, params, from.as_ref().map(|(own, _)| own));
        }
        plan.from = from.map(|(own, _)| own);
        if !plan.unique && !model.key.is_empty() && verb == Verb::Get && self.found.len() == before {
            self.perhaps_several(operation, model, table);
        }
        let read = self.rows_read(verb, model, table);
        let connection = model.connection;
        let name = format!("{}/{}", self.connections[connection].name, dotted(&model.shape, table.part));
        let repeatable = matches!(verb, Verb::Get | Verb::List)
            || operation.policy.repeatable.as_ref().is_some_and(|it| it.value);
        Some(CallPlan {
            connection,
            operation: OperationId::QUERY,
            name: name.into(),
            repeatable,
            target: Target::Table(Box::new(plan)),
            read: Arc::new(read),
        })
    }

    /// How rows are read: one or many of the model; of a new one only the key.
    fn rows_read(&self, verb: Verb, model: &Model, table: &Table) -> ReadPlan {
        let shape = &model.shape;
        let yields = if verb == Verb::List { Yield::Many } else { Yield::One };
        let (tests, details) = self.judged_on(model.connection, shape, table.rows);
        let connection = &self.connections[model.connection];
        let key: Vec<Vec<usize>> = model.key.iter().map(|&index| vec![index]).collect();
        let narrow = (verb == Verb::Create).then(|| only(model, &key));
        ReadPlan::new(&ReadSpec {
            shape: Arc::clone(shape),
            root: table.rows,
            table: Arc::clone(&connection.table),
            tests,
            details,
            record: Some(RecordSpec::new(narrow.as_ref().unwrap_or(model), row(model, table), yields)),
            cursor: None,
            strict: connection.strict,
            repeatable: matches!(verb, Verb::Get | Verb::List),
        })
    }

    /// E077: what reads, changes or deletes one row names its whole key.
    fn whole_key(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        model: &Model,
        params: &[Param],
    ) -> bool {
        if matches!(verb, Verb::List | Verb::Create | Verb::Call) {
            return true;
        }
        let span = operation.key.span;
        if model.key.is_empty() {
            let message = format!("{} has no key, so none of its rows can be named", model.name);
            self.report("E077", span, message).hint = Some(format!("add `key:` to the model {}", model.name));
            return false;
        }
        let missing: Vec<&str> = model
            .key
            .iter()
            .filter(|&&index| !params.iter().any(|param| param.field == Some(index)))
            .map(|&index| &*model.body.fields[index].name)
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "{} does not name the key of {}: {}",
                operation.key.value,
                model.name,
                missing.join(", ")
            );
            let hint = format!("name a segment of the path like the field: {{{}}}", missing.join("}/{"));
            self.found
                .push(Diagnostic::new("E077", span, message).also(Some(model.span), "the model").hint(hint));
        }
        missing.is_empty()
    }

    /// E076 and E043: what a write needs of a table.
    fn writable(&mut self, operation: &lang::Operation, verb: Verb, model: &Model, table: &Table) {
        if matches!(verb, Verb::Get | Verb::List) {
            return;
        }
        let span = operation.key.span;
        if table.read_only {
            let name = dotted(&model.shape, table.part);
            let message = format!("{} writes to {name}, which is read-only", operation.key.value);
            let declared = model.shape.part(table.part).span;
            self.found.push(
                Diagnostic::new("E076", span, message)
                    .also(declared, "declared here")
                    .hint("it is a view, or the connection has `readOnly: true`"),
            );
            return;
        }
        for constant in &model.constants {
            if column(&constant.path).is_some_and(|part| table.generated.contains(&part)) {
                let message = "the database fills in this column itself";
                self.found
                    .push(Diagnostic::new("E076", constant.path.span, message).hint("take the line away"));
            }
        }
        if verb == Verb::Create && !self.broken.contains_key(&*model.name) {
            self.unfilled(operation, model, table);
        }
    }

    /// E043: a column that must have a value, and that nobody gives one.
    fn unfilled(&mut self, operation: &lang::Operation, model: &Model, table: &Table) {
        let mut usage = Usage::default();
        usage.touch_fields(&model.body, &[], Which::Written);
        for constant in &model.constants {
            usage.touch_from(&[], &constant.path);
        }
        for part in columns_of(&model.shape, model) {
            let column = model.shape.part(part);
            let free = is_nullable(&model.shape, part)
                || is_optional(&model.shape, part)
                || table.generated.contains(&part)
                || usage.below.contains_key(&part);
            if !free {
                let message = format!("the table requires `{}`, and nothing fills it", column.name.local);
                self.found.push(
                    Diagnostic::new("E043", operation.key.span, message)
                        .also(column.span, "declared here")
                        .hint("map it, or set it by `write:` of the model"),
                );
            }
        }
    }

    /// W007: the key of the model is not that of the table.
    fn perhaps_several(&mut self, operation: &lang::Operation, model: &Model, table: &Table) {
        let key: Vec<&str> = table.key.iter().map(|&part| &*model.shape.part(part).name.local).collect();
        let message = match key.is_empty() {
            true => format!("nothing says that the key of {} is unique: the table has no key", model.name),
            false => format!(
                "the key of {} may not be unique: that of the table is {}",
                model.name,
                key.join(", ")
            ),
        };
        self.found
            .push(Diagnostic::new("W007", operation.key.span, message).also(Some(model.span), "the model"));
    }

    /// E038: a parameter that selects nothing.
    fn used(&mut self, operation: &lang::Operation, verb: Verb, params: &[Param], own: Option<&OwnPlan>) {
        for (index, param) in params.iter().enumerate() {
            let filtered = operation.filter.iter().any(|filter| *filter.name.value == *param.name);
            let in_statement =
                own.is_some_and(|own| own.values.iter().any(|value| super::own::uses(&value.formula, index)));
            let selects = param.field.is_some() && own.is_none();
            if filtered || in_statement || selects || (verb == Verb::Create && param.field.is_some()) {
                continue;
            }
            let span = super::operations::span_of(operation, &param.name);
            let message = format!("parameter `{}` is not used", param.name);
            let hint = match own {
                Some(_) => format!("write `:{}` into the statement", param.name),
                None => "name it like a field of the model, or make it a `filter:`".to_owned(),
            };
            self.report("E038", span, message).hint = Some(hint);
        }
    }
}

/// Returns how a table is asked for all that its model reads.
pub(super) fn table_plan(id: ModelId, model: &Model, table: &Arc<Table>) -> TablePlan {
    let shape = &model.shape;
    let mut key: Vec<PartId> = Vec::new();
    for &index in &model.key {
        if let FieldKind::Value { sources, .. } = &model.body.fields[index].kind {
            key.extend(
                sources.iter().filter_map(column).filter(|part| !key.contains(part)).collect::<Vec<_>>(),
            );
        }
    }
    let unique = !table.key.is_empty() && table.key.iter().all(|part| key.contains(part));
    let more: Vec<PartId> = table.key.iter().copied().filter(|part| !key.contains(part)).collect();
    key.extend(more);
    let mut usage = Usage::default();
    usage.touch_fields(&model.body, &[], Which::All);
    let wanted = |part: &PartId| usage.below.contains_key(part) || key.contains(part);
    let columns = columns_of(shape, model).filter(wanted).collect();
    TablePlan {
        shape: Arc::clone(shape),
        table: Arc::clone(table),
        model: id,
        from: None,
        columns,
        key,
        unique,
        filters: Vec::new(),
        order: Vec::new(),
        sorts: Vec::new(),
    }
}

/// The columns of a model's table.
fn columns_of<'m>(shape: &'m Shape, model: &Model) -> impl Iterator<Item = PartId> + 'm {
    shape.group(model.ty).into_iter().flat_map(|group| group.parts.iter().copied())
}

/// Returns the column that a path leads to.
pub(crate) fn column(path: &LegacyPath) -> Option<PartId> {
    path.steps.last()?.parts.first().copied()
}

/// Returns whether a column may be NULL.
pub(crate) fn is_nullable(shape: &Shape, column: PartId) -> bool {
    shape.part(column).nillable
}

/// Returns whether a new row may leave a column out: the database fills it in.
pub(crate) fn is_optional(shape: &Shape, column: PartId) -> bool {
    let part = shape.part(column);
    part.occurs.min == 0 || part.default.is_some()
}

/// Returns the columns of a chain.
pub(super) fn column_plans(shape: &Shape, sources: &[LegacyPath]) -> Vec<ColumnPlan> {
    sources
        .iter()
        .filter_map(column)
        .map(|part| ColumnPlan { part, nullable: is_nullable(shape, part) })
        .collect()
}

/// Returns the path of a row in an answer.
fn row(model: &Model, table: &Table) -> LegacyPath {
    let step = Step { parts: vec![table.part], ty: model.ty, pick: Pick::Only };
    LegacyPath { beside: None, up: 0, steps: vec![step], ty: model.ty, occurs: Occurs::ANY, span: model.span }
}

impl FilterPlan {
    /// Returns the columns as a chain takes them.
    pub fn parts(&self) -> Vec<crate::codec::Column> {
        self.columns.iter().map(|column| (column.part, column.nullable)).collect()
    }
}
