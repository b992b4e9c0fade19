//! The report on tables: what `explain` says of a program.
//!
//! **Invariant.** The whole text is compared, so that a change of it is seen.

use super::kit::Kit;
use super::{MAPPING, TABLES};
use crate::plan::explain::explain;

#[test]
fn the_report_shows_how_a_table_is_asked_and_what_is_not_noticed() {
    let events = "events:\n  Store:\n    topic: stores\n    created: store.created\n    deleted: store.deleted\n    \
        watch: { every: 20s, since: changed, overlap: 2m }\n";
    let kit = Kit::new(TABLES, &format!("{MAPPING}{events}"));
    assert_eq!(kit.findings(), []);
    let text = explain(kit.program(), None).expect("a report").text();
    let part = |from: &str| {
        let start = text.find(from).unwrap_or_else(|| panic!("{from} in\n{text}"));
        text[start..].split("\n\n").next().unwrap_or_default().trim_end().to_owned()
    };
    assert!(text.starts_with("Store ↔ erp/WRH.LAGER   (12 of 12 legacy fields used or ignored)"), "{text}");
    assert_eq!(
        part("PATCH /stores/{id}"),
        "PATCH /stores/{id}   (update Store)
  calls    erp/WRH.LAGER
  selects  id = id, by LGNR
  writes   only changed columns, where the row is still as it was read
  judged   by faults only
  memory   S0 stream"
    );
    assert!(
        part("GET /stores ").contains("  selects  changed >= changedSince, by LGDAT + LGZEIT\n"),
        "{text}"
    );
    assert!(part("GET /stores ").contains("  orders   by LGNR; a page begins behind the last row"), "{text}");
    assert_eq!(
        part("events Store"),
        "events Store → stores (embedded log)
  type     created: store.created
  type     deleted: store.deleted
  noticed  every 20s rows of WRH.LAGER with a later changed
  noticed  rows are seen that are committed up to 2m late; what is committed later is not noticed, because there is no `sweep`
  noticed  deletes are not noticed, because there is no `sweep`"
    );
}
