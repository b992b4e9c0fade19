//! Policies of a mapping become policies of the layers.
//!
//! **Invariant.** Only here are the two vocabularies translated; defaults are the layers' own.

use adapters_layers::{BreakerPolicy, Failures, Policy, RatePolicy, RetryPolicy, SlowPolicy};
use engine::lang;
use std::num::NonZeroU32;

/// Returns the policies of a connection.
pub fn of(written: &lang::Policy) -> Policy {
    let mut policy = Policy::default();
    if let Some(deadline) = written.deadline {
        policy.deadline = deadline.value;
    }
    if let Some(timeout) = written.timeout {
        policy.timeout = timeout.value;
    }
    if let Some(concurrency) = written.concurrency {
        policy.concurrency = at_least_one(concurrency.value);
        policy.queue = Policy::default_queue(policy.concurrency);
    }
    if let Some(queue) = written.queue {
        policy.queue = queue.value;
    }
    policy.retry = written.retry.and_then(|retry| self::retry(retry.value));
    policy.breaker = written.breaker.map(|breaker| self::breaker(breaker.value));
    policy.rate =
        written.rate.map(|rate| RatePolicy { count: at_least_one(rate.value.count), per: rate.value.per });
    policy
}

fn retry(written: lang::Retry) -> Option<RetryPolicy> {
    let mut retry = RetryPolicy { max: written.max, ..RetryPolicy::default() };
    if let Some(percent) = written.budget_percent {
        retry.budget_percent = percent;
    }
    if let Some((first, max)) = written.backoff {
        (retry.pause_first, retry.pause_max) = (first, max);
    }
    (retry.max > 0).then_some(retry)
}

fn breaker(written: lang::Breaker) -> BreakerPolicy {
    let failures = match written.failures {
        lang::Failures::Percent(percent) => Failures::Percent(percent),
        lang::Failures::Count(count) => Failures::Count(at_least_one(count)),
    };
    let mut breaker = match (written.window, written.of, failures) {
        (Some(window), _, _) => BreakerPolicy::within(window, failures),
        (None, Some(of), _) => BreakerPolicy::last(at_least_one(of), failures),
        (None, None, Failures::Count(count)) => BreakerPolicy::in_a_row(count),
        (None, None, Failures::Percent(_)) => BreakerPolicy { failures, ..BreakerPolicy::default() },
    };
    if let Some(open) = written.open {
        breaker.open = open;
    }
    if let Some(min_calls) = written.min_calls {
        breaker.min_calls = min_calls;
    }
    if let Some(trials) = written.trials {
        breaker.trials = at_least_one(trials);
    }
    breaker.slow = written.slow.map(|slow| SlowPolicy { over: slow.over, percent: slow.rate_percent });
    breaker
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters_layers::Window;
    use engine::lang::Spanned;
    use kernel::{FileId, Span};
    use std::time::Duration;

    fn at<T>(value: T) -> Option<Spanned<T>> {
        Some(Spanned::new(value, Span::new(FileId(0), 0, 0)))
    }

    fn written(failures: lang::Failures) -> lang::Breaker {
        lang::Breaker {
            failures,
            of: None,
            window: None,
            open: None,
            min_calls: None,
            slow: None,
            trials: None,
        }
    }

    #[test]
    fn what_is_not_written_is_the_default_of_the_layers() {
        assert_eq!(of(&lang::Policy::default()), Policy::default());
    }

    #[test]
    fn a_breaker_looks_at_calls_a_time_or_a_row() {
        let two = NonZeroU32::new(2).unwrap();
        let percent = lang::Failures::Percent(50);
        let check = |breaker: lang::Breaker, window| assert_eq!(self::breaker(breaker).window, window);
        check(lang::Breaker { of: Some(2), ..written(percent) }, Window::Calls(two));
        check(
            lang::Breaker { window: Some(Duration::from_secs(60)), ..written(percent) },
            Window::Time(Duration::from_secs(60)),
        );
        check(written(lang::Failures::Count(2)), Window::Row);
        check(written(percent), BreakerPolicy::default().window);
        check(lang::Breaker { of: Some(2), ..written(lang::Failures::Count(2)) }, Window::Calls(two));
    }

    #[test]
    fn no_retry_is_no_policy() {
        let retry = |max| lang::Retry { max, budget_percent: Some(5), backoff: None };
        assert_eq!(of(&lang::Policy { retry: at(retry(0)), ..lang::Policy::default() }).retry, None);
        let policy = of(&lang::Policy { retry: at(retry(3)), ..lang::Policy::default() });
        assert_eq!(policy.retry.map(|retry| (retry.max, retry.budget_percent)), Some((3, 5)));
    }

    #[test]
    fn more_in_flight_means_more_that_wait() {
        let policy = of(&lang::Policy { concurrency: at(8), ..lang::Policy::default() });
        assert_eq!((policy.concurrency.get(), policy.queue), (8, 32));
        let policy = of(&lang::Policy { concurrency: at(8), queue: at(0), ..lang::Policy::default() });
        assert_eq!(policy.queue, 0);
    }
}
