//! Which tables and columns a name can mean at a place of a statement.
//!
//! **Invariant.** A name is wrong only if everything that it could mean is known.

use crate::catalog::{ColumnDef, TableDef};
use crate::dialect::Case;
use crate::schema::Schema;
use sqlparser::ast::{Ident, ObjectName, Query, SelectItem, SetExpr, TableFactor, TableWithJoins};

/// A table, a view, or something whose columns are not known.
#[derive(Debug, Clone)]
pub(super) struct Relation<'s> {
    /// The name by which columns are qualified.
    name: Option<Ident>,
    /// The table; nothing where it is none of the catalog.
    pub(super) table: Option<&'s TableDef>,
}

/// What is known between the beginning of a query and its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope<'s> {
    pub(super) relations: Vec<Relation<'s>>,
    /// Names of the query's own columns.
    aliases: Vec<Ident>,
    /// Names of queries in WITH.
    queries: Vec<Ident>,
}

/// All scopes around a place, the innermost last.
#[derive(Debug, Clone)]
pub(super) struct Scopes<'s> {
    pub(super) schema: &'s Schema,
    pub(super) open: Vec<Scope<'s>>,
}

/// What a name means.
pub(super) enum Meaning<'s> {
    /// A column of the catalog.
    Column(&'s ColumnDef),
    /// Something that cannot be told here.
    Open,
    /// Nothing: every table that it could be of is known. The tables.
    Nothing(Vec<&'s TableDef>),
    /// Its qualifier is no table of the statement.
    NoTable,
}

/// Words that are read as names and are none.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "DAY", "DAYS", "DD", "DEFAULT", "HH", "HOUR",
    "HOURS", "LEVEL", "LOCALTIME", "LOCALTIMESTAMP", "MI", "MINUTE", "MINUTES", "MM", "MONTH", "MONTHS", "NEXTVAL",
    "OID", "QUARTER", "ROWID", "ROWNUM", "SECOND", "SECONDS", "SESSION_USER", "SS", "SYSDATE", "SYSTIMESTAMP",
    "SYSTEM_USER", "USER", "WEEK", "XMAX", "XMIN", "CTID", "YEAR", "YEARS", "YY", "YYYY", "_ROWID_", "CURRVAL",
    "FALSE", "TRUE", "UNKNOWN",
];

/// Qualifiers that databases give themselves.
const ROWS: &[&str] = &["INSERTED", "DELETED", "EXCLUDED", "NEW", "OLD"];

/// Tables that databases have beside those of the catalog.
const SYSTEM: &[&str] = &["DUAL", "SYSDUMMY1"];

impl<'s> Relation<'s> {
    /// Whether columns are qualified by this name.
    pub(super) fn is_named(&self, scopes: &Scopes<'s>, written: &Ident) -> bool {
        match (&self.name, self.table) {
            (Some(name), _) => scopes.told(name) == scopes.told(written),
            (None, Some(table)) => scopes.is(written, table.name.last()),
            (None, None) => false,
        }
    }
}

impl<'s> Scopes<'s> {
    /// Whether a name, as it is written, is this one of the catalog.
    pub(super) fn is(&self, written: &Ident, name: &str) -> bool {
        match self.schema.snapshot.case() {
            Case::Mixed => written.value.to_lowercase() == name.to_lowercase(),
            _ if written.quote_style.is_some() => written.value == name,
            Case::Upper => written.value.to_uppercase() == name,
            Case::Lower => written.value.to_lowercase() == name,
        }
    }

    /// A name as the database will tell it.
    pub(super) fn told(&self, written: &Ident) -> String {
        match self.schema.snapshot.case() {
            _ if written.quote_style.is_some() => written.value.clone(),
            Case::Upper => written.value.to_uppercase(),
            Case::Lower => written.value.to_lowercase(),
            Case::Mixed => written.value.clone(),
        }
    }

