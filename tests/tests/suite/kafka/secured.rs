//! Brokers that ask who comes: TLS, users by SASL, certificates of clients.
//!
//! **Invariant.** What a broker or we ourselves refuse ends in bounded time, says why, and leaves no event behind.

use super::bus::{Bus, classes, ids, in_order, turns, unique};
use adapters_ports::TopicError;
use kernel::Class;
use std::time::{Duration, Instant};
use tests::kafka::{Broker, PASSWORD, Secured, USER};

/// How long one try may take, and how much longer it takes at most.
const LIMIT: Duration = Duration::from_secs(3);
const MARGIN: Duration = Duration::from_secs(3);

/// Keys of a connection.
type Keys<'a> = Vec<(&'a str, &'a str)>;

fn user<'a>(mechanism: &'a str, name: &'a str, password: &'a str) -> Keys<'a> {
    vec![("auth.type", mechanism), ("auth.user", name), ("auth.password", password)]
}

fn with<'a>(mut keys: Keys<'a>, more: Keys<'a>) -> Keys<'a> {
    keys.extend(more);
    keys
}

#[test]
fn who_is_known_publishes_by_each_mechanism_and_who_is_not_is_told_why() {
    let Some(broker) = Broker::start_secured().unwrap() else { return };
    let Some(doors) = &broker.secured else { panic!("the broker has doors") };
    permitted(&broker, doors);
    refused(doors);
    let seen = broker.consumer().all("refused").unwrap_or_default();
    assert_eq!(seen, [], "what was refused is nowhere");
}

fn permitted(broker: &Broker, doors: &Secured) {
    let (sasl, open) = (format!("localhost:{}", doors.sasl), format!("localhost:{}", doors.open));
    let mutual = format!("localhost:{}", doors.mutual);
    let ca = || vec![("tls.ca", doors.authority.as_str())];
    let known = |mechanism| user(mechanism, USER, PASSWORD);
    let client = vec![("tls.certificate", doors.client.0.as_str()), ("tls.key", doors.client.1.as_str())];
    let mut count = 0;
    let mut check = |brokers: &str, keys: Keys<'_>| {
        let bus = Bus::open(brokers, &keys);
        bus.publish_all("permitted", &turns(3, 10));
        count += 30;
        let read = bus.read(super::ask("permitted")).unwrap();
        assert_eq!(read.events.len(), count, "letters are read the same way");
    };
    check(&sasl, with(known("plain"), ca()));
    check(&sasl, with(known("scram-sha-256"), ca()));
    check(&sasl, with(known("scram-sha-512"), ca()));
    check(&open, known("scram-sha-512"));
    check(&mutual, with(client, ca()));
    let seen = ids(&broker.consumer().all("permitted").unwrap());
    assert_eq!(seen.len(), count);
    in_order(&unique(seen), 3, 10);
}

fn refused(doors: &Secured) {
    let (sasl, mutual) = (format!("localhost:{}", doors.sasl), format!("localhost:{}", doors.mutual));
    let ca = || vec![("tls.ca", doors.authority.as_str())];
    let known = || user("scram-sha-512", USER, PASSWORD);
    let check = |brokers: &str, keys: Keys<'_>, expected: Class, parts: &[&str]| {
        let bus = Bus::open(brokers, &keys);
        let start = Instant::now();
        let outcomes = bus.publish("refused", &turns(3, 1), LIMIT);
        assert!(start.elapsed() < LIMIT + MARGIN, "{parts:?}: {:?}", start.elapsed());
        assert_eq!(classes(&outcomes), [Some(expected); 3], "{parts:?}: {outcomes:?}");
        let text = outcomes[0].as_ref().unwrap_err().to_string();
        for part in [brokers, "topic=refused"].iter().chain(parts) {
            assert!(text.contains(part), "{text} should say {part}");
        }
        assert!(!text.contains(PASSWORD) && !text.contains("ssl.ca.location"), "{text}");
        bus
    };
    let unread = |bus: &Bus, part: &str| match bus.read(super::ask("refused")) {
        Err(TopicError::Broken(why)) => assert!(why.contains(part), "{why} should say {part}"),
        other => panic!("{other:?}"),
    };
    for mechanism in ["plain", "scram-sha-256", "scram-sha-512"] {
        let auth = with(user(mechanism, USER, "wrong"), ca());
        check(&sasl, auth, Class::Defect, &["see `auth`", "Authentication failed"]);
    }
    let bus = check(&sasl, with(user("plain", "nobody", PASSWORD), ca()), Class::Defect, &["see `auth`"]);
    unread(&bus, "Invalid username or password");
    // In transactions something else is asked first.
    let transactions = with(user("plain", USER, "wrong"), with(ca(), vec![("transactions", "own")]));
    check(&sasl, transactions, Class::Defect, &["see `auth`", "Authentication failed"]);
    let unknown = &["`tls.ca`", "certificate verify failed"];
    let stranger = vec![("tls.ca", doors.stranger.as_str())];
    let bus = check(&sasl, with(known(), stranger), Class::Defect, unknown);
    unread(&bus, "certificate verify failed");
    check(&sasl, with(known(), vec![("tls", "true")]), Class::Defect, unknown);
    // The certificate is that of `localhost`.
    let address = format!("127.0.0.1:{}", doors.sasl);
    check(&address, with(known(), ca()), Class::Defect, &["name the host as `brokers` does", "certificate"]);
    check(&mutual, ca(), Class::Defect, &["ours, where it asks for one", "alert"]);
    // TLS at a door that has none, and none where it is wanted: nobody can tell that from a line that breaks.
    let open = format!("localhost:{}", doors.open);
    check(&open, with(known(), ca()), Class::Transient, &["connecting to a PLAINTEXT broker listener?"]);
    check(&sasl, known(), Class::Transient, &["no kafka broker can be reached"]);
}
