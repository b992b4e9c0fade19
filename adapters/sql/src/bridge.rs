//! The JVM that runs JDBC drivers: how it is found and started.
//!
//! **Invariant.** Nothing of a connection's secrets is in the command line or the environment of the process.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

include!(concat!(env!("OUT_DIR"), "/bridge.rs"));

/// What a JVM is started with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jvm {
    /// The program; found in `JAVA_HOME` or on the path where nothing is said.
    pub(crate) java: Option<PathBuf>,
    /// The jars of the driver.
    pub(crate) jars: Vec<PathBuf>,
    /// The driver's class, where the jars do not name it.
    pub(crate) class: Option<String>,
    /// Further arguments.
    pub(crate) arguments: Vec<String>,
}

impl Jvm {
    /// Returns the command that starts a worker listening on `socket`, with the bridge's jar at `bridge`.
    ///
    /// # Errors
    /// What is missing, and how to get it.
    pub(crate) fn command(&self, bridge: &Path, socket: &Path) -> Result<Command, String> {
        let mut command = Command::new(self.program()?);
        // Little memory and a quick start are worth more here than the last bit of speed.
        command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", "-Xss512k", "-Xrs"]);
        // Batches die young. A large nursery is filled with them before it is ever swept, and is never given back.
        command.arg("-Xmn8m");
        // What a virtual machine writes about its crash may hold values, so it stays in the private folder.
        command.arg(format!("-XX:ErrorFile={}", bridge.with_file_name("crash.log").display()));
        command.arg("-XX:-CreateCoredumpOnCrash").args(&self.arguments);
        if let Some(class) = &self.class {
            command.arg(format!("-Dseawall.driver={class}"));
        }
        command.arg("-cp").arg(self.class_path(bridge)?).arg("seawall.jdbc.Main").arg(socket);
        Ok(command)
    }

    /// Says everything that stands against starting it.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if BRIDGE.is_none() {
            missing.push(NO_BRIDGE.to_owned());
        }
        missing.extend(self.program().err());
        missing.extend(self.jars.iter().filter(|jar| !jar.is_file()).map(|jar| no_jar(jar)));
        missing
    }

    fn program(&self) -> Result<PathBuf, String> {
        if let Some(java) = &self.java {
            return match java.is_file() {
                true => Ok(java.clone()),
                false => Err(format!("there is no {}", java.display())),
            };
        }
        let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        home.into_iter()
            .chain(std::env::split_paths(&path))
            .map(|folder| folder.join("java"))
            .find(|file| file.is_file())
            .ok_or_else(|| NO_JAVA.to_owned())
    }

    fn class_path(&self, bridge: &Path) -> Result<OsString, String> {
        let jars = std::iter::once(bridge).chain(self.jars.iter().map(PathBuf::as_path));
        std::env::join_paths(jars).map_err(|_| "the path of a jar holds a colon".to_owned())
    }
}

/// Writes the bridge's jar into a folder and returns its path.
///
/// # Errors
/// This program was built without it, or it cannot be written.
pub(crate) fn write(folder: &Path) -> io::Result<PathBuf> {
    let bytes = BRIDGE.ok_or_else(|| io::Error::other(NO_BRIDGE))?;
    let path = folder.join("bridge.jar");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(bytes)?;
    Ok(path)
}

const NO_BRIDGE: &str = "this program was built without a JDK, so it has no JDBC bridge; build it where `javac` 17 or newer is found";
const NO_JAVA: &str = "there is no `java` in JAVA_HOME or on the path; install a Java runtime 17 or newer, or name one \
                       by `java:`";

fn no_jar(jar: &Path) -> String {
    format!("there is no {}; `driver:` names the jars of the JDBC driver", jar.display())
}

#[cfg(test)]
mod tests;
