//! The bytes of a unit, block by block: the same bytes in every pass, or an error that says what happened to them.
//!
//! **Invariant.** A block that was read before is given again only if its hash is the same.

mod plain;
mod unpack;
mod wide;
mod zip;

#[cfg(any(feature = "sftp", feature = "s3"))]
pub(crate) use plain::Remote;
pub(crate) use plain::{Blocks, Origin, Stamp};
pub(crate) use unpack::{Bounds, Content};
pub(crate) use wide::Wide;

use kernel::{Cause, Class, Error};
use std::fmt;

/// Why content cannot be had.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It changed, or is gone: what happened, in words.
    Changed(String),
    /// The system says so.
    Io(String),
    /// It is not what it should be: a damaged archive, too much of it.
    Bad {
        /// What, in words.
        message: String,
        /// Where, in the bytes as they are stored, if that is known.
        at: Option<u64>,
    },
}

/// How content is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Compression {
    /// What its first bytes say.
    #[default]
    Auto,
    /// Not at all.
    Off,
    /// gzip, of one or several members.
    Gzip,
    /// Zstandard, of one or several frames.
    Zstd,
    /// A zip archive; its files follow one another.
    Zip,
}

impl Compression {
    /// The words of mappings.
    pub(crate) const WORDS: [(&'static str, Self); 5] = [
        ("auto", Self::Auto),
        ("off", Self::Off),
        ("gzip", Self::Gzip),
        ("zstd", Self::Zstd),
        ("zip", Self::Zip),
    ];

    /// Returns what is meant for content that begins so.
    pub(crate) fn of(self, start: &[u8]) -> Self {
        match self {
            Self::Auto if start.starts_with(&[0x1F, 0x8B, 8]) => Self::Gzip,
            Self::Auto if start.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) => Self::Zstd,
            Self::Auto if start.starts_with(b"PK\x03\x04") => Self::Zip,
            Self::Auto => Self::Off,
            chosen => chosen,
        }
    }
}

impl Trouble {
    /// Returns the error for a unit.
    pub(crate) fn error(self, unit: &str) -> Error {
        match self {
            Self::Changed(why) => {
                Error::new(Class::Transient, Cause::Broken, "the file changed while it was read")
                    .with("reason", why)
            }
            Self::Io(why) => Error::new(Class::Transient, Cause::Unavailable, "the file cannot be read")
                .with("reason", why),
            Self::Bad { message, at } => {
                let error =
                    Error::new(Class::Poison, Cause::Contract, "the file is damaged").with("reason", message);
                match at {
                    Some(at) => error.with("offset", at),
                    None => error,
                }
            }
        }
        .with("file", unit)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(message) | Self::Io(message) | Self::Bad { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests;
