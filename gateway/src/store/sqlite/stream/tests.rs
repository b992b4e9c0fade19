//! What a stream keeps outlives the store that kept it, and streams do not see each other.

use super::*;
use crate::store::{Counted, hash};
use std::path::Path;

fn memory() -> Sqlite {
    Sqlite::open(Path::new(":memory:")).unwrap()
}

fn advance(n: u8, records: u64, settled: bool) -> Advance {
    let counted = Counted {
        records: [("booking".to_owned(), records)].into(),
        events: [("t".to_owned(), records)].into(),
        rejected: [("Booking".to_owned(), 1)].into(),
        passed_over: 2,
    };
    let position = Position { records, bytes: records * 100 };
    let progress = UnitProgress { name: "a.dat".into(), stamp: "1".into(), position, settled, counted };
    Advance { identity: [n; 32], progress, keys: Vec::new() }
}

#[tokio::test]
async fn a_position_its_counts_and_its_keys_are_there_after_a_start() {
    let folder = std::env::temp_dir().join(format!("seawall-stream-{}", crate::ids::request_id()));
    let path = folder.join("seawall.db");
    let store = Sqlite::open(&path).unwrap();
    let stream = store.stream(hash(&[b"s"])).await.unwrap();
    let state = KeyState { content: u128::MAX - 7, change: 3, deleted: true, newest: Some("n:7".into()) };
    let kept = Advance { keys: vec![((9, "k".into()), state.clone())], ..advance(1, 10, false) };
    store.advance(stream, kept.clone()).await.unwrap();
    store.advance(stream, Advance { keys: Vec::new(), ..advance(1, 20, true) }).await.unwrap();
    let refused = Refusal { reason: "it does not add up".into(), version: "v1".into() };
    let place = Place { stamp: "7".into(), refused: Some(refused) };
    store.place(stream, "b.dat".into(), place.clone()).await.unwrap();
    store.letters_done(hash(&[b"t"]), "c1".into()).await.unwrap();
    drop(store);
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(store.stream(hash(&[b"s"])).await.unwrap(), stream);
    assert_eq!(store.progress(stream, [1; 32]).await.unwrap(), Some(advance(1, 20, true).progress));
    assert_eq!(store.keys(vec![(9, "k".into()), (8, "k".into())]).await.unwrap(), [Some(state), None]);
    assert_eq!(store.places(stream).await.unwrap(), [("b.dat".into(), place)]);
    store.unplace(stream, vec!["b.dat".into()]).await.unwrap();
    assert_eq!(store.places(stream).await.unwrap(), []);
    assert_eq!(store.letters(hash(&[b"t"])).await.unwrap().as_deref(), Some("c1"));
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn streams_do_not_see_each_other() {
    let store = memory();
    let (a, b) = (store.stream(hash(&[b"a"])).await.unwrap(), store.stream(hash(&[b"b"])).await.unwrap());
    store.advance(a, advance(1, 1, true)).await.unwrap();
    store.place(a, "x".into(), Place { stamp: "1".into(), refused: None }).await.unwrap();
    assert_eq!(store.progress(b, [1; 32]).await.unwrap(), None);
    assert_eq!(store.places(b).await.unwrap(), []);
    assert_eq!(store.letters(hash(&[b"a"])).await.unwrap(), None);
}

#[tokio::test]
async fn a_store_of_the_version_before_is_taken_over() {
    let folder = std::env::temp_dir().join(format!("seawall-stream-{}", crate::ids::request_id()));
    let path = folder.join("seawall.db");
    drop(Sqlite::open(&path).unwrap());
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "DROP TABLE stream; DROP TABLE unit; DROP TABLE place; DROP TABLE keyed; DROP TABLE letters;
         PRAGMA user_version = 3;",
    )
    .unwrap();
    drop(old);
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(store.stream(hash(&[b"s"])).await.unwrap(), 1);
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn only_so_many_units_are_remembered_and_the_oldest_are_forgotten() {
    let db = crate::store::sqlite::table::open(Path::new(":memory:")).unwrap();
    let left = |stream: i64| -> Vec<u8> {
        let mut find = db.prepare("SELECT identity FROM unit WHERE stream = ?1 ORDER BY row").unwrap();
        find.query_map([stream], |row| row.get::<_, [u8; 32]>(0)).unwrap().map(|it| it.unwrap()[0]).collect()
    };
    for n in 1..=9 {
        keep(&db, 1, &advance(n, 1, n != 2)).unwrap();
        keep(&db, 2, &advance(n, 1, true)).unwrap();
    }
    forget(&db, 1, 9).unwrap();
    assert_eq!(left(1), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    forget(&db, 1, 5).unwrap();
    assert_eq!(left(1), [2, 5, 6, 7, 8, 9], "what is not settled stays");
    assert_eq!(left(2).len(), 9, "another stream has its own");
}

#[test]
fn units_are_forgotten_as_others_are_settled() {
    let db = crate::store::sqlite::table::open(Path::new(":memory:")).unwrap();
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
                INSERT INTO unit (stream, identity, name, stamp, records, bytes, settled, counted)
                SELECT 1, n, 'a', '1', 0, 0, 1, '{}' FROM n";
    db.execute(many, [UNITS_MAX + 10]).unwrap();
    let settled = |n| keep(&db, 1, &advance(n, 1, true)).unwrap();
    let count = || db.query_row("SELECT count(*) FROM unit", [], |row| row.get::<_, u32>(0)).unwrap();
    settled(1);
    assert_eq!(count(), UNITS_MAX + 11);
    settled(0);
    assert_eq!(count(), UNITS_MAX);
}
