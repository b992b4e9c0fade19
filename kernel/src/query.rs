//! What is asked of tables, in a neutral form: no text of any dialect crosses from the engine to an adapter.
//!
//! **Invariant.** Columns are named by their parts and values stand beside them, so nothing a client sends can become a
//! part of a statement.

use crate::{PartId, ScalarType, TypeId};
use std::ops::Range;
use std::sync::Arc;

/// A table or a view of a catalogue.
#[derive(Debug, Clone)]
pub struct Table {
    /// A row: a global part whose type's parts are the columns, in the order of the table.
    ///
    /// A column that may be NULL is nillable and optional; one with `generated` below or a `default` need not be
    /// written.
    pub part: PartId,
    /// The type of an answer with rows: a group whose only part is `part`, any number of times.
    pub rows: TypeId,
    /// The columns of the primary key; empty where there is none.
    pub key: Vec<PartId>,
    /// Columns that the database fills in itself and that nobody writes: identity, computed, row version.
    pub generated: Vec<PartId>,
    /// Nothing can be written to it.
    pub read_only: bool,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Reads rows. The answer tells each as the part of its table, with the columns that were asked for.
    Select(Select),
    /// Makes one row. The answer tells one row with the columns of `returning`, if there are any.
    Insert(Insert),
    /// Changes rows. The answer tells how many by `ReplyBody::affected`.
    Update(Update),
    /// Takes rows away. The answer tells how many by `ReplyBody::affected`.
    Delete(Delete),
    /// Runs a statement of the mapping's author that reads no rows.
    Run(Own),
    /// Asks which changes may still be hidden in open transactions, see [`crate::Catalogue::horizon`].
    Horizon,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The table itself.
    Table,
    /// A statement of the mapping's author. Its columns have names of columns of the table.
    Own(Own),
}

/// A reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The table by its row part; also where the rows come from a statement of their own.
    pub table: PartId,
    /// Where the rows come from.
    pub from: From,
    /// The columns, in the order in which they are told.
    pub columns: Vec<PartId>,
    /// Which rows.
    pub filter: Predicate,
    /// In which order.
    pub order: Vec<Order>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// An order by one column. NULL comes last, whatever the database does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: PartId,
    /// From the largest to the smallest.
    pub descending: bool,
}

/// A new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// The table by its row part.
    pub table: PartId,
    /// The columns that are written.
    pub values: Vec<(PartId, Datum)>,
    /// The columns whose values the database makes and the caller wants to know.
    pub returning: Vec<PartId>,
}

/// A change of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The table by its row part.
    pub table: PartId,
    /// The columns that change; never empty.
    pub set: Vec<(PartId, Datum)>,
    /// Which rows.
    pub filter: Predicate,
}

/// A removal of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// The table by its row part.
    pub table: PartId,
    /// Which rows.
    pub filter: Predicate,
}

/// A statement that the mapping's author wrote, with `:name` for its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The text as written.
    pub text: Arc<str>,
    /// A value per parameter; every parameter of the text has one.
    pub values: Vec<(Arc<str>, Datum)>,
}

/// A value to be bound, in the lexical form of the column's type: decimals as `-12.50`, dates and times as in ISO 8601
/// (`2026-06-01`, `09:30:00.25`, `2026-06-01T09:30:00`), instants with `Z` or an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datum {
    /// NULL.
    Null,
    /// A text in the lexical form of the type.
    Text(Box<str>),
    /// Bytes, where the type is bytes.
    Bytes(Box<[u8]>),
}

/// Which rows. Three-valued logic does not leak: a comparison with NULL does not hold, and neither does its opposite,
/// so whoever wants rows with NULL asks for them by [`Predicate::Null`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// All of these hold; with none, every row.
    All(Vec<Predicate>),
    /// One of these holds; with none, no row.
    Any(Vec<Predicate>),
    /// The column compares so with a value. The value is never [`Datum::Null`].
    Compare {
        /// The column.
        column: PartId,
        /// How.
        op: Comparison,
        /// With what.
        value: Datum,
        /// The case of letters does not count: both sides are folded.
        fold: bool,
    },
    /// The column has one of these values; with none, no row.
    In {
        /// The column.
        column: PartId,
        /// The values; none is [`Datum::Null`].
        values: Vec<Datum>,
        /// The case of letters does not count.
        fold: bool,
    },
    /// The text in the column begins with this one, or holds it anywhere. `%` and `_` in it stand for themselves.
    Like {
        /// The column.
        column: PartId,
        /// The text.
        text: Box<str>,
        /// It may stand anywhere.
        anywhere: bool,
        /// The case of letters does not count.
        fold: bool,
    },
    /// The column is NULL, or, with `false`, is not.
    Null {
        /// The column.
        column: PartId,
        /// Whether it is.
        is: bool,
    },
    /// The column still holds exactly this: NULL is like NULL, and no collation makes different texts equal.
    ///
    /// A type that a database cannot compare (large objects, binary floats) is left out by the adapter.
    Same {
        /// The column.
        column: PartId,
        /// What it held.
        value: Datum,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
}

/// What an adapter knows of a statement that the mapping's author wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its parameters in the order of their first use, with the type of what they are compared with or assigned to,
    /// where that can be told.
    pub parameters: Vec<(Arc<str>, Option<ScalarType>)>,
    /// The names of its result's columns; `None` where it reads no rows.
    pub columns: Option<Vec<Arc<str>>>,
    /// It changes something.
    pub writes: bool,
}

/// A mistake in a statement that the mapping's author wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementError {
    /// The bytes of the text that it is about.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Predicate {
    /// Every row.
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// No row.
    pub fn nothing() -> Self {
        Self::Any(Vec::new())
    }
}

impl Datum {
    /// Returns the text, unless it is NULL or bytes.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bytes(_) => None,
        }
    }
}
