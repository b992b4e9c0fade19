//! The hot path: a leaf that arrives as text, or as a whole number, becomes JSON text without a value in between.
//!
//! **Invariant.** It gives exactly what the slow path gives, or `None`; a test compares both on random input.

use super::leaf::Leaf;
use super::lookup::Lookup;
use super::number::{Format, is_blank};
use super::pattern::Makes;
use super::step::Step;
use crate::json;
use kernel::{Scalar, ScalarType, TextType, date_of_digits, without_end};

/// Which short cut a chain has.
#[derive(Debug, Clone)]
pub(crate) enum Fast {
    /// None: values are made.
    None,
    /// Text as it stands.
    Text,
    /// Text without the blanks at its end.
    Trimmed,
    /// A number whose digits are copied.
    Number {
        /// No decimals.
        whole: bool,
    },
    /// A date whose digits are copied.
    Date,
    /// A date of eight digits, `yyyyMMdd`, that are copied.
    DigitsOfDate,
    /// A timestamp whose digits are copied if it has a zone.
    Instant,
    /// A code, whose JSON text is ready.
    Lookup,
}

/// What a text that is known to be usual needs to become JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direct {
    /// A number needs nothing.
    Number,
    /// A text needs quotes.
    Text,
    /// A date of eight digits needs hyphens and quotes.
    Date,
    /// A date with hyphens needs quotes.
    Day,
    /// Whatever its codecs say.
    Codecs,
}

impl Direct {
    /// Returns whether it is in quotes.
    pub(crate) fn is_quoted(self) -> bool {
        matches!(self, Self::Text | Self::Date | Self::Day)
    }
}

/// Digits that can be copied without being counted as a number.
const DIGITS_MAX: usize = 38;

impl Fast {
    /// Returns the short cut of a chain of one source.
    pub(crate) fn of(leaves: &[Leaf], steps: &[Step]) -> Self {
        let [Leaf { ty, raw: false, nulls, .. }] = leaves else { return Self::None };
        if !nulls.is_empty() {
            return Self::None;
        }
        match (ty, without_default(steps)) {
            (ScalarType::Text(TextType { list: false, collapse: false, padded, .. }), steps) => match steps {
                [] if *padded => Self::Trimmed,
                [] => Self::Text,
                [Step::Lookup(_)] => Self::Lookup,
                [Step::Number { format: Format::Plain, integer, .. }] => Self::Number { whole: *integer },
                [Step::Moment { pattern, makes: Makes::Date, several: false, .. }]
                    if pattern.text() == "yyyyMMdd" =>
                {
                    Self::DigitsOfDate
                }
                _ => Self::None,
            },
            (ScalarType::Text(TextType { list: false, collapse: true, .. }), [Step::Lookup(_)]) => {
                Self::Lookup
            }
            (ScalarType::Decimal { scale, .. }, [Step::Native(_)]) => {
                Self::Number { whole: *scale == Some(0) }
            }
            (ScalarType::Date, [Step::Native(_)]) => Self::Date,
            (
                ScalarType::Text(TextType { list: false, collapse: true, .. })
                | ScalarType::Decimal { scale: Some(0), .. },
                [Step::Moment { pattern, makes: Makes::Date, several: false, .. }],
            ) if pattern.text() == "yyyyMMdd" => Self::DigitsOfDate,
            (ScalarType::DateTime | ScalarType::LocalDateTime | ScalarType::Instant, [Step::Native(_)]) => {
                Self::Instant
            }
            _ => Self::None,
        }
    }

    /// Returns what a usual text needs.
    pub(crate) fn direct(&self) -> Direct {
        match self {
            Self::Text | Self::Trimmed => Direct::Text,
            Self::Number { .. } => Direct::Number,
            Self::DigitsOfDate => Direct::Date,
            Self::Date => Direct::Day,
            Self::None | Self::Instant | Self::Lookup => Direct::Codecs,
        }
    }

    /// Appends JSON text. `None`: the slow path has to decide; nothing was appended then.
    #[inline(always)]
    pub(crate) fn read(&self, steps: &[Step], scalar: Scalar<'_>, out: &mut Vec<u8>) -> Option<()> {
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Int(number) if matches!(self, Self::Number { .. }) => {
                json::write_int(number, out);
                return Some(());
            }
            _ => return None,
        };
        match self {
            // Nearly every text begins with something else than a blank.
            Self::Text if text.as_bytes().first().is_some_and(|&byte| byte > b' ') => {
                json::write_text(text, out);
                Some(())
            }
            // Most numbers are counts of one digit.
            Self::Number { .. } if matches!(text.as_bytes(), [b'1'..=b'9']) => {
                out.push(text.as_bytes()[0]);
                Some(())
            }
            _ => self.read_any(steps, text, out),
        }
    }

    #[inline(never)]
    fn read_any(&self, steps: &[Step], text: &str, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::None => None,
            Self::Text => {
                if is_all_blank(text) {
                    return None;
                }
                json::write_text(text, out);
                Some(())
            }
            Self::Trimmed => {
                // A blank is a character of its own, so there is always something up to its place.
                let text = text.get(..without_end(text.as_bytes()).len()).unwrap_or(text);
                if is_all_blank(text) {
                    return None;
                }
                json::write_text(text, out);
                Some(())
            }
            Self::Number { whole } => number(text, *whole, out),
            Self::Date => date(text, out),
            Self::DigitsOfDate => digits_of_date(text.as_bytes(), out),
            Self::Instant => instant(text, out),
            Self::Lookup => {
                let Some(Step::Lookup(lookup)) = steps.first() else { return None };
                known(lookup, text, out)
            }
        }
    }
}

