//! What benchmarks share: load over keep-alive connections, CPU time and memory of a process, pinning.
//!
//! **Invariant.** CPU time is the kernel's own account of all threads of a process.

pub mod databases;
pub mod files;
pub mod ledger;
pub mod lines;
pub mod message;
pub mod nginx;
pub mod rows;
pub mod tree;

use crate::client::{Answer, Client};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Sends `requests` requests over `connections` keep-alive connections, and fails if one is not answered by 200.
///
/// # Errors
/// A connection failed, or an answer is not 200.
pub fn load(
    address: SocketAddr,
    connections: usize,
    requests: usize,
    send: &(dyn Fn(&mut Client) -> io::Result<Answer> + Sync),
) -> io::Result<()> {
    let left = AtomicUsize::new(requests);
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
    std::thread::scope(|scope| {
        let one = || -> io::Result<()> {
            let mut client = Client::new(address);
            while take() {
                let answer = send(&mut client)?;
                if answer.status != 200 {
                    return Err(io::Error::other(format!("status {}: {}", answer.status, answer.text())));
                }
            }
            Ok(())
        };
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| io::Error::other("a thread failed"))?)
    })
}

/// Returns the CPU time of a process so far: user and system, all threads that live.
///
/// # Errors
/// There is no such process, or the kernel keeps no account.
pub fn cpu_of(pid: u32) -> io::Result<Duration> {
    // The first figure of schedstat is the time on a processor in nanoseconds; `stat` counts in hundredths of a second.
    fs::read_dir(format!("/proc/{pid}/task"))?
        .map(|task| {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let first = text.split_whitespace().next().unwrap_or("").parse().map_err(io::Error::other)?;
            Ok(Duration::from_nanos(first))
        })
        .sum()
}

/// Returns the resident memory of a process in MiB.
///
/// # Errors
/// There is no such process.
pub fn memory_of(pid: u32) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().map_err(io::Error::other)?;
    Ok(kib / 1024.0)
}

/// Pins all threads of a process to one processor.
///
/// # Errors
/// `taskset` is missing or refuses.
pub fn pin(pid: u32, processor: u32) -> io::Result<()> {
    let output = Command::new("taskset")
        .args(["-a", "-c", "-p", &processor.to_string(), &pid.to_string()])
        .output()?;
    if output.status.success() { Ok(()) } else { Err(io::Error::other("taskset failed")) }
}

/// Pins several processes to one processor.
///
/// # Errors
/// `taskset` is missing or refuses.
pub fn pin_all(pids: &[u32], processor: u32) -> io::Result<()> {
    pids.iter().try_for_each(|&pid| pin(pid, processor))
}

/// Returns the median; sorts the figures.
pub fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Copies a folder with all in it.
///
/// # Errors
/// A file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Copies a file or a folder.
///
/// # Errors
/// As for [`copy`].
pub fn copy_any(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() { copy(from, to) } else { fs::copy(from, to).map(drop) }
}
