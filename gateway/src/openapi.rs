//! The API's description of itself: OpenAPI 3.1, printed from the compiled project.
//!
//! **Invariant.** It says what the service does: schemas are those by which it validates, problems those that it answers.

mod events;
mod examples;
mod operation;

pub(crate) use events::envelope;
pub use examples::{Example, Examples};

use crate::problem::{Kind, Types};
use engine::json as exact;
use engine::lang::AuthKind;
use engine::program::{OperationPlan, Program};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Returns the document, as JSON. Numbers of examples have the digits that they have in the tests.
pub fn document(program: &Program, types: &Types, examples: &Examples) -> String {
    let mut document = exact::from_serde(&described(program, types, examples));
    examples.fill_in(&mut document);
    let mut text = Vec::new();
    exact::write(&document, &mut text);
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Returns the document, with stand-ins for the bodies of examples.
fn described(program: &Program, types: &Types, examples: &Examples) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas = schemas(program);
    for plan in &program.operations {
        let method = plan.method.name().to_ascii_lowercase();
        let described = operation::describe(program, plan, types, examples, &mut schemas);
        paths.entry(&plan.template).or_default().insert(method, described);
    }
    let topics = events::describe(program, types, &mut schemas);
    let mut paths = json!(paths);
    if let Value::Object(paths) = &mut paths {
        paths.extend(topics);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": program.title.as_deref().unwrap_or(&program.facade),
            "version": env!("CARGO_PKG_VERSION"),
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(types),
            "securitySchemes": security_schemes(program),
        },
    });
    if is_secured(program) {
        document["security"] = json!([{ "token": [] }]);
    }
    document
}

/// Returns whether callers need a token.
fn is_secured(program: &Program) -> bool {
    matches!(program.auth.as_ref().map(|auth| &auth.kind), Some(AuthKind::Oidc { .. }))
}

fn security_schemes(program: &Program) -> Value {
    match program.auth.as_ref().map(|auth| &auth.kind) {
        Some(AuthKind::Oidc { issuer, .. }) => json!({
            "token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": format!("An access token of {}.", issuer.value),
            }
        }),
        _ => json!({}),
    }
}

/// The JSON Schemas of the models, and of a problem.
fn schemas(program: &Program) -> Map<String, Value> {
    let models = program.schemas.iter().map(|(name, schema)| (name.to_string(), embedded(name, schema)));
    models.chain([("Problem".to_owned(), problem_schema())]).collect()
}

/// Returns the JSON Schema of a problem.
pub fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem as in RFC 9457.",
        "required": ["type", "title", "status", "instance"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "What kind of problem it is." },
            "title": { "type": "string", "description": "The same in words." },
            "status": { "type": "integer", "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What happened this time." },
            "instance": { "type": "string", "description": "The id of the request." },
            "pointer": { "type": "string", "description": "JSON pointer of the value that it is about." },
            "path": { "type": "string", "description": "Where in the legacy structure it is." },
            "parameter": { "type": "string", "description": "The parameter that it is about." },
            "limit": { "type": "string", "description": "The limit that was exceeded, with its value." },
            "errors": {
                "type": "array",
                "description": "All findings, where there are several.",
                "items": {
                    "type": "object",
                    "properties": { "pointer": { "type": "string" }, "detail": { "type": "string" } },
                },
            },
        },
    })
}

/// A schema inside of another document: its local references still lead to its own definitions.
pub(crate) fn embedded(name: &str, schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, _)| !matches!(key.as_str(), "$schema" | "$id"));
            Value::Object(kept.map(|(key, value)| (key.clone(), member(name, key, value))).collect())
        }
        Value::Array(items) => items.iter().map(|item| embedded(name, item)).collect(),
        other => other.clone(),
    }
}

fn member(name: &str, key: &str, value: &Value) -> Value {
    match (key, value.as_str().and_then(|reference| reference.strip_prefix('#'))) {
        ("$ref", Some(local)) => Value::from(format!("#/components/schemas/{name}{local}")),
        // What an author gives as an example is data, whatever its members are called.
        _ if matches!(key, "const" | "enum" | "default" | "examples" | "example") => value.clone(),
        _ => embedded(name, value),
    }
}

/// Problems that every operation may answer.
fn responses(types: &Types) -> Map<String, Value> {
    let common = [
        Kind::InvalidParameter,
        Kind::Unauthenticated,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::LegacyContract,
        Kind::Unavailable,
        Kind::TimedOut,
    ];
    let response = |kind: Kind| {
        let facts = kind.facts();
        (facts.slug.to_owned(), problem_response(&[(facts.slug, facts.title, facts.status)], types))
    };
    common.into_iter().map(response).collect()
}

/// One response for the problems that share a status.
fn problem_response(problems: &[(&str, &str, u16)], types: &Types) -> Value {
    let titles: Vec<String> = problems.iter().map(|(slug, title, _)| format!("{title} (`{slug}`)")).collect();
    let examples: Map<String, Value> = problems
        .iter()
        .map(|(slug, title, status)| {
            let value = json!({
                "type": types.of(slug), "title": title, "status": status, "instance": "0123456789abcdef",
            });
            ((*slug).to_owned(), json!({ "value": value }))
        })
        .collect();
    json!({
        "description": titles.join(", or "),
        "content": {
            crate::problem::MEDIA_TYPE: {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": examples,
            }
        },
    })
}

/// A stable name for generated clients: `getReservationsById`.
fn operation_id(plan: &OperationPlan) -> String {
    let mut id = plan.method.name().to_ascii_lowercase();
    for segment in plan.template.split('/').filter(|segment| !segment.is_empty()) {
        let (prefix, text) = match segment.strip_prefix('{') {
            Some(name) => ("By", name.trim_end_matches('}')),
            None => ("", segment),
        };
        id.push_str(prefix);
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
        {
            let mut letters = word.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(letters.as_str());
        }
    }
    id
}

#[cfg(test)]
mod tests;
