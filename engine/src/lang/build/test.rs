//! Builds `tests:`.
//!
//! **Invariant.** A test has one of its shapes, and no key that the shape does not look at.

use super::Reader;
use crate::lang::ast::{Payload, Spanned, Test, TestCall, TestMessage, TestRequest, TestResponse};
use crate::lang::check::first_line;
use crate::lang::suggest;
use crate::lang::table::Scalar;
use kernel::{Diagnostic, Entry, Node, NodeKind, Style, Text};
use std::collections::BTreeMap;

/// The key that says what a test is about, what must and what may stand with it.
const SHAPES: [(&str, &[&str], &[&str]); 5] = [
    ("model", &["legacy", "modern"], &["oneWay"]),
    ("request", &[], &["headers", "body", "calls", "response", "events", "sql", "reply"]),
    ("file", &[], &["events", "rejected"]),
    ("messages", &["events"], &[]),
    ("reconcile", &[], &["calls", "events"]),
];

impl Reader<'_> {
    /// Builds the section.
    pub(crate) fn tests(&mut self, section: Option<&Node>) -> Vec<Test> {
        let Some(section) = section else { return Vec::new() };
        let list = section.list().unwrap_or_default();
        let tests: Vec<_> = list.iter().filter_map(|node| self.test(node)).collect();
        self.names_differ(&tests);
        self.states_exist(&tests);
        tests
    }

    fn names_differ(&mut self, tests: &[Test]) {
        let mut names = BTreeMap::new();
        for test in tests {
            if let Some(first) = names.get(&test.name.value) {
                let message = format!("two tests are called `{}`", test.name.value);
                self.found.push(
                    Diagnostic::new("E001", test.name.span, message).also(Some(*first), "first defined here"),
                );
            } else {
                names.insert(test.name.value.clone(), test.name.span);
            }
        }
    }

    fn states_exist(&mut self, tests: &[Test]) {
        let names: BTreeMap<&str, &Test> =
            tests.iter().map(|test| (test.name.value.as_str(), test)).collect();
        for test in tests {
            let Some(after) = &test.after else { continue };
            if !names.contains_key(after.value.as_str()) {
                let hint = suggest::hint(&after.value, names.keys().copied()).unwrap_or_default();
                self.wrong(after.span, format!("there is no test `{}`", after.value), hint);
                continue;
            }
            let mut next = Some(test);
            for _ in 0..=tests.len() {
                next = next.and_then(|test| names.get(test.after.as_ref()?.value.as_str()).copied());
            }
            if next.is_some() {
                self.wrong(
                    after.span,
                    "tests keep each other's state in a circle",
                    "begin with one that stands alone",
                );
            }
        }
    }

    fn test(&mut self, node: &Node) -> Option<Test> {
        let name = self.text(node, "name")?;
        self.has_a_shape(node, &name);
        let legacy = node.at("legacy");
        if let Some(legacy) = legacy {
            self.look_alike(legacy);
        }
        Some(Test {
            after: self.text(node, "after"),
            model: self.text(node, "model"),
            legacy: legacy.and_then(|node| self.payload(node)),
            modern: self.payload_at(node, "modern"),
            one_way: self.is_set(node, "oneWay"),
            request: self.request(node),
            headers: self.headers(node),
            body: self.payload_at(node, "body"),
            calls: node
                .at("calls")
                .and_then(Node::map)
                .map(|calls| calls.iter().map(|call| self.test_call(call)).collect()),
            response: self.response(node),
            statement: self.text(node, "sql"),
            reply: self.payload_at(node, "reply"),
            file: self.text(node, "file"),
            messages: self.messages(node),
            reconcile: self.text(node, "reconcile"),
            events: node.at("events").and_then(Node::list).map(<[Node]>::to_vec),
            rejected: self.text(node, "rejected"),
            span: node.span,
            name,
        })
    }

    fn has_a_shape(&mut self, node: &Node, name: &Spanned<String>) {
        let Some((shape, must, may)) = SHAPES.iter().find(|(shape, ..)| node.at(shape).is_some()) else {
            let hint = "write one of `model`, `request`, `file`, `messages`, `reconcile`";
            self.wrong(name.span, "this test proves nothing", hint);
            return;
        };
        for key in must.iter().filter(|key| node.at(key).is_none()) {
            self.wrong(
                first_line(node),
                format!("`{key}` is missing in a test of `{shape}`"),
                "a test without it proves nothing",
            );
        }
        for entry in node.map().unwrap_or_default() {
            let key = entry.key.as_str();
            let known = SHAPES
                .iter()
                .any(|(name, must, may)| *name == key || must.contains(&key) || may.contains(&key));
            if known && key != *shape && !must.contains(&key) && !may.contains(&key) {
                let message = format!("`{key}` has no effect in a test of `{shape}`");
                self.wrong(entry.key_span, message, "remove it, or write a test of its own");
            }
        }
        let empty = may.iter().any(|key| node.at(key).is_some()) || *shape == "model" || *shape == "messages";
        if !empty {
            self.wrong(name.span, "this test expects nothing", format!("write one of: {}", may.join(", ")));
        }
    }

    fn payload_at(&mut self, node: &Node, key: &str) -> Option<Payload> {
        self.payload(node.at(key)?)
    }

    fn payload(&mut self, node: &Node) -> Option<Payload> {
        match &node.kind {
            NodeKind::Null => None,
            NodeKind::List(_) | NodeKind::Map(_) => Some(Payload::Inline(node.clone())),
            NodeKind::Text(Text { value, style }) => {
                let text = Spanned::new(value.clone(), node.span);
                if *style == Style::Block || value.trim_start().starts_with(['<', '{', '[']) {
                    return Some(Payload::Text(text));
                }
                if !Scalar::File.fits(value) {
                    let message = format!("`{value}` is not a file below the project's root");
                    self.wrong(
                        node.span,
                        message,
                        "write a path such as tests/reply.xml, or the data itself",
                    );
                    return None;
                }
                Some(Payload::File(text))
            }
        }
    }

    fn request(&mut self, node: &Node) -> Option<TestRequest> {
        let text = self.text(node, "request")?;
        let request = text.value.split_once(' ').map(|(method, target)| (method, target.trim()));
        match request {
            Some((method, target))
                if target.starts_with('/') && method.bytes().all(|b| b.is_ascii_uppercase()) =>
            {
                Some(TestRequest { method: method.to_owned(), target: target.to_owned(), span: text.span })
            }
            _ => {
                let message = format!("`{}` is not a request", text.value);
                self.wrong(text.span, message, "a request looks like `GET /reservations/R-1`");
                None
            }
        }
    }

    fn headers(&self, node: &Node) -> Vec<(Spanned<String>, Spanned<String>)> {
        let pair = |entry: &Entry| {
            Some((Spanned::new(entry.key.clone(), entry.key_span), self.text_of(&entry.value)?))
        };
        self.entries(node, "headers").iter().filter_map(pair).collect()
    }

    fn test_call(&mut self, entry: &Entry) -> TestCall {
        let node = &entry.value;
        TestCall {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            request: self.payload_at(node, "request"),
            reply: self.payload_at(node, "reply"),
            status: self.status(node, "status"),
            span: super::field::whole(entry),
        }
    }

    fn response(&mut self, node: &Node) -> Option<TestResponse> {
        let node = node.at("response")?;
        node.map()?;
        Some(TestResponse {
            status: self.status(node, "status"),
            problem: self.text(node, "problem"),
            detail: self.text(node, "detail"),
            headers: self.headers(node),
            body: self.payload_at(node, "body"),
            span: node.span,
        })
    }

    fn messages(&mut self, node: &Node) -> Option<Vec<TestMessage>> {
        let list = node.at("messages")?.list()?;
        let message = |item: &Node| {
            let (topic, payload) = (self.text(item, "topic")?, self.text(item, "payload")?);
            Some(TestMessage { topic, payload, span: item.span })
        };
        Some(list.iter().filter_map(message).collect())
    }
}
