//! The forms of a schema: what a client sends, what it gets.
//!
//! **Invariant.** Nothing is allowed that the schema forbids; only demands are lifted.

use serde_json::{Map, Value as Json};

/// Returns the schema of a body that makes or replaces a record.
///
/// What is `readOnly` or has a default need not be sent, nor what stands in the path (`given`).
pub fn for_body(schema: &Json, given: &[&str]) -> Json {
    let mut schema = schema.clone();
    relax(&mut schema, &|property| is_set(property, "readOnly") || property.get("default").is_some());
    without_required(&mut schema, given);
    schema
}

/// Returns the schema of a merge patch: nothing is required, and `null` takes away. Source: RFC 7396.
pub fn for_patch(schema: &Json, given: &[&str]) -> Json {
    let mut schema = schema.clone();
    patch(&mut schema, 0);
    without_required(&mut schema, given);
    schema
}

/// Returns the schema of an answer: what is `writeOnly` is not in it.
pub fn for_reply(schema: &Json) -> Json {
    let mut schema = schema.clone();
    hide(&mut schema);
    schema
}

fn is_set(property: &Json, key: &str) -> bool {
    property.get(key).and_then(Json::as_bool).unwrap_or(false)
}

fn without_required(schema: &mut Json, names: &[&str]) {
    if let Some(Json::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !name.as_str().is_some_and(|name| names.contains(&name)));
    }
}

/// Takes the properties out of `required` that `free` frees, everywhere.
fn relax(schema: &mut Json, free: &dyn Fn(&Json) -> bool) {
    if let Json::Object(map) = schema {
        let freed = properties(map, free);
        if let Some(Json::Array(required)) = map.get_mut("required") {
            required.retain(|name| !name.as_str().is_some_and(|name| freed.iter().any(|free| free == name)));
        }
    }
    each(schema, &mut |inner| relax(inner, free));
}

fn hide(schema: &mut Json) {
    if let Json::Object(map) = schema {
        let hidden = properties(map, &|property| is_set(property, "writeOnly"));
        if let Some(Json::Object(properties)) = map.get_mut("properties") {
            properties.retain(|name, _| !hidden.contains(name));
        }
        if let Some(Json::Array(required)) = map.get_mut("required") {
            required
                .retain(|name| !name.as_str().is_some_and(|name| hidden.iter().any(|hidden| hidden == name)));
        }
    }
    each(schema, &mut hide);
}

fn patch(schema: &mut Json, depth: usize) {
    let Json::Object(map) = schema else { return };
    map.remove("required");
    if depth > 0
        && let Some(ty) = map.get_mut("type")
    {
        allow_null(ty);
        if let Some(Json::Array(values)) = map.get_mut("enum") {
            values.push(Json::Null);
        }
    } else if depth > 0
        && let Some(Json::Array(values)) = map.get_mut("enum")
    {
        values.push(Json::Null);
    }
    // Elements of an array are sent whole.
    if let Some(Json::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(|property| patch(property, depth + 1));
    }
    for key in ["$defs", "definitions"] {
        if let Some(Json::Object(inner)) = map.get_mut(key) {
            inner.values_mut().for_each(|schema| patch(schema, depth + 1));
        }
    }
}

fn allow_null(ty: &mut Json) {
    match ty {
        Json::String(one) => *ty = Json::Array(vec![Json::String(std::mem::take(one)), "null".into()]),
        Json::Array(many) if !many.iter().any(|one| one == "null") => many.push("null".into()),
        _ => {}
    }
}

fn properties(map: &Map<String, Json>, wanted: &dyn Fn(&Json) -> bool) -> Vec<String> {
    let all = map.get("properties").and_then(Json::as_object).into_iter().flatten();
    all.filter(|(_, property)| wanted(property)).map(|(name, _)| name.clone()).collect()
}

/// Visits the schemas within a schema.
fn each(schema: &mut Json, visit: &mut dyn FnMut(&mut Json)) {
    let Json::Object(map) = schema else { return };
    for key in ["properties", "$defs", "definitions", "patternProperties"] {
        if let Some(Json::Object(inner)) = map.get_mut(key) {
            inner.values_mut().for_each(&mut *visit);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(key) {
            visit(inner);
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(Json::Array(inner)) = map.get_mut(key) {
            inner.iter_mut().for_each(&mut *visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_need_not_have_what_is_read_only_or_has_a_default_or_stands_in_the_path() {
        let schema = json!({ "required": ["id", "status", "hotel", "name"], "properties": {
            "id": { "readOnly": true }, "status": { "default": "x" }, "hotel": {}, "name": {},
            "inner": { "required": ["a", "b"], "properties": { "a": { "readOnly": true }, "b": {} } } } });
        let body = for_body(&schema, &["hotel"]);
        assert_eq!(body["required"], json!(["name"]));
        assert_eq!(body["properties"]["inner"]["required"], json!(["b"]));
    }

    #[test]
    fn an_answer_does_not_have_what_is_write_only() {
        let schema = json!({ "required": ["a", "secret"], "properties": { "a": {}, "secret": { "writeOnly": true } } });
        assert_eq!(for_reply(&schema), json!({ "required": ["a"], "properties": { "a": {} } }));
    }

    #[test]
    fn a_merge_patch_requires_nothing_and_null_takes_away() {
        let schema = json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "string" }, "list": { "type": "array", "items": { "type": "object", "required": ["x"] } } } });
        let patch = for_patch(&schema, &[]);
        assert_eq!(patch.get("required"), None);
        assert_eq!(patch["type"], "object");
        assert_eq!(patch["properties"]["a"]["type"], json!(["string", "null"]));
        assert_eq!(patch["properties"]["list"]["items"]["required"], json!(["x"]));
    }
}
