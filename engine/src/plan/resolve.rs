//! Resolving names of a mapping against a shape.
//!
//! **Invariant.** Every name is found or reported with suggestions; cardinality is computed, never guessed.

mod suggest;
mod text;

pub use suggest::suggestions;
pub use text::written;
