//! How the workers of a connection are started, and what their sessions are opened with.
//!
//! **Invariant.** No secret is in a command line; only the socket, which is private, carries it.

use crate::bridge::{self, Jvm};
use crate::config::{Config, Way};
use crate::pool::Bounds;
use crate::worker::{Failure, Launch};
use adapters_sql_protocol::Open;
use kernel::Secret;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Starts the ODBC worker.
#[derive(Debug)]
pub(crate) struct Program(Option<PathBuf>);

/// Starts a virtual machine with the bridge.
#[derive(Debug)]
pub(crate) struct Java(Jvm);

/// How long the catalog of a database may take.
const CATALOG_MAX: Duration = Duration::from_secs(300);
/// The name of the ODBC worker.
const ODBC_WORKER: &str = "seawall-odbc";

/// Returns how the workers of a connection are started.
pub(crate) fn of(config: &Config) -> Arc<dyn Launch> {
    match config.way {
        Way::Odbc => Arc::new(Program::new(config)),
        Way::Jdbc => Arc::new(Java::new(config)),
    }
}

impl Program {
    fn new(config: &Config) -> Self {
        Self(config.worker.as_ref().map(|worker| in_project(config, worker)))
    }

    /// A program by its path.
    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(Some(path))
    }

    /// The configured one, else the one beside this program, else the one on the path.
    fn program(&self) -> PathBuf {
        let beside = || {
            let folder = std::env::current_exe().ok()?.parent()?.to_owned();
            Some(folder.join(ODBC_WORKER)).filter(|program| program.is_file())
        };
        self.0.clone().or_else(beside).unwrap_or_else(|| ODBC_WORKER.into())
    }
}

impl Launch for Program {
    fn command(&self, _folder: &Path, socket: &Path) -> Result<Command, String> {
        let mut command = Command::new(self.program());
        // Narrow texts of drivers are in the encoding of the locale.
        command.arg(socket).env("LC_ALL", "C.UTF-8").env("PGCLIENTENCODING", "UTF8");
        Ok(command)
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Java {
    fn new(config: &Config) -> Self {
        Self(jvm(config))
    }
}

impl Launch for Java {
    fn command(&self, folder: &Path, socket: &Path) -> Result<Command, String> {
        let bridge = bridge::write(folder).map_err(|error| error.to_string())?;
        self.0.command(&bridge, socket)
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// Says what this machine lacks to start the workers of a connection, as far as that can be told.
pub(crate) fn missing(way: Way, config: &Config) -> Vec<String> {
    match way {
        Way::Jdbc => jvm(config).missing(),
        Way::Odbc => Vec::new(),
    }
}

fn jvm(config: &Config) -> Jvm {
    Jvm {
        java: config.java.as_ref().map(|java| in_project(config, java)),
        jars: config.driver.iter().flat_map(|pattern| jars(&in_project(config, pattern))).collect(),
        class: config.driver_class.clone(),
        arguments: config.jvm.clone(),
    }
}

fn in_project(config: &Config, path: &str) -> PathBuf {
    match &config.root {
        Some(root) => root.join(path),
        None => path.into(),
    }
}

/// The files of a pattern whose last part may hold `*`; the pattern itself where there are none.
fn jars(pattern: &Path) -> Vec<PathBuf> {
    let name = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some((before, behind)) = name.split_once('*') else { return vec![pattern.to_owned()] };
    let folder = pattern.parent().unwrap_or(Path::new("."));
    let fits = |name: &str| {
        name.len() >= before.len() + behind.len() && name.starts_with(before) && name.ends_with(behind)
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        entries.filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(fits)).collect();
    found.sort();
    if found.is_empty() { vec![pattern.to_owned()] } else { found }
}

/// What each session is opened with.
pub(crate) fn open(config: &Config) -> Open {
    let text = |secret: &Option<Secret<String>>| {
        secret.as_ref().map(|secret| secret.expose().clone()).unwrap_or_default()
    };
    Open {
        url: text(&config.url),
        user: text(&config.user),
        password: text(&config.password),
        login_ms: u32::try_from(config.login.as_millis()).unwrap_or(u32::MAX),
        read_only: config.read_only,
        properties: config
            .properties
            .iter()
            .map(|(key, value)| (key.clone(), value.expose().clone()))
            .collect(),
        settings: config.settings.clone(),
    }
}

/// The bounds of its pool.
pub(crate) fn bounds(config: &Config) -> Bounds {
    let pool = &config.pool;
    Bounds {
        min: pool.min as usize,
        max: pool.max as usize,
        idle: pool.idle,
        lifetime: pool.lifetime,
        acquire: pool.acquire,
    }
}

/// Asks a database for its raw catalog, outside of any call. Blocks; needs no runtime.
///
/// # Errors
/// What is missing or refused, in words for people.
pub(crate) fn raw_catalog(config: &Config, patterns: &[String]) -> Result<serde_json::Value, String> {
    let launch = of(config);
    let (open, patterns) = (open(config), patterns.to_vec());
    let (tell, told) = std::sync::mpsc::channel();
    crate::worker::spawn(async move {
        let asked = async {
            let mut session = crate::worker::start(&*launch, None, &open).await?;
            session.catalog(&patterns).await
        };
        let late = || {
            Failure::new("the database does not tell its catalog in time", format_args!("{CATALOG_MAX:?}"))
        };
        let answer = tokio::time::timeout(CATALOG_MAX, asked).await;
        let _ = tell.send(answer.unwrap_or_else(|_| Err(late())));
    });
    let answer = told.recv().map_err(|_| "the database worker ended".to_owned())?;
    let text = answer.map_err(|failure| format!("{}: {}", failure.message, failure.reason))?;
    serde_json::from_str(&text).map_err(|error| format!("the catalog cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_finds_the_jars_of_a_folder() {
        let folder = std::env::temp_dir().join(format!("seawall-jars-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["b-2.jar", "b-1.jar", "c.jar"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let check = |pattern: &str, expected: &[&str]| {
            let found = jars(&folder.join(pattern));
            let names: Vec<_> =
                found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
            assert_eq!(names, expected, "{pattern}");
        };
        check("b-*.jar", &["b-1.jar", "b-2.jar"]);
        check("*.jar", &["b-1.jar", "b-2.jar", "c.jar"]);
        check("none*.jar", &["none*.jar"]);
        check("c.jar", &["c.jar"]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
