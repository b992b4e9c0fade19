//! What OpenAPI 3.1 demands of a document.
//!
//! Source: OpenAPI Specification 3.1.0, section 4.8; schemas are those of JSON Schema 2020-12.
//!
//! **Invariant.** Every mistake is told with a JSON pointer, not only the first.

use serde_json::{Map, Value};
use std::collections::HashSet;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Fields that an object may have, beside `x-…`.
const FIELDS: [(&str, &[&str]); 9] = [
    (
        "document",
        &[
            "openapi",
            "info",
            "jsonSchemaDialect",
            "servers",
            "paths",
            "webhooks",
            "components",
            "security",
            "tags",
            "externalDocs",
        ],
    ),
    ("info", &["title", "summary", "description", "termsOfService", "contact", "license", "version"]),
    ("path", &["$ref", "summary", "description", "servers", "parameters"]),
    (
        "operation",
        &[
            "tags",
            "summary",
            "description",
            "externalDocs",
            "operationId",
            "parameters",
            "requestBody",
            "responses",
            "callbacks",
            "deprecated",
            "security",
            "servers",
        ],
    ),
    (
        "parameter",
        &[
            "name",
            "in",
            "description",
            "required",
            "deprecated",
            "allowEmptyValue",
            "style",
            "explode",
            "allowReserved",
            "schema",
            "example",
            "examples",
            "content",
        ],
    ),
    ("body", &["description", "content", "required"]),
    ("response", &["description", "headers", "content", "links"]),
    ("media type", &["schema", "example", "examples", "encoding"]),
    (
        "components",
        &[
            "schemas",
            "responses",
            "parameters",
            "examples",
            "requestBodies",
            "headers",
            "securitySchemes",
            "links",
            "callbacks",
            "pathItems",
        ],
    ),
];

/// Returns what is wrong with a document.
pub fn mistakes(document: &Value) -> Vec<String> {
    let mut check = Check { document, ids: HashSet::new(), found: Vec::new() };
    check.document();
    check.found
}

/// Follows a reference within a document; anything else is returned as it is.
pub fn target<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    let local = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    local.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

struct Check<'d> {
    document: &'d Value,
    ids: HashSet<&'d str>,
    found: Vec<String>,
}

impl<'d> Check<'d> {
    fn document(&mut self) {
        let document = self.document;
        self.fields("", "document", document);
        let version = document["openapi"].as_str().unwrap_or_default();
        self.demand("/openapi", version.starts_with("3.1."), "is not 3.1");
        self.fields("/info", "info", &document["info"]);
        for field in ["title", "version"] {
            self.demand("/info", document["info"][field].is_string(), &format!("has no {field}"));
        }
        self.demand("/paths", document["paths"].is_object(), "is missing");
        for (n, server) in items(&document["servers"]).enumerate() {
            self.demand(&format!("/servers/{n}"), server["url"].is_string(), "has no url");
        }
        self.references("", document);
        self.security("/security", &document["security"]);
        self.components();
        let mut templates = HashSet::new();
        for (path, item) in members(&document["paths"]) {
            let at = format!("/paths/{}", escaped(path));
            self.demand(&at, path.starts_with('/'), "does not begin with /");
            let shape: Vec<&str> =
                path.split('/').map(|it| if it.starts_with('{') { "{}" } else { it }).collect();
            self.demand(&at, templates.insert(shape.join("/")), "is there twice under other names");
            self.path(&at, path, item);
        }
    }

    fn components(&mut self) {
        let components = &self.document["components"];
        self.fields("/components", "components", components);
        for (kind, entries) in members(components) {
            for (name, entry) in members(entries) {
                let at = format!("/components/{kind}/{}", escaped(name));
                // "All the fixed fields ... MUST use keys that match the regular expression: ^[a-zA-Z0-9\.\-_]+$."
                let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
                self.demand(&at, !name.is_empty() && name.chars().all(plain), "is no name of a component");
                match kind.as_str() {
                    "schemas" => self.schema(&at, entry),
                    "responses" => self.response(&at, entry),
                    "parameters" => self.parameter(&at, entry),
                    "securitySchemes" => self.scheme(&at, entry),
                    _ => {}
                }
            }
        }
    }

    fn scheme(&mut self, at: &str, scheme: &Value) {
        let needs: &[&str] = match scheme["type"].as_str() {
            Some("http") => &["scheme"],
            Some("apiKey") => &["name", "in"],
            Some("oauth2") => &["flows"],
            Some("openIdConnect") => &["openIdConnectUrl"],
            Some("mutualTLS") => &[],
            _ => &["type (one that is known)"],
        };
        for field in needs {
            self.demand(at, scheme.get(field).is_some(), &format!("has no {field}"));
        }
    }

    fn path(&mut self, at: &str, path: &str, item: &'d Value) {
        let (methods, rest): (Vec<_>, Vec<_>) =
            members(item).partition(|(key, _)| METHODS.contains(&key.as_str()));
        self.fields(at, "path", &rest.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect());
        for (method, operation) in methods {
            let at = format!("{at}/{method}");
            self.fields(&at, "operation", operation);
            if let Some(id) = operation["operationId"].as_str() {
                self.demand(&at, self.ids.contains(id).eq(&false), "has the operationId of another one");
                self.ids.insert(id);
            }
            let all: Vec<&Value> =
                items(&item["parameters"]).chain(items(&operation["parameters"])).collect();
            self.parameters(&at, path, &all);
            self.security(&format!("{at}/security"), &operation["security"]);
            if let Some(body) = operation.get("requestBody") {
                let body = target(self.document, body);
                self.fields(&format!("{at}/requestBody"), "body", body);
                self.demand(&format!("{at}/requestBody"), body["content"].is_object(), "has no content");
                self.content(&format!("{at}/requestBody"), &body["content"]);
            }
            let responses = members(&operation["responses"]);
            self.demand(&at, members(&operation["responses"]).count() > 0, "has no responses");
            for (status, response) in responses {
                let at = format!("{at}/responses/{status}");
                self.demand(&at, is_status(status), "is no status");
                self.response(&at, target(self.document, response));
            }
        }
    }

