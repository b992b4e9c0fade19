//! Numbers of up to sixteen digits, all of which are looked at at once, a byte each.
//!
//! **Invariant.** What is not as usual as can be is no number here.

use super::quick::{BEFORE_MAX, ROOM};

/// Digits of a field, a byte each, the last one in the lowest byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    digits: u128,
    negative: bool,
}

/// Most digits of it.
pub(super) const DIGITS_SMALL: usize = 16;

impl Small {
    /// Writes the number from `at` on as JSON does, and returns where it ends.
    #[inline(always)]
    pub(super) fn write(self, decimals: usize, room: &mut [u8; ROOM], at: usize) -> usize {
        if let Ok(digits) = u64::try_from(self.digits) {
            return Eight { digits, negative: self.negative }.write(decimals, room, at);
        }
        let at = minus(room, at, self.negative);
        let leading = (self.digits.leading_zeros() / 8) as usize;
        let units = DIGITS_SMALL - leading - decimals;
        let text = self.digits | ASCII;
        let turned = |by: usize| text.rotate_left(8 * by as u32).to_be_bytes();
        let at = put(room, at, turned(leading), units);
        put_decimals(room, at, turned(DIGITS_SMALL - decimals), decimals)
    }
}

/// The same of up to eight digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Eight {
    digits: u64,
    negative: bool,
}

impl Eight {
    /// The digits as text, noughts in front of them included.
    #[inline(always)]
    pub(super) fn text(self) -> [u8; 8] {
        (self.digits | ASCII as u64).to_be_bytes()
    }

    /// Writes the number from `at` on as JSON does, and returns where it ends.
    #[inline(always)]
    pub(super) fn write(self, decimals: usize, room: &mut [u8; ROOM], at: usize) -> usize {
        let at = minus(room, at, self.negative && self.digits != 0);
        // Bytes of noughts in front of the first digit; one digit always stands before the point.
        let leading = ((self.digits.leading_zeros() / 8) as usize).min(7_usize.saturating_sub(decimals));
        let text = self.digits | ASCII as u64;
        let turned = |by: usize| text.rotate_left(8 * by as u32).to_be_bytes();
        let at = put(room, at, turned(leading), 8 - leading - decimals);
        put_decimals(room, at, turned(8 - decimals), decimals)
    }
}

/// Writes a minus if there is one, and returns where the digits begin.
#[inline(always)]
fn minus(room: &mut [u8; ROOM], at: usize, negative: bool) -> usize {
    // Each place is cut to what it cannot exceed, so that no bound is to be looked at.
    room[at & BEFORE_MAX] = b'-';
    (at + usize::from(negative)) & PLACE_MAX
}

/// The last place that a number has, with what stands in front of it.
const PLACE_MAX: usize = 63;

/// Writes the units of a number, and returns where they end.
#[inline(always)]
fn put<const N: usize>(room: &mut [u8; ROOM], at: usize, text: [u8; N], kept: usize) -> usize {
    room[at..at + N].copy_from_slice(&text);
    (at + kept) & PLACE_MAX
}

/// Writes the point and the decimals of a number, if it has any, and returns where it ends.
#[inline(always)]
fn put_decimals<const N: usize>(room: &mut [u8; ROOM], at: usize, text: [u8; N], decimals: usize) -> usize {
    if decimals == 0 {
        return at;
    }
    room[at] = b'.';
    room[at + 1..at + 1 + N].copy_from_slice(&text);
    at + 1 + decimals
}

/// Reads a zoned number; nothing if anything about it is unusual. `signed`: the last digit has the sign, as in EBCDIC.
#[inline(always)]
pub(super) fn zoned(raw: &[u8], zero: u8, signed: bool) -> Option<Small> {
    let zoned = right(raw)? ^ ((u128::from(zero) * ONES) & low(raw.len()));
    let sign = sign(zoned as u8, signed);
    let digits = if sign.is_some() { zoned & !0xF0 } else { zoned };
    is_digits(digits).then_some(Small { digits, negative: sign == Some(true) })
}

/// The same of up to eight digits.
#[inline(always)]
pub(super) fn zoned_eight(raw: &[u8], zero: u8, signed: bool) -> Option<Eight> {
    let zoned = right_eight(raw)? ^ ((u64::from(zero) * ONES as u64) & low_eight(raw.len()));
    let sign = sign(zoned as u8, signed);
    let digits = if sign.is_some() { zoned & !0xF0 } else { zoned };
    is_eight_digits(digits).then_some(Eight { digits, negative: sign == Some(true) })
}

/// Returns whether the last byte, of which the zone of digits was taken, has a minus; nothing where it has no sign, or an
/// unusual one.
#[inline(always)]
fn sign(last: u8, signed: bool) -> Option<bool> {
    // C and F are plus, D is minus: here exclusive or with F.
    match last >> 4 {
        _ if !signed => None,
        0x0 | 0x3 => Some(false),
        0x2 => Some(true),
        _ => None,
    }
}

