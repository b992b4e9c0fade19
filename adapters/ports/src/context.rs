//! What travels with every call: deadline, trace, tenant.
//!
//! **Invariant.** Passed first and by reference; it never holds a payload.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
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
    /// Whether bytes of this try have left. Adapters tell it; a time-out is judged by it.
    pub sent: Sent,
}

/// A mark that bytes of a try have left, so that nobody knows any more whether the legacy system acted.
///
/// It has three states: nothing is known, nothing has left yet, bytes have left. Who never touches it is judged as if
/// bytes had left.
/// A clone is the mark of another try: nothing is known.
#[derive(Debug, Default)]
pub struct Sent(AtomicU8);

const UNKNOWN: u8 = 0;
const HELD: u8 = 1;
const LEFT: u8 = 2;

impl CallContext {
    /// Returns a context whose deadline is `within` from now.
    pub fn new(request_id: impl Into<Arc<str>>, within: Duration) -> Self {
        let deadline = Instant::now() + within;
        Self { deadline, trace: None, request_id: request_id.into(), sent: Sent::default() }
    }

    /// Returns the context of one try: the same call with a nearer deadline and a mark of its own.
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
    /// Notes that nothing has left yet, and promises to [`Sent::mark`] before anything does.
    pub fn hold(&self) {
        // Once bytes have left there is no way back.
        let _ = self.0.compare_exchange(UNKNOWN, HELD, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Notes that bytes have left.
    pub fn mark(&self) {
        self.0.store(LEFT, Ordering::Release);
    }

    /// Returns whether bytes are known to have left.
    pub fn is_marked(&self) -> bool {
        self.0.load(Ordering::Acquire) == LEFT
    }

    /// Returns whether certainly nothing has left.
    pub fn is_held(&self) -> bool {
        self.0.load(Ordering::Acquire) == HELD
    }
}

impl Clone for Sent {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_never_goes_back_and_a_clone_knows_nothing() {
        let sent = Sent::default();
        assert!(!sent.is_held() && !sent.is_marked());
        sent.hold();
        assert!(sent.is_held() && !sent.is_marked());
        sent.mark();
        sent.hold();
        assert!(sent.is_marked() && !sent.is_held());
        assert!(!sent.clone().is_marked() && !sent.clone().is_held());
    }

    #[test]
    fn a_try_has_the_nearer_deadline() {
        let cx = CallContext::new("id", Duration::from_secs(5));
        let near = cx.deadline - Duration::from_secs(1);
        assert_eq!(cx.attempt(near).deadline, near);
        assert_eq!(cx.attempt(cx.deadline + Duration::from_secs(1)).deadline, cx.deadline);
    }
}
