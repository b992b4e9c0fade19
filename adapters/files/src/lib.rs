//! Flat files: CSV, fixed width and COBOL copybooks, read and written byte for byte.
//!
//! **Invariant.** What cannot be read is said with record, byte offset and reason; it never becomes a value.

mod codepage;
mod columns;
mod config;
mod connection;
mod content;
mod copybook;
mod csv;
mod field;
mod folder;
mod format;
mod formats;
mod frame;
mod import;
mod inspect;
mod layout;
mod near;
mod select;
mod shape;
mod source;
mod told;
mod watch;

#[cfg(test)]
mod double;
#[cfg(test)]
mod nodes;

pub use connection::Files;
pub use import::import_copybook;
pub use inspect::{Evidence, Guess, Inspected, Inspection, Proposal, guess};
