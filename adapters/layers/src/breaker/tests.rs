//! The breaker against a reference that keeps everything and computes from the definition.

use super::machine::{Machine, Ticket};
use super::{Breaker, BreakerState, Verdict};
use crate::policy::{BreakerPolicy, Failures, SlowPolicy, Window};
use crate::random::Random;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

const OPEN: Duration = Duration::from_secs(10);
const OVER: Duration = Duration::from_millis(200);

/// The whole history instead of sums: slow, long and plain.
struct Reference {
    policy: BreakerPolicy,
    origin: Option<Instant>,
    /// Verdicts of the present era: when, failed, slow.
    history: Vec<(Instant, bool, bool)>,
    era: u64,
    open_until: Option<Instant>,
    trials_out: Option<u32>,
}

impl Reference {
    fn new(policy: BreakerPolicy) -> Self {
        Self { policy, origin: None, history: Vec::new(), era: 0, open_until: None, trials_out: None }
    }

    fn change(&mut self, open_until: Option<Instant>, trials_out: Option<u32>) {
        (self.open_until, self.trials_out) = (open_until, trials_out);
        self.history.clear();
        self.origin = None;
        self.era += 1;
    }

    fn enter(&mut self, now: Instant) -> Option<u64> {
        if let Some(until) = self.open_until {
            if now < until {
                return None;
            }
            self.change(None, Some(0));
        }
        if let Some(out) = self.trials_out {
            if out + self.history.len() as u32 >= self.policy.trials.get() {
                return None;
            }
            self.trials_out = Some(out + 1);
        }
        Some(self.era)
    }

    fn leave(&mut self, era: u64, verdict: Option<Verdict>, now: Instant) {
        if era != self.era || self.open_until.is_some() {
            return;
        }
        self.trials_out = self.trials_out.map(|out| out - 1);
        let Some(verdict) = verdict else { return };
        let slow = self.policy.slow.is_some_and(|slow| verdict.took > slow.over);
        self.history.push((now, verdict.failed, slow));
        let origin = *self.origin.get_or_insert(now);
        if self.trials_out.is_some() {
            let trials = self.policy.trials.get() as usize;
            let failed = self.history.iter().filter(|call| call.1).count();
            let slow = self.history.iter().filter(|call| call.2).count();
            let fails = match self.policy.failures {
                Failures::Percent(percent) => failed > 0 && failed * 100 >= trials * percent as usize,
                Failures::Count(count) => failed >= trials.min(count.get() as usize),
            };
            if fails || self.slow_fails(slow, trials) {
                self.change(Some(now + self.policy.open), None);
            } else if self.history.len() == trials {
                self.change(None, None);
            }
            return;
        }
        let seen: Vec<_> = match self.policy.window {
            Window::Calls(of) => self.last(of.get() as usize),
            Window::Row => self.last(20),
            Window::Time(window) => {
                let step = |at: Instant| (at - origin).as_nanos() / (window / 10).as_nanos();
                self.history.iter().filter(|call| step(call.0) + 10 > step(now)).copied().collect()
            }
        };
        let failed = match self.policy.window {
            Window::Row => self.history.iter().rev().take_while(|call| call.1).count(),
            _ => seen.iter().filter(|call| call.1).count(),
        };
        let slow = seen.iter().filter(|call| call.2).count();
        // More calls than the window can hold are not waited for.
        let held = match self.policy.window {
            Window::Calls(of) => of.get(),
            Window::Row => 20,
            Window::Time(_) => u32::MAX,
        };
        let enough = seen.len() >= self.policy.min_calls.min(held) as usize;
        let fails = match self.policy.failures {
            Failures::Percent(percent) => {
                enough && failed > 0 && failed * 100 >= seen.len() * percent as usize
            }
            Failures::Count(count) => failed >= count.get() as usize,
        };
        if fails || enough && self.slow_fails(slow, seen.len()) {
            self.change(Some(now + self.policy.open), None);
        }
    }

    fn last(&self, count: usize) -> Vec<(Instant, bool, bool)> {
        self.history[self.history.len().saturating_sub(count)..].to_vec()
    }

    fn slow_fails(&self, slow: usize, of: usize) -> bool {
        self.policy.slow.is_some_and(|policy| slow > 0 && slow * 100 >= of * policy.percent as usize)
    }

    fn state(&self, now: Instant) -> BreakerState {
        match (self.open_until, self.trials_out) {
            (Some(until), _) => BreakerState::Open(until.saturating_duration_since(now)),
            (None, Some(_)) => BreakerState::HalfOpen,
            (None, None) => BreakerState::Closed,
        }
    }
}

