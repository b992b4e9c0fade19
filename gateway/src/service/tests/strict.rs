//! Requests that say two things, or something that would be passed over.
//!
//! **Invariant.** What is refused here reached nobody.

use super::*;

const ONCE: &str = "
  PATCH /once/{id}:
    update: Reservation
    call: pms.CreateReservation
    send: { HotelReservations/HotelReservation: = body }
    read: GET /reservations/{id}
    policy: { idempotency: 1h }
";

#[tokio::test]
async fn a_request_that_says_two_things_is_refused() {
    let (service, fake) = fake::service(MORE);
    let check = async |more: &[(&str, &str)], expected: (u16, &str)| {
        let headers = [&[("idempotency-key", "a")], more].concat();
        let responded = ask(&service, "POST", "/reservations", &headers, Some(&booking())).await;
        assert_eq!(outcome(&responded), (expected.0, Some(expected.1)), "{more:?}");
    };
    check(&[("idempotency-key", "b")], (400, "bad-request")).await;
    check(&[("authorization", "x"), ("authorization", "y")], (400, "bad-request")).await;
    check(&[("content-type", "application/json")], (400, "bad-request")).await;
    check(&[("content-encoding", "gzip")], (415, "unsupported-media-type")).await;
    let chunked = ask(&service, "GET", "/reservations/R-1", &[("transfer-encoding", "chunked")], None).await;
    assert_eq!(chunked.answer.status(), 200, "a body that is known to be empty is none");
    assert_eq!(fake.writes(), 0);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_not_passed_over() {
    let (service, fake) = fake::service(MORE);
    let headers = fake::List(vec![("transfer-encoding".into(), "chunked".into())]);
    let content = Content::Stream(actix_web::dev::Payload::None);
    let path = "/reservations/R-1";
    let incoming = Incoming { method: "GET", path, query: "", headers: &headers, content };
    assert_eq!(outcome(&service.respond(incoming).await), (400, Some("bad-request")));
    assert_eq!(fake.calls(), 0);
}

#[tokio::test]
async fn a_repeated_update_is_answered_as_before_though_the_record_has_changed() {
    let (service, fake) = fake::service(&format!("{MORE}{ONCE}"));
    let etag = get(&service, "/reservations/R-1002").await.answer.find("etag").unwrap().to_owned();
    let patch = async |key: &str, etag: &str| {
        let headers = [("idempotency-key", key), ("if-match", etag)];
        ask(&service, "PATCH", "/once/R-1002", &headers, Some(&json!({ "hotelId": "GRZ01" }))).await
    };
    let first = patch("k", &etag).await;
    assert!(first.answer.status() < 300, "{first:?}");
    let before = fake.calls();
    let again = patch("k", &etag).await;
    assert_eq!((again.answer.status(), again.origin), (first.answer.status(), Some(Origin::Replay)));
    assert_eq!(fake.calls(), before, "a replay asks nobody");
    // A write that was refused before anything was sent leaves its key free.
    assert_eq!(outcome(&patch("m", "\"other\"").await), (412, Some("precondition-failed")));
    fake.set(error(Class::Ambiguous, Cause::TimedOut));
    assert_eq!(outcome(&patch("m", &etag).await), (504, Some("timed-out")), "only the reading failed");
    fake.set(Mood::Answer);
    assert!(patch("m", &etag).await.answer.status() < 300);
}
