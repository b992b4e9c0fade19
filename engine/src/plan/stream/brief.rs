//! The short way of a record that becomes an event: what it says beside its JSON is taken from that.
//!
//! **Invariant.** It says what the long way says, or nothing.

use super::reading::Reading;
use super::{Said, Take};
use crate::plan::read::{FINGERPRINT_SEED, Line, Short};
use crate::plan::watch::instant;
use crate::ty::Kind;
use crate::value::Value;
use jiff::civil;
use kernel::Sheet;
use std::sync::Arc;

/// Reads records the short way, one after the other.
#[derive(Debug, Default)]
pub(super) struct Brief {
    line: Line,
    /// What stands beside the JSON is to be had from it.
    pub(super) is_possible: bool,
    /// The last date that a time was made of, with that time.
    midnight: Option<(String, Arc<str>)>,
}

impl Brief {
    /// Starts. `reading` is one whose records are not compared with each other.
    pub(super) fn new(reading: Option<&Reading>) -> Self {
        Self { is_possible: reading.is_some_and(Reading::is_brief), ..Self::default() }
    }

    /// See [`super::EventReader::take_json`].
    pub(super) fn read_json(&mut self, reading: &Reading, take: &mut Take<'_>, sheet: &mut Sheet) -> bool {
        let Some(short) = &reading.short else { return false };
        let start = sheet.end();
        if !self.line.read(short, take, sheet) {
            return false;
        }
        let is_there = |value: usize| text_of(self.line.value(short, value, sheet.written())).is_some();
        let slots = [reading.partition, reading.id].into_iter().flatten();
        // A key of which a part is absent has to be looked at by itself.
        let whole = (0..reading.key).chain(slots).all(is_there);
        if !whole {
            sheet.truncate(start);
        }
        whole
    }

    /// See [`super::EventReader::take`].
    pub(super) fn read(
        &mut self,
        reading: &Reading,
        take: &mut Take<'_>,
        empty: &Arc<str>,
        sheet: &mut Sheet,
    ) -> Option<Said> {
        let start = sheet.end();
        if !self.is_possible || !self.read_json(reading, take, sheet) {
            return None;
        }
        let said = self.said(reading, empty, sheet.written());
        if said.is_none() {
            sheet.truncate(start);
        }
        said
    }

    fn said(&mut self, reading: &Reading, empty: &Arc<str>, json: &[u8]) -> Option<Said> {
        let short = reading.short.as_ref()?;
        let line = &self.line;
        let text = |slot: Option<usize>| match slot {
            // Nothing is asked for, or what is asked for is absent.
            None => Some(None),
            Some(slot) => match line.value(short, slot, json) {
                None | Some(b"null") => Some(None),
                value => text_of(value).and_then(|text| Some(Some(Arc::from(str::from_utf8(text).ok()?)))),
            },
        };
        let key = match reading.key {
            0 => Arc::clone(empty),
            _ => text(Some(0))??,
        };
        let (partition, id, subject) = (text(reading.partition)?, text(reading.id)?, text(reading.subject)?);
        let time = match reading.time {
            None => None,
            Some(slot) => Some(self.time(reading, short, slot, json)?),
        };
        Some(Said {
            partition: partition.unwrap_or_else(|| Arc::clone(&key)),
            key,
            id,
            time,
            subject,
            deleted: false,
            newest: Value::Absent,
            content: FINGERPRINT_SEED,
        })
    }

    /// Returns the midnight of a date; nothing where there is none.
    fn time(&mut self, reading: &Reading, short: &Short, slot: usize, json: &[u8]) -> Option<Arc<str>> {
        let date = str::from_utf8(text_of(self.line.value(short, slot, json))?).ok()?;
        if let Some((known, text)) = &self.midnight
            && known == date
        {
            return Some(Arc::clone(text));
        }
        let value = Value::Date(date.parse::<civil::Date>().ok()?);
        let text = instant(&value, &reading.zone)?;
        self.midnight = Some((date.to_owned(), Arc::clone(&text)));
        Some(text)
    }
}

impl Reading {
    /// Returns whether all that an event says stands in its JSON.
    fn is_brief(&self) -> bool {
        let Some(short) = &self.short else { return false };
        let is_date = |slot: usize| short.ty(slot).is_some_and(|ty| matches!(ty.kind, Kind::Date));
        self.key <= 1
            && self.time.is_none_or(is_date)
            && self.deleted.is_none()
            && self.newest.is_none()
            && self.only_changes.is_empty()
    }
}

/// Returns the plain text of a value; nothing where it is absent or empty, no single value, or not as it stands.
fn text_of(json: Option<&[u8]>) -> Option<&[u8]> {
    match json? {
        [b'"', text @ .., b'"'] => (!text.is_empty() && !text.contains(&b'\\')).then_some(text),
        b"null" | [b'[' | b'{', ..] => None,
        plain => Some(plain),
    }
}
