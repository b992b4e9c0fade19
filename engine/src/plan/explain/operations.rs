//! Operations in the report: what is called and how, and which policies apply.
//!
//! **Invariant.** No value of a request or secret of a connection is shown, only where they go.

use super::memory::{self, Memory};
use crate::lang::{self, Dedupe, Failures, Idempotency, Policy};
use crate::plan::resolve::written;
use crate::program::{CallPlan, OperationPlan, Program, SendValue, Target, Verb};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// An operation in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationReport {
    /// Method and template.
    pub key: String,
    /// What it means, and of which model.
    pub meaning: String,
    /// What is called.
    pub call: Option<String>,
    /// Where values go in the request, with what they are.
    pub sends: Vec<(String, String)>,
    /// How a table is asked, or a statement: which rows, in which order, what a write makes sure of.
    pub asks: Vec<(String, String)>,
    /// The operation that reads the old record.
    pub read_by: Option<String>,
    /// Memory.
    pub memory: Memory,
    /// Policies by name, of the operation and of its connection.
    pub policies: Vec<(String, String)>,
    /// When the error table is decided.
    pub judged: String,
}

pub(super) fn operation(program: &Program, operation: &OperationPlan) -> OperationReport {
    let model = operation.model.map(|id| &**program.model(id));
    let call = operation.call.as_ref();
    let mut policies = policy(&operation.policy);
    if let Some(connection) = call.and_then(|call| program.connections.get(call.connection)) {
        for (name, value) in policy(&connection.policy) {
            if !policies.iter().any(|(known, _)| *known == name) {
                policies.push((name, format!("{value} (connection {})", connection.name)));
            }
        }
    }
    let judged = match call {
        Some(call) if call.read.decides_early() => "before the payload is read",
        Some(call) if call.read.judges() => "when the reply is complete",
        _ => "by faults only",
    };
    OperationReport {
        key: operation.key.to_string(),
        meaning: match &operation.model_name {
            Some(name) => format!("{} {name}", operation.verb.name()),
            None => operation.verb.name().into(),
        },
        call: call.map(|call| call.name.to_string()),
        sends: call.and_then(CallPlan::send).map_or_else(Vec::new, |send| {
            let sent = send.assignments.iter();
            sent.map(|assignment| (written(&send.shape, &assignment.path), value(&assignment.value)))
                .collect()
        }),
        asks: call.map_or_else(Vec::new, |call| asks(operation, call)),
        read_by: operation.read_by.as_ref().map(ToString::to_string),
        memory: memory::of(operation, model),
        policies,
        judged: judged.into(),
    }
}

/// Says how a table or a statement is asked.
fn asks(operation: &OperationPlan, call: &CallPlan) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |what: &str, how: String| all.push((what.to_owned(), how));
    let own = match &call.target {
        Target::Own(own) => Some(own),
        Target::Table(plan) => plan.from.as_ref(),
        Target::Send(_) => None,
    };
    for value in own.iter().flat_map(|own| &own.values) {
        add("binds", format!(":{} = {}", value.name, value.formula.typed.text()));
    }
    let Some(plan) = call.table() else { return all };
    let name = |part| &*plan.shape.part(part).name.local;
    for filter in &plan.filters {
        let sign = lang::CompareOp::ALL.iter().find(|(_, op)| *op == filter.op).map_or("", |(sign, _)| *sign);
        let columns: Vec<&str> = filter.columns.iter().map(|column| name(column.part)).collect();
        let param = operation.params.get(filter.param).map_or("", |param| &*param.name);
        add("selects", format!("{} {sign} {param}, by {}", filter.field, columns.join(" + ")));
    }
    if operation.verb == Verb::List && operation.page.is_some() {
        let order = plan.total(None);
        let columns: Vec<String> = order
            .iter()
            .map(|order| {
                format!("{}{}", name(order.column), if order.descending { " descending" } else { "" })
            })
            .collect();
        add(
            "orders",
            format!("by {}; a page begins behind the last row of the one before", columns.join(", ")),
        );
    }
    if matches!(operation.verb, Verb::Update | Verb::Replace) {
        add("writes", "only changed columns, where the row is still as it was read".into());
    }
    all
}

fn value(value: &SendValue) -> String {
    match value {
        SendValue::Text(text) => text.to_string(),
        SendValue::Expr(formula, _) => format!("= {}", formula.typed.text()),
        SendValue::Body(_) => "= body".into(),
    }
}

fn policy(policy: &Policy) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, value: Option<String>| all.extend(value.map(|value| (name.to_owned(), value)));
    add("timeout", policy.timeout.as_ref().map(|it| time(it.value)));
    add("deadline", policy.deadline.as_ref().map(|it| time(it.value)));
    add("retry", policy.retry.as_ref().map(|it| it.value.max.to_string()));
    add(
        "breaker",
        policy.breaker.as_ref().map(|it| match it.value.failures {
            Failures::Percent(percent) => format!("{percent}% failures"),
            Failures::Count(count) => format!("{count} failures"),
        }),
    );
    add("concurrency", policy.concurrency.as_ref().map(|it| it.value.to_string()));
    add("queue", policy.queue.as_ref().map(|it| it.value.to_string()));
    add("rate", policy.rate.as_ref().map(|it| format!("{}/{}", it.value.count, time(it.value.per))));
    add("maxBytes", policy.max_bytes.as_ref().map(|it| it.value.to_string()));
    add("cache", policy.cache.as_ref().map(|it| time(it.value)));
    add("stale", policy.stale.as_ref().map(|it| time(it.value)));
    add(
        "idempotency",
        policy.idempotency.as_ref().map(|it| match it.value {
            Idempotency::Off => "off".into(),
            Idempotency::For(kept) => time(kept),
        }),
    );
    add("repeatable", policy.repeatable.as_ref().map(|it| it.value.to_string()));
    add(
        "dedupe",
        policy.dedupe.as_ref().map(|it| match it.value {
            Dedupe::Unchanged => "unchanged".into(),
        }),
    );
    add("scope", policy.scope.as_ref().map(|it| it.value.clone()));
    all
}

pub(super) fn time(duration: Duration) -> String {
    let ms = duration.as_millis();
    match ms {
        0 => "0s".into(),
        _ if ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

impl OperationReport {
    pub(super) fn json(&self) -> Json {
        json!({
            "operation": self.key, "meaning": self.meaning, "call": self.call,
            "sends": self.sends.iter().map(|(path, value)| json!({ "path": path, "value": value })).collect::<Vec<_>>(),
            "asks": self.asks.iter().map(|(what, how)| json!({ "what": what, "how": how })).collect::<Vec<_>>(),
            "readBy": self.read_by, "judged": self.judged,
            "memory": { "class": self.memory.class.name(), "causes": self.memory.causes },
            "policies": self.policies.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect::<serde_json::Map<_, _>>(),
        })
    }
}
