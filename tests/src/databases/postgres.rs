//! PostgreSQL, as Debian packs it.
//!
//! **Invariant.** It never runs as root, since it refuses to.

use super::{Server, is_root};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

pub(super) fn installed() -> bool {
    programs().is_some()
}

/// The folder of its programs, of the newest version that is there.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).collect();
    folders.sort();
    folders.pop()
}

/// A program of the product, run by a user that it accepts.
fn program(name: &str) -> Command {
    let path = programs().unwrap_or_default().join(name);
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
    command
}

pub(super) fn prepare(server: &Server) -> io::Result<()> {
    let data = server.folder().join("data");
    fs::create_dir(&data)?;
    if is_root() {
        let owned = Command::new("chown").arg("-R").arg("postgres").arg(server.folder()).status()?;
        assert!(owned.success(), "the folder cannot be given to the user of the server");
    }
    let output = program("initdb")
        .arg("-D")
        .arg(&data)
        .args(["-U", "seawall", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        .current_dir("/")
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

pub(super) fn command(server: &Server) -> Command {
    let mut command = program("postgres");
    command
        .arg("-D")
        .arg(server.folder().join("data"))
        .args(["-p", &server.port.to_string()])
        .arg("-k")
        .arg(server.folder())
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "log_statement=all",
            "-c",
            "log_min_duration_statement=-1",
        ])
        .args(["-c", "fsync=off", "-c", "shared_buffers=64MB", "-c", "max_connections=60"])
        .current_dir("/");
    command
}

pub(super) fn client(server: &Server) -> Command {
    let mut command = Command::new(programs().unwrap_or_default().join("psql"));
    let port = server.port.to_string();
    command.args(["-h", "127.0.0.1", "-p", &port, "-U", "seawall", "-d", "postgres", "-q", "-t", "-A"]);
    command.args(["-v", "ON_ERROR_STOP=1", "-f", "-"]);
    command
}

/// After a kill its children notice one after the other; until then the next start would be refused.
pub(super) fn wait_for_children(server: &Server) {
    let pid_file = server.folder().join("data/postmaster.pid");
    let end = Instant::now() + Duration::from_secs(10);
    let data = server.folder().join("data");
    let running = || {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok()).any(|cwd| cwd == data)
    };
    while running() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(fs::remove_file(pid_file));
}
