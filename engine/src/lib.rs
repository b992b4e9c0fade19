//! The mapping language: load, check, plan, run, explain.
//!
//! **Invariant.** Pure and synchronous: no I/O, no clock, no threads, no protocol.

pub mod codec;
pub mod diagnostics;
mod edits;
pub mod expr;
pub mod json;
pub mod lang;
pub mod plan;
pub mod program;
pub mod ty;
pub mod value;
