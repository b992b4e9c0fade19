//! The HTTP side: the server, and what a request and an answer are made of.
//!
//! **Invariant.** The only room that names the server's crate; everything inside speaks of `Incoming` and `Answer`.

pub mod answer;
pub mod body;
pub mod media;
pub mod params;
pub mod query;
pub mod router;
pub mod server;
