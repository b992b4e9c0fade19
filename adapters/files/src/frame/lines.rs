//! Lines.
//!
//! **Invariant.** A line end belongs to no record; what looks like half of one does. Empty lines are records, but for those
//! with which a file ends.

use super::{Frame, FrameError, Step};
use memchr::{memchr, memchr2};

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A line feed, with or without a carriage return in front.
    Auto,
    /// A line feed; a carriage return in front belongs to the record.
    Lf,
    /// A carriage return and a line feed; neither alone ends a line.
    Crlf,
    /// A carriage return.
    Cr,
    /// EBCDIC: new line (15) or line feed (25), with or without a carriage return in front.
    EbcdicAuto,
    /// EBCDIC new line, 15.
    Nel,
    /// EBCDIC line feed, 25.
    EbcdicLf,
}

/// Bytes of empty lines at the end of a file that are no records.
pub(super) const EMPTY_MAX: usize = 4096;

const CR: u8 = 0x0D;
const LF: u8 = b'\n';
const NEL: u8 = 0x15;
const EBCDIC_LF: u8 = 0x25;

impl Ending {
    /// The words of mappings.
    pub(crate) const WORDS: [(&'static str, Self); 7] = [
        ("any", Self::Auto),
        ("lf", Self::Lf),
        ("crlf", Self::Crlf),
        ("cr", Self::Cr),
        ("ebcdic", Self::EbcdicAuto),
        ("nel", Self::Nel),
        ("ebcdic-lf", Self::EbcdicLf),
    ];

    /// Returns the bytes that are written behind a record.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Auto | Self::Lf => &[LF],
            Self::Crlf => &[CR, LF],
            Self::Cr => &[CR],
            Self::EbcdicAuto | Self::Nel => &[NEL],
            Self::EbcdicLf => &[EBCDIC_LF],
        }
    }

    /// Returns whether it ends lines of EBCDIC.
    pub(super) fn is_ebcdic(self) -> bool {
        matches!(self, Self::EbcdicAuto | Self::Nel | Self::EbcdicLf)
    }

    pub(super) fn next(self, window: &[u8], last: bool, record_max: usize) -> Result<Step, FrameError> {
        let starts_empty = matches!(window.first(), Some(&(CR | LF | NEL | EBCDIC_LF)));
        if starts_empty && window.len() <= EMPTY_MAX.min(record_max) && self.is_empty(window, last) {
            return Ok(if last { Step::End(window.len()) } else { Step::More });
        }
        let Some((length, ending)) = self.find(window) else {
            return Ok(match window.len() {
                0 if last => Step::End(0),
                length if last => Step::Frame(Frame { start: 0, length, next: length }),
                _ => Step::More,
            });
        };
        Ok(Step::Frame(Frame { start: 0, length, next: length + ending }))
    }

    /// Returns whether there is nothing but line ends, as far as can be seen.
    fn is_empty(self, mut window: &[u8], last: bool) -> bool {
        while let Some((length, ending)) = self.find(window) {
            if length > 0 {
                return false;
            }
            window = window.get(ending..).unwrap_or_default();
        }
        window.is_empty() || (!last && window == [CR])
    }

    /// Returns the length of the line and of its end.
    fn find(self, window: &[u8]) -> Option<(usize, usize)> {
        let at = match self {
            Self::Auto | Self::Lf => memchr(LF, window)?,
            Self::Crlf => return Some((memchr::memmem::find(window, &[CR, LF])?, 2)),
            Self::Cr => memchr(CR, window)?,
            Self::EbcdicAuto => memchr2(NEL, EBCDIC_LF, window)?,
            Self::Nel => memchr(NEL, window)?,
            Self::EbcdicLf => memchr(EBCDIC_LF, window)?,
        };
        let returned = matches!(self, Self::Auto | Self::EbcdicAuto) && window.get(..at)?.last() == Some(&CR);
        Some(if returned { (at - 1, 2) } else { (at, 1) })
    }
}
