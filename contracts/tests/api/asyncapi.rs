//! What is published is described as AsyncAPI 3.0 demands: judged by the schema of its makers, the package
//! `@asyncapi/specs` in a folder of its own below `target`.
//!
//! **Invariant.** Where the schema cannot be had, that is said; nothing is judged by a schema of ours.

use crate::validator::{self, Failed};
use contracts::api::load;
use gateway::asyncapi::document;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The package, at a version that has AsyncAPI 3.0.
const PACKAGE: &str = "@asyncapi/specs@6.11.1";

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The projects that publish something, each with the variables of its files.
fn projects() -> Vec<PathBuf> {
    let own =
        ["mappings/bookings", "mappings/customers", "mappings/reservations", "contracts/apis/suppliers"];
    let of_tests = ["ach", "ledger", "orders"].map(|name| format!("tests/projects/{name}"));
    own.iter().map(|path| folder(path)).chain(of_tests.iter().map(|path| folder(path))).collect()
}

/// The schema of AsyncAPI 3.0. Nothing, said loudly, where it cannot be had.
fn schema() -> Option<jsonschema::Validator> {
    let target = folder("target/asyncapi-specs");
    let file = target.join("node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json");
    if !file.exists() {
        let place = target.to_str().unwrap_or_default();
        let quiet =
            ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1", "--prefix", place];
        let args: Vec<&str> = ["install"].into_iter().chain(quiet).chain([PACKAGE]).collect();
        let until = Instant::now() + validator::TIME;
        if let Err(Failed::Said(why) | Failed::Not(why)) = validator::step(Path::new("npm"), &args, until) {
            eprintln!("SKIPPED: {PACKAGE}: {why}");
            return None;
        }
    }
    let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    Some(jsonschema::validator_for(&schema).unwrap())
}

#[test]
fn the_schema_of_asyncapi_takes_what_is_served() {
    let Some(schema) = schema() else { return };
    let mut examples = 0;
    for project in projects() {
        let loaded = load(&project).unwrap_or_else(|findings| panic!("{findings}"));
        let text = document(&loaded.program, &loaded.event_examples());
        let document: Value = serde_json::from_str(&text).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&document).map(|error| format!("{error:?}")).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{}", project.display());
        examples += text.matches("\"examples\":[{\"name\"").count();
        // What is wrong is noticed.
        let mut other = document;
        other["operations"] = serde_json::json!({ "publish": { "action": "shout" } });
        assert!(!schema.is_valid(&other));
    }
    assert!(examples > 0, "no test of a mapping is an example");
}

#[test]
fn examples_have_the_digits_that_events_have() {
    let bookings = load(&folder("mappings/bookings")).unwrap();
    let text = document(&bookings.program, &bookings.event_examples());
    let example = &text[text.find("\"examples\":[{\"name\"").unwrap()..];
    for part in [
        r#""name":"a-whole-file","summary":"a whole file","headers":{"ce_specversion":"1.0","ce_id":"4711-17","#,
        r#""payload":{"id":"4711-17","bookedOn":"2026-03-31","account":"AT-0000123","#,
        r#""amount":{"value":1234.56,"currency":"EUR"}"#,
        r#""splits":[{"costCenter":"K100","amount":1000.00},{"costCenter":"K200","amount":234.56}]"#,
    ] {
        assert!(example.contains(part), "{part} is not in {example}");
    }
}
