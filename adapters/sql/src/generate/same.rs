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
            SqlType::Text(_) | SqlType::Formed(Form::Citext) => self.exactly(column, " = ", [parameter]),
            SqlType::Formed(Form::Json | Form::Jsonb | Form::Xml) => {
                self.push("CAST(");
                self.name(&column.name);
                self.push(" AS text) = ");
                self.bind(parameter);
            }
            SqlType::Timestamp(ty) if dialect == Dialect::Sqlite => {
                self.same_moment(column, parameter, ty.digits);
            }
            ty => {
                self.name(&column.name);
                self.push(" = ");
                self.bind_as(ty, parameter);
            }
        }
        Ok(())
    }

    /// Compares texts letter by letter, whatever the collation passes over: case, accents, blanks at the end. Only the
    /// blanks that a CHAR has anyway do not count.
    pub(super) fn exactly(
        &mut self,
        column: &ColumnDef,
        sign: &str,
        parameters: impl IntoIterator<Item = Parameter>,
    ) {
        let padded = matches!(&column.ty, SqlType::Text(text) if text.padded);
        let stopped = self.exact_name(column, !padded);
        let list = sign.ends_with("IN ");
        self.push(sign);
        self.push(if list { "(" } else { "" });
        for (n, mut parameter) in parameters.into_iter().enumerate() {
            self.push(if n > 0 { ", " } else { "" });
            if let (true, Value::Text(text)) = (stopped, &mut parameter.value) {
                text.push_str(STOP);
                parameter.precision = 0;
            }
            match self.maker.dialect() {
                Dialect::Db2 | Dialect::Db2i | Dialect::Ansi | Dialect::Oracle if padded => {
                    self.bind_as(&column.ty, parameter);
                }
                Dialect::Sqlite if padded => self.bind_as(&column.ty, parameter),
                _ => self.bind(parameter),
            }
        }
        self.push(if list { ")" } else { "" });
    }

    /// Writes a column of texts in the form in which no collation passes over anything. Returns whether [`STOP`] stands
    /// behind each text, which is so where blanks at the end count and the database would pass over them.
    pub(super) fn exact_name(&mut self, column: &ColumnDef, blanks: bool) -> bool {
        let (before, behind, stopped) = match (self.maker.dialect(), blanks) {
            (Dialect::Postgresql, _) => ("CAST(", " AS text) COLLATE \"C\"", false),
            (Dialect::Sqlite, true) => ("", " COLLATE BINARY", false),
            (Dialect::Mysql | Dialect::Mariadb, true) => {
                ("CONVERT(CONCAT(", ", '.') USING utf8mb4) COLLATE utf8mb4_bin", true)
            }
            (Dialect::Mysql | Dialect::Mariadb, false) => {
                ("CONVERT(", " USING utf8mb4) COLLATE utf8mb4_bin", false)
            }
            (Dialect::Sqlserver, true) => ("(", " + N'.') COLLATE Latin1_General_100_BIN2", true),
            (Dialect::Sqlserver, false) => ("", " COLLATE Latin1_General_100_BIN2", false),
            (Dialect::Db2 | Dialect::Db2i | Dialect::Ansi, true) => ("", " || '.'", true),
            // Oracle neither pads VARCHAR2 nor folds, unless the session says so.
            _ => ("", "", false),
        };
        self.push(before);
        self.name(&column.name);
        self.push(behind);
        stopped
    }

    /// SQLite keeps times as texts of more than one form, and its function tells three digits of a fraction.
    fn same_moment(&mut self, column: &ColumnDef, parameter: Parameter, digits: u8) {
        const FORM: &str = "strftime('%Y-%m-%d %H:%M:%f', ";
        let fraction = match &parameter.value {
            Value::Text(text) => text.split_once('.').map_or("", |(_, fraction)| fraction),
            Value::Null | Value::Bytes(_) => "",
        };
        let fraction = Value::Text(fraction.trim_end_matches('0').to_owned());
        let fraction = Parameter { value: fraction, ..parameter.clone() };
        self.push(FORM);
        self.name(&column.name);
        self.push(") = ");
        self.push(FORM);
        self.bind(parameter);
        self.push(")");
        if digits > 3 {
            self.push(" AND RTRIM(SUBSTR(");
            self.name(&column.name);
            self.push(", 21), '0') = ");
            self.bind(fraction);
        }
    }
}
