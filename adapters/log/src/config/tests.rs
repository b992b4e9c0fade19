//! The keys of a connection as they are written, and what is wrong with them.

use super::*;
use kernel::{Entry, FileId, Node, NodeKind, Span, Style, Text};

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn scalar(text: &str) -> Node {
    let kind = NodeKind::Text(Text { value: text.into(), style: Style::Plain });
    Node { span: span(), kind }
}

fn map(entries: Vec<(&str, Node)>) -> Node {
    let entry = |(key, value): (&str, Node)| Entry { key: key.into(), key_span: span(), value };
    Node { span: span(), kind: NodeKind::Map(entries.into_iter().map(entry).collect()) }
}

fn config(entries: Vec<(&str, Node)>) -> Result<Config, Vec<String>> {
    let node = map(entries);
    let settings = Settings { name: "bus", node: &node, offline: true };
    read(&settings).map_err(|wrong| wrong.into_iter().map(|found| found.message).collect())
}

#[test]
fn a_connection_without_keys_has_the_defaults_that_the_reference_prints() {
    let found = config(Vec::new()).unwrap();
    assert_eq!(found, Config::default());
    assert_eq!((found.path.as_str(), found.rules.segment, found.rules.fsync), ("var/events", 64 << 20, true));
    assert_eq!(found.rules.age, Some(Duration::from_secs(604_800)));
}

#[test]
fn keys_are_read_with_their_units() {
    let found = config(vec![
        ("path", scalar("/srv/log")),
        ("retention", map(vec![("age", scalar("off")), ("size", scalar("2GiB"))])),
        ("segment", map(vec![("size", scalar("4KiB"))])),
        ("fsync", scalar("false")),
    ]);
    let rules = Rules { age: None, size: Some(2 << 30), segment: 4096, fsync: false };
    assert_eq!(found, Ok(Config { path: "/srv/log".into(), rules }));
    assert!(config(vec![("path", scalar("${env:PLACE}")), ("fsync", scalar("${env:X}"))]).is_ok());
}

#[test]
fn all_that_is_wrong_is_told() {
    let wrong = config(vec![
        ("path", scalar("../elsewhere")),
        ("format", scalar("avro")),
        ("retention", map(vec![("age", scalar("7")), ("bytes", scalar("1"))])),
        ("segment", map(vec![("size", scalar("1KiB"))])),
        ("fsync", scalar("maybe")),
    ])
    .unwrap_err();
    let expected =
        ["`path` stays", "no form `avro`", "no key `bytes`", "`age` is", "at least 4KiB", "`fsync` is"];
    assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
    for (found, part) in wrong.iter().zip(expected) {
        assert!(found.contains(part), "{found}: {part}");
    }
}
