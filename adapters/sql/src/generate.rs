//! Statements from queries.
//!
//! **Invariant.** What stands in a statement is text of ours, names of the catalog and `?`; every value is a parameter.

mod literal;
mod predicate;
mod procedure;
mod same;
mod select;
mod write;

pub(crate) use literal::literal;
pub(crate) use procedure::{call, request_parts};

use crate::call::{Answer, Call, Column, Rows};
use crate::catalog::{ColumnDef, QName, TableDef};
use crate::config::Way;
use crate::dialect::Dialect;
use crate::schema::Schema;
use crate::statement::Statements;
use crate::types::{self, SqlType};
use crate::values::{self, Rules};
use adapters_sql_protocol::{Execute, Parameter};
use kernel::{Cause, Class, Datum, Error, PartId, Query};

/// What statements are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Maker<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) statements: &'s Statements,
    pub(crate) way: Way,
    pub(crate) charset: Option<&'static encoding_rs::Encoding>,
    pub(crate) read_only: bool,
}

/// Returns the statement of a query.
///
/// # Errors
/// A value that its column cannot hold, or a query that the catalog does not bear.
pub(crate) fn generate(maker: Maker<'_>, query: &Query) -> Result<Call, Error> {
    match query {
        Query::Select(select) => maker.select(select),
        Query::Insert(insert) => maker.insert(insert),
        Query::Update(update) => maker.update(update),
        Query::Delete(delete) => maker.delete(delete),
        Query::Run(own) => maker.run(own),
        Query::Horizon => maker.horizon(),
    }
}

impl<'s> Maker<'s> {
    pub(crate) fn dialect(&self) -> Dialect {
        self.schema.dialect()
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules { dialect: self.dialect(), charset: self.charset }
    }

    pub(crate) fn table(&self, row: PartId) -> Result<&'s TableDef, Error> {
        self.schema.table(row).ok_or_else(|| defect("the query is not about a table of this connection"))
    }

    /// Returns a column of a table that values can be read of and written to.
    pub(crate) fn column(&self, row: PartId, part: PartId) -> Result<&'s ColumnDef, Error> {
        let column = self.schema.column(part).filter(|_| self.schema.belongs(part, row));
        let column = column.ok_or_else(|| defect("the query names a column of another table"))?;
        if column.ty == SqlType::Unknown {
            return Err(defect("the type of a column is not supported").with("column", &column.name));
        }
        Ok(column)
    }

    /// Returns how columns are told.
    pub(crate) fn rows(&self, row: PartId, columns: &[PartId]) -> Result<Rows, Error> {
        let columns = columns.iter().map(|&part| Ok(self.told(part, self.column(row, part)?)));
        Ok(Rows { row, columns: columns.collect::<Result<_, Error>>()? })
    }

    pub(crate) fn told(&self, part: PartId, column: &ColumnDef) -> Column {
        told(self.dialect(), part, &column.name, &column.ty)
    }

    fn writable(&self, row: PartId) -> Result<&'s TableDef, Error> {
        let table = self.table(row)?;
        if self.read_only || table.read_only() {
            return Err(defect("the connection or the table is read-only").with("table", &table.name));
        }
        Ok(table)
    }

    fn sql(self) -> Sql<'s> {
        Sql { maker: self, text: String::new(), marks: Vec::new(), parameters: Vec::new() }
    }
}

/// Returns how a column, or an OUT parameter, is told.
pub(crate) fn told(dialect: Dialect, part: PartId, name: &str, ty: &SqlType) -> Column {
    let (kind, fetch) = (types::kind(ty, dialect), types::fetch(ty, dialect));
    Column { part, name: name.to_owned(), kind, fetch }
}

/// A statement that is being written.
pub(crate) struct Sql<'s> {
    pub(crate) maker: Maker<'s>,
    text: String,
    marks: Vec<u32>,
    parameters: Vec<Parameter>,
}

impl Sql<'_> {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes a name of the catalog.
    pub(crate) fn name(&mut self, name: &str) {
        let (dialect, case) = (self.maker.dialect(), self.maker.schema.snapshot.case());
        dialect.identifier(case, name, &mut self.text);
    }

    pub(crate) fn qualified(&mut self, name: &QName) {
        for (n, part) in name.0.iter().enumerate() {
            if n > 0 {
                self.push(".");
            }
            self.name(part);
        }
    }

    pub(crate) fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for (n, name) in names.enumerate() {
            if n > 0 {
                self.push(", ");
            }
            self.name(name);
        }
    }

    /// Writes a parameter.
    pub(crate) fn bind(&mut self, parameter: Parameter) {
        self.marks.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.push("?");
        self.parameters.push(parameter);
    }

    /// Writes a parameter that is compared with a column of a type, or assigned to it.
    pub(crate) fn bind_as(&mut self, ty: &SqlType, parameter: Parameter) {
        match types::cast(ty, self.maker.dialect()) {
            None => self.bind(parameter),
            Some((before, behind)) => {
                self.push(before);
                self.bind(parameter);
                self.push(&behind);
            }
        }
    }

    /// Writes a value that is stored.
    pub(crate) fn store(&mut self, column: &ColumnDef, datum: &Datum) -> Result<(), Error> {
        let parameter = values::written(self.maker.rules(), &column.ty, datum, &column.name)?;
        self.bind_as(&column.ty, parameter);
        Ok(())
    }

    /// Ends the statement.
    pub(crate) fn finish(self, answer: Answer, writes: bool) -> Call {
        let mut execute = Execute::new(self.text);
        execute.parameters = self.parameters;
        execute.rows = matches!(answer, Answer::Rows(_));
        if let Answer::Rows(rows) = &answer {
            execute.fetch = rows.columns.iter().map(|column| column.fetch).collect();
        }
        Call { execute, marks: self.marks, writes, answer, follow: None }
    }
}

pub(crate) fn defect(message: &'static str) -> Error {
    Error::new(Class::Defect, Cause::Internal, message)
}

#[cfg(test)]
mod tests;
