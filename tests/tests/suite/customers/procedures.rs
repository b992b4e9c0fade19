//! Stored procedures: values in, out and both, rows, and return codes by the error table.
//!
//! **Invariant.** What a procedure did is looked up by another operation.

use super::rows::items;
use super::world::{Engine, World};
use serde_json::{Value, json};
use tests::{Answer, Client, Facade};

pub(crate) fn answer(world: &World<'_>, facade: &Facade, client: &mut Client) {
    if !world.engine.has_procedures() {
        return;
    }
    let tells = world.engine != Engine::H2Jdbc;
    let check = |answer: &Answer, status: u16, problem: &str, detail: Option<&str>| {
        let own = facade.log();
        let own: Vec<&str> = own.lines().rev().filter(|line| !line.contains(" 20")).take(4).collect();
        let log = format!("{}\n{}", world.database.end_of_log(), own.join("\n"));
        assert_eq!(answer.status, status, "{:?}: {}\n{log}", world.engine, answer.text());
        assert_eq!(answer.problem(), problem, "{:?}", world.engine);
        let said = answer.json()["detail"].as_str().map(str::to_owned);
        if let (true, Some(detail)) = (tells, detail) {
            assert!(
                said.as_deref().is_some_and(|said| said.contains(detail)),
                "{:?}: {}",
                world.engine,
                answer.text()
            );
        }
    };
    assert_eq!(client.get("/customers/100009").unwrap().json()["active"], true);
    check(&block(client, 100_009, "FRAUD", 1), 204, "", None);
    assert_eq!(client.get("/customers/100009").unwrap().json()["active"], false, "{:?}", world.engine);
    check(&block(client, 999_999, "FRAUD", 1), 404, "unknown-customer", Some("unbekannt"));
    check(&block(client, 100_005, "ZU", 1), 502, "erp-error", Some("Tagesabschluß läuft"));
    if tells {
        // A value that goes in and comes out counted on.
        check(&block(client, 100_009, "FRAUD", 98), 429, "asked-too-often", None);
    }
    let lines = client.get("/customers/100003/lines").unwrap();
    assert_eq!(lines.status, 200, "{:?}: {}", world.engine, lines.text());
    let bookings = client.get("/bookings?customer=100003").unwrap();
    let expected: Vec<Value> = items(&bookings)
        .iter()
        .map(|one| json!({ "booking": one["id"], "text": one["text"], "amount": one["amount"] }))
        .collect();
    assert_eq!(items(&lines), expected, "{:?}", world.engine);
    assert!(items(&client.get("/customers/999999/lines").unwrap()).is_empty());
    assert_eq!(client.get("/customers/abc/lines").unwrap().status, 400);
}

fn block(client: &mut Client, id: u32, reason: &str, asked: u32) -> Answer {
    let key = format!("{id}-{reason}-{asked}");
    let body = json!({ "reason": reason, "asked": asked });
    client.post(&format!("/customers/{id}/block"), &[("Idempotency-Key", &key)], &body).unwrap()
}
