//! WS-Security headers: a user name with its password, and a time stamp, made anew for every try.
//!
//! **Invariant.** A nonce is used once; a header that was made is never kept.
//!
//! Source: OASIS Web Services Security UsernameToken Profile 1.1.1, section 3; SOAP Message Security 1.1.1, section 10.

use super::envelope::SoapVersion;
use super::escape;
use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{Cause, Class, Error, Secret};
use std::cell::RefCell;
use std::time::Duration;

/// The namespace of `wsu:Id` and `wsu:Timestamp`.
pub(crate) const UTILITY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const EXTENSION: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const TOKEN: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
const BASE64: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// Room for a block beside user and password.
pub(crate) const BLOCK_BYTES: usize = 1200;

/// Who we are, by a user name token.
#[derive(Debug, Clone)]
pub(crate) struct UserToken {
    /// The user.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: Secret<String>,
    /// Send a digest instead of the password.
    pub(crate) digest: bool,
    /// How long a message is valid; without it there is no time stamp beside the token.
    pub(crate) valid: Option<Duration>,
}

/// What differs from one header to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fresh {
    /// When the header was made.
    pub(crate) now: Timestamp,
    /// A number used once.
    pub(crate) nonce: [u8; 16],
}

impl Fresh {
    /// Takes the time and a new nonce.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new() -> Result<Self, Error> {
        thread_local! {
            static NONCES: RefCell<Nonces> = const { RefCell::new(Nonces { bytes: [0; NONCES_BYTES], left: 0 }) };
        }
        let nonce = NONCES.with_borrow_mut(Nonces::next)?;
        Ok(Self { now: Timestamp::now(), nonce })
    }
}

/// Random bytes of one thread, fetched for several nonces at a time: most of the work is done per fetch.
struct Nonces {
    bytes: [u8; NONCES_BYTES],
    /// How many bytes were not given away yet.
    left: usize,
}

const NONCES_BYTES: usize = 32 * 16;

impl Nonces {
    fn next(&mut self) -> Result<[u8; 16], Error> {
        if self.left == 0 {
            let failed = |_| Error::new(Class::Defect, Cause::Internal, "the system gives no random bytes");
            SystemRandom::new().fill(&mut self.bytes).map_err(failed)?;
            self.left = NONCES_BYTES;
        }
        self.left -= 16;
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&self.bytes[self.left..self.left + 16]);
        Ok(nonce)
    }
}

/// Appends the header block.
pub(crate) fn write(token: &UserToken, version: SoapVersion, fresh: &Fresh, out: &mut String) {
    out.reserve(BLOCK_BYTES + token.user.len() + token.password.expose().len());
    let mut id = [0; 16];
    let id = hex(&fresh.nonce, &mut id);
    let must = if version == SoapVersion::V11 { "1" } else { "true" };
    push(
        out,
        &[
            "<w:Security xmlns:w=\"",
            EXTENSION,
            "\" xmlns:u=\"",
            UTILITY,
            "\" s:mustUnderstand=\"",
            must,
            "\">",
        ],
    );
    let mut created = Stamp::default();
    let created = created.of(fresh.now);
    if let Some(valid) = token.valid {
        let expires = fresh.now.checked_add(valid).unwrap_or(Timestamp::MAX);
        out.push_str("<u:Timestamp u:Id=\"TS-");
        push(out, &[id, "\"><u:Created>", created, "</u:Created><u:Expires>"]);
        push(out, &[Stamp::default().of(expires), "</u:Expires></u:Timestamp>"]);
    }
    out.push_str("<w:UsernameToken u:Id=\"UT-");
    push(out, &[id, "\"><w:Username>"]);
    text(&token.user, out);
    let kind = if token.digest { "#PasswordDigest" } else { "#PasswordText" };
    push(out, &["</w:Username><w:Password Type=\"", TOKEN, kind, "\">"]);
    if token.digest {
        out.push_str(&password_digest(&fresh.nonce, created, token.password.expose()));
    } else {
        text(token.password.expose(), out);
    }
    push(out, &["</w:Password><w:Nonce EncodingType=\"", BASE64, "\">"]);
    STANDARD.encode_string(fresh.nonce, out);
    push(out, &["</w:Nonce><u:Created>", created, "</u:Created></w:UsernameToken></w:Security>"]);
}

/// "Password_Digest = Base64 ( SHA-1 ( nonce + created + password ) )": UsernameToken Profile 1.1.1, section 3.1.
fn password_digest(nonce: &[u8], created: &str, password: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for piece in [nonce, created.as_bytes(), password.as_bytes()] {
        context.update(piece);
    }
    STANDARD.encode(context.finish())
}

/// Room for a time in UTC with milliseconds, as most stacks expect it.
#[derive(Default)]
struct Stamp([u8; 24]);

