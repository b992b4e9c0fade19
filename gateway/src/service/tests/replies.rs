//! What the legacy system answers, beside a good record: too much, and that it is busy.
//!
//! **Invariant.** A client is told which limit it was, and when to come again; never what was in the reply.

use super::fake::Mood;
use super::{MORE, ask, book, fake, get, outcome};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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

#[tokio::test]
async fn a_busy_system_says_when_to_come_again() {
    let (service, fake) = fake::service(MORE);
    let check = async |status, told, expected: (u16, Option<&str>), pause: Option<&str>| {
        fake.set(Mood::Busy(status, told));
        let answer = get(&service, "/reservations/R-1002").await;
        assert_eq!(outcome(&answer), expected, "{status}");
        assert_eq!(answer.answer.find("retry-after"), pause, "{status} {told:?}");
    };
    check(503, Some(7), (503, Some("unavailable")), Some("7")).await;
    check(503, None, (503, Some("unavailable")), Some("1")).await;
    check(429, Some(9), (429, Some("rate-limited")), Some("9")).await;
    check(429, None, (429, Some("rate-limited")), Some("1")).await;
    check(404, Some(9), (404, Some("not-found")), None).await;
    // Nobody knows whether a booking was executed, so nobody is invited to send it again.
    fake.set(Mood::Busy(503, Some(7)));
    let answer = book(&service, "busy").await;
    assert_eq!((outcome(&answer), answer.answer.find("retry-after")), ((504, Some("outcome-unknown")), None));
}

#[tokio::test]
async fn a_retry_waits_as_long_as_the_busy_system_says() {
    let (service, fake) = fake::changed(|mapping| mapping.replace(", cache: 30s", ""));
    for status in [429, 503] {
        let (calls, begun) = (fake.calls(), Instant::now());
        fake.set(Mood::Busy(status, Some(1)));
        let answer = get(&service, "/reservations/R-1002").await;
        assert_eq!((outcome(&answer), fake.calls() - calls), ((200, None), 2), "{status}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{status}: {:?}", begun.elapsed());
    }
}
