//! What a record that was seen means: nothing new, or an event.
//!
//! **Invariant.** The id of an event follows from what is known and what was seen alone, so whoever finds the same change
//! again finds the same id.

use super::feed::{Poison, Rules, Seen, Types};
use crate::store::{Hash, Known, KnownKind, hash};
use adapters_ports::Event;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The type of events of dead letters.
pub(crate) const REJECTED: &str = "seawall.rejected";

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Created,
    Updated,
    Deleted,
}

/// What follows from a record: what is known from now on, and perhaps an event.
#[derive(Debug)]
pub(super) struct Verdict {
    pub key: Arc<str>,
    pub known: Known,
    /// The event, and whether it goes to the dead letters.
    pub event: Option<(bool, Event)>,
}

/// Judges a record that was read; `None` if it is as it was. `base` is the number from which changes of a record are counted
/// that is not known: that of no change of any record that is gone, so that what comes again is not taken for what was.
pub(super) fn seen(
    rules: &Rules,
    known: Option<&Known>,
    base: i64,
    seen: &Seen,
    now: Timestamp,
) -> Option<Verdict> {
    let kind = if seen.deleted { KnownKind::Deleted } else { KnownKind::Live };
    let change = change(known, seen, &rules.types)?;
    let number = next_number(known, base);
    let event = type_of(&rules.types, change).map(|ty| {
        let id = seen.id.clone().unwrap_or_else(|| id(rules, &seen.key, number, change, &seen.content));
        let event = Event {
            id,
            source: Arc::clone(&rules.source),
            ty,
            subject: seen.subject.clone(),
            time: Some(seen.time.clone().unwrap_or_else(|| now.to_string().into())),
            dataschema: rules.dataschema.clone(),
            key: Arc::clone(&seen.partition),
            data: seen.data.clone(),
            content_type: Cow::Borrowed("application/json"),
            extensions: Vec::new(),
        };
        (false, event)
    });
    let own = (*seen.partition != *partition(&seen.key)).then(|| Arc::clone(&seen.partition));
    let known = Known {
        row: 0,
        content: seen.content,
        change: number,
        kind,
        partition: own,
        subject: seen.subject.clone(),
    };
    Some(Verdict { key: Arc::clone(&seen.key), known, event })
}

/// Judges that a record is gone; nothing is published of one that was deleted already or that nobody was told of.
pub(super) fn gone(
    rules: &Rules,
    known: Option<&Known>,
    base: i64,
    key: &str,
    now: Timestamp,
) -> Option<(bool, Event)> {
    let told = known.is_none_or(|known| match known.kind {
        KnownKind::Live => true,
        KnownKind::Deleted => false,
        KnownKind::Rejected => known.change > 0,
    });
    let ty = type_of(&rules.types, Change::Deleted).filter(|_| told)?;
    let number = next_number(known, base);
    let event = Event {
        id: id(rules, key, number, Change::Deleted, &[0; 32]),
        source: Arc::clone(&rules.source),
        ty,
        // As its other events had it, so that they keep their order.
        subject: known.and_then(|known| known.subject.clone()),
        time: Some(now.to_string().into()),
        dataschema: None,
        key: known.and_then(|known| known.partition.clone()).unwrap_or_else(|| partition(key)),
        data: key_object(&rules.key, key),
        content_type: Cow::Borrowed("application/json"),
        extensions: Vec::new(),
    };
    Some((false, event))
}

/// Returns the number of a change of a record; one that nobody was told of is counted like one that is not known.
pub(super) fn next_number(known: Option<&Known>, base: i64) -> i64 {
    known.map(|known| known.change).filter(|&change| change > 0).unwrap_or(base) + 1
}

