//! The Kafka adapter against Apache Kafka, read by a consumer of its own makers.
//!
//! **Invariant.** What counts is what the foreign consumer sees: every event once its equals are dropped, in the order of
//! its key.

#[path = "kafka/bus.rs"]
mod bus;
#[path = "kafka/secured.rs"]
mod secured;

use adapters_ports::{EventBatch, TopicAsk, TopicError};
use bus::{Bus, classes, event, ids, in_order, turns, unique};
use kernel::Class;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tests::kafka::{Broker, Message};

/// Keys of the streams below.
const KEYS: usize = 50;

fn broker() -> Option<Broker> {
    Broker::start().unwrap()
}

#[test]
fn a_foreign_consumer_sees_every_event_in_the_order_of_its_key() {
    let Some(broker) = broker() else { return };
    let bus = Bus::open(&broker.address(), &[]);
    for events in turns(KEYS, 200).chunks(1000) {
        bus.publish_all("binary", events);
    }
    let seen = broker.consumer().all("binary").unwrap();
    assert_eq!(seen.len(), 10_000, "nothing is doubled");
    in_order(&ids(&seen), KEYS, 200);
    let partitions: std::collections::BTreeSet<u32> = seen.iter().map(|message| message.partition).collect();
    assert!(partitions.len() > 1, "keys are spread over the partitions");
    for message in &seen {
        assert_eq!(message.headers, headers_of(message), "offset {}", message.offset);
    }
    let bus = structured_mode_is_one_text(&broker);
    letters_are_read_again(&bus);
}

/// All of a small topic.
fn ask(topic: &str) -> TopicAsk<'_> {
    TopicAsk { topic, after: None, events_max: 3000, bytes_max: 16 << 20 }
}

/// All headers that a message of this key and id has in binary mode. Source: CloudEvents, Kafka Protocol Binding 1.0.2,
/// section 3.2.3.
fn headers_of(message: &Message) -> Vec<(String, String)> {
    let n = message.header("ce_id").and_then(|id| id.rsplit_once('-')).map(|(_, n)| n.to_owned()).unwrap();
    assert_eq!(message.value, format!("{{\"n\":{n},\"amount\":1.50}}"));
    let id = format!("{}-{n}", message.key);
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", &id),
        ("ce_source", "/facade/bookings"),
        ("ce_type", "com.example.bank.booking.posted"),
        ("ce_subject", "Käufe: 7,50"),
        ("ce_time", "2026-03-31T00:00:00Z"),
        ("ce_dataschema", "https://example.com/schemas/Booking"),
        ("content-type", "application/json"),
        ("ce_partitionkey", &message.key),
        ("ce_position", "17"),
    ];
    headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn structured_mode_is_one_text(broker: &Broker) -> Bus {
    let bus = Bus::open(&broker.address(), &[("mode", "structured"), ("compression", "zstd")]);
    bus.publish_all("structured", &turns(2, 5));
    let seen = broker.consumer().all("structured").unwrap();
    assert_eq!(seen.len(), 10);
    for message in &seen {
        let media = "application/cloudevents+json; charset=UTF-8";
        assert_eq!(message.headers, [("content-type".to_owned(), media.to_owned())]);
        let text: serde_json::Value = serde_json::from_str(&message.value).unwrap();
        assert_eq!(text["partitionkey"], message.key.as_str());
        assert_eq!((&text["specversion"], &text["subject"]), (&"1.0".into(), &"Käufe: 7,50".into()));
        assert!(message.value.ends_with(",\"amount\":1.50}}"), "digits stay: {}", message.value);
    }
    bus
}

/// Reads both topics again, page by page, whatever the mode of the connection.
fn letters_are_read_again(bus: &Bus) {
    for (topic, count) in [("structured", 10), ("binary", 10_000)] {
        let (mut after, mut found) = (None::<String>, Vec::new());
        loop {
            let ask = TopicAsk { topic, after: after.as_deref(), events_max: 3000, bytes_max: 16 << 20 };
            let page = bus.read(ask).unwrap();
            assert!(page.events.len() <= 3000);
            found.extend(page.events.into_iter().map(|kept| kept.event));
            after = page.next;
            if !page.more {
                break;
            }
        }
        assert_eq!(found.len(), count, "{topic}");
        let (keys, each) = if topic == "binary" { (KEYS, 200) } else { (2, 5) };
        in_order(&found.iter().map(|event| event.id.to_string()).collect::<Vec<_>>(), keys, each);
        let expected = turns(keys, each);
        assert_eq!(found.iter().find(|event| event.id == expected[0].id), Some(&expected[0]));
        let ask = |after| TopicAsk { topic, after: Some(after), events_max: 10, bytes_max: 1 << 20 };
        assert!(matches!(bus.read(ask("0:999999")), Err(TopicError::Unknown(_))));
        assert_eq!(bus.read(ask(after.as_deref().unwrap())).unwrap().events, []);
    }
    assert_eq!(bus.read(ask("nobody.has.published")).unwrap().events, []);
}

