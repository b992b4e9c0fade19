//! Looks into a file: what it probably is, and the records that it has.
//!
//! **Invariant.** A guess is a proposal with its evidence; nothing here decides how files are read.

mod guess;
mod records;

pub use guess::{Evidence, Guess, Proposal, guess};
pub(crate) use records::letter_fields;
pub use records::{Inspected, Inspection};

#[cfg(test)]
mod tests;
