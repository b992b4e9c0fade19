//! How an elementary field lies in its bytes, and what these say.
//!
//! **Invariant.** A field is read exactly or refused; what was read is written back as the same bytes.

mod binary;
mod float;
mod number;
mod packed;
mod pointed;
mod quick;
mod small;
mod take;
mod text;
mod zoned;

pub(crate) use quick::Quick;

use crate::codepage::CodePage;
use kernel::{Scalar, ScalarType};

/// An elementary field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What its bytes are.
    pub form: Form,
    /// How many there are.
    pub width: u32,
}

/// The forms of fields.
///
/// `digits` counts those that are stored; `scale` says how many of them are decimals, and is negative where `P` stands for
/// zeros behind the last one: `PIC 9(3)PP` has 3 digits and scale -2, `PIC VPP9(3)` has 3 digits and scale 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// `PIC X`, `PIC A`, edited pictures, columns: characters of the code page, padded with blanks behind.
    Text,
    /// `JUSTIFIED RIGHT`: padded with blanks in front.
    TextRight,
    /// `PIC N USAGE NATIONAL`: UTF-16, high byte first.
    National,
    /// `PIC G`, `PIC N USAGE DISPLAY-1`: two bytes a character, of the host's double-byte page.
    Dbcs,
    /// `USAGE DISPLAY`: a digit a byte.
    Zoned { digits: u8, scale: i16, sign: Sign },
    /// `PIC S9(3).99`: zoned with a point that is written, and the sign overpunched in the last digit.
    Pointed { digits: u8, scale: u8 },
    /// `COMP-3`: two digits a byte, the sign in the last half.
    Packed { digits: u8, scale: i16, signed: bool },
    /// `COMP-6`: two digits a byte, no sign.
    PackedUnsigned { digits: u8, scale: i16 },
    /// `COMP`, `COMP-4`, `BINARY`; `COMP-5` where `native`, which holds all that its bytes can.
    Binary { digits: u8, scale: i16, signed: bool, native: bool, little: bool },
    /// `COMP-1` and `COMP-2`: 32 or 64 bits; `ibm` is hexadecimal floating point, else IEEE 754; `little`: low byte first.
    Float { bits: u8, ibm: bool, little: bool },
    /// Bytes that nothing is known of: `POINTER`, `INDEX`.
    Bytes,
}

/// Where the sign of a zoned number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It has none.
    None,
    /// Overpunched in the last digit.
    Trailing,
    /// Overpunched in the first digit.
    Leading,
    /// A byte of its own behind.
    TrailingSeparate,
    /// A byte of its own in front.
    LeadingSeparate,
}

/// What numbers mean whose bytes are no digits at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fillers {
    /// All blanks.
    pub blank: Filler,
    /// All bytes zero.
    pub low: Filler,
    /// All bytes FF.
    pub high: Filler,
}

/// What such a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Filler {
    /// No number: refused.
    #[default]
    Refuse,
    /// Absent.
    Absent,
    /// Zero.
    Zero,
}

/// What fields need to be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The code page of texts and zoned numbers.
    pub page: CodePage,
    /// What is made of numbers that are none.
    pub fillers: Fillers,
}

/// Why a field cannot be read or written, in words: `half byte 4 is no digit`.
pub(crate) type FieldError = String;

impl Field {
    /// The type that a shape gives it.
    pub(crate) fn scalar_type(&self) -> ScalarType {
        match &self.form {
            Form::Text => text::text_type(self.width, true),
            Form::TextRight => text::text_type(self.width, false),
            Form::National => text::text_type(self.width / 2, true),
            Form::Dbcs | Form::Bytes => ScalarType::Bytes { length_max: Some(self.width) },
            // An IBM float of 32 bits reaches further than an IEEE float of 32 bits.
            Form::Float { bits, ibm, .. } => ScalarType::Float { bits: if *ibm { 64 } else { *bits } },
            Form::Pointed { digits, scale } => pointed::scalar_type((*digits, *scale)),
            Form::Zoned { digits, scale, sign } => number::decimal_type(*digits, *scale, *sign == Sign::None),
            Form::Packed { digits, scale, signed } => number::decimal_type(*digits, *scale, !signed),
            Form::PackedUnsigned { digits, scale } => number::decimal_type(*digits, *scale, true),
            Form::Binary { digits, scale, signed, native, .. } => {
                let digits = if *native { binary::digits_max(self.width, *signed) } else { *digits };
                number::decimal_type(digits, *scale, !signed)
            }
        }
    }

    /// Reads its bytes, which are exactly `width`; `text` is a buffer for what has to be made.
    ///
    /// Texts come with their padding, numbers as text in the form in which JSON has them, and a number that its filler
    /// makes absent as [`Scalar::Nil`].
    ///
    /// # Errors
    /// In words, without the bytes.
    #[inline]
    pub(crate) fn read<'a>(
        &self,
        raw: &'a [u8],
        setting: &Setting,
        text: &'a mut String,
    ) -> Result<Scalar<'a>, FieldError> {
        match &self.form {
            Form::Text => match setting.page.decode(raw, text) {
                Ok(text) => Ok(Scalar::Text(text)),
                Err(error) => Err(error.to_string()),
            },
            Form::TextRight => text::read_right(raw, setting, text),
            Form::National => text::read_national(raw, text),
            Form::Dbcs | Form::Bytes => Ok(Scalar::Bytes(raw)),
            Form::Float { bits, ibm, little } => float::read(raw, *bits, *ibm, *little).map(Scalar::Float),
            Form::Pointed { digits, scale } => pointed::read(raw, (*digits, *scale), setting, text),
            form => number::read(form, raw, setting, text),
        }
    }

    /// Writes a value over its bytes, which are exactly `width`. `out` may hold what stood there before: a value that is the
    /// same leaves them as they are, in whatever form they are.
    ///
    /// # Errors
    /// In words: it does not fit, or the code page lacks a character.
    pub(crate) fn write(
        &self,
        value: Scalar<'_>,
        setting: &Setting,
        out: &mut [u8],
    ) -> Result<(), FieldError> {
        match &self.form {
            Form::Text => text::write(value, setting, out, text::Side::Right),
            Form::TextRight => text::write(value, setting, out, text::Side::Left),
            Form::National => text::write_national(value, out),
            Form::Dbcs => text::write_bytes(value, out, Some(setting.page.blank())),
            Form::Bytes => text::write_bytes(value, out, None),
            Form::Float { bits, ibm, little } => float::write(value, *bits, *ibm, *little, out),
            Form::Pointed { digits, scale } => pointed::write(value, (*digits, *scale), setting, out),
            form => number::write(form, value, setting, out),
        }
    }

    /// Writes what a field holds that nobody gave a value: blanks for a text; for a number the filler that is read as absent,
    /// and where there is none nought, as `INITIALIZE` does.
    pub(crate) fn clear(&self, setting: &Setting, out: &mut [u8]) {
        match &self.form {
            Form::Text | Form::TextRight | Form::Dbcs => out.fill(setting.page.blank()),
            Form::National => {
                out.chunks_mut(2).for_each(|unit| unit.copy_from_slice(&[0, b' '][..unit.len()]))
            }
            Form::Bytes | Form::Float { .. } | Form::Binary { .. } | Form::PackedUnsigned { .. } => {
                out.fill(0)
            }
            Form::Pointed { digits, scale } => pointed::clear((*digits, *scale), setting, out),
            form => number::clear(form, setting, out),
        }
    }
}

#[cfg(test)]
mod tests;
