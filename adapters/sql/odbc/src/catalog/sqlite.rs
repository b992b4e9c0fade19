//! The catalog of SQLite, whose driver knows nothing of attached databases and of rows that are counted.
//!
//! **Invariant.** An attached database is a schema by its name; the tables of the main one have none.

use super::{Catalog, Row, wanted};
use crate::output::Early;
use serde_json::{Value, json};

impl Catalog<'_> {
    /// Returns whether the database is SQLite.
    pub(super) fn is_sqlite(&self) -> bool {
        self.database.product.eq_ignore_ascii_case("sqlite")
    }

    /// Returns the tables of all databases of the session.
    pub(super) fn sqlite_tables(&self, patterns: &[String]) -> Result<Vec<Value>, Early> {
        let mut tables = Vec::new();
        for database in self.answer("SELECT name FROM pragma_database_list ORDER BY seq")? {
            let database = database.text(1).unwrap_or_default();
            let schema = if database == "main" { "" } else { database };
            let sql =
                format!("SELECT name, type, sql FROM {}.sqlite_master ORDER BY name", quoted(database, '"'));
            for row in self.answer(&sql)? {
                let name = row.text(1).unwrap_or_default();
                let kind = match row.text(2) {
                    Some("table") => "TABLE",
                    Some("view") => "VIEW",
                    _ => continue,
                };
                if !name.starts_with("sqlite_") && wanted(patterns, schema, name) {
                    tables.push(
                        self.sqlite_table((database, schema, name, kind), row.text(3).unwrap_or_default())?,
                    );
                }
            }
        }
        Ok(tables)
    }

    fn sqlite_table(
        &self,
        (database, schema, name, kind): (&str, &str, &str, &str),
        made_by: &str,
    ) -> Result<Value, Early> {
        let of = format!("{}, {}", quoted(name, '\''), quoted(database, '\''));
        let sql = format!(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo({of}) ORDER BY cid"
        );
        let rows = self.answer(&sql)?;
        let mut key: Vec<(i64, &str)> = rows
            .iter()
            .filter_map(|row| Some((row.number(5).filter(|&place| place > 0)?, row.text(1)?)))
            .collect();
        key.sort_unstable();
        let key: Vec<&str> = key.into_iter().map(|(_, name)| name).collect();
        // Without that word a number may be given, and mostly is.
        let counts = key.len() == 1 && made_by.to_ascii_uppercase().contains("AUTOINCREMENT");
        let columns: Vec<Value> = rows.iter().map(|row| column(row, counts)).collect();
        Ok(json!({
            "schema": schema, "name": name, "kind": kind, "columns": columns, "key": key,
            "indexes": self.sqlite_indexes(&of, database)?,
        }))
    }

    fn sqlite_indexes(&self, of: &str, database: &str) -> Result<Vec<Value>, Early> {
        let mut indexes = Vec::new();
        for row in
            self.answer(&format!("SELECT name, \"unique\" FROM pragma_index_list({of}) ORDER BY name"))?
        {
            let name = row.text(1).unwrap_or_default();
            let of = format!("{}, {}", quoted(name, '\''), quoted(database, '\''));
            let columns = self.answer(&format!("SELECT name FROM pragma_index_info({of}) ORDER BY seqno"))?;
            // An index on an expression has columns without a name.
            let columns: Option<Vec<&str>> = columns.iter().map(|row| row.text(1)).collect();
            if let Some(columns) = columns {
                indexes.push(json!({ "name": name, "unique": row.number(2) == Some(1), "columns": columns }));
            }
        }
        Ok(indexes)
    }
}

/// Source: sqlite.org, "PRAGMA table_xinfo", and "SQLite Autoincrement".
fn column(row: &Row, counts: bool) -> Value {
    let declared = row.text(2).unwrap_or_default();
    let in_key = row.number(5).is_some_and(|place| place > 0);
    // Hidden 2 and 3 are columns that are computed.
    let computed = matches!(row.number(6), Some(2 | 3));
    json!({
        "name": row.text(1),
        "type": 0,
        "typeName": declared,
        "precision": null,
        "scale": null,
        "nullable": row.number(3) == Some(0) && !in_key,
        "default": row.text(4),
        "generated": computed || in_key && counts,
    })
}

/// A name between quotes.
fn quoted(name: &str, quote: char) -> String {
    let mut text = String::from(quote);
    for letter in name.chars() {
        text.push(letter);
        if letter == quote {
            text.push(letter);
        }
    }
    text.push(quote);
    text
}
