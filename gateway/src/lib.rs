//! The gateway: the command line, the HTTP side, and everything that only the process knows.
//!
//! **Invariant.** The only room that names the server's crate, the store's and the token's; adapters stand in one visible list.

pub mod asyncapi;
pub mod auth;
pub mod cli;
pub mod events;
pub mod http;
pub mod ids;
pub mod import;
pub mod metrics;
pub mod openapi;
pub mod policy;
pub mod problem;
pub mod project;
pub mod reference;
pub mod registry;
pub mod service;
pub mod statements;
pub mod store;
pub mod telemetry;
pub mod testing;
