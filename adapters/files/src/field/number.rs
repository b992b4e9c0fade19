//! Numbers of decimal digits: what all forms of them have in common.
//!
//! **Invariant.** Every digit is counted: what has no place in the picture is refused, in either direction.

mod lexical;
mod wanted;

use super::{Field, FieldError, Filler, Fillers, Form, Setting, Sign, binary, packed, zoned};
use kernel::{Scalar, ScalarType};
use lexical::{lexical, print};
use wanted::wanted;

/// Most digits of a number, counting noughts for `P`: those of [`kernel::Decimal`].
pub(super) const DIGITS_MAX: usize = 38;

/// Digits of a field without point, as text: leading zeros stand before them or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    /// The number is below nought, or a nought with a minus.
    pub(super) negative: bool,
    /// How many there are.
    pub(super) count: usize,
    /// They.
    pub(super) text: [u8; TEXT_MAX],
}

/// One more than there can be, since packed digits come in pairs, rounded up.
pub(super) const TEXT_MAX: usize = 40;

impl Digits {
    /// None.
    pub(super) const NONE: Self = Self { negative: false, count: 0, text: [b'0'; TEXT_MAX] };

    /// They.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.text.get(..self.count).unwrap_or(&self.text)
    }

    /// Returns whether both are the same number of the same scale.
    fn same(&self, other: &Self) -> bool {
        let (a, b) = (significant(self.as_slice()), significant(other.as_slice()));
        a == b && (self.negative == other.negative || a.is_empty())
    }
}

/// Returns the type of a number of a picture.
pub(super) fn decimal_type(digits: u8, scale: i16, unsigned: bool) -> ScalarType {
    let digits = u16::from(digits);
    let (digits, scale) = match u16::try_from(scale) {
        Ok(scale) => (digits.max(scale), scale),
        Err(_) => (digits.saturating_add(scale.unsigned_abs()), 0),
    };
    ScalarType::Decimal { digits: Some(digits), scale: Some(scale), unsigned }
}

/// Reads a number.
#[inline]
pub(super) fn read<'a>(
    form: &Form,
    raw: &[u8],
    setting: &Setting,
    text: &'a mut String,
) -> Result<Scalar<'a>, FieldError> {
    text.clear();
    // Nearly all numbers have up to 18 digits and are what they should be; everything else takes its time.
    if let Some((negative, magnitude, scale)) = small(form, raw, setting)
        && print(negative, magnitude, scale, text).is_some()
    {
        return Ok(Scalar::Text(text));
    }
    read_any(form, raw, setting, text)
}

fn read_any<'a>(
    form: &Form,
    raw: &[u8],
    setting: &Setting,
    text: &'a mut String,
) -> Result<Scalar<'a>, FieldError> {
    let mut digits = Digits::NONE;
    match decode(form, raw, setting, &mut digits) {
        Ok(()) => {}
        Err(error) => match filler(raw, setting) {
            Filler::Refuse => return Err(error),
            Filler::Absent => return Ok(Scalar::Nil),
            Filler::Zero => digits = Digits::NONE,
        },
    }
    lexical(&digits, scale_of(form), text)?;
    Ok(Scalar::Text(text))
}

/// Writes a number, unless what stands there is the same.
pub(super) fn write(
    form: &Form,
    value: Scalar<'_>,
    setting: &Setting,
    out: &mut [u8],
) -> Result<(), FieldError> {
    if value == Scalar::Nil {
        return write_nothing(form, setting, out);
    }
    let (places, signed) = places(form, out.len());
    let wanted = wanted(value, places, scale_of(form))?;
    if wanted.negative && !signed {
        return Err("the number is negative, and the field has no sign".into());
    }
    let mut old = Digits::NONE;
    let known = match decode(form, out, setting, &mut old) {
        Ok(()) => true,
        Err(_) => {
            old = Digits::NONE;
            filler(out, setting) == Filler::Zero
        }
    };
    if known && wanted.same(&old) {
        return Ok(());
    }
    encode(form, &wanted, setting, out)
}

/// Writes a number that nobody gave: the filler that is read as absent, else nought.
pub(super) fn clear(form: &Form, setting: &Setting, out: &mut [u8]) {
    if write_nothing(form, setting, out).is_ok() {
        return;
    }
    let (places, _) = places(form, out.len());
    // A form whose width does not fit its digits is refused by every read and write.
    let _ = encode(form, &Digits { count: places, ..Digits::NONE }, setting, out);
}

/// Returns what a number is whose bytes are none.
#[cold]
fn filler(raw: &[u8], setting: &Setting) -> Filler {
    let Fillers { blank, low, high } = setting.fillers;
    let all = |byte| raw.iter().all(|other| *other == byte);
    match raw.first() {
        Some(0x00) if all(0x00) => low,
        Some(0xFF) if all(0xFF) => high,
        Some(first) if *first == setting.page.blank() && all(*first) => blank,
        _ => Filler::Refuse,
    }
}

