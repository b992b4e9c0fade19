//! Fakes that speak the protocol: a small HTTP server with bad manners on demand, and a property management system.
//!
//! **Invariant.** A fake speaks over a real socket on the loopback address; it shares no code with an adapter.

pub mod http;
pub mod peer;
pub mod pms;

pub use http::{Behaviour, Reply, Request, Server};
pub use peer::{Peer, Step};
pub use pms::Pms;
