//! Leaves of a record, taken in the order in which somebody wants them: the short way beside telling all parts.
//!
//! **Invariant.** A record is either taken as telling it would give it, or it is said that it has to be told.
//!
//! A record whose leaves stand at known places needs nobody to ask for every part of it. Who reads such records says once
//! which leaves it wants, and what stands in front of each; then a record is one run over these slots. Whatever is unusual
//! about one, such as a field that cannot be read, is left to the telling, which knows what to say of it.

mod lexical;

pub use lexical::{Lexical, without_end};

use crate::PartId;
use std::ops::Range;

/// A leaf that is wanted, and what is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The leaf.
    pub part: PartId,
    /// What stands in front of it.
    pub before: Snippet,
    /// What needs no asking.
    pub usual: Usual,
    /// The taker wants to know where it is.
    pub marked: bool,
}

/// What is written without the taker being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// A number, as it is.
    Number,
    /// A text that needs no escapes and does not begin with a blank; a quote is written behind it.
    Text,
    /// A date of eight digits, `20260131`, from the year 1000 on: with hyphens, and a quote behind it.
    Date,
    /// A date of ten characters, `2026-01-31`, from the year 1000 on; a quote is written behind it.
    Day,
    /// Nothing.
    Nothing,
}

/// What was written of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A number as JSON writes it: no leading zeros, all decimals of its scale, no minus before a nought.
    Number,
    /// A text in UTF-8. Blanks that pad it in front or behind, where its type says so, may be left out.
    Text {
        /// Nothing in it has to be escaped in JSON.
        plain: bool,
    },
    /// Nothing: a binary number of 64 bits has many texts, and its codec chooses one.
    Float {
        /// It, as its bits.
        bits: u64,
    },
    /// Nothing: it is explicitly none.
    Nil,
}

/// Is asked what to make of leaves that are not usual.
pub trait Taker {
    /// The leaf of slot number `index` begins at `start` and ends the sheet; there it may be changed into what is wanted of it.
    ///
    /// `false`: the record has to be told; what was written is of no use.
    fn take(&mut self, index: usize, taken: Taken, start: usize, sheet: &mut Sheet) -> bool;

    /// The leaf of a slot that is marked was written, in this place.
    fn mark(&mut self, index: usize, place: Range<usize>);
}

/// Parts that come one behind the other and have the same leaves, such as the rows of a table.
pub trait TakeRows {
    /// Gets ready to give these leaves of each row; `false` where rows have to be told.
    fn excerpt(&mut self, slots: &[Slot]) -> bool;

    /// Writes these leaves of the next row, and passes it. `false`, and no row is passed, where there is none, or where it has
    /// to be told; what was written is of no use then.
    fn take(&mut self, slots: &[Slot], to: &mut dyn Taker, sheet: &mut Sheet) -> bool;
}

impl Slot {
    /// Returns how many bytes of a sheet it needs beside its leaf.
    pub fn need(&self) -> usize {
        // A short snippet is written with all that it is padded with; hyphens and a quote may follow the leaf.
        self.before.text.len().max(SNIPPET_BYTES_SHORT) + ROOM_BEHIND
    }

