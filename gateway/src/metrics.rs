//! Counters and latencies of requests, in the text format of Prometheus.
//!
//! **Invariant.** Labels are routes, methods and classes of status: a bounded number, none of them from a request.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the latency buckets in microseconds.
const BUCKETS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];

/// The counters of all routes.
#[derive(Debug)]
pub struct Metrics {
    routes: Vec<Route>,
    in_flight: AtomicI64,
    /// Tokens, keys and such that were refused.
    refused: AtomicU64,
    /// Lists that broke off.
    torn: AtomicU64,
}

/// Counts a request as in flight until it is dropped.
#[derive(Debug)]
pub struct InFlight<'m>(&'m AtomicI64);

#[derive(Debug)]
struct Route {
    method: &'static str,
    template: Arc<str>,
    /// By class of status: 1xx to 5xx.
    statuses: [AtomicU64; 5],
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Metrics {
    /// Returns counters at zero, for routes in the order of their numbers; the last one counts what has no route.
    pub fn new(routes: impl IntoIterator<Item = (&'static str, Arc<str>)>) -> Self {
        let unrouted = ("", Arc::from(""));
        let routes =
            routes.into_iter().chain([unrouted]).map(|(method, template)| Route::new(method, template));
        Self {
            routes: routes.collect(),
            in_flight: AtomicI64::new(0),
            refused: AtomicU64::new(0),
            torn: AtomicU64::new(0),
        }
    }

    /// Counts an answer.
    pub fn answered(&self, route: Option<usize>, status: u16, took: Duration) {
        let index = route.unwrap_or(usize::MAX).min(self.routes.len() - 1);
        let route = &self.routes[index];
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US.partition_point(|&bound| bound < took_us);
        route.statuses[class].fetch_add(1, Ordering::Relaxed);
        route.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        route.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// Counts a request that was not let in.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a list that broke off after it had begun.
    pub fn torn(&self) {
        self.torn.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that is being worked on.
    pub fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    /// Returns how many requests are being worked on.
    pub fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Appends everything in the text format of Prometheus, version 0.0.4.
    pub fn print(&self, out: &mut String) {
        family(out, "seawall_requests_total", "counter", "Answers by route and class of status.");
        for route in self.routes.iter().filter(|route| route.count() > 0) {
            for (class, count) in route.statuses.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = route.labels();
                    let class = class + 1;
                    line(
                        out,
                        format_args!("seawall_requests_total{{{labels},status=\"{class}xx\"}} {count}"),
                    );
                }
            }
        }
        family(out, "seawall_request_seconds", "histogram", "Time from head to answer.");
        for route in self.routes.iter().filter(|route| route.count() > 0) {
            route.print_latency(out);
        }
        family(out, "seawall_requests_in_flight", "gauge", "Requests that are being worked on.");
        line(out, format_args!("seawall_requests_in_flight {}", self.in_flight()));
        family(
            out,
            "seawall_requests_refused_total",
            "counter",
            "Requests without an acceptable token or scope.",
        );
        line(out, format_args!("seawall_requests_refused_total {}", self.refused.load(Ordering::Relaxed)));
        family(
            out,
            "seawall_lists_torn_total",
            "counter",
            "Lists that broke off after they had begun: an error, or a client that went away.",
        );
        line(out, format_args!("seawall_lists_torn_total {}", self.torn.load(Ordering::Relaxed)));
    }
}

impl Route {
    fn new(method: &'static str, template: Arc<str>) -> Self {
        Self {
            method,
            template,
            statuses: Default::default(),
            buckets: Default::default(),
            sum_us: AtomicU64::new(0),
        }
    }

    fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    fn labels(&self) -> String {
        format!("method=\"{}\",route=\"{}\"", self.method, escape(&self.template))
    }

    fn print_latency(&self, out: &mut String) {
        let labels = self.labels();
        let mut count = 0;
        for (bound_us, bucket) in BUCKETS_US.iter().zip(&self.buckets) {
            count += bucket.load(Ordering::Relaxed);
            let bound = Duration::from_micros(*bound_us).as_secs_f64();
            line(out, format_args!("seawall_request_seconds_bucket{{{labels},le=\"{bound}\"}} {count}"));
        }
        count += self.buckets[BUCKETS_US.len()].load(Ordering::Relaxed);
        let sum = Duration::from_micros(self.sum_us.load(Ordering::Relaxed)).as_secs_f64();
        line(out, format_args!("seawall_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}"));
        line(out, format_args!("seawall_request_seconds_sum{{{labels}}} {sum}"));
        line(out, format_args!("seawall_request_seconds_count{{{labels}}} {count}"));
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Appends how many parts arrived that the legacy schema does not know, by operation.
pub fn print_residue<'a>(counts: impl IntoIterator<Item = (&'a str, u64)>, out: &mut String) {
    family(
        out,
        "seawall_residue_total",
        "counter",
        "Parts that arrived and the legacy schema does not know.",
    );
    for (operation, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        line(out, format_args!("seawall_residue_total{{operation=\"{}\"}} {count}", escape(operation)));
    }
}

/// Appends how requests to cached operations were answered: fresh, made anew, and old instead of an error.
pub fn print_cache([hits, misses, stale]: [u64; 3], out: &mut String) {
    family(out, "seawall_cache_total", "counter", "Requests to cached operations by how they were answered.");
    for (outcome, count) in [("hit", hits), ("miss", misses), ("stale", stale)] {
        line(out, format_args!("seawall_cache_total{{outcome=\"{outcome}\"}} {count}"));
    }
}

/// Appends the two comment lines of a metric.
fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, format_args!("# HELP {name} {help}"));
    line(out, format_args!("# TYPE {name} {kind}"));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_status_and_time() {
        let metrics = Metrics::new([("GET", Arc::from("/a/{id}"))]);
        metrics.answered(Some(0), 200, Duration::from_micros(300));
        metrics.answered(Some(0), 404, Duration::from_micros(301));
        metrics.answered(Some(0), 204, Duration::from_secs(60));
        metrics.answered(None, 404, Duration::ZERO);
        let guard = metrics.enter();
        let mut text = String::new();
        metrics.print(&mut text);
        drop(guard);
        for expected in [
            "seawall_requests_total{method=\"GET\",route=\"/a/{id}\",status=\"2xx\"} 2\n",
            "seawall_requests_total{method=\"GET\",route=\"/a/{id}\",status=\"4xx\"} 1\n",
            "seawall_requests_total{method=\"\",route=\"\",status=\"4xx\"} 1\n",
            "seawall_request_seconds_bucket{method=\"GET\",route=\"/a/{id}\",le=\"0.00025\"} 0\n",
            "seawall_request_seconds_bucket{method=\"GET\",route=\"/a/{id}\",le=\"0.0005\"} 2\n",
            "seawall_request_seconds_bucket{method=\"GET\",route=\"/a/{id}\",le=\"+Inf\"} 3\n",
            "seawall_request_seconds_count{method=\"GET\",route=\"/a/{id}\"} 3\n",
            "seawall_requests_in_flight 1\n",
        ] {
            assert!(text.contains(expected), "{expected}\nis not in\n{text}");
        }
        assert_eq!(metrics.in_flight(), 0);
    }
}
