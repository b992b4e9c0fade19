//! Outages while watching: the database goes in the middle of a sweep, the disk of the log is full.
//!
//! **Invariant.** An outage makes events late; it neither makes nor loses any.

use super::schedule::Random;
use super::verdict::{Forgive, judge};
use super::world::{Database, World};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tests::databases::{Product, Server, Sqlite};

/// As many as are several pages.
const ROWS: usize = 3_000;

#[test]
fn a_sweep_during_an_outage_of_the_database_deletes_nothing_and_goes_on_after_it() {
    let Some(server) = Server::start(Product::Postgres).unwrap() else { return };
    // Every poll compares everything.
    let change = |mapping: String| mapping.replace("every: 200ms, since: changedAt", "every: 100ms");
    let Some(world) = World::open(Database::Odbc(&server), change) else { return };
    let orders = format!("SELECT n, 1, 'n', 'O', CURRENT_TIMESTAMP FROM generate_series(1, {ROWS}) AS n");
    server.run(&format!("INSERT INTO shop.orders {orders};")).unwrap();
    let facade = world.serve();
    let right = || {
        let rows = world.database.rows();
        judge(&world.told(&facade, "orders"), &rows, true, Forgive::Nothing)
    };
    super::until(right);
    let mut random = Random(3);
    for n in 0..5 {
        std::thread::sleep(Duration::from_millis(random.below(300)));
        match n % 3 {
            0 => {
                let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND \
                              backend_type = 'client backend';";
                drop(server.run(others).unwrap());
            }
            1 => {
                server.kill();
                std::thread::sleep(Duration::from_millis(700));
                server.restart().unwrap();
            }
            _ => {
                server.freeze(true);
                std::thread::sleep(Duration::from_millis(300));
                server.freeze(false);
            }
        }
    }
    let told = world.told(&facade, "orders").len();
    assert_eq!(told, ROWS, "an outage made events: {}", facade.log());
    // It goes on: what is changed and deleted now is told, and nothing else.
    server
        .run("UPDATE shop.orders SET ver = 2 WHERE id = 2999; DELETE FROM shop.orders WHERE id = 3000;")
        .unwrap();
    super::until(|| match world.told(&facade, "orders").len() {
        count if count >= ROWS + 2 => right(),
        count => Err(format!("{count} events: {}", facade.log())),
    });
    assert_eq!(world.told(&facade, "orders").len(), ROWS + 2);
}

#[test]
fn a_log_whose_disk_is_full_makes_events_late_and_loses_none() {
    let Some(database) = Some(Sqlite::new().unwrap()) else { return };
    let Some(mut world) = World::open(Database::Sqlite(&database), |mapping| mapping) else { return };
    let Some(disk) = Disk::mount(&world.log, "256k") else { return };
    world.log.clone_from(&disk.0);
    let rows: Vec<String> = (1..=2_000)
        .map(|id| format!("({id}, 1, '{}', 'O', '2026-06-01 12:00:00.000000')", "x".repeat(40)))
        .collect();
    world.database.run(&format!("INSERT INTO shop.orders VALUES {};", rows.join(", ")));
    let facade = world.serve();
    super::until(|| {
        let log = facade.log();
        log.contains("events cannot be published").then_some(()).ok_or(format!("the disk is not full: {log}"))
    });
    let told = world.told(&facade, "orders").len();
    assert!(told < 2_000, "{told} events have room");
    disk.grow("64m");
    super::until(|| judge(&world.told(&facade, "orders"), &world.database.rows(), true, Forgive::Nothing));
    assert_eq!(world.told(&facade, "orders").len(), 2_000);
}

/// A small disk, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Nothing, said loudly, for who may not mount.
    fn mount(folder: &PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder.clone()));
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
