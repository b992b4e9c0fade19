//! Zoned decimals with a point that is written: `PIC S9(3).99`, which no standard has and some files do.
//!
//! **Invariant.** But for its point, such a number is read and written as one without.

use super::number::{self, TEXT_MAX};
use super::{FieldError, Form, Setting, Sign};
use kernel::{Scalar, ScalarType};

/// Reads it.
pub(super) fn read<'a>(
    raw: &[u8],
    (digits, scale): (u8, u8),
    setting: &Setting,
    text: &'a mut String,
) -> Result<Scalar<'a>, FieldError> {
    let at = point(raw, digits, scale)?;
    let is_filler = raw.first().is_some_and(|first| raw.iter().all(|byte| byte == first));
    if raw.get(at).copied() != setting.page.byte('.') && !is_filler {
        return Err(format!("byte {} is no point", at + 1));
    }
    number::read(&form(digits, scale), &without(raw, at)[..raw.len() - 1], setting, text)
}

/// Writes it over what stood there.
pub(super) fn write(
    value: Scalar<'_>,
    (digits, scale): (u8, u8),
    setting: &Setting,
    out: &mut [u8],
) -> Result<(), FieldError> {
    let at = point(out, digits, scale)?;
    let mut plain = without(out, at);
    let Some(plain) = plain.get_mut(..out.len() - 1) else { return Ok(()) };
    let before = plain.to_vec();
    number::write(&form(digits, scale), value, setting, plain)?;
    if before != plain || out.get(at).copied() != setting.page.byte('.') {
        put(plain, at, setting, out);
    }
    Ok(())
}

/// Writes nought.
pub(super) fn clear((digits, scale): (u8, u8), setting: &Setting, out: &mut [u8]) {
    if let Ok(at) = point(out, digits, scale) {
        let mut plain = [0; TEXT_MAX];
        if let Some(plain) = plain.get_mut(..out.len() - 1) {
            number::clear(&form(digits, scale), setting, plain);
            put(plain, at, setting, out);
        }
    }
}

/// Its type.
pub(super) fn scalar_type((digits, scale): (u8, u8)) -> ScalarType {
    number::decimal_type(digits, i16::from(scale), false)
}

fn form(digits: u8, scale: u8) -> Form {
    Form::Zoned { digits, scale: i16::from(scale), sign: Sign::Trailing }
}

/// Where the point is.
fn point(raw: &[u8], digits: u8, scale: u8) -> Result<usize, FieldError> {
    let is_right = raw.len() == usize::from(digits) + 1 && raw.len() <= TEXT_MAX && scale < digits;
    is_right.then(|| usize::from(digits - scale)).ok_or_else(|| number::width_wrong(raw.len(), digits))
}

/// The bytes but the one at a place.
fn without(raw: &[u8], at: usize) -> [u8; TEXT_MAX] {
    let mut plain = [0; TEXT_MAX];
    let others = raw.iter().enumerate().filter(|(n, _)| *n != at);
    plain.iter_mut().zip(others).for_each(|(to, (_, byte))| *to = *byte);
    plain
}

/// Puts the digits around the point.
fn put(plain: &[u8], at: usize, setting: &Setting, out: &mut [u8]) {
    let mut digits = plain.iter();
    for (n, to) in out.iter_mut().enumerate() {
        let byte = if n == at { setting.page.byte('.') } else { digits.next().copied() };
        *to = byte.unwrap_or(b'.');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codepage::CodePage;
    use crate::field::{Field, Fillers};

    fn field() -> (Field, Setting) {
        let page = CodePage::named("latin1").expect("a page");
        (
            Field { form: Form::Pointed { digits: 5, scale: 2 }, width: 6 },
            Setting { page, fillers: Fillers::default() },
        )
    }

    #[test]
    fn the_point_stands_where_the_picture_has_it() {
        let (field, setting) = field();
        let check = |raw: &str, expected: Result<&str, &str>| {
            let mut text = String::new();
            let read = field.read(raw.as_bytes(), &setting, &mut text);
            assert_eq!(read, expected.map(Scalar::Text).map_err(str::to_owned), "{raw}");
        };
        check("305.0L", Ok("-305.03"));
        check("305.0C", Ok("305.03"));
        check("30500C", Err("byte 4 is no point"));
    }

    #[test]
    fn what_is_written_can_be_read_and_the_same_value_stays() {
        let (field, setting) = field();
        let check = |old: &str, value: &str, expected: &str| {
            let mut out = old.as_bytes().to_vec();
            field.write(Scalar::Text(value), &setting, &mut out).unwrap();
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check("305.0L", "-305.03", "305.0L");
        check("305.03", "305.03", "305.03");
        check("305.0L", "1.5", "001.5{");
        let mut out = [0; 6];
        field.clear(&setting, &mut out);
        assert!(field.read(&out, &setting, &mut String::new()).is_ok_and(|it| it == Scalar::Text("0.00")));
    }
}
