//! The producer against the mock cluster of its own library, which can refuse and fall silent on demand.

use super::*;
use crate::letters;
use adapters_ports::TopicAsk;
use kernel::{Cause, Class};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as Raw};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const TOPIC: &str = "bank.bookings.v1";

fn cluster(partitions: i32) -> Cluster {
    let cluster = MockCluster::new(1).expect("a mock cluster starts");
    cluster.create_topic(TOPIC, partitions, 1).expect("a topic is made");
    cluster
}

fn publisher(cluster: &Cluster) -> Arc<Publisher> {
    with(Config { brokers: cluster.bootstrap_servers(), ..Config::default() })
}

fn with(config: Config) -> Arc<Publisher> {
    Arc::new(Publisher::new("bus", config))
}

fn event(key: &str, id: impl Into<String>, bytes: usize) -> Event {
    Event {
        id: id.into().into(),
        source: "/facade/bookings".into(),
        ty: "com.example.booked".into(),
        subject: None,
        time: Some("2026-03-31T00:00:00Z".into()),
        dataschema: None,
        key: key.into(),
        data: format!("\"{}\"", "x".repeat(bytes)).into(),
        content_type: "application/json".into(),
        extensions: vec![("position".into(), "17".into())],
    }
}

fn batch(events: Vec<Event>) -> EventBatch {
    EventBatch { topic: TOPIC.into(), events }
}

/// Events `{key}-{n}`, turn about.
fn turns(keys: &[&str], each: usize) -> EventBatch {
    let of = |n| keys.iter().map(move |key| event(key, format!("{key}-{n}"), 10));
    batch((0..each).flat_map(of).collect())
}

async fn publish(publisher: &Arc<Publisher>, within_ms: u64, batch: &EventBatch) -> Outcomes {
    let cx = CallContext::new("test", Duration::from_millis(within_ms));
    publisher.publish(&cx, batch).await
}

fn classes(outcomes: &Outcomes) -> Vec<Option<Class>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.class)).collect()
}

/// The ids that are kept, in their order within each partition.
async fn kept(publisher: &Arc<Publisher>) -> Vec<String> {
    let publisher = Arc::clone(publisher);
    let read = move || {
        let (mut ids, mut after) = (Vec::new(), None::<String>);
        loop {
            let ask =
                TopicAsk { topic: TOPIC, after: after.as_deref(), events_max: 1000, bytes_max: 1 << 20 };
            let page = letters::read("bus", &publisher.config, ask).expect("the topic can be read");
            ids.extend(page.events.iter().map(|kept| kept.event.id.to_string()));
            after = page.next;
            if !page.more {
                return ids;
            }
        }
    };
    tokio::task::spawn_blocking(read).await.expect("reading ends")
}

