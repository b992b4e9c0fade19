//! Finds the ends of records in a stream: line ends that stand in no quotes.
//!
//! **Invariant.** It remembers nothing between two calls, so a stream can be read again from the beginning of any record.

use super::dialect::{CR, Dialect};
use super::fields::closing;
use memchr::{memchr2, memchr3};

/// What stands at the beginning of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A record.
    Record {
        /// Where it begins, behind blank lines and comments.
        start: usize,
        /// How many bytes it has, without its line end.
        length: usize,
        /// Where the next one begins.
        next: usize,
    },
    /// The window ends before the record does.
    More,
    /// No record is left; this many bytes are none.
    End(usize),
}

/// There is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Where in the window.
    pub at: usize,
    /// Why.
    pub message: &'static str,
}

impl Dialect {
    /// Returns how many bytes stand before the first record of a file: a byte order mark and the preamble. Nothing if the
    /// window has to be longer; `last`: it cannot.
    ///
    /// # Errors
    /// The file is of UTF-16.
    pub(crate) fn prelude(&self, window: &[u8], last: bool) -> Result<Option<usize>, Broken> {
        if window.len() < MARK.len() && !last {
            return Ok(None);
        }
        if !self.page.is_ebcdic() && (window.starts_with(&[0xFF, 0xFE]) || window.starts_with(&[0xFE, 0xFF]))
        {
            return Err(Broken {
                at: 0,
                message: "the file is of UTF-16: write `encoding: utf-16`, or have it sent as UTF-8",
            });
        }
        let marked = !self.page.is_ebcdic() && window.starts_with(&MARK);
        let mut at = if marked { MARK.len() } else { 0 };
        for _ in 0..self.preamble {
            match self.line(window, at, last) {
                Some(next) => at = next,
                None if last => return Ok(Some(window.len())),
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Looks for the record at the beginning of a window; `last`: nothing comes behind the window.
    ///
    /// # Errors
    /// A quote is never closed.
    pub(crate) fn split(&self, window: &[u8], last: bool) -> Result<Cut, Broken> {
        let mut start = 0;
        loop {
            match window.get(start) {
                None => return Ok(if last { Cut::End(start) } else { Cut::More }),
                Some(first) if Some(*first) == self.comment || (self.pass_blank && self.is_end(*first)) => {
                    match self.line(window, start, last) {
                        Some(next) => start = next,
                        None if last => return Ok(Cut::End(window.len())),
                        None => return Ok(Cut::More),
                    }
                }
                Some(_) => break,
            }
        }
        let found = match self.plain_end(window, start) {
            Ok(found) => found,
            Err(()) => self.quoted_end(window, start, last)?,
        };
        let Some(end) = found else {
            let length = window.len() - start;
            return Ok(if last { Cut::Record { start, length, next: window.len() } } else { Cut::More });
        };
        Ok(match self.behind(window, end, last) {
            Some(next) => Cut::Record { start, length: end - start, next },
            None => Cut::More,
        })
    }

    /// Finds the end of a line that holds nothing but separators and plain fields.
    #[inline]
    fn plain_end(&self, window: &[u8], start: usize) -> Result<Option<usize>, ()> {
        let rest = window.get(start..).unwrap_or_default();
        let [one, two] = self.ends();
        let end = memchr3(one, two, CR, rest);
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let marked = match (self.quote, self.escape) {
            (None, None) => false,
            (Some(mark), None) | (None, Some(mark)) => memchr2(mark, mark, line).is_some(),
            (Some(quote), Some(escape)) => memchr2(quote, escape, line).is_some(),
        };
        if marked { Err(()) } else { Ok(end.map(|at| start + at)) }
    }

    /// Finds the end of a record field by field.
    fn quoted_end(&self, window: &[u8], start: usize, last: bool) -> Result<Option<usize>, Broken> {
        let mut at = start;
        loop {
            if let (Some(quote), Some(first)) = (self.quote, window.get(at))
                && *first == quote
            {
                let begin = at;
                at += 1;
                loop {
                    match closing(self, window, quote, at) {
                        Some((found, true)) => at = found + 2,
                        // The next byte may be a quote too.
                        Some((found, false)) if found + 1 == window.len() && !last => return Ok(None),
                        Some((found, false)) => {
                            at = found + 1;
                            break;
                        }
                        None if last => {
                            return Err(Broken {
                                at: begin,
                                message: "the quoted field that begins here has no end",
                            });
                        }
                        None => return Ok(None),
                    }
                }
            }
            // What stands behind a closing quote makes the record a bad one, but it ends with its line all the same.
            loop {
                match window.get(at) {
                    None => return Ok(None),
                    Some(byte) if self.is_end(*byte) => return Ok(Some(at)),
                    Some(byte) if Some(*byte) == self.escape => at += 2,
                    Some(byte) if *byte == self.separator => break,
                    Some(_) => at += 1,
                }
            }
            at += 1;
        }
    }

    /// Returns where the line behind this one begins.
    fn line(&self, window: &[u8], start: usize, last: bool) -> Option<usize> {
        let [one, two] = self.ends();
        let end = start + memchr3(one, two, CR, window.get(start..)?)?;
        self.behind(window, end, last)
    }

    /// Returns where the next line begins, by the place of a line end. A carriage return may be half of one.
    #[inline]
    fn behind(&self, window: &[u8], end: usize, last: bool) -> Option<usize> {
        match (window.get(end), window.get(end + 1)) {
            (Some(&CR), None) if !last => None,
            (Some(&CR), Some(next)) if *next != CR && self.is_end(*next) => Some(end + 2),
            _ => Some(end + 1),
        }
    }
}

/// The byte order mark of UTF-8.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
