//! Leaves that are at hand in their lexical form, as databases give them.
//!
//! **Invariant.** A number that JSON writes otherwise, or that is none, is given as a text, so that its codec judges it.

use super::{Pen, Taken};
use crate::ScalarType;

/// What the text of a leaf is, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lexical {
    /// A text that counts as it is.
    Text,
    /// A text padded with blanks behind it.
    Padded,
    /// A number with so many decimals, or with any.
    Number(Option<u16>),
}

/// Digits that are not counted as a number.
const NUMBER_BYTES_MAX: usize = 38;

impl Lexical {
    /// Returns what the texts of a type are.
    pub fn of(ty: &ScalarType) -> Self {
        match ty {
            ScalarType::Text(text) if text.padded => Self::Padded,
            ScalarType::Decimal { scale, .. } => Self::Number(*scale),
            _ => Self::Text,
        }
    }

    /// Writes a leaf, whose text is UTF-8; nothing where there is no room for it and [`super::ROOM_BEHIND`] bytes more.
    #[inline(always)]
    pub fn write(self, text: &[u8], pen: &mut Pen<'_>) -> Option<Taken> {
        let text = match self {
            Self::Padded => without_end(text),
            Self::Text | Self::Number(_) => text,
        };
        let plain = pen.put_text(text)?;
        match self {
            Self::Number(decimals) if is_json(text, decimals.map(usize::from)) => Some(Taken::Number),
            Self::Text | Self::Padded | Self::Number(_) => Some(Taken::Text { plain }),
        }
    }
}

/// Takes the blanks at the end of a text away.
#[inline(always)]
pub fn without_end(text: &[u8]) -> &[u8] {
    let mut rest = text;
    // Padded texts are mostly padding, so eight bytes are looked at at once.
    while let Some((before, b"        ")) = rest.split_last_chunk::<8>() {
        rest = before;
    }
    while let Some((b' ', before)) = rest.split_last() {
        rest = before;
    }
    rest
}

/// Returns whether a number is written as JSON writes it: no leading noughts, no minus before a nought, its decimals.
#[inline(always)]
fn is_json(text: &[u8], decimals: Option<usize>) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let begins = match digits {
        [b'1'..=b'9', ..] => true,
        [b'0'] | [b'0', b'.', ..] => digits.len() == text.len(),
        _ => false,
    };
    let (mut points, mut others) = (0, 0);
    for byte in digits {
        points += usize::from(*byte == b'.');
        others += usize::from(!byte.is_ascii_digit());
    }
    let is_number = begins && others == points && points <= 1 && text.len() <= NUMBER_BYTES_MAX;
    is_number
        && match decimals {
            Some(0) => points == 0,
            Some(decimals) => digits.iter().rev().nth(decimals) == Some(&b'.'),
            None => digits.last() != Some(&b'.'),
        }
}

#[cfg(test)]
mod tests {
    use super::super::Sheet;
    use super::*;
    use crate::TextType;

    #[test]
    fn a_leaf_is_a_number_only_where_json_writes_it_so() {
        let check = |lexical: Lexical, text: &str, expected: Option<(Taken, &str)>| {
            let mut sheet = Sheet::with_room(100);
            let mut pen = Pen { bytes: &mut sheet.bytes, at: 0 };
            let taken = lexical.write(text.as_bytes(), &mut pen);
            sheet.end = pen.at;
            let written = String::from_utf8(sheet.into_bytes()).unwrap();
            assert_eq!(taken.map(|taken| (taken, &*written)), expected, "{lexical:?} {text:?}");
        };
        let number = |text| Some((Taken::Number, text));
        let plain = |text| Some((Taken::Text { plain: true }, text));
        let any = Lexical::Number(None);
        for text in ["0", "7", "10", "-7", "0.10", "12.50", "-1.5", "99999999999999999999999999999999999999"]
        {
            check(any, text, number(text));
        }
        for text in ["", "-", ".5", "5.", "007", "-0", "-0.5", "+1", "1e3", "1.2.3", " 1", "1 ", "NaN", "--1"]
        {
            check(any, text, plain(text));
        }
        check(
            any,
            "999999999999999999999999999999999999999",
            plain("999999999999999999999999999999999999999"),
        );
        check(Lexical::Number(Some(0)), "12", number("12"));
        check(Lexical::Number(Some(0)), "12.0", plain("12.0"));
        check(Lexical::Number(Some(2)), "12.50", number("12.50"));
        check(Lexical::Number(Some(2)), "12.5", plain("12.5"));
        check(Lexical::Number(Some(2)), "12", plain("12"));
        check(Lexical::Number(Some(2)), "12.500", plain("12.500"));
        check(Lexical::Padded, "AT        ", plain("AT"));
        check(Lexical::Padded, " A T  ", plain(" A T"));
        check(Lexical::Padded, "                    ", plain(""));
        check(Lexical::Text, "AT ", plain("AT "));
    }

    #[test]
    fn a_type_says_what_its_texts_are() {
        let padded = TextType { padded: true, ..TextType::default() };
        assert_eq!(Lexical::of(&ScalarType::Text(padded)), Lexical::Padded);
        assert_eq!(Lexical::of(&ScalarType::text()), Lexical::Text);
        let decimal = ScalarType::Decimal { digits: None, scale: Some(2), unsigned: false };
        assert_eq!(Lexical::of(&decimal), Lexical::Number(Some(2)));
        assert_eq!(Lexical::of(&ScalarType::Date), Lexical::Text);
    }
}