/// A default behind the other steps changes nothing for a leaf that is there.
fn without_default(steps: &[Step]) -> &[Step] {
    match steps {
        [rest @ .., Step::Default(_)] => rest,
        steps => steps,
    }
}

fn is_all_blank(text: &str) -> bool {
    // Nearly every text begins with something else than a blank.
    text.as_bytes().first().is_none_or(|&byte| byte <= b' ') && text.trim_matches(is_blank).is_empty()
}

fn known(lookup: &Lookup, text: &str, out: &mut Vec<u8>) -> Option<()> {
    // Codes with blanks inside or at their ends are trimmed as their type says, which the slow path knows.
    if text.is_empty() || text.bytes().any(|byte| byte <= b' ') {
        return None;
    }
    out.extend_from_slice(lookup.read_json(text).ok()?);
    Some(())
}

/// Copies a number in the lexical form of `xs:decimal` as JSON writes it.
fn number(text: &str, whole: bool, out: &mut Vec<u8>) -> Option<()> {
    // Most of the others are a few digits, and stand as JSON writes them.
    if is_plain(text.as_bytes(), whole) {
        out.extend_from_slice(text.as_bytes());
        return Some(());
    }
    let text = text.trim_matches(is_blank).as_bytes();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let point = digits.iter().position(|&byte| byte == b'.');
    let (units, decimals) = match point {
        Some(n) => (&digits[..n], &digits[n + 1..]),
        None => (digits, &[][..]),
    };
    let count = units.len() + decimals.len();
    if count == 0 || count > DIGITS_MAX || (whole && point.is_some()) {
        return None;
    }
    if !units.iter().chain(decimals).all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = units.iter().take_while(|&&byte| byte == b'0').count();
    let units = &units[zeros..];
    if negative {
        // Minus nought is nought.
        if units.is_empty() && decimals.iter().all(|&byte| byte == b'0') {
            return None;
        }
        out.push(b'-');
    }
    out.extend_from_slice(if units.is_empty() { b"0" } else { units });
    if !decimals.is_empty() {
        out.push(b'.');
        out.extend_from_slice(decimals);
    }
    Some(())
}

/// Returns whether a number is written as JSON writes it; there are others.
fn is_plain(text: &[u8], whole: bool) -> bool {
    let ([b'1'..=b'9', rest @ ..], Some(b'0'..=b'9'), ..=DIGITS_MAX) = (text, text.last(), text.len()) else {
        return false;
    };
    let (mut points, mut others) = (0, 0);
    for byte in rest {
        points += usize::from(*byte == b'.');
        others += usize::from(!byte.is_ascii_digit());
    }
    others == points && points <= usize::from(!whole)
}

fn date(text: &str, out: &mut Vec<u8>) -> Option<()> {
    // What has blanks around it is none at this length.
    let text = if text.len() == 10 { text } else { text.trim_matches(is_blank) }.as_bytes();
    if text.len() != 10 || !is_date(text) {
        return None;
    }
    quoted(text, out);
    Some(())
}

/// Copies `yyyyMMdd`; the first thousand years are for the slow path, which knows zeros that a number lost.
fn digits_of_date(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    quoted(&date_of_digits(text.try_into().ok()?)?, out);
    Some(())
}

/// Copies `yyyy-MM-ddTHH:mm:ss` followed by `Z` or an offset; anything else is for the slow path.
fn instant(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let text = text.trim_matches(is_blank).as_bytes();
    let (moment, offset) = text.split_at_checked(19)?;
    let time = &moment[11..];
    let separators = moment[10] == b'T' && time[2] == b':' && time[5] == b':';
    if !separators
        || !is_date(&moment[..10])
        || pair(&time[..2])? > 23
        || pair(&time[3..5])? > 59
        || pair(&time[6..])? > 59
    {
        return None;
    }
    // The ends of the calendar are for the slow path, where the instant itself is made.
    if moment.starts_with(b"9999") || moment.starts_with(b"0000") {
        return None;
    }
    match offset {
        [b'Z'] => {}
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (pair(&[*h1, *h2])?, pair(&[*m1, *m2])?);
            if hours > 13 || minutes > 59 || hours + minutes == 0 {
                return None;
            }
        }
        _ => return None,
    }
    quoted(text, out);
    Some(())
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

fn is_date(text: &[u8]) -> bool {
    let days = || {
        let (century, year) = (pair(&text[..2])?, pair(&text[2..4])?);
        let (month, day) = (pair(&text[5..7])?, pair(&text[8..10])?);
        let leap = if year == 0 { century % 4 == 0 } else { year % 4 == 0 };
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        Some((1..=last).contains(&day))
    };
    text[4] == b'-' && text[7] == b'-' && days() == Some(true)
}

fn pair(digits: &[u8]) -> Option<u8> {
    match digits {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}
