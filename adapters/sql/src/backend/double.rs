//! A worker that speaks the protocol badly: this test program itself, started again as a process.
//!
//! **Invariant.** It shares nothing with a real worker but the frames.

use crate::worker::Launch;
use adapters_sql_protocol::{
    BatchWriter, ColumnInfo, FromWorker, TOKEN_VARIABLE, ToWorker, ValueKind, read_frame,
};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const SOCKET: &str = "SEAWALL_DOUBLE_SOCKET";

/// Starts the double.
#[derive(Debug)]
pub(super) struct Double {
    /// A file whose lines are the numbers of the processes that were started.
    pub(super) started: PathBuf,
    pub(super) shared: bool,
}

impl Launch for Double {
    fn command(&self, _folder: &Path, socket: &Path) -> Result<Command, String> {
        let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command.args([
            "backend::double::the_double_serves_when_it_is_started_as_one",
            "--exact",
            "--nocapture",
        ]);
        command.env(SOCKET, socket).env("SEAWALL_DOUBLE_STARTED", &self.started);
        Ok(command)
    }

    fn is_shared(&self) -> bool {
        self.shared
    }
}

#[test]
fn the_double_serves_when_it_is_started_as_one() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let started = std::env::var_os("SEAWALL_DOUBLE_STARTED").unwrap();
    let mut started = std::fs::OpenOptions::new().append(true).create(true).open(started).unwrap();
    writeln!(started, "{}", std::process::id()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let cancelled = Arc::new((Mutex::new(false), Condvar::new()));
    for stream in listener.incoming() {
        let (stream, cancelled) = (stream.unwrap(), Arc::clone(&cancelled));
        std::thread::spawn(move || serve(stream, &cancelled));
    }
}

type Cancelled = (Mutex<bool>, Condvar);

fn serve(mut stream: UnixStream, cancelled: &Cancelled) {
    let mut payload = Vec::new();
    while let Ok(Some(kind)) = read_frame(&mut stream, &mut payload) {
        let mut out = Vec::new();
        match ToWorker::decode(kind, &payload).unwrap() {
            ToWorker::Hello { token, .. } => {
                assert_eq!(token, std::env::var(TOKEN_VARIABLE).unwrap());
                FromWorker::Ready { version: 1 }.encode(&mut out);
            }
            ToWorker::Ping => FromWorker::Ready { version: 1 }.encode(&mut out),
            ToWorker::Open(_) => {
                let (product, version, driver) = ("Double".into(), "1".into(), "1".into());
                FromWorker::Opened { product, version, driver }.encode(&mut out);
            }
            ToWorker::Cancel { .. } => {
                *cancelled.0.lock().unwrap() = true;
                cancelled.1.notify_all();
                FromWorker::Ready { version: 1 }.encode(&mut out);
            }
            ToWorker::Catalog { .. } => FromWorker::Done { affected: None }.encode(&mut out),
            ToWorker::Execute(execute) => answer(&execute.sql, &mut stream, &mut out, cancelled),
        }
        if stream.write_all(&out).is_err() {
            return;
        }
    }
}

/// The statement says how it is answered.
fn answer(sql: &str, stream: &mut UnixStream, out: &mut Vec<u8>, cancelled: &Cancelled) {
    match sql {
        "ok" => {
            columns(out);
            rows(out, 3);
            FromWorker::Done { affected: None }.encode(out);
        }
        "changed" => FromWorker::Done { affected: Some(2) }.encode(out),
        "duplicate" => FromWorker::Fault(fault("23505", 0)).encode(out),
        "gone" => FromWorker::Fault(fault("08S01", 2)).encode(out),
        "hang" => loop {
            std::thread::park();
        },
        "hang until cancelled" => {
            let mut is = cancelled.0.lock().unwrap();
            while !*is {
                is = cancelled.1.wait(is).unwrap();
            }
            *is = false;
            FromWorker::Fault(fault("HY008", 1)).encode(out);
        }
        "rows, then hang" => {
            columns(out);
            rows(out, 3);
            stream.write_all(out).unwrap();
            std::thread::sleep(Duration::from_secs(60));
        }
        "die" => std::process::abort(),
        "rows, then die" => {
            columns(out);
            rows(out, 3);
            rows(out, 3);
            out.truncate(out.len() - 7);
            stream.write_all(out).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            std::process::abort();
        }
        "a length that lies" => {
            columns(out);
            out.extend_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0x84]);
        }
        "garbage" => out.extend_from_slice(b"HTTP/1.1 200 OK\r\n\r\n<html>what a nice day</html>"),
        "rows without columns" => rows(out, 3),
        "an endless answer" => {
            columns(out);
            while stream.write_all(out).is_ok() {
                out.clear();
                rows(out, 1000);
            }
        }
        other => panic!("the double knows no {other:?}"),
    }
}

fn fault(state: &str, phase: u8) -> adapters_sql_protocol::Fault {
    use adapters_sql_protocol::{Fault, Phase};
    let phase = [Phase::Before, Phase::Within, Phase::Gone][usize::from(phase)];
    Fault { sqlstate: state.into(), native: 1, message: "no".into(), phase }
}

fn columns(out: &mut Vec<u8>) {
    let (name, kind) = ("A".to_owned(), ValueKind::Text);
    FromWorker::Columns(vec![ColumnInfo { name, kind, precision: 0, scale: 0, nullable: true }]).encode(out);
}

fn rows(out: &mut Vec<u8>, count: usize) {
    BatchWriter::write(out, count, |batch| batch.texts((0..count).map(|_| Some(&b"a value"[..]))));
}
