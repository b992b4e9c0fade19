//! Rows and replies as JSON, for tests: a map of names, a list where something repeats.
//!
//! **Invariant.** A number is the text that stands in the file; a name that the catalog does not know is an error.

mod compare;
mod told;

pub(crate) use compare::difference;
pub(crate) use told::Told;

use crate::generate::defect;
use crate::json;
use kernel::{
    Datum, Document, Error, FileId, Interest, Node, NodeKind, PartId, Progress, Scalar, ScalarType, Shape,
    Stop, TypeId, Visitor,
};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use told::Event;

/// Returns a scalar as a value to be bound.
pub(crate) fn datum(scalar: Scalar<'_>) -> Datum {
    let text = match scalar {
        Scalar::Nil => return Datum::Null,
        Scalar::Bytes(bytes) => return Datum::Bytes(bytes.into()),
        Scalar::Text(text) => text.to_owned(),
        Scalar::Bool(truth) => truth.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Decimal(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Date(date) => date.to_string(),
        Scalar::Time(time) => time.to_string(),
        Scalar::DateTime(at) => at.to_string(),
        Scalar::Instant(at) => at.to_string(),
    };
    Datum::Text(text.into())
}

/// Reads a part from JSON.
///
/// # Errors
/// It is no JSON, or not of the shape; in words, with the path.
pub(crate) fn decode(shape: &Shape, part: PartId, wire: &[u8]) -> Result<Told, String> {
    let text = std::str::from_utf8(wire).map_err(|_| "the data is not UTF-8".to_owned())?;
    let node = json::parse(text, FileId(0)).map_err(|wrong| {
        let at = wrong.span.map_or(0, |span| span.start);
        format!("{} at byte {at}", wrong.message)
    })?;
    let mut events = Vec::new();
    group(shape, shape.part(part).ty, &node, "", &mut events)?;
    Ok(Told::new(events))
}

fn group(shape: &Shape, ty: TypeId, node: &Node, path: &str, events: &mut Vec<Event>) -> Result<(), String> {
    let shown = if path.is_empty() { "the record" } else { path };
    let Some(entries) = node.map() else {
        return Err(format!("{shown}: expected a map, found {}", node.form()));
    };
    let parts = shape.group(ty).map(|group| group.parts.as_slice()).unwrap_or_default();
    let name = |part: PartId| &*shape.part(part).name.local;
    if let Some(entry) = entries.iter().find(|entry| !parts.iter().any(|&part| name(part) == entry.key)) {
        let names: Vec<&str> = parts.iter().map(|&part| name(part)).collect();
        return Err(format!("{shown}: there is no `{}`; it has: {}", entry.key, names.join(", ")));
    }
    for &part in parts {
        let Some(value) = node.at(name(part)) else { continue };
        let path = if path.is_empty() { name(part).to_owned() } else { format!("{path}/{}", name(part)) };
        let items = match &value.kind {
            NodeKind::List(items) if shape.part(part).occurs.repeats() => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        for item in items {
            member(shape, part, item, &path, events)?;
        }
    }
    Ok(())
}

fn member(
    shape: &Shape,
    part: PartId,
    node: &Node,
    path: &str,
    events: &mut Vec<Event>,
) -> Result<(), String> {
    let ty = shape.part(part).ty;
    let Some(scalar) = shape.scalar(ty) else {
        events.push(Event::Enter(part, ty));
        group(shape, ty, node, path, events)?;
        events.push(Event::Leave(part));
        return Ok(());
    };
    let value = match &node.kind {
        NodeKind::Null => Datum::Null,
        NodeKind::Text(text) if matches!(scalar, ScalarType::Bytes { .. }) => Datum::Bytes(
            from_hex(&text.value).ok_or_else(|| format!("{path}: bytes are hexadecimal digits"))?.into(),
        ),
        NodeKind::Text(text) => Datum::Text(text.value.as_str().into()),
        _ => return Err(format!("{path}: expected a value, found {}", node.form())),
    };
    events.push(Event::Leaf(part, ty, value));
    Ok(())
}

/// Writes a part as JSON, one name per line.
///
/// # Errors
/// The document could not be told.
pub(crate) fn encode(shape: &Shape, content: &mut dyn Document) -> Result<Vec<u8>, Error> {
    let mut writer = Writer { shape, open: vec![Map::new()] };
    match content.advance(&mut writer) {
        Ok(Progress::End) => {}
        Ok(_) => return Err(defect("the record ended early")),
        Err(error) => return Err(defect("the record could not be told").because(error)),
    }
    let root = writer.open.pop().unwrap_or_default();
    let mut text = serde_json::to_string_pretty(&root).map_err(|error| defect("no JSON").because(error))?;
    text.push('\n');
    Ok(text.into_bytes())
}

struct Writer<'s> {
    shape: &'s Shape,
    open: Vec<Map<String, Value>>,
}

impl Writer<'_> {
    fn put(&mut self, part: PartId, value: Value) {
        let declared = self.shape.part(part);
        let Some(map) = self.open.last_mut() else { return };
        let name = declared.name.local.to_string();
        if !declared.occurs.repeats() {
            map.insert(name, value);
        } else if let Value::Array(items) = map.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
            items.push(value);
        }
    }
}

impl Visitor for Writer<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if part == PartId::TYPE {
            return Interest::Skip;
        }
        if self.shape.scalar(ty).is_some() {
            return Interest::Leaf;
        }
        self.open.push(Map::new());
        Interest::Descend
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        // Numbers are texts here: a JSON number of another program may lose digits.
        let value = match datum(scalar) {
            Datum::Null => Value::Null,
            Datum::Text(text) => Value::String(text.into()),
            Datum::Bytes(bytes) => Value::String(to_hex(&bytes)),
        };
        self.put(part, value);
        Ok(())
    }

    fn unknown(&mut self, _name: &str) {}

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        if let Some(map) = self.open.pop() {
            self.put(part, Value::Object(map));
        }
        Ok(())
    }
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    bytes.iter().for_each(|byte| {
        let _ = write!(text, "{byte:02x}");
    });
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests;
