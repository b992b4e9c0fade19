//! Exact decimal numbers of up to 38 digits that remember how they were written.
//!
//! **Invariant.** Nothing is rounded but by `round` and `checked_div`; what does not fit is an error, never another number.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// An exact number: `mantissa / 10^scale`, at most 38 digits.
///
/// The scale is kept: `5000.00` stays `5000.00`. Equality, order and hash go by value, so `1.0 == 1.00`.
/// 38 digits are what SQL `DECIMAL` reaches; COBOL reaches 31.
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u16,
}

/// Why a number cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalError {
    /// The text is no number.
    Syntax,
    /// More than 38 digits.
    Overflow,
    /// Division by zero.
    DivisionByZero,
    /// Digits would be lost.
    Inexact,
}

/// Most digits of a number.
const DIGITS_MAX: u32 = 38;

/// Digits behind the point that a division keeps at the most.
const DIVISION_SCALE: u16 = 20;

impl Decimal {
    /// Nought.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// Returns `mantissa / 10^scale`.
    ///
    /// # Errors
    /// `Overflow` if the mantissa or the scale has more than 38 digits.
    pub fn new(mantissa: i128, scale: u16) -> Result<Self, DecimalError> {
        if mantissa.unsigned_abs() >= 10u128.pow(DIGITS_MAX) || u32::from(scale) > DIGITS_MAX {
            return Err(DecimalError::Overflow);
        }
        Ok(Self { mantissa, scale })
    }

    /// The digits without the point.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many digits stand behind the point.
    pub fn scale(self) -> u16 {
        self.scale
    }

    /// Returns whether the value is a whole number: `5` and `5.00` are.
    pub fn is_integer(self) -> bool {
        self.normalized().scale == 0
    }

    /// Returns the value as an integer, if it is whole and fits.
    pub fn to_i64(self) -> Option<i64> {
        let n = self.normalized();
        (n.scale == 0).then(|| i64::try_from(n.mantissa).ok()).flatten()
    }

