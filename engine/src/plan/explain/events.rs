//! Events in the report: where they go, how changes are noticed, and what may be late.
//!
//! **Invariant.** What is not noticed is said.

use super::Memory;
use crate::plan::model::Formula;
use crate::program::{EventPlan, EventTypes, FieldPath, Program, StreamPlan, TopicPlan, WatchPlan};
use serde_json::{Value as Json, json};

/// The events of a model in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReport {
    /// The model.
    pub model: String,
    /// Connection and topic.
    pub topic: String,
    /// The types by what they tell of.
    pub types: Vec<(String, String)>,
    /// How changes are noticed, in sentences.
    pub noticed: Vec<String>,
    /// What the mapping says of each event: `key`, `id`, `time`, …, by name.
    pub facts: Vec<(String, String)>,
    /// What has to hold before anything of a unit is published.
    pub verified: Vec<String>,
    /// Where records go that cannot be read.
    pub rejected: Option<String>,
    /// How much is in memory at once, where records come by themselves.
    pub memory: Option<Memory>,
}

pub(super) fn events(program: &Program, events: &EventPlan) -> EventReport {
    let types = match &events.types {
        EventTypes::Record(ty) => vec![("each record".to_owned(), ty.to_string())],
        EventTypes::State { created, updated, deleted } => {
            let named = [("created", created), ("updated", updated), ("deleted", deleted)];
            named
                .into_iter()
                .filter_map(|(what, ty)| Some((what.to_owned(), ty.as_ref()?.to_string())))
                .collect()
        }
    };
    EventReport {
        model: events.name.to_string(),
        topic: topic(program, &events.topic),
        types,
        noticed: match (&events.watch, &events.stream) {
            (Some(watch), _) => watched(program, watch, events),
            (None, Some(stream)) => streamed(program, stream, events),
            (None, None) => vec!["writes through this facade; other changes are not noticed".into()],
        },
        facts: events.stream.as_ref().map(|_| facts(program, events)).unwrap_or_default(),
        verified: events.stream.as_ref().map(StreamPlan::verified).unwrap_or_default(),
        rejected: events.stream.as_ref().map(|_| rejected(program, events)),
        memory: events.stream.as_ref().map(super::memory::of_stream),
    }
}

/// Says which records are events, and which are not.
fn streamed(program: &Program, stream: &StreamPlan, events: &EventPlan) -> Vec<String> {
    let model = program.model(events.model);
    let name = |part: kernel::PartId| &*model.shape.part(part).name.local;
    let connection = program.connections.get(stream.connection).map_or("", |connection| &*connection.name);
    let mut noticed = vec![format!("each `{}` of {connection}, as it comes", name(stream.record))];
    if let Some(newest) = &stream.newest {
        noticed
            .push(format!("one with an earlier {} than the last one of its key is dropped", newest.dotted()));
    }
    let beside = crate::plan::compile::beside_names(model);
    let compared = stream.compared();
    let other = |&part: &kernel::PartId| {
        let name = name(part);
        match (beside.contains(name), compared.contains(&name)) {
            (true, _) => format!("{name} (read as ${name})"),
            (false, true) => format!("{name} (its totals are compared)"),
            (false, false) => name.to_owned(),
        }
    };
    let others: Vec<String> = stream.others.iter().map(other).collect();
    if !others.is_empty() {
        noticed.push(format!("others pass by: {}", others.join(", ")));
    }
    noticed
}

fn rejected(program: &Program, events: &EventPlan) -> String {
    let limit = events.policy.reject_limit.as_ref().map(|limit| limit.value);
    let limit = limit.map_or_else(String::new, |limit| format!("; more than {limit} stop the source"));
    match &events.reject {
        Some(reject) => format!("to {}{limit}", topic(program, reject)),
        None => "nowhere: a record that cannot be read stops the source".into(),
    }
}

/// What each event of a stream is known by, and when there is one.
fn facts(program: &Program, events: &EventPlan) -> Vec<(String, String)> {
    let text = |formula: &Option<Formula>| formula.as_ref().map(|formula| formula.typed.text().to_owned());
    let model = program.model(events.model);
    let key: Vec<&str> = model.key.iter().filter_map(|&n| Some(&*model.body.fields.get(n)?.name)).collect();
    let key = (!key.is_empty()).then(|| key.join(" and "));
    let only = events.only_changes.iter().map(FieldPath::dotted).collect::<Vec<_>>().join(", ");
    let otherwise = |text: Option<String>, default: &str| text.or_else(|| Some(default.to_owned()));
    let all = [
        ("key", text(&events.key).or(key)),
        ("id", otherwise(text(&events.id), "its place in its source")),
        ("time", otherwise(text(&events.time), "when it was read")),
        ("subject", text(&events.subject)),
        ("deleted", text(&events.deleted_when).map(|when| format!("when {when}"))),
        ("only", (!only.is_empty()).then(|| format!("changes of {only}"))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn topic(program: &Program, topic: &TopicPlan) -> String {
    match topic.connection.and_then(|index| program.connections.get(index)) {
        Some(connection) => format!("{}/{}", connection.name, topic.topic),
        None => format!("{} (embedded log)", topic.topic),
    }
}

fn watched(program: &Program, watch: &WatchPlan, events: &EventPlan) -> Vec<String> {
    let every = super::operations::time(watch.every);
    let table = program.model(watch.table.model);
    let name = crate::plan::compile::structures::dotted(&table.shape, watch.table.table.part);
    let mut noticed = match &watch.since {
        Some(since) => {
            vec![format!("every {every} rows of {name} with a later {}", since.field.dotted())]
        }
        None => vec![format!("every {every} all rows of {name} are compared")],
    };
    noticed.push(watch.lateness());
    let deletes = matches!(&events.types, EventTypes::State { deleted: Some(_), .. });
    match (&watch.since, watch.sweep) {
        (Some(_), Some(sweep)) => {
            noticed.push(format!("deletes are found by the sweep every {}", super::operations::time(sweep)));
        }
        (Some(_), None) if deletes => noticed.push(match &events.deleted_when {
            Some(_) => "only soft deletes are noticed, because there is no `sweep`".into(),
            None => "deletes are not noticed, because there is no `sweep`".into(),
        }),
        _ => {}
    }
    noticed
}

impl EventReport {
    pub(super) fn json(&self) -> Json {
        let types: serde_json::Map<String, Json> =
            self.types.iter().map(|(what, ty)| (what.clone(), ty.as_str().into())).collect();
        let facts: serde_json::Map<String, Json> =
            self.facts.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let memory = self
            .memory
            .as_ref()
            .map(|memory| json!({ "class": memory.class.name(), "causes": memory.causes }));
        json!({
            "model": self.model, "topic": self.topic, "types": types, "noticed": self.noticed, "facts": facts,
            "verified": self.verified, "rejected": self.rejected, "memory": memory,
        })
    }
}
