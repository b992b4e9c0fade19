//! Events in the report: where they go, how changes are noticed, and what may be late.
//!
//! **Invariant.** What is not noticed is said.

use crate::program::{EventPlan, EventTypes, Program, TopicPlan, WatchPlan};
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
        noticed: match &events.watch {
            Some(watch) => watched(program, watch, events),
            None => vec!["writes through this facade; other changes are not noticed".into()],
        },
    }
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
            let field: Vec<&str> = since.field.names.iter().map(|name| &**name).collect();
            vec![format!("every {every} rows of {name} with a later {}", field.join("."))]
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
        json!({ "model": self.model, "topic": self.topic, "types": types, "noticed": self.noticed })
    }
}
