//! The order of the layers, pair by pair, and what callers are told.

use super::*;
use crate::policy::{BreakerPolicy, Failures, RatePolicy, RetryPolicy};
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::advance;

/// What the scripted system does with a try.
#[derive(Debug, Clone, Copy)]
enum Act {
    Answer,
    Fail(Class),
    /// Fails and says when to come again.
    Later(u64),
    AnswerAfter(u64),
    /// Silence; says before whether bytes have left: not yet, yes, or nothing about it.
    Silence(Option<bool>),
}

/// A system that acts by a script, the last line for ever, and notes when it was called.
struct Script {
    acts: Vec<Act>,
    repeatable: bool,
    hits: Mutex<Vec<Instant>>,
    running: AtomicU32,
    running_max: AtomicU32,
}

impl Script {
    fn new(acts: &[Act]) -> Self {
        Self {
            acts: acts.to_vec(),
            repeatable: true,
            hits: Mutex::default(),
            running: AtomicU32::new(0),
            running_max: AtomicU32::new(0),
        }
    }

    fn once(acts: &[Act]) -> Self {
        Self { repeatable: false, ..Self::new(acts) }
    }

    fn hits(&self) -> usize {
        self.hits.lock().unwrap().len()
    }
}

struct Running<'a>(&'a AtomicU32);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Exchange for Script {
    type Answer = u32;

    async fn attempt(&self, cx: &CallContext, attempt: u32) -> Result<u32, Error> {
        let index = {
            let mut hits = self.hits.lock().unwrap();
            hits.push(Instant::now());
            hits.len() - 1
        };
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        let _running = Running(&self.running);
        self.running_max.fetch_max(running, Ordering::SeqCst);
        let fail = |class| Err(Error::new(class, Cause::Legacy, "scripted"));
        match self.acts[index.min(self.acts.len() - 1)] {
            Act::Answer => Ok(attempt),
            Act::Fail(class) => fail(class),
            Act::Later(ms) => {
                let mut error = Error::new(Class::RateLimited, Cause::Legacy, "scripted");
                error.retry_after = Some(Duration::from_millis(ms));
                Err(error)
            }
            Act::AnswerAfter(ms) => {
                sleep(Duration::from_millis(ms)).await;
                Ok(attempt)
            }
            Act::Silence(left) => {
                match left {
                    None => {}
                    Some(false) => cx.sent.hold(),
                    Some(true) => cx.sent.mark(),
                }
                std::future::pending().await
            }
        }
    }

    fn repeatable(&self) -> bool {
        self.repeatable
    }
}

fn cx(ms: u64) -> CallContext {
    let mut cx = CallContext::new("test", Duration::ZERO);
    cx.deadline = (Instant::now() + Duration::from_millis(ms)).into_std();
    cx
}

