//! Reads the letters of a date pattern and explains the usual mistakes.
//!
//! **Invariant.** A pattern that passes names every part of its moment once.

use super::{Field, Makes, Pattern, PatternError, Token};

/// Reads a pattern; the parts of several sources are separated by `+`.
pub(super) fn parse(text: &str, makes: Makes) -> Result<Pattern, PatternError> {
    let mut parts = vec![Vec::new()];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let part = parts.last_mut().expect("it begins with one part and only grows");
        match c {
            '+' => parts.push(Vec::new()),
            '\'' => quoted(&mut rest, part)?,
            c if c.is_ascii_alphabetic() => {
                let mut width = 1;
                while rest.next_if_eq(&c).is_some() {
                    width += 1;
                }
                part.push(field(c, width)?);
            }
            c => part.push(Token::Literal(c)),
        }
    }
    for part in &mut parts {
        trim(part);
    }
    if parts.iter().any(Vec::is_empty) {
        return Err(wrong("a part of the date pattern is empty", example(makes)));
    }
    let pattern = Pattern { makes, parts };
    complete(&pattern)?;
    Ok(pattern)
}

fn quoted(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    part: &mut Vec<Token>,
) -> Result<(), PatternError> {
    if rest.next_if_eq(&'\'').is_some() {
        part.push(Token::Literal('\''));
        return Ok(());
    }
    for c in rest.by_ref() {
        if c == '\'' {
            return Ok(());
        }
        part.push(Token::Literal(c));
    }
    Err(wrong("a quote in the date pattern is never closed", "write 'T' for the letter T"))
}

fn trim(part: &mut Vec<Token>) {
    while part.last() == Some(&Token::Literal(' ')) {
        part.pop();
    }
    let blanks = part.iter().take_while(|token| **token == Token::Literal(' ')).count();
    part.drain(..blanks);
}

fn field(letter: char, width: usize) -> Result<Token, PatternError> {
    let letters = String::from(letter).repeat(width);
    let (field, widths, name): (_, &[usize], _) = match letter {
        'y' => (Field::Year, &[4, 2], "yyyy"),
        'M' => (Field::Month, &[2], "MM"),
        'd' => (Field::Day, &[2], "dd"),
        'D' if width == 3 => (Field::DayOfYear, &[3], "DDD"),
        'H' => (Field::Hour, &[2], "HH"),
        'm' => (Field::Minute, &[2], "mm"),
        's' => (Field::Second, &[2], "ss"),
        'S' => (Field::Fraction, &[1, 2, 3, 4, 5, 6, 7, 8, 9], "SSS"),
        _ => return Err(unknown(letter, &letters)),
    };
    if widths.contains(&width) {
        return Ok(Token::Field(field, width));
    }
    let hint = match letter {
        'M' if width > 2 => "names of months are not supported; write MM".to_owned(),
        _ => format!("write {name}: fields have a fixed width"),
    };
    Err(wrong(format!("`{letters}` has the wrong width"), hint))
}

fn unknown(letter: char, letters: &str) -> PatternError {
    let hint = match letter {
        'Y' => "`Y` is the year of the week, which differs around New Year; write yyyy",
        'D' => "`D` is the day of the year and has three digits; write dd for the day of the month, or DDD",
        'h' => "`h` is the hour of a half day, which needs a.m. or p.m.; write HH",
        'k' | 'K' => "only HH, from 00 to 23, is supported",
        'n' | 'N' => "write ss for seconds, SSS for their decimals, mm for minutes",
        'T' | 'Z' => "put the letter in quotes if it stands in the text: 'T'",
        'x' | 'X' | 'z' | 'V' => {
            "zones are not read by patterns; name the zone: datetime(pattern, Europe/Vienna)"
        }
        _ => "the letters are yyyy yy MM dd DDD HH mm ss SSS; put other text in quotes",
    };
    wrong(format!("`{letters}` is no date letter"), hint)
}

