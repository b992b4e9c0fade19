//! A field and its slot, and all that can be known of them before any record is there.
//!
//! **Invariant.** It writes what reading gives, or nothing; whatever is unusual is left to [`Field::take`].

use super::small::{self, DIGITS_SMALL, TEN_TO_16};
use super::{Field, Form, Setting, Sign, text};
use crate::codepage::OTHER;
use kernel::{Slot, Usual, date_of_digits};

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
pub(super) const BEFORE_MAX: usize = 31;
/// Most bytes of a text.
const TEXT_MAX: usize = 48;
/// Room for a field: what stands in front, and a text with a quote or a number in two moves.
pub(super) const ROOM: usize = 96;

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
                small::zoned_eight(raw, zero, signed)?.write(decimals, room, start)
            }
            How::Zoned { zero, signed } => small::zoned(raw, zero, signed)?.write(decimals, room, start),
            How::Packed { digits, signed } => {
                small::packed(raw, (digits, signed))?.write(decimals, room, start)
            }
            How::Binary { limit, signed } => small::binary(raw, limit, signed)?.write(decimals, room, start),
            How::Date { zero } => {
                let digits = small::zoned_eight(raw, zero, false)?.text();
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
