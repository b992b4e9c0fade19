//! What an event says and who may read it: soft deletes, fields that count, keys, times, dead letters, scopes.
//!
//! **Invariant.** A topic is read by who has its scope, and dead letters by nobody else.

use super::listener::Stream;
use super::world::{Database, SCOPES, World, gone, text, types};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::databases::Sqlite;

/// A time long ago; only what compares everything finds such a row.
const JUNE: &str = "'2026-06-01 12:00:00.000000'";
/// The time in SQLite.
const NOW: &str = "strftime('%Y-%m-%d %H:%M:%f', 'now')";

fn insert(world: &World<'_>, id: i64, note: &str, state: &str, changed: &str) {
    let row = format!("({id}, 1, '{note}', '{state}', {changed})");
    world.database.run(&format!("INSERT INTO shop.orders VALUES {row};"));
}

#[test]
fn an_event_says_what_the_mapping_says() {
    let database = Sqlite::new().unwrap();
    let change = |mapping: String| {
        let block = "subject: = \"orders/\" + string(id)
    deletedWhen: = state == 'cancelled'
    onlyChanges: [state]
    key: = \"shard-\" + string(id % 2)
    time: = changedAt
    watch: { every: 100ms }";
        mapping.replace(
            "subject: = \"orders/\" + string(id)\n    watch: { every: 200ms, since: changedAt }",
            block,
        )
    };
    let Some(world) = World::open(Database::Sqlite(&database), change) else { return };
    let facade = world.serve();
    insert(&world, 1, "a", "O", JUNE);
    insert(&world, 2, "b", "C", JUNE);
    let told = world.wait(&facade, "orders", 2);
    let by_subject = |subject: &str| told.iter().find(|event| text(&event["subject"]) == subject).unwrap();
    let (one, two) = (by_subject("orders/1"), by_subject("orders/2"));
    assert_eq!(text(&one["type"]), "shop.order.created");
    assert_eq!(text(&one["partitionkey"]), "shard-1");
    assert_eq!(text(&one["time"]), "2026-06-01T12:00:00Z");
    assert_eq!(text(&one["source"]), "/facade/shop");
    assert_eq!(text(&one["specversion"]), "1.0");
    let data =
        json!({ "id": 1, "version": 1, "note": "a", "state": "open", "changedAt": "2026-06-01T12:00:00Z" });
    assert_eq!(one["data"], data);
    // It is there and counts as deleted.
    assert_eq!((text(&two["type"]), text(&two["partitionkey"])), ("shop.order.removed", "shard-0"));
    // Another note is no news; another state is, and tells the note.
    world.database.run("UPDATE shop.orders SET note = 'A';");
    world.wait(&facade, "orders", 2);
    world.database.run("UPDATE shop.orders SET state = 'D' WHERE id = 1;");
    let told = types(&world.wait(&facade, "orders", 3));
    assert_eq!((told[2].0.as_str(), &told[2].1["note"]), ("shop.order.changed", &json!("A")));
    // What was told as deleted is not told again when it goes.
    world.database.run("DELETE FROM shop.orders;");
    let told = world.wait(&facade, "orders", 4);
    assert_eq!(types(&told)[3], ("shop.order.removed".to_owned(), gone(1)));
    // It is told where its other events were.
    assert_eq!((text(&told[3]["partitionkey"]), text(&told[3]["subject"])), ("shard-1", "orders/1"));
    // What comes again, just as it was, is news.
    insert(&world, 2, "b", "C", JUNE);
    world.wait(&facade, "orders", 5);
}

