//! Database servers of other makers, each in a folder and on a port of its own.
//!
//! **Invariant.** A server ends with its guard, and answers on loopback only.

mod drivers;
mod h2;
mod mariadb;
mod postgres;
mod session;
mod sqlite;

pub use drivers::{jdbc_driver, odbc_driver};
pub use session::Session;
pub use sqlite::Sqlite;

use crate::process::{free_address, scratch};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for a server to answer.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A database product that runs as a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    Mariadb,
    /// H2, which speaks JDBC only.
    H2,
}

/// A running server. User `seawall`, password `secret`, a schema (MariaDB: a database) for every test that makes one.
#[derive(Debug)]
pub struct Server {
    /// What it is.
    pub product: Product,
    /// Where it listens.
    pub port: u16,
    folder: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Server {
    /// Makes a fresh server and waits until it answers. Nothing, said loudly, where it is not installed.
    ///
    /// # Errors
    /// It is there and does not start; the error holds its log.
    pub fn start(product: Product) -> io::Result<Option<Self>> {
        let installed = match product {
            Product::Postgres => postgres::installed(),
            Product::Mariadb => mariadb::installed(),
            Product::H2 => h2::installed(),
        };
        if !installed {
            eprintln!("SKIPPED: {product:?} is not installed; run tests/setup.sh test");
            return Ok(None);
        }
        let folder = scratch("database")?;
        let port = free_address()?.port();
        let server = Self { product, port, folder, child: Mutex::default() };
        match product {
            Product::Postgres => postgres::prepare(&server)?,
            Product::Mariadb => mariadb::prepare(&server)?,
            Product::H2 => {}
        }
        server.restart()?;
        if product == Product::Mariadb {
            mariadb::admit(&server)?;
        }
        Ok(Some(server))
    }

    /// Starts it again, with what it has stored.
    ///
    /// # Errors
    /// It does not answer within a minute; the error holds its log.
    pub fn restart(&self) -> io::Result<()> {
        self.kill();
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("server.log"))?;
        let mut command = match self.product {
            Product::Postgres => postgres::command(self),
            Product::Mariadb => mariadb::command(self),
            Product::H2 => h2::command(self)?,
        };
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        *self.child() = Some(command.spawn()?);
        let end = Instant::now() + START_TIMEOUT;
        let mut last = String::new();
        while Instant::now() < end {
            match self.run("SELECT 1") {
                Ok(_) => return Ok(()),
                Err(error) => last = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::other(format!("{:?} does not answer: {last}\n{}", self.product, self.log())))
    }

    /// Runs statements with the product's own client and returns what it prints, without headings.
    ///
    /// # Errors
    /// The client says no; the error is what it says.
    pub fn run(&self, sql: &str) -> io::Result<String> {
        let mut command = match self.product {
            Product::Postgres => postgres::client(self),
            Product::Mariadb => mariadb::client(self),
            Product::H2 => return h2::run(self, sql),
        };
        feed(&mut command, sql)
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&self) {
        let child = self.child().take();
        if let Some(mut child) = child {
            drop(child.kill());
            drop(child.wait());
        }
        if self.product == Product::Postgres {
            postgres::wait_for_children(self);
        }
    }

    /// Stops all its processes without ending them, or lets them go on.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        for pid in self.processes() {
            let mut kill = Command::new("kill");
            drop(kill.args([signal, &pid.to_string()]).stderr(Stdio::null()).status());
        }
    }

    /// Returns its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// Returns the log of all statements that arrived; for PostgreSQL and MariaDB.
    pub fn statements(&self) -> String {
        match self.product {
            Product::Postgres => self.log(),
            Product::Mariadb => fs::read_to_string(self.folder.join("general.log")).unwrap_or_default(),
            Product::H2 => String::new(),
        }
    }

    /// Returns an ODBC connection string; nothing where the product has no such driver here.
    pub fn odbc_url(&self, database: &str) -> Option<String> {
        match self.product {
            Product::Postgres => {
                let driver = odbc_driver("psqlodbcw.so")?;
                Some(format!("Driver={driver};Server=127.0.0.1;Port={};Database=postgres", self.port))
            }
            Product::Mariadb => {
                let driver = odbc_driver("libmaodbc.so")?;
                Some(format!("Driver={driver};Server=127.0.0.1;Port={};Database={database}", self.port))
            }
            Product::H2 => None,
        }
    }

    /// Returns a JDBC URL.
    pub fn jdbc_url(&self, database: &str) -> String {
        let port = self.port;
        match self.product {
            Product::Postgres => format!("jdbc:postgresql://127.0.0.1:{port}/postgres"),
            Product::Mariadb => format!("jdbc:mariadb://127.0.0.1:{port}/{database}"),
            Product::H2 => format!("jdbc:h2:tcp://127.0.0.1:{port}/./{database}"),
        }
    }

    /// Returns the folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server and all processes that it has started.
    fn processes(&self) -> Vec<u32> {
        let Some(pid) = self.child().as_ref().map(Child::id) else { return Vec::new() };
        let children = format!("/proc/{pid}/task/{pid}/children");
        let children = fs::read_to_string(children).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        std::iter::once(pid).chain(children).collect()
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.freeze(false);
        self.kill();
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Whether this process may become another user, which servers that refuse to run as root need.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0)
}

/// Runs a client that reads statements from its standard input.
fn feed(command: &mut Command, sql: &str) -> io::Result<String> {
    use std::io::Write as _;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // A client that ends early says why on standard error.
    drop(child.stdin.take().map(|mut input| input.write_all(sql.as_bytes())));
    let output = child.wait_with_output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}
