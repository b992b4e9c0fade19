//! Path and query parameters of an operation, and their agreement with its body.
//!
//! **Invariant.** Every parameter has a value of its type or is absent by its declaration; none is ignored.

use super::query::{self, Query};
use crate::problem::{Kind, Problem};
use engine::json;
use engine::plan::model::Model;
use engine::program::{CallPlan, OperationPlan, Param, Place, Verb};
use engine::value::Value;
use std::borrow::Cow;

/// Names that a paged list takes beside its own parameters.
pub const PAGING: [&str; 2] = ["size", "next"];

/// The order in which a list of a table is wanted.
pub const SORT: &str = "sort";
/// The fields that are wanted of a record of a table.
pub const FIELDS: &str = "fields";

/// Returns whether a parameter that no operation declares is read beside its own.
fn is_known(operation: &OperationPlan, name: &str) -> bool {
    if PAGING.contains(&name) {
        return operation.page.is_some();
    }
    match name {
        SORT => takes_sort(operation),
        FIELDS => takes_fields(operation),
        _ => false,
    }
}

/// Returns whether clients may say in which order they want a list.
pub fn takes_sort(operation: &OperationPlan) -> bool {
    let table = operation.call.as_ref().and_then(CallPlan::table);
    operation.verb == Verb::List
        && table.is_some_and(|table| !table.sorts.is_empty())
        && !declares(operation, SORT)
}

/// Returns whether clients may say which fields they want.
pub fn takes_fields(operation: &OperationPlan) -> bool {
    let table = operation.call.as_ref().and_then(CallPlan::table);
    operation.is_read() && table.is_some() && !declares(operation, FIELDS)
}

fn declares(operation: &OperationPlan, name: &str) -> bool {
    operation.params.iter().any(|param| &*param.name == name)
}

/// Returns whether a parameter of the query may be given several times.
pub fn repeats(operation: &OperationPlan, name: &str) -> bool {
    let mut queried = operation.params.iter().filter(|param| param.place == Place::Query);
    queried.any(|param| &*param.name == name && param.repeats())
}

/// Reads the parameters of an operation, in their order. What belongs to paging and to tables is left in the query.
///
/// # Errors
/// The problem `invalid-parameter`.
pub fn read(
    operation: &OperationPlan,
    captures: &[Cow<'_, str>],
    query: &mut Query<'_>,
) -> Result<Vec<Value>, Problem> {
    let mut captures = captures.iter();
    let values = operation.params.iter().map(|param| match param.place {
        Place::Path => captures.next().map_or(Ok(Value::Absent), |text| value(param, text)),
        Place::Query => {
            let given: Vec<_> = query.extract_if(.., |(name, _)| **name == *param.name).collect();
            let texts: Vec<&str> = given.iter().map(|(_, text)| &**text).collect();
            if texts.is_empty() { missing(param) } else { values_of(param, &texts) }
        }
    });
    let values = values.collect::<Result<_, _>>()?;
    match query.iter().find(|(name, _)| !is_known(operation, name)) {
        Some((name, _)) => Err(query::refused(name, "the operation has no such parameter")),
        None => Ok(values),
    }
}

fn value(param: &Param, text: &str) -> Result<Value, Problem> {
    param.parse(text).map_err(|why| query::refused(&param.name, why))
}

fn values_of(param: &Param, texts: &[&str]) -> Result<Value, Problem> {
    param.parse_all(texts).map_err(|why| query::refused(&param.name, why))
}

fn missing(param: &Param) -> Result<Value, Problem> {
    match &param.default {
        Some(default) => Ok(default.clone()),
        None if param.ty.optional => Ok(Value::Absent),
        None => Err(query::refused(&param.name, "the parameter is required")),
    }
}

/// Puts path parameters that are fields of the model into a body, or checks that they agree.
///
/// # Errors
/// The problem `invalid-body`: the body says something else than the path.
pub fn merge(
    operation: &OperationPlan,
    model: &Model,
    params: &[Value],
    body: &mut Value,
) -> Result<(), Problem> {
    let Value::Object(members) = body else { return Ok(()) };
    for (param, value) in operation.params.iter().zip(params) {
        let Some(field) = param.field.filter(|_| param.place == Place::Path) else { continue };
        let Some(field) = model.body.fields.get(field) else { continue };
        match members.iter().find(|(name, _)| *name == field.name) {
            None => members.push((field.name.clone(), value.clone())),
            Some((_, said)) if text(said) == text(value) => {}
            Some(_) => return Err(contradiction(&field.name)),
        }
    }
    Ok(())
}

fn contradiction(field: &str) -> Problem {
    Problem::new(Kind::InvalidBody)
        .detail("the body contradicts the path")
        .with("pointer", json::pointer_to(field))
}

/// The JSON text of a value, in which a date of the path and the text of a body are the same.
fn text(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    json::write(&value.plain(), &mut out);
    out
}
