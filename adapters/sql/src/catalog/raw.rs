//! Makes a snapshot of what a driver tells of its catalog.
//!
//! **Invariant.** What a driver does not tell is left out, never made up; a type that it names is kept by its name.

use super::{ColumnDef, IndexDef, ParameterDef, ParameterDirection, ProcedureDef, QName, Snapshot, TableDef};
use crate::dialect::{Case, Dialect};
use crate::schema::RETURN_VALUE;
use crate::types;
use serde_json::Value;

impl Snapshot {
    /// Returns the snapshot of a raw catalog, as a worker gives it.
    ///
    /// # Errors
    /// It is not of that form; in words.
    pub fn from_raw(raw: &Value) -> Result<Self, String> {
        let product = text(raw, "product");
        let dialect = product.as_deref().map_or(Dialect::Ansi, Dialect::of_product);
        let case = match (truth(raw, "storesUpperCase"), truth(raw, "storesLowerCase")) {
            (true, _) => Case::Upper,
            (_, true) => Case::Lower,
            _ => Case::Mixed,
        };
        // In doubt names are quoted, so only a driver that says more than the dialect is believed.
        let case =
            (dialect == Dialect::Ansi && case != Case::Mixed && case != dialect.case()).then_some(case);
        let tables = list(raw, "tables")?.iter().map(|table| read_table(table, dialect));
        let procedures = list(raw, "procedures").unwrap_or_default();
        let procedures = procedures.iter().map(|procedure| read_procedure(procedure, dialect));
        Ok(Self {
            dialect,
            case,
            product,
            version: text(raw, "version"),
            tables: tables.collect::<Result<_, _>>()?,
            procedures: procedures.collect::<Result<_, _>>()?,
        })
    }
}

fn read_table(raw: &Value, dialect: Dialect) -> Result<TableDef, String> {
    let name = name(raw)?;
    let mut columns: Vec<ColumnDef> =
        list(raw, "columns")?.iter().map(|column| read_column(column, dialect)).collect::<Result<_, _>>()?;
    let key = names(raw, "key");
    for column in columns.iter_mut().filter(|column| key.contains(&column.name)) {
        column.nullable = false;
    }
    let mut indexes: Vec<IndexDef> = list(raw, "indexes")
        .unwrap_or_default()
        .iter()
        .map(|index| IndexDef { columns: names(index, "columns"), unique: truth(index, "unique") })
        // An index on an expression has columns that are none.
        .filter(|index| !index.columns.is_empty())
        .filter(|index| index.columns.iter().all(|name| columns.iter().any(|column| column.name == *name)))
        .collect();
    indexes.sort_by(|a, b| a.columns.cmp(&b.columns).then(b.unique.cmp(&a.unique)));
    indexes.dedup();
    let view = text(raw, "kind").is_some_and(|kind| kind.eq_ignore_ascii_case("view"));
    Ok(TableDef { name, view, key, columns, indexes, span: None })
}

fn read_column(raw: &Value, dialect: Dialect) -> Result<ColumnDef, String> {
    let name = text(raw, "name").ok_or("a column has no name")?;
    let text = declared(raw, dialect);
    let ty = types::read(&text, dialect).unwrap_or(types::SqlType::Unknown);
    let default = raw.get("default").and_then(Value::as_str).map(str::trim);
    // A default of NULL is what a column without one has, and PostgreSQL tells serial columns by a sequence.
    let default = default.filter(|default| !default.is_empty() && !default.eq_ignore_ascii_case("null"));
    let serial = default.is_some_and(|default| default.starts_with("nextval("));
    let row_version = ty == types::SqlType::RowVersion;
    Ok(ColumnDef {
        name,
        text,
        ty,
        nullable: raw.get("nullable").and_then(Value::as_bool).unwrap_or(true),
        default: default.is_some() && !serial,
        generated: truth(raw, "generated") || serial || row_version,
        span: None,
    })
}

fn read_procedure(raw: &Value, dialect: Dialect) -> Result<ProcedureDef, String> {
    let name = name(raw)?;
    let (mut parameters, mut results) = (Vec::new(), Vec::new());
    for (number, parameter) in (1..).zip(list(raw, "parameters").unwrap_or_default()) {
        let direction = match text(parameter, "direction").as_deref() {
            Some("IN") => ParameterDirection::In,
            Some("OUT") => ParameterDirection::Out,
            Some("INOUT") => ParameterDirection::InOut,
            Some("RETURN") => ParameterDirection::Return,
            Some("RESULT") => {
                results.push(read_column(parameter, dialect)?);
                continue;
            }
            other => return Err(format!("a parameter of {name} goes nowhere: {other:?}")),
        };
        let own = text(parameter, "name").filter(|name| !name.is_empty());
        let own = own.unwrap_or_else(|| match direction {
            ParameterDirection::Return => RETURN_VALUE.to_owned(),
            _ => format!("P{number}"),
        });
        let declared = declared(parameter, dialect);
        let ty = types::read(&declared, dialect).unwrap_or(types::SqlType::Unknown);
        parameters.push(ParameterDef { name: own, direction, text: declared, ty, span: None });
    }
    let results = if results.is_empty() { Vec::new() } else { vec![results] };
    Ok(ProcedureDef { name, parameters, results, span: None })
}

