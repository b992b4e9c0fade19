//! The embedded store: races, restarts, full disks.
//!
//! **Invariant.** Each test makes what it needs and leaves nothing behind.

use super::*;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;

const KEEP: Duration = Duration::from_secs(3600);
const KEY: Hash = [7; 32];

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("seawall-store-{}-{}", std::process::id(), crate::ids::request_id());
        Self(std::env::temp_dir().join(name))
    }

    fn file(&self) -> PathBuf {
        self.0.join("var/store.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store on a connection that a test has prepared.
fn running(connection: rusqlite::Connection) -> Sqlite {
    let (jobs, inbox) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let writer = Writer::new(connection, Arc::new(wall_clock), Arc::clone(&waiting));
    let thread = std::thread::spawn(move || writer.run(&inbox));
    Sqlite { jobs: Some(jobs), waiting, thread: Some(thread) }
}

fn answer() -> Answer {
    Answer::new(201).header("location", "/things/1").json(r#"{"id":"1"}"#)
}

#[tokio::test]
async fn of_many_equal_requests_at_once_exactly_one_is_started() {
    let folder = Folder::new();
    let store = Arc::new(Sqlite::open(&folder.file()).unwrap());
    for round in 0..20 {
        let key = [round; 32];
        let begins: Vec<_> = (0..50)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.begin(key, [1; 32], KEEP).await.unwrap() })
            })
            .collect();
        let mut found = Vec::new();
        for begin in begins {
            found.push(begin.await.unwrap());
        }
        assert_eq!(found.iter().filter(|begin| **begin == Begin::Started).count(), 1);
        assert_eq!(found.iter().filter(|begin| **begin == Begin::InFlight).count(), 49);
        store.finish(key, answer()).await.unwrap();
        assert_eq!(store.begin(key, [1; 32], KEEP).await.unwrap(), Begin::Finished(answer()));
    }
}

#[tokio::test]
async fn a_key_goes_through_its_states() {
    let folder = Folder::new();
    let store = Sqlite::open(&folder.file()).unwrap();
    let begin = |payload| store.begin(KEY, [payload; 32], KEEP);
    assert_eq!(begin(1).await.unwrap(), Begin::Started);
    assert_eq!(begin(2).await.unwrap(), Begin::OtherPayload);
    store.release(KEY).await.unwrap();
    assert_eq!(begin(2).await.unwrap(), Begin::Started);
    store.leave(KEY);
    assert_eq!(begin(2).await.unwrap(), Begin::Unknown);
    assert_eq!(begin(1).await.unwrap(), Begin::OtherPayload);
}

#[tokio::test]
async fn what_was_started_before_a_crash_has_an_unknown_outcome_and_what_was_finished_its_answer() {
    let folder = Folder::new();
    let first = Sqlite::open(&folder.file()).unwrap();
    first.begin(KEY, [1; 32], KEEP).await.unwrap();
    first.begin([8; 32], [1; 32], KEEP).await.unwrap();
    first.finish([8; 32], answer()).await.unwrap();
    drop(first);
    let second = Sqlite::open(&folder.file()).unwrap();
    assert_eq!(second.begin(KEY, [1; 32], KEEP).await.unwrap(), Begin::Unknown);
    assert_eq!(second.begin([8; 32], [1; 32], KEEP).await.unwrap(), Begin::Finished(answer()));
}

#[tokio::test]
async fn a_key_expires_but_not_while_it_is_in_flight() {
    let folder = Folder::new();
    let now_s = Arc::new(AtomicI64::new(1_000));
    let clock = Arc::clone(&now_s);
    let store = Sqlite::open_at(&folder.file(), Arc::new(move || clock.load(Ordering::SeqCst))).unwrap();
    store.begin(KEY, [1; 32], KEEP).await.unwrap();
    now_s.store(1_000 + 3_599, Ordering::SeqCst);
    assert_eq!(store.begin(KEY, [1; 32], KEEP).await.unwrap(), Begin::InFlight);
    now_s.store(1_000 + 3_600, Ordering::SeqCst);
    assert_eq!(store.begin(KEY, [1; 32], KEEP).await.unwrap(), Begin::InFlight);
    store.leave(KEY);
    assert_eq!(store.begin(KEY, [2; 32], KEEP).await.unwrap(), Begin::Started);
}

#[tokio::test]
async fn what_is_in_flight_is_not_purged_by_a_clock_that_jumps() {
    let folder = Folder::new();
    let now_s = Arc::new(AtomicI64::new(1_000));
    let clock = Arc::clone(&now_s);
    let store = Sqlite::open_at(&folder.file(), Arc::new(move || clock.load(Ordering::SeqCst))).unwrap();
    store.begin(KEY, [1; 32], KEEP).await.unwrap();
    now_s.store(1_000 + 100_000, Ordering::SeqCst);
    // Any job may purge what has expired.
    store.begin([8; 32], [1; 32], KEEP).await.unwrap();
    assert_eq!(store.begin(KEY, [1; 32], KEEP).await.unwrap(), Begin::InFlight, "it would be sent twice");
    store.finish(KEY, answer()).await.unwrap();
    assert_eq!(rows(&folder, store), 2, "the answer of what was in flight is lost");
}

