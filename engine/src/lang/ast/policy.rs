//! Policies: what protects a legacy system, and what a client may expect.
//!
//! **Invariant.** Only what was written is `Some`; defaults belong to whoever obeys a policy.

use super::Spanned;
use kernel::Span;
use std::time::Duration;

/// One `policy:` map, or an entry of `policies:`. `use:` is already resolved where a project was loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// `use:`, the shared policy on which it was laid.
    pub base: Option<Spanned<String>>,
    /// `timeout:`, per try.
    pub timeout: Option<Spanned<Duration>>,
    /// `deadline:`, over all tries.
    pub deadline: Option<Spanned<Duration>>,
    /// `retry:`.
    pub retry: Option<Spanned<Retry>>,
    /// `breaker:`.
    pub breaker: Option<Spanned<Breaker>>,
    /// `concurrency:`, calls in flight.
    pub concurrency: Option<Spanned<u32>>,
    /// `queue:`, calls that wait for a place.
    pub queue: Option<Spanned<u32>>,
    /// `rate:`.
    pub rate: Option<Spanned<Rate>>,
    /// `maxBytes:`, of a reply.
    pub max_bytes: Option<Spanned<u64>>,
    /// `cache:`, how long an answer is fresh.
    pub cache: Option<Spanned<Duration>>,
    /// `stale:`, how long an old answer may serve when the class of an error allows it.
    pub stale: Option<Spanned<Duration>>,
    /// `idempotency:`.
    pub idempotency: Option<Spanned<Idempotency>>,
    /// `repeatable:`.
    pub repeatable: Option<Spanned<bool>>,
    /// `dedupe:`.
    pub dedupe: Option<Spanned<Dedupe>>,
    /// `scope:`.
    pub scope: Option<Spanned<String>>,
    /// `rejectLimit:`, rejected records after which a file or stream stops.
    pub reject_limit: Option<Spanned<u32>>,
    /// The map; `None` where nothing was written.
    pub span: Option<Span>,
}

/// `retry: 2`, or with its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries after the first one.
    pub max: u32,
    /// Retries in percent of calls.
    pub budget_percent: Option<u32>,
    /// Least and greatest pause: `100ms..2s`.
    pub backoff: Option<(Duration, Duration)>,
}

/// `breaker:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// When it opens.
    pub failures: Failures,
    /// `of:`, the last calls that are looked at.
    pub of: Option<u32>,
    /// `window:`, the time that is looked at, instead of `of`.
    pub window: Option<Duration>,
    /// `open:`, how long it stays open.
    pub open: Option<Duration>,
    /// `minCalls:`, below which it does not judge.
    pub min_calls: Option<u32>,
    /// `slow:`.
    pub slow: Option<Slow>,
    /// `trials:`, calls that are let through when it is half open.
    pub trials: Option<u32>,
}

/// How many failures open a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failures {
    /// `50%` of the calls that are looked at.
    Percent(u32),
    /// So many: in a row, or within `of` or `window` where one of them is written.
    Count(u32),
}

/// `slow: { over: 2s, rate: 80% }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// A call that takes longer is slow.
    pub over: Duration,
    /// So many slow calls in percent open the breaker.
    pub rate_percent: u32,
}

/// `50/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many calls …
    pub count: u32,
    /// … in that time.
    pub per: Duration,
}

/// `idempotency:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The legacy system recognises duplicates itself.
    Off,
    /// How long a key is remembered.
    For(Duration),
}

/// `dedupe:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// What was accepted last time is not sent again.
    Unchanged,
}

impl Policy {
    /// Returns this policy laid over another one: what is written here wins.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let own = self.clone();
        Self {
            base: own.base,
            timeout: own.timeout.or(base.timeout),
            deadline: own.deadline.or(base.deadline),
            retry: own.retry.or(base.retry),
            breaker: own.breaker.or(base.breaker),
            concurrency: own.concurrency.or(base.concurrency),
            queue: own.queue.or(base.queue),
            rate: own.rate.or(base.rate),
            max_bytes: own.max_bytes.or(base.max_bytes),
            cache: own.cache.or(base.cache),
            stale: own.stale.or(base.stale),
            idempotency: own.idempotency.or(base.idempotency),
            repeatable: own.repeatable.or(base.repeatable),
            dedupe: own.dedupe.or(base.dedupe),
            scope: own.scope.or_else(|| base.scope.clone()),
            reject_limit: own.reject_limit.or(base.reject_limit),
            span: own.span,
        }
    }
}
