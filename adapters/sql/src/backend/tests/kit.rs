//! What the tests of the backend share.

use crate::backend::double::Double;
use crate::backend::{Limits, SqlBackend};
use crate::call::{Answer, Call, Column, Rows};
use crate::pool::Bounds;
use crate::worker::Launch;
use adapters_ports::{Backend as _, CallContext, Reply, ReplyBody, Request};
use adapters_sql_protocol::{Execute, Fetch, Open, ValueKind};
use kernel::{
    Catalogue, Error, Interest, Name, OperationId, Part, PartId, PartKind, Progress, Scalar, ScalarType,
    Shape, ShapeBuilder, Stop, TypeId, Visitor,
};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A backend, and the processes that it started.
pub(super) struct Kit {
    pub(super) backend: SqlBackend,
    started: PathBuf,
    max: usize,
}

/// The part that a row is.
pub(super) const ROW: PartId = PartId(1);
/// Columns of the shape.
pub(super) const COLUMNS: u32 = 24;

impl Kit {
    pub(super) fn double(max: usize, shared: bool) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let started = std::env::temp_dir().join(format!("seawall-double-{}-{number}", std::process::id()));
        let open = Open { login_ms: 5000, ..Open::default() };
        let launch = Arc::new(Double { started: started.clone(), shared });
        Self::of(launch, open, max).noted(started)
    }

    pub(super) fn of(launch: Arc<dyn Launch>, open: Open, max: usize) -> Self {
        let bounds = Bounds {
            min: 0,
            max,
            idle: Duration::from_secs(60),
            lifetime: Duration::from_secs(600),
            acquire: Duration::from_secs(2),
        };
        let limits = Limits { batch_rows_max: 1000, batch_bytes_max: 256 << 10, value_bytes_max: 4 << 20 };
        let catalogue = Catalogue { shape: Arc::new(shape()), ..Catalogue::default() };
        let backend = SqlBackend::of(launch, open, bounds, Arc::new(catalogue), limits);
        Self { backend, started: PathBuf::new(), max }
    }

    /// Reads the numbers of its processes from this file.
    pub(super) fn noted(mut self, started: PathBuf) -> Self {
        self.started = started;
        self
    }

    pub(super) async fn reply(&self, call: &Call, within_ms: u64) -> Result<Reply, Error> {
        let cx = CallContext::new("test", Duration::from_millis(within_ms));
        let body = call.encode().into();
        let request = Request { operation: OperationId::QUERY, body, repeatable: !call.writes };
        self.backend.call(&cx, &request).await
    }

    /// Runs a call to its end and says in words how it ended.
    pub(super) async fn run(&self, call: &Call, within_ms: u64) -> String {
        let began = Instant::now();
        match self.reply(call, within_ms).await {
            Err(error) => format!("{} {:?}", error.class.name(), error.cause),
            Ok(Reply::Fault(fault)) => {
                format!("fault {} {}", fault.sqlstate.unwrap_or_default(), fault.error.unwrap_or("-"))
            }
            Ok(Reply::Answer(mut body)) => {
                let left = within_ms.saturating_sub(u64::try_from(began.elapsed().as_millis()).unwrap());
                told(&mut *body, usize::MAX, left).await
            }
        }
    }

    /// Holds that all places are free again, within what a worker has to stop.
    pub(super) async fn is_whole(&self) {
        let began = Instant::now();
        while self.backend.pool().counts().1 < self.max {
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "a place is lost: {:?}",
                self.backend.pool().counts()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(self.backend.pool().counts().0 <= self.max);
    }

    fn started(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.started).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many processes were started.
    pub(super) fn processes(&self) -> usize {
        self.started().len()
    }

    /// The number of the last process that was started.
    pub(super) fn last(&self) -> String {
        self.started().pop().unwrap()
    }

    /// Whether a process runs; one that has ended and is not waited for yet does not.
    pub(super) fn is_alive(&self, number: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    /// Sends a signal to the youngest process that lives; whether there is one.
    pub(super) fn signal(&self, signal: &str) -> bool {
        let sent = |number: &String| {
            let sent = Command::new("kill").args([&format!("-{signal}"), number]).output();
            let sent = sent.is_ok_and(|sent| sent.status.success());
            // A process goes on for a moment after the signal was sent.
            while sent && signal == "STOP" && !is_stopped(number) {
                std::thread::sleep(Duration::from_millis(1));
            }
            sent
        };
        self.started().iter().rev().any(sent)
    }
}

/// Whether all threads of a process are stopped.
fn is_stopped(number: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{number}/task")).unwrap().flatten();
    tasks.into_iter().all(|task| {
        let text = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        text.lines().any(|line| line.starts_with("State:\tT"))
    })
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.started);
    }
}

