//! A line that says how far something is, on a terminal; nothing elsewhere.
//!
//! **Invariant.** It goes to standard error, and is gone when something else is written.

use crate::events::stream::StreamCounts;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often the line is drawn.
const EVERY: Duration = Duration::from_millis(200);
/// Cells of the bar.
const CELLS: u64 = 24;

/// A line that is drawn until it is dropped.
pub(super) struct Progress(Option<JoinHandle<()>>);

impl Progress {
    /// Draws how far a stream is.
    pub(super) fn of(counts: Arc<StreamCounts>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let draw = async move {
            let (begun, before) = (Instant::now(), counts.records.load(Ordering::Relaxed));
            loop {
                tokio::time::sleep(EVERY).await;
                let records = counts.records.load(Ordering::Relaxed) - before;
                let text = line(&counts, records, begun.elapsed());
                let _ = write!(std::io::stderr().lock(), "\r\x1b[K{text}");
            }
        };
        Self(Some(tokio::spawn(draw)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(drawing) = self.0.take() {
            drawing.abort();
            clear();
        }
    }
}

/// Takes the line away, so that something else can be written.
pub(super) fn clear() {
    if std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
    }
}

fn line(counts: &StreamCounts, records: u64, took: Duration) -> String {
    let Some((unit, doing)) = counts.unit() else { return String::new() };
    let (bytes, read) =
        (counts.unit_bytes.load(Ordering::Relaxed), counts.unit_bytes_read.load(Ordering::Relaxed));
    let bar = match bytes {
        0 => String::new(),
        bytes => {
            let full = read.min(bytes).saturating_mul(CELLS) / bytes;
            let cells: String = (0..CELLS).map(|cell| if cell < full { '█' } else { '░' }).collect();
            format!("{cells} {:3} %  ", read.min(bytes).saturating_mul(100) / bytes)
        }
    };
    format!("{bar}{doing} {unit}  {records} records, {}", rate(records, took))
}

/// Returns records per second, in words.
pub(super) fn rate(records: u64, took: Duration) -> String {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    format!("{} records/s", records.saturating_mul(1_000) / millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_records_per_second() {
        assert_eq!(rate(500, Duration::from_millis(250)), "2000 records/s");
        assert_eq!(rate(5, Duration::ZERO), "5000 records/s");
    }
}
