//! Kafka: events out, durable at all replicas; dead letters back in.
//!
//! **Invariant.** An event that is answered with `Ok` was acknowledged by the broker.
