//! Dead letters: the one bad record in 100,000, what its letter holds, and how it is sent again.

use super::crashes::without_verify;
use super::entries::{self, totals, unique};
use super::world::World;
use serde_json::Value;
use std::fs;
use tests::kafka::{Broker, Message};

/// Entries, and the number from 0 of the one that is bad.
const ENTRIES: usize = 100_000;
const BAD: usize = 70_707;
/// The topics.
const TOPIC: &str = "ach.entries.v1";
const REJECTED: &str = "ach.entries.rejected.v1";

/// The number of the record from 1: behind a header, and in batches of 500 between their own header and control.
const fn record(entry: usize) -> u64 {
    (entry + 2 * (entry / 500) + 3) as u64
}

/// What the headers of a letter must say.
fn check_letter(letter: &Message, line: &str, reason: &str, field: Option<(&str, &str)>) {
    let header =
        |name: &str| letter.header(&format!("ce_{name}")).unwrap_or_else(|| panic!("{name}: {letter:?}"));
    assert_eq!(letter.value, line, "the raw bytes");
    assert_eq!(header("unit"), "large.ach");
    assert_eq!(header("record"), record(BAD).to_string());
    assert_eq!(header("offset"), ((record(BAD) - 1) * 95).to_string());
    assert_eq!((header("model"), header("recordtype")), ("Entry", "entry"));
    assert!(header("reason").contains(reason), "{}", header("reason"));
    assert!(!header("mappingversion").is_empty());
    assert_eq!(header("unitid").len(), 64);
    if let Some((path, hex)) = field {
        assert_eq!((header("field"), header("hex")), (path, hex));
    }
    let beside: Value = serde_json::from_str(header("beside")).unwrap();
    for name in ["header", "batch"] {
        assert!(beside[name].is_string(), "{name} stands beside it: {beside}");
    }
}

/// Publishes a file with one bad record, and returns the letter of it.
fn streamed(world: &World, broker: &Broker, bytes: &[u8], sum: u64) -> Message {
    world.drop_file("large.ach", bytes);
    let ended = world.run_once();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let unit = ended.unit("large.ach");
    assert_eq!(unit["totalsHold"], Value::Null, "this mapping compares no totals: {unit}");
    assert_eq!((&unit["outcome"], &unit["rejected"]["Entry"]), (&"settled".into(), &1.into()), "{unit}");
    assert_eq!(unit["events"][TOPIC], ENTRIES - 1, "{unit}");
    let seen = unique(&broker.consumer().all(TOPIC).unwrap());
    assert_eq!(totals(&seen), (ENTRIES - 1, sum - cents_of_bad()));
    let mut letters = broker.consumer().all(REJECTED).unwrap();
    assert_eq!(letters.len(), 1, "{letters:#?}");
    letters.remove(0)
}

fn cents_of_bad() -> u64 {
    1 + (BAD as u64 * 7919) % 1_000_000
}

/// All entries are there now, and that of the letter is what it would have been.
fn whole(broker: &Broker, sum: u64) {
    let seen = broker.consumer().all(TOPIC).unwrap();
    let entries: std::collections::HashMap<_, _> =
        seen.iter().map(|message| (message.header("ce_id").unwrap(), message)).collect();
    assert_eq!(entries.len(), ENTRIES);
    let cents: u64 = entries.values().map(|message| entries::cents(&message.value, "amount")).sum();
    assert_eq!(cents, sum);
    let own = format!("-{}", record(BAD));
    let found: Vec<_> = entries.iter().filter(|(id, _)| id.ends_with(&own)).collect();
    assert_eq!(found.len(), 1);
    let data: Value = serde_json::from_str(&found[0].1.value).unwrap();
    assert_eq!((&data["batch"], &data["company"]), (&(BAD / 500 + 1).into(), &"ACME".into()), "{data}");
    assert_eq!(data["file"], "large.ach");
}

