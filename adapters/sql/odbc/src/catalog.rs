//! Asks the driver's catalog functions and writes what they say as the raw catalog.
//!
//! **Invariant.** What a driver cannot tell is absent or empty, never invented.

mod products;
mod sqlite;

use crate::database::Database;
use crate::native::{Form, Listing, Statement, info};
use crate::output::{Early, Output};
use adapters_sql_protocol::FromWorker;
use serde_json::{Map, Value, json};

/// Bytes of one piece of the catalog.
const PIECE_BYTES: usize = 1 << 20;
/// Bytes of one value of the catalog; texts of defaults are long at times.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// Writes the catalog of what matches the patterns.
pub(crate) fn write(database: &Database<'_>, patterns: &[String], output: &mut Output) -> Result<(), Early> {
    let text = read(database, patterns)?.to_string();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let mut end = PIECE_BYTES.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, behind) = rest.split_at(end);
        output.put(&FromWorker::Catalog(piece));
        output.flush()?;
        rest = behind;
    }
    Ok(())
}

fn read(database: &Database<'_>, patterns: &[String]) -> Result<Value, Early> {
    let catalog = Catalog { database, schemas: !database.connection.info_text(info::SCHEMA_TERM).is_empty() };
    let case = database.connection.info_number(info::IDENTIFIER_CASE) & 0xFFFF;
    Ok(json!({
        "product": database.product,
        "version": database.version,
        "driver": database.driver,
        "identifierQuote": database.connection.info_text(info::IDENTIFIER_QUOTE).trim(),
        "storesUpperCase": case == 1,
        "storesLowerCase": case == 2,
        "tables": catalog.tables(patterns)?,
        "procedures": catalog.procedures(patterns)?,
    }))
}

struct Catalog<'a> {
    database: &'a Database<'a>,
    /// Schemas are schemas here; else they are catalogs, as in MySQL, or there are none.
    schemas: bool,
}

/// A row of a catalog function.
struct Row(Vec<Option<String>>);

impl Row {
    /// A column by its number in the reference, counted from one.
    fn text(&self, number: usize) -> Option<&str> {
        self.0.get(number - 1)?.as_deref()
    }

    fn number(&self, number: usize) -> Option<i64> {
        self.text(number)?.trim().parse().ok()
    }
}

/// Where a table or a procedure is.
struct Place {
    catalog: Option<String>,
    schema: Option<String>,
    name: String,
}

impl Place {
    fn of(row: &Row) -> Self {
        let text = |number| row.text(number).filter(|text| !text.is_empty()).map(str::to_owned);
        Self { catalog: text(1), schema: text(2), name: row.text(3).unwrap_or_default().to_owned() }
    }
}

