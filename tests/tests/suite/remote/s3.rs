//! Objects by S3, of a store that is not ours.
//!
//! **Invariant.** The store lets in only what is signed rightly by the judgement of botocore; it lives in memory.

use super::world::{World, expected, orders, until};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tests::process::{free_address, scratch};
use tests::proxy::Proxy;
use tests::shared::repository;

/// The store, of its own makers.
const MOTO: &str = "moto[s3,server]==5.2.1";
/// The bucket.
const BUCKET: &str = "bank";

/// A store with a bucket.
struct Store {
    folder: PathBuf,
    port: u16,
    child: Child,
    python: &'static Path,
}

/// Returns a Python that has the store: that of the system, or one of an environment that is made once.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let has_store = |python: &Path| {
        let mut import = Command::new(python);
        import.args(["-c", "import boto3, moto.server, flask_cors"]).stderr(Stdio::null());
        import.status().is_ok_and(|status| status.success())
    };
    let make = || {
        let system = PathBuf::from("python3");
        if has_store(&system) {
            return Some(system);
        }
        let folder = scratch("x").ok()?.parent()?.with_file_name("moto");
        let own = folder.join("bin/python");
        if !has_store(&own) {
            let quiet = |command: &mut Command| {
                command
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
            };
            let made = quiet(Command::new("python3").args(["-m", "venv"]).arg(&folder));
            if !made || !quiet(Command::new(&own).args(["-m", "pip", "install", "--quiet", MOTO, "boto3"])) {
                return None;
            }
        }
        has_store(&own).then_some(own)
    };
    PYTHON.get_or_init(make).as_deref()
}

impl Store {
    /// Nothing, said loudly, where there is no store to start.
    fn start() -> Option<Self> {
        let Some(python) = python() else {
            eprintln!("SKIPPED: moto cannot be had; install {MOTO} for python3");
            return None;
        };
        let (folder, port) = (scratch("moto").unwrap(), free_address().unwrap().port());
        let child = serve(python, &folder, port);
        let store = Self { folder, port, child, python };
        store.answers();
        Some(store)
    }

