//! The mapping language: load, check, plan, run, explain.
//!
//! **Invariant.** Pure and synchronous: no I/O, no clock, no threads, no protocol.

pub mod ty;
pub mod value;
