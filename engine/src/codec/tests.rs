//! Tests of whole chains: behaviour, diagnostics, laws, and both ways of reading.
//!
//! **Invariant.** Random values come from fixed seeds, so a failure can be repeated.

mod behaviour;
mod diagnostics;
pub(crate) mod kit;
mod laws;
mod paths;
