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

#[cfg(feature = "sftp")]
#[test]
fn a_folder_by_sftp_has_its_own_keys_and_needs_a_host_key() {
    const KEY: &str = "hostKey: \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    let text = |path: &str, rest: &str| {
        format!("{{ path: \"{path}\", {rest}, format: {{ type: csv, columns: [A] }} }}")
    };
    let place = |path: &str, rest: &str| {
        let rest = format!("{KEY}, auth: {{ user: u, password: p }}{rest}");
        let (place, store) = config(&text(path, &rest)).unwrap().place.unwrap();
        (place, format!("{store:?}"))
    };
    let (found, store) = place("sftp://bank.example/in/*.csv", ", done: done, failed: /bad");
    assert_eq!(found.folder, PathBuf::from("/in"));
    assert_eq!((found.done, found.failed), (After::Move("/in/done".into()), Some("/bad".into())));
    assert!(store.contains("sftp://bank.example:22"), "{store}");
    let (found, store) = place("sftp://[::1]:2222/~/in/*.csv", ", done: /done");
    assert_eq!((found.folder, found.done), (PathBuf::from("in"), After::Move("done".into())));
    assert!(store.contains("sftp://::1:2222"), "{store}");
    assert_eq!(place("sftp://h/~/*.csv", "").0.folder, PathBuf::new());

    let check = |path: &str, rest: &str, parts: &[&str]| {
        let found = config(&text(path, rest)).map(drop).unwrap_err();
        for part in parts {
            assert!(found.iter().any(|found| found.contains(part)), "{path} {rest}: {found:?} lacks {part}");
        }
        assert_eq!(found.len(), parts.len(), "{path} {rest}: {found:?}");
    };
    let auth = format!("{KEY}, auth: {{ user: u, password: p }}");
    check("sftp://h/*.csv", "auth: { user: u, password: p }", &["`hostKey` is missing"]);
    check("sftp://h/*.csv", KEY, &["`auth` is missing"]);
    check("sftp://h/*.csv", &format!("{KEY}, auth: {{ user: u }}"), &["`password` or `key` is missing"]);
    check("sftp://h/*.csv", &format!("{KEY}, auth: {{ password: p }}"), &["`user` is missing"]);
    check(
        "sftp://h/*.csv",
        &format!("{KEY}, auth: {{ user: u, key: k }}"),
        &["`key`: `k` cannot be read: there is no k"],
    );
    let bad = "-----BEGIN OPENSSH PRIVATE KEY-----\\nAAAA\\n-----END OPENSSH PRIVATE KEY-----";
    check(
        "sftp://h/*.csv",
        &format!("{KEY}, auth: {{ user: u, key: \"{bad}\" }}"),
        &["`auth.key` cannot be read"],
    );
    check("sftp://h/*.csv", "hostKey: \"SHA256:x\", auth: { user: u, password: p }", &["is no fingerprint"]);
    check(
        "sftp://h/*.csv",
        "hostKey: known, auth: { user: u, password: p }",
        &["`known`: there is no known"],
    );
    check("sftp://u@h/*.csv", &auth, &["it names a user"]);
    check("sftp://h:0/*.csv", &auth, &["`h:0` is no host"]);
    check("sftp://h", &auth, &["it names no files"]);
    check("sftp://h/in/", &auth, &["it names a folder"]);
    check("sftp://h/../*.csv", &auth, &["leads out of its folder"]);
    check(
        "sftp://h/*.csv",
        &format!("{auth}, region: x, timeout: 1h"),
        &["`region` belongs to", "`timeout` is between"],
    );
    check(
        "sftp://h/*.csv",
        &format!("{auth}, done: \"sftp://h/done\""),
        &["`done` is a folder of the server"],
    );
    check("in/*.csv", &auth, &["`auth` belongs to", "`hostKey` belongs to"]);
    check("ftp://h/*.csv", &auth, &["files are not read by `ftp://`"]);
}

