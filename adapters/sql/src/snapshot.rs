//! Takes a snapshot of a live database.
//!
//! **Invariant.** What a database does not tell and a person wrote into the old snapshot is kept.

use crate::backend::raw_catalog;
use crate::catalog::Snapshot;
use crate::config::{self, Way};
use adapters_ports::{AdapterError, Files, Settings};
use kernel::{Diagnostic, FileId};

/// A snapshot that was taken, and what it replaces.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the database is now.
    pub snapshot: Snapshot,
    /// What the project has, if it has one that can be read.
    pub old: Option<Snapshot>,
    /// Where the project has it, relative to its folder.
    pub path: String,
}

/// Schemas that belong to databases themselves.
const SYSTEM: &[&str] = &[
    "CTXSYS",
    "DBSNMP",
    "INFORMATION_SCHEMA",
    "INFORMATION_SCHEM",
    "MDSYS",
    "MYSQL",
    "OUTLN",
    "PERFORMANCE_SCHEMA",
    "PG_CATALOG",
    "PG_TOAST",
    "QSYS",
    "QSYS2",
    "SYS",
    "SYSCAT",
    "SYSFUN",
    "SYSIBM",
    "SYSIBMADM",
    "SYSPROC",
    "SYSSTAT",
    "SYSTEM",
    "SYSTOOLS",
    "WMSYS",
    "XDB",
];

/// Asks a database for its tables and procedures. Blocks; needs no runtime.
///
/// `kind` is `odbc` or `jdbc`. `patterns` are names as `SCHEMA.TABLE` with `%` for any letters; with none, what the old
/// snapshot has is looked up again, and without an old one everything that is not the database's own.
///
/// # Errors
/// The configuration is wrong, or the database cannot be asked; every reason.
pub fn snapshot_of(
    kind: &str,
    settings: &Settings<'_>,
    files: &dyn Files,
    patterns: &[String],
) -> Result<Taken, AdapterError> {
    let way = if kind == "jdbc" { Way::Jdbc } else { Way::Odbc };
    let mut config = config::read(way, settings).map_err(AdapterError)?;
    config.root = files.root().map(std::path::Path::to_owned);
    let old = files.read(&config.catalog).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let old = old.and_then(|text| Snapshot::parse(&text, FileId(0)).ok());
    let wanted = wanted(patterns, old.as_ref());
    let failed = |reason: String| {
        let message = format!("the catalog of `{}` cannot be taken: {reason}", settings.name);
        AdapterError(vec![Diagnostic::new("E091", settings.node.span, message)])
    };
    let raw = raw_catalog(&config, &wanted).map_err(failed)?;
    let mut snapshot = Snapshot::from_raw(&raw).map_err(failed)?;
    if patterns.is_empty() && old.is_none() {
        snapshot.leave_out_system();
    }
    if let Some(old) = &old {
        snapshot.keep(old);
    }
    Ok(Taken { snapshot, old, path: config.catalog })
}

fn wanted(patterns: &[String], old: Option<&Snapshot>) -> Vec<String> {
    if !patterns.is_empty() {
        return patterns.to_vec();
    }
    let Some(old) = old else { return vec!["%.%".to_owned()] };
    let tables = old.tables.iter().map(|table| &table.name);
    let names = tables.chain(old.procedures.iter().map(|procedure| &procedure.name));
    names.map(|name| name.0.join(".")).collect()
}

impl Snapshot {
    /// Leaves out what belongs to the database itself.
    fn leave_out_system(&mut self) {
        let own = |name: &crate::QName| {
            let schema = name.0.len().checked_sub(2).and_then(|n| name.0.get(n));
            schema.is_none_or(|schema| !SYSTEM.contains(&schema.to_uppercase().as_str()))
        };
        self.tables.retain(|table| own(&table.name));
        self.procedures.retain(|procedure| own(&procedure.name));
    }

    /// Keeps what drivers do not tell: the results of procedures, the keys of views, the case of names.
    fn keep(&mut self, old: &Self) {
        if self.dialect == old.dialect {
            self.case = self.case.or(old.case);
        }
        for procedure in self.procedures.iter_mut().filter(|procedure| procedure.results.is_empty()) {
            if let Some(known) = old.procedures.iter().find(|known| known.name == procedure.name) {
                procedure.results = known.results.clone();
            }
        }
        for table in self.tables.iter_mut().filter(|table| table.key.is_empty()) {
            let Some(known) = old.tables.iter().find(|known| known.name == table.name) else { continue };
            if known.key.iter().all(|key| table.column(key).is_some()) {
                table.key = known.key.clone();
                let key = &table.key;
                table
                    .columns
                    .iter_mut()
                    .filter(|one| key.contains(&one.name))
                    .for_each(|one| one.nullable = false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Snapshot {
        Snapshot::parse(text, FileId(0)).unwrap()
    }

    #[test]
    fn what_a_database_does_not_tell_is_kept() {
        let old = parse(
            r#"{ "tables": { "L.V": { "kind": "view", "key": ["A"], "columns": { "A": "DATE" } } },
                 "procedures": { "L.P": { "results": [ { "columns": { "X": "DATE" } } ] } } }"#,
        );
        let mut new = parse(
            r#"{ "tables": { "L.V": { "kind": "view", "columns": { "A": "DATE", "B": "DATE" } } },
                 "procedures": { "L.P": {}, "L.Q": {} } }"#,
        );
        new.keep(&old);
        assert_eq!(new.tables[0].key, ["A"]);
        assert!(!new.tables[0].columns[0].nullable);
        assert_eq!(new.procedures[0].results.len(), 1);
        assert!(new.procedures[1].results.is_empty());
    }

    #[test]
    fn the_tables_of_the_database_itself_are_left_out() {
        let columns = r#"{ "columns": { "A": "DATE" } }"#;
        let names = ["L.T", "information_schema.tables", "SYSIBM.SYSDUMMY1", "T"];
        let tables: Vec<String> = names.iter().map(|name| format!("\"{name}\": {columns}")).collect();
        let mut snapshot = parse(&format!("{{ \"tables\": {{ {} }} }}", tables.join(", ")));
        snapshot.leave_out_system();
        let left: Vec<String> = snapshot.tables.iter().map(|table| table.name.to_string()).collect();
        assert_eq!(left, ["L.T", "T"]);
    }

    #[test]
    fn without_patterns_the_old_snapshot_says_what_is_looked_up() {
        let old =
            parse(r#"{ "tables": { "L.T": { "columns": { "A": "DATE" } } }, "procedures": { "L.P": {} } }"#);
        assert_eq!(wanted(&["X.%".into()], Some(&old)), ["X.%"]);
        assert_eq!(wanted(&[], Some(&old)), ["L.T", "L.P"]);
        assert_eq!(wanted(&[], None), ["%.%"]);
    }
}
