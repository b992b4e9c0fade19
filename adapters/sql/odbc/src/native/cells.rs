//! The memory that a driver fills with the cells of one column, a block of rows at a time.
//!
//! **Invariant.** What is read of a cell lies within what the driver was given, whatever its indicator says.

use super::ffi::{self, Handle};

/// How the cells of a column are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text in the driver's narrow encoding.
    Narrow,
    /// Text in UTF-16.
    Wide,
    /// A binary float.
    Double,
    /// Bytes.
    Bytes,
}

/// The cells of one column.
#[derive(Debug)]
pub(crate) struct Cells {
    form: Form,
    /// Bytes of a cell, with the zero at the end of a text.
    width: usize,
    data: Data,
    indicators: Vec<isize>,
}

/// Words rather than bytes, so that every form is aligned.
#[derive(Debug)]
struct Data(Vec<u64>);

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// NULL.
    Null,
    /// A text in the driver's encoding, or bytes.
    Bytes(&'a [u8]),
    /// A text in UTF-16, native endian, two bytes each.
    Wide(&'a [u8]),
    /// A binary float.
    Double(f64),
    /// More than the place holds; how many bytes it has in all, where the driver knows.
    Cut(Option<usize>),
}

impl Form {
    /// Bytes of the zero behind a text.
    pub(super) fn terminator(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
            Self::Double | Self::Bytes => 0,
        }
    }

    pub(super) fn c_type(self) -> i16 {
        match self {
            Self::Narrow => ffi::C_CHAR,
            Self::Wide => ffi::C_WCHAR,
            Self::Double => ffi::C_DOUBLE,
            Self::Bytes => ffi::C_BINARY,
        }
    }
}

impl Cells {
    /// Makes room for `rows` cells of at most `content_bytes` each.
    pub(crate) fn new(form: Form, content_bytes: usize, rows: usize) -> Self {
        let width = Self::width(form, content_bytes);
        let words = width.saturating_mul(rows).div_ceil(8).max(1);
        Self { form, width, data: Data(vec![0; words]), indicators: vec![ffi::NULL_DATA; rows] }
    }

    /// Bytes that one cell takes.
    pub(crate) fn width(form: Form, content_bytes: usize) -> usize {
        match form {
            Form::Double => 8,
            // An even number, so that every wide text is aligned.
            _ => (content_bytes.max(1) + form.terminator()).next_multiple_of(2),
        }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(super) fn place(&mut self) -> (Handle, isize, *mut isize) {
        (self.data.0.as_mut_ptr().cast(), self.width as isize, self.indicators.as_mut_ptr())
    }

    pub(super) fn forget(&mut self) {
        self.indicators.fill(ffi::NULL_DATA);
    }

    /// Returns how many bytes the cells of these rows have; what did not fit counts as nothing.
    pub(crate) fn bytes(&self, rows: std::ops::Range<usize>) -> usize {
        let room = self.room();
        let indicators = self.indicators.get(rows).unwrap_or_default();
        let lengths = indicators.iter().map(|indicator| usize::try_from(*indicator).unwrap_or(0));
        lengths.map(|length| if length <= room { length } else { 0 }).sum()
    }

    /// Returns the rows whose cells did not fit.
    pub(crate) fn cut(&self, rows: usize) -> impl Iterator<Item = usize> + '_ {
        let room = if self.form == Form::Double { isize::MAX } else { self.room() as isize };
        let indicators = self.indicators.iter().take(rows).enumerate();
        let bad = move |indicator: isize| indicator > room || indicator < ffi::NULL_DATA;
        indicators.filter(move |(_, indicator)| bad(**indicator)).map(|(row, _)| row)
    }

    fn room(&self) -> usize {
        self.width - self.form.terminator()
    }

    /// Returns the bytes of narrow cells that all fit; nothing for NULL.
    pub(crate) fn narrow(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = Option<&[u8]>> {
        let room = self.room();
        let places = self.data.bytes().chunks_exact(self.width).skip(rows.start);
        let indicators = self.indicators.get(rows).unwrap_or_default();
        indicators.iter().zip(places).map(move |(indicator, place)| {
            let length = usize::try_from(*indicator).ok()?;
            place.get(..length.min(room))
        })
    }

    /// Returns a cell of the block that was fetched last.
    pub(crate) fn cell(&self, row: usize) -> Cell<'_> {
        let Some(&indicator) = self.indicators.get(row) else { return Cell::Null };
        if indicator == ffi::NULL_DATA {
            return Cell::Null;
        }
        let room = self.room();
        let bytes = &self.data.bytes()[row * self.width..][..self.width];
        match (self.form, usize::try_from(indicator)) {
            (Form::Double, _) => {
                Cell::Double(f64::from_ne_bytes(bytes.try_into().expect("a double has eight bytes")))
            }
            (Form::Wide, Ok(length)) if length <= room => Cell::Wide(&bytes[..length & !1]),
            (_, Ok(length)) if length <= room => Cell::Bytes(&bytes[..length]),
            (_, Ok(length)) => Cell::Cut(Some(length)),
            (_, Err(_)) => Cell::Cut(None),
        }
    }
}

impl Data {
    fn bytes(&self) -> &[u8] {
        let length = std::mem::size_of_val(self.0.as_slice());
        // SAFETY: words are bytes without padding, and the slice covers exactly them.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(form: Form, content: usize, text: &[u8], indicator: isize) -> Cells {
        let mut cells = Cells::new(form, content, 2);
        let (place, width, _) = cells.place();
        let length = text.len().min(width as usize);
        // SAFETY: the second cell begins at `width` and has `width` bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), place.cast::<u8>().add(width as usize), length)
        };
        cells.indicators[1] = indicator;
        cells
    }

    #[test]
    fn an_indicator_never_reaches_beyond_its_cell() {
        let check = |form, indicator, expected: Cell<'_>| {
            assert_eq!(filled(form, 4, b"abcdefgh", indicator).cell(1), expected, "{form:?} {indicator}");
        };
        check(Form::Narrow, 4, Cell::Bytes(b"abcd"));
        check(Form::Narrow, 0, Cell::Bytes(b""));
        check(Form::Narrow, 6, Cell::Cut(Some(6)));
        check(Form::Narrow, isize::MAX, Cell::Cut(Some(isize::MAX as usize)));
        check(Form::Narrow, -4, Cell::Cut(None));
        check(Form::Narrow, -99, Cell::Cut(None));
        check(Form::Narrow, -1, Cell::Null);
        check(Form::Wide, 4, Cell::Wide(b"abcd"));
        check(Form::Wide, 3, Cell::Wide(b"ab"));
        check(Form::Wide, 6, Cell::Cut(Some(6)));
        check(Form::Bytes, 4, Cell::Bytes(b"abcd"));
        check(Form::Double, 8, Cell::Double(f64::from_ne_bytes(*b"abcdefgh")));
        assert_eq!(Cells::new(Form::Narrow, 4, 2).cell(7), Cell::Null);
        for (indicator, expected) in
            [(4, Some(&b"abcd"[..])), (0, Some(b"")), (99, Some(b"abcde")), (-1, None)]
        {
            let cells = filled(Form::Narrow, 4, b"abcdefgh", indicator);
            assert_eq!(cells.narrow(0..2).collect::<Vec<_>>(), [None, expected], "{indicator}");
            assert_eq!(cells.narrow(1..9).count(), 0, "there are two rows");
        }
    }
}
