//! Parts as JSON in the manner of node-soap, and back: `attributes` for attributes, `$value` for own text.
//!
//! **Invariant.** What a request names and the shape does not is an error; what a reply holds and was not expected, too.

#![allow(dead_code, reason = "each test uses a part of it")]

use kernel::{
    DecodeError, Document, Interest, PartId, PartKind, Progress, Scalar, Shape, Stop, TypeId, Visitor,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Tells the parts of a type from JSON, in the order of the shape.
pub(crate) struct Telling {
    shape: Arc<Shape>,
    ty: TypeId,
    value: Value,
}

impl Telling {
    /// Prepares to tell what `value` has for a type.
    pub(crate) fn new(shape: &Arc<Shape>, ty: TypeId, value: Value) -> Self {
        Self { shape: shape.clone(), ty, value }
    }

    fn group(&self, ty: TypeId, value: &Value, to: &mut dyn Visitor) -> Result<(), String> {
        let group = self.shape.group(ty).ok_or("the type is a leaf")?;
        let empty = Map::new();
        let (members, own) = match value {
            Value::Object(members) => (members, members.get("$value")),
            Value::Null => (&empty, None),
            other => (&empty, Some(other)),
        };
        let attributes = members.get("attributes").and_then(Value::as_object).unwrap_or(&empty);
        let mut used = Vec::new();
        for &id in &group.parts {
            let part = self.shape.part(id);
            let name = &*part.name.local;
            match part.kind {
                PartKind::Attribute => {
                    if let Some(value) = attributes.get(name).filter(|value| !value.is_object()) {
                        used.push(name);
                        self.leaf(id, part.ty, value, to)?;
                    }
                }
                PartKind::Text => {
                    if let Some(value) = own {
                        used.push("$value");
                        self.leaf(id, part.ty, value, to)?;
                    }
                }
                _ => {
                    let Some(value) = members.get(name) else { continue };
                    used.push(name);
                    let one = [value.clone()];
                    for value in value.as_array().map_or(&one[..], |list| list) {
                        self.element(id, value, to)?;
                    }
                }
            }
        }
        for name in members.keys().chain(attributes.keys()) {
            if !used.contains(&name.as_str())
                && !matches!(name.as_str(), "attributes" | "$value" | "xsi_type")
            {
                return Err(format!("`{name}` is not in the shape"));
            }
        }
        if own.is_some() && !used.contains(&"$value") {
            return Err("a value stands where the shape has a group".into());
        }
        Ok(())
    }

    fn element(&self, id: PartId, value: &Value, to: &mut dyn Visitor) -> Result<(), String> {
        let declared = self.shape.part(id).ty;
        if self.shape.scalar(declared).is_some() {
            return self.leaf(id, declared, value, to);
        }
        let named = value.pointer("/attributes/xsi_type/type").and_then(Value::as_str);
        let ty = match named {
            Some(name) => self.shape.derived(declared, name).ok_or(format!("no type {name}"))?,
            None => declared,
        };
        to.enter(id, ty);
        self.group(ty, value, to)?;
        to.leave(id).map_err(|Stop| "stopped".to_owned())
    }

    fn leaf(&self, id: PartId, ty: TypeId, value: &Value, to: &mut dyn Visitor) -> Result<(), String> {
        to.enter(id, ty);
        let told = match value {
            Value::Null if self.shape.part(id).nillable => to.leaf(id, Scalar::Nil),
            Value::Null => to.leaf(id, Scalar::Text("")),
            // That client passes CDATA through as it is written; for us it is a way to write a text.
            Value::String(text) => {
                let data = text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
                to.leaf(id, Scalar::Text(data.unwrap_or(text)))
            }
            Value::Number(_) | Value::Bool(_) => to.leaf(id, Scalar::Text(&value.to_string())),
            _ => return Err(format!("`{}` is a leaf", self.shape.part(id).name)),
        };
        told.map_err(|Stop| "stopped".to_owned())
    }
}

impl Document for Telling {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        if self.value.is_null() {
            return Ok(Progress::End);
        }
        let told = self.group(self.ty, &self.value, to);
        told.map(|()| Progress::End).map_err(|message| DecodeError::new(message, 0))
    }
}

/// Makes JSON of what it is told; all leaves are texts.
pub(crate) struct Reading {
    shape: Arc<Shape>,
    open: Vec<Map<String, Value>>,
    /// What was not in the shape.
    pub(crate) unknown: Vec<String>,
    /// Whether the types are told that a message names: as `xsi_type` among the attributes.
    pub(crate) types: bool,
}

