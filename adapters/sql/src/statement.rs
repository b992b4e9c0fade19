//! Statements that the mapping's author wrote, held against the catalog.
//!
//! **Invariant.** A statement is one, its names stand in the catalog, and its `:name` parameters are never text; what is
//! in doubt (a function's columns, a construct that is not known here) is left to the database.

mod analyse;
mod parse;
mod pieces;
mod scope;

pub(crate) use pieces::Piece;

use crate::dialect::Dialect;
use crate::schema::Schema;
use crate::types::SqlType;
use kernel::{Statement, StatementError};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A statement, understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Analysed {
    /// The text between its parameters.
    pub(crate) pieces: Vec<Piece>,
    /// Its parameters in the order of their first use, with their types, where these can be told.
    pub(crate) parameters: Vec<(Arc<str>, Option<SqlType>)>,
    /// The names of its result's columns; nothing where it reads no rows.
    pub(crate) columns: Option<Vec<Arc<str>>>,
    /// It changes something.
    pub(crate) writes: bool,
}

type Outcome = Result<Arc<Analysed>, Vec<StatementError>>;

/// All statements that were read, since each is executed often.
#[derive(Debug, Default)]
pub(crate) struct Statements(Mutex<HashMap<Arc<str>, Outcome>>);

/// More statements than this a project does not have; then the memory begins anew.
const REMEMBERED_MAX: usize = 10_000;

impl Statements {
    /// Reads a statement, or remembers it.
    pub(crate) fn read(&self, schema: &Schema, text: &str) -> Outcome {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = known.get(text) {
            return outcome.clone();
        }
        let outcome = read(schema, text);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(text.into(), outcome.clone());
        outcome
    }
}

impl Analysed {
    /// Returns what the engine wants to know of it.
    pub(crate) fn statement(&self) -> Statement {
        let scalar = |ty: &Option<SqlType>| ty.as_ref().and_then(SqlType::scalar);
        Statement {
            parameters: self.parameters.iter().map(|(name, ty)| (Arc::clone(name), scalar(ty))).collect(),
            columns: self.columns.clone(),
            writes: self.writes,
        }
    }
}

fn read(schema: &Schema, text: &str) -> Outcome {
    let (pieces, names) = pieces::split(text, schema.dialect()).map_err(|wrong| vec![wrong])?;
    let parsed = parse::parse(schema.dialect(), text).map_err(|wrong| vec![wrong])?;
    let found = analyse::analyse(schema, text, &parsed)?;
    let parameters = names.into_iter().map(|name| {
        let ty = found.types.iter().find(|(known, _)| **known == *name).map(|(_, ty)| ty.clone());
        (name, ty)
    });
    Ok(Arc::new(Analysed {
        pieces,
        parameters: parameters.collect(),
        columns: found.columns,
        writes: found.writes,
    }))
}

fn wrong(range: Range<usize>, message: impl Into<String>) -> StatementError {
    StatementError { range, message: message.into(), hint: None }
}

/// The parser's dialect. DB2 has none of its own; the general one reads most of it.
fn parser(dialect: Dialect) -> Box<dyn sqlparser::dialect::Dialect> {
    use sqlparser::dialect;
    match dialect {
        Dialect::Postgresql => Box::new(dialect::PostgreSqlDialect {}),
        Dialect::Mysql | Dialect::Mariadb => Box::new(dialect::MySqlDialect {}),
        Dialect::Sqlite => Box::new(dialect::SQLiteDialect {}),
        Dialect::Sqlserver => Box::new(dialect::MsSqlDialect {}),
        Dialect::Oracle => Box::new(dialect::OracleDialect {}),
        Dialect::Db2 | Dialect::Db2i | Dialect::Ansi => Box::new(dialect::GenericDialect {}),
    }
}

#[cfg(test)]
mod tests;
