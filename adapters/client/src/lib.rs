//! A lean HTTP/1.1 client for the hot path of adapters.
//!
//! Heads are serialised once, connections are kept per thread, a short answer is one write and one read.
//! The class of an error says what may have happened, decided in one place, [`mod@fail`]:
//!
//! | what happened | class | cause |
//! | --- | --- | --- |
//! | no address, no connection, no TLS, or a broken one before a byte left | transient | unavailable |
//! | out of time before a byte left | transient | timed out |
//! | out of time later | ambiguous | timed out |
//! | broken after a byte left, or what came is no HTTP at all | ambiguous | broken |
//! | HTTP that breaks its own rules or a limit | poison | contract |
//!
//! The last one may have been executed as well: it is not worth a repetition, which would break the same way,
//! and whoever keeps books about effects counts it as an unknown outcome.
//!
//! **Invariant.** No request is sent twice by this crate once one of its bytes has left.

mod body;
mod client;
mod config;
mod connect;
mod drain;
mod fail;
mod framing;
mod gzip;
mod head;
mod pool;
mod reply;
mod stream;
mod target;
mod tls;
mod wire;

pub use body::BodyStream;
pub use client::{Client, Response, get};
pub use config::{Config, ConfigError, Limits, Tls};
pub use head::Head;
pub use reply::Headers;
pub use target::{Origin, Target};
