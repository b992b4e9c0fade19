//! Counts calls and says how they ended, for metrics and logs.
//!
//! **Invariant.** Names, classes and numbers only; never a payload, never a text of the legacy system.

use crate::breaker::BreakerState;
use kernel::{Class, Error};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Upper bounds of the histogram's buckets, in milliseconds, and how metrics print them in seconds.
const BUCKETS: [(u64, &str); 12] = [
    (5, "0.005"),
    (10, "0.01"),
    (25, "0.025"),
    (50, "0.05"),
    (100, "0.1"),
    (250, "0.25"),
    (500, "0.5"),
    (1_000, "1"),
    (2_500, "2.5"),
    (5_000, "5"),
    (10_000, "10"),
    (30_000, "30"),
];

/// Which layer refused a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refuser {
    Rate,
    Bulkhead,
    Deadline,
    Breaker,
}

/// Names of the refusing layers, in the order of [`Refuser`].
const REFUSERS: [&str; 4] = ["rate", "bulkhead", "deadline", "breaker"];

/// What is counted of one connection.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    ok: AtomicU64,
    failed: [AtomicU64; Class::ALL.len()],
    cancelled: AtomicU64,
    running: AtomicU64,
    tries: AtomicU64,
    retries: AtomicU64,
    over_budget: AtomicU64,
    refused: [AtomicU64; REFUSERS.len()],
    /// Not cumulative; the last one is for everything above the bounds.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

/// The counters of one connection at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls that ended with an answer.
    pub ok: u64,
    /// Calls that ended with an error, in the order of [`Class::ALL`].
    pub failed: [u64; Class::ALL.len()],
    /// Calls whose caller went away.
    pub cancelled: u64,
    /// Calls that have not ended.
    pub running: u64,
    /// Tries that were made.
    pub tries: u64,
    /// Tries after the first one.
    pub retries: u64,
    /// Retries that the budget did not pay for.
    pub over_budget: u64,
    /// Tries that a layer refused: rate, bulkhead, deadline, breaker.
    pub refused: [u64; REFUSERS.len()],
    buckets: [u64; BUCKETS.len() + 1],
    micros: u64,
}

/// The state of a connection's layers at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackState {
    /// The connection.
    pub name: Arc<str>,
    /// What the breaker does, if there is one.
    pub breaker: Option<BreakerState>,
    /// How often the breaker has opened.
    pub breaker_opened: u64,
    /// Tries in flight.
    pub in_flight: u32,
    /// Tries that wait for a place.
    pub waiting: u32,
    /// What was counted.
    pub counts: Counts,
}

impl Counters {
    pub(crate) fn tried(&self) {
        add(&self.tries);
    }

    pub(crate) fn retried(&self) {
        add(&self.retries);
    }

    pub(crate) fn over_budget(&self) {
        add(&self.over_budget);
    }

    pub(crate) fn refused(&self, by: Refuser) {
        add(&self.refused[by as usize]);
    }

    pub(crate) fn read(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            ok: get(&self.ok),
            failed: self.failed.each_ref().map(get),
            cancelled: get(&self.cancelled),
            running: get(&self.running),
            tries: get(&self.tries),
            retries: get(&self.retries),
            over_budget: get(&self.over_budget),
            refused: self.refused.each_ref().map(get),
            buckets: self.buckets.each_ref().map(get),
            micros: get(&self.micros),
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counts {
    /// Returns how many calls ended with an error of a class.
    pub fn failed(&self, class: Class) -> u64 {
        Class::ALL
            .iter()
            .zip(self.failed)
            .find_map(|(known, count)| (*known == class).then_some(count))
            .unwrap_or(0)
    }
}

/// A call that is being watched; dropped without an end, its caller went away.
pub(crate) struct Watch<'a> {
    counters: &'a Counters,
    begun: Instant,
    ended: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn begin(counters: &'a Counters) -> Self {
        add(&counters.running);
        Self { counters, begun: Instant::now(), ended: false }
    }

    pub(crate) fn end(mut self, connection: &str, result: Result<(), &Error>) {
        self.ended = true;
        let took = self.begun.elapsed();
        self.record(took);
        match result {
            Ok(()) => add(&self.counters.ok),
            Err(error) => {
                if let Some(index) = Class::ALL.iter().position(|class| *class == error.class) {
                    add(&self.counters.failed[index]);
                }
                let (class, message) = (error.class.name(), error.message);
                let ms = took.as_millis();
                tracing::info!(connection, class, cause = ?error.cause, ms, message, "the call failed");
            }
        }
    }

    fn record(&self, took: Duration) {
        let ms = took.as_micros().div_ceil(1000);
        let bucket = BUCKETS.iter().position(|(bound, _)| ms <= u128::from(*bound)).unwrap_or(BUCKETS.len());
        add(&self.counters.buckets[bucket]);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counters.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.counters.running.fetch_sub(1, Ordering::Relaxed);
        if !self.ended {
            add(&self.counters.cancelled);
        }
    }
}

/// Appends the metrics of all connections in the text format of Prometheus.
///
/// Source: "Exposition formats", Prometheus documentation, version 0.0.4.
pub fn print(states: &[StackState], out: &mut String) {
    let mut page = Page { states, out };
    page.metric("seawall_calls_total", "counter", "Calls by how they ended.", |line, state| {
        line.number("outcome", "ok", state.counts.ok);
        line.number("outcome", "cancelled", state.counts.cancelled);
        for (class, count) in Class::ALL.iter().zip(state.counts.failed) {
            line.number("outcome", class.name(), count);
        }
    });
    page.metric("seawall_calls_refused_total", "counter", "Tries that a layer refused.", |line, state| {
        for (name, count) in REFUSERS.iter().zip(state.counts.refused) {
            line.number("by", name, count);
        }
    });
    page.plain("seawall_call_tries_total", "counter", "Tries that were made.", |state| state.counts.tries);
    page.plain("seawall_call_retries_total", "counter", "Tries after the first one.", |state| {
        state.counts.retries
    });
    page.plain(
        "seawall_call_retries_over_budget_total",
        "counter",
        "Retries that the budget did not pay for.",
        |state| state.counts.over_budget,
    );
    page.plain("seawall_calls_running", "gauge", "Calls that have not ended.", |state| state.counts.running);
    page.plain("seawall_calls_in_flight", "gauge", "Tries in flight.", |state| u64::from(state.in_flight));
    page.plain("seawall_calls_waiting", "gauge", "Tries that wait for a place.", |state| {
        u64::from(state.waiting)
    });
    let help = "What the breaker does: 0 closed, 1 half open, 2 open; 0 also where there is none.";
    page.plain("seawall_breaker_state", "gauge", help, |state| match state.breaker {
        None | Some(BreakerState::Closed) => 0,
        Some(BreakerState::HalfOpen) => 1,
        Some(BreakerState::Open(_)) => 2,
    });
    page.plain("seawall_breaker_opened_total", "counter", "How often the breaker has opened.", |state| {
        state.breaker_opened
    });
    page.metric(
        "seawall_call_duration_seconds",
        "histogram",
        "How long calls took, with all tries.",
        histogram,
    );
}

fn histogram(line: &mut Line<'_>, state: &StackState) {
    let mut sum = 0;
    for ((_, bound), count) in BUCKETS.iter().zip(state.counts.buckets) {
        sum += count;
        line.suffixed("_bucket", Some(("le", bound)), sum);
    }
    let all: u64 = state.counts.buckets.iter().sum();
    line.suffixed("_bucket", Some(("le", "+Inf")), all);
    line.suffixed("_sum", None, state.counts.micros as f64 / 1e6);
    line.suffixed("_count", None, all);
}

struct Page<'a> {
    states: &'a [StackState],
    out: &'a mut String,
}

