//! Values at the bounds of their columns.
//!
//! **Invariant.** What cannot be kept exactly is refused; nothing is rounded or cut.

use super::world::{Engine, World};
use serde_json::Value;
use tests::Client;

/// 38 digits, ten of them decimals.
const LARGEST: &str = "9999999999999999999999999999.9999999999";

pub(crate) fn values_survive(world: &World<'_>, client: &mut Client) {
    // SQLite keeps decimals as binary floats, which is why it is refused there.
    let is_exact = world.engine != Engine::SqliteOdbc;
    for (n, amount) in
        [LARGEST, "-9999999999999999999999999999.9999999999", "0.0000000001"].iter().enumerate()
    {
        let tiny = n == 2;
        let found = make(world, client, &format!("exact-{n}"), amount, "2026-03-29T01:59:59.999999Z");
        if !is_exact && !tiny {
            assert_eq!(found, Err(422), "{:?}", world.engine);
            continue;
        }
        // JSON texts are compared, since a test that parses numbers would round them.
        let text = found.unwrap_or_else(|status| panic!("{:?} {amount}: {status}", world.engine));
        assert!(text.contains(&format!("\"amount\":{amount},")), "{:?}: {text}", world.engine);
        if is_exact {
            assert!(
                text.contains("\"bookedAt\":\"2026-03-29T03:59:59.999999+02:00\""),
                "{:?}: {text}",
                world.engine
            );
        }
    }
    let one_more = [
        ("99999999999999999999999999999", "2026-01-01T00:00:00Z"),
        ("0.00000000001", "2026-01-01T00:00:00Z"),
    ];
    for (n, (amount, at)) in one_more.iter().enumerate() {
        assert_eq!(
            make(world, client, &format!("more-{n}"), amount, at),
            Err(422),
            "{:?} {amount}",
            world.engine
        );
    }
    // The hour that the clocks repeat cannot be told from the other one, so it is not written; the hours around are.
    let twice = make(world, client, "twice", "1", "2026-10-25T01:30:00Z");
    assert_eq!(twice, Err(422), "{:?}", world.engine);
    for (n, at) in ["2026-10-24T23:59:59Z", "2026-10-25T02:00:00Z"].iter().enumerate() {
        assert!(make(world, client, &format!("around-{n}"), "1", at).is_ok(), "{:?} {at}", world.engine);
    }
}

/// Makes a booking, and returns its JSON as another request reads it; else the status.
fn make(world: &World<'_>, client: &mut Client, key: &str, amount: &str, at: &str) -> Result<String, u16> {
    let body = format!(
        "{{\"customerId\":100004,\"amount\":{amount},\"bookedAt\":\"{at}\",\"reversed\":true,\"checked\":false}}"
    );
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
    let answer = client.send("POST", "/bookings", &headers, Some(body.as_bytes())).unwrap();
    if answer.status != 201 {
        return Err(answer.status);
    }
    let location = answer.header("location").unwrap().to_owned();
    let read = client.get(&location).unwrap();
    assert_eq!(read.json()["reversed"], Value::Bool(true), "{:?}: {}", world.engine, read.text());
    Ok(read.text())
}
