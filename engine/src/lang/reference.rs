//! Prints the table of keys: as JSON Schema for editors, as a page for people.
//!
//! **Invariant.** Whatever the reader accepts without E007, the schema accepts.

use super::adapter::AdapterKey;
use super::table::{self, Block, Form, Key, ROOT, Scalar};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Returns the JSON Schema (draft-07) of mapping files, with the keys of the adapters that there are.
pub fn editor_schema(adapters: &[AdapterKey]) -> Value {
    let mut definitions = BTreeMap::new();
    let mut root = map(&ROOT, &mut definitions, adapters);
    // A project is a union of files, so no section is required in each of them.
    root.remove("required");
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".into(), json!("Seawall mapping"));
    schema.extend(root);
    schema.insert("definitions".into(), Value::Object(definitions.into_iter().collect()));
    Value::Object(schema)
}

/// Prints the reference of all keys as Markdown.
pub fn reference() -> String {
    let mut page = String::from("# Mapping files\n\nPrinted from `engine/src/lang/table`.\n");
    let mut seen: Vec<&str> = Vec::new();
    let mut next = vec![&ROOT];
    while let Some(block) = next.pop() {
        if seen.contains(&block.name) {
            continue;
        }
        seen.push(block.name);
        section(block, &mut page);
        let inner: Vec<&'static Block> = block.keys.iter().filter_map(|key| inner(&key.form)).collect();
        next.extend(inner.into_iter().rev());
    }
    page
}

fn section(block: &Block, page: &mut String) {
    let _ = write!(page, "\n## {}\n\n{}\n\n", block.name, block.doc.replace(". ", ".\n"));
    page.push_str("| key | form | default | meaning |\n| --- | --- | --- | --- |\n");
    for key in block.keys {
        let default = if key.required { "required" } else { key.default };
        let cell = |text: &str| text.replace('|', "\\|");
        let (form, meaning) = (cell(&key.form.words()), cell(key.doc));
        let _ = writeln!(page, "| `{}` | {form} | {} | {meaning} |", key.name, cell(default));
    }
}

/// Returns the block that a form leads to.
fn inner(form: &Form) -> Option<&'static Block> {
    match form {
        Form::Map(block) | Form::Short(_, block) | Form::Items(block) => Some(block),
        Form::Entries(_, form) => inner(form),
        Form::Codes => Some(&table::CSV_CODES),
        _ => None,
    }
}

type Definitions = BTreeMap<String, Value>;

/// Returns the members of the schema of a map.
fn map(block: &'static Block, definitions: &mut Definitions, adapters: &[AdapterKey]) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in block.keys {
        properties.insert(key.name.into(), property(key, definitions, adapters));
    }
    match block.name {
        "connection" => foreign(&mut properties, "", adapters),
        "connectionAuth" => foreign(&mut properties, "auth.", adapters),
        _ => {}
    }
    let required: Vec<&str> = block.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("description".into(), json!(block.doc));
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("additionalProperties".into(), json!(false));
    schema
}

fn property(key: &Key, definitions: &mut Definitions, adapters: &[AdapterKey]) -> Value {
    let mut schema = form(&key.form, definitions, adapters);
    let text = match key.default {
        "" => key.doc.to_owned(),
        default => format!("{} Default: {default}.", key.doc),
    };
    schema.insert("description".into(), json!(text));
    Value::Object(schema)
}

fn form(form_of: &Form, definitions: &mut Definitions, adapters: &[AdapterKey]) -> Map<String, Value> {
    match form_of {
        Form::One(scalar) => one(*scalar, &[]),
        Form::OneOrNothing(scalar) => one(*scalar, &["null"]),
        Form::Words(words) => object([("type", json!("string")), ("enum", json!(words))]),
        Form::Many(scalar) => object([("type", json!("array")), ("items", json!(one(*scalar, &[])))]),
        Form::OneOrMany(scalar) => {
            let mut schema = one(*scalar, &["array"]);
            schema.insert("items".into(), json!(one(*scalar, &[])));
            schema
        }
        Form::Map(block) => reference_to(block, None, definitions, adapters),
        Form::Short(scalar, block) => reference_to(block, Some(*scalar), definitions, adapters),
        Form::Items(block) => {
            let items = reference_to(block, None, definitions, adapters);
            object([("type", json!("array")), ("items", json!(items))])
        }
        Form::Entries(_, inner) => {
            let values = form(inner, definitions, adapters);
            object([("type", json!("object")), ("additionalProperties", json!(values))])
        }
        Form::Codes => object([("type", json!("object")), ("additionalProperties", json!(values()))]),
        Form::Conditions => conditions(&["object", "array"]),
        Form::ValuesOrConditions => conditions(&["string", "number", "boolean", "object", "array"]),
        Form::Payload | Form::Foreign => Map::new(),
        Form::DataList => object([("type", json!("array")), ("items", json!({ "type": "object" }))]),
    }
}

