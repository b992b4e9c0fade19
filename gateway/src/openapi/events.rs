//! The topics of a project in the document: a path for each that can be read, with its scope and its events.
//!
//! **Invariant.** A topic whose events nobody keeps here has no path.

use super::{embedded, is_secured, problem_response};
use crate::problem::{Kind, Types};
use engine::program::{EventPlan, EventTypes, Program, TopicPlan};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The scope of dead letters.
const REJECT_SCOPE: &str = "events:reject";

/// Returns each path with its operation, and adds the schemas that they need.
pub(super) fn describe(
    program: &Program,
    types: &Types,
    schemas: &mut Map<String, Value>,
) -> BTreeMap<String, Value> {
    let mut paths = BTreeMap::new();
    for plan in &program.events {
        let own = plan.policy.scope.as_ref().map(|scope| scope.value.clone());
        let scope = own.unwrap_or_else(|| format!("events:{}", plan.topic.topic));
        let topics = [(&plan.topic, scope, false)].into_iter();
        let rejects = plan.reject.iter().map(|topic| (topic, REJECT_SCOPE.to_owned(), true));
        for (topic, scope, rejects) in topics.chain(rejects).filter(|(topic, ..)| is_kept(program, topic)) {
            let name = if rejects { "RejectedEvent".to_owned() } else { format!("{}Event", plan.name) };
            let schema = if rejects { envelope(&[crate::events::REJECTED], None) } else { event(plan) };
            schemas.entry(name.clone()).or_insert(schema);
            let operation = operation(program, &topic.topic, &scope, &name, types);
            paths.insert(format!("/events/{}", topic.topic), json!({ "get": operation }));
        }
    }
    paths
}

fn is_kept(program: &Program, topic: &TopicPlan) -> bool {
    topic.connection.is_none_or(|index| &*program.connections[index].kind == "log")
}

fn operation(program: &Program, topic: &str, scope: &str, schema: &str, types: &Types) -> Value {
    let line = json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } });
    let problem = |kinds: &[Kind]| {
        let facts: Vec<_> = kinds.iter().map(|kind| kind.facts()).collect();
        let listed: Vec<_> = facts.iter().map(|facts| (facts.slug, facts.title, facts.status)).collect();
        problem_response(&listed, types)
    };
    let mut described = json!({
        "operationId": format!("readTopic{}", words(topic)),
        "summary": format!("Reads the topic {topic}."),
        "description": format!("Needs the scope `{scope}`. Each event carries its `cursor`; reading goes on behind it."),
        "tags": ["events"],
        "parameters": [
            parameter("after", "query", "Behind which event; without it from the oldest that is kept.", &json!({ "type": "string" })),
            parameter("limit", "query", "Events of a page.", &json!({ "type": "integer", "minimum": 1, "maximum": 10_000, "default": 1_000 })),
            parameter("Last-Event-ID", "header", "The same as `after`, and stronger.", &json!({ "type": "string" })),
        ],
        "responses": {
            "200": {
                "description": "CloudEvents: one per line to the last that is kept, or as server-sent events for as long as the client listens.",
                "content": { "application/x-ndjson": line, "text/event-stream": { "schema": { "type": "string" } } },
            },
            "400": problem(&[Kind::InvalidParameter]),
            "404": problem(&[Kind::NotFound]),
            "406": problem(&[Kind::NotAcceptable]),
            "410": problem(&[Kind::CursorExpired]),
            "500": problem(&[Kind::Internal]),
            "503": problem(&[Kind::Unavailable]),
        },
    });
    if is_secured(program) {
        described["security"] = json!([{ "token": [scope] }]);
        described["responses"]["401"] = problem(&[Kind::Unauthenticated]);
        described["responses"]["403"] = problem(&[Kind::Forbidden]);
    }
    described
}

fn parameter(name: &str, place: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "description": description, "schema": schema })
}

/// The schema of an event of a block.
fn event(plan: &EventPlan) -> Value {
    let named: Vec<&str> = match &plan.types {
        EventTypes::Record(ty) => vec![ty],
        EventTypes::State { created, updated, deleted } => {
            [created, updated, deleted].into_iter().flatten().map(|ty| &**ty).collect()
        }
    };
    let data = embedded(&format!("{}Event/properties/data/anyOf/0", plan.name), &plan.schema);
    // Of a record that is gone, only its key is told.
    envelope(&named, Some(&json!({ "anyOf": [data, { "type": "object" }] })))
}

pub(crate) fn envelope(named: &[&str], data: Option<&Value>) -> Value {
    let text = json!({ "type": "string" });
    let mut schema = json!({
        "type": "object",
        "description": "An event as in CloudEvents 1.0, in structured form.",
        "required": ["specversion", "id", "source", "type", "datacontenttype", "partitionkey", "cursor"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "description": "The same for the same event, however often it comes." },
            "source": { "type": "string", "format": "uri-reference" },
            "type": { "enum": named },
            "subject": text, "time": { "type": "string", "format": "date-time" },
            "datacontenttype": text,
            "partitionkey": { "type": "string", "description": "Events with the same one keep their order." },
            "cursor": { "type": "string", "description": "Where the event stands; reading goes on behind it." },
        },
    });
    match data {
        Some(data) => schema["properties"]["data"] = data.clone(),
        None => {
            schema["properties"]["reason"] = text.clone();
            schema["properties"]["data_base64"] = text;
            schema["properties"]["data"] = json!({});
        }
    }
    schema
}

fn words(topic: &str) -> String {
    let words = topic.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect()
}
