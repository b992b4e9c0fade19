//! The keys of a connection as they are written, and what is wrong with them.

use super::*;
use crate::folder::{After, Glob, Order, Ready};
use crate::nodes::node;
use std::path::PathBuf;

/// A project without files.
#[derive(Debug)]
struct Project;

impl ProjectFiles for Project {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no {path}"))
    }

    fn root(&self) -> Option<&Path> {
        Some(Path::new("/project"))
    }
}

fn config(text: &str) -> Result<Config, Vec<String>> {
    let node = node(text);
    let settings = Settings { name: "in", node: &node, offline: true };
    let found = read(&settings, &Project);
    found.map_err(|wrong| wrong.into_iter().map(|found| found.message).collect())
}

#[test]
fn a_connection_with_few_keys_has_the_defaults_that_the_reference_prints() {
    let found = config("{ path: in/*.csv, format: { type: csv, columns: [A] } }").unwrap();
    let place = found.place.unwrap().0;
    assert_eq!(place.folder, PathBuf::from("/project/in"));
    assert_eq!((place.ready, place.order), (Ready::Stable(Duration::from_secs(10)), Order::Name));
    assert_eq!((place.done, place.failed), (After::Leave, None));
    assert_eq!((found.poll, found.compression), (Duration::from_secs(2), Compression::Auto));
    assert_eq!(found.limits, Limits { record: 1 << 20, batch: 512 << 10, group: 16 << 20 });
    assert_eq!(found.bounds, Bounds { bytes: 1 << 40, ratio: 1000 });
}

#[test]
fn keys_are_read_with_their_units() {
    let found = config(
        "{ path: /inbound/TRX*.DAT, order: time, done: /inbound/done, failed: bad, ready: { marker: \"{name}.done\" },
           poll: 5s, compression: gzip, limits: { record: 4KiB, batch: 64KiB, group: 1MiB, content: 2GiB, ratio: 50 },
           format: { type: fixed, columns: { A: 1-2 } } }",
    )
    .unwrap();
    let place = found.place.unwrap().0;
    assert_eq!(place.folder, PathBuf::from("/inbound"));
    assert_eq!(place.done, After::Move("/inbound/done".into()));
    assert_eq!(place.failed, Some("/project/bad".into()));
    assert_eq!((place.order, place.ready), (Order::Time, Ready::Marker("{name}.done".into())));
    assert_eq!(found.limits, Limits { record: 4 << 10, batch: 64 << 10, group: 1 << 20 });
    assert_eq!(found.bounds, Bounds { bytes: 2 << 30, ratio: 50 });
    let ready = |text: &str| {
        let text = format!("{{ path: a.csv, ready: {text}, format: {{ type: csv, columns: [A] }} }}");
        config(&text).unwrap().place.unwrap().0.ready
    };
    assert_eq!(ready("now"), Ready::Now);
    assert_eq!(ready("{ stable: 1m }"), Ready::Stable(Duration::from_secs(60)));
    assert_eq!(ready("{ rename: *.tmp }"), Ready::Renamed(Glob::parse("*.tmp").unwrap()));
    assert_eq!(ready("{ manifest: *.mf }"), Ready::Manifest(Glob::parse("*.mf").unwrap()));
}

#[test]
fn what_is_not_known_offline_is_not_judged() {
    let found =
        config("{ path: \"${env:IN}/*.csv\", poll: \"${env:P}\", format: { type: csv, columns: [A] } }")
            .unwrap();
    assert!(found.place.is_none());
}

#[test]
fn all_that_is_wrong_is_told() {
    let check = |text: &str, parts: &[&str]| {
        let found = config(text).unwrap_err();
        for part in parts {
            assert!(found.iter().any(|found| found.contains(part)), "{text}: {found:?} lacks {part}");
        }
        assert_eq!(found.len(), parts.len(), "{text}: {found:?}");
    };
    check("{ path: a.csv }", &["`format` is missing"]);
    check("{ format: { type: csv } }", &["`path` is missing"]);
    check(
        "{ path: ../x, order: age, poll: 5, compression: rar, format: { type: csv, copybook: a } }",
        &[
            "`path` is absolute",
            "`order` is no `age`",
            "`poll` is a duration",
            "`compression` is no `rar`",
            "no key `copybook`",
        ],
    );
    check("{ path: /in/, format: { type: csv } }", &["it names a folder"]);
    check("{ path: a, format: { type: xml } }", &["does not offer the format `xml`"]);
    check("{ path: a, format: { type: avro } }", &["`format.type` is no `avro`"]);
    check("{ path: a, format: { type: copybook } }", &["`copybook` is missing"]);
    check(
        "{ path: a, ready: { marker: done }, format: { type: csv, numbers: { blank: none } } }",
        &["`ready.marker` is a name made of", "`blank` is no `none`"],
    );
    check("{ path: a, ready: soon, format: { type: csv } }", &["`ready` is `now`, or a map"]);
    check("{ path: a, ready: { stable: 1s, rename: x }, format: { type: csv } }", &["exactly one of"]);
    check(
        "{ path: a, limits: { record: 1, bytes: 1 }, format: { type: csv } }",
        &["no key `bytes`", "`record` is a size"],
    );
    check(
        "{ path: a, format: { type: fixed, framing: { type: length, at: 4-1 }, skip: { head: x } } }",
        &["`framing.at` is bytes", "`head` is a number"],
    );
    check(
        "{ path: a, format: { type: fixed, framing: { type: rdw, order: middle, at: 1 } } }",
        &["no key `at`", "`order` is no `middle`"],
    );
    check(
        "{ path: a, format: { type: fixed, records: { a: {}, b: { X: [] } }, parents: { a: [b] } } }",
        &["`a` has no condition", "at least one value", "expected the name of a record type"],
    );
}
