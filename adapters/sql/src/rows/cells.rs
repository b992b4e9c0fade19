//! The cells of one column of a batch.
//!
//! **Invariant.** Every cell lies within its column: that was checked when the batch was decoded, and what is not there
//! is told as NULL rather than as something else.

use adapters_sql_protocol::{Column, Texts};
use kernel::{INT_BYTES_MAX, Lexical, Pen, Scalar, Taken};

/// The cells of one column, in memory that the next batch uses again.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// A bit per row; empty where no row is NULL.
    nulls: Vec<u8>,
    kind: Kind,
    text: String,
    bytes: Vec<u8>,
    offsets: Vec<u32>,
    words: Vec<[u8; 8]>,
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
    /// Takes over a column.
    pub(crate) fn load(&mut self, column: &Column<'_>, rows: usize) {
        self.nulls.clear();
        if let Some(nulls) = column.nulls.filter(|nulls| nulls.iter().any(|byte| *byte != 0)) {
            self.nulls.extend_from_slice(nulls);
        }
        match column.values {
            Texts::Text { offsets, text } => {
                self.kind = Kind::Text;
                self.text.clear();
                self.text.push_str(text);
                self.load_offsets(offsets);
            }
            Texts::Bytes { offsets, bytes } => {
                self.kind = Kind::Bytes;
                self.bytes.clear();
                self.bytes.extend_from_slice(bytes);
                self.load_offsets(offsets);
            }
            Texts::Integers(values) => self.load_words(Kind::Integers, values, rows),
            Texts::Doubles(values) => self.load_words(Kind::Doubles, values, rows),
        }
    }

    fn load_offsets(&mut self, offsets: &[u8]) {
        let numbers = offsets.chunks_exact(4).map(|at| u32::from_le_bytes([at[0], at[1], at[2], at[3]]));
        self.offsets.clear();
        self.offsets.extend(numbers);
    }

    fn load_words(&mut self, kind: Kind, values: &[u8], rows: usize) {
        self.kind = kind;
        self.words.clear();
        let words = values.chunks_exact(8).take(rows);
        self.words.extend(words.map(|word| <[u8; 8]>::try_from(word).unwrap_or_default()));
    }

    /// Gives numbers the decimals of their type, where a driver leaves out zeros at the end: SQLite and Oracle do.
    pub(crate) fn scale(&mut self, scale: usize) {
        if !matches!(self.kind, Kind::Text) {
            return;
        }
        let rows = self.offsets.len().saturating_sub(1);
        let is_short =
            |row: usize| self.range(row).is_some_and(|range| missing(&self.text[range], scale) > 0);
        let Some(first) = (0..rows).find(|&row| is_short(row)) else { return };
        let mut text = self.text[..self.offsets[first] as usize].to_owned();
        let mut offsets = self.offsets[..=first].to_vec();
        for row in first..rows {
            let number = self.range(row).and_then(|range| self.text.get(range)).unwrap_or_default();
            text.push_str(number);
            let zeros = missing(number, scale);
            if zeros == scale && !number.ends_with('.') {
                text.push('.');
            }
            text.extend(std::iter::repeat_n('0', zeros));
            offsets.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        (self.text, self.offsets) = (text, offsets);
    }

    /// Returns a cell.
    #[inline]
    pub(crate) fn scalar(&self, row: usize) -> Scalar<'_> {
        if self.is_null(row) {
            return Scalar::Nil;
        }
        match self.kind {
            Kind::Text => self.range(row).and_then(|range| self.text.get(range)).map(Scalar::Text),
            Kind::Bytes => self.range(row).and_then(|range| self.bytes.get(range)).map(Scalar::Bytes),
            Kind::Integers => self.words.get(row).map(|word| Scalar::Int(i64::from_le_bytes(*word))),
            Kind::Doubles => self.words.get(row).map(|word| Scalar::Float(f64::from_le_bytes(*word))),
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
            Kind::Text => lexical.write(self.text.get(self.range(row)?)?, pen),
            Kind::Integers => {
                pen.put_int(i64::from_le_bytes(*self.words.get(row)?))?;
                Some(Taken::Number)
            }
            Kind::Doubles => Some(Taken::Float { bits: u64::from_le_bytes(*self.words.get(row)?) }),
            Kind::Bytes => None,
        }
    }

    #[inline(always)]
    fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_empty() && self.nulls.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }

    fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let [begin, end] = *self.offsets.get(row..row + 2)? else { return None };
        Some(begin as usize..end as usize)
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
            let mut cells = Cells { offsets: vec![0], ..Cells::default() };
            for number in numbers {
                cells.text.push_str(number);
                cells.offsets.push(u32::try_from(cells.text.len()).unwrap());
            }
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
