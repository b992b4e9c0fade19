//! The calls that the breaker looks at.
//!
//! **Invariant.** Memory is bounded by the policy, whatever the traffic.

use crate::policy::Window;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// A window of time moves in so many steps.
const STEPS: u32 = 10;

/// Calls among which slow ones are counted where failures are counted in a row.
pub(crate) const ROW_LAST: u32 = 20;

/// Sums of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u32,
    pub(crate) failed: u32,
    pub(crate) slow: u32,
}

/// The calls of a window, summed up.
#[derive(Debug)]
pub(crate) enum Calls {
    /// The last calls, oldest first: failed, slow.
    Last { of: usize, calls: VecDeque<(bool, bool)>, sum: Tally },
    /// Tallies of steps, oldest first, with the number of the step since `origin`.
    Within { origin: Instant, step: Duration, steps: VecDeque<(u64, Tally)>, sum: Tally },
    /// Failures since the last success; slow calls among the last ones, since a row has no rate.
    Row { failed: u32, last: Box<Calls> },
}

impl Calls {
    pub(crate) fn new(window: Window, now: Instant) -> Self {
        let sum = Tally::default();
        match window {
            Window::Calls(of) => Self::Last { of: of.get() as usize, calls: VecDeque::new(), sum },
            Window::Time(length) => {
                let step = (length / STEPS).max(Duration::from_millis(1));
                Self::Within { origin: now, step, steps: VecDeque::new(), sum }
            }
            Window::Row => Self::Row {
                failed: 0,
                last: Box::new(Self::Last { of: ROW_LAST as usize, calls: VecDeque::new(), sum }),
            },
        }
    }

    /// Adds a call that ended now and returns the sums.
    pub(crate) fn add(&mut self, failed: bool, slow: bool, now: Instant) -> Tally {
        match self {
            Self::Last { of, calls, sum } => {
                if calls.len() == *of
                    && let Some((failed, slow)) = calls.pop_front()
                {
                    sum.take(Tally::one(failed, slow));
                }
                calls.push_back((failed, slow));
                sum.put(Tally::one(failed, slow));
                *sum
            }
            Self::Within { origin, step, steps, sum } => {
                let current = number(*origin, *step, now);
                while let Some((number, tally)) = steps.front()
                    && number + u64::from(STEPS) <= current
                {
                    sum.take(*tally);
                    steps.pop_front();
                }
                match steps.back_mut() {
                    Some((number, tally)) if *number == current => tally.put(Tally::one(failed, slow)),
                    _ => steps.push_back((current, Tally::one(failed, slow))),
                }
                sum.put(Tally::one(failed, slow));
                *sum
            }
            Self::Row { failed: row, last } => {
                *row = if failed { row.saturating_add(1) } else { 0 };
                Tally { failed: *row, ..last.add(failed, slow, now) }
            }
        }
    }
}

impl Tally {
    fn one(failed: bool, slow: bool) -> Self {
        Self { calls: 1, failed: u32::from(failed), slow: u32::from(slow) }
    }

    pub(crate) fn put(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failed = self.failed.saturating_add(other.failed);
        self.slow = self.slow.saturating_add(other.slow);
    }

    fn take(&mut self, other: Self) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failed = self.failed.saturating_sub(other.failed);
        self.slow = self.slow.saturating_sub(other.slow);
    }
}

/// The number of the step in which a moment lies.
fn number(origin: Instant, step: Duration, now: Instant) -> u64 {
    let number = now.saturating_duration_since(origin).as_nanos() / step.as_nanos().max(1);
    u64::try_from(number).unwrap_or(u64::MAX)
}