fn without_equals(ids: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

fn of_key(ids: &[String], key: &str) -> Vec<String> {
    ids.iter().filter(|id| id.starts_with(&format!("{key}-"))).cloned().collect()
}

#[track_caller]
fn in_order(ids: Vec<String>, keys: &[&str], each: usize) {
    let ids = without_equals(ids);
    assert_eq!(ids.len(), keys.len() * each);
    for key in keys {
        let expected: Vec<String> = (0..each).map(|n| format!("{key}-{n}")).collect();
        assert_eq!(of_key(&ids, key), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_confirmed_and_keep_the_order_of_their_keys() {
    let cluster = cluster(4);
    let publisher = publisher(&cluster);
    let keys = ["a", "b", "c", "d", "e"];
    let outcomes = publish(&publisher, 20_000, &turns(&keys, 500)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    let ids = kept(&publisher).await;
    assert_eq!(ids.len(), 2500, "nothing is doubled");
    in_order(ids, &keys, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_pass_are_got_over_within_the_batch() {
    let cluster = cluster(2);
    let publisher = publisher(&cluster);
    assert!(publish(&publisher, 20_000, &turns(&["a", "b"], 1)).await.iter().all(Result::is_ok));
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[
            Raw::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            Raw::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            Raw::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            Raw::RD_KAFKA_RESP_ERR__TRANSPORT,
        ],
    );
    let outcomes = publish(&publisher, 20_000, &turns(&["a", "b"], 300)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    in_order(kept(&publisher).await, &["a", "b"], 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_an_event_that_is_refused() {
    let cluster = cluster(1);
    let publisher = publisher(&cluster);
    cluster.request_errors(RDKafkaApiKey::Produce, &[Raw::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED]);
    let events = turns(&["a"], 3000);
    let outcomes = publish(&publisher, 20_000, &events).await;
    assert_eq!(classes(&outcomes)[0], Some(Class::Defect));
    assert!(outcomes.iter().all(Result::is_err), "what follows a failed one has failed too");
    assert!(outcomes[0].as_ref().is_err_and(|error| error.to_string().contains("does not permit")));
    // The producer is made anew, and the batch can be published again.
    let outcomes = publish(&publisher, 20_000, &events).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    let ids = kept(&publisher).await;
    assert_eq!(ids.len(), 3000, "nothing of the first try was kept");
    in_order(ids, &["a"], 3000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_fails_alone_with_those_behind_it() {
    let cluster = cluster(2);
    let publisher = publisher(&cluster);
    let events = batch(vec![
        event("a", "a-0", 10),
        event("b", "b-0", 1_100_000),
        event("a", "a-1", 10),
        event("b", "b-1", 10),
    ]);
    let outcomes = publish(&publisher, 20_000, &events).await;
    assert_eq!(classes(&outcomes), [None, Some(Class::Poison), None, Some(Class::Transient)]);
    in_order(kept(&publisher).await, &["a"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_finds_a_batch_too_large_is_asked_for_each_event() {
    let cluster = cluster(1);
    let publisher = publisher(&cluster);
    // The batch, then the second event on its own.
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[
            Raw::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            Raw::RD_KAFKA_RESP_ERR_NO_ERROR,
            Raw::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
        ],
    );
    let outcomes = publish(&publisher, 20_000, &turns(&["a", "b", "c"], 2)).await;
    let behind = Some(Class::Transient);
    assert_eq!(classes(&outcomes), [None, Some(Class::Poison), None, None, behind, None]);
    let ids = kept(&publisher).await;
    assert_eq!(ids, ["a-0", "c-0", "a-1", "c-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_broker_costs_no_more_than_the_deadline_and_nothing_overtakes() {
    let cluster = cluster(1);
    let publisher = publisher(&cluster);
    assert!(publish(&publisher, 20_000, &turns(&["a"], 1)).await.iter().all(Result::is_ok));
    cluster.broker_round_trip_time(1, Duration::from_secs(3)).expect("it can be slow");
    let start = Instant::now();
    let late = publish(&publisher, 700, &turns(&["a"], 20)).await;
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert!(classes(&late).iter().all(|class| *class == Some(Class::Ambiguous)), "{late:?}");
    // Those behind wait for what is under way, though they are others.
    let waiting = publish(&publisher, 300, &batch(vec![event("a", "a-20", 10)])).await;
    assert_eq!(
        waiting[0].as_ref().err().map(|error| (error.class, error.cause)),
        Some((Class::Transient, Cause::TimedOut))
    );
    cluster.broker_round_trip_time(1, Duration::ZERO).expect("it can be quick");
    let again = publish(&publisher, 20_000, &turns(&["a"], 20)).await;
    assert!(again.iter().all(Result::is_ok), "{again:?}");
    assert!(publish(&publisher, 20_000, &batch(vec![event("a", "a-20", 10)])).await[0].is_ok());
    in_order(kept(&publisher).await, &["a"], 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_nothing_that_could_be_overtaken() {
    let cluster = cluster(1);
    let publisher = publisher(&cluster);
    assert!(publish(&publisher, 20_000, &turns(&["a"], 1)).await.iter().all(Result::is_ok));
    cluster.broker_round_trip_time(1, Duration::from_secs(1)).expect("it can be slow");
    let events = turns(&["a"], 10);
    let gone = tokio::time::timeout(Duration::from_millis(100), publish(&publisher, 20_000, &events)).await;
    assert!(gone.is_err());
    let start = Instant::now();
    let next = publish(&publisher, 20_000, &batch(vec![event("a", "a-10", 10)])).await;
    assert!(next[0].is_ok(), "{next:?}");
    assert!(start.elapsed() > Duration::from_millis(700), "it waited: {:?}", start.elapsed());
    in_order(kept(&publisher).await, &["a"], 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_cannot_be_reached_are_named_and_nothing_is_sent() {
    let publisher = with(Config { brokers: "127.0.0.1:1".into(), ..Config::default() });
    let start = Instant::now();
    let outcomes = publish(&publisher, 1500, &turns(&["a"], 2)).await;
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(classes(&outcomes), [Some(Class::Transient); 2]);
    let text = outcomes[0].as_ref().expect_err("it failed").to_string();
    assert!(text.contains("no kafka broker can be reached") && text.contains("127.0.0.1:1"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_makes_the_publisher_wait() {
    let cluster = cluster(2);
    let config = Config { queue_events_max: 50, brokers: cluster.bootstrap_servers(), ..Config::default() };
    let publisher = with(config);
    let outcomes = publish(&publisher, 20_000, &turns(&["a", "b"], 1000)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    in_order(kept(&publisher).await, &["a", "b"], 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_kept_as_a_whole_or_not_at_all() {
    let cluster = cluster(2);
    let config = Config {
        transactions: Some("bookings".into()),
        brokers: cluster.bootstrap_servers(),
        ..Config::default()
    };
    let publisher = with(config);
    let large = batch(vec![event("a", "a-0", 10), event("b", "b-0", 1_100_000), event("c", "c-0", 10)]);
    let outcomes = publish(&publisher, 20_000, &large).await;
    assert_eq!(classes(&outcomes), [Some(Class::Transient), Some(Class::Poison), Some(Class::Transient)]);
    for n in 0..3 {
        let outcomes = publish(&publisher, 20_000, &batch(vec![event("a", format!("a-{n}"), 10)])).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }
}
