//! Bytes of a message into UTF-8, piece by piece.
//!
//! **Invariant.** No byte is replaced or dropped: what is not valid in its encoding is an error.
//!
//! Source: RFC 7303, section 3: a byte order mark goes before the transport's charset, and that before the XML
//! declaration. XML 1.0, appendix F, for messages without either.

use encoding_rs::{DecoderResult, Encoding};

/// Turns bytes into UTF-8.
#[derive(Debug)]
pub(crate) struct Transcoder {
    state: State,
    charset: Option<String>,
    /// Bytes that cannot be read yet: the beginning, or a character that is cut in two.
    rest: Vec<u8>,
}

enum State {
    /// The encoding is not known yet.
    Unknown,
    Utf8,
    Latin1,
    Other(Box<encoding_rs::Decoder>),
}

/// How far an XML declaration is searched for its end.
const DECLARATION_BYTES_MAX: usize = 1024;

impl Transcoder {
    /// Starts; `charset` is what the transport says.
    pub(crate) fn new(charset: Option<&str>) -> Self {
        Self { state: State::Unknown, charset: charset.map(str::to_owned), rest: Vec::new() }
    }

    /// Converts a piece and appends it.
    ///
    /// # Errors
    /// In words: the bytes are not valid in the encoding, or it is not supported. What was valid was appended.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut String) -> Result<(), String> {
        if matches!(self.state, State::Unknown) {
            return self.begin(piece, out, false);
        }
        if self.rest.is_empty() {
            return self.convert(piece, out, false);
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(piece);
        self.convert(&joined, out, false)
    }

    /// Converts what is left, once nothing more comes.
    ///
    /// # Errors
    /// As for `push`; a character that is cut off is one.
    pub(crate) fn finish(&mut self, out: &mut String) -> Result<(), String> {
        if matches!(self.state, State::Unknown) {
            self.begin(&[], out, true)?;
        }
        let rest = std::mem::take(&mut self.rest);
        self.convert(&rest, out, true)
    }

    /// Converts the beginning as soon as its encoding is known.
    fn begin(&mut self, piece: &[u8], out: &mut String, last: bool) -> Result<(), String> {
        if self.rest.is_empty() {
            // As a rule the first piece says it all, and is not copied.
            return match self.detect(piece, last)? {
                Some(mark) => self.convert(&piece[mark..], out, false),
                None => {
                    self.rest.extend_from_slice(piece);
                    Ok(())
                }
            };
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(piece);
        match self.detect(&joined, last)? {
            Some(mark) => self.convert(&joined[mark..], out, false),
            None => {
                self.rest = joined;
                Ok(())
            }
        }
    }

    /// Finds out the encoding and how long the byte order mark is; nothing if more bytes are needed for it.
    fn detect(&mut self, bytes: &[u8], last: bool) -> Result<Option<usize>, String> {
        if bytes.len() < "<?xml".len() && !last {
            return Ok(None);
        }
        let (label, mark) = match bytes {
            [0xEF, 0xBB, 0xBF, ..] => ("utf-8", 3),
            [0xFE, 0xFF, ..] => ("utf-16be", 2),
            [0xFF, 0xFE, ..] => ("utf-16le", 2),
            _ => ("", 0),
        };
        if mark > 0 {
            self.state = state(label)?;
            return Ok(Some(mark));
        }
        if let Some(charset) = self.charset.take_if(|charset| !charset.is_empty()) {
            // UTF-16 without a mark is big endian by name only; the bytes know better.
            let utf16 = charset.eq_ignore_ascii_case("utf-16");
            self.state = state(if utf16 { utf16_of(bytes).unwrap_or("utf-16be") } else { &charset })?;
            return Ok(Some(0));
        }
        if let Some(label) = utf16_of(bytes) {
            self.state = state(label)?;
            return Ok(Some(0));
        }
        if !bytes.starts_with(b"<?xml") {
            self.state = State::Utf8;
            return Ok(Some(0));
        }
        let end = memchr::memmem::find(bytes, b"?>");
        if end.is_none() && bytes.len() < DECLARATION_BYTES_MAX && !last {
            return Ok(None);
        }
        let declared = end.and_then(|end| declared(&bytes[..end]));
        self.state = match declared {
            Some(label) if label.to_ascii_lowercase().starts_with("utf-16") => {
                return Err(format!("the encoding {label} is declared, but the bytes are not of it"));
            }
            Some(label) => state(&label)?,
            None => State::Utf8,
        };
        Ok(Some(0))
    }

    fn convert(&mut self, bytes: &[u8], out: &mut String, last: bool) -> Result<(), String> {
        match &mut self.state {
            State::Unknown => Ok(()),
            State::Utf8 => {
                let (valid, rest) = utf8(bytes, last);
                out.push_str(valid);
                self.rest.extend_from_slice(rest?);
                Ok(())
            }
            State::Latin1 => {
                out.extend(bytes.iter().map(|&byte| char::from(byte)));
                Ok(())
            }
            State::Other(decoder) => decode(decoder, bytes, out, last),
        }
    }
}

/// Returns the valid beginning, and the cut character behind it or what is wrong.
fn utf8(bytes: &[u8], last: bool) -> (&str, Result<&[u8], String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, Ok(&[])),
        Err(error) => {
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            let valid = std::str::from_utf8(valid).unwrap_or_default();
            let cut = error.error_len().is_none() && !last;
            (valid, if cut { Ok(rest) } else { Err("the bytes are not valid UTF-8".into()) })
        }
    }
}

