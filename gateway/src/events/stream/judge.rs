//! What a record means against what was published of its key: nothing new, or an event.
//!
//! **Invariant.** The id of an event follows from the key and what is known of it alone, and that is kept with the position,
//! so whoever reads the record again from there finds the same id.

use super::block::Block;
use crate::events::feed::Types;
use crate::events::judge::{Change, hex, type_of};
use crate::events::mark::{Mark, MarkKind};
use crate::store::{KeyState, hash};
use engine::json;
use engine::value::Value;
use std::cmp::Ordering;
use std::sync::Arc;

/// What a record says, as far as its key is concerned.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub key: Arc<str>,
    pub content: u128,
    pub deleted: bool,
    pub newest: Option<Newest>,
    /// The mapping makes an id of its own.
    pub has_id: bool,
}

/// A value of the `newest` field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Newest {
    /// A number, a date, a point in time.
    Mark(Mark),
    /// Anything else, by its text.
    Text(String),
}

/// What follows from a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What is known from now on; nothing where that is what was known.
    pub state: Option<KeyState>,
    /// The type of the event, and its id where the mapping makes none and the source position is none.
    pub event: Option<(Arc<str>, Option<Arc<str>>)>,
}

/// Judges a record.
pub(super) fn judge(block: &Block, known: Option<&KeyState>, pending: &Pending) -> Verdict {
    let nothing = Verdict { state: None, event: None };
    let before = known.and_then(|known| known.newest.as_deref()).and_then(Newest::parse);
    let newest = pending.newest.as_ref().filter(|_| block.newest);
    if let (Some(before), Some(now)) = (&before, newest)
        && now.compare(before) == Ordering::Less
    {
        return nothing;
    }
    let mut state = known.cloned().unwrap_or_default();
    if let Some(newest) = newest {
        state.newest = Some(newest.write());
    }
    let event = match (&block.types, change(block, known, pending)) {
        (_, None) => None,
        (Types::Record(ty), Some(_)) => Some((Arc::clone(ty), None)),
        (Types::State { .. }, Some(change)) => {
            let id = || state_id(block, pending, state.change + 1, change);
            type_of(&block.types, change).map(|ty| (ty, (!pending.has_id).then(id)))
        }
    };
    if change(block, known, pending).is_some() {
        state.change += 1;
        state.content = pending.content;
        state.deleted = pending.deleted;
    }
    Verdict { state: (known != Some(&state)).then_some(state), event }
}

fn change(block: &Block, known: Option<&KeyState>, pending: &Pending) -> Option<Change> {
    // A key of which only a date is known was never published.
    let known = known.filter(|known| known.change > 0);
    let news = known.is_none_or(|known| known.content != pending.content);
    if matches!(block.types, Types::Record(_)) {
        return (news || !block.only_changes).then_some(Change::Updated);
    }
    match (known.map(|known| known.deleted), pending.deleted) {
        (None, false) | (Some(true), false) => Some(Change::Created),
        (None, true) | (Some(false), true) => Some(Change::Deleted),
        (Some(true), true) => None,
        (Some(false), false) => news.then_some(Change::Updated),
    }
}

/// A hash of key and content, and of the number of the change: what becomes again what it was is news too.
fn state_id(block: &Block, pending: &Pending, number: i64, change: Change) -> Arc<str> {
    let change: &[u8] = if change == Change::Deleted { b"deleted" } else { b"changed" };
    let content = pending.content.to_be_bytes();
    hex(&hash(&[b"event", &block.id, pending.key.as_bytes(), &number.to_le_bytes(), change, &content]))
}

impl Newest {
    /// Returns the value; nothing where it is absent.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Absent | Value::Null => None,
            Value::Instant(instant) => Some(Self::Mark(Mark::Instant(instant.at))),
            Value::Date(date) => Some(Self::Mark(Mark::Date(*date))),
            Value::Number(number) => Some(Self::Mark(Mark::Sequence(*number))),
            other => {
                let mut text = Vec::new();
                json::write(other, &mut text);
                Some(Self::Text(String::from_utf8_lossy(&text).into_owned()))
            }
        }
    }

    /// Returns how it is written in the store.
    fn write(&self) -> String {
        match self {
            Self::Mark(mark @ Mark::Instant(_)) => format!("i:{mark}"),
            Self::Mark(mark @ Mark::Date(_)) => format!("d:{mark}"),
            Self::Mark(mark @ Mark::Sequence(_)) => format!("n:{mark}"),
            Self::Text(text) => format!("t:{text}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, text) = text.split_once(':')?;
        let kind = match kind {
            "i" => MarkKind::Instant,
            "d" => MarkKind::Date,
            "n" => MarkKind::Sequence,
            _ => return Some(Self::Text(text.to_owned())),
        };
        Mark::parse(kind, text).map(Self::Mark)
    }

    /// A field that has become something else is compared with nothing.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Mark(Mark::Instant(a)), Self::Mark(Mark::Instant(b))) => a.cmp(b),
            (Self::Mark(Mark::Date(a)), Self::Mark(Mark::Date(b))) => a.cmp(b),
            (Self::Mark(Mark::Sequence(a)), Self::Mark(Mark::Sequence(b))) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => Ordering::Greater,
        }
    }
}
