//! Bad manners of a legacy system and of clients, byte by byte: nothing is booked twice, lost or invented.
//!
//! **Invariant.** The legacy system here is a plain socket that says just what a test wants.

#[path = "review/wire.rs"]
mod wire;

use crate::estate::{Estate, booking};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wire::{Wire, created, found, reply, reservation};

/// The example in front of a legacy system made of bytes.
fn estate() -> (Estate, Wire) {
    estate_with(|mapping| mapping)
}

fn estate_with(change: impl FnOnce(String) -> String) -> (Estate, Wire) {
    let wire = Wire::start();
    let url = format!("http://{}/pms", wire.address);
    let estate = Estate::with(|mapping| {
        let mapping = mapping.replace("${env:PMS_URL}", &url).replace("timeout: 5s", "timeout: 1s");
        change(mapping.replace("failures: 50%, of: 20", "failures: 100%, of: 1000"))
    });
    (estate, wire)
}

#[test]
fn a_reply_to_a_create_that_nobody_can_read_is_never_sent_again() {
    let (estate, wire) = estate();
    let whole = created(&reservation("R-9", ""));
    let half = &whole[..whole.len() / 2];
    let check = |key: &str, bytes: String, hangs_up: bool, first: (u16, &str), again: (u16, &str)| {
        let before = wire.hits();
        wire.says(bytes, hangs_up);
        let mut client = estate.client();
        let mut send = || {
            let answer = client.post("/reservations", &[("Idempotency-Key", key)], &booking()).unwrap();
            (answer.status, answer.problem(), answer.text())
        };
        let answer = send();
        assert_eq!((answer.0, answer.1.as_str()), first, "{key}: {}", answer.2);
        wire.says(reply("200 OK", "", &whole), false);
        let answer = send();
        assert_eq!((answer.0, answer.1.as_str()), again, "{key}, again: {}", answer.2);
        assert_eq!(wire.hits() - before, 1, "{key} was sent twice");
    };
    let unknown = (504, "outcome-unknown");
    let contract = (502, "legacy-contract");
    let error = (502, "legacy-error");
    let chunk = format!("{:x}\r\n{half}", whole.len());
    let chunked = |body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
    };
    check("chunk-cut", chunked(&chunk), true, unknown, unknown);
    check("chunk-end-missing", chunked(&format!("{:x}\r\n{half}\r\n", half.len())), true, unknown, unknown);
    check(
        "chunk-garbage",
        chunked(&format!("{:x}\r\n{half}\r\nzz\r\n", half.len())),
        true,
        contract,
        unknown,
    );
    check("length-cut", reply("200 OK", "", &whole)[..300].to_owned(), true, unknown, unknown);
    check(
        "until-close-cut",
        format!("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n{half}"),
        true,
        contract,
        unknown,
    );
    check("no-answer", String::new(), true, unknown, unknown);
    check("silence", String::new(), false, unknown, unknown);
    check("head-cut", "HTTP/1.1 200 OK\r\nContent-".into(), true, unknown, unknown);
    check("no-http", "SSH-2.0-x\r\n\r\n".into(), true, unknown, unknown);
    check("empty", reply("200 OK", "", ""), false, contract, unknown);
    check("no-soap", reply("200 OK", "", "<html><body>welcome</body></html>"), false, contract, unknown);
    let keyless = created(&reservation("R-9", "").replace(" ID=\"R-9\"", ""));
    check("field-missing", reply("200 OK", "", &keyless), false, contract, unknown);
    check("no-record", reply("200 OK", "", &created("")), false, contract, unknown);
    let sold = created(&reservation("R-9", "<Total AmountAfterTax=\"much\" CurrencyCode=\"EUR\"/>"));
    check("bad-number", reply("200 OK", "", &sold), false, contract, unknown);
    check(
        "not-unfailing",
        reply("200 OK", "", &whole.replace("</s:Body>", "</s:Bod>")),
        false,
        contract,
        unknown,
    );
    check("bare-503", reply("503 No", "", "busy"), false, unknown, unknown);
    check(
        "html-503",
        reply("503 No", "", "<!DOCTYPE html><html><head><meta charset=x></head></html>"),
        false,
        unknown,
        unknown,
    );
    check("html-502", reply("502 No", "", "<html><hr>"), false, unknown, unknown);
    check("html-500", reply("500 No", "", "<!doctype html><p>x"), false, error, error);
}

