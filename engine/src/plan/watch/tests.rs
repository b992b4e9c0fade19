//! Tests of watching: questions, rows and facts.
//!
//! **Invariant.** Events are compiled from a mapping, as in production.

use super::{Facts, RowReader};
use crate::plan::query::tests::kit::{Kit, parse};
use crate::plan::query::tests::{MAPPING, TABLES};
use crate::program::{Ambient, EventPlan, WatchPlan};
use crate::value::Value;
use jiff::tz::TimeZone;
use kernel::{Datum, Interest, Scalar, Visitor};
use std::sync::Arc;

const EVENTS: &str = "events:
  Store:
    topic: stores
    created: store.created
    updated: store.changed
    deleted: store.deleted
    deletedWhen: = !active
    subject: '= \"store/\" + string(id)'
    onlyChanges: [name, value.amount]
    watch: { every: 20s, since: changed, overlap: 2m, sweep: 24h }
";

fn kit(from: &str, to: &str) -> Kit {
    assert!(EVENTS.contains(from), "the events have no {from:?}");
    Kit::new(TABLES, &format!("{MAPPING}{}", EVENTS.replacen(from, to, 1)))
}

fn plan(kit: &Kit) -> &Arc<EventPlan> {
    &kit.program().events[0]
}

fn watch(kit: &Kit) -> &WatchPlan {
    plan(kit).watch.as_ref().expect("a watch")
}

fn instant(text: &str) -> Value {
    Value::Instant(crate::value::Instant { at: text.parse().unwrap(), offset_s: 0 })
}

#[test]
fn changes_are_asked_for_by_since_and_all_rows_by_key() {
    let kit = kit("", "");
    let watch = watch(&kit);
    let columns =
        "select LGNR, LGBEZ1, LGBEZ2, LGART, LGMAIL, LGAKT, LGWERT, LGSEIT, LGDAT, LGZEIT from WRH.LAGER";
    let from = instant("2026-03-01T00:00:00Z");
    assert_eq!(
        kit.shown(&watch.changes(Some(&from), None, 100).unwrap()),
        format!(
            "{columns} where LGDAT > '20260301' or (LGDAT = '20260301' and LGZEIT >= '10000') order LGDAT, LGZEIT, LGNR limit 100"
        )
    );
    assert_eq!(
        kit.shown(&watch.changes(None, None, 9).unwrap()),
        format!("{columns} order LGDAT, LGZEIT, LGNR limit 9")
    );
    assert_eq!(kit.shown(&watch.all(None, None)), format!("{columns} order LGNR"));
}

#[test]
fn a_question_reaches_back_over_the_hour_that_the_clocks_repeat_and_what_the_text_cuts_off() {
    let kit = kit("", "");
    let since = watch(&kit).since.as_ref().unwrap();
    let check = |at: &str, begins: &str, coarse: &str| {
        let at: jiff::Timestamp = at.parse().unwrap();
        assert_eq!(since.begins(at).to_string(), begins);
        assert_eq!(since.coarse(at).to_string(), coarse);
    };
    check("2026-03-01T00:00:00.5Z", "2026-03-01T00:00:00.5Z", "2026-02-28T23:59:59.5Z");
    check("2026-10-24T23:59:59Z", "2026-10-24T23:59:59Z", "2026-10-24T23:59:58Z");
    check("2026-10-25T00:59:59Z", "2026-10-25T00:00:00Z", "2026-10-25T00:59:58Z");
    check("2026-10-25T01:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:29:59Z");
    check("2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T01:59:59Z");
}

/// Tells a row to a reader, as an adapter would.
fn tell(kit: &Kit, watch: &WatchPlan, reader: &mut RowReader, row: &str) {
    let shape = &watch.table.shape;
    let tree = kit.row("GET /stores", row);
    let part = watch.table.table.part;
    assert_eq!(reader.enter(part, shape.part(part).ty), Interest::Descend);
    for &node in tree.children(tree.root()) {
        let column = tree.part(node).unwrap();
        if reader.enter(column, shape.part(column).ty) == Interest::Leaf {
            reader.leaf(column, tree.value(node).unwrap_or(Scalar::Nil)).unwrap();
        }
    }
    reader.leave(part).unwrap();
}