    fn answers(&self) {
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        until(&format!("the store listens: {}", log()), || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Does something by a client of other makers.
    fn client(&self, what: &str, args: &[&str]) -> Output {
        let url = format!("http://127.0.0.1:{}", self.port);
        let mut run = Command::new(self.python);
        let output = run.arg(script()).args([what, &url, BUCKET]).args(args).output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn put(&self, objects: &[(&str, &str)]) {
        let mut args = Vec::new();
        for (n, (key, content)) in objects.iter().enumerate() {
            let file = self.folder.join(format!("object-{n}"));
            fs::write(&file, content).unwrap();
            args.extend([(*key).to_owned(), file.display().to_string()]);
        }
        self.client("put", &args.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let output = self.client("list", &[prefix]);
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    fn get(&self, key: &str) -> String {
        String::from_utf8_lossy(&self.client("get", &[key]).stdout).into_owned()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

fn script() -> PathBuf {
    repository().join("tests/s3/store.py")
}

fn serve(python: &Path, folder: &Path, port: u16) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut run = Command::new(python);
    run.arg(script()).args(["serve", &port.to_string()]).current_dir(folder);
    run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn place(port: u16, path: &str, ready: &str) -> String {
    format!(
        "    path: s3://{BUCKET}/{path}\n    endpoint: http://127.0.0.1:{port}\n    \
         auth: {{ user: \"${{env:ACCESS}}\", password: \"${{env:SECRET}}\" }}\n    ready: {ready}\n    done: done"
    )
}

fn world(port: u16, path: &str, ready: &str) -> World {
    World::new(&place(port, path, ready)).env("ACCESS", "seawall-access").env("SECRET", "seawall-secret/+=")
}

#[test]
fn objects_of_a_bucket_are_published_once_and_put_away() {
    let Some(store) = Store::start() else { return };
    let (first, second) = (orders(0, 1000, "first"), orders(1000, 500, "second"));
    store.put(&[
        ("in/a b+ä%.csv", &first),
        ("in/b.csv", &second),
        ("in/c.csv", &orders(9000, 1, "unready")),
        ("in/list.mf", "a b+ä%.csv\nb.csv\n"),
        ("in/deeper/d.csv", &orders(9000, 1, "deeper")),
        ("in/done/b.csv", "somebody else's"),
        ("other.csv", &orders(9000, 1, "other")),
    ]);
    // A name with a blank cannot stand in a manifest, so the rule here is that of names.
    let world = world(store.port, "in/*.csv", "{ rename: c.csv }");
    let ended = world.run_once();
    let settled = |name: &str| (name.to_owned(), "settled".to_owned());
    assert_eq!(ended.units(), [settled("a b+ä%.csv"), settled("b.csv")], "{}", ended.said);
    let left = [
        "in/c.csv",
        "in/deeper/d.csv",
        "in/done/a b+ä%.csv",
        "in/done/b.csv",
        "in/done/b.csv.1",
        "in/list.mf",
    ];
    assert_eq!(store.keys("in/"), left);
    assert_eq!(store.get("in/done/b.csv"), "somebody else's");
    assert_eq!(store.get("in/done/b.csv.1"), second);
    // The same content under another name is nothing new; the same under its own name is there already.
    store.put(&[("in/again.csv", &second), ("in/a b+ä%.csv", &first)]);
    let ended = world.run_once();
    let duplicate = |name: &str| (name.to_owned(), "duplicate".to_owned());
    assert_eq!(ended.units(), [duplicate("a b+ä%.csv"), duplicate("again.csv")], "{}", ended.said);
    assert!(world.run_once().units().is_empty());
    assert_eq!(store.keys("in/done/").len(), 4);
    let mut all = expected(0, 1000, "first");
    all.extend(expected(1000, 500, "second"));
    assert_eq!(world.published(), all);
}

#[test]
fn markers_and_manifests_stand_beside_objects_too() {
    let Some(store) = Store::start() else { return };
    store.put(&[
        ("a.csv", &orders(0, 2, "x")),
        ("b.csv", &orders(5, 2, "x")),
        ("a.csv.ok", ""),
        ("b.mf", "b.csv 1\n"),
    ]);
    let ended = world(store.port, "*.csv", "{ manifest: \"*.mf\" }").run_once();
    assert!(ended.units().is_empty() && ended.said.contains("its manifest says 1"), "{}", ended.said);
    let ended = world(store.port, "*.csv", "{ marker: \"{name}.ok\" }").run_once();
    assert_eq!(ended.units(), [("a.csv".to_owned(), "settled".to_owned())], "{}", ended.said);
    assert_eq!(store.keys(""), ["b.csv", "b.mf", "done/a.csv", "done/a.csv.ok"]);
    let deleted = place(store.port, "*.csv", "now").replace("done: done", "done: delete");
    assert_eq!(world(store.port, "*.csv", "now").with(&deleted).run_once().code, 0);
    assert_eq!(store.keys(""), ["b.mf", "done/a.csv", "done/a.csv.ok"]);
}

#[test]
fn a_bucket_of_many_objects_is_listed_page_by_page() {
    let Some(store) = Store::start() else { return };
    store.put(&[("in/0.txt", "")]);
    store.client("many", &["in/", "1203"]);
    // Some of every page: the last one has 203 objects.
    let world = world(store.port, "in/*99.csv", "now");
    let ended = world.run_once();
    assert_eq!(ended.code, 0, "{}", ended.said);
    let names: Vec<String> = (0..12).map(|n| format!("{:05}.csv", n * 100 + 99)).collect();
    assert_eq!(ended.units().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
    assert_eq!(store.keys("in/done/").len(), 12);
    let numbers = world.published().into_keys().map(|(id, _)| id.parse::<usize>().unwrap());
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..12).map(|n| n * 100 + 99).collect::<Vec<_>>());
}

#[test]
fn a_store_that_does_not_know_us_or_the_bucket_is_told_in_words() {
    let Some(store) = Store::start() else { return };
    store.put(&[("a.csv", &orders(0, 2, "x"))]);
    let check = |world: World, parts: &[&str]| {
        let ended = world.run_once();
        assert_ne!(ended.code, 0, "{}", ended.said);
        for part in parts {
            assert!(ended.said.contains(part), "{part} is not in: {}", ended.said);
        }
        assert_eq!(store.keys(""), ["a.csv"]);
    };
    let known = || world(store.port, "*.csv", "now");
    check(
        known().env("SECRET", "another"),
        &["auth", "SignatureDoesNotMatch", "the signature is another one"],
    );
    check(known().env("ACCESS", "nobody"), &["nobody knows this access key"]);
    let nowhere = place(store.port, "*.csv", "now").replace("s3://bank/", "s3://bunk/");
    check(known().with(&nowhere), &["there is no bucket `bunk`"]);
    let without = place(store.port, "*.csv", "now").replace("{ user:", "{ accessKey:");
    check(known().with(&without), &["`auth` has no key `accessKey`", "`user` is missing"]);
    assert_eq!(known().run_once().code, 0);
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_ends_with_a_reason_and_an_outage_costs_only_time() {
    let Some(store) = Store::start() else { return };
    let text = "a text that makes the object a little longer";
    let content = orders(0, 200_000, text);
    let proxy = Proxy::start(store.port).unwrap();
    let world = world(proxy.address.port(), "in/*.csv", "now");
    let part = |times: usize| u32::try_from(content.len() * times / 4).unwrap();
    store.put(&[("in/a.csv", &content)]);
    proxy.pause_after(part(6));
    let run = world.start("run-once", &["--json"]);
    until("the store is silent", || proxy.is_paused());
    store.put(&[("in/a.csv", &content.replace("longer", "langer"))]);
    proxy.resume();
    let ended = run.end();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let is_told = ended.said.contains("the file changed while it was read")
        && ended.said.contains("another object took");
    assert!(is_told, "{}", ended.said);
    assert_eq!(store.keys("in/"), ["in/a.csv"]);

    // The rest goes on where the log has the records of before; what was changed is another file.
    store.put(&[("in/a.csv", &content)]);
    for times in [2, 5] {
        proxy.cut_after(part(times));
        let run = world.start("run-once", &["--json"]);
        until("the connection is cut", || !proxy.is_waiting());
        std::thread::sleep(Duration::from_millis(300));
        let ended = run.end();
        assert_eq!(ended.code, 0, "{}", ended.said);
        if times == 2 {
            assert_eq!(world.published(), expected(0, 200_000, text));
            store.put(&[("in/b.csv", &orders(500_000, 200_000, text))]);
        }
    }
    let mut all = expected(0, 200_000, text);
    all.extend(expected(500_000, 200_000, text));
    assert_eq!(world.published(), all);
    assert_eq!(store.keys("in/"), ["in/done/a.csv", "in/done/b.csv"]);
}
