//! Mistakes in event blocks, and what `explain` says of those without any.
//!
//! **Invariant.** A mistake is found by `check`, without a database, at the line that has it.

use super::world::{Database, WATCH, World};
use serde_json::Value;
use tests::databases::Sqlite;

/// What is changed, to what, and the code that `check` has for it.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("since: changedAt", "since: changed", "E030"),
    ("since: changedAt", "since: state", "E034"),
    ("since: changedAt", "since: note", "E042"),
    ("every: 200ms", "every: 200", "E007"),
    ("every: 200ms, ", "", "E007"),
    ("watch: { every", "watch: { evry", "E007"),
    ("since: changedAt }", "since: changedAt, overlap: yes }", "E007"),
    ("since: changedAt }", "since: changedAt, sweep: -1h }", "E007"),
    ("since: changedAt }", "since: changedAt, call: erp.orders }", "E007"),
    ("topic: bus/orders\n", "topic: erp/orders\n", "E002"),
    ("topic: bus/orders\n", "topic: buss/orders\n", "E002"),
    ("reject: bus/orders.rejected", "reject: nobody/orders.rejected", "E002"),
    ("  Order:\n    topic", "  Ordr:\n    topic", "E004"),
    ("    topic: bus/orders\n", "", "E007"),
    ("    subject: = \"orders/\" + string(id)", "    subject: = \"orders/\" + string(nr)", "E030"),
    ("    subject: = \"orders/\" + string(id)", "    deletedWhen: = id", "E042"),
    ("    subject: = \"orders/\" + string(id)", "    deletedWhen: = stat == 'open'", "E030"),
    ("    subject: = \"orders/\" + string(id)", "    time: = note", "E042"),
    ("    subject: = \"orders/\" + string(id)", "    onlyChanges: [state, nots]", "E030"),
    ("    subject: = \"orders/\" + string(id)", "    newest: changedAt", "E007"),
    ("    subject: = \"orders/\" + string(id)", "    newset: changedAt", "E007"),
    (
        "    created: shop.order.created\n    updated: shop.order.changed\n    deleted: shop.order.removed\n",
        "",
        "E007",
    ),
    (
        "    key: id\n    fields:                                          # modern",
        "    fields:       # modern",
        "E077",
    ),
];

#[test]
fn every_mistake_in_event_blocks_is_found() {
    let database = Sqlite::new().unwrap();
    let Some(world) = World::open(Database::Sqlite(&database), |mapping| mapping) else { return };
    assert!(world.seawall("check", &[]).status.success());
    let file = world.project.join("orders.yaml");
    let original = std::fs::read_to_string(&file).unwrap();
    let wrong: Vec<String> = MISTAKES
        .iter()
        .filter_map(|(from, to, code)| {
            assert!(original.contains(from), "the mapping has no {from:?}");
            std::fs::write(&file, original.replacen(from, to, 1)).unwrap();
            let output = world.seawall("check", &["--json"]);
            let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let codes: Vec<&str> =
                found.as_array().into_iter().flatten().filter_map(|one| one["code"].as_str()).collect();
            let line = original[..original.find(from).unwrap()].matches('\n').count() + 1;
            let near = |one: &Value| {
                one["code"] == *code && one["line"].as_u64().is_some_and(|at| at + 12 >= line as u64)
            };
            let noticed = found.as_array().is_some_and(|all| all.iter().any(near));
            (!noticed).then(|| format!("{from:?} to {to:?}: expected {code}, found {codes:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), MISTAKES.len(), wrong.join("\n"));
}

#[test]
fn explain_says_how_what_is_late_is_seen() {
    let check = |folder: &str, watch: &str, expected: &[&str]| {
        let database = Sqlite::new().unwrap();
        let Some(world) = World::open(Database::Sqlite(&database), |mapping| mapping.replace(WATCH, watch))
        else {
            return;
        };
        let catalog =
            tests::shared::repository().join("tests/projects/watch").join(folder).join("erp.catalog.json");
        std::fs::copy(catalog, world.project.join("erp.catalog.json")).unwrap();
        let output = world.seawall("explain", &[]);
        let said = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        for words in expected {
            assert!(said.contains(words), "{folder} {watch}: no {words:?} in {said}");
        }
    };
    check(
        "postgresql-odbc",
        WATCH,
        &[
            "every 200ms rows of shop.orders with a later changedAt",
            "the watermark stops at the oldest open transaction, so nothing is late",
            "deletes are not noticed, because there is no `sweep`",
            "writes through this facade; other changes are not noticed",
        ],
    );
    let overlap = "watch: { every: 1s, since: changedAt, overlap: 2m }";
    check("mariadb-odbc", overlap, &["committed up to 2m late", "what is committed later is not noticed"]);
    check(
        "postgresql-odbc",
        overlap,
        &["where the user may not see the sessions of others", "up to 2m late"],
    );
    let swept = "watch: { every: 1s, since: changedAt, overlap: 90s, sweep: 24h }";
    check("mariadb-odbc", swept, &["committed up to 90s late", "is found by the sweep every 24h"]);
    check("sqlite-odbc", "watch: { every: 5m }", &["all rows are compared each time, so nothing is late"]);
}
