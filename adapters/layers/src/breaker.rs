//! The circuit breaker: refuses calls while the system fails, and tries it carefully afterwards.
//!
//! A state machine of our own; `docs/adr/0002-own-breaker.md` says why.
//! An error that does not count is an answer, and as good as a success: somebody lives there.
//! A call whose future is dropped says nothing; its trial is given back.
//!
//! **Invariant.** The lock is held for the arithmetic of one call, never across a wait.

mod machine;
mod window;

use crate::policy::BreakerPolicy;
use kernel::{Cause, Class, Error};
use machine::{Machine, Ticket};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What a breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets them through.
    Closed,
    /// Refuses them for this long.
    Open(Duration),
    /// Lets a few through to see.
    HalfOpen,
}

/// What became of a call that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) failed: bool,
    pub(crate) took: Duration,
}

/// A breaker that threads share.
#[derive(Debug)]
pub(crate) struct Breaker {
    machine: Mutex<Machine>,
}

/// The leave to make one call.
///
/// Judged by [`Permit::judge`]; dropped unjudged it counts as nothing, and a trial is free again.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    ticket: Option<Ticket>,
    begun: Instant,
}

impl Breaker {
    pub(crate) fn new(policy: BreakerPolicy) -> Self {
        Self { machine: Mutex::new(Machine::new(policy)) }
    }

    /// Lets a call through or refuses it.
    ///
    /// # Errors
    /// `Transient`, with the time after which it is worth trying again. Nothing was sent.
    pub(crate) fn enter(&self) -> Result<Permit<'_>, Error> {
        let begun = Instant::now();
        match self.lock().enter(begun) {
            Ok(ticket) => Ok(Permit { breaker: self, ticket: Some(ticket), begun }),
            Err(wait) => {
                let mut error = Error::new(Class::Transient, Cause::Unavailable, "the breaker is open");
                error.retry_after = Some(wait);
                Err(error)
            }
        }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.lock().state(Instant::now())
    }

    /// How often it has opened.
    pub(crate) fn opened(&self) -> u64 {
        self.lock().opened()
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        // The machine is plain arithmetic; a panic elsewhere cannot leave it half changed.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Records how the call ended. Returns the new state if it changed.
    pub(crate) fn judge(mut self, failed: bool) -> Option<BreakerState> {
        let ticket = self.ticket.take()?;
        let now = Instant::now();
        let verdict = Verdict { failed, took: now - self.begun };
        self.breaker.lock().leave(ticket, Some(verdict), now)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.lock().leave(ticket, None, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
