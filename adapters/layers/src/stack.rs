//! The layers in their one order, around an exchange.
//!
//! The order is the meaning; each line of [`Stack::call`] and its parts says why it stands where it stands.
//! The cache is a layer of its own, [`crate::Cache`]: it keeps what the mapping made of an answer, which only the
//! caller has, and so it stands around `call`, between the observation of a request and everything here.
//!
//! **Invariant.** An error never promises more than every try of the call can keep: once a try had an unknown
//! outcome, no later refusal turns that into "nothing happened".

use crate::breaker::{Breaker, BreakerState};
use crate::bulkhead::{Bulkhead, Place};
use crate::observe::{Counters, Refuser, Watch};
use crate::policy::Policy;
use crate::rate::Rate;
use crate::retry::{No, Retry};
use crate::timeout;
use adapters_ports::CallContext;
use kernel::{Cause, Class, Error};
use std::future::Future;
use std::sync::Arc;
use tokio::time::{Instant, sleep};

pub use crate::observe::StackState;

/// One call and its judgement. A new attempt is a new call of this.
pub trait Exchange: Send + Sync {
    /// The judged beginning of the answer.
    type Answer: Send;

    /// Makes one try. `attempt` counts from 1; the deadline of `cx` is that of this try.
    ///
    /// # Errors
    /// The class says what may have happened.
    ///
    /// # Cancel safety
    /// Dropped when the try is out of time or the caller is gone; nothing may be sent afterwards.
    fn attempt<'a>(
        &'a self,
        cx: &'a CallContext,
        attempt: u32,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send + 'a;

    /// Returns whether the call has the same effect when it is executed twice.
    fn repeatable(&self) -> bool;
}

/// The policies of one connection and their state.
#[derive(Debug)]
pub struct Stack {
    name: Arc<str>,
    policy: Policy,
    counters: Counters,
    retry: Option<Retry>,
    rate: Option<Rate>,
    bulkhead: Bulkhead,
    breaker: Option<Breaker>,
}

/// Why a try has no answer.
enum Stop {
    /// A layer refused it. Nothing was sent, and asking the same layer again would only add load.
    Refused(Error),
    /// It was made and failed.
    Failed(Error),
}

impl Stack {
    /// Returns the layers of the connection `name`.
    pub fn new(name: &str, policy: Policy) -> Self {
        Self {
            name: name.into(),
            policy,
            counters: Counters::default(),
            retry: policy.retry.map(Retry::new),
            rate: policy.rate.map(Rate::new),
            bulkhead: Bulkhead::new(policy.concurrency, policy.queue),
            breaker: policy.breaker.map(Breaker::new),
        }
    }

    /// Makes a call under all policies. Its place among the calls in flight is free again when this returns.
    ///
    /// # Errors
    /// What the last try ended with, or why a layer refused it.
    ///
    /// # Cancel safety
    /// Dropping the future gives back every place, turn and trial; the breaker counts it as nothing.
    pub async fn call<E: Exchange>(&self, cx: &CallContext, exchange: &E) -> Result<E::Answer, Error> {
        self.call_held(cx, exchange).await.map(|(answer, _)| answer)
    }

    /// Makes a call as [`Stack::call`] does, and hands out its place among the calls in flight, to be kept while the
    /// rest of a long answer is on its way.
    ///
    /// # Errors
    /// As for [`Stack::call`].
    ///
    /// # Cancel safety
    /// As for [`Stack::call`].
    pub async fn call_held<E: Exchange>(
        &self,
        cx: &CallContext,
        exchange: &E,
    ) -> Result<(E::Answer, Place), Error> {
        // observe: outermost, so that it counts what callers get, not what happens in between.
        let watch = Watch::begin(&self.counters);
        // retry: around everything that is per try; a pause holds no place and no turn.
        let result = self.retried(cx, exchange).await;
        watch.end(&self.name, result.as_ref().map(drop));
        result
    }

