//! JSON with exact numbers.
//!
//! **Invariant.** A number keeps its digits, and a member name that stands twice is an error, never a choice.

#[cfg(test)]
mod conformance;
mod parse;
mod pointer;
mod write;

pub use parse::{JsonError, JsonLimits, parse};
pub use pointer::{pointer_to, push_pointer};
pub use write::{from_serde, has_text, text_of, to_serde, write, write_text};
pub(crate) use write::{write_date, write_int, write_time};
