//! Finds bytes eight at a time, inline, since most things in a message are nearer than a call is cheap.
//!
//! **Invariant.** Every answer is that of the plain search; far distances are left to `memchr`.

use super::chars;

/// A byte in each of eight places.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The low seven bits of each place.
const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
/// The highest bit of each place.
const HIGH: u64 = !LOW;

/// How far is searched here before `memchr` takes over.
const NEAR: usize = 32;

/// Where a tag ends that holds nothing odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TagEnd {
    /// Where its `>` stands.
    pub(crate) close: usize,
    /// How many double quotes stand before it.
    pub(crate) quotes: u32,
}

/// Returns where a byte stands first, from a position on.
#[inline]
pub(crate) fn find(bytes: &[u8], from: usize, needle: u8) -> Option<usize> {
    let mut at = from;
    let near = bytes.len().min(from + NEAR);
    while at + 8 <= near {
        let hits = hit(word(bytes, at)?, needle) & HIGH;
        if hits != 0 {
            return Some(at + first(hits));
        }
        at += 8;
    }
    memchr::memchr(needle, bytes.get(at..)?).map(|found| at + found)
}

/// An element that holds nothing but one text, behind its start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeafEnd {
    /// Where the text ends.
    pub(crate) text_end: usize,
    /// Where the element ends.
    pub(crate) end: usize,
    /// The text means exactly what is written.
    pub(crate) plain: bool,
}

/// Finds the end of an element that holds nothing but one text, from behind its start tag.
#[inline(always)]
pub(crate) fn leaf(bytes: &[u8], from: usize, name: &[u8], text_bytes_max: u32) -> Option<LeafEnd> {
    let mut text_end = text_end(bytes, from)?;
    let plain = bytes[text_end] == b'<';
    if !plain {
        text_end = find(bytes, text_end, b'<')?;
    }
    let close = text_end + 2 + name.len();
    let ends =
        *bytes.get(close)? == b'>' && bytes[text_end + 1] == b'/' && same(&bytes[text_end + 2..close], name);
    let short = (text_end - from) as u64 <= u64::from(text_bytes_max);
    (ends && short).then_some(LeafEnd { text_end, end: close + 1, plain })
}

/// Returns where a text stands for itself no more: before markup, references, line ends to be changed, `]`.
#[inline]
pub(crate) fn text_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(word) = word(bytes, at) {
        let hits = (hit(word, b'<') | hit(word, b'&') | hit(word, b'\r') | hit(word, b']')) & HIGH;
        if hits != 0 {
            return Some(at + first(hits));
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|&byte| !chars::is(byte, chars::PLAIN_TEXT)).map(|found| at + found)
}

/// Returns where the value of an attribute ends, or stands for itself no more.
#[inline(always)]
pub(crate) fn value_end(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    while let Some(word) = word(bytes, at) {
        // Of the characters before the blank XML has only those that a value does not keep.
        let blank = word.wrapping_sub(ONES * 0x20) & !word;
        let hits = (hit(word, quote) | hit(word, b'&') | hit(word, b'<') | blank) & HIGH;
        if hits != 0 {
            return Some(at + first(hits));
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let ends = |&byte: &u8| byte == quote || !chars::is(byte, chars::PLAIN_VALUE);
    rest.iter().position(ends).map(|found| at + found)
}

/// Finds the `>` of a tag, from behind its name; nothing if it is not here or there is a `'` or `<` before it,
/// or if it stands between quotes.
#[inline]
pub(crate) fn tag_end(bytes: &[u8], from: usize) -> Option<TagEnd> {
    let mut quotes = 0;
    let mut at = from;
    loop {
        let Some(word) = word(bytes, at) else { return rest_of_tag(bytes, at, quotes) };
        let closes = equal(word, b'>');
        // Only what stands before the first `>` counts.
        let before = if closes == 0 { u64::MAX } else { (closes & closes.wrapping_neg()) - 1 };
        if (equal(word, b'<') | equal(word, b'\'')) & before != 0 {
            return None;
        }
        quotes += count(equal(word, b'"') & before);
        if closes != 0 {
            return (quotes % 2 == 0).then_some(TagEnd { close: at + first(closes), quotes });
        }
        at += 8;
    }
}

/// The same for the last bytes of the input.
fn rest_of_tag(bytes: &[u8], from: usize, mut quotes: u32) -> Option<TagEnd> {
    for (n, byte) in bytes.get(from..)?.iter().enumerate() {
        match byte {
            b'>' => return quotes.is_multiple_of(2).then_some(TagEnd { close: from + n, quotes }),
            b'<' | b'\'' => return None,
            b'"' => quotes += 1,
            _ => {}
        }
    }
    None
}

/// Returns whether two names are the same; short ones are compared without a call.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0..4 => a.iter().zip(b).all(|(a, b)| a == b),
        4..8 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        _ => a == b,
    }
}

#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

/// Sets the highest bit of each place that holds the byte, and no other bit.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let zeros = word ^ (ONES * u64::from(byte));
    !(((zeros & LOW) + LOW) | zeros | LOW)
}

