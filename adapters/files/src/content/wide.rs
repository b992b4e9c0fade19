//! Content of UTF-16, made UTF-8 before anybody looks for records in it.
//!
//! **Invariant.** Nothing is replaced: half of a surrogate pair, and half of a character at the end, are refused with their
//! place.

use super::Trouble;
use bytes::BytesMut;

/// How UTF-16 lies in its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wide {
    /// As the byte order mark at the beginning says.
    Marked,
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

/// Makes UTF-8 of it, step by step.
#[derive(Debug)]
pub(super) struct Decoder {
    wide: Wide,
    /// Low byte first; nothing before the first character.
    little: Option<bool>,
    /// Bytes that are not decoded yet.
    held: Vec<u8>,
    /// How many were.
    at: u64,
    /// What was read and is to be decoded.
    pub(super) raw: BytesMut,
}

/// The byte order mark.
const MARK: u16 = 0xFEFF;
/// The same, read in the wrong order; it is no character.
const TURNED: u16 = 0xFFFE;

impl Wide {
    /// Returns what a mapping means by a name: `utf-16`, `UTF-16LE`, `utf_16be`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let plain = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
        match plain.collect::<String>().as_str() {
            "utf16" => Some(Self::Marked),
            "utf16le" => Some(Self::Little),
            "utf16be" => Some(Self::Big),
            _ => None,
        }
    }

    /// Returns a text as such content; one whose order is marked has the low byte first, as most have it.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        let mark = (self == Self::Marked).then_some(MARK);
        let units = mark.into_iter().chain(text.encode_utf16());
        units
            .flat_map(|unit| if self == Self::Big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }
}

impl Decoder {
    pub(super) fn new(wide: Wide) -> Self {
        Self { wide, little: None, held: Vec::new(), at: 0, raw: BytesMut::new() }
    }

    /// Gets ready for the beginning of a file.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.wide);
    }

    /// Appends the characters that are whole in what was read; the mark is one of them.
    ///
    /// # Errors
    /// The order of bytes is not known, or half of a surrogate pair stands alone.
    pub(super) fn decode(&mut self, into: &mut BytesMut) -> Result<(), Trouble> {
        self.held.extend_from_slice(&self.raw);
        let Some(little) = self.order()? else { return Ok(()) };
        let mut units = self.held.chunks_exact(2).map(|pair| match *pair {
            [low, high] if little => u16::from_le_bytes([low, high]),
            [high, low] => u16::from_be_bytes([high, low]),
            _ => 0,
        });
        let mut used = 0;
        into.reserve(self.held.len() / 2);
        while let Some(unit) = units.next() {
            let (character, length) = match unit {
                0xD800..=0xDBFF => match units.next() {
                    // Its other half comes with the next step.
                    None => break,
                    Some(other) => (char::decode_utf16([unit, other]).next(), 4),
                },
                _ => (char::decode_utf16([unit]).next(), 2),
            };
            let Some(Ok(character)) = character else {
                let at = self.at.saturating_add(used);
                let message = "it is no UTF-16: half of a surrogate pair stands alone";
                return Err(bad(message, at));
            };
            into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            used += length;
        }
        self.at = self.at.saturating_add(used);
        self.held.drain(..usize::try_from(used).unwrap_or(usize::MAX).min(self.held.len()));
        Ok(())
    }

    /// Ends a file.
    ///
    /// # Errors
    /// It ends within a character.
    pub(super) fn end(&self) -> Result<(), Trouble> {
        match self.held.is_empty() {
            true => Ok(()),
            false => Err(bad("it is no UTF-16: it ends within a character", self.at)),
        }
    }

    /// Finds out which byte comes first; nothing as long as too few are known.
    fn order(&mut self) -> Result<Option<bool>, Trouble> {
        let (None, Some(first)) = (self.little, self.held.first_chunk::<2>()) else { return Ok(self.little) };
        let little = match (self.wide, u16::from_le_bytes(*first), u16::from_be_bytes(*first)) {
            (Wide::Marked, MARK, _) => true,
            (Wide::Marked, _, MARK) => false,
            (Wide::Marked, ..) => {
                let message = "it does not begin with a byte order mark, so that nobody knows which byte comes \
                               first; write `encoding: utf-16le` or `utf-16be`";
                return Err(bad(message, 0));
            }
            (Wide::Little, TURNED, _) => return Err(bad("its byte order mark says that it is utf-16be", 0)),
            (Wide::Big, _, TURNED) => return Err(bad("its byte order mark says that it is utf-16le", 0)),
            (wide, ..) => wide == Wide::Little,
        };
        self.little = Some(little);
        Ok(self.little)
    }
}

/// `at` counts the bytes of UTF-16.
fn bad(message: &str, at: u64) -> Trouble {
    Trouble::Bad { message: format!("{message}, at byte {at} of its UTF-16"), at: Some(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in steps of so many bytes.
    fn decode(wide: Wide, bytes: &[u8], step: usize) -> Result<String, String> {
        let mut decoder = Decoder::new(wide);
        let mut into = BytesMut::new();
        for part in bytes.chunks(step) {
            decoder.raw = BytesMut::from(part);
            decoder.decode(&mut into).map_err(|why| why.to_string())?;
        }
        decoder.end().map_err(|why| why.to_string())?;
        Ok(String::from_utf8(into.to_vec()).unwrap())
    }

    #[test]
    fn texts_are_the_same_in_whatever_steps_they_come() {
        let text = "Käufe: 7,50 €\n\u{10437}\u{1F600}z\u{0}";
        for wide in [Wide::Marked, Wide::Little, Wide::Big] {
            let bytes = wide.encode(text);
            let mark = if wide == Wide::Marked { "\u{feff}" } else { "" };
            for step in [1, 2, 3, 5, 1000] {
                assert_eq!(decode(wide, &bytes, step), Ok(format!("{mark}{text}")), "{wide:?} by {step}");
            }
        }
        let big = [&[0xFE, 0xFF][..], &Wide::Big.encode("ä")].concat();
        for wide in [Wide::Marked, Wide::Big] {
            assert_eq!(decode(wide, &big, 1), Ok("\u{feff}ä".into()));
        }
        assert_eq!(decode(Wide::Marked, b"", 1), Ok(String::new()));
    }

    #[test]
    fn what_is_no_utf_16_is_refused_with_its_place() {
        let check = |wide, bytes: &[u8], expected: &str| {
            for step in [1, 2, 3, 1000] {
                let why = decode(wide, bytes, step).unwrap_err();
                assert!(why.contains(expected), "{why} should say {expected}");
            }
        };
        check(Wide::Little, b"a\0\x3D\xD8b\0", "half of a surrogate pair stands alone, at byte 2");
        check(Wide::Little, b"a\0b\0\x00\xDEc\0", "half of a surrogate pair stands alone, at byte 4");
        check(Wide::Little, b"a\0\x3D\xD8", "it ends within a character, at byte 2");
        check(Wide::Big, b"\0a\0", "it ends within a character, at byte 2");
        check(Wide::Marked, b"a\0b\0", "write `encoding: utf-16le` or `utf-16be`");
        check(Wide::Little, b"\xFE\xFF\0a", "says that it is utf-16be");
        check(Wide::Big, b"\xFF\xFEa\0", "says that it is utf-16le");
    }

    #[test]
    fn names_are_those_that_others_write() {
        let check = |name, expected| assert_eq!(Wide::named(name), expected);
        check("utf-16", Some(Wide::Marked));
        check("UTF-16LE", Some(Wide::Little));
        check("utf_16be", Some(Wide::Big));
        check("utf-8", None);
    }
}