#[cfg(feature = "s3")]
#[test]
fn a_bucket_has_its_own_keys() {
    const AUTH: &str = "auth: { user: u, password: p }";
    let text = |path: &str, rest: &str| {
        format!("{{ path: \"{path}\", {rest}, format: {{ type: csv, columns: [A] }} }}")
    };
    let place = |path: &str, rest: &str| {
        let (place, store) = config(&text(path, &format!("{AUTH}{rest}"))).unwrap().place.unwrap();
        (place, format!("{store:?}"))
    };
    let (found, store) = place("s3://bank/in/*.csv", ", region: eu-central-1, done: done, failed: /bad");
    assert_eq!(found.folder, PathBuf::from("in"));
    assert_eq!((found.done, found.failed), (After::Move("in/done".into()), Some("bad".into())));
    assert!(store.contains("https://bank.s3.eu-central-1.amazonaws.com"), "{store}");
    let (found, store) = place("s3://bank/*.csv", ", endpoint: \"http://127.0.0.1:9000\"");
    assert_eq!(found.folder, PathBuf::new());
    assert!(store.contains("at http://127.0.0.1:9000"), "{store}");
    let (_, store) = place("s3://bank/*.csv", ", endpoint: \"https://s.example\", addressing: host");
    assert!(store.contains("https://bank.s.example"), "{store}");
    assert!(!store.contains("password"), "{store}");
    let secret = config(&text("s3://bank/*.csv", "auth: { user: u, password: hunter2 }")).unwrap();
    assert!(!format!("{secret:?}").contains("hunter2"));

    let check = |path: &str, rest: &str, parts: &[&str]| {
        let found = config(&text(path, rest)).map(drop).unwrap_err();
        for part in parts {
            assert!(found.iter().any(|found| found.contains(part)), "{path} {rest}: {found:?} lacks {part}");
        }
        assert_eq!(found.len(), parts.len(), "{path} {rest}: {found:?}");
    };
    check("s3://bank/*.csv", "poll: 2s", &["`auth` is missing"]);
    check(
        "s3://bank/*.csv",
        "auth: { key: k }",
        &["has no key `key`", "`user` is missing", "`password` is missing"],
    );
    check("s3://bank", AUTH, &["names no objects"]);
    check("s3://ba nk/*.csv", AUTH, &["names no objects"]);
    check("s3://bank/in/", AUTH, &["it names a folder"]);
    check(
        "s3://bank/*.csv",
        &format!("{AUTH}, hostKey: x, addressing: dns"),
        &["`hostKey` belongs", "`addressing` is no"],
    );
    check("s3://bank/*.csv", &format!("{AUTH}, endpoint: \"s.example\""), &["`endpoint`: a URL begins with"]);
    check("s3://bank/*.csv", &format!("{AUTH}, region: \"a b\""), &["`region` is a name like"]);
    check("s3://bank/*.csv", &format!("{AUTH}, tls: {{ ca: none.pem }}"), &["`none.pem` cannot be read"]);
}

#[cfg(all(feature = "sftp", feature = "s3"))]
#[test]
fn servers_that_are_not_known_offline_are_not_judged() {
    let check = |text: &str| assert!(config(text).unwrap().place.is_none(), "{text}");
    let format = "format: { type: csv, columns: [A] }";
    let auth = "auth: { user: \"${env:U}\", password: \"${secret:p}\" }";
    check(&format!("{{ path: \"sftp://${{env:H}}/*.csv\", hostKey: \"${{env:K}}\", {auth}, {format} }}"));
    check(&format!("{{ path: \"sftp://h/*.csv\", hostKey: \"${{env:K}}\", {auth}, {format} }}"));
    check(&format!("{{ path: \"s3://${{env:B}}/*.csv\", {auth}, {format} }}"));
    check(&format!("{{ path: \"s3://b/*.csv\", endpoint: \"${{env:E}}\", {auth}, {format} }}"));
    let key = "auth: { user: u, key: \"${secret:k}\" }";
    let host = "hostKey: \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
    check(&format!("{{ path: \"sftp://h/*.csv\", {host}, {key}, {format} }}"));
}

#[cfg(not(feature = "sftp"))]
#[test]
fn a_build_without_sftp_says_so() {
    let found = config("{ path: \"sftp://h/*.csv\", format: { type: csv, columns: [A] } }").unwrap_err();
    assert!(found[0].contains("this build reads no files by SFTP"), "{found:?}");
}

#[cfg(not(feature = "s3"))]
#[test]
fn a_build_without_s3_says_so() {
    let found = config("{ path: \"s3://b/*.csv\", format: { type: csv, columns: [A] } }").unwrap_err();
    assert!(found[0].contains("this build reads no files by S3"), "{found:?}");
}
