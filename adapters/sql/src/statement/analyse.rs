//! Reads a statement and holds its names against the catalog.
//!
//! **Invariant.** Every mistake is told with its place in the text.

use super::parse::range;
use super::scope::{Meaning, Scope, Scopes, idents};
use super::wrong;
use crate::catalog::TableDef;
use crate::dialect::Dialect;
use crate::schema::Schema;
use crate::types::{self, SqlType};
use kernel::StatementError;
use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, Expr, FromTable, Ident, Insert, LimitClause, ObjectName,
    Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Spanned, Statement, TableFactor,
    TableObject, Value, Visit, Visitor,
};
use sqlparser::tokenizer::Span;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) types: Vec<(String, SqlType)>,
    pub(super) columns: Option<Vec<Arc<str>>>,
    pub(super) writes: bool,
}

/// Holds a statement against the catalog.
///
/// # Errors
/// Every mistake.
pub(super) fn analyse(
    schema: &Schema,
    text: &str,
    statement: &Statement,
) -> Result<Found, Vec<StatementError>> {
    let mut analyst = Analyst {
        scopes: Scopes { schema, open: Vec::new() },
        text,
        found: Found::default(),
        errors: Vec::new(),
        depth: 0,
    };
    match statement {
        Statement::Query(query) => analyst.reading(query),
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Merge(_)
        | Statement::Call(_) => {
            analyst.found.writes = true;
        }
        _ => {
            let message = "only SELECT, INSERT, UPDATE, DELETE, MERGE and CALL can be used";
            return Err(vec![wrong(0..text.len(), message)]);
        }
    }
    let _ = statement.visit(&mut analyst);
    if analyst.errors.is_empty() { Ok(analyst.found) } else { Err(analyst.errors) }
}

struct Analyst<'s> {
    scopes: Scopes<'s>,
    text: &'s str,
    found: Found,
    errors: Vec<StatementError>,
    /// How many statements are open: one that is inside of another is written to as well.
    depth: usize,
}

impl<'s> Analyst<'s> {
    /// Judges a statement that reads, which becomes a part of one of ours.
    fn reading(&mut self, query: &Query) {
        if !query.locks.is_empty() {
            self.report(query.span(), "a statement that reads cannot lock rows", None);
        }
        let top = matches!(&*query.body, SetExpr::Select(select) if select.top.is_some());
        let sqlserver = self.scopes.schema.dialect() == Dialect::Sqlserver;
        if let (true, Some(order), None, false) = (sqlserver, &query.order_by, &query.limit_clause, top) {
            let hint = "the order is made by Seawall; with TOP it may stand here";
            self.report(order.span(), "SQL Server has no ORDER BY here", Some(hint));
        }
        let scope = self.scopes.of_query(query);
        self.scopes.open.push(scope);
        let columns = self.result(&query.body);
        self.scopes.open.pop();
        self.found.columns = Some(columns);
    }