struct Line<'a> {
    metric: &'a str,
    connection: String,
    out: &'a mut String,
}

impl Page<'_> {
    fn metric(&mut self, name: &str, kind: &str, help: &str, lines: impl Fn(&mut Line<'_>, &StackState)) {
        // Writing into a string cannot fail, here and below.
        let _ = write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for state in self.states {
            let connection = state.name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            lines(&mut Line { metric: name, connection, out: self.out }, state);
        }
    }

    fn plain(&mut self, name: &str, kind: &str, help: &str, value: impl Fn(&StackState) -> u64) {
        self.metric(name, kind, help, |line, state| line.suffixed("", None, value(state)));
    }
}

impl Line<'_> {
    fn number(&mut self, label: &str, value: &str, count: u64) {
        self.suffixed("", Some((label, value)), count);
    }

    fn suffixed(&mut self, suffix: &str, label: Option<(&str, &str)>, value: impl std::fmt::Display) {
        let Self { metric, connection, out } = self;
        let _ = match label {
            Some((label, text)) => {
                writeln!(out, "{metric}{suffix}{{connection=\"{connection}\",{label}=\"{text}\"}} {value}")
            }
            None => writeln!(out, "{metric}{suffix}{{connection=\"{connection}\"}} {value}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Cause;

    #[test]
    fn metrics_are_printed_with_cumulative_buckets_and_escaped_names() {
        let counters = Counters::default();
        Watch::begin(&counters).end("a", Ok(()));
        let error = Error::new(Class::Ambiguous, Cause::Broken, "x");
        Watch::begin(&counters).end("a", Err(&error));
        drop(Watch::begin(&counters));
        counters.refused(Refuser::Breaker);
        let state = StackState {
            name: "a\"b".into(),
            breaker: Some(BreakerState::Open(Duration::from_secs(1))),
            breaker_opened: 1,
            in_flight: 2,
            waiting: 3,
            counts: counters.read(),
        };
        assert_eq!(state.counts.failed(Class::Ambiguous), 1);
        let mut text = String::new();
        print(&[state], &mut text);
        for line in [
            "# TYPE seawall_calls_total counter",
            "seawall_calls_total{connection=\"a\\\"b\",outcome=\"ok\"} 1",
            "seawall_calls_total{connection=\"a\\\"b\",outcome=\"cancelled\"} 1",
            "seawall_calls_total{connection=\"a\\\"b\",outcome=\"ambiguous\"} 1",
            "seawall_calls_refused_total{connection=\"a\\\"b\",by=\"breaker\"} 1",
            "seawall_calls_running{connection=\"a\\\"b\"} 0",
            "seawall_calls_in_flight{connection=\"a\\\"b\"} 2",
            "seawall_breaker_state{connection=\"a\\\"b\"} 2",
            "seawall_call_duration_seconds_bucket{connection=\"a\\\"b\",le=\"0.005\"} 2",
            "seawall_call_duration_seconds_bucket{connection=\"a\\\"b\",le=\"+Inf\"} 2",
            "seawall_call_duration_seconds_count{connection=\"a\\\"b\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