/// Judges a record that could not be read; `None` if it was rejected like that before.
pub(super) fn rejected(
    rules: &Rules,
    known: Option<&Known>,
    poison: &Poison,
    now: Timestamp,
) -> Option<Verdict> {
    let key = poison_key(poison);
    let content = hash(&[b"rejected", &poison.raw, poison.reason.as_bytes()]);
    if known.is_some_and(|known| known.kind == KnownKind::Rejected && known.content == content) {
        return None;
    }
    let extension = |name: &str, value: &str| (Arc::from(name), Arc::from(value));
    let event = Event {
        id: hex(&hash(&[b"rejected", &rules.id, key.as_bytes(), &content])),
        source: Arc::clone(&rules.source),
        ty: REJECTED.into(),
        subject: poison.key.clone(),
        time: Some(now.to_string().into()),
        dataschema: None,
        key: poison.key.as_deref().map_or_else(|| Arc::clone(&key), partition),
        data: poison.raw.clone(),
        content_type: Cow::Borrowed(poison.content_type),
        extensions: vec![
            extension("reason", &poison.reason),
            extension("position", &poison.position),
            extension("model", &rules.name),
            extension("mappingversion", &rules.version),
        ],
    };
    let change = known.map_or(0, |known| known.change);
    let before = |of: fn(&Known) -> &Option<Arc<str>>| known.and_then(|known| of(known).clone());
    let known = Known {
        row: 0,
        content,
        change,
        kind: KnownKind::Rejected,
        partition: before(|known| &known.partition),
        subject: before(|known| &known.subject),
    };
    Some(Verdict { key, known, event: Some((true, event)) })
}

/// Returns the key under which a record that cannot be read is known: its own, or one of its place.
pub(super) fn poison_key(poison: &Poison) -> Arc<str> {
    match &poison.key {
        Some(key) => Arc::clone(key),
        None => format!("!{}", hex(&hash(&[poison.position.as_bytes()]))).into(),
    }
}

/// Returns the partition key of a model's key: its values, joined by `/`.
pub(super) fn partition(key: &str) -> Arc<str> {
    let values: Vec<Value> = serde_json::from_str(key).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if values.is_empty() { key.into() } else { values.iter().map(text).collect::<Vec<_>>().join("/").into() }
}

fn change(known: Option<&Known>, seen: &Seen, types: &Types) -> Option<Change> {
    let every = matches!(types, Types::Record(_));
    let news = |known: &Known| known.content != seen.content;
    match (known, seen.deleted) {
        (None, false) => Some(Change::Created),
        (None, true) => Some(Change::Deleted),
        (Some(known), deleted) => match (known.kind, deleted) {
            (KnownKind::Live, false) => news(known).then_some(Change::Updated),
            (KnownKind::Deleted, true) => (every && news(known)).then_some(Change::Deleted),
            (KnownKind::Deleted, false) => Some(Change::Created),
            (KnownKind::Live | KnownKind::Rejected, true) => Some(Change::Deleted),
            (KnownKind::Rejected, false) if known.change == 0 => Some(Change::Created),
            (KnownKind::Rejected, false) => Some(Change::Updated),
        },
    }
}

pub(super) fn type_of(types: &Types, change: Change) -> Option<Arc<str>> {
    match (types, change) {
        (Types::Record(ty), _) => Some(Arc::clone(ty)),
        (Types::State { created, .. }, Change::Created) => created.clone(),
        (Types::State { updated, .. }, Change::Updated) => updated.clone(),
        (Types::State { deleted, .. }, Change::Deleted) => deleted.clone(),
    }
}

/// A hash of key and content, and of the number of the change: a record that becomes again what it was is news too.
fn id(rules: &Rules, key: &str, number: i64, change: Change, content: &Hash) -> Arc<str> {
    let change: &[u8] = if change == Change::Deleted { b"deleted" } else { b"changed" };
    hex(&hash(&[b"event", &rules.id, key.as_bytes(), &number.to_le_bytes(), change, content]))
}

/// The first half of a hash: 128 bits.
pub(super) fn hex(hash: &Hash) -> Arc<str> {
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// Of a record that is gone nothing but its key is known.
fn key_object(names: &[Arc<str>], key: &str) -> Bytes {
    let values: Vec<Value> = serde_json::from_str(key).unwrap_or_default();
    let members: Map<String, Value> = names.iter().map(ToString::to_string).zip(values).collect();
    Value::Object(members).to_string().into()
}
