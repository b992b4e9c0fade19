//! Databases that restart, freeze and drop connections, and workers that crash and hang, under load.
//!
//! **Invariant.** Each request ends within its deadline with a right answer or an error that says what may have
//! happened; where a server or a driver is missing, a test says `SKIPPED`.

#[path = "database_outages/load.rs"]
mod load;
#[path = "database_outages/world.rs"]
mod world;

use load::{Load, SLACK, timed};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tests::{Answer, family};
use world::{DEADLINE, Plan, SESSIONS_MAX, Way, World, within};

/// How long it may take until all is well again.
const RECOVERY_MAX: Duration = Duration::from_secs(5);

fn is_long() -> bool {
    std::env::var_os("SEAWALL_LONG").is_some()
}

/// The ways that are always tried, and in the long form those as well that differ little.
fn ways(always: &[Way], long: &[Way]) -> Vec<Way> {
    always.iter().chain(long.iter().filter(|_| is_long())).copied().collect()
}

fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

#[test]
fn postgresql_by_odbc_fails_and_comes_back() {
    failures(Way::PostgresOdbc);
}

#[test]
fn postgresql_by_jdbc_fails_and_comes_back() {
    failures(Way::PostgresJdbc);
}

#[test]
fn mariadb_by_odbc_fails_and_comes_back() {
    failures(Way::MariadbOdbc);
}

#[test]
fn h2_by_jdbc_fails_and_comes_back() {
    failures(Way::H2Jdbc);
}

/// All that a database does to its clients, while four of them work.
fn failures(way: Way) {
    let Some(mut world) = World::start(way) else { return };
    world.recovered(Instant::now());
    for round in 0..if is_long() { 20 } else { 1 } {
        let load = Load::start(&world, 4);
        pause(500);
        world.server.as_mut().unwrap().kill();
        pause(500);
        world.server.as_mut().unwrap().restart().unwrap();
        let restarted = world.recovered(Instant::now());
        pause(300);
        world.server().freeze(true);
        pause(3500);
        world.server().freeze(false);
        let thawed = world.recovered(Instant::now());
        pause(300);
        world.kill_sessions();
        let dropped = world.recovered(Instant::now());
        pause(300);
        world.proxy.as_ref().unwrap().cut();
        let cut = world.recovered(Instant::now());
        pause(300);
        let report = load.stop();
        eprintln!(
            "{way:?} round {round}: recovered from a restart in {restarted:?}, a freeze in {thawed:?}, killed sessions in \
             {dropped:?}, a cut in {cut:?}; {:?}, slowest {:?}",
            report.ends, report.slowest
        );
        for took in [restarted, thawed, dropped, cut] {
            assert!(took < RECOVERY_MAX, "{way:?}: {took:?}");
        }
        assert!(report.good() > 20 && report.bad() > 0, "{way:?}: {report:?}");
        report.holds(&mut world.client());
    }
    is_whole(&world);
}

/// Nothing is left of what went wrong.
fn is_whole(world: &World) {
    let processes = if matches!(world.way, Way::PostgresJdbc | Way::H2Jdbc) { 1 } else { SESSIONS_MAX };
    within(Duration::from_secs(5), "workers are too many", || world.workers().len() <= processes);
    if world.sessions().is_some() {
        within(Duration::from_secs(5), "sessions are too many", || {
            world.sessions().is_some_and(|sessions| sessions <= SESSIONS_MAX)
        });
    }
    let dead = family::descendants(world.facade.pid()).into_iter().find(|process| !process.is_alive());
    assert_eq!(dead, None, "nobody waited for it");
}

#[test]
fn a_list_that_is_cut_off_is_never_taken_for_a_whole_one() {
    for way in ways(&[Way::PostgresOdbc, Way::H2Jdbc], &[Way::MariadbOdbc, Way::PostgresJdbc]) {
        let Some(world) = World::start(way) else { continue };
        world.recovered(Instant::now());
        let (mut torn, proxy) = (0, world.proxy.as_ref().unwrap());
        for bytes in [100_000, 250_000, 400_000, 500_000] {
            proxy.cut_after(bytes);
            let (answer, took) = timed(|| world.client().get("/accounts"));
            assert!(!proxy.is_waiting(), "{way:?}: the answer has less than {bytes} bytes");
            assert!(took < DEADLINE + SLACK, "{way:?}: {took:?}");
            match answer {
                // What was not handed out yet is read again.
                Ok(answer) if answer.status == 200 => {
                    assert_eq!(answer.json()["items"].as_array().unwrap().len(), 8000, "{way:?}");
                }
                Ok(answer) => assert_eq!(answer.problem(), "unavailable", "{way:?}: {}", answer.text()),
                Err(_) => torn += 1,
            }
            assert!(world.recovered(Instant::now()) < RECOVERY_MAX, "{way:?}");
        }
        // MariaDB's driver has all rows before it gives the first, so that all of it is read again.
        assert!(torn > 0 || way == Way::MariadbOdbc, "{way:?}: no list was begun before it broke");
        is_whole(&world);
    }
}

