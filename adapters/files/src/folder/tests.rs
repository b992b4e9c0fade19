//! What a folder lists, when files are ready, where they go.

use super::*;
use adapters_ports::UnitEnd;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

struct Temp(PathBuf);

impl Temp {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("seawall-folder-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, and lets it be so many seconds old.
    fn file(&self, name: &str, text: &str, age: u64) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let written = SystemTime::now() - Duration::from_secs(age);
        File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
        path
    }

    fn place(&self, glob: &str, ready: Ready) -> Place {
        Place {
            folder: self.0.clone(),
            glob: Glob::parse(glob).unwrap(),
            ready,
            order: Order::Name,
            done: After::Leave,
            failed: None,
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut open = vec![self.0.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => open.push(path),
                    false => names.push(path.strip_prefix(&self.0).unwrap().display().to_string()),
                }
            }
        }
        names.sort();
        names
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn local(place: Place) -> Folder {
    let store = Arc::new(Local::new(place.folder.clone()));
    Folder::new(place, store)
}

fn ready(folder: &Folder) -> Vec<String> {
    folder.list().unwrap().ready.iter().map(|unit| unit.name.to_string()).collect()
}

fn waiting(folder: &Folder) -> Vec<(String, String)> {
    folder.list().unwrap().waiting.into_iter().map(|(name, why)| (name.to_string(), why)).collect()
}

#[test]
fn wildcards_stand_for_what_they_should() {
    let check = |glob: &str, name: &str, expected: bool| {
        assert_eq!(Glob::parse(glob).unwrap().matches(name), expected, "{glob} on {name}");
    };
    check("*.DAT", "A.DAT", true);
    check("*.DAT", "A.DAT.tmp", false);
    check("*.DAT", "x/A.DAT", false);
    check("TRX*.D?T", "TRX20260331.DAT", true);
    check("*a*b*", "xxaxxbxx", true);
    check("*a*b*", "xxbxxaxx", false);
    check("[A-C]x", "Bx", true);
    check("[!A-C]x", "Bx", false);
    check("**/*.csv", "a.csv", true);
    check("**/*.csv", "a/b/c.csv", true);
    check("in/**/x", "in/a/b/x", true);
    check("in/**/x", "out/a/b/x", false);
    check("*", ".hidden", false);
    check(".*", ".hidden", true);
    let long = "a".repeat(2000);
    check(&"*a".repeat(100), &format!("{long}b"), false);
    for wrong in ["a/../b", "a//b", "in/**", "[a"] {
        assert!(Glob::parse(wrong).is_err(), "{wrong}");
    }
    let split = |path: &str| Glob::split(path).map(|(folder, _)| folder);
    assert_eq!(split("/in/a/*.DAT").as_deref(), Ok("/in/a"));
    assert_eq!(split("in/*/x").as_deref(), Ok("in"));
    assert_eq!(split("a.csv").as_deref(), Ok("."));
    assert_eq!(split("/*.csv").as_deref(), Ok("/"));
    assert!(split("/in/").unwrap_err().contains("names a folder"));
}

#[test]
fn a_file_is_ready_once_nobody_writes_to_it() {
    let temp = Temp::new("stable");
    temp.file("old.DAT", "x", 60);
    temp.file("new.DAT", "x", 0);
    let folder = local(temp.place("*.DAT", Ready::Stable(Duration::from_millis(300))));
    assert_eq!(ready(&folder), ["old.DAT"]);
    assert!(waiting(&folder)[0].1.contains("stay as it is for 0.3 s"));
    std::thread::sleep(Duration::from_millis(200));
    temp.file("new.DAT", "xy", 0);
    assert_eq!(waiting(&folder), [("new.DAT".into(), "its size or time still changes".into())]);
    std::thread::sleep(Duration::from_millis(350));
    assert_eq!(ready(&folder), ["new.DAT", "old.DAT"]);
}

#[test]
fn markers_names_and_manifests_say_what_is_ready() {
    let temp = Temp::new("rules");
    for name in ["a.DAT", "b.DAT", "b.DAT.done", "c.DAT", "c.ok", "d.tmp"] {
        temp.file(name, "12345", 0);
    }
    let check = |glob: &str, rule: Ready, expected: &[&str]| {
        let folder = local(temp.place(glob, rule));
        assert_eq!(ready(&folder), expected);
        waiting(&folder)
    };
    let why = check("*", Ready::Marker("{name}.done".into()), &["b.DAT"]);
    assert!(why.contains(&("a.DAT".into(), "a.DAT.done is not there".into())), "{why:?}");
    assert!(!why.iter().any(|(name, _)| name == "b.DAT.done"), "{why:?}");
    check("*.DAT", Ready::Marker("{stem}.ok".into()), &["c.DAT"]);
    let why = check(
        "*",
        Ready::Renamed(Glob::parse("*.tmp").unwrap()),
        &["a.DAT", "b.DAT", "b.DAT.done", "c.DAT", "c.ok"],
    );
    assert!(why[0].1.contains("not renamed yet"), "{why:?}");
    temp.file("list.mf", "a.DAT 5\n7;b.DAT\n\nc.DAT\n", 0);
    let manifest = || Ready::Manifest(Glob::parse("*.mf").unwrap());
    let why = check("*.DAT", manifest(), &["a.DAT", "c.DAT"]);
    assert_eq!(why, [("b.DAT".into(), "it has 5 bytes, and its manifest says 7".into())]);
    temp.file("list.mf", "a.DAT is here\n", 0);
    let why = check("*.DAT", manifest(), &[]);
    assert!(why[0].1.contains("list.mf: line 1 is no name with a size"), "{why:?}");
    check("*.DAT", Ready::Now, &["a.DAT", "b.DAT", "c.DAT"]);
}

#[test]
fn files_are_listed_in_their_order_and_put_away_files_are_not() {
    let temp = Temp::new("order");
    temp.file("b.DAT", "1", 30);
    temp.file("a.DAT", "333", 10);
    temp.file("sub/c.DAT", "22", 20);
    temp.file("done/d.DAT", "4444", 20);
    let check = |order, expected: [&str; 3]| {
        let place = temp.place("**/*.DAT", Ready::Now);
        let place = Place { order, done: After::Move(temp.0.join("done")), ..place };
        assert_eq!(ready(&local(place)), expected, "{order:?}");
    };
    check(Order::Name, ["a.DAT", "b.DAT", "sub/c.DAT"]);
    check(Order::Time, ["b.DAT", "sub/c.DAT", "a.DAT"]);
    check(Order::Size, ["b.DAT", "sub/c.DAT", "a.DAT"]);
    check(Order::Largest, ["a.DAT", "sub/c.DAT", "b.DAT"]);
}

#[test]
fn only_regular_files_of_the_folder_are_read() {
    let (temp, outside) = (Temp::new("regular"), Temp::new("outside"));
    let secret = outside.file("secret", "x", 0);
    let own = temp.file("own.DAT", "x", 0);
    std::os::unix::fs::symlink(&secret, temp.0.join("out.DAT")).unwrap();
    std::os::unix::fs::symlink(&own, temp.0.join("in.DAT")).unwrap();
    std::os::unix::fs::symlink("nothing", temp.0.join("dangling.DAT")).unwrap();
    fs::create_dir(temp.0.join("folder.DAT")).unwrap();
    let folder = local(temp.place("*.DAT", Ready::Now));
    assert_eq!(ready(&folder), ["in.DAT", "own.DAT"]);
    let why = waiting(&folder);
    assert!(
        why.iter().any(|(name, why)| name == "out.DAT" && why.contains("leads out of the folder")),
        "{why:?}"
    );
    let unit = UnitRef { name: "../secret".into(), stamp: "".into() };
    assert!(folder.open(&unit).unwrap_err().to_string().contains("leads out of the folder"));
    let gone = local(Place { folder: temp.0.join("nowhere"), ..temp.place("*", Ready::Now) });
    assert!(gone.list().unwrap_err().to_string().contains("the folder cannot be read"));
}

#[test]
fn a_file_that_changed_since_it_was_listed_is_not_opened() {
    let temp = Temp::new("listed");
    temp.file("a.DAT", "x", 9);
    let folder = local(temp.place("*.DAT", Ready::Now));
    let unit = folder.list().unwrap().ready.remove(0);
    folder.open(&unit).unwrap();
    temp.file("a.DAT", "y", 8);
    assert!(folder.open(&unit).unwrap_err().to_string().contains("changed since it was listed"));
    fs::remove_file(temp.0.join("a.DAT")).unwrap();
    assert!(folder.open(&unit).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn a_file_that_was_read_goes_where_the_mapping_says_and_over_nothing() {
    use UnitEnd::{Duplicate, Left, Refused, Settled};
    let check = |done: fn(&Path) -> After, failed: bool, how: UnitEnd, expected: &[&str]| {
        let temp = Temp::new("finish");
        temp.file("sub/a.DAT", "new", 0);
        temp.file("sub/a.DAT.ok", "", 0);
        temp.file("done/sub/a.DAT", "old", 0);
        let failed = failed.then(|| temp.0.join("failed"));
        let place = temp.place("sub/*.DAT", Ready::Marker("{name}.ok".into()));
        let folder = local(Place { done: done(&temp.0), failed, ..place });
        let unit = folder.list().unwrap().ready.remove(0);
        let (_, finish) = folder.open(&unit).unwrap();
        finish.end(how).unwrap();
        assert_eq!(temp.names(), expected, "{how:?}");
        assert_eq!(fs::read_to_string(temp.0.join("done/sub/a.DAT")).unwrap(), "old");
    };
    let to_done: fn(&Path) -> After = |root| After::Move(root.join("done"));
    let delete: fn(&Path) -> After = |_| After::Delete;
    let leave: fn(&Path) -> After = |_| After::Leave;
    let all = ["done/sub/a.DAT", "sub/a.DAT", "sub/a.DAT.ok"];
    check(to_done, false, Settled, &["done/sub/a.DAT", "done/sub/a.DAT.1", "done/sub/a.DAT.ok"]);
    check(to_done, false, Duplicate, &["done/sub/a.DAT", "done/sub/a.DAT.1", "done/sub/a.DAT.ok"]);
    check(delete, false, Settled, &["done/sub/a.DAT"]);
    check(leave, false, Settled, &all);
    check(to_done, false, Left, &all);
    check(to_done, false, Refused, &all);
    check(to_done, true, Refused, &["done/sub/a.DAT", "failed/sub/a.DAT", "failed/sub/a.DAT.ok"]);
}

#[test]
fn a_file_that_took_the_place_of_the_one_that_was_read_is_left() {
    let temp = Temp::new("replaced");
    temp.file("a.DAT", "x", 9);
    let place = Place { done: After::Delete, ..temp.place("*.DAT", Ready::Now) };
    let folder = local(place);
    let unit = folder.list().unwrap().ready.remove(0);
    let (_, finish) = folder.open(&unit).unwrap();
    temp.file("b", "y", 9);
    fs::rename(temp.0.join("b"), temp.0.join("a.DAT")).unwrap();
    assert!(finish.end(UnitEnd::Settled).unwrap_err().contains("another file now"));
    assert_eq!(temp.names(), ["a.DAT"]);
}

#[test]
fn a_move_that_was_interrupted_is_completed() {
    let temp = Temp::new("interrupted");
    let path = temp.file("a.DAT", "x", 9);
    let place = Place { done: After::Move(temp.0.join("done")), ..temp.place("*.DAT", Ready::Now) };
    let folder = local(place);
    fs::create_dir(temp.0.join("done")).unwrap();
    fs::hard_link(&path, temp.0.join("done/a.DAT")).unwrap();
    let unit = folder.list().unwrap().ready.remove(0);
    let (_, finish) = folder.open(&unit).unwrap();
    finish.end(UnitEnd::Duplicate).unwrap();
    assert_eq!(temp.names(), ["done/a.DAT"]);
}