impl Catalog<'_> {
    /// The schema as the raw catalog says it.
    fn schema<'p>(&self, place: &'p Place) -> &'p str {
        let schema = if self.schemas { &place.schema } else { &place.catalog };
        // A product that claims schemas may have tables without.
        schema.as_ref().or(place.schema.as_ref()).map_or("", String::as_str)
    }

    fn rows(&self, listing: Listing<'_>) -> Result<Vec<Row>, Early> {
        let mut statement = self.database.connection.statement()?;
        statement.list(listing)?;
        self.all(&mut statement)
    }

    /// What a statement answers.
    fn answer(&self, sql: &str) -> Result<Vec<Row>, Early> {
        let mut statement = self.database.connection.statement()?;
        statement.execute(sql, Vec::new())?;
        self.all(&mut statement)
    }

    fn all(&self, statement: &mut Statement<'_>) -> Result<Vec<Row>, Early> {
        let width = statement.width()?;
        let mut rows = Vec::new();
        while statement.step()? {
            rows.push(Row((1..=width)
                .map(|number| self.value(statement, number))
                .collect::<Result<_, _>>()?));
        }
        Ok(rows)
    }

    fn value(&self, statement: &Statement<'_>, number: u16) -> Result<Option<String>, Early> {
        let mut bytes = Vec::new();
        if !statement.read(number, Form::Wide, &mut bytes, VALUE_BYTES_MAX)? {
            return Ok(None);
        }
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
        Ok(Some(String::from_utf16_lossy(&units)))
    }

    /// As [`Catalog::rows`], for what a driver need not know.
    fn rows_if_any(&self, listing: Listing<'_>) -> Result<Vec<Row>, Early> {
        known(self.rows(listing))
    }

    fn answer_if_any(&self, sql: &str) -> Result<Vec<Row>, Early> {
        known(self.answer(sql))
    }

    fn tables(&self, patterns: &[String]) -> Result<Vec<Value>, Early> {
        if self.is_sqlite() {
            return self.sqlite_tables(patterns);
        }
        let mut tables = Vec::new();
        // Without a pattern drivers tell of the current catalog or schema only.
        let (a, b) = if self.schemas { (None, Some("%")) } else { (Some("%"), None) };
        for row in self.rows(Listing::Tables(a, b))? {
            let (place, kind) = (Place::of(&row), row.text(4).unwrap_or_default().to_ascii_uppercase());
            let kind = match kind.as_str() {
                "TABLE" | "BASE TABLE" => "TABLE",
                "VIEW" | "MATERIALIZED VIEW" => "VIEW",
                _ => continue,
            };
            if wanted(patterns, self.schema(&place), &place.name) {
                tables.push(self.table(&place, kind)?);
            }
        }
        self.complete(&mut tables)?;
        Ok(tables)
    }

    fn table(&self, place: &Place, kind: &str) -> Result<Value, Early> {
        let (a, b, c) = (place.catalog.as_deref(), place.schema.as_deref(), place.name.as_str());
        let columns = self.rows(Listing::Columns(a, b, c))?;
        // Names are patterns in this call: `_` may have matched another table.
        let columns: Vec<Value> = columns.iter().filter(|row| row.text(3) == Some(c)).map(column).collect();
        let mut key: Vec<(i64, String)> = self
            .rows_if_any(Listing::Keys(a, b, c))?
            .iter()
            .map(|row| (row.number(5).unwrap_or(0), row.text(4).unwrap_or_default().to_owned()))
            .collect();
        key.sort();
        let key: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
        let indexes = if kind == "TABLE" { self.indexes(place)? } else { Vec::new() };
        let schema = self.schema(place);
        Ok(
            json!({ "schema": schema, "name": c, "kind": kind, "columns": columns, "key": key, "indexes": indexes }),
        )
    }

    fn indexes(&self, place: &Place) -> Result<Vec<Value>, Early> {
        let (a, b, c) = (place.catalog.as_deref(), place.schema.as_deref(), place.name.as_str());
        let mut indexes: Map<String, Value> = Map::new();
        for row in self.rows_if_any(Listing::Indexes(a, b, c))? {
            // A row without an index is about the table as a whole.
            let (Some(name), Some(column)) = (row.text(6), row.text(9)) else { continue };
            let unique = row.number(4) == Some(0);
            let entry = indexes
                .entry(name.to_owned())
                .or_insert_with(|| json!({ "name": name, "unique": unique, "columns": [] }));
            if let Some(columns) = entry["columns"].as_array_mut() {
                columns.push(column.into());
            }
        }
        Ok(indexes.into_iter().map(|(_, index)| index).collect())
    }

    /// The procedures of all schemas, or of one catalog after the other: it is taken by its name, not as a pattern.
    fn procedure_rows(&self) -> Result<Vec<Row>, Early> {
        let catalogs = if self.schemas { Vec::new() } else { self.rows_if_any(Listing::Catalogs)? };
        if catalogs.is_empty() {
            return self.rows_if_any(Listing::Procedures(None, self.schemas.then_some("%")));
        }
        let mut rows = Vec::new();
        for catalog in &catalogs {
            rows.extend(self.rows_if_any(Listing::Procedures(catalog.text(1), None))?);
        }
        Ok(rows)
    }

    fn procedures(&self, patterns: &[String]) -> Result<Vec<Value>, Early> {
        let mut procedures = Vec::new();
        for row in self.procedure_rows()? {
            let place = Place::of(&row);
            let schema = self.schema(&place);
            if !wanted(patterns, schema, &place.name) {
                continue;
            }
            let (a, b, c) = (place.catalog.as_deref(), place.schema.as_deref(), place.name.as_str());
            let rows = self.rows_if_any(Listing::Parameters(a, b, c))?;
            let rows = rows.iter().filter(|row| row.text(3) == Some(c));
            let parameters: Vec<Value> = rows.map(parameter).collect();
            procedures.push(json!({ "schema": schema, "name": c, "parameters": parameters }));
        }
        Ok(procedures)
    }
}