    /// Writes slot number `index` from `at` on, what stands in front and what `leaf` writes, and returns where it ends.
    ///
    /// Nothing: the record has to be told, since `leaf` gives nothing, the taker says so, or there is no room.
    #[inline(always)]
    pub fn fill(
        &self,
        index: usize,
        leaf: impl FnOnce(&mut Pen<'_>) -> Option<Taken>,
        to: &mut dyn Taker,
        (sheet, at): (&mut Sheet, usize),
    ) -> Option<usize> {
        let mut pen = Pen { bytes: &mut sheet.bytes, at };
        pen.snippet(&self.before)?;
        let start = pen.at;
        let end = match (self.usual, leaf(&mut pen)?) {
            (Usual::Number, Taken::Number) => pen.at,
            (Usual::Text, Taken::Text { plain: true }) if pen.at > start && *pen.bytes.get(start)? > b' ' => {
                pen.put(b"\"", 1)?;
                pen.at
            }
            (Usual::Date, Taken::Number | Taken::Text { plain: true }) if pen.date(start).is_some() => pen.at,
            (Usual::Day, Taken::Text { plain: true }) if pen.day(start).is_some() => pen.at,
            (_, taken) => {
                sheet.end = pen.at;
                return to.take(index, taken, start, sheet).then_some(sheet.end);
            }
        };
        if self.marked {
            to.mark(index, start..end);
        }
        Some(end)
    }
}

/// Bytes that are written one record behind the other, with room for more behind them.
///
/// The room is there before it is written, so that a piece needs no more than its place.
#[derive(Debug, Default)]
pub struct Sheet {
    bytes: Vec<u8>,
    end: usize,
}

impl Sheet {
    /// Makes one with room for so many bytes.
    pub fn with_room(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes], end: 0 }
    }

    /// Goes on behind bytes that were written elsewhere.
    pub fn behind(bytes: Vec<u8>) -> Self {
        Self { end: bytes.len(), bytes }
    }

    /// How many bytes were written.
    pub fn end(&self) -> usize {
        self.end
    }

    /// They.
    pub fn written(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// A byte that was written, to be changed.
    pub fn byte_mut(&mut self, place: usize) -> Option<&mut u8> {
        self.bytes.get_mut(..self.end)?.get_mut(place)
    }

    /// Forgets what was written from a place on.
    #[inline]
    pub fn truncate(&mut self, end: usize) {
        self.end = self.end.min(end);
    }

    /// Says where the written bytes end, after pieces were written by a [`Pen`].
    #[inline]
    pub fn set_end(&mut self, end: usize) {
        self.end = end.min(self.bytes.len());
    }

    /// Returns room that was made before, from a place on.
    #[inline(always)]
    pub fn room<const N: usize>(&mut self, place: usize) -> Option<&mut [u8; N]> {
        self.bytes.get_mut(place..)?.first_chunk_mut()
    }

    /// Makes room for so many bytes more.
    #[inline]
    pub fn reserve(&mut self, bytes: usize) {
        if self.bytes.len() - self.end < bytes {
            self.grow(bytes);
        }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        let least = self.end.saturating_add(bytes);
        self.bytes.resize(least.max(self.bytes.len().saturating_mul(2)), 0);
    }

    /// Writes bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.end..self.end + bytes.len()) {
            place.copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    /// Returns what was written.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end);
        self.bytes
    }
}

/// Writes pieces into the room of a [`Sheet`].
#[derive(Debug)]
pub struct Pen<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl Pen<'_> {
    /// Writes the first `kept` of these bytes: a move of a known length is less than one of any length.
    ///
    /// Nothing where there is no room for all of them.
    #[inline(always)]
    pub fn put<const N: usize>(&mut self, bytes: &[u8; N], kept: usize) -> Option<()> {
        *self.bytes.get_mut(self.at..)?.first_chunk_mut::<N>()? = *bytes;
        self.at += kept;
        Some(())
    }

    /// Writes bytes of any length; nothing where there is no room for them.
    pub fn put_all(&mut self, bytes: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.at..self.at + bytes.len())?.copy_from_slice(bytes);
        self.at += bytes.len();
        Some(())
    }

    /// Writes a text, and says whether nothing in it has to be escaped in JSON; nothing where there is no room for it and for
    /// [`ROOM_BEHIND`] bytes more.
    #[inline(always)]
    pub fn put_text(&mut self, text: &[u8]) -> Option<bool> {
        let (place, length) = (self.bytes.get_mut(self.at..)?, text.len());
        // Two moves that may overlap are less than one of any length.
        let plain = match (text.first_chunk::<WORD>(), text.last_chunk::<WORD>()) {
            (Some(first), Some(last)) if length <= 2 * WORD => {
                *place.first_chunk_mut()? = *first;
                *place.get_mut(length - WORD..)?.first_chunk_mut()? = *last;
                !(has_to_escape(*first) | has_to_escape(*last))
            }
            (Some(_), Some(_)) => copy_text(text, place.get_mut(..length)?)?,
            _ => {
                let word = short_word(text)?;
                *place.first_chunk_mut()? = word.to_le_bytes();
                // What stands behind a short text are noughts, which would have to be escaped.
                let blanks = (u64::MAX / 0xff * 0x20) << (length * 8);
                !has_to_escape((word | blanks).to_le_bytes())
            }
        };
        self.at += length;
        Some(plain)
    }

    /// Writes a whole number; nothing where there is no room for it.
    #[inline(always)]
    pub fn put_int(&mut self, number: i64) -> Option<()> {
        self.put_all(digits_of(number, &mut [0; INT_BYTES_MAX]))
    }

    /// Has so many bytes written into their place; `false` takes them back.
    #[inline(always)]
    pub fn put_with(&mut self, length: usize, write: impl FnOnce(&mut [u8]) -> bool) -> Option<bool> {
        let written = write(self.bytes.get_mut(self.at..self.at + length)?);
        self.at += if written { length } else { 0 };
        Some(written)
    }

    #[inline(always)]
    fn snippet(&mut self, snippet: &Snippet) -> Option<()> {
        match &snippet.padded {
            Some(padded) => self.put(padded, snippet.text.len()),
            None => self.put_all(&snippet.text),
        }
    }

    /// Writes a quote behind a date of ten characters that begins at `start`.
    #[inline(always)]
    fn day(&mut self, start: usize) -> Option<()> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *self.bytes.get(start..self.at)? else {
            return None;
        };
        date_of_digits([y1, y2, y3, y4, m1, m2, d1, d2])?;
        self.put(b"\"", 1)
    }

    /// Makes a date of eight digits, from `start` on, and a quote behind it.
    #[inline(always)]
    fn date(&mut self, start: usize) -> Option<()> {
        let digits = self.bytes.get(start..self.at)?.try_into().ok()?;
        let [y1, y2, y3, y4, h1, m1, m2, h2, d1, d2] = date_of_digits(digits)?;
        self.at = start;
        self.put(&[y1, y2, y3, y4, h1, m1, m2, h2, d1, d2, b'"'], 11)
    }
}