fn decode(
    decoder: &mut encoding_rs::Decoder,
    bytes: &[u8],
    out: &mut String,
    last: bool,
) -> Result<(), String> {
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    out.reserve(room.unwrap_or(bytes.len()));
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, out, last);
    match result {
        DecoderResult::InputEmpty => Ok(()),
        DecoderResult::OutputFull | DecoderResult::Malformed(..) => {
            Err(format!("the bytes are not valid {}", decoder.encoding().name()))
        }
    }
}

/// Tells UTF-16 without a byte order mark by its first character, which is `<` in any XML document.
fn utf16_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'<', 0, ..] => Some("utf-16le"),
        [0, b'<', ..] => Some("utf-16be"),
        _ => None,
    }
}

/// Returns the encoding that an XML declaration names.
fn declared(declaration: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(declaration).ok()?;
    let value = text.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label.to_owned())
}

/// Returns how bytes of this encoding are read.
fn state(label: &str) -> Result<State, String> {
    // encoding_rs follows the web, for which ISO-8859-1 is windows-1252 and US-ASCII too.
    match label.trim().to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(State::Utf8),
        "iso-8859-1" | "iso8859-1" | "latin1" | "iso_8859-1" => Ok(State::Latin1),
        "iso-8859-15" | "latin-9" | "latin9" => Ok(other(encoding_rs::ISO_8859_15)),
        "windows-1252" | "cp1252" => Ok(other(encoding_rs::WINDOWS_1252)),
        "utf-16be" => Ok(other(encoding_rs::UTF_16BE)),
        "utf-16le" | "utf-16" => Ok(other(encoding_rs::UTF_16LE)),
        _ => {
            Err("the encoding is not supported: UTF-8, UTF-16, ISO-8859-1, ISO-8859-15 and windows-1252 are"
                .into())
        }
    }
}

fn other(encoding: &'static Encoding) -> State {
    State::Other(Box::new(encoding.new_decoder_without_bom_handling()))
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "Unknown",
            Self::Utf8 => "Utf8",
            Self::Latin1 => "Latin1",
            Self::Other(decoder) => decoder.encoding().name(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], charset: Option<&str>, piece: usize) -> Result<String, String> {
        let mut transcoder = Transcoder::new(charset);
        let mut out = String::new();
        for piece in bytes.chunks(piece) {
            transcoder.push(piece, &mut out)?;
        }
        transcoder.finish(&mut out).map(|()| out)
    }

    #[test]
    fn every_encoding_is_read_whole_and_byte_by_byte() {
        let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(order).collect()
        };
        let check = |bytes: &[u8], charset, expected: &str| {
            for piece in [1, 2, 3, 5, 1000] {
                assert_eq!(read(bytes, charset, piece).as_deref(), Ok(expected), "{expected} by {piece}");
            }
        };
        check("<a>é€𝄞</a>".as_bytes(), None, "<a>é€𝄞</a>");
        check(b"\xEF\xBB\xBF<a/>", None, "<a/>");
        check(b"<a>\xE9\x80</a>", Some("ISO-8859-1"), "<a>é\u{80}</a>");
        check(b"<a>\xE9\xA4</a>", Some("iso-8859-15"), "<a>é€</a>");
        check(b"<a>\x80</a>", Some("windows-1252"), "<a>€</a>");
        let declared = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>";
        let bytes: Vec<u8> = declared.chars().map(|c| c as u8).collect();
        check(&bytes, None, declared);
        check(&utf16("\u{FEFF}<a>𝄞</a>", u16::to_le_bytes), None, "<a>𝄞</a>");
        check(&utf16("\u{FEFF}<a>𝄞</a>", u16::to_be_bytes), Some("utf-8"), "<a>𝄞</a>");
        check(&utf16("<a>é</a>", u16::to_le_bytes), Some("UTF-16"), "<a>é</a>");
        check(&utf16("<a>é</a>", u16::to_be_bytes), None, "<a>é</a>");
        check(b"<", None, "<");
    }

    #[test]
    fn bytes_that_are_not_of_the_encoding_are_refused() {
        let check = |bytes: &[u8], charset, expected: &str| {
            for piece in [1, 1000] {
                let error = read(bytes, charset, piece).unwrap_err();
                assert!(error.contains(expected), "{error}");
            }
        };
        check(b"<a>\xC3</a>", None, "not valid UTF-8");
        check(b"<a>\xC3", None, "not valid UTF-8");
        check(b"\xFF\xFE<\0a\0/\0>", None, "not valid UTF-16LE");
        check(b"<?xml version='1.0' encoding='utf-16'?><a/>", None, "the bytes are not of it");
        check(b"<?xml version='1.0' encoding='EBCDIC-US'?><a/>", None, "not supported");
        check(b"<a/>", Some("utf-7"), "not supported");
    }
}
