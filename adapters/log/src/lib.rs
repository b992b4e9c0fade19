//! The embedded durable event log: a folder per topic, segments that are only appended to, readers by cursor.
//!
//! **Invariant.** What was answered as published is on disk and is told to every reader once, in order; what was not is
//! never told.

mod config;
mod connection;
mod crc;
mod folder;
mod read;
mod record;
mod segment;
mod topic;
mod writer;

pub use connection::Log;
pub use folder::{Folder, Rules};
