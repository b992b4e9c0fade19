//! Streams: the records of a source become events, unit after unit, exactly accounted for.
//!
//! A unit is read up to twice. Where totals must hold, all of it is added up first, and nothing of it is published unless
//! they do. Then its batches are mapped on several threads, and published in order; only once the events and dead letters
//! of a batch are durable is its position kept, in one transaction with what is known of its keys. Whatever happens in
//! between, whoever goes on from that position makes the same events under the same ids.
//!
//! **Invariant.** A record is settled only once its event or its dead letter is durable, or once it is known to say nothing
//! new; what is in flight is bounded.

mod block;
mod build;
mod counts;
mod deliver;
mod dry;
mod judge;
mod letter;
mod map;
mod publish;
mod redrive;
mod round;
mod unit;
mod verify;
mod workers;

pub(crate) use build::{SinkOf, SourceOf};
pub(in crate::events) use build::{dataschema, types};
pub(in crate::events) use deliver::publish;

pub use block::{Block, Mapping, Planned, ReadRecord, Total};
pub use build::{Setup, ZoneClock};
pub use counts::{StreamCounts, print_streams};
pub use deliver::{Outlet, Patience};
pub use dry::Show;
pub use redrive::{Letter, Redrive, Redriven};
pub use round::{Round, Stream, StreamParts};
pub use unit::{UnitOutcome, UnitReport};
pub use verify::UnitTotal;

use crate::store::StoreError;
use kernel::Error;
use std::fmt;

/// Why a stream does not go on for the moment. Nothing is lost: it is tried again.
#[derive(Debug)]
pub enum Trouble {
    /// The store cannot keep anything.
    Store(StoreError),
    /// The source cannot be read.
    Source(Error),
    /// A sink does not take events, for longer than was to be waited.
    Sink(String),
    /// It is to end.
    Stopped,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Source(error) => write!(f, "the source cannot be read: {error}"),
            Self::Sink(why) => write!(f, "events cannot be published: {why}"),
            Self::Stopped => f.write_str("it was told to end"),
        }
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests;
