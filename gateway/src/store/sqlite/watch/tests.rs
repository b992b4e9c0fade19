//! What a watch keeps outlives the store that kept it, as one or not at all.

use super::*;
use crate::store::hash;
use std::path::PathBuf;

/// A file that goes when the test ends.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("seawall-watch-{}", crate::ids::request_id())))
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.0.join("seawall.db")).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn event(id: &str) -> Event {
    Event {
        id: id.into(),
        source: "/facade/test".into(),
        ty: "t".into(),
        subject: Some("ü".into()),
        time: None,
        dataschema: Some("https://x/y".into()),
        key: "k".into(),
        data: Bytes::from_static(b"\x00\xff"),
        content_type: "text/plain".into(),
        extensions: vec![("reason".into(), "why".into())],
    }
}

fn known_as(n: u8, kind: KnownKind) -> Known {
    let (partition, subject) = (Some("p".into()), (n > 1).then(|| "s".into()));
    Known { row: 0, content: [n; 32], change: i64::from(n), kind, partition, subject }
}

#[tokio::test]
async fn a_store_of_the_version_before_is_taken_over() {
    let place = Place::new();
    drop(place.open());
    let old = rusqlite::Connection::open(place.0.join("seawall.db")).unwrap();
    old.execute_batch(
        "ALTER TABLE watched DROP COLUMN partition; ALTER TABLE watched DROP COLUMN subject;
         INSERT INTO watch VALUES (1, x'00', '{}');
         INSERT INTO watched VALUES (1, 1, '[1]', zeroblob(32), 4, 0); PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(old);
    let known = place.open().known(1, vec!["[1]".into()]).await.unwrap().remove(0).unwrap();
    assert_eq!((known.change, known.partition, known.subject), (4, None, None));
}

#[tokio::test]
async fn what_was_settled_is_there_after_a_start_and_notes_too() {
    let place = Place::new();
    let store = place.open();
    let (watch, state) = store.open(hash(&[b"a"])).await.unwrap();
    assert_eq!(state, WatchState::default());
    let seen = |key: &str, n: u8| (Arc::from(key), known_as(n, KnownKind::Live));
    let state = WatchState { mark: Some("7".into()), history: vec![(1, "2".into())], ..state };
    let settled = Settled {
        seen: vec![seen("[1]", 1), seen("[2]", 2)],
        events: vec![(false, event("e1")), (true, event("e2"))],
        state: Some(state.clone()),
        ..Settled::default()
    };
    let (numbers, rows) = store.settle(watch, settled).await.unwrap();
    assert_eq!((numbers.len(), rows.len()), (2, 2));
    let note = store.note(watch, "[1]".into(), true).await.unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.open(hash(&[b"a"])).await.unwrap(), (watch, state));
    let outgoing = store.outgoing(watch, 9).await.unwrap();
    assert_eq!(
        outgoing.iter().map(|one| (one.rejected, &one.event)).collect::<Vec<_>>(),
        [(false, &event("e1")), (true, &event("e2"))]
    );
    assert_eq!(store.dirty(watch).await.unwrap(), [Dirty { row: note, key: "[1]".into(), deletes: true }]);
    let known = store.known(watch, vec!["[2]".into(), "[3]".into()]).await.unwrap();
    let two = known[0].clone().unwrap();
    assert_eq!(Known { row: 0, ..two }, known_as(2, KnownKind::Live));
    assert_eq!(known[1], None);
    let done =
        Settled { published: numbers, clean: vec![note], gone: vec!["[1]".into()], ..Settled::default() };
    store.settle(watch, done).await.unwrap();
    assert!(store.outgoing(watch, 9).await.unwrap().is_empty());
    assert!(store.dirty(watch).await.unwrap().is_empty());
    let left = store.scan(watch, 0, 9).await.unwrap();
    assert_eq!(left.iter().map(|(key, _)| &**key).collect::<Vec<_>>(), ["[2]"]);
}

#[tokio::test]
async fn watches_do_not_see_each_other() {
    let store = Sqlite::open(std::path::Path::new(":memory:")).unwrap();
    let (a, _) = store.open(hash(&[b"a"])).await.unwrap();
    let (b, _) = store.open(hash(&[b"b"])).await.unwrap();
    let settled = Settled {
        seen: vec![("[1]".into(), known_as(1, KnownKind::Deleted))],
        events: vec![(false, event("e"))],
        ..Settled::default()
    };
    store.settle(a, settled).await.unwrap();
    store.note(a, "[1]".into(), false).await.unwrap();
    assert_eq!(store.known(b, vec!["[1]".into()]).await.unwrap(), [None]);
    assert!(store.scan(b, 0, 9).await.unwrap().is_empty());
    assert!(store.outgoing(b, 9).await.unwrap().is_empty());
    assert!(store.dirty(b).await.unwrap().is_empty());
    assert_eq!(
        store.known(a, vec!["[1]".into()]).await.unwrap()[0].as_ref().unwrap().kind,
        KnownKind::Deleted
    );
}
