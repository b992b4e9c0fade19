//! Reads a snapshot: `*.catalog.json`, one line per column.
//!
//! **Invariant.** Every key is known and every name stands for something; all that is wrong is told, with its place.

use super::{ColumnDef, IndexDef, ParameterDef, ParameterDirection, ProcedureDef, QName, Snapshot, TableDef};
use crate::dialect::{Case, Dialect};
use crate::json;
use crate::types::{self, SqlType};
use kernel::{Diagnostic, Entry, FileId, Node, Span};

impl Snapshot {
    /// Reads a snapshot; `file` is the file that spans are in.
    ///
    /// # Errors
    /// Everything that is wrong, with its place.
    pub fn parse(text: &str, file: FileId) -> Result<Self, Vec<Diagnostic>> {
        let root = json::parse(text, file).map_err(|wrong| vec![wrong])?;
        let mut reader = Reader { dialect: Dialect::Db2i, wrong: Vec::new() };
        let snapshot = reader.snapshot(&root);
        if reader.wrong.is_empty() { Ok(snapshot) } else { Err(reader.wrong) }
    }
}

struct Reader {
    dialect: Dialect,
    wrong: Vec<Diagnostic>,
}

/// What a column's text says.
struct Declared {
    text: String,
    ty: SqlType,
    not_null: bool,
    default: bool,
    generated: bool,
}

impl Reader {
    fn snapshot(&mut self, root: &Node) -> Snapshot {
        const KEYS: &[&str] =
            &["dialect", "identifiers", "product", "version", "tables", "procedures", "$schema"];
        self.keys(root, "a catalog", KEYS);
        self.dialect = self.word(root, "dialect", "a dialect", Dialect::named).unwrap_or(Dialect::Db2i);
        let case = self.word(root, "identifiers", "upper, lower or mixed", Case::named);
        let tables = self.entries(root, "tables").iter().filter_map(|entry| self.table(entry)).collect();
        let procedures =
            self.entries(root, "procedures").iter().filter_map(|entry| self.procedure(entry)).collect();
        Snapshot {
            dialect: self.dialect,
            case,
            product: self.text(root, "product"),
            version: self.text(root, "version"),
            tables,
            procedures,
        }
    }

    fn table(&mut self, entry: &Entry) -> Option<TableDef> {
        let name = self.name(entry)?;
        let node = &entry.value;
        self.keys(node, "a table", &["kind", "key", "columns", "indexes"]);
        let view = self.word(node, "kind", "table or view", |word| match word {
            "table" => Some(false),
            "view" => Some(true),
            _ => None,
        });
        let mut columns = self.columns(node);
        let none = node.at("columns").is_none_or(|columns| columns.map().is_some_and(<[_]>::is_empty));
        if none && node.map().is_some() {
            self.report(entry.key_span, format!("`{}` has no columns", entry.key));
        }
        let key = self.names(node, "key", &columns);
        for column in columns.iter_mut().filter(|column| key.contains(&column.name)) {
            column.nullable = false;
        }
        let indexes = node.at("indexes").and_then(Node::list).unwrap_or_default();
        let indexes = indexes.iter().map(|index| {
            self.keys(index, "an index", &["columns", "unique"]);
            let unique = index.at("unique").and_then(Node::plain) == Some("true");
            IndexDef { columns: self.names(index, "columns", &columns), unique }
        });
        let indexes = indexes.collect();
        Some(TableDef {
            name,
            view: view.unwrap_or(false),
            key,
            columns,
            indexes,
            span: Some(entry.key_span),
        })
    }

    fn columns(&mut self, node: &Node) -> Vec<ColumnDef> {
        let entries = self.entries(node, "columns").to_vec();
        entries.iter().filter_map(|entry| self.column(entry)).collect()
    }

    fn column(&mut self, entry: &Entry) -> Option<ColumnDef> {
        let Some(text) = entry.value.text() else {
            self.wrong.push(entry.value.expected("a type, `CHAR(35) NOT NULL`"));
            return None;
        };
        if entry.key.is_empty() || entry.key.contains('\0') {
            self.report(entry.key_span, "a column needs a name".to_owned());
            return None;
        }
        let declared = self.declared(text, entry.value.span)?;
        Some(ColumnDef {
            name: entry.key.clone(),
            text: declared.text,
            // A row version is made by the database whatever the catalog says.
            generated: declared.generated || declared.ty == SqlType::RowVersion,
            ty: declared.ty,
            nullable: !declared.not_null,
            default: declared.default,
            span: Some(Span { end: entry.value.span.end, ..entry.key_span }),
        })
    }

    fn declared(&mut self, text: &str, span: Span) -> Option<Declared> {
        let upper = text.to_ascii_uppercase();
        let cut = ["NOT NULL", "NULL", "DEFAULT", "GENERATED"]
            .iter()
            .filter_map(|word| behind_blank(&upper, word))
            .min()
            .unwrap_or(text.len());
        let (ty, behind) = (text[..cut].trim_end(), &upper[cut..]);
        let read = types::read(ty, self.dialect);
        let parsed = read.map_err(|reason| self.report(span, format!("no type: {reason}"))).ok()?;
        // What stands behind DEFAULT is the database's affair.
        let words = behind.split("DEFAULT").next().unwrap_or_default();
        let known = words.replace("NOT NULL", "").replace("GENERATED", "").replace("NULL", "");
        if !known.trim().is_empty() {
            let message = format!("`{}` behind a type is not known", known.trim());
            let hint = "behind a type stand NOT NULL, GENERATED and DEFAULT, in this order";
            self.wrong.push(Diagnostic::new("E091", span, message).hint(hint));
            return None;
        }
        Some(Declared {
            text: ty.to_owned(),
            ty: parsed,
            not_null: words.contains("NOT NULL"),
            default: behind.contains("DEFAULT"),
            generated: words.contains("GENERATED"),
        })
    }

