//! The policies around a call: what protects a legacy system, in one fixed order.
//!
//! **Invariant.** Policies look at the class of an error, whether it counts and when to come again; at nothing else.

mod breaker;
mod bulkhead;
mod cache;
mod observe;
mod policy;
mod random;
mod rate;
mod retry;
mod stack;
mod timeout;

pub use breaker::BreakerState;
pub use bulkhead::Place;
pub use cache::{Cache, Cached};
pub use observe::print;
pub use policy::{BreakerPolicy, Failures, Policy, RatePolicy, RetryPolicy, SlowPolicy, Window};
pub use stack::{Exchange, Stack, StackState};