#[test]
fn a_write_whose_database_goes_away_is_told_to_be_unknown() {
    for way in ways(&[Way::PostgresOdbc, Way::MariadbOdbc], &[Way::PostgresJdbc]) {
        let Some(mut world) = World::start(way) else { continue };
        world.recovered(Instant::now());
        for fault in ["sessions", "restart", "none"] {
            let mut client = world.client();
            let writing = std::thread::spawn(move || {
                let headers = [("Content-Type", "application/merge-patch+json")];
                timed(|| client.send("PATCH", "/accounts/7", &headers, Some(b"{\"balance\": 5}")))
            });
            within(Duration::from_secs(3), "the UPDATE does not arrive", || {
                world.busy() > 0 || writing.is_finished()
            });
            pause(200);
            match fault {
                "sessions" => world.kill_sessions(),
                "restart" => world.server.as_mut().unwrap().restart().unwrap(),
                _ => {}
            }
            let (answer, took) = writing.join().unwrap();
            let answer = answer.unwrap();
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (504, "outcome-unknown"),
                "{way:?} {fault}: {}",
                answer.text()
            );
            assert!(took < DEADLINE + SLACK, "{way:?} {fault}: {took:?}");
            assert!(world.recovered(Instant::now()) < RECOVERY_MAX, "{way:?} {fault}");
        }
        is_whole(&world);
    }
}

/// Counts the workers while they come and go.
struct Most {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Most {
    fn watch(world: &World) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (pid, watched) = (world.facade.pid(), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            let count = || family::descendants(pid).iter().filter(|one| one.is_alive()).count();
            let (mut most, mut last) = (0, 0);
            while !watched.load(Ordering::Relaxed) {
                // One that was just killed is there for a moment, beside the one that replaces it.
                let now = count();
                most = most.max(now.min(last));
                last = now;
                pause(20);
            }
            most
        });
        Self { ended, thread }
    }

    fn told(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn workers_crash_and_hang_under_load() {
    for way in ways(&[Way::PostgresOdbc, Way::PostgresJdbc, Way::SqliteOdbc], &[Way::MariadbOdbc]) {
        let Some(world) = World::start(way) else { continue };
        world.recovered(Instant::now());
        let before = family::own_kib(world.facade.pid());
        let most = Most::watch(&world);
        let load = Load::start(&world, 4);
        let rounds = if is_long() { 100 } else { 4 };
        let mut slowest = Duration::ZERO;
        for round in 0..rounds {
            pause(250);
            let workers = world.workers();
            let Some(worker) = workers.get(round % workers.len().max(1)) else { continue };
            match round % 2 {
                0 => family::crash(worker.pid),
                _ => drop(family::signal(worker.pid, "STOP")),
            }
            slowest = slowest.max(world.recovered(Instant::now()));
            assert!(slowest < RECOVERY_MAX, "{way:?}: {slowest:?}");
        }
        pause(1000);
        let report = load.stop();
        let most = most.told();
        let after = family::own_kib(world.facade.pid());
        eprintln!(
            "{way:?}: {rounds} workers crashed or stopped, recovered in {slowest:?} at most; seawall from {before} to {after} \
             KiB; {most} workers at most; {:?}, slowest {:?}",
            report.ends, report.slowest
        );
        assert!(report.good() > 20, "{way:?}: {report:?}");
        assert!(most <= SESSIONS_MAX, "{way:?}: {most} workers at once");
        assert!(after < before + (32 << 10), "{way:?}: grew from {before} to {after} KiB");
        report.holds(&mut world.client());
        is_whole(&world);
    }
}

#[test]
fn statements_that_do_not_end_are_ended_and_hold_up_nobody() {
    for way in
        ways(&[Way::MariadbOdbc, Way::H2Jdbc, Way::SqliteOdbc], &[Way::PostgresOdbc, Way::PostgresJdbc])
    {
        let Some(world) = World::start(way) else { continue };
        world.recovered(Instant::now());
        world.client().get("/calm/1").unwrap();
        let alone = percentile(&latencies(&world, "/calm/2"));
        let slow: Vec<_> = (0..16)
            .map(|_| {
                let mut client = world.client();
                std::thread::spawn(move || timed(|| client.get("/slow").unwrap()))
            })
            .collect();
        let beside = percentile(&latencies(&world, "/calm/2"));
        for slow in slow {
            let (answer, took) = slow.join().unwrap();
            let problem = answer.problem();
            assert!(["timed-out", "unavailable"].contains(&problem.as_str()), "{way:?}: {}", answer.text());
            assert!(took < DEADLINE + SLACK, "{way:?}: {took:?}");
        }
        let took = world.recovered(Instant::now());
        assert!(took < RECOVERY_MAX, "{way:?}: {took:?}");
        eprintln!("{way:?}: p99 of the other connection {alone:?} alone, {beside:?} beside 16 slow queries");
        assert!(beside < Duration::from_secs(1), "{way:?}: {beside:?}");
        if world.server.is_some() {
            within(Duration::from_secs(3), "statements go on for nobody", || world.busy() == 0);
        }
    }
}

fn latencies(world: &World, target: &str) -> Vec<Duration> {
    let mut client = world.client();
    let mut all: Vec<_> = (0..300)
        .map(|_| {
            let (answer, took) = timed(|| client.get(target).unwrap());
            assert_eq!(answer.status, 200, "{}", answer.text());
            took
        })
        .collect();
    all.sort();
    all
}

fn percentile(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() * 99 / 100]
}

