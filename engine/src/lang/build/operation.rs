//! Builds `rest:`.
//!
//! **Invariant.** What has no effect in an operation is an error, not ignored.

use super::field::whole;
use super::policy::Shared;
use super::route::Route;
use super::{Place, Reader};
use crate::lang::ast::{CompareOp, Filter, Operation, PageRule, QueryParam, ReplyField, Spanned, Verb};
use crate::lang::suggest;
use kernel::{Entry, Node};

/// The types of parameters.
pub(crate) static PARAM_TYPES: [&str; 7] =
    ["text", "integer", "number", "boolean", "date", "time", "datetime"];

const PAGE_SIZE: u32 = 50;
const PAGE_MAX: u32 = 500;

impl Reader<'_> {
    /// Builds the section.
    pub(crate) fn rest(&mut self, section: Option<&Node>, shared: &Shared) -> Vec<Operation> {
        let entries = section.and_then(Node::map).unwrap_or_default();
        let operations: Vec<_> = entries.iter().filter_map(|entry| self.operation(entry, shared)).collect();
        self.routes_differ(&operations);
        operations
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
        let (order, sort) = (self.texts(node, "order"), self.texts(node, "sort"));
        Some(PageRule { size, max, next, order, sort, span: node.span })
    }
}
