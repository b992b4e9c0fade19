//! Calls of the example's service against a server that speaks HTTP: what is sent, and what each answer means.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/json.rs"]
mod json;
#[path = "support/project.rs"]
mod project;
#[path = "support/server.rs"]
mod server;

use adapters_ports::{CallContext, Opened, Reply, Request};
use kernel::{Cause, Class, Error, OperationId, Progress};
use serde_json::{Value, json};
use server::{Server, answer};
use std::time::Duration;

const XML: &str = "Content-Type: text/xml; charset=utf-8\r\n";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const OTA: &str = "http://www.opentravel.org/OTA/2003/05";

fn envelope(body: &str) -> Vec<u8> {
    format!("<s:Envelope xmlns:s='{SOAP}'><s:Header><x/></s:Header><s:Body>{body}</s:Body></s:Envelope>")
        .into_bytes()
}

fn context() -> CallContext {
    CallContext::new("test", Duration::from_secs(5))
}

fn open(url: &str, more: &[(&str, &str)]) -> Option<Opened> {
    let folder = project::shared("examples/reservations")?;
    let entries: Vec<(&str, &str)> =
        [("wsdl", "legacy/pms.wsdl"), ("url", url)].into_iter().chain(more.iter().copied()).collect();
    Some(project::open(&folder, &entries).unwrap())
}

/// The request to read a reservation.
fn request(opened: &Opened) -> Request {
    let catalogue = &opened.catalogue;
    let id = catalogue.operations.iter().position(|operation| &*operation.name == "ReadReservation").unwrap();
    let ty = catalogue.shape.part(catalogue.operations[id].request).ty;
    let value = json!({ "ReadRequests": { "ReadRequest": { "UniqueID": { "attributes": { "Type": "14", "ID": "R-1" } } } } });
    let operation = OperationId(u32::try_from(id).unwrap());
    let body =
        opened.connection.encode(operation, &mut json::Telling::new(&catalogue.shape, ty, value)).unwrap();
    Request { operation, body, repeatable: true }
}

/// Calls a server that answers so; an answer is read to its end.
async fn call(
    answers: Vec<Vec<u8>>,
    more: &[(&str, &str)],
) -> Option<(Result<Outcome, Error>, Vec<server::Asked>)> {
    let server = Server::start(answers).await;
    let opened = open(&server.url, more)?;
    let outcome = outcome(&opened, &context()).await;
    Some((outcome, server.asked()))
}

#[derive(Debug)]
enum Outcome {
    Answer(Value),
    Fault(String, String, Option<u16>, Option<Duration>),
    Broken(String),
}

async fn outcome(opened: &Opened, cx: &CallContext) -> Result<Outcome, Error> {
    let reply = opened.connection.backend().unwrap().call(cx, &request(opened)).await?;
    let mut document = match reply {
        Reply::Answer(document) => document,
        Reply::Fault(fault) => {
            return Ok(Outcome::Fault(fault.code, fault.text, fault.status, fault.retry_after));
        }
    };
    let mut reading = json::Reading::new(&opened.catalogue.shape);
    loop {
        match document.advance(&mut reading) {
            Ok(Progress::NeedInput) => document.more(cx).await?,
            Ok(_) => return Ok(Outcome::Answer(reading.value())),
            Err(error) => return Ok(Outcome::Broken(error.to_string())),
        }
    }
}

#[tokio::test]
async fn a_request_is_an_envelope_with_its_action_and_an_answer_is_read() {
    let reply = format!("<OTA_ResRetrieveRS xmlns='{OTA}' EchoToken='7'/>");
    let Some((outcome, asked)) = call(vec![answer("200 OK", XML, &envelope(&reply))], &[]).await else {
        return;
    };
    assert!(
        matches!(outcome, Ok(Outcome::Answer(value)) if value == json!({ "attributes": { "EchoToken": "7" } }))
    );
    let head = &asked[0].head;
    assert!(head.starts_with("POST /service HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nSOAPAction: \"urn:example:pms/ReadReservation\""), "{head}");
    assert!(head.contains("\r\nContent-Type: text/xml; charset=utf-8"), "{head}");
    assert_eq!(
        asked[0].body,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"{SOAP}\"><s:Body><OTA_ReadRQ xmlns=\"{OTA}\">\
             <ReadRequests><ReadRequest><UniqueID Type=\"14\" ID=\"R-1\"/></ReadRequest></ReadRequests></OTA_ReadRQ>\
             </s:Body></s:Envelope>"
        )
    );
}

