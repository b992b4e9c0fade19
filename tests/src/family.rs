//! A process and what it has started, as the kernel tells of them.
//!
//! **Invariant.** It looks and sends signals to numbers that it was given; it never searches by name alone.

use std::fs;
use std::process::{Command, Stdio};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The name of its program, at most 15 characters.
    pub name: String,
    /// `R`, `S`, `Z` for one that has ended and is not waited for.
    pub state: char,
    parent: u32,
}

impl Process {
    /// Looks at a process.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // A name may hold anything, so the last parenthesis ends it.
        let (name, rest) = stat.rsplit_once(')')?;
        let name = name.split_once('(')?.1.to_owned();
        let mut words = rest.split_whitespace();
        let state = words.next()?.chars().next()?;
        Some(Self { pid, name, state, parent: words.next()?.parse().ok()? })
    }

    /// Returns whether it runs or could.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// Returns what a process has started and what that has, the dead that nobody waited for among them.
pub fn descendants(of: u32) -> Vec<Process> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all: Vec<Process> = numbers.filter_map(Process::of).collect();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        let children: Vec<Process> = all.iter().filter(|one| one.parent == parent).cloned().collect();
        parents.extend(children.iter().map(|child| child.pid));
        found.extend(children);
    }
    found
}

/// Returns the memory in KiB that a process has filled itself, without the files that it maps; zero if it is gone.
pub fn own_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Returns the memory in KiB of a process and all that it has started.
pub fn family_kib(pid: u32) -> u64 {
    own_kib(pid) + descendants(pid).iter().map(|child| own_kib(child.pid)).sum::<u64>()
}

/// Sends a signal by its name without `SIG`; whether there was such a process.
pub fn signal(pid: u32, name: &str) -> bool {
    let mut kill = Command::new("kill");
    kill.args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null());
    kill.status().is_ok_and(|status| status.success())
}

/// Sends a signal until the process has ended: the handler of Rust's runtime lets the first SEGV pass.
pub fn crash(pid: u32) {
    while Process::of(pid).is_some_and(|process| process.is_alive()) && signal(pid, "SEGV") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
