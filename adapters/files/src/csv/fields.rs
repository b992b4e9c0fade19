//! The fields of a record, one after the other.
//!
//! **Invariant.** Every byte of a record belongs to exactly one field or separator.

use super::dialect::Dialect;
use memchr::{Memchr, memchr, memchr_iter, memchr2};
use std::ops::Range;

/// A field and where it stands in its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// All its bytes, with quotes.
    pub(super) raw: Range<usize>,
    /// What it holds, without the quotes around it.
    pub(super) inner: Range<usize>,
    /// Some bytes stand for others: doubled quotes, escapes.
    pub(super) escaped: bool,
}

/// A field that does not end as it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Where in the record.
    pub(super) at: usize,
    /// Why.
    pub(super) message: &'static str,
}

/// Tells fields apart.
#[derive(Debug)]
pub(super) struct Fields<'r> {
    dialect: &'r Dialect,
    record: &'r [u8],
    /// Where the next one begins; nothing behind the last.
    at: Option<usize>,
    /// The separators, if the record has no quotes and no escapes.
    plain: Option<Memchr<'r>>,
}

impl<'r> Fields<'r> {
    /// Starts.
    pub(super) fn new(dialect: &'r Dialect, record: &'r [u8]) -> Self {
        let quoted = dialect.quote.is_some_and(|quote| memchr(quote, record).is_some());
        let plain = (!quoted && dialect.escape.is_none()).then(|| memchr_iter(dialect.separator, record));
        Self { dialect, record, at: Some(0), plain }
    }

    /// Ends a field in front of a separator or at the end of the record.
    #[inline]
    fn end(&mut self, raw: Range<usize>, inner: Range<usize>, escaped: bool) -> Field {
        self.at = if raw.end < self.record.len() { Some(raw.end + 1) } else { None };
        Field { raw, inner, escaped }
    }

    fn quoted(&mut self, start: usize, quote: u8) -> Result<Field, Malformed> {
        let mut escaped = false;
        let mut from = start + 1;
        loop {
            match closing(self.dialect, self.record, quote, from) {
                Some((at, true)) => {
                    escaped = true;
                    from = at + 2;
                }
                Some((at, false)) => {
                    let end = at + 1;
                    return match self.record.get(end) {
                        None => Ok(self.end(start..end, start + 1..at, escaped)),
                        Some(next) if *next == self.dialect.separator => {
                            Ok(self.end(start..end, start + 1..at, escaped))
                        }
                        Some(_) => Err(self.give_up(end, "there is text behind the closing quote")),
                    };
                }
                None => return Err(self.give_up(start, "the quoted field has no end")),
            }
        }
    }

    fn escapable(&mut self, start: usize, escape: u8) -> Result<Field, Malformed> {
        let mut escaped = false;
        let mut from = start;
        loop {
            let rest = self.record.get(from..).unwrap_or_default();
            match memchr2(self.dialect.separator, escape, rest).map(|at| from + at) {
                Some(at) if self.record.get(at) == Some(&escape) => {
                    if at + 1 == self.record.len() {
                        return Err(self.give_up(at, "nothing follows the escape"));
                    }
                    escaped = true;
                    from = at + 2;
                }
                Some(at) => return Ok(self.end(start..at, start..at, escaped)),
                None => {
                    let end = self.record.len();
                    return Ok(self.end(start..end, start..end, escaped));
                }
            }
        }
    }

    fn give_up(&mut self, at: usize, message: &'static str) -> Malformed {
        self.at = None;
        Malformed { at, message }
    }
}

impl Iterator for Fields<'_> {
    type Item = Result<Field, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at?;
        if let Some(separators) = &mut self.plain {
            let end = separators.next();
            self.at = end.map(|end| end + 1);
            let field = start..end.unwrap_or(self.record.len());
            return Some(Ok(Field { raw: field.clone(), inner: field, escaped: false }));
        }
        self.next_marked(start)
    }
}

impl Fields<'_> {
    fn next_marked(&mut self, start: usize) -> Option<Result<Field, Malformed>> {
        let rest = self.record.get(start..)?;
        match (rest.first(), self.dialect.quote) {
            (Some(first), Some(quote)) if *first == quote => return Some(self.quoted(start, quote)),
            _ => {}
        }
        if let Some(escape) = self.dialect.escape {
            return Some(self.escapable(start, escape));
        }
        let end = memchr(self.dialect.separator, rest).map_or(self.record.len(), |at| start + at);
        Some(Ok(self.end(start..end, start..end, false)))
    }
}

/// Finds the next quote in a quoted field: true where it is one of the field with the byte behind it, or an escape is.
#[inline]
pub(super) fn closing(dialect: &Dialect, bytes: &[u8], quote: u8, from: usize) -> Option<(usize, bool)> {
    let rest = bytes.get(from..)?;
    let at = from + memchr2(quote, dialect.escape.unwrap_or(quote), rest)?;
    let next = bytes.get(at + 1);
    match bytes.get(at) {
        Some(byte) if *byte == quote => Some((at, next == Some(&quote))),
        // An escape at the end leaves the field without one.
        _ => next.map(|_| (at, true)),
    }
}

impl Field {
    /// Returns its text: a part of the record where that is text as it stands. `whole` is the record as text, if it is.
    ///
    /// # Errors
    /// In words: a byte is no character of the code page.
    #[inline]
    pub(super) fn value<'a>(
        &self,
        dialect: &Dialect,
        record: &'a [u8],
        whole: Option<&'a str>,
        text: &'a mut String,
    ) -> Result<&'a str, String> {
        if let (false, Some(value)) = (self.escaped, whole.and_then(|whole| whole.get(self.inner.clone()))) {
            return Ok(value);
        }
        if !self.escaped {
            let raw = record.get(self.inner.clone()).unwrap_or_default();
            return dialect.page.decode(raw, text).map_err(|error| error.to_string());
        }
        text.clear();
        for piece in pieces(dialect, record, self) {
            dialect.page.decode_into(piece, text).map_err(|error| error.to_string())?;
        }
        Ok(text)
    }
}

/// Returns the pieces of a field without what only stands for others.
fn pieces<'a>(dialect: &Dialect, record: &'a [u8], field: &Field) -> impl Iterator<Item = &'a [u8]> {
    // Outside of quotes, a quote is a character like any other.
    let quote = dialect.quote.filter(|_| field.raw != field.inner);
    let marks = quote.or(dialect.escape).zip(dialect.escape.or(quote));
    let inner = record.get(field.inner.clone()).unwrap_or_default();
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let (one, two) = marks?;
        // The byte behind a mark begins the next piece, whatever it is.
        let skip = usize::from(start > 0);
        let found = inner.get(start + skip..).and_then(|after| memchr2(one, two, after));
        let end = found.map_or(inner.len(), |at| start + skip + at);
        from = found.map(|_| end + 1);
        inner.get(start..end)
    })
}
