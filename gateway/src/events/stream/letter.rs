//! Dead letters: records that cannot be read, with everything that is needed to read them later, and why they cannot.
//!
//! **Invariant.** A letter can be turned back into the record that it was made of.

use super::block::Block;
use crate::events::judge::REJECTED;
use crate::store::{Hash, hash};
use adapters_ports::{Event, Identity, RawRecord};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::plan::stream::Unread;
use kernel::{BadField, DecodeError, Error};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// Bytes of a field that are shown in hex.
const HEX_MAX: usize = 256;
/// Longest reason, in bytes.
const REASON_MAX: usize = 1_000;

/// Why a record goes to the dead letters.
#[derive(Debug, Clone)]
pub(super) struct Why {
    /// In words, without values.
    pub reason: String,
    /// The field that cannot be read.
    pub field: Option<Box<BadField>>,
}

/// What a letter says beside the record.
pub(super) struct Letter<'a> {
    pub raw: RawRecord,
    /// The name of its type, if it has one.
    pub record_type: Option<&'a str>,
    /// The block that it was read for; nothing where nobody knows its type.
    pub block: Option<&'a Block>,
    /// The number of the letter's id goes behind this.
    pub prefix: &'a str,
    pub source: &'a Arc<str>,
    pub version: &'a str,
    pub time: &'a Arc<str>,
    /// What its unit is known by.
    pub identity: &'a Identity,
}

impl Why {
    pub(super) fn unread(unread: Unread) -> Self {
        Self { reason: said(&unread), field: unread.field }
    }

    pub(super) fn unknown(error: &DecodeError) -> Self {
        Self { reason: error.to_string(), field: error.field.clone() }
    }
}

/// What is wrong with a record, in words: its message with its places; it holds no values.
pub(super) fn said(unread: &Unread) -> String {
    let mut text = words(&unread.error);
    let told = unread.error.context.iter().any(|(key, _)| matches!(*key, "path" | "field"));
    if let Some(field) = unread.field.as_ref().filter(|_| !told) {
        // Writing to a string cannot fail.
        let _ = write!(text, ", path {}", field.path);
    }
    text
}

/// An error in words, with its places.
pub(super) fn words(error: &Error) -> String {
    let mut text = error.message.to_owned();
    for (key, value) in &error.context {
        let _ = match *key {
            "reason" => write!(text, ": {value}"),
            _ => write!(text, ", {key} {value}"),
        };
    }
    text
}

/// Returns what the ids of the letters of a block, or of nobody's, begin with in a unit.
pub(super) fn prefix(owner: &Hash, identity: &Hash) -> String {
    crate::events::judge::hex(&hash(&[b"rejected record", owner, identity])).to_string()
}

impl Letter<'_> {
    /// Returns the event.
    pub(super) fn event(self, why: &Why) -> Event {
        let Self { raw, record_type, block, prefix, source, version, time, identity } = self;
        let RawRecord { bytes, beside, unit, number, offset } = raw;
        let mut extensions: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(12);
        let mut add = |name: &str, value: &str| extensions.push((name.into(), value.into()));
        add("reason", cut(&why.reason, REASON_MAX));
        add("position", &format!("{unit}, record {number} at byte {offset}"));
        add("model", block.map_or("", |block| &block.model));
        add("mappingversion", version);
        add("unit", &unit);
        add("unitid", &hex(identity));
        add("record", &number.to_string());
        add("offset", &offset.to_string());
        if let Some(name) = record_type {
            add("recordtype", name);
        }
        if let Some(field) = &why.field {
            add("field", &field.path);
            add("hex", &hex(&field.bytes));
        }
        if !beside.is_empty() {
            let named = beside.iter().map(|(name, bytes)| (name.to_string(), STANDARD.encode(bytes).into()));
            add("beside", &serde_json::Value::Object(named.collect()).to_string());
        }
        Event {
            id: format!("{prefix}-{number}").into(),
            source: Arc::clone(source),
            ty: REJECTED.into(),
            subject: None,
            time: Some(Arc::clone(time)),
            dataschema: None,
            // Letters of one unit keep their order.
            key: unit,
            data: bytes,
            content_type: Cow::Borrowed("application/octet-stream"),
            extensions,
        }
    }
}

/// Returns the record that a letter was made of, and what its unit is known by; nothing where it is no letter of a record.
pub(super) fn raw(event: &Event) -> Option<(RawRecord, Identity)> {
    let extension = |name: &str| event.extensions.iter().find(|(own, _)| **own == *name).map(|(_, it)| it);
    let beside = match extension("beside") {
        Some(text) => beside(&serde_json::from_str(text).ok()?)?,
        None => Vec::new(),
    };
    let record = RawRecord {
        bytes: event.data.clone(),
        beside,
        unit: Arc::clone(extension("unit")?),
        number: extension("record")?.parse().ok()?,
        offset: extension("offset")?.parse().ok()?,
    };
    Some((record, identity(extension("unitid")?)?))
}

/// Returns the records beside one, from base64 by their names.
pub(super) fn beside(members: &serde_json::Map<String, serde_json::Value>) -> Option<Vec<(Arc<str>, Bytes)>> {
    let decoded = |(name, value): (&String, &serde_json::Value)| {
        Some((Arc::from(name.as_str()), STANDARD.decode(value.as_str()?).ok()?.into()))
    };
    members.iter().map(decoded).collect()
}

/// Returns what a unit is known by, from hex.
pub(super) fn identity(hex: &str) -> Option<Identity> {
    let mut identity = [0; 32];
    for (at, byte) in identity.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    (hex.len() == 64).then_some(identity)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len().min(HEX_MAX));
    for byte in bytes.iter().take(HEX_MAX) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}
