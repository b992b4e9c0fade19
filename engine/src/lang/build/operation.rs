//! Builds `rest:`.
//!
//! **Invariant.** A template's segments are whole literals or whole parameters; no two operations have the same route.

use super::field::whole;
use super::policy::Shared;
use super::{Place, Reader};
use crate::lang::ast::{
    CompareOp, Filter, Operation, PageRule, QueryParam, ReplyField, Segment, Spanned, StepCall, Verb,
};
use crate::lang::suggest;
use crate::lang::syntax::Line;
use kernel::{Diagnostic, Entry, Node, Span};
use std::collections::BTreeMap;

/// The types of parameters.
pub(crate) static PARAM_TYPES: [&str; 7] =
    ["text", "integer", "number", "boolean", "date", "time", "datetime"];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const PAGE_SIZE: u32 = 50;
const PAGE_MAX: u32 = 500;

/// Method, template and segments of an operation's key.
struct Route {
    method: Spanned<String>,
    template: Spanned<String>,
    segments: Vec<Spanned<Segment>>,
}

impl Reader<'_> {
    /// Builds the section.
    pub(crate) fn rest(&mut self, section: Option<&Node>, shared: &Shared) -> Vec<Operation> {
        let entries = section.and_then(Node::map).unwrap_or_default();
        let operations: Vec<_> = entries.iter().filter_map(|entry| self.operation(entry, shared)).collect();
        self.routes_differ(&operations);
        operations
    }

    fn routes_differ(&mut self, operations: &[Operation]) {
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

    fn operation(&mut self, entry: &Entry, shared: &Shared) -> Option<Operation> {
        let node = &entry.value;
        let route = self.route(entry);
        let operation = Operation {
            key: Spanned::new(entry.key.clone(), entry.key_span),
            method: Spanned::new(String::new(), entry.key_span),
            template: Spanned::new(String::new(), entry.key_span),
            segments: Vec::new(),
            verb: self.verb(node),
            body: self.text(node, "body"),
            reply: self.reply(node),
            call: self.call(node),
            send: self.assigns(node, "send"),
            receive: self.path(node, "receive"),
            read: self.text(node, "read"),
            statement: self.text(node, "sql"),
            status: self.status(node, "status"),
            query: self.query(node),
            filter: self.filter(node),
            page: self.page(node),
            steps: self.steps(node),
            policy: self.policy(node, Place::Operation, shared),
            doc: self.text(node, "doc"),
            since: self.text(node, "since"),
            until: self.text(node, "until"),
            span: whole(entry),
        };
        self.operation_is_whole(entry, &operation);
        let Route { method, template, segments } = route?;
        Some(Operation { method, template, segments, ..operation })
    }

    fn operation_is_whole(&mut self, entry: &Entry, operation: &Operation) {
        let has = |key: &str| entry.value.at(key).is_some();
        if entry.value.map().is_none() {
            return;
        }
        if has("steps") != has("reply") {
            let hint = "`steps` ask several systems, `reply` puts their answers together";
            self.wrong(entry.key_span, "`steps` and `reply` stand together or not at all", hint);
        }
        if has("steps") && (has("call") || has("sql")) {
            self.wrong(
                entry.key_span,
                "`steps` cannot stand together with `call` or `sql`",
                "each step has its own call",
            );
        }
        if operation.body.is_some() && operation.verb.is_some() {
            self.wrong(
                entry.key_span,
                "`body` cannot stand together with a verb",
                "the model of the verb is the body",
            );
        }
        let does_something = operation.verb.is_some() || has("call") || has("steps") || has("sql");
        if !does_something {
            self.wrong(
                entry.key_span,
                "this operation does nothing",
                "write a verb such as `get: Model`, or `call:`",
            );
        }
        for (key, needs) in [("send", "call"), ("receive", "call")] {
            if has(key) && !has(needs) {
                self.wrong(
                    entry.key_span,
                    format!("`{key}` has no effect without `{needs}`"),
                    "name the legacy operation",
                );
            }
        }
    }

    fn route(&mut self, entry: &Entry) -> Option<Route> {
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

    fn verb(&mut self, node: &Node) -> Option<(Verb, Spanned<String>)> {
        let mut verbs = Verb::ALL.iter().filter_map(|verb| Some((*verb, self.text(node, verb.name())?)));
        let first = verbs.next();
        let second = verbs.next();
        if let (Some((first, _)), Some((second, model))) = (&first, second) {
            let message = format!("`{}` and `{}` in the same operation", first.name(), second.name());
            self.wrong(model.span, message, "an operation means one thing");
        }
        first
    }

    /// Returns `call:`, if it names a connection and an operation.
    pub(crate) fn call(&mut self, node: &Node) -> Option<Spanned<String>> {
        let call = self.text(node, "call")?;
        match call.value.split_once('.') {
            Some((connection, operation))
                if !connection.trim().is_empty() && !operation.trim().is_empty() =>
            {
                Some(call)
            }
            _ => {
                let message = format!("`{}` is not an operation of a connection", call.value);
                self.wrong(call.span, message, "write connection.Operation");
                None
            }
        }
    }

    fn reply(&mut self, node: &Node) -> Vec<ReplyField> {
        let mut fields = Vec::new();
        for entry in self.entries(node, "reply") {
            let name = self.field_name(entry);
            if let (Some(name), Some(value)) = (name, self.expr_of(&entry.value)) {
                fields.push(ReplyField { name: Spanned::new(name.text, name.span), value });
            }
        }
        fields
    }

    fn query(&mut self, node: &Node) -> Vec<QueryParam> {
        let entries = self.entries(node, "query");
        entries.iter().filter_map(|entry| self.query_param(entry)).collect()
    }

    fn query_param(&mut self, entry: &Entry) -> Option<QueryParam> {
        let node = &entry.value;
        let ty = match node.map() {
            Some(_) => self.text(node, "type")?,
            None => self.text_of(node)?,
        };
        if !PARAM_TYPES.contains(&ty.value.as_str()) {
            if node.map().is_none() {
                let hint = suggest::hint(&ty.value, PARAM_TYPES).unwrap_or_default();
                self.wrong(ty.span, format!("`{}` is not a type of a parameter", ty.value), hint);
            }
            return None;
        }
        Some(QueryParam {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            ty,
            required: self.is_set(node, "required"),
            allowed: self.texts(node, "enum"),
            default: self.text(node, "default"),
            doc: self.text(node, "doc"),
        })
    }

    fn filter(&mut self, node: &Node) -> Vec<Filter> {
        let entries = self.entries(node, "filter");
        entries.iter().filter_map(|entry| self.filter_of(entry)).collect()
    }

    fn filter_of(&mut self, entry: &Entry) -> Option<Filter> {
        let line = self.line(&entry.value)?;
        let text = line.text;
        let split = text.trim_start().find(' ').map(|at| at + text.len() - text.trim_start().len());
        let at = split.unwrap_or(text.len());
        let (field, written) = (line.part(0, at), line.part(at, text.len()));
        let op = match written.value.as_str() {
            "" => Some(CompareOp::Equal),
            word => CompareOp::ALL.iter().find(|(name, _)| *name == word).map(|(_, op)| *op),
        };
        let Some(op) = op else {
            let message = format!("`{}` is not a comparison", written.value);
            self.wrong(written.span, message, "there is: = != < <= > >= starts contains in");
            return None;
        };
        Some(Filter {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            field,
            op: Spanned::new(op, written.span),
        })
    }

    fn page(&mut self, node: &Node) -> Option<PageRule> {
        let node = node.at("page")?;
        node.map()?;
        let next = self.path(node, "next");
        let size = self.integer(node, "size").unwrap_or(Spanned::new(PAGE_SIZE, node.span));
        let max = self.integer(node, "max").unwrap_or(Spanned::new(PAGE_MAX.max(size.value), node.span));
        if size.value > max.value {
            self.wrong(
                size.span,
                format!("pages of {} items, but at most {}", size.value, max.value),
                "raise `max`",
            );
        }
        Some(PageRule { size, max, next, span: node.span })
    }

    fn steps(&mut self, node: &Node) -> Vec<StepCall> {
        let entries = self.entries(node, "steps");
        entries.iter().map(|entry| self.step_call(entry)).collect()
    }

    fn step_call(&mut self, entry: &Entry) -> StepCall {
        let node = &entry.value;
        if node.at("parallel").is_some() && node.at("each").is_none() {
            self.wrong(
                entry.key_span,
                "`parallel` has no effect without `each`",
                "write `each:` with a list",
            );
        }
        StepCall {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            call: self.call(node),
            send: self.assigns(node, "send"),
            receive: self.path(node, "receive"),
            model: self.text(node, "as"),
            each: self.text(node, "each"),
            parallel: self.integer(node, "parallel"),
            optional: self.is_set(node, "optional"),
            span: whole(entry),
        }
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
