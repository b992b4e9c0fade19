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
                self.compare(column, *op, value, *fold, around)
            }
            Predicate::In { column, values, fold } => {
                let column = self.maker.column(row, *column)?;
                self.in_list(column, values, *fold, around)
            }
            Predicate::Like { column, text, anywhere, fold } => {
                let column = self.maker.column(row, *column)?;
                self.like(column, text, *anywhere, *fold, around)
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
        around: Around,
    ) -> Result<(), Error> {
        match values::fit(self.maker.rules(), &column.ty, op, value) {
            Fit::Never => self.push(NONE),
            // NULL compares with nothing.
            Fit::Always if column.nullable => self.null(column, false),
            Fit::Always => self.push(EVERY),
            Fit::Compare(op, parameter) if self.is_told_by_text(column) => {
                self.moment(column, op, *parameter, around);
            }
            Fit::Compare(Comparison::Equal, parameter) if !fold && self.collates(column) => {
                self.push(if around == Around::Or { "(" } else { "" });
                self.name(&column.name);
                self.push(sign(op));
                self.bind_as(&column.ty, (*parameter).clone());
                self.push(" AND ");
                self.exactly(column, sign(op), [*parameter]);
                self.push(if around == Around::Or { ")" } else { "" });
            }
            Fit::Compare(Comparison::NotEqual, parameter) if !fold && self.collates(column) => {
                self.exactly(column, sign(op), [*parameter]);
            }
            Fit::Compare(op, parameter) => {
                self.folded_column(column, fold, &letters([&*parameter]));
                self.push(sign(op));
                self.folded_value(column, *parameter, fold)?;
            }
        }
        Ok(())
    }

    /// Whether equal texts may differ in case, accents or blanks at the end. An index serves the comparison as it is, and
    /// an exact one beside it leaves out what is only alike.
    fn collates(&self, column: &ColumnDef) -> bool {
        let dialect = self.maker.dialect();
        (dialect.is_mysql() || dialect == Dialect::Sqlserver) && matches!(column.ty, SqlType::Text(_))
    }

    /// Whether a moment is a text, in which zeros at the end may stand or not.
    fn is_told_by_text(&self, column: &ColumnDef) -> bool {
        self.maker.dialect() == Dialect::Sqlite
            && matches!(&column.ty, SqlType::Timestamp(timestamp) if !timestamp.zone)
    }

    /// Compares a moment with texts: all that mean a moment lie between the shortest and the longest of them.
    fn moment(&mut self, column: &ColumnDef, op: Comparison, parameter: Parameter, around: Around) {
        let bound = |text: String| Parameter { value: Value::Text(text), ..parameter.clone() };
        let text = match &parameter.value {
            Value::Text(text) => text.as_str(),
            Value::Null | Value::Bytes(_) => "",
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let first = || bound(format!("{whole}{point}{fraction}"));
        let last = || bound(format!("{whole}.{fraction:0<9}"));
        let (bounds, joint) = match op {
            Comparison::Equal => (vec![(" >= ", first()), (" <= ", last())], Around::And),
            Comparison::NotEqual => (vec![(" < ", first()), (" > ", last())], Around::Or),
            Comparison::Less | Comparison::GreaterOrEqual => (vec![(sign(op), first())], around),
            Comparison::LessOrEqual | Comparison::Greater => (vec![(sign(op), last())], around),
        };
        let enclosed = around != Around::Nothing && around != joint;
        self.push(if enclosed { "(" } else { "" });
        for (n, (sign, parameter)) in bounds.into_iter().enumerate() {
            let word = if joint == Around::And { " AND " } else { " OR " };
            self.push(if n > 0 { word } else { "" });
            self.name(&column.name);
            self.push(sign);
            self.bind(parameter);
        }
        self.push(if enclosed { ")" } else { "" });
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
        if self.is_told_by_text(column) {
            let enclosed = parameters.len() > 1 && around == Around::And;
            self.push(if enclosed { "(" } else { "" });
            let inside = if parameters.len() > 1 { Around::Or } else { around };
            for (n, parameter) in parameters.into_iter().enumerate() {
                self.push(if n > 0 { " OR " } else { "" });
                self.moment(column, Comparison::Equal, parameter, inside);
            }
            self.push(if enclosed { ")" } else { "" });
            return Ok(());
        }
        if !fold && self.collates(column) {
            self.push(if around == Around::Or { "(" } else { "" });
            self.name(&column.name);
            self.push(" IN (");
            for (n, parameter) in parameters.iter().enumerate() {
                self.push(if n > 0 { ", " } else { "" });
                self.bind_as(&column.ty, parameter.clone());
            }
            self.push(") AND ");
            self.exactly(column, " IN ", parameters);
            self.push(if around == Around::Or { ")" } else { "" });
            return Ok(());
        }
        let letters = letters(&parameters);
        let enclosed = parameters.len() > IN_MAX && around == Around::And;
        self.push(if enclosed { "(" } else { "" });
        for (n, chunk) in parameters.chunks(IN_MAX).enumerate() {
            self.push(if n > 0 { " OR " } else { "" });
            self.folded_column(column, fold, &letters);
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

    fn like(
        &mut self,
        column: &ColumnDef,
        text: &str,
        anywhere: bool,
        fold: bool,
        around: Around,
    ) -> Result<(), Error> {
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
        let escape = format!(" ESCAPE '{ESCAPE}'");
        let exact = !fold && self.collates(column);
        self.push(if exact && around == Around::Or { "(" } else { "" });
        let padded = matches!(&column.ty, SqlType::Text(text) if text.padded);
        if padded && !fold && text.ends_with(' ') {
            // The blanks that fill a CHAR are none of its text.
            self.push("RTRIM(");
            self.name(&column.name);
            self.push(")");
        } else {
            self.folded_column(column, fold, text);
        }
        self.push(" LIKE ");
        if fold {
            self.lower(bound(pattern))?;
            self.push(&escape);
            return Ok(());
        }
        self.bind(bound(pattern.clone()));
        self.push(&escape);
        if exact {
            self.push(" AND ");
            self.exact_name(column, false);
            self.push(" LIKE ");
            self.bind(bound(pattern));
            self.push(&escape);
        }
        self.push(if exact && around == Around::Or { ")" } else { "" });
        Ok(())
    }

    pub(super) fn null(&mut self, column: &ColumnDef, is: bool) {
        self.name(&column.name);
        self.push(if is { " IS NULL" } else { " IS NOT NULL" });
    }

    /// Writes a column whose case does not count. `letters` holds those of the wanted texts.
    fn folded_column(&mut self, column: &ColumnDef, fold: bool, letters: &str) {
        let padded = matches!(&column.ty, SqlType::Text(text) if text.padded);
        let (before, behind) = match (fold, self.maker.dialect()) {
            (false, _) => ("", ""),
            // A folded CHAR is a VARCHAR there, whose blanks count.
            (true, Dialect::Ansi) if padded => ("LOWER(TRIM(TRAILING FROM ", "))"),
            // Case does not count, but accents do.
            (true, Dialect::Mysql | Dialect::Mariadb) => {
                ("LOWER(CONVERT(", " USING utf8mb4)) COLLATE utf8mb4_bin")
            }
            (true, Dialect::Sqlserver) => ("LOWER(", ") COLLATE Latin1_General_100_BIN2"),
            (true, Dialect::Sqlite) => return self.folded_apart(column, letters),
            (true, _) => ("LOWER(", ")"),
        };
        self.push(before);
        self.name(&column.name);
        self.push(behind);
    }

    /// SQLite folds only the letters of ASCII; the others that are looked for are folded one by one.
    fn folded_apart(&mut self, column: &ColumnDef, letters: &str) {
        let mut pairs: Vec<(char, char)> = letters.chars().filter_map(both_cases).collect();
        pairs.sort_unstable();
        pairs.dedup();
        self.push(&"REPLACE(".repeat(pairs.len()));
        self.push("LOWER(");
        self.name(&column.name);
        self.push(")");
        for (upper, lower) in pairs {
            for letter in [upper, lower] {
                self.push(", ");
                self.bind(Parameter::input(ValueKind::Text, Value::Text(letter.to_string())));
            }
            self.push(")");
        }
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
    fn lower(&mut self, mut parameter: Parameter) -> Result<(), Error> {
        if let (Dialect::Sqlite, Value::Text(text)) = (self.maker.dialect(), &mut parameter.value) {
            *text =
                text.chars().map(|letter| both_cases(letter).map_or(letter, |(_, lower)| lower)).collect();
        }
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

/// All letters of these texts.
fn letters<'p>(parameters: impl IntoIterator<Item = &'p Parameter>) -> String {
    let text = |parameter: &'p Parameter| match &parameter.value {
        Value::Text(text) => text.as_str(),
        Value::Null | Value::Bytes(_) => "",
    };
    parameters.into_iter().map(text).collect()
}

/// Both cases of a letter beyond ASCII, where each is one letter.
fn both_cases(letter: char) -> Option<(char, char)> {
    let one =
        |mut letters: Box<dyn Iterator<Item = char>>| letters.next().filter(|_| letters.next().is_none());
    let lower = one(Box::new(letter.to_lowercase()))?;
    let upper = one(Box::new(lower.to_uppercase()))?;
    (!letter.is_ascii() && !lower.is_ascii() && upper != lower).then_some((upper, lower))
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
