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

pub(super) const EVERY: &str = "1 = 1";
pub(super) const NONE: &str = "1 = 0";

/// The letter that makes `%` and `_` stand for themselves.
const ESCAPE: char = '!';

/// Most members of an IN list; Oracle has no more.
const IN_MAX: usize = 1000;

/// Bytes of a parameter that needs a type, and of a long one.
const TYPED_BYTES: [usize; 2] = [4000, 32_000];

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

    pub(super) fn null(&mut self, column: &ColumnDef, is: bool) {
        self.name(&column.name);
        self.push(if is { " IS NULL" } else { " IS NOT NULL" });
    }

    fn folded_column(&mut self, column: &ColumnDef, fold: bool) {
        let padded = matches!(&column.ty, SqlType::Text(text) if text.padded);
        let (before, behind) = match (fold, self.maker.dialect()) {
            (false, _) => ("", ""),
            // A folded CHAR is a VARCHAR there, whose blanks count.
            (true, Dialect::Ansi) if padded => ("LOWER(TRIM(TRAILING FROM ", "))"),
            (true, _) => ("LOWER(", ")"),
        };
        self.push(before);
        self.name(&column.name);
        self.push(behind);
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