#[test]
fn one_bad_record_in_a_hundred_thousand_is_a_letter_that_a_better_mapping_delivers() {
    let Some(broker) = Broker::start().unwrap() else { return };
    let world = World::of(&entries::project(), |mapping| without_verify(&mapping)).kafka(&broker.address());
    let mut line = String::new();
    let (bytes, sum) = entries::file(ENTRIES, |n, entry| {
        if n == BAD {
            entry.replace_range(1..3, "57");
            line.clone_from(entry);
        }
    });
    let letter = streamed(&world, &broker, &bytes, sum);
    check_letter(&letter, &line, "code `57` is not in code table direction", None);

    let redrive = || world.start("redrive", &[REJECTED, "--json"]).end();
    let ended = redrive();
    assert_eq!(ended.code, 1, "nothing is better yet: {}", ended.said);
    assert_eq!(
        (&ended.summary["events"], &ended.summary["open"][0]["record"]),
        (&0.into(), &record(BAD).into()),
        "{}",
        ended.said
    );
    world.change(|mapping| mapping.replace("credit: [\"22\",", "credit: [\"22\", \"57\","));
    let ended = redrive();
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert_eq!(ended.summary["events"], 1, "{}", ended.said);
    whole(&broker, sum);
    let ended = redrive();
    assert_eq!((ended.code, &ended.summary["events"]), (0, &0.into()), "it is sent once: {}", ended.said);
}

#[test]
fn a_letter_whose_bytes_are_repaired_by_hand_is_delivered_with_what_stood_beside_it() {
    let Some(broker) = Broker::start().unwrap() else { return };
    let world = World::of(&entries::project(), |mapping| without_verify(&mapping)).kafka(&broker.address());
    let (mut line, mut right) = (String::new(), String::new());
    let (bytes, sum) = entries::file(ENTRIES, |n, entry| {
        if n == BAD {
            right.clone_from(entry);
            entry.replace_range(29..39, "00000000O7");
            line.clone_from(entry);
        }
    });
    let letter = streamed(&world, &broker, &bytes, sum);
    let field = ("ENT-EITHER/ENT-AMOUNT", "30303030303030304f37");
    check_letter(&letter, &line, "is no digit", Some(field));

    let export = world.folder.join("open.ndjson");
    let path = export.display().to_string();
    let ended = world.start("redrive", &[REJECTED, "--json", "--export", &path]).end();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let mut open: Value = serde_json::from_str(&fs::read_to_string(&export).unwrap()).unwrap();
    // Whoever repairs it reads what is in it.
    let field = |name: &str| {
        let mut fields = open["fields"].as_array().unwrap().iter();
        fields.find(|field| field["field"] == name).unwrap_or_else(|| panic!("{name}: {open}")).clone()
    };
    assert_eq!(field("ENT-DOMESTIC/DOM-NAME")["value"], "Wade Arnold");
    let amount = field("ENT-EITHER/ENT-AMOUNT");
    assert_eq!((&amount["value"], &amount["hex"]), (&Value::Null, &"30303030303030304F37".into()));
    assert!(amount["error"].as_str().unwrap().contains("is no digit"), "{amount}");
    assert_eq!(amount["offset"], (record(BAD) - 1) * 95 + 29);
    open["data"] = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &right).into();
    fs::write(&export, format!("{open}\n")).unwrap();
    let ended = world.start("redrive", &[REJECTED, "--json", "--file", &path]).end();
    assert_eq!((ended.code, &ended.summary["events"]), (0, &1.into()), "{}", ended.said);
    whole(&broker, sum);
}

#[test]
fn a_record_whose_sum_cannot_be_known_holds_the_whole_file() {
    let Some(broker) = Broker::start().unwrap() else { return };
    let world = World::of(&entries::project(), |mapping| mapping).kafka(&broker.address());
    let spoil = |from: usize, to: &'static str| {
        move |n: usize, entry: &mut String| {
            if n == 1_234 {
                entry.replace_range(from..from + to.len(), to);
            }
        }
    };
    // The amount is summed, so that the file cannot be verified without this record.
    let (bytes, _) = entries::file(5_000, spoil(29, "00000000O7"));
    world.drop_file("amount.ach", &bytes);
    let ended = world.run_once();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let unit = ended.unit("amount.ach");
    assert_eq!(unit["outcome"], "refused", "{unit}");
    let at = 1_234 + 2 * (1_234 / 500) + 3;
    let place = format!("record {at} at byte {} cannot be added up", (at - 1) * 95);
    let reason = unit["reason"].as_str().unwrap();
    assert!(reason.starts_with(&place) && reason.contains("ENT-AMOUNT"), "{reason}");
    // A sound file behind it is published all the same.
    world.drop_file("sound.ach", &entries::file(10, |_, _| {}).0);
    let ended = world.run_once();
    assert_eq!(ended.unit("sound.ach")["outcome"], "settled", "{}", ended.said);
    let seen = unique(&broker.consumer().all(TOPIC).unwrap());
    assert_eq!(seen.len(), 10, "nothing of the file that is held is published");
}