/// Sets the highest bit of the first place that holds the byte, and of none before it; behind it any may be set, also
/// other bits anywhere.
#[inline]
fn hit(word: u64, byte: u8) -> u64 {
    let zeros = word ^ (ONES * u64::from(byte));
    zeros.wrapping_sub(ONES) & !zeros
}

/// The place of the first hit.
#[inline]
fn first(hits: u64) -> usize {
    (hits.trailing_zeros() / 8) as usize
}

/// How many hits there are; not every processor that we are built for counts bits by itself.
#[inline]
fn count(hits: u64) -> u32 {
    ((hits >> 7).wrapping_mul(ONES) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_a_plain_search_finds_it() {
        for length in 0..70 {
            for place in 0..=length {
                let mut bytes = vec![b'='; length];
                bytes.insert(place, b'<');
                bytes.extend_from_slice(b"<\x3B\xBC\xFF");
                for from in 0..bytes.len() {
                    let plain = bytes[from..].iter().position(|&b| b == b'<').map(|n| n + from);
                    assert_eq!(find(&bytes, from, b'<'), plain, "{length} {place} {from}");
                }
            }
        }
        assert_eq!(find(b"", 0, b'<'), None);
        assert_eq!(find(b"a", 5, b'<'), None);
    }

    #[test]
    fn texts_and_values_end_where_a_plain_search_says() {
        for length in 0..20 {
            for special in
                [b'<', b'&', b'\r', b'\n', b'\t', b']', b'"', b'\'', b';', b'=', 0x1F, 0x80, 0xBC, 0xFF]
            {
                for filling in
                    [b'a', b' ', b'!', b'%', b'\'', b';', b'=', b'\x0C', b'\x0E', b'\\', b'^', 0x80, 0xA6]
                {
                    let mut bytes = vec![filling; length];
                    bytes.push(special);
                    bytes.extend_from_slice(b"\x0D\x27\x3D\x5E\x80");
                    let in_text = |&b: &u8| matches!(b, b'<' | b'&' | b'\r' | b']');
                    assert_eq!(text_end(&bytes, 0), bytes.iter().position(in_text), "{bytes:?}");
                    // XML cannot hold the others before the blank.
                    let possible = bytes.iter().all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r'));
                    for quote in [b'"', b'\''].into_iter().filter(|_| possible) {
                        let in_value = |&b: &u8| b == quote || matches!(b, b'<' | b'&') || b < 0x20;
                        assert_eq!(value_end(&bytes, 0, quote), bytes.iter().position(in_value), "{bytes:?}");
                    }
                }
            }
        }
        assert_eq!((text_end(b"abc", 0), text_end(b"", 1), value_end(b"abc", 0, b'"')), (None, None, None));
    }

    #[test]
    fn a_leaf_ends_with_its_own_end_tag() {
        let check = |text: &str, expected: Option<(usize, bool)>| {
            let found = leaf(text.as_bytes(), 0, b"note", 20);
            let expected = expected.map(|(text_end, plain)| LeafEnd { text_end, end: text_end + 7, plain });
            assert_eq!(found, expected, "{text}");
        };
        check("x</note>", Some((1, true)));
        check("</note>x", Some((0, true)));
        check("x &amp; y</note>", Some((9, false)));
        check("a text of 20 bytes..</note>", Some((20, true)));
        for odd in [
            "x</note >",
            "x<b/>",
            "x<!-- c --></note>",
            "x</not>",
            "x</notes>",
            "x</note",
            "x",
            "a text of 21 bytes...</note>",
        ] {
            check(odd, None);
        }
    }

    #[test]
    fn names_are_the_same_where_all_their_bytes_are() {
        for length in 0..40 {
            let name = vec![b'a'; length];
            assert!(same(&name, &name.clone()), "{length}");
            assert!(!same(&name, &vec![b'a'; length + 1]), "{length}");
            for place in 0..length {
                let mut other = name.clone();
                other[place] = b'b';
                assert!(!same(&name, &other), "{length} {place}");
            }
        }
    }

    #[test]
    fn the_end_of_a_plain_tag_is_found_with_its_quotes() {
        // The number of quotes; the tag ends with its last byte.
        let check = |tag: &str, quotes: Option<u32>| {
            let expected = quotes.map(|quotes| TagEnd { close: tag.len() - 1, quotes });
            for behind in ["", "x", "<a b='>'>\"'<", "                    "] {
                let bytes = format!("{tag}{behind}").into_bytes();
                if expected.is_some() || behind.is_empty() {
                    assert_eq!(tag_end(&bytes, 0), expected, "{tag}{behind}");
                }
            }
        };
        check(">", Some(0));
        check("/>", Some(0));
        check(" a=\"1\" b=\"22\" c=\"333\">", Some(6));
        check(" a=\"1\"\n  bbbbbbbbbbbbbbb=\"\u{e9}\u{bc}\"/>", Some(4));
        check(" a='1'>", None);
        check(" a=\"<\">", None);
        check(" a=\">\">", None);
        check(" a=\"1\"", None);
        check("", None);
    }
}
