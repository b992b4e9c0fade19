//! The field of an elementary item, and where it may begin.
//!
//! **Invariant.** A usage that does not fit the picture is refused, never guessed.

use super::Dialect;
use crate::copybook::{Item, Picture, PictureKind, Usage};
use crate::field::{Field, Form, Setting, Sign};

/// Returns the field of an elementary item, with the multiple of bytes at which it begins where it is SYNCHRONIZED.
///
/// # Errors
/// In words.
pub(super) fn field(item: &Item, dialect: &Dialect, setting: &Setting) -> Result<(Field, u32), String> {
    let is_host = setting.page.is_ebcdic();
    let little = dialect.little.unwrap_or(!is_host);
    let ibm = dialect.ibm_floats.unwrap_or(is_host);
    let float = |bits: u8| Field {
        form: Form::Float { bits, ibm, little: little && !ibm },
        width: u32::from(bits) / 8,
    };
    let usage = item.usage.unwrap_or(Usage::Display);
    let field = match (usage, &item.picture) {
        (Usage::Float, _) => float(32),
        (Usage::Double, _) => float(64),
        (Usage::Opaque(bytes), _) => Field { form: Form::Bytes, width: u32::from(bytes) },
        (Usage::Sized { bytes, signed }, _) => {
            let form = Form::Binary { digits: digits_of(bytes), scale: 0, signed, native: true, little };
            Field { form, width: u32::from(bytes) }
        }
        (_, None) => return Err("it has no picture".into()),
        (_, Some(picture)) => pictured(item, usage, picture, (little, dialect.full_binary))?,
    };
    Ok((field.clone(), if item.synchronized { alignment(usage, field.width) } else { 1 }))
}

fn pictured(
    item: &Item,
    usage: Usage,
    picture: &Picture,
    (little, full): (bool, bool),
) -> Result<Field, String> {
    let characters = picture.characters;
    let PictureKind::Number { digits, scale, signed } = picture.kind else {
        return text(item, usage, picture);
    };
    let (form, width) = match usage {
        Usage::Display if item.blank_when_zero => (Form::Text, characters),
        Usage::Display => {
            let sign = match item.sign {
                Some(sign) if sign.separate => match sign.leading {
                    true => Sign::LeadingSeparate,
                    false => Sign::TrailingSeparate,
                },
                _ if !signed => Sign::None,
                Some(sign) if sign.leading => Sign::Leading,
                _ => Sign::Trailing,
            };
            let separate = matches!(sign, Sign::LeadingSeparate | Sign::TrailingSeparate);
            (Form::Zoned { digits, scale, sign }, characters + u32::from(separate))
        }
        Usage::Packed => (Form::Packed { digits, scale, signed }, characters / 2 + 1),
        Usage::PackedUnsigned if signed => return Err("COMP-6 has no sign, but its picture has one".into()),
        Usage::PackedUnsigned => (Form::PackedUnsigned { digits, scale }, characters.div_ceil(2)),
        Usage::Binary => {
            let form = Form::Binary { digits, scale, signed, native: full, little: false };
            (form, binary_width(digits))
        }
        Usage::Native => (Form::Binary { digits, scale, signed, native: true, little }, binary_width(digits)),
        Usage::Bytewise => {
            let form = Form::Binary { digits, scale, signed, native: true, little: false };
            (form, fewest_bytes(digits, signed))
        }
        // Digits of 16 bits; they are told as the text that they are.
        Usage::National => (Form::National, characters * 2),
        _ => return Err("DISPLAY-1 is for `G` and `N`".into()),
    };
    Ok(Field { form, width })
}

