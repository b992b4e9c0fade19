//! What travels with every call: deadline, trace, tenant.
//!
//! **Invariant.** Passed first and by reference; it never holds a payload.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a call may need beside its request.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// When an answer is of no use any more.
    pub deadline: Instant,
    /// The `traceparent` of the request that caused the call, in W3C form.
    pub trace: Option<Arc<str>>,
    /// The id under which logs show the request.
    pub request_id: Arc<str>,
    /// Whether bytes of this try have left. Adapters set it; a time-out is judged by it.
    pub sent: Sent,
}

/// A mark that bytes of a try have left, so that nobody knows any more whether the legacy system acted.
///
/// A clone is the mark of another try and starts unset.
#[derive(Debug, Default)]
pub struct Sent(AtomicBool);

impl CallContext {
    /// Returns a context whose deadline is `within` from now.
    pub fn new(request_id: impl Into<Arc<str>>, within: Duration) -> Self {
        let deadline = Instant::now() + within;
        Self { deadline, trace: None, request_id: request_id.into(), sent: Sent::default() }
    }

    /// Returns the context of one try: the same call with a nearer deadline and an unset mark.
    #[must_use]
    pub fn attempt(&self, deadline: Instant) -> Self {
        Self { deadline: self.deadline.min(deadline), ..self.clone() }
    }

    /// Returns how much time is left; zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

impl Sent {
    /// Notes that bytes have left.
    pub fn mark(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Returns whether bytes have left.
    pub fn is_marked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Clone for Sent {
    fn clone(&self) -> Self {
        Self::default()
    }
}
