//! Texts in fields: padded with blanks behind or in front, of a code page or of UTF-16.
//!
//! **Invariant.** Only blanks that have no room are dropped; a text that does not fit is refused.

use super::{FieldError, Setting};
use kernel::{Scalar, ScalarType, TextType};
use std::borrow::Cow;

/// The side that is padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// In front.
    Left,
    /// Behind.
    Right,
}

/// Returns the type of a text of so many characters.
pub(super) fn text_type(width: u32, padded: bool) -> ScalarType {
    ScalarType::Text(TextType { length_max: Some(width), padded, ..TextType::default() })
}

/// Returns how many bytes of a text there are without the blanks that pad it behind.
#[inline(always)]
pub(super) fn without_padding(raw: &[u8], blank: u8) -> usize {
    let mut kept = raw;
    // Padded texts are mostly padding, so eight bytes are looked at at once.
    while let Some((rest, last)) = kept.split_last_chunk::<8>() {
        let other = u64::from_le_bytes(*last) ^ u64::from_le_bytes([blank; 8]);
        if other != 0 {
            return kept.len() - (other.leading_zeros() / 8) as usize;
        }
        kept = rest;
    }
    kept.iter().rposition(|byte| *byte != blank).map_or(0, |last| last + 1)
}

/// Reads a text that is padded in front.
pub(super) fn read_right<'a>(
    raw: &'a [u8],
    setting: &Setting,
    text: &'a mut String,
) -> Result<Scalar<'a>, FieldError> {
    let text = setting.page.decode(raw, text).map_err(|error| error.to_string())?;
    Ok(Scalar::Text(text.trim_start_matches(' ')))
}

/// Reads UTF-16, high byte first.
pub(super) fn read_national<'a>(raw: &[u8], text: &'a mut String) -> Result<Scalar<'a>, FieldError> {
    text.clear();
    if !raw.len().is_multiple_of(2) {
        return Err("the field has half a character".into());
    }
    let units = raw.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    for (at, character) in char::decode_utf16(units).enumerate() {
        text.push(character.map_err(|_| format!("character {} of the text is no UTF-16", at + 1))?);
    }
    Ok(Scalar::Text(text))
}

/// Writes a text of the code page.
pub(super) fn write(
    value: Scalar<'_>,
    setting: &Setting,
    out: &mut [u8],
    side: Side,
) -> Result<(), FieldError> {
    let page = setting.page;
    let text = match &value {
        Scalar::Bytes(bytes) => return write_bytes(Scalar::Bytes(bytes), out, Some(page.blank())),
        value => text_of(value)?,
    };
    let text = match side {
        Side::Left => text.trim_start_matches(' '),
        Side::Right => &text,
    };
    let mut bytes = Vec::new();
    let bytes = match page.is_ebcdic() || !text.is_ascii() {
        true => {
            bytes.reserve(text.len());
            page.encode_into(text, &mut bytes).map_err(|error| error.to_string())?;
            &bytes[..]
        }
        false => text.as_bytes(),
    };
    fill(bytes, out, page.blank(), side).ok_or_else(|| too_long(text, out.len()))
}

/// Writes UTF-16, high byte first.
pub(super) fn write_national(value: Scalar<'_>, out: &mut [u8]) -> Result<(), FieldError> {
    let text = text_of(&value)?;
    let room = out.len() / 2;
    let needed = text.trim_end_matches(' ').encode_utf16().count();
    if needed > room || !out.len().is_multiple_of(2) {
        return Err(too_long(&text, room));
    }
    let units = text.encode_utf16().chain(std::iter::repeat(u16::from(b' ')));
    for (to, unit) in out.chunks_exact_mut(2).zip(units) {
        to.copy_from_slice(&unit.to_be_bytes());
    }
    Ok(())
}

/// Writes bytes, all of them or padded.
pub(super) fn write_bytes(value: Scalar<'_>, out: &mut [u8], padding: Option<u8>) -> Result<(), FieldError> {
    let bytes = match value {
        Scalar::Bytes(bytes) => bytes,
        Scalar::Nil => &[],
        _ => return Err("bytes were expected".into()),
    };
    let same = bytes.len() == out.len() || bytes.is_empty();
    if !same && padding.is_none() {
        return Err(format!("the field has {} bytes, not {}", out.len(), bytes.len()));
    }
    fill(bytes, out, padding.unwrap_or(0), Side::Right)
        .ok_or_else(|| format!("the field has {} bytes, not {}", out.len(), bytes.len()))
}

fn fill(bytes: &[u8], out: &mut [u8], blank: u8, side: Side) -> Option<()> {
    let (mut kept, room) = (bytes, out.len());
    while kept.len() > room {
        let [rest @ .., last] = kept else { break };
        kept = if *last == blank { rest } else { return None };
    }
    let (text, padding) = match side {
        Side::Right => out.split_at_mut(kept.len()),
        Side::Left => {
            let (padding, text) = out.split_at_mut(room - kept.len());
            (text, padding)
        }
    };
    text.copy_from_slice(kept);
    padding.fill(blank);
    Some(())
}

fn text_of<'a>(value: &Scalar<'a>) -> Result<Cow<'a, str>, FieldError> {
    match value {
        Scalar::Text(text) => Ok(Cow::Borrowed(text)),
        Scalar::Nil => Ok(Cow::Borrowed("")),
        Scalar::Int(value) => Ok(value.to_string().into()),
        Scalar::Decimal(value) => Ok(value.to_string().into()),
        _ => Err("a text was expected".into()),
    }
}

fn too_long(text: &str, room: usize) -> FieldError {
    let length = text.chars().count();
    format!("the text of {length} characters does not fit the {room} of the field")
}