    /// The names of the columns of a query.
    fn result(&mut self, body: &SetExpr) -> Vec<Arc<str>> {
        let select = match body {
            SetExpr::Select(select) => select,
            SetExpr::SetOperation { left, .. } => return self.result(left),
            SetExpr::Query(query) => return self.result(&query.body),
            other => {
                self.report(other.span(), "the columns of this have no names", Some("write SELECT … FROM …"));
                return Vec::new();
            }
        };
        if let Some(into) = &select.into {
            self.report(into.span(), "a statement that reads cannot write into a table", None);
        }
        let mut names: Vec<Arc<str>> = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => names.push(self.scopes.told(alias).into()),
                SelectItem::UnnamedExpr(Expr::Identifier(ident)) => names.push(self.named(&[], ident)),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(idents)) => {
                    if let Some((last, qualifier)) = idents.split_last() {
                        names.push(self.named(qualifier, last));
                    }
                }
                SelectItem::Wildcard(_) => self.all(item, None, &mut names),
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    self.all(item, Some(name), &mut names);
                }
                _ => self.report(item.span(), "this column has no name", Some("write `… AS NAME`")),
            }
        }
        names
    }

    fn named(&self, qualifier: &[Ident], ident: &Ident) -> Arc<str> {
        match self.scopes.qualified(qualifier, ident) {
            Meaning::Column(column) => column.name.as_str().into(),
            _ => self.scopes.told(ident).into(),
        }
    }

    fn all(&mut self, item: &SelectItem, of: Option<&ObjectName>, names: &mut Vec<Arc<str>>) {
        let scope = self.scopes.open.last().cloned().unwrap_or_default();
        let tables: Option<Vec<&TableDef>> =
            match of.and_then(idents).and_then(|name| name.last().copied().cloned()) {
                Some(name) => scope.relation(&self.scopes, &name).map(|table| vec![table]),
                None => scope.relations.iter().map(|relation| relation.table).collect(),
            };
        match tables.filter(|tables| !tables.is_empty()) {
            Some(tables) => {
                let columns = tables.iter().flat_map(|table| &table.columns);
                names.extend(columns.map(|column| Arc::<str>::from(column.name.as_str())));
            }
            None => {
                self.report(item.span(), "the columns of `*` are not known here", Some("name the columns"))
            }
        }
    }

    fn check(&mut self, qualifier: &[Ident], ident: &Ident) {
        match self.scopes.qualified(qualifier, ident) {
            Meaning::Column(_) | Meaning::Open => {}
            Meaning::Nothing(tables) => {
                let names: Vec<String> = tables.iter().map(|table| table.name.to_string()).collect();
                let columns =
                    tables.iter().flat_map(|table| table.columns.iter().map(|one| one.name.as_str()));
                let hint = near(&ident.value, columns);
                self.report(
                    ident.span,
                    format!("{} has no column `{}`", names.join(", "), ident.value),
                    hint.as_deref(),
                );
            }
            Meaning::NoTable => {
                let name = qualifier.last().map_or("", |name| name.value.as_str());
                self.report(ident.span, format!("`{name}` is no table of this statement"), None);
            }
        }
    }

    fn check_table(&mut self, name: &ObjectName) {
        if self.scopes.table(name).is_some() || self.scopes.is_given(name) {
            return;
        }
        let all: Vec<String> =
            self.scopes.schema.snapshot.tables.iter().map(|one| one.name.to_string()).collect();
        let hint = near(&name.to_string(), all.iter().map(String::as_str));
        self.report(name.span(), format!("the catalog has no table `{name}`"), hint.as_deref());
    }

    /// The type of the column that an expression is.
    fn type_of(&self, expr: &Expr) -> Option<SqlType> {
        let meaning = match expr {
            Expr::Identifier(ident) => self.scopes.column(ident),
            Expr::CompoundIdentifier(idents) => {
                let (last, qualifier) = idents.split_last()?;
                self.scopes.qualified(qualifier, last)
            }
            Expr::Nested(inner) => return self.type_of(inner),
            _ => return None,
        };
        match meaning {
            Meaning::Column(column) => Some(column.ty.clone()),
            _ => None,
        }
    }

    /// Notes the type of a parameter, unless it has one already.
    fn note(&mut self, expr: &Expr, ty: Option<SqlType>) {
        let (Some(name), Some(ty)) = (parameter(expr), ty) else { return };
        if ty != SqlType::Unknown && !self.found.types.iter().any(|(known, _)| known == name) {
            self.found.types.push((name.to_owned(), ty));
        }
    }

    fn pair(&mut self, one: &Expr, other: &Expr) {
        self.note(other, self.type_of(one));
        self.note(one, self.type_of(other));
    }

    fn inserted(&mut self, insert: &Insert) {
        let TableObject::TableName(name) = &insert.table else { return };
        self.check_table(name);
        let Some(table) = self.scopes.table(name) else { return };
        let written: Vec<&Ident> =
            insert.columns.iter().filter_map(|one| idents(one)?.last().copied()).collect();
        let mut types: Vec<Option<SqlType>> = Vec::new();
        for ident in &written {
            self.check(&[], ident);
            let column = table.columns.iter().find(|column| self.scopes.is(ident, &column.name));
            types.push(column.map(|column| column.ty.clone()));
        }
        if written.is_empty() {
            types = table.columns.iter().map(|column| Some(column.ty.clone())).collect();
        }
        if let Some(SetExpr::Values(values)) = insert.source.as_deref().map(|query| &*query.body) {
            for row in &values.rows {
                row.iter().zip(&types).for_each(|(value, ty)| self.note(value, ty.clone()));
            }
        }
        self.assigned(&insert.assignments);
    }

    fn assigned(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else { continue };
            let Some(ident) = idents(name).and_then(|name| name.last().copied().cloned()) else { continue };
            self.check(&[], &ident);
            self.note(&assignment.value, self.type_of(&Expr::Identifier(ident)));
        }
    }

    fn statement_scope(&mut self, statement: &Statement) -> Scope<'s> {
        let mut scope = Scope::default();
        match statement {
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &insert.table {
                    self.scopes.target(name, None, &mut scope);
                }
            }
            Statement::Update(update) => self.scopes.joined(&update.table, &mut scope),
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
                let using = delete.using.iter().flatten();
                tables.iter().chain(using).for_each(|table| self.scopes.joined(table, &mut scope));
            }
            _ => {}
        }
        scope
    }

    fn report(&mut self, span: Span, message: impl Into<String>, hint: Option<&str>) {
        let mut error = wrong(range(self.text, span), message);
        error.hint = hint.map(str::to_owned);
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}