    fn parameters(&mut self, at: &str, path: &str, all: &[&'d Value]) {
        let mut names = HashSet::new();
        for (n, parameter) in all.iter().map(|parameter| target(self.document, parameter)).enumerate() {
            let at = format!("{at}/parameters/{n}");
            self.parameter(&at, parameter);
            self.demand(&at, names.insert((&parameter["in"], &parameter["name"])), "is there twice");
            let template = format!("{{{}}}", parameter["name"].as_str().unwrap_or_default());
            if parameter["in"] == "path" {
                self.demand(&at, path.contains(&template), "is not in the path");
            }
        }
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let declared = names.iter().any(|(place, known)| *place == "path" && *known == name);
            self.demand(at, declared, &format!("does not declare the parameter {name} of its path"));
        }
    }

    fn parameter(&mut self, at: &str, parameter: &Value) {
        self.fields(at, "parameter", parameter);
        self.demand(at, parameter["name"].is_string(), "has no name");
        let place = parameter["in"].as_str().unwrap_or_default();
        self.demand(at, ["query", "header", "path", "cookie"].contains(&place), "is in no known place");
        self.demand(at, place != "path" || parameter["required"] == true, "is in the path and not required");
        let (schema, content) = (parameter.get("schema"), parameter.get("content"));
        self.demand(at, schema.is_some() != content.is_some(), "has not exactly one of schema and content");
        schema.into_iter().for_each(|schema| self.schema(&format!("{at}/schema"), schema));
    }

    fn response(&mut self, at: &str, response: &Value) {
        self.fields(at, "response", response);
        self.demand(at, response["description"].is_string(), "has no description");
        self.content(at, &response["content"]);
        for (name, header) in members(&response["headers"]) {
            let header = target(self.document, header);
            let at = format!("{at}/headers/{name}");
            self.demand(&at, header.get("name").is_none() && header.get("in").is_none(), "names itself");
            self.demand(&at, header.get("schema").is_some(), "has no schema");
            self.schema(&format!("{at}/schema"), &header["schema"]);
        }
    }

    fn content(&mut self, at: &str, content: &Value) {
        for (kind, media) in members(content) {
            let at = format!("{at}/content/{}", escaped(kind));
            self.demand(&at, kind.contains('/'), "is no media type");
            self.fields(&at, "media type", media);
            self.demand(
                &at,
                media.get("example").is_none() || media.get("examples").is_none(),
                "has example and examples",
            );
            let Some(schema) = media.get("schema") else { continue };
            self.schema(&format!("{at}/schema"), schema);
            for (name, example) in members(&media["examples"]) {
                for error in errors(self.document, schema, &target(self.document, example)["value"]) {
                    self.found.push(format!("{at}/examples/{}: {error}", escaped(name)));
                }
            }
        }
    }

    fn schema(&mut self, at: &str, schema: &Value) {
        if let Err(error) = jsonschema::meta::validate(schema) {
            self.found.push(format!("{at}: is no JSON Schema: {error}"));
        }
    }

    fn security(&mut self, at: &str, requirements: &Value) {
        for requirement in items(requirements) {
            for (name, _) in members(requirement) {
                let known = self.document["components"]["securitySchemes"].get(name).is_some();
                self.demand(at, known, &format!("names the unknown scheme {name}"));
            }
        }
    }

    /// Examples are data, whatever their members are called.
    fn references(&mut self, at: &str, value: &Value) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let found = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
            self.demand(at, found.is_some(), &format!("refers to {reference}, which is not there"));
        }
        for (key, value) in members(value).filter(|(key, _)| !matches!(key.as_str(), "examples" | "example"))
        {
            self.references(&format!("{at}/{}", escaped(key)), value);
        }
        for (n, value) in items(value).enumerate() {
            self.references(&format!("{at}/{n}"), value);
        }
    }

    fn fields(&mut self, at: &str, kind: &str, value: &Value) {
        let allowed = FIELDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, fields)| fields);
        self.demand(at, value.is_object(), &format!("is no {kind}"));
        for (key, _) in members(value).filter(|(key, _)| !key.starts_with("x-")) {
            self.demand(at, allowed.contains(&key.as_str()), &format!("has the unknown field {key}"));
        }
    }

    fn demand(&mut self, at: &str, holds: bool, otherwise: &str) {
        if !holds {
            self.found.push(format!("{}: {otherwise}", if at.is_empty() { "/" } else { at }));
        }
    }
}

/// Returns how a value breaks a schema of a document.
pub(crate) fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let whole = serde_json::json!({ "allOf": [schema], "components": document["components"] });
    match jsonschema::options().offline().should_validate_formats(true).build(&whole) {
        Ok(validator) => {
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
        }
        Err(error) => vec![format!("the schema cannot be used: {error}")],
    }
}

fn is_status(text: &str) -> bool {
    let digits = text.as_bytes();
    text == "default"
        || digits.len() == 3
            && (b'1'..=b'5').contains(&digits[0])
            && (&text[1..] == "XX" || text[1..].bytes().all(|digit| digit.is_ascii_digit()))
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
