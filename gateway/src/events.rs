//! Events: what changes in the legacy systems is noticed, kept, published, and can be read again.
//!
//! **Invariant.** What was seen and the events that follow from it are durable as one before anything is published, so an
//! event is neither lost nor made twice under two names.

pub(crate) mod cloud;
mod feed;
mod inbox;
mod judge;
mod mark;
mod pump;
mod start;
pub mod stream;
mod table;
mod topics;

pub use feed::{Ask, DatabaseClock, Feed, Page, Poison, Row, Rules, Seen, Types};
pub(crate) use judge::REJECTED;

pub use inbox::{Ended, Inbox, Noted};
pub use mark::{Mark, MarkKind};
pub use pump::{Counts, Publish, Pump, Step, Trouble};
pub use start::{Start, keeper, start};
pub use topics::{BlockCounts, Events, Listening, Notes, Readable, print};
