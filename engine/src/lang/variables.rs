//! Replaces `${env:NAME}`, `${env:NAME:-default}` and `${secret:name}`.
//!
//! **Invariant.** A value never becomes structure: it is put into a text after YAML was parsed, and stays a text.

use super::syntax::Line;
use kernel::{Diagnostic, Entry, Node, NodeKind, Secret, Sources, Span, Style, Text};

/// Where values of variables come from.
pub trait Variables {
    /// Returns a variable of the environment.
    fn env(&self, name: &str) -> Option<String>;
    /// Returns a secret.
    fn secret(&self, name: &str) -> Option<Secret<String>>;
}

const ALLOWED: [&str; 3] = ["connections", "auth", "policies"];
/// Parts of a connection that are data, not deployment.
const DATA: [&str; 3] = ["send", "errors", "nulls"];
const SECRETS: [&str; 3] = ["password", "token", "passphrase"];

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// As it stands.
    Literal(&'a str),
    /// `${env:NAME}` with its default.
    Env(&'a str, Option<&'a str>),
    /// `${secret:name}`.
    Secret(&'a str),
    /// `${` that cannot be read, with its length.
    Unreadable(usize),
}

/// Replaces variables in the sections that may have them, and reports E081, E082 and E083 elsewhere.
pub(crate) fn apply(
    root: &mut Node,
    variables: Option<&dyn Variables>,
    sources: &Sources,
    found: &mut Vec<Diagnostic>,
) {
    let NodeKind::Map(sections) = &mut root.kind else { return };
    for section in sections {
        let mut pass = Pass { variables, sources, found: &mut *found };
        if !ALLOWED.contains(&section.key.as_str()) {
            pass.forbidden(&section.value);
            continue;
        }
        if section.key == "connections" {
            pass.connections(&mut section.value);
        } else {
            pass.literal_secrets(&section.value);
            pass.replace(&mut section.value);
        }
    }
}

struct Pass<'a> {
    variables: Option<&'a dyn Variables>,
    sources: &'a Sources,
    found: &'a mut Vec<Diagnostic>,
}