#[test]
fn what_a_proxy_says_instead_of_the_system_is_read_by_its_status() {
    let (estate, wire) =
        estate_with(|mapping| mapping.replace("retry: 2", "retry: 1").replace(", cache: 30s", ""));
    let mut client = estate.client();
    let mut check = |bytes: String, expected: (u16, &str), tries: usize, retry_after: Option<&str>| {
        let before = wire.hits();
        wire.says(bytes.clone(), false);
        let answer = client.get("/reservations/R-9").unwrap();
        assert_eq!((answer.status, answer.problem().as_str()), expected, "{bytes}: {}", answer.text());
        assert_eq!(wire.hits() - before, tries, "{bytes}");
        assert_eq!(answer.header("retry-after"), retry_after, "{bytes}");
    };
    let page =
        "<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>x</title></head><body>&nbsp;<br></html>";
    check(reply("503 No", "", page), (503, "unavailable"), 2, Some("1"));
    check(reply("503 No", "", ""), (503, "unavailable"), 2, Some("1"));
    check(reply("500 No", "", page), (502, "legacy-error"), 1, None);
    check(reply("401 No", "", page), (502, "legacy-error"), 1, None);
    check(reply("302 Away", "Location: http://elsewhere/\r\n", ""), (502, "legacy-error"), 1, None);
    // Nobody waits so long, so the client is told when it is worth it.
    check(reply("429 No", "Retry-After: 77\r\n", page), (429, "rate-limited"), 1, Some("77"));
    check(reply("503 No", "Retry-After: 77\r\n", page), (503, "unavailable"), 1, Some("77"));
}

#[test]
fn what_follows_an_answer_is_never_taken_for_the_next_one() {
    let (estate, wire) = estate_with(|mapping| mapping.replace(", cache: 30s", ""));
    let mut client = estate.client();
    for n in 0..20 {
        let good = reply("200 OK", "", &found(&reservation(&format!("R-{n}"), "")));
        let evil = reply("200 OK", "", &found(&reservation("R-666", "")));
        wire.says(format!("{good}{evil}"), n % 2 == 0);
        let answer = client.get(&format!("/reservations/R-{n}")).unwrap();
        assert_eq!((answer.status, answer.json()["id"].as_str()), (200, Some(format!("R-{n}").as_str())));
    }
}

