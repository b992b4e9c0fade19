//! Values into the text of XML.
//!
//! **Invariant.** What XML 1.0 cannot hold is refused, never replaced.

use super::chars;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Scalar, ScalarType};
use std::fmt::Write as _;

/// A character that XML 1.0 cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwritable(pub(crate) char);

/// Appends text between tags.
pub(crate) fn text(text: &str, out: &mut String) -> Result<(), Unwritable> {
    escape(text, out, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Appends text of an attribute in double quotes.
pub(crate) fn value(text: &str, out: &mut String) -> Result<(), Unwritable> {
    escape(text, out, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Appends the lexical form of a value that is not nil.
pub(crate) fn lexical(scalar: Scalar<'_>, ty: Option<&ScalarType>, out: &mut String) {
    // Writing to a string does not fail.
    let _ = match scalar {
        Scalar::Nil => Ok(()),
        Scalar::Text(text) => out.write_str(text),
        Scalar::Bytes(bytes) if ty == Some(&ScalarType::Hex) => {
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
        }
        Scalar::Bytes(bytes) => {
            STANDARD.encode_string(bytes, out);
            Ok(())
        }
        Scalar::Bool(value) => write!(out, "{value}"),
        Scalar::Int(value) => write!(out, "{value}"),
        Scalar::Decimal(value) => write!(out, "{value}"),
        // Source: XML Schema Part 2, section 3.2.5.1.
        Scalar::Float(value) if value.is_infinite() => {
            out.write_str(if value > 0.0 { "INF" } else { "-INF" })
        }
        Scalar::Float(value) => write!(out, "{value}"),
        Scalar::Date(value) => write!(out, "{value}"),
        Scalar::Time(value) => write!(out, "{value}"),
        Scalar::DateTime(value) => write!(out, "{value}"),
        Scalar::Instant(value) => write!(out, "{value}"),
    };
}

/// Bytes that are written as they are, in text and in attributes.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'"' | b'&' | b'<' | b'>');
        byte += 1;
    }
    plain
};

fn escape(
    text: &str,
    out: &mut String,
    replacement: impl Fn(char) -> Option<&'static str>,
) -> Result<(), Unwritable> {
    // Most text is plain all through; looking at characters is for the rest.
    if text.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        out.push_str(text);
        return Ok(());
    }
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if !chars::is_char(c) {
            return Err(Unwritable(c));
        }
        if let Some(replacement) = replacement(c) {
            out.push_str(&text[from..at]);
            out.push_str(replacement);
            from = at + c.len_utf8();
        }
    }
    out.push_str(&text[from..]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_so_that_it_is_read_as_it_was() {
        let check = |raw: &str, in_text: Result<&str, Unwritable>, in_value: Result<&str, Unwritable>| {
            let (mut a, mut b) = (String::new(), String::new());
            assert_eq!(text(raw, &mut a).map(|()| a.as_str()), in_text);
            assert_eq!(value(raw, &mut b).map(|()| b.as_str()), in_value);
        };
        check("a<b & \"c\">é", Ok("a&lt;b &amp; \"c\"&gt;é"), Ok("a&lt;b &amp; &quot;c&quot;>é"));
        check("\t\r\n", Ok("\t&#13;\n"), Ok("&#9;&#13;&#10;"));
        check("]]>", Ok("]]&gt;"), Ok("]]>"));
        check("a\0", Err(Unwritable('\0')), Err(Unwritable('\0')));
        check("\u{FFFF}", Err(Unwritable('\u{FFFF}')), Err(Unwritable('\u{FFFF}')));
    }

    #[test]
    fn values_have_the_lexical_forms_of_xml_schema() {
        let check = |scalar, ty: Option<&ScalarType>, expected: &str| {
            let mut out = String::new();
            lexical(scalar, ty, &mut out);
            assert_eq!(out, expected);
        };
        check(Scalar::Bool(true), None, "true");
        check(Scalar::Decimal("420.50".parse().unwrap()), None, "420.50");
        check(Scalar::Float(f64::NEG_INFINITY), None, "-INF");
        check(Scalar::Float(f64::NAN), None, "NaN");
        check(Scalar::Bytes(b"\x01\xFF"), Some(&ScalarType::Hex), "01FF");
        check(Scalar::Bytes(b"\x01\xFF"), Some(&ScalarType::Base64), "Af8=");
        check(Scalar::Date("2026-02-03".parse().unwrap()), None, "2026-02-03");
        check(Scalar::DateTime("2026-02-03T04:05:06".parse().unwrap()), None, "2026-02-03T04:05:06");
        check(Scalar::Instant("2026-02-03T04:05:06.5Z".parse().unwrap()), None, "2026-02-03T04:05:06.5Z");
    }
}
