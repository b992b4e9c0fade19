//! Fields that are written as they are wanted in JSON, without a value in between: the short way of [`Field::read`].
//!
//! **Invariant.** It writes what reading gives, but for blanks that pad a text; tests compare both on random bytes.
//!
//! Most fields are taken by [`Quick`], which knows all that can be known of a field and its slot before any record is there.

use super::number::DIGITS_MAX;
use super::{Field, Form, Setting, Sign, text};
use crate::codepage::OTHER;
use kernel::{Pen, Scalar, Slot, Taken, Usual, date_of_digits};

impl Field {
    /// Returns whether it can be taken: bytes and floats have to be told.
    pub(crate) fn is_takeable(&self) -> bool {
        !matches!(self.form, Form::Dbcs | Form::Bytes | Form::Float { .. })
    }

    /// Returns how many bytes of a sheet it needs at most.
    pub(crate) fn sheet_bytes(&self) -> usize {
        // A byte of a code page is up to three of UTF-8.
        ROOM.max(self.width as usize * 3 + DIGITS_MAX)
    }

    /// Writes its text; nothing where it cannot be read, and then what was written is of no use.
    pub(crate) fn take(
        &self,
        raw: &[u8],
        setting: &Setting,
        text: &mut String,
        pen: &mut Pen<'_>,
    ) -> Option<Taken> {
        if self.form == Form::Text {
            let kept = text::without_padding(raw, setting.page.blank());
            return setting.page.take(raw.get(..kept)?, text, pen).map(|plain| Taken::Text { plain });
        }
        match self.read(raw, setting, text).ok()? {
            Scalar::Text(text) => {
                pen.put_all(text.as_bytes())?;
                Some(if self.is_number() { Taken::Number } else { Taken::Text { plain: false } })
            }
            Scalar::Nil => Some(Taken::Nil),
            _ => None,
        }
    }
}

/// A field and its slot: all that is usual about them.
#[derive(Debug)]
pub(crate) struct Quick {
    how: How,
    decimals: u8,
    marked: bool,
    /// What stands in front, and how much of that there is.
    before: [u8; BEFORE_MAX + 1],
    length: u8,
    /// Its bytes in the record.
    from: u32,
    to: u32,
}

/// What is written, and of which bytes.
#[derive(Debug, Clone, Copy)]
enum How {
    /// A text of a page with these plain characters, and a quote behind it.
    Text { plain: &'static [u8; 256], blank: u8 },
    /// A number.
    Zoned { zero: u8, signed: bool },
    /// A number.
    Packed { digits: u8, signed: bool },
    /// A number; its first value that has too many digits.
    Binary { limit: u64, signed: bool },
    /// A date of eight digits, and a quote behind it.
    Date { zero: u8 },
    /// What takes its time.
    Other,
}

/// Most bytes in front of a field.
const BEFORE_MAX: usize = 31;
/// Most bytes of a text.
const TEXT_MAX: usize = 48;
/// Room for a field: what stands in front, and a text with a quote or a number in two moves.
const ROOM: usize = 96;

impl Quick {
    /// Makes one. `at` is where the field begins.
    pub(crate) fn new(field: &Field, at: usize, setting: &Setting, slot: &Slot) -> Self {
        let mut before = [0; BEFORE_MAX + 1];
        let text = slot.before.bytes();
        let fits = text.len() <= BEFORE_MAX;
        before.iter_mut().zip(text).for_each(|(to, byte)| *to = *byte);
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (how, decimals) = match How::of(field, setting, slot.usual) {
            Some(known) if fits => known,
            _ => (How::Other, 0),
        };
        let (length, marked) = (u8::try_from(text.len()).unwrap_or(0), slot.marked);
        Self { how, decimals, marked, before, length, from: small(at), to: small(at + field.width as usize) }
    }

