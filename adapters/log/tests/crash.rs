//! The log is killed while it writes, and its disk gets full: what was answered as kept is there, nothing else half.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

use adapters_log::{Folder, Rules};
use adapters_ports::{Connection, Event, EventBatch, TopicAsk};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The variable by which the child of a test knows its folder.
const FOLDER: &str = "SEAWALL_LOG_TEST_FOLDER";
/// Kills of the short form.
const KILLS: u64 = 10;
/// Bytes that a file may have where the disk is full: 64 blocks of 512.
const FULL_BYTES: u64 = 64 * 512;

/// A folder that goes when the test ends.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("seawall-log-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Is the child: publishes until it is killed, and says what was kept and what was not.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(publish_for_ever(adapters_log::Log::at(folder.into())));
}

async fn publish_for_ever(log: Arc<dyn Connection>) {
    let run = std::process::id();
    let tasks = (0..4).map(|task| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for n in 0_u64.. {
                let events = (0..=n % 7).map(|part| event(&format!("{run}-{task}-{n}-{part}"), n)).collect();
                let batch = EventBatch { topic: format!("topic-{}", task % 2).into(), events };
                let cx = adapters_ports::CallContext::new("test", Duration::from_secs(5));
                let outcomes = log.sink().unwrap().publish(&cx, &batch).await;
                let mut said = String::new();
                for (event, outcome) in batch.events.iter().zip(&outcomes) {
                    let word = if outcome.is_ok() { "kept" } else { "refused" };
                    said.push_str(&format!("{word} {} {}\n", batch.topic, event.id));
                }
                std::io::stdout().lock().write_all(said.as_bytes()).unwrap();
                if outcomes.iter().any(Result::is_err) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

fn event(id: &str, n: u64) -> Event {
    Event {
        id: id.into(),
        source: "/facade/test".into(),
        ty: "test".into(),
        subject: None,
        time: None,
        dataschema: None,
        key: "k".into(),
        data: vec![b'x'; usize::try_from(n * 37 % 900).unwrap()].into(),
        content_type: "application/json".into(),
        extensions: Vec::new(),
    }
}

fn start(folder: &Path, limit: Option<u64>) -> (Child, BufReader<std::process::ChildStdout>) {
    let program = std::env::current_exe().unwrap();
    // A write beyond the limit is an error like that of a full disk, where the signal for it is ignored.
    let limit = limit.map_or(String::new(), |bytes| format!("trap '' XFSZ; ulimit -S -f {};", bytes / 512));
    let mut child = Command::new("sh")
        .args(["-c", &format!("{limit} exec \"$0\" --exact child --nocapture --test-threads 1")])
        .arg(program)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    (child, said)
}

/// Reads what a child says until `enough` says so, or it ends.
fn listen(said: &mut impl BufRead, lines: &mut Vec<String>, mut enough: impl FnMut(&str) -> bool) {
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 {
        if line.ends_with('\n') {
            lines.push(line.trim().to_owned());
        }
        if enough(&line) {
            return;
        }
        line.clear();
    }
}

fn kept(lines: &[String], topic: &str) -> Vec<String> {
    let prefix = format!("kept {topic} ");
    lines.iter().filter_map(|line| line.split_once(&prefix).map(|(_, id)| id.to_owned())).collect()
}

fn stored(log: &Folder, topic: &str) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let ask = TopicAsk { topic, after: after.as_deref(), events_max: 100, bytes_max: 1 << 20 };
        let page = log.read(ask).unwrap();
        ids.extend(page.events.iter().map(|kept| kept.event.id.to_string()));
        after = page.next;
        if !page.more {
            return ids;
        }
    }
}

/// Everything that was answered as kept is there once, in the order of its publisher.
fn compare(lines: &[String], log: &Folder) -> usize {
    let mut count = 0;
    for topic in ["topic-0", "topic-1"] {
        let found = stored(log, topic);
        let places: std::collections::HashMap<&str, usize> =
            found.iter().enumerate().map(|(n, id)| (id.as_str(), n)).collect();
        assert_eq!(places.len(), found.len(), "{topic} has an event twice");
        let mut before: std::collections::HashMap<String, usize> = Default::default();
        for id in kept(lines, topic) {
            let place = *places.get(id.as_str()).unwrap_or_else(|| panic!("{topic} has lost {id}"));
            let publisher = id.splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
            let last = before.insert(publisher, place);
            assert!(last.is_none_or(|last| last < place), "{topic}: {id} stands before what came before it");
            count += 1;
        }
    }
    count
}

const RULES: Rules = Rules { age: None, size: None, segment: 64 << 20, fsync: true };

#[test]
fn a_writer_that_is_killed_at_any_moment_loses_nothing_that_it_said_is_kept() {
    let place = Place::new("kill");
    let mut lines = Vec::new();
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let lifetime = Duration::from_millis(random >> 33 & 0xff);
        let (mut child, mut said) = start(&place.0, None);
        let mut begun = None;
        listen(&mut said, &mut lines, |line| {
            let begun = begun.get_or_insert_with(Instant::now);
            line.contains("kept") && begun.elapsed() > lifetime
        });
        child.kill().unwrap();
        // What it said before it was killed counts too.
        listen(&mut said, &mut lines, |_| false);
        child.wait().unwrap();
    }
    let log = Folder::open(&place.0, RULES).unwrap();
    let count = compare(&lines, &log);
    assert!(count > 100, "only {count} events were kept in all lives");
    assert!(!lines.iter().any(|line| line.contains("refused")));
}

#[test]
fn a_full_disk_refuses_events_whole_and_takes_them_again_when_there_is_room() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        eprintln!("SKIPPED: prlimit is not installed, which makes room on the disk of a running process");
        return;
    }
    let place = Place::new("full");
    let (mut child, mut said) = start(&place.0, Some(FULL_BYTES));
    let mut lines = Vec::new();
    let mut refusals = 0;
    listen(&mut said, &mut lines, |line| {
        refusals += usize::from(line.contains("refused"));
        refusals > 50
    });
    let full = lines.len();
    let id = child.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().unwrap().success());
    let mut later = 0;
    listen(&mut said, &mut lines, |line| {
        later += usize::from(line.contains("kept"));
        later > 500
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(later > 500, "nothing is kept although there is room");
    let log = Folder::open(&place.0, RULES).unwrap();
    compare(&lines, &log);
    let refused: Vec<&str> =
        lines[..full].iter().filter_map(|line| line.split_once("refused ").map(|(_, id)| id)).collect();
    assert!(refused.len() > 50);
    for line in refused {
        let (topic, id) = line.split_once(' ').unwrap();
        assert!(!stored(&log, topic).iter().any(|found| found == id), "{id} was refused and is there");
    }
}
