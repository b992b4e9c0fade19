//! A statement that is ready to be sent: its frame, and which parts its answer tells.
//!
//! **Invariant.** A value is never in the text; the text has one `?` for each parameter, at the place in `marks`.
//!
//! This is the wire form of a database connection: [`Call::encode`] makes the bytes of a request, the backend reads
//! them again by [`Call::decode`].

mod bytes;

use adapters_sql_protocol::{Execute, Fetch, Parameter, ValueKind};
use kernel::PartId;

/// A statement. The backend sets its time-out and the sizes of its batches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The frame.
    pub(crate) execute: Execute,
    /// Where in the text each parameter's `?` stands.
    pub(crate) marks: Vec<u32>,
    /// It changes something.
    pub(crate) writes: bool,
    /// What it answers.
    pub(crate) answer: Answer,
    /// A statement to be run next in the same session; its rows are the answer.
    pub(crate) follow: Option<Execute>,
}

/// What a statement answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Answer {
    /// How many rows changed.
    #[default]
    Affected,
    /// Rows: of a query, of a statement that returns what it wrote, or of generated keys.
    Rows(Rows),
    /// What a procedure gives back; also one row of OUT parameters where a statement returns its values so.
    Procedure(Outcome),
}

/// How rows are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The part that a row is.
    pub(crate) row: PartId,
    /// Its columns, in the order in which they arrive.
    pub(crate) columns: Vec<Column>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The part that it is.
    pub(crate) part: PartId,
    /// Its name in the database.
    pub(crate) name: String,
    /// What its values are.
    pub(crate) kind: ValueKind,
    /// How its values are asked of the driver.
    pub(crate) fetch: Fetch,
}

/// What a procedure gives back, in the order in which it is told: first the values, then the result sets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// The part around the values, where they are one row of a table and not parts of the reply itself.
    pub(crate) row: Option<PartId>,
    /// The OUT and INOUT parameters and the return value, in the order of the call's parameters.
    pub(crate) values: Vec<Column>,
    /// The result sets that are declared, in their order. Their columns are found by name; those of other names, and
    /// further result sets, are residue.
    pub(crate) results: Vec<Rows>,
}

impl Call {
    /// Returns the text with the values in place, for tests and `explain`; never to be executed.
    ///
    /// `literal` writes one value.
    pub(crate) fn shown(&self, mut literal: impl FnMut(&Parameter) -> String) -> String {
        let sql = &self.execute.sql;
        let mut text = String::with_capacity(sql.len() + 16 * self.marks.len());
        let mut from = 0;
        for (mark, parameter) in self.marks.iter().zip(&self.execute.parameters) {
            let mark = *mark as usize;
            text.push_str(sql.get(from..mark).unwrap_or_default());
            text.push_str(&literal(parameter));
            from = mark + 1;
        }
        text.push_str(sql.get(from..).unwrap_or_default());
        text
    }
}
