//! Configurations: what is taken, what is refused and where.

use super::*;
use kernel::{Entry, FileId, NodeKind, Style, Text};

/// Reads flow maps: `{ a: b, c: { d: e }, f: [g, h] }`.
fn node(text: &str) -> Node {
    fn value(text: &mut &str) -> Node {
        let span = Span::new(FileId(0), 0, 0);
        *text = text.trim_start();
        let kind = if let Some(rest) = text.strip_prefix('{') {
            *text = rest;
            let mut entries = Vec::new();
            while !text.trim_start().starts_with('}') {
                let (key, rest) = text.split_once(": ").unwrap();
                let key = key.trim_start_matches([',', ' ']).to_owned();
                *text = rest;
                entries.push(Entry { key, key_span: span, value: value(text) });
            }
            *text = &text.trim_start()[1..];
            NodeKind::Map(entries)
        } else if let Some(rest) = text.strip_prefix('[') {
            let (inner, rest) = rest.split_once(']').unwrap();
            *text = rest;
            NodeKind::List(inner.split(", ").map(self::node).collect())
        } else {
            let end = text.find([',', '}', ']']).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            *text = rest;
            NodeKind::Text(Text { value: word.trim().to_owned(), style: Style::Plain })
        };
        Node { span, kind }
    }
    value(&mut &*text)
}

fn read_text(way: Way, offline: bool, text: &str) -> Result<Config, Vec<Diagnostic>> {
    let node = node(text);
    read(way, &Settings { name: "erp", node: &node, offline })
}

#[test]
fn a_configuration_is_understood() {
    let text = "{ url: jdbc:h2:mem, catalog: c.json, auth: { user: u, password: p }, driver: [a.jar, lib/*.jar], \
                pool: { max: 4, idle: 90s }, readOnly: true, charset: latin1, fetch: { rows: 10, bytes: 64KiB }, \
                settings: [SET A, SET B], properties: { x: y }, timezone: Europe/Vienna }";
    let config = read_text(Way::Jdbc, false, text).unwrap();
    assert_eq!(config.url.as_ref().map(|url| url.expose().as_str()), Some("jdbc:h2:mem"));
    assert_eq!(config.driver, ["a.jar", "lib/*.jar"]);
    assert_eq!((config.pool.min, config.pool.max, config.pool.idle.as_secs()), (0, 4, 90));
    assert_eq!(config.fetch, Fetch { rows: 10, bytes: 65536 });
    assert_eq!(config.charset.map(encoding_rs::Encoding::name), Some("windows-1252"));
    assert_eq!(config.settings, ["SET A", "SET B"]);
    assert!(config.read_only);
    assert!(!format!("{config:?}").contains("\"p\""), "{config:?}");
}

#[test]
fn the_pool_follows_the_concurrency_of_the_policy() {
    let check = |text: &str, max: u32| {
        let text = format!("{{ url: DSN=x, catalog: c.json{text} }}");
        assert_eq!(read_text(Way::Odbc, false, &text).unwrap().pool.max, max, "{text}");
    };
    check("", 10);
    check(", policy: { concurrency: 3 }", 3);
    check(", policy: erp", 10);
    check(", policy: { concurrency: 3 }, pool: { max: 5 }", 5);
}

#[test]
fn everything_that_is_wrong_is_told() {
    let check = |way, text: &str, expected: &[&str]| {
        let wrong = read_text(way, false, text).unwrap_err();
        let messages: Vec<&str> = wrong.iter().map(|one| one.message.as_str()).collect();
        for expected in expected {
            assert!(messages.iter().any(|message| message.contains(expected)), "{text}: {messages:?}");
        }
        assert_eq!(messages.len(), expected.len(), "{text}: {messages:?}");
    };
    check(Way::Odbc, "{ }", &["`catalog` is missing", "`url` is missing"]);
    check(Way::Jdbc, "{ url: DSN=x, catalog: c.json }", &["begins with `jdbc:`", "`driver` is missing"]);
    check(
        Way::Odbc,
        "{ url: DSN=x, catalog: c, readOnly: maybe, login: 5, charset: klingon, pool: { min: 4, max: 2, size: 1 } }",
        &[
            "true or false",
            "duration with its unit",
            "`klingon` is not known",
            "above `pool.max`",
            "no key `size`",
        ],
    );
    check(
        Way::Odbc,
        "{ url: DSN=x, catalog: c, auth: { type: wsse, password: p } }",
        &["is basic", "`user` is missing"],
    );
    check(
        Way::Odbc,
        "{ url: DSN=x, catalog: c, fetch: { bytes: 1GiB, rows: 0 } }",
        &["at most 4096KiB", "above 0"],
    );
}

#[test]
fn a_variable_offline_is_not_judged() {
    let text = "{ url: ${env:URL, catalog: c.json, readOnly: ${env:RO, charset: ${env:CS }";
    let config = read_text(Way::Jdbc, true, text).unwrap();
    assert!(config.url.is_none() && config.offline);
}

#[test]
fn every_key_that_is_read_is_documented() {
    for keys in [ODBC_KEYS, JDBC_KEYS] {
        let names: Vec<&str> = keys.iter().map(|key| key.key).collect();
        for key in ["url", "catalog", "auth.user", "pool.acquire", "fetch.bytes", "limits.text", "charset"] {
            assert_eq!(names.iter().filter(|name| **name == key).count(), 1, "{key}");
        }
    }
    assert!(ODBC_KEYS.iter().any(|key| key.key == "worker"));
    assert!(JDBC_KEYS.iter().any(|key| key.key == "driverClass"));
}