/// Takes a question that is refused for one that has no answer.
fn known(rows: Result<Vec<Row>, Early>) -> Result<Vec<Row>, Early> {
    match rows {
        Err(Early::Fault(fault)) if !fault.sqlstate.starts_with("08") => Ok(Vec::new()),
        other => other,
    }
}

/// Source: ODBC Programmer's Reference, SQLColumns.
fn column(row: &Row) -> Value {
    let generated = row.text(13).is_some_and(|text| text.to_ascii_lowercase().contains("nextval("));
    let name = row.text(6).unwrap_or_default();
    let identity = ["identity", "serial", "auto_increment"];
    let counted = identity.iter().any(|word| name.to_ascii_lowercase().contains(word));
    json!({
        "name": row.text(4),
        "type": row.number(5),
        "typeName": name,
        "precision": row.number(7),
        "scale": row.number(9),
        "nullable": row.number(11) != Some(0),
        "default": row.text(13),
        "generated": generated || counted,
    })
}

/// Source: ODBC Programmer's Reference, SQLProcedureColumns.
fn parameter(row: &Row) -> Value {
    let direction = match row.number(5) {
        Some(2) => "INOUT",
        Some(4) => "OUT",
        Some(5) => "RETURN",
        Some(3) => "RESULT",
        _ => "IN",
    };
    json!({
        "name": row.text(4),
        "direction": direction,
        "type": row.number(6),
        "typeName": row.text(7),
        "precision": row.number(8),
        "scale": row.number(10),
    })
}

/// Schemas of the systems themselves.
const SYSTEM: [&str; 12] = [
    "information_schema",
    "pg_catalog",
    "mysql",
    "performance_schema",
    "sys",
    "syscat",
    "sysibm",
    "sysibmadm",
    "sysstat",
    "sysfun",
    "qsys2",
    "system",
];

fn wanted(patterns: &[String], schema: &str, name: &str) -> bool {
    // Who asks for everything does not mean what the database has for itself.
    if patterns.iter().all(|pattern| matches!(pattern.as_str(), "%" | "%.%")) {
        let schema = schema.to_ascii_lowercase();
        return !SYSTEM.contains(&schema.as_str())
            && !schema.starts_with("pg_")
            && !name.starts_with("sqlite_");
    }
    patterns.iter().any(|pattern| match pattern.rsplit_once('.') {
        Some((of_schema, of_name)) => like(of_schema, schema) && like(of_name, name),
        None => like(pattern, name),
    })
}

/// LIKE without regard to case.
fn like(pattern: &str, text: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = chars.as_str();
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| like(rest, &text[at..]))
        }
        Some(wanted) => {
            let mut found = text.chars();
            let Some(first) = found.next() else { return false };
            let same = wanted == '_' || wanted == first || wanted.to_lowercase().eq(first.to_lowercase());
            same && like(chars.as_str(), found.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_tables() {
        let check = |patterns: &[&str], schema, name, expected| {
            let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.into()).collect();
            assert_eq!(wanted(&patterns, schema, name), expected, "{patterns:?} {schema}.{name}");
        };
        check(&[], "KDLIB", "KDSTAMM", true);
        check(&[], "pg_catalog", "pg_class", false);
        check(&[], "", "sqlite_sequence", false);
        check(&["%.%"], "information_schema", "tables", false);
        check(&["%.%"], "KDLIB", "KDSTAMM", true);
        check(&["information_schema.%"], "information_schema", "tables", true);
        check(&["KDLIB.KD%"], "KDLIB", "KDSTAMM", true);
        check(&["kdlib.kdstamm"], "KDLIB", "KDSTAMM", true);
        check(&["KDLIB.KD%"], "X", "KDSTAMM", false);
        check(&["KD_TAMM"], "anything", "KDSTAMM", true);
        check(&["X", "%.%MM"], "a", "KDSTAMM", true);
        check(&["KD"], "", "KDSTAMM", false);
    }
}
