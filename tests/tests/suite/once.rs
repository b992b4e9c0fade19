//! A create is never sent twice: not by racing clients, not by a crash, not by a silent legacy system.

use crate::estate::{Estate, booking};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tests::process::scratch;

/// Rounds here and in the long form.
fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("SEAWALL_LONG").is_some() { long } else { short }
}

#[test]
fn fifty_equal_requests_at_once_have_one_effect() {
    let estate = Estate::start();
    for round in 0..rounds(50, 200) {
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
    for round in 0..rounds(50, 200) {
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

#[test]
fn a_full_disk_refuses_bookings_and_never_books_twice() {
    let Some(disk) = Disk::mount("2m") else { return };
    let estate = Estate::with_store(disk.0.join("store"));
    assert_eq!(send_all(&estate, &["before".to_owned()]), [201]);
    // There is room to begin some bookings, and none to remember how the last of them ended.
    disk.fill(64 << 10);
    // Nothing is sent that could not be remembered.
    let keys: Vec<String> = (0..rounds(60, 400)).map(|n| format!("full-{n}")).collect();
    let first = send_all(&estate, &keys);
    let booked = first.iter().filter(|status| **status == 201).count() as u64;
    assert!(first.iter().all(|status| [201, 503].contains(status)), "{first:?}");
    assert!(first.ends_with(&[503, 503, 503, 503]), "the disk is not full: {first:?}");
    assert_eq!(estate.pms.created(), booked + 1, "{first:?}");
    assert!(becomes(&estate, 503), "a node that can remember nothing is not ready");

    eprintln!("{booked} of {} were booked on the full disk", keys.len());

    // Repetitions have no second effect, whatever could be remembered of the first.
    let again = send_all(&estate, &keys);
    let unknown = again.iter().filter(|status| **status == 504).count();
    eprintln!("{unknown} of them could not be remembered");
    assert!(again.iter().all(|status| [201, 503, 504].contains(status)), "{again:?}");
    assert_eq!(estate.pms.created(), booked + 1, "{first:?} {again:?}");

    disk.free();
    assert!(becomes(&estate, 200), "{}", estate.facade.log());
    let last = send_all(&estate, &keys);
    for ((key, first), last) in keys.iter().zip(&first).zip(&last) {
        let fine = if *first == 201 { [201, 504].contains(last) } else { *last == 201 };
        assert!(fine, "{key}: {first}, then {last}");
    }
    assert_eq!(estate.pms.created(), keys.len() as u64 + 1, "{first:?} {last:?}");
    assert_eq!(send_all(&estate, &["before".to_owned()]), [201]);
    assert_eq!(estate.pms.created(), keys.len() as u64 + 1);
}

/// Books under each key, by four clients at once, and returns the statuses in the order of the keys.
fn send_all(estate: &Estate, keys: &[String]) -> Vec<u16> {
    let book = |keys: &[String]| -> Vec<u16> {
        let mut client = estate.client();
        let send =
            |key: &String| client.post("/reservations", &[("Idempotency-Key", key)], &booking()).unwrap();
        keys.iter().map(send).map(|answer| answer.status).collect()
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> =
            keys.chunks(keys.len().div_ceil(4)).map(|keys| scope.spawn(move || book(keys))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Waits until the facade answers so when it is asked whether it is ready.
fn becomes(estate: &Estate, status: u16) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if estate.facade.client().get("/health/ready").is_ok_and(|answer| answer.status == status) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A small disk of its own, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Says loudly where that is not allowed.
    fn mount(size: &str) -> Option<Self> {
        let folder = scratch("disk").unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&folder);
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self(folder)),
            _ => {
                eprintln!("SKIPPED: a disk of a given size can be mounted by root only");
                None
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it, except for some bytes.
    fn fill(&self, but_bytes: u64) {
        let mut ballast = File::create(self.ballast()).unwrap();
        while ballast.write_all(&[0; 512]).is_ok() {}
        let filled = ballast.metadata().unwrap().len();
        ballast.set_len(filled - but_bytes).unwrap();
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmount = |folder: &Path| Command::new("umount").arg("-l").arg(folder).status();
        drop(unmount(&self.0));
        drop(fs::remove_dir(&self.0));
    }
}
