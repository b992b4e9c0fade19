//! What changed between two snapshots, as data.
//!
//! **Invariant.** The order of columns, tables and indexes is no change; everything else that differs is one.

use super::{ColumnDef, ParameterDef, ProcedureDef, Snapshot, TableDef};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The table or procedure, as a mapping names it; empty for the database itself.
    pub owner: String,
    /// The column or parameter, where it is about one.
    pub member: Option<String>,
    /// What happened.
    pub kind: ChangeKind,
}

/// What happened to something of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new; how it is declared.
    Added(String),
    /// It is gone; how it was declared.
    Removed(String),
    /// It is declared otherwise.
    Changed {
        /// How it was.
        from: String,
        /// How it is.
        to: String,
    },
}

impl Snapshot {
    /// Returns what has to happen to this snapshot so that it becomes the other one.
    pub fn diff(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let facts = |one: &Self| {
            let version = [one.product.as_deref(), one.version.as_deref()].into_iter().flatten();
            format!("{} {}", one.dialect, version.collect::<Vec<_>>().join(" ")).trim().to_owned()
        };
        compare(&mut changes, "", Some("product"), &facts(self), &facts(newer));
        for table in &self.tables {
            match newer.tables.iter().find(|other| other.name == table.name) {
                None => changes.push(whole(&table.name, ChangeKind::Removed(kind(table).into()))),
                Some(other) => tables(&mut changes, table, other),
            }
        }
        for table in newer.tables.iter().filter(|new| !self.tables.iter().any(|old| old.name == new.name)) {
            changes.push(whole(&table.name, ChangeKind::Added(kind(table).into())));
        }
        self.procedures(newer, &mut changes);
        changes
    }

    fn procedures(&self, newer: &Self, changes: &mut Vec<Change>) {
        for old in &self.procedures {
            match newer.procedures.iter().find(|other| other.name == old.name) {
                None => changes.push(whole(&old.name, ChangeKind::Removed("procedure".into()))),
                Some(new) => procedures(changes, old, new),
            }
        }
        for new in &newer.procedures {
            if !self.procedures.iter().any(|old| old.name == new.name) {
                changes.push(whole(&new.name, ChangeKind::Added("procedure".into())));
            }
        }
    }
}

fn tables(changes: &mut Vec<Change>, old: &TableDef, new: &TableDef) {
    let owner = old.name.to_string();
    compare(changes, &owner, None, kind(old), kind(new));
    members(changes, &owner, &old.columns, &new.columns, |column| (&column.name, column.declaration()));
    let key = |table: &TableDef| format!("key ({})", table.key.join(", "));
    compare(changes, &owner, None, &key(old), &key(new));
    let indexes = |table: &TableDef| -> Vec<String> {
        let line = |index: &super::IndexDef| {
            let unique = if index.unique { "unique index" } else { "index" };
            format!("{unique} ({})", index.columns.join(", "))
        };
        table.indexes.iter().map(line).collect()
    };
    let (old_indexes, new_indexes) = (indexes(old), indexes(new));
    let change = |kind| Change { owner: owner.clone(), member: None, kind };
    for gone in old_indexes.iter().filter(|one| !new_indexes.contains(one)) {
        changes.push(change(ChangeKind::Removed(gone.clone())));
    }
    for added in new_indexes.iter().filter(|one| !old_indexes.contains(one)) {
        changes.push(change(ChangeKind::Added(added.clone())));
    }
}

fn procedures(changes: &mut Vec<Change>, old: &ProcedureDef, new: &ProcedureDef) {
    let owner = old.name.to_string();
    let declared = |one: &ParameterDef| format!("{} {}", one.direction.word(), one.text);
    members(changes, &owner, &old.parameters, &new.parameters, |one| (&one.name, declared(one)));
    // Parameters are called by their places, so for them the order matters.
    let order = |procedure: &ProcedureDef, other: &ProcedureDef| {
        let both = |name: &&str| other.parameters.iter().any(|one| one.name == **name);
        let names = procedure.parameters.iter().map(|one| one.name.as_str()).filter(both);
        format!("parameters in the order {}", names.collect::<Vec<_>>().join(", "))
    };
    compare(changes, &owner, None, &order(old, new), &order(new, old));
    let results = |procedure: &ProcedureDef| {
        let set = |columns: &Vec<ColumnDef>| {
            let columns = columns.iter().map(|one| format!("{} {}", one.name, one.declaration()));
            format!("({})", columns.collect::<Vec<_>>().join(", "))
        };
        format!("results {}", procedure.results.iter().map(set).collect::<Vec<_>>().join(", "))
    };
    compare(changes, &owner, None, &results(old), &results(new));
}

fn members<T>(
    changes: &mut Vec<Change>,
    owner: &str,
    old: &[T],
    new: &[T],
    of: impl Fn(&T) -> (&String, String),
) {
    let find =
        |list: &[T], name: &str| list.iter().map(&of).find(|(known, _)| *known == name).map(|(_, text)| text);
    for (name, declared) in old.iter().map(&of) {
        match find(new, name) {
            Some(now) => compare(changes, owner, Some(name), &declared, &now),
            None => changes.push(Change {
                owner: owner.to_owned(),
                member: Some(name.clone()),
                kind: ChangeKind::Removed(declared),
            }),
        }
    }
    for (name, declared) in new.iter().map(&of).filter(|(name, _)| find(old, name).is_none()) {
        let kind = ChangeKind::Added(declared);
        changes.push(Change { owner: owner.to_owned(), member: Some(name.clone()), kind });
    }
}

fn compare(changes: &mut Vec<Change>, owner: &str, member: Option<&str>, from: &str, to: &str) {
    if from != to {
        let kind = ChangeKind::Changed { from: from.to_owned(), to: to.to_owned() };
        changes.push(Change { owner: owner.to_owned(), member: member.map(str::to_owned), kind });
    }
}

fn whole(name: &super::QName, kind: ChangeKind) -> Change {
    Change { owner: name.to_string(), member: None, kind }
}

fn kind(table: &TableDef) -> &'static str {
    if table.view { "view" } else { "table" }
}