fn number(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn any_policy(random: &Random) -> BreakerPolicy {
    let failures = match random.up_to(1) {
        0 => Failures::Percent(1 + random.up_to(99) as u32),
        _ => Failures::Count(number(1 + random.up_to(6) as u32)),
    };
    let policy = match random.up_to(2) {
        0 => BreakerPolicy::last(number(1 + random.up_to(12) as u32), failures),
        1 => BreakerPolicy::within(Duration::from_secs(1 + random.up_to(9)), failures),
        _ => BreakerPolicy::in_a_row(number(1 + random.up_to(5) as u32)),
    };
    let slow =
        (random.up_to(1) == 0).then(|| SlowPolicy { over: OVER, percent: 1 + random.up_to(99) as u32 });
    let min_calls = 1 + random.up_to(12) as u32;
    BreakerPolicy { slow, min_calls, open: OPEN, trials: number(1 + random.up_to(3) as u32), ..policy }
}

#[test]
fn random_traffic_leaves_the_breaker_where_the_definition_says() {
    let mut changes = 0;
    for seed in 0..400 {
        let random = Random::seeded(seed);
        let policy = any_policy(&random);
        let (mut machine, mut reference) = (Machine::new(policy), Reference::new(policy));
        let mut now = Instant::now();
        let mut out: Vec<(Ticket, u64)> = Vec::new();
        // A bad mood makes failures and slowness likely, so that all states are visited.
        let mood = random.up_to(100);
        for step in 0..400 {
            now += Duration::from_millis(random.up_to(if random.up_to(30) == 0 { 12_000 } else { 300 }));
            if out.is_empty() || random.up_to(1) == 0 {
                let (found, expected) = (machine.enter(now), reference.enter(now));
                assert_eq!(found.is_ok(), expected.is_some(), "{policy:?}, seed {seed}, step {step}");
                out.extend(found.ok().zip(expected));
            } else {
                let (ticket, era) = out.swap_remove(random.up_to(out.len() as u64 - 1) as usize);
                let verdict = Verdict {
                    failed: random.up_to(100) < mood,
                    took: Duration::from_millis(random.up_to(2 * mood + 150)),
                };
                let verdict = (random.up_to(9) > 0).then_some(verdict);
                let before = machine.state(now);
                machine.leave(ticket, verdict, now);
                reference.leave(era, verdict, now);
                changes += u32::from(before != machine.state(now));
            }
            assert_eq!(machine.state(now), reference.state(now), "{policy:?}, seed {seed}, step {step}");
        }
    }
    assert!(changes > 1000, "the traffic has to move the breaker: {changes}");
}

fn policy() -> BreakerPolicy {
    BreakerPolicy { open: OPEN, ..BreakerPolicy::last(number(4), Failures::Percent(50)) }
}

/// Lets a call through and judges it: failed or not.
fn call(breaker: &Breaker, failed: bool) {
    breaker.enter().unwrap().judge(failed);
}

async fn opened() -> Breaker {
    let breaker = Breaker::new(policy());
    for _ in 0..4 {
        call(&breaker, true);
    }
    assert_eq!(breaker.state(), BreakerState::Open(OPEN));
    breaker
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_refuses_and_says_for_how_long() {
    let breaker = opened().await;
    tokio::time::advance(Duration::from_secs(3)).await;
    let error = breaker.enter().unwrap_err();
    assert_eq!((error.class, error.retry_after), (kernel::Class::Transient, Some(Duration::from_secs(7))));
    assert_eq!(breaker.opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_breaker_lets_only_its_trials_through() {
    let breaker = opened().await;
    tokio::time::advance(OPEN).await;
    let trials: Vec<_> = (0..50).filter_map(|_| breaker.enter().ok()).collect();
    assert_eq!(trials.len(), 3);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    for trial in trials {
        trial.judge(false);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn trials_whose_callers_disappear_are_given_back() {
    let breaker = opened().await;
    tokio::time::advance(OPEN).await;
    for _ in 0..1000 {
        let trials: Vec<_> = (0..5).filter_map(|_| breaker.enter().ok()).collect();
        assert_eq!(trials.len(), 3);
    }
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    call(&breaker, true);
    call(&breaker, true);
    assert_eq!(breaker.state(), BreakerState::Open(OPEN));
}

#[tokio::test(start_paused = true)]
async fn a_verdict_from_before_the_breaker_opened_does_not_close_it() {
    let breaker = Breaker::new(policy());
    let early: Vec<_> = (0..3).map(|_| breaker.enter().unwrap()).collect();
    for _ in 0..4 {
        call(&breaker, true);
    }
    tokio::time::advance(OPEN).await;
    let trial = breaker.enter().unwrap();
    for late in early {
        late.judge(false);
    }
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    drop(trial);
}

#[tokio::test(start_paused = true)]
async fn a_window_of_time_forgets() {
    let window = Duration::from_secs(10);
    let breaker =
        Breaker::new(BreakerPolicy { min_calls: 4, ..BreakerPolicy::within(window, Failures::Percent(50)) });
    for _ in 0..3 {
        call(&breaker, true);
    }
    tokio::time::advance(Duration::from_secs(11)).await;
    for _ in 0..3 {
        call(&breaker, true);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
    call(&breaker, true);
    assert!(matches!(breaker.state(), BreakerState::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_open_and_a_success_between_them_does_not() {
    let breaker = Breaker::new(BreakerPolicy::in_a_row(number(3)));
    for failed in [true, true, false, true, true, false, true, true] {
        call(&breaker, failed);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
    call(&breaker, true);
    assert!(matches!(breaker.state(), BreakerState::Open(_)));
}
