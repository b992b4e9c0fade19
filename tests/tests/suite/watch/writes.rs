//! Writes through Seawall: the write and the poll that sees it are one event, also where its answer was lost.
//!
//! **Invariant.** A write that took effect is an event, whoever heard of its end.

use super::world::{Database, SCOPES, World, gone, types};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Duration;
use tests::databases::{Product, Server};
use tests::{Client, Facade};

#[test]
fn a_write_and_the_poll_that_sees_it_are_one_event() {
    for product in [Product::Postgres, Product::Mariadb] {
        let Some(server) = Server::start(product).unwrap() else { continue };
        // A time of the process is not one of the database, so the poll reaches back.
        let overlap =
            |mapping: String| mapping.replace("since: changedAt }", "since: changedAt, overlap: 5s }");
        let Some(world) = World::open(Database::Odbc(&server), overlap) else { continue };
        let facade = world.serve();
        let mut client = world.client(&facade, SCOPES);
        let mut order = json!({ "id": 7, "version": 1, "note": "ä", "state": "open" });
        let made = client.post("/orders", &[("Idempotency-Key", "a")], &order).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        // The same request again changes nothing.
        assert_eq!(client.post("/orders", &[("Idempotency-Key", "a")], &order).unwrap().status, 201);
        let told = world.wait(&facade, "orders", 1);
        assert!(same(&told[0]["data"], &order), "{told:?}");
        let changed = patch(&mut client, "/orders/7", &json!({ "state": "done" }));
        assert!(changed < 300, "{changed}");
        order["state"] = json!("done");
        let told = world.wait(&facade, "orders", 2);
        assert!(same(&told[1]["data"], &order), "{told:?}");
        // Nothing is changed by this.
        assert!(patch(&mut client, "/orders/7", &json!({ "state": "done" })) < 300);
        assert!(client.send("DELETE", "/orders/7", &[], None).unwrap().status < 300);
        let told = types(&world.wait(&facade, "orders", 3));
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["shop.order.created", "shop.order.changed", "shop.order.removed"]);
        assert_eq!(told[2].1, gone(7));
    }
}

#[test]
fn a_write_whose_answer_was_lost_is_an_event_where_nothing_watches() {
    let Some(server) = Server::start(Product::Postgres).unwrap() else { return };
    let Some(world) = World::open(Database::Odbc(&server), |mapping| mapping) else { return };
    server.run("INSERT INTO shop.memos VALUES (1, 'old');").unwrap();
    let facade = world.serve();
    let mut lock = server.session().unwrap();
    lock.run("BEGIN; SELECT text FROM shop.memos WHERE id = 1 FOR UPDATE;").unwrap();
    let mut client = world.client(&facade, SCOPES);
    let asking = std::thread::spawn(move || patch(&mut client, "/memos/1", &json!({ "text": "new" })));
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock';";
    super::until(|| match server.run(waiting).unwrap().trim() {
        "0" => Err("nothing waits for the lock".into()),
        _ => Ok(()),
    });
    // The statement takes effect while nobody can hear of it.
    let workers = workers(&facade);
    assert!(!workers.is_empty(), "there are no workers");
    signal("-STOP", &workers);
    lock.run("COMMIT;").unwrap();
    super::until(|| match server.run("SELECT text FROM shop.memos;").unwrap().trim() {
        "new" => Ok(()),
        text => Err(format!("the memo is {text}")),
    });
    assert!(world.told(&facade, "memos").is_empty());
    signal("-KILL", &workers);
    let status = asking.join().unwrap();
    assert!(status >= 500, "the answer was lost, and the client was told {status}");
    let told = types(&world.wait(&facade, "memos", 1));
    assert_eq!(told[0].1, json!({ "id": 1, "text": "new" }));
}

pub(super) fn patch(client: &mut Client, target: &str, body: &Value) -> u16 {
    let headers = [("Content-Type", "application/json")];
    client.send("PATCH", target, &headers, Some(body.to_string().as_bytes())).unwrap().status
}

/// The event says all of this, whatever it says beside it.
fn same(data: &Value, wanted: &Value) -> bool {
    wanted.as_object().unwrap().iter().all(|(name, value)| data[name] == *value)
}

/// The processes in which drivers run.
fn workers(facade: &Facade) -> Vec<String> {
    let pid = facade.pid();
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(children.split_whitespace().map(str::to_owned));
    }
    found
}

fn signal(signal: &str, pids: &[String]) {
    assert!(Command::new("kill").arg(signal).args(pids).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(50));
}
