//! The description of what is published: AsyncAPI 3.0, printed from the compiled project.
//!
//! **Invariant.** Each topic of an event block is a channel, with every type of event that can stand in it. Numbers of
//! examples have the digits that events have.

use crate::events::REJECTED;
use crate::openapi::{embedded, envelope};
use engine::json as exact;
use engine::program::{EventPlan, EventTypes, Program, TopicPlan};
use engine::value::Value as Exact;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The server of topics that nobody names a connection for.
const OWN_LOG: &str = "event-log";
/// The attributes of CloudEvents 1.0 and its Partitioning extension: name, whether each event has it, what it says.
const ATTRIBUTES: [(&str, bool, &str); 8] = [
    ("specversion", true, "The version of CloudEvents."),
    ("id", true, "The same for the same event, however often it comes."),
    ("source", true, "The facade."),
    ("type", true, "What happened."),
    ("subject", false, "What the mapping says that it is about."),
    ("time", false, "When it happened."),
    ("dataschema", false, "Where the JSON Schema of the data is."),
    ("partitionkey", true, "Events with the same one keep their order."),
];

/// An event that a test of the mapping publishes.
#[derive(Debug, Clone)]
pub struct EventExample {
    /// The name of the test.
    pub test: String,
    /// The topic.
    pub topic: String,
    /// The type.
    pub ty: String,
    /// Attributes by their names, without `data`.
    pub attributes: Vec<(&'static str, String)>,
    /// The data.
    pub data: Exact,
}

/// Examples of a message at most.
const EXAMPLES_MAX: usize = 3;

/// Returns the document, as JSON.
pub fn document(program: &Program, examples: &[EventExample]) -> String {
    let (document, shown) = described(program, examples);
    let mut document = exact::from_serde(&document);
    for (message, examples) in shown {
        let message = ["components", "messages", message.as_str()].into_iter();
        if let Some(Exact::Object(members)) = message.fold(Some(&mut document), member) {
            members.push(("examples".into(), Exact::List(examples)));
        }
    }
    let mut text = Vec::new();
    exact::write(&document, &mut text);
    String::from_utf8(text).expect("JSON is UTF-8")
}

fn member<'v>(value: Option<&'v mut Exact>, name: &str) -> Option<&'v mut Exact> {
    let Exact::Object(members) = value? else { return None };
    members.iter_mut().find(|(own, _)| **own == *name).map(|(_, value)| value)
}

/// Returns the document without examples, and those of each message that has some.
fn described(program: &Program, examples: &[EventExample]) -> (Value, Vec<(String, Vec<Exact>)>) {
    let (channels, operations, messages) = Default::default();
    let mut parts = Parts { program, examples, channels, operations, messages, shown: Vec::new() };
    for plan in &program.events {
        parts.block(plan);
    }
    let Parts { channels, operations, messages, shown, .. } = parts;
    let schemas = program.schemas.iter().map(|(name, schema)| (name.to_string(), embedded(name, schema)));
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": program.title.as_deref().unwrap_or(&program.facade),
            "version": env!("CARGO_PKG_VERSION"),
        },
        "defaultContentType": "application/json",
        "servers": servers(program),
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": Value::Object(schemas.collect()) },
    });
    (document, shown)
}

struct Parts<'a> {
    program: &'a Program,
    examples: &'a [EventExample],
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
    /// Examples by the name of their message.
    shown: Vec<(String, Vec<Exact>)>,
}