    fn procedure(&mut self, entry: &Entry) -> Option<ProcedureDef> {
        let name = self.name(entry)?;
        let node = &entry.value;
        self.keys(node, "a procedure", &["parameters", "results"]);
        let parameters = self.entries(node, "parameters").to_vec();
        let parameters = parameters.iter().filter_map(|entry| self.parameter(entry)).collect();
        let results = node.at("results").and_then(Node::list).unwrap_or_default();
        let results = results.iter().map(|result| {
            self.keys(result, "a result", &["columns"]);
            self.columns(result)
        });
        let results = results.collect();
        Some(ProcedureDef { name, parameters, results, span: Some(entry.key_span) })
    }

    fn parameter(&mut self, entry: &Entry) -> Option<ParameterDef> {
        use ParameterDirection::{In, InOut, Out, Return};
        let Some(text) = entry.value.text() else {
            self.wrong.push(entry.value.expected("a direction and a type, `IN DECIMAL(7,0)`"));
            return None;
        };
        let (word, ty) = text.trim().split_once(' ').unwrap_or((text, ""));
        let Some(direction) = [In, Out, InOut, Return].into_iter().find(|one| one.word() == word) else {
            let message = format!("`{text}` does not begin with IN, OUT, INOUT or RETURN");
            self.report(entry.value.span, message);
            return None;
        };
        let declared = self.declared(ty.trim(), entry.value.span)?;
        let span = Some(Span { end: entry.value.span.end, ..entry.key_span });
        Some(ParameterDef { name: entry.key.clone(), direction, text: declared.text, ty: declared.ty, span })
    }

    fn name(&mut self, entry: &Entry) -> Option<QName> {
        let name = QName::parse(&entry.key).filter(|name| !name.0.iter().any(|part| part.contains('\0')));
        if name.is_none() {
            let message = format!("`{}` is no name of a table or procedure", entry.key);
            let hint = "write it as SCHEMA.NAME; a part with a point in it stands in double quotes";
            self.wrong.push(Diagnostic::new("E091", entry.key_span, message).hint(hint));
        }
        name
    }

    /// A list of columns of the table.
    fn names(&mut self, node: &Node, key: &str, columns: &[ColumnDef]) -> Vec<String> {
        let Some(list) = node.at(key) else { return Vec::new() };
        let Some(items) = list.list() else {
            self.wrong.push(list.expected("a list of columns"));
            return Vec::new();
        };
        let mut names = Vec::new();
        for item in items {
            match item.text() {
                Some(name) if columns.iter().any(|column| column.name == name) => names.push(name.to_owned()),
                Some(name) => self.report(item.span, format!("`{key}` names no column: `{name}`")),
                None => self.wrong.push(item.expected("the name of a column")),
            }
        }
        names
    }

    fn entries<'n>(&mut self, node: &'n Node, key: &str) -> &'n [Entry] {
        let Some(value) = node.at(key) else { return &[] };
        if value.map().is_none() {
            self.wrong.push(value.expected("a map of names"));
        }
        value.map().unwrap_or_default()
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.at(key)?;
        if value.text().is_none() {
            self.wrong.push(value.expected("a text"));
        }
        value.text().map(str::to_owned)
    }

    fn word<T>(&mut self, node: &Node, key: &str, what: &str, of: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = node.at(key)?;
        let found = value.text().and_then(of);
        if found.is_none() {
            let word = value.text().unwrap_or(value.form());
            let diagnostic = Diagnostic::new("E091", value.span, format!("`{key}` is {what}, not `{word}`"));
            let dialects = Dialect::ALL.map(Dialect::name).join(", ");
            self.wrong.push(if key == "dialect" {
                diagnostic.hint(format!("there is: {dialects}"))
            } else {
                diagnostic
            });
        }
        found
    }

    fn keys(&mut self, node: &Node, what: &str, known: &[&str]) {
        let Some(entries) = node.map() else {
            self.wrong.push(node.expected("a map"));
            return;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("{what} has no key `{}`", entry.key);
            let hint = format!("it has: {}", known.join(", "));
            self.wrong.push(Diagnostic::new("E091", entry.key_span, message).hint(hint));
        }
    }

    fn report(&mut self, span: Span, message: String) {
        self.wrong.push(Diagnostic::new("E091", span, message));
    }
}

impl Case {
    /// Returns the case that a catalog names.
    pub(super) fn named(word: &str) -> Option<Self> {
        [Self::Upper, Self::Lower, Self::Mixed].into_iter().find(|case| case.word() == word)
    }

    /// Returns the word of the catalog.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Mixed => "mixed",
        }
    }
}

/// Where a word stands behind a blank, outside of parentheses.
fn behind_blank(text: &str, word: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && text.get(at + 1..).is_some_and(|rest| begins(rest, word)) => {
                return Some(at + 1);
            }
            _ => {}
        }
    }
    None
}

fn begins(text: &str, word: &str) -> bool {
    text.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}
