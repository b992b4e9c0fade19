//! The client against servers with bad manners, over real sockets.
//!
//! **Invariant.** Loopback only; every server ends with its test.

mod answers;
mod connections;
mod encrypted;
mod rude;
