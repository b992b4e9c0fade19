//! Tests of the printed schema and reference.

use super::*;
use crate::lang::yaml;
use kernel::{Node, NodeKind, Style, Text};
use serde_json::{Map, Value, json};

/// Keys that the examples use beside the common ones.
fn keys() -> Vec<AdapterKey> {
    let of = |key, form| AdapterKey { key, form, default: "", doc: "a key" };
    let maps = [of("format", "map"), of("auth.realm", "text"), of("tls.ca", "text")];
    ["wsdl", "catalog", "qos", "done"].into_iter().map(|key| of(key, "any")).chain(maps).collect()
}

/// Returns a node as other YAML tools read it.
fn plain(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Text(Text { value, style: Style::Plain }) => match value.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        },
        NodeKind::Text(text) => json!(text.value),
        NodeKind::List(items) => Value::Array(items.iter().map(plain).collect()),
        NodeKind::Map(entries) => {
            Value::Object(entries.iter().map(|entry| (entry.key.clone(), plain(&entry.value))).collect())
        }
    }
}

fn document(text: &str) -> Value {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", text);
    plain(&yaml::parse(file, text, &mut Vec::new()).expect("YAML"))
}

/// Visits each object of the schema.
fn each(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| each(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| each(value, visit)),
        _ => {}
    }
}

#[test]
fn the_editor_schema_is_readable_for_editors() {
    let schema = editor_schema(&keys());
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    each(&schema, &mut |object| {
        assert!(
            !object.contains_key("oneOf") || object["oneOf"].get("description").is_some(),
            "a oneOf: {object:?}"
        );
        assert!(!object.contains_key("anyOf"), "an anyOf: {object:?}");
        if let Some(Value::Object(properties)) =
            object.get("properties").filter(|_| object.contains_key("type"))
        {
            assert_eq!(object.get("additionalProperties"), Some(&Value::Bool(false)), "{object:?}");
            for (name, property) in properties {
                assert!(
                    property["description"]
                        .as_str()
                        .is_some_and(|text| text.ends_with('.') || text == "a key"),
                    "{name}"
                );
            }
        }
        if let Some(Value::String(target)) = object.get("$ref") {
            assert!(schema.pointer(target.trim_start_matches('#')).is_some_and(Value::is_object), "{target}");
        }
    });
    let field = &schema["definitions"]["field"];
    assert!(field["type"].as_array().is_some_and(|types| types.contains(&json!("object"))), "{field}");
    assert_eq!(field["pattern"], "\\S");
}

#[test]
fn the_editor_schema_accepts_the_examples_and_refuses_mistakes() {
    let schema = editor_schema(&keys());
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    if let Some(folder) = super::examples::examples() {
        for name in super::examples::NAMES {
            let document = document(&super::examples::text(&folder.join(name).join("facade.yaml")));
            let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        }
    }
    let good = "facade: t\nformat: 1\nconnections:\n  c: { type: x, tls: { ca: a }, auth: { user: u, realm: r } }\nmodels:\n  M: { legacy: c, fields: { a: { each: A, fields: { b: B } } } }\n";
    assert!(validator.is_valid(&document(good)));
    for bad in [
        "modles: {}\n",
        "models: { M: { feilds: {} } }\n",
        "models: { M: { fields: { a: { eech: A } } } }\n",
        "connections: { c: { type: x, auth: { usr: u } } }\n",
        "connections: { c: { url: x } }\n",
        "policies: { p: { timeout: 5 } }\n",
        "policies: { p: { retry: { maxx: 2 } } }\n",
        "tests: [ { name: a, event: [] } ]\n",
    ] {
        assert!(!validator.is_valid(&document(bad)), "{bad}");
    }
}

#[test]
fn the_reference_has_each_key_once_per_block() {
    let page = reference();
    for heading in [
        "project",
        "auth",
        "connection",
        "error",
        "model",
        "field",
        "case",
        "operation",
        "policy",
        "retry",
        "breaker",
        "events",
        "watch",
        "reconcile",
        "version",
        "test",
        "call",
        "response",
        "csvCodes",
        "step",
        "page",
        "query",
        "message",
        "slow",
        "connectionAuth",
    ] {
        assert_eq!(page.matches(&format!("\n## {heading}\n")).count(), 1, "{heading}");
    }
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells = row.replace("\\|", "").matches('|').count();
        assert_eq!(cells, 5, "{row}");
    }
}