    /// Returns the nearest binary float, for comparisons with legacy floats only.
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Returns the shortest decimal that reads as this float, or nothing for NaN and infinity.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        format!("{value}").parse().ok()
    }

    /// Returns the same value without trailing zeros behind the point.
    #[must_use]
    pub fn normalized(self) -> Self {
        let Self { mut mantissa, mut scale } = self;
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// Returns the same value with exactly `scale` digits behind the point.
    ///
    /// # Errors
    /// `Inexact` if digits other than zero would be lost, `Overflow` if it has too many then.
    pub fn rescaled(self, scale: u16) -> Result<Self, DecimalError> {
        if scale >= self.scale {
            let mantissa = pow10(u32::from(scale - self.scale))
                .and_then(|factor| self.mantissa.checked_mul(factor))
                .ok_or(DecimalError::Overflow)?;
            return Self::new(mantissa, scale);
        }
        let factor = pow10(u32::from(self.scale - scale)).ok_or(DecimalError::Overflow)?;
        if self.mantissa % factor != 0 {
            return Err(DecimalError::Inexact);
        }
        Self::new(self.mantissa / factor, scale)
    }

    /// Rounds to `scale` digits behind the point, half to even, and keeps fewer digits as they are.
    #[must_use]
    pub fn round(self, scale: u16) -> Self {
        if scale >= self.scale {
            return self;
        }
        // 10^38 is the largest power that fits, and a scale never exceeds 38.
        let factor = pow10(u32::from(self.scale - scale)).unwrap_or(i128::MAX);
        Self { mantissa: div_half_even(self.mantissa, factor), scale }
    }

    /// Adds.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn checked_add(self, other: Self) -> Result<Self, DecimalError> {
        let (a, b, scale) = aligned(self, other)?;
        Self::new(a.checked_add(b).ok_or(DecimalError::Overflow)?, scale)
    }

    /// Subtracts.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn checked_sub(self, other: Self) -> Result<Self, DecimalError> {
        self.checked_add(other.negated())
    }

    /// Multiplies; the scales add up.
    ///
    /// # Errors
    /// `Overflow`, also where only the digits behind the point are too many.
    pub fn checked_mul(self, other: Self) -> Result<Self, DecimalError> {
        let fits = |a: Self, b: Self| {
            Self::new(a.mantissa.checked_mul(b.mantissa).ok_or(DecimalError::Overflow)?, a.scale + b.scale)
        };
        fits(self, other).or_else(|_| fits(self.normalized(), other.normalized()))
    }

    /// Divides: exact if the quotient has at most 20 digits behind the point, else rounded half to even there.
    ///
    /// # Errors
    /// `DivisionByZero`, `Overflow`.
    pub fn checked_div(self, other: Self) -> Result<Self, DecimalError> {
        if other.mantissa == 0 {
            return Err(DecimalError::DivisionByZero);
        }
        let (a, b, _) = aligned(self, other)?;
        // Long division keeps every intermediate below 10 * |b|, so nothing overflows before the result does.
        let negative = (a < 0) != (b < 0);
        let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
        let mut quotient = a / b;
        let mut rest = a % b;
        let mut scale = 0;
        while rest != 0 && scale < DIVISION_SCALE {
            let Some(next) = quotient.checked_mul(10).filter(|q| *q < 10u128.pow(DIGITS_MAX) - 10) else {
                break;
            };
            let (digit, remainder) = long_division_step(rest, b);
            quotient = next + u128::from(digit);
            rest = remainder;
            scale += 1;
        }
        let up = match rest.cmp(&(b - rest)) {
            Ordering::Greater => true,
            Ordering::Equal => quotient % 2 == 1,
            Ordering::Less => false,
        };
        let quotient = i128::try_from(quotient + u128::from(up)).map_err(|_| DecimalError::Overflow)?;
        Self::new(if negative { -quotient } else { quotient }, scale)
    }

    /// Returns the remainder, with the sign of `self`, as CEL and most languages have it.
    ///
    /// # Errors
    /// `DivisionByZero`, `Overflow`.
    pub fn checked_rem(self, other: Self) -> Result<Self, DecimalError> {
        if other.mantissa == 0 {
            return Err(DecimalError::DivisionByZero);
        }
        let (a, b, scale) = aligned(self, other)?;
        Self::new(a % b, scale)
    }

    /// Returns the number with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    /// Reads digits, a sign, a point and an exponent, as JSON, XSD and CEL write numbers.
    ///
    /// # Errors
    /// `Syntax`; `Overflow` for more than 38 digits. Leading zeros do not count.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let bytes = text.as_bytes();
        let (negative, mut at) = match bytes.first() {
            Some(b'-') => (true, 1),
            Some(b'+') => (false, 1),
            _ => (false, 0),
        };
        let mut mantissa: i128 = 0;
        let mut scale: i32 = 0;
        let mut digits = 0;
        let mut point = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa
                        .checked_mul(10)
                        .and_then(|m| m.checked_add(i128::from(byte - b'0')))
                        .ok_or(DecimalError::Overflow)?;
                    digits += 1;
                    scale += i32::from(point);
                }
                b'.' if !point => point = true,
                _ => break,
            }
            at += 1;
        }
        if digits == 0 {
            return Err(DecimalError::Syntax);
        }
        if at < bytes.len() {
            scale = scale.checked_sub(exponent(&bytes[at..])?).ok_or(DecimalError::Overflow)?;
        }
        if mantissa == 0 {
            scale = scale.clamp(0, DIGITS_MAX as i32);
        } else if scale < 0 {
            mantissa = pow10(scale.unsigned_abs())
                .and_then(|f| mantissa.checked_mul(f))
                .ok_or(DecimalError::Overflow)?;
            scale = 0;
        }
        let mantissa = if negative { -mantissa } else { mantissa };
        Self::new(mantissa, u16::try_from(scale.max(0)).map_err(|_| DecimalError::Overflow)?)
    }
}

fn exponent(bytes: &[u8]) -> Result<i32, DecimalError> {
    let [b'e' | b'E', rest @ ..] = bytes else { return Err(DecimalError::Syntax) };
    let text = std::str::from_utf8(rest).map_err(|_| DecimalError::Syntax)?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    text.parse().map_err(|_| DecimalError::Overflow)
}

fn pow10(n: u32) -> Option<i128> {
    10i128.checked_pow(n)
}

fn aligned(a: Decimal, b: Decimal) -> Result<(i128, i128, u16), DecimalError> {
    if a.scale == b.scale {
        return Ok((a.mantissa, b.mantissa, a.scale));
    }
    let scale = a.scale.max(b.scale);
    match (a.rescaled(scale), b.rescaled(scale)) {
        (Ok(a), Ok(b)) => Ok((a.mantissa, b.mantissa, scale)),
        _ => {
            let (a, b) = (a.normalized(), b.normalized());
            let scale = a.scale.max(b.scale);
            Ok((a.rescaled(scale)?.mantissa, b.rescaled(scale)?.mantissa, scale))
        }
    }
}

