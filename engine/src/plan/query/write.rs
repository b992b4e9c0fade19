//! Statements that change rows: only what changed is set, and only in the row that was read.
//!
//! **Invariant.** A change names the old value of every column that the model reads, so nobody's change is lost.

use super::{QueryError, all, no_table, own, rows};
use crate::codec::Written;
use crate::plan::compile::tables::{column, is_nullable, is_optional};
use crate::plan::model::{FieldKind, Model, ObjectMap, WriteRule};
use crate::plan::tree::Tree;
use crate::plan::write::{Write, WriteError, put, with_params};
use crate::program::{Inputs, OperationPlan, Program, TablePlan, Target, Verb};
use crate::value::Value;
use kernel::{Comparison, Datum, Delete, Insert, PartId, Predicate, Query, ScalarType, TextType, Update};
use std::sync::Arc;

/// Makes the statement of an operation that changes something; `None` where there is nothing to change.
///
/// `update` and `replace` need the old row in `inputs.old` and the whole new body, merged, in `inputs.body`. With an old
/// row `delete` takes away only that very row.
///
/// # Errors
/// Values that the table cannot hold.
pub fn write(
    program: &Program,
    operation: &OperationPlan,
    inputs: &Inputs,
) -> Result<Option<Query>, QueryError> {
    let plan = match operation.call.as_ref().map(|call| &call.target) {
        Some(Target::Table(plan)) => plan,
        Some(Target::Own(statement)) => return own(statement, inputs).map(Some),
        _ => return Err(no_table()),
    };
    let model = program.model(plan.model);
    match (operation.verb, &inputs.old) {
        (Verb::Create, _) => insert(plan, model, operation, inputs).map(Some),
        (Verb::Update | Verb::Replace, Some(old)) => update(plan, model, operation, inputs, old),
        (Verb::Delete, old) => {
            let mut filter = Vec::new();
            for each in &plan.filters {
                filter.extend(rows(each, operation, inputs)?);
            }
            let known = plan.columns.iter().filter(|part| !plan.key.contains(part));
            filter.extend(old.iter().flat_map(|old| known.clone().map(|&part| same(old, part))));
            Ok(Some(Query::Delete(Delete { table: plan.table.part, filter: all(filter) })))
        }
        _ => Err(refused("", "the old row was not read")),
    }
}

fn insert(
    plan: &TablePlan,
    model: &Model,
    operation: &OperationPlan,
    inputs: &Inputs,
) -> Result<Query, QueryError> {
    let mut tree = Tree::new(Arc::clone(&plan.shape), model.ty);
    let root = tree.root();
    let body = with_params(operation, inputs);
    put(model, &body, &mut tree, root, Write::Create, &inputs.ambient).map_err(QueryError::Body)?;
    let mut nothing = Vec::new();
    absent(&model.body, &mut nothing);
    let mut values = Vec::new();
    for part in parts(plan) {
        let required = !is_nullable(&plan.shape, part) && !is_optional(&plan.shape, part);
        let given = value(&tree, part);
        let filled = given.or_else(|| {
            nothing.iter().find(|(column, _)| *column == part && required).map(|(_, datum)| datum.clone())
        });
        match filled {
            Some(datum) if !plan.table.generated.contains(&part) => {
                values.push((part, sent(plan, part, datum)))
            }
            _ => {}
        }
    }
    check(plan, model, &values, true)?;
    let returning =
        plan.key.iter().copied().filter(|part| !values.iter().any(|(known, _)| known == part)).collect();
    Ok(Query::Insert(Insert { table: plan.table.part, values, returning }))
}

fn update(
    plan: &TablePlan,
    model: &Model,
    operation: &OperationPlan,
    inputs: &Inputs,
    old: &Tree,
) -> Result<Option<Query>, QueryError> {
    let mut tree = old.clone();
    let root = tree.root();
    let body = with_params(operation, inputs);
    let outcome =
        put(model, &body, &mut tree, root, Write::Put, &inputs.ambient).map_err(QueryError::Body)?;
    if !outcome.changed {
        return Ok(None);
    }
    let mut set = Vec::new();
    for part in parts(plan) {
        let (before, after) = (value(old, part), value(&tree, part));
        let both = |datum: Option<Datum>| datum.map(|datum| sent(plan, part, datum));
        let (before, after) = (both(before), both(after));
        if before == after || plan.table.generated.contains(&part) {
            continue;
        }
        let after = after.unwrap_or_else(|| nothing(plan, part));
        if before.as_ref().is_none_or(|before| *before != after) {
            set.push((part, after));
        }
    }
    check(plan, model, &set, false)?;
    if let Some((part, _)) = set.iter().find(|(part, _)| plan.key.contains(part)) {
        return Err(refused(
            &pointer(&model.body, *part).unwrap_or_default(),
            "the key of a row cannot be changed",
        ));
    }
    if set.is_empty() {
        return Ok(None);
    }
    let filter = all(this(plan, old));
    Ok(Some(Query::Update(Update { table: plan.table.part, set, filter })))
}

