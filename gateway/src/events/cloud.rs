//! CloudEvents 1.0 in JSON, with the cursor beside them.
//!
//! **Invariant.** One event is one line.

use adapters_ports::{Event, KeptEvent};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::json;

/// Appends an event in structured form. Source: CloudEvents, JSON Event Format 1.0.2, section 3.
pub(crate) fn json(kept: &KeptEvent, out: &mut Vec<u8>) {
    let Event { id, source, ty, subject, time, dataschema, key, data, content_type, extensions } =
        &kept.event;
    out.extend_from_slice(b"{\"specversion\":\"1.0\"");
    let mut member = |name: &str, value: &str| {
        out.push(b',');
        json::write_text(name, out);
        out.push(b':');
        json::write_text(value, out);
    };
    member("id", id);
    member("source", source);
    member("type", ty);
    for (name, value) in [("subject", subject), ("time", time), ("dataschema", dataschema)] {
        if let Some(value) = value {
            member(name, value);
        }
    }
    member("datacontenttype", content_type);
    member("partitionkey", key);
    member("cursor", &kept.cursor);
    for (name, value) in extensions {
        member(name, value);
    }
    if **content_type == *"application/json" {
        out.extend_from_slice(b",\"data\":");
        // Between the tokens of JSON a line's end is a blank; within texts it is escaped.
        out.extend(data.iter().map(|&byte| if byte == b'\n' || byte == b'\r' { b' ' } else { byte }));
    } else {
        member("data_base64", &STANDARD.encode(data));
    }
    out.push(b'}');
}

/// Appends an event as a server-sent one. Source: HTML, section 9.2.6, "Interpreting an event stream".
pub(crate) fn sse(kept: &KeptEvent, out: &mut Vec<u8>) {
    out.extend_from_slice(b"id: ");
    out.extend_from_slice(kept.cursor.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    json(kept, out);
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(content_type: &'static str, data: &'static str) -> KeptEvent {
        let event = Event {
            id: "i\"1".into(),
            source: "/facade/x".into(),
            ty: "t".into(),
            subject: Some("s".into()),
            time: None,
            dataschema: None,
            key: "k".into(),
            data: data.into(),
            content_type: content_type.into(),
            extensions: vec![("reason".into(), "a\nb".into())],
        };
        KeptEvent { cursor: "1.2".into(), event }
    }

    #[test]
    fn an_event_is_one_line_of_json() {
        let mut out = Vec::new();
        json(&kept("application/json", "{\"a\":\r\n1.50}"), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            r#"{"specversion":"1.0","id":"i\"1","source":"/facade/x","type":"t","subject":"s","datacontenttype":"application/json","partitionkey":"k","cursor":"1.2","reason":"a\nb","data":{"a":  1.50}}"#
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn bytes_that_are_no_json_are_base64() {
        let mut out = Vec::new();
        sse(&kept("application/octet-stream", "\u{0}x"), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("id: 1.2\ndata: {"), "{text}");
        assert!(text.ends_with("\"data_base64\":\"AHg=\"}\n\n"), "{text}");
    }
}
