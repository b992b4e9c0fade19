//! Messages of Kafka as events again, whichever content mode they have.
//!
//! **Invariant.** What is no event is told with its reason; nothing is made up, and numbers keep all their digits.

use crate::message::{PREFIX, SPEC_VERSION, is_json};
use adapters_ports::Event;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Attributes by name, `datacontenttype` among them.
type Attributes = BTreeMap<String, Arc<str>>;

/// Reads a message. `headers` are its names and values.
///
/// # Errors
/// Why it is no event.
pub(crate) fn event<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    key: Option<&[u8]>,
    value: &[u8],
) -> Result<Event, String> {
    let mut attributes = Attributes::new();
    let mut content_type: Arc<str> = "".into();
    for (name, value) in headers {
        let text = || std::str::from_utf8(value).map_err(|_| format!("the header `{name}` is no UTF-8"));
        if name.eq_ignore_ascii_case("content-type") {
            content_type = text()?.into();
        } else if let Some(attribute) = name.strip_prefix(PREFIX) {
            attributes.insert(attribute.to_owned(), text()?.into());
        }
    }
    // A content type that begins so means structured mode. Source: Kafka Protocol Binding 1.0.2, section 3.
    if content_type.to_ascii_lowercase().starts_with("application/cloudevents") {
        return structured(value, key);
    }
    if !content_type.is_empty() {
        attributes.insert("datacontenttype".into(), content_type);
    }
    build(attributes, key, Bytes::copy_from_slice(value))
}

/// Reads an event in the JSON format.
fn structured(value: &[u8], key: Option<&[u8]>) -> Result<Event, String> {
    let members: BTreeMap<String, &RawValue> =
        serde_json::from_slice(value).map_err(|error| format!("the event is no JSON object: {error}"))?;
    let (mut attributes, mut data, mut encoded) = (Attributes::new(), None, None);
    for (name, raw) in members {
        match (name.as_str(), raw.get()) {
            // What is null is as absent. Source: JSON Event Format 1.0.2, section 2.2.
            (_, "null") => {}
            ("data", text) => data = Some(text),
            ("data_base64", text) => encoded = Some(string(&name, text)?),
            (_, text) => drop(attributes.insert(name.clone(), attribute(&name, text)?)),
        }
    }
    let json = attributes.get("datacontenttype").is_none_or(|content_type| is_json(content_type));
    let data = match (data, encoded) {
        (Some(_), Some(_)) => return Err("the event has both `data` and `data_base64`".into()),
        (Some(text), None) if json || !text.starts_with('"') => Bytes::copy_from_slice(text.as_bytes()),
        (Some(text), None) => Bytes::from(string("data", text)?),
        (None, Some(encoded)) => {
            STANDARD.decode(encoded).map(Bytes::from).map_err(|_| "`data_base64` is no base64".to_owned())?
        }
        (None, None) => Bytes::new(),
    };
    build(attributes, key, data)
}

fn string(name: &str, text: &str) -> Result<String, String> {
    serde_json::from_str(text).map_err(|_| format!("`{name}` is no text"))
}

/// An attribute: a text, or an integer or truth value in its canonical text.
fn attribute(name: &str, text: &str) -> Result<Arc<str>, String> {
    match text.as_bytes().first() {
        Some(b'"') => string(name, text).map(Arc::from),
        Some(b'{' | b'[') | None => {
            Err(format!("the attribute `{name}` is neither text, number nor truth value"))
        }
        Some(_) => Ok(text.into()),
    }
}

fn build(mut attributes: Attributes, key: Option<&[u8]>, data: Bytes) -> Result<Event, String> {
    let mut required = |name: &str| {
        let value = attributes.remove(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("it has no attribute `{name}`"))
    };
    let version = required("specversion")?;
    if *version != *SPEC_VERSION {
        return Err(format!("it is of version `{version}` of CloudEvents, not of {SPEC_VERSION}"));
    }
    let (id, source, ty) = (required("id")?, required("source")?, required("type")?);
    let key = match (attributes.remove("partitionkey"), key) {
        (Some(key), _) => key,
        (None, Some(key)) => std::str::from_utf8(key).map_err(|_| "its key is no UTF-8")?.into(),
        (None, None) => Arc::clone(&id),
    };
    let content_type = match attributes.remove("datacontenttype") {
        Some(content_type) if *content_type != *"application/json" => Cow::Owned(content_type.to_string()),
        // Without one it is as with `application/json`. Source: JSON Event Format 1.0.2, section 3.1.
        _ => Cow::Borrowed("application/json"),
    };
    Ok(Event {
        id,
        source,
        ty,
        subject: attributes.remove("subject"),
        time: attributes.remove("time"),
        dataschema: attributes.remove("dataschema"),
        key,
        data,
        content_type,
        extensions: attributes.into_iter().map(|(name, value)| (name.into(), value)).collect(),
    })
}

#[cfg(test)]
mod tests;
