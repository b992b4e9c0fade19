//! An SQLite database in a file.
//!
//! **Invariant.** It is reached by the ODBC driver of another maker; here it is only filled and looked at.

use super::odbc_driver;
use crate::process::scratch;
use rusqlite::Connection;
use std::fs;
use std::io;
use std::path::PathBuf;

/// A database in a file; its folder goes with it.
#[derive(Debug)]
pub struct Sqlite {
    folder: PathBuf,
    /// The file.
    pub path: PathBuf,
}

impl Sqlite {
    /// Makes an empty one.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn new() -> io::Result<Self> {
        let folder = scratch("sqlite")?;
        let path = folder.join("database");
        Ok(Self { folder, path })
    }

    /// Runs statements.
    ///
    /// # Errors
    /// SQLite says no.
    pub fn run(&self, sql: &str) -> io::Result<()> {
        let connection = Connection::open(&self.path).map_err(io::Error::other)?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(io::Error::other)?;
        connection.execute_batch(sql).map_err(io::Error::other)
    }

    /// Returns the ODBC connection string; nothing where there is no driver.
    pub fn odbc_url(&self) -> Option<String> {
        let driver = odbc_driver("libsqlite3odbc.so")?;
        Some(format!("Driver={driver};Database={};Timeout=10000", self.path.display()))
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