impl Parts<'_> {
    fn block(&mut self, plan: &EventPlan) {
        for ty in types(plan) {
            let message = self.message(plan, ty);
            let named = self.channel(&plan.topic, ty, message);
            let examples = self.examples(plan, ty);
            // Two blocks may publish the same, and a message has its examples once.
            if !examples.is_empty() && self.shown.iter().all(|(name, _)| *name != named) {
                self.shown.push((named, examples));
            }
        }
        if let Some(topic) = &plan.reject {
            let message = self.letter(topic);
            self.channel(topic, REJECTED, message);
        }
    }

    /// Adds a message to the channel of a topic, and returns its name among all.
    fn channel(&mut self, topic: &TopicPlan, ty: &str, message: Value) -> String {
        let (server, binary) = server_of(self.program, topic);
        let key = key(&topic.topic);
        let named = format!("{key}.{}", self::key(ty));
        self.messages.insert(named.clone(), message);
        let channel = self.channels.entry(key.clone()).or_insert_with(|| {
            let mut channel = json!({
                "address": &*topic.topic,
                "servers": [{ "$ref": format!("#/servers/{server}") }],
                "messages": {},
            });
            if binary {
                channel["bindings"] =
                    json!({ "kafka": { "topic": &*topic.topic, "bindingVersion": "0.5.0" } });
            }
            channel
        });
        channel["messages"][&named] = json!({ "$ref": format!("#/components/messages/{named}") });
        let operation = self.operations.entry(format!("publish.{key}")).or_insert_with(|| {
            json!({
                "action": "send",
                "channel": { "$ref": format!("#/channels/{key}") },
                "summary": format!("Publishes to {}.", topic.topic),
                "messages": [],
            })
        });
        let reference = json!({ "$ref": format!("#/channels/{key}/messages/{named}") });
        if let Some(list) = operation["messages"].as_array_mut()
            && !list.contains(&reference)
        {
            list.push(reference);
        }
        named
    }

    fn message(&self, plan: &EventPlan, ty: &str) -> Value {
        let (_, binary) = server_of(self.program, &plan.topic);
        let data = json!({ "$ref": format!("#/components/schemas/{}", plan.name) });
        let payload = if binary { data } else { envelope(&[ty], Some(&data)) };
        let mut message = json!({
            "name": ty,
            "title": format!("{}: {ty}", plan.name),
            "contentType": if binary { "application/json" } else { "application/cloudevents+json" },
            "payload": payload,
        });
        if binary {
            message["headers"] = headers(ty);
        }
        message
    }

    /// What tests of the mapping publish.
    fn examples(&self, plan: &EventPlan, ty: &str) -> Vec<Exact> {
        let (_, binary) = server_of(self.program, &plan.topic);
        let own = self.examples.iter().filter(|one| one.topic == *plan.topic.topic && one.ty == ty);
        own.take(EXAMPLES_MAX).map(|example| shown(example, binary)).collect()
    }

    fn letter(&self, topic: &TopicPlan) -> Value {
        let (_, binary) = server_of(self.program, topic);
        let mut message = json!({
            "name": REJECTED,
            "title": "A record that cannot be read, as it came",
            "contentType": if binary { "application/octet-stream" } else { "application/cloudevents+json" },
            "payload": if binary {
                json!({ "type": "string", "format": "binary" })
            } else {
                envelope(&[REJECTED], None)
            },
        });
        if binary {
            message["headers"] = headers(REJECTED);
        }
        message
    }
}

fn shown(example: &EventExample, binary: bool) -> Exact {
    let text = |text: &str| Exact::Text(text.into());
    let named = |prefix: &str| {
        let attributes = example.attributes.iter();
        attributes.map(|(name, value)| (Arc::from(format!("{prefix}{name}")), text(value))).collect()
    };
    let mut members: Vec<(Arc<str>, Exact)> =
        vec![("name".into(), text(&key(&example.test))), ("summary".into(), text(&example.test))];
    if binary {
        members.push(("headers".into(), Exact::Object(named("ce_"))));
        members.push(("payload".into(), example.data.clone()));
    } else {
        let mut payload: Vec<(Arc<str>, Exact)> = named("");
        payload.push(("datacontenttype".into(), text("application/json")));
        payload.push(("data".into(), example.data.clone()));
        members.push(("payload".into(), Exact::Object(payload)));
    }
    Exact::Object(members)
}

fn types(plan: &EventPlan) -> Vec<&str> {
    match &plan.types {
        EventTypes::Record(ty) => vec![ty],
        EventTypes::State { created, updated, deleted } => {
            [created, updated, deleted].into_iter().flatten().map(|ty| &**ty).collect()
        }
    }
}

