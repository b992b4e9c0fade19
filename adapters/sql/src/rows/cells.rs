//! The cells of one column of a batch.
//!
//! **Invariant.** Every cell lies within its column: that was checked when the batch was decoded, and what is not there
//! is told as NULL rather than as something else.

use adapters_sql_protocol::{Column, Texts};
use kernel::Scalar;

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

    /// Returns a cell.
    #[inline]
    pub(crate) fn scalar(&self, row: usize) -> Scalar<'_> {
        if !self.nulls.is_empty() && self.nulls.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1) {
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

    fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let [begin, end] = *self.offsets.get(row..row + 2)? else { return None };
        Some(begin as usize..end as usize)
    }
}