#[test]
fn a_row_that_cannot_be_read_is_one_dead_letter_with_its_columns() {
    let database = Sqlite::new().unwrap();
    // Both ways of asking meet the same row.
    let change = |mapping: String| mapping.replace("since: changedAt", "sweep: 1s, since: changedAt");
    let Some(world) = World::open(Database::Sqlite(&database), change) else { return };
    let facade = world.serve();
    insert(&world, 1, "gut", "O", NOW);
    insert(&world, 2, "geheim", "X", NOW);
    world.wait(&facade, "orders", 1);
    std::thread::sleep(Duration::from_millis(2_500));
    let letter = world.wait(&facade, "orders.rejected", 1).remove(0);
    assert_eq!(text(&letter["type"]), "seawall.rejected");
    assert_eq!(
        (&letter["data"]["note"], &letter["data"]["state"]),
        (&json!("geheim"), &json!("X")),
        "{letter}"
    );
    assert_eq!(text(&letter["position"]), "{\"id\":\"2\"}");
    assert_eq!(text(&letter["model"]), "Order");
    assert!(text(&letter["reason"]).contains("state"), "{letter}");
    // The place may be told, the values may not.
    assert!(!facade.log().contains("geheim"), "{}", facade.log());
    // Another content is another letter, and a mended row an event.
    world.database.run(&format!("UPDATE shop.orders SET state = 'Y', changed = {NOW} WHERE id = 2;"));
    world.wait(&facade, "orders.rejected", 2);
    world.database.run(&format!("UPDATE shop.orders SET state = 'D', changed = {NOW} WHERE id = 2;"));
    assert_eq!(world.wait(&facade, "orders", 2)[1]["data"]["note"], "geheim");
}

#[test]
fn topics_are_read_by_who_has_their_scopes() {
    let database = Sqlite::new().unwrap();
    let change = |mapping: String| {
        let policy = "topic: bus/memos\n    policy: { scope: memos:listen }";
        mapping.replace("topic: bus/memos", policy)
    };
    let Some(world) = World::open(Database::Sqlite(&database), change) else { return };
    let facade = world.serve();
    let check = |topic: &str, scopes: &str, expected: u16| {
        for accept in ["application/x-ndjson", "text/event-stream"] {
            let token = world.keys.token("reader", scopes, 600);
            if expected == 200 && accept == "text/event-stream" {
                assert!(Stream::open(facade.address, &token, topic, None).is_ok(), "{topic} {scopes}");
                continue;
            }
            let mut client = facade.client().bearer(&token).with("Accept", accept);
            let answer = client.get(&format!("/events/{topic}")).unwrap();
            assert_eq!(answer.status, expected, "{topic} with {scopes:?} as {accept}: {}", answer.text());
        }
    };
    check("orders", "events:orders", 200);
    check("orders", "orders:read orders:write events:reject events:order events", 403);
    check("orders", "", 403);
    check("orders.rejected", "events:reject", 200);
    check("orders.rejected", "events:orders events:orders.rejected", 403);
    check("memos", "memos:listen", 200);
    check("memos", "events:memos", 403);
    check("nothing", SCOPES, 404);
    let nobody = facade.client().get("/events/orders").unwrap();
    assert_eq!(nobody.status, 401, "{}", nobody.text());
    let expired = world.keys.token("reader", "events:orders", -3_600);
    assert_eq!(facade.client().bearer(&expired).get("/events/orders").unwrap().status, 401);
    let wrong = tests::KeySet::new("https://idp.example", "shop-apps").token("reader", "events:orders", 600);
    assert_eq!(facade.client().bearer(&wrong).get("/events/orders").unwrap().status, 401);
}

#[test]
fn a_stream_ends_whole_when_the_process_does_and_the_next_one_goes_on_behind_it() {
    let database = Sqlite::new().unwrap();
    let Some(world) = World::open(Database::Sqlite(&database), |mapping| mapping) else { return };
    let mut facade = world.serve();
    let token = world.keys.token("reader", "events:orders", 600);
    insert(&world, 1, "a", "O", NOW);
    let mut stream = Stream::open(facade.address, &token, "orders", None).unwrap();
    let first: Value = stream.next().unwrap().unwrap();
    assert_eq!(first["data"]["id"], 1);
    let quiet = std::thread::spawn(move || (stream.next().unwrap(), stream.last_id));
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    let (code, _) = facade.terminate().unwrap();
    assert_eq!(code, Some(0), "{}", facade.log());
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "a quiet stream held the process for {:?}",
        start.elapsed()
    );
    let (more, last_id) = quiet.join().unwrap();
    assert!(more.is_none(), "{more:?}");
    insert(&world, 2, "b", "O", NOW);
    let facade = world.serve();
    let mut stream = Stream::open(facade.address, &token, "orders", last_id.as_deref()).unwrap();
    assert_eq!(stream.next().unwrap().unwrap()["data"]["id"], 2);
}
