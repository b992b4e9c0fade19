//! ACH files: those that add up are published to the cent, the others are refused or shown for what they are.

use super::entries::{self, Entry, cents, unique};
use super::world::World;
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use tests::kafka::Broker;
use tests::shared::shared;

#[test]
fn every_file_that_adds_up_is_published_to_the_cent_and_every_other_is_refused_or_flagged() {
    let Some(folder) = shared("fixtures/flat/ach") else { return };
    let Some(broker) = Broker::start().unwrap() else { return };
    let world = World::of(&entries::project(), |mapping| mapping).kafka(&broker.address());
    let told: Value = serde_json::from_slice(&fs::read(folder.join("_expected.json")).unwrap()).unwrap();
    let told = told["files"].as_object().unwrap();
    // The large one stays packed: what is packed is read all the same.
    for name in told.keys() {
        world.drop_file(&unit(name), &fs::read(folder.join(name)).unwrap());
    }
    let ended = world.run_once();
    assert_eq!(ended.code, 1, "not all are accepted: {}", ended.said);
    let seen = unique(&broker.consumer().all("ach.entries.v1").unwrap());
    let mut by_file: HashMap<String, Vec<&Entry>> = HashMap::new();
    for entry in &seen {
        let data: Value = serde_json::from_str(&entry.data).unwrap();
        by_file.entry(data["file"].as_str().unwrap().to_owned()).or_default().push(entry);
    }
    let (mut accepted, mut others) = (0, 0);
    for (name, expected) in told {
        let report = ended.unit(&unit(name));
        let published = by_file.remove(&unit(name)).unwrap_or_default();
        if expected["arith_ok"] == true {
            assert_eq!(report["outcome"], "settled", "{name}: {report}");
            assert_eq!(
                (&report["totalsHold"], &report["rejected"]),
                (&true.into(), &serde_json::json!({})),
                "{name}"
            );
            assert_eq!(sums(&published), expected_sums(expected), "{name}");
            accepted += 1;
        } else {
            // Its totals hold, but a line is cut off, and each record that needs it is a dead letter.
            let flagged =
                report["outcome"] == "settled" && report["rejected"]["Entry"] == expected["entries"];
            assert!(report["outcome"] == "refused" || flagged, "{name}: {report}");
            assert!(published.is_empty(), "{name}: {published:#?}");
            others += 1;
        }
    }
    assert_eq!((accepted, others, by_file.len()), (48, 21, 0));
}

/// The name under which a file is dropped.
fn unit(name: &str) -> String {
    format!("{}.ach", name.replace('/', "-"))
}

/// Entries, debit, credit and addenda.
fn sums(published: &[&Entry]) -> (u64, u64, u64, u64) {
    let (mut debit, mut credit, mut addenda) = (0, 0, 0);
    for entry in published {
        let data: Value = serde_json::from_str(&entry.data).unwrap();
        addenda += data["addenda"].as_array().unwrap().len() as u64;
        match data["direction"].as_str() {
            Some("debit") => debit += cents(&entry.data, "amount"),
            _ => credit += cents(&entry.data, "amount"),
        }
    }
    (published.len() as u64, debit, credit, addenda)
}

fn expected_sums(expected: &Value) -> (u64, u64, u64, u64) {
    let number = |name: &str| expected[name].as_u64().unwrap();
    (number("entries"), number("sum_debit_cents"), number("sum_credit_cents"), number("addenda"))
}
