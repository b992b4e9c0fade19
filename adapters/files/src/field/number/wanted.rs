//! Values become the digits that a field stores.
//!
//! **Invariant.** A digit that has no place in the field is refused, unless it is a nought.

use super::{DIGITS_MAX, Digits, FieldError, significant};
use kernel::Scalar;

/// Returns the digits of a value that are stored where there is room for `places` with a scale.
pub(super) fn wanted(value: Scalar<'_>, places: usize, scale: i16) -> Result<Digits, FieldError> {
    match value {
        Scalar::Text(text) => from_text(text, places, scale),
        Scalar::Int(value) => from_text(&value.to_string(), places, scale),
        Scalar::Decimal(value) => from_text(&value.to_string(), places, scale),
        _ => Err("a number was expected".into()),
    }
}

fn from_text(text: &str, places: usize, scale: i16) -> Result<Digits, FieldError> {
    let text = text.trim_matches(' ').as_bytes();
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let point = unsigned.iter().position(|byte| *byte == b'.');
    let (units, decimals) = match point {
        Some(at) => (&unsigned[..at], &unsigned[at + 1..]),
        None => (unsigned, &[][..]),
    };
    if units.len() + decimals.len() == 0 || !units.iter().chain(decimals).all(u8::is_ascii_digit) {
        return Err("the value is no number".into());
    }
    let mut digits = Digits { negative, count: places.min(DIGITS_MAX), ..Digits::NONE };
    let scale = isize::from(scale);
    // The first unit stands for this power of ten, and the last place of the field for -scale.
    let highest = units.len() as isize - 1;
    for (n, digit) in units.iter().chain(decimals).enumerate() {
        let power = highest - n as isize;
        let place = digits.count as isize - 1 - (power + scale);
        match usize::try_from(place).ok().filter(|place| *place < digits.count) {
            Some(place) => digits.text[place] = *digit,
            None if *digit == b'0' => {}
            None if place < 0 => return Err(outside(digits.count, scale)),
            None if scale < 0 => {
                return Err(format!(
                    "the field holds multiples of 1{} only",
                    "0".repeat(scale.unsigned_abs())
                ));
            }
            None => return Err(format!("the field holds at most {scale} decimals")),
        }
    }
    digits.negative &= !significant(digits.as_slice()).is_empty();
    Ok(digits)
}

fn outside(places: usize, scale: isize) -> FieldError {
    match scale {
        0 => format!("the number has more than the {places} digits of the field"),
        1.. if scale.unsigned_abs() <= places => {
            let whole = places - scale.unsigned_abs();
            format!("the number has more than the {whole} digits of the field before the point")
        }
        _ => "the number is too large for the field".into(),
    }
}
