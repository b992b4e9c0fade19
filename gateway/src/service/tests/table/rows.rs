//! Rows, and what queries make of them.
//!
//! **Invariant.** Predicates mean what `kernel::Predicate` says, NULL and collation included.

use kernel::{
    Catalogue, Comparison, Datum, Decimal, Order, PartId, Predicate, Query, ScalarType, Shape, Table,
};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A row: values by the names of their columns; a column that is not there is NULL.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// The rows of all tables by their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows(pub BTreeMap<String, Vec<Row>>);

/// What a statement gives: rows with the columns that were asked for, or how many it changed.
#[derive(Debug)]
pub(super) struct Outcome {
    pub part: PartId,
    pub ty: kernel::TypeId,
    pub rows: Vec<Vec<(PartId, kernel::TypeId, Option<String>)>>,
    pub affected: Option<u64>,
}

/// Makes a row of names and values; `~` is NULL.
pub(crate) fn row(values: &[(&str, &str)]) -> Row {
    let value = |value: &str| (value != "~").then(|| value.to_owned());
    values.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

/// An error as databases say it: the word, and the SQLSTATE.
type Refused = (&'static str, &'static str);

impl Rows {
    /// Returns the rows of a table.
    pub(crate) fn of(&mut self, table: &str) -> &mut Vec<Row> {
        self.0.entry(table.to_owned()).or_default()
    }

    pub(super) fn run(&mut self, catalogue: &Catalogue, query: &Query) -> Result<Outcome, Refused> {
        let part = match query {
            Query::Select(select) => select.table,
            Query::Insert(insert) => insert.table,
            Query::Update(update) => update.table,
            Query::Delete(delete) => delete.table,
            Query::Run(_) | Query::Horizon => panic!("the double runs no statements of its own: {query:?}"),
        };
        let table = catalogue.table(part).expect("the query names a table of the catalogue");
        let shape = &*catalogue.shape;
        let name = shape.part(part).name.local.to_string();
        let at = At { shape, table };
        match query {
            Query::Select(select) => {
                let mut found: Vec<Row> =
                    self.of(&name).iter().filter(|row| at.holds(&select.filter, row)).cloned().collect();
                found.sort_by(|a, b| at.order(&select.order, a, b));
                found.truncate(select.limit.map_or(usize::MAX, |limit| limit as usize));
                Ok(at.outcome(&found, &select.columns, None))
            }
            Query::Insert(insert) => {
                let mut new: Row =
                    insert.values.iter().map(|(column, value)| (at.name(*column), text(value))).collect();
                for &column in &table.generated {
                    let next = self.of(&name).len() + 1;
                    new.entry(at.name(column)).or_insert_with(|| Some(next.to_string()));
                }
                let key: Vec<String> = table.key.iter().map(|&column| at.name(column)).collect();
                let same = |row: &&Row| key.iter().all(|column| row.get(column) == new.get(column));
                if self.of(&name).iter().any(|row| same(&row)) {
                    return Err(("unique", "23505"));
                }
                self.of(&name).push(new.clone());
                Ok(at.outcome(&[new], &insert.returning, Some(1)))
            }
            Query::Update(update) => {
                let mut count = 0;
                for row in self.of(&name).iter_mut().filter(|row| at.holds(&update.filter, row)) {
                    row.extend(update.set.iter().map(|(column, value)| (at.name(*column), text(value))));
                    count += 1;
                }
                Ok(at.outcome(&[], &[], Some(count)))
            }
            Query::Delete(delete) => {
                let before = self.of(&name).len();
                self.of(&name).retain(|row| !at.holds(&delete.filter, row));
                let count = before - self.of(&name).len();
                Ok(at.outcome(&[], &[], Some(count as u64)))
            }
            Query::Run(_) | Query::Horizon => unreachable!("refused above"),
        }
    }
}

fn text(value: &Datum) -> Option<String> {
    value.text().map(str::to_owned)
}

/// Where a query is: the table and the types of its columns.
struct At<'a> {
    shape: &'a Shape,
    table: &'a Table,
}

impl At<'_> {
    fn name(&self, column: PartId) -> String {
        self.shape.part(column).name.local.to_string()
    }

    fn value<'r>(&self, row: &'r Row, column: PartId) -> Option<&'r str> {
        row.get(&self.name(column)).and_then(Option::as_deref)
    }

    fn outcome(&self, rows: &[Row], columns: &[PartId], affected: Option<u64>) -> Outcome {
        let cell = |row: &Row, &column: &PartId| {
            (column, self.shape.part(column).ty, self.value(row, column).map(str::to_owned))
        };
        let told = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect());
        let told = if columns.is_empty() { Vec::new() } else { told.collect() };
        Outcome { part: self.table.part, ty: self.shape.part(self.table.part).ty, rows: told, affected }
    }

    fn compare(&self, column: PartId, a: &str, b: &str) -> Ordering {
        match self.shape.scalar(self.shape.part(column).ty) {
            Some(ScalarType::Decimal { .. }) => {
                Decimal::parse(a).expect("a number").cmp(&Decimal::parse(b).expect("a number"))
            }
            _ => a.trim_end().cmp(b.trim_end()),
        }
    }

    fn order(&self, order: &[Order], a: &Row, b: &Row) -> Ordering {
        let by = |order: &Order| match (self.value(a, order.column), self.value(b, order.column)) {
            (None, None) => Ordering::Equal,
            // "NULL comes last, whatever the database does by itself."
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) if order.descending => self.compare(order.column, b, a),
            (Some(a), Some(b)) => self.compare(order.column, a, b),
        };
        order.iter().map(by).find(|found| found.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn holds(&self, predicate: &Predicate, row: &Row) -> bool {
        match predicate {
            Predicate::All(all) => all.iter().all(|one| self.holds(one, row)),
            Predicate::Any(any) => any.iter().any(|one| self.holds(one, row)),
            Predicate::Null { column, is } => self.value(row, *column).is_none() == *is,
            Predicate::Same { column, value } => {
                let exact = |text: &str| text.trim_end().to_owned();
                self.value(row, *column).map(exact) == value.text().map(exact)
            }
            Predicate::Compare { column, op, value, fold } => {
                let (Some(found), Some(wanted)) = (self.value(row, *column), value.text()) else {
                    return false;
                };
                let (found, wanted) = (folded(found, *fold), folded(wanted, *fold));
                let order = self.compare(*column, &found, &wanted);
                match op {
                    Comparison::Equal => order.is_eq(),
                    Comparison::NotEqual => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                }
            }
            Predicate::In { column, values, fold } => self.value(row, *column).is_some_and(|found| {
                let is =
                    |value: &str| self.compare(*column, &folded(found, *fold), &folded(value, *fold)).is_eq();
                values.iter().filter_map(Datum::text).any(is)
            }),
            Predicate::Like { column, text, anywhere, fold } => {
                self.value(row, *column).is_some_and(|found| {
                    let (found, text) = (folded(found, *fold), folded(text, *fold));
                    if *anywhere { found.contains(&text) } else { found.starts_with(&text) }
                })
            }
        }
    }
}

fn folded(text: &str, fold: bool) -> String {
    if fold { text.to_lowercase() } else { text.to_owned() }
}
