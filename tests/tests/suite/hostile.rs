//! Hostile clients and hostile legacy systems: nothing crashes, nothing hangs, the next request is served.

use crate::estate::Estate;
use adapters_testkit::{Reply, Server};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tests::shared::shared;

#[test]
fn attack_messages_from_the_legacy_system_are_refused_or_harmless() {
    let mut files = Vec::new();
    for folder in ["fixtures/security/xml-attacks-own", "fixtures/security/xml-attacks-defusedxml"] {
        let Some(folder) = shared(folder) else { return };
        files.extend(
            std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_file()),
        );
    }
    assert!(files.len() >= 20, "only {} attack files", files.len());
    let next = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let attacker = {
        let next = Arc::clone(&next);
        let handler = move |_: &_| Reply::new(200, "text/xml; charset=utf-8", next.lock().unwrap().clone());
        runtime.block_on(Server::start(0, Arc::new(handler))).unwrap()
    };
    let url = format!("{}/pms", attacker.url());
    let estate = Estate::with(|mapping| {
        mapping.replace("${env:PMS_URL}", &url).replace("failures: 50%, of: 20", "failures: 100%, of: 1000")
    });
    let mut client = estate.client();
    let before = tests::bench::memory_of(estate.facade.pid()).unwrap();
    for file in files {
        *next.lock().unwrap() = std::fs::read(&file).unwrap();
        let start = Instant::now();
        let answer = client.get("/reservations/R-1001").unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(start.elapsed() < Duration::from_secs(2), "{name} took {:?}", start.elapsed());
        assert!([404, 502].contains(&answer.status), "{name}: {} {}", answer.status, answer.text());
        assert_eq!(estate.facade.client().get("/health/live").unwrap().status, 200, "{name}");
    }
    let growth = tests::bench::memory_of(estate.facade.pid()).unwrap() - before;
    assert!(growth < 64.0, "memory grew by {growth:.1} MiB");
}

#[test]
fn requests_that_two_servers_would_read_differently_are_refused() {
    let Some(path) = shared("fixtures/security/http-smuggling.json") else { return };
    let cases: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let estate = Estate::start();
    let cases = cases["cases"].as_array().expect("the file has cases").clone();
    assert!(!cases.is_empty());
    for case in cases {
        let raw = case["raw"].as_str().unwrap_or_default();
        let mut stream = TcpStream::connect(estate.facade.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all(raw.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A refusal closes; an answer to a whole request may keep the connection open until the time-out.
        drop(stream.read_to_end(&mut answer));
        let text = String::from_utf8_lossy(&answer);
        let answers = text.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{}: one request was answered {answers} times", case["id"]);
        assert_eq!(estate.facade.client().get("/health/live").unwrap().status, 200, "{}", case["id"]);
    }
    assert_eq!(estate.pms.server().hits(), 0, "a smuggled request reached the legacy system");
}

#[test]
fn garbage_from_clients_is_refused_and_the_next_request_is_served() {
    let estate = Estate::start();
    let mut client = estate.client();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("\"{}\"", "x".repeat(30 << 20));
    for body in ["", "{", "nul", "{\"a\":1,\"a\":2}", "\u{feff}{}", deep.as_str(), huge.as_str()] {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "g")];
        // The server may close while a body that is too large is still being sent.
        if let Ok(answer) = client.send("POST", "/reservations", &headers, Some(body.as_bytes())) {
            assert!([400, 413].contains(&answer.status), "{} {}", answer.status, answer.text());
        } else {
            client = estate.client();
        }
        assert_eq!(estate.facade.client().get("/health/live").unwrap().status, 200);
    }
    assert_eq!(estate.pms.server().hits(), 0);
}