/// The type in words: the driver's name for it, with the lengths that it has beside it.
fn declared(raw: &Value, dialect: Dialect) -> String {
    let name = text(raw, "typeName").unwrap_or_default();
    let number = |key: &str| raw.get(key).and_then(Value::as_i64);
    let (precision, scale) = (number("precision").filter(|&n| n > 0), number("scale"));
    // Some drivers say all in the name: `decimal(11,2)`, `int identity`, `int() unsigned`.
    let name = name.replace("()", " ").replace(" identity", "").replace(" IDENTITY", "");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.contains('(') {
        return if name.is_empty() { format!("TYPE{}", number("type").unwrap_or(0)) } else { name };
    }
    let (word, rest) = name.split_once(' ').map_or((name.as_str(), ""), |(word, rest)| (word, rest));
    let upper = name.to_ascii_uppercase();
    let argument = match upper.as_str() {
        _ if is_exact(&upper) => exact(&upper, dialect, precision, scale),
        _ if has_length(&upper) => length(dialect, precision),
        _ if has_fraction(&upper, dialect) => {
            scale.filter(|&digits| (1..=9).contains(&digits)).map(|digits| digits.to_string())
        }
        "TINYINT" | "BIT" if dialect.is_mysql() => precision.filter(|&n| n == 1).map(|n| n.to_string()),
        _ => None,
    };
    match argument {
        None => name,
        // The length stands behind the whole name, except for words that follow it.
        Some(argument) if ["FOR", "WITH", "WITHOUT", "UNSIGNED"].iter().any(|w| behind(rest, w)) => {
            format!("{word}({argument}) {rest}")
        }
        Some(argument) => format!("{name}({argument})"),
    }
}

fn behind(rest: &str, word: &str) -> bool {
    rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

fn is_exact(name: &str) -> bool {
    ["DECIMAL", "NUMERIC", "NUMBER", "DEC"].iter().any(|known| name == *known || behind_blank(name, known))
}

fn behind_blank(name: &str, known: &str) -> bool {
    name.strip_prefix(known).is_some_and(|rest| rest.starts_with(' '))
}

fn exact(name: &str, dialect: Dialect, precision: Option<i64>, scale: Option<i64>) -> Option<String> {
    let unbounded = match dialect {
        // Oracle says 0 or 38 with a scale of -127, PostgreSQL 0 or 131089 (28 by ODBC cannot be told from a bound).
        Dialect::Oracle => scale == Some(-127),
        Dialect::Postgresql => precision.is_none_or(|digits| digits > 1000),
        _ => false,
    };
    let precision = precision.filter(|_| !unbounded)?;
    debug_assert!(!name.is_empty());
    Some(format!("{precision},{}", scale.unwrap_or(0)))
}

fn has_length(name: &str) -> bool {
    let name = name.split(" FOR ").next().unwrap_or(name);
    const NAMES: [&str; 22] = [
        "CHAR",
        "CHARACTER",
        "BPCHAR",
        "NCHAR",
        "VARCHAR",
        "VARCHAR2",
        "NVARCHAR",
        "NVARCHAR2",
        "CHARACTER VARYING",
        "NATIONAL CHARACTER",
        "NATIONAL CHARACTER VARYING",
        "BINARY",
        "VARBINARY",
        "BINARY VARYING",
        "RAW",
        "GRAPHIC",
        "VARGRAPHIC",
        "CLOB",
        "BLOB",
        "DBCLOB",
        "CHARACTER LARGE OBJECT",
        "BINARY LARGE OBJECT",
    ];
    NAMES.contains(&name)
}

fn length(dialect: Dialect, precision: Option<i64>) -> Option<String> {
    // Drivers say huge lengths for types without one.
    let bound = precision.filter(|&n| n < 10_000_000);
    match (dialect, bound) {
        (Dialect::Sqlserver, None) => Some("MAX".to_owned()),
        (Dialect::Sqlserver, Some(n)) if n > 8000 => Some("MAX".to_owned()),
        (_, bound) => bound.map(|n| n.to_string()),
    }
}

fn has_fraction(name: &str, dialect: Dialect) -> bool {
    let sqlserver = dialect == Dialect::Sqlserver;
    match name.split(' ').next().unwrap_or(name) {
        "TIMESTAMP" | "DATETIME" => !sqlserver && dialect != Dialect::Sqlite,
        "TIMESTAMPTZ" | "DATETIME2" | "DATETIMEOFFSET" => true,
        "TIME" => dialect != Dialect::Sqlite,
        _ => false,
    }
}

fn name(raw: &Value) -> Result<QName, String> {
    let name = text(raw, "name").filter(|name| !name.is_empty()).ok_or("a table or procedure has no name")?;
    let schema = text(raw, "schema").filter(|schema| !schema.is_empty());
    Ok(QName(schema.into_iter().chain([name]).collect()))
}

fn names(raw: &Value, key: &str) -> Vec<String> {
    let items = raw.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn list<'v>(raw: &'v Value, key: &str) -> Result<&'v [Value], String> {
    let found = raw.get(key).and_then(Value::as_array).map(Vec::as_slice);
    found.ok_or_else(|| format!("the raw catalog has no list `{key}`"))
}

fn text(raw: &Value, key: &str) -> Option<String> {
    raw.get(key).and_then(Value::as_str).map(|text| text.trim_end().to_owned())
}

fn truth(raw: &Value, key: &str) -> bool {
    raw.get(key).and_then(Value::as_bool).unwrap_or(false)
}
