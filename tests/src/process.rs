//! The real binary as a child process.
//!
//! **Invariant.** A child is killed when its guard is dropped, so that no test leaves anything behind.

use crate::shared::repository;
use crate::tokens::KeySet;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Returns the path of the `seawall` binary: `SEAWALL_BINARY`, else that of this profile, built once, with its worker.
pub fn seawall() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("SEAWALL_BINARY") {
            return path.into();
        }
        let target = target_folder();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build
            .args(["build", "--quiet", "--package", "gateway", "--bin", "seawall"])
            // It is looked for beside the other, when a database is called.
            .args(["--package", "adapters-sql-odbc", "--bin", "seawall-odbc"])
            .current_dir(repository());
        if target.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo can be started").success(), "seawall does not build");
        target.join("seawall")
    })
}

fn target_folder() -> PathBuf {
    let here = std::env::current_exe().expect("a process knows its program");
    let folder = here.parent().expect("a program lies in a folder");
    // Tests lie in `deps`, programs beside it.
    if folder.ends_with("deps") {
        folder.parent().expect("deps lies in a folder").to_path_buf()
    } else {
        folder.into()
    }
}

/// How a facade is started.
#[derive(Debug)]
pub struct FacadeOptions<'a> {
    /// The project's folder.
    pub project: &'a Path,
    /// Environment of the process: what `${env:}` reads.
    pub env: Vec<(String, String)>,
    /// Further arguments of `seawall serve`.
    pub args: Vec<String>,
    /// Who issues the tokens.
    pub keys: &'a KeySet,
    /// The folder of its store; `None` makes a fresh one.
    pub store: Option<PathBuf>,
}

/// A running facade.
#[derive(Debug)]
pub struct Facade {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its working folder: JWK set, secrets, store, log.
    pub folder: PathBuf,
    /// Where its store is.
    pub store: PathBuf,
}

impl Facade {
    /// Starts the facade and waits until it is ready.
    ///
    /// # Errors
    /// It ends early or is not ready within 30 s; the error holds its log.
    pub fn start(options: &FacadeOptions<'_>) -> io::Result<Self> {
        let folder = scratch("facade")?;
        let jwks = folder.join("jwks.json");
        fs::write(&jwks, options.keys.jwks().to_string())?;
        fs::write(folder.join("pms-password"), "secret")?;
        let store = options.store.clone().unwrap_or_else(|| folder.join("store"));
        let address = free_address()?;
        let log = fs::File::create(folder.join("log"))?;
        let child = Command::new(seawall())
            .arg("serve")
            .arg(options.project)
            .args(["--listen", &address.to_string()])
            .arg("--store")
            .arg(&store)
            .args(&options.args)
            .env("OIDC_ISSUER", &options.keys.issuer)
            .env("OIDC_JWKS", &jwks)
            .env("KAFKA_BROKERS", "127.0.0.1:1")
            .env("SEAWALL_SECRETS", &folder)
            .env("PMS_USER", "seawall")
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut facade = Self { child, address, folder, store };
        facade.wait_until_ready()?;
        Ok(facade)
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("seawall ended with {status}:\n{}", self.log())));
            }
            let ready = crate::Client::new(self.address).get("/health/ready");
            if ready.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(io::Error::other(format!("seawall is not ready in 30 s:\n{}", self.log())))
    }

    /// Returns a new client.
    pub fn client(&self) -> crate::Client {
        crate::Client::new(self.address)
    }

    /// Returns the number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    /// It could not be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to end, as Kubernetes does, and returns its exit code and how long it took.
    ///
    /// # Errors
    /// It does not end within 60 s.
    pub fn terminate(&mut self) -> io::Result<(Option<i32>, Duration)> {
        let start = Instant::now();
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        while start.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status.code(), start.elapsed()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(io::Error::other("it does not end"))
    }
}

impl Drop for Facade {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// Returns a new empty folder under the target folder.
///
/// # Errors
/// It cannot be made.
pub fn scratch(what: &str) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = target_folder().join("scratch").join(format!("{what}-{}-{n}", std::process::id()));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Returns a loopback address whose port was free a moment ago.
///
/// # Errors
/// There is none.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
