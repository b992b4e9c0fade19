//! Writes a snapshot: sorted, one line per column, so that a difference is a line.
//!
//! **Invariant.** What is written reads as the same snapshot; the same database gives the same bytes.

use super::{ColumnDef, ParameterDef, ProcedureDef, Snapshot, TableDef};

impl Snapshot {
    /// Returns the text of the file: tables and procedures by name, columns in the order of the table.
    pub fn write(&self) -> String {
        let mut head = vec![format!("  \"dialect\": {}", quoted(self.dialect.name()))];
        let facts = [
            ("identifiers", self.case.map(super::Case::word)),
            ("product", self.product.as_deref()),
            ("version", self.version.as_deref()),
        ];
        let facts = facts.into_iter().filter_map(|(key, value)| Some((key, value?)));
        head.extend(facts.map(|(key, value)| format!("  \"{key}\": {}", quoted(value))));
        let mut tables: Vec<&TableDef> = self.tables.iter().collect();
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        head.push(block("  ", "tables", tables.into_iter().map(table)));
        let mut procedures: Vec<&ProcedureDef> = self.procedures.iter().collect();
        procedures.sort_by(|a, b| a.name.cmp(&b.name));
        if !procedures.is_empty() {
            head.push(block("  ", "procedures", procedures.into_iter().map(procedure)));
        }
        format!("{{\n{}\n}}\n", head.join(",\n"))
    }
}

fn table(table: &TableDef) -> String {
    let mut lines = Vec::new();
    if table.view {
        lines.push("      \"kind\": \"view\"".to_owned());
    }
    if !table.key.is_empty() {
        lines.push(format!("      \"key\": {}", list(&table.key)));
    }
    lines.push(block("      ", "columns", table.columns.iter().map(|one| column("        ", one))));
    if !table.indexes.is_empty() {
        let indexes = table.indexes.iter().map(|index| {
            format!("        {{ \"columns\": {}, \"unique\": {} }}", list(&index.columns), index.unique)
        });
        lines.push(format!("      \"indexes\": [\n{}\n      ]", indexes.collect::<Vec<_>>().join(",\n")));
    }
    format!("    {}: {{\n{}\n    }}", quoted(&table.name.to_string()), lines.join(",\n"))
}

fn procedure(procedure: &ProcedureDef) -> String {
    let mut lines = vec![block("      ", "parameters", procedure.parameters.iter().map(parameter))];
    if !procedure.results.is_empty() {
        let results = procedure.results.iter().map(|columns| {
            let columns =
                block("          ", "columns", columns.iter().map(|one| column("            ", one)));
            format!("        {{\n{columns}\n        }}")
        });
        lines.push(format!("      \"results\": [\n{}\n      ]", results.collect::<Vec<_>>().join(",\n")));
    }
    format!("    {}: {{\n{}\n    }}", quoted(&procedure.name.to_string()), lines.join(",\n"))
}

fn parameter(parameter: &ParameterDef) -> String {
    let text = format!("{} {}", parameter.direction.word(), parameter.text);
    format!("        {}: {}", quoted(&parameter.name), quoted(&text))
}

fn column(indent: &str, column: &ColumnDef) -> String {
    format!("{indent}{}: {}", quoted(&column.name), quoted(&column.declaration()))
}

impl ColumnDef {
    /// Returns the whole text of the catalog: `CHAR(35) NOT NULL DEFAULT`.
    pub fn declaration(&self) -> String {
        let mut text = self.text.clone();
        let words =
            [(!self.nullable, " NOT NULL"), (self.generated, " GENERATED"), (self.default, " DEFAULT")];
        words.iter().filter(|(says, _)| *says).for_each(|(_, word)| text.push_str(word));
        text
    }
}

fn block(indent: &str, key: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.collect();
    match lines.is_empty() {
        true => format!("{indent}\"{key}\": {{}}"),
        false => format!("{indent}\"{key}\": {{\n{}\n{indent}}}", lines.join(",\n")),
    }
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