#[test]
fn every_digit_and_every_character_arrives_or_is_refused_by_its_place() {
    let (estate, wire) = estate();
    wire.says(reply("200 OK", "", &created(&reservation("R-9", ""))), false);
    let mut n = 0;
    let mut post = |body: &str| {
        n += 1;
        let key = format!("exact-{n}");
        let headers = [("Idempotency-Key", key.as_str()), ("Content-Type", "application/json")];
        let before = wire.hits();
        let answer = estate.client().send("POST", "/reservations", &headers, Some(body.as_bytes())).unwrap();
        let sent = (wire.hits() > before).then(|| wire.last());
        (answer.status, answer.problem(), answer.text(), sent)
    };
    let with_total = |amount: &str| {
        let body = booking().to_string();
        format!("{},\"total\":{{\"amount\":{amount},\"currency\":\"EUR\"}}}}", &body[..body.len() - 1])
    };
    let mut amount = |text: &str, expected: Option<&str>| {
        let (status, problem, answer, sent) = post(&with_total(text));
        match expected {
            Some(expected) => {
                let sent = sent.unwrap_or_else(|| panic!("{text}: {status} {answer}"));
                assert!(sent.contains(&format!("AmountAfterTax=\"{expected}\"")), "{text}: {sent}");
            }
            None => {
                assert!([400, 422].contains(&status), "{text}: {status} {problem} {answer}");
                assert_eq!(sent, None, "{text}");
            }
        }
    };
    amount("420.50", Some("420.50"));
    amount("0.1", Some("0.1"));
    amount("0.30000000000000004", Some("0.30000000000000004"));
    amount("1e2", Some("100"));
    amount("1.50E1", Some("15.0"));
    amount("-0", Some("0"));
    amount("0.000", Some("0.000"));
    amount("12345678901234567890123456789012345678", Some("12345678901234567890123456789012345678"));
    amount("1234567890123456789012345678901234567.8", Some("1234567890123456789012345678901234567.8"));
    amount("9007199254740993", Some("9007199254740993"));
    amount("123456789012345678901234567890123456789", None);
    amount("1e400", None);
    amount("1e999999999999", None);
    amount("1e-999999999999", None);
    amount("NaN", None);
    amount("01", None);
    amount("1,\"amount\":2", None);
    amount("\"1\"", None);
    let name = |text: &str| {
        let mut body = booking();
        body["guests"][0]["lastName"] = json!("@@");
        body.to_string().replace("@@", text)
    };
    let mut surname = |text: &str, expected: Result<&str, u16>| {
        let (status, problem, answer, sent) = post(&name(text));
        match expected {
            Ok(expected) => {
                let sent = sent.unwrap_or_else(|| panic!("{text}: {status} {problem} {answer}"));
                assert!(sent.contains(&format!("<Surname>{expected}</Surname>")), "{text}: {sent}");
            }
            Err(expected) => {
                assert_eq!((status, sent), (expected, None), "{text}: {problem} {answer}");
                if expected == 422 {
                    assert!(answer.contains("/guests/0/lastName"), "{text}: {answer}");
                }
            }
        }
    };
    surname("O\u{2019}Brien & <S>", Ok("O\u{2019}Brien &amp; &lt;S&gt;"));
    surname("a]]>b", Ok("a]]&gt;b"));
    surname("a\\r\\nb\\tc", Ok("a&#13;\nb\tc"));
    surname("\\ud83d\\ude00", Ok("\u{1f600}"));
    surname("Turing  ", Ok("Turing  "));
    surname("\\u0000", Err(422));
    surname("a\\u0001", Err(422));
    surname("\\uffff", Err(422));
    surname("\\ud83d", Err(400));
    surname("\\ude00\\ud83d", Err(400));
    // Blanks are nothing to a legacy system, and the property is required: it could never be read back.
    surname("", Err(422));
    surname("   ", Err(422));
    surname("\\n", Err(422));
    let mut hotel = |text: &str, expected: Result<&str, u16>| {
        let body = booking().to_string().replace("VIE01", text);
        let (status, problem, answer, sent) = post(&body);
        match expected {
            Ok(expected) => {
                let sent = sent.unwrap_or_else(|| panic!("{text}: {status} {problem} {answer}"));
                assert!(sent.contains(&format!("HotelCode=\"{expected}\"")), "{text}: {sent}");
            }
            Err(expected) => assert_eq!((status, sent), (expected, None), "{text}: {problem} {answer}"),
        }
    };
    hotel("a\\nb\\tc\\r\\\"<&>'", Ok("a&#10;b&#9;c&#13;&quot;&lt;&amp;>'"));
    hotel(" a ", Ok(" a "));
    hotel("\\u000b", Err(422));
}

#[test]
fn an_id_of_any_characters_is_decoded_once_and_stays_one_segment() {
    let (estate, wire) = estate_with(|mapping| mapping.replace(", cache: 30s", ""));
    let mut client = estate.client();
    let mut check = |path: &str, legacy: &str| {
        wire.says(reply("200 OK", "", &found(&reservation("R-9", ""))), false);
        let answer = client.get(path).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(wire.last().contains(&format!("ID=\"{legacy}\"")), "{path}: {}", wire.last());
    };
    check("/reservations/a%2Fb", "a/b");
    check("/reservations/a%252Fb", "a%2Fb");
    check("/reservations/%C3%A4%3F%23%25", "ä?#%");
    check("/reservations/..%2F..%2Fhealth", "../../health");
    check("/reservations/%2E%2E", "..");
    check("/reservations/a+b", "a+b");
    check("/%72eservations/%22%3C%26", "&quot;&lt;&amp;");
    let refused = |path: &str, status: u16| {
        let before = wire.hits();
        let answer = estate.client().get(path).unwrap();
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(wire.hits(), before, "{path}");
    };
    refused("/reservations/a%00b", 400);
    refused("/reservations/%ff", 400);
    refused("/reservations/a%0Ab", 400);
    refused("/reservations/a%01b", 400);
    refused("//reservations/R-1", 404);
    refused("/reservations/R-1/", 404);
    refused("/Reservations/R-1", 404);
    refused("/reservations//", 404);
    wire.says(
        reply("200 OK", "X: y\r\n", &created(&reservation("a/../b?c%&#13;&#10;Set-Cookie: x=1", ""))),
        false,
    );
    let answer = estate.client().post("/reservations", &[("Idempotency-Key", "odd")], &booking()).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("location"), Some("/reservations/a%2F..%2Fb%3Fc%25%0D%0ASet-Cookie%3A%20x%3D1"));
    assert_eq!(answer.header("set-cookie"), None);
}

