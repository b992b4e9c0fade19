//! The main job: the `reservations` example in front of a live SOAP server.

use crate::estate::{Estate, booking};
use serde_json::{Value, json};
use std::process::Command;
use tests::{seawall, shared};

#[test]
fn a_reservation_is_read_as_clean_json() {
    let estate = Estate::start();
    let answer = estate.client().get("/reservations/R-1001").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").unwrap().starts_with("application/json"));
    let expected = json!({
        "id": "R-1001", "status": "booked", "hotelId": "VIE02",
        "checkIn": "2026-06-18", "checkOut": "2026-06-20", "nights": 2,
        "total": { "amount": 201.01, "currency": "EUR" },
        "rooms": [
            { "type": "SGL", "ratePlan": "BAR", "adults": 1, "children": 0 },
            { "type": "DBL", "ratePlan": "BAR", "adults": 2, "children": 0 },
            { "type": "SUI", "ratePlan": "BAR", "adults": 1, "children": 0 }
        ],
        "guests": [{ "firstName": "Guest 1001", "lastName": "O’Brien & Söhne", "email": "guest1001@example.com" }],
        "bookedAt": "2026-03-01T09:30:00Z", "changedAt": "2026-03-02T10:00:00Z"
    });
    assert_eq!(answer.json(), expected, "{}", answer.text());
    // The scale of the legacy amount is kept, which `Value` would not show.
    assert!(answer.text().contains("201.01"), "{}", answer.text());
}

#[test]
fn an_unknown_reservation_is_a_problem_and_not_an_empty_object() {
    let estate = Estate::start();
    let answer = estate.client().get("/reservations/R-404").unwrap();
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (404, "reservation-not-found"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["status"], 404);
}

#[test]
fn a_booking_is_created_and_can_be_read_at_its_location() {
    let estate = Estate::start();
    let mut client = estate.client();
    let answer = client.post("/reservations", &[("Idempotency-Key", "k-1")], &booking()).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(location, "/reservations/R-1051");
    assert_eq!(answer.json()["status"], "booked");
    let read = client.get(&location).unwrap();
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!(read.json()["guests"][0]["lastName"], "Turing");
    assert_eq!(read.json()["rooms"][0]["adults"], 1);
    assert_eq!(estate.pms.created(), 1);
}

#[test]
fn a_bad_request_says_what_is_wrong_and_reaches_nobody() {
    let estate = Estate::start();
    let mut client = estate.client();
    let mut check = |change: &dyn Fn(&mut Value), key: Option<&str>, status: u16, hint: &str| {
        let mut body = booking();
        change(&mut body);
        let headers: Vec<(&str, &str)> = key.map(|key| ("Idempotency-Key", key)).into_iter().collect();
        let answer = client.post("/reservations", &headers, &body).unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(hint), "{hint:?} is not in {}", answer.text());
    };
    check(&|_| {}, None, 400, "Idempotency-Key");
    check(&|body| body["checkIn"] = json!("2026-02-30"), Some("a"), 400, "/checkIn");
    check(&|body| body["rooms"] = json!([]), Some("b"), 400, "/rooms");
    check(&|body| body["surprise"] = json!(1), Some("c"), 400, "surprise");
    check(&|body| body["guests"][0] = json!({ "firstName": "Ada" }), Some("d"), 400, "lastName");
    check(&|body| body["rooms"][0]["adults"] = json!("two"), Some("e"), 400, "/rooms/0/adults");
    assert_eq!(estate.pms.server().hits(), 0, "a bad request reached the legacy system");
}

#[test]
fn paths_and_methods_that_do_not_exist_are_problems() {
    let estate = Estate::start();
    let mut client = estate.client();
    assert_eq!(client.get("/nothing").unwrap().status, 404);
    let answer = client.send("DELETE", "/reservations/R-1001", &[], None).unwrap();
    assert_eq!(answer.status, 405, "{}", answer.text());
    assert!(answer.header("allow").unwrap().contains("GET"));
    let answer = client.get("/reservations/R-1001?surprise=1").unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[test]
fn the_api_describes_itself() {
    let estate = Estate::start();
    let answer = estate.facade.client().get("/openapi.json").unwrap();
    assert_eq!(answer.status, 200);
    let api = answer.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let get = &api["paths"]["/reservations/{id}"]["get"];
    assert!(get["responses"]["404"].is_object(), "{get}");
    let text = answer.text();
    assert!(text.contains("Lovelace"), "the tests of the mapping are no examples");
    assert!(text.contains("Idempotency-Key"));
}

#[test]
fn in_file_tests_and_check_pass_from_the_command_line() {
    let project = shared::repository().join("mappings/reservations");
    let run = |args: &[&str]| {
        let output = Command::new(seawall()).args(args).arg(&project).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let (code, text) = run(&["check"]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(&["test"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("booking a room"), "{text}");
    let (code, text) = run(&["explain"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("lossy"), "{text}");
}
