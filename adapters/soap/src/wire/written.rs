//! Names as they are written, ready to be compared with what stands in a message.
//!
//! **Invariant.** A name is found where all its bytes stand and the name ends behind them, nowhere else.
//!
//! Most names have no more than sixteen bytes, so that one comparison of two numbers decides.

use super::chars::{self, NAME};
use super::lookup::Found;
use super::scan;

/// Bytes that are compared at once.
const HEAD: usize = size_of::<u128>();

/// A name that was met, and what it means.
#[derive(Debug)]
pub(crate) struct Written {
    /// The first bytes; none set behind the end of the name.
    head: u128,
    /// Which bits of the head count.
    mask: u128,
    text: Box<str>,
    /// It has a prefix.
    pub(super) prefixed: bool,
    /// What it means.
    pub(super) found: Found,
}

impl Written {
    /// Prepares a name.
    pub(super) fn new(name: &str, found: Found) -> Self {
        let mut first = [0; HEAD];
        let mut counts = [0; HEAD];
        for ((first, counts), byte) in first.iter_mut().zip(&mut counts).zip(name.bytes()) {
            (*first, *counts) = (byte, u8::MAX);
        }
        let (head, mask) = (u128::from_le_bytes(first), u128::from_le_bytes(counts));
        Self { head, mask, text: name.into(), prefixed: name.contains(':'), found }
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.text
    }

    /// Returns whether the name stands at a position, of which `window` are the first bytes.
    #[inline]
    fn stands_at(&self, bytes: &[u8], from: usize, window: u128) -> bool {
        let end = from + self.text.len();
        (window ^ self.head) & self.mask == 0
            && (self.text.len() <= HEAD || self.continues(bytes, from))
            && bytes.get(end).is_some_and(|&byte| !chars::is(byte, NAME))
    }

    /// The same for what is behind the first bytes.
    #[inline(never)]
    fn continues(&self, bytes: &[u8], from: usize) -> bool {
        let rest = bytes.get(from + HEAD..from + self.text.len());
        rest.is_some_and(|rest| scan::same(rest, &self.text.as_bytes()[HEAD..]))
    }
}

/// Returns the first bytes from a position on, if there are enough of them.
#[inline]
fn window(bytes: &[u8], from: usize) -> Option<u128> {
    bytes.get(from..)?.first_chunk::<HEAD>().map(|chunk| u128::from_le_bytes(*chunk))
}

/// There is no such name.
pub(super) const NONE: u32 = u32::MAX;

/// Finds the name that stands at a position: which one it is, or `NONE`, also where the input ends soon. `last` is the
/// one that was found before.
#[inline(always)]
pub(super) fn find(names: &[Written], bytes: &[u8], from: usize, last: u32) -> u32 {
    let Some(window) = window(bytes, from) else { return NONE };
    // The next one, or the same again.
    for near in [last.wrapping_add(1), last] {
        if names.get(near as usize).is_some_and(|name| name.stands_at(bytes, from, window)) {
            return near;
        }
    }
    far(names, bytes, from, window)
}

#[inline(never)]
fn far(names: &[Written], bytes: &[u8], from: usize, window: u128) -> u32 {
    let found = names.iter().position(|name| name.stands_at(bytes, from, window));
    found.map_or(NONE, |found| found as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_all_of_it_stands() {
        let long = "a-name-of-more-than-32-bytes-is-long";
        let names = ["a", "ab", "a:b", "äöü", "sixteen-bytes-it", "seventeen-bytes-i", long];
        let known: Vec<Written> = names.iter().map(|name| Written::new(name, Found::Unknown)).collect();
        let check = |known: &[Written], text: String, last, expected| {
            assert_eq!(
                find(known, format!("{text}                ").as_bytes(), 1, last),
                expected,
                "{text} {last}"
            );
        };
        for (n, name) in (0..).zip(names) {
            assert_eq!(known[n as usize].prefixed, name.contains(':'));
            for behind in [">", " x='1'>", "/>", "=\"1\""] {
                for last in [0, 1, 2, 5, 6, u32::MAX] {
                    check(&known, format!("<{name}{behind}"), last, n);
                }
            }
            let only = &known[n as usize..=n as usize];
            for behind in ["x>", "-", ":", "é"] {
                check(only, format!("<{name}{behind}"), NONE, NONE);
            }
            for place in name.char_indices().map(|(at, _)| at) {
                let (before, behind) = name.split_at(place);
                let other: String = before.chars().chain(['#']).chain(behind.chars().skip(1)).collect();
                check(only, format!("<{other}>"), NONE, NONE);
            }
        }
        assert_eq!(find(&known, b"<a>", 1, NONE), NONE);
        assert_eq!(find(&known, b"<a>", 9, NONE), NONE);
    }
}
