//! Builds `models:` and fields.
//!
//! **Invariant.** A field has exactly one of its five forms, or there is an error about it.

use super::Reader;
use crate::lang::ast::{Expr, Field, FieldKind, FieldName, LegacyRef, Model, Spanned};
use crate::lang::syntax::{Line, amount, path, value};
use kernel::{Diagnostic, Entry, Node, Span};
use std::collections::BTreeMap;

/// The keys that say which form a field has, and the keys that may stand with them.
const FORMS: [(&str, &[&str]); 4] = [
    ("from", &["write"]),
    ("each", &["at", "key", "fields"]),
    ("cases", &["oneOf", "as"]),
    ("at", &["fields"]),
];

/// Returns the span of a key together with its value.
pub(crate) fn whole(entry: &Entry) -> Span {
    let (key, value) = (entry.key_span, entry.value.span);
    match key.file == value.file {
        true => Span { end: value.end.max(key.end), ..key },
        false => value,
    }
}

impl Reader<'_> {
    /// Builds an entry of `models:`.
    pub(crate) fn model(&mut self, entry: &Entry) -> Model {
        let node = &entry.value;
        let model = Model {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            legacy: self.legacy(node),
            schema: self.text(node, "schema"),
            key: self.texts(node, "key"),
            keep: self.parsed(node, "keep", amount::duration),
            fields: self.fields(node),
            write: self.assigns(node, "write"),
            ignore: self.paths(node, "ignore"),
            doc: self.text(node, "doc"),
            span: whole(entry),
        };
        if node.map().is_some() {
            self.model_is_complete(entry);
        }
        model
    }

    fn model_is_complete(&mut self, entry: &Entry) {
        let has = |key| entry.value.at(key).is_some();
        let name = &entry.key;
        if !has("legacy") && !has("schema") {
            let message = format!("model {name} has neither `legacy` nor `schema`");
            self.wrong(
                entry.key_span,
                message,
                "write `legacy: connection/Structure`, or `schema:` for a body alone",
            );
        } else if has("legacy") && !has("fields") {
            self.wrong(entry.key_span, format!("model {name} has no `fields`"), "map its legacy structure");
        } else if !has("legacy") {
            for key in ["fields", "write", "ignore", "keep"].into_iter().filter(|key| has(key)) {
                let message = format!("`{key}` has no effect in a model without `legacy`");
                self.wrong(entry.key_span, message, "write `legacy: connection/Structure`");
            }
        }
    }

    fn legacy(&mut self, node: &Node) -> Option<LegacyRef> {
        let line = self.line(node.at("legacy")?)?;
        let Some(slash) = line.text.find('/') else {
            return Some(LegacyRef {
                connection: line.part(0, line.text.len()),
                path: None,
                span: line.span,
            });
        };
        let path = path::between(&line, slash + 1, line.text.len(), &mut self.found)?;
        Some(LegacyRef { connection: line.part(0, slash), path: Some(path), span: line.span })
    }

    fn paths(&mut self, node: &Node, key: &str) -> Vec<crate::lang::ast::Path> {
        let list = node.at(key).and_then(Node::list).unwrap_or_default();
        list.iter().filter_map(|item| self.path_of(item)).collect()
    }

    /// Builds `fields:`.
    pub(super) fn fields(&mut self, node: &Node) -> Vec<Field> {
        let entries = self.entries(node, "fields");
        let fields: Vec<Field> = entries.iter().filter_map(|entry| self.field(entry)).collect();
        self.no_name_is_object_and_value(&fields);
        fields
    }

    /// `address` and `address.city` cannot both be fields.
    fn no_name_is_object_and_value(&mut self, fields: &[Field]) {
        let whole: BTreeMap<&str, Span> =
            fields.iter().map(|field| (field.name.text.as_str(), field.name.span)).collect();
        for field in fields {
            let dots = field.name.text.match_indices('.').map(|(at, _)| &field.name.text[..at]);
            for outer in dots {
                if let Some(first) = whole.get(outer) {
                    let message = format!("`{outer}` is a field, so `{}` cannot be one", field.name.text);
                    let diagnostic = Diagnostic::new("E001", field.name.span, message);
                    self.found.push(diagnostic.also(Some(*first), "the field"));
                }
            }
        }
    }

    fn field(&mut self, entry: &Entry) -> Option<Field> {
        let name = self.field_name(entry);
        let node = &entry.value;
        let kind = match node.map() {
            None => self.value(node),
            Some(_) => self.long(entry),
        };
        let write = node.at("write").and_then(|node| self.expr_of(node));
        Some(Field {
            name: name?,
            kind: kind?,
            write,
            sensitive: self.is_set(node, "sensitive"),
            doc: self.text(node, "doc"),
            span: whole(entry),
        })
    }

    /// Builds a name with dots.
    pub(crate) fn field_name(&mut self, entry: &Entry) -> Option<FieldName> {
        let line = Line::of_key(&entry.key, entry.key_span, self.sources);
        let mut parts = Vec::new();
        let mut at = 0;
        for part in entry.key.split('.') {
            let odd = part
                .chars()
                .find(|c| c.is_whitespace() || c.is_control() || "\"'`()[]{}|=/\\<>,;:!&?*+".contains(*c));
            if part.is_empty() || part.starts_with(|c: char| c.is_ascii_digit()) || odd.is_some() {
                let message = format!("`{}` is not a name of a field", entry.key);
                self.wrong(entry.key_span, message, "the modern name stands left of the colon: address.city");
                return None;
            }
            parts.push(Spanned::new(part.to_owned(), line.place(at, at + part.len())));
            at += part.len() + 1;
        }
        Some(FieldName { parts, text: entry.key.clone(), span: entry.key_span })
    }

    fn value(&mut self, node: &Node) -> Option<FieldKind> {
        let line = self.line(node)?;
        self.value_line(&line)
    }

    fn value_line(&mut self, line: &Line<'_>) -> Option<FieldKind> {
        match value::expression_start(line) {
            Some(_) => value::expression(line, &mut self.found).map(FieldKind::Computed),
            None => value::value_line(line, &mut self.found).map(FieldKind::Value),
        }
    }

    fn long(&mut self, entry: &Entry) -> Option<FieldKind> {
        let node = &entry.value;
        let Some((form, with)) = FORMS.iter().find(|(form, _)| node.at(form).is_some()) else {
            let message = format!("`{}` has none of `from`, `each`, `at`, `cases`", entry.key);
            self.wrong(entry.key_span, message, "nested objects are written with dots: address.city");
            return None;
        };
        for other in node.map().unwrap_or_default() {
            let key = other.key.as_str();
            let known = FORMS.iter().any(|(name, with)| *name == key || with.contains(&key));
            if known && key != *form && !with.contains(&key) {
                let message = format!("`{key}` cannot stand together with `{form}`");
                self.wrong(other.key_span, message, "a field is one of `from`, `each`, `at`, `cases`");
            }
        }
        if with.contains(&"fields") && node.at("fields").is_none() {
            let hint = match *form {
                "each" => "a list of plain values is written `tags: Tag[*]`",
                _ => "a plain value is written `name: PATH`",
            };
            self.wrong(entry.key_span, format!("`{form}` needs `fields`"), hint);
        }
        self.of_form(form, node)
    }

    fn of_form(&mut self, form: &str, node: &Node) -> Option<FieldKind> {
        match form {
            "from" => self.value(node.at("from")?),
            "each" => {
                let (each, at, fields) = (self.path(node, "each"), self.prefix(node), self.fields(node));
                Some(FieldKind::List { each: each?, at: at?, key: self.texts(node, "key"), fields })
            }
            "at" => {
                let (at, fields) = (self.path(node, "at"), self.fields(node));
                Some(FieldKind::Object { at: at?, fields })
            }
            _ => self.cases(node),
        }
    }

    /// Returns `at:`; the outer `None` says that it could not be read.
    pub(super) fn prefix(&mut self, node: &Node) -> Option<Option<crate::lang::ast::Path>> {
        match node.at("at") {
            Some(at) => self.path_of(at).map(Some),
            None => Some(None),
        }
    }

    /// Builds a field line or an expression of a version.
    pub(crate) fn line_or_expr(&mut self, node: &Node) -> Option<FieldKind> {
        self.value(node)
    }

    /// Returns an expression, if a key has one.
    pub(crate) fn formula(&mut self, node: &Node, key: &str) -> Option<Expr> {
        self.expr(node, key)
    }
}