/// Returns a reference, beside which a description may stand: draft-07 ignores what stands beside `$ref` itself.
fn reference_to(
    block: &'static Block,
    short: Option<Scalar>,
    definitions: &mut Definitions,
    adapters: &[AdapterKey],
) -> Map<String, Value> {
    if !definitions.contains_key(block.name) {
        definitions.insert(block.name.to_owned(), Value::Null);
        let mut schema = map(block, definitions, adapters);
        if let Some(scalar) = short {
            let text = one(scalar, &["object"]);
            schema.extend(text);
        }
        definitions.insert(block.name.to_owned(), Value::Object(schema));
    }
    object([("allOf", json!([{ "$ref": format!("#/definitions/{}", block.name) }]))])
}

fn one(scalar: Scalar, more: &[&str]) -> Map<String, Value> {
    let types: Vec<&str> = scalar.types().iter().chain(more).copied().collect();
    let mut schema = match types.as_slice() {
        [only] => object([("type", json!(only))]),
        _ => object([("type", json!(types))]),
    };
    if let Some(pattern) = scalar.pattern() {
        schema.insert("pattern".into(), json!(pattern));
    }
    schema
}

/// Returns the schema of a value or values on the legacy side.
fn values() -> Map<String, Value> {
    let types = ["string", "number", "boolean", "array"];
    object([("type", json!(types)), ("items", json!({ "type": ["string", "number", "boolean"] }))])
}

fn conditions(types: &[&str]) -> Map<String, Value> {
    let inner: Vec<&&str> = types.iter().filter(|name| **name != "array").collect();
    let mut items = object([("type", json!(inner)), ("additionalProperties", json!(values()))]);
    let mut schema = object([("type", json!(types))]);
    schema.append(&mut items.clone().into_iter().filter(|(key, _)| key != "type").collect());
    schema.insert("items".into(), Value::Object(std::mem::take(&mut items)));
    schema
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Adds the keys that adapters have below a prefix.
fn foreign(properties: &mut Map<String, Value>, prefix: &str, adapters: &[AdapterKey]) {
    for key in adapters {
        let Some(name) = key.key.strip_prefix(prefix) else { continue };
        match name.split_once('.') {
            None if properties.contains_key(name) => {}
            None => {
                properties.insert(name.to_owned(), adapter_property(key));
            }
            // `auth.…` has a block of its own.
            Some((outer, _)) if ROOT_OF_AUTH.contains(&outer) && prefix.is_empty() => {}
            Some((outer, _))
                if properties.get(outer).is_none_or(|known| known.get("properties").is_none()) =>
            {
                let mut inner = Map::new();
                foreign(&mut inner, &format!("{prefix}{outer}."), adapters);
                let mut schema = object([
                    ("type", json!("object")),
                    ("properties", Value::Object(inner)),
                    ("additionalProperties", json!(false)),
                ]);
                let text = properties.get(outer).and_then(|known| known.get("description")).cloned();
                schema.insert(
                    "description".into(),
                    text.unwrap_or_else(|| json!(format!("Keys of `{outer}`."))),
                );
                properties.insert(outer.to_owned(), Value::Object(schema));
            }
            Some(_) => {}
        }
    }
}

const ROOT_OF_AUTH: [&str; 1] = ["auth"];

fn adapter_property(key: &AdapterKey) -> Value {
    let mut schema = match key.form {
        "text" | "file" | "path" => one(Scalar::Text, &[]),
        "duration" => one(Scalar::Duration, &[]),
        "size" => one(Scalar::Size, &[]),
        "percent" => one(Scalar::Percent, &[]),
        "integer" | "number" | "count" => one(Scalar::Integer, &[]),
        "flag" | "bool" | "boolean" => one(Scalar::Flag, &[]),
        "map" => object([("type", json!("object"))]),
        "list" => object([("type", json!("array"))]),
        words if words.contains('|') => {
            let words: Vec<&str> = words.split('|').map(str::trim).collect();
            object([("type", json!("string")), ("enum", json!(words))])
        }
        _ => Map::new(),
    };
    let text = match key.default {
        "" => key.doc.to_owned(),
        default => format!("{} Default: {default}.", key.doc),
    };
    schema.insert("description".into(), json!(text));
    Value::Object(schema)
}
