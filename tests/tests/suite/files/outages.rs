//! What takes the events is gone, silent or full while a large file streams.
//!
//! **Invariant.** An outage makes events late; it neither loses nor makes any, and memory stays within its limit.

use super::entries::{self, LARGE, cents, totals, unique};
use super::world::World;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tests::family::own_kib;
use tests::kafka::Broker;
use tests::{Facade, FacadeOptions, KeySet};

/// Memory that a stream may fill itself, in KiB, whatever happens.
const KIB_MAX: u64 = 128 << 10;
/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(300);

/// A facade, and the most memory that it was seen to have filled.
struct Watched {
    facade: Facade,
    kib_max: u64,
}

impl Watched {
    fn start(world: &World, args: &[&str]) -> Self {
        let options = FacadeOptions {
            project: &world.project(),
            env: world.variables(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            keys: &KeySet::new("https://idp.example", "nobody"),
            store: Some(world.folder.join("store")),
        };
        Self { facade: Facade::start(&options).unwrap(), kib_max: 0 }
    }

    /// A figure of the stream; zero while there is none.
    fn metric(&mut self, name: &str) -> u64 {
        self.kib_max = self.kib_max.max(own_kib(self.facade.pid()));
        let text = self.facade.client().get("/metrics").unwrap().text();
        let line = text.lines().find(|line| line.starts_with(&format!("seawall_stream_{name}{{")));
        line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok()).unwrap_or(0)
    }

    /// Waits until so many records are durable in this process.
    fn reaches(&mut self, records: u64) {
        self.until(|own| own.metric("records_total") >= records);
    }

    /// Waits until the file is settled.
    fn settled(&mut self) {
        self.until(|own| own.metric("units_settled_total") == 1);
        assert!(self.kib_max < KIB_MAX, "it has filled {} KiB", self.kib_max);
        eprintln!("it filled {} KiB at most", self.kib_max);
    }

    fn until(&mut self, mut so: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so(self) {
            assert!(Instant::now() < end, "it does not come to that: {}", self.facade.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until something is in its log.
    fn says(&mut self, part: &str) {
        self.until(|own| {
            own.kib_max = own.kib_max.max(own_kib(own.facade.pid()));
            own.facade.log().contains(part)
        });
    }
}

#[test]
fn a_broker_that_stops_is_killed_and_freezes_while_a_file_streams_costs_nothing_but_time() {
    let Some(bytes) = entries::large() else { return };
    let Some(mut broker) = Broker::start().unwrap() else { return };
    // Small batches, so that there is a middle.
    let world = World::of(&entries::project(), |mapping| {
        mapping.replace("poll: 100ms", "poll: 100ms\n    limits: { batch: 32KiB }")
    });
    let world = world.kafka(&broker.address());
    let mut watched = Watched::start(&world, &[]);
    world.drop_file("large.ach", &bytes);
    watched.reaches(10_000);
    broker.stop().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    broker.restart().unwrap();
    let before = watched.metric("records_total");
    assert!(before < LARGE.0 as u64, "the broker was not missed");
    watched.reaches(before + 5_000);
    broker.freeze();
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(watched.metric("units_settled_total"), 0, "a frozen broker takes nothing");
    broker.thaw();
    let before = watched.metric("records_total");
    watched.reaches(before + 5_000);
    broker.kill().unwrap();
    broker.restart().unwrap();
    watched.settled();
    let messages = broker.consumer().all("ach.entries.v1").unwrap();
    assert_eq!(totals(&unique(&messages)), LARGE);
    assert_eq!(world.names("done"), ["large.ach"]);
}

#[test]
fn a_log_whose_disk_is_full_says_so_and_loses_nothing_once_there_is_room() {
    let Some(bytes) = entries::large() else { return };
    let world = World::of(&entries::project(), |mapping| mapping);
    let Some(disk) = Disk::mount(world.folder.join("log"), "24m") else { return };
    let mut watched = Watched::start(&world, &["--env", "log"]);
    world.drop_file("large.ach", &bytes);
    watched.says("No space left on device");
    assert!(watched.facade.log().contains("events wait; nothing is lost"), "{}", watched.facade.log());
    std::thread::sleep(Duration::from_secs(3));
    let told = watched.metric("records_total");
    assert!(told > 0 && told < LARGE.0 as u64, "{told} records have room");
    assert_eq!(world.names("done"), Vec::<String>::new());
    disk.grow("256m");
    watched.settled();
    assert_eq!(whole(&watched.facade, "ach.entries.v1"), LARGE);
    assert_eq!(world.names("done"), ["large.ach"]);
}

/// Reads a topic by HTTP, page by page; returns how many entries it has, equal ids dropped, and their sum in cents.
fn whole(facade: &Facade, topic: &str) -> (usize, u64) {
    let mut client = facade.client();
    let (mut ids, mut sum, mut after) = (std::collections::HashSet::new(), 0, String::new());
    loop {
        let page = client.get(&format!("/events/{topic}?limit=1000{after}")).unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        let mut count = 0;
        for line in page.text().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            after = format!("&after={}", event["cursor"].as_str().unwrap());
            if ids.insert(event["id"].as_str().unwrap().to_owned()) {
                sum += cents(line, "amount");
            }
            count += 1;
        }
        if count == 0 {
            return (ids.len(), sum);
        }
    }
}

/// A small disk, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Nothing, said loudly, for who may not mount.
    fn mount(folder: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&folder)
            .stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: a small disk cannot be mounted without being root");
        None
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file open there does not keep it.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
