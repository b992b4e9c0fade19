//! The document of the example project, and of what it does not have.
//!
//! **Invariant.** What is checked is what OpenAPI 3.1 and JSON Schema demand; the example is read where it lies.

use super::examples::Shown;
use super::*;
use crate::cli::ProjectArgs;
use crate::project::{Mode, Project};
use std::collections::HashSet;

fn example() -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../mappings/reservations");
    let args = ProjectArgs { project: folder.into(), env: None, libs: Vec::new() };
    let project =
        Project::load(&args, Mode::Offline).unwrap_or_else(|findings| panic!("{}", findings.text()));
    let document = document(&project.program, &Types::new("https://api.example.com"), &project.examples());
    serde_json::from_str(&document).unwrap()
}

/// Calls `see` with every object in a document and the pointer to it.
fn visit(value: &Value, pointer: &str, see: &mut dyn FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            see(pointer, members);
            members.iter().for_each(|(key, value)| visit(value, &format!("{pointer}/{key}"), see));
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, pointer, see)),
        _ => {}
    }
}

fn texts<'v>(value: &'v Value, key: &str) -> HashSet<&'v str> {
    value.as_array().into_iter().flatten().filter_map(|item| item[key].as_str()).collect()
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_can_be_used() {
    let document = example();
    let mut references = 0;
    visit(&document, "", &mut |pointer, members| {
        if let Some(Value::String(reference)) = members.get("$ref") {
            references += 1;
            let found = reference.strip_prefix('#').and_then(|local| document.pointer(local));
            assert!(found.is_some(), "{pointer}: {reference} leads nowhere");
        }
    });
    assert!(references > 4);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name} is no JSON Schema");
    }
}

#[test]
fn an_operation_says_what_it_needs() {
    let document = example();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/reservations", "/reservations/{id}"]);
    let mut ids = HashSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
            let named: HashSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            let declared = texts(&operation["parameters"], "name");
            assert!(named.is_subset(&declared), "{method} {path}: {declared:?}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].is_string(), "{method} {path} {status}");
            }
            assert_eq!(
                operation["security"][0]["token"].as_array().map(Vec::len),
                Some(1),
                "{method} {path}"
            );
        }
    }
    let post = &document["paths"]["/reservations"]["post"];
    assert!(texts(&post["parameters"], "name").contains("Idempotency-Key"));
    assert!(post["requestBody"]["content"]["application/json"]["examples"].to_string().contains("Turing"));
}

#[test]
fn all_that_an_operation_can_answer_is_listed() {
    let document = example();
    let get = &document["paths"]["/reservations/{id}"]["get"]["responses"];
    let statuses: Vec<&str> = get.as_object().unwrap().keys().map(String::as_str).collect();
    for status in ["200", "304", "400", "401", "403", "404", "502", "503", "504"] {
        assert!(statuses.contains(&status), "{status} is not in {statuses:?}");
    }
    assert!(get["404"].to_string().contains("https://api.example.com/problems/reservation-not-found"));
    let post = &document["paths"]["/reservations"]["post"]["responses"];
    assert!(post["504"].to_string().contains("outcome-unknown"));
    assert!(!post["504"].to_string().contains("timed-out"), "a create is never known to have timed out");
}

#[test]
fn the_examples_obey_the_schemas_beside_them() {
    let document = example();
    let mut judged = 0;
    visit(&document["paths"], "/paths", &mut |pointer, content| {
        let (Some(schema), Some(Value::Object(examples))) = (content.get("schema"), content.get("examples"))
        else {
            return;
        };
        let whole = json!({ "$ref": schema["$ref"], "components": document["components"] });
        let validator = jsonschema::options().offline().build(&whole).unwrap();
        for (name, example) in examples {
            judged += 1;
            let errors: Vec<_> = validator.iter_errors(&example["value"]).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{pointer} {name}: {errors:?}");
        }
    });
    assert!(judged > 10, "{judged}");
}

#[test]
fn references_of_an_embedded_schema_stay_within_it() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/a",
        "properties": { "next": { "$ref": "#" }, "total": { "$ref": "#/$defs/money" } },
        "default": { "$ref": "#/data" },
        "$defs": { "money": { "type": "number" } },
    });
    let expected = json!({
        "properties": {
            "next": { "$ref": "#/components/schemas/A" },
            "total": { "$ref": "#/components/schemas/A/$defs/money" },
        },
        "default": { "$ref": "#/data" },
        "$defs": { "money": { "type": "number" } },
    });
    assert_eq!(embedded("A", &schema), expected);
}

#[test]
fn bodies_of_examples_have_the_digits_that_they_have_in_the_tests() {
    let body = |text: &str| exact::parse(text.as_bytes(), exact::JsonLimits::default()).ok();
    let example = Example {
        name: "digits".into(),
        operation: Some("GET /x".into()),
        model: None,
        request: body(r#"{"rate":0.10}"#),
        status: None,
        response: body(r#"{"total":1000.00,"many":[12345678901234567890.120]}"#),
    };
    let examples = Examples(vec![example]);
    let requests: Vec<Value> = examples.requests("GET /x").map(Shown::object).collect();
    let answers: Vec<Value> = examples.answers("GET /x", 200, None).map(Shown::object).collect();
    let mut document =
        exact::from_serde(&json!({ "requests": requests, "answers": answers, "other": [1, "x"] }));
    examples.fill_in(&mut document);
    let mut text = Vec::new();
    exact::write(&document, &mut text);
    let text = String::from_utf8(text).unwrap();
    for part in [r#""value":{"rate":0.10}"#, r#""value":{"total":1000.00,"many":[12345678901234567890.120]}"#]
    {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.contains(r#""other":[1,"x"]"#) && !text.contains("body"), "{text}");
}
