//! The promises of Seawall as tests: what every adapter keeps, what the API publishes, what its consumers rely on.
//!
//! **Invariant.** Nothing in a product crate depends on it; a promise is checked from the outside, as whoever relies on
//! it would.

pub mod adapter;
pub mod api;
pub mod consumer;
