//! Flat files: CSV, fixed width and COBOL copybooks, read and written byte for byte.
//!
//! **Invariant.** What cannot be read is said with record, byte offset and reason; it never becomes a value.

mod codepage;
mod columns;
mod copybook;
mod csv;
mod field;
mod format;
mod import;
mod layout;

pub use import::import_copybook;