fn text(item: &Item, usage: Usage, picture: &Picture) -> Result<Field, String> {
    let characters = picture.characters;
    let double = characters.saturating_mul(2);
    let right = |form: Form| if item.justified { Form::TextRight } else { form };
    let (form, width) = match (usage, picture.kind) {
        (Usage::Display, PictureKind::Text | PictureKind::Edited) => (right(Form::Text), characters),
        (Usage::Display, PictureKind::Pointed { digits, scale }) => {
            (Form::Pointed { digits, scale }, characters)
        }
        (Usage::Display | Usage::National, PictureKind::National) => (Form::National, double),
        (Usage::National, PictureKind::Edited) => (Form::National, double),
        (Usage::Display | Usage::Dbcs, PictureKind::Dbcs) => (Form::Dbcs, double),
        (Usage::Dbcs, PictureKind::National) => (Form::Dbcs, double),
        // `PIC X(n) COMP-5` and `COMP-X` are numbers of n bytes.
        (Usage::Native | Usage::Bytewise, PictureKind::Text) if characters <= 16 => {
            let bytes = u8::try_from(characters).map_err(|_| "too many bytes")?;
            let form = Form::Binary {
                digits: digits_of(bytes),
                scale: 0,
                signed: false,
                native: true,
                little: false,
            };
            (form, characters)
        }
        _ => return Err("its usage does not fit its picture".into()),
    };
    Ok(Field { form, width })
}

/// "1 to 4 digits: 2 bytes; 5 to 9: 4; 10 to 18: 8." More digits take as many bytes as hold them.
/// Source: Enterprise COBOL for z/OS Programming Guide, "Binary (COMP) items".
fn binary_width(digits: u8) -> u32 {
    match digits {
        0..=4 => 2,
        5..=9 => 4,
        10..=18 => 8,
        _ => fewest_bytes(digits, true),
    }
}

/// The fewest bytes that hold all numbers of so many digits.
fn fewest_bytes(digits: u8, signed: bool) -> u32 {
    let most = 10_u128.checked_pow(u32::from(digits)).map_or(u128::MAX, |power| power - 1);
    (u128::BITS - most.leading_zeros() + u32::from(signed)).div_ceil(8).min(16)
}

/// The digits of the greatest number that so many bytes hold.
fn digits_of(bytes: u8) -> u8 {
    let most = 1_u128.checked_shl(u32::from(bytes) * 8).map_or(u128::MAX, |power| power - 1);
    most.checked_ilog10().and_then(|log| u8::try_from(log + 1).ok()).unwrap_or(1)
}

/// Source: Enterprise COBOL for z/OS Language Reference, "SYNCHRONIZED clause", "Slack bytes".
fn alignment(usage: Usage, width: u32) -> u32 {
    match usage {
        Usage::Binary | Usage::Native | Usage::Sized { .. } => match width {
            2 => 2,
            4 | 8 => 4,
            _ => 1,
        },
        Usage::Float | Usage::Opaque(_) => 4,
        Usage::Double => 8,
        _ => 1,
    }
}

/// Returns what a new record has in a field, to be repeated over it: blanks, zeros.
pub(super) fn initial(field: &Field, setting: &Setting) -> Box<[u8]> {
    let is_pattern =
        matches!(field.form, Form::Text | Form::TextRight | Form::National | Form::Dbcs | Form::Bytes);
    let mut bytes = vec![0; if is_pattern { 2 } else { field.width as usize }];
    field.clear(setting, &mut bytes);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_numbers_have_the_bytes_that_compilers_give_them() {
        let check = |digits, binary, bytewise| {
            assert_eq!((binary_width(digits), fewest_bytes(digits, false)), (binary, bytewise), "{digits}");
        };
        check(1, 2, 1);
        check(2, 2, 1);
        check(3, 2, 2);
        check(4, 2, 2);
        check(5, 4, 3);
        check(9, 4, 4);
        check(10, 8, 5);
        check(18, 8, 8);
        check(19, 9, 8);
        check(20, 9, 9);
        check(37, 16, 16);
        check(38, 16, 16);
    }

    #[test]
    fn so_many_bytes_hold_so_many_digits() {
        let check = |bytes, digits| assert_eq!(digits_of(bytes), digits, "{bytes}");
        check(1, 3);
        check(2, 5);
        check(4, 10);
        check(8, 20);
        check(16, 39);
    }
}
