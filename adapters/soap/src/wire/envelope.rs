//! SOAP envelopes.

/// The namespace of SOAP 1.1 envelopes.
pub(crate) const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2 envelopes.
pub(crate) const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
