//! One worker process.
//!
//! **Invariant.** Its socket lies in a folder that only we may enter, its token is in its environment and nowhere else,
//! and it ends with the last one who holds it.

use super::spawn;
use adapters_sql_protocol::TOKEN_VARIABLE;
use std::fmt::Debug;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

/// How a kind of worker is started.
pub(crate) trait Launch: Send + Sync + Debug + 'static {
    /// Returns the command of a worker that listens on `socket`. `folder` is private and lives as long as it does.
    ///
    /// # Errors
    /// What is missing, and how to get it.
    fn command(&self, folder: &Path, socket: &Path) -> Result<std::process::Command, String>;

    /// Whether one process serves many sessions.
    fn is_shared(&self) -> bool;
}

/// A worker process.
#[derive(Debug)]
pub(crate) struct Process {
    folder: PathBuf,
    token: String,
    sessions: AtomicU64,
    dead: Arc<AtomicBool>,
    retired: AtomicBool,
    /// What it said on its standard error, shortened.
    said: Arc<Mutex<String>>,
    /// Kills it when something is sent, and lets it end when it is dropped.
    end: Mutex<Option<oneshot::Sender<()>>>,
}

/// Why there is no worker or no session: in words for people, without secrets.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// What happened.
    pub(crate) message: &'static str,
    /// Details, if there are any.
    pub(crate) reason: String,
    /// The SQLSTATE, where the database refused.
    pub(crate) sqlstate: Option<String>,
}

/// How long a worker may take until it listens.
const START_MAX: Duration = Duration::from_secs(10);
/// How long a worker may take to end by itself.
const END_MAX: Duration = Duration::from_secs(2);
/// Bytes of what a worker says that are kept.
const SAID_BYTES_MAX: usize = 2048;

impl Failure {
    pub(crate) fn new(message: &'static str, reason: impl ToString) -> Self {
        Self { message, reason: reason.to_string(), sqlstate: None }
    }
}

impl Process {
    /// Starts a process. Only on the thread of the workers, since it forks.
    pub(crate) fn start(launch: &dyn Launch) -> Result<Arc<Self>, Failure> {
        let failed = |error: std::io::Error| Failure::new("a database worker cannot be started", error);
        let folder = private_folder().map_err(failed)?;
        let started = Self::start_in(launch, folder.clone());
        if started.is_err() {
            let _ = std::fs::remove_dir_all(&folder);
        }
        started
    }

    fn start_in(launch: &dyn Launch, folder: PathBuf) -> Result<Arc<Self>, Failure> {
        let failed = |error: std::io::Error| Failure::new("a database worker cannot be started", error);
        let token = random_hex().map_err(failed)?;
        let command = launch
            .command(&folder, &folder.join("s"))
            .map_err(|reason| Failure::new("a database worker cannot be started", reason))?;
        let program = command.get_program().to_string_lossy().into_owned();
        let mut command = Command::from(command);
        command.env(TOKEN_VARIABLE, &token).stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            Failure::new("a database worker cannot be started", format_args!("{program}: {error}"))
        })?;
        let said = Arc::new(Mutex::new(String::new()));
        if let Some(stderr) = child.stderr.take() {
            spawn(listen(stderr, Arc::clone(&said)));
        }
        let (end, ended) = oneshot::channel();
        let dead = Arc::new(AtomicBool::new(false));
        spawn(watch(child, ended, Arc::clone(&dead), folder.clone()));
        let (sessions, retired, end) = (AtomicU64::new(1), AtomicBool::new(false), Mutex::new(Some(end)));
        Ok(Arc::new(Self { folder, token, sessions, dead, retired, said, end }))
    }

    /// Connects to it; waits until it listens.
    pub(crate) async fn connect(&self) -> Result<UnixStream, Failure> {
        let until = Instant::now() + START_MAX;
        let mut pause = Duration::from_millis(1);
        loop {
            match UnixStream::connect(self.folder.join("s")).await {
                Ok(stream) => return Ok(stream),
                Err(error) if Instant::now() >= until => {
                    return Err(Failure::new("a database worker does not listen", error));
                }
                Err(_) if self.is_dead() => {
                    // What it said last may still be on its way.
                    sleep(Duration::from_millis(20)).await;
                    return Err(Failure::new("a database worker ended at once", self.said()));
                }
                Err(_) => sleep(pause).await,
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// The token that a connection to it must say.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Returns the number of a new session.
    pub(crate) fn number(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns whether it has ended.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Returns whether new sessions may be opened in it, and kept ones used.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_dead() && !self.retired.load(Ordering::Acquire)
    }

    /// Opens no more sessions in it; it ends with its last session.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        self.retire();
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(end) = end {
            let _ = end.send(());
        }
    }

    /// Kills it and waits until it is gone, so that its place is free.
    pub(crate) async fn end(&self) {
        self.kill();
        let until = Instant::now() + END_MAX;
        while !self.is_dead() && Instant::now() < until {
            sleep(Duration::from_millis(2)).await;
        }
    }

    fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_empty() { "it said nothing".to_owned() } else { said.trim().to_owned() }
    }
}

/// Waits for the end of a process, or brings it about.
async fn watch(mut child: Child, end: oneshot::Receiver<()>, dead: Arc<AtomicBool>, folder: PathBuf) {
    let input = child.stdin.take();
    tokio::select! {
        _ = child.wait() => {}
        killed = end => {
            if killed.is_err() {
                // Nobody needs it any more: it ends when its input does.
                drop(input);
                let _ = timeout(END_MAX, child.wait()).await;
            }
            let _ = child.kill().await;
        }
    }
    dead.store(true, Ordering::Release);
    let _ = std::fs::remove_dir_all(folder);
}

/// Keeps the beginning of what a worker says, and reads the rest so that it never blocks.
async fn listen(mut stderr: ChildStderr, said: Arc<Mutex<String>>) {
    let mut piece = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut piece).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < SAID_BYTES_MAX {
            said.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
    }
}

fn private_folder() -> std::io::Result<PathBuf> {
    let random = random_hex()?;
    let name = format!("seawall-{}-{}", std::process::id(), random.get(..12).unwrap_or_default());
    let folder = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

fn random_hex() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
