//! The shared scenarios of breaker, retry and time-out, with exact hit counts.
//!
//! **Invariant.** Nothing here sleeps for real: the clock is paused, and each scenario holds 20 times of 20.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use adapters_layers::{
    BreakerPolicy, BreakerState, Exchange, Failures, Policy, RetryPolicy, SlowPolicy, Stack,
};
use adapters_ports::CallContext;
use kernel::{Cause, Class, Error};
use serde_json::Value;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

const RUNS: u32 = 20;

#[tokio::test(start_paused = true)]
async fn every_shared_scenario_holds_twenty_times_of_twenty() {
    let Some(text) = fixture() else { return };
    let file: Value = serde_json::from_str(&text).unwrap();
    let scenarios = file["scenarios"].as_array().unwrap();
    assert!(scenarios.len() >= 6);
    for scenario in scenarios {
        for run in 0..RUNS {
            play(scenario, &format!("{}, run {run}", scenario["id"])).await;
        }
    }
}

fn fixture() -> Option<String> {
    let shared = std::env::var_os("SEAWALL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = shared.join("fixtures/resilience/scenarios.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("SKIPPED: the shared scenarios at {}: {error}; set SEAWALL_SHARED", path.display());
            None
        }
    }
}

/// A system that counts what reaches it.
struct Backend {
    act: Act,
    repeatable: bool,
    hits: AtomicU64,
}

#[derive(Clone, Copy)]
enum Act {
    Answer(Duration),
    Fail(Class),
}

impl Exchange for Backend {
    type Answer = ();

    async fn attempt(&self, cx: &CallContext, _attempt: u32) -> Result<(), Error> {
        self.hits.fetch_add(1, Ordering::SeqCst);
        cx.sent.mark();
        match self.act {
            Act::Answer(pause) => {
                sleep(pause).await;
                Ok(())
            }
            Act::Fail(class) => Err(Error::new(class, Cause::Legacy, "scripted")),
        }
    }

    fn repeatable(&self) -> bool {
        self.repeatable
    }
}

async fn play(scenario: &Value, name: &str) {
    let cfg = &scenario["cfg"];
    let stack = Arc::new(Stack::new("scripted", policy(cfg)));
    let repeatable = !cfg["method"].as_str().is_some_and(|method| method.starts_with("POST without"));
    for step in scenario["steps"].as_array().unwrap() {
        if let Some(ms) = step["wait_ms"].as_u64() {
            sleep(Duration::from_millis(ms)).await;
            continue;
        }
        let backend = Arc::new(Backend {
            act: act(step["backend"].as_str().unwrap()),
            repeatable,
            hits: AtomicU64::new(0),
        });
        let errors = send(&stack, &backend, step).await;
        let hits = backend.hits.load(Ordering::SeqCst);
        judge(step, hits, &errors, stack.snapshot().breaker, name);
    }
}

/// Sends what a step says, one after the other or at a rate; returns the errors and how long each took.
async fn send(stack: &Arc<Stack>, backend: &Arc<Backend>, step: &Value) -> Vec<(Error, Duration)> {
    let (count, begun) = (step["send"].as_u64().unwrap(), Instant::now());
    let mut errors = Vec::new();
    let call = |stack: Arc<Stack>, backend: Arc<Backend>| async move {
        let begun = Instant::now();
        let mut cx = CallContext::new("scenario", Duration::ZERO);
        cx.deadline = (begun + Duration::from_secs(60)).into_std();
        stack.call(&cx, &*backend).await.map_err(|error| (error, begun.elapsed()))
    };
    let Some(rate) = step["rate_per_s"].as_u64() else {
        for _ in 0..count {
            errors.extend(call(Arc::clone(stack), Arc::clone(backend)).await.err());
        }
        return errors;
    };
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..count {
        sleep_until(begun + Duration::from_micros(index * 1_000_000 / rate)).await;
        tasks.spawn(call(Arc::clone(stack), Arc::clone(backend)));
    }
    while let Some(done) = tasks.join_next().await {
        errors.extend(done.unwrap().err());
    }
    errors
}

fn judge(step: &Value, hits: u64, errors: &[(Error, Duration)], breaker: Option<BreakerState>, name: &str) {
    if let Some(expected) = step["hits"].as_u64() {
        assert_eq!(hits, expected, "{name}: hits");
    }
    if let Some(range) = step["hits_range"].as_array() {
        let (low, high) = (range[0].as_u64().unwrap(), range[1].as_u64().unwrap());
        assert!((low..=high).contains(&hits), "{name}: {hits} hits, not {low} to {high}");
        assert!(hits > low + 100, "{name}: {hits} hits; the budget is used where all fail");
    }
    match step["state"].as_str() {
        Some("open") => assert!(matches!(breaker, Some(BreakerState::Open(_))), "{name}: {breaker:?}"),
        Some("closed") => assert_eq!(breaker, Some(BreakerState::Closed), "{name}"),
        Some(other) => panic!("{name}: the state {other:?} is new here"),
        None => {}
    }
    if step["status"] == 503 {
        assert_eq!(errors.len() as u64, step["send"].as_u64().unwrap(), "{name}");
        for (error, took) in errors {
            assert_eq!((error.class, error.cause), (Class::Transient, Cause::Unavailable), "{name}");
            assert_eq!(error.retry_after.is_some(), step["retry_after"] == "present", "{name}");
            assert!(took.as_millis() as u64 <= step["p99_ms"].as_u64().unwrap(), "{name}: {took:?}");
        }
    }
}

fn act(text: &str) -> Act {
    match text {
        "200" => Act::Answer(Duration::ZERO),
        "200 after 300 ms" => Act::Answer(Duration::from_millis(300)),
        "500" => Act::Fail(Class::Defect),
        "503 always" => Act::Fail(Class::Transient),
        "connection reset after request bytes were read" => Act::Fail(Class::Ambiguous),
        other => panic!("a backend {other:?} is new here"),
    }
}

fn policy(cfg: &Value) -> Policy {
    let get = |key: &str| cfg[key].as_u64().map(|number| u32::try_from(number).unwrap());
    let retry = get("retries").filter(|max| *max > 0).map(|max| RetryPolicy {
        max,
        budget_percent: cfg["budget"].as_f64().map_or(20, |budget| (budget * 100.0).round() as u32),
        ..RetryPolicy::default()
    });
    let window = cfg["window"].as_str().map(|text| text.strip_prefix("count ").unwrap().parse().unwrap());
    let breaker = window.map(|of: NonZeroU32| {
        let failures = Failures::Percent(get("failure_rate").unwrap());
        let over = get("slow_call_ms").map(|ms| Duration::from_millis(u64::from(ms)));
        BreakerPolicy {
            min_calls: get("min_calls").unwrap(),
            slow: over.map(|over| SlowPolicy { over, percent: get("slow_rate").unwrap() }),
            open: Duration::from_millis(u64::from(get("open_for_ms").unwrap())),
            trials: NonZeroU32::new(get("half_open_calls").unwrap()).unwrap(),
            ..BreakerPolicy::last(of, failures)
        }
    });
    Policy { retry, breaker, ..Policy::default() }
}
