//! Events as messages of Kafka: CloudEvents 1.0.2, Kafka Protocol Binding.
//!
//! **Invariant.** The key of a message is the partition key of its event; the data is never changed.

use crate::config::Mode;
use adapters_ports::Event;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rdkafka::message::{Header, OwnedHeaders};

/// The version of CloudEvents that we write.
pub(crate) const SPEC_VERSION: &str = "1.0";
/// The header `content-type` of structured mode. Source: Kafka Protocol Binding 1.0.2, section 3.3.1, and
/// JSON Event Format 1.0.2, section 3.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json; charset=UTF-8";
/// Prefix of the headers of attributes. Source: Kafka Protocol Binding 1.0.2, section 3.2.3.1.
pub(crate) const PREFIX: &str = "ce_";

/// Writes events in one content mode, and reuses its buffers from one to the next.
#[derive(Debug)]
pub(crate) struct Writer {
    mode: Mode,
    text: Vec<u8>,
    name: String,
}

impl Writer {
    /// Begins.
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, text: Vec::new(), name: PREFIX.to_owned() }
    }

    /// Returns the headers and the value of an event's message.
    pub(crate) fn write<'a>(&'a mut self, event: &'a Event) -> (OwnedHeaders, &'a [u8]) {
        match self.mode {
            Mode::Binary => (self.headers(event), &event.data),
            Mode::Structured => {
                self.text.clear();
                structured(event, &mut self.text);
                let headers = OwnedHeaders::new_with_capacity(1).insert(header("content-type", STRUCTURED));
                (headers, &self.text)
            }
        }
    }

    /// Each attribute becomes a header, `ce_` with its name; `datacontenttype` becomes `content-type`. Source: Kafka Protocol
    /// Binding 1.0.2, section 3.2.
    fn headers(&mut self, event: &Event) -> OwnedHeaders {
        let Event { id, source, ty, subject, time, dataschema, key, content_type, extensions, data: _ } =
            event;
        let mut headers = OwnedHeaders::new_with_capacity(9 + extensions.len())
            .insert(header("ce_specversion", SPEC_VERSION))
            .insert(header("ce_id", id))
            .insert(header("ce_source", source))
            .insert(header("ce_type", ty));
        for (name, value) in [("ce_subject", subject), ("ce_time", time), ("ce_dataschema", dataschema)] {
            if let Some(value) = value {
                headers = headers.insert(header(name, value));
            }
        }
        headers = headers.insert(header("content-type", content_type));
        headers = headers.insert(header("ce_partitionkey", key));
        for (name, value) in extensions {
            self.name.truncate(PREFIX.len());
            self.name.push_str(name);
            headers = headers.insert(header(&self.name, value));
        }
        headers
    }
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header { key, value: Some(value) }
}

/// Appends an event in the JSON format. Source: CloudEvents, JSON Event Format 1.0.2, section 3.
fn structured(event: &Event, out: &mut Vec<u8>) {
    let Event { id, source, ty, subject, time, dataschema, key, data, content_type, extensions } = event;
    out.extend_from_slice(b"{\"specversion\":\"1.0\"");
    for (name, value) in [("id", id), ("source", source), ("type", ty)] {
        member(name, value, out);
    }
    for (name, value) in [("subject", subject), ("time", time), ("dataschema", dataschema)] {
        if let Some(value) = value {
            member(name, value, out);
        }
    }
    member("datacontenttype", content_type, out);
    member("partitionkey", key, out);
    for (name, value) in extensions {
        member(name, value, out);
    }
    if is_json(content_type) {
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(data);
    } else {
        member("data_base64", &STANDARD.encode(data), out);
    }
    out.push(b'}');
}

/// Returns whether a media type is one of JSON: its subtype is `json` or ends with `+json`. Source: JSON Event Format 1.0.2, section 3.1.
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let subtype = essence.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    subtype == "json" || subtype.ends_with("+json")
}

fn member(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b',');
    text(name, out);
    out.push(b':');
    text(value, out);
}

/// Appends a text of JSON: what needs no escape is copied as it is.
fn text(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = value.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&byte, behind)) = from.split_first() else { break };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests;