    /// Writes what stands in front and the field, and returns where the field begins and ends behind `room`; nothing if
    /// anything about it is unusual.
    #[inline(always)]
    pub(crate) fn write(&self, record: &[u8], room: &mut [u8; ROOM]) -> Option<(usize, usize)> {
        let raw = record.get(self.from as usize..self.to as usize)?;
        *room.first_chunk_mut()? = self.before;
        let start = usize::from(self.length) & BEFORE_MAX;
        let decimals = usize::from(self.decimals);
        let end = match self.how {
            How::Text { plain, blank } => {
                let end = start + decode(raw, (plain, blank), room.get_mut(start..)?)?;
                *room.get_mut(end)? = b'"';
                end + 1
            }
            How::Zoned { zero, signed } if raw.len() <= 8 => {
                zoned_eight(raw, zero, signed)?.write(decimals, room, start)
            }
            How::Zoned { zero, signed } => zoned(raw, zero, signed)?.write(decimals, room, start),
            How::Packed { digits, signed } => packed(raw, (digits, signed))?.write(decimals, room, start),
            How::Binary { limit, signed } => binary(raw, limit, signed)?.write(decimals, room, start),
            How::Date { zero } => {
                let digits = (zoned_eight(raw, zero, false)?.digits | ASCII as u64).to_be_bytes();
                *room.get_mut(start..)?.first_chunk_mut()? = date_of_digits(digits)?;
                *room.get_mut(start + 10)? = b'"';
                start + 11
            }
            How::Other => return None,
        };
        Some((start, end))
    }

