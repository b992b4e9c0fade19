//! Changes of tables as events, from real databases to a consumer over HTTP: late commits, kills, outages, own writes.
//!
//! **Invariant.** What the events say in the end is what the database says; nothing is lost, nothing has two names.

#[path = "watch/facts.rs"]
mod facts;
#[path = "watch/listener.rs"]
mod listener;
#[path = "watch/mistakes.rs"]
mod mistakes;
#[path = "watch/outages.rs"]
mod outages;
#[path = "watch/schedule.rs"]
mod schedule;
#[path = "watch/summer.rs"]
mod summer;
#[path = "watch/verdict.rs"]
mod verdict;
#[path = "watch/world.rs"]
mod world;
#[path = "watch/writes.rs"]
mod writes;

use listener::{End, listen};
use schedule::{Random, Schedule};
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tests::databases::{Product, Server};
use verdict::{Forgive, judge, once};
use world::{Database, SCOPES, WATCH, World};

/// Whether the long forms are asked for.
fn long() -> bool {
    std::env::var_os("SEAWALL_LONG").is_some()
}

/// Waits up to 45 s until something holds.
fn until(mut holds: impl FnMut() -> Result<(), String>) {
    let end = Instant::now() + Duration::from_secs(45);
    loop {
        match holds() {
            Ok(()) => return,
            Err(why) if Instant::now() > end => panic!("{why}"),
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Tells threads to end when the test does, however it does.
struct Ends<'a>(&'a [&'a AtomicBool]);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
    }
}

#[test]
fn rows_that_commit_late_are_not_missed_on_postgresql_because_the_mark_waits_for_them() {
    let Some(server) = Server::start(Product::Postgres).unwrap() else { return };
    let open = Duration::from_secs(6);
    late(Database::Odbc(&server), &server, WATCH, open, if long() { 300 } else { 12 });
    late(Database::Jdbc(&server), &server, WATCH, open, if long() { 150 } else { 12 });
}

#[test]
fn rows_that_commit_late_are_not_missed_on_mariadb_because_of_the_overlap() {
    let Some(server) = Server::start(Product::Mariadb).unwrap() else { return };
    let watch = "watch: { every: 200ms, since: changedAt, overlap: 10s }";
    let time_s = if long() { 150 } else { 12 };
    late(Database::Odbc(&server), &server, watch, Duration::from_secs(6), time_s);
}

#[test]
fn the_overlap_stands_in_where_the_user_may_not_see_the_sessions_of_others() {
    let Some(server) = Server::start(Product::Postgres).unwrap() else { return };
    let overlap = "watch: { every: 200ms, since: changedAt, overlap: 6s }";
    let change = |mapping: String| mapping.replace(WATCH, overlap);
    let Some(mut world) = World::open(Database::Odbc(&server), change) else { return };
    server.run("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA shop TO reader;").unwrap();
    server.run("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader;").unwrap();
    world.env.push(("ERP_USER".into(), "reader".into()));
    let facade = world.serve();
    let insert = |id: u32| {
        let now = "CAST(clock_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP(6))";
        format!("INSERT INTO shop.orders VALUES ({id}, 1, 'n', 'O', {now});")
    };
    let mut late = server.session().unwrap();
    late.run(&format!("BEGIN; {}", insert(1))).unwrap();
    for id in 2..6 {
        std::thread::sleep(Duration::from_millis(900));
        server.run(&insert(id)).unwrap();
    }
    world.wait(&facade, "orders", 4);
    late.run("COMMIT;").unwrap();
    world.wait(&facade, "orders", 5);
    assert!(facade.log().contains("pg_read_all_stats"), "{}", facade.log());
}

/// Writes late for a while; whoever reads pages and whoever listens have to get the same, and all of it.
fn late(database: Database<'_>, server: &Server, watch: &str, open: Duration, time_s: u64) {
    let Some(world) = World::open(database, |mapping| mapping.replace(WATCH, watch)) else { return };
    let mut facade = world.serve();
    let (address, token) = (Mutex::new(facade.address), world.keys.token("listener", SCOPES, 7200));
    let (stop, over, committed) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    let schedule = Schedule { keys: 400, open, seed: time_s };
    std::thread::scope(|scope| {
        let _ends = Ends(&[&stop, &over]);
        let listening = scope.spawn(|| listen(&address, &token, "orders", &over));
        let write = |writer| {
            let (schedule, stop, committed) = (&schedule, &stop, &committed);
            scope.spawn(move || schedule.write(server, writer, stop, committed))
        };
        let writers: Vec<_> = (0..6).map(write).collect();
        std::thread::sleep(Duration::from_secs(time_s));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let rows = database.rows();
        until(|| {
            let told = world.told(&facade, "orders");
            judge(&told, &rows, false, Forgive::Nothing).map_err(|why| format!("{why}\n{}", facade.log()))
        });
        let told = world.told(&facade, "orders");
        eprintln!(
            "{} transactions, {} events, {} rows",
            committed.load(Ordering::Relaxed),
            told.len(),
            rows.len()
        );
        assert!(
            committed.load(Ordering::Relaxed) > time_s && told.len() > rows.len(),
            "hardly anything was written"
        );
        // The end of the process ends a stream whole, with all that was published.
        over.store(true, Ordering::Relaxed);
        assert_eq!(facade.terminate().unwrap().0, Some(0), "{}", facade.log());
        let (heard, end) = listening.join().unwrap();
        let ids: Vec<String> = told.iter().map(|event| world::text(&event["id"]).to_owned()).collect();
        assert!(heard == ids, "{} events were heard of {}", heard.len(), ids.len());
        assert!(matches!(end, End::Whole | End::Enough), "a stream was cut off: {end:?}");
    });
    sweep(&world);
}

/// A sweep tells of what is gone, and of nothing else.
fn sweep(world: &World<'_>) {
    world.change(|mapping| mapping.replace("since: changedAt", "sweep: 1s, since: changedAt"));
    let facade = world.serve();
    let rows = world.database.rows();
    until(|| judge(&world.told(&facade, "orders"), &rows, true, Forgive::Nothing));
}

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing() {
    let Some(server) = Server::start(Product::Postgres).unwrap() else { return };
    let Some(world) = World::open(Database::Odbc(&server), |mapping| mapping) else { return };
    let memos: Vec<String> = (1..=20).map(|id| format!("({id}, 'none')")).collect();
    server.run(&format!("INSERT INTO shop.memos VALUES {};", memos.join(", "))).unwrap();
    let times = if long() { 100 } else { 10 };
    let mut facade = world.serve();
    let (address, token) = (Mutex::new(facade.address), world.keys.token("tester", SCOPES, 7200));
    let (stop, over, committed) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    let schedule = Schedule { keys: 300, open: Duration::from_millis(900), seed: 7 };
    std::thread::scope(|scope| {
        let _ends = Ends(&[&stop, &over]);
        let listening = scope.spawn(|| listen(&address, &token, "orders", &over));
        for writer in 0..3 {
            let (schedule, stop, committed, server) = (&schedule, &stop, &committed, &server);
            scope.spawn(move || schedule.write(server, writer, stop, committed));
        }
        let patching = scope.spawn(|| patch_memos(&address, &token, &stop));
        let mut random = Random(7);
        for time in 0..times {
            std::thread::sleep(Duration::from_millis(50 + random.below(900)));
            if time % 5 == 4 {
                assert_eq!(facade.terminate().unwrap().0, Some(0), "{}", facade.log());
            } else {
                facade.kill().unwrap();
            }
            facade = world.serve();
            *address.lock().unwrap() = facade.address;
        }
        stop.store(true, Ordering::Relaxed);
        let patched = patching.join().unwrap();
        // Writers that are under way end now.
        std::thread::sleep(Duration::from_secs(1));
        until(|| judge(&world.told(&facade, "orders"), &world.database.rows(), false, Forgive::SameId));
        until(|| memos_are_told(&world, &facade));
        over.store(true, Ordering::Relaxed);
        let told = world.told(&facade, "orders");
        assert_eq!(facade.terminate().unwrap().0, Some(0));
        let (heard, _) = listening.join().unwrap();
        let again = told.len() - once(&told, Forgive::SameId).unwrap().len();
        eprintln!(
            "{times} ends, {} transactions, {patched} own writes, {} events, {again} of them told again",
            committed.load(Ordering::Relaxed),
            told.len()
        );
        assert!(patched > 0 && committed.load(Ordering::Relaxed) > times);
        let ids: Vec<&str> = told.iter().map(|event| world::text(&event["id"])).collect();
        assert!(heard == ids, "{} events were heard of {}", heard.len(), ids.len());
    });
}

/// Changes memos through the facade, whose table nobody watches.
fn patch_memos(address: &Mutex<std::net::SocketAddr>, token: &str, stop: &AtomicBool) -> u64 {
    let mut done = 0;
    for n in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let at = *address.lock().unwrap();
        let mut client = tests::Client::new(at).bearer(token);
        let (target, body) = (format!("/memos/{}", 1 + n % 20), json!({ "text": format!("text {n}") }));
        let headers = [("Content-Type", "application/json")];
        let answer = client.send("PATCH", &target, &headers, Some(body.to_string().as_bytes()));
        match answer {
            Ok(answer) if answer.status < 300 => done += 1,
            // The process ended, or begins.
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    done
}

/// Every memo that was changed was told as it is.
fn memos_are_told(world: &World<'_>, facade: &tests::Facade) -> Result<(), String> {
    let told = world.told(facade, "memos");
    once(&told, Forgive::SameId)?;
    for row in world.database.run("SELECT CONCAT(id, ' ', text) FROM shop.memos;").lines() {
        let (id, text) = row.split_once(' ').unwrap();
        let last = told.iter().rev().find(|event| event["data"]["id"].as_i64() == id.parse().ok());
        let said = last.map_or("none", |event| world::text(&event["data"]["text"]));
        if said != text {
            return Err(format!("memo {id} is {text} and was told as {said}"));
        }
    }
    Ok(())
}
