//! The source port: files of a folder as units of records.
//!
//! **Invariant.** Reading blocks a thread of its own, never those that serve.

mod reader;
mod records;
mod unit;

pub(crate) use reader::{Limits, Plan, Reader};
pub(crate) use records::FileRecords;
pub(crate) use unit::{FileUnit, headed, letter};

#[cfg(test)]
pub(crate) mod tests;