/// Every part of the moment must be there once; a mix-up of `mm` and `MM` is named where it is certain.
fn complete(pattern: &Pattern) -> Result<(), PatternError> {
    let count = |field: Field| {
        let same = |token: &&Token| matches!(token, Token::Field(known, _) if *known == field);
        pattern.parts.iter().flatten().filter(same).count()
    };
    let makes = pattern.makes;
    let (month, minute) = (count(Field::Month), count(Field::Minute));
    let day_of_year = count(Field::DayOfYear) > 0;
    if makes != Makes::Time && month == 0 && !day_of_year && minute > usize::from(makes == Makes::DateTime) {
        return Err(wrong("`mm` stands where the month should be", "`mm` is the minute; the month is MM"));
    }
    if makes != Makes::Date && minute == 0 && month > usize::from(makes == Makes::DateTime) {
        return Err(wrong("`MM` stands where the minute should be", "`MM` is the month; the minute is mm"));
    }
    let all = [Field::Year, Field::Month, Field::Day, Field::DayOfYear, Field::Hour, Field::Minute]
        .into_iter()
        .chain([Field::Second, Field::Fraction]);
    for field in all {
        let need = needed(field, makes, day_of_year, count(Field::Fraction) > 0);
        let letter = field.letter();
        match (count(field), need) {
            (2.., _) => return Err(wrong(format!("`{letter}` stands twice in the pattern"), example(makes))),
            (1, Need::Never) => return Err(wrong(format!("`{letter}` has no place here"), example(makes))),
            (0, Need::Always) => {
                return Err(wrong(format!("the pattern has no `{letter}{letter}`"), example(makes)));
            }
            _ => {}
        }
    }
    Ok(())
}

#[derive(PartialEq)]
enum Need {
    Always,
    Maybe,
    Never,
}

fn needed(field: Field, makes: Makes, day_of_year: bool, fraction: bool) -> Need {
    let (date, time) = (makes != Makes::Time, makes != Makes::Date);
    let when = |asked: bool| if asked { Need::Always } else { Need::Never };
    match field {
        Field::Year => when(date),
        Field::Month | Field::Day => when(date && !day_of_year),
        Field::DayOfYear => when(date && day_of_year),
        Field::Hour | Field::Minute => when(time),
        Field::Second if time && !fraction => Need::Maybe,
        Field::Second => when(time),
        Field::Fraction if time => Need::Maybe,
        Field::Fraction => Need::Never,
    }
}

fn example(makes: Makes) -> String {
    match makes {
        Makes::Date => "write a pattern such as date(yyyyMMdd)".into(),
        Makes::Time => "write a pattern such as time(HHmmss)".into(),
        Makes::DateTime => {
            "write a pattern such as datetime(yyyyMMdd + HHmmss) or datetime(yyyyMMddHHmmss)".into()
        }
    }
}

fn wrong(message: impl Into<String>, hint: impl Into<String>) -> PatternError {
    PatternError { message: message.into(), hint: hint.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_letters_are_explained() {
        let check = |text: &str, makes, message: &str, hint: &str| {
            let error = parse(text, makes).unwrap_err();
            assert!(error.message.contains(message), "{text}: {}", error.message);
            assert!(error.hint.contains(hint), "{text}: {}", error.hint);
        };
        check("YYYYMMdd", Makes::Date, "`YYYY` is no date letter", "write yyyy");
        check("yyyyMMDD", Makes::Date, "`DD` is no date letter", "write dd");
        check("hhmmss", Makes::Time, "`hh` is no date letter", "write HH");
        check("yyyymmdd", Makes::Date, "where the month should be", "the month is MM");
        check("HHMMss", Makes::Time, "where the minute should be", "the minute is mm");
        check("yyyymmdd + HHmmss", Makes::DateTime, "where the month should be", "the month is MM");
        check("yyyyMMdd + HHMMss", Makes::DateTime, "where the minute should be", "the minute is mm");
        check("yyyyMMMdd", Makes::Date, "wrong width", "names of months");
        check("yyyyMM", Makes::Date, "no `dd`", "date(yyyyMMdd)");
        check("yyyyMMdd", Makes::DateTime, "no `HH`", "datetime(");
        check("yyyyMMddHH", Makes::Date, "`H` has no place here", "date(yyyyMMdd)");
        check("yyyyMMdd +", Makes::DateTime, "is empty", "datetime(");
        check("yyyyMMddTHHmmss", Makes::DateTime, "`T` is no date letter", "'T'");
        check("yyyyMMddHHmmSSS", Makes::DateTime, "no `ss`", "datetime(");
        check("yyyyMMdd'T", Makes::DateTime, "never closed", "'T'");
    }
}
