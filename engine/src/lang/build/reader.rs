//! Reads typed values out of maps.
//!
//! **Invariant.** A missing or misformed value is `None`; it never becomes a default silently.

use crate::lang::ast::{Assign, Expr, Operand, Path, Spanned};
use crate::lang::syntax::{Line, amount, path, value};
use kernel::{Diagnostic, Entry, Node, NodeKind, Sources, Span, Style, Text};
use std::time::Duration;

/// What all builders need: the files, and where to put what they find.
pub(crate) struct Reader<'a> {
    /// The files, for the places of quoted texts.
    pub(crate) sources: &'a Sources,
    /// What was found.
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    /// Returns the text of a key.
    pub(crate) fn text(&self, node: &Node, key: &str) -> Option<Spanned<String>> {
        self.text_of(node.at(key)?)
    }

    /// Returns the text of a node.
    pub(crate) fn text_of(&self, node: &Node) -> Option<Spanned<String>> {
        Some(Spanned::new(node.text()?.to_owned(), node.span))
    }

    /// Returns the texts of a key: one, or a list.
    pub(crate) fn texts(&self, node: &Node, key: &str) -> Vec<Spanned<String>> {
        node.at(key).map(|node| self.texts_of(node)).unwrap_or_default()
    }

    /// Returns the texts of a node: one, or a list.
    pub(crate) fn texts_of(&self, node: &Node) -> Vec<Spanned<String>> {
        match node.list() {
            Some(list) => list.iter().filter_map(|item| self.text_of(item)).collect(),
            None => self.text_of(node).into_iter().collect(),
        }
    }

    /// Returns what a function makes of the text of a key.
    pub(crate) fn parsed<T>(
        &self,
        node: &Node,
        key: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let node = node.at(key)?;
        Some(Spanned::new(read(node.text()?)?, node.span))
    }

    /// Returns `true` or `false`.
    pub(crate) fn flag(&self, node: &Node, key: &str) -> Option<Spanned<bool>> {
        self.parsed(node, key, |text| text.parse().ok())
    }

    /// Returns whether a key is `true`.
    pub(crate) fn is_set(&self, node: &Node, key: &str) -> bool {
        self.flag(node, key).is_some_and(|flag| flag.value)
    }

    /// Returns a duration.
    pub(crate) fn duration(&self, node: &Node, key: &str) -> Option<Spanned<Duration>> {
        self.parsed(node, key, amount::duration)
    }

    /// Returns a whole number.
    pub(crate) fn integer(&self, node: &Node, key: &str) -> Option<Spanned<u32>> {
        self.parsed(node, key, amount::integer)
    }

    /// Returns an HTTP status.
    pub(crate) fn status(&self, node: &Node, key: &str) -> Option<Spanned<u16>> {
        self.parsed(node, key, |text| {
            u16::try_from(amount::integer(text)?).ok().filter(|status| (100..=599).contains(status))
        })
    }

    /// Returns a legacy path.
    pub(crate) fn path(&mut self, node: &Node, key: &str) -> Option<Path> {
        self.path_of(node.at(key)?)
    }

    /// Returns the legacy path of a node.
    pub(crate) fn path_of(&mut self, node: &Node) -> Option<Path> {
        let line = self.line(node)?;
        path::read(&line, &mut self.found)
    }

    /// Returns an expression.
    pub(crate) fn expr(&mut self, node: &Node, key: &str) -> Option<Expr> {
        self.expr_of(node.at(key)?)
    }

    /// Returns the expression of a node.
    pub(crate) fn expr_of(&mut self, node: &Node) -> Option<Expr> {
        let line = Line::of(node, self.sources)?;
        value::expression(&line, &mut self.found)
    }

    /// Returns assignments: legacy path to text or expression.
    pub(crate) fn assigns(&mut self, node: &Node, key: &str) -> Vec<Assign> {
        let entries = node.at(key).and_then(Node::map).unwrap_or_default();
        entries.iter().filter_map(|entry| self.assign(entry)).collect()
    }

    fn assign(&mut self, entry: &Entry) -> Option<Assign> {
        let path = self.key_path(entry);
        let line = Line::of(&entry.value, self.sources)?;
        let value = value::operand(&line, &mut self.found)?;
        if matches!(value, Operand::Text(_)) {
            self.look_alike(&entry.value);
        }
        Some(Assign { path: path?, value })
    }

    /// Returns the legacy path that a key is.
    pub(crate) fn key_path(&mut self, entry: &Entry) -> Option<Path> {
        let line = Line::of_key(&entry.key, entry.key_span, self.sources);
        path::read(&line, &mut self.found)
    }

    /// Returns the line that a node is, if it stands on one line of the file.
    pub(crate) fn line<'n>(&mut self, node: &'n Node) -> Option<Line<'n>> {
        let line = Line::of(node, self.sources)?;
        if line.is_single(self.sources) {
            return Some(line);
        }
        let message = "this must stand on one line, plain or in quotes";
        self.found.push(Diagnostic::new("E007", node.span, message));
        None
    }

    /// Returns the entries of a map of a key.
    pub(crate) fn entries<'n>(&self, node: &'n Node, key: &str) -> &'n [Entry] {
        node.at(key).and_then(Node::map).unwrap_or_default()
    }

    /// Reports an error with E007.
    pub(crate) fn wrong(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push(Diagnostic::new("E007", span, message).hint(hint));
    }

    /// Reports W004 for each unquoted text of the legacy side that other YAML tools see differently.
    pub(crate) fn look_alike(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Text(Text { value, style: Style::Plain }) => {
                if let Some(what) = other_tools_see(value) {
                    let message = format!("other YAML tools see {what} in `{value}`");
                    self.found
                        .push(Diagnostic::new("W004", node.span, message).hint(format!("write \"{value}\"")));
                }
            }
            NodeKind::List(items) => items.iter().for_each(|item| self.look_alike(item)),
            NodeKind::Map(entries) => entries.iter().for_each(|entry| self.look_alike(&entry.value)),
            NodeKind::Text(_) | NodeKind::Null => {}
        }
    }

    /// Reports W004 for a key, as [`Reader::look_alike`] for values.
    pub(crate) fn look_alike_key(&mut self, entry: &Entry) {
        let line = Line::of_key(&entry.key, entry.key_span, self.sources);
        if line.style == Style::Plain
            && let Some(what) = other_tools_see(&entry.key)
        {
            let message = format!("other YAML tools see {what} in `{}`", entry.key);
            self.found.push(
                Diagnostic::new("W004", entry.key_span, message).hint(format!("write \"{}\"", entry.key)),
            );
        }
    }
}

