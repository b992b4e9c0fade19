//! The errors of this room: the one place that chooses a class.
//!
//! **Invariant.** A write that may have left is `Ambiguous`; a read never is.

use adapters_ports::{FaultReply, Sent};
use adapters_sql_protocol::{Fault, Malformed};
use kernel::{Cause, Class, Error};
use std::io;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads.
    Reads,
    /// It changes something.
    Writes,
}

impl Effect {
    fn class(self) -> Class {
        match self {
            Self::Reads => Class::Transient,
            Self::Writes => Class::Ambiguous,
        }
    }
}

/// Every session that was tried was dead: nothing was sent.
pub(crate) fn unsent() -> Error {
    Error::new(
        Class::Transient,
        Cause::Unavailable,
        "the connection to the database broke before the statement",
    )
}

/// The worker or its connection is gone.
pub(crate) fn broken(effect: Effect, source: io::Error) -> Error {
    let error = Error::new(effect.class(), Cause::Broken, "the connection to the database broke");
    error.with("io", source.kind()).because(source)
}

/// The worker says that the connection to the database is gone.
pub(crate) fn gone(effect: Effect, fault: &Fault) -> Error {
    let error = Error::new(effect.class(), Cause::Broken, "the connection to the database broke");
    coded(error, fault)
}

/// A write that the driver broke off.
pub(crate) fn within(fault: &Fault) -> Error {
    coded(Error::new(Class::Ambiguous, Cause::TimedOut, "the database broke the statement off"), fault)
}

/// The second statement of a call was refused: what the first one did stands.
pub(crate) fn behind(fault: &FaultReply) -> Error {
    let message = "the database did not tell what it made of a new row, which is there";
    let error = Error::new(Class::Ambiguous, Cause::Contract, message);
    error.with("sqlstate", fault.sqlstate.as_deref().unwrap_or_default())
}

/// An answer that ended by a fault after rows had come.
pub(crate) fn midway(effect: Effect, fault: &Fault) -> Error {
    let passing = ["08", "40", "57", "HYT", "HY008", "53", "HY090"];
    let class = match (effect, passing.iter().any(|class| fault.sqlstate.starts_with(class))) {
        (Effect::Writes, _) => Class::Ambiguous,
        (Effect::Reads, true) => Class::Transient,
        (Effect::Reads, false) => Class::Poison,
    };
    let cause = if class == Class::Poison { Cause::Contract } else { Cause::Broken };
    coded(Error::new(class, cause, "the database broke off within its answer"), fault)
}

/// No answer in time.
pub(crate) fn late(sent: &Sent) -> Error {
    let (class, message) = match sent.is_marked() {
        true => (Class::Ambiguous, "no answer in time"),
        false => (Class::Transient, "the database did not answer in time; nothing was changed"),
    };
    Error::new(class, Cause::TimedOut, message)
}

/// The worker breaks the protocol.
pub(crate) fn malformed(wrong: Malformed) -> Error {
    Error::new(Class::Defect, Cause::Internal, "a database worker breaks the protocol").with("reason", wrong)
}

/// The worker says something that does not belong here.
pub(crate) fn strange() -> Error {
    Error::new(Class::Defect, Cause::Internal, "a database worker says what does not belong here")
}

/// A result without a column that was asked for.
pub(crate) fn unasked(column: &str) -> Error {
    let error =
        Error::new(Class::Poison, Cause::Contract, "the result has not the columns that were asked for");
    error.with("column", column)
}

/// A write that is followed by nonsense may have happened all the same.
pub(crate) fn judged(effect: Effect, mut error: Error) -> Error {
    if effect == Effect::Writes {
        error.class = Class::Ambiguous;
    }
    error
}

fn coded(error: Error, fault: &Fault) -> Error {
    let error = error.with("native", fault.native);
    match fault.state() {
        Some(state) => error.with("sqlstate", state),
        None => error,
    }
}

/// An answer that did not end in time.
pub(crate) fn slow(effect: Effect) -> Error {
    Error::new(effect.class(), Cause::TimedOut, "the answer of the database did not end in time")
}
