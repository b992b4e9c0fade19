//! A project that reads a small CSV of another machine into the embedded log.
//!
//! **Invariant.** Every run of the binary is bounded in time, and what the log holds is read by HTTP.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tests::process::scratch;
use tests::{Facade, FacadeOptions, KeySet, seawall};

/// Longest run of the binary.
const RUN_TIMEOUT: Duration = Duration::from_secs(180);

/// A project and what belongs to it.
pub(super) struct World {
    /// The folder of all.
    pub(super) folder: PathBuf,
    env: Vec<(String, String)>,
}

/// A run that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) summary: Value,
    /// Everything it said.
    pub(super) said: String,
}

/// A run under way; it is killed when it is dropped.
pub(super) struct Running {
    child: Child,
    out: PathBuf,
    log: PathBuf,
}

impl World {
    /// Makes a project whose files are where these keys say.
    pub(super) fn new(place: &str) -> Self {
        let folder = scratch("remote").unwrap();
        let project = folder.join("project");
        fs::create_dir(&project).unwrap();
        let world = Self { folder, env: Vec::new() };
        let log = world.folder.join("log");
        world.env("LOG_FOLDER", &log.display().to_string()).with(place)
    }

    /// Rewrites the mapping.
    pub(super) fn with(self, place: &str) -> Self {
        let mapping = format!(
            r#"facade: remote
format: 1
title: Orders of a shop on another machine
auth: {{ type: none }}
connections:
  shop:
    type: files
{place}
    poll: 100ms
    limits: {{ batch: 32KiB }}
    format: {{ type: csv, header: true, columns: [ID, TEXT] }}
  bus:
    type: log
    path: ${{env:LOG_FOLDER}}
models:
  Order:
    legacy: shop/record
    key: id
    fields:
      file: $file
      id:   ID
      text: TEXT
events:
  Order:
    topic: bus/orders
    type: com.example.shop.order
"#
        );
        fs::write(self.folder.join("project/facade.yaml"), mapping).unwrap();
        self
    }

    /// Sets a variable of the environment.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(own, _)| own != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file of the project.
    pub(super) fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.folder.join("project").join(name), content).unwrap();
        self
    }

    /// Starts a command of the binary.
    pub(super) fn start(&self, command: &str, args: &[&str]) -> Running {
        let (out, log) = (self.folder.join("out"), self.folder.join("err"));
        let mut run = Command::new("setpriv");
        run.args(["--pdeathsig", "KILL"])
            .arg(seawall())
            .arg(command)
            .arg(self.folder.join("project"))
            .args(args);
        if command != "check" {
            run.arg("--store").arg(self.folder.join("store"));
        }
        run.envs(self.env.iter().map(|(name, value)| (name, value)));
        run.stdin(Stdio::null()).stdout(fs::File::create(&out).unwrap());
        run.stderr(fs::File::create(&log).unwrap());
        Running { child: run.spawn().unwrap(), out, log }
    }

    /// Works through what is there.
    pub(super) fn run_once(&self) -> Ended {
        self.start("run-once", &["--json", "--wait", "0s"]).end()
    }

    /// Returns what the log holds: how often each text of each order is there.
    pub(super) fn published(&self) -> BTreeMap<(String, String), usize> {
        let options = FacadeOptions {
            project: &self.folder.join("project"),
            env: self.env.clone(),
            args: Vec::new(),
            keys: &KeySet::new("https://idp.example", "nobody"),
            store: Some(self.folder.join("store")),
        };
        let facade = Facade::start(&options).unwrap();
        let mut client = facade.client();
        let (mut found, mut after) = (BTreeMap::new(), String::new());
        loop {
            let page = client.get(&format!("/events/orders?limit=1000{after}")).unwrap();
            assert_eq!(page.status, 200, "{}", page.text());
            let before = after.clone();
            for line in page.text().lines() {
                let event: Value = serde_json::from_str(line).unwrap();
                after = format!("&after={}", event["cursor"].as_str().unwrap());
                let text = |name: &str| event["data"][name].as_str().unwrap().to_owned();
                *found.entry((text("id"), text("text"))).or_insert(0) += 1;
            }
            if before == after {
                return found;
            }
        }
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
    /// Waits for its end.
    pub(super) fn end(mut self) -> Ended {
        let end = Instant::now() + RUN_TIMEOUT;
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < end, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        let [out, log] = [&self.out, &self.log].map(|file| fs::read_to_string(file).unwrap_or_default());
        Ended { code, summary: serde_json::from_str(&out).unwrap_or(Value::Null), said: out + &log }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Ended {
    /// Returns the names of the units and what became of them.
    pub(super) fn units(&self) -> Vec<(String, String)> {
        let text = |unit: &Value, key: &str| unit[key].as_str().unwrap_or_default().to_owned();
        let units = self.summary["units"].as_array().cloned().unwrap_or_default();
        units.iter().map(|unit| (text(unit, "name"), text(unit, "outcome"))).collect()
    }
}

/// Orders from one number on, as a CSV.
pub(super) fn orders(from: usize, count: usize, text: &str) -> String {
    let lines = (from..from + count).map(|n| format!("{n},{text} {n}\n"));
    std::iter::once("ID,TEXT\n".to_owned()).chain(lines).collect()
}

/// What the log holds of such orders.
pub(super) fn expected(from: usize, count: usize, text: &str) -> BTreeMap<(String, String), usize> {
    (from..from + count).map(|n| ((n.to_string(), format!("{text} {n}")), 1)).collect()
}

/// Waits until something is so.
pub(super) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < end, "it does not come to that: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
