//! Queries of tables: what is asked for one request, and the pages of a list.
//!
//! **Invariant.** Nothing a client sends becomes anything but a bound value; an order with pages ends in the key.

mod keyset;
mod old;
mod paged;
pub mod project;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub use keyset::Keyset;
pub use old::{OldRow, old};
pub(crate) use paged::datum;
pub use paged::{Paged, PagedTo};
pub use project::{Projection, project};
pub use write::write;

use crate::codec::Wanted;
use crate::lang::CompareOp;
use crate::plan::write::{WriteError, evaluate};
use crate::program::{CallPlan, FilterPlan, Inputs, OperationPlan, OwnPlan, SortPlan, TablePlan, Verb};
use crate::value::Value;
use kernel::{Comparison, Datum, From, Order, Own, PartId, Predicate, Query, Select};
use std::fmt;
use std::sync::Arc;

/// What a client wants of a list beside the filters and the page.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The order, by [`TablePlan::sort`]; `None` is that of the mapping.
    pub sort: Option<Vec<SortPlan>>,
    /// The fields, by [`project()`]; `None` is all.
    pub fields: Option<Arc<Projection>>,
}

/// Why a query cannot be made. All of these are the client's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryError {
    /// A parameter has a value that cannot be asked for.
    Parameter {
        /// Its name: of a parameter, or `next`.
        name: Arc<str>,
        /// What is wrong, without the value.
        message: String,
    },
    /// Values of the body that the table cannot hold.
    Body(Vec<WriteError>),
}

/// Makes the query that reads: one row for `get` and for the old row of a write, a page of rows for `list`.
///
/// A list with pages asks for one row more than the page has, by which [`Paged`] knows that there are more.
///
/// # Errors
/// A parameter that cannot be asked for, or a cursor of another list.
pub fn select(operation: &OperationPlan, inputs: &Inputs, listing: &Listing) -> Result<Query, QueryError> {
    let Some(plan) = operation.call.as_ref().and_then(CallPlan::table) else { return Err(no_table()) };
    let mut filter = Vec::new();
    for each in &plan.filters {
        filter.extend(rows(each, operation, inputs)?);
    }
    let paged = operation.verb == Verb::List && operation.page.is_some();
    let order = if paged { plan.total(listing.sort.as_deref()) } else { plan.given(listing.sort.as_deref()) };
    if let Some(cursor) = inputs.page.cursor.as_ref().filter(|_| paged) {
        let wrong = || QueryError::Parameter {
            name: "next".into(),
            message: "the cursor belongs to a list in another order".into(),
        };
        let keyset = Keyset::parse(cursor).filter(|keyset| keyset.fits(&order)).ok_or_else(wrong)?;
        filter.push(keyset.behind(&plan.shape, &order));
    }
    let limit = paged.then(|| inputs.page.size.saturating_add(1));
    let columns = match &listing.fields {
        Some(fields) => plan.with(&fields.columns, &order),
        None => plan.with(&plan.columns, &order),
    };
    let from = match &plan.from {
        Some(own) => From::Own(statement(own, inputs)?),
        None => From::Table,
    };
    Ok(Query::Select(Select { table: plan.table.part, from, columns, filter: all(filter), order, limit }))
}

/// Returns what keeps count of a page's rows while they are read, for the query of [`select`].
pub fn paged(operation: &OperationPlan, inputs: &Inputs, listing: &Listing) -> Option<Paged> {
    let plan = operation.call.as_ref().and_then(CallPlan::table)?;
    let size = (operation.verb == Verb::List && operation.page.is_some()).then_some(inputs.page.size);
    Some(Paged::new(plan.table.part, plan.total(listing.sort.as_deref()), size))
}

/// Makes the query of a statement that reads no rows.
///
/// # Errors
/// A value that the statement cannot take.
pub(super) fn own(own: &OwnPlan, inputs: &Inputs) -> Result<Query, QueryError> {
    statement(own, inputs).map(Query::Run)
}

impl TablePlan {
    /// Reads what a client asks for by `sort`: names of [`TablePlan::sorts`], `-` in front of those turned around.
    ///
    /// # Errors
    /// In words, with the fields that there are.
    pub fn sort(&self, text: &str) -> Result<Vec<SortPlan>, String> {
        let known: Vec<&str> = self.sorts.iter().map(|sort| &*sort.field).collect();
        let mut sorts: Vec<SortPlan> = Vec::new();
        for name in text.split(',').map(str::trim) {
            let (descending, field) = match name.strip_prefix('-') {
                Some(field) => (true, field),
                None => (false, name),
            };
            let found = self.sorts.iter().find(|sort| *sort.field == *field);
            let Some(found) = found.filter(|_| !sorts.iter().any(|sort| *sort.field == *field)) else {
                return Err(format!("expected fields out of {}, each once", known.join(", ")));
            };
            let turn = |order: &Order| Order { descending, ..*order };
            let columns = found.columns.iter().map(turn).collect();
            sorts.push(SortPlan { field: Arc::clone(&found.field), columns, descending });
        }
        Ok(sorts)
    }

