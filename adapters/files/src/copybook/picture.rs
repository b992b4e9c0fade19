//! Pictures: what an item holds, and in how many characters.
//!
//! **Invariant.** A picture is understood as a whole or refused.
//!
//! Source: Enterprise COBOL for z/OS Language Reference, "PICTURE clause".

/// Most characters or digit positions that a picture may have.
const CHARACTERS_MAX: u32 = 32 << 20;

/// Most digits of a number, those that `P` stands for included.
pub(crate) const DIGITS_MAX: u32 = 38;

/// A picture that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// What it describes.
    pub kind: PictureKind,
    /// How many characters it has in storage.
    pub characters: u32,
}

/// What a picture describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureKind {
    /// `X`, `A`, alphanumeric edited: text.
    Text,
    /// `N`.
    National,
    /// `G`.
    Dbcs,
    /// `9`, `S`, `V`, `P`: a number. `scale` is negative where `P` stands for zeros behind the last digit.
    Number { digits: u8, scale: i16, signed: bool },
    /// A signed number with a point that is written: `S9(3).99`. No standard has it, and some files do.
    Pointed { digits: u8, scale: u8 },
    /// A number as people read it, which is a text.
    Edited,
}

/// Reads a picture.
///
/// # Errors
/// In words.
pub(crate) fn picture(text: &str) -> Result<Picture, String> {
    let symbols = symbols(text)?;
    let has = |wanted: &str| symbols.iter().any(|(symbol, _)| wanted.contains(*symbol));
    let only = |wanted: &str| symbols.iter().all(|(symbol, _)| wanted.contains(*symbol));
    let characters = stored(&symbols)?;
    let kind = match () {
        () if has("1") => return Err("bits (`1`) are not offered".into()),
        () if has("U") => return Err("UTF-8 characters (`U`) are not offered".into()),
        () if only("9SVP") => return number(&symbols),
        () if has("S") => pointed(&symbols).ok_or("`S` belongs to numbers that are not edited")?,
        () if has("XA") && only("XA9B0/") => PictureKind::Text,
        () if has("N") && only("NB0/") => PictureKind::National,
        () if has("G") && only("GB") => PictureKind::Dbcs,
        () if has("XANG") => return Err("it mixes characters with signs of numbers".into()),
        () if has("9Z*") || has("+-$") => PictureKind::Edited,
        () => return Err("it has no place for a character or a digit".into()),
    };
    Ok(Picture { kind, characters })
}

/// `S9(3).99`, and nothing else.
fn pointed(symbols: &[(char, u32)]) -> Option<PictureKind> {
    let [('S', 1), ('9', before), ('.', 1), ('9', behind)] = symbols else { return None };
    let digits = before.checked_add(*behind).filter(|digits| *digits <= DIGITS_MAX)?;
    Some(PictureKind::Pointed { digits: u8::try_from(digits).ok()?, scale: u8::try_from(*behind).ok()? })
}

/// Symbols with their counts. `C` stands for CR and DB, `$` for any sign of a currency.
fn symbols(text: &str) -> Result<Vec<(char, u32)>, String> {
    let mut out: Vec<(char, u32)> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let upper = first.to_ascii_uppercase();
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        let symbol = match upper {
            'C' | 'D' => {
                let second = rest.chars().next().map(|c| c.to_ascii_uppercase());
                if !matches!((upper, second), ('C', Some('R')) | ('D', Some('B'))) {
                    return Err(format!("`{first}` is no sign of a picture"));
                }
                rest = rest.get(1..).unwrap_or_default();
                'C'
            }
            '$' | '€' | '£' | '¥' => '$',
            'X' | 'A' | '9' | 'S' | 'V' | 'P' | 'N' | 'G' | 'Z' | 'B' | 'E' | '1' | 'U' | '*' | '+' | '-'
            | ',' | '.' | '/' | '0' => upper,
            _ => return Err(format!("`{first}` is no sign of a picture")),
        };
        let count = match rest.strip_prefix('(') {
            None => 1,
            Some(behind) => {
                let (digits, behind) = behind.split_once(')').ok_or("a parenthesis is not closed")?;
                rest = behind;
                counted(digits)?
            }
        };
        match out.last_mut() {
            Some((last, known)) if *last == symbol => *known = known.saturating_add(count),
            _ => out.push((symbol, count)),
        }
    }
    Ok(out)
}

fn counted(digits: &str) -> Result<u32, String> {
    let digits = digits.trim();
    match digits.parse::<u32>() {
        Ok(0) => Err("a count of zero".into()),
        Ok(count) if count <= CHARACTERS_MAX => Ok(count),
        _ if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("a count above {CHARACTERS_MAX}"))
        }
        _ => Err(format!("`{digits}` is no count")),
    }
}

/// How many characters are stored: `V`, `P` and `S` take none, CR and DB take two.
fn stored(symbols: &[(char, u32)]) -> Result<u32, String> {
    let width = |(symbol, count): &(char, u32)| match symbol {
        'V' | 'P' | 'S' => 0,
        'C' => count.saturating_mul(2),
        _ => *count,
    };
    let sum = symbols.iter().fold(0_u32, |sum, it| sum.saturating_add(width(it)));
    if sum > CHARACTERS_MAX { Err(format!("more than {CHARACTERS_MAX} characters")) } else { Ok(sum) }
}

