//! What `run-once` says of the totals that a file claims.
//!
//! **Invariant.** Both numbers are told, digit by digit, whether they are the same or not.

use super::entries;
use super::world::World;
use serde_json::json;

#[test]
fn both_numbers_of_each_total_are_told_where_they_hold_and_where_they_do_not() {
    let world = World::of(&entries::project(), |mapping| mapping).overlay("log");
    let (bytes, cents) = entries::file(1200, |_, _| {});
    let euros = format!("{}.{:02}", cents / 100, cents % 100);
    world.drop_file("good.ach", &bytes);
    let ended = world.run_once();
    assert_eq!(ended.code, 0, "{}", ended.said);
    let unit = ended.unit("good.ach");
    let total = |model: &str, field: &str, said: &str, totals: &str, found: &str| {
        let holds = said == found;
        json!({ "model": model, "field": field, "said": said, "totals": totals, "found": found, "holds": holds })
    };
    let all = unit["totals"].as_array().unwrap();
    assert_eq!(all.len(), 5, "{unit}");
    assert_eq!(all[0], total("Entry", "CTL-COUNT", "1200", "sum(_lines)", "1200"));
    assert_eq!(all[3], total("Entry", "CTL-CREDIT", &euros, "sum(_credit)", &euros));
    assert_eq!(all[4], total("Batch", "CTL-BATCHES", "3", "count", "3"));

    // One cent is missing, and people read it.
    let text = String::from_utf8(bytes).unwrap();
    let (wrong, less) = (format!("{cents:012}"), format!("{:012}", cents - 1));
    let last = text.rfind(&wrong).unwrap();
    world.drop_file("bad.ach", format!("{}{less}{}", &text[..last], &text[last + 12..]).as_bytes());
    let ended = world.start("run-once", &[]).end();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let missing = format!("{}.{:02}", (cents - 1) / 100, (cents - 1) % 100);
    for line in [
        "  totals    CTL-COUNT 1200 = sum(_lines) 1200\n".to_owned(),
        format!("            CTL-CREDIT {missing} \u{2260} sum(_credit) {euros}\n"),
        "            CTL-BATCHES 3 = count 3\n".to_owned(),
    ] {
        assert!(ended.said.contains(&line), "{line} is not in {}", ended.said);
    }
    assert!(ended.said.contains("bad.ach: refused: CTL-CREDIT: the file says"), "{}", ended.said);
}