/// Writes the filler that is read as absent.
fn write_nothing(form: &Form, setting: &Setting, out: &mut [u8]) -> Result<(), FieldError> {
    let is_nothing = |raw: &[u8]| {
        decode(form, raw, setting, &mut Digits::NONE.clone()).is_err()
            && filler(raw, setting) == Filler::Absent
    };
    if is_nothing(out) {
        return Ok(());
    }
    let Fillers { blank, low, high } = setting.fillers;
    let candidates = [(blank, setting.page.blank()), (low, 0x00), (high, 0xFF)];
    for (_, byte) in candidates.into_iter().filter(|(filler, _)| *filler == Filler::Absent) {
        let old = out.to_vec();
        out.fill(byte);
        if is_nothing(out) {
            return Ok(());
        }
        out.copy_from_slice(&old);
    }
    Err("the field has no bytes that mean nothing; give it a number, as `default(0)` does".into())
}

/// Reads a number of up to 18 digits that are what they should be: its sign, its digits, its scale.
#[inline]
fn small(form: &Form, raw: &[u8], setting: &Setting) -> Option<(bool, u64, i16)> {
    match *form {
        Form::Packed { digits, scale, signed } if digits <= SMALL_MAX => {
            let (negative, magnitude) = packed::small(raw, digits, signed)?;
            Some((negative, magnitude, scale))
        }
        Form::Zoned { digits, scale, sign } if digits <= SMALL_MAX => {
            let (negative, magnitude) = zoned::small(raw, digits, sign, setting.page)?;
            Some((negative, magnitude, scale))
        }
        Form::Binary { digits, scale, signed, native, little } => {
            let (negative, magnitude) = binary::small(raw, signed, little)?;
            let fits = native || binary::fits(magnitude, digits);
            fits.then_some((negative, magnitude, scale))
        }
        _ => None,
    }
}

/// Most digits of a number that is read the short way.
const SMALL_MAX: u8 = 18;

#[inline]
fn decode(form: &Form, raw: &[u8], setting: &Setting, to: &mut Digits) -> Result<(), FieldError> {
    match form {
        Form::Packed { digits, signed, .. } => packed::read(raw, *digits, *signed, to),
        Form::Zoned { digits, sign, .. } => zoned::read(raw, *digits, *sign, setting.page, to),
        Form::Binary { .. } => binary::read(form, raw, to),
        Form::PackedUnsigned { digits, .. } => packed::read_unsigned(raw, *digits, to),
        _ => Err("the field is no number".into()),
    }
}

fn encode(form: &Form, digits: &Digits, setting: &Setting, out: &mut [u8]) -> Result<(), FieldError> {
    match form {
        Form::Packed { signed, .. } => packed::write(digits, *signed, out),
        Form::Zoned { sign, .. } => zoned::write(digits, *sign, setting.page, out),
        Form::Binary { .. } => binary::write(form, digits, out),
        Form::PackedUnsigned { .. } => packed::write_unsigned(digits, out),
        _ => Err("the field is no number".into()),
    }
}

fn scale_of(form: &Form) -> i16 {
    match form {
        Form::Zoned { scale, .. }
        | Form::Packed { scale, .. }
        | Form::PackedUnsigned { scale, .. }
        | Form::Binary { scale, .. } => *scale,
        _ => 0,
    }
}

/// Returns how many digits there is room for, and whether for a sign.
fn places(form: &Form, width: usize) -> (usize, bool) {
    match form {
        Form::Zoned { digits, sign, .. } => (usize::from(*digits), *sign != Sign::None),
        Form::Packed { digits, signed, .. } => (usize::from(*digits), *signed),
        Form::PackedUnsigned { digits, .. } => (usize::from(*digits), false),
        Form::Binary { signed, native: true, .. } => {
            (usize::from(binary::digits_max(u32::try_from(width).unwrap_or(u32::MAX), *signed)), *signed)
        }
        Form::Binary { digits, signed, .. } => (usize::from(*digits), *signed),
        _ => (0, false),
    }
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

/// Returns the complaint that a field is not as wide as its picture says.
#[cold]
pub(super) fn width_wrong(width: usize, digits: u8) -> FieldError {
    format!("{width} bytes are not what a number of {digits} digits has")
}

impl Field {
    /// Returns whether it is a number of decimal digits.
    pub(crate) fn is_number(&self) -> bool {
        matches!(
            self.form,
            Form::Zoned { .. }
                | Form::Pointed { .. }
                | Form::Packed { .. }
                | Form::PackedUnsigned { .. }
                | Form::Binary { .. }
        )
    }
}
