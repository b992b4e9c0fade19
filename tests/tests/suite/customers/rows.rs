//! Random rows, read and written back, and what concurrent writers leave behind.
//!
//! **Invariant.** The random numbers are the same in every run.

use super::world::World;
use serde_json::{Value, json};
use std::fmt::Write as _;
use tests::{Answer, Client, Facade};

/// Full counts instead of those that take seconds.
fn long() -> bool {
    std::env::var_os("SEAWALL_LONG").is_some()
}

/// The items of a list.
pub(crate) fn items(answer: &Answer) -> Vec<Value> {
    answer.json()["items"].as_array().cloned().unwrap_or_default()
}

/// All items of a list, page by page; each of them once.
pub(crate) fn all(client: &mut Client, target: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let answer = client.get(&format!("{target}{next}")).unwrap();
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        found.extend(items(&answer));
        match answer.json()["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => break,
        }
    }
    let mut ids: Vec<_> = found.iter().map(|one| one["id"].as_u64()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.len(), "{target}: a record came twice");
    found
}

/// A text as a query takes it.
pub(crate) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

/// What was read and is written back unchanged is not written.
pub(crate) fn stay_untouched(world: &World<'_>, client: &mut Client) {
    let count = if long() { 10_000 } else { 150 };
    for chunk in (0..count).collect::<Vec<_>>().chunks(200) {
        world.database.run(&random(world, chunk));
    }
    let read = all(client, "/customers?size=500&sort=updatedAt,id");
    assert!(read.len() >= count, "{} of {count}", read.len());
    let mark = world.database.mark();
    for one in read.iter().filter(|one| one["id"].as_u64() >= Some(3_000_000)) {
        let (id, mut body) = (&one["id"], one.clone());
        let kind = [("Content-Type", "application/merge-patch+json")];
        let target = format!("/customers/{id}");
        let answer = client.send("PATCH", &target, &kind, Some(body.to_string().as_bytes())).unwrap();
        assert_eq!(answer.status, 204, "{:?} {body}: {}", world.engine, answer.text());
        // What stands in no record that is put is taken away, so it is put whole.
        body.as_object_mut().unwrap().remove("updatedAt");
        let kind = [("Content-Type", "application/json")];
        let answer = client.send("PUT", &target, &kind, Some(body.to_string().as_bytes())).unwrap();
        assert_eq!(answer.status, 204, "{:?} {body}: {}", world.engine, answer.text());
    }
    assert_eq!(world.database.since(mark, "UPDATE "), 0, "{:?}: an UPDATE was sent", world.engine);
    assert_eq!(all(client, "/customers?size=500&sort=updatedAt,id"), read, "{:?}", world.engine);
    let table = world.engine.table("KDSTAMM");
    world.database.run(&format!("DELETE FROM {table} WHERE {} >= 3000000;", world.engine.name("KDNR")));
}

/// Rows as they grow in forty years: codes that read alike, mails in any case, names broken anywhere, no dates.
fn random(world: &World<'_>, numbers: &[usize]) -> String {
    const WORDS: [&str; 8] =
        ["Äpfel", "und", "BIRNEN", "d''Or", "%", "x", "Übermäßig-lange-Bezeichnung", "中文"];
    let mut out = String::new();
    for &number in numbers {
        let mut dice = Dice((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let line = |dice: &mut Dice| -> String {
            let count = 1 + dice.roll(3);
            let text: Vec<&str> = (0..count).map(|_| WORDS[dice.roll(8)]).collect();
            text.join(" ").replace("''", "'").chars().take(35).collect::<String>().trim().replace('\'', "''")
        };
        let (first, second) =
            (line(&mut dice), if dice.roll(2) == 0 { String::new() } else { line(&mut dice) });
        let maybe = |dice: &mut Dice, text: String| if dice.roll(4) == 0 { "NULL".into() } else { text };
        let mail = maybe(&mut dice, format!("'Max.{number}@EXAMPLE.com'"));
        let news = maybe(&mut dice, ["'J'", "'N'"][number % 2].to_owned());
        let street = maybe(&mut dice, format!("'{}'", line(&mut Dice(number as u64 + 7))));
        let limit = maybe(&mut dice, format!("{}.{:02}", dice_value(number), number % 100));
        let since = if dice.roll(3) == 0 {
            0
        } else {
            19_800_101 + dice.roll(40) * 10_000 + dice.roll(12) * 100 + dice.roll(28)
        };
        // Every fourth row was changed in an hour that the clocks repeat.
        let (day, time) = match dice.roll(4) {
            0 => (20_251_026, 20_000 + dice.roll(60) * 100 + dice.roll(60)),
            1 => (20_260_329, 30_000 + dice.roll(60) * 100),
            _ => (
                20_200_101 + dice.roll(12) * 100 + dice.roll(28),
                dice.roll(24) * 10_000 + dice.roll(60) * 100 + dice.roll(60),
            ),
        };
        let _ = writeln!(
            out,
            "INSERT INTO {} VALUES ({}, '{}', '{first}', '{second}', {mail}, {news}, '{}', {street}, '{}', 'Wien', '{}', {limit}, {since}, {day}, {time}, 'RANDOM', NULL, 'x', NULL);",
            world.engine.table("KDSTAMM"),
            3_000_000 + number,
            ["P", "F"][dice.roll(2)],
            ["A", "S", "G"][dice.roll(3)],
            dice.roll(10_000),
            ["A", "D", "CH", "I", "SLO", "N"][dice.roll(6)],
        );
    }
    out
}

fn dice_value(number: usize) -> usize {
    number * 7919 % 1_000_000
}

/// A xorshift generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap_or(0) % sides
    }
}

