//! What the end-to-end tests, the demo and the benchmarks share: the real binary, tokens, a plain HTTP client.
//!
//! **Invariant.** Nothing here uses Seawall's own client or codecs, so that mistakes are not shared.

pub mod bench;
pub mod client;
pub mod databases;
pub mod family;
pub mod kafka;
pub mod process;
pub mod proxy;
pub mod shared;
pub mod tokens;

pub use client::{Answer, Client};
pub use process::{Facade, FacadeOptions, seawall};
pub use proxy::Proxy;
pub use tokens::KeySet;
