//! A file whose events go to brokers that ask who comes.
//!
//! **Invariant.** A wrong setting makes events late, not fewer: the file waits until it is right.

use super::entries;
use super::world::World;
use std::time::{Duration, Instant};
use tests::kafka::{Broker, PASSWORD, USER};

/// How long a run without patience may take, which tries each topic once.
const RUN_MAX: Duration = Duration::from_secs(40);

#[test]
fn a_file_waits_unsettled_until_password_authority_and_host_name_are_right() {
    let Some(broker) = Broker::start_secured().unwrap() else { return };
    let Some(doors) = &broker.secured else { panic!("the broker has doors") };
    let world = World::of(&entries::project(), |mapping| {
        let auth = format!("{{ type: scram-sha-256, user: {USER}, password: \"${{env:PASSWORD}}\" }}");
        let keys = format!("KAFKA_BROKERS}}\n    auth: {auth}\n    tls: {{ ca: \"${{env:AUTHORITY}}\" }}");
        mapping.replace("KAFKA_BROKERS}", &keys)
    });
    let (right, wrong_name) = (format!("localhost:{}", doors.sasl), format!("127.0.0.1:{}", doors.sasl));
    let mut world = world.kafka(&right).env("PASSWORD", PASSWORD).env("AUTHORITY", &doors.authority);
    let (bytes, cents) = entries::file(1200, |_, _| {});
    world.drop_file("own.ach", &bytes);
    for (name, wrong, right, part) in [
        ("PASSWORD", "wrong", PASSWORD, "Authentication failed"),
        ("AUTHORITY", &*doors.stranger, &*doors.authority, "certificate verify failed"),
        ("KAFKA_BROKERS", &*wrong_name, &*right, "name the host as `brokers` does"),
    ] {
        world = world.env(name, wrong);
        let start = Instant::now();
        let ended = world.start("run-once", &["--json", "--patience", "1s"]).end();
        assert!(start.elapsed() < RUN_MAX, "{:?}", start.elapsed());
        assert_eq!(ended.code, 1, "{}", ended.said);
        let troubles = ended.summary["troubles"].to_string();
        assert!(troubles.contains(part) && troubles.contains("defect"), "{troubles}");
        assert!(!ended.said.contains(PASSWORD), "{}", ended.said);
        assert_eq!(world.names("done"), Vec::<String>::new());
        world = world.env(name, right);
    }
    let ended = world.run_once();
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert_eq!(ended.unit("own.ach")["outcome"], "settled");
    let messages = broker.consumer().all("ach.entries.v1").unwrap();
    assert_eq!(messages.len(), 1200, "nothing went out before");
    assert_eq!(entries::totals(&entries::unique(&messages)), (1200, cents));
    assert_eq!(world.names("done"), ["own.ach"]);
}
