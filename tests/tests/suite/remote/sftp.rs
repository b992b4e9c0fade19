//! Files by SFTP, of OpenSSH.
//!
//! **Invariant.** The server has host keys, users and folders of its own, below a folder of this test.

use super::world::{World, expected, orders, until};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tests::process::{free_address, scratch};
use tests::proxy::Proxy;

/// The server, as Debian packs it.
const SSHD: &str = "/usr/sbin/sshd";
/// The password of the user, where the server may know one.
const PASSWORD: &str = "correct horse";

/// What somebody does to a file.
type Change<'a> = &'a dyn Fn(&Path);

/// A server with a folder.
struct Server {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
    has_password: bool,
}

impl Server {
    /// Nothing, said loudly, where there is no server to start.
    fn start() -> Option<Self> {
        if !Path::new(SSHD).is_file() {
            eprintln!("SKIPPED: {SSHD} is missing; install openssh-server");
            return None;
        }
        let folder = scratch("sshd").unwrap();
        let port = free_address().unwrap().port();
        for (key, kind) in [
            ("host", "ed25519"),
            ("host-ecdsa", "ecdsa"),
            ("host-rsa", "rsa"),
            ("user", "ed25519"),
            ("other", "ed25519"),
        ] {
            make_key(&folder.join(key), kind, "");
        }
        fs::create_dir_all(folder.join("inbound")).unwrap();
        let show = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nHostKey {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication yes\n\
             KbdInteractiveAuthentication no\nMaxStartups 100\nLogLevel ERROR\nSubsystem sftp internal-sftp\n",
            show("host"),
            show("host-ecdsa"),
            show("host-rsa"),
            show("user.pub")
        );
        fs::write(folder.join("sshd_config"), config).unwrap();
        let mut server = Self { folder, port, child: None, has_password: false };
        server.has_password = server.shadow();
        server.run();
        Some(server)
    }

