//! Pages of one byte a character, with what makes them fast: ASCII by byte, and bytes by character.
//!
//! **Invariant.** No two bytes of a page are the same character, so what is decoded is encoded as the same bytes.

use super::ebcdic::CONTROLS;
use super::{OTHER, PLAIN};
use std::str;

/// 256 characters.
pub(crate) struct SinglePage {
    /// Its name, as mappings write it: `cp273`, `latin1`.
    pub name: &'static str,
    /// It is an EBCDIC page: digits are F0 to F9, a blank is 40.
    pub ebcdic: bool,
    /// The characters by byte.
    pub chars: [char; 256],
    /// The characters that are ASCII, by byte; the others are [`OTHER`].
    ascii: [u8; 256],
    /// Those of them that are not escaped in JSON, by byte; the others are [`OTHER`].
    pub(super) plain: [u8; 256],
    /// The bytes by the hash of their character; free slots are [`FREE`].
    slots: [u16; SLOTS],
}

/// Stands for a byte that has no character.
pub(super) const NONE: char = '\u{FFFF}';

const FREE: u16 = 0x100;
const SLOTS: usize = 512;
/// As many bytes as are decoded at once.
const CHUNK: usize = 64;

impl SinglePage {
    /// Returns an EBCDIC page by its characters from 40 on; those before are the same in all.
    pub(super) const fn ebcdic(name: &'static str, graphics: &str) -> Self {
        let chars = fill(fill([NONE; 256], 0, CONTROLS), 0x40, graphics);
        Self::new(name, true, chars)
    }

    /// Returns a page whose lower half is ASCII, by its upper half; bytes behind the end of it have no character.
    pub(super) const fn ascii(name: &'static str, upper: &str) -> Self {
        let mut chars = fill([NONE; 256], 0x80, upper);
        let mut at = 0;
        while at < 0x80 {
            chars[at as usize] = at as u8 as char;
            at += 1;
        }
        Self::new(name, false, chars)
    }

    /// Returns the same page with another character in one place.
    pub(super) const fn with(&self, name: &'static str, byte: u8, character: char) -> Self {
        let mut chars = self.chars;
        chars[byte as usize] = character;
        Self::new(name, self.ebcdic, chars)
    }

    /// Returns a page by its characters.
    pub(super) const fn new(name: &'static str, ebcdic: bool, chars: [char; 256]) -> Self {
        let mut page =
            Self { name, ebcdic, chars, ascii: [OTHER; 256], plain: [OTHER; 256], slots: [FREE; SLOTS] };
        let mut byte = 0;
        while byte < 256 {
            let character = chars[byte];
            if character != NONE {
                if character.is_ascii() {
                    page.ascii[byte] = character as u8;
                    page.plain[byte] = PLAIN[character as usize];
                }
                let mut slot = hash(character);
                while page.slots[slot] != FREE {
                    slot = (slot + 1) % SLOTS;
                }
                page.slots[slot] = byte as u16;
            }
            byte += 1;
        }
        page
    }

    /// Returns the byte of a character.
    #[inline]
    pub(crate) fn byte(&self, character: char) -> Option<u8> {
        let mut slot = hash(character);
        // Half of the slots are free, so this ends.
        loop {
            let byte = u8::try_from(self.slots[slot]).ok()?;
            if self.chars[usize::from(byte)] == character {
                return Some(byte);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// Appends the text of bytes, or says which has no character.
    #[inline]
    pub(super) fn decode_into(&self, raw: &[u8], text: &mut String) -> Result<(), usize> {
        let mut ascii = [0u8; CHUNK];
        for (number, chunk) in raw.chunks(CHUNK).enumerate() {
            let mut all = 0;
            for (to, byte) in ascii.iter_mut().zip(chunk) {
                *to = self.ascii[usize::from(*byte)];
                all |= *to;
            }
            match ascii.get(..chunk.len()).filter(|_| all < OTHER).and_then(|run| str::from_utf8(run).ok()) {
                Some(same) => text.push_str(same),
                None => self.decode_chunk(chunk, &ascii, text).map_err(|at| number * CHUNK + at)?,
            }
        }
        Ok(())
    }

    /// Appends the text of a chunk some of whose characters are not ASCII; `ascii` has the others.
    fn decode_chunk(&self, chunk: &[u8], ascii: &[u8], text: &mut String) -> Result<(), usize> {
        let (mut chunk, mut ascii, mut at) = (chunk, ascii, 0);
        loop {
            // Runs of ASCII are copied as a whole.
            let run = ascii.iter().take(chunk.len()).position(|byte| *byte >= OTHER).unwrap_or(chunk.len());
            text.push_str(ascii.get(..run).and_then(|run| str::from_utf8(run).ok()).unwrap_or_default());
            at += run;
            let Some(byte) = chunk.get(run) else { return Ok(()) };
            match self.chars[usize::from(*byte)] {
                NONE => return Err(at),
                character => text.push(character),
            }
            at += 1;
            chunk = chunk.get(run + 1..).unwrap_or_default();
            ascii = ascii.get(run + 1..).unwrap_or_default();
        }
    }
}

impl PartialEq for SinglePage {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SinglePage {}

impl std::fmt::Debug for SinglePage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Spreads characters over the slots; Latin, Greek and Cyrillic letters would meet if their low bits were taken.
const fn hash(character: char) -> usize {
    ((character as u32).wrapping_mul(0x9E37_79B1) >> 23) as usize
}

/// Puts the characters of a text into the places from `at` on.
const fn fill(mut chars: [char; 256], mut at: usize, text: &str) -> [char; 256] {
    let bytes = text.as_bytes();
    let mut next = 0;
    while next < bytes.len() {
        let lead = bytes[next] as u32;
        let (mut code, more) = match lead {
            0..0x80 => (lead, 0),
            0x80..0xE0 => (lead & 0x1F, 1),
            _ => (lead & 0x0F, 2),
        };
        let mut n = 0;
        while n < more {
            n += 1;
            code = code << 6 | (bytes[next + n] as u32 & 0x3F);
        }
        next += more + 1;
        chars[at] = match char::from_u32(code) {
            Some(character) => character,
            None => NONE,
        };
        at += 1;
    }
    chars
}