impl Visitor for Analyst<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.depth += 1;
        let query = matches!(statement, Statement::Query(_));
        if self.depth > 1 && !query {
            self.report(statement.span(), "a statement that reads cannot write", None);
        }
        let scope = self.statement_scope(statement);
        self.scopes.open.push(scope);
        match statement {
            Statement::Insert(insert) => self.inserted(insert),
            Statement::Update(update) => self.assigned(&update.assignments),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, _statement: &Statement) -> ControlFlow<()> {
        self.depth -= 1;
        self.scopes.open.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let scope = self.scopes.of_query(query);
        self.scopes.open.push(scope);
        let count = Some(SqlType::Integer { digits: 10, unsigned: false });
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                let offset = offset.as_ref().map(|offset| &offset.value);
                limit.iter().chain(offset).for_each(|expr| self.note(expr, count.clone()));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                [offset, limit].into_iter().for_each(|expr| self.note(expr, count.clone()));
            }
            None => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.scopes.open.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: None, .. } = factor {
            self.check_table(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.check(&[], ident),
            Expr::CompoundIdentifier(idents) => {
                if let Some((last, qualifier)) = idents.split_last() {
                    self.check(qualifier, last);
                }
            }
            Expr::BinaryOp { left, op, right } if compares(op) => self.pair(left, right),
            Expr::IsDistinctFrom(one, other) | Expr::IsNotDistinctFrom(one, other) => self.pair(one, other),
            Expr::InList { expr, list, .. } => list.iter().for_each(|item| self.pair(expr, item)),
            Expr::Between { expr, low, high, .. } => {
                self.pair(expr, low);
                self.pair(expr, high);
            }
            Expr::Like { pattern, .. } | Expr::ILike { pattern, .. } => {
                // A pattern may be longer than the column.
                self.note(pattern, Some(SqlType::Text(types::Text::default())));
            }
            Expr::Cast { expr, data_type, .. } => {
                let ty = types::read(&data_type.to_string(), self.scopes.schema.dialect());
                self.note(expr, ty.ok());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl<'s> Scope<'s> {
    fn relation(&self, scopes: &Scopes<'s>, name: &Ident) -> Option<&'s TableDef> {
        self.relations
            .iter()
            .find(|relation| relation.is_named(scopes, name))
            .and_then(|relation| relation.table)
    }
}

fn compares(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq, Spaceship};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | Spaceship)
}

/// The name of a parameter that an expression is.
fn parameter(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => name.strip_prefix(':'),
            _ => None,
        },
        Expr::Nested(inner) => parameter(inner),
        _ => None,
    }
}

/// Names that are like this one, or the first few of all.
fn near<'n>(name: &str, all: impl Iterator<Item = &'n str>) -> Option<String> {
    let all: Vec<&str> = all.collect();
    let wanted = name.to_lowercase();
    let like = |known: &&&str| {
        let known = known.to_lowercase();
        let same = known.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
        same >= 3 || known.contains(&wanted) || wanted.contains(&known)
    };
    let mut found: Vec<&str> = all.iter().filter(like).copied().take(5).collect();
    if found.is_empty() {
        found = all.into_iter().take(8).collect();
    }
    (!found.is_empty()).then(|| format!("there is: {}", found.join(", ")))
}
