//! Binary integers of 1 to 16 bytes, in two's complement where they have a sign.
//!
//! **Invariant.** `COMP` holds the digits of its picture and no more; `COMP-5` all that its bytes can.
//!
//! Source: Enterprise COBOL for z/OS Language Reference, "Computational items"; Programming Guide, "TRUNC".

use super::number::{Digits, width_wrong};
use super::{FieldError, Form};

/// Returns how many digits a number of so many bytes can have; at most 38.
pub(super) fn digits_max(width: u32, signed: bool) -> u8 {
    // The decimal logarithm of 2 is 0.30103.
    let bits = (width.min(16) * 8).saturating_sub(u32::from(signed));
    u8::try_from(bits * 30_103 / 100_000 + 1).unwrap_or(u8::MAX).min(38)
}

/// Reads an integer.
pub(super) fn read(form: &Form, raw: &[u8], to: &mut Digits) -> Result<(), FieldError> {
    let Form::Binary { digits, signed, native, little, .. } = *form else {
        return Err("the field is no binary number".into());
    };
    let (negative, magnitude) = match raw.len() {
        1..=8 => small(raw, signed, little)
            .map(|(negative, magnitude)| (negative, u128::from(magnitude)))
            .ok_or_else(|| width_wrong(raw.len(), digits))?,
        9..=16 => large(raw, signed, little),
        width => return Err(width_wrong(width, digits)),
    };
    if !native && POWERS.get(usize::from(digits)).is_some_and(|limit| magnitude >= *limit) {
        return Err(format!(
            "the number has more than the {digits} digits of its picture; a program that was compiled with TRUNC(BIN) \
             means COMP-5"
        ));
    }
    to.negative = negative;
    print(magnitude, to);
    Ok(())
}

/// Writes an integer.
pub(super) fn write(form: &Form, digits: &Digits, out: &mut [u8]) -> Result<(), FieldError> {
    let Form::Binary { digits: places, signed, little, .. } = *form else {
        return Err("the field is no binary number".into());
    };
    let width = out.len();
    if !(1..=16).contains(&width) {
        return Err(width_wrong(width, places));
    }
    // 38 digits fit 127 bits.
    let magnitude = digits.as_slice().iter().fold(0u128, |sum, digit| sum * 10 + u128::from(digit & 0x0F));
    let bits = u32::try_from(width * 8).unwrap_or(128) - u32::from(signed);
    let highest = u128::MAX >> (128 - bits);
    if magnitude > highest + u128::from(signed && digits.negative) {
        return Err(format!("the number is too large for {width} bytes"));
    }
    let value = if digits.negative { magnitude.wrapping_neg() } else { magnitude };
    out.copy_from_slice(&value.to_be_bytes()[16 - width..]);
    if little {
        out.reverse();
    }
    Ok(())
}

/// Reads an integer of up to 8 bytes.
#[inline]
pub(super) fn small(raw: &[u8], signed: bool, little: bool) -> Option<(bool, u64)> {
    let negative = signed && is_negative(raw, little);
    let mut bytes = [if negative { 0xFF } else { 0 }; 8];
    let own = bytes.get_mut(8usize.checked_sub(raw.len())?..)?;
    own.copy_from_slice(raw);
    if little {
        own.reverse();
    }
    let value = u64::from_be_bytes(bytes);
    Some((negative, if negative { value.wrapping_neg() } else { value }))
}

/// Returns whether a number has no more digits than these.
#[inline]
pub(super) fn fits(magnitude: u64, digits: u8) -> bool {
    POWERS.get(usize::from(digits)).is_none_or(|limit| u128::from(magnitude) < *limit)
}

fn large(raw: &[u8], signed: bool, little: bool) -> (bool, u128) {
    let negative = signed && is_negative(raw, little);
    let mut bytes = [if negative { 0xFF } else { 0 }; 16];
    bytes[16 - raw.len()..].copy_from_slice(raw);
    if little {
        bytes[16 - raw.len()..].reverse();
    }
    let value = u128::from_be_bytes(bytes);
    (negative, if negative { value.wrapping_neg() } else { value })
}

fn is_negative(raw: &[u8], little: bool) -> bool {
    let highest = if little { raw.last() } else { raw.first() };
    highest.is_some_and(|byte| *byte & 0x80 != 0)
}

/// Prints a number without leading zeros.
fn print(magnitude: u128, to: &mut Digits) {
    let count = magnitude.checked_ilog10().map_or(1, |log| log as usize + 1);
    to.count = count;
    let Some(text) = to.text.get_mut(..count) else { return };
    let mut places = text.iter_mut().rev();
    // A division of 128 bits is slow, so most of the digits are taken by those of 64.
    let mut high = magnitude;
    let mut low;
    loop {
        (high, low) = match u64::try_from(high) {
            Ok(all) => (0, all),
            Err(_) => (high / TEN_TO_19, u64::try_from(high % TEN_TO_19).unwrap_or(0)),
        };
        let chunk = if high == 0 { usize::MAX } else { 19 };
        for place in places.by_ref().take(chunk) {
            *place = b'0' + (low % 10) as u8;
            low /= 10;
        }
        if high == 0 {
            return;
        }
    }
}

const TEN_TO_19: u128 = 10u128.pow(19);

const POWERS: [u128; 39] = {
    let mut powers = [1; 39];
    let mut n = 1;
    while n < 39 {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
};
