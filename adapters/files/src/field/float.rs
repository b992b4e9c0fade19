//! Floating point: IEEE 754, and the hexadecimal form of IBM.
//!
//! **Invariant.** A number that the field cannot hold exactly, or as the shortest decimal of an IEEE float, is refused.
//!
//! Source: z/Architecture Principles of Operation, "Hexadecimal-Floating-Point Data Format": a sign, seven bits of a power of
//! 16 in excess of 64, and a fraction of 24 or 56 bits.

use super::FieldError;
use kernel::Scalar;

/// Reads a float. One of 32 bits is its exact value; one of IBM's 64 bits is rounded to the 53 that a binary float has.
pub(super) fn read(raw: &[u8], bits: u8, ibm: bool, little: bool) -> Result<f64, FieldError> {
    let word = word(raw, bits, little)?;
    let value = match (ibm, bits) {
        (true, _) => from_ibm(word, bits),
        (false, 32) => f64::from(f32::from_bits(u32::try_from(word).unwrap_or(0))),
        (false, _) => f64::from_bits(word),
    };
    if !value.is_finite() {
        return Err("the float is infinite or no number".into());
    }
    // Minus nought is nought.
    Ok(value + 0.0)
}

/// Writes a float, unless what stands there is the same.
pub(super) fn write(
    value: Scalar<'_>,
    bits: u8,
    ibm: bool,
    little: bool,
    out: &mut [u8],
) -> Result<(), FieldError> {
    let value = wanted(value)?;
    let wanted = value.parse::<f64>().map_err(|_| "the value is no number")?;
    if !wanted.is_finite() {
        return Err("the value is no finite number".into());
    }
    if read(out, bits, ibm, little).is_ok_and(|old| old == wanted) {
        return Ok(());
    }
    let word = match (ibm, bits) {
        (true, _) => to_ibm(wanted, bits)?,
        (false, 32) => u64::from(to_single(&value, wanted)?.to_bits()),
        (false, _) => wanted.to_bits(),
    };
    let width = usize::from(bits / 8);
    if !matches!(bits, 32 | 64) || out.len() != width {
        return Err(format!("{} bytes are no float of {bits} bits", out.len()));
    }
    out.copy_from_slice(&word.to_be_bytes()[8 - width..]);
    if little {
        out.reverse();
    }
    Ok(())
}

fn wanted(value: Scalar<'_>) -> Result<String, FieldError> {
    match value {
        Scalar::Text(text) => Ok(text.trim_matches(' ').to_owned()),
        Scalar::Int(value) => Ok(value.to_string()),
        Scalar::Decimal(value) => Ok(value.to_string()),
        Scalar::Float(value) => Ok(value.to_string()),
        Scalar::Nil => {
            Err("a float has no bytes that mean nothing; give it a number, as `default(0)` does".into())
        }
        _ => Err("a number was expected".into()),
    }
}

fn word(raw: &[u8], bits: u8, little: bool) -> Result<u64, FieldError> {
    if !matches!(bits, 32 | 64) || raw.len() != usize::from(bits / 8) {
        return Err(format!("{} bytes are no float of {bits} bits", raw.len()));
    }
    let mut bytes = [0; 8];
    bytes[8 - raw.len()..].copy_from_slice(raw);
    if little {
        bytes[8 - raw.len()..].reverse();
    }
    Ok(u64::from_be_bytes(bytes))
}

fn from_ibm(word: u64, bits: u8) -> f64 {
    let fraction_bits = u32::from(bits) - 8;
    let fraction = word & ((1 << fraction_bits) - 1);
    let power = i32::from((word >> fraction_bits) as u8 & 0x7F);
    let negative = word >> (bits - 1) & 1 == 1;
    // The conversion rounds to nearest, half to even; the scaling is exact, for its exponents lie between -312 and 228.
    let magnitude = fraction as f64 * power_of_two(4 * (power - 64) - fraction_bits as i32);
    if negative { -magnitude } else { magnitude }
}

fn to_ibm(value: f64, bits: u8) -> Result<u64, FieldError> {
    let fraction_bits = u32::from(bits) - 8;
    let sign = u64::from(value.is_sign_negative() && value != 0.0) << (bits - 1);
    if value == 0.0 {
        return Ok(0);
    }
    let word = value.to_bits();
    let exponent = (word >> 52 & 0x7FF) as i32;
    // The value is `significand / 2^53 * 2^power`, and the significand has 53 bits. Subnormal numbers are far too small.
    let significand = (word & ((1 << 52) - 1)) | 1 << 52;
    let power = exponent - 1022;
    let hexadecimal = power.div_euclid(4) + i32::from(power.rem_euclid(4) != 0);
    let shift = 4 * hexadecimal - power;
    // 56 bits whose lowest three are zero, so that nothing is lost by the shift.
    let fraction = significand << 3 >> shift;
    if !(0..=127).contains(&(hexadecimal + 64)) || exponent == 0 {
        return Err("the number is too large or too small for a float of IBM".into());
    }
    let dropped = 56 - fraction_bits;
    if fraction & ((1 << dropped) - 1) != 0 {
        return Err(format!("a float of IBM of {bits} bits cannot hold this number exactly"));
    }
    Ok(sign | ((hexadecimal + 64) as u64) << fraction_bits | fraction >> dropped)
}

/// Returns the float of 32 bits that is this number, or whose shortest decimal it is.
fn to_single(text: &str, wanted: f64) -> Result<f32, FieldError> {
    let single: f32 = text.parse().map_err(|_| "the value is no number")?;
    let shortest = || single.to_string().parse::<f64>().is_ok_and(|shortest| shortest == wanted);
    if single.is_finite() && (f64::from(single) == wanted || shortest()) {
        return Ok(single);
    }
    Err("a float of 32 bits cannot hold this number".into())
}

/// Returns `2^exponent`, for the exponents of normal floats.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