impl Reading {
    /// Starts with nothing.
    pub(crate) fn new(shape: &Arc<Shape>) -> Self {
        Self { shape: shape.clone(), open: vec![Map::new()], unknown: Vec::new(), types: false }
    }

    /// Returns what was told.
    pub(crate) fn value(mut self) -> Value {
        Value::Object(self.open.pop().unwrap())
    }

    fn add(&mut self, id: PartId, value: Value) {
        let part = self.shape.part(id);
        let into = self.open.last_mut().unwrap();
        let (into, name) = match part.kind {
            _ if id == PartId::TYPE => {
                let attributes = into.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
                (attributes.as_object_mut().unwrap(), "xsi_type")
            }
            PartKind::Attribute => {
                let attributes = into.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
                (attributes.as_object_mut().unwrap(), &*part.name.local)
            }
            PartKind::Text => (into, "$value"),
            _ => (into, &*part.name.local),
        };
        match into.get_mut(name) {
            None => {
                into.insert(name.to_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
}

impl Visitor for Reading {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if part == PartId::TYPE {
            return if self.types { Interest::Leaf } else { Interest::Skip };
        }
        if self.shape.scalar(ty).is_some() {
            return Interest::Leaf;
        }
        self.open.push(Map::new());
        Interest::Descend
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let group = self.shape.group(self.shape.part(part).ty).is_some();
        match scalar {
            Scalar::Text(text) => self.add(part, Value::String(text.to_owned())),
            Scalar::Nil if group => {}
            _ => self.add(part, Value::Null),
        }
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.unknown.push(name.to_owned());
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        let value = self.open.pop().unwrap();
        self.add(part, Value::Object(value));
        Ok(())
    }
}

/// Says where two values differ; see the arms for what counts as equal.
pub(crate) fn differ(expected: &Value, found: &Value, path: &str) -> Option<String> {
    let unequal = || Some(format!("{path}: expected {expected}, found {found}"));
    match (simple(expected), simple(found)) {
        (Value::Null, Value::Null) => None,
        // One element is written with and without brackets.
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return unequal();
            }
            a.iter().zip(&b).enumerate().find_map(|(n, (a, b))| differ(a, b, &format!("{path}[{n}]")))
        }
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| {
                let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or(Value::Null);
                differ(&of(&a), &of(&b), &format!("{path}/{name}"))
            })
        }
        (a @ (Value::String(_) | Value::Number(_) | Value::Bool(_)), Value::String(b)) => {
            if same(&a, b.trim()) { None } else { unequal() }
        }
        _ => unequal(),
    }
}

/// Nothing, `""` and `{}` are nothing; `[x]` is x; `{ $value: x }` is x; what the types of XML Schema say is no member.
fn simple(value: &Value) -> Value {
    match value {
        Value::String(text) if text.trim().is_empty() => Value::Null,
        Value::Array(list) if list.len() == 1 => simple(&list[0]),
        Value::Object(members) => {
            let mut members = members.clone();
            if let Some(attributes) = members.get_mut("attributes").and_then(Value::as_object_mut) {
                attributes.retain(|name, _| !name.starts_with("xsi:") && !name.starts_with("xmlns"));
            }
            members.retain(|_, value| !simple(value).is_null());
            match (members.len(), members.get("$value")) {
                (0, _) => Value::Null,
                (1, Some(value)) => simple(value),
                _ => Value::Object(members),
            }
        }
        other => other.clone(),
    }
}

/// Whether a JSON value is what a text means by its type: numbers, truth values, dates, times as minutes of the day.
fn same(expected: &Value, found: &str) -> bool {
    let decimal = |text: &str| text.parse::<kernel::Decimal>().ok();
    let instant = |text: &str| -> Option<jiff::Timestamp> {
        let civil = text.parse::<jiff::civil::DateTime>().ok();
        let utc = || civil?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        text.parse().ok().or_else(utc)
    };
    match expected {
        Value::String(text) => {
            text.trim() == found || (instant(text).is_some() && instant(text) == instant(found))
        }
        Value::Number(number) => {
            let minutes = found
                .split_once(':')
                .and_then(|(h, m)| Some(h.parse::<i64>().ok()? * 60 + m.parse::<i64>().ok()?));
            decimal(&number.to_string()) == decimal(found) && decimal(found).is_some()
                || minutes == number.as_i64() && minutes.is_some()
        }
        Value::Bool(truth) => found == truth.to_string() || found == if *truth { "1" } else { "0" },
        _ => false,
    }
}