    /// Finds a table of the catalog by its whole name, or without its schema.
    pub(super) fn table(&self, name: &ObjectName) -> Option<&'s TableDef> {
        let written = idents(name)?;
        self.schema.snapshot.tables.iter().find(|table| {
            let parts = &table.name.0;
            let tail = parts.len().checked_sub(written.len()).map(|skipped| &parts[skipped..]);
            tail.is_some_and(|tail| tail.iter().zip(&written).all(|(part, ident)| self.is(ident, part)))
        })
    }

    /// Whether a name that is no table of the catalog is one that the statement or the database brings.
    pub(super) fn is_given(&self, name: &ObjectName) -> bool {
        let Some(written) = idents(name) else { return true };
        let Some(last) = written.last() else { return true };
        let same = |one: &Ident| self.told(one) == self.told(last);
        let query = written.len() == 1 && self.open.iter().any(|scope| scope.queries.iter().any(same));
        query || SYSTEM.contains(&last.value.to_uppercase().as_str())
    }

    pub(super) fn column(&self, ident: &Ident) -> Meaning<'s> {
        let word = ident.value.to_uppercase();
        let mut tables = Vec::new();
        for scope in self.open.iter().rev() {
            for relation in &scope.relations {
                let Some(table) = relation.table else { return Meaning::Open };
                if let Some(column) = table.columns.iter().find(|column| self.is(ident, &column.name)) {
                    return Meaning::Column(column);
                }
                tables.push(table);
            }
            if scope.aliases.iter().any(|alias| self.told(alias) == self.told(ident)) {
                return Meaning::Open;
            }
        }
        let given = tables.is_empty() || ident.quote_style.is_none() && WORDS.contains(&word.as_str());
        if given || word.starts_with('@') { Meaning::Open } else { Meaning::Nothing(tables) }
    }

    pub(super) fn qualified(&self, qualifier: &[Ident], ident: &Ident) -> Meaning<'s> {
        let Some(last) = qualifier.last() else { return self.column(ident) };
        let relations = self.open.iter().rev().flat_map(|scope| &scope.relations);
        let mut of = relations.filter(|relation| relation.is_named(self, last));
        let word = |list: &[&str], ident: &Ident| list.contains(&ident.value.to_uppercase().as_str());
        match of.next() {
            Some(Relation { table: Some(table), .. }) => {
                match table.columns.iter().find(|column| self.is(ident, &column.name)) {
                    Some(column) => Meaning::Column(column),
                    None if word(WORDS, ident) => Meaning::Open,
                    None => Meaning::Nothing(vec![table]),
                }
            }
            Some(_) => Meaning::Open,
            None if word(ROWS, last) || word(WORDS, ident) || qualifier.len() > 1 => Meaning::Open,
            None => Meaning::NoTable,
        }
    }

    /// What a query brings: the tables behind FROM, its own columns, the queries in WITH.
    pub(super) fn of_query(&self, query: &Query) -> Scope<'s> {
        let mut scope = Scope::default();
        if let Some(with) = &query.with {
            scope.queries.extend(with.cte_tables.iter().map(|table| table.alias.name.clone()));
        }
        // The names in WITH hide tables already while the scope is made.
        let mut inner = self.clone();
        inner.open.push(scope.clone());
        inner.body(&query.body, &mut scope);
        scope
    }

    fn body(&self, body: &SetExpr, scope: &mut Scope<'s>) {
        match body {
            SetExpr::Select(select) => {
                select.from.iter().for_each(|table| self.joined(table, scope));
                scope.aliases.extend(select.projection.iter().filter_map(|item| match item {
                    SelectItem::ExprWithAlias { alias, .. } => Some(alias.clone()),
                    _ => None,
                }));
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, scope);
                self.body(right, scope);
            }
            SetExpr::Query(query) => self.body(&query.body, scope),
            _ => {}
        }
    }

    /// Adds the tables of one member of FROM.
    pub(super) fn joined(&self, table: &TableWithJoins, scope: &mut Scope<'s>) {
        self.factor(&table.relation, scope);
        table.joins.iter().for_each(|join| self.factor(&join.relation, scope));
    }

    fn factor(&self, factor: &TableFactor, scope: &mut Scope<'s>) {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                // Columns that are renamed, and those of functions, are not followed.
                let plain = args.is_none() && alias.as_ref().is_none_or(|alias| alias.columns.is_empty());
                let table = if plain && !self.is_given(name) { self.table(name) } else { None };
                let alias = alias.as_ref().map(|alias| alias.name.clone());
                let own = || idents(name).and_then(|written| written.last().map(|&ident| ident.clone()));
                scope.relations.push(Relation { name: alias.or_else(own), table });
            }
            TableFactor::NestedJoin { table_with_joins, alias: None, .. } => {
                self.joined(table_with_joins, scope)
            }
            TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::NestedJoin { alias: Some(alias), .. } => {
                scope.relations.push(Relation { name: Some(alias.name.clone()), table: None });
            }
            _ => scope.relations.push(Relation { name: None, table: None }),
        }
    }

    /// Adds a table that is written to.
    pub(super) fn target(&self, name: &ObjectName, alias: Option<&Ident>, scope: &mut Scope<'s>) {
        let own = || idents(name).and_then(|written| written.last().map(|&ident| ident.clone()));
        let name_of = alias.cloned().or_else(own);
        scope.relations.push(Relation { name: name_of, table: self.table(name) });
    }
}

/// The parts of a name; nothing if one of them is no name.
pub(super) fn idents(name: &ObjectName) -> Option<Vec<&Ident>> {
    name.0.iter().map(|part| part.as_ident()).collect()
}
