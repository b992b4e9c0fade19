//! Date patterns such as `yyyyMMdd + HHmmss`: one part per legacy source.
//!
//! **Invariant.** A pattern reads exactly what it writes; its letters were checked when it was compiled.

mod check;

use super::CodecError;
use super::zone::{fraction, number};
use jiff::civil;

/// What a pattern makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Makes {
    /// A date.
    Date,
    /// A time.
    Time,
    /// Date and time.
    DateTime,
}

/// A checked pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    makes: Makes,
    parts: Vec<Vec<Token>>,
}

/// What is wrong with a pattern, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatternError {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Field(Field, usize),
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    Month,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Fraction,
}

/// Two-digit years from here on are of the last century, as POSIX has it.
const CENTURY_PIVOT: i16 = 70;

#[derive(Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
}

impl Pattern {
    /// Reads and checks a pattern.
    pub(crate) fn parse(text: &str, makes: Makes) -> Result<Self, PatternError> {
        check::parse(text, makes)
    }

    /// Returns how many sources it reads.
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns whether a part has nothing but digits, so that a numeric column can hold it.
    pub(crate) fn is_numeric(&self, part: usize) -> bool {
        self.parts[part].iter().all(|token| matches!(token, Token::Field(..)))
    }

    /// Returns how far apart two moments may be that have the same text, in seconds; at least one.
    pub(crate) fn grain_s(&self) -> u32 {
        let has = |field: Field| {
            self.parts
                .iter()
                .flatten()
                .any(|token| matches!(token, Token::Field(known, _) if *known == field))
        };
        match () {
            () if has(Field::Second) => 1,
            () if has(Field::Minute) => 60,
            () if has(Field::Hour) => 3_600,
            () => 86_400,
        }
    }

    /// Returns whether later moments have larger texts: years before months before days, and four digits of the year.
    pub(crate) fn keeps_order(&self) -> bool {
        let rank = |token: &Token| match token {
            Token::Field(Field::Year, width) => Some(if *width == 4 { 0 } else { 99 }),
            Token::Field(Field::Month, _) | Token::Field(Field::DayOfYear, _) => Some(1),
            Token::Field(Field::Day, _) => Some(2),
            Token::Field(Field::Hour, _) => Some(3),
            Token::Field(Field::Minute, _) => Some(4),
            Token::Field(Field::Second, _) => Some(5),
            Token::Field(Field::Fraction, _) => Some(6),
            Token::Literal(_) => None,
        };
        let ranks: Vec<i32> = self.parts.iter().flatten().filter_map(rank).collect();
        ranks.is_sorted() && !ranks.contains(&99)
    }

    /// Reads one text per part. A numeric column lost its leading zeros, so its part is padded.
    pub(crate) fn read(&self, texts: &[(&str, bool)]) -> Result<civil::DateTime, CodecError> {
        let mut found = Parts::default();
        for (tokens, (text, numeric)) in self.parts.iter().zip(texts) {
            let width: usize =
                tokens.iter().map(|token| if let Token::Field(_, n) = token { *n } else { 1 }).sum();
            match numeric {
                true => found.read(tokens, &format!("{text:0>width$}")),
                false => found.read(tokens, text),
            }
            .ok_or_else(|| self.mismatch())?;
        }
        found.datetime(self.makes).ok_or_else(|| self.mismatch())
    }

    /// Writes the last moment that it can hold and that is not later, and says whether that is this very one.
    ///
    /// Nothing where there is none: two digits of a year do not hold every century.
    pub(crate) fn floor(&self, moment: civil::DateTime) -> Option<(Vec<String>, bool)> {
        let time = moment.time();
        let cut = |nanos: i32| moment.with().subsec_nanosecond(time.subsec_nanosecond() / nanos * nanos);
        let decimals = (0..=9).map(|n| cut(10i32.pow(n)).build());
        let coarser = [
            cut(1_000_000_000).second(0).build(),
            cut(1_000_000_000).second(0).minute(0).build(),
            cut(1_000_000_000).second(0).minute(0).hour(0).build(),
        ];
        decimals.chain(coarser).flatten().find_map(|floor| {
            let texts = self.write(floor).ok()?;
            let parts: Vec<(&str, bool)> = texts.iter().map(|text| (text.as_str(), false)).collect();
            (self.read(&parts).ok()? == floor).then_some((texts, floor == moment))
        })
    }

    /// Writes one text per part.
    pub(crate) fn write(&self, moment: civil::DateTime) -> Result<Vec<String>, CodecError> {
        self.parts
            .iter()
            .map(|tokens| {
                let mut text = String::new();
                for token in tokens {
                    push(token, moment, &mut text)?;
                }
                Ok(text)
            })
            .collect()
    }

    fn mismatch(&self) -> CodecError {
        let what = match self.makes {
            Makes::Date => "date",
            Makes::Time => "time",
            Makes::DateTime => "timestamp",
        };
        CodecError::new(format!("not a {what} as {}", self.text()))
    }

    /// Returns the pattern as text, for messages.
    pub(crate) fn text(&self) -> String {
        let part = |tokens: &Vec<Token>| -> String {
            tokens
                .iter()
                .map(|token| match token {
                    Token::Field(field, width) => String::from(field.letter()).repeat(*width),
                    Token::Literal(c) => c.to_string(),
                })
                .collect()
        };
        self.parts.iter().map(part).collect::<Vec<_>>().join(" + ")
    }
}

impl Field {
    fn letter(self) -> char {
        match self {
            Self::Year => 'y',
            Self::Month => 'M',
            Self::Day => 'd',
            Self::DayOfYear => 'D',
            Self::Hour => 'H',
            Self::Minute => 'm',
            Self::Second => 's',
            Self::Fraction => 'S',
        }
    }
}

