//! Texts that would end a statement, in every place that takes a value.
//!
//! **Invariant.** They find what is equal to them, one statement arrives for one request, and the tables stay whole.

use super::rows::{all, items, percent};
use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::Client;
use tests::shared::shared;

/// Texts of our own beside the shared ones.
const OWN: [&str; 8] = ["\\", "'", "''; --", "\"", "`", "?", ":over", "{call x}"];

pub(crate) fn stay_values(world: &World<'_>, client: &mut Client) {
    let mut values: Vec<String> = OWN.iter().map(|value| (*value).to_owned()).collect();
    if let Some(path) = shared("fixtures/security/sql-parameters.json") {
        let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        values.extend(fixture["values"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()));
    }
    for (n, value) in values.iter().enumerate() {
        let customer = 100_001 + n;
        change(
            client,
            &format!("/customers/{customer}"),
            &json!({ "name": value, "address": { "city": first(value, 30), "street": first(value, 35) } }),
        );
        change(client, &format!("/bookings/{}", n + 1), &json!({ "text": value }));
    }
    let (customers, bookings) = (all(client, "/customers?size=500"), all(client, "/bookings?size=500"));
    for value in &values {
        let find = |client: &mut Client, target: &str, of: &[Value], is: &dyn Fn(&Value) -> bool| {
            finds(world, client, target, of, is);
        };
        let given = percent(value);
        find(client, &format!("/customers?size=500&name={given}"), &customers, &|one| {
            text(&one["name"]).starts_with(value.as_str())
        });
        find(client, &format!("/customers?size=500&city={given}"), &customers, &|one| {
            text(&one["address"]["city"]).contains(value.as_str())
        });
        find(client, &format!("/customers?size=500&street={given}"), &customers, &|one| {
            text(&one["address"]["street"]) == value
        });
        find(client, &format!("/customers?size=500&email={given}"), &customers, &|_| false);
        find(client, &format!("/bookings?size=500&text={given}"), &bookings, &|one| {
            text(&one["text"]).starts_with(value.as_str())
        });
        find(client, &format!("/bookings?size=500&mark={given}"), &bookings, &|one| {
            text(&one["mark"]) == value
        });
        let town = format!("/debtors?over=-1&size=10&town={given}");
        let is_debtor =
            |one: &Value| one["creditLimit"].is_object() && text(&one["address"]["city"]) == value;
        find(client, &town, &customers, &is_debtor);
        refused(world, client, &given);
    }
    assert_eq!(all(client, "/customers?size=500"), customers, "{:?}", world.engine);
    assert_eq!(all(client, "/bookings?size=500"), bookings, "{:?}", world.engine);
}

/// Compares a list with what is expected of all records, and counts the statements.
fn finds(world: &World<'_>, client: &mut Client, target: &str, of: &[Value], is: &dyn Fn(&Value) -> bool) {
    let mark = world.database.mark();
    let answer = client.get(target).unwrap();
    assert_eq!(answer.status, 200, "{:?} {target}: {}", world.engine, answer.text());
    let ids =
        |items: &[Value]| -> BTreeSet<u64> { items.iter().filter_map(|one| one["id"].as_u64()).collect() };
    let expected: Vec<Value> = of.iter().filter(|one| is(one)).cloned().collect();
    assert_eq!(ids(&items(&answer)), ids(&expected), "{:?} {target}", world.engine);
    if mark.is_some() {
        assert_eq!(world.database.since(mark, "KDLIB"), 1, "{:?} {target}", world.engine);
    }
}

/// Places that take no text: what is no value of theirs never reaches the database.
fn refused(world: &World<'_>, client: &mut Client, given: &str) {
    let mark = world.database.mark();
    let lists = ["ids", "type", "country", "limitOver", "changedSince", "sort", "fields", "size", "next"];
    let targets = lists.map(|name| format!("/customers?{name}={given}"));
    let others =
        [format!("/customers/{given}"), format!("/bookings/{given}"), format!("/customers?{given}=1")];
    for target in targets.iter().chain(&others) {
        let answer = client.get(target).unwrap();
        let is_nothing = answer.status == 200 && items(&answer).is_empty();
        assert!(
            is_nothing || matches!(answer.status, 400 | 404),
            "{:?} {target}: {}",
            world.engine,
            answer.text()
        );
    }
    assert_eq!(world.database.since(mark, "KDLIB"), 0, "{:?} {given}", world.engine);
}

fn change(client: &mut Client, target: &str, body: &Value) {
    let kind = [("Content-Type", "application/merge-patch+json")];
    let answer = client.send("PATCH", target, &kind, Some(body.to_string().as_bytes())).unwrap();
    assert_eq!(answer.status, 204, "{target} {body}: {}", answer.text());
}

fn first(value: &str, length: usize) -> String {
    value.chars().take(length).collect::<String>().trim_end().to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("\u{0}")
}
