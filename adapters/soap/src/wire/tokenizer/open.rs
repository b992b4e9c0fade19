//! The names of the elements that are open.
//!
//! **Invariant.** A name is where it stands in the input; before the input is dropped, the names in it are copied, so
//! that opening an element copies and allocates nothing.

use crate::wire::scan;

/// The names of the open elements, as written.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// From where to where the names stand: those of the first elements in `kept`, the others in the input.
    places: Vec<(usize, usize)>,
    /// How many of the places are those of `kept`.
    moved: usize,
    /// Names that stood in input that is dropped, one behind the other.
    kept: Vec<u8>,
}

impl Open {
    /// How many elements are open.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.places.len()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.kept.clear();
        self.moved = 0;
    }

    /// Lets memory go that is beyond this many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.places.shrink_to(bytes / size_of::<(usize, usize)>());
        self.kept.shrink_to(bytes);
    }

    /// Opens an element whose name stands here in the input.
    #[inline]
    pub(crate) fn push(&mut self, from: usize, to: usize) {
        self.places.push((from, to));
    }

    /// Where the names stand in the input, if all of them do.
    pub(crate) fn places(&self) -> Option<&[(usize, usize)]> {
        (self.moved == 0).then_some(&self.places)
    }

    /// Closes the innermost element.
    #[inline]
    pub(crate) fn pop(&mut self) {
        if let Some((from, _)) = self.places.pop()
            && self.moved > self.places.len()
        {
            self.moved = self.places.len();
            self.kept.truncate(from);
        }
    }

    /// Closes the innermost element if its end tag stands here in the input, plainly written; returns where that ends.
    pub(crate) fn close(&mut self, input: &[u8], at: usize) -> Option<usize> {
        let name = self.last(input)?;
        let from = at + 2;
        let close = from + name.len();
        if input.get(close) != Some(&b'>') || !scan::same(&input[from..close], name) {
            return None;
        }
        self.pop();
        Some(close + 1)
    }

    /// Returns the name of the innermost element, given the input.
    #[inline]
    pub(crate) fn last<'a>(&'a self, input: &'a [u8]) -> Option<&'a [u8]> {
        let &(from, to) = self.places.last()?;
        let names = if self.moved < self.places.len() { input } else { &self.kept };
        Some(&names[from..to])
    }

    /// Copies the names that stand in the input, which is about to be dropped.
    pub(crate) fn keep(&mut self, input: &[u8]) {
        for (from, to) in &mut self.places[self.moved..] {
            let start = self.kept.len();
            self.kept.extend_from_slice(&input[*from..*to]);
            (*from, *to) = (start, self.kept.len());
        }
        self.moved = self.places.len();
    }

    /// Returns the innermost element in words, given the input.
    pub(super) fn describe(&self, input: &[u8]) -> String {
        match self.last(input) {
            Some(name) => format!("<{}>", shortened(&String::from_utf8_lossy(name))),
            None => "any start tag".into(),
        }
    }
}

/// Returns a name, cut where it is too long for a message.
pub(crate) fn shortened(name: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    match name.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_their_input_went() {
        let check = |open: &Open, input: &[u8], expected: Option<&str>| {
            assert_eq!(open.last(input), expected.map(str::as_bytes));
        };
        let (first, second) = (b"<envelope><body>", b"<order><item>");
        let mut open = Open::default();
        open.push(1, 9);
        open.push(11, 15);
        check(&open, first, Some("body"));
        open.keep(first);
        check(&open, second, Some("body"));
        open.push(1, 6);
        check(&open, second, Some("order"));
        open.keep(second);
        open.push(8, 12);
        check(&open, second, Some("item"));
        for expected in [Some("order"), Some("body"), Some("envelope"), None] {
            open.pop();
            check(&open, second, expected);
        }
        open.push(1, 9);
        check(&open, first, Some("envelope"));
        assert_eq!(open.depth(), 1);
    }
}
