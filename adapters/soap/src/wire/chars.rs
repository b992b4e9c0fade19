//! What XML 1.0 allows where: bytes and characters of names, white space, characters at all.
//!
//! **Invariant.** Plain predicates; nothing here allocates or knows a document.
//!
//! Source: XML 1.0 (Fifth Edition), productions 2 to 5; Namespaces in XML 1.0, productions 4 to 8.

/// The byte may begin a name. Bytes beyond ASCII are taken as such here and checked as characters later.
pub(crate) const NAME_START: u8 = 1;
/// The byte may stand in a name.
pub(crate) const NAME: u8 = 2;
/// The byte is white space.
pub(crate) const SPACE: u8 = 4;
/// The byte stands for itself in text.
pub(crate) const PLAIN_TEXT: u8 = 8;
/// The byte stands for itself in an attribute value.
pub(crate) const PLAIN_VALUE: u8 = 16;
/// The byte may stand in a name without a prefix.
pub(crate) const LOCAL: u8 = 32;

/// The classes of every byte.
static CLASSES: [u8; 256] = classes();

/// Returns whether a byte belongs to a class.
#[inline]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Returns how many bytes at the beginning belong to a class.
#[inline]
pub(crate) fn run(bytes: &[u8], class: u8) -> usize {
    bytes.iter().position(|&byte| !is(byte, class)).unwrap_or(bytes.len())
}

/// Returns whether all characters are white space as XML has it.
pub(crate) fn is_blank(text: &str) -> bool {
    run(text.as_bytes(), SPACE) == text.len()
}

/// Returns whether XML 1.0 can hold a character.
pub(crate) fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Returns whether this is a name without a colon.
pub(crate) fn is_ncname(name: &str) -> bool {
    if name.is_ascii() {
        let bytes = name.as_bytes();
        return bytes.first().is_some_and(|&first| is(first, NAME_START)) && run(bytes, LOCAL) == bytes.len();
    }
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(|c| c != ':' && continues_name(c))
}

/// Returns whether this is a name with at most one colon, which separates two names.
pub(crate) fn is_qname(name: &str) -> bool {
    match name.split_once(':') {
        Some((prefix, local)) => is_ncname(prefix) && is_ncname(local),
        None => is_ncname(name),
    }
}

/// Splits a qualified name into prefix and local name; the prefix is empty where there is none.
pub(crate) fn split(qname: &str) -> (&str, &str) {
    qname.split_once(':').unwrap_or(("", qname))
}

fn starts_name(c: char) -> bool {
    matches!(c,
        '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let byte = n as u8;
        let mut class = PLAIN_TEXT | PLAIN_VALUE;
        if byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || byte >= 0x80 {
            class |= NAME_START | NAME;
        }
        if byte.is_ascii_digit() || byte == b'-' || byte == b'.' {
            class |= NAME;
        }
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            class |= SPACE;
        }
        if matches!(byte, b'&' | b'<' | b'\r' | b']') {
            class &= !PLAIN_TEXT;
        }
        if matches!(byte, b'&' | b'<' | b'\r' | b'\n' | b'\t') {
            class &= !PLAIN_VALUE;
        }
        if class & NAME != 0 && byte != b':' {
            class |= LOCAL;
        }
        table[n] = class;
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_fifth_edition() {
        let check = |name, expected| assert_eq!(is_qname(name), expected, "{name}");
        for good in ["a", "_a", "a-b.c", "p:a", "é", "\u{10000}x", "a\u{B7}"] {
            check(good, true);
        }
        for bad in ["", ":", ":a", "a:", "a:b:c", "1a", "-a", "a b", "p:1", "\u{D7}", "\u{37E}", "a\u{2000}"]
        {
            check(bad, false);
        }
    }
}
