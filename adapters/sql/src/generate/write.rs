//! INSERT, UPDATE and DELETE.
//!
//! **Invariant.** A column that the database fills in is never written, and a table that is only read is refused.

use super::{Maker, Sql, defect};
use crate::call::{Answer, Call, Outcome, Rows};
use crate::catalog::TableDef;
use crate::config::Way;
use crate::dialect::Dialect;
use adapters_sql_protocol::{Direction, Execute, Parameter, Value};
use kernel::{Datum, Delete, Error, Insert, PartId, Update};

/// How the values come back that the database makes for a new row.
enum Return {
    /// By words behind the statement.
    Returning,
    /// By words in the middle.
    Output,
    /// The statement is inside of a query.
    FinalTable,
    /// By parameters that go out.
    Into,
    /// The driver is asked.
    Keys,
    /// By another statement in the same session, for one counted column.
    LastId,
}

impl Maker<'_> {
    pub(super) fn insert(self, insert: &Insert) -> Result<Call, Error> {
        let table = self.writable(insert.table)?;
        let mut sql = self.sql();
        if insert.returning.is_empty() {
            sql.insert(insert, table, None)?;
            return Ok(sql.finish(Answer::Affected, true));
        }
        let rows = self.rows(insert.table, &insert.returning)?;
        match self.returns() {
            Return::Returning => {
                sql.insert(insert, table, None)?;
                sql.push(" RETURNING ");
                sql.names(rows.columns.iter().map(|column| column.name.as_str()));
            }
            Return::Output => sql.insert(insert, table, Some(&rows))?,
            Return::FinalTable => {
                sql.push("SELECT ");
                sql.names(rows.columns.iter().map(|column| column.name.as_str()));
                sql.push(" FROM FINAL TABLE (");
                sql.insert(insert, table, None)?;
                sql.push(")");
            }
            Return::Into => return sql.insert_into(insert, table, rows),
            Return::Keys => {
                sql.insert(insert, table, None)?;
                let names: Vec<String> = rows.columns.iter().map(|column| column.name.clone()).collect();
                let mut call = sql.finish(Answer::Rows(rows), true);
                (call.execute.generated, call.execute.rows) = (names, false);
                return Ok(call);
            }
            Return::LastId => {
                sql.insert(insert, table, None)?;
                return self.last_id(sql, rows);
            }
        }
        Ok(sql.finish(Answer::Rows(rows), true))
    }

    fn returns(self) -> Return {
        match (self.dialect(), self.way) {
            // The ODBC driver of SQLite takes what is no SELECT for a statement without rows.
            (Dialect::Sqlite | Dialect::Mysql, Way::Odbc) => Return::LastId,
            (Dialect::Postgresql | Dialect::Sqlite | Dialect::Mariadb, _) => Return::Returning,
            (Dialect::Sqlserver, _) => Return::Output,
            (Dialect::Db2 | Dialect::Db2i, _) | (Dialect::Ansi, Way::Odbc) => Return::FinalTable,
            (Dialect::Oracle, Way::Odbc) => Return::Into,
            (Dialect::Oracle | Dialect::Mysql | Dialect::Ansi, Way::Jdbc) => Return::Keys,
        }
    }

    fn last_id(self, sql: Sql<'_>, rows: Rows) -> Result<Call, Error> {
        if rows.columns.len() != 1 {
            let message = "the database tells one counted column of a new row by ODBC, not several";
            return Err(defect(message));
        }
        // The column of the answer is known by its name.
        let mut asked = self.sql();
        asked.push(match self.dialect() {
            Dialect::Sqlite => "SELECT last_insert_rowid() AS ",
            _ => "SELECT LAST_INSERT_ID() AS ",
        });
        asked.names(rows.columns.iter().map(|column| column.name.as_str()));
        let mut follow = Execute::new(asked.text);
        follow.rows = true;
        follow.fetch = rows.columns.iter().map(|column| column.fetch).collect();
        let mut call = sql.finish(Answer::Affected, true);
        (call.answer, call.follow) = (Answer::Rows(rows), Some(follow));
        Ok(call)
    }

    pub(super) fn update(self, update: &Update) -> Result<Call, Error> {
        let table = self.writable(update.table)?;
        if update.set.is_empty() {
            return Err(defect("an update that changes nothing"));
        }
        let mut sql = self.sql();
        sql.push("UPDATE ");
        sql.qualified(&table.name);
        for (n, (part, value)) in update.set.iter().enumerate() {
            let column = self.stored(update.table, *part)?;
            sql.push(if n == 0 { " SET " } else { ", " });
            sql.name(&column.name);
            sql.push(" = ");
            sql.store(column, value)?;
        }
        sql.filter(update.table, &update.filter)?;
        Ok(sql.finish(Answer::Affected, true))
    }

    pub(super) fn delete(self, delete: &Delete) -> Result<Call, Error> {
        let table = self.writable(delete.table)?;
        let mut sql = self.sql();
        sql.push("DELETE FROM ");
        sql.qualified(&table.name);
        sql.filter(delete.table, &delete.filter)?;
        Ok(sql.finish(Answer::Affected, true))
    }

    fn stored(&self, row: PartId, part: PartId) -> Result<&crate::catalog::ColumnDef, Error> {
        let column = self.column(row, part)?;
        if column.generated {
            return Err(defect("a column that the database fills in itself").with("column", &column.name));
        }
        Ok(column)
    }
}