    /// The order of the mapping or the client.
    fn given(&self, sort: Option<&[SortPlan]>) -> Vec<Order> {
        let mut order: Vec<Order> = Vec::new();
        for one in sort.unwrap_or(&self.order).iter().flat_map(|sort| &sort.columns) {
            if !order.iter().any(|known| known.column == one.column) {
                order.push(*one);
            }
        }
        order
    }

    /// The order, completed by the key.
    pub(crate) fn total(&self, sort: Option<&[SortPlan]>) -> Vec<Order> {
        let mut order = self.given(sort);
        for &column in &self.key {
            if !order.iter().any(|known| known.column == column) {
                order.push(Order { column, descending: false });
            }
        }
        order
    }

    /// These columns and those of an order, in the order of the table.
    pub(crate) fn with(&self, columns: &[PartId], order: &[Order]) -> Vec<PartId> {
        let wanted =
            |part: &PartId| columns.contains(part) || order.iter().any(|order| order.column == *part);
        let group = self.shape.group(self.shape.part(self.table.part).ty);
        group.map_or_else(Vec::new, |group| group.parts.iter().copied().filter(wanted).collect())
    }
}

/// Returns the rows that a parameter selects; nothing where it is not given.
fn rows(
    filter: &FilterPlan,
    operation: &OperationPlan,
    inputs: &Inputs,
) -> Result<Option<Predicate>, QueryError> {
    let param = operation.params.get(filter.param);
    let value = inputs.params.get(filter.param).unwrap_or(&Value::Absent);
    let default = param.and_then(|param| param.default.as_ref());
    let value = if value.is_absent() { default.unwrap_or(value) } else { value };
    if value.is_absent() {
        return Ok(None);
    }
    filter.chain.rows(&filter.parts(), &wanted(filter.op, value)).map(Some).map_err(|error| {
        QueryError::Parameter {
            name: param.map_or_else(|| Arc::clone(&filter.field), |param| Arc::clone(&param.name)),
            message: error.message,
        }
    })
}

fn wanted(op: CompareOp, value: &Value) -> Wanted {
    let text = || match value {
        Value::Text(text) => Arc::clone(text),
        other => crate::json::text_of(other).unwrap_or_default().into(),
    };
    let compare = |op| Wanted::Compare(op, value.clone());
    match op {
        CompareOp::Equal => compare(Comparison::Equal),
        CompareOp::NotEqual => compare(Comparison::NotEqual),
        CompareOp::Less => compare(Comparison::Less),
        CompareOp::LessOrEqual => compare(Comparison::LessOrEqual),
        CompareOp::Greater => compare(Comparison::Greater),
        CompareOp::GreaterOrEqual => compare(Comparison::GreaterOrEqual),
        CompareOp::Starts => Wanted::Starts(text()),
        CompareOp::Contains => Wanted::Contains(text()),
        CompareOp::In => match value {
            Value::List(values) => Wanted::In(values.clone()),
            one => Wanted::In(vec![one.clone()]),
        },
    }
}

fn statement(own: &OwnPlan, inputs: &Inputs) -> Result<Own, QueryError> {
    let mut values = Vec::new();
    for value in &own.values {
        let wrong = |message: String| {
            QueryError::Body(vec![WriteError {
                pointer: String::new(),
                message: format!(":{}: {message}", value.name),
            }])
        };
        let modern = evaluate(&value.formula, inputs).map_err(wrong)?;
        let datum = match &value.chain {
            _ if modern.is_absent() => Datum::Null,
            Some(chain) => {
                let written = chain.write_generated(&modern).map_err(|error| wrong(error.message))?;
                written.into_iter().next().map_or(Datum::Null, write::datum)
            }
            None => match &modern {
                Value::Bytes(bytes) => Datum::Bytes((&**bytes).into()),
                other => Datum::Text(crate::json::text_of(other).unwrap_or_default().into()),
            },
        };
        values.push((Arc::clone(&value.name), datum));
    }
    Ok(Own { text: Arc::clone(&own.text), values })
}

/// All of these, without needless nesting.
pub(crate) fn all(of: Vec<Predicate>) -> Predicate {
    let mut flat = Vec::new();
    for one in of {
        match one {
            Predicate::All(inner) => flat.extend(inner),
            one => flat.push(one),
        }
    }
    if flat.len() == 1 { flat.swap_remove(0) } else { Predicate::All(flat) }
}

fn no_table() -> QueryError {
    let message = "the operation is on no table".to_owned();
    QueryError::Body(vec![WriteError { pointer: String::new(), message }])
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter { name, message } => write!(f, "{name}: {message}"),
            Self::Body(errors) => {
                let texts: Vec<String> =
                    errors.iter().map(|error| format!("{} {}", error.pointer, error.message)).collect();
                f.write_str(&texts.join("; "))
            }
        }
    }
}

impl std::error::Error for QueryError {}
