//! The house rules that a machine can check: who knows whom, what a file begins with, which words stay out.
//!
//! **Invariant.** One table says which room knows which; a dependency that it does not list is a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tests::shared::repository;

/// Room, and the rooms it may know. This table is the architecture.
const ROOMS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("engine", &["kernel"]),
    ("adapters/ports", &["kernel"]),
    ("adapters/layers", &["kernel", "adapters-ports"]),
    ("adapters/client", &["kernel", "adapters-ports"]),
    ("adapters/soap", &["kernel", "adapters-ports", "adapters-client"]),
    ("adapters/sql", &["kernel", "adapters-ports", "adapters-sql-protocol"]),
    ("adapters/sql/protocol", &[]),
    ("adapters/sql/odbc", &["adapters-sql-protocol"]),
    ("adapters/log", &["kernel", "adapters-ports"]),
    ("adapters/files", &["kernel", "adapters-ports", "adapters-client"]),
    ("adapters/kafka", &["kernel", "adapters-ports"]),
    ("adapters/testkit", &[]),
    (
        "gateway",
        &[
            "kernel",
            "engine",
            "adapters-ports",
            "adapters-layers",
            "adapters-client",
            "adapters-soap",
            "adapters-sql",
            "adapters-log",
            "adapters-files",
            "adapters-kafka",
        ],
    ),
    ("contracts", &["kernel", "engine", "adapters-ports", "gateway"]),
    (
        "tests",
        &[
            "kernel",
            "engine",
            "adapters-ports",
            "adapters-soap",
            "adapters-kafka",
            "adapters-testkit",
            "gateway",
        ],
    ),
];

/// Outside crates that only one room may name, beside the tests.
const OWNED: &[(&str, &str)] = &[
    ("actix-web", "gateway"),
    ("rusqlite", "gateway"),
    ("jsonwebtoken", "gateway"),
    ("rdkafka", "adapters/kafka"),
    ("russh", "adapters/files"),
    ("rusty-s3", "adapters/files"),
];

/// Outside crates that the pure rooms must not name: they do I/O, read clocks or spawn.
const IMPURE: &[&str] = &["tokio", "actix-web", "rusqlite", "rustls", "tracing", "moka", "futures-util"];

/// Words of protocols, which stay out of the rooms that know none.
const PROTOCOL_WORDS: &[&str] = &["soap", "kafka", "copybook", "mqtt", "wsdl", "odbc", "jdbc"];

#[test]
fn every_room_knows_only_the_rooms_of_the_table() {
    let known: BTreeMap<&str, &&[&str]> = ROOMS.iter().map(|(room, may)| (*room, may)).collect();
    let names: BTreeSet<String> = known.keys().map(|room| room.replace('/', "-")).collect();
    for (room, may) in &known {
        for dependency in dependencies(room) {
            assert!(
                !names.contains(&dependency) || may.contains(&dependency.as_str()),
                "{room} must not know {dependency}"
            );
        }
    }
}

#[test]
fn every_member_of_the_workspace_is_in_the_table_and_is_named_after_its_path() {
    let manifest = read(&repository().join("Cargo.toml"));
    let members: Vec<&str> = manifest
        .lines()
        .skip_while(|line| !line.starts_with("members"))
        .skip(1)
        .take_while(|line| !line.starts_with(']'))
        .map(|line| line.trim().trim_matches([',', '"']))
        .collect();
    assert!(members.len() >= 9, "the list of members was not found");
    for member in members {
        assert!(ROOMS.iter().any(|(room, _)| *room == member), "{member} is not in the table");
        let name = format!("name = \"{}\"", member.replace('/', "-"));
        assert!(
            read(&repository().join(member).join("Cargo.toml")).contains(&name),
            "{member} has another name"
        );
    }
}

#[test]
fn only_its_owner_names_an_owned_crate_and_the_pure_rooms_stay_pure() {
    for (room, _) in ROOMS {
        let named = dependencies(room);
        for (crate_, owner) in OWNED {
            assert!(
                room == owner || *room == "tests" || !named.contains(*crate_),
                "{room} names {crate_}, which {owner} owns"
            );
        }
        if matches!(*room, "kernel" | "engine") {
            for crate_ in IMPURE {
                assert!(!named.contains(*crate_), "{room} is pure and must not name {crate_}");
            }
        }
    }
}

#[test]
fn protocol_words_stay_out_of_the_rooms_that_know_no_protocol() {
    for room in ["kernel", "engine", "adapters/layers"] {
        for file in sources(room).into_iter().filter(|file| !is_test(file) && !names_keys(file)) {
            for (n, line) in code_lines(&file) {
                let line = line.to_lowercase();
                for word in PROTOCOL_WORDS {
                    assert!(!line.contains(word), "{}:{n} says {word}", file.display());
                }
            }
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is_and_what_it_never_does() {
    for (room, _) in ROOMS {
        for file in sources(room) {
            let text = read(&file);
            let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
            assert!(!head.is_empty(), "{} has no header", file.display());
            // What tests never do needs no telling.
            assert!(
                is_test(&file) || head.iter().any(|line| line.contains("**Invariant.**")),
                "{} names no invariant",
                file.display()
            );
        }
    }
}

#[test]
fn no_status_code_is_chosen_outside_of_problem_rs() {
    for file in sources("gateway") {
        if file.ends_with("problem.rs") {
            continue;
        }
        for (n, line) in code_lines(&file) {
            assert!(
                !line.contains("StatusCode::INTERNAL_SERVER_ERROR")
                    && !line.contains("StatusCode::BAD_GATEWAY"),
                "{}:{n} chooses a status",
                file.display()
            );
        }
    }
}

#[test]
fn nothing_blocks_the_merge() {
    for (room, _) in ROOMS {
        for file in sources(room) {
            for (n, line) in read(&file).lines().enumerate() {
                assert!(!line.contains(concat!("FIX", "ME")), "{}:{}", file.display(), n + 1);
            }
        }
    }
}

fn dependencies(room: &str) -> BTreeSet<String> {
    let manifest = read(&repository().join(room).join("Cargo.toml"));
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with("[[") && !line.starts_with("[dev-") && !line.starts_with("[lib"))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with(['#', '[']))
        .map(str::to_owned)
        .collect()
}

/// Whether a file holds keys and codes of the language as data, some of which are named after a protocol.
fn names_keys(file: &Path) -> bool {
    const TABLES: &[&str] = &["engine/src/lang/table", "engine/src/lang/overlay", "engine/src/diagnostics"];
    let path = file.strip_prefix(repository()).unwrap_or(file).to_string_lossy().into_owned();
    TABLES.iter().any(|table| path.starts_with(table))
}

/// Whether a file holds only tests: `tests.rs`, or one below a folder of that name.
fn is_test(file: &Path) -> bool {
    file.ends_with("tests.rs")
        || file.components().any(|part| part.as_os_str() == "tests")
            && !file.starts_with(repository().join("tests"))
}

fn code_lines(file: &Path) -> Vec<(usize, String)> {
    read(file)
        .lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(n, line)| (n + 1, line.to_owned()))
        .collect()
}

fn sources(room: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![repository().join(room).join("src")];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries.map(|entry| entry.expect("a folder can be listed").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                found.push(entry);
            }
        }
    }
    assert!(!found.is_empty(), "{room} has no sources");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
