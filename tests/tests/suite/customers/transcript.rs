//! Requests and their answers in one file, the same for every database.
//!
//! **Invariant.** Status, body and headers are compared byte for byte, but for what no two runs share: the hour, and
//! what is sealed with a key of the store.

use super::world::World;
use std::fmt::Write as _;
use std::fs;
use tests::shared::repository;
use tests::{Answer, Client};

/// Headers that are compared.
const HEADERS: [&str; 5] = ["content-type", "location", "etag", "link", "retry-after"];
/// Set, the answers of the first database become the expected ones.
const UPDATE: &str = "SEAWALL_UPDATE";

/// A request of the file.
struct Exchange<'a> {
    name: &'a str,
    head: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

/// What the last answers said that later requests use.
#[derive(Default)]
struct Said {
    etag: String,
    /// All tags so far: what they are is nobody's business, only which of them are the same.
    tags: Vec<String>,
    next: String,
}

/// Sends every request of the file and compares the answers.
pub(crate) fn holds(world: &World<'_>, client: &mut Client) {
    let path = repository().join("tests/projects/customers/transcript.txt");
    let expected = fs::read_to_string(&path).unwrap();
    let mut found = String::new();
    let mut said = Said::default();
    for part in expected.split("=== ").skip(1) {
        let exchange = read(part);
        let answer = send(&exchange, &said, client);
        write(&exchange, &answer, &mut said, &mut found);
    }
    if std::env::var_os(UPDATE).is_some_and(|engine| engine == world.engine.folder()) {
        fs::write(&path, &found).unwrap();
        return;
    }
    let (expected, found) = (exchanges(&expected), exchanges(&found));
    let differ: Vec<String> = expected
        .iter()
        .zip(&found)
        .filter(|(expected, found)| expected != found)
        .map(|(expected, found)| difference(expected, found))
        .collect();
    assert!(
        differ.is_empty(),
        "{:?}: {} of {} differ\n{}",
        world.engine,
        differ.len(),
        found.len(),
        differ.join("\n")
    );
    assert!(found.len() >= 60, "the transcript is short: {}", found.len());
}

fn exchanges(text: &str) -> Vec<String> {
    text.split("=== ").skip(1).map(|part| format!("{}\n", part.trim_end())).collect()
}

/// The lines in which two answers differ.
fn difference(expected: &str, found: &str) -> String {
    let mut out = expected.lines().next().unwrap_or_default().to_owned();
    let without = |one: &str, other: &str, sign: char, out: &mut String| {
        for line in one.lines().filter(|line| !other.lines().any(|known| known == *line)) {
            let _ = write!(out, "\n  {sign} {line}");
        }
    };
    without(expected, found, '-', &mut out);
    without(found, expected, '+', &mut out);
    out
}

fn read(part: &str) -> Exchange<'_> {
    let request = part.split_once("\n---").map_or(part, |(request, _)| request);
    let (name, request) = request.split_once('\n').unwrap_or((request, ""));
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let head = lines.next().unwrap_or_default();
    Exchange {
        name,
        head,
        headers: lines.filter_map(|line| line.split_once(": ")).collect(),
        body: body.trim(),
    }
}

fn send(exchange: &Exchange<'_>, said: &Said, client: &mut Client) -> Answer {
    let filled = |text: &str| text.replace("{etag}", &said.etag).replace("{next}", &said.next);
    let (method, target) = exchange.head.split_once(' ').unwrap();
    let mut headers: Vec<(String, String)> =
        exchange.headers.iter().map(|(name, value)| ((*name).to_owned(), filled(value))).collect();
    if !exchange.body.is_empty() && !headers.iter().any(|(name, _)| name == "Content-Type") {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = Some(exchange.body.as_bytes()).filter(|body| !body.is_empty());
    client
        .send(method, &filled(target), &headers, body)
        .unwrap_or_else(|error| panic!("{}: {error}", exchange.name))
}

fn write(exchange: &Exchange<'_>, answer: &Answer, said: &mut Said, out: &mut String) {
    let mut body = answer.text();
    hide_now(&mut body);
    if let Some(next) = answer.json().get("next").and_then(serde_json::Value::as_str) {
        said.next = next.to_owned();
        body = body.replace(next, "{next}");
    }
    if let Some(etag) = answer.header("etag") {
        said.etag = etag.to_owned();
        if !said.tags.iter().any(|known| known == etag) {
            said.tags.push(etag.to_owned());
        }
    }
    if let Some(id) = answer.json().get("instance").and_then(serde_json::Value::as_str) {
        body = body.replace(id, "{id}");
    }
    let _ = writeln!(out, "=== {}\n{}", exchange.name, exchange.head);
    for (name, value) in &exchange.headers {
        let _ = writeln!(out, "{name}: {value}");
    }
    if !exchange.body.is_empty() {
        let _ = writeln!(out, "\n{}", exchange.body);
    }
    let _ = writeln!(out, "--- {}", answer.status);
    for name in HEADERS {
        let Some(value) = answer.header(name) else { continue };
        let value = match name {
            "etag" => match said.tags.iter().position(|known| known == value) {
                Some(n) => format!("{{etag {}}}", n + 1),
                None => value.to_owned(),
            },
            "link" => value.replace(&said.next, "{next}"),
            _ => value.to_owned(),
        };
        let _ = writeln!(out, "{name}: {value}");
    }
    // One item per line, so that people can read it.
    let body = body.replace("},{\"id\":", "},\n{\"id\":").replace("{\"items\":[{", "{\"items\":[\n{");
    let _ = writeln!(out, "{body}\n");
}

/// Hides the moments of these days.
fn hide_now(body: &mut String) {
    const FIELD: &str = "\"updatedAt\":\"";
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // A moment as the mapping writes it is of Vienna; the days around now are enough to tell it from those of the seed.
    let days: Vec<String> = [now - 86_400, now, now + 86_400].map(day).to_vec();
    let mut from = 0;
    while let Some(at) = body[from..].find(FIELD) {
        let start = from + at + FIELD.len();
        let end = start + body[start..].find('"').unwrap();
        if days.iter().any(|day| body[start..end].starts_with(day.as_str())) {
            body.replace_range(start..end, "{now}");
        }
        from = start;
    }
}

/// The day of a second since 1970, as `2026-03-01`.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn day(second: u64) -> String {
    let z = second / 86_400 + 719_468;
    let era = z / 146_097;
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    format!("{:04}-{month:02}-{:02}", yoe + era * 400 + u64::from(month <= 2), doy - (153 * mp + 2) / 5 + 1)
}
