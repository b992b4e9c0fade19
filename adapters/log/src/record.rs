//! One record: an event as bytes, with its number, behind a mark, its length and its checksum.
//!
//! **Invariant.** What is decoded has passed its checksum, and no length in it is believed before.

use crate::crc::crc32c;
use adapters_ports::Event;
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// What every record begins with; no UTF-8 text holds it.
pub(crate) const MARK: [u8; 4] = [0xff, b'E', b'V', 0xfe];
/// Mark, length, checksum.
pub(crate) const HEAD_BYTES: usize = 12;
/// Largest record.
pub(crate) const RECORD_BYTES_MAX: usize = 16 << 20;

/// Version of the form of a record.
const VERSION: u8 = 1;
/// The record is the first of those that were made durable together.
const FIRST: u8 = 1;

/// What stands before an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Its number in the topic, from 1.
    pub seq: u64,
    /// When it was published, in milliseconds since 1970.
    pub at_ms: i64,
    /// It is the first of those that were made durable together: all before it was durable when it was written.
    pub first: bool,
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRecord(pub &'static str);

/// Appends an event as a record. `salt` is that of its segment.
///
/// Returns `false`, and appends nothing, if it would be too large.
pub(crate) fn encode(stamp: Stamp, event: &Event, salt: u32, out: &mut Vec<u8>) -> bool {
    let begin = out.len();
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&[0; HEAD_BYTES - 4]);
    out.extend_from_slice(&[VERSION, if stamp.first { FIRST } else { 0 }]);
    out.extend_from_slice(&stamp.seq.to_le_bytes());
    out.extend_from_slice(&stamp.at_ms.to_le_bytes());
    let whole = fields(event, out);
    let length = out.len() - begin - HEAD_BYTES;
    if !whole || length > RECORD_BYTES_MAX {
        out.truncate(begin);
        return false;
    }
    let length = u32::try_from(length).expect("the limit fits into 32 bits");
    out[begin + 4..begin + 8].copy_from_slice(&length.to_le_bytes());
    let crc = checksum(salt, &out[begin + 4..begin + 8], &out[begin + HEAD_BYTES..]);
    out[begin + 8..begin + HEAD_BYTES].copy_from_slice(&crc.to_le_bytes());
    true
}

/// Returns the record at the beginning of bytes: what follows its head, checked.
///
/// # Errors
/// What stands there is no record, or not all of one.
pub(crate) fn frame(bytes: &[u8], salt: u32) -> Result<&[u8], NoRecord> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(NoRecord("it ends within a record"))?;
    let length = length(head).ok_or(NoRecord("no record begins there"))?;
    let payload = rest.get(..length).ok_or(NoRecord("it ends within a record"))?;
    let crc = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    if checksum(salt, &head[4..8], payload) == crc {
        Ok(payload)
    } else {
        Err(NoRecord("the checksum does not fit"))
    }
}

/// Returns how long the record is that a head announces; `None` if it is no head.
pub(crate) fn length(head: &[u8]) -> Option<usize> {
    let length = head.strip_prefix(&MARK)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*length)).ok().filter(|&length| length <= RECORD_BYTES_MAX)
}

/// Returns what stands before the event of a record that passed its checksum.
pub(crate) fn stamp(payload: &[u8]) -> Result<Stamp, NoRecord> {
    Fields(payload).stamp().ok_or(NoRecord("the record is of a form that this program does not know"))
}

/// Returns the event of a record that passed its checksum.
pub(crate) fn decode(payload: &[u8]) -> Result<(Stamp, Event), NoRecord> {
    let mut fields = Fields(payload);
    let whole = fields.stamp().and_then(|stamp| Some((stamp, fields.event()?)));
    whole.ok_or(NoRecord("the record is of a form that this program does not know"))
}

fn checksum(salt: u32, length: &[u8], payload: &[u8]) -> u32 {
    crc32c(crc32c(salt, length), payload)
}

