//! H2 as a server over TCP.
//!
//! **Invariant.** A database is made by whoever connects to it first, with the user and password that all tests use.

use super::{Server, jdbc_driver};
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// The database in which [`run`] runs.
const DATABASE: &str = "test";

pub(super) fn installed() -> bool {
    Command::new("java").arg("-version").output().is_ok_and(|output| output.status.success())
        && jdbc_driver("h2").is_some()
}

fn jar() -> io::Result<PathBuf> {
    jdbc_driver("h2").ok_or_else(|| io::Error::other("there is no h2.jar"))
}

pub(super) fn command(server: &Server) -> io::Result<Command> {
    let mut command = Command::new("java");
    command
        .args(["-Xmx256m", "-cp"])
        .arg(jar()?)
        .args([
            "org.h2.tools.Server",
            "-tcp",
            "-tcpPort",
            &server.port.to_string(),
            "-ifNotExists",
            "-baseDir",
        ])
        .arg(server.folder());
    Ok(command)
}

/// Runs statements; what they answer is one line per row, values separated by `|`.
pub(super) fn run(server: &Server, sql: &str) -> io::Result<String> {
    let output = Command::new("java")
        .args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp"])
        .arg(jar()?)
        .args([
            "org.h2.tools.Shell",
            "-url",
            &server.jdbc_url(DATABASE),
            "-user",
            "seawall",
            "-password",
            "secret",
        ])
        .args(["-sql", sql])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() && !text.contains("SQLException") {
        true => Ok(text),
        false => Err(io::Error::other(format!("{text}{}", String::from_utf8_lossy(&output.stderr)))),
    }
}
