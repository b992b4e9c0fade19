//! The states of a breaker as arithmetic over given moments.
//!
//! **Invariant.** Pure: it reads no clock. A verdict about a call of an earlier state changes nothing.

use super::window::{Calls, ROW_LAST, Tally};
use super::{BreakerState, Verdict};
use crate::policy::{BreakerPolicy, Failures, Window};
use std::time::Duration;
use tokio::time::Instant;

/// How long whoever is refused by a half-open breaker should wait: its trials will have ended.
const TRIAL_WAIT: Duration = Duration::from_secs(1);

/// The states of a breaker.
#[derive(Debug)]
pub(super) struct Machine {
    policy: BreakerPolicy,
    state: State,
    /// Counts changes of state, so that late verdicts are known.
    era: u64,
    opened: u64,
}

/// The leave to make one call in one era.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    era: u64,
}

#[derive(Debug)]
enum State {
    /// `None` until the first call, since a window of time begins with it.
    Closed(Option<Calls>),
    Open {
        until: Instant,
    },
    /// `given` trials are out or have ended; the tally holds those that have ended.
    HalfOpen {
        given: u32,
        ended: Tally,
    },
}

impl Machine {
    pub(super) fn new(mut policy: BreakerPolicy) -> Self {
        // A window that never holds enough calls to be judged would be a breaker that is silently off.
        policy.min_calls = match policy.window {
            Window::Calls(of) => policy.min_calls.min(of.get()),
            Window::Row => policy.min_calls.min(ROW_LAST),
            Window::Time(_) => policy.min_calls,
        };
        Self { policy, state: State::Closed(None), era: 0, opened: 0 }
    }

    /// Lets a call through, or tells how long to wait.
    pub(super) fn enter(&mut self, now: Instant) -> Result<Ticket, Duration> {
        if let State::Open { until } = self.state {
            if now < until {
                return Err(until - now);
            }
            self.change(State::HalfOpen { given: 0, ended: Tally::default() });
        }
        if let State::HalfOpen { given, .. } = &mut self.state {
            if *given >= self.policy.trials.get() {
                return Err(TRIAL_WAIT.min(self.policy.open));
            }
            *given += 1;
        }
        Ok(Ticket { era: self.era })
    }

    /// Takes a call back: judged, or gone without a verdict. Returns the new state if it changed.
    pub(super) fn leave(
        &mut self,
        ticket: Ticket,
        verdict: Option<Verdict>,
        now: Instant,
    ) -> Option<BreakerState> {
        if ticket.era != self.era {
            return None;
        }
        let Some(verdict) = verdict else {
            if let State::HalfOpen { given, .. } = &mut self.state {
                *given = given.saturating_sub(1);
            }
            return None;
        };
        let slow = self.policy.slow.is_some_and(|slow| verdict.took > slow.over);
        match &mut self.state {
            State::Open { .. } => return None,
            State::Closed(calls) => {
                let calls = calls.get_or_insert_with(|| Calls::new(self.policy.window, now));
                let tally = calls.add(verdict.failed, slow, now);
                if !self.fails(tally, tally.calls) {
                    return None;
                }
                self.open(now);
            }
            State::HalfOpen { ended, .. } => {
                ended.put(Tally { calls: 1, failed: u32::from(verdict.failed), slow: u32::from(slow) });
                let (ended, trials) = (*ended, self.policy.trials.get());
                // What is certain now need not wait for the other trials.
                if self.trial_fails(ended, trials) {
                    self.open(now);
                } else if ended.calls >= trials {
                    self.change(State::Closed(None));
                } else {
                    return None;
                }
            }
        }
        Some(self.state(now))
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match &self.state {
            State::Closed(_) => BreakerState::Closed,
            State::Open { until } => BreakerState::Open(until.saturating_duration_since(now)),
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    fn fails(&self, tally: Tally, of: u32) -> bool {
        let enough = tally.calls >= self.policy.min_calls;
        let failed = match self.policy.failures {
            Failures::Percent(percent) => enough && reaches(tally.failed, of, percent),
            Failures::Count(count) => tally.failed >= count.get(),
        };
        failed || enough && self.slow_fails(tally, of)
    }

    /// As [`Self::fails`], over the trials: a count larger than they are means all of them.
    fn trial_fails(&self, tally: Tally, trials: u32) -> bool {
        let failed = match self.policy.failures {
            Failures::Percent(percent) => reaches(tally.failed, trials, percent),
            Failures::Count(count) => tally.failed >= count.get().min(trials),
        };
        failed || self.slow_fails(tally, trials)
    }

    fn slow_fails(&self, tally: Tally, of: u32) -> bool {
        self.policy.slow.is_some_and(|slow| reaches(tally.slow, of, slow.percent))
    }

    fn open(&mut self, now: Instant) {
        self.opened += 1;
        self.change(State::Open { until: now + self.policy.open });
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

/// Returns whether `part` of `whole` is at least so many percent, and not nothing.
fn reaches(part: u32, whole: u32, percent: u32) -> bool {
    part > 0 && u64::from(part) * 100 >= u64::from(percent) * u64::from(whole)
}
