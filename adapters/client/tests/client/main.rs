//! The client against servers with bad manners, over real sockets.
//!
//! **Invariant.** Loopback only; every server ends with its test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod connections;
mod encrypted;
mod repeatable;
mod rude;
