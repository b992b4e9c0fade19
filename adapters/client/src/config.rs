//! What a client is made of.
//!
//! **Invariant.** Parsed and complete: every limit has a value.

use crate::target::Origin;
use std::fmt;
use std::time::Duration;

/// What a client is made of.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whom it talks to.
    pub origin: Origin,
    /// How long getting a connection may take: names, TCP and TLS together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// How many unused connections a thread keeps. Connections in use are bounded by the bulkhead.
    pub idle_per_thread_max: usize,
    /// Limits of an answer.
    pub limits: Limits,
    /// Whom to trust and who we are, for `https`.
    pub tls: Tls,
}

/// Limits of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Status line and headers, in bytes; also all trailers together.
    pub head_bytes_max: usize,
    /// Number of headers; at most 128.
    pub headers_max: usize,
    /// The body, in bytes after decompression.
    pub body_bytes_max: u64,
    /// Whether a body that came packed is unpacked. Without it any coding is let through, and the body is what came:
    /// stores of objects say how what they store is packed.
    pub unpacks: bool,
}

/// Whom to trust and who we are.
#[derive(Clone, Default)]
pub struct Tls {
    /// Certificates in PEM to trust **instead of** those of the system.
    pub authorities: Option<Vec<u8>>,
    /// Our certificate chain and its private key, both in PEM.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// Why a client cannot be made, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl Config {
    /// Returns a configuration with the defaults.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(30),
            idle_per_thread_max: 32,
            limits: Limits::default(),
            tls: Tls::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { head_bytes_max: 32 << 10, headers_max: 64, body_bytes_max: 10 << 20, unpacks: true }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("authorities", &self.authorities.as_ref().map(Vec::len))
            .field("identity", &self.identity.as_ref().map(|_| "***"))
            .finish()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}