fn number(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn retrying(max: u32) -> Policy {
    Policy { retry: Some(RetryPolicy { max, ..RetryPolicy::default() }), ..Policy::default() }
}

fn breaking() -> BreakerPolicy {
    BreakerPolicy { open: Duration::from_secs(30), ..BreakerPolicy::last(number(4), Failures::Percent(50)) }
}

#[tokio::test(start_paused = true)]
async fn the_class_and_repeatability_alone_decide_about_another_try() {
    use Act::{Answer, Fail};
    for class in Class::ALL {
        for (script, repeatable) in
            [(Script::new(&[Fail(class), Answer]), true), (Script::once(&[Fail(class), Answer]), false)]
        {
            let result = Stack::new("s", retrying(2)).call(&cx(60_000), &script).await;
            let again = class.permits_retry(repeatable);
            assert_eq!(
                (result.is_ok(), script.hits()),
                (again, 1 + usize::from(again)),
                "{class:?} {repeatable}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted_from_one_and_end_at_the_maximum() {
    let script = Script::new(&[Act::Fail(Class::Transient), Act::Fail(Class::Transient), Act::Answer]);
    assert_eq!(Stack::new("s", retrying(2)).call(&cx(60_000), &script).await.unwrap(), 3);
    for (policy, hits) in [(retrying(2), 3), (retrying(0), 1), (Policy::default(), 1)] {
        let script = Script::new(&[Act::Fail(Class::Transient)]);
        assert!(Stack::new("s", policy).call(&cx(60_000), &script).await.is_err());
        assert_eq!(script.hits(), hits);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_not_forgotten_by_a_later_refusal() {
    use Act::Fail;
    use Class::{Ambiguous, Client, Defect, Maintenance, RateLimited, Transient};
    let rows = [
        (Transient, Ambiguous),
        (RateLimited, Ambiguous),
        (Maintenance, Ambiguous),
        (Client, Client),
        (Defect, Defect),
    ];
    for (last, told) in rows {
        let script = Script::new(&[Fail(Ambiguous), Fail(last)]);
        let error = Stack::new("s", retrying(1)).call(&cx(60_000), &script).await.unwrap_err();
        assert_eq!((error.class, script.hits()), (told, 2));
    }
    // Nor by a refusal of ours: the first failure opens the breaker.
    let breaker = BreakerPolicy::in_a_row(number(1));
    let policy = Policy { breaker: Some(breaker), ..retrying(2) };
    let script = Script::new(&[Fail(Ambiguous)]);
    let error = Stack::new("s", policy).call(&cx(60_000), &script).await.unwrap_err();
    assert_eq!((error.class, script.hits()), (Ambiguous, 1));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_judged_by_whether_bytes_had_left() {
    let rows = [(Some(true), Class::Ambiguous), (None, Class::Ambiguous), (Some(false), Class::Transient)];
    for (left, class) in rows {
        let script = Script::once(&[Act::Silence(left), Act::Answer]);
        let begun = Instant::now();
        let policy = Policy { timeout: Duration::from_millis(200), ..Policy::default() };
        let error = Stack::new("s", policy).call(&cx(60_000), &script).await.unwrap_err();
        assert_eq!((error.class, error.cause), (class, Cause::TimedOut), "{left:?}");
        assert!(
            begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < Duration::from_millis(205)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_nearest_deadline_bounds_all_tries_and_pauses() {
    for (policy_ms, caller_ms, expected_ms) in [(500, 60_000, 500), (60_000, 500, 500)] {
        let policy = Policy {
            timeout: Duration::from_millis(200),
            deadline: Duration::from_millis(policy_ms),
            ..retrying(50)
        };
        let begun = Instant::now();
        let script = Script::new(&[Act::Silence(Some(true))]);
        let error = Stack::new("s", policy).call(&cx(caller_ms), &script).await.unwrap_err();
        assert_eq!(error.class, Class::Ambiguous);
        assert!(begun.elapsed() <= Duration::from_millis(expected_ms + 2), "{:?}", begun.elapsed());
        assert!((2..=3).contains(&script.hits()), "{}", script.hits());
    }
    let script = Script::new(&[Act::Answer]);
    let error = Stack::new("s", Policy::default()).call(&cx(0), &script).await.unwrap_err();
    assert_eq!((error.class, script.hits()), (Class::Transient, 0));
}

#[tokio::test(start_paused = true)]
async fn a_told_time_is_waited_for_if_there_is_time_and_else_told_on() {
    let script = Script::new(&[Act::Later(5_000), Act::Answer]);
    let begun = Instant::now();
    assert!(Stack::new("s", retrying(2)).call(&cx(20_000), &script).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(5));
    let script = Script::new(&[Act::Later(5_000), Act::Answer]);
    let begun = Instant::now();
    let error = Stack::new("s", retrying(2)).call(&cx(4_000), &script).await.unwrap_err();
    assert_eq!((error.retry_after, begun.elapsed()), (Some(Duration::from_secs(5)), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn pauses_are_drawn_between_zero_and_a_bound_that_doubles() {
    let mut longest = [Duration::ZERO; 4];
    let mut shortest = [Duration::MAX; 4];
    for _ in 0..300 {
        let script = Script::new(&[Act::Fail(Class::Transient)]);
        let stack = Stack::new("s", retrying(4));
        assert!(stack.call(&cx(60_000), &script).await.is_err());
        let hits = script.hits.lock().unwrap();
        for (index, pair) in hits.windows(2).enumerate() {
            longest[index] = longest[index].max(pair[1] - pair[0]);
            shortest[index] = shortest[index].min(pair[1] - pair[0]);
        }
    }
    for (index, bound_ms) in [100, 200, 400, 800].into_iter().enumerate() {
        let bound = Duration::from_millis(bound_ms);
        // The clock of tokio ticks in milliseconds and rounds up.
        assert!(longest[index] <= bound + Duration::from_millis(1), "{longest:?}");
        assert!(
            longest[index] > bound * 8 / 10 && shortest[index] < bound * 2 / 10,
            "{longest:?} {shortest:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn observe_is_outside_retry_so_that_a_call_counts_once() {
    let script = Script::new(&[Act::Fail(Class::Transient), Act::Fail(Class::Transient), Act::Answer]);
    let stack = Stack::new("s", retrying(2));
    assert!(stack.call(&cx(60_000), &script).await.is_ok());
    let counts = stack.snapshot().counts;
    assert_eq!((counts.ok, counts.tries, counts.retries, counts.failed(Class::Transient)), (1, 3, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn retry_is_outside_rate_so_that_each_try_takes_its_turn() {
    let rate = RatePolicy { count: number(1), per: Duration::from_secs(3) };
    let script = Script::new(&[Act::Fail(Class::Transient), Act::Answer]);
    let stack = Stack::new("s", Policy { rate: Some(rate), ..retrying(2) });
    let begun = Instant::now();
    assert!(stack.call(&cx(60_000), &script).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn retry_is_outside_the_bulkhead_so_that_a_pause_holds_no_place() {
    let policy = Policy { concurrency: number(1), queue: 0, ..retrying(1) };
    let stack = Stack::new("s", policy);
    let (waiting, other) = (Script::new(&[Act::Later(5_000), Act::Answer]), Script::new(&[Act::Answer]));
    let (first, second) = (cx(60_000), cx(60_000));
    let (a, b) = tokio::join!(stack.call(&first, &waiting), async {
        sleep(Duration::from_secs(1)).await;
        stack.call(&second, &other).await
    });
    assert!(a.is_ok() && b.is_ok());
}

#[tokio::test(start_paused = true)]
async fn rate_is_outside_the_bulkhead_so_that_waiting_for_a_turn_holds_no_place() {
    let rate = RatePolicy { count: number(1), per: Duration::from_secs(5) };
    let stack =
        Stack::new("s", Policy { rate: Some(rate), concurrency: number(1), queue: 0, ..Policy::default() });
    let script = Script::new(&[Act::Answer]);
    assert!(stack.call(&cx(60_000), &script).await.is_ok());
    let long = cx(60_000);
    tokio::join!(async { assert!(stack.call(&long, &script).await.is_ok()) }, async {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(stack.snapshot().in_flight, 0);
    });
}

#[tokio::test(start_paused = true)]
async fn the_bulkhead_is_outside_the_breaker_so_that_its_refusals_do_not_open_it() {
    let policy = Policy { breaker: Some(breaking()), concurrency: number(1), queue: 0, ..Policy::default() };
    let stack = Stack::new("s", policy);
    let script = Script::new(&[Act::AnswerAfter(1_000)]);
    let long = cx(60_000);
    tokio::join!(async { assert!(stack.call(&long, &script).await.is_ok()) }, async {
        sleep(Duration::from_millis(10)).await;
        for _ in 0..100 {
            let error = stack.call(&cx(60_000), &script).await.unwrap_err();
            assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable));
        }
    });
    assert_eq!(stack.snapshot().breaker, Some(BreakerState::Closed));
    assert_eq!((script.hits(), stack.snapshot().counts.refused), (1, [0, 100, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn the_breaker_is_outside_the_time_out_so_that_silence_opens_it() {
    let policy =
        Policy { breaker: Some(breaking()), timeout: Duration::from_millis(100), ..Policy::default() };
    let stack = Stack::new("s", policy);
    let script = Script::new(&[Act::Silence(Some(true))]);
    for _ in 0..4 {
        assert!(stack.call(&cx(60_000), &script).await.is_err());
    }
    assert!(matches!(stack.snapshot().breaker, Some(BreakerState::Open(_))));
}

#[tokio::test(start_paused = true)]
async fn the_time_out_is_inside_the_bulkhead_so_that_waiting_is_not_slowness() {
    let policy = Policy { concurrency: number(1), timeout: Duration::from_millis(300), ..Policy::default() };
    let (stack, script) = (Stack::new("s", policy), Script::new(&[Act::AnswerAfter(200)]));
    let contexts: Vec<_> = (0..5).map(|_| cx(60_000)).collect();
    let mut tasks = Vec::new();
    for cx in &contexts {
        tasks.push(stack.call(cx, &script));
    }
    let begun = Instant::now();
    for result in join_all(tasks).await {
        assert!(result.is_ok());
    }
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(script.running_max.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_does_not_count_leaves_the_breaker_closed() {
    for class in
        [Class::Client, Class::NotFound, Class::Conflict, Class::Auth, Class::RateLimited, Class::Poison]
    {
        let stack = Stack::new("s", Policy { breaker: Some(breaking()), ..Policy::default() });
        for _ in 0..20 {
            assert!(stack.call(&cx(60_000), &Script::new(&[Act::Fail(class)])).await.is_err());
        }
        assert_eq!(stack.snapshot().breaker, Some(BreakerState::Closed), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_of_ours_are_not_tried_again() {
    // There would be time enough to wait for the breaker.
    let deadline = Duration::from_secs(600);
    let policy = Policy { breaker: Some(BreakerPolicy::in_a_row(number(1))), deadline, ..retrying(2) };
    let stack = Stack::new("s", policy);
    assert!(stack.call(&cx(60_000), &Script::new(&[Act::Fail(Class::Transient)])).await.is_err());
    let begun = Instant::now();
    let script = Script::new(&[Act::Answer]);
    let error = stack.call(&cx(600_000), &script).await.unwrap_err();
    assert_eq!((script.hits(), begun.elapsed()), (0, Duration::ZERO));
    assert!(
        error.retry_after > Some(Duration::from_secs(29))
            && error.retry_after <= Some(Duration::from_secs(30))
    );
}

#[tokio::test(start_paused = true)]
async fn no_stretch_of_time_has_more_calls_than_the_rate() {
    let rate = RatePolicy { count: number(5), per: Duration::from_secs(1) };
    let (stack, script) =
        (Stack::new("s", Policy { rate: Some(rate), ..Policy::default() }), Script::new(&[Act::Answer]));
    let contexts: Vec<_> = (0..40).map(|_| cx(60_000)).collect();
    let tasks: Vec<_> = contexts.iter().map(|cx| stack.call(cx, &script)).collect();
    assert!(join_all(tasks).await.iter().all(Result::is_ok));
    let hits = script.hits.lock().unwrap();
    for window in hits.windows(6) {
        assert!(window[5] - window[0] >= Duration::from_secs(1));
    }
    assert!(hits[39] - hits[0] <= Duration::from_millis(7_010), "the rate is used: {:?}", hits[39] - hits[0]);
}

#[tokio::test(start_paused = true)]
async fn whoever_would_wait_too_long_for_a_turn_is_told_at_once() {
    let rate = RatePolicy { count: number(2), per: Duration::from_secs(10) };
    let (stack, script) =
        (Stack::new("s", Policy { rate: Some(rate), ..Policy::default() }), Script::new(&[Act::Answer]));
    for _ in 0..2 {
        assert!(stack.call(&cx(1_000), &script).await.is_ok());
    }
    let begun = Instant::now();
    let error = stack.call(&cx(1_000), &script).await.unwrap_err();
    assert_eq!((error.class, error.retry_after), (Class::RateLimited, Some(Duration::from_secs(10))));
    assert_eq!((begun.elapsed(), script.hits()), (Duration::ZERO, 2));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_too_many_ahead_is_told_at_once() {
    let rate = RatePolicy { count: number(1), per: Duration::from_secs(1) };
    let (stack, script) =
        (Stack::new("s", Policy { rate: Some(rate), ..Policy::default() }), Script::new(&[Act::Answer]));
    let contexts: Vec<_> = (0..6).map(|_| cx(20_000)).collect();
    let patient = join_all(contexts.iter().map(|cx| stack.call(cx, &script)).collect());
    let (patient, ()) = tokio::join!(patient, async {
        sleep(Duration::from_millis(500)).await;
        let begun = Instant::now();
        let error = stack.call(&cx(3_000), &script).await.unwrap_err();
        assert_eq!((error.class, begun.elapsed()), (Class::RateLimited, Duration::ZERO));
        assert!(error.retry_after > Some(Duration::from_secs(5)), "{:?}", error.retry_after);
    });
    assert!(patient.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_take_no_turn_with_them() {
    let rate = RatePolicy { count: number(1), per: Duration::from_secs(1) };
    let (stack, script) =
        (Stack::new("s", Policy { rate: Some(rate), ..Policy::default() }), Script::new(&[Act::Answer]));
    assert!(stack.call(&cx(1_000), &script).await.is_ok());
    for _ in 0..500 {
        let cx = cx(20_000);
        let given_up = tokio::time::timeout(Duration::from_millis(1), stack.call(&cx, &script)).await;
        drop(given_up);
    }
    let hits = script.hits();
    let begun = Instant::now();
    assert!(stack.call(&cx(20_000), &script).await.is_ok());
    assert!(begun.elapsed() <= Duration::from_secs(1) && script.hits() == hits + 1);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_cancelled_calls_leaks_no_place_no_trial_and_no_count() {
    let policy = Policy {
        breaker: Some(BreakerPolicy { min_calls: 1, ..breaking() }),
        concurrency: number(4),
        queue: 8,
        ..retrying(2)
    };
    let (stack, script) = (Stack::new("s", policy), Script::new(&[Act::AnswerAfter(50)]));
    for round in 0..200 {
        let contexts: Vec<_> = (0..12).map(|_| cx(60_000)).collect();
        let tasks: Vec<_> = contexts.iter().map(|cx| stack.call(cx, &script)).collect();
        drop(tokio::time::timeout(Duration::from_millis(round % 50), join_all(tasks)).await);
        let state = stack.snapshot();
        assert_eq!((state.in_flight, state.waiting, state.counts.running), (0, 0, 0));
        assert_eq!(state.breaker, Some(BreakerState::Closed));
    }
    assert!(stack.call(&cx(60_000), &script).await.is_ok());
    // And half open: the trials of those who left are free for others.
    let failing = Script::new(&[Act::Fail(Class::Defect)]);
    while stack.call(&cx(60_000), &failing).await.is_err_and(|error| error.class == Class::Defect) {}
    advance(Duration::from_secs(30)).await;
    for _ in 0..200 {
        let cx = cx(60_000);
        drop(tokio::time::timeout(Duration::from_millis(1), stack.call(&cx, &script)).await);
        assert_eq!(stack.snapshot().breaker, Some(BreakerState::HalfOpen));
    }
    for _ in 0..3 {
        assert!(stack.call(&cx(60_000), &script).await.is_ok());
    }
    assert_eq!(stack.snapshot().breaker, Some(BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_held_keeps_others_out_until_it_is_dropped() {
    let stack = Stack::new("s", Policy { concurrency: number(1), queue: 0, ..Policy::default() });
    let script = Script::new(&[Act::Answer]);
    let (_, place) = stack.call_held(&cx(60_000), &script).await.unwrap();
    assert!(stack.call(&cx(60_000), &script).await.is_err());
    drop(place);
    assert!(stack.call(&cx(60_000), &script).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded_and_in_order() {
    let policy = Policy { concurrency: number(1), queue: 3, ..Policy::default() };
    let (stack, script) = (Stack::new("s", policy), Script::new(&[Act::AnswerAfter(100)]));
    let contexts: Vec<_> = (0..6).map(|_| cx(60_000)).collect();
    let results = join_all(contexts.iter().map(|cx| stack.call(cx, &script)).collect()).await;
    let answered: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(answered, [true, true, true, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn calls_can_travel_between_threads() {
    fn travels<T: Send>(_: &T) {}
    let (stack, script, cx) = (Stack::new("s", Policy::default()), Script::new(&[Act::Answer]), cx(1));
    travels(&stack.call(&cx, &script));
}

/// Waits for all, polling in order.
async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (future, result) in &mut futures {
            if result.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *result = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, result)| result).collect()
}