/// Returns the next digit and the remainder of `10 * rest / b`, for `rest < b`, without overflow.
fn long_division_step(rest: u128, b: u128) -> (u8, u128) {
    let (mut digit, mut acc) = (0u8, 0u128);
    // Ten additions of `rest` modulo b; both stay below b < 10^38, so their sum fits.
    for _ in 0..10 {
        acc += rest;
        if acc >= b {
            acc -= b;
            digit += 1;
        }
    }
    (digit, acc)
}

fn div_half_even(n: i128, by: i128) -> i128 {
    let (quotient, rest) = (n / by, (n % by).abs());
    let up = match rest.cmp(&(by - rest)) {
        Ordering::Greater => true,
        Ordering::Equal => quotient % 2 != 0,
        Ordering::Less => false,
    };
    if up { quotient + n.signum() } else { quotient }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl fmt::Display for Decimal {
    /// Writes all digits of the scale, never an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let factor = 10u128.pow(u32::from(self.scale));
        write!(f, "{sign}{}.{:0width$}", digits / factor, digits % factor, width = usize::from(self.scale))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match aligned(*self, *other) {
            Ok((a, b, _)) => a.cmp(&b),
            // They cannot be brought to one scale, so their whole parts differ.
            Err(_) => whole(*self).cmp(&whole(*other)),
        }
    }
}

fn whole(n: Decimal) -> i128 {
    n.mantissa / 10i128.pow(u32::from(n.scale))
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let n = self.normalized();
        n.mantissa.hash(state);
        n.scale.hash(state);
    }
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not a number",
            Self::Overflow => "more than 38 digits",
            Self::DivisionByZero => "division by zero",
            Self::Inexact => "digits would be lost",
        })
    }
}

impl std::error::Error for DecimalError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_written_as_they_were_read() {
        for text in ["0", "420.50", "-0.05", "5000.00", "99999999999999999999999999999999999999", "0.00"] {
            assert_eq!(d(text).to_string(), text);
        }
        assert_eq!(d("+007.10").to_string(), "7.10");
        assert_eq!(d("1e3").to_string(), "1000");
        assert_eq!(d("12.5E-2").to_string(), "0.125");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "1.2.3", "1e", "0x1", " 1", "1 ", "NaN", "1e+", "--1", "1_000"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Syntax), "{text}");
        }
        for text in ["100000000000000000000000000000000000000", "1e99", "1e-99", "1e2147483648"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Overflow), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(d("0.1").checked_add(d("0.1")).and_then(|n| n.checked_add(d("0.1"))), Ok(d("0.3")));
        assert_eq!(d("19.99").checked_mul(d("1.19")), Ok(d("23.7881")));
        assert_eq!(d("1").checked_div(d("8")), Ok(d("0.125")));
        assert_eq!(d("1").checked_div(d("3")).unwrap().to_string(), "0.33333333333333333333");
        assert_eq!(d("-2").checked_div(d("3")).unwrap().to_string(), "-0.66666666666666666667");
        assert_eq!(d("7").checked_rem(d("-2")), Ok(d("1")));
        assert_eq!(d("1").checked_div(d("0.00")), Err(DecimalError::DivisionByZero));
        assert_eq!(
            d("99999999999999999999999999999999999999").checked_add(d("1")),
            Err(DecimalError::Overflow)
        );
    }

    #[test]
    fn order_and_equality_go_by_value() {
        assert_eq!(d("1.0"), d("1.00"));
        assert!(d("-1") < d("0.5"));
        assert!(d("99999999999999999999999999999999999999") > d("0.00000000000000000000000000000000000001"));
        assert!(d("-99999999999999999999999999999999999999") < d("0.00000000000000000000000000000000000001"));
    }

    #[test]
    fn rounding_is_half_to_even() {
        let check =
            |text: &str, scale, expected: &str| assert_eq!(d(text).round(scale).to_string(), expected);
        check("2.5", 0, "2");
        check("3.5", 0, "4");
        check("-2.5", 0, "-2");
        check("1.005", 2, "1.00");
        check("1.0051", 2, "1.01");
        assert_eq!(d("1.25").rescaled(1), Err(DecimalError::Inexact));
        assert_eq!(d("1.50").rescaled(1).unwrap().to_string(), "1.5");
    }
}
