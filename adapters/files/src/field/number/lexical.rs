//! Digits become text as JSON writes numbers.
//!
//! **Invariant.** No leading zeros, all decimals of the scale, and no minus before a nought.

use super::{DIGITS_MAX, Digits, FieldError, SMALL_MAX};
use std::str;

/// Appends a number as JSON writes it; nothing for a scale that is not within its digits.
#[inline]
pub(super) fn print(negative: bool, magnitude: u64, scale: i16, text: &mut String) -> Option<()> {
    let mut out = [b'0'; 48];
    let mut at = out.len();
    let mut rest = magnitude;
    let mut decimals = usize::try_from(scale).ok().filter(|scale| *scale <= usize::from(SMALL_MAX))?;
    if decimals > 0 {
        while decimals > 1 {
            at -= 2;
            out[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
            rest /= 100;
            decimals -= 2;
        }
        if decimals == 1 {
            at -= 1;
            out[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        at -= 1;
        out[at] = b'.';
    }
    while rest >= 10 {
        at -= 2;
        out[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
        rest /= 100;
    }
    // A pair may have begun with a nought that is none of the number; a number of one digit has none yet.
    match out.get(at) {
        _ if rest > 0 => {
            at -= 1;
            out[at] = b'0' + rest as u8;
        }
        Some(b'0'..=b'9') => {}
        _ => at -= 1,
    }
    if negative && magnitude > 0 {
        at -= 1;
        out[at] = b'-';
    }
    text.push_str(str::from_utf8(out.get(at..)?).ok()?);
    Some(())
}

/// The two digits of the numbers below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Appends a number as JSON writes it: no leading zeros, all decimals of the scale, no minus before a nought.
#[inline]
pub(super) fn lexical(digits: &Digits, scale: i16, text: &mut String) -> Result<(), FieldError> {
    let stored = digits.as_slice();
    let mut out = [b'0'; DIGITS_MAX + 4];
    let mut end = 0;
    let zeros = stored.iter().take_while(|digit| **digit == b'0').count();
    if digits.negative && zeros < stored.len() {
        out[0] = b'-';
        end = 1;
    }
    let decimals = usize::try_from(scale).unwrap_or(0);
    if stored.len().max(decimals) > DIGITS_MAX {
        return Err(too_many());
    }
    let whole = stored.len().saturating_sub(decimals);
    let units = &stored[zeros.min(whole)..whole];
    out[end..end + units.len()].copy_from_slice(units);
    // A nought stands there already.
    end += units.len().max(1);
    if scale < 0 && !units.is_empty() {
        end += usize::from(scale.unsigned_abs());
        if end > DIGITS_MAX {
            return Err(too_many());
        }
    }
    if decimals > 0 {
        out[end] = b'.';
        let fraction = &stored[whole..];
        end += 1 + decimals;
        out[end - fraction.len()..end].copy_from_slice(fraction);
    }
    text.push_str(str::from_utf8(&out[..end]).map_err(|_| "a digit is none")?);
    Ok(())
}

#[cold]
fn too_many() -> FieldError {
    format!("the number has more than {DIGITS_MAX} digits")
}
