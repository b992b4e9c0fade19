//! Whether a column still holds exactly what was read.
//!
//! **Invariant.** NULL is like NULL, and no collation makes different texts equal; what a database cannot compare is left
//! out.

use super::Sql;
use super::predicate::{EVERY, NONE};
use crate::catalog::ColumnDef;
use crate::dialect::Dialect;
use crate::types::{Form, SqlType};
use crate::values;
use adapters_sql_protocol::{Parameter, Value};
use kernel::{Datum, Error};

/// What is added to texts that are compared exactly, so that no blanks at the end are passed over.
const STOP: &str = ".";

impl Sql<'_> {
    /// Returns whether a database can say that a column still holds a value.
    pub(super) fn comparable(&self, ty: &SqlType) -> bool {
        match ty {
            SqlType::Float { .. } | SqlType::Unknown => false,
            SqlType::Bytes { large, .. } => !large,
            SqlType::Text(text) => !text.large || self.maker.dialect().is_mysql(),
            SqlType::Formed(Form::Uuid | Form::Citext) => true,
            SqlType::Formed(_) => self.maker.dialect() == Dialect::Postgresql,
            _ => true,
        }
    }

    /// Writes that a column still holds exactly this.
    pub(super) fn same(&mut self, column: &ColumnDef, value: &Datum) -> Result<(), Error> {
        let dialect = self.maker.dialect();
        let nothing = matches!(value, Datum::Text(text) if text.is_empty() && dialect.empty_is_null());
        let padded = matches!(&column.ty, SqlType::Text(text) if text.padded);
        if value == &Datum::Null || nothing && !padded {
            self.null(column, true);
            return Ok(());
        }
        if !self.comparable(&column.ty) {
            self.push(EVERY);
            return Ok(());
        }
        // A value that was read fits; one that does not is not there any more.
        let Ok(value) = values::value(self.maker.rules(), &column.ty, value) else {
            self.push(NONE);
            return Ok(());
        };
        let parameter = values::parameter(dialect, &column.ty, value);
        match &column.ty {
            SqlType::Text(text) if !text.padded => self.same_text(column, parameter),
            SqlType::Text(_) => self.same_padded(column, parameter),
            SqlType::Formed(Form::Citext) => self.same_text(column, parameter),
            SqlType::Formed(Form::Json | Form::Jsonb | Form::Xml) => {
                self.push("CAST(");
                self.name(&column.name);
                self.push(" AS text) = ");
                self.bind(parameter);
            }
            SqlType::Timestamp(_) if dialect == Dialect::Sqlite => self.same_moment(column, parameter),
            ty => {
                self.name(&column.name);
                self.push(" = ");
                self.bind_as(ty, parameter);
            }
        }
        Ok(())
    }

    /// Compares texts letter by letter, whatever the collation passes over: case, accents, blanks at the end.
    fn same_text(&mut self, column: &ColumnDef, mut parameter: Parameter) {
        let dialect = self.maker.dialect();
        let stop = |parameter: &mut Parameter| {
            if let Value::Text(text) = &mut parameter.value {
                text.push_str(STOP);
            }
            parameter.precision = 0;
        };
        let (before, behind) = match dialect {
            Dialect::Postgresql => ("CAST(", " AS text) COLLATE \"C\" = "),
            Dialect::Sqlite => ("", " COLLATE BINARY = "),
            // Neither pads VARCHAR2 nor folds, unless the session says so.
            Dialect::Oracle => ("", " = "),
            Dialect::Mysql | Dialect::Mariadb => {
                stop(&mut parameter);
                ("CONVERT(CONCAT(", ", '.') USING utf8mb4) COLLATE utf8mb4_bin = ")
            }
            Dialect::Sqlserver => {
                stop(&mut parameter);
                ("(", " + N'.') COLLATE Latin1_General_100_BIN2 = ")
            }
            Dialect::Db2 | Dialect::Db2i | Dialect::Ansi => {
                stop(&mut parameter);
                ("", " || '.' = ")
            }
        };
        self.push(before);
        self.name(&column.name);
        self.push(behind);
        self.bind(parameter);
    }

    /// Compares texts letter by letter but for the blanks that a CHAR has at its end.
    fn same_padded(&mut self, column: &ColumnDef, parameter: Parameter) {
        let (before, behind) = match self.maker.dialect() {
            Dialect::Postgresql => ("CAST(", " AS text) COLLATE \"C\" = "),
            Dialect::Mysql | Dialect::Mariadb => ("CONVERT(", " USING utf8mb4) COLLATE utf8mb4_bin = "),
            Dialect::Sqlserver => ("", " COLLATE Latin1_General_100_BIN2 = "),
            _ => {
                self.name(&column.name);
                self.push(" = ");
                self.bind_as(&column.ty, parameter);
                return;
            }
        };
        self.push(before);
        self.name(&column.name);
        self.push(behind);
        self.bind(parameter);
    }

    /// SQLite keeps times as texts of more than one form.
    fn same_moment(&mut self, column: &ColumnDef, parameter: Parameter) {
        const FORM: &str = "strftime('%Y-%m-%d %H:%M:%f', ";
        self.push(FORM);
        self.name(&column.name);
        self.push(") = ");
        self.push(FORM);
        self.bind(parameter);
        self.push(")");
    }
}
