//! Topics as clients see them: pages, streams that are interrupted, scopes.

use super::*;
use crate::service::incoming::Content;
use crate::service::{Rest, Torn};
use adapters_ports::{CallContext, Event, EventBatch};
use futures_util::StreamExt as _;
use serde_json::Value;
use std::path::PathBuf;

/// A log in a folder that goes when the test ends.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn topic() -> (Place, Arc<Readable>) {
    let place = Place(std::env::temp_dir().join(format!("seawall-events-{}", crate::ids::request_id())));
    let log = crate::registry::default_log(place.0.clone()).unwrap();
    (place, Arc::new(Readable::new("t", "events:t", log)))
}

async fn publish(topic: &Readable, ids: std::ops::Range<u32>) {
    let event = |id: u32| Event {
        id: id.to_string().into(),
        source: "/facade/test".into(),
        ty: "test".into(),
        subject: None,
        time: None,
        dataschema: None,
        key: "k".into(),
        data: format!("{{\"id\":{id}}}").into(),
        content_type: "application/json".into(),
        extensions: Vec::new(),
    };
    let batch = EventBatch { topic: "t".into(), events: ids.map(event).collect() };
    let cx = CallContext::new("test", Duration::from_secs(5));
    let outcomes = topic.sink().publish(&cx, &batch).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|id| id.to_string()).collect()
}

/// Reads a stream until `enough` events were seen, and returns them with the last cursor.
async fn listen(rest: &mut Rest, enough: usize) -> (Vec<String>, Option<String>) {
    let (mut found, mut last, mut text) = (Vec::new(), None, String::new());
    while found.len() < enough {
        let piece =
            tokio::time::timeout(Duration::from_secs(20), rest.next()).await.expect("the stream is silent");
        text.push_str(std::str::from_utf8(&piece.unwrap().unwrap()).unwrap());
        while let Some((block, more)) = text.split_once("\n\n") {
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let Some(data) = field("data: ") {
                let event: Value = serde_json::from_str(&data).unwrap();
                assert_eq!(event["cursor"].as_str().map(str::to_owned), field("id: "));
                found.push(event["id"].as_str().unwrap().to_owned());
                last = field("id: ");
            }
            text = more.to_owned();
        }
    }
    (found, last)
}

async fn open(topic: &Arc<Readable>, events: &Arc<Events>, after: Option<String>) -> Rest {
    let first = read(topic, ask(topic, after.as_deref())).await.unwrap();
    let (pieces, rest) = stream::made();
    let (topic, events) = (Arc::clone(topic), Arc::clone(events));
    tokio::spawn(async move {
        tell(&events, &topic, first, after, &pieces).await.unwrap();
        pieces.last(Bytes::new()).await;
    });
    rest
}

#[tokio::test]
async fn a_page_is_ndjson_and_goes_on_behind_a_cursor() {
    let (_place, topic) = topic();
    let answer = page(&topic, Asked { after: None, limit: 10 }).await.unwrap();
    assert_eq!((answer.status(), answer.bytes().len()), (200, 0));
    publish(&topic, 0..25).await;
    let (mut found, mut after) = (Vec::new(), None);
    for expected in [10, 10, 5, 0] {
        let answer = page(&topic, Asked { after: after.clone(), limit: 10 }).await.unwrap();
        assert_eq!(answer.find("content-type"), Some("application/x-ndjson"));
        let lines: Vec<Value> = answer
            .bytes()
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        assert_eq!(lines.len(), expected);
        after = lines.last().map(|event| event["cursor"].as_str().unwrap().to_owned()).or(after);
        found.extend(lines.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(found, ids(0..25));
    let unknown = page(&topic, Asked { after: Some("x".into()), limit: 1 }).await.unwrap_err();
    assert_eq!((unknown.problem.slug(), unknown.problem.status()), ("invalid-parameter", 400));
}

#[tokio::test]
async fn a_listener_that_is_interrupted_again_and_again_sees_every_event_once() {
    let (_place, topic) = topic();
    let events = Arc::new(Events::for_tests());
    let publisher = Arc::clone(&topic);
    let publishing = tokio::spawn(async move {
        for n in 0..100 {
            publish(&publisher, n * 5..n * 5 + 5).await;
        }
    });
    let (mut found, mut last, mut round) = (Vec::new(), None, 0);
    while found.len() < 500 {
        round += 1;
        let mut rest = open(&topic, &events, last.clone()).await;
        let (more, cursor) = listen(&mut rest, (round * 7 % 23 + 1).min(500 - found.len())).await;
        found.extend(more);
        last = cursor;
    }
    publishing.await.unwrap();
    assert_eq!(found, ids(0..500));
    assert!(round > 5);
}

#[tokio::test]
async fn a_quiet_stream_waits_and_ends_whole_when_the_process_does() {
    let (_place, topic) = topic();
    let events = Arc::new(Events::for_tests());
    let mut rest = open(&topic, &events, None).await;
    assert_eq!(&rest.next().await.unwrap().unwrap()[..], RETRY);
    publish(&topic, 0..1).await;
    assert_eq!(listen(&mut rest, 1).await.0, ["0"]);
    events.drain();
    let ended: Vec<Result<Bytes, Torn>> = rest.collect().await;
    assert!(ended.iter().all(|piece| piece.as_ref().is_ok_and(Bytes::is_empty)), "{ended:?}");
}

#[test]
fn what_a_client_accepts_decides_the_form() {
    let check = |accept: Option<&str>, expected| {
        let found = form(accept.map(str::as_bytes)).map_err(|problem| problem.status());
        assert_eq!(found, expected, "{accept:?}");
    };
    check(None, Ok(Form::Page));
    check(Some("*/*"), Ok(Form::Page));
    check(Some("application/x-ndjson"), Ok(Form::Page));
    check(Some("text/html, text/event-stream;q=0.9"), Ok(Form::Stream));
    check(Some("Text/Event-Stream"), Ok(Form::Stream));
    check(Some("text/html"), Err(406));
    check(Some("application/json"), Err(406));
}

#[test]
fn the_header_of_a_stream_that_was_interrupted_wins_over_its_address() {
    let check = |query: &str, header: Option<&str>, expected: Result<(Option<&str>, usize), u16>| {
        let headers: Vec<(String, String)> =
            header.map(|value| ("last-event-id".to_owned(), value.to_owned())).into_iter().collect();
        let incoming = Incoming {
            method: "GET",
            path: "/events/t",
            query,
            headers: &List(headers),
            content: Content::Whole(Bytes::new()),
        };
        let found = asked(&incoming).map_err(|problem| problem.status());
        let found =
            found.as_ref().map(|asked| (asked.after.as_deref(), asked.limit)).map_err(|status| *status);
        assert_eq!(found, expected, "{query}");
    };
    check("", None, Ok((None, 1_000)));
    check("after=a.1&limit=7", None, Ok((Some("a.1"), 7)));
    check("after=a.1", Some("a.9"), Ok((Some("a.9"), 1_000)));
    check("limit=0", None, Err(400));
    check("limit=10001", None, Err(400));
    check("from=1", None, Err(400));
}

/// Headers as a list.
struct List(Vec<(String, String)>);

impl crate::service::Headers for List {
    fn find(&self, name: &str) -> Option<&[u8]> {
        self.0.as_slice().find(name)
    }

    fn several(&self, name: &str) -> bool {
        self.0.as_slice().several(name)
    }
}
