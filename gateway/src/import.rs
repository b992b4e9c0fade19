//! A first mapping of a table: one field per column, and every operation that the table permits.
//!
//! **Invariant.** What is printed is accepted by `check`; what may be better is a comment beside it, never a guess.

use adapters_ports::names::{camel, capitalized, kebab, unused};
use kernel::{Catalogue, PartId, ScalarType, Shape, Table};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Texts of so many characters may well be codes.
const CODE_LENGTH_MAX: u32 = 3;

/// Returns model and operations of a table as YAML, to be read and changed by people.
pub fn mapping(connection: &str, catalogue: &Catalogue, table: &Table, name: Option<&str>) -> String {
    let shape = &*catalogue.shape;
    let part = shape.part(table.part);
    // Without its schema, and its database.
    let own = part.name.local.rsplit('.').next().unwrap_or_default();
    let model = name.map_or_else(|| capitalized(&camel(own)), str::to_owned);
    let columns = columns(shape, table);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "models:\n  {model}:\n    legacy: {connection}/{}", dotted(shape, table.part));
    let key: Vec<&Column> = columns.iter().filter(|column| table.key.contains(&column.part)).collect();
    match key.as_slice() {
        [] => {}
        [one] => drop(writeln!(out, "    key: {}", one.field)),
        several => drop(writeln!(out, "    key: [{}]", names(several))),
    }
    fields(&columns, &mut out);
    let ignored: Vec<String> =
        columns.iter().filter(|column| !column.is_mapped).map(|column| path(&column.name)).collect();
    if !ignored.is_empty() {
        let _ = writeln!(out, "    ignore: [{}]", ignored.join(", "));
    }
    operations(&model, table, &key, &mut out);
    out
}

/// Returns the name of a table as mappings write it: `KDLIB.KDSTAMM`.
pub fn dotted(shape: &Shape, part: PartId) -> String {
    let name = &shape.part(part).name;
    match &name.space {
        Some(space) => format!("{space}.{}", name.local),
        None => name.local.to_string(),
    }
}

/// A column, and what becomes of it.
struct Column {
    part: PartId,
    name: String,
    field: String,
    is_mapped: bool,
    about: String,
}

fn columns(shape: &Shape, table: &Table) -> Vec<Column> {
    let parts = shape.group(shape.part(table.part).ty).map_or(&[][..], |group| &group.parts);
    let all: Vec<&str> = parts.iter().map(|&part| &*shape.part(part).name.local).collect();
    let mut taken = BTreeSet::new();
    let column = |&part: &PartId| {
        let declared = shape.part(part);
        let name = declared.name.local.to_string();
        let scalar = shape.scalar(declared.ty);
        let mut about = scalar.map_or_else(String::new, words);
        if declared.nillable {
            about.push_str(", may be NULL");
        }
        if table.generated.contains(&part) {
            about.push_str(", made by the database");
        }
        if let Some(hint) = scalar.and_then(|scalar| hint(&name, scalar, &all)) {
            about.push_str(&format!("; {hint}"));
        }
        let is_mapped = !matches!(scalar, None | Some(ScalarType::Bytes { .. }));
        Column { part, field: unused(camel(&name), &mut taken), name, is_mapped, about }
    };
    parts.iter().map(column).collect()
}

fn fields(columns: &[Column], out: &mut String) {
    let _ = writeln!(out, "    fields:{}# modern: legacy", " ".repeat(42));
    let mapped: Vec<&Column> = columns.iter().filter(|column| column.is_mapped).collect();
    let widest = |text: fn(&Column) -> String| mapped.iter().map(|it| text(it).chars().count()).max();
    let (left, right) = (
        widest(|column| column.field.clone()).unwrap_or(0) + 2,
        widest(|column| path(&column.name)).unwrap_or(0) + 2,
    );
    for column in mapped {
        let (field, path) = (format!("{}:", column.field), path(&column.name));
        let _ = writeln!(out, "      {field:left$} {path:right$} # {}", column.about);
    }
}

