//! Messages as events: what we wrote, what others write, and what the conformance suite of CloudEvents holds.

use super::*;
use crate::config::Mode;
use crate::message::Writer;
use rdkafka::message::Headers;
use serde_json::Value;

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn read(headers: Pairs<'_>, key: Option<&str>, value: &[u8]) -> Result<Event, String> {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    event(headers, key.map(str::as_bytes), value)
}

fn read_structured(value: &str) -> Result<Event, String> {
    read(&[("content-type", "application/cloudevents+json; charset=UTF-8")], Some("k"), value.as_bytes())
}

fn letter(content_type: &'static str, data: &'static [u8]) -> Event {
    Event {
        id: "i\"1".into(),
        source: "/facade/x".into(),
        ty: "t".into(),
        subject: Some("s".into()),
        time: Some("2026-03-31T00:00:00Z".into()),
        dataschema: Some("https://example.com/s".into()),
        key: "k".into(),
        data: Bytes::from_static(data),
        content_type: content_type.into(),
        extensions: vec![("position".into(), "17".into()), ("reason".into(), "a\nb ü".into())],
    }
}

#[test]
fn what_was_written_is_read_again_in_both_modes() {
    for (content_type, data) in [
        ("application/json", &b"{\"a\": 1.50, \"b\": [12345678901234567890.10]}"[..]),
        ("application/octet-stream", &b"\xc1\x00\xff\n"[..]),
        ("application/octet-stream", &b""[..]),
    ] {
        let letter = letter(content_type, data);
        for mode in [Mode::Binary, Mode::Structured] {
            let mut writer = Writer::new(mode);
            let (headers, value) = writer.write(&letter);
            let headers = headers.iter().map(|header| (header.key, header.value.unwrap()));
            assert_eq!(event(headers, Some(b"k"), value), Ok(letter.clone()), "{mode:?} {content_type}");
        }
    }
}

#[test]
fn what_is_no_event_is_told_why() {
    let full = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "t")];
    assert!(read(&full, None, b"1").is_ok());
    for missing in 0..full.len() {
        let mut headers = full.to_vec();
        let (name, _) = headers.remove(missing);
        let why = read(&headers, None, b"1").unwrap_err();
        assert!(why.contains(&format!("`{}`", &name[3..])), "{why}");
    }
    let old = [("ce_specversion", "0.3"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "t")];
    assert!(read(&old, None, b"1").unwrap_err().contains("version `0.3`"));
    for (text, part) in [
        ("[1]", "no JSON object"),
        ("{\"id\":1", "no JSON object"),
        (r#"{"specversion":"1.0","id":"1","source":"/","type":"t","x":{}}"#, "`x` is neither"),
        (r#"{"specversion":"1.0","id":"1","source":"/","type":"t","data_base64":"?"}"#, "no base64"),
        (r#"{"specversion":"1.0","id":"1","source":"/","type":"t","data":1,"data_base64":""}"#, "both"),
    ] {
        let why = read_structured(text).unwrap_err();
        assert!(why.contains(part), "{why} should say {part}");
    }
}

#[test]
fn an_event_of_others_has_the_key_of_its_message() {
    let headers =
        [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "t"), ("other", "x")];
    assert_eq!(&*read(&headers, Some("k"), b"1").unwrap().key, "k");
    assert_eq!(&*read(&headers, None, b"1").unwrap().key, "1");
    assert!(read(&headers, None, b"1").unwrap().extensions.is_empty(), "a foreign header is no attribute");
}

#[test]
fn every_valid_event_of_the_conformance_suite_is_read() {
    let Some(suite) = crate::fixtures::cloudevents("valid-events.json") else { return };
    let tests = suite["tests"].as_array().unwrap();
    assert!(tests.len() >= 10);
    for test in tests {
        let written = test["event"].as_object().unwrap();
        let event =
            read_structured(&test["event"].to_string()).unwrap_or_else(|why| panic!("{}: {why}", test["id"]));
        let text = |name: &str| match written.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        let own = |value: &Option<Arc<str>>| value.as_ref().map(|value| value.to_string());
        assert_eq!(Some(event.id.to_string()), text("id"));
        assert_eq!(Some(event.source.to_string()), text("source"));
        assert_eq!(Some(event.ty.to_string()), text("type"));
        assert_eq!(own(&event.subject), text("subject"));
        assert_eq!(own(&event.time), text("time"));
        assert_eq!(own(&event.dataschema), text("dataschema"));
        assert_eq!(event.content_type, text("datacontenttype").unwrap_or("application/json".into()));
        assert_eq!(event.data, text("data").unwrap_or_default());
        let extensions = written.keys().filter(|name| name.starts_with("ext"));
        assert_eq!(event.extensions.len(), extensions.clone().count());
        for name in extensions {
            let found = event.extensions.iter().find(|(found, _)| **found == **name).unwrap();
            assert_eq!(Some(found.1.to_string()), text(name), "{name}");
        }
    }
}

#[test]
fn both_modes_of_the_conformance_suite_are_read() {
    let Some(suite) = crate::fixtures::cloudevents("protocol-bindings.json") else { return };
    let case = &suite["case"];
    let binary = case["binary"]["headers"].as_object().unwrap();
    let headers: Vec<_> =
        binary.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let binary = read(&headers, Some("k"), case["binary"]["payload"].as_str().unwrap().as_bytes()).unwrap();
    let payload = case["structured"]["payload"].to_string();
    let media = case["structured"]["headers"].as_array().unwrap();
    assert_eq!(media.len(), 2);
    for media in media {
        let event =
            read(&[("content-type", media.as_str().unwrap())], Some("k"), payload.as_bytes()).unwrap();
        for event in [&event, &binary] {
            assert_eq!(&*event.id, case["attributes"]["id"].as_str().unwrap());
            assert_eq!(&*event.source, case["attributes"]["source"].as_str().unwrap());
            assert_eq!(&*event.ty, case["attributes"]["type"].as_str().unwrap());
            assert_eq!(event.time.as_deref(), case["attributes"]["time"].as_str());
            assert_eq!(event.content_type, case["attributes"]["datacontenttype"].as_str().unwrap());
            assert_eq!(serde_json::from_slice::<Value>(&event.data).unwrap(), case["data"]);
        }
    }
}