/// The headers of an event in binary mode. Source: CloudEvents, Kafka Protocol Binding 1.0.2, section 3.2.3.
fn headers(ty: &str) -> Value {
    let mut properties = Map::new();
    for (name, _, about) in ATTRIBUTES {
        let schema = match name {
            "specversion" => json!({ "type": "string", "const": "1.0", "description": about }),
            "type" => json!({ "type": "string", "const": ty, "description": about }),
            _ => json!({ "type": "string", "description": about }),
        };
        properties.insert(format!("ce_{name}"), schema);
    }
    let required: Vec<String> = ATTRIBUTES
        .iter()
        .filter(|(_, required, _)| *required)
        .map(|(name, ..)| format!("ce_{name}"))
        .collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// The server that has a topic, and whether it takes events in binary mode.
fn server_of<'p>(program: &'p Program, topic: &TopicPlan) -> (&'p str, bool) {
    match topic.connection {
        None => (OWN_LOG, false),
        Some(index) => {
            let connection = &program.connections[index];
            (&connection.name, &*connection.kind != "log")
        }
    }
}

/// Addresses are of the deployment, so they are variables here.
fn servers(program: &Program) -> Value {
    let mut servers = Map::new();
    for plan in &program.events {
        for topic in [Some(&plan.topic), plan.reject.as_ref()].into_iter().flatten() {
            let (name, binary) = server_of(program, topic);
            let kind = topic.connection.map_or("log", |index| &*program.connections[index].kind);
            let server = if binary {
                json!({
                    "host": "{brokers}",
                    "protocol": kind,
                    "variables": { "brokers": { "description": format!("The brokers of the connection {name}.") } },
                })
            } else {
                json!({
                    "host": "{host}",
                    "pathname": "/events",
                    "protocol": "http",
                    "description": "The embedded log, read by GET /events/{topic}.",
                    "variables": { "host": { "description": "Where this API is served." } },
                })
            };
            servers.insert(name.to_owned(), server);
        }
    }
    Value::Object(servers)
}

/// Returns a text as it may be a key: `[A-Za-z0-9_.-]`, as AsyncAPI 3.0 wants it.
fn key(text: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
    text.chars().map(|letter| if allowed(letter) { letter } else { '-' }).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Holds a document to what AsyncAPI 3.0 demands of its structure: required members, and references that lead
    /// somewhere.
    pub(crate) fn check(document: &Value) {
        assert_eq!(document["asyncapi"], "3.0.0");
        assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
        for server in document["servers"].as_object().unwrap().values() {
            assert!(server["host"].is_string() && server["protocol"].is_string(), "{server}");
        }
        for channel in document["channels"].as_object().unwrap().values() {
            assert!(channel["address"].is_string(), "{channel}");
            assert!(!channel["messages"].as_object().unwrap().is_empty(), "{channel}");
        }
        for operation in document["operations"].as_object().unwrap().values() {
            assert_eq!(operation["action"], "send");
            assert!(!operation["messages"].as_array().unwrap().is_empty(), "{operation}");
        }
        let sections = ["servers", "channels", "operations"];
        let keys = sections.iter().flat_map(|section| document[section].as_object().unwrap().keys());
        let messages = document["components"]["messages"].as_object().unwrap();
        for name in keys.chain(messages.keys()) {
            assert_eq!(*name, key(name));
        }
        let mut references = 0;
        follow(document, document, &mut references);
        assert!(references > 3, "only {references} references");
    }

    fn follow(document: &Value, value: &Value, count: &mut usize) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("local references only");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    *count += 1;
                }
                members.values().for_each(|value| follow(document, value, count));
            }
            Value::Array(items) => items.iter().for_each(|item| follow(document, item, count)),
            _ => {}
        }
    }

    #[test]
    fn keys_are_those_that_are_permitted() {
        assert_eq!(key("bank.bookings.v1"), "bank.bookings.v1");
        assert_eq!(key("a whole file/ä"), "a-whole-file--");
    }

    #[test]
    fn headers_are_the_attributes_in_binary_mode() {
        let headers = headers("x");
        assert_eq!(headers["properties"]["ce_type"]["const"], "x");
        assert_eq!(
            headers["required"],
            json!(["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_partitionkey"])
        );
    }
}