/// Sends a request and leaves when so many bytes of its answer have come.
fn leave(world: &World, target: &str, bytes: usize, after: Duration) {
    let mut stream = TcpStream::connect(world.facade.address).unwrap();
    let token = world.keys.token("tester", "bank", 3600);
    let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut piece = vec![0; bytes];
    stream.read_exact(&mut piece).unwrap();
    std::thread::sleep(after);
    assert!(bytes == 0 || piece.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&piece));
}

#[test]
fn a_client_who_leaves_takes_its_statement_along() {
    for way in ways(&[Way::PostgresOdbc, Way::PostgresJdbc], &[Way::MariadbOdbc, Way::H2Jdbc]) {
        let Some(world) = Plan::new(way, 100_000).map(Plan::serve) else { continue };
        world.recovered(Instant::now());
        leave(&world, "/calm-slow", 0, Duration::from_millis(700));
        let slow = within(Duration::from_secs(2), "the query goes on", || world.busy() == 0);
        leave(&world, "/calm", 100_000, Duration::from_millis(200));
        let listed = within(Duration::from_secs(2), "the list goes on", || world.busy() == 0);
        eprintln!("{way:?}: a query is gone {slow:?} after its client, a list {listed:?}");
        assert_eq!(world.client().get("/calm/1").unwrap().status, 200);
    }
}

#[test]
fn workers_end_with_seawall_however_it_ends() {
    for way in [Way::PostgresOdbc, Way::PostgresJdbc] {
        let Some(mut world) = World::start(way) else { continue };
        world.recovered(Instant::now());
        let mut client = world.client();
        let napping = std::thread::spawn(move || client.get("/nap").unwrap());
        within(Duration::from_secs(3), "the query does not arrive", || world.busy() > 0);
        let workers = world.workers();
        let (code, took) = world.facade.terminate().unwrap();
        assert_eq!(napping.join().unwrap().status, 200, "{way:?}: the request under way was cut off");
        assert_eq!(code, Some(0), "{way:?}");
        assert!(took < Duration::from_secs(10), "{way:?}: {took:?}");
        end_with_it(way, &workers);
        drop(world);
        let Some(mut world) = World::start(way) else { continue };
        world.recovered(Instant::now());
        let mut client = world.client();
        let slow = std::thread::spawn(move || client.get("/calm-slow"));
        within(Duration::from_secs(3), "the query does not arrive", || world.busy() > 0);
        let workers = world.workers();
        assert!(!workers.is_empty());
        world.facade.kill().unwrap();
        assert!(slow.join().unwrap().is_err());
        end_with_it(way, &workers);
        within(Duration::from_secs(3), "the query goes on", || world.busy() == 0);
    }
}

fn end_with_it(way: Way, workers: &[family::Process]) {
    let lives = |worker: &family::Process| {
        family::Process::of(worker.pid).is_some_and(|now| now.is_alive() && now.name == worker.name)
    };
    let took = within(Duration::from_secs(2), "a worker lives on", || !workers.iter().any(lives));
    eprintln!("{way:?}: {} workers ended {took:?} after seawall", workers.len());
}

