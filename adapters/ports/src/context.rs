//! What travels with every call: deadline, trace, tenant.
//!
//! **Invariant.** Passed first and by reference; it never holds a payload.

use std::time::{Duration, Instant};

/// What a call may need beside its request.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// When an answer is of no use any more.
    pub deadline: Instant,
    /// The `traceparent` of the request that caused the call, in W3C form.
    pub trace: Option<std::sync::Arc<str>>,
    /// The id under which logs show the request.
    pub request_id: std::sync::Arc<str>,
}

impl CallContext {
    /// Returns a context whose deadline is `within` from now.
    pub fn new(request_id: impl Into<std::sync::Arc<str>>, within: Duration) -> Self {
        Self { deadline: Instant::now() + within, trace: None, request_id: request_id.into() }
    }

    /// Returns how much time is left; zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
