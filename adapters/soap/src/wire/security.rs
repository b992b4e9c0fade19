//! WS-Security headers.

/// The namespace of `wsu:Id` and `wsu:Timestamp`.
pub(crate) const UTILITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
