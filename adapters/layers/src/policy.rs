//! What the policies of one connection are.
//!
//! **Invariant.** Complete: every bound has a value, and only what the mapping asks for is switched on.

use std::num::NonZeroU32;
use std::time::Duration;

/// The policies of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long one try may take.
    pub timeout: Duration,
    /// How long all tries and pauses may take together.
    pub deadline: Duration,
    /// Whether and how a call is tried again.
    pub retry: Option<RetryPolicy>,
    /// When calls are refused because the system fails.
    pub breaker: Option<BreakerPolicy>,
    /// Calls in flight at most.
    pub concurrency: NonZeroU32,
    /// Calls that wait for a place at most.
    pub queue: u32,
    /// Calls in a time at most.
    pub rate: Option<RatePolicy>,
}

/// How a call is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries after the first one.
    pub max: u32,
    /// Retries in percent of calls, beside a floor of ten in a second.
    pub budget_percent: u32,
    /// Bound of the first pause; it doubles with each. The pause is drawn between zero and the bound.
    pub pause_first: Duration,
    /// What the bound of a pause grows to.
    pub pause_max: Duration,
}

/// When the breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// How many failures open it.
    pub failures: Failures,
    /// Which calls are looked at.
    pub window: Window,
    /// Fewer calls than this are not judged by a percentage. No more than the window holds are waited for.
    pub min_calls: u32,
    /// Slow calls that open it as failures do.
    pub slow: Option<SlowPolicy>,
    /// How long it stays open.
    pub open: Duration,
    /// Calls that are let through when it is half open.
    pub trials: NonZeroU32,
}

/// How many failures open the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failures {
    /// So many percent of the calls that are looked at, 1 to 100.
    Percent(u32),
    /// So many of the calls that are looked at.
    Count(NonZeroU32),
}

/// Which calls the breaker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The last calls.
    Calls(NonZeroU32),
    /// The calls that ended within this time. It moves in steps of a tenth.
    Time(Duration),
    /// Those since the last success; slow calls are looked for among the last 20.
    Row,
}

/// Which calls are slow, and how many open the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowPolicy {
    /// A call that takes longer is slow.
    pub over: Duration,
    /// So many percent open the breaker, 1 to 100.
    pub percent: u32,
}

/// Calls in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatePolicy {
    /// So many calls …
    pub count: NonZeroU32,
    /// … in any stretch of this length.
    pub per: Duration,
}

/// Returns a number that is at least one.
const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Policy {
    /// Returns how many calls wait for a place where the mapping says only how many are in flight.
    pub const fn default_queue(concurrency: NonZeroU32) -> u32 {
        concurrency.get().saturating_mul(4)
    }
}

impl Default for Policy {
    /// 10 s a try, 30 s in all, 64 in flight, 256 waiting; no retry, no breaker, no rate.
    fn default() -> Self {
        let concurrency = at_least_one(64);
        Self {
            timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            retry: None,
            breaker: None,
            concurrency,
            queue: Self::default_queue(concurrency),
            rate: None,
        }
    }
}

impl Default for RetryPolicy {
    /// 2 retries within 20 % of calls, pauses up to 100 ms, 200 ms … 2 s.
    fn default() -> Self {
        Self {
            max: 2,
            budget_percent: 20,
            pause_first: Duration::from_millis(100),
            pause_max: Duration::from_secs(2),
        }
    }
}

impl BreakerPolicy {
    /// Returns a policy over the last `of` calls with the defaults: judged once there are `of`, open for 30 s, 3 trials.
    pub const fn last(of: NonZeroU32, failures: Failures) -> Self {
        Self {
            failures,
            window: Window::Calls(of),
            min_calls: of.get(),
            slow: None,
            open: Duration::from_secs(30),
            trials: at_least_one(3),
        }
    }

    /// Returns a policy over a time with the defaults: judged from 10 calls on, open for 30 s, 3 trials.
    pub const fn within(window: Duration, failures: Failures) -> Self {
        Self { window: Window::Time(window), min_calls: 10, ..Self::last(at_least_one(1), failures) }
    }

    /// Returns a policy that opens after so many failures in a row, for 30 s, with 3 trials.
    pub const fn in_a_row(count: NonZeroU32) -> Self {
        Self { window: Window::Row, min_calls: 20, ..Self::last(count, Failures::Count(count)) }
    }
}

impl Default for BreakerPolicy {
    /// Half of the last 20 calls, open for 30 s, 3 trials.
    fn default() -> Self {
        Self::last(at_least_one(20), Failures::Percent(50))
    }
}
