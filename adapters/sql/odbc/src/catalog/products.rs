//! What products tell in tables of their own and not by the driver's catalog functions.
//!
//! **Invariant.** It adds to what the driver says and takes nothing away; a product that refuses the question tells
//! nothing.

use super::Catalog;
use crate::output::Early;
use serde_json::Value;

/// Columns whose values the database makes: schema, table, column. Versions before 10 have no such columns.
const POSTGRESQL: &str = "SELECT n.nspname, c.relname, a.attname, NULL FROM pg_catalog.pg_attribute a \
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attidentity <> '' OR a.attgenerated <> '')";
/// The same, and in the fourth place the digits of seconds of a column that the database does not make.
const MYSQL: &str = "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, \
     CASE WHEN EXTRA LIKE '%auto_increment%' OR EXTRA LIKE 'VIRTUAL%' OR EXTRA LIKE 'STORED%' OR EXTRA LIKE 'PERSISTENT%' \
     THEN NULL ELSE DATETIME_PRECISION END FROM information_schema.COLUMNS \
     WHERE EXTRA LIKE '%auto_increment%' OR EXTRA LIKE 'VIRTUAL%' OR EXTRA LIKE 'STORED%' OR EXTRA LIKE 'PERSISTENT%' \
     OR DATETIME_PRECISION > 0";

impl Catalog<'_> {
    /// Adds to the tables what the driver does not know.
    pub(super) fn complete(&self, tables: &mut [Value]) -> Result<(), Early> {
        let product = self.database.product.to_ascii_lowercase();
        let sql = match () {
            () if product.contains("postgres") => POSTGRESQL,
            () if product.contains("mariadb") || product.contains("mysql") => MYSQL,
            () => return Ok(()),
        };
        for row in self.answer_if_any(sql)? {
            let is = |value: &Value, key: &str, place| value[key].as_str() == row.text(place);
            let table = tables.iter_mut().find(|table| is(table, "schema", 1) && is(table, "name", 2));
            let columns = table.and_then(|table| table["columns"].as_array_mut());
            let Some(column) = columns.and_then(|all| all.iter_mut().find(|column| is(column, "name", 3)))
            else {
                continue;
            };
            match row.number(4) {
                Some(digits) => column["scale"] = digits.into(),
                None => column["generated"] = true.into(),
            }
        }
        Ok(())
    }
}
