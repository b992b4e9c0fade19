//! The embedded durable event log.
//!
//! **Invariant.** To be told by what stands here.
