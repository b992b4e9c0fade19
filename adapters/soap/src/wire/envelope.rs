//! SOAP envelopes: what stands around a request, and how one is sent.
//!
//! **Invariant.** The body is encoded once; only headers are made anew for a try.
//!
//! Source: SOAP 1.1, sections 4 and 6.1.1; SOAP 1.2 Part 1, section 5, and Part 2, section 6.5.

pub(crate) use crate::wsdl::SoapVersion;

use super::security::{self, Fresh, UserToken};
use bytes::Bytes;
use kernel::Error;

/// The namespace of SOAP 1.1 envelopes.
pub(crate) const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2 envelopes.
pub(crate) const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// Room for a user, a password and the tags behind the headers.
const MARGIN_BYTES: usize = 200;

/// Writes what stands around the bodies of one version of SOAP.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    version: SoapVersion,
    /// Up to the body, where no header is made per try.
    before: Bytes,
    /// Up to the headers that are made per try.
    open: String,
    token: Option<UserToken>,
}

impl Envelope {
    /// Prepares envelopes. `header` are elements that stand in every header.
    pub(crate) fn new(version: SoapVersion, header: &str, token: Option<UserToken>) -> Self {
        let space = namespace(version);
        let envelope = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"{space}\">");
        let open = match header.is_empty() && token.is_none() {
            true => envelope,
            false => format!("{envelope}<s:Header>{header}"),
        };
        let end = if header.is_empty() { "" } else { "</s:Header>" };
        let before = Bytes::from(format!("{open}{end}<s:Body>"));
        Self { version, before, open, token }
    }

    /// Returns the pieces of a message around a body.
    ///
    /// # Errors
    /// The system gives no random bytes for a nonce.
    pub(crate) fn pieces(&self, body: Bytes) -> Result<[Bytes; 3], Error> {
        const AFTER: Bytes = Bytes::from_static(b"</s:Body></s:Envelope>");
        let Some(token) = &self.token else { return Ok([self.before.clone(), body, AFTER]) };
        let mut before = String::with_capacity(self.open.len() + security::BLOCK_BYTES + MARGIN_BYTES);
        before.push_str(&self.open);
        security::write(token, self.version, &Fresh::new()?, &mut before);
        before.push_str("</s:Header><s:Body>");
        Ok([before.into(), body, AFTER])
    }
}

/// Returns the namespace of the envelopes of a version.
pub(crate) fn namespace(version: SoapVersion) -> &'static str {
    match version {
        SoapVersion::V11 => SOAP_11,
        SoapVersion::V12 => SOAP_12,
    }
}

/// Returns the HTTP headers that say what a request is: its content type, and its action where that is a header.
pub(crate) fn http_headers(version: SoapVersion, action: &str) -> Vec<(&'static str, String)> {
    match version {
        // "An HTTP client MUST use this header field when issuing a SOAP HTTP Request": SOAP 1.1, section 6.1.1.
        SoapVersion::V11 => vec![
            ("Content-Type", "text/xml; charset=utf-8".to_owned()),
            ("SOAPAction", format!("\"{action}\"")),
            ("Accept", "text/xml".to_owned()),
        ],
        SoapVersion::V12 => {
            let action = if action.is_empty() { String::new() } else { format!("; action=\"{action}\"") };
            vec![
                ("Content-Type", format!("application/soap+xml; charset=utf-8{action}")),
                ("Accept", "application/soap+xml".to_owned()),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Secret;

    fn message(envelope: &Envelope) -> String {
        let pieces = envelope.pieces(Bytes::from_static(b"<a/>")).unwrap();
        pieces.iter().map(|piece| std::str::from_utf8(piece).unwrap()).collect()
    }

    #[test]
    fn an_envelope_has_a_header_only_if_there_is_something_in_it() {
        let check = |version, header, expected: &str| {
            let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
            assert_eq!(message(&Envelope::new(version, header, None)), format!("{declaration}{expected}"));
        };
        check(
            SoapVersion::V11,
            "",
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><a/></s:Body></s:Envelope>",
        );
        check(
            SoapVersion::V12,
            "<h/>",
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header><h/></s:Header>\
             <s:Body><a/></s:Body></s:Envelope>",
        );
    }

    #[test]
    fn a_security_header_is_made_anew_for_every_try() {
        let password = Secret::new("p".to_owned());
        let token = UserToken { user: "u".into(), password, digest: true, valid: None };
        let envelope = Envelope::new(SoapVersion::V11, "<h/>", Some(token));
        let (a, b) = (message(&envelope), message(&envelope));
        assert_ne!(a, b);
        assert!(
            a.contains("<s:Header><h/><w:Security") && a.contains("</w:Security></s:Header><s:Body><a/>")
        );
        assert_eq!(crate::wire::wellformed(a.as_bytes(), kernel::Limits::default()), Ok(()));
    }

    #[test]
    fn the_action_is_a_header_or_a_part_of_the_content_type() {
        let headers = |version, action: &str| {
            let headers = http_headers(version, action);
            headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
        };
        assert!(headers(SoapVersion::V11, "").contains("SOAPAction: \"\""));
        assert!(headers(SoapVersion::V11, "urn:a").contains("SOAPAction: \"urn:a\""));
        assert!(headers(SoapVersion::V12, "urn:a").contains("charset=utf-8; action=\"urn:a\""));
        assert!(!headers(SoapVersion::V12, "").contains("action"));
    }
}
