//! Logs: one JSON object per line, gathered and written by a thread of its own.
//!
//! **Invariant.** A line holds names, numbers and ids; never a payload, a query value, a header or a secret.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Room for a line; most are shorter.
const LINE_BYTES: usize = 320;
/// Lines are written at least this often.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// A buffer that is larger is written at once; also the size that it keeps.
const BUFFER_BYTES: usize = 64 << 10;

/// The log of the process. Clones share one buffer.
#[derive(Debug, Clone)]
pub struct Log {
    buffer: Arc<Mutex<Vec<u8>>>,
    to: LogTo,
}

/// Where the lines of a log go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTo {
    /// Standard output: nothing else is said there.
    Output,
    /// Standard error: what was asked for goes to the other.
    Error,
}

/// What is logged of a request.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The method, if it is one that routes may have.
    pub method: &'a str,
    /// The template of the route; empty where there is none.
    pub route: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The slug of the problem, or nothing.
    pub problem: Option<&'a str>,
    /// The class of the error, or nothing.
    pub class: Option<&'a str>,
    /// How the answer came about: `call`, `cache`, `stale`, `replay`, `unchanged`, or nothing.
    pub origin: Option<&'a str>,
    /// Time from head to answer.
    pub took: Duration,
    /// The id of the request.
    pub request_id: &'a str,
    /// The id of the trace.
    pub trace_id: &'a str,
}

impl Log {
    /// Starts the log of the process. `filter` is a level, or directives like `info,engine=debug`.
    ///
    /// # Errors
    /// The filter is not readable.
    pub fn start(filter: &str, to: LogTo) -> Result<Self, String> {
        let filter = EnvFilter::try_new(filter).map_err(|error| format!("log filter: {error}"))?;
        let log = Self { buffer: Arc::default(), to };
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_env_filter(filter)
            .with_writer(log.clone())
            .try_init()
            .map_err(|error| error.to_string())?;
        log.clone().flush_forever();
        Ok(log)
    }

    /// Writes a line about a request.
    pub fn access(&self, access: &Access<'_>) {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        print(&mut buffer, access);
        self.written(&mut buffer);
    }

    /// Writes what is gathered.
    pub fn flush(&self) {
        flush(&mut self.buffer.lock().unwrap_or_else(PoisonError::into_inner), self.to);
    }

    fn written(&self, buffer: &mut Vec<u8>) {
        if buffer.len() >= BUFFER_BYTES {
            flush(buffer, self.to);
        }
    }

    fn flush_forever(self) {
        let thread = std::thread::Builder::new().name("log".into());
        let spawned = thread.spawn(move || {
            loop {
                std::thread::sleep(FLUSH_EVERY);
                self.flush();
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "lines are written only when the buffer is full");
        }
    }
}

fn flush(buffer: &mut Vec<u8>, to: LogTo) {
    if buffer.is_empty() {
        return;
    }
    // A log that cannot be written has nowhere to say so.
    let _ = match to {
        LogTo::Output => std::io::stdout().lock().write_all(buffer).and_then(|()| std::io::stdout().flush()),
        LogTo::Error => std::io::stderr().lock().write_all(buffer),
    };
    buffer.clear();
    buffer.shrink_to(BUFFER_BYTES);
}

fn print(out: &mut Vec<u8>, access: &Access<'_>) {
    let status: u64 = access.status.into();
    let took_us = u64::try_from(access.took.as_micros()).unwrap_or(u64::MAX);
    out.reserve(LINE_BYTES);
    // One buffer and no formatting machinery: this is written for every request.
    out.extend_from_slice(b"{\"timestamp\":\"");
    stamp(out, jiff::Timestamp::now());
    out.extend_from_slice(b"\",\"level\":\"INFO\",\"target\":\"access\"");
    text(out, "method", access.method);
    text(out, "route", access.route);
    number(out, "status", status);
    number(out, "took_us", took_us);
    text(out, "request_id", access.request_id);
    text(out, "trace_id", access.trace_id);
    for (key, value) in [("problem", access.problem), ("class", access.class), ("origin", access.origin)] {
        if let Some(value) = value {
            text(out, key, value);
        }
    }
    out.extend_from_slice(b"}\n");
}

fn key(out: &mut Vec<u8>, key: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn number(out: &mut Vec<u8>, name: &str, value: u64) {
    key(out, name);
    let count = value.checked_ilog10().unwrap_or(0) as usize + 1;
    digits(out, count, value);
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    engine::json::write_text(value, out);
}

/// A time in UTC with microseconds.
fn stamp(out: &mut Vec<u8>, at: jiff::Timestamp) {
    let at = jiff::tz::TimeZone::UTC.to_datetime(at);
    digits(out, 4, u64::from(at.year().unsigned_abs()));
    let fields =
        [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())];
    for (before, value) in fields {
        out.push(before);
        digits(out, 2, u64::from(value.unsigned_abs()));
    }
    out.push(b'.');
    digits(out, 6, u64::from(at.subsec_nanosecond().unsigned_abs() / 1000));
    out.push(b'Z');
}

/// The last digits of a number, with zeros before.
fn digits(out: &mut Vec<u8>, count: usize, value: u64) {
    let begin = out.len();
    out.resize(begin + count, b'0');
    let mut left = value;
    for place in out[begin..].iter_mut().rev() {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Line<'w>;

    fn make_writer(&'w self) -> Self::Writer {
        Line { log: self }
    }
}

/// Appends to the buffer of a log.
#[derive(Debug)]
pub struct Line<'w> {
    log: &'w Log,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut buffer = self.log.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.extend_from_slice(bytes);
        self.log.written(&mut buffer);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_a_request_is_json() {
        let mut line = Vec::new();
        print(
            &mut line,
            &Access {
                method: "GET",
                route: "/a \"b\"/{id}",
                status: 404,
                problem: Some("not-found"),
                class: None,
                origin: Some("call"),
                took: Duration::from_micros(1234),
                request_id: "r-1",
                trace_id: "t",
            },
        );
        let json: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(json["route"], "/a \"b\"/{id}");
        assert_eq!(json["took_us"], 1234);
        assert_eq!(json["problem"], "not-found");
        assert_eq!(json["class"], serde_json::Value::Null);
        assert!(json["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn a_time_is_written_as_its_own_printer_would() {
        for text in ["2026-01-02T03:04:05.000006Z", "1999-12-31T23:59:59.999999Z", "2400-02-29T00:00:00Z"] {
            let at: jiff::Timestamp = text.parse().unwrap();
            let mut out = Vec::new();
            stamp(&mut out, at);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{at:.6}"));
        }
    }

    #[test]
    fn a_number_has_all_its_digits_and_no_more() {
        for value in [0, 9, 10, 200, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, "n", value);
            assert_eq!(String::from_utf8(out).unwrap(), format!(",\"n\":{value}"));
        }
    }
}
