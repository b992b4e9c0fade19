//! The frames between Seawall and its database workers, both directions.
//!
//! The text of the protocol is `PROTOCOL.md` beside this crate; the Java bridge implements the same text.
//!
//! **Invariant.** Nothing that arrives is believed: lengths, counts and texts are checked before they are used, and
//! no input makes a decoder panic or allocate more than the frame is long.

mod batch;
mod execute;
mod frame;
mod reply;
mod request;
mod scan;

pub use batch::{Batch, BatchWriter, Column, Texts};
pub use execute::{Direction, Execute, Fetch, Parameter, Value, ValueKind};
pub use frame::{Framed, read_frame, write_frame};
pub use reply::{ColumnInfo, Fault, FromWorker, Phase};
pub use request::{Open, ToWorker};
pub use scan::Malformed;

/// The version of the protocol, told in HELLO and READY.
pub const VERSION: u16 = 1;

/// Bytes of the longest frame, kind included; a longer one ends the connection unread.
pub const FRAME_BYTES_MAX: u32 = 16 << 20;

/// Bytes of a frame's header: the length and the kind.
pub const HEADER_BYTES: usize = 5;

/// The environment variable that holds the token that HELLO must say.
pub const TOKEN_VARIABLE: &str = "SEAWALL_WORKER_TOKEN";

/// Numbers of the kinds of frames.
pub mod kind {
    /// Says who connects.
    pub const HELLO: u8 = 0x01;
    /// Opens the database.
    pub const OPEN: u8 = 0x02;
    /// Executes a statement.
    pub const EXECUTE: u8 = 0x03;
    /// Stops what another session executes.
    pub const CANCEL: u8 = 0x05;
    /// Asks whether the database answers.
    pub const PING: u8 = 0x06;
    /// Asks for tables and procedures.
    pub const CATALOG: u8 = 0x07;
    /// Answers HELLO.
    pub const READY: u8 = 0x81;
    /// Answers OPEN.
    pub const OPENED: u8 = 0x82;
    /// Begins a result set.
    pub const COLUMNS: u8 = 0x83;
    /// Rows.
    pub const BATCH: u8 = 0x84;
    /// Ends an answer.
    pub const DONE: u8 = 0x85;
    /// Answers CATALOG.
    pub const RAW_CATALOG: u8 = 0x86;
    /// Values of OUT and INOUT parameters.
    pub const OUT: u8 = 0x87;
    /// Ends an answer by an error.
    pub const FAULT: u8 = 0x8F;
}
