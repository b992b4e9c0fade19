//! A PostgreSQL of its own, on a free port, which ends with its guard.
//!
//! **Invariant.** It answers on loopback only, and it never runs as root, since it refuses to.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; user `seawall` needs no password.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Starts it; nothing, said loudly, where it is not installed.
    pub(super) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED: PostgreSQL is not installed; run tests/setup.sh test");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("seawall-postgres-{}-{port}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let data = folder.join("data");
        run(program(&programs, "initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "seawall", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
            .current_dir("/"));
        let log = fs::File::create(folder.join("log")).unwrap();
        let child = program(&programs, "postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .current_dir("/")
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { child, folder, port };
        let started = Instant::now();
        while !server.client(&programs).args(["-c", "SELECT 1"]).output().unwrap().status.success() {
            assert!(started.elapsed() < Duration::from_secs(60), "{}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("jdbc:postgresql://127.0.0.1:{}/{database}", self.port)
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Runs statements, each in a transaction of its own.
    pub(super) fn run(&self, sql: &str) {
        let mut client = self.client(&programs().unwrap());
        let mut child =
            client.args(["-v", "ON_ERROR_STOP=1", "-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    fn client(&self, programs: &std::path::Path) -> Command {
        let mut command = Command::new(programs.join("psql"));
        let port = self.port.to_string();
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "seawall", "-d", "postgres", "-q", "-X"]);
        command.env("PGCLIENTENCODING", "UTF8").stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An interrupt ends it and its children at once and in order.
        let told = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        if !told.is_ok_and(|told| told.success()) {
            drop(self.child.kill());
        }
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The folder of the programs of the newest version that is there.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).max()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

/// A program of the product, run by a user that it accepts.
fn program(programs: &std::path::Path, name: &str) -> Command {
    let path = programs.join(name);
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