    /// Returns the state of the layers, for health and metrics.
    pub fn snapshot(&self) -> StackState {
        StackState {
            name: Arc::clone(&self.name),
            breaker: self.breaker.as_ref().map(Breaker::state),
            breaker_opened: self.breaker.as_ref().map_or(0, Breaker::opened),
            in_flight: self.bulkhead.in_flight(),
            waiting: self.bulkhead.waiting(),
            counts: self.counters.read(),
        }
    }

    /// Returns the policies.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    async fn retried<E: Exchange>(
        &self,
        cx: &CallContext,
        exchange: &E,
    ) -> Result<(E::Answer, Place), Error> {
        let deadline = Instant::from_std(cx.deadline).min(Instant::now() + self.policy.deadline);
        if let Some(retry) = &self.retry {
            retry.earn();
        }
        let mut unknown = None;
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.tried(cx, exchange, tries, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(Stop::Refused(error)) => return Err(honest(unknown, error)),
                Err(Stop::Failed(error)) => error,
            };
            let pause = match &self.retry {
                None => Err(No::Final),
                Some(retry) => retry.pause(&error, exchange.repeatable(), tries, deadline),
            };
            match pause {
                Ok(pause) => {
                    self.counters.retried();
                    tracing::debug!(connection = %self.name, class = error.class.name(), tries, "trying again");
                    if error.class == Class::Ambiguous {
                        unknown = Some(error);
                    }
                    sleep(pause).await;
                }
                Err(no) => {
                    if no == No::Budget {
                        self.counters.over_budget();
                    }
                    return Err(honest(unknown, error));
                }
            }
        }
    }

    async fn tried<E: Exchange>(
        &self,
        cx: &CallContext,
        exchange: &E,
        attempt: u32,
        deadline: Instant,
    ) -> Result<(E::Answer, Place), Stop> {
        // rate: inside retry, since every try costs the system one; outside the bulkhead, since waiting for a turn
        // needs no place.
        if let Some(rate) = &self.rate {
            rate.enter(deadline).await.map_err(|error| self.refused(Refuser::Rate, error))?;
        }
        // bulkhead: outside the breaker, else its refusals would open it, and whoever waits would hold a trial.
        let entered = self.bulkhead.enter(deadline).await;
        let place = entered.map_err(|error| self.refused(Refuser::Bulkhead, error))?;
        let now = Instant::now();
        if now >= deadline {
            let error =
                Error::new(Class::Transient, Cause::TimedOut, "no time left before the request was sent");
            return Err(self.refused(Refuser::Deadline, error));
        }
        // breaker: around the time-out, since no answer in time is the failure that it is there for.
        let entered = self.breaker.as_ref().map(Breaker::enter).transpose();
        let permit = entered.map_err(|error| self.refused(Refuser::Breaker, error))?;
        // timeout: innermost, so that it measures the system and not our queues.
        self.counters.tried();
        let cx = cx.attempt(deadline.min(now + self.policy.timeout).into_std());
        let result = timeout::bounded(&cx, exchange.attempt(&cx, attempt)).await;
        let changed = permit.and_then(|permit| permit.judge(result.as_ref().is_err_and(Error::counts)));
        if let Some(state) = changed {
            self.tell(state);
        }
        result.map(|answer| (answer, place)).map_err(Stop::Failed)
    }

    fn refused(&self, by: Refuser, error: Error) -> Stop {
        self.counters.refused(by);
        Stop::Refused(error)
    }

    fn tell(&self, state: BreakerState) {
        let connection = &self.name;
        match state {
            BreakerState::Closed => tracing::info!(%connection, "the breaker has closed"),
            BreakerState::HalfOpen => tracing::info!(%connection, "the breaker is half open"),
            BreakerState::Open(left) => {
                tracing::warn!(%connection, open_ms = left.as_millis(), "the breaker has opened");
            }
        }
    }
}

/// Chooses what to tell after several tries: "nothing happened" is not true if an earlier outcome is unknown.
fn honest(unknown: Option<Error>, last: Error) -> Error {
    match (unknown, last.class) {
        (Some(unknown), Class::Transient | Class::RateLimited | Class::Maintenance) => unknown,
        _ => last,
    }
}

#[cfg(test)]
mod tests;
