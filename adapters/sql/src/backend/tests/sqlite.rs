//! The ODBC worker with a real driver: SQLite's.

use super::kit::{Counting, Kit, read, rows};
use crate::backend::{Answer, Program};
use crate::call::Call;
use crate::worker::Launch;
use adapters_ports::Reply;
use adapters_sql_protocol::{Execute, Fetch, Open, Parameter, Value, ValueKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A database in a file of its own.
struct Sqlite {
    kit: Kit,
    file: PathBuf,
}

/// Starts the worker and notes the number of its process.
#[derive(Debug)]
struct Noted(Program, PathBuf);

impl Launch for Noted {
    fn command(&self, folder: &Path, socket: &Path) -> Result<Command, String> {
        let worker = self.0.command(folder, socket)?;
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ >> \"$0\"; exec \"$@\""]).arg(&self.1).arg(worker.get_program());
        command.args(worker.get_args()).env("LC_ALL", "C.UTF-8");
        Ok(command)
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Builds the worker as a user's build does, and finds the driver, or says loudly what is missing.
fn worker() -> Option<PathBuf> {
    static BUILT: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> Option<PathBuf> {
    let drivers = Command::new("odbcinst").args(["-q", "-d", "-n", "SQLite3"]).output();
    if !drivers.is_ok_and(|drivers| drivers.status.success()) {
        eprintln!("SKIPPED: the ODBC driver SQLite3 is not installed (Debian: libsqliteodbc, odbcinst)");
        return None;
    }
    // This program is in `deps` beside it.
    let folder = std::env::current_exe().ok()?.parent()?.parent()?.to_owned();
    let program = folder.join("seawall-odbc");
    let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("odbc");
    if is_newer(&program, &worker.join("src")) {
        return Some(program);
    }
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "adapters-sql-odbc"])
        .current_dir(worker)
        .status();
    if !built.is_ok_and(|built| built.success()) {
        eprintln!("SKIPPED: seawall-odbc cannot be built here (Debian: unixodbc-dev)");
        return None;
    }
    assert!(program.is_file(), "{} was built", program.display());
    Some(program)
}

/// Whether a program is newer than all of its sources; asking cargo may take as long as another build does.
fn is_newer(program: &Path, sources: &Path) -> bool {
    let time = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    let Some(built) = time(program) else { return false };
    let entries = std::fs::read_dir(sources).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.into_iter().all(|path| match path.is_dir() {
        true => is_newer(program, &path),
        false => time(&path).is_some_and(|changed| changed < built),
    })
}

fn sqlite(max: usize) -> Option<Sqlite> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let program = worker()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("seawall-sqlite-{}-{number}.db", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let url = format!("Driver=SQLite3;Database={}", file.display());
    let open = Open { url, login_ms: 5000, ..Open::default() };
    let started = file.with_extension("pids");
    let launch = Arc::new(Noted(Program::at(program), started.clone()));
    Some(Sqlite { kit: Kit::of(launch, open, max).noted(started), file })
}

fn change(sql: &str, parameters: Vec<Parameter>) -> Call {
    let execute = Execute { parameters, ..Execute::new(sql) };
    Call { execute, marks: Vec::new(), writes: true, answer: Answer::Affected, follow: None }
}

fn text(kind: ValueKind, text: &str) -> Parameter {
    Parameter::input(kind, Value::Text(text.into()))
}

async fn kept(backend: &Kit, call: &Call, keep: usize) -> (usize, Vec<Vec<String>>) {
    let reply = backend.reply(call, 60_000).await.unwrap();
    let Reply::Answer(mut body) = reply else { panic!("a fault") };
    let mut counting = Counting { rows_max: usize::MAX, keep, ..Counting::default() };
    read(&mut *body, &mut counting, 60_000).await.unwrap();
    (counting.rows, counting.kept)
}

/// Makes a table of ten columns and fills it.
async fn filled(kit: &Kit, count: u32) {
    let table = "CREATE TABLE T (I INTEGER PRIMARY KEY, A VARCHAR(20), B VARCHAR(20), C CHAR(10), D DECIMAL(12,2), \
                 E DECIMAL(9,0), F DATE, G TIMESTAMP, H VARCHAR(40), J INTEGER)";
    assert_eq!(kit.run(&change(table, vec![]), 5000).await, "changed 0");
    let fill = format!(
        "INSERT INTO T WITH RECURSIVE N(I) AS (SELECT 1 UNION ALL SELECT I + 1 FROM N WHERE I < {count}) SELECT I, \
         'name ' || I, 'first ' || (I % 97), 'CODE', I * 1.25, I, '2026-06-01', '2026-06-01 09:30:00', \
         'a street with a number ' || I, I % 7 FROM N"
    );
    kit.run(&change(&fill, vec![]), 60_000).await;
}