#[test]
fn nobody_gets_in_without_a_token_by_another_method_or_spelling() {
    let (estate, wire) = estate();
    wire.says(reply("200 OK", "", &found(&reservation("R-9", ""))), false);
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "FOO"] {
        for path in [
            "/reservations/R-9",
            "/%72eservations/R-9",
            "/reservations/R-9/",
            "//reservations/R-9",
            "/health/../reservations/R-9",
            "/reservations/R-9?x=1",
            "/reservations/R-9;x",
        ] {
            let answer = estate.facade.client().send(method, path, &[], None).unwrap();
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
        }
    }
    assert_eq!(wire.hits(), 0);
    let log = estate.facade.log();
    assert!(!log.contains("%72eservations") && !log.contains("FOO"), "{log}");
}

#[test]
fn a_body_that_never_ends_does_not_hold_a_connection_for_ever() {
    let (estate, wire) = estate_with(|mapping| mapping.replace("timeout: 1s", "timeout: 1s, deadline: 2s"));
    let mut stream = TcpStream::connect(estate.facade.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /reservations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: slow\r\nContent-Length: 1000\r\n\r\n{{",
        estate.token()
    );
    let start = Instant::now();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer} after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!(wire.hits(), 0);
}

#[test]
fn a_write_whose_client_has_gone_is_finished_before_the_process_ends() {
    let mut estate = Estate::start();
    estate.control("slow=2500");
    let body = booking().to_string();
    let mut stream = TcpStream::connect(estate.facade.address).unwrap();
    // An answer that nobody has read makes the end of the connection a reset, which the server notices at once.
    let request = format!(
        "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n\
         POST /reservations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: gone\r\nContent-Length: {}\r\n\r\n{body}",
        estate.token(),
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    drop(stream);
    std::thread::sleep(Duration::from_millis(100));
    estate.facade.terminate().unwrap();
    estate.control("ok");
    estate.restart();
    let answer: Value = {
        let again =
            estate.client().post("/reservations", &[("Idempotency-Key", "gone")], &booking()).unwrap();
        assert_eq!(again.status, 201, "{}", again.text());
        again.json()
    };
    assert_eq!(answer["status"], "booked");
    assert_eq!(estate.pms.created(), 1);
}

#[test]
fn an_amount_of_the_system_arrives_with_its_digits_or_not_at_all() {
    let (estate, wire) = estate_with(|mapping| mapping.replace(", cache: 30s", ""));
    let mut client = estate.client();
    let mut check = |legacy: &str, expected: Option<&str>| {
        let total = format!("<Total AmountAfterTax=\"{legacy}\" CurrencyCode=\"EUR\"/>");
        wire.says(reply("200 OK", "", &found(&reservation("R-9", &total))), false);
        let answer = client.get("/reservations/R-9").unwrap();
        match expected {
            Some(expected) => {
                let wanted = format!("\"amount\":{expected},");
                assert!(answer.text().contains(&wanted), "{legacy}: {} {}", answer.status, answer.text());
            }
            None => {
                let problem = (answer.status, answer.problem());
                assert_eq!(problem, (502, "legacy-contract".to_owned()), "{legacy}: {}", answer.text());
                assert!(answer.text().contains("AmountAfterTax"), "{legacy}: {}", answer.text());
            }
        }
    };
    check("420.50", Some("420.50"));
    check(" 420.50\n", Some("420.50"));
    check("+5", Some("5"));
    check(".5", Some("0.5"));
    check("5.", Some("5"));
    check("-0.10", Some("-0.10"));
    check("0007", Some("7"));
    check("12345678901234567890123456789012345.678", Some("12345678901234567890123456789012345.678"));
    check("0.1000000000000000055511151231257827021", Some("0.1000000000000000055511151231257827021"));
    check("1e2", None);
    check("1,50", None);
    check("NaN", None);
    check("--1", None);
    check("1 2", None);
    check("0x10", None);
    check("1234567890123456789012345678901234567890", None);
    check("\u{0661}", None);
}

#[test]
fn a_connection_that_the_system_closes_between_two_requests_costs_no_booking() {
    let (estate, wire) = estate();
    let mut client = estate.client();
    for n in 0..30 {
        wire.says(reply("200 OK", "", &created(&reservation("R-9", ""))), true);
        let key = format!("closed-{n}");
        let answer = client.post("/reservations", &[("Idempotency-Key", key.as_str())], &booking()).unwrap();
        assert_eq!(answer.status, 201, "{n}: {}", answer.text());
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(wire.hits(), 30);
}
