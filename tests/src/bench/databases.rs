//! The benchmarks of databases: many rows as JSON against a bare loop, and a neighbour that is slow.
//!
//! **Invariant.** Both sides are measured in one run, in turn, on the same processor, workers and drivers included; the
//! database server is on neither side.

use super::rows::{Databases, ROWS, Way};
use super::tree::{cpu_of_tree, memory_of_tree, tree};
use super::{median, pin_all};
use crate::{Client, KeySet};
use std::error::Error;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many rounds are measured.
const ROUNDS: usize = 7;
/// Reads before the first round: a JVM compiles what it runs often.
const WARM_UPS: usize = 3;
/// Slow queries that are in flight.
const SLOW: usize = 16;

/// Compares Seawall with a bare loop over the same driver, for all ways whose names contain `only`.
///
/// # Errors
/// An answer was not what it should be.
pub fn rows(databases: &Databases, only: &str) -> Result<(), Box<dyn Error>> {
    println!("CPU time of one read (user + system, workers included); median of {ROUNDS} rounds in turn\n");
    println!("{:<34}{:>12}{:>12}{:>8}   memory", "rows as JSON", "fetch only", "seawall", "ratio");
    for way in Way::ALL.into_iter().filter(|way| way.name().contains(only)) {
        compare(databases, way)?;
    }
    println!();
    Ok(())
}

fn compare(databases: &Databases, way: Way) -> Result<(), Box<dyn Error>> {
    let keys = KeySet::new("https://bench.invalid", "rows");
    let (Some(facade), Some(mut bare)) = (databases.facade(way, &keys)?, databases.bare(way)?) else {
        return Ok(());
    };
    let mut client = Client::new(facade.address).bearer(&keys.token("bench", "rows:read", 3600));
    // The session is open and the first row is read, as in a service that runs.
    one(&mut client)?;
    let idle = memory_of_tree(facade.pid(), "VmRSS");
    pin_all(&tree(facade.pid()), 0)?;
    pin_all(&tree(bare.pid()), 0)?;
    let (mut fetching, mut serving, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UPS + ROUNDS {
        let start = cpu_of_tree(bare.pid())?;
        bare.fetch()?;
        let a = milliseconds(cpu_of_tree(bare.pid())? - start);
        let start = cpu_of_tree(facade.pid())?;
        all(&mut client)?;
        let b = milliseconds(cpu_of_tree(facade.pid())? - start);
        if round >= WARM_UPS {
            fetching.push(a);
            serving.push(b);
            ratios.push(b / a);
        }
    }
    let grown = memory_of_tree(facade.pid(), "VmHWM") - idle;
    println!(
        "{:<34}{:>9.0} ms{:>9.0} ms{:>7.2}x   +{grown:.1} MiB at most, {idle:.1} MiB idle",
        way.name(),
        median(&mut fetching),
        median(&mut serving),
        median(&mut ratios),
    );
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn one(client: &mut Client) -> io::Result<()> {
    let answer = client.get("/customers/1")?;
    match answer.status {
        200 => Ok(()),
        _ => Err(io::Error::other(answer.text())),
    }
}

fn all(client: &mut Client) -> io::Result<()> {
    let answer = client.get("/customers")?;
    let items = answer.body.windows(6).filter(|window| window == b"{\"id\":").count();
    match (answer.status, items) {
        (200, ROWS) => Ok(()),
        (200, items) => Err(io::Error::other(format!("{items} items instead of {ROWS}"))),
        _ => Err(io::Error::other(answer.text())),
    }
}

/// The p99 of one connection alone, and while another one has as many slow queries in flight as it may.
///
/// # Errors
/// An answer was not what it should be.
pub fn slow_neighbour(databases: &Databases) -> Result<(), Box<dyn Error>> {
    let keys = KeySet::new("https://bench.invalid", "rows");
    let Some(facade) = databases.slow_neighbour(&keys)? else { return Ok(()) };
    let token = keys.token("bench", "rows:read", 3600);
    let measure = || latency(facade.address, &token, 3_000);
    measure()?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(measure()?);
        let stop = AtomicBool::new(false);
        beside.push(std::thread::scope(|scope| {
            for _ in 0..SLOW {
                scope.spawn(|| {
                    // It is given up when the connection ends, and Seawall cancels the statement.
                    let asked = ask(facade.address, "/slow", &token);
                    while !stop.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    drop(asked);
                });
            }
            // All of them have a session and a statement by then.
            std::thread::sleep(Duration::from_millis(1500));
            let measured = measure();
            stop.store(true, Ordering::SeqCst);
            measured
        })?);
        std::thread::sleep(Duration::from_millis(500));
    }
    let (alone, beside) = (median(&mut alone), median(&mut beside));
    println!(
        "p99 of a database connection alone: {alone:.2} ms, beside {SLOW} slow queries: {beside:.2} ms, {:.2}x",
        beside / alone
    );
    Ok(())
}

/// Sends a request whose answer nobody reads.
fn ask(address: SocketAddr, target: &str, token: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {target} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n")?;
    Ok(stream)
}

fn latency(address: SocketAddr, token: &str, requests: usize) -> io::Result<f64> {
    let mut client = Client::new(address).bearer(token);
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        let start = Instant::now();
        one(&mut client)?;
        times.push(milliseconds(start.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    Ok(times[(times.len() - 1) * 99 / 100])
}