const ALL: [(&str, Fetch); 10] = [
    ("I", Fetch::Integer),
    ("A", Fetch::Text),
    ("B", Fetch::Text),
    ("C", Fetch::Text),
    ("D", Fetch::Decimal),
    ("E", Fetch::Integer),
    ("F", Fetch::Date),
    ("G", Fetch::Timestamp),
    ("H", Fetch::Text),
    ("J", Fetch::Integer),
];

const SELECT_ALL: &str = "SELECT I, A, B, C, D, E, F, G, H, J FROM T";

#[tokio::test]
async fn values_go_and_come_back_exactly() {
    let Some(db) = sqlite(1) else { return };
    let table = "CREATE TABLE V (N TEXT, D TEXT, T VARCHAR(9), B BLOB, F DOUBLE, S TIMESTAMP, Z VARCHAR(40))";
    assert_eq!(db.kit.run(&change(table, vec![]), 5000).await, "changed 0");
    let long = "long \u{1F30A} ".repeat(20_000);
    let insert = "INSERT INTO V VALUES (?, ?, ?, ?, ?, ?, ?)";
    let check = async |parameters: Vec<Parameter>, expected: [&str; 7]| {
        db.kit.run(&change("DELETE FROM V", vec![]), 5000).await;
        assert_eq!(db.kit.run(&change(insert, parameters), 5000).await, "changed 1");
        let columns = [
            ("N", Fetch::Text),
            ("D", Fetch::Decimal),
            ("T", Fetch::Text),
            ("B", Fetch::Bytes),
            ("F", Fetch::Double),
            ("S", Fetch::Timestamp),
            ("Z", Fetch::Text),
        ];
        let (rows, kept) =
            kept(&db.kit, &rows("SELECT N, D, T, B, F, S, Z FROM V", &columns, false), 1).await;
        assert_eq!((rows, &kept[0][..]), (1, &expected.map(String::from)[..]));
    };
    let bytes = Parameter::input(ValueKind::Bytes, Value::Bytes(vec![0, 255, 16]));
    check(
        vec![
            text(ValueKind::Text, "Z\u{fc}rich \u{1F30A} ' OR 1=1 --"),
            text(ValueKind::Decimal, "12345678901234567890123456789012345.678"),
            text(ValueKind::Text, &long),
            bytes,
            text(ValueKind::Double, "0.1"),
            text(ValueKind::Timestamp, "2026-03-29T02:30:00.123456"),
            text(ValueKind::Char, ""),
        ],
        [
            "Z\u{fc}rich \u{1F30A} ' OR 1=1 --",
            "12345678901234567890123456789012345.678",
            &long,
            "[00, ff, 10]",
            "0.1",
            "2026-03-29T02:30:00.123456",
            "",
        ],
    )
    .await;
    let kinds = [
        ValueKind::Text,
        ValueKind::Decimal,
        ValueKind::Text,
        ValueKind::Bytes,
        ValueKind::Double,
        ValueKind::Timestamp,
        ValueKind::Instant,
    ];
    let nulls = kinds.map(|kind| Parameter::input(kind, Value::Null)).to_vec();
    check(nulls, ["NULL"; 7]).await;
    db.kit.is_whole().await;
}

#[tokio::test]
async fn a_value_that_is_longer_than_its_column_says_arrives_whole() {
    let Some(db) = sqlite(1) else { return };
    filled(&db.kit, 5000).await;
    let long = "x".repeat(3000);
    let columns = [("I", Fetch::Integer), ("A", Fetch::Text)];
    let select = rows("SELECT I, A FROM T ORDER BY I", &columns, false);
    // In the first block nothing has left yet: the statement is executed again with more room.
    let update = change("UPDATE T SET A = ? WHERE I = 3", vec![text(ValueKind::Text, &long)]);
    assert_eq!(db.kit.run(&update, 5000).await, "changed 1");
    let (count, first) = kept(&db.kit, &select, 3).await;
    assert_eq!((count, first[2][1].len()), (5000, 3000));
    // In a later block rows have left: the answer breaks off rather than cut it, and the next one is whole.
    let other = rows("SELECT I, A FROM T WHERE I > 100 ORDER BY I", &columns, false);
    let update = change("UPDATE T SET A = ? WHERE I = 4900", vec![text(ValueKind::Text, &long)]);
    assert_eq!(db.kit.run(&update, 5000).await, "changed 1");
    let ended = db.kit.run(&other, 5000).await;
    assert!(ended.ends_with("rows, then transient Broken"), "{ended}");
    assert_eq!(db.kit.run(&other, 5000).await, "4900 rows");
    // A value beyond the limit is refused by name, and not cut.
    let huge = "y".repeat(5 << 20);
    let update = change("UPDATE T SET A = ? WHERE I = 3", vec![text(ValueKind::Text, &huge)]);
    assert_eq!(db.kit.run(&update, 5000).await, "changed 1");
    assert_eq!(db.kit.run(&select, 5000).await, "fault 54000 -");
    db.kit.is_whole().await;
}

