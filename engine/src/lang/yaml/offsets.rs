//! From the parser's character indexes to byte offsets.
//!
//! **Invariant.** An offset is a character boundary within the text.

/// Byte offsets of the characters of a text.
pub(super) struct Offsets {
    /// `None` where all characters have one byte.
    starts: Option<Vec<u32>>,
    len: usize,
}

impl Offsets {
    /// Measures a text.
    pub(super) fn new(text: &str) -> Self {
        let starts = (!text.is_ascii())
            .then(|| text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect());
        Self { starts, len: text.len() }
    }

    /// Returns the byte offset of a character.
    pub(super) fn byte(&self, character: usize) -> usize {
        match &self.starts {
            None => character.min(self.len),
            Some(starts) => starts.get(character).map_or(self.len, |at| *at as usize),
        }
    }
}
