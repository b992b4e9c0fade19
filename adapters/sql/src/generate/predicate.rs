//! WHERE: which rows.
//!
//! **Invariant.** Parentheses stand where AND and OR meet, and nowhere else; a member that always holds leaves no trace
//! in an AND.

use super::{Sql, defect};
use crate::catalog::ColumnDef;
use crate::dialect::Dialect;
use crate::types::{Form, SqlType};
use crate::values::{self, Fit, Misfit};
use adapters_sql_protocol::{Parameter, Value, ValueKind};
use kernel::{Cause, Class, Comparison, Datum, Error, PartId, Predicate};

/// What is around a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    And,
    Or,
}

const EVERY: &str = "1 = 1";
const NONE: &str = "1 = 0";

/// The letter that makes `%` and `_` stand for themselves.
const ESCAPE: char = '!';

/// Most members of an IN list; Oracle has no more.
const IN_MAX: usize = 1000;

/// Bytes of a parameter that needs a type, and of a long one.
const TYPED_BYTES: [usize; 2] = [4000, 32_000];

/// What is added to texts that are compared exactly, so that no blanks at the end are passed over.
const STOP: &str = ".";

impl Sql<'_> {
    /// Writes the condition of a statement, with its WHERE; nothing if every row is meant.
    pub(super) fn filter(&mut self, row: PartId, filter: &Predicate) -> Result<(), Error> {
        if !self.restricts(filter) {
            return Ok(());
        }
        self.push(" WHERE ");
        self.predicate(row, filter, Around::Nothing)
    }

    /// Returns whether a predicate is not simply true.
    fn restricts(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All(members) => members.iter().any(|member| self.restricts(member)),
            Predicate::Same { column, value } => {
                let column = self.maker.schema.column(*column);
                value == &Datum::Null || column.is_none_or(|column| self.comparable(&column.ty))
            }
            _ => true,
        }
    }

    /// Returns whether a database can say that a column still holds a value.
    fn comparable(&self, ty: &SqlType) -> bool {
        match ty {
            SqlType::Float { .. } | SqlType::Unknown => false,
            SqlType::Bytes { large, .. } => !large,
            SqlType::Text(text) => !text.large || self.maker.dialect().is_mysql(),
            SqlType::Formed(Form::Uuid | Form::Citext) => true,
            SqlType::Formed(_) => self.maker.dialect() == Dialect::Postgresql,
            _ => true,
        }
    }

    fn predicate(&mut self, row: PartId, predicate: &Predicate, around: Around) -> Result<(), Error> {
        match predicate {
            Predicate::All(members) => {
                let members: Vec<&Predicate> = members.iter().filter(|one| self.restricts(one)).collect();
                self.members(row, &members, around, Around::And)
            }
            Predicate::Any(members) => {
                let members: Vec<&Predicate> = members.iter().collect();
                self.members(row, &members, around, Around::Or)
            }
            Predicate::Compare { column, op, value, fold } => {
                let column = self.maker.column(row, *column)?;
                self.compare(column, *op, value, *fold)
            }
            Predicate::In { column, values, fold } => {
                let column = self.maker.column(row, *column)?;
                self.in_list(column, values, *fold, around)
            }
            Predicate::Like { column, text, anywhere, fold } => {
                let column = self.maker.column(row, *column)?;
                self.like(column, text, *anywhere, *fold)
            }
            Predicate::Null { column, is } => {
                let column = self.maker.column(row, *column)?;
                self.null(column, *is);
                Ok(())
            }
            Predicate::Same { column, value } => {
                let column = self.maker.column(row, *column)?;
                self.same(column, value)
            }
        }
    }

    fn members(
        &mut self,
        row: PartId,
        members: &[&Predicate],
        around: Around,
        joint: Around,
    ) -> Result<(), Error> {
        let (word, empty) = if joint == Around::And { (" AND ", EVERY) } else { (" OR ", NONE) };
        match members {
            [] => self.push(empty),
            [one] => self.predicate(row, one, around)?,
            _ => {
                let enclosed = around != Around::Nothing && around != joint;
                self.push(if enclosed { "(" } else { "" });
                for (n, member) in members.iter().enumerate() {
                    self.push(if n > 0 { word } else { "" });
                    self.predicate(row, member, joint)?;
                }
                self.push(if enclosed { ")" } else { "" });
            }
        }
        Ok(())
    }

    fn compare(
        &mut self,
        column: &ColumnDef,
        op: Comparison,
        value: &Datum,
        fold: bool,
    ) -> Result<(), Error> {
        match values::fit(self.maker.rules(), &column.ty, op, value) {
            Fit::Never => self.push(NONE),
            // NULL compares with nothing.
            Fit::Always if column.nullable => self.null(column, false),
            Fit::Always => self.push(EVERY),
            Fit::Compare(op, parameter) => {
                self.folded_column(column, fold);
                self.push(sign(op));
                self.folded_value(column, *parameter, fold)?;
            }
        }
        Ok(())
    }

    fn in_list(
        &mut self,
        column: &ColumnDef,
        values: &[Datum],
        fold: bool,
        around: Around,
    ) -> Result<(), Error> {
        let rules = self.maker.rules();
        let fit = |value: &Datum| match values::fit(rules, &column.ty, Comparison::Equal, value) {
            Fit::Compare(_, parameter) => Some(*parameter),
            Fit::Always | Fit::Never => None,
        };
        let parameters: Vec<Parameter> = values.iter().filter_map(fit).collect();
        if parameters.is_empty() {
            self.push(NONE);
            return Ok(());
        }
        let enclosed = parameters.len() > IN_MAX && around == Around::And;
        self.push(if enclosed { "(" } else { "" });
        for (n, chunk) in parameters.chunks(IN_MAX).enumerate() {
            self.push(if n > 0 { " OR " } else { "" });
            self.folded_column(column, fold);
            self.push(" IN (");
            for (n, parameter) in chunk.iter().enumerate() {
                self.push(if n > 0 { ", " } else { "" });
                self.folded_value(column, parameter.clone(), fold)?;
            }
            self.push(")");
        }
        self.push(if enclosed { ")" } else { "" });
        Ok(())
    }

    fn like(&mut self, column: &ColumnDef, text: &str, anywhere: bool, fold: bool) -> Result<(), Error> {
        let dialect = self.maker.dialect();
        if !matches!(column.ty, SqlType::Text(_) | SqlType::Formed(Form::Citext)) {
            return Err(defect("only texts begin with something or hold it").with("column", &column.name));
        }
        let national = matches!(&column.ty, SqlType::Text(text) if text.national);
        let kind = if national { ValueKind::National } else { ValueKind::Text };
        let bound = |pattern: String| Parameter::input(kind, Value::Text(pattern));
        // A text that cannot stand in the column is found nowhere in it.
        let unbounded = SqlType::Text(crate::types::Text { national, ..Default::default() });
        let wanted = Datum::Text(text.into());
        if let Err(Misfit::Character(_) | Misfit::Form(_)) =
            values::value(self.maker.rules(), &unbounded, &wanted)
        {
            self.push(NONE);
            return Ok(());
        }
        // LIKE of SQLite passes over the case of letters, GLOB does not.
        if dialect == Dialect::Sqlite && !fold {
            self.name(&column.name);
            self.push(" GLOB ");
            self.bind(bound(pattern(text, anywhere, '*', |letter| match letter {
                '*' | '?' | '[' => Some(format!("[{letter}]")),
                _ => None,
            })));
            return Ok(());
        }
        let pattern = pattern(text, anywhere, '%', |letter| match letter {
            '%' | '_' | ESCAPE => Some(format!("{ESCAPE}{letter}")),
            '[' if dialect == Dialect::Sqlserver => Some(format!("{ESCAPE}{letter}")),
            _ => None,
        });
        self.folded_column(column, fold);
        self.push(" LIKE ");
        if fold {
            self.lower(bound(pattern))?;
        } else {
            self.bind(bound(pattern));
        }
        self.push(&format!(" ESCAPE '{ESCAPE}'"));
        Ok(())
    }

    fn null(&mut self, column: &ColumnDef, is: bool) {
        self.name(&column.name);
        self.push(if is { " IS NULL" } else { " IS NOT NULL" });
    }

    /// Writes that a column still holds exactly this.
    fn same(&mut self, column: &ColumnDef, value: &Datum) -> Result<(), Error> {
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

    fn folded_column(&mut self, column: &ColumnDef, fold: bool) {
        self.push(if fold { "LOWER(" } else { "" });
        self.name(&column.name);
        self.push(if fold { ")" } else { "" });
    }

    fn folded_value(&mut self, column: &ColumnDef, parameter: Parameter, fold: bool) -> Result<(), Error> {
        if !fold {
            self.bind_as(&column.ty, parameter);
            return Ok(());
        }
        if self.maker.dialect() == Dialect::Oracle {
            self.push("LOWER(");
            self.bind_as(&column.ty, parameter);
            self.push(")");
            return Ok(());
        }
        self.lower(parameter)
    }

    /// Writes a folded parameter, with a type where nothing beside it gives one.
    fn lower(&mut self, parameter: Parameter) -> Result<(), Error> {
        if !self.maker.dialect().types_parameters() {
            self.push("LOWER(");
            self.bind(parameter);
            self.push(")");
            return Ok(());
        }
        let length = match &parameter.value {
            Value::Text(text) => text.len(),
            _ => 0,
        };
        let bytes = TYPED_BYTES.into_iter().find(|&bytes| length <= bytes).ok_or_else(|| {
            Error::new(Class::Client, Cause::Unwritable, "a text that is too long to be compared")
        })?;
        let vargraphic = self.maker.dialect().is_db2() && parameter.kind == ValueKind::National;
        self.push("LOWER(CAST(");
        self.bind(parameter);
        self.push(&match vargraphic {
            true => format!(" AS VARGRAPHIC({})))", bytes / 2),
            false => format!(" AS VARCHAR({bytes})))"),
        });
        Ok(())
    }
}

fn sign(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}

fn pattern(text: &str, anywhere: bool, any: char, escape: impl Fn(char) -> Option<String>) -> String {
    let mut pattern = String::with_capacity(text.len() + 4);
    if anywhere {
        pattern.push(any);
    }
    for letter in text.chars() {
        match escape(letter) {
            Some(escaped) => pattern.push_str(&escaped),
            None => pattern.push(letter),
        }
    }
    pattern.push(any);
    pattern
}