#[tokio::test]
async fn a_fault_of_the_database_leaves_the_session_usable() {
    let Some(db) = sqlite(1) else { return };
    filled(&db.kit, 10).await;
    let bad = rows("SELECT NOTHING FROM NOWHERE", &[("A", Fetch::Text)], false);
    assert!(db.kit.run(&bad, 5000).await.starts_with("fault "));
    let twice = change("INSERT INTO T (I) VALUES (?)", vec![text(ValueKind::Integer, "3")]);
    assert!(db.kit.run(&twice, 5000).await.starts_with("fault "));
    assert_eq!(db.kit.run(&rows(SELECT_ALL, &ALL, false), 5000).await, "10 rows");
    assert_eq!(db.kit.processes(), 1);
}

/// A statement that runs for ever.
fn endless() -> Call {
    let sql = "SELECT COUNT(*) AS A FROM (WITH RECURSIVE N(I) AS (SELECT 1 UNION ALL SELECT I + 1 FROM N) SELECT I FROM N)";
    rows(sql, &[("A", Fetch::Integer)], false)
}

#[tokio::test]
async fn an_endless_statement_ends_with_its_deadline() {
    let Some(db) = sqlite(1) else { return };
    filled(&db.kit, 10).await;
    let began = Instant::now();
    assert_eq!(db.kit.run(&endless(), 500).await, "transient TimedOut");
    assert!(began.elapsed() < Duration::from_millis(900));
    assert_eq!(db.kit.run(&rows(SELECT_ALL, &ALL, false), 5000).await, "10 rows");
    assert!(began.elapsed() < Duration::from_secs(5));
    db.kit.is_whole().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_or_stopped_within_a_statement_is_replaced() {
    let Some(db) = sqlite(2) else { return };
    filled(&db.kit, 10).await;
    let write = Call { writes: true, ..endless() };
    let check = async |call: &Call, signal: &str, within_ms: u64, expected: &str| {
        let began = Instant::now();
        let (ended, ()) = tokio::join!(db.kit.run(call, within_ms), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let busy = db.kit.last();
            assert!(db.kit.signal(signal));
            // Rust's handler lets the first one pass that is no fault of an instruction, and under load two may arrive
            // as one.
            while signal == "SEGV" && db.kit.is_alive(&busy) {
                tokio::time::sleep(Duration::from_millis(10)).await;
                db.kit.signal(signal);
            }
        });
        assert_eq!(ended, expected, "{signal}");
        assert!(began.elapsed() < Duration::from_millis(within_ms + 400), "{signal}: {:?}", began.elapsed());
        assert_eq!(db.kit.run(&rows(SELECT_ALL, &ALL, false), 5000).await, "10 rows", "after {signal}");
        assert!(began.elapsed() < Duration::from_secs(5), "{signal}");
        db.kit.is_whole().await;
    };
    check(&write, "KILL", 5000, "ambiguous Broken").await;
    check(&write, "SEGV", 5000, "ambiguous Broken").await;
    check(&write, "STOP", 800, "ambiguous TimedOut").await;
    check(&endless(), "STOP", 800, "transient TimedOut").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leaks_while_workers_die_under_load() {
    let Some(db) = sqlite(3) else { return };
    filled(&db.kit, 3000).await;
    let kit = &db.kit;
    let (mut whole, mut broken, mut killed) = (0, 0, 0);
    for round in 0..6 {
        let calls = (0..8).map(|_| async { kit.run(&rows(SELECT_ALL, &ALL, false), 5000).await });
        let (ended, ()) = tokio::join!(futures(calls), async {
            tokio::time::sleep(Duration::from_millis(5 + 7 * round)).await;
            killed += usize::from(kit.signal("KILL"));
        });
        for end in ended {
            match end.as_str() {
                "3000 rows" => whole += 1,
                _ if end.contains("transient") => broken += 1,
                other => panic!("{other}"),
            }
        }
    }
    // One that is killed while it starts has those refused for a moment who come then; how many is a matter of luck.
    assert!(whole >= 6 && killed >= 4, "{whole} whole, {broken} broken, {killed} killed");
    kit.is_whole().await;
    assert_eq!(kit.run(&rows(SELECT_ALL, &ALL, false), 5000).await, "3000 rows");
}

/// Waits for all, at once.
async fn futures<F: Future<Output = String>>(all: impl Iterator<Item = F>) -> Vec<String> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut ended: Vec<Option<String>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(move |cx| {
        for (one, end) in all.iter_mut().zip(&mut ended) {
            if end.is_none()
                && let std::task::Poll::Ready(text) = one.as_mut().poll(cx)
            {
                *end = Some(text);
            }
        }
        match ended.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(ended.iter_mut().filter_map(Option::take).collect()),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn the_raw_catalog_is_what_the_tables_are() {
    let Some(program) = worker() else { return };
    let file = std::env::temp_dir().join(format!("seawall-catalog-{}.db", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let url = format!("Driver=SQLite3;Database={}", file.display());
    let statements = [
        "CREATE TABLE KDSTAMM (KDNR INTEGER PRIMARY KEY, NAME VARCHAR(30) NOT NULL, SALDO DECIMAL(11,2))",
        "CREATE UNIQUE INDEX KDNAME ON KDSTAMM (NAME, SALDO)",
        "CREATE VIEW KDSICHT AS SELECT KDNR FROM KDSTAMM",
        "CREATE TABLE OTHER (A INTEGER)",
    ];
    let settings = statements.map(String::from).to_vec();
    let open = Open { url, login_ms: 5000, settings, ..Open::default() };
    let (tell, told) = tokio::sync::oneshot::channel();
    crate::worker::spawn(async move {
        let mut session = crate::worker::start(&Program::at(program), None, &open).await.unwrap();
        let _ = tell.send(session.catalog(&["KD%".to_owned()]).await.unwrap());
    });
    let raw: serde_json::Value = serde_json::from_str(&told.await.unwrap()).unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(raw["product"].as_str().unwrap().contains("SQLite"), "{raw}");
    let tables = raw["tables"].as_array().unwrap();
    let mut names: Vec<_> = tables.iter().map(|table| (&table["name"], &table["kind"])).collect();
    names.sort_by_key(|(name, _)| name.to_string());
    assert_eq!(
        format!("{names:?}"),
        r#"[(String("KDSICHT"), String("VIEW")), (String("KDSTAMM"), String("TABLE"))]"#
    );
    let table = tables.iter().find(|table| table["name"] == "KDSTAMM").unwrap();
    assert_eq!(table["key"], serde_json::json!(["KDNR"]));
    let columns = table["columns"].as_array().unwrap();
    let name = &columns[1];
    assert_eq!(
        (&name["name"], &name["typeName"], &name["nullable"]),
        (&"NAME".into(), &"VARCHAR(30)".into(), &false.into())
    );
    let indexes = table["indexes"].as_array().unwrap();
    let index = indexes.iter().find(|index| index["name"] == "KDNAME").unwrap();
    assert_eq!((&index["unique"], &index["columns"]), (&true.into(), &serde_json::json!(["NAME", "SALDO"])));
}

/// Memory of a process in KiB.
fn resident(process: &str) -> usize {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn reading_200_000_rows_takes_no_memory() {
    let Some(db) = sqlite(1) else { return };
    filled(&db.kit, 200_000).await;
    let all = rows(SELECT_ALL, &ALL, false);
    // What the first reading needs once and for all is no growth.
    let first = rows("SELECT I, A, B, C, D, E, F, G, H, J FROM T WHERE I <= 5000", &ALL, false);
    assert_eq!(db.kit.run(&first, 60_000).await, "5000 rows");
    let before = (resident("self"), resident(&db.kit.last()));
    assert_eq!(db.kit.run(&all, 60_000).await, "200000 rows");
    let after = (resident("self"), resident(&db.kit.last()));
    // Other tests run in this process, so that its own growth is judged loosely: the rows themselves are 30 MB.
    assert!(after.0 < before.0 + (24 << 10), "grew from {before:?} to {after:?} KiB");
    assert!(after.1 < before.1 + (8 << 10), "grew from {before:?} to {after:?} KiB");
}
