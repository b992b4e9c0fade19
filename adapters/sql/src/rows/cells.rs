//! The cells of one column of a batch.
//!
//! **Invariant.** Every cell lies within its column: that was checked when the batch was decoded, and what is not there
//! is told as NULL rather than as something else.

use adapters_sql_protocol::{Column, Texts};
use bytes::Bytes;
use kernel::{INT_BYTES_MAX, Lexical, Pen, Scalar, Taken};

/// The cells of one column, where they arrived.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// A bit per row; empty where no row is NULL.
    nulls: Bytes,
    kind: Kind,
    /// Texts or bytes, one behind the other.
    bytes: Bytes,
    /// Where each of these begins, and where the last one ends, in four bytes; or numbers in eight bytes.
    words: Bytes,
}

#[derive(Debug, Default, Clone, Copy)]
enum Kind {
    #[default]
    Text,
    Integers,
    Doubles,
    Bytes,
}

impl Cells {
    /// Takes over a column that lies in a payload.
    pub(crate) fn load(&mut self, column: &Column<'_>, payload: &Bytes) {
        let nulls = column.nulls.filter(|nulls| nulls.iter().any(|byte| *byte != 0));
        self.nulls = nulls.map_or_else(Bytes::new, |nulls| payload.slice_ref(nulls));
        let (kind, words, bytes) = match column.values {
            Texts::Text { offsets, text } => (Kind::Text, offsets, text.as_bytes()),
            Texts::Bytes { offsets, bytes } => (Kind::Bytes, offsets, bytes),
            Texts::Integers(values) => (Kind::Integers, values, &[][..]),
            Texts::Doubles(values) => (Kind::Doubles, values, &[][..]),
        };
        (self.kind, self.words, self.bytes) = (kind, payload.slice_ref(words), payload.slice_ref(bytes));
    }

    /// Gives numbers the decimals of their type, where a driver leaves out zeros at the end: SQLite and Oracle do.
    pub(crate) fn scale(&mut self, scale: usize) {
        if !matches!(self.kind, Kind::Text) {
            return;
        }
        let rows = (self.words.len() / 4).saturating_sub(1);
        let number = |row: usize| self.text(row).unwrap_or_default();
        let Some(first) = (0..rows).find(|&row| missing(number(row), scale) > 0) else { return };
        let begin = self.range(first).map_or(0, |range| range.start);
        let mut bytes = self.bytes[..begin].to_vec();
        let mut words = self.words[..(first + 1) * 4].to_vec();
        for number in (first..rows).map(number) {
            bytes.extend_from_slice(number.as_bytes());
            let zeros = missing(number, scale);
            if zeros == scale && !number.ends_with('.') {
                bytes.push(b'.');
            }
            bytes.extend(std::iter::repeat_n(b'0', zeros));
            words.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        (self.bytes, self.words) = (bytes.into(), words.into());
    }

    /// Returns a cell.
    #[inline]
    pub(crate) fn scalar(&self, row: usize) -> Scalar<'_> {
        if self.is_null(row) {
            return Scalar::Nil;
        }
        match self.kind {
            Kind::Text => self.text(row).map(Scalar::Text),
            Kind::Bytes => self.range(row).and_then(|range| self.bytes.get(range)).map(Scalar::Bytes),
            Kind::Integers => self.word(row).map(|word| Scalar::Int(i64::from_le_bytes(word))),
            Kind::Doubles => self.word(row).map(|word| Scalar::Float(f64::from_le_bytes(word))),
        }
        .unwrap_or(Scalar::Nil)
    }

    /// Returns whether its cells can be taken without being told.
    pub(crate) fn is_taken(&self, lexical: Lexical) -> bool {
        match self.kind {
            Kind::Text | Kind::Doubles => true,
            Kind::Integers => matches!(lexical, Lexical::Number(None | Some(0))),
            Kind::Bytes => false,
        }
    }

    /// How many bytes the text of a cell has.
    #[inline(always)]
    pub(crate) fn length(&self, row: usize) -> usize {
        match self.kind {
            Kind::Text => self.range(row).map_or(0, |range| range.len()),
            Kind::Integers | Kind::Doubles | Kind::Bytes => INT_BYTES_MAX,
        }
    }

    /// Writes a cell.
    #[inline(always)]
    pub(crate) fn write(&self, row: usize, lexical: Lexical, pen: &mut Pen<'_>) -> Option<Taken> {
        if self.is_null(row) {
            return Some(Taken::Nil);
        }
        match self.kind {
            Kind::Text => lexical.write(self.bytes.get(self.range(row)?)?, pen),
            Kind::Integers => {
                pen.put_int(i64::from_le_bytes(self.word(row)?))?;
                Some(Taken::Number)
            }
            Kind::Doubles => Some(Taken::Float { bits: u64::from_le_bytes(self.word(row)?) }),
            Kind::Bytes => None,
        }
    }

    #[inline(always)]
    fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_empty() && self.nulls.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }

    /// Returns a text. That it is one was looked at when the batch was decoded.
    fn text(&self, row: usize) -> Option<&str> {
        str::from_utf8(self.bytes.get(self.range(row)?)?).ok()
    }

    #[inline(always)]
    fn word(&self, row: usize) -> Option<[u8; 8]> {
        self.words.get(row * 8..)?.first_chunk().copied()
    }

    #[inline(always)]
    fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let [b1, b2, b3, b4, e1, e2, e3, e4] = *self.words.get(row * 4..)?.first_chunk::<8>()?;
        Some(u32::from_le_bytes([b1, b2, b3, b4]) as usize..u32::from_le_bytes([e1, e2, e3, e4]) as usize)
    }
}

/// How many decimals a number lacks; none if it has more than wanted, or is no plain number.
#[inline]
fn missing(number: &str, scale: usize) -> usize {
    let bytes = number.as_bytes();
    // Nearly always the point is where it is expected.
    if bytes.len() > scale && bytes[bytes.len() - 1 - scale] == b'.' {
        return 0;
    }
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, part) = match digits.iter().position(|byte| *byte == b'.') {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    let is_plain = !whole.is_empty() && whole.iter().chain(part).all(u8::is_ascii_digit);
    if is_plain { scale.saturating_sub(part.len()) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimals_of_their_type() {
        let check = |numbers: &[&str], scale: usize, expected: &[&str]| {
            let ends = (0..=numbers.len()).map(|n| numbers[..n].concat().len());
            let words = ends.flat_map(|end| u32::try_from(end).unwrap().to_le_bytes());
            let bytes = numbers.concat().into();
            let mut cells = Cells { bytes, words: words.collect(), ..Cells::default() };
            cells.scale(scale);
            for (row, expected) in expected.iter().enumerate() {
                assert_eq!(cells.scalar(row), Scalar::Text(expected), "{numbers:?}");
            }
        };
        check(&["5000.00", "0.10", "-1.25"], 2, &["5000.00", "0.10", "-1.25"]);
        check(&["5000", "0.1", "-1.25", "-7."], 2, &["5000.00", "0.10", "-1.25", "-7.00"]);
        check(&["1.00", "2", "3.00"], 2, &["1.00", "2.00", "3.00"]);
        // More than the type has, and what is no plain number, is left to whoever reads it.
        check(&["1.234", "1E+3", "NaN", "", "."], 2, &["1.234", "1E+3", "NaN", "", "."]);
    }
}