impl Stamp {
    /// Writes a time; years beyond four digits, which no clock has, become the last one that fits.
    fn of(&mut self, at: Timestamp) -> &str {
        let at = TimeZone::UTC.to_datetime(at);
        self.0 = *b"0000-00-00T00:00:00.000Z";
        self.digits(0, 4, i32::from(at.year().max(0)));
        for (from, value) in
            [(5, at.month()), (8, at.day()), (11, at.hour()), (14, at.minute()), (17, at.second())]
        {
            self.digits(from, 2, i32::from(value));
        }
        self.digits(20, 3, i32::from(at.millisecond()));
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn digits(&mut self, from: usize, count: usize, mut value: i32) {
        for place in self.0[from..from + count].iter_mut().rev() {
            *place = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }
}

/// Writes the first eight bytes in hexadecimal digits.
fn hex<'t>(bytes: &[u8], text: &'t mut [u8; 16]) -> &'t str {
    let digit = |four: u8| b"0123456789abcdef"[usize::from(four & 15)];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
    }
    std::str::from_utf8(text).unwrap_or_default()
}

/// User and password were checked when the connection was read, so that all of their characters can be written.
fn text(text: &str, out: &mut String) {
    let _ = escape::text(text, out);
}

fn push(out: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.push_str(piece));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{difference, wellformed};

    fn header(digest: bool, valid: Option<Duration>, nonce: [u8; 16]) -> String {
        let token = UserToken { user: "u<1".into(), password: Secret::new("p&w".into()), digest, valid };
        let fresh = Fresh { now: "2026-01-01T00:00:00Z".parse().unwrap(), nonce };
        let mut out = "<s:Header xmlns:s='urn:s'>".to_owned();
        write(&token, SoapVersion::V11, &fresh, &mut out);
        out + "</s:Header>"
    }

    #[test]
    fn the_digest_is_the_one_of_the_profile() {
        // Computed by hand with `printf … | openssl sha1 -binary | base64`.
        assert_eq!(password_digest(b"abc", "2026-01-01T00:00:00Z", "secret"), "4qXCsENCN3FgFTp1fjNJ8XRRLZs=");
    }

    #[test]
    fn a_time_is_written_as_its_own_printer_would() {
        for text in ["2026-01-01T00:00:00Z", "1970-12-31T23:59:59.9999Z", "2400-02-29T09:08:07.006Z"] {
            let at: Timestamp = text.parse().unwrap();
            // The printer rounds; a time that has not come yet would be in the future for its reader.
            let cut = at - jiff::SignedDuration::from_nanos(i64::from(at.subsec_nanosecond() % 1_000_000));
            assert_eq!(Stamp::default().of(at), format!("{cut:.3}"));
        }
        assert!(Stamp::default().of(Timestamp::MIN).starts_with("0000-"));
        assert!(Stamp::default().of(Timestamp::MAX).starts_with("9999-"));
    }

    #[test]
    fn a_header_has_token_time_stamp_and_nonce() {
        let written = header(false, Some(Duration::from_secs(300)), [1; 16]);
        assert_eq!(wellformed(written.as_bytes(), kernel::Limits::default()), Ok(()));
        let expected = format!(
            "<s:Header xmlns:s='urn:s'><w:Security s:mustUnderstand='1' xmlns:w='{EXTENSION}' xmlns:u='{UTILITY}'>\
             <u:Timestamp u:Id='TS-0101010101010101'><u:Created>2026-01-01T00:00:00.000Z</u:Created>\
             <u:Expires>2026-01-01T00:05:00.000Z</u:Expires></u:Timestamp>\
             <w:UsernameToken u:Id='UT-0101010101010101'><w:Username>u&lt;1</w:Username>\
             <w:Password Type='{TOKEN}#PasswordText'>p&amp;w</w:Password>\
             <w:Nonce EncodingType='{BASE64}'>AQEBAQEBAQEBAQEBAQEBAQ==</w:Nonce>\
             <u:Created>2026-01-01T00:00:00.000Z</u:Created></w:UsernameToken></w:Security></s:Header>"
        );
        assert_eq!(difference(expected.as_bytes(), written.as_bytes()), Ok(None));
    }

    #[test]
    fn a_digest_hides_the_password_and_changes_with_the_nonce() {
        let (a, b) = (header(true, None, [1; 16]), header(true, None, [2; 16]));
        assert!(!a.contains("p&amp;w") && a.contains("#PasswordDigest") && !a.contains("Timestamp"));
        assert_ne!(a, b);
        // More than one fetch gives.
        let nonces: std::collections::HashSet<_> = (0..100).map(|_| Fresh::new().unwrap().nonce).collect();
        assert_eq!(nonces.len(), 100);
    }
}
