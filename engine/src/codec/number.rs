//! Numbers as legacy systems write them: plain, with implied decimals, with the separators of a country.
//!
//! **Invariant.** A digit that does not fit is an error; nothing is rounded.

use super::CodecError;
use kernel::{Decimal, DecimalError};

/// How a number is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `-1234.56`, as most systems write it.
    Plain,
    /// `-1.234,56`.
    German,
    /// `-1,234.56`.
    English,
    /// `-1 234,56`; the blank may be a non-breaking one.
    French,
}

impl Format {
    /// Returns the format of `number(…)`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            "fr" => Some(Self::French),
            _ => None,
        }
    }

    /// Reads a number. Groups, where the format has any, must be of three digits.
    pub(crate) fn read(self, text: &str) -> Result<Decimal, CodecError> {
        let text = text.trim_matches(is_blank);
        let (point, group): (char, &[char]) = match self {
            Self::Plain => return plain(text),
            Self::German => (',', &['.']),
            Self::English => ('.', &[',']),
            Self::French => (',', &[' ', '\u{a0}', '\u{202f}']),
        };
        let (whole, fraction) = match text.split_once(point) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let (sign, digits) = match whole.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", whole.strip_prefix('+').unwrap_or(whole)),
        };
        let groups: Vec<&str> = digits.split(group).collect();
        let grouped = groups.len() > 1;
        let even =
            groups.iter().skip(1).all(|digits| digits.len() == 3) && (1..=3).contains(&groups[0].len());
        if grouped && !even {
            return Err(CodecError::new("the digits are not in groups of three"));
        }
        let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
        plain(&format!("{sign}{}{fraction}", groups.concat()))
    }

    /// Writes a number without groups.
    pub(crate) fn write(self, number: Decimal) -> String {
        let text = number.to_string();
        match self {
            Self::Plain | Self::English => text,
            Self::German | Self::French => text.replace('.', ","),
        }
    }
}

/// Reads a number in the lexical form of `xs:decimal`, which has no exponent.
pub(crate) fn plain(text: &str) -> Result<Decimal, CodecError> {
    if text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return Err(CodecError::new("not a number"));
    }
    Decimal::parse(text).map_err(complain)
}

/// Reads a number whose last `places` digits are decimals: `038` is `3.8`.
pub(crate) fn read_implied(text: &str, places: u16) -> Result<Decimal, CodecError> {
    let whole = plain(text)?;
    if text.contains('.') && whole.normalized().scale() > 0 {
        return Err(CodecError::new("the number has a point, so its decimals are not implied"));
    }
    let whole = whole.rescaled(0).map_err(complain)?;
    Decimal::new(whole.mantissa(), places).map_err(complain)
}

/// Writes a number without its point: `3.8` is `38`.
pub(crate) fn write_implied(number: Decimal, places: u16) -> Result<String, CodecError> {
    match number.rescaled(places) {
        Ok(number) => Ok(number.mantissa().to_string()),
        Err(DecimalError::Inexact) => {
            Err(CodecError::new(format!("at most {places} decimals can be written")))
        }
        Err(error) => Err(complain(error)),
    }
}

/// Refuses a number that a legacy type cannot hold, and drops decimals that are noughts beyond its scale.
pub(crate) fn fit(
    number: Decimal,
    digits: Option<u16>,
    scale: Option<u16>,
    unsigned: bool,
) -> Result<Decimal, CodecError> {
    let number = match scale {
        Some(scale) if number.scale() > scale => number.rescaled(scale).map_err(|_| match scale {
            0 => CodecError::new("the legacy field takes whole numbers only"),
            _ => CodecError::new(format!("the legacy field takes at most {scale} decimals")),
        })?,
        _ => number,
    };
    if unsigned && number.mantissa() < 0 {
        return Err(CodecError::new("the legacy field takes no negative numbers"));
    }
    let Some(digits) = digits else { return Ok(number) };
    let places = usize::from(digits.saturating_sub(scale.unwrap_or(number.normalized().scale())));
    let whole = number.mantissa().unsigned_abs() / 10u128.pow(u32::from(number.scale()));
    if whole > 0 && whole.to_string().len() > places {
        return Err(CodecError::new(format!(
            "the legacy field takes at most {places} digits before the point"
        )));
    }
    if scale.is_none() && number.normalized().scale() > digits {
        return Err(CodecError::new(format!("the legacy field takes at most {digits} digits")));
    }
    Ok(number)
}

/// Returns whether this is a blank of a number or of a list: blank, tab and line ends.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn complain(error: DecimalError) -> CodecError {
    CodecError::new(match error {
        DecimalError::Overflow => "the number has more than 38 digits",
        _ => "not a number",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_country_are_read_strictly_and_written_without_groups() {
        let check = |format: Format, text: &str, number: &str, written: &str| {
            let read = format.read(text).unwrap();
            assert_eq!((read.to_string().as_str(), format.write(read).as_str()), (number, written), "{text}");
        };
        check(Format::German, "-1.234.567,80", "-1234567.80", "-1234567,80");
        check(Format::German, "12", "12", "12");
        check(Format::English, "1,234.5", "1234.5", "1234.5");
        check(Format::French, "1\u{202f}234,50", "1234.50", "1234,50");
        check(Format::French, "1 234", "1234", "1234");
        check(Format::Plain, " +007.10\n", "7.10", "7.10");
        for (format, text) in [
            (Format::German, "1.23,4"),
            (Format::German, "1234.5"),
            (Format::English, "1,23"),
            (Format::English, ",123"),
            (Format::French, "1  234"),
            (Format::Plain, "1e3"),
            (Format::Plain, "1,5"),
            (Format::German, "1,2,3"),
        ] {
            assert!(format.read(text).is_err(), "{format:?} {text}");
        }
    }

    #[test]
    fn implied_decimals_are_neither_invented_nor_lost() {
        let check = |text: &str, places, expected: &str| {
            assert_eq!(read_implied(text, places).unwrap().to_string(), expected);
        };
        check("038", 1, "3.8");
        check("-5", 2, "-0.05");
        check("215.0", 1, "21.5");
        assert!(read_implied("21.5", 1).is_err());
        assert_eq!(write_implied("3.8".parse().unwrap(), 1).unwrap(), "38");
        assert_eq!(write_implied("3.80".parse().unwrap(), 1).unwrap(), "38");
        assert!(write_implied("3.85".parse().unwrap(), 1).is_err());
    }

    #[test]
    fn a_number_that_does_not_fit_is_refused() {
        let check = |text: &str, digits, scale, unsigned, expected: Option<&str>| {
            let fitted = fit(text.parse().unwrap(), digits, scale, unsigned);
            assert_eq!(fitted.ok().map(|number| number.to_string()).as_deref(), expected, "{text}");
        };
        check("999.99", Some(5), Some(2), false, Some("999.99"));
        check("1000", Some(5), Some(2), false, None);
        check("5.000", Some(5), Some(2), false, Some("5.00"));
        check("5.001", Some(5), Some(2), false, None);
        check("0.05", Some(2), Some(2), false, Some("0.05"));
        check("-1", Some(5), Some(0), true, None);
        check("0.5", None, Some(0), false, None);
        check("12345678901234567890", None, None, false, Some("12345678901234567890"));
        check("123.45", Some(4), None, false, None);
        check("12.345", Some(5), None, false, Some("12.345"));
    }
}
