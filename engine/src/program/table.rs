//! What is asked of a table: by an operation whose model is one, or by a statement of the mapping's author.
//!
//! **Invariant.** Columns are parts of the shape and values stand beside them; no text of a dialect is made here.

use crate::codec::Chain;
use crate::lang::CompareOp;
use crate::plan::model::{Formula, ModelId};
use kernel::{Order, PartId, Shape, Table};
use std::sync::Arc;

/// How an operation asks a table. [`crate::plan::query`] makes the queries of it.
#[derive(Debug, Clone)]
pub struct TablePlan {
    /// The shape of the connection.
    pub shape: Arc<Shape>,
    /// The table.
    pub table: Arc<Table>,
    /// The model.
    pub model: ModelId,
    /// `sql:`, the statement that the rows come from instead of the table.
    pub from: Option<OwnPlan>,
    /// The columns that reading the model needs, in the order of the table.
    pub columns: Vec<PartId>,
    /// The columns that tell one row from all others, and that complete each order.
    pub key: Vec<PartId>,
    /// The key of the model has all columns of the table's key.
    pub unique: bool,
    /// What selects rows: path parameters that are fields of the model, then `filter:`.
    pub filters: Vec<FilterPlan>,
    /// `page.order`, the order where the client asks for none.
    pub order: Vec<SortPlan>,
    /// `page.sort`, the fields by which a client may sort; never descending.
    pub sorts: Vec<SortPlan>,
}

/// A parameter that selects rows.
#[derive(Debug, Clone)]
pub struct FilterPlan {
    /// The parameter, by its index in the operation.
    pub param: usize,
    /// The modern field, dotted.
    pub field: Arc<str>,
    /// How it is compared.
    pub op: CompareOp,
    /// The chain of the field; the compiler has made sure that it can be asked so.
    pub chain: Chain,
    /// The columns of the chain, one per source.
    pub columns: Vec<ColumnPlan>,
}

/// A column that a field is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnPlan {
    /// The column.
    pub part: PartId,
    /// It may be NULL.
    pub nullable: bool,
}

/// An order by a modern field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortPlan {
    /// The modern field, dotted.
    pub field: Arc<str>,
    /// Its columns, each as it is ordered by.
    pub columns: Vec<Order>,
    /// From the largest to the smallest.
    pub descending: bool,
}

/// A statement of the mapping's author, with what its parameters are.
#[derive(Debug, Clone)]
pub struct OwnPlan {
    /// The text as written.
    pub text: Arc<str>,
    /// Each parameter with its value.
    pub values: Vec<OwnValue>,
}

/// The value of a parameter of a statement.
#[derive(Debug, Clone)]
pub struct OwnValue {
    /// The parameter's name, without the colon.
    pub name: Arc<str>,
    /// An expression over parameters, `body`, `page`, `now`, `today`, `requestId`; absent is NULL.
    pub formula: Formula,
    /// How the value is written, where the statement says what it is compared with or assigned to.
    pub chain: Option<Chain>,
}
