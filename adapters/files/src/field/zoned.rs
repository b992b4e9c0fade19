//! Zoned decimals: a digit a byte, the sign in the zone of one of them or in a byte of its own.
//!
//! **Invariant.** A zone that is no sign is refused, and so is any zone but that of digits where no sign belongs.
//!
//! Sources: Enterprise COBOL for z/OS Language Reference, "SIGN clause"; z/Architecture Principles of Operation, "Zoned Format"
//! (zones A C E F are positive, B D negative); in ASCII `{ABCDEFGHI` and `}JKLMNOPQR`, which is what EBCDIC signs become
//! when a file is translated as text, and Micro Focus' `0`–`9` and `p`–`y` ("SIGN directive, ASCII").

use super::number::{Digits, TEXT_MAX, width_wrong};
use super::{FieldError, Sign};
use crate::codepage::CodePage;

/// Reads a zoned number.
#[inline]
pub(super) fn read(
    raw: &[u8],
    digits: u8,
    sign: Sign,
    page: CodePage,
    to: &mut Digits,
) -> Result<(), FieldError> {
    let places = usize::from(digits);
    let (body, separate) = split(raw, sign);
    if body.len() != places || places == 0 || places > TEXT_MAX {
        return Err(width_wrong(raw.len(), digits));
    }
    let zero = page.zero();
    let mut bad = false;
    for (to, byte) in to.text.iter_mut().zip(body) {
        bad |= byte ^ zero > 9;
        *to = (byte & 0x0F) | b'0';
    }
    to.count = places;
    to.negative = match separate {
        None if bad => return overpunched(body, sign, page, to),
        None => false,
        Some(byte) => match (page.is_ebcdic(), byte) {
            (true, 0x4E) | (false, b'+') => false,
            (true, 0x60) | (false, b'-') => true,
            _ => return Err("the byte of the sign is neither plus nor minus".into()),
        },
    };
    if bad { Err(complain(body, None, zero)) } else { Ok(()) }
}

/// Reads a number of up to 18 digits; nothing if anything about it is unusual.
#[inline]
pub(super) fn small(raw: &[u8], digits: u8, sign: Sign, page: CodePage) -> Option<(bool, u64)> {
    let zero = page.zero();
    let places = usize::from(digits);
    let mut negative = false;
    let (first, body, last) = match (sign, raw) {
        _ if raw.len() != places => return None,
        (Sign::None, body) => (0, body, None),
        (Sign::Trailing, [body @ .., last]) => (0, body, Some(*last)),
        (Sign::Leading, [first, body @ ..]) => {
            let (minus, digit) = overpunch(*first, page)?;
            negative = minus;
            (u64::from(digit), body, None)
        }
        _ => return None,
    };
    let mut bad = false;
    let mut magnitude = first;
    for byte in body {
        let digit = byte ^ zero;
        bad |= digit > 9;
        magnitude = magnitude * 10 + u64::from(digit & 0x0F);
    }
    if let Some(last) = last {
        let (minus, digit) = overpunch(last, page)?;
        negative = minus;
        magnitude = magnitude * 10 + u64::from(digit);
    }
    if bad { None } else { Some((negative, magnitude)) }
}

