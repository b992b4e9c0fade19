//! The keys of a connection as they are written, what is wrong with them, and what the library is told.

use super::*;
use kernel::{Entry, FileId, NodeKind, Span, Style, Text};

#[derive(Debug)]
struct Project;

impl Files for Project {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "ca.pem" => Ok(b"-----BEGIN CERTIFICATE-----".to_vec()),
            "notes.txt" => Ok(b"nothing".to_vec()),
            _ => Err("there is no such file".into()),
        }
    }
}

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn scalar(text: &str) -> Node {
    let kind = NodeKind::Text(Text { value: text.into(), style: Style::Plain });
    Node { span: span(), kind }
}

fn map(entries: Vec<(&str, Node)>) -> Node {
    let entry = |(key, value): (&str, Node)| Entry { key: key.into(), key_span: span(), value };
    Node { span: span(), kind: NodeKind::Map(entries.into_iter().map(entry).collect()) }
}

fn config(entries: Vec<(&str, Node)>) -> Result<Config, Vec<String>> {
    let node = map(entries);
    let settings = Settings { name: "bus", node: &node, offline: true };
    read(&settings, &Project).map_err(|wrong| wrong.into_iter().map(|found| found.message).collect())
}

#[test]
fn brokers_are_enough_and_the_rest_has_the_defaults_that_the_reference_prints() {
    let found = config(vec![("brokers", scalar("a:9092, b:9093"))]).unwrap();
    assert_eq!(found, Config { brokers: "a:9092,b:9093".into(), ..Config::default() });
    assert_eq!(found.linger, Duration::from_millis(5));
    assert_eq!((found.event_bytes_max, found.queue_events_max), (1_000_000, 100_000));
    assert_eq!(found.queue_bytes_max, 64 << 20);
    assert!(config(vec![("brokers", scalar("${env:KAFKA_BROKERS}"))]).is_ok());
}

#[test]
fn keys_are_read_with_their_units() {
    let found = config(vec![
        ("brokers", scalar("a:1")),
        ("mode", scalar("structured")),
        ("auth", map(vec![("type", scalar("plain")), ("user", scalar("u")), ("password", scalar("p"))])),
        ("tls", map(vec![("ca", scalar("ca.pem"))])),
        ("compression", scalar("zstd")),
        ("linger", scalar("off")),
        ("event", map(vec![("size", scalar("2MiB"))])),
        ("queue", map(vec![("events", scalar("10")), ("size", scalar("4MiB"))])),
        ("transactions", scalar("bookings-0")),
    ]);
    let auth = Auth { mechanism: "PLAIN", user: Secret::new("u".into()), password: Secret::new("p".into()) };
    let expected = Config {
        brokers: "a:1".into(),
        mode: Mode::Structured,
        auth: Some(auth),
        tls: Some(Tls { authorities: Some("-----BEGIN CERTIFICATE-----".into()), identity: None }),
        compression: "zstd".into(),
        linger: Duration::ZERO,
        event_bytes_max: 2 << 20,
        queue_events_max: 10,
        queue_bytes_max: 4 << 20,
        transactions: Some("bookings-0".into()),
    };
    assert_eq!(found, Ok(expected));
    assert!(!format!("{:?}", found.unwrap().auth).contains("\"p\""), "a password is never printed");
}

#[test]
fn all_that_is_wrong_is_told() {
    let check = |entries: Vec<(&str, Node)>, expected: &[&str]| {
        let wrong = config(entries).unwrap_err();
        assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
        for (found, part) in wrong.iter().zip(expected) {
            assert!(found.contains(part), "{found} should say {part}");
        }
    };
    check(vec![], &["`brokers` is missing"]);
    check(
        vec![
            ("brokers", scalar("kafka://a:9092")),
            ("mode", scalar("avro")),
            ("compression", scalar("rar")),
            ("auth", map(vec![("type", scalar("kerberos")), ("user", scalar("u"))])),
            ("tls", map(vec![("ca", scalar("notes.txt")), ("certificate", scalar("gone.pem"))])),
            ("linger", scalar("1m")),
            ("event", map(vec![("size", scalar("12B"))])),
            ("queue", map(vec![("messages", scalar("1"))])),
        ],
        &[
            "`host:port`",
            "`mode` is one of",
            "`compression` is one of",
            "`type` is one of",
            "`password` is missing",
            "`certificate` and `key` is missing",
            "`notes.txt` is no PEM file",
            "`gone.pem` cannot be read",
            "at most 5s",
            "at least 1000B",
            "no key `messages`",
        ],
    );
    let small = vec![("brokers", scalar("a:1")), ("queue", map(vec![("size", scalar("64KiB"))]))];
    check(small, &["below `event.size`"]);
}

#[test]
fn durability_and_order_are_no_matter_of_configuration() {
    for transactions in [None, Some("id".to_owned())] {
        let config = Config { transactions, ..Config::default() };
        let told = config.producer("bus", false);
        assert_eq!(told.get("acks"), Some("all"));
        assert_eq!(told.get("enable.idempotence"), Some("true"));
        assert_eq!(told.get("max.in.flight.requests.per.connection"), Some("1"));
        assert_eq!(told.get("partitioner"), Some("murmur2_random"));
        let given_up = told.get("message.timeout.ms");
        assert_eq!(given_up, Some(if config.transactions.is_some() { "60000" } else { "0" }));
    }
    assert!(KEYS.iter().all(|key| !["acks", "idempotence"].contains(&key.key)));
}

#[test]
fn credentials_and_certificates_reach_the_library() {
    let auth =
        Auth { mechanism: "SCRAM-SHA-512", user: Secret::new("u".into()), password: Secret::new("p".into()) };
    let tls = Tls { authorities: Some("CA".into()), identity: Some(("C".into(), Secret::new("K".into()))) };
    let check = |auth: Option<Auth>, tls: Option<Tls>, protocol| {
        let told = Config { auth, tls, ..Config::default() }.reader("bus");
        assert_eq!(told.get("security.protocol"), Some(protocol));
        told
    };
    check(None, None, "plaintext");
    check(None, Some(Tls::default()), "ssl");
    check(Some(auth.clone()), None, "sasl_plaintext");
    let told = check(Some(auth), Some(tls), "sasl_ssl");
    assert_eq!((told.get("sasl.mechanisms"), told.get("sasl.password")), (Some("SCRAM-SHA-512"), Some("p")));
    assert_eq!((told.get("ssl.ca.pem"), told.get("ssl.key.pem")), (Some("CA"), Some("K")));
}