fn fields(event: &Event, out: &mut Vec<u8>) -> bool {
    let optional = |text: &Option<Arc<str>>, out: &mut Vec<u8>| match text {
        None => {
            out.push(0);
            true
        }
        Some(text) => {
            out.push(1);
            put(text.as_bytes(), out)
        }
    };
    let mut whole =
        [&event.id, &event.source, &event.ty, &event.key].into_iter().all(|text| put(text.as_bytes(), out));
    whole &= [&event.subject, &event.time, &event.dataschema].into_iter().all(|text| optional(text, out));
    whole &= put(event.content_type.as_bytes(), out);
    let Ok(count) = u16::try_from(event.extensions.len()) else { return false };
    out.extend_from_slice(&count.to_le_bytes());
    whole &=
        event.extensions.iter().all(|(name, value)| put(name.as_bytes(), out) && put(value.as_bytes(), out));
    whole && put(&event.data, out)
}

fn put(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u32::try_from(bytes.len()) else { return false };
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
    true
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn stamp(&mut self) -> Option<Stamp> {
        let [version, flags] = self.chunk()?;
        let (seq, at_ms) = (u64::from_le_bytes(self.chunk()?), i64::from_le_bytes(self.chunk()?));
        (version == VERSION).then_some(Stamp { seq, at_ms, first: flags & FIRST != 0 })
    }

    fn event(&mut self) -> Option<Event> {
        let (id, source, ty, key) = (self.text()?, self.text()?, self.text()?, self.text()?);
        let (subject, time, dataschema) = (self.optional()?, self.optional()?, self.optional()?);
        let content_type = match &*self.text()? {
            "application/json" => Cow::Borrowed("application/json"),
            other => Cow::Owned(other.to_owned()),
        };
        let count = u16::from_le_bytes(self.chunk()?);
        let mut extensions = Vec::new();
        for _ in 0..count {
            extensions.push((self.text()?, self.text()?));
        }
        let data = Bytes::copy_from_slice(self.bytes()?);
        Some(Event { id, source, ty, subject, time, dataschema, key, data, content_type, extensions })
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(u32::from_le_bytes(self.chunk()?)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<Arc<str>> {
        std::str::from_utf8(self.bytes()?).ok().map(Arc::from)
    }

    fn optional(&mut self) -> Option<Option<Arc<str>>> {
        match self.chunk::<1>()? {
            [0] => Some(None),
            [1] => self.text().map(Some),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn event(id: &str, data: &str) -> Event {
        Event {
            id: id.into(),
            source: "/facade/test".into(),
            ty: "test.changed".into(),
            subject: Some("one".into()),
            time: None,
            dataschema: None,
            key: "k".into(),
            data: Bytes::copy_from_slice(data.as_bytes()),
            content_type: Cow::Borrowed("application/json"),
            extensions: vec![("reason".into(), "none, only a test ü".into())],
        }
    }

    const STAMP: Stamp = Stamp { seq: 7, at_ms: 1_700_000_000_123, first: true };

    #[test]
    fn an_event_comes_back_as_it_went() {
        let check = |event: &Event| {
            let mut bytes = b"before".to_vec();
            assert!(encode(STAMP, event, 42, &mut bytes));
            let payload = frame(&bytes[6..], 42).unwrap();
            assert_eq!(decode(payload), Ok((STAMP, event.clone())));
            assert_eq!(stamp(payload), Ok(STAMP));
        };
        check(&event("a", "{}"));
        check(&Event { subject: None, time: Some("2026-01-01T00:00:00Z".into()), ..event("", "") });
        check(&Event { content_type: "text/csv".into(), extensions: Vec::new(), ..event("ü", "x;y") });
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let mut bytes = Vec::new();
        assert!(encode(STAMP, &event("a", "{\"n\":1}"), 9, &mut bytes));
        for n in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[n / 8] ^= 1 << (n % 8);
            assert!(frame(&flipped, 9).is_err(), "bit {n}");
        }
        for n in 0..bytes.len() {
            assert!(frame(&bytes[..n], 9).is_err(), "cut at {n}");
        }
        assert!(frame(&bytes, 8).is_err(), "the salt of another segment");
    }

    #[test]
    fn an_event_that_is_too_large_leaves_nothing_behind() {
        let mut bytes = b"x".to_vec();
        let large = Event { data: vec![0; RECORD_BYTES_MAX].into(), ..event("a", "") };
        assert!(!encode(STAMP, &large, 0, &mut bytes));
        assert_eq!(bytes, b"x");
    }
}
