//! Flat files: CSV, fixed width and COBOL copybooks, read and written byte for byte.
//!
//! **Invariant.** What cannot be read is said with record, byte offset and reason; it never becomes a value.

mod codepage;
mod copybook;
mod field;
mod format;
mod layout;