/// Bytes of a word.
const WORD: usize = 8;

/// Most bytes of a whole number of 64 bits, with its sign.
pub const INT_BYTES_MAX: usize = 20;

/// Room that is behind whatever a pen writes.
pub const ROOM_BEHIND: usize = 16;

/// Returns a text of up to eight bytes as the low end of a word, and noughts behind it.
#[inline(always)]
pub fn short_word(text: &[u8]) -> Option<u64> {
    Some(match text {
        _ if text.len() > WORD => return None,
        // Where the two halves overlap they are alike.
        [a, b, c, d, ..] => {
            let high = u32::from_le_bytes(*text.last_chunk::<4>()?);
            u64::from(u32::from_le_bytes([*a, *b, *c, *d])) | u64::from(high) << ((text.len() - 4) * 8)
        }
        [a, b, c] => u64::from(*a) | u64::from(*b) << 8 | u64::from(*c) << 16,
        [a, b] => u64::from(*a) | u64::from(*b) << 8,
        [a] => u64::from(*a),
        [] => 0,
    })
}

/// Returns whether a byte cannot stand in a JSON text.
#[inline(always)]
pub fn must_escape(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

/// Copies a text of more than 16 bytes to its place, and says whether nothing in it has to be escaped in JSON.
#[inline(always)]
fn copy_text(text: &[u8], place: &mut [u8]) -> Option<bool> {
    let mut found = [0; LANES];
    let mut look = |chunk: &[u8; LANES]| {
        for (found, byte) in found.iter_mut().zip(chunk) {
            *found |= u8::from(must_escape(*byte));
        }
    };
    let (chunks, _) = text.as_chunks::<LANES>();
    for (to, chunk) in place.as_chunks_mut::<LANES>().0.iter_mut().zip(chunks) {
        *to = *chunk;
        look(chunk);
    }
    // The last bytes are no chunk of their own, but they end one.
    let last = text.last_chunk()?;
    *place.last_chunk_mut()? = *last;
    look(last);
    Some(found == [0; LANES])
}

/// Bytes that a processor looks at at once.
const LANES: usize = 16;

/// Returns whether any byte of a word cannot stand in a JSON text, looking at all of them at once.
///
/// `x - 1` borrows into the high bit of a byte only if the byte is nought, or follows one that did: enough to say
/// *whether*, not *where*.
#[inline(always)]
pub fn has_to_escape(word: [u8; WORD]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHS: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    let noughts = |word: u64| word.wrapping_sub(ONES) & !word;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    let all = |byte: u8| ONES * u64::from(byte);
    (noughts(word ^ all(b'"')) | noughts(word ^ all(b'\\')) | controls) & HIGHS != 0
}

/// Writes the digits of a whole number, with its sign, and returns them.
#[inline(always)]
pub fn digits_of(number: i64, room: &mut [u8; INT_BYTES_MAX]) -> &[u8] {
    let (mut rest, mut at) = (number.unsigned_abs(), room.len());
    while rest > 0 || at == room.len() {
        at -= 1;
        room[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    if number < 0 {
        at -= 1;
        room[at] = b'-';
    }
    &room[at..]
}

/// Returns `yyyy-MM-dd` for `yyyyMMdd`, if that is a date from the year 1000 on.
#[inline]
pub fn date_of_digits(digits: [u8; 8]) -> Option<[u8; 10]> {
    let [y1 @ b'1'..=b'9', y2, y3, y4, m1, m2, d1, d2] = digits else { return None };
    let pair = |a: u8, b: u8| (a & 0x0F) * 10 + (b & 0x0F);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (century, year) = (pair(y1, y2), pair(y3, y4));
    let leap = if year == 0 { century % 4 == 0 } else { year % 4 == 0 };
    let last = match pair(m1, m2) {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    let date = [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2];
    (1..=last).contains(&pair(d1, d2)).then_some(date)
}

/// A few bytes, made to be appended in one move where they are short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    text: Box<[u8]>,
    /// The text and noughts behind it, if it is short enough.
    padded: Option<[u8; SNIPPET_BYTES_SHORT]>,
}

const SNIPPET_BYTES_SHORT: usize = 32;

impl Snippet {
    /// Makes one.
    pub fn new(text: &[u8]) -> Self {
        let mut padded = [0; SNIPPET_BYTES_SHORT];
        let padded = padded.get_mut(..text.len()).map(|start| start.copy_from_slice(text)).map(|()| padded);
        Self { text: text.into(), padded }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Appends them.
    #[inline]
    pub fn append(&self, out: &mut Vec<u8>) {
        match &self.padded {
            Some(padded) => {
                let end = out.len() + self.text.len();
                out.extend_from_slice(padded);
                out.truncate(end);
            }
            None => out.extend_from_slice(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Asked {
        asked: Vec<(usize, Taken, String)>,
        marked: Vec<(usize, Range<usize>)>,
    }

    impl Taker for Asked {
        fn take(&mut self, index: usize, taken: Taken, start: usize, sheet: &mut Sheet) -> bool {
            self.asked.push((index, taken, String::from_utf8_lossy(&sheet.written()[start..]).into()));
            sheet.truncate(start);
            sheet.put(b"asked");
            taken != Taken::Nil
        }

        fn mark(&mut self, index: usize, place: Range<usize>) {
            self.marked.push((index, place));
        }
    }

    /// Fills a slot in a sheet with so much room, and says what is written then.
    fn filled(usual: Usual, leaf: Option<Taken>, text: &str, room: usize) -> (Option<String>, Asked) {
        let slot = Slot { part: PartId(1), before: Snippet::new(b",\"a\":"), usual, marked: true };
        let (mut to, mut sheet) = (Asked::default(), Sheet::with_room(room));
        sheet.put(b"before");
        let at = sheet.end();
        let write = |pen: &mut Pen<'_>| {
            pen.put_all(text.as_bytes())?;
            leaf
        };
        let end = slot.fill(7, write, &mut to, (&mut sheet, at));
        let written = end.map(|end| {
            sheet.set_end(end);
            String::from_utf8(sheet.into_bytes()).unwrap()
        });
        (written, to)
    }

    #[test]
    fn only_what_is_unusual_is_asked_about() {
        let check = |usual: Usual, leaf: Option<Taken>, text: &str, expected: Option<&str>| {
            let (written, to) = filled(usual, leaf, text, 100);
            let expected = expected.map(|expected| format!("before,\"a\":{expected}"));
            assert_eq!(written, expected, "{usual:?} {leaf:?} {text}");
            let asked = expected.as_ref().map_or(leaf.is_some(), |expected| expected.ends_with("asked"));
            assert_eq!(to.asked.len(), usize::from(asked), "{usual:?} {leaf:?} {text}");
            assert!(to.asked.iter().all(|(index, _, known)| *index == 7 && known == text));
            let place = || 11..expected.as_ref().map_or(0, String::len);
            let marked = if asked || leaf.is_none() { vec![] } else { vec![(7, place())] };
            assert_eq!(to.marked, marked, "{usual:?} {leaf:?} {text}");
            // Where there is no room, nobody is asked and nothing is written.
            assert_eq!(filled(usual, leaf, text, 20).0, None);
        };
        let plain = Some(Taken::Text { plain: true });
        check(Usual::Number, Some(Taken::Number), "1.50", Some("1.50"));
        check(Usual::Number, plain, "1.50", Some("asked"));
        check(Usual::Number, Some(Taken::Nil), "", None);
        check(Usual::Text, plain, "a b", Some("a b\""));
        check(Usual::Text, plain, " a", Some("asked"));
        check(Usual::Text, plain, "", Some("asked"));
        check(Usual::Text, Some(Taken::Text { plain: false }), "a", Some("asked"));
        check(Usual::Text, Some(Taken::Number), "1", Some("asked"));
        check(Usual::Date, Some(Taken::Number), "20260131", Some("2026-01-31\""));
        check(Usual::Date, plain, "20240229", Some("2024-02-29\""));
        check(Usual::Date, plain, "20260229", Some("asked"));
        check(Usual::Date, Some(Taken::Number), "0", Some("asked"));
        check(Usual::Day, plain, "2026-01-31", Some("2026-01-31\""));
        check(Usual::Day, plain, "2026-02-29", Some("asked"));
        check(Usual::Day, plain, "0999-01-31", Some("asked"));
        check(Usual::Day, plain, "2026-1-31", Some("asked"));
        check(Usual::Day, plain, "20260131", Some("asked"));
        check(Usual::Nothing, plain, "a", Some("asked"));
        check(Usual::Text, None, "", None);
    }

    #[test]
    fn a_text_is_written_whatever_its_length_and_known_to_be_plain_or_not() {
        for length in 0..70 {
            for odd in [None, Some(b'"'), Some(b'\\'), Some(0x1f), Some(0), Some(0xc3)] {
                for place in 0..if odd.is_some() { length } else { 1 } {
                    let mut text = vec![b'x'; length];
                    if let Some(odd) = odd {
                        text[place] = odd;
                    }
                    let mut bytes = vec![b'?'; length + ROOM_BEHIND];
                    let mut pen = Pen { bytes: &mut bytes, at: 0 };
                    let plain = pen.put_text(&text);
                    assert_eq!(
                        plain,
                        Some(odd.is_none_or(|odd| odd == 0xc3)),
                        "{odd:?} at {place} of {length}"
                    );
                    assert_eq!((pen.at, &bytes[..length]), (length, &text[..]));
                }
            }
        }
    }

    #[test]
    fn whole_numbers_are_written_with_all_their_digits() {
        for number in [0, 7, -7, 10, 123_456, -1_000_000, i64::MAX, i64::MIN] {
            assert_eq!(digits_of(number, &mut [0; INT_BYTES_MAX]), number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_sheet_grows_and_is_cut_without_losing_what_stands_before() {
        let mut sheet = Sheet::default();
        let mut expected = Vec::new();
        for n in 0..2_000_usize {
            let piece = vec![b'a' + (n % 26) as u8; n % 97];
            sheet.put(&piece);
            expected.extend_from_slice(&piece);
            if n % 7 == 0 {
                expected.truncate(expected.len().saturating_sub(5));
                sheet.truncate(expected.len());
            }
        }
        assert_eq!(sheet.written(), expected);
        assert_eq!(sheet.into_bytes(), expected);
    }

    #[test]
    fn a_snippet_appends_its_bytes_whether_it_is_short_or_long() {
        for length in [0, 1, 31, 32, 33, 100] {
            let text = vec![b'x'; length];
            let mut out = b"before".to_vec();
            Snippet::new(&text).append(&mut out);
            assert_eq!(out, [b"before", &text[..]].concat(), "{length}");
        }
    }
}