/// Returns what other YAML tools make of a plain text, where that is not the same text again.
///
/// Source: YAML 1.1 types bool, int, float, timestamp; YAML 1.2 core schema.
fn other_tools_see(text: &str) -> Option<&'static str> {
    const BOOLEANS: [&str; 6] = ["yes", "no", "on", "off", "true", "false"];
    let lower = text.to_ascii_lowercase();
    let capital = text.chars().skip(1).all(char::is_lowercase) || text.chars().all(char::is_uppercase);
    if BOOLEANS.contains(&&*lower) && capital {
        return Some("a boolean");
    }
    if lower == "null" {
        return Some("nothing");
    }
    if matches!(lower.trim_start_matches(['+', '-']), ".inf" | ".nan") {
        return Some("a number");
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || digits == "." {
        return None;
    }
    let canonical = !text.starts_with('+') && (digits == "0" || !digits.starts_with('0'));
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let date = digits.len() >= 8
        && digits.split('-').count() == 3
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match () {
        () if plain && canonical => None,
        () if plain || is_number(digits) => Some("another number"),
        () if date => Some("a date"),
        () => None,
    }
}

fn is_number(digits: &str) -> bool {
    if let Some(rest) = ["0x", "0o", "0b", "0X"].iter().find_map(|prefix| digits.strip_prefix(prefix)) {
        return !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit() || c == '_');
    }
    let sexagesimal = digits.contains(':')
        && digits
            .split(':')
            .all(|part| part.len() <= 2 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let bare: String = digits.chars().filter(|c| *c != '_').collect();
    let float = bare.bytes().any(|b| b.is_ascii_digit())
        && bare.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
        && bare.parse::<f64>().is_ok();
    sexagesimal || float
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_other_tools_change_is_known() {
        let check = |text, expected| assert_eq!(other_tools_see(text), expected, "{text}");
        for same in [
            "245",
            "0",
            "-1",
            "A",
            "Book",
            "F",
            "4711-17",
            "20260331",
            "1772600400;195",
            "1.2.3",
            "N",
            "1a",
            ".",
            "x1e3",
            "-",
        ] {
            check(same, None);
        }
        for other in ["01", "007", "1e3", "1.0", "5000.00", "+1", "0x1F", "1_000", "12:30", ".5", "1."] {
            check(other, Some("another number"));
        }
        for other in ["NO", "no", "off", "Yes", "true"] {
            check(other, Some("a boolean"));
        }
        check("nO", None);
        check("2026-03-31", Some("a date"));
        check("NULL", Some("nothing"));
        check(".inf", Some("a number"));
    }
}
