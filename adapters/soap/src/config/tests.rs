//! What is read of a configuration, and what is refused.

use super::*;
use kernel::{Entry, FileId, NodeKind, Style, Text};

#[derive(Debug)]
struct OneFile;

impl Files for OneFile {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "ca.pem" { Ok(b"pem".to_vec()) } else { Err(format!("{path} does not exist")) }
    }
}

/// A configuration of `a.b: value` lines.
fn node(lines: &str) -> Node {
    let span = Span::new(FileId(0), 0, 0);
    let mut root = Node { span, kind: NodeKind::Map(Vec::new()) };
    for line in lines.lines() {
        let (path, value) = line.trim().split_once(": ").unwrap();
        let mut at = &mut root;
        let keys: Vec<&str> = path.split('.').collect();
        for key in &keys {
            let NodeKind::Map(entries) = &mut at.kind else { panic!("{line}") };
            if !entries.iter().any(|entry| entry.key == *key) {
                let value = Node { span, kind: NodeKind::Map(Vec::new()) };
                entries.push(Entry { key: (*key).to_owned(), key_span: span, value });
            }
            at = &mut entries.iter_mut().find(|entry| entry.key == *key).unwrap().value;
        }
        at.kind = NodeKind::Text(Text { value: value.to_owned(), style: Style::Plain });
    }
    root
}

fn parse(lines: &str, offline: bool) -> Result<Config, Vec<String>> {
    let node = node(lines);
    let settings = Settings { name: "pms", node: &node, offline };
    read(&settings, &OneFile).map_err(|wrong| wrong.into_iter().map(|one| one.message).collect())
}

#[test]
fn defaults_hold_where_nothing_is_written() {
    let config = parse("wsdl: a.wsdl\nurl: https://pms.example/soap", false).unwrap();
    assert_eq!((config.limits, config.connect_timeout), (Limits::default(), Duration::from_secs(3)));
    assert!(config.token.is_none() && config.headers.is_empty() && config.header.is_empty());
    assert_eq!(config.target.unwrap().path, "/soap");
}

#[test]
fn every_key_is_understood() {
    let config = parse(
        "wsdl: a.wsdl\nurl: http://h/\nservice: S\nport: P\ntolerant: true\nauth.type: wsse\nauth.user: u\nauth.password: p\n\
         auth.digest: true\nauth.timestamp: 90s\ntls.ca: ca.pem\nheaders.X-Tenant: vie\nheader: <h xmlns='u'/>\n\
         connectTimeout: 500ms\nlimits.message: 64KiB\nlimits.depth: 9\nlimits.attributes: 8\nlimits.namespaces: 7\n\
         limits.text: 6B",
        false,
    )
    .unwrap();
    assert!(config.tolerant);
    let token = config.token.unwrap();
    assert_eq!((token.user.as_str(), token.digest, token.valid), ("u", true, Some(Duration::from_secs(90))));
    assert_eq!(config.connect_timeout, Duration::from_millis(500));
    assert_eq!(config.tls.authorities.as_deref(), Some(&b"pem"[..]));
    assert_eq!(config.headers[0].0, "X-Tenant");
    let limits = config.limits;
    assert_eq!((limits.message_bytes_max, limits.depth_max, limits.text_bytes_max), (65536, 9, 6));
    assert_eq!((limits.attributes_max, limits.namespaces_max), (8, 7));
}

#[test]
fn credentials_become_headers_that_do_not_show() {
    let header = |auth: &str| {
        let config = parse(&format!("wsdl: a.wsdl\nurl: http://h/\n{auth}"), false).unwrap();
        assert!(!format!("{config:?}").contains("secret"), "{config:?}");
        config.headers[0].1.expose().clone()
    };
    assert_eq!(header("auth.type: basic\nauth.user: u\nauth.password: secret"), "Basic dTpzZWNyZXQ=");
    assert_eq!(header("auth.type: bearer\nauth.token: secret"), "Bearer secret");
}

#[test]
fn every_mistake_is_told_at_once() {
    let check = |lines: &str, expected: &[&str]| {
        let wrong = parse(lines, false).unwrap_err();
        for part in expected {
            assert!(wrong.iter().any(|message| message.contains(part)), "{part}: {wrong:?}");
        }
        assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
    };
    check("url: ftp://x", &["`wsdl` is missing", "`url` cannot be used"]);
    check("wsdl: a\nauth.type: kerberos", &["one of wsse, basic"]);
    check("wsdl: a\nauth.type: wsse\nauth.user: u", &["`password` is missing"]);
    check(
        "wsdl: a\nauth.type: basic\nauth.user: a:b\nauth.password: p\nauth.token: t",
        &["means nothing", "has no `:`"],
    );
    check(
        "wsdl: a\nauth.type: wsse\nauth.user: u\nauth.password: p\nauth.digest: yes\nauth.timestamp: 5",
        &["true or false", "duration"],
    );
    check("wsdl: a\nauth.usr: u", &["no key `usr`"]);
    check(
        "wsdl: a\nlimits.message: 10\nlimits.depth: 0\nlimits.deep: 1",
        &["size with its unit", "number above 0", "no key `deep`"],
    );
    check("wsdl: a\nheader: text", &["there is no element"]);
    check("wsdl: a\nheader: <a>", &["row of XML elements"]);
    check(
        "wsdl: a\ntls.ca: nope.pem\ntls.certificate: ca.pem",
        &["nope.pem does not exist", "`certificate` and `key` is missing"],
    );
    check("wsdl: a\nheaders: x", &["expected a map"]);
}

#[test]
fn what_is_not_known_offline_is_not_judged() {
    let lines = "wsdl: a\nurl: ${env:URL}\nauth.type: wsse\nauth.user: ${env:U}\nauth.password: ${secret:p}\n\
                 tls.ca: ${env:CA}\nlimits.depth: ${env:D}";
    let config = parse(lines, true).unwrap();
    assert!(config.target.is_none() && config.has_url);
    // A variable has a `:` of its own.
    let basic = "wsdl: a\nauth.type: basic\nauth.user: ${env:U}\nauth.password: ${secret:p}";
    assert!(parse(basic, true).is_ok(), "{:?}", parse(basic, true));
    assert!(parse(&basic.replace("${env:U}", "a:b"), true).is_err());
}
