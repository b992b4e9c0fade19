//! Events: what changes in the legacy systems is noticed, kept, published, and can be read again.
//!
//! **Invariant.** What was seen and the events that follow from it are durable as one before anything is published, so an
//! event is neither lost nor made twice under two names.

mod feed;
mod inbox;
mod judge;
mod mark;
mod pump;

pub use feed::{Ask, DatabaseClock, Feed, Page, Poison, Row, Rules, Seen, Types};
pub use inbox::{Ended, Inbox, Noted};
pub use mark::{Mark, MarkKind};
pub use pump::{Publish, Pump, Step, Trouble};
