//! Plans: what mappings compile to, and how they are run.
//!
//! **Invariant.** A plan is immutable; everything that changes while it runs is in the reader or the tree of one call.

pub mod compile;
pub mod errors;
pub mod explain;
pub mod laws;
pub mod model;
pub mod query;
pub mod read;
pub mod resolve;
pub mod schema;
pub mod stream;
pub mod tree;
pub mod watch;
pub mod write;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