impl Pass<'_> {
    fn connections(&mut self, section: &mut Node) {
        let NodeKind::Map(connections) = &mut section.kind else { return };
        for connection in connections {
            self.key(connection);
            let NodeKind::Map(keys) = &mut connection.value.kind else { continue };
            for entry in keys {
                if DATA.contains(&entry.key.as_str()) {
                    self.forbidden(&entry.value);
                } else {
                    self.key(entry);
                    self.literal_secret(entry);
                    self.replace(&mut entry.value);
                }
            }
        }
    }

    /// Reports each variable in a part where none may stand.
    fn forbidden(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Null => {}
            NodeKind::Text(text) => {
                if let Some(at) = text.value.find("${")
                    && let Some(line) = Line::of(node, self.sources)
                {
                    let length = text.value[at..].find('}').map_or(2, |end| end + 1);
                    self.refused(line.place(at, at + length));
                }
            }
            NodeKind::List(items) => items.iter().for_each(|item| self.forbidden(item)),
            NodeKind::Map(entries) => {
                for entry in entries {
                    self.key(entry);
                    self.forbidden(&entry.value);
                }
            }
        }
    }

    fn refused(&mut self, span: Span) {
        let message = "`${…}` is not allowed here";
        let hint = "variables stand in connections, auth and policies; data never mixes with deployment";
        self.found.push(Diagnostic::new("E082", span, message).hint(hint));
    }

    fn key(&mut self, entry: &Entry) {
        if entry.key.contains("${") {
            self.refused(entry.key_span);
        }
    }

    /// Reports E081 below a node.
    fn literal_secrets(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::List(items) => items.iter().for_each(|item| self.literal_secrets(item)),
            NodeKind::Map(entries) => entries.iter().for_each(|entry| self.literal_secret(entry)),
            NodeKind::Null | NodeKind::Text(_) => {}
        }
    }

    fn literal_secret(&mut self, entry: &Entry) {
        let Some(text) =
            entry.value.text().filter(|text| SECRETS.contains(&entry.key.as_str()) && !text.is_empty())
        else {
            return self.literal_secrets(&entry.value);
        };
        let pieces = pieces(text);
        let variable =
            pieces.iter().any(|piece| matches!(piece, Piece::Env(_, None | Some("")) | Piece::Secret(_)));
        let default =
            pieces.iter().any(|piece| matches!(piece, Piece::Env(_, Some(default)) if !default.is_empty()));
        if !variable || default {
            let message = format!("a literal in `{}`, which is a secret", entry.key);
            let hint = format!("write `{}: \"${{secret:name}}\"`", entry.key);
            self.found.push(Diagnostic::new("E081", entry.value.span, message).hint(hint));
        }
    }

    fn replace(&mut self, node: &mut Node) {
        match &mut node.kind {
            NodeKind::Null => {}
            NodeKind::List(items) => items.iter_mut().for_each(|item| self.replace(item)),
            NodeKind::Map(entries) => {
                for entry in entries {
                    self.key(entry);
                    self.replace(&mut entry.value);
                }
            }
            NodeKind::Text(text) if text.value.contains("${") => {
                if let Some(value) = self.replaced(node) {
                    node.kind = NodeKind::Text(Text { value, style: Style::Quoted });
                }
            }
            NodeKind::Text(_) => {}
        }
    }

    /// Returns the text with all variables replaced; `None` leaves it as it is.
    fn replaced(&mut self, node: &Node) -> Option<String> {
        let line = Line::of(node, self.sources)?;
        let mut value = String::new();
        let mut at = 0;
        let mut whole = true;
        for piece in pieces(line.text) {
            let length = piece.length();
            let span = line.place(at, at + length);
            at += length;
            let replacement = match piece {
                Piece::Literal(text) => Some(text.to_owned()),
                Piece::Unreadable(_) => {
                    let message = "this variable cannot be read";
                    let hint = "there is ${env:NAME}, ${env:NAME:-default} and ${secret:name}";
                    self.found.push(Diagnostic::new("E082", span, message).hint(hint));
                    None
                }
                Piece::Env(name, default) => self.looked_up(span, name, |variables| {
                    variables.env(name).or_else(|| default.map(str::to_owned))
                }),
                Piece::Secret(name) => {
                    self.looked_up(span, name, |variables| Some(variables.secret(name)?.expose().clone()))
                }
            };
            match replacement {
                Some(text) => value.push_str(&text),
                None => whole = false,
            }
        }
        whole.then_some(value)
    }

    fn looked_up(
        &mut self,
        span: Span,
        name: &str,
        look: impl Fn(&dyn Variables) -> Option<String>,
    ) -> Option<String> {
        let value = look(self.variables?);
        if value.is_none() {
            let message = format!("`{name}` has no value here");
            let hint = "set it, or give it a default: ${env:NAME:-default}";
            self.found.push(Diagnostic::new("E083", span, message).hint(hint));
        }
        value
    }
}

impl Piece<'_> {
    /// Returns how many bytes of the text it is.
    fn length(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Env(name, None) => "${env:}".len() + name.len(),
            Self::Env(name, Some(default)) => "${env::-}".len() + name.len() + default.len(),
            Self::Secret(name) => "${secret:}".len() + name.len(),
            Self::Unreadable(length) => *length,
        }
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            pieces.push(Piece::Literal(&rest[..start]));
        }
        let from = &rest[start..];
        let Some(end) = from.find('}') else {
            pieces.push(Piece::Unreadable(from.len()));
            return pieces;
        };
        pieces.push(variable(&from[2..end]).unwrap_or(Piece::Unreadable(end + 1)));
        rest = &from[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

fn variable(inner: &str) -> Option<Piece<'_>> {
    let name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b))
    };
    if let Some(secret) = inner.strip_prefix("secret:") {
        return name(secret).then_some(Piece::Secret(secret));
    }
    let env = inner.strip_prefix("env:")?;
    match env.split_once(":-") {
        Some((env, default)) => name(env).then_some(Piece::Env(env, Some(default))),
        None => name(env).then_some(Piece::Env(env, None)),
    }
}