#[tokio::test]
async fn credentials_and_fixed_headers_are_sent_and_a_nonce_once() {
    let reply = || answer("200 OK", XML, &envelope(&format!("<OTA_ResRetrieveRS xmlns='{OTA}'/>")));
    let more = [
        ("auth", "type: wsse\nuser: seawall\npassword: s3cret\ndigest: true\n"),
        ("headers", "X-Tenant: vie\n"),
        ("header", "<t:Tenant xmlns:t='urn:t'>vie</t:Tenant>"),
    ];
    let server = Server::start(vec![reply(), reply()]).await;
    let Some(opened) = open(&server.url, &more) else { return };
    let cx = context();
    for _ in 0..2 {
        assert!(matches!(outcome(&opened, &cx).await, Ok(Outcome::Answer(_))));
    }
    let asked = server.asked();
    let nonce = |n: usize| {
        asked[n].body.split("Base64Binary\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_ne!(nonce(0), nonce(1));
    for request in &asked {
        assert!(request.head.contains("\r\nX-Tenant: vie"), "{}", request.head);
        assert!(
            request.body.contains("<s:Header><t:Tenant xmlns:t='urn:t'>vie</t:Tenant><w:Security"),
            "{}",
            request.body
        );
        assert!(!request.body.contains("s3cret"));
    }
    let Some((_, asked)) = call(vec![reply()], &[("auth", "type: basic\nuser: u\npassword: p\n")]).await
    else {
        return;
    };
    assert!(asked[0].head.contains("\r\nAuthorization: Basic dTpw"), "{}", asked[0].head);
}

#[tokio::test]
async fn the_body_decides_what_a_reply_is() {
    let fault = envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>full</faultstring></s:Fault>");
    let good = envelope(&format!("<OTA_ResRetrieveRS xmlns='{OTA}'/>"));
    for status in ["200 OK", "500 Internal Server Error", "503 Service Unavailable"] {
        let number: u16 = status[..3].parse().unwrap();
        let Some((outcome, _)) =
            call(vec![answer(status, &format!("{XML}Retry-After: 7\r\n"), &fault)], &[]).await
        else {
            return;
        };
        match outcome {
            Ok(Outcome::Fault(code, text, status, retry_after)) => {
                assert_eq!((code.as_str(), text.as_str(), status), ("Server", "full", Some(number)));
                assert_eq!(retry_after, Some(Duration::from_secs(7)));
            }
            other => panic!("{status}: {other:?}"),
        }
        let Some((outcome, _)) = call(vec![answer(status, XML, &good)], &[]).await else { return };
        assert!(matches!(outcome, Ok(Outcome::Answer(_))), "{status}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_reply_without_an_envelope_is_what_its_status_says() {
    for (status, body) in [
        ("503 Service Unavailable", &b"<html><body>down</body></html>"[..]),
        ("404 Not Found", b""),
        ("302 Found", b"gone"),
    ] {
        let number: u16 = status[..3].parse().unwrap();
        let Some((outcome, _)) = call(vec![answer(status, "Content-Type: text/html\r\n", body)], &[]).await
        else {
            return;
        };
        match outcome {
            Ok(Outcome::Fault(code, _, status, _)) => assert_eq!((code.as_str(), status), ("", Some(number))),
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reply_that_breaks_the_contract_is_poison_and_says_why() {
    let check = async |bytes: Vec<u8>, expected: &str| {
        let Some((outcome, _)) = call(vec![bytes], &[]).await else { return };
        let error = outcome.expect_err(expected);
        assert_eq!((error.class, error.cause), (Class::Poison, Cause::Contract), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    let html = "Content-Type: text/html\r\n";
    check(
        answer("200 OK", html, b"<html><body>welcome</body></html>"),
        "expected a SOAP envelope, found html",
    )
    .await;
    check(answer("200 OK", XML, b""), "there is no element").await;
    check(answer("200 OK", XML, &envelope("")), "the body of the reply is empty").await;
    let soap12 = envelope("<x/>").iter().map(|&b| b as char).collect::<String>();
    let soap12 = soap12.replace(SOAP, "http://www.w3.org/2003/05/soap-envelope");
    check(answer("200 OK", XML, soap12.as_bytes()), "expected an envelope of").await;
    check(answer("200 OK", "Content-Type: multipart/related; type=\"text/xml\"\r\n", b"--x"), "attachments")
        .await;
    check(answer("200 OK", XML, b"<!DOCTYPE a><a/>"), "DOCTYPE").await;
}

#[tokio::test]
async fn what_is_wrong_behind_the_beginning_is_told_by_the_document() {
    let check = async |body: &str, expected: &str| {
        let Some((outcome, _)) = call(vec![answer("200 OK", XML, &envelope(body))], &[]).await else {
            return;
        };
        match outcome {
            Ok(Outcome::Broken(message)) => assert!(message.contains(expected), "{message}"),
            other => panic!("{other:?}"),
        }
    };
    let found = format!("expected the element {{{OTA}}}OTA_ResRetrieveRS, found {{{OTA}}}OTA_HotelResRS");
    check(&format!("<OTA_HotelResRS xmlns='{OTA}'/>"), &found).await;
    check(&format!("<OTA_ResRetrieveRS xmlns='{OTA}'><Errors></OTA_ResRetrieveRS>"), "does not match").await;
}

#[tokio::test]
async fn every_charset_of_a_reply_is_read() {
    let text = "Zoë €";
    let body = |encoding: &str| {
        format!(
            "<?xml version='1.0' encoding='{encoding}'?><s:Envelope xmlns:s='{SOAP}'><s:Body><OTA_ResRetrieveRS xmlns='{OTA}'>\
             <Errors><Error Type='1' ShortText='{text}'/></Errors></OTA_ResRetrieveRS></s:Body></s:Envelope>"
        )
    };
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xFEFF).chain(body("UTF-16").encode_utf16()).flat_map(order).collect()
    };
    let single = |encoding: &str, euro: u8| -> Vec<u8> {
        body(encoding)
            .chars()
            .map(|c| if c == '€' { euro } else { u8::try_from(u32::from(c)).unwrap() })
            .collect()
    };
    for (headers, bytes) in [
        (XML, body("UTF-8").into_bytes()),
        ("Content-Type: text/xml\r\n", utf16(u16::to_le_bytes)),
        ("Content-Type: text/xml; charset=UTF-16\r\n", utf16(u16::to_be_bytes)),
        ("Content-Type: text/xml\r\n", single("ISO-8859-15", 0xA4)),
        ("Content-Type: text/xml; charset=\"windows-1252\"\r\n", single("UTF-8", 0x80)),
    ] {
        let Some((outcome, _)) = call(vec![answer("200 OK", headers, &bytes)], &[]).await else { return };
        match outcome {
            Ok(Outcome::Answer(value)) => assert_eq!(
                value.pointer("/Errors/Error/attributes/ShortText"),
                Some(&json!(text)),
                "{headers}"
            ),
            other => panic!("{headers}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_call_that_may_have_been_executed_is_not_transient() {
    // The server takes the request and hangs up.
    let Some((outcome, asked)) = call(vec![Vec::new()], &[]).await else { return };
    assert_eq!(outcome.expect_err("nothing came").class, Class::Ambiguous);
    assert_eq!(asked.len(), 1);
    // Nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let Some(opened) = open(&url, &[]) else { return };
    assert_eq!(outcome_class(&opened).await, Class::Transient);
}

async fn outcome_class(opened: &Opened) -> Class {
    outcome(opened, &context()).await.expect_err("nobody listens").class
}

#[tokio::test]
async fn a_limit_that_is_exceeded_is_named() {
    let deep = format!("{}{}", "<a>".repeat(70), "</a>".repeat(70));
    let reply = envelope(&format!("<OTA_ResRetrieveRS xmlns='{OTA}'>{deep}</OTA_ResRetrieveRS>"));
    let Some((outcome, _)) = call(vec![answer("200 OK", XML, &reply)], &[]).await else { return };
    assert!(
        matches!(&outcome, Ok(Outcome::Broken(message)) if message.contains("limits.depth of 64")),
        "{outcome:?}"
    );
    let Some((outcome, _)) = call(vec![answer("200 OK", XML, &reply)], &[("limits", "depth: 100\n\n")]).await
    else {
        return;
    };
    assert!(matches!(outcome, Ok(Outcome::Answer(_))), "{outcome:?}");
    let Some((outcome, _)) =
        call(vec![answer("200 OK", XML, &reply)], &[("limits", "message: 200B\n\n")]).await
    else {
        return;
    };
    assert_eq!(outcome.expect_err("it is too large").class, Class::Poison);
}

#[tokio::test]
async fn a_part_of_a_test_file_is_read_and_written_alone() {
    let Some(opened) = open("http://127.0.0.1:1/", &[]) else { return };
    let Some(tests) = project::shared("examples/reservations/tests") else { return };
    let shape = &opened.catalogue.shape;
    let part = shape
        .globals()
        .iter()
        .copied()
        .find(|&id| &*shape.part(id).name.local == "HotelReservation")
        .unwrap();
    let xml = std::fs::read(tests.join("R-1001.xml")).unwrap();
    let mut document = opened.connection.decode_part(part, &xml).unwrap();
    let written = opened.connection.encode_part(part, &mut *document).unwrap();
    assert_eq!(opened.connection.difference(&xml, &written), Ok(None));
    let error = opened.connection.decode_part(part, b"<Reservation/>").err().unwrap();
    assert!(error.contains("HotelReservation") && error.contains("at byte 0"), "{error}");
    let error = opened.connection.decode_part(part, &xml[..xml.len() - 30]).err().unwrap();
    assert!(error.contains("the message ends within"), "{error}");
}
