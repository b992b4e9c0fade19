//! The JSON Schema of a model that names none.
//!
//! **Invariant.** It allows exactly what an answer of the model can be: every member, `null` where it may be absent.

use crate::plan::model::{Case, Field, FieldKind, ObjectMap, WriteRule};
use crate::ty::{Kind, Type};
use serde_json::{Map, Value as Json, json};

/// Returns the schema of a model's objects.
pub fn infer(title: &str, map: &ObjectMap) -> Json {
    let mut schema = object(map);
    if let Json::Object(members) = &mut schema {
        members.insert("title".into(), title.into());
    }
    schema
}

fn object(map: &ObjectMap) -> Json {
    let mut properties = Map::new();
    for field in map.fields.iter().filter(|field| !field.hidden) {
        properties.insert(field.name.to_string(), self::field(field));
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn field(field: &Field) -> Json {
    let mut schema = match &field.kind {
        FieldKind::Each { element, .. } => json!({ "type": "array", "items": object(element) }),
        FieldKind::Object(map) => nullable(object(map)),
        FieldKind::Cases { tag, cases, .. } => {
            json!({ "oneOf": cases.iter().map(|case| self::case(tag, case)).chain([json!({ "type": "null" })]).collect::<Vec<_>>() })
        }
        FieldKind::Value { .. } | FieldKind::Computed(_) => of_type(&field.ty),
    };
    let read_only = match &field.kind {
        FieldKind::Computed(_) => true,
        FieldKind::Value { write, .. } => !matches!(write, WriteRule::Inverse),
        _ => false,
    };
    if let (true, Json::Object(members)) = (read_only, &mut schema) {
        members.insert("readOnly".into(), true.into());
    }
    schema
}

fn case(tag: &str, case: &Case) -> Json {
    let mut schema = object(&case.fields);
    schema["properties"][tag] = json!({ "const": &*case.name });
    schema["required"] = json!([tag]);
    schema
}

fn of_type(ty: &Type) -> Json {
    let schema = of_kind(&ty.kind);
    if matches!(ty.kind, Kind::List(_)) { schema } else { nullable(schema) }
}

fn of_kind(kind: &Kind) -> Json {
    match kind {
        Kind::Any => json!({}),
        Kind::Text | Kind::Bytes | Kind::Duration => json!({ "type": "string" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Number { integer: true } => json!({ "type": "integer" }),
        Kind::Number { integer: false } | Kind::Float => json!({ "type": "number" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Time => json!({ "type": "string", "format": "time" }),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::List(element) => json!({ "type": "array", "items": of_kind(&element.kind) }),
        Kind::Object(record) => {
            let properties: Map<String, Json> =
                record.fields.iter().map(|(name, ty)| (name.to_string(), of_type(ty))).collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}

fn nullable(mut schema: Json) -> Json {
    if let Some(ty) = schema.get("type").and_then(Json::as_str) {
        schema["type"] = json!([ty, "null"]);
    }
    schema
}
