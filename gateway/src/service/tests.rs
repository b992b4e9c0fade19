//! The service in front of a legacy system that behaves as a test wants, without any network.
//!
//! **Invariant.** The mapping is the example's own; only what a test is about is added to it.

mod events;
mod fake;
mod replies;
mod strict;
mod table;
mod tables;

use super::{Content, Incoming, Origin, Responded, Service};
use fake::Mood;
use kernel::{Cause, Class};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Operations beside those of the example.
const MORE: &str = "
  GET /kept/{id}:
    get: Reservation
    call: pms.ReadReservation
    send: { 'ReadRequests/ReadRequest/UniqueID[Type=14]/ID': = id }
    receive: ReservationsList/HotelReservation[1]
    policy: { cache: 50ms, stale: 1h }
  PATCH /reservations/{id}:
    update: Reservation
    call: pms.CreateReservation
    send: { HotelReservations/HotelReservation: = body }
  PUT /stays/{id}:
    replace: Reservation
    call: pms.CreateReservation
    send: { HotelReservations/HotelReservation: = body }
    read: GET /reservations/{id}
    policy: { repeatable: true, dedupe: unchanged }
";

async fn ask(
    service: &Arc<Service>,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Responded {
    let mut all: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if body.is_some() {
        all.push(("content-type".into(), "application/json".into()));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let content = Content::Whole(body.map(|body| body.to_string().into_bytes()).unwrap_or_default().into());
    let headers = fake::List(all);
    service.respond(Incoming { method, path, query, headers: &headers, content }).await
}

async fn get(service: &Arc<Service>, target: &str) -> Responded {
    ask(service, "GET", target, &[], None).await
}

async fn book(service: &Arc<Service>, key: &str) -> Responded {
    ask(service, "POST", "/reservations", &[("idempotency-key", key)], Some(&booking())).await
}

fn booking() -> Value {
    json!({
        "hotelId": "VIE01", "checkIn": "2026-07-10", "checkOut": "2026-07-12",
        "rooms": [{ "type": "SGL", "ratePlan": "BAR", "adults": 1, "children": 0 }],
        "guests": [{ "firstName": "Alan", "lastName": "Turing" }],
    })
}

fn outcome(responded: &Responded) -> (u16, Option<&str>) {
    (responded.answer.status(), responded.problem.as_deref())
}

fn error(class: Class, cause: Cause) -> Mood {
    Mood::Error(class, cause)
}

#[tokio::test]
async fn fifty_equal_creates_at_once_reach_the_legacy_system_once() {
    let (service, fake) = fake::service(MORE);
    fake.set(Mood::Slow(Duration::from_millis(5)));
    for round in 1..=10_usize {
        let key = format!("round-{round}");
        let all = futures_util::future::join_all((0..50).map(|_| book(&service, &key))).await;
        let statuses: Vec<u16> = all.iter().map(|one| one.answer.status()).collect();
        assert_eq!(fake.calls(), round, "{statuses:?}");
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
        let again = book(&service, &key).await;
        assert_eq!(outcome(&again), (201, None));
        assert_eq!(again.origin, Some(Origin::Replay));
        assert_eq!(again.answer.find("location"), Some("/reservations/R-1002"));
    }
}

#[tokio::test]
async fn what_becomes_of_a_key_follows_from_how_the_call_ended() {
    let (service, fake) = fake::service(MORE);
    let unknown = (504, Some("outcome-unknown"));
    let check = async |key: &str,
                       mood: Mood,
                       first: (u16, Option<&str>),
                       again: (u16, Option<&str>),
                       calls: usize| {
        let before = fake.calls();
        fake.set(mood);
        assert_eq!(outcome(&book(&service, key).await), first, "{key}");
        fake.set(Mood::Answer);
        assert_eq!(outcome(&book(&service, key).await), again, "{key}");
        assert_eq!(fake.calls() - before, calls, "{key}");
    };
    let unavailable = (503, Some("unavailable"));
    check("answered", Mood::Answer, (201, None), (201, None), 1).await;
    check("silent", error(Class::Ambiguous, Cause::TimedOut), unknown, unknown, 1).await;
    check("broken", error(Class::Ambiguous, Cause::Broken), unknown, unknown, 1).await;
    check("garbage", error(Class::Poison, Cause::Contract), (502, Some("legacy-contract")), unknown, 1).await;
    check("not-reached", error(Class::Transient, Cause::Unavailable), unavailable, (201, None), 2).await;
    check("refused", error(Class::Conflict, Cause::Legacy), (502, Some("legacy-error")), (502, None), 1)
        .await;
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_finished_booking_behind() {
    let (service, fake) = fake::service(MORE);
    fake.set(Mood::Slow(Duration::from_millis(100)));
    let gone = tokio::time::timeout(Duration::from_millis(30), book(&service, "gone")).await;
    assert!(gone.is_err(), "it was answered too early for this test");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(outcome(&book(&service, "gone").await), (201, None));
    assert_eq!(fake.calls(), 1);
}

#[tokio::test]
async fn a_request_that_is_wrong_reaches_nobody() {
    let (service, fake) = fake::service(MORE);
    let check =
        async |method: &str, target: &str, key: Option<&str>, body: Option<Value>, expected: (u16, &str)| {
            let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
            let responded = ask(&service, method, target, &headers, body.as_ref()).await;
            assert_eq!(outcome(&responded), (expected.0, Some(expected.1)), "{method} {target} {body:?}");
        };
    check("POST", "/reservations", None, Some(booking()), (400, "idempotency-key-missing")).await;
    check("POST", "/reservations", Some("a b"), Some(booking()), (400, "bad-request")).await;
    check("POST", "/reservations", Some("a"), Some(json!({})), (400, "invalid-body")).await;
    check("POST", "/reservations", Some("a"), Some(json!([])), (400, "invalid-body")).await;
    check("POST", "/reservations", Some("a"), None, (415, "unsupported-media-type")).await;
    check("POST", "/reservations?x=1", Some("a"), Some(booking()), (400, "invalid-parameter")).await;
    check("GET", "/reservations/R-1", None, Some(json!({})), (400, "bad-request")).await;
    check("GET", "/reservations/R-1?x=1", None, None, (400, "invalid-parameter")).await;
    check("GET", "/reservations/%zz", None, None, (400, "bad-request")).await;
    check("GET", "/nothing", None, None, (404, "not-found")).await;
    check("DELETE", "/reservations/R-1", None, None, (405, "method-not-allowed")).await;
    let mut other = booking();
    other["id"] = json!("R-2");
    check("PUT", "/stays/R-1", None, Some(other), (400, "invalid-body")).await;
    assert_eq!(fake.calls(), 0);
    let options = ask(&service, "OPTIONS", "/reservations/R-1", &[], None).await;
    assert_eq!(options.answer.find("allow"), Some("GET, HEAD, PATCH, OPTIONS"));
}

#[tokio::test]
async fn an_answer_is_kept_until_it_is_old_or_the_record_is_written() {
    let (service, fake) = fake::service(MORE);
    let check = async |target: &str, origin: Origin, calls: usize| {
        let responded = get(&service, target).await;
        assert_eq!((outcome(&responded), responded.origin), ((200, None), Some(origin)), "{target}");
        assert_eq!(fake.calls(), calls, "{target}");
    };
    check("/kept/R-1002", Origin::Call, 1).await;
    check("/kept/R-1002", Origin::Cache, 1).await;
    check("/kept/R-1001", Origin::Call, 2).await;
    // A write to one record forgets that one; it also reads the record first.
    let patched =
        ask(&service, "PATCH", "/reservations/R-1002", &[], Some(&json!({ "hotelId": "GRZ01" }))).await;
    assert!(patched.answer.status() < 300, "{patched:?}");
    check("/kept/R-1001", Origin::Cache, 4).await;
    check("/kept/R-1002", Origin::Call, 5).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    check("/kept/R-1002", Origin::Call, 6).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    fake.set(error(Class::Transient, Cause::Unavailable));
    check("/kept/R-1002", Origin::Stale, 7).await;
    // An error that says something about the record is not hidden.
    fake.set(error(Class::NotFound, Cause::Legacy));
    assert_eq!(outcome(&get(&service, "/kept/R-1002").await), (404, Some("not-found")));
}

#[tokio::test]
async fn a_client_that_has_the_record_already_gets_no_body() {
    let (service, _fake) = fake::service(MORE);
    let first = get(&service, "/reservations/R-1001").await;
    let etag = first.answer.find("etag").unwrap().to_owned();
    let check = async |header: &str, status| {
        let responded =
            ask(&service, "GET", "/reservations/R-1001", &[("if-none-match", header)], None).await;
        assert_eq!(responded.answer.status(), status, "{header}");
        assert_eq!(responded.answer.bytes().is_empty(), status == 304);
    };
    check(&etag, 304).await;
    check(&format!("\"x\", W/{etag}"), 304).await;
    check("*", 304).await;
    check("\"x\"", 200).await;
}

#[tokio::test]
async fn an_update_changes_what_the_client_names_and_keeps_the_rest() {
    let (service, fake) = fake::service(MORE);
    let patch = async |headers: &[(&str, &str)], body: Value| {
        ask(&service, "PATCH", "/reservations/R-1002", headers, Some(&body)).await
    };
    let done = patch(&[], json!({ "hotelId": "GRZ01" })).await;
    assert!(done.answer.status() < 300, "{done:?}");
    let sent = fake.last();
    assert!(sent.contains("HotelCode=\"GRZ01\""), "{sent}");
    assert!(sent.contains("AmountAfterTax=\"420.50\""), "{sent}");
    assert!(sent.contains("late arrival"), "what no mapping names is lost: {sent}");
    let before = fake.calls();
    let same = patch(&[], json!({ "hotelId": "VIE01" })).await;
    assert_eq!(same.origin, Some(Origin::Unchanged));
    assert_eq!(fake.calls() - before, 1, "an update that changes nothing was sent");
    let stale = patch(&[("if-match", "\"other\"")], json!({ "hotelId": "GRZ01" })).await;
    assert_eq!(outcome(&stale), (412, Some("precondition-failed")));
    let etag = stale.answer.find("etag").unwrap().to_owned();
    let weak = patch(&[("if-match", &format!("W/{etag}"))], json!({ "hotelId": "GRZ01" })).await;
    assert_eq!(
        outcome(&weak),
        (412, Some("precondition-failed")),
        "a weak tag says nothing of what is the same"
    );
    let fresh = patch(&[("if-match", &etag)], json!({ "hotelId": "GRZ01" })).await;
    assert!(fresh.answer.status() < 300, "{fresh:?}");
}

#[tokio::test]
async fn what_was_accepted_last_time_is_not_sent_again() {
    let (service, fake) = fake::service(MORE);
    let put = async |hotel: &str| {
        let mut body = booking();
        body["hotelId"] = json!(hotel);
        ask(&service, "PUT", "/stays/R-1002", &[], Some(&body)).await
    };
    let check = async |hotel: &str, origin: Option<Origin>, writes: usize| {
        let before = fake.writes();
        let responded = put(hotel).await;
        assert_eq!(responded.origin, origin, "{hotel} {responded:?}");
        assert_eq!(fake.writes() - before, writes, "{hotel}");
    };
    check("A", Some(Origin::Call), 1).await;
    check("A", Some(Origin::Unchanged), 0).await;
    check("B", Some(Origin::Call), 1).await;
    fake.refuse_writes(true);
    check("C", None, 1).await;
    fake.refuse_writes(false);
    // Nobody knows whether B or C stands there now.
    check("B", Some(Origin::Call), 1).await;
    check("B", Some(Origin::Unchanged), 0).await;
}

#[tokio::test]
async fn the_gateway_tells_of_itself_without_a_token() {
    let (service, fake) = fake::service(MORE);
    fake.set(error(Class::Transient, Cause::Unavailable));
    get(&service, "/reservations/R-1").await;
    let ready = get(&service, "/health/ready").await;
    assert_eq!(ready.answer.status(), 200);
    let metrics = get(&service, "/metrics").await;
    let text = String::from_utf8(metrics.answer.bytes().to_vec()).unwrap();
    assert!(text.contains("seawall_calls_total"), "{text}");
    assert_eq!(get(&service, "/problems/pms-busy").await.answer.status(), 200);
    assert_eq!(get(&service, "/problems/nothing").await.answer.status(), 404);
    service.drain();
    assert_eq!(get(&service, "/health/ready").await.answer.status(), 503);
    assert_eq!(get(&service, "/health/live").await.answer.status(), 200);
}

#[tokio::test]
async fn today_is_the_date_where_the_connection_is() {
    let check = async |zone: &str, expected: &str| {
        let (service, fake) = fake::changed(|mapping| {
            assert!(mapping.contains("EchoToken: = requestId"));
            let mapping = mapping.replace("EchoToken: = requestId", "EchoToken: = string(today)");
            mapping.replace("    type: soap\n", &format!("    type: soap\n{zone}"))
        });
        assert_eq!(outcome(&get(&service, "/reservations/R-1002").await), (200, None));
        let sent = fake.last();
        assert!(sent.contains(&format!("EchoToken=\"{expected}\"")), "{sent}");
    };
    // Tests stand at midnight in Greenwich.
    check("", "2026-01-01").await;
    check("    timezone: Asia/Tokyo\n", "2026-01-01").await;
    check("    timezone: America/New_York\n", "2025-12-31").await;
}
