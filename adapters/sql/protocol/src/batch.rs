//! BATCH: rows, column by column.
//!
//! **Invariant.** A decoded batch is whole: every offset lies in its column, every text is UTF-8 from offset to
//! offset, and all columns have the same number of rows.

use crate::scan::{Malformed, Scan, saturated};
use crate::{kind, write_frame};

/// Rows that arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch<'a> {
    /// How many there are.
    pub rows: usize,
    /// The columns, in the order of COLUMNS.
    pub columns: Vec<Column<'a>>,
}

/// A column of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<'a> {
    /// A bit per row, the lowest first, that says that it is NULL; nothing where no row is.
    pub nulls: Option<&'a [u8]>,
    /// The values.
    pub values: Texts<'a>,
}

/// The values of a column, in one of four representations.
#[derive(Debug, Clone, PartialEq)]
pub enum Texts<'a> {
    /// Texts: where each begins and ends in `text`, as little-endian u32, one more than there are rows.
    Text {
        /// The offsets.
        offsets: &'a [u8],
        /// All texts, one behind the other.
        text: &'a str,
    },
    /// Integers, 8 bytes each, little endian.
    Integers(&'a [u8]),
    /// Binary floats, 8 bytes each, little endian.
    Doubles(&'a [u8]),
    /// Bytes, as texts.
    Bytes {
        /// The offsets.
        offsets: &'a [u8],
        /// All values, one behind the other.
        bytes: &'a [u8],
    },
}

/// Builds a BATCH frame: first the number of rows, then every column.
#[derive(Debug)]
pub struct BatchWriter<'a> {
    out: &'a mut Vec<u8>,
    rows: usize,
}

const TEXT: u8 = 0;
const INTEGER: u8 = 1;
const DOUBLE: u8 = 2;
const BYTES: u8 = 3;

impl<'a> Batch<'a> {
    pub(crate) fn decode(payload: &'a [u8], columns: usize) -> Result<Self, Malformed> {
        let mut scan = Scan::new(payload);
        let rows = scan.u32()? as usize;
        if columns == 0 {
            return Err(scan.wrong("rows without columns"));
        }
        // A column has at least two bytes, and a row at least a bit: what lies fails before it allocates.
        let mut decoded = Vec::with_capacity(columns.min(payload.len()));
        for _ in 0..columns {
            decoded.push(Column::take(&mut scan, rows)?);
        }
        scan.end()?;
        Ok(Self { rows, columns: decoded })
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&saturated(self.rows).to_le_bytes());
        for column in &self.columns {
            let representation = match column.values {
                Texts::Text { .. } => TEXT,
                Texts::Integers(_) => INTEGER,
                Texts::Doubles(_) => DOUBLE,
                Texts::Bytes { .. } => BYTES,
            };
            out.extend_from_slice(&[representation, u8::from(column.nulls.is_some())]);
            out.extend_from_slice(column.nulls.unwrap_or_default());
            match column.values {
                Texts::Text { offsets, text } => {
                    out.extend_from_slice(offsets);
                    out.extend_from_slice(text.as_bytes());
                }
                Texts::Bytes { offsets, bytes } => {
                    out.extend_from_slice(offsets);
                    out.extend_from_slice(bytes);
                }
                Texts::Integers(values) | Texts::Doubles(values) => out.extend_from_slice(values),
            }
        }
    }
}

impl<'a> Column<'a> {
    fn take(scan: &mut Scan<'a>, rows: usize) -> Result<Self, Malformed> {
        let (representation, has_nulls) = (scan.u8()?, scan.flag()?);
        let nulls = has_nulls.then(|| scan.take(rows.div_ceil(8))).transpose()?;
        let values = match representation {
            TEXT => {
                let (offsets, bytes) = spread(scan, rows)?;
                let text = std::str::from_utf8(bytes).map_err(|_| scan.wrong("a column is no UTF-8"))?;
                match has_whole_texts(offsets, text) {
                    true => Texts::Text { offsets, text },
                    false => return Err(scan.wrong("a character lies in two values")),
                }
            }
            INTEGER => Texts::Integers(fixed(scan, rows)?),
            DOUBLE => Texts::Doubles(fixed(scan, rows)?),
            BYTES => {
                let (offsets, bytes) = spread(scan, rows)?;
                Texts::Bytes { offsets, bytes }
            }
            _ => return Err(scan.wrong("no such representation")),
        };
        Ok(Self { nulls, values })
    }

    /// Returns whether a row is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        let byte = self.nulls.and_then(|nulls| nulls.get(row / 8)).copied().unwrap_or(0);
        byte >> (row % 8) & 1 == 1
    }
}

fn fixed<'a>(scan: &mut Scan<'a>, rows: usize) -> Result<&'a [u8], Malformed> {
    let length = rows.checked_mul(8).ok_or_else(|| scan.wrong("the payload ends too early"))?;
    scan.take(length)
}