impl Parts {
    fn read(&mut self, tokens: &[Token], text: &str) -> Option<()> {
        let mut rest = text;
        for token in tokens {
            match token {
                Token::Literal(c) => rest = rest.strip_prefix(*c)?,
                Token::Field(field, width) => {
                    let (digits, after) = rest.split_at_checked(*width)?;
                    self.set(*field, *width, digits.as_bytes())?;
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(())
    }

    fn set(&mut self, field: Field, width: usize, digits: &[u8]) -> Option<()> {
        let n = i16::try_from(number(digits).filter(|_| field != Field::Fraction).unwrap_or(0)).ok()?;
        number(digits)?;
        let small = i8::try_from(n);
        match field {
            Field::Year if width == 2 => {
                self.year = Some(if n < CENTURY_PIVOT { 2000 + n } else { 1900 + n })
            }
            Field::Year => self.year = Some(n),
            Field::Month => self.month = Some(small.ok()?),
            Field::Day => self.day = Some(small.ok()?),
            Field::DayOfYear => self.day_of_year = Some(n),
            Field::Hour => self.hour = small.ok()?,
            Field::Minute => self.minute = small.ok()?,
            Field::Second => self.second = small.ok()?,
            Field::Fraction => self.nanos = fraction(digits)?,
        }
        Some(())
    }

    fn datetime(&self, makes: Makes) -> Option<civil::DateTime> {
        let time = civil::Time::new(self.hour, self.minute, self.second, self.nanos).ok()?;
        if makes == Makes::Time {
            return Some(civil::date(1970, 1, 1).to_datetime(time));
        }
        let date = match self.day_of_year {
            Some(day) => {
                let first = civil::Date::new(self.year?, 1, 1).ok()?;
                if day < 1 || day > first.days_in_year() {
                    return None;
                }
                first.with().day_of_year(day).build().ok()?
            }
            None => civil::Date::new(self.year?, self.month?, self.day?).ok()?,
        };
        Some(date.to_datetime(time))
    }
}

fn push(token: &Token, moment: civil::DateTime, text: &mut String) -> Result<(), CodecError> {
    let (field, width) = match token {
        Token::Literal(c) => {
            text.push(*c);
            return Ok(());
        }
        Token::Field(field, width) => (*field, *width),
    };
    let value = match field {
        Field::Year if width == 2 => i32::from(moment.year()).rem_euclid(100),
        Field::Year => i32::from(moment.year()),
        Field::Month => i32::from(moment.month()),
        Field::Day => i32::from(moment.day()),
        Field::DayOfYear => i32::from(moment.date().day_of_year()),
        Field::Hour => i32::from(moment.hour()),
        Field::Minute => i32::from(moment.minute()),
        Field::Second => i32::from(moment.second()),
        Field::Fraction => {
            let digits = format!("{:09}", moment.subsec_nanosecond());
            let (kept, lost) = digits.split_at(width);
            if lost.bytes().any(|byte| byte != b'0') {
                return Err(CodecError::new("the legacy field has fewer decimals of a second"));
            }
            text.push_str(kept);
            return Ok(());
        }
    };
    if value < 0 {
        return Err(CodecError::new("the year is before our era"));
    }
    text.push_str(&format!("{value:0width$}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_exactly_what_they_write() {
        let check = |pattern: &str, makes, texts: &[(&str, bool)], expected: &str, written: &[&str]| {
            let pattern = Pattern::parse(pattern, makes).unwrap();
            let moment = pattern.read(texts).unwrap();
            assert_eq!(moment.to_string(), expected);
            assert_eq!(pattern.write(moment).unwrap(), written);
        };
        check("yyyyMMdd", Makes::Date, &[("20260331", false)], "2026-03-31T00:00:00", &["20260331"]);
        check("yyMMdd", Makes::Date, &[("690101", true)], "2069-01-01T00:00:00", &["690101"]);
        check("yyMMdd", Makes::Date, &[("101", true)], "2000-01-01T00:00:00", &["000101"]);
        check("yyDDD", Makes::Date, &[("24366", true)], "2024-12-31T00:00:00", &["24366"]);
        check("dd.MM.yyyy", Makes::Date, &[("01.06.2026", false)], "2026-06-01T00:00:00", &["01.06.2026"]);
        check(
            "yyyyMMdd + HHmmss",
            Makes::DateTime,
            &[("20260331", true), ("90500", true)],
            "2026-03-31T09:05:00",
            &["20260331", "090500"],
        );
        check(
            "yyyy-MM-dd'T'HH:mm:ss.SSS",
            Makes::DateTime,
            &[("2026-03-31T09:05:00.250", false)],
            "2026-03-31T09:05:00.25",
            &["2026-03-31T09:05:00.250"],
        );
        check("HHmm", Makes::Time, &[("5", true)], "1970-01-01T00:05:00", &["0005"]);
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let check = |pattern: &str, makes, text: &str, numeric| {
            let pattern = Pattern::parse(pattern, makes).unwrap();
            assert!(pattern.read(&[(text, numeric)]).is_err(), "{text}");
        };
        check("yyyyMMdd", Makes::Date, "2026033", false);
        check("yyyyMMdd", Makes::Date, "20260230", false);
        check("yyyyMMdd", Makes::Date, "0", true);
        check("yyyyMMdd", Makes::Date, "202603311", true);
        check("yyDDD", Makes::Date, "25366", true);
        check("HHmmss", Makes::Time, "240000", true);
        check("HHmmss", Makes::Time, "-10000", true);
        check("yyyyMMdd", Makes::Date, "2026é31", false);
    }
}
