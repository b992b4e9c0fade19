//! A project in a folder of its own, with its inbox, its store, and the real binary working through it.
//!
//! **Invariant.** Files appear in the inbox whole, under their name; every run of the binary is bounded in time.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests::process::scratch;
use tests::seawall;

/// Longest run of the binary.
const RUN_TIMEOUT: Duration = Duration::from_secs(400);

/// A project and what belongs to it.
pub(crate) struct World {
    /// The folder of all.
    pub(crate) folder: PathBuf,
    env: Vec<(String, String)>,
    /// The overlay.
    overlay: Option<&'static str>,
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: i32,
    /// The summary.
    pub(crate) summary: Value,
    /// Everything it said.
    pub(crate) said: String,
}

/// A run under way; it is killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    out: PathBuf,
    log: PathBuf,
}

impl World {
    /// Copies a project, and changes its mapping.
    pub(crate) fn of(committed: &Path, change: impl FnOnce(String) -> String) -> Self {
        let folder = scratch("files").unwrap();
        let project = folder.join("project");
        fs::create_dir_all(folder.join("inbox")).unwrap();
        tests::bench::copy(committed, &project).unwrap();
        let file = project.join("facade.yaml");
        let mapping = change(fs::read_to_string(&file).unwrap());
        fs::write(&file, mapping).unwrap();
        let env = [("ACH_FOLDER", folder.join("inbox")), ("LOG_FOLDER", folder.join("log"))];
        let env = env.map(|(name, path)| (name.to_owned(), path.display().to_string()));
        Self { folder, env: env.into(), overlay: None }
    }

    /// Sets a variable of the environment, the one before of that name gone.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(own, _)| own != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Publishes to this broker.
    pub(crate) fn kafka(self, address: &str) -> Self {
        self.env("KAFKA_BROKERS", address)
    }

    /// Applies an overlay.
    pub(crate) fn overlay(mut self, name: &'static str) -> Self {
        self.overlay = Some(name);
        self
    }

    /// The environment of the binary.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        self.env.clone()
    }

    /// The project's folder.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// Where files are dropped.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.folder.join("inbox")
    }

    /// Rewrites the mapping.
    pub(crate) fn change(&self, change: impl FnOnce(String) -> String) {
        let file = self.project().join("facade.yaml");
        let before = fs::read_to_string(&file).unwrap();
        let after = change(before.clone());
        assert_ne!(before, after, "nothing was changed");
        fs::write(&file, after).unwrap();
    }

    /// Drops a file, as a whole.
    pub(crate) fn drop_file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let (part, file) = (self.folder.join("part"), self.inbox().join(name));
        fs::write(&part, bytes).unwrap();
        fs::rename(&part, &file).unwrap();
        file
    }

    /// The names in the inbox, or in a folder of it.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.inbox().join(folder)).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let mut names: Vec<_> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Starts a command of the binary.
    pub(crate) fn start(&self, command: &str, args: &[&str]) -> Running {
        let (out, log) = (self.folder.join("out"), self.folder.join("err"));
        let mut run = Command::new("setpriv");
        run.args(["--pdeathsig", "KILL"]).arg(seawall()).arg(command).arg(self.project());
        run.args(args).args(self.overlay.iter().flat_map(|name| ["--env", name]));
        run.arg("--store").arg(self.folder.join("store"));
        run.env("KAFKA_BROKERS", "127.0.0.1:1").envs(self.env.iter().map(|(name, value)| (name, value)));
        run.stdin(Stdio::null()).stdout(fs::File::create(&out).unwrap());
        run.stderr(fs::File::create(&log).unwrap());
        Running { child: run.spawn().unwrap(), out, log }
    }

    /// Works through what is in the inbox.
    pub(crate) fn run_once(&self) -> Ended {
        self.start("run-once", &["--json"]).end()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

impl Running {
    /// Returns a figure of `/proc/PID/io`: what it has read or written so far, from or to whatever.
    pub(crate) fn io(&self, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.and_then(|figure| figure.parse().ok()).unwrap_or(0)
    }

    /// Returns everything that it has said so far.
    pub(crate) fn said(&self) -> String {
        [&self.out, &self.log].map(|file| fs::read_to_string(file).unwrap_or_default()).concat()
    }

    /// Returns whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until something is so, and says whether it is; not longer than it runs.
    pub(crate) fn until(&mut self, mut so: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + RUN_TIMEOUT;
        while !so(self) {
            if !self.runs() || Instant::now() > end {
                return so(self);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Ends it at once, as `kill -9` does; whether it ran until now.
    pub(crate) fn kill(&mut self) -> bool {
        let ran = self.runs();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        ran
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let end = Instant::now() + RUN_TIMEOUT;
        while self.runs() {
            assert!(Instant::now() < end, "it does not end:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let out = fs::read_to_string(&self.out).unwrap_or_default();
        let summary = serde_json::from_str(&out).unwrap_or(Value::Null);
        Ended { code, summary, said: self.said() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Ended {
    /// Returns what the summary says of a unit.
    pub(crate) fn unit(&self, name: &str) -> &Value {
        let units = self.summary["units"].as_array().map_or(&[][..], Vec::as_slice);
        units.iter().find(|unit| unit["name"] == name).unwrap_or(&Value::Null)
    }
}
