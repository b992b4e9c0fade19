//! JSON Schemas: what they say of properties, which ones follow from fields, and which forms requests and answers take.
//!
//! **Invariant.** Only references within the same document are followed; nothing is fetched.

mod checks;
mod forms;
mod infer;

pub(crate) use checks::unmet;
pub use checks::{Check, Unmet};
pub use forms::{for_body, for_patch, for_reply};
pub use infer::infer;

use crate::plan::model::Facts;
use crate::ty::{Kind, Record, Type};
use crate::value::Value;
use kernel::Decimal;
use serde_json::Value as Json;
use std::sync::Arc;

/// A place in a JSON Schema.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    root: &'a Json,
    node: &'a Json,
}

/// References that are followed one after the other; a circle has more.
const REFERENCES_MAX: usize = 32;

impl<'a> Schema<'a> {
    /// Returns the schema of a whole document.
    pub fn of(root: &'a Json) -> Self {
        Self { root, node: root }.resolved()
    }

    fn at(self, node: &'a Json) -> Self {
        Self { root: self.root, node }.resolved()
    }

    fn resolved(mut self) -> Self {
        for _ in 0..REFERENCES_MAX {
            let Some(target) = self.node.get("$ref").and_then(Json::as_str) else { break };
            let Some(node) = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) else {
                break;
            };
            self.node = node;
        }
        self
    }

    /// The schemas that hold together: this one and those of `allOf`.
    fn all(self) -> Vec<Self> {
        let mut all = vec![self];
        let mut next = 0;
        while next < all.len() && all.len() < REFERENCES_MAX {
            let inner = all[next].node.get("allOf").and_then(Json::as_array);
            let inner: Vec<Self> = inner.into_iter().flatten().map(|node| self.at(node)).collect();
            all.extend(inner);
            next += 1;
        }
        all
    }

    fn find<T>(self, get: impl Fn(&'a Json) -> Option<T>) -> Option<T> {
        self.all().into_iter().find_map(|schema| get(schema.node))
    }

    /// Returns the schema of a property.
    pub fn property(self, name: &str) -> Option<Self> {
        self.find(|node| node.get("properties")?.get(name)).map(|node| self.at(node))
    }

    /// Returns the names of all properties.
    pub fn properties(self) -> Vec<&'a str> {
        let maps = self.all().into_iter().filter_map(|schema| schema.node.get("properties")?.as_object());
        maps.flat_map(|map| map.keys().map(String::as_str)).collect()
    }

    /// Returns whether it takes properties that it does not name and says how they look.
    pub fn names_others(self) -> bool {
        let described =
            |key: &str| self.find(|node| node.get(key).filter(|value| value.is_object())).is_some();
        described("additionalProperties") || described("patternProperties")
    }

    /// Returns the names of the properties that must be there.
    pub fn required(self) -> Vec<&'a str> {
        let lists = self.all().into_iter().filter_map(|schema| schema.node.get("required")?.as_array());
        lists.flatten().filter_map(Json::as_str).collect()
    }

    /// Returns the schema of an array's elements.
    pub fn items(self) -> Option<Self> {
        self.find(|node| node.get("items")).map(|node| self.at(node))
    }

    /// Returns the types that it allows, `null` among them; empty where it does not say.
    pub fn types(self) -> Vec<&'a str> {
        self.find(|node| match node.get("type")? {
            Json::String(one) => Some(vec![one.as_str()]),
            Json::Array(many) => Some(many.iter().filter_map(Json::as_str).collect()),
            _ => None,
        })
        .unwrap_or_default()
    }

    /// Returns the format of texts.
    pub fn format(self) -> Option<&'a str> {
        self.find(|node| node.get("format")?.as_str())
    }

    /// Returns the texts that are allowed, if it enumerates any.
    pub fn texts(self) -> Option<Vec<&'a str>> {
        self.find(|node| match (node.get("enum"), node.get("const")) {
            (Some(Json::Array(values)), _) => Some(values.iter().filter_map(Json::as_str).collect()),
            (_, Some(Json::String(value))) => Some(vec![value.as_str()]),
            _ => None,
        })
    }

    /// Returns what it says of one of its properties.
    pub fn facts(self, name: &str) -> Option<Facts> {
        let property = self.property(name)?;
        let flag = |key: &str| property.find(|node| node.get(key)?.as_bool()).unwrap_or(false);
        Some(Facts {
            declared: true,
            required: self.required().contains(&name),
            nullable: property.is_nullable(),
            read_only: flag("readOnly"),
            write_only: flag("writeOnly"),
            default: property.find(|node| node.get("default")).map(value),
            checks: checks::of(property).into(),
        })
    }

    fn is_nullable(self) -> bool {
        let null = |node: &'a Json| node.get("enum")?.as_array()?.iter().any(Json::is_null).then_some(());
        self.types().contains(&"null") || self.find(null).is_some()
    }

    /// Returns the kind of the values that it allows.
    pub fn kind(self) -> Kind {
        let types: Vec<&str> = self.types().into_iter().filter(|ty| *ty != "null").collect();
        match (types.as_slice(), self.format()) {
            (["string"], Some("date")) => Kind::Date,
            (["string"], Some("date-time")) => Kind::Instant,
            (["string"], Some("time")) => Kind::Time,
            (["string"], _) => Kind::Text,
            (["integer"], _) => Kind::Number { integer: true },
            (["number"], _) => Kind::Number { integer: false },
            (["boolean"], _) => Kind::Bool,
            (["array"], _) => {
                let element = self.items().map_or(Kind::Any, Self::kind);
                Kind::List(Arc::new(Type::required(element)))
            }
            (["object"], _) => Kind::Object(Arc::new(self.record())),
            ([], _) if self.texts().is_some() => Kind::Text,
            ([], _) if !self.properties().is_empty() => Kind::Object(Arc::new(self.record())),
            _ => Kind::Any,
        }
    }

    /// Returns the members of the objects that it allows.
    pub fn record(self) -> Record {
        let required = self.required();
        let member = |name: &str| {
            let kind = self.property(name).map_or(Kind::Any, Self::kind);
            let nullable = self.property(name).is_some_and(Self::is_nullable);
            (Arc::from(name), Type { kind, optional: nullable || !required.contains(&name) })
        };
        Record { fields: self.properties().into_iter().map(member).collect() }
    }

    /// Returns why values of a kind are not what it allows, if they are not.
    pub fn refuses(self, kind: &Kind) -> Option<String> {
        let types = self.types();
        let format = self.format();
        let text = |wanted: Option<&str>| {
            types.contains(&"string")
                && (format.is_none()
                    || format == wanted
                    || !matches!(format, Some("date" | "date-time" | "time")))
        };
        let fits = match kind {
            Kind::Any => true,
            _ if types.is_empty() => self.texts().is_none() || *kind == Kind::Text,
            Kind::Text | Kind::Bytes => text(None),
            Kind::Date => text(Some("date")),
            Kind::Time => text(Some("time")),
            Kind::Instant => text(Some("date-time")),
            Kind::Duration => text(Some("duration")),
            Kind::Bool => types.contains(&"boolean"),
            Kind::Number { integer: true } => types.contains(&"integer") || types.contains(&"number"),
            Kind::Number { integer: false } | Kind::Float => types.contains(&"number"),
            Kind::List(_) => types.contains(&"array"),
            Kind::Object(_) => types.contains(&"object"),
        };
        (!fits).then(|| match format {
            Some(format) if types.contains(&"string") => format!("string of format {format}"),
            _ => types.join(" or "),
        })
    }
}

/// Returns a JSON value as a modern value.
pub fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Decimal::parse(&number.to_string()).map_or(Value::Absent, Value::Number),
        Json::String(text) => Value::Text(text.as_str().into()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(members) => {
            Value::Object(members.iter().map(|(name, inner)| (name.as_str().into(), value(inner))).collect())
        }
    }
}