#[tokio::test]
async fn more_expired_keys_than_one_purge_takes_do_not_pile_up() {
    let folder = Folder::new();
    let now_s = Arc::new(AtomicI64::new(1_000));
    let clock = Arc::clone(&now_s);
    let store = Sqlite::open_at(&folder.file(), Arc::new(move || clock.load(Ordering::SeqCst))).unwrap();
    let keys: Vec<Hash> = (0..2_500_u32).map(|n| super::super::hash(&[&n.to_le_bytes()])).collect();
    futures_util::future::join_all(keys.iter().map(|key| store.begin(*key, [1; 32], KEEP))).await;
    futures_util::future::join_all(keys.iter().map(|key| store.finish(*key, answer()))).await;
    now_s.store(1_000 + 10_000, Ordering::SeqCst);
    for n in 0..3_u8 {
        store.begin([n; 32], [1; 32], KEEP).await.unwrap();
        now_s.fetch_add(1, Ordering::SeqCst);
    }
    assert_eq!(rows(&folder, store), 3);
}

/// Closes a store and counts the requests that it remembers.
fn rows(folder: &Folder, store: Sqlite) -> i64 {
    drop(store);
    let db = table::open(&folder.file()).unwrap();
    db.query_row("SELECT count(*) FROM request", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_second_process_does_not_get_the_store() {
    let folder = Folder::new();
    let _first = Sqlite::open(&folder.file()).unwrap();
    let error = Sqlite::open(&folder.file()).unwrap_err();
    assert!(error.0.contains("another process uses it"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file().parent().unwrap()).unwrap();
    std::fs::write(folder.file(), "this is text and certainly no database, whatever its name is").unwrap();
    let error = Sqlite::open(&folder.file()).unwrap_err();
    assert!(error.0.contains("not a store of this program"), "{error}");
}

#[tokio::test]
async fn a_store_that_cannot_write_starts_nothing_and_recovers() {
    let folder = Folder::new();
    let connection = table::open(&folder.file()).unwrap();
    // A disk that is full: the file may not grow any more.
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.execute_batch(&format!("PRAGMA max_page_count = {pages}")).unwrap();
    let store = running(connection);
    let mut refused = None;
    for n in 0..2_000_u32 {
        let key = super::super::hash(&[&n.to_le_bytes()]);
        if store.begin(key, [1; 32], KEEP).await.is_err() {
            refused = Some(key);
            break;
        }
    }
    let refused = refused.expect("two thousand rows do not fit into the pages of an empty store");
    assert!(store.begin(refused, [1; 32], KEEP).await.is_err(), "it must not be taken for started");
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test]
async fn a_store_that_can_only_be_read_is_not_usable() {
    let folder = Folder::new();
    let connection = table::open(&folder.file()).unwrap();
    connection.execute_batch("PRAGMA query_only = ON").unwrap();
    let store = running(connection);
    assert!(store.check().await.is_err(), "whoever asks is told that it is ready");
    assert!(store.begin(KEY, [1; 32], KEEP).await.is_err());
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_leaves_nothing_in_flight() {
    let folder = Folder::new();
    let store = Sqlite::open(&folder.file()).unwrap();
    drop(store.begin(KEY, [1; 32], KEEP));
    drop(store.offer(KEY, [1; 32]));
    // What nobody took is undone behind the batch in which it was begun.
    store.check().await.unwrap();
    assert_eq!(store.begin(KEY, [1; 32], KEEP).await.unwrap(), Begin::Started);
}

#[tokio::test]
async fn a_content_is_unchanged_only_after_it_was_accepted_alone() {
    let folder = Folder::new();
    let store = Sqlite::open(&folder.file()).unwrap();
    let offer = async |content| store.offer(KEY, [content; 32]).await.unwrap();
    let settle = async |content: Option<u8>| store.settle(KEY, content.map(|c| [c; 32])).await.unwrap();
    assert_eq!(offer(1).await, Offer::Changed);
    settle(Some(1)).await;
    assert_eq!(offer(1).await, Offer::Unchanged);
    // Another content that failed: what the other side has is not known any more.
    assert_eq!(offer(2).await, Offer::Changed);
    settle(None).await;
    assert_eq!(offer(1).await, Offer::Changed);
    // Two at once: neither is believed to be the last.
    assert_eq!(offer(2).await, Offer::Changed);
    settle(Some(1)).await;
    settle(Some(2)).await;
    assert_eq!(offer(1).await, Offer::Changed);
    settle(Some(1)).await;
    assert_eq!(offer(1).await, Offer::Unchanged);
    drop(store);
    let store = Sqlite::open(&folder.file()).unwrap();
    assert_eq!(store.offer(KEY, [1; 32]).await.unwrap(), Offer::Unchanged);
    assert_eq!(store.offer(KEY, [3; 32]).await.unwrap(), Offer::Changed);
}

#[test]
fn the_rows_of_one_watch_or_stream_are_found_without_looking_at_all_others() {
    let db = table::open(std::path::Path::new(":memory:")).unwrap();
    for sql in [watch::OUTGOING, watch::SCAN, watch::DIRTY, stream::FORGET] {
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let none = vec![rusqlite::types::Null; explain.parameter_count()];
        let steps = explain.query_map(rusqlite::params_from_iter(none), |row| row.get::<_, String>(3));
        for step in steps.unwrap() {
            let step = step.unwrap();
            assert!(!step.starts_with("SCAN") && !step.contains("TEMP B-TREE"), "{sql}: {step}");
        }
    }
}
