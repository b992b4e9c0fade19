//! The night on which the clocks are set back, with columns that hold local time.
//!
//! A small library in front of the system's gives the process another time of day; everything else is real.
//!
//! **Invariant.** A change of the second pass of the hour is seen although its text is earlier than that of the first.

use super::world::{Database, World, text};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tests::Facade;
use tests::databases::Sqlite;
use tests::process::scratch;

/// 2026-10-25T01:00:00Z, when it is three o'clock in Vienna and becomes two.
const CHANGE_S: i64 = 1_792_890_000;

/// Shifts the time of day by `SEAWALL_TEST_SHIFT` seconds.
const SHIFT: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = syscall(SYS_clock_gettime, clock, time);
  const char *shift = getenv("SEAWALL_TEST_SHIFT");
  if (shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += atol(shift);
  return result;
}
"#;

#[test]
fn changes_of_the_hour_that_the_clocks_repeat_are_seen_in_both_passes() {
    let Some(library) = library() else { return };
    let database = Sqlite::new().unwrap();
    let change = |mapping: String| mapping.replace("timezone: UTC", "timezone: Europe/Vienna");
    let Some(mut world) = World::open(Database::Sqlite(&database), change) else { return };
    world.env.push(("LD_PRELOAD".into(), library.display().to_string()));
    world.env.push(("SEAWALL_TEST_SHIFT".into(), String::new()));
    // Within the first pass.
    let facade = at(&mut world, CHANGE_S - 600);
    insert(&world, 1, "2026-10-25 02:50:01");
    told(&world, &facade, CHANGE_S - 600, &[1]);
    insert(&world, 2, "2026-10-25 02:50:02");
    told(&world, &facade, CHANGE_S - 600, &[1, 2]);
    drop(facade);
    // Within the second pass: the texts are earlier than those that were seen.
    let facade = at(&mut world, CHANGE_S + 60);
    insert(&world, 3, "2026-10-25 02:01:01");
    told(&world, &facade, CHANGE_S + 60, &[1, 2, 3]);
    let update = "UPDATE shop.orders SET ver = 2, changed = '2026-10-25 02:01:03.000000' WHERE id = 1;";
    world.database.run(update);
    told(&world, &facade, CHANGE_S + 60, &[1, 2, 3, 1]);
    drop(facade);
    let facade = at(&mut world, CHANGE_S + 3_590);
    insert(&world, 4, "2026-10-25 02:59:55");
    told(&world, &facade, CHANGE_S + 3_590, &[1, 2, 3, 1, 4]);
    drop(facade);
    // After it.
    let facade = at(&mut world, CHANGE_S + 3_660);
    insert(&world, 5, "2026-10-25 03:01:01");
    told(&world, &facade, CHANGE_S + 3_660, &[1, 2, 3, 1, 4, 5]);
}

/// Starts the facade at another time.
fn at(world: &mut World<'_>, time_s: i64) -> Facade {
    let now_s = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let shift = world.env.iter_mut().find(|(name, _)| name == "SEAWALL_TEST_SHIFT").unwrap();
    shift.1 = (time_s - now_s).to_string();
    world.serve()
}

fn insert(world: &World<'_>, id: i64, changed: &str) {
    world.database.run(&format!("INSERT INTO shop.orders VALUES ({id}, 1, 'n', 'O', '{changed}.000000');"));
}

/// Waits until exactly these orders were told of, in this order.
fn told(world: &World<'_>, facade: &Facade, time_s: i64, expected: &[i64]) {
    let claims = json!({
        "iss": world.keys.issuer, "aud": world.keys.audience, "sub": "reader", "scope": "events:orders",
        "iat": time_s - 60, "nbf": time_s - 60, "exp": time_s + 3_600,
    });
    let mut client = facade.client().bearer(&world.keys.sign(&claims));
    let mut found = Vec::new();
    super::until(|| {
        let events = super::world::whole(&mut client, "orders");
        let ids: std::collections::BTreeSet<&str> = events.iter().map(|event| text(&event["id"])).collect();
        assert_eq!(ids.len(), events.len(), "an event came twice");
        found = events.iter().filter_map(|event: &Value| event["data"]["id"].as_i64()).collect();
        if found.len() >= expected.len() { Ok(()) } else { Err(format!("{found:?} of {expected:?}")) }
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(found, expected);
}

/// Builds the library; nothing, said loudly, without a C compiler.
fn library() -> Option<PathBuf> {
    let folder = scratch("shift").unwrap();
    let (source, library) = (folder.join("shift.c"), folder.join("libshift.so"));
    fs::write(&source, SHIFT).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !built {
        eprintln!("SKIPPED: there is no C compiler");
    }
    built.then_some(library)
}
