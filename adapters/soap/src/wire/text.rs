//! Text as written into text as meant: entities, character references, line ends, white space of attributes.
//!
//! **Invariant.** Only the five entities of XML exist; no declared entity is ever expanded.
//!
//! Source: XML 1.0 (Fifth Edition), sections 2.11, 3.3.3, 4.1 and 4.6.

use super::chars::{self, PLAIN_TEXT, PLAIN_VALUE};
use kernel::DecodeError;
use memchr::memmem;

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
    if is_plain(raw, place) {
        out.push_str(raw);
        return Ok(());
    }
    if place == Place::Content
        && raw.as_bytes().contains(&b']')
        && let Some(at) = memmem::find(raw.as_bytes(), b"]]>")
    {
        return Err(DecodeError::new("]]> stands in text", offset + at as u64));
    }
    let mut rest = raw;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'&' | b'\r' | b'\n' | b'\t')) {
        out.push_str(&rest[..at]);
        let here = offset + (raw.len() - rest.len() + at) as u64;
        rest = &rest[at..];
        rest = match rest.as_bytes()[0] {
            b'&' if place != Place::Data => reference(rest, here, out)?,
            b'\r' => {
                out.push(if place == Place::Attribute { ' ' } else { '\n' });
                rest.strip_prefix("\r\n").unwrap_or(&rest[1..])
            }
            byte => {
                let blank = place == Place::Attribute && byte != b'&';
                out.push(if blank { ' ' } else { char::from(byte) });
                &rest[1..]
            }
        };
    }
    out.push_str(rest);
    Ok(())
}

/// Appends what a reference means, and returns what stands behind it.
fn reference<'a>(text: &'a str, offset: u64, out: &mut String) -> Result<&'a str, DecodeError> {
    /// Longest reference that can be meant: leading zeros are allowed, but not without end.
    const BYTES_MAX: usize = 64;
    let window = &text.as_bytes()[..text.len().min(BYTES_MAX)];
    let error = |message: &str| Err(DecodeError::new(message, offset));
    let Some(end) = memchr::memchr(b';', window) else {
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
