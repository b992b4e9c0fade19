//! Builds `events:` and `reconcile:`.
//!
//! **Invariant.** An event block publishes something, or there is an error about it.

use super::field::whole;
use super::policy::Shared;
use super::{Place, Reader};
use crate::lang::ast::{Assign, Events, OnDrift, Operand, Reconcile, Spanned, Topic, Watch};
use crate::lang::syntax::Line;
use kernel::{Entry, Node};

impl Reader<'_> {
    /// Builds an entry of `events:`.
    pub(crate) fn events(&mut self, entry: &Entry, shared: &Shared) -> Events {
        let node = &entry.value;
        self.publishes(entry);
        Events {
            model: Spanned::new(entry.key.clone(), entry.key_span),
            topic: self.topic(node, "topic"),
            ty: self.text(node, "type"),
            created: self.text(node, "created"),
            updated: self.text(node, "updated"),
            deleted: self.text(node, "deleted"),
            deleted_when: self.formula(node, "deletedWhen"),
            key: self.formula(node, "key"),
            id: self.formula(node, "id"),
            time: self.formula(node, "time"),
            subject: self.formula(node, "subject"),
            newest: self.text(node, "newest"),
            only_changes: self.texts(node, "onlyChanges"),
            reject: self.topic(node, "reject"),
            verify: self.verify(node),
            watch: self.watch(node),
            policy: self.policy(node, Place::Events, shared),
            span: whole(entry),
        }
    }

    fn publishes(&mut self, entry: &Entry) {
        let has = |key: &str| entry.value.at(key).is_some();
        if entry.value.map().is_none() {
            return;
        }
        let states = ["created", "updated", "deleted"];
        let state = states.into_iter().find(|key| has(key));
        match (has("type"), state) {
            (true, Some(state)) => {
                let message = format!("`type` and `{state}` exclude each other");
                self.wrong(
                    entry.key_span,
                    message,
                    "`type` is for each record, the others for changes of state",
                );
            }
            (false, None) => {
                let message = format!("the events of {} have no type", entry.key);
                self.wrong(entry.key_span, message, "write `type:`, or `created:`, `updated:`, `deleted:`");
            }
            _ => {}
        }
        if has("deletedWhen") && !has("deleted") {
            self.wrong(
                entry.key_span,
                "`deletedWhen` has no effect without `deleted`",
                "write the type of the event",
            );
        }
    }

    fn topic(&mut self, node: &Node, key: &str) -> Option<Topic> {
        let line = self.line(node.at(key)?)?;
        let text = line.text;
        let Some(slash) = text.find('/') else {
            return Some(Topic { connection: None, topic: line.part(0, text.len()) });
        };
        let (connection, topic) = (line.part(0, slash), line.part(slash + 1, text.len()));
        if connection.value.is_empty() || topic.value.is_empty() {
            self.wrong(line.span, format!("`{text}` is not a topic"), "write connection/topic");
            return None;
        }
        Some(Topic { connection: Some(connection), topic })
    }

    fn verify(&mut self, node: &Node) -> Vec<Assign> {
        let mut all = Vec::new();
        for entry in self.entries(node, "verify") {
            let path = self.key_path(entry);
            let Some(line) = Line::of(&entry.value, self.sources) else { continue };
            let value = crate::lang::syntax::value::expression(&line, &mut self.found);
            if let (Some(path), Some(value)) = (path, value) {
                all.push(Assign { path, value: Operand::Expr(value) });
            }
        }
        all
    }

    fn watch(&mut self, node: &Node) -> Option<Watch> {
        let node = node.at("watch")?;
        node.map()?;
        Some(Watch {
            every: self.duration(node, "every"),
            since: self.text(node, "since"),
            overlap: self.duration(node, "overlap"),
            sweep: self.duration(node, "sweep"),
            call: self.call(node),
            send: self.assigns(node, "send"),
            receive: self.path(node, "receive"),
            span: node.span,
        })
    }

    /// Builds an entry of `reconcile:`.
    pub(crate) fn reconcile(&mut self, entry: &Entry) -> Reconcile {
        let node = &entry.value;
        Reconcile {
            model: Spanned::new(entry.key.clone(), entry.key_span),
            every: self.duration(node, "every"),
            call: self.call(node),
            for_each: self.texts(node, "forEach"),
            send: self.assigns(node, "send"),
            receive: self.path(node, "receive"),
            compare: self.texts(node, "compare"),
            on_drift: self.parsed(node, "onDrift", |word| match word {
                "resend" => Some(OnDrift::Resend),
                "adopt" => Some(OnDrift::Adopt),
                "report" => Some(OnDrift::Report),
                _ => None,
            }),
            event: self.text(node, "event"),
            span: whole(entry),
        }
    }
}
