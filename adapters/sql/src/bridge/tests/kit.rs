//! A bridge that runs, and sessions with it.

use crate::bridge::{Jvm, write};
use adapters_sql_protocol::{
    Batch, ColumnInfo, Execute, Fault, FromWorker, Open, TOKEN_VARIABLE, Texts, ToWorker, read_frame,
};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const TOKEN: &str = "token of the test";

/// A running bridge; it ends with this.
pub(super) struct Bridge {
    child: Child,
    folder: PathBuf,
}

impl Bridge {
    /// Starts it for H2; nothing, said loudly, where something is missing.
    pub(super) fn start() -> Option<Self> {
        Self::with("h2.jar", &[])
    }

    /// Starts it for a driver, with arguments for its virtual machine.
    pub(super) fn with(driver: &str, arguments: &[&str]) -> Option<Self> {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let jvm = Jvm { jars: vec![drivers()?.join(driver)], arguments, ..Jvm::default() };
        if let [first, ..] = &jvm.missing()[..] {
            eprintln!("SKIPPED: {first}");
            return None;
        }
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("seawall-bridge-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
        let bridge = write(&folder).unwrap();
        let mut command = jvm.command(&bridge, &folder.join("socket")).unwrap();
        let child = command.env(TOKEN_VARIABLE, TOKEN).stdin(Stdio::piped()).spawn().unwrap();
        Some(Self { child, folder })
    }

    fn connect(&self) -> UnixStream {
        let started = Instant::now();
        loop {
            match UnixStream::connect(self.folder.join("socket")) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                    return stream;
                }
                Err(error) => assert!(started.elapsed() < Duration::from_secs(20), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A session that has said hello.
    pub(super) fn session(&self, id: u64) -> Session {
        let mut session = Session { stream: self.connect(), payload: Vec::new() };
        session.tell(&ToWorker::hello(TOKEN, id));
        session.ready();
        session
    }

    pub(super) fn refuses_a_wrong_token(&self) -> bool {
        let mut session = Session { stream: self.connect(), payload: Vec::new() };
        session.tell(&ToWorker::hello("another", 3));
        session.stream.read(&mut [0; 1]).is_ok_and(|read| read == 0)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // Its standard input closes, which ends it.
        drop(self.child.stdin.take());
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if started.elapsed() > Duration::from_secs(5) {
                drop(self.child.kill());
                drop(self.child.wait());
                assert!(std::thread::panicking(), "the bridge outlived its standard input");
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A session with a bridge.
pub(super) struct Session {
    stream: UnixStream,
    payload: Vec<u8>,
}

/// What a statement answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    rows: Vec<Vec<Option<String>>>,
    pub(super) row_count: usize,
    pub(super) batches: usize,
    affected: Option<u64>,
    pub(super) columns: Vec<ColumnInfo>,
    pub(super) fault: Option<Fault>,
}

impl Answer {
    pub(super) fn rows(&self) -> Vec<Vec<Option<String>>> {
        assert_eq!(self.fault.as_ref().map(|fault| &fault.message), None);
        self.rows.clone()
    }

    pub(super) fn affected(&self) -> Option<u64> {
        self.affected
    }

    pub(super) fn fault(self) -> Fault {
        self.fault.expect("it is a fault")
    }
}

pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Session {
    fn tell(&mut self, what: &ToWorker) {
        let mut out = Vec::new();
        what.encode(&mut out);
        self.stream.write_all(&out).unwrap();
    }

    fn frame(&mut self) -> u8 {
        read_frame(&mut self.stream, &mut self.payload).unwrap().expect("there is an answer")
    }

    fn ready(&mut self) {
        let kind = self.frame();
        let frame = FromWorker::decode(kind, &self.payload, 0).unwrap();
        assert!(matches!(frame, FromWorker::Ready { version: 1 }), "{frame:?}");
    }

    pub(super) fn open(&mut self, url: &str) {
        let product = self.open_as(Open {
            url: format!("{url};DB_CLOSE_DELAY=-1"),
            user: "sa".into(),
            login_ms: 5_000,
            settings: vec!["SET TIME ZONE 'UTC'".into()],
            ..Open::default()
        });
        assert_eq!(product, "H2");
    }

    /// Opens it and returns the name of the product.
    pub(super) fn open_as(&mut self, open: Open) -> String {
        self.tell(&ToWorker::Open(open));
        let kind = self.frame();
        match FromWorker::decode(kind, &self.payload, 0).unwrap() {
            FromWorker::Opened { product, .. } => product,
            other => panic!("{other:?} opens nothing"),
        }
    }

    pub(super) fn ping(&mut self) {
        self.tell(&ToWorker::Ping);
        self.ready();
    }

    pub(super) fn cancel(mut self, session: u64) {
        self.tell(&ToWorker::Cancel { session });
        self.ready();
    }

    pub(super) fn run(&mut self, sql: &str) {
        let answer = self.execute(&Execute::new(sql));
        assert_eq!(answer.fault.map(|fault| fault.message), None, "{sql}");
    }

    pub(super) fn execute(&mut self, execute: &Execute) -> Answer {
        self.send(execute);
        self.answer()
    }

    pub(super) fn send(&mut self, execute: &Execute) {
        self.tell(&ToWorker::Execute(execute.clone()));
    }

    pub(super) fn answer(&mut self) -> Answer {
        let mut answer = Answer::default();
        loop {
            let kind = self.frame();
            match FromWorker::decode(kind, &self.payload, answer.columns.len()).unwrap() {
                FromWorker::Columns(told) => answer.columns = told,
                FromWorker::Batch(batch) => {
                    answer.batches += 1;
                    answer.row_count += batch.rows;
                    answer.rows.extend(rows(&batch));
                }
                FromWorker::Out(values) => answer.rows.push(values),
                FromWorker::Done { affected } => {
                    answer.affected = affected;
                    return answer;
                }
                FromWorker::Fault(fault) => {
                    answer.fault = Some(fault);
                    return answer;
                }
                other => panic!("{other:?} is no answer to a statement"),
            }
        }
    }

    pub(super) fn catalog(&mut self) -> String {
        self.tell(&ToWorker::Catalog { patterns: Vec::new() });
        let mut all = String::new();
        loop {
            let kind = self.frame();
            match FromWorker::decode(kind, &self.payload, 0).unwrap() {
                FromWorker::Catalog(piece) => all.push_str(piece),
                FromWorker::Done { .. } => return all,
                other => panic!("{other:?} is no catalog"),
            }
        }
    }

    pub(super) fn hears_nothing_after(mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).unwrap();
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
        matches!(self.stream.read(&mut [0; 1]), Ok(0) | Err(_))
    }
}

fn rows(batch: &Batch<'_>) -> Vec<Vec<Option<String>>> {
    let cell = |row: usize, column: &adapters_sql_protocol::Column<'_>| {
        if column.is_null(row) {
            return None;
        }
        let eight = |all: &[u8]| <[u8; 8]>::try_from(&all[row * 8..row * 8 + 8]).unwrap();
        let offset = |offsets: &[u8], n: usize| {
            usize::try_from(u32::from_le_bytes(offsets[n * 4..n * 4 + 4].try_into().unwrap())).unwrap()
        };
        Some(match &column.values {
            Texts::Text { offsets, text } => text[offset(offsets, row)..offset(offsets, row + 1)].to_owned(),
            Texts::Integers(all) => i64::from_le_bytes(eight(all)).to_string(),
            Texts::Doubles(all) => format!("{:?}", f64::from_le_bytes(eight(all))),
            Texts::Bytes { offsets, bytes } => {
                let raw = &bytes[offset(offsets, row)..offset(offsets, row + 1)];
                raw.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
            }
        })
    };
    (0..batch.rows).map(|row| batch.columns.iter().map(|column| cell(row, column)).collect()).collect()
}

/// The drivers' folder, filled by Maven if need be; nothing, said loudly, where that is impossible.
fn drivers() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/jdbc");
    let folder = source.join("target/drivers");
    if !folder.join("h2.jar").is_file() {
        let built = Command::new("mvn").args(["-q", "-B", "package"]).current_dir(&source).status();
        if !built.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: the JDBC drivers cannot be fetched by Maven; run tests/setup.sh test");
            return None;
        }
    }
    Some(folder)
}