#[test]
fn a_row_gives_key_content_and_place_and_one_that_cannot_be_read_stops_no_other() {
    let kit = kit("", "");
    let watch = watch(&kit);
    let mut reader = watch.reader(watch.order(), &Ambient::for_tests());
    let row = |id: &str, kind: &str| {
        format!(
            "LGNR={id}; LGBEZ1=Hof; LGBEZ2=; LGART={kind}; LGMAIL=; LGAKT=J; LGWERT=5.00; LGSEIT=0; LGDAT=20260301; LGZEIT=90500"
        )
    };
    tell(&kit, watch, &mut reader, &row("7", "?"));
    tell(&kit, watch, &mut reader, &row("8", "K"));
    tell(&kit, watch, &mut reader, &row("9", "KK"));
    let (wrong, eight, nine) = (reader.next().unwrap(), reader.next().unwrap(), reader.next().unwrap());
    assert!(reader.next().is_none());
    assert!(wrong.content.is_err());
    let told: Vec<(&str, &Datum)> = wrong
        .columns
        .iter()
        .map(|(part, datum)| (&*watch.table.shape.part(*part).name.local, datum))
        .collect();
    assert_eq!(told.len(), 10, "{told:?}");
    assert!(told.contains(&("LGART", &Datum::Text("?".into()))), "{told:?}");
    assert_eq!(
        wrong.place.text(),
        format!("[[{}],[\"20260301\",\"90500\",\"7\"]]", numbers(&wrong.place.text()))
    );
    assert!(eight.since.same(&instant("2026-03-01T08:05:00Z")), "{:?}", eight.since);
    let (eight, nine) = (eight.content.unwrap(), nine.content.unwrap());
    assert_eq!(&*eight.key, "8");
    assert!(String::from_utf8(eight.json).unwrap().starts_with(r#"{"id":8,"name":"Hof","kind":"cold""#));
    assert_ne!(eight.fingerprint, nine.fingerprint);
    let query = kit.shown(&watch.changes(None, Some(&wrong.place), 5).unwrap());
    assert!(query.contains(" where LGDAT > '20260301' or (LGDAT = '20260301' and LGZEIT > '90500') or (LGDAT = '20260301' and LGZEIT = '90500' and LGNR > '7') order"), "{query}");
}

/// The part of a keyset's text that names the columns.
fn numbers(text: &str) -> &str {
    text.trim_start_matches("[[").split(']').next().unwrap()
}

#[test]
fn an_event_has_the_facts_that_the_mapping_says() {
    let kit = kit("", "");
    let model = kit.program().find_model("Store").unwrap();
    let vienna = TimeZone::get("Europe/Vienna").unwrap();
    let facts = |plan: &EventPlan, modern: &str, since: &Value| {
        plan.facts(model, &parse(modern), since, (&Ambient::for_tests(), &vienna))
    };
    let since = instant("2026-03-01T08:05:00Z");
    let expected = Facts {
        deleted: true,
        key: None,
        id: None,
        time: Some("2026-03-01T08:05:00Z".into()),
        subject: Some("store/8".into()),
    };
    assert_eq!(facts(plan(&kit), r#"{"id":8,"active":false}"#, &since), Ok(expected));
    assert!(!facts(plan(&kit), r#"{"id":8,"active":true}"#, &since).unwrap().deleted);
    let date = Value::Date(jiff::civil::date(2026, 6, 1));
    let time = facts(plan(&kit), r#"{"id":8}"#, &date).unwrap().time;
    assert_eq!(time.as_deref(), Some("2026-06-01T00:00:00+02:00"));
}

#[test]
fn each_mistake_is_reported_at_its_place() {
    let check = |from: &str, to: &str, expected: &[(&str, &str)]| {
        assert_eq!(kit(from, to).findings(), expected, "{to}");
    };
    check("", "", &[]);
    check("since: changed", "since: chnged", &[("E030", "chnged")]);
    check("since: changed", "since: kind", &[("E034", "kind")]);
    check("since: changed", "since: label", &[("E034", "label")]);
    check("since: changed", "since: mail", &[("E034", "mail")]);
    check("= !active", "= id", &[("E042", "id")]);
    check("[name,", "[nme,", &[("E030", "nme")]);
    check("topic: stores", "topic: erp/stores", &[("E002", "erp")]);
    check("topic: stores", "topic: nobody/stores", &[("E002", "nobody")]);
    check("every: 20s,", "every: 20s, call: erp.X,", &[("E007", "erp.X")]);
    check("    subject:", "    newest: changed\n    subject:", &[("E007", "changed")]);
    let plain = kit("    watch: { every: 20s, since: changed, overlap: 2m, sweep: 24h }\n", "");
    assert!(plan(&plain).watch.is_none());
}
