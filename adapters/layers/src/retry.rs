//! Retries: how many, after which pause, and only as many as the budget has.
//!
//! **Invariant.** In the long run retries are at most the budget's share of calls plus its floor, however many fail.

use crate::policy::RetryPolicy;
use crate::random::Random;
use kernel::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Retries that are always there, per second: quiet connections have no calls to earn them with.
const FLOOR_PER_SECOND: u64 = 10;

/// How many of the floor's retries can be saved: enough for all tries of one call after a silence.
const FLOOR_SAVED_MAX: u64 = 5;

/// How many of the earned retries can be saved, so that a good hour does not pay for a storm.
const EARNED_SAVED_MAX: u64 = 100;

/// Parts of a retry in which the budget is counted.
const UNIT: u64 = 1_000_000;

/// Decides about retries of one connection.
#[derive(Debug)]
pub(crate) struct Retry {
    policy: RetryPolicy,
    random: Random,
    budget: Mutex<Budget>,
}

#[derive(Debug)]
struct Budget {
    /// Earned by calls.
    earned: u64,
    /// Given by time.
    floor: u64,
    floor_at: Instant,
}

/// Why a call is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    /// Its class forbids it, or it was tried often enough, or there is no time.
    Final,
    /// The budget is used up.
    Budget,
}

impl Retry {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        let budget = Budget { earned: 0, floor: FLOOR_SAVED_MAX * UNIT, floor_at: Instant::now() };
        Self { policy, random: Random::new(), budget: Mutex::new(budget) }
    }

    /// Notes a new call, which earns its share of a retry.
    pub(crate) fn earn(&self) {
        let share = u64::from(self.policy.budget_percent) * UNIT / 100;
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.earned = (budget.earned + share).min(EARNED_SAVED_MAX * UNIT);
    }

    /// Returns the pause before the next try, after `tries` tries, the last of which ended with `error`.
    pub(crate) fn pause(
        &self,
        error: &Error,
        repeatable: bool,
        tries: u32,
        deadline: Instant,
    ) -> Result<Duration, No> {
        if !error.class.permits_retry(repeatable) || tries > self.policy.max {
            return Err(No::Final);
        }
        let now = Instant::now();
        let drawn = self.draw(tries);
        let pause = error.retry_after.map_or(drawn, |told| told.max(drawn));
        if pause >= deadline.saturating_duration_since(now) {
            return Err(No::Final);
        }
        if self.spend(now) { Ok(pause) } else { Err(No::Budget) }
    }

    /// "Full jitter": between zero and a bound that doubles with each try.
    ///
    /// Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    fn draw(&self, tries: u32) -> Duration {
        let doubled = self.policy.pause_first.saturating_mul(1 << tries.saturating_sub(1).min(20));
        let bound = doubled.min(self.policy.pause_max);
        Duration::from_nanos(self.random.up_to(u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX)))
    }

    fn spend(&self, now: Instant) -> bool {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(budget.floor_at);
        let grown = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX).saturating_mul(FLOOR_PER_SECOND);
        budget.floor = budget.floor.saturating_add(grown).min(FLOOR_SAVED_MAX * UNIT);
        budget.floor_at = now;
        // The floor first: it grows again by itself.
        let Budget { earned, floor, .. } = &mut *budget;
        for source in [floor, earned] {
            if *source >= UNIT {
                *source -= UNIT;
                return true;
            }
        }
        false
    }
}