/// Concurrent writers of other fields, of the same field with `If-Match`, and of the same field without.
pub(crate) fn race(world: &World<'_>, facade: &Facade) {
    const WRITERS: usize = 4;
    let rounds = if long() { 250 } else { 12 };
    let patch = |client: &mut Client, body: &Value, tag: Option<&str>| {
        let mut headers = vec![("Content-Type", "application/merge-patch+json")];
        headers.extend(tag.map(|tag| ("If-Match", tag)));
        client.send("PATCH", "/customers/100020", &headers, Some(body.to_string().as_bytes())).unwrap()
    };
    let read = |client: &mut Client| client.get("/customers/100020").unwrap();
    let start = read(&mut world.client(facade)).json()["creditLimit"]["amount"].as_f64().unwrap();
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let writer = |n: usize| {
            let mut client = world.client(facade);
            move || {
                let mut counted = 0;
                for round in 0..rounds {
                    // A field that nobody else writes keeps what was written to it.
                    let text = format!("{n}-{round}");
                    let body = match n {
                        0 => json!({ "address": { "street": text } }),
                        1 => json!({ "address": { "city": text } }),
                        2 => json!({ "address": { "postcode": text } }),
                        _ => json!({ "email": text }),
                    };
                    let answer = patch(&mut client, &body, None);
                    assert!(matches!(answer.status, 204 | 409), "{}", answer.text());
                    if answer.status == 204 {
                        let now = read(&mut client).json();
                        let found = [
                            &now["address"]["street"],
                            &now["address"]["city"],
                            &now["address"]["postcode"],
                            &now["email"],
                        ][n];
                        assert_eq!(found, &json!(text), "an update was lost");
                    }
                    // A counter that all of them count by `If-Match` misses none.
                    let seen = read(&mut client);
                    let amount = seen.json()["creditLimit"]["amount"].as_f64().unwrap();
                    let body = json!({ "creditLimit": { "amount": amount + 1.0 } });
                    let answer = patch(&mut client, &body, seen.header("etag"));
                    assert!(matches!(answer.status, 204 | 412 | 409), "{}", answer.text());
                    counted += usize::from(answer.status == 204);
                    // The same field without: one of them is the last.
                    let answer = patch(&mut client, &json!({ "name": format!("Writer {n}") }), None);
                    assert!(matches!(answer.status, 204 | 409), "{}", answer.text());
                }
                counted
            }
        };
        let threads: Vec<_> = (0..WRITERS).map(|n| scope.spawn(writer(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let end = read(&mut world.client(facade)).json();
    let counted: usize = counts.iter().sum();
    assert!(counted > 0, "{:?}: none of {} was counted", world.engine, WRITERS * rounds);
    let expected = start + f64::from(u32::try_from(counted).unwrap());
    assert!(
        (end["creditLimit"]["amount"].as_f64().unwrap() - expected).abs() < 0.001,
        "{:?}: {start} + {counted} is {}",
        world.engine,
        end["creditLimit"]["amount"]
    );
    assert!(end["name"].as_str().is_some_and(|name| name.starts_with("Writer ")), "{end}");
}
