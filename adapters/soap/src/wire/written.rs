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

    /// Returns the byte behind the name if it stands at a position, of which `head` are the first bytes.
    ///
    /// The name may go on there.
    #[inline]
    pub(super) fn behind(&self, bytes: &[u8], from: usize, head: Head) -> Option<u8> {
        let length = self.text.len();
        if (head.0 ^ self.head) & self.mask != 0 {
            return None;
        }
        let behind = *bytes.get(from + length)?;
        let whole = length <= HEAD || self.ends(bytes, from);
        whole.then_some(behind)
    }

    /// Returns whether also what is behind the first bytes stands there.
    #[inline(never)]
    fn ends(&self, bytes: &[u8], from: usize) -> bool {
        let rest = bytes.get(from + HEAD..from + self.text.len());
        rest.is_some_and(|rest| scan::same(rest, &self.text.as_bytes()[HEAD..]))
    }
}

/// The bytes from a position on, to be compared with the head of a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head(u128);

impl Head {
    /// Takes these bytes.
    #[inline]
    pub(super) fn new(bytes: &[u8; HEAD]) -> Self {
        Self(u128::from_le_bytes(*bytes))
    }

    /// Takes the bytes at a position, if there are enough of them.
    #[inline]
    pub(super) fn at(bytes: &[u8], from: usize) -> Option<Self> {
        bytes.get(from..)?.first_chunk().map(Self::new)
    }
}

/// There is no such name.
pub(super) const NONE: u32 = u32::MAX;

/// A name that was found in a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met<'a> {
    /// Which of the names it is.
    pub(super) hint: u32,
    /// The name.
    pub(super) name: &'a Written,
    /// The byte behind it.
    pub(super) behind: u8,
}

/// Finds the name of an element that stands at a position, of which `head` are the first bytes. `last` is the one that was
/// found before.
#[inline(always)]
pub(super) fn element<'a>(
    names: &'a [Written],
    bytes: &[u8],
    from: usize,
    head: Head,
    last: u32,
) -> Option<Met<'a>> {
    // The next one, or the same again.
    for hint in [last.wrapping_add(1), last] {
        if let Some(name) = names.get(hint as usize)
            && let Some(behind) = name.behind(bytes, from, head)
            && ends_name(behind)
        {
            return Some(Met { hint, name, behind });
        }
    }
    far(names, bytes, from, last, head)
}

/// Looks at more names, from the last one on, but not at all of very many.
#[inline(never)]
fn far<'a>(names: &'a [Written], bytes: &[u8], from: usize, last: u32, head: Head) -> Option<Met<'a>> {
    const MOST: usize = 32;
    let start = (last as usize).saturating_add(2);
    let (before, behind) = names.split_at(if start < names.len() { start } else { 0 });
    let behind = (before.len() as u32..).zip(behind);
    behind.chain((0..).zip(before)).take(MOST).find_map(|(hint, name)| {
        let behind = name.behind(bytes, from, head).filter(|&behind| ends_name(behind))?;
        Some(Met { hint, name, behind })
    })
}

#[inline]
fn ends_name(behind: u8) -> bool {
    behind == b'>' || !chars::is(behind, NAME)
}

/// Returns which of the names this is, or `NONE`.
pub(super) fn position(names: &[Written], name: &[u8]) -> u32 {
    let found = names.iter().position(|known| scan::same(known.name().as_bytes(), name));
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
        let check = |known: &[Written], text: String, last, expected: Option<&str>| {
            let text = format!("{text}                ");
            let found = element(known, text.as_bytes(), 1, Head::at(text.as_bytes(), 1).unwrap(), last)
                .map(|met| met.name.name());
            assert_eq!(found, expected, "{text} {last}");
        };
        for (n, name) in names.into_iter().enumerate() {
            assert_eq!(known[n].prefixed, name.contains(':'));
            for behind in [">", " x='1'>", "/>", "=\"1\""] {
                for last in [0, 1, 2, 5, 6, u32::MAX] {
                    check(&known, format!("<{name}{behind}"), last, Some(name));
                }
            }
            let only = &known[n..=n];
            for behind in ["x>", "-", ":", "é", ":=", "x="] {
                check(only, format!("<{name}{behind}"), u32::MAX, None);
            }
            for place in name.char_indices().map(|(at, _)| at) {
                let (before, behind) = name.split_at(place);
                let other: String = before.chars().chain(['#']).chain(behind.chars().skip(1)).collect();
                check(only, format!("<{other}>"), u32::MAX, None);
            }
        }
        assert!(Head::at(b"<a>", 1).is_none());
        assert!(Head::at(b"<a>", 9).is_none());
    }
}
