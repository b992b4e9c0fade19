//! A value that a codec cannot read or write.
//!
//! **Invariant.** The message names no payload, but for a short code that a person needs to mend a table.

use std::fmt;

/// A value that a codec cannot read or write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecError {
    /// What is wrong: lower case, no payload.
    pub message: String,
}

impl CodecError {
    /// Returns an error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CodecError {}
