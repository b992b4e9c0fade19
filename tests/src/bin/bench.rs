//! `make bench`: CPU time per 1,000 requests, Seawall against nginx that forwards the same messages untouched.
//!
//! **Invariant.** Both are measured in one run, in turn, on the same processor, against the same backend, whose hits
//! are counted and must be equal. Figures are printed; nothing here fails because of a speed.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tests::bench::message::{self, Size};
use tests::bench::nginx::{Backend, Forwarder};
use tests::bench::rows::Databases;
use tests::bench::{cpu_of, load, median, memory_of, pin};
use tests::process::{FacadeOptions, scratch};
use tests::{Client, Facade, KeySet, shared};

const ROUNDS: usize = 7;
const CONNECTIONS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [tests::bench::files::DECODER, path] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..]
    {
        return Ok(tests::bench::files::decode(Path::new(path))?);
    }
    // The server under test has processor 0 for itself, load and backend share processor 1.
    pin(std::process::id(), 1)?;
    let folder = scratch("bench")?;
    let backend = Backend::start(&folder)?;
    let keys = KeySet::new("https://bench.invalid", "hotel-apps");
    println!("CPU time (user + system, all threads) per 1,000 requests; median of {ROUNDS} rounds in turn\n");
    println!("{:<34}{:>12}{:>12}{:>8}   hits", "message", "nginx", "seawall", "ratio");
    // An argument picks messages by their names, and leaves the rest out.
    let only = std::env::args().nth(1);
    for size in
        Size::ALL.into_iter().filter(|size| only.as_ref().is_none_or(|only| size.name().contains(only)))
    {
        compare(size, &backend, &keys, &folder)?;
    }
    println!();
    tests::bench::files::run(only.as_deref().unwrap_or_default())?;
    let databases = Databases::start()?;
    tests::bench::databases::rows(&databases, only.as_deref().unwrap_or_default())?;
    if only.as_ref().is_none_or(|only| "slow queries".contains(only)) {
        tests::bench::databases::slow_neighbour(&databases)?;
    }
    if only.is_some() {
        return Ok(());
    }
    start_and_memory(&backend, &keys, &folder)?;
    operations(&backend, &keys, &folder)?;
    dead_neighbour(&backend, &keys, &folder)?;
    Ok(())
}

