//! Bytes and parts: reading and writing XML messages.
//!
//! **Invariant.** Everything here works on what is in memory; nothing reads a file, a socket or a clock.

pub(crate) mod attributes;
pub(crate) mod chars;
mod declaration;
pub(crate) mod decoder;
pub(crate) mod encoder;
mod encoding;
pub(crate) mod envelope;
mod escape;
mod infoset;
mod input;
pub(crate) mod lookup;
pub(crate) mod names;
pub(crate) mod reply;
mod scan;
pub(crate) mod security;
mod skip;
pub(crate) mod spaces;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod tokenizer;
pub(crate) mod walk;
pub(crate) mod warm;
mod wellformed;
mod written;

pub use decoder::Decoder;
pub use infoset::difference;
pub use lookup::Index;
pub use wellformed::wellformed;
