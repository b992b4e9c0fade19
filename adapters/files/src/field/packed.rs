//! Packed decimals: two digits a byte.
//!
//! **Invariant.** A half byte above 9 is no digit and one below A is no sign, wherever it stands.
//!
//! Source: Enterprise COBOL for z/OS Language Reference, "Computational items"; z/Architecture Principles of Operation,
//! "Decimal-Number Representation": signs A C E F are positive, B D negative.

use super::FieldError;
use super::number::{Digits, TEXT_MAX, width_wrong};

/// Reads `COMP-3`: the sign is the last half byte. An unsigned field may have any positive sign.
#[inline]
pub(super) fn read(raw: &[u8], digits: u8, signed: bool, to: &mut Digits) -> Result<(), FieldError> {
    let places = usize::from(digits);
    let Some((last, pairs)) = raw.split_last().filter(|_| raw.len() == places / 2 + 1 && places < TEXT_MAX)
    else {
        return Err(width_wrong(raw.len(), digits));
    };
    let mut bad = unpack(pairs, &mut to.text);
    to.text[pairs.len() * 2] = (last >> 4) | b'0';
    bad |= last >> 4 > 9;
    // Of an even number of digits, the first half byte is none of them.
    if places.is_multiple_of(2) {
        bad |= to.text[0] != b'0';
        to.text.copy_within(1..places + 1, 0);
    }
    to.count = places;
    to.negative = matches!(last & 0x0F, 0xB | 0xD);
    bad |= last & 0x0F <= 9 || (to.negative && !signed);
    if bad { Err(complain(raw, places, signed)) } else { Ok(()) }
}

/// Reads a `COMP-3` of up to 18 digits; nothing if anything about it is unusual.
#[inline]
pub(super) fn small(raw: &[u8], digits: u8, signed: bool) -> Option<(bool, u64)> {
    let (last, pairs) = raw.split_last().filter(|_| raw.len() == usize::from(digits) / 2 + 1)?;
    let mut bad = 0;
    let mut magnitude = 0u64;
    for byte in pairs {
        let pair = VALUES[usize::from(*byte)];
        bad |= pair;
        magnitude = magnitude * 100 + u64::from(pair & 0x7F);
    }
    let (digit, sign) = (last >> 4, last & 0x0F);
    magnitude = magnitude * 10 + u64::from(digit);
    let negative = matches!(sign, 0xB | 0xD);
    let unusual = bad >= BAD || digit > 9 || sign <= 9 || (negative && !signed);
    // Of an even number of digits, the first half byte is none of them.
    let surplus = digits.is_multiple_of(2) && raw.first().is_some_and(|first| first >> 4 != 0);
    if unusual || surplus { None } else { Some((negative, magnitude)) }
}

/// Reads `COMP-6`: no sign at all.
pub(super) fn read_unsigned(raw: &[u8], digits: u8, to: &mut Digits) -> Result<(), FieldError> {
    let places = usize::from(digits);
    if raw.len() != places.div_ceil(2) || places > TEXT_MAX {
        return Err(width_wrong(raw.len(), digits));
    }
    let mut bad = unpack(raw, &mut to.text);
    if places % 2 == 1 {
        bad |= to.text[0] != b'0';
        to.text.copy_within(1..places + 1, 0);
    }
    to.count = places;
    if bad { Err(complain_of_digits(raw, raw.len() * 2, places)) } else { Ok(()) }
}

/// Writes `COMP-3` with the preferred signs: C and D, and F where there is none.
pub(super) fn write(digits: &Digits, signed: bool, out: &mut [u8]) -> Result<(), FieldError> {
    let sign = match (signed, digits.negative) {
        (true, true) => 0x0D,
        (true, false) => 0x0C,
        (false, _) => 0x0F,
    };
    pack(digits.as_slice().iter().map(|digit| digit & 0x0F).chain([sign]), digits.count + 1, out)
}

/// Writes `COMP-6`.
pub(super) fn write_unsigned(digits: &Digits, out: &mut [u8]) -> Result<(), FieldError> {
    pack(digits.as_slice().iter().map(|digit| digit & 0x0F), digits.count, out)
}

/// Unpacks digits; says whether one was none.
#[inline]
fn unpack(raw: &[u8], text: &mut [u8; TEXT_MAX]) -> bool {
    let mut bad = 0;
    for (to, byte) in text.chunks_exact_mut(2).zip(raw) {
        let pair = PAIRS[usize::from(*byte)];
        bad |= pair[0] | pair[1];
        to.copy_from_slice(&pair);
    }
    bad & 0x80 != 0
}

fn pack(halves: impl Iterator<Item = u8>, count: usize, out: &mut [u8]) -> Result<(), FieldError> {
    if count.div_ceil(2) != out.len() {
        return Err(width_wrong(out.len(), u8::try_from(count).unwrap_or(u8::MAX)));
    }
    out.fill(0);
    let skipped = out.len() * 2 - count;
    for (n, half) in halves.enumerate() {
        let place = n + skipped;
        if let Some(byte) = out.get_mut(place / 2) {
            *byte |= if place.is_multiple_of(2) { half << 4 } else { half };
        }
    }
    Ok(())
}

#[cold]
fn complain(raw: &[u8], places: usize, signed: bool) -> FieldError {
    let sign = raw.last().map_or(0, |last| last & 0x0F);
    match sign {
        0xB | 0xD if !signed => "the number is negative, and the field has no sign".into(),
        0..=9 => "the last half byte is no sign".into(),
        _ => complain_of_digits(raw, raw.len() * 2 - 1, places),
    }
}

#[cold]
fn complain_of_digits(raw: &[u8], halves: usize, places: usize) -> FieldError {
    let mut digits = raw.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).take(halves);
    match digits.position(|half| half > 9) {
        Some(at) => format!("half byte {} is no digit", at + 1),
        None => format!("the number has more than the {places} digits of its picture"),
    }
}

/// The digits of a byte as text; 80 where one is none.
const PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0x80; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte >> 4 <= 9 && byte & 0x0F <= 9 {
            pairs[byte] = [b'0' + (byte >> 4) as u8, b'0' + (byte & 0x0F) as u8];
        }
        byte += 1;
    }
    pairs
};

/// Marks a byte whose halves are not both digits.
const BAD: u8 = 0x80;

/// The numbers below 100 by byte.
const VALUES: [u8; 256] = {
    let mut values = [BAD; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte >> 4 <= 9 && byte & 0x0F <= 9 {
            values[byte] = ((byte >> 4) * 10 + (byte & 0x0F)) as u8;
        }
        byte += 1;
    }
    values
};