fn compare(size: Size, backend: &Backend, keys: &KeySet, folder: &Path) -> Result<(), Box<dyn Error>> {
    backend.answer_with(&message::reply(size))?;
    let project = project(folder, 1)?;
    let forwarder = Forwarder::start(folder, backend.address())?;
    let facade = facade(&project, backend, keys)?;
    pin(facade.pid(), 0)?;
    for pid in forwarder.pids()? {
        pin(pid, 0)?;
    }
    let token = keys.token("bench", "reservations:read", 3600);
    let requests = size.requests();
    let request = message::request();
    let forward = |n| {
        load(forwarder.address(), CONNECTIONS, n, &|client| {
            client.send(
                "POST",
                "/pms",
                &[("Content-Type", "text/xml; charset=utf-8")],
                Some(request.as_bytes()),
            )
        })
    };
    let translate = |n| {
        load(facade.address, CONNECTIONS, n, &|client| {
            client.send("GET", "/reservations/R-1001", &[("Authorization", &format!("Bearer {token}"))], None)
        })
    };
    forward(requests / 4)?;
    translate(requests / 4)?;
    let (mut nginx, mut seawall, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut hits = (0, 0);
    for _ in 0..ROUNDS {
        let (start, hit) = (forwarder.cpu()?, backend.hits()?);
        forward(requests)?;
        let a = per_thousand(forwarder.cpu()? - start, requests);
        hits.0 += backend.hits()? - hit;
        let (start, hit) = (cpu_of(facade.pid())?, backend.hits()?);
        translate(requests)?;
        let b = per_thousand(cpu_of(facade.pid())? - start, requests);
        hits.1 += backend.hits()? - hit;
        nginx.push(a);
        seawall.push(b);
        ratios.push(b / a);
    }
    let equal = if hits.0 == hits.1 { "equal" } else { "NOT EQUAL" };
    println!(
        "{:<34}{:>9.1} ms{:>9.1} ms{:>7.2}x   {equal} ({})",
        size.name(),
        median(&mut nginx),
        median(&mut seawall),
        median(&mut ratios),
        hits.0
    );
    Ok(())
}

fn per_thousand(cpu: Duration, requests: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / requests as f64
}

fn start_and_memory(backend: &Backend, keys: &KeySet, folder: &Path) -> Result<(), Box<dyn Error>> {
    backend.answer_with(&message::reply(Size::Small))?;
    let project = project(folder, 1)?;
    let token = keys.token("bench", "reservations:read", 3600);
    let start = Instant::now();
    let facade = facade(&project, backend, keys)?;
    let answer = Client::new(facade.address).bearer(&token).get("/reservations/R-1001")?;
    println!(
        "start to first answer: {:.0} ms (status {})",
        start.elapsed().as_secs_f64() * 1e3,
        answer.status
    );
    println!("memory idle: {:.1} MiB", memory_of(facade.pid())?);
    backend.answer_with(&message::reply(Size::Large))?;
    load(facade.address, 32, 2_000, &|client| {
        client.send("GET", "/reservations/R-1001", &[("Authorization", &format!("Bearer {token}"))], None)
    })?;
    println!(
        "memory after 2,000 answers from 200 KB messages on 32 connections: {:.1} MiB",
        memory_of(facade.pid())?
    );
    Ok(())
}

fn operations(backend: &Backend, keys: &KeySet, folder: &Path) -> Result<(), Box<dyn Error>> {
    backend.answer_with(&message::reply(Size::Small))?;
    let token = keys.token("bench", "reservations:read", 3600);
    let few = facade(&project(folder, 1)?, backend, keys)?;
    let many = facade(&project(folder, 10_000)?, backend, keys)?;
    pin(few.pid(), 0)?;
    pin(many.pid(), 0)?;
    let run = |address: SocketAddr, n| {
        load(address, CONNECTIONS, n, &|client| {
            client.send("GET", "/reservations/R-1001", &[("Authorization", &format!("Bearer {token}"))], None)
        })
    };
    let (mut one, mut ten_thousand) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for (facade, figures) in [(&few, &mut one), (&many, &mut ten_thousand)] {
            let start = cpu_of(facade.pid())?;
            run(facade.address, 2_000)?;
            // The first round warms up.
            if round > 0 {
                figures.push(per_thousand(cpu_of(facade.pid())? - start, 2_000));
            }
        }
    }
    println!(
        "CPU per 1,000 requests with 1 operation: {:.1} ms, with 10,000: {:.1} ms",
        median(&mut one),
        median(&mut ten_thousand)
    );
    Ok(())
}

/// The p99 of one connection alone, and while another one hangs with as many calls as its bulkhead and queue hold.
fn dead_neighbour(backend: &Backend, keys: &KeySet, folder: &Path) -> Result<(), Box<dyn Error>> {
    backend.answer_with(&message::reply(Size::Small))?;
    // A listener that nobody accepts from: connections are made by the kernel, and nothing ever answers.
    let dead = std::net::TcpListener::bind("127.0.0.1:0")?;
    let project = two_connections(folder)?;
    let mut env = vec![("PMS_URL".to_owned(), format!("http://{}/pms", backend.address()))];
    env.push(("DEAD_URL".to_owned(), format!("http://{}/pms", dead.local_addr()?)));
    let args = ["--without", "events", "--workers", "1"].map(str::to_owned).to_vec();
    let facade = Facade::start(&FacadeOptions { project: &project, env, args, keys, store: None })?;
    pin(facade.pid(), 0)?;
    let token = keys.token("bench", "reservations:read", 3600);
    let stop = AtomicBool::new(false);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let measure =
            || latencies(facade.address, &token, 3_000).map(|mut times| percentile_ms(&mut times, 99));
        measure()?;
        for _ in 0..ROUNDS {
            alone.push(measure()?);
            stop.store(false, Ordering::SeqCst);
            let callers: Vec<_> =
                (0..32).map(|_| scope.spawn(|| call_the_dead(facade.address, &token, &stop))).collect();
            std::thread::sleep(Duration::from_millis(300));
            beside.push(measure()?);
            stop.store(true, Ordering::SeqCst);
            callers.into_iter().for_each(|caller| drop(caller.join()));
        }
        Ok(())
    })?;
    let (alone, beside) = (median(&mut alone), median(&mut beside));
    println!(
        "p99 of a connection alone: {alone:.2} ms, beside one that hangs: {beside:.2} ms, {:.2}x",
        beside / alone
    );
    Ok(())
}

