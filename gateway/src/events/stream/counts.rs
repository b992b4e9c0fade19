//! What a stream counts, for `/metrics` and for the progress bar.
//!
//! **Invariant.** Labels are connections: a bounded number, none of them from a record.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The counters of one stream.
#[derive(Debug, Default)]
pub struct StreamCounts {
    /// Records that were read, of any type.
    pub records: AtomicU64,
    /// Bytes that were read, after decompression.
    pub bytes: AtomicU64,
    /// Units all of whose records are settled.
    pub settled: AtomicU64,
    /// Units whose content was settled before.
    pub duplicates: AtomicU64,
    /// Units that were refused.
    pub refused: AtomicU64,
    /// Records that said nothing new, or were older than the last one of their key.
    pub passed_over: AtomicU64,
    /// Records that went to dead letters.
    pub rejected: AtomicU64,
    /// Times that something had to be tried again.
    pub troubles: AtomicU64,
    /// Units that are ready and not read yet.
    pub ready: AtomicU64,
    /// Units that are there and not ready yet.
    pub waiting: AtomicU64,
    /// Units that are refused and still there.
    pub held: AtomicU64,
    /// Records of the unit that is being read that are durable.
    pub position: AtomicU64,
    /// Bytes of that unit, where they are known.
    pub unit_bytes: AtomicU64,
    /// How many of them were read in this pass.
    pub unit_bytes_read: AtomicU64,
    /// Its name, and what is being done with it.
    unit: Mutex<Option<(Arc<str>, &'static str)>>,
}

impl StreamCounts {
    /// Returns the unit that is being read, and what is being done with it.
    pub fn unit(&self) -> Option<(Arc<str>, &'static str)> {
        self.unit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn doing(&self, unit: Option<(&Arc<str>, &'static str)>) {
        let unit = unit.map(|(name, doing)| (Arc::clone(name), doing));
        *self.unit.lock().unwrap_or_else(PoisonError::into_inner) = unit;
    }

    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn set(gauge: &AtomicU64, value: u64) {
        gauge.store(value, Ordering::Relaxed);
    }
}

/// A metric: its name, its type, what it says, and where its value is.
type Family = (&'static str, &'static str, &'static str, fn(&StreamCounts) -> &AtomicU64);

const FAMILIES: [Family; 14] = [
    ("seawall_stream_records_total", "counter", "Records that were read, of any type.", |c| &c.records),
    ("seawall_stream_bytes_total", "counter", "Bytes that were read, after decompression.", |c| &c.bytes),
    ("seawall_stream_units_settled_total", "counter", "Units all of whose records are settled.", |c| {
        &c.settled
    }),
    ("seawall_stream_units_duplicate_total", "counter", "Units whose content was settled before.", |c| {
        &c.duplicates
    }),
    ("seawall_stream_units_refused_total", "counter", "Units that were refused.", |c| &c.refused),
    (
        "seawall_stream_passed_over_total",
        "counter",
        "Records that said nothing new, or were older than the last one of their key.",
        |c| &c.passed_over,
    ),
    ("seawall_stream_rejected_total", "counter", "Records that went to dead letters.", |c| &c.rejected),
    ("seawall_stream_troubles_total", "counter", "Times that something had to be tried again.", |c| {
        &c.troubles
    }),
    ("seawall_stream_units_ready", "gauge", "Units that are ready and not read yet.", |c| &c.ready),
    ("seawall_stream_units_waiting", "gauge", "Units that are there and not ready yet.", |c| &c.waiting),
    ("seawall_stream_units_held", "gauge", "Units that are refused and still there.", |c| &c.held),
    (
        "seawall_stream_position_records",
        "gauge",
        "Records of the unit that is being read that are durable.",
        |c| &c.position,
    ),
    ("seawall_stream_unit_bytes", "gauge", "Bytes of the unit that is being read.", |c| &c.unit_bytes),
    ("seawall_stream_unit_bytes_read", "gauge", "Bytes of it that were read in this pass.", |c| {
        &c.unit_bytes_read
    }),
];

/// Appends what streams count, by connection, in the text format of Prometheus.
pub fn print_streams(streams: &[(&str, &StreamCounts)], out: &mut String) {
    for (name, kind, help, counter) in FAMILIES {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (connection, counts) in streams {
            let value = counter(counts).load(Ordering::Relaxed);
            let connection = connection.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(out, "{name}{{connection=\"{connection}\"}} {value}");
        }
    }
}
