//! The errors of this crate: the one place that chooses a class.
//!
//! **Invariant.** `Transient` is chosen only while not one byte of the request has left.

use adapters_ports::Sent;
use kernel::{Cause, Class, Error};
use std::fmt::Display;
use std::io;

/// There is no connection: nothing was sent.
pub(crate) fn unreachable(message: &'static str, host: impl Display) -> Error {
    Error::new(Class::Transient, Cause::Unavailable, message).with("host", host)
}

/// The connection broke. What that means depends on whether bytes had left.
pub(crate) fn broken(sent: &Sent, message: &'static str, source: io::Error) -> Error {
    let error = if sent.is_marked() {
        Error::new(Class::Ambiguous, Cause::Broken, message)
    } else {
        Error::new(Class::Transient, Cause::Unavailable, message)
    };
    error.with("io", source.kind()).because(source)
}

/// What came cannot be understood as HTTP, or ended too early: nobody knows what happened.
pub(crate) fn lost(message: &'static str) -> Error {
    Error::new(Class::Ambiguous, Cause::Broken, message)
}

/// No answer in time. What that means depends on whether bytes had left.
pub(crate) fn late(sent: &Sent) -> Error {
    if sent.is_marked() {
        Error::new(Class::Ambiguous, Cause::TimedOut, "no answer in time")
    } else {
        Error::new(Class::Transient, Cause::TimedOut, "no time left before the request was sent")
    }
}

/// The answer stopped half-way and the deadline passed.
pub(crate) fn slow_body() -> Error {
    Error::new(Class::Ambiguous, Cause::TimedOut, "the answer did not end in time")
}

/// HTTP that breaks its rules. Sent again, it would break them again.
pub(crate) fn contract(message: &'static str) -> Error {
    Error::new(Class::Poison, Cause::Contract, message)
}

/// An answer that is larger than a limit.
pub(crate) fn over(message: &'static str, limit: u64) -> Error {
    contract(message).with("limit", limit)
}

/// A request that cannot be written as HTTP. Nothing was sent.
pub(crate) fn unwritable(message: &'static str, name: &str) -> Error {
    Error::new(Class::Client, Cause::Unwritable, message).with("header", name)
}
