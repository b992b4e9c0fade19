//! What the legacy system answers, beside a good record: too much, and that it is busy.
//!
//! **Invariant.** A client is told which limit it was, and when to come again; never what was in the reply.

use super::{ask, fake, get, outcome};
use serde_json::{Value, json};

/// Sets a key of the connection's policy.
fn policy(mapping: &str, line: &str) -> String {
    assert_eq!(mapping.matches("policy: { timeout: 5s,").count(), 1);
    mapping.replace("policy: { timeout: 5s,", &format!("policy: {{ {line}, timeout: 5s,"))
}

#[tokio::test]
async fn a_reply_that_is_longer_than_max_bytes_breaks_the_contract() {
    let check = async |max: &str, expected: (u16, Option<&str>), limit: Option<&str>| {
        let (service, fake) = fake::changed(|mapping| policy(&mapping, &format!("maxBytes: {max}")));
        let answer = get(&service, "/reservations/R-1002").await;
        assert_eq!(outcome(&answer), expected, "{max}");
        assert_eq!(fake.calls(), 1, "a long reply is as long the next time");
        let body: Value = serde_json::from_slice(answer.answer.bytes()).unwrap();
        assert_eq!(body["limit"].as_str(), limit, "{body}");
    };
    check("64KiB", (200, None), None).await;
    check("200B", (502, Some("legacy-contract")), Some("policy.maxBytes 200")).await;
}

#[tokio::test]
async fn a_record_that_is_read_before_it_is_changed_is_limited_too() {
    let update = "
  PATCH /reservations/{id}:
    update: Reservation
    call: pms.CreateReservation
    send: { HotelReservations/HotelReservation: = body }

events:
";
    let (service, fake) =
        fake::changed(|mapping| policy(&mapping, "maxBytes: 200B").replace("\nevents:\n", update));
    let patch = json!({ "checkOut": "2026-07-13" });
    let answer = ask(&service, "PATCH", "/reservations/R-1002", &[], Some(&patch)).await;
    assert_eq!((outcome(&answer), fake.writes()), ((502, Some("legacy-contract")), 0));
}
