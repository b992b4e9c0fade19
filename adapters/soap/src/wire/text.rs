//! Text as written into text as meant: entities, character references, line ends, white space of attributes.
//!
//! **Invariant.** Only the five entities of XML exist; no declared entity is ever expanded.
//!
//! Source: XML 1.0 (Fifth Edition), sections 2.11, 3.3.3, 4.1 and 4.6.

use super::chars::{self, PLAIN_TEXT, PLAIN_VALUE};
use super::scan;
use kernel::DecodeError;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Between tags.
    Content,
    /// In an attribute.
    Attribute,
    /// In a CDATA section, where nothing but line ends is changed.
    Data,
}

/// Returns whether a text means exactly what is written.
pub(crate) fn is_plain(raw: &str, place: Place) -> bool {
    match place {
        Place::Content => chars::run(raw.as_bytes(), PLAIN_TEXT) == raw.len(),
        Place::Attribute => chars::run(raw.as_bytes(), PLAIN_VALUE) == raw.len(),
        Place::Data => !raw.as_bytes().contains(&b'\r'),
    }
}

/// Appends what a text means. `offset` is where it stands in the message.
///
/// # Errors
/// An entity that does not exist, a character that XML cannot hold, `]]>` in text.
pub(crate) fn append(raw: &str, place: Place, offset: u64, out: &mut String) -> Result<(), DecodeError> {
    let bytes = raw.as_bytes();
    let mut from = 0;
    while let Some(at) = special(bytes, from, place) {
        out.push_str(&raw[from..at]);
        from = at + 1;
        match bytes[at] {
            b'&' if bytes[from..].starts_with(b"amp;") && place != Place::Data => {
                out.push('&');
                from += "amp;".len();
            }
            b'&' if place != Place::Data => {
                let behind = reference(&raw[at..], offset + at as u64, out)?;
                from = raw.len() - behind.len();
            }
            b'\r' => {
                out.push(if place == Place::Attribute { ' ' } else { '\n' });
                from += usize::from(bytes.get(from) == Some(&b'\n'));
            }
            b']' if bytes[at..].starts_with(b"]]>") => {
                return Err(DecodeError::new("]]> stands in text", offset + at as u64));
            }
            b'\n' | b'\t' => out.push(' '),
            byte => out.push(char::from(byte)),
        }
    }
    out.push_str(&raw[from..]);
    Ok(())
}

/// Returns where a character stands that may mean something else than itself.
#[inline]
fn special(bytes: &[u8], from: usize, place: Place) -> Option<usize> {
    match place {
        Place::Content => scan::text_end(bytes, from),
        Place::Attribute => scan::value_end(bytes, from, b'&'),
        Place::Data => scan::find(bytes, from, b'\r'),
    }
}

/// Appends what a reference means, and returns what stands behind it.
fn reference<'a>(text: &'a str, offset: u64, out: &mut String) -> Result<&'a str, DecodeError> {
    /// Longest reference that can be meant: leading zeros are allowed, but not without end.
    const BYTES_MAX: usize = 64;
    let window = &text.as_bytes()[..text.len().min(BYTES_MAX)];
    let error = |message: &str| Err(DecodeError::new(message, offset));
    let Some(end) = scan::find(window, 1, b';') else {
        return error("& begins no reference");
    };
    let name = &text[1..end];
    let c = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => match name.strip_prefix('#') {
            Some(number) => match character(number) {
                Some(c) => c,
                None => return error("a character reference names no character of XML"),
            },
            None if chars::is_ncname(name) => return error("an entity is not declared"),
            None => return error("& begins no reference"),
        },
    };
    out.push(c);
    Ok(&text[end + 1..])
}

fn character(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // `from_str_radix` would accept a sign.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|&c| chars::is_char(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_it_is_meant() {
        let check = |raw: &str, place, expected: Result<&str, u64>| {
            let mut out = String::new();
            let result = append(raw, place, 100, &mut out);
            assert_eq!(result.map(|()| out.as_str()).map_err(|error| error.offset), expected, "{raw}");
        };
        check("a&lt;b&amp;c&gt;&quot;&apos;", Place::Content, Ok("a<b&c>\"'"));
        check("&#65;&#x41;&#x1D11E;&#0000065;", Place::Content, Ok("AA𝄞A"));
        check("a\r\nb\rc\nd\te&#13;", Place::Content, Ok("a\nb\nc\nd\te\r"));
        check("a\r\nb\rc\nd\te&#10;é", Place::Attribute, Ok("a b c d e\né"));
        check("a&amp;]]\r\n", Place::Data, Ok("a&amp;]]\n"));
        check("a]]b]", Place::Content, Ok("a]]b]"));
        check("ab]]>", Place::Content, Err(102));
        check("a & b", Place::Content, Err(102));
        check("&nbsp;", Place::Attribute, Err(100));
        check("é&;", Place::Content, Err(102));
        for bad in
            ["&#0;", "&#x1F;", "&#xD800;", "&#x110000;", "&#+65;", "&#;", "&#x;", "&#99999999999;", "&#XA;"]
        {
            check(bad, Place::Content, Err(100));
        }
    }
}
