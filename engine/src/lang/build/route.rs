//! Reads the keys of `rest:`: method and path template.
//!
//! **Invariant.** A template's segments are whole literals or whole parameters; no two operations have the same route.

use super::Reader;
use crate::lang::ast::{Operation, Segment, Spanned};
use crate::lang::syntax::Line;
use kernel::{Diagnostic, Entry, Span};
use std::collections::BTreeMap;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Method, template and segments of an operation's key.
pub(super) struct Route {
    pub(super) method: Spanned<String>,
    pub(super) template: Spanned<String>,
    pub(super) segments: Vec<Spanned<Segment>>,
}

impl Reader<'_> {
    /// Reports operations that no router could tell apart.
    pub(super) fn routes_differ(&mut self, operations: &[Operation]) {
        let mut routes: BTreeMap<String, Span> = BTreeMap::new();
        for operation in operations {
            let mut route = operation.method.value.clone();
            for segment in &operation.segments {
                route.push('/');
                route.push_str(match &segment.value {
                    Segment::Literal(text) => text,
                    Segment::Param(_) => "{}",
                });
            }
            if let Some(first) = routes.get(&route) {
                let message = format!("`{}` has the same route as another operation", operation.key.value);
                let diagnostic = Diagnostic::new("E001", operation.key.span, message);
                self.found.push(diagnostic.also(Some(*first), "first defined here"));
            } else {
                routes.insert(route, operation.key.span);
            }
        }
    }

    /// Reads the key of an operation.
    pub(super) fn route(&mut self, entry: &Entry) -> Option<Route> {
        let line = Line::of_key(&entry.key, entry.key_span, self.sources);
        let text = line.text;
        let space = text.find(' ');
        let method = space.map(|at| &text[..at]);
        let Some(at) = space.filter(|_| method.is_some_and(|method| METHODS.contains(&method))) else {
            let message = format!("`{text}` is not a method and a path");
            self.wrong(
                entry.key_span,
                message,
                "such a key looks like `GET /reservations/{id}`; methods are GET POST PUT PATCH DELETE",
            );
            return None;
        };
        let start = at + text[at..].len() - text[at..].trim_start().len();
        let template = line.part(start, text.len());
        if !template.value.starts_with('/') {
            self.wrong(
                template.span,
                format!("`{}` does not begin with `/`", template.value),
                "write `GET /path`",
            );
            return None;
        }
        let segments = self.segments(&line, start + 1)?;
        Some(Route { method: line.part(0, at), template, segments })
    }

    fn segments(&mut self, line: &Line<'_>, from: usize) -> Option<Vec<Spanned<Segment>>> {
        let mut segments: Vec<Spanned<Segment>> = Vec::new();
        let mut at = from;
        let rest = line.text[from..].trim_end();
        if rest.is_empty() {
            return Some(segments);
        }
        for part in rest.split('/') {
            let span = line.place(at, at + part.len());
            at += part.len() + 1;
            let Some(segment) = segment(part) else {
                let span = if part.is_empty() { line.span } else { span };
                let message = format!("`{part}` is not a segment of a path");
                self.wrong(span, message, "a segment is a text, or a parameter such as {id}");
                return None;
            };
            if let Segment::Param(name) = &segment
                && segments.iter().any(|other| other.value == segment)
            {
                self.found.push(Diagnostic::new(
                    "E001",
                    span,
                    format!("the parameter `{name}` stands twice in this path"),
                ));
                return None;
            }
            segments.push(Spanned::new(segment, span));
        }
        Some(segments)
    }
}

fn segment(part: &str) -> Option<Segment> {
    if let Some(name) = part.strip_prefix('{') {
        let name = name.strip_suffix('}')?;
        let identifier = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return identifier.then(|| Segment::Param(name.to_owned()));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || "{}?#%\"<>\\^`|".contains(c);
    (!part.is_empty() && part != "." && part != ".." && !part.contains(odd))
        .then(|| Segment::Literal(part.to_owned()))
}