fn shape() -> Shape {
    let mut build = ShapeBuilder::new();
    let text = build.add_scalar(ScalarType::text());
    let row_type = build.reserve();
    assert_eq!(build.add_part(Part::new(Name::local("ROW"), PartKind::Element, row_type)), ROW);
    for n in 0..COLUMNS {
        build.add_part(Part::new(Name::local(format!("C{n}")), PartKind::Field, text));
    }
    build.finish()
}

/// A statement that reads one column, or changes something.
pub(super) fn call(sql: &str, writes: bool) -> Call {
    rows(sql, &[("A", Fetch::Text)], writes)
}

/// A statement that answers rows with these columns.
pub(super) fn rows(sql: &str, columns: &[(&str, Fetch)], writes: bool) -> Call {
    let column = |(n, (name, fetch)): (usize, &(&str, Fetch))| Column {
        part: PartId(2 + u32::try_from(n).unwrap()),
        name: (*name).to_owned(),
        kind: ValueKind::Text,
        fetch: *fetch,
    };
    let fetch = columns.iter().map(|(_, fetch)| *fetch).collect();
    let columns = columns.iter().enumerate().map(column).collect();
    let answer = Answer::Rows(Rows { row: ROW, columns });
    let execute = Execute { rows: true, fetch, ..Execute::new(sql) };
    Call { execute, marks: Vec::new(), writes, answer, follow: None }
}

/// Counts rows, and keeps the values of the first ones.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub(super) rows: usize,
    pub(super) rows_max: usize,
    pub(super) kept: Vec<Vec<String>>,
    pub(super) keep: usize,
}

impl Visitor for Counting {
    fn enter(&mut self, part: PartId, _ty: TypeId) -> Interest {
        if part != ROW {
            return Interest::Leaf;
        }
        if self.rows < self.keep {
            self.kept.push(Vec::new());
        }
        Interest::Descend
    }

    fn leaf(&mut self, _part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        if self.rows < self.keep {
            let text = match scalar {
                Scalar::Nil => "NULL".to_owned(),
                Scalar::Text(text) => text.to_owned(),
                Scalar::Bytes(bytes) => format!("{bytes:02x?}"),
                Scalar::Float(value) => format!("{value:?}"),
                other => format!("{other:?}"),
            };
            self.kept.last_mut().unwrap().push(text);
        }
        Ok(())
    }

    fn unknown(&mut self, _name: &str) {}

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        self.rows += 1;
        if self.rows >= self.rows_max { Err(Stop) } else { Ok(()) }
    }
}

/// Reads a document, at most so many rows, and says in words how it ended.
pub(super) async fn told(body: &mut dyn ReplyBody, rows_max: usize, within_ms: u64) -> String {
    let mut counting = Counting { rows_max, ..Counting::default() };
    match read(body, &mut counting, within_ms).await {
        Ok(()) => match body.affected() {
            Some(rows) if counting.rows == 0 => format!("changed {rows}"),
            _ => format!("{} rows", counting.rows),
        },
        Err(error) => format!("{} rows, then {} {:?}", counting.rows, error.class.name(), error.cause),
    }
}

/// Reads a document to its end, or to where the visitor stops.
pub(super) async fn read(body: &mut dyn ReplyBody, to: &mut Counting, within_ms: u64) -> Result<(), Error> {
    let cx = CallContext::new("test", Duration::from_millis(within_ms));
    loop {
        match body.advance(to).unwrap() {
            Progress::NeedInput => body.more(&cx).await?,
            Progress::Paused => {}
            Progress::Stopped | Progress::End => return Ok(()),
        }
    }
}