    /// Writes a file of passwords of its own; false where it cannot be put in the place of the real one.
    fn shadow(&self) -> bool {
        let hash = Command::new("openssl").args(["passwd", "-6", PASSWORD]).output();
        let may = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
        let (Ok(hash), true) = (hash, may.is_ok_and(|status| status.success())) else { return false };
        let hash = String::from_utf8_lossy(&hash.stdout).trim().to_owned();
        let file = self.folder.join("shadow");
        fs::write(&file, format!("root:{hash}:20000:0:99999:7:::\nsshd:!:20000::::::\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        true
    }

    fn run(&mut self) {
        let serve = format!("exec {SSHD} -D -e -f {}/sshd_config", self.folder.display());
        // Who is root needs an empty folder for the part that has no rights; others need none, and cannot make it.
        drop(fs::create_dir("/run/sshd"));
        let mut command = if self.has_password {
            let mount = format!("mount --bind {}/shadow /etc/shadow && {serve}", self.folder.display());
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh", "-c", &mount]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &serve]);
            command
        };
        let log = fs::File::create(self.folder.join("log")).unwrap();
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        until(&format!("the server listens: {}", log()), || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Ends the server and all of its sessions at once.
    fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let mut all = vec![child.id()];
        let mut at = 0;
        while let Some(parent) = all.get(at).copied() {
            all.extend(children(parent));
            at += 1;
        }
        for process in &all {
            drop(Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status());
        }
        child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// Drops a file into the folder, as a whole.
    fn drop_file(&self, name: &str, content: &str) {
        let (part, file) = (self.folder.join("part"), self.folder.join("inbound").join(name));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&part, content).unwrap();
        fs::rename(part, file).unwrap();
    }

    /// The names in the folder, or in one below it.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join("inbound").join(folder)).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let mut names: Vec<_> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The fingerprint of a key.
    fn fingerprint(&self, key: &str) -> String {
        let output = Command::new("ssh-keygen").arg("-lf").arg(self.folder.join(key)).output().unwrap();
        String::from_utf8_lossy(&output.stdout).split(' ').nth(1).unwrap().to_owned()
    }

    /// The keys of a connection to this server, through a port.
    fn place(&self, port: u16, ready: &str) -> String {
        let (folder, host, user) = (self.folder.display(), self.fingerprint("host"), user());
        format!(
            "    path: sftp://127.0.0.1:{port}{folder}/inbound/*.csv\n    hostKey: {host}\n    \
             auth: {{ user: {user}, key: keys/user }}\n    ready: {ready}\n    done: done"
        )
    }

    fn world(&self, port: u16, ready: &str) -> World {
        let world = World::new(&self.place(port, ready));
        let keys = world.folder.join("project/keys");
        fs::create_dir(&keys).unwrap();
        fs::copy(self.folder.join("user"), keys.join("user")).unwrap();
        world.env("RIGHT", PASSWORD).env("WRONG", "wrong")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

fn make_key(file: &Path, kind: &str, passphrase: &str) {
    let mut make = Command::new("ssh-keygen");
    make.args(["-q", "-t", kind, "-N", passphrase, "-C", "", "-f"]).arg(file);
    assert!(make.status().unwrap().success(), "no key is made");
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let behind = stat.rsplit_once(") ").map_or("", |(_, behind)| behind);
        behind.split(' ').nth(1).and_then(|number| number.parse().ok()) == Some(parent)
    };
    numbers.filter(is_child).collect()
}

#[test]
fn files_of_an_sftp_server_are_published_once_and_put_away() {
    let Some(server) = Server::start() else { return };
    server.drop_file("a.csv", &orders(0, 1000, "first"));
    server.drop_file("b.csv", &orders(1000, 500, "second"));
    server.drop_file("b.ok", "");
    server.drop_file("a.ok", "");
    server.drop_file("c.csv", &orders(9000, 1, "unready"));
    server.drop_file("done/a.csv", "somebody else's");
    server.drop_file("bad.csv", "ID,TEXT\n1,one,too many\n");
    server.drop_file("bad.ok", "");
    let place = format!("{}\n    failed: bad/ones", server.place(server.port, "{ marker: \"{stem}.ok\" }"));
    let world = server.world(server.port, "now").with(&place);
    let ended = world.run_once();
    // One still waits for its marker, so not all was accepted; what is published is whole.
    assert!(ended.said.contains("c.ok is not there"), "{}", ended.said);
    let settled = |name: &str| (name.to_owned(), "settled".to_owned());
    let refused = ("bad.csv".to_owned(), "refused".to_owned());
    assert_eq!(ended.units(), [settled("a.csv"), settled("b.csv"), refused], "{}", ended.said);
    assert_eq!(server.names(""), ["c.csv"]);
    assert_eq!(server.names("bad/ones"), ["bad.csv", "bad.ok"]);
    assert_eq!(server.names("done"), ["a.csv", "a.csv.1", "a.ok", "b.csv", "b.ok"]);
    let done = |name: &str| fs::read_to_string(server.folder.join("inbound/done").join(name)).unwrap();
    assert_eq!(done("a.csv"), "somebody else's");
    assert_eq!(done("a.csv.1"), orders(0, 1000, "first"));
    // The same content under another name is nothing new.
    server.drop_file("again.csv", &orders(1000, 500, "second"));
    server.drop_file("again.ok", "");
    let ended = world.run_once();
    assert_eq!(ended.units(), [("again.csv".to_owned(), "duplicate".to_owned())], "{}", ended.said);
    assert!(world.run_once().units().is_empty());
    let mut all = expected(0, 1000, "first");
    all.extend(expected(1000, 500, "second"));
    assert_eq!(world.published(), all);
}

#[test]
fn a_server_with_another_host_key_and_one_that_does_not_know_us_are_told_apart() {
    let Some(server) = Server::start() else { return };
    server.drop_file("a.csv", &orders(0, 10, "x"));
    let place = server.place(server.port, "now");
    let check = |place: &str, parts: &[&str]| {
        let ended = server.world(server.port, "now").with(place).run_once();
        assert_ne!(ended.code, 0, "{}", ended.said);
        for part in parts {
            assert!(ended.said.contains(part), "{part} is not in: {}", ended.said);
        }
        assert_eq!(server.names(""), ["a.csv"]);
    };
    let (host, other) = (server.fingerprint("host"), server.fingerprint("other"));
    check(&place.replace(&host, &other), &[&host, &other, "somebody else may answer", "hostKey"]);
    let without: String =
        place.lines().filter(|line| !line.contains("hostKey")).map(|line| format!("{line}\n")).collect();
    check(&without, &["`hostKey` is missing", "write hostKey: SHA256:", "facade.yaml:8:11"]);
    let known = "    hostKey: known_hosts".to_owned();
    let by_file = place.replace(&format!("    hostKey: {host}"), &known);
    let line = |key: &str, port: u16| {
        let key = fs::read_to_string(server.folder.join(format!("{key}.pub"))).unwrap();
        format!("[127.0.0.1]:{port} {key}")
    };
    let foreign = server.world(server.port, "now").with(&by_file).file("known_hosts", &line("host", 1));
    let ended = foreign.run_once();
    assert!(ended.code != 0 && ended.said.contains("it has no key of [127.0.0.1]:"), "{}", ended.said);
    let user = user();
    let with = |auth: &str| place.replace(&format!("{{ user: {user}, key: keys/user }}"), auth);
    let wrong = with(&format!("{{ user: {user}, password: \"${{env:WRONG}}\" }}"));
    check(&wrong, &["does not let the user in with the password of `auth`", "publickey"]);
    let stranger = server.world(server.port, "now");
    fs::copy(server.folder.join("other"), stranger.folder.join("project/keys/user")).unwrap();
    let ended = stranger.run_once();
    assert!(ended.said.contains("does not let the user in with the key of `auth`"), "{}", ended.said);
    if server.has_password {
        let right = with(&format!("{{ user: {user}, password: \"${{env:RIGHT}}\" }}"));
        let world = server.world(server.port, "now").with(&right);
        assert_eq!(world.run_once().code, 0);
        server.drop_file("a.csv", &orders(0, 10, "y"));
    } else {
        eprintln!("SKIPPED: the right password, since the server may know none without being root");
    }
    let world =
        server.world(server.port, "now").with(&by_file).file("known_hosts", &line("host", server.port));
    let ended = world.run_once();
    assert_eq!(ended.code, 0, "{}", ended.said);
}

#[test]
fn keys_of_all_kinds_and_locked_ones_are_known_on_both_sides() {
    let Some(server) = Server::start() else { return };
    let passphrase = ", passphrase: \"${env:RIGHT}\"";
    for (host, kind, locked) in
        [("host", "rsa", ""), ("host-ecdsa", "ecdsa", ""), ("host-rsa", "ed25519", passphrase)]
    {
        server.drop_file("a.csv", &orders(0, 10, kind));
        for name in ["user", "user.pub"] {
            fs::remove_file(server.folder.join(name)).unwrap();
        }
        make_key(&server.folder.join("user"), kind, if locked.is_empty() { "" } else { PASSWORD });
        let place =
            server.place(server.port, "now").replace(&server.fingerprint("host"), &server.fingerprint(host));
        let place = place.replace("key: keys/user", &format!("key: keys/user{locked}"));
        let ended = server.world(server.port, "now").with(&place).run_once();
        assert_eq!(ended.code, 0, "{host} {kind}: {}", ended.said);
        assert_eq!(ended.units().len(), 1, "{host} {kind}: {}", ended.said);
    }
    let closed = server.world(server.port, "now").run_once();
    assert!(
        closed.said.contains("`auth.key` cannot be read") && closed.said.contains("`passphrase` opens"),
        "{}",
        closed.said
    );
}

#[test]
fn files_are_ready_once_several_listings_of_a_large_folder_show_the_same() {
    let Some(server) = Server::start() else { return };
    for n in 0..1203 {
        server.drop_file(&format!("{n:05}.csv"), &orders(n, 1, "one of many"));
    }
    let place = server.place(server.port, "{ stable: 500ms }").replace("*.csv", "*99.csv");
    let world = server.world(server.port, "now").with(&place);
    let ended = world.run_once();
    assert!(ended.units().is_empty(), "{}", ended.said);
    assert!(ended.said.contains("it has to stay as it is for 0.5 s"), "{}", ended.said);
    let ended = world.start("run-once", &["--json", "--wait", "20s"]).end();
    assert_eq!((ended.code, ended.units().len()), (0, 12), "{}", ended.said);
    assert_eq!(server.names("done").len(), 12);
    assert_eq!(server.names("").len(), 1191);
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_a_file_costs_nothing_but_time() {
    let Some(mut server) = Server::start() else { return };
    let count = 200_000;
    let content = orders(0, count, "a text that makes the file a little longer");
    server.drop_file("a.csv", &content);
    let proxy = Proxy::start(server.port).unwrap();
    let world = server.world(proxy.address.port(), "now");
    // In the first pass, and in the second.
    for part in [content.len() / 3, content.len() + content.len() / 2] {
        proxy.cut_after(u32::try_from(part).unwrap());
        let run = world.start("run-once", &["--json"]);
        until("the connection is cut", || !proxy.is_waiting());
        server.restart();
        std::thread::sleep(Duration::from_millis(300));
        let ended = run.end();
        assert_eq!(ended.code, 0, "{}", ended.said);
        assert_eq!(server.names("done"), ["a.csv"]);
        assert_eq!(world.published(), expected(0, count, "a text that makes the file a little longer"));
        fs::rename(server.folder.join("inbound/done/a.csv"), server.folder.join("inbound/a.csv")).unwrap();
        fs::remove_dir_all(world.folder.join("store")).unwrap();
        fs::remove_dir_all(world.folder.join("log")).unwrap();
    }
}

#[test]
fn a_file_of_an_sftp_server_that_changes_while_it_is_read_ends_with_a_reason() {
    let Some(server) = Server::start() else { return };
    let content = orders(0, 200_000, "a text that makes the file a little longer");
    let rows: [(&str, Change<'_>, &[&str]); 4] = [
        ("append", &|file| fs::write(file, format!("{content}1,x\n")).unwrap(), &["grew to"]),
        (
            "truncate",
            &|file| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(4_000_000).unwrap(),
            // It is seen by its size, or by the end that comes too early.
            &["has 4000000 now", "and ends after"],
        ),
        (
            "replace",
            &|file| server.drop_file(file.file_name().unwrap().to_str().unwrap(), &orders(0, 1, "new")),
            &["another file took its place"],
        ),
        ("remove", &|file| fs::remove_file(file).unwrap(), &["it was removed or renamed"]),
    ];
    for (name, change, parts) in rows {
        let proxy = Proxy::start(server.port).unwrap();
        let world = server.world(proxy.address.port(), "now");
        server.drop_file("a.csv", &content);
        // The connection stays, and is silent for a while.
        proxy.pause_after(u32::try_from(content.len() * 3 / 2).unwrap());
        let run = world.start("run-once", &["--json"]);
        until("the server is silent", || proxy.is_paused());
        change(&server.folder.join("inbound/a.csv"));
        proxy.resume();
        let ended = run.end();
        assert_eq!(ended.code, 1, "{name}: {}", ended.said);
        let is_told = ended.said.contains("the file changed while it was read")
            && parts.iter().any(|part| ended.said.contains(part));
        assert!(is_told, "{name}: {}", ended.said);
        assert_eq!(server.names("done"), Vec::<String>::new(), "{name}");
    }
}