/// Offsets that never go back, from zero to the end of the bytes behind them.
fn spread<'a>(scan: &mut Scan<'a>, rows: usize) -> Result<(&'a [u8], &'a [u8]), Malformed> {
    let length = rows.checked_add(1).and_then(|n| n.checked_mul(4));
    let offsets = scan.take(length.ok_or_else(|| scan.wrong("the payload ends too early"))?)?;
    let (mut last, mut rising) = (0, true);
    for at in ends(offsets) {
        rising &= at >= last;
        last = at;
    }
    if !rising || ends(offsets).next() != Some(0) {
        return Err(scan.wrong("offsets do not rise from zero"));
    }
    Ok((offsets, scan.take(last)?))
}

/// Returns whether every offset lies between two characters.
fn has_whole_texts(offsets: &[u8], text: &str) -> bool {
    // In a text of one byte per character every place does.
    text.is_ascii() || ends(offsets).all(|at| text.is_char_boundary(at))
}

/// The offsets as numbers.
fn ends(offsets: &[u8]) -> impl Iterator<Item = usize> + '_ {
    offsets.chunks_exact(4).map(|at| u32::from_le_bytes([at[0], at[1], at[2], at[3]]) as usize)
}

impl<'a> BatchWriter<'a> {
    /// Appends a BATCH frame to `out`; `columns` writes every column, each with `rows` rows.
    pub fn write(out: &'a mut Vec<u8>, rows: usize, columns: impl FnOnce(&mut BatchWriter<'_>)) {
        write_frame(out, kind::BATCH, |out| {
            out.extend_from_slice(&saturated(rows).to_le_bytes());
            columns(&mut BatchWriter { out, rows });
        });
    }

    /// Writes a column of texts in UTF-8; `None` is NULL. `cells` yields one item per row.
    pub fn texts<'c>(&mut self, cells: impl Iterator<Item = Option<&'c [u8]>>) {
        self.pieces(TEXT, cells, |out, cell| out.extend_from_slice(cell));
    }

    /// Writes a column of bytes.
    pub fn bytes<'c>(&mut self, cells: impl Iterator<Item = Option<&'c [u8]>>) {
        self.pieces(BYTES, cells, |out, cell| out.extend_from_slice(cell));
    }

    /// Writes a column of texts, each of which `put` appends. Returns whether each of them is UTF-8.
    #[must_use]
    pub fn texts_by<C>(
        &mut self,
        cells: impl Iterator<Item = Option<C>>,
        put: impl FnMut(&mut Vec<u8>, C),
    ) -> bool {
        let begin = self.pieces(TEXT, cells, put);
        let (offsets, bytes) = self.out[begin..].split_at(4 * (self.rows + 1));
        // One look at the whole column costs less than one at each text.
        std::str::from_utf8(bytes).is_ok_and(|text| has_whole_texts(offsets, text))
    }

    /// Writes a column of integers.
    pub fn integers(&mut self, cells: impl Iterator<Item = Option<i64>>) {
        self.words(INTEGER, cells.map(|cell| cell.map(i64::to_le_bytes)));
    }

    /// Writes a column of binary floats.
    pub fn doubles(&mut self, cells: impl Iterator<Item = Option<f64>>) {
        self.words(DOUBLE, cells.map(|cell| cell.map(f64::to_le_bytes)));
    }

    /// Writes a column of texts or bytes and returns where its offsets begin.
    fn pieces<C>(
        &mut self,
        representation: u8,
        cells: impl Iterator<Item = Option<C>>,
        mut put: impl FnMut(&mut Vec<u8>, C),
    ) -> usize {
        let nulls = self.begin(representation);
        let begin = self.out.len();
        let base = begin + 4 * (self.rows + 1);
        self.out.resize(base, 0);
        for (row, cell) in cells.take(self.rows).enumerate() {
            match cell {
                Some(cell) => put(self.out, cell),
                None => self.out[nulls + row / 8] |= 1 << (row % 8),
            }
            let end = saturated(self.out.len() - base).to_le_bytes();
            let offset = begin + 4 * (row + 1);
            self.out[offset..offset + 4].copy_from_slice(&end);
        }
        begin
    }

    fn words(&mut self, representation: u8, cells: impl Iterator<Item = Option<[u8; 8]>>) {
        let nulls = self.begin(representation);
        for (row, cell) in cells.take(self.rows).enumerate() {
            if cell.is_none() {
                self.out[nulls + row / 8] |= 1 << (row % 8);
            }
            self.out.extend_from_slice(&cell.unwrap_or_default());
        }
    }

    /// Writes the head of a column and returns where its bitmap is.
    fn begin(&mut self, representation: u8) -> usize {
        self.out.extend_from_slice(&[representation, 1]);
        let nulls = self.out.len();
        self.out.resize(nulls + self.rows.div_ceil(8), 0);
        nulls
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FromWorker, HEADER_BYTES, ToWorker};

    fn sample() -> Vec<u8> {
        let mut bytes = Vec::new();
        BatchWriter::write(&mut bytes, 3, |batch| {
            batch.texts([Some("ä".as_bytes()), None, Some(b"")].into_iter());
            batch.integers([None, Some(i64::MIN), Some(7)].into_iter());
            batch.doubles([Some(0.5), None, Some(-1.0)].into_iter());
            batch.bytes([Some(&[0xFF_u8, 0][..]), None, Some(&[])].into_iter());
            let are_texts = batch.texts_by([Some(1), Some(22), None].into_iter(), |out, n: i32| {
                out.extend_from_slice(n.to_string().as_bytes());
            });
            assert!(are_texts);
        });
        bytes
    }

    #[test]
    fn what_a_writer_writes_is_what_is_read() {
        let bytes = sample();
        let Ok(FromWorker::Batch(batch)) = FromWorker::decode(bytes[4], &bytes[HEADER_BYTES..], 5) else {
            panic!("no batch")
        };
        assert_eq!((batch.rows, batch.columns.len()), (3, 5));
        let nulls: Vec<Vec<bool>> =
            batch.columns.iter().map(|column| (0..3).map(|row| column.is_null(row)).collect()).collect();
        assert_eq!(nulls[0], [false, true, false]);
        assert_eq!(nulls[1], [true, false, false]);
        assert_eq!(nulls[4], [false, false, true]);
        let Texts::Text { offsets, text } = batch.columns[4].values else { panic!("no texts") };
        assert_eq!((ends(offsets).collect::<Vec<_>>(), text), (vec![0, 1, 3, 3], "122"));
        let mut again = Vec::new();
        FromWorker::Batch(batch).encode(&mut again);
        assert_eq!(again, bytes);
    }

    #[test]
    fn texts_that_are_none_are_noticed_even_where_they_make_one_together() {
        let check = |texts: &[&[u8]], expected: bool| {
            let mut out = Vec::new();
            BatchWriter::write(&mut out, texts.len(), |batch| {
                let cells = texts.iter().map(|text| Some(*text));
                let are_texts = batch.texts_by(cells, |out, text| out.extend_from_slice(text));
                assert_eq!(are_texts, expected, "{texts:?}");
            });
        };
        check(&[], true);
        check(&[b"abc", b"", "ä".as_bytes()], true);
        check(&[b"abc", b"\xFF"], false);
        check(&[b"x\xC3", b"\xA4y"], false);
        check(&["ä".as_bytes(), b"\xC3"], false);
    }

    #[test]
    fn a_batch_that_lies_is_refused() {
        let bytes = sample();
        let payload = &bytes[HEADER_BYTES..];
        let check = |at: usize, byte: u8, expected: &str| {
            let mut payload = payload.to_vec();
            payload[at] = byte;
            assert_eq!(Batch::decode(&payload, 5).map_err(|wrong| wrong.what), Err(expected), "{at}");
        };
        check(3, 255, "the payload ends too early");
        check(4, 9, "no such representation");
        check(5, 2, "a flag is neither 0 nor 1");
        check(7, 1, "offsets do not rise from zero");
        check(11, 3, "offsets do not rise from zero");
        check(11, 1, "a character lies in two values");
        check(23, 0xFF, "a column is no UTF-8");
        assert!(Batch::decode(payload, 4).is_err());
        assert!(Batch::decode(payload, 6).is_err());
        assert!(Batch::decode(&[0, 0, 0, 0], 0).is_err());
        for cut in 0..payload.len() {
            assert!(Batch::decode(&payload[..cut], 5).is_err());
        }
    }

    #[test]
    fn random_bytes_are_refused_or_read_but_never_panic() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let sample = sample();
        let mut read = 0;
        for _ in 0..20_000 {
            // Half of them are a good batch with a few bytes changed, which gets far; half are noise.
            let mut payload = sample[HEADER_BYTES..].to_vec();
            if random() % 2 == 0 {
                payload = (0..random() % 64).map(|_| (random() >> (random() % 60)) as u8).collect();
            }
            for _ in 0..random() % 4 {
                let at = random() as usize % payload.len().max(1);
                if let Some(byte) = payload.get_mut(at) {
                    *byte = random() as u8;
                }
            }
            for kind in (0x01..=0x08).chain(0x81..=0x90) {
                let _ = ToWorker::decode(kind, &payload);
                let columns = (random() % 8) as usize;
                if let Ok(FromWorker::Batch(batch)) = FromWorker::decode(kind, &payload, columns) {
                    read += batch.rows.min(1);
                }
            }
        }
        assert!(read > 100, "the good half is read: {read}");
    }
}
