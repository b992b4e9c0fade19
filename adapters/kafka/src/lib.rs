//! Kafka: events out, durable at all replicas; dead letters back in.
//!
//! **Invariant.** An event that is answered with `Ok` was acknowledged by the broker.

mod complaint;
mod config;
mod connection;
mod fault;
#[cfg(test)]
mod fixtures;
mod flight;
mod letters;
mod live;
mod message;
mod parse;
mod sink;
mod transaction;

pub use connection::Kafka;