fn number(symbols: &[(char, u32)]) -> Result<Picture, String> {
    let mut number = Number::default();
    for (n, &(symbol, count)) in symbols.iter().enumerate() {
        match symbol {
            'S' if n == 0 && count == 1 => number.signed = true,
            'S' => return Err("`S` stands once, in front".into()),
            'V' if count == 1 && number.point.is_none() => number.point = Some(number.digits),
            'V' => return Err("more than one `V`".into()),
            'P' => number.scaled(count, symbols.get(n + 1..).unwrap_or_default())?,
            _ if number.behind > 0 => return Err("a digit behind `P`".into()),
            _ => number.digits = number.digits.saturating_add(count),
        }
    }
    number.finish()
}

#[derive(Default)]
struct Number {
    signed: bool,
    digits: u32,
    /// How many digits stand before the `V`.
    point: Option<u32>,
    /// Places before the first digit and behind the last one.
    front: u32,
    behind: u32,
}

impl Number {
    fn scaled(&mut self, count: u32, rest: &[(char, u32)]) -> Result<(), String> {
        let is_behind = self.digits > 0;
        let taken = if is_behind { self.behind } else { self.front };
        if taken > 0 || (is_behind && (self.front > 0 || self.point.is_some())) {
            return Err("`P` stands before all digits or behind them".into());
        }
        if !is_behind && rest.iter().any(|(symbol, _)| *symbol == 'V') {
            return Err("a `V` behind `P` that stands before the digits".into());
        }
        *(if is_behind { &mut self.behind } else { &mut self.front }) = count;
        Ok(())
    }

    fn finish(self) -> Result<Picture, String> {
        let all = self.digits.saturating_add(self.front).saturating_add(self.behind);
        if self.digits == 0 {
            return Err("it has no digit".into());
        }
        if all > DIGITS_MAX {
            return Err(format!("{all} digits; at most {DIGITS_MAX} are offered"));
        }
        let small = |n: u32| i16::try_from(n).map_err(|_| String::from("too many digits"));
        let scale = match (self.front, self.behind, self.point) {
            (0, 0, Some(point)) => small(self.digits - point)?,
            (0, behind, _) => -small(behind)?,
            (front, ..) => small(front + self.digits)?,
        };
        let digits = u8::try_from(self.digits).map_err(|_| "too many digits")?;
        let kind = PictureKind::Number { digits, scale, signed: self.signed };
        Ok(Picture { kind, characters: self.digits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_what_is_stored_and_where_the_point_is() {
        let number = |digits, scale, signed| PictureKind::Number { digits, scale, signed };
        let check = |text: &str, kind, characters| {
            assert_eq!(picture(text), Ok(Picture { kind, characters }), "{text}");
        };
        check("X", PictureKind::Text, 1);
        check("x(20)", PictureKind::Text, 20);
        check("XXX(3)A", PictureKind::Text, 6);
        check("A(3)BX(2)/99", PictureKind::Text, 9);
        check("N(4)", PictureKind::National, 4);
        check("GGBG", PictureKind::Dbcs, 4);
        check("9(9)", number(9, 0, false), 9);
        check("S9(11)V99", number(13, 2, true), 13);
        check("SV9(7)", number(7, 7, true), 7);
        check("9(3)V", number(3, 0, false), 3);
        check("S999PPP", number(3, -3, true), 3);
        check("9(3)PPV", number(3, -2, false), 3);
        check("SPP9(3)", number(3, 5, true), 3);
        check("VPP9(3)", number(3, 5, false), 3);
        check("9(38)", number(38, 0, false), 38);
        check("-ZZZ,ZZZ,ZZZ.ZZ", PictureKind::Edited, 15);
        check("$(4)9.99CR", PictureKind::Edited, 10);
        check("Z(6)VZZ-", PictureKind::Edited, 9);
        check("+9.9(5)E+99", PictureKind::Edited, 12);
        check("9(8).9(2)", PictureKind::Edited, 11);
        check("*(5)9", PictureKind::Edited, 6);
        check("S9(3).99", PictureKind::Pointed { digits: 5, scale: 2 }, 6);
    }

    #[test]
    fn a_picture_that_says_nothing_clear_is_refused() {
        let check = |text: &str, reason: &str| assert_eq!(picture(text), Err(reason.to_owned()), "{text}");
        check("", "it has no digit");
        check("S", "it has no digit");
        check("9S9", "`S` stands once, in front");
        check("9V9V", "more than one `V`");
        check("9P9", "a digit behind `P`");
        check("P9P", "`P` stands before all digits or behind them");
        check("P9V9", "a `V` behind `P` that stands before the digits");
        check("X(0)", "a count of zero");
        check("X(A)", "`A` is no count");
        check("X(", "a parenthesis is not closed");
        check("X(99999999999)", "a count above 33554432");
        check("9(39)", "39 digits; at most 38 are offered");
        check("XN", "it mixes characters with signs of numbers");
        check("SX", "`S` belongs to numbers that are not edited");
        check("SZ9", "`S` belongs to numbers that are not edited");
        check("1(8)", "bits (`1`) are not offered");
        check("Q", "`Q` is no sign of a picture");
        check("C", "`C` is no sign of a picture");
        check("B", "it has no place for a character or a digit");
    }
}