impl Sql<'_> {
    fn insert(&mut self, insert: &Insert, table: &TableDef, output: Option<&Rows>) -> Result<(), Error> {
        let maker = self.maker;
        self.push("INSERT INTO ");
        self.qualified(&table.name);
        if insert.values.is_empty() {
            return self.defaults(table, output);
        }
        let columns = insert.values.iter().map(|(part, _)| maker.stored(insert.table, *part));
        let columns: Vec<_> = columns.collect::<Result<_, _>>()?;
        self.push(" (");
        self.names(columns.iter().map(|column| column.name.as_str()));
        self.push(")");
        self.output(output);
        self.push(" VALUES (");
        for (n, (column, (_, value))) in columns.iter().zip(&insert.values).enumerate() {
            self.push(if n > 0 { ", " } else { "" });
            self.store(column, value)?;
        }
        self.push(")");
        Ok(())
    }

    /// A row in which the database fills everything.
    fn defaults(&mut self, table: &TableDef, output: Option<&Rows>) -> Result<(), Error> {
        match self.maker.dialect() {
            Dialect::Mysql | Dialect::Mariadb => self.push(" () VALUES ()"),
            Dialect::Db2 | Dialect::Db2i | Dialect::Oracle => {
                let first = table.columns.first().ok_or_else(|| defect("a table without columns"))?;
                self.push(" (");
                self.name(&first.name);
                self.push(") VALUES (DEFAULT)");
            }
            _ => {
                self.output(output);
                self.push(" DEFAULT VALUES");
            }
        }
        Ok(())
    }

    fn output(&mut self, output: Option<&Rows>) {
        let Some(rows) = output else { return };
        for (n, column) in rows.columns.iter().enumerate() {
            self.push(if n == 0 { " OUTPUT INSERTED." } else { ", INSERTED." });
            self.name(&column.name);
        }
    }

    /// INSERT … RETURNING … INTO, whose values come back as parameters.
    fn insert_into(mut self, insert: &Insert, table: &TableDef, rows: Rows) -> Result<Call, Error> {
        self.insert(insert, table, None)?;
        self.push(" RETURNING ");
        self.names(rows.columns.iter().map(|column| column.name.as_str()));
        self.push(" INTO ");
        for (n, column) in rows.columns.iter().enumerate() {
            self.push(if n > 0 { ", " } else { "" });
            self.bind(Parameter { direction: Direction::Out, ..Parameter::input(column.kind, Value::Null) });
        }
        let outcome = Outcome { row: Some(rows.row), values: rows.columns, results: Vec::new() };
        Ok(self.finish(Answer::Procedure(outcome), true))
    }

    /// Writes a value of a statement of the author.
    pub(super) fn own_value(
        &mut self,
        name: &str,
        ty: Option<&crate::types::SqlType>,
        value: &Datum,
    ) -> Result<(), Error> {
        // What a parameter is compared with may be unknown; then it is a text, and the database reads it.
        let text = crate::types::SqlType::Text(crate::types::Text::default());
        let ty = ty.unwrap_or(&text);
        let rules = self.maker.rules();
        let parameter = match (ty, value) {
            (_, Datum::Bytes(bytes)) => {
                Parameter::input(adapters_sql_protocol::ValueKind::Bytes, Value::Bytes(bytes.to_vec()))
            }
            (crate::types::SqlType::Text(_), Datum::Text(_)) => {
                // A text that is longer than its column is compared as it is.
                let value = crate::values::value(rules, &text, value);
                let value = value.map_err(|misfit| crate::values::refused(&misfit, name))?;
                crate::values::parameter(rules.dialect, &text, value)
            }
            (ty, value) => crate::values::written(rules, ty, value, name)?,
        };
        self.bind_as(ty, parameter);
        Ok(())
    }
}