/// Reads a packed number of up to 15 digits; nothing if anything about it is unusual.
#[inline(always)]
pub(super) fn packed(raw: &[u8], (digits, signed): (u8, bool)) -> Option<Small> {
    if raw.len() != usize::from(digits) / 2 + 1 || raw.len() > 8 {
        return None;
    }
    let halves = right_eight(raw)?;
    let negative = match halves & 0x0F {
        0xC | 0xF => false,
        0xD if signed => true,
        _ => return None,
    };
    let spread = spread(halves >> 4);
    let surplus = spread & !low(usize::from(digits));
    (surplus == 0 && is_digits(spread)).then_some(Small { digits: spread, negative })
}

/// Reads a binary number, high byte first, that is below a limit; nothing if it is not.
#[inline(always)]
pub(super) fn binary(raw: &[u8], limit: u64, signed: bool) -> Option<Small> {
    let bits = right_eight(raw)?;
    let shift = 64 - 8 * raw.len().min(8) as u32;
    let negative = signed && ((bits << shift) >> 63) == 1;
    let value = if negative { (((bits << shift) as i64) >> shift) as u64 } else { bits };
    let magnitude = if negative { value.wrapping_neg() } else { value };
    if magnitude >= limit {
        return None;
    }
    let (high, low) = (magnitude / TEN_TO_8, u128::from(eight(magnitude % TEN_TO_8)));
    let digits = if high == 0 { low } else { (u128::from(eight(high)) << 64) | low };
    Some(Small { digits, negative })
}

const TEN_TO_8: u64 = 100_000_000;
pub(super) const TEN_TO_16: u64 = TEN_TO_8 * TEN_TO_8;

/// Returns the eight digits of a number below 10 to 8, a byte each.
///
/// Numbers of four digits are divided by 100, and these by 10, in lanes of a word; the factors are 2 to 20 by 100 and 2 to 10
/// by 10, rounded up, which is exact for numbers that small.
#[inline(always)]
fn eight(number: u64) -> u64 {
    let fours = ((number / 10_000) << 32) | (number % 10_000);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let twos = (hundreds << 16) | (fours - 100 * hundreds);
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    (tens << 8) | (twos - 10 * tens)
}

const ONES: u128 = u128::MAX / 0xFF;
const ASCII: u128 = ONES * 0x30;

/// Returns up to sixteen bytes as the low end of a word.
#[inline(always)]
fn right(raw: &[u8]) -> Option<u128> {
    match raw.len() {
        // Where the two halves overlap they are alike.
        9..=DIGITS_SMALL => {
            let word = |bytes: &[u8; 8]| u128::from(u64::from_be_bytes(*bytes));
            Some((word(raw.first_chunk()?) << (8 * (raw.len() - 8))) | word(raw.last_chunk()?))
        }
        _ => right_eight(raw).map(u128::from),
    }
}

/// Returns up to eight bytes as the low end of a word.
#[inline(always)]
fn right_eight(raw: &[u8]) -> Option<u64> {
    let half = |bytes: &[u8; 4]| u64::from(u32::from_be_bytes(*bytes));
    match raw {
        [a, b] => Some(u64::from(u16::from_be_bytes([*a, *b]))),
        [a] => Some(u64::from(*a)),
        [a, b, c] => Some((u64::from(*a) << 16) | u64::from(u16::from_be_bytes([*b, *c]))),
        _ if raw.len() <= 8 => {
            Some((half(raw.first_chunk()?) << (8 * (raw.len() - 4))) | half(raw.last_chunk()?))
        }
        _ => None,
    }
}

/// Returns a mask of up to eight bytes at the low end of a word.
#[inline(always)]
fn low_eight(bytes: usize) -> u64 {
    u64::MAX.checked_shr(64 - 8 * bytes.min(8) as u32).unwrap_or(0)
}

/// Returns a mask of so many bytes at the low end.
#[inline(always)]
fn low(bytes: usize) -> u128 {
    let bits = 8 * bytes.min(DIGITS_SMALL) as u32;
    u128::MAX.checked_shr(128 - bits).unwrap_or(0)
}

/// Returns whether each byte is a digit.
#[inline(always)]
fn is_digits(bytes: u128) -> bool {
    // Adding 76 sets the highest bit of a byte above 9; those whose upper half is not nought are seen by themselves.
    (((bytes & (ONES * 0x7F)) + ONES * 0x76) | bytes) & (ONES * 0x80) == 0
}

/// The same of eight bytes.
#[inline(always)]
fn is_eight_digits(bytes: u64) -> bool {
    let ones = ONES as u64;
    (((bytes & (ones * 0x7F)) + ones * 0x76) | bytes) & (ones * 0x80) == 0
}

/// Spreads half bytes over bytes.
#[inline(always)]
fn spread(halves: u64) -> u128 {
    let spread = u128::from(halves);
    let spread = (spread | (spread << 32)) & 0x0000_0000_FFFF_FFFF_0000_0000_FFFF_FFFF;
    let spread = (spread | (spread << 16)) & 0x0000_FFFF_0000_FFFF_0000_FFFF_0000_FFFF;
    let spread = (spread | (spread << 8)) & 0x00FF_00FF_00FF_00FF_00FF_00FF_00FF_00FF;
    (spread | (spread << 4)) & 0x0F0F_0F0F_0F0F_0F0F_0F0F_0F0F_0F0F_0F0F
}
