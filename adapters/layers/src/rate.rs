//! The rate: never more than so many calls in any stretch of time.
//!
//! It is a log of the last calls and not a bucket: a bucket lets twice as many through around its edge.
//! Whoever is early waits, in order, if the wait fits into the deadline, and is refused at once if it does not.
//!
//! **Invariant.** A call that gives up while waiting takes nothing with it.

use crate::bulkhead::Waiting;
use crate::policy::RatePolicy;
use kernel::{Cause, Class, Error};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Longest log. A larger rate is kept as a smaller one in a shorter time, which is stricter and never laxer.
const LOG_MAX: u32 = 1 << 14;

/// Calls in a time.
#[derive(Debug)]
pub(crate) struct Rate {
    count: u32,
    per: Duration,
    /// When the last `count` calls went through, oldest first.
    log: Mutex<VecDeque<Instant>>,
    /// Only the first in the queue looks at the log.
    turn: Semaphore,
    waiting: AtomicU32,
}

impl Rate {
    pub(crate) fn new(policy: RatePolicy) -> Self {
        let parts = policy.count.get().div_ceil(LOG_MAX);
        Self {
            count: policy.count.get() / parts,
            per: policy.per / parts,
            log: Mutex::default(),
            turn: Semaphore::new(1),
            waiting: AtomicU32::new(0),
        }
    }

    /// Waits for its turn.
    ///
    /// # Errors
    /// `RateLimited`, with the time to wait, if the turn would come after the deadline. Nothing was sent.
    ///
    /// # Cancel safety
    /// Dropping the future gives the turn to the next.
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<(), Error> {
        if self.waiting.load(Ordering::Acquire) == 0 && self.pass(Instant::now()).is_ok() {
            return Ok(());
        }
        let ahead = self.waiting.load(Ordering::Acquire);
        let Some(_waiting) = Waiting::join(&self.waiting, u32::MAX) else { return Err(limited(self.per)) };
        let turn = self.turn_of(ahead);
        if turn > deadline {
            return Err(limited(turn.saturating_duration_since(Instant::now())));
        }
        let Ok(Ok(_turn)) = timeout_at(deadline, self.turn.acquire()).await else {
            return Err(limited(self.per));
        };
        loop {
            match self.pass(Instant::now()) {
                Ok(()) => return Ok(()),
                Err(next) if next > deadline => {
                    return Err(limited(next.saturating_duration_since(Instant::now())));
                }
                Err(next) => sleep_until(next).await,
            }
        }
    }

    /// Lets a call through now, or tells when the next one may.
    fn pass(&self, now: Instant) -> Result<(), Instant> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() >= self.count as usize
            && let Some(oldest) = log.front()
        {
            let next = *oldest + self.per;
            if next > now {
                return Err(next);
            }
            log.pop_front();
        }
        log.push_back(now);
        Ok(())
    }

    /// Returns when whoever has so many ahead in the queue will have its turn.
    fn turn_of(&self, ahead: u32) -> Instant {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (rounds, rest) = (ahead / self.count, ahead % self.count);
        // Free entries of the log let calls through at once.
        let free = self.count.saturating_sub(u32::try_from(log.len()).unwrap_or(u32::MAX));
        let base = match rest.checked_sub(free) {
            None => now,
            Some(index) => log.get(index as usize).map_or(now, |oldest| *oldest + self.per).max(now),
        };
        base + self.per.saturating_mul(rounds)
    }
}

fn limited(wait: Duration) -> Error {
    let mut error = Error::new(Class::RateLimited, Cause::Unavailable, "the rate of calls is used up");
    error.retry_after = Some(wait);
    error
}