#[test]
fn nothing_is_lost_or_overtaken_while_the_broker_stops_is_killed_and_comes_back() {
    let Some(mut broker) = broker() else { return };
    let bus = Bus::open(&broker.address(), &[]);
    let events = turns(KEYS, 400);
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let publish = scope.spawn(|| {
            let mut failures = 0;
            for batch in events.chunks(100) {
                failures += bus.publish_until_kept("restarts", batch, Duration::from_millis(1500));
                done.fetch_add(1, Ordering::Relaxed);
            }
            failures
        });
        let reached = |count| {
            let end = Instant::now() + Duration::from_secs(120);
            while done.load(Ordering::Relaxed) < count && Instant::now() < end && !publish.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        reached(40);
        broker.stop().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        broker.restart().unwrap();
        reached(120);
        broker.kill().unwrap();
        broker.restart().unwrap();
        assert!(publish.join().unwrap() > 0, "the broker was gone while events were published");
    });
    let seen = broker.consumer().all("restarts").unwrap();
    in_order(&unique(ids(&seen)), KEYS, 400);
}

#[test]
fn a_frozen_broker_costs_the_deadline_and_the_same_batch_is_published_later() {
    let Some(broker) = broker() else { return };
    let bus = Bus::open(&broker.address(), &[]);
    let events = turns(KEYS, 20);
    let (first, rest) = events.split_at(100);
    bus.publish_all("frozen", first);
    broker.freeze();
    for _ in 0..3 {
        let start = Instant::now();
        let outcomes = bus.publish("frozen", rest, Duration::from_secs(2));
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        assert!(outcomes.iter().all(Result::is_err));
        let text = outcomes[0].as_ref().unwrap_err().to_string();
        assert!(text.contains(&broker.address()) && text.contains("topic=frozen"), "{text}");
    }
    broker.thaw();
    bus.publish_until_kept("frozen", rest, Duration::from_secs(20));
    let seen = broker.consumer().all("frozen").unwrap();
    in_order(&unique(ids(&seen)), KEYS, 20);
}

#[test]
fn transactions_are_seen_as_a_whole_and_the_newer_process_shuts_out_the_older() {
    let Some(broker) = broker() else { return };
    let keys = [("transactions", "bookings-0")];
    let older = Bus::open(&broker.address(), &keys);
    older.publish_all("committed", &turns(3, 10));
    // The second event can never be sent, so nothing of the batch is seen.
    let mut events = turns(3, 11).split_off(30);
    events[1].data = format!("\"{}\"", "x".repeat(1_100_000)).into();
    let outcomes = older.publish("committed", &events, Duration::from_secs(30));
    assert_eq!(classes(&outcomes), [Some(Class::Transient), Some(Class::Poison), Some(Class::Transient)]);
    let seen = broker.consumer().committed().all("committed").unwrap();
    assert_eq!(seen.len(), 30);
    in_order(&ids(&seen), 3, 10);
    let newer = Bus::open(&broker.address(), &keys);
    let next = turns(3, 11).split_off(30);
    newer.publish_all("committed", &next);
    for _ in 0..2 {
        let outcomes = older.publish("committed", &next, Duration::from_secs(30));
        assert_eq!(classes(&outcomes), [Some(Class::Defect); 3], "{outcomes:?}");
        assert!(outcomes[0].as_ref().unwrap_err().to_string().contains("shut out"), "{outcomes:?}");
    }
    let seen = broker.consumer().committed().all("committed").unwrap();
    assert_eq!(seen.len(), 33);
    in_order(&ids(&seen), 3, 11);
}

#[test]
fn only_the_event_that_is_too_large_and_those_of_its_key_fail() {
    let Some(broker) = broker() else { return };
    broker.create_topic("narrow", 2, &["max.message.bytes=20000"]).unwrap();
    let bus = Bus::open(&broker.address(), &[]);
    let mut events = turns(5, 40);
    for event in &mut events {
        event.data = format!("\"{}\"", "x".repeat(1000)).into();
    }
    // One is too large for the topic, another for the connection.
    events[51].data = format!("\"{}\"", "x".repeat(50_000)).into();
    events[102].data = format!("\"{}\"", "x".repeat(1_100_000)).into();
    let outcomes = bus.publish("narrow", &events, Duration::from_secs(60));
    for (n, (event, outcome)) in events.iter().zip(&outcomes).enumerate() {
        let expected = match (&*event.key, n) {
            (_, 51 | 102) => Some(Class::Poison),
            ("k1", 52..) | ("k2", 103..) => Some(Class::Transient),
            _ => None,
        };
        assert_eq!(outcome.as_ref().err().map(|error| error.class), expected, "event {n}: {outcome:?}");
    }
    let seen = unique(ids(&broker.consumer().all("narrow").unwrap()));
    assert_eq!(seen.len(), 3 * 40 + 10 + 20);
    // Without those two the rest goes through.
    let left = events
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| classes(std::slice::from_ref(outcome)) == [Some(Class::Transient)]);
    let left: Vec<_> = left.map(|(event, _)| event.clone()).collect();
    bus.publish_all("narrow", &left);
    let seen = unique(ids(&broker.consumer().all("narrow").unwrap()));
    assert_eq!(seen.len(), 198);
    let numbers: Vec<_> = seen.iter().filter(|id| id.starts_with("k1-")).cloned().collect();
    let expected: Vec<_> = (0..40).filter(|n| *n != 10).map(|n| format!("k1-{n}")).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn a_topic_that_is_not_there_is_named_before_anything_is_sent() {
    let Some(broker) = broker() else { return };
    let bus = Bus::open(&broker.address(), &[]);
    let batch = EventBatch { topic: "no spaces allowed".into(), events: vec![event("k0", 0)] };
    let outcomes = bus.publish(&batch.topic, &batch.events, Duration::from_secs(20));
    assert_eq!(classes(&outcomes), [Some(Class::Defect)], "{outcomes:?}");
    assert!(outcomes[0].as_ref().unwrap_err().to_string().contains("no spaces allowed"), "{outcomes:?}");
}