    /// Whether its taker wants to know where it is.
    #[inline(always)]
    pub(crate) fn is_marked(&self) -> bool {
        self.marked
    }
}

impl How {
    /// Returns how a field is written, and its decimals.
    fn of(field: &Field, setting: &Setting, usual: Usual) -> Option<(Self, u8)> {
        let (page, width) = (setting.page, field.width as usize);
        let places = |scale: i16| u8::try_from(scale).ok().filter(|scale| *scale < 8);
        let zero = page.zero();
        Some(match (&field.form, usual) {
            (Form::Text, Usual::Text) if width <= TEXT_MAX => {
                (Self::Text { plain: page.plain(), blank: page.blank() }, 0)
            }
            (Form::Zoned { digits: 8, scale: 0, sign: Sign::None }, Usual::Date) if width == 8 => {
                (Self::Date { zero }, 0)
            }
            (Form::Zoned { scale, sign, .. }, Usual::Number) if width <= DIGITS_SMALL => {
                // In ASCII a sign is a letter.
                let signed = match sign {
                    Sign::None => false,
                    Sign::Trailing if page.is_ebcdic() => true,
                    _ => return None,
                };
                (Self::Zoned { zero, signed }, places(*scale)?)
            }
            (Form::Packed { digits, scale, signed }, Usual::Number) if width <= 8 => {
                (Self::Packed { digits: *digits, signed: *signed }, places(*scale)?)
            }
            (Form::Binary { digits, scale, signed, native, little: false }, Usual::Number) if width <= 8 => {
                let limit = if *native {
                    u64::MAX
                } else {
                    10_u64.checked_pow(u32::from(*digits)).unwrap_or(u64::MAX)
                };
                (Self::Binary { limit: limit.min(TEN_TO_16), signed: *signed }, places(*scale)?)
            }
            _ => return None,
        })
    }
}

/// Writes a text without its padding, and returns how long it is; nothing if it is blank, begins with a blank, or has a
/// character that is not plain.
#[inline(always)]
fn decode(raw: &[u8], (plain, blank): (&[u8; 256], u8), to: &mut [u8]) -> Option<usize> {
    let kept = text::without_padding(raw, blank);
    let mut all = 0;
    for (to, byte) in to.iter_mut().zip(raw.get(..kept)?) {
        *to = plain[usize::from(*byte)];
        all |= *to;
    }
    (all < OTHER && kept > 0 && *to.first()? > b' ').then_some(kept)
}

/// Digits of a field, a byte each, the last one in the lowest byte.
#[derive(Debug, Clone, Copy)]
struct Small {
    digits: u128,
    negative: bool,
}

/// Most digits of it.
const DIGITS_SMALL: usize = 16;

impl Small {
    /// Writes the number from `at` on as JSON does, and returns where it ends.
    #[inline(always)]
    fn write(self, decimals: usize, room: &mut [u8; ROOM], at: usize) -> usize {
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
struct Eight {
    digits: u64,
    negative: bool,
}

impl Eight {
    /// Writes the number from `at` on as JSON does, and returns where it ends.
    #[inline(always)]
    fn write(self, decimals: usize, room: &mut [u8; ROOM], at: usize) -> usize {
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

/// Reads a zoned number of up to 16 digits; nothing if anything about it is unusual. `signed`: the last one has the sign, as in
/// EBCDIC.
#[inline(always)]
fn zoned(raw: &[u8], zero: u8, signed: bool) -> Option<Small> {
    let mut zoned = right(raw)? ^ (u128::from(zero) * ONES & low(raw.len()));
    let mut negative = false;
    if signed {
        // C and F are plus, D is minus: here exclusive or with F.
        let zone = (zoned >> 4) as u8 & 0x0F;
        negative = zone == 0xD ^ 0xF;
        let usual = negative || zone == 0 || zone == 0xC ^ 0xF;
        zoned = if usual { zoned & !0xF0 } else { zoned };
    }
    is_digits(zoned).then_some(Small { digits: zoned, negative })
}

/// The same of up to eight digits.
#[inline(always)]
fn zoned_eight(raw: &[u8], zero: u8, signed: bool) -> Option<Eight> {
    let ones = ONES as u64;
    let mut zoned = right_eight(raw)? ^ (u64::from(zero) * ones & low_eight(raw.len()));
    let mut negative = false;
    if signed {
        let zone = (zoned >> 4) as u8 & 0x0F;
        negative = zone == 0xD ^ 0xF;
        let usual = negative || zone == 0 || zone == 0xC ^ 0xF;
        zoned = if usual { zoned & !0xF0 } else { zoned };
    }
    let digits = ((zoned & ones * 0x7F) + ones * 0x76 | zoned) & ones * 0x80 == 0;
    digits.then_some(Eight { digits: zoned, negative })
}

/// Reads a packed number of up to 15 digits; nothing if anything about it is unusual.
#[inline(always)]
fn packed(raw: &[u8], (digits, signed): (u8, bool)) -> Option<Small> {
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
fn binary(raw: &[u8], limit: u64, signed: bool) -> Option<Small> {
    let bits = right_eight(raw)?;
    let shift = 64 - 8 * raw.len().min(8) as u32;
    let negative = signed && (bits << shift) >> 63 == 1;
    let value = if negative { ((bits << shift) as i64 >> shift) as u64 } else { bits };
    let magnitude = if negative { value.wrapping_neg() } else { value };
    if magnitude >= limit {
        return None;
    }
    let (high, low) = (magnitude / TEN_TO_8, u128::from(eight(magnitude % TEN_TO_8)));
    let digits = if high == 0 { low } else { u128::from(eight(high)) << 64 | low };
    Some(Small { digits, negative })
}

const TEN_TO_8: u64 = 100_000_000;
const TEN_TO_16: u64 = TEN_TO_8 * TEN_TO_8;

/// Returns the eight digits of a number below 10 to 8, a byte each.
///
/// Numbers of four digits are divided by 100, and these by 10, in lanes of a word; the factors are 2 to 20 by 100 and 2 to 10
/// by 10, rounded up, which is exact for numbers that small.
#[inline(always)]
fn eight(number: u64) -> u64 {
    let fours = (number / 10_000) << 32 | number % 10_000;
    let hundreds = (fours * 10_486 >> 20) & 0x0000_007F_0000_007F;
    let twos = hundreds << 16 | (fours - 100 * hundreds);
    let tens = (twos * 103 >> 10) & 0x000F_000F_000F_000F;
    tens << 8 | (twos - 10 * tens)
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
            Some(word(raw.first_chunk()?) << (8 * (raw.len() - 8)) | word(raw.last_chunk()?))
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
        [a, b, c] => Some(u64::from(*a) << 16 | u64::from(u16::from_be_bytes([*b, *c]))),
        _ if raw.len() <= 8 => {
            Some(half(raw.first_chunk()?) << (8 * (raw.len() - 4)) | half(raw.last_chunk()?))
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
    ((bytes & ONES * 0x7F) + ONES * 0x76 | bytes) & ONES * 0x80 == 0
}

/// Spreads half bytes over bytes.
#[inline(always)]
fn spread(halves: u64) -> u128 {
    let spread = u128::from(halves);
    let spread = (spread | spread << 32) & 0x0000_0000_FFFF_FFFF_0000_0000_FFFF_FFFF;
    let spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF_0000_FFFF_0000_FFFF;
    let spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF_00FF_00FF_00FF_00FF;
    (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F_0F0F_0F0F_0F0F_0F0F
}