fn call_the_dead(address: SocketAddr, token: &str, stop: &AtomicBool) {
    let mut client = Client::new(address).bearer(token);
    while !stop.load(Ordering::SeqCst) {
        // An open breaker answers at once; a client that asks again at once would measure itself.
        drop(client.get("/dead/R-1001"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn latencies(address: SocketAddr, token: &str, requests: usize) -> std::io::Result<Vec<f64>> {
    let mut client = Client::new(address).bearer(token);
    let one = |_| {
        let start = Instant::now();
        let answer = client.get("/reservations/R-1001")?;
        if answer.status == 200 {
            Ok(start.elapsed().as_secs_f64() * 1e3)
        } else {
            Err(std::io::Error::other(answer.text()))
        }
    };
    (0..requests).map(one).collect()
}

fn percentile_ms(times: &mut [f64], percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() - 1) * percent / 100]
}

/// Copies the example with a second connection, model and operation, which go to a system that hangs.
fn two_connections(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let to = project(folder, 1)?;
    let mapping = fs::read_to_string(to.join("facade.yaml"))?;
    let block = |from: &str, until: &str| -> Result<String, Box<dyn Error>> {
        let start = mapping.find(from).ok_or("a block of the example is missing")?;
        let end = start + mapping[start..].find(until).ok_or("a block of the example has no end")?;
        Ok(mapping[start..end].to_owned())
    };
    let connection =
        block("  pms:\n", "  bus:\n")?.replacen("  pms:", "  dead:", 1).replace("PMS_URL", "DEAD_URL");
    let connection = connection
        .replace("timeout: 5s, retry: 2", "timeout: 1s, retry: 0")
        .replace("failures: 50%", "failures: 100%");
    let model = block("  Reservation:\n", "\nrest:")?
        .replacen("  Reservation:", "  Dead:", 1)
        .replace("pms/", "dead/");
    let operation = block("  GET /reservations/{id}:\n", "\n\n")?
        .replacen("/reservations/", "/dead/", 1)
        .replace("get: Reservation", "get: Dead")
        .replace("pms.", "dead.");
    let mapping = mapping
        .replacen("connections:\n", &format!("connections:\n{connection}"), 1)
        .replacen("models:\n", &format!("models:\n{model}"), 1)
        .replacen("rest:\n", &format!("rest:\n{operation}\n\n"), 1);
    fs::write(to.join("facade.yaml"), mapping)?;
    Ok(to)
}

fn facade(project: &Path, backend: &Backend, keys: &KeySet) -> std::io::Result<Facade> {
    Facade::start(&FacadeOptions {
        project,
        env: vec![("PMS_URL".into(), format!("http://{}/pms", backend.address()))],
        args: vec!["--without".into(), "events".into(), "--workers".into(), "1".into()],
        keys,
        store: None,
    })
}

/// Copies the example without its cache, with as many read operations as wanted.
fn project(folder: &Path, operations: usize) -> Result<PathBuf, Box<dyn Error>> {
    let to = folder.join(format!("project-{operations}"));
    let from = shared::repository().join("mappings/reservations");
    tests::bench::copy(&from, &to)?;
    let mapping = fs::read_to_string(to.join("facade.yaml"))?;
    let mut mapping = mapping.replace("scope: reservations:read, cache: 30s", "scope: reservations:read");
    let one = "  GET /reservations/{id}:\n";
    let start = mapping.find(one).ok_or("the example has no GET /reservations/{id}")?;
    let end = start + mapping[start..].find("\n\n").ok_or("the operation has no end")? + 1;
    let operation = mapping[start..end].to_owned();
    let more: String = (1..operations)
        .map(|n| operation.replacen("/reservations/", &format!("/r{n}/reservations/"), 1))
        .collect();
    mapping.insert_str(end, &more);
    fs::write(to.join("facade.yaml"), mapping)?;
    Ok(to)
}