/// Writes a zoned number. The sign is C, D or F in EBCDIC; in ASCII it is `{A–I` or `}J–R`, unless the old one is of the
/// other kind.
pub(super) fn write(digits: &Digits, sign: Sign, page: CodePage, out: &mut [u8]) -> Result<(), FieldError> {
    let place = signed_place(digits.count, sign);
    let separate = matches!(sign, Sign::TrailingSeparate | Sign::LeadingSeparate);
    let at_front = usize::from(sign == Sign::LeadingSeparate);
    if out.len() != digits.count + usize::from(separate) || out.is_empty() {
        return Err(width_wrong(out.len(), u8::try_from(digits.count).unwrap_or(u8::MAX)));
    }
    let other_kind =
        place.and_then(|at| out.get(at)).is_some_and(|old| matches!(old, b'0'..=b'9' | b'p'..=b'y'));
    for (to, digit) in out.iter_mut().skip(at_front).zip(digits.as_slice()) {
        *to = (digit & 0x0F) | page.zero();
    }
    let ebcdic = page.is_ebcdic();
    if separate {
        let sign = match (ebcdic, digits.negative) {
            (true, false) => 0x4E,
            (true, true) => 0x60,
            (false, false) => b'+',
            (false, true) => b'-',
        };
        let at = if at_front == 1 { 0 } else { out.len() - 1 };
        out[at] = sign;
    }
    if let Some(byte) = place.and_then(|at| out.get_mut(at)) {
        let digit = *byte & 0x0F;
        *byte = match (ebcdic, digits.negative) {
            (true, false) => 0xC0 | digit,
            (true, true) => 0xD0 | digit,
            (false, false) if other_kind => b'0' | digit,
            (false, true) if other_kind => b'p' + digit,
            (false, false) => POSITIVE[usize::from(digit)],
            (false, true) => NEGATIVE[usize::from(digit)],
        };
    }
    Ok(())
}

/// Reads what has a sign in one of its digits, and complains of everything else.
fn overpunched(raw: &[u8], sign: Sign, page: CodePage, to: &mut Digits) -> Result<(), FieldError> {
    // In a number without a sign a letter is a letter, even where it could be a digit with a sign.
    let zero = page.zero();
    let found = signed_place(raw.len(), sign)
        .and_then(|at| Some((at, overpunch(*raw.get(at)?, page)?)))
        .filter(|(at, _)| raw.iter().enumerate().all(|(n, byte)| n == *at || byte ^ zero <= 9));
    let Some((at, (negative, digit))) = found else {
        return Err(complain(raw, signed_place(raw.len(), sign), zero));
    };
    to.negative = negative;
    to.text[at] = b'0' + digit;
    Ok(())
}

/// Returns sign and digit of a byte that holds both.
fn overpunch(byte: u8, page: CodePage) -> Option<(bool, u8)> {
    if page.is_ebcdic() {
        let digit = byte & 0x0F;
        return match byte >> 4 {
            0xA | 0xC | 0xE | 0xF if digit <= 9 => Some((false, digit)),
            0xB | 0xD if digit <= 9 => Some((true, digit)),
            _ => None,
        };
    }
    match byte {
        b'0'..=b'9' => Some((false, byte - b'0')),
        b'{' => Some((false, 0)),
        b'A'..=b'I' => Some((false, byte - b'A' + 1)),
        b'}' => Some((true, 0)),
        b'J'..=b'R' => Some((true, byte - b'J' + 1)),
        b'p'..=b'y' => Some((true, byte - b'p')),
        _ => None,
    }
}

/// Splits off the byte of a separate sign.
#[inline]
fn split(raw: &[u8], sign: Sign) -> (&[u8], Option<u8>) {
    match (sign, raw) {
        (Sign::LeadingSeparate, [first, body @ ..]) => (body, Some(*first)),
        (Sign::TrailingSeparate, [body @ .., last]) => (body, Some(*last)),
        _ => (raw, None),
    }
}

fn signed_place(places: usize, sign: Sign) -> Option<usize> {
    match sign {
        Sign::Trailing => places.checked_sub(1),
        Sign::Leading => Some(0),
        _ => None,
    }
}

#[cold]
fn complain(body: &[u8], signed: Option<usize>, zero: u8) -> FieldError {
    let is_digit = |byte: &u8| byte ^ zero <= 9;
    match (body.iter().enumerate().position(|(n, byte)| Some(n) != signed && !is_digit(byte)), signed) {
        (Some(at), _) => format!("byte {} is no digit", at + 1),
        (None, Some(at)) => format!("byte {} is no digit with a sign", at + 1),
        (None, None) => "a digit is none".into(),
    }
}

const POSITIVE: [u8; 16] = *b"{ABCDEFGHI??????";
const NEGATIVE: [u8; 16] = *b"}JKLMNOPQR??????";
