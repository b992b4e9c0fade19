//! A process with all that it has started: its processor time and its memory.
//!
//! **Invariant.** Nothing that ran is left out: threads and children that have ended count where the kernel adds them.

use std::fs;
use std::io;
use std::time::Duration;

/// The kernel counts processor time in hundredths of a second, whatever its own clock does (`USER_HZ`, proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// Returns a process with all that live of those it has started, directly or not.
pub fn tree(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(&pid) = all.get(next) {
        next += 1;
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<u32> = children
            .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect();
        all.extend(children);
    }
    all
}

/// Returns the CPU time, user and system, of a process and all that it has started, also of those that have ended.
///
/// # Errors
/// There is no such process.
pub fn cpu_of_tree(pid: u32) -> io::Result<Duration> {
    let one = |pid: u32| -> io::Result<u32> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name stands in parentheses and may hold anything; behind it comes the state, which is field 3.
        let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
        // utime, stime, cutime, cstime: fields 14 to 17.
        Ok(fields.skip(11).take(4).filter_map(|field| field.parse::<u32>().ok()).sum())
    };
    let mut ticks = one(pid)?;
    // A child that ended in between is in the account of its parent the next time.
    ticks += tree(pid).into_iter().skip(1).filter_map(|pid| one(pid).ok()).sum::<u32>();
    Ok(TICK * ticks)
}

/// Returns how much memory, in MiB, a process and all that it has started hold now (`VmRSS`) or held at most (`VmHWM`).
pub fn memory_of_tree(pid: u32, what: &str) -> f64 {
    let one = |pid: u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap_or(0.0) / 1024.0
    };
    tree(pid).into_iter().map(one).sum()
}