#[test]
fn a_slow_reader_of_a_long_list_costs_no_memory() {
    for way in ways(&[Way::PostgresOdbc, Way::PostgresJdbc], &[Way::MariadbOdbc, Way::SqliteOdbc]) {
        let Some(plan) = Plan::new(way, 200_000) else { continue };
        // Slower than a try may take: the time of the client is not the database's.
        plan.change("timeout: 120s, deadline: 120s", "timeout: 2s, deadline: 4s");
        let world = plan.serve();
        world.recovered(Instant::now());
        for id in 1..20 {
            assert_eq!(world.client().get(&format!("/calm/{id}")).unwrap().status, 200);
        }
        pause(200);
        let idle = family::family_kib(world.facade.pid());
        let (mut most, mut bytes, mut last) = (0, 0, Vec::new());
        let mut stream = TcpStream::connect(world.facade.address).unwrap();
        let token = world.keys.token("tester", "bank", 3600);
        let head = format!(
            "GET /calm HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut piece, began) = (vec![0; 256 << 10], Instant::now());
        loop {
            let count = stream
                .read(&mut piece)
                .unwrap_or_else(|error| panic!("{way:?}: {error} after {bytes} bytes"));
            if count == 0 {
                break;
            }
            bytes += count;
            last = piece[..count].to_vec();
            if bytes / (1 << 20) > (bytes - count) / (1 << 20) {
                most = most.max(family::family_kib(world.facade.pid()));
                pause(300);
            }
        }
        let took = began.elapsed();
        eprintln!("{way:?}: {bytes} bytes in {took:?}, from {idle} to {most} KiB");
        assert!(bytes > 15_000_000, "{way:?}: {bytes}");
        assert!(
            last.ends_with(b"]}\r\n0\r\n\r\n"),
            "{way:?}: the list is torn after {bytes} bytes, {took:?}"
        );
        assert!(took > Duration::from_secs(3), "{way:?}: the reader was not slow");
        assert!(most < idle + (32 << 10), "{way:?}: grew from {idle} to {most} KiB");
        if world.server.is_some() {
            within(Duration::from_secs(2), "the list is not given back", || world.busy() == 0);
        }
    }
}

/// Starts a facade on a plan, asks it once, and returns the answer and the log.
fn asked(plan: Plan) -> (Answer, String) {
    let world = plan.serve();
    let answer = world.client().get("/accounts/1").unwrap();
    pause(100);
    let (log, text) = (world.facade.log(), answer.text());
    for place in [&log, &text] {
        assert!(!place.contains("s3cr3t") && !place.contains("Falsches"), "a secret: {place}");
    }
    (answer, log)
}

#[test]
fn what_is_wrong_with_a_connection_is_told_to_the_operator_and_no_secret_to_anybody() {
    let check = |way: Way, change: &dyn Fn(&Plan), expected: (u16, &str), logged: &[&str]| {
        let Some(plan) = Plan::new(way, 10) else { return };
        change(&plan);
        let (answer, log) = asked(plan);
        assert_eq!((answer.status, answer.problem().as_str()), expected, "{way:?}: {}\n{log}", answer.text());
        for part in logged {
            assert!(log.contains(part), "{way:?}: {part:?} is not in {log}");
        }
    };
    let driver = |plan: &Plan| {
        let (head, rest) = plan.url.split_once(';').unwrap();
        let wrong = format!("Driver=/nonexistent/driver.so;PWD=s3cr3t;{rest}");
        plan.change(&format!("{head};{rest}"), &wrong);
    };
    check(Way::PostgresOdbc, &driver, (503, "unavailable"), &["/nonexistent/driver.so"]);
    let password = |plan: &Plan| std::fs::write(plan.project.join("erp-password"), "Falsches").unwrap();
    check(Way::MariadbOdbc, &password, (500, "internal"), &["28000"]);
    check(Way::H2Jdbc, &password, (500, "internal"), &["28000"]);
    let sql = |text: &'static str| move |plan: &Plan| drop(plan.server.as_ref().unwrap().run(text).unwrap());
    let dropped = sql("ALTER TABLE \"KDLIB\".\"KONTEN\" DROP COLUMN \"NAME\"");
    for way in ways(&[Way::PostgresOdbc], &[Way::PostgresJdbc]) {
        check(way, &dropped, (502, "legacy-error"), &["42703", "seawall snapshot"]);
    }
    let retyped = sql("ALTER TABLE \"KDLIB\".\"KONTEN\" ALTER COLUMN \"STAND\" TYPE text USING 'many'");
    for way in ways(&[Way::PostgresJdbc], &[Way::PostgresOdbc]) {
        check(way, &retyped, (502, "legacy-contract"), &["STAND"]);
    }
}
