//! A facade that serves the project of a guide in front of the demo PMS, and the requests that the guide sends.
//!
//! **Invariant.** Of an answer everything that is shown is compared; `…` stands for what differs each time.

use adapters_testkit::Pms;
use serde_json::Value;
use std::path::Path;
use tests::process::FacadeOptions;
use tests::{Answer, Client, Facade, KeySet};
use tokio::runtime::Runtime;

/// Where the guides say that the facade is.
const FACADE: &str = "http://127.0.0.1:8090";
/// Where the guides say that the PMS is.
const PMS: &str = "http://127.0.0.1:8081";

/// A running facade.
#[derive(Debug)]
pub(crate) struct Session {
    facade: Facade,
    pms: Pms,
    token: String,
    /// Runs the PMS; dropped last.
    _runtime: Runtime,
}

/// What a guide asks of `curl`.
#[derive(Debug, Default)]
struct Curl {
    url: String,
    method: Option<String>,
    head: bool,
    silent: bool,
    headers: Vec<(String, String)>,
    data: Option<String>,
}

impl Session {
    /// Starts a PMS like that of the demo, and the facade with the keys of the demo.
    pub(crate) fn start(project: &Path, env: Vec<(String, String)>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let pms = runtime.block_on(Pms::start(0, 300, "seawall", "secret")).unwrap();
        let keys = KeySet::new("https://demo.invalid", "hotel-apps");
        let env = [env, vec![("PMS_URL".into(), pms.url())]].concat();
        let facade =
            Facade::start(&FacadeOptions { project, env, args: Vec::new(), keys: &keys, store: None })
                .unwrap();
        let token =
            keys.token("guide", "reservations:read reservations:write customers:read customers:write", 3600);
        Self { facade, pms, token, _runtime: runtime }
    }

    /// Sends a request and returns what should be shown: what is shown already, if that is so.
    pub(crate) fn request(&mut self, command: &str, shown: &str) -> String {
        let curl = Curl::parse(&command.replace("$TOKEN", &self.token));
        let (address, target) = match (curl.url.strip_prefix(FACADE), curl.url.strip_prefix(PMS)) {
            (Some(target), _) => (self.facade.address, target),
            (_, Some(target)) => (self.pms.server().address(), target),
            _ => panic!("{command}: nobody is there"),
        };
        let headers: Vec<(&str, &str)> =
            curl.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method = curl.method.as_deref().unwrap_or(if curl.data.is_some() { "POST" } else { "GET" });
        let data = curl.data.as_ref().map(String::as_bytes);
        let answer = Client::new(address).send(method, target, &headers, data).unwrap();
        match (curl.silent, is_shown(&answer, curl.head, shown)) {
            (true, _) => String::new(),
            (false, true) => shown.to_owned(),
            (false, false) => print(&answer, curl.head),
        }
    }
}

impl Curl {
    fn parse(command: &str) -> Self {
        let mut curl = Self::default();
        let mut words = words(command).into_iter().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{command}: {word} needs a value"));
            match word.as_str() {
                "-s" => {}
                "-si" => curl.head = true,
                "-H" => {
                    let header = value();
                    let (name, value) =
                        header.split_once(": ").unwrap_or_else(|| panic!("no header: {header}"));
                    curl.headers.push((name.into(), value.into()));
                }
                "-X" => curl.method = Some(value()),
                "-d" => curl.data = Some(value()),
                "-o" => curl.silent = value() == "/dev/null",
                url if url.starts_with("http") => curl.url = url.into(),
                other => panic!("{command}: {other} is not understood"),
            }
        }
        curl
    }
}

/// Splits as a shell does: blanks separate, both kinds of quotes hold together.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match (letter, quote) {
            (end, Some(open)) if end == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

fn is_shown(answer: &Answer, head: bool, shown: &str) -> bool {
    let (lines, body) = if head { shown.split_once("\n\n").unwrap_or((shown, "")) } else { ("", shown) };
    let is_head = |line: &str| match line.split_once(": ") {
        Some((name, value)) => {
            answer.header(&name.to_ascii_lowercase()).is_some_and(|found| same_text(value, found))
        }
        None => line.split(' ').nth(1) == Some(answer.status.to_string().as_str()),
    };
    let body: Option<Value> = serde_json::from_str(body).ok();
    lines.lines().all(is_head)
        && (!head || !lines.is_empty())
        && body.is_some_and(|body| same(&body, &answer.json()))
}

fn same_text(shown: &str, found: &str) -> bool {
    shown == "…" || shown == found
}

fn same(shown: &Value, found: &Value) -> bool {
    match (shown, found) {
        (Value::String(shown), _) if shown == "…" => true,
        (Value::Object(shown), Value::Object(found)) => {
            shown.len() == found.len()
                && shown.iter().all(|(key, value)| found.get(key).is_some_and(|found| same(value, found)))
        }
        (Value::Array(shown), Value::Array(found)) => {
            shown.len() == found.len() && shown.iter().zip(found).all(|(shown, found)| same(shown, found))
        }
        _ => shown == found,
    }
}

/// Headers that a guide may want to show.
const HEADERS: [&str; 4] = ["location", "retry-after", "idempotency-replayed", "www-authenticate"];

fn print(answer: &Answer, head: bool) -> String {
    let mut text = String::new();
    if head {
        text += &format!("HTTP/1.1 {}\n", answer.status);
        for name in HEADERS {
            let Some(value) = answer.header(name) else { continue };
            // A pause depends on when the request was made.
            text += &format!("{name}: {}\n", if name == "retry-after" { "…" } else { value });
        }
        text += "\n";
    }
    let mut body = answer.json();
    if let Some(instance) = body.get_mut("instance") {
        *instance = "…".into();
    }
    text + &format!("{body:#}\n")
}

#[test]
fn quotes_hold_words_together_and_what_differs_each_time_is_not_compared() {
    assert_eq!(
        words(r#"curl -d '{"a": 1}' -H "B: c d"  x"#),
        ["curl", "-d", r#"{"a": 1}"#, "-H", "B: c d", "x"]
    );
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let check = |shown: &str, found: &str, expected| {
        assert_eq!(same(&json(shown), &json(found)), expected, "{shown}")
    };
    check(r#"{"a":"…","b":[1]}"#, r#"{"b":[1],"a":"x"}"#, true);
    check(r#"{"a":"…"}"#, r#"{"b":[1],"a":"x"}"#, false);
    check(r#"{"b":[1,2]}"#, r#"{"b":[1]}"#, false);
    check(r#"{"b":1}"#, r#"{"b":2}"#, false);
}