/// The very row that was read.
fn this(plan: &TablePlan, old: &Tree) -> Vec<Predicate> {
    let key = plan.key.iter().map(|&column| match value(old, column) {
        Some(value) if value != Datum::Null => Predicate::Compare {
            column,
            op: Comparison::Equal,
            value: sent(plan, column, value),
            fold: false,
        },
        _ => Predicate::Null { column, is: true },
    });
    let rest = plan.columns.iter().filter(|part| !plan.key.contains(part)).map(|&part| same(old, part));
    key.chain(rest).collect()
}

fn same(old: &Tree, column: PartId) -> Predicate {
    Predicate::Same { column, value: value(old, column).unwrap_or(Datum::Null) }
}

fn parts(plan: &TablePlan) -> impl Iterator<Item = PartId> + '_ {
    let group = plan.shape.group(plan.shape.part(plan.table.part).ty);
    group.into_iter().flat_map(|group| group.parts.iter().copied())
}

/// Returns what a row holds in a column, if anybody asked.
fn value(tree: &Tree, column: PartId) -> Option<Datum> {
    let root = tree.root();
    let node = tree.children(root).iter().copied().find(|&child| tree.part(child) == Some(column))?;
    tree.leaf(node).map(|leaf| super::paged::datum(leaf.as_scalar()))
}

/// Returns a value as it is bound: the system pads texts itself.
fn sent(plan: &TablePlan, column: PartId, datum: Datum) -> Datum {
    let padded = matches!(
        plan.shape.scalar(plan.shape.part(column).ty),
        Some(ScalarType::Text(TextType { padded: true, .. }))
    );
    match datum {
        Datum::Text(text) if padded => Datum::Text(text.trim_end_matches(' ').into()),
        other => other,
    }
}

/// What stands for nothing in a column.
fn nothing(plan: &TablePlan, column: PartId) -> Datum {
    let text = matches!(plan.shape.scalar(plan.shape.part(column).ty), Some(ScalarType::Text(_)));
    if text && !is_nullable(&plan.shape, column) { Datum::Text("".into()) } else { Datum::Null }
}

/// Collects what columns hold whose field is absent: the first null value, else NULL, else blanks.
fn absent(map: &ObjectMap, found: &mut Vec<(PartId, Datum)>) {
    for field in &map.fields {
        match &field.kind {
            FieldKind::Value { sources, chain, write: WriteRule::Inverse, .. } if !field.facts.read_only => {
                let Ok(written) = chain.write(&Value::Absent, None) else { continue };
                for (source, written) in sources.iter().zip(written) {
                    let datum = match written {
                        Written::Absent => Datum::Text("".into()),
                        other => datum(other),
                    };
                    found.extend(column(source).map(|column| (column, datum)));
                }
            }
            FieldKind::Object(inner) => absent(inner, found),
            _ => {}
        }
    }
}

/// Returns a written value as it is bound.
pub(super) fn datum(written: Written) -> Datum {
    match written {
        Written::Absent | Written::Nil => Datum::Null,
        Written::Text(text) => Datum::Text(text.into()),
        Written::Bytes(bytes) => Datum::Bytes(bytes.into()),
    }
}

/// Refuses NULL, and blanks for what is no text, where a column takes none.
fn check(plan: &TablePlan, model: &Model, values: &[(PartId, Datum)], whole: bool) -> Result<(), QueryError> {
    let mut errors = Vec::new();
    for part in parts(plan) {
        let column = plan.shape.part(part);
        if is_nullable(&plan.shape, part) || plan.table.generated.contains(&part) {
            continue;
        }
        let text = matches!(plan.shape.scalar(column.ty), Some(ScalarType::Text(_)));
        let missing = match values.iter().find(|(known, _)| *known == part) {
            Some((_, Datum::Null)) => true,
            Some((_, Datum::Text(value))) => value.is_empty() && !text,
            Some(_) => false,
            None => whole && !is_optional(&plan.shape, part),
        };
        if missing {
            let pointer = pointer(&model.body, part).unwrap_or_default();
            let message = "the table requires a value".to_owned();
            errors.push(WriteError { pointer, message });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(QueryError::Body(errors)) }
}

/// Returns the JSON pointer of the field that a column makes.
fn pointer(map: &ObjectMap, part: PartId) -> Option<String> {
    map.fields.iter().find_map(|field| {
        let name = crate::json::pointer_to(&field.name);
        match &field.kind {
            FieldKind::Value { sources, .. } => {
                sources.iter().any(|source| column(source) == Some(part)).then_some(name)
            }
            FieldKind::Object(inner) => pointer(inner, part).map(|inner| format!("{name}{inner}")),
            FieldKind::Cases { cases, .. } => cases
                .iter()
                .find_map(|case| pointer(&case.fields, part))
                .map(|inner| format!("{name}{inner}")),
            _ => None,
        }
    })
}

fn refused(pointer: &str, message: &str) -> QueryError {
    QueryError::Body(vec![WriteError { pointer: pointer.to_owned(), message: message.to_owned() }])
}