fn operations(model: &str, table: &Table, key: &[&Column], out: &mut String) {
    let list = format!("/{}", kebab(model));
    let one = key.iter().fold(list.clone(), |path, column| format!("{path}/{{{}}}", column.field));
    let _ = writeln!(out, "\nrest:");
    // Pages go by the key; without one there is nothing by which the next page could begin.
    match key {
        [] => drop(writeln!(out, "  GET {list}:\n    list: {model}")),
        _ => {
            let _ = writeln!(out, "  GET {list}:\n    list: {model}\n    page: {{ size: 50, max: 500 }}");
            let _ = writeln!(out, "\n  GET {one}:\n    get: {model}");
        }
    }
    if table.read_only || key.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  POST {list}:\n    create: {model}\n    policy: {{ idempotency: 24h }}");
    let _ = writeln!(out, "\n  PATCH {one}:\n    update: {model}");
    let _ = writeln!(out, "\n  DELETE {one}:\n    delete: {model}");
}

/// What a column may really be. Nobody but people can know.
fn hint(name: &str, scalar: &ScalarType, all: &[&str]) -> Option<String> {
    let upper = name.to_uppercase();
    match scalar {
        ScalarType::Decimal { digits: Some(8), scale: Some(0), .. } => {
            Some("a date? | nullIf(0) | date(yyyyMMdd)".into())
        }
        ScalarType::Decimal { digits: Some(6), scale: Some(0), .. }
            if ["TIM", "ZEIT", "UHR"].iter().any(|part| upper.contains(part)) =>
        {
            Some("a time? together with its date: | datetime(yyyyMMdd + HHmmss)".into())
        }
        ScalarType::Decimal { digits: Some(1), scale: Some(0), .. } => {
            Some("yes or no? | flag(1, 0), or a code? | codes(…)".into())
        }
        ScalarType::Text(text) => match text.length_max {
            _ if upper.contains("MAIL") => Some("an address? | lower".into()),
            Some(1) => Some("yes or no? | flag(Y, N), or a code? | codes(…)".into()),
            Some(2..=CODE_LENGTH_MAX) => Some("a code? | codes(…)".into()),
            length => lines(name, length?, all),
        },
        ScalarType::LocalDateTime => Some("it has no zone: the connection needs `timezone:`".into()),
        _ => None,
    }
}

/// `NAME1` with a `NAME2` beside it may be lines of one text.
fn lines(name: &str, length: u32, all: &[&str]) -> Option<String> {
    let stem = name.strip_suffix('1')?;
    let second = format!("{stem}2");
    all.contains(&second.as_str())
        .then(|| format!("one text with {second}? {name} + {second} | lines({length})"))
}

fn words(scalar: &ScalarType) -> String {
    let bounded = |what: &str, length: Option<u32>| {
        length.map_or_else(|| what.to_owned(), |length| format!("{what}({length})"))
    };
    match scalar {
        ScalarType::Text(text) => bounded("text", text.length_max),
        ScalarType::Bool => "boolean".into(),
        ScalarType::Decimal { digits: Some(digits), scale, .. } => {
            format!("decimal({digits},{})", scale.unwrap_or(0))
        }
        ScalarType::Decimal { .. } => "decimal".into(),
        ScalarType::Float { .. } => "binary float".into(),
        ScalarType::Date => "date".into(),
        ScalarType::Time => "time".into(),
        ScalarType::DateTime | ScalarType::LocalDateTime => "timestamp without zone".into(),
        ScalarType::Instant => "timestamp with zone".into(),
        ScalarType::Base64 | ScalarType::Hex => "bytes as text".into(),
        ScalarType::Bytes { length_max } => bounded("bytes", *length_max),
    }
}

/// A name as a legacy path writes it, in YAML.
fn path(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(is_plain) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return name.to_owned();
    }
    // Quoted for the path, and the whole again for YAML.
    format!("'\"{}\"'", name.replace('\'', "''"))
}

fn names(columns: &[&Column]) -> String {
    columns.iter().map(|column| column.field.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_path_cannot_hold_are_quoted() {
        let check = |name: &str, expected: &str| assert_eq!(path(name), expected);
        check("KDNR", "KDNR");
        check("KD#NR", "'\"KD#NR\"'");
        check("a b", "'\"a b\"'");
        check("it's", "'\"it''s\"'");
        check("$X", "'\"$X\"'");
    }
}
