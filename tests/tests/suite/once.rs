//! A create is never sent twice: not by racing clients, not by a crash, not by a silent legacy system.

use crate::estate::{Estate, booking};
use std::time::Duration;

/// Rounds here and in the long form.
fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("SEAWALL_LONG").is_some() { long } else { short }
}

#[test]
fn fifty_equal_requests_at_once_have_one_effect() {
    let estate = Estate::start();
    for round in 0..rounds(10, 50) {
        let key = format!("round-{round}");
        let statuses = race(&estate, &key, 50);
        assert_eq!(estate.pms.created(), round as u64 + 1, "round {round}: {statuses:?}");
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "round {round}: {statuses:?}");
        assert!(statuses.contains(&201));
        let again = estate.client().post("/reservations", &[("Idempotency-Key", &key)], &booking()).unwrap();
        assert_eq!(again.status, 201, "{}", again.text());
    }
}

fn race(estate: &Estate, key: &str, clients: usize) -> Vec<u16> {
    std::thread::scope(|scope| {
        let send = || {
            let mut client = estate.client();
            client.post("/reservations", &[("Idempotency-Key", key)], &booking()).unwrap().status
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn another_payload_under_the_same_key_is_refused() {
    let estate = Estate::start();
    let mut client = estate.client();
    assert_eq!(client.post("/reservations", &[("Idempotency-Key", "k")], &booking()).unwrap().status, 201);
    let mut other = booking();
    other["hotelId"] = "GRZ01".into();
    let answer = client.post("/reservations", &[("Idempotency-Key", "k")], &other).unwrap();
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(estate.pms.created(), 1);
}

#[test]
fn a_key_belongs_to_its_caller() {
    let estate = Estate::start();
    let ada = estate.facade.client().bearer(&estate.keys.token("ada", "reservations:write", 600));
    let bob = estate.facade.client().bearer(&estate.keys.token("bob", "reservations:write", 600));
    for mut client in [ada, bob] {
        assert_eq!(
            client.post("/reservations", &[("Idempotency-Key", "same")], &booking()).unwrap().status,
            201
        );
    }
    assert_eq!(estate.pms.created(), 2);
}

#[test]
fn a_finished_answer_survives_a_restart() {
    let mut estate = Estate::start();
    let send = |estate: &Estate| {
        estate.client().post("/reservations", &[("Idempotency-Key", "kept")], &booking()).unwrap()
    };
    let first = send(&estate);
    assert_eq!(first.status, 201);
    estate.restart();
    let again = send(&estate);
    assert_eq!((again.status, again.text()), (201, first.text()));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(estate.pms.created(), 1);
}

#[test]
fn a_silent_legacy_system_gives_an_unknown_outcome_that_is_never_sent_again() {
    let estate = Estate::with(|mapping| mapping.replace("timeout: 5s", "timeout: 300ms"));
    estate.control("mute=1");
    let mut client = estate.client();
    let mut send = || client.post("/reservations", &[("Idempotency-Key", "mute")], &booking()).unwrap();
    let answer = send();
    assert_eq!((answer.status, answer.problem().as_str()), (504, "outcome-unknown"), "{}", answer.text());
    estate.control("ok");
    let again = send();
    assert_eq!((again.status, again.problem().as_str()), (504, "outcome-unknown"), "{}", again.text());
    assert_eq!(estate.pms.created(), 1, "the PMS acted once, and once only");
}

#[test]
fn a_kill_between_the_effect_and_the_answer_never_leads_to_a_second_effect() {
    let mut estate = Estate::start();
    let mut random: u64 = 0x2545_F491_4F6C_DD1D;
    estate.control("slow=60");
    for round in 0..rounds(8, 50) {
        let before = estate.pms.created();
        // xorshift64, for reproducible moments around the 60 ms at which the PMS answers.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let key = format!("kill-{round}");
        let mut client = estate.client();
        let sent_key = key.clone();
        let sender = std::thread::spawn(move || {
            client.post("/reservations", &[("Idempotency-Key", &sent_key)], &booking())
        });
        std::thread::sleep(Duration::from_millis(20 + random % 80));
        estate.restart();
        drop(sender.join());
        // What the dead process had under way may still arrive at the PMS.
        std::thread::sleep(Duration::from_millis(100));
        let again = estate.client().post("/reservations", &[("Idempotency-Key", &key)], &booking()).unwrap();
        let effects = estate.pms.created() - before;
        assert!(effects <= 1, "round {round}: booked {effects} times");
        match again.status {
            201 => assert_eq!(effects, 1, "round {round}"),
            504 => assert_eq!(again.problem(), "outcome-unknown", "round {round}"),
            status => panic!("round {round}: {status} {}", again.text()),
        }
    }
}
