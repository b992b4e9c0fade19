//! Outages: a legacy system that is busy, slow, frozen, down or gone, and what a client sees of it.

use crate::estate::{Estate, booking};
use std::time::{Duration, Instant};

#[test]
fn a_busy_answer_is_retried_and_the_client_sees_nothing_of_it() {
    let estate = Estate::start();
    estate.control("busy=2");
    let mut client = estate.client();
    let before = estate.pms.server().hits();
    for n in 1001..1011 {
        let answer = client.get(&format!("/reservations/R-{n}")).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert!(estate.pms.server().hits() - before > 10, "nothing was retried");
}

#[test]
fn a_frozen_system_is_answered_in_time_and_then_protected() {
    let estate = Estate::with(|mapping| {
        mapping
            .replace("timeout: 5s, retry: 2", "timeout: 100ms, retry: 0")
            .replace("of: 20, open: 30s", "of: 10, open: 1s")
    });
    estate.pms.server().freeze(true);
    let mut client = estate.client();
    for n in 0..10 {
        let start = Instant::now();
        let answer = client.get(&format!("/reservations/R-{}", 1001 + n)).unwrap();
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (504, "timed-out"),
            "call {n}: {}",
            answer.text()
        );
        assert!(start.elapsed() < Duration::from_secs(2), "call {n} took {:?}", start.elapsed());
    }
    let start = Instant::now();
    let answer = client.get("/reservations/R-1030").unwrap();
    assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    assert!(start.elapsed() < Duration::from_millis(90), "the breaker is not open: {:?}", start.elapsed());
    estate.pms.server().freeze(false);
    std::thread::sleep(Duration::from_millis(1200));
    let end = Instant::now() + Duration::from_secs(5);
    while client.get("/reservations/R-1031").unwrap().status != 200 {
        assert!(Instant::now() < end, "the breaker does not close again");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_system_that_is_gone_is_unavailable_and_the_node_stays_ready() {
    let estate = Estate::with(|mapping| mapping.replace("${env:PMS_URL}", "http://127.0.0.1:1/pms"));
    let answer = estate.client().get("/reservations/R-1001").unwrap();
    assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"), "{}", answer.text());
    let created = estate.client().post("/reservations", &[("Idempotency-Key", "gone")], &booking()).unwrap();
    assert_eq!((created.status, created.problem().as_str()), (503, "unavailable"), "{}", created.text());
    let ready = estate.facade.client().get("/health/ready").unwrap();
    assert_eq!(ready.status, 200, "{}", ready.text());
    // Nothing was sent, so the same key may be used again and is not "unknown".
    let again = estate.client().post("/reservations", &[("Idempotency-Key", "gone")], &booking()).unwrap();
    assert_eq!(again.problem(), "unavailable", "{}", again.text());
}

#[test]
fn what_a_fault_says_reaches_neither_client_nor_log() {
    let estate = Estate::start();
    estate.control("fault=1");
    let answer = estate.client().get("/reservations/R-1001").unwrap();
    assert_eq!((answer.status, answer.problem().as_str()), (502, "legacy-error"), "{}", answer.text());
    for (place, text) in [("the answer", answer.text()), ("the log", estate.facade.log())] {
        for secret in ["ORA-00600", "10.1.2.3", "PMSADM"] {
            assert!(!text.contains(secret), "{place} says {secret}");
        }
    }
}

#[test]
fn a_closed_system_opens_the_breaker_and_is_told_in_health() {
    let estate = Estate::start();
    estate.control("down=1");
    let mut client = estate.client();
    for n in 0..25 {
        let answer = client.get(&format!("/reservations/R-{}", 1001 + n)).unwrap();
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
    let health = estate.facade.client().get("/health/ready").unwrap();
    assert_eq!(health.status, 200);
    assert!(health.text().contains("open"), "{}", health.text());
    let before = estate.pms.server().hits();
    assert_eq!(client.get("/reservations/R-1001").unwrap().status, 503);
    assert_eq!(estate.pms.server().hits(), before, "an open breaker let a call through");
}

#[test]
fn requests_under_way_are_finished_when_the_process_is_asked_to_end() {
    let mut estate = Estate::start();
    estate.control("slow=700");
    let mut client = estate.client();
    let waiting = std::thread::spawn(move || client.get("/reservations/R-1001").map(|answer| answer.status));
    std::thread::sleep(Duration::from_millis(250));
    let (code, took) = estate.facade.terminate().unwrap();
    assert_eq!(waiting.join().unwrap().unwrap(), 200, "the request under way was cut off");
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(20), "{took:?}");
}
