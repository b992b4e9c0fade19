//! Events as messages, against the facts of the conformance suite of CloudEvents where its fixtures are there.

use super::*;
use rdkafka::message::Headers;

/// The event of the features `kafka-protocol-binding.feature`, with what we always add: a partition key.
fn example() -> Event {
    Event {
        id: "1234-1234-1234".into(),
        source: "/mycontext/subcontext".into(),
        ty: "com.example.someevent".into(),
        subject: None,
        time: Some("2018-04-05T03:56:24Z".into()),
        dataschema: None,
        key: "k".into(),
        data: "{\"message\": \"Hello World!\"}".into(),
        content_type: "application/json".into(),
        extensions: Vec::new(),
    }
}

fn written(mode: Mode, event: &Event) -> (Vec<(String, String)>, String) {
    let mut writer = Writer::new(mode);
    let (headers, value) = writer.write(event);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers = headers.iter().map(|header| (header.key.to_owned(), text(header.value.unwrap()))).collect();
    (headers, text(value))
}

#[test]
fn binary_mode_has_a_header_for_each_attribute() {
    let mut event = example();
    event.subject = Some("s".into());
    event.dataschema = Some("https://example.com/s".into());
    event.extensions = vec![("position".into(), "17".into()), ("reason".into(), "naïve".into())];
    let (headers, value) = written(Mode::Binary, &event);
    let expected = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1234-1234-1234"),
        ("ce_source", "/mycontext/subcontext"),
        ("ce_type", "com.example.someevent"),
        ("ce_subject", "s"),
        ("ce_time", "2018-04-05T03:56:24Z"),
        ("ce_dataschema", "https://example.com/s"),
        ("content-type", "application/json"),
        ("ce_partitionkey", "k"),
        ("ce_position", "17"),
        ("ce_reason", "naïve"),
    ];
    let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    assert_eq!(headers, expected);
    assert_eq!(value, "{\"message\": \"Hello World!\"}");
}

#[test]
fn structured_mode_is_one_text_with_the_data_as_it_came() {
    let mut event = example();
    event.data = "{\"a\": 1.50, \"b\": 12345678901234567890.10}".into();
    event.extensions = vec![("reason".into(), "a \"b\"\\\n\u{1}ü".into())];
    let (headers, value) = written(Mode::Structured, &event);
    assert_eq!(headers, [("content-type".to_owned(), STRUCTURED.to_owned())]);
    assert_eq!(
        value,
        r#"{"specversion":"1.0","id":"1234-1234-1234","source":"/mycontext/subcontext","type":"com.example.someevent","time":"2018-04-05T03:56:24Z","datacontenttype":"application/json","partitionkey":"k","reason":"a \"b\"\\\n\u0001ü","data":{"a": 1.50, "b": 12345678901234567890.10}}"#
    );
    assert!(serde_json::from_str::<serde_json::Value>(&value).is_ok());
}

#[test]
fn data_that_is_no_json_is_base64_in_structured_mode() {
    for (content_type, part) in [
        ("application/octet-stream", "\"data_base64\":\"AEE=\""),
        ("text/plain", "\"data_base64\":"),
        ("application/jsonish", "\"data_base64\":"),
        ("application/vnd.x+json; charset=utf-8", "\"data\":\0A"),
        ("Application/JSON", "\"data\":"),
    ] {
        let event = Event { data: "\0A".into(), content_type: content_type.into(), ..example() };
        let (_, value) = written(Mode::Structured, &event);
        assert!(value.contains(part), "{content_type}: {value}");
    }
}

#[test]
fn both_modes_are_those_of_the_conformance_suite() {
    let Some(suite) = crate::fixtures::cloudevents("protocol-bindings.json") else { return };
    let case = &suite["case"];
    let (headers, value) = written(Mode::Binary, &example());
    assert_eq!(value, case["binary"]["payload"].as_str().unwrap());
    let expected = case["binary"]["headers"].as_object().unwrap();
    assert!(!expected.is_empty());
    for (name, text) in expected {
        assert!(headers.iter().any(|(key, value)| key == name && value == text.as_str().unwrap()), "{name}");
    }
    let (headers, value) = written(Mode::Structured, &example());
    let media: Vec<_> =
        case["structured"]["headers"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
    assert!(media.iter().any(|media| media.eq_ignore_ascii_case(&headers[0].1)), "{headers:?}");
    let mut found: serde_json::Value = serde_json::from_str(&value).unwrap();
    assert_eq!(found.as_object_mut().unwrap().remove("partitionkey").unwrap(), "k");
    assert_eq!(found, case["structured"]["payload"]);
}
