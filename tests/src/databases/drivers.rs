//! Where the drivers of other makers are.
//!
//! **Invariant.** A driver that is missing is nothing, said loudly; it is never another one.

use crate::shared::repository;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Returns the path of an ODBC driver of the system by the name of its library.
pub fn odbc_driver(library: &str) -> Option<String> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let found = folders
        .chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/lib64")])
        .map(|folder| folder.join("odbc").join(library))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: there is no ODBC driver {library}; run tests/setup.sh test");
    }
    found.map(|path| path.display().to_string())
}

/// Returns the path of a JDBC driver's jar: `h2`, `postgresql`, `mariadb-java-client`. Maven fetches it if need be.
pub fn jdbc_driver(name: &str) -> Option<PathBuf> {
    static FETCHED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FETCHED.get_or_init(|| {
        let source = repository().join("tests/jdbc");
        let folder = source.join("target/drivers");
        if folder.join("h2.jar").is_file() {
            return Some(folder);
        }
        let fetched = Command::new("mvn").args(["-q", "-B", "package"]).current_dir(&source).status();
        if fetched.is_ok_and(|status| status.success()) {
            return Some(folder);
        }
        eprintln!("SKIPPED: the JDBC drivers cannot be fetched by Maven; run tests/setup.sh test");
        None
    });
    folder.as_ref().map(|folder| folder.join(format!("{name}.jar")))
}
