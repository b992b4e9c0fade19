//! What a write asks for: only what changed, and only in the row that was read.
//!
//! **Invariant.** A row that is written back as it was read makes no statement at all.

use super::kit::Kit;
use super::{MAPPING, TABLES};
use crate::plan::query::{old, write};
use crate::plan::tree::Tree;
use crate::program::Ambient;
use std::sync::Arc;

const OLD: &str = "LGNR=17; LGBEZ1=Hof; LGBEZ2=Ost; LGART=KK; LGMAIL=Ada@B.at; LGAKT=S; LGWERT=5.00; LGSEIT=0; LGDAT=20251231; LGZEIT=235959";
const SAME: &str = "LGBEZ1 is 'Hof' and LGBEZ2 is 'Ost' and LGART is 'KK' and LGMAIL is 'Ada@B.at' and LGAKT is 'S' and LGWERT is '5.00' and LGSEIT is '0' and LGDAT is '20251231' and LGZEIT is '235959'";
const BODY: &str =
    r#"{"id":17,"name":"Hof Ost","kind":"cold","mail":"ada@b.at","active":false,"value":{"amount":5.00}}"#;

#[test]
fn a_change_sets_what_changed_where_the_row_is_still_the_same() {
    let kit = Kit::new(TABLES, MAPPING);
    let check = |from: &str, to: &str, expected: &str| {
        let written = kit.write("PATCH /stores/{id}", &["id=17"], Some(OLD), &BODY.replace(from, to));
        assert_eq!(written, expected, "{to}");
    };
    let set = |columns: &str| format!("update WRH.LAGER set {columns} where LGNR = '17' and {SAME}");
    check("", "", "nothing");
    check(
        "\"active\":false",
        "\"active\":true",
        &set("LGAKT='J', LGDAT='20260101', LGZEIT='10000', LGUSR='FACADE'"),
    );
    check("cold", "dry", &set("LGART='T', LGDAT='20260101', LGZEIT='10000', LGUSR='FACADE'"));
    check("\"cold\"", "null", &set("LGART=NULL, LGDAT='20260101', LGZEIT='10000', LGUSR='FACADE'"));
    check("\"ada@b.at\"", "null", &set("LGMAIL='', LGDAT='20260101', LGZEIT='10000', LGUSR='FACADE'"));
    check("Hof Ost", "Hof", &set("LGBEZ2='', LGDAT='20260101', LGZEIT='10000', LGUSR='FACADE'"));
    check("5.00", "5.001", "error /value/amount: the legacy field takes at most 2 decimals");
    check("5.00", "null", "error /value/amount: the table requires a value");
    // The same value in another form is the same value.
    check("5.00", "5", "nothing");
    check("5.00", "5.0", "nothing");
    check("5.00", "0.5e1", "nothing");
    check("ada@b.at", "ADA@b.at", "nothing");
    check("cold", "warm", "error /kind: code table kind has no such value; it has cold, dry");
}

#[test]
fn a_new_row_has_constants_and_what_stands_for_nothing() {
    let kit = Kit::new(TABLES, MAPPING);
    let check = |body: &str, expected: &str| {
        assert_eq!(kit.write("POST /stores", &[], None, body), expected, "{body}");
    };
    check(
        r#"{"id":9,"name":"Hof","active":true,"value":{"amount":1}}"#,
        "insert WRH.LAGER LGNR='9', LGBEZ1='Hof', LGBEZ2='', LGMAIL='', LGAKT='J', LGWERT='1', LGSEIT='0', LGDAT='20260101', LGZEIT='10000', LGUSR='FACADE'",
    );
    check(r#"{"id":9,"active":true}"#, "error /value/amount: the table requires a value");
}

#[test]
fn a_replacement_changes_what_is_missing_to_nothing() {
    let kit = Kit::new(TABLES, MAPPING);
    let written =
        kit.write("PUT /stores/{id}", &["id=17"], Some(OLD), &BODY.replace(r#""kind":"cold","#, ""));
    assert!(written.starts_with("update WRH.LAGER set LGART=NULL, LGDAT="), "{written}");
    let nobody = kit.write("PUT /stores/{id}", &["id=17"], None, BODY);
    assert_eq!(nobody, "error : the old row was not read");
}

#[test]
fn a_row_is_taken_away_by_its_key_or_as_it_was_read() {
    let kit = Kit::new(TABLES, MAPPING);
    let check = |old: Option<&str>, expected: &str| {
        assert_eq!(kit.write("DELETE /stores/{id}", &["id=17"], old, ""), expected);
    };
    check(None, "delete WRH.LAGER where LGNR = '17'");
    check(Some(OLD), &format!("delete WRH.LAGER where LGNR = '17' and {SAME}"));
}

#[test]
fn what_the_database_fills_in_is_returned_and_never_written() {
    let tables =
        "table A.T\n ID int key generated\n NAME text(20)\n AT timestamp generated\n NOTE text(9) null";
    let mapping = "models:\n  T:\n    legacy: erp/A.T\n    key: id\n    fields: { id: ID, name: NAME, at: AT, note: NOTE }\n\
        rest:\n  POST /t:\n    create: T\n    policy: { idempotency: off }\n  PATCH /t/{id}:\n    update: T\n";
    let kit = Kit::new(tables, mapping);
    let created = kit.write("POST /t", &[], None, r#"{"name":"x"}"#);
    assert_eq!(created, "insert A.T NAME='x' returning ID");
    assert_eq!(
        kit.write("POST /t", &[], None, r#"{"id":3,"name":"x"}"#),
        "error /id: the field is read-only"
    );
    let changed = kit.write(
        "PATCH /t/{id}",
        &["id=3"],
        Some("ID=3; NAME=x; AT=2026-01-01T00:00:00; NOTE=NULL"),
        r#"{"id":3,"name":"y"}"#,
    );
    assert_eq!(
        changed,
        "update A.T set NAME='y' where ID = '3' and NAME is 'x' and AT is '2026-01-01T00:00:00' and NOTE is NULL"
    );
    let create = kit.operation("POST /t").call.as_ref().unwrap();
    assert!(create.read.yields_something());
}

#[test]
fn the_same_value_in_another_form_changes_nothing() {
    let tables = "table A.T\n ID int key\n AT timestamp\n FL float\n DAY date\n TM time null\n B bool null\n C char(5) null\n V text(9) null\n N decimal(9,3) null";
    let mapping = "models:\n  T:\n    legacy: erp/A.T\n    key: id\n    fields: { id: ID, at: AT, fl: FL, day: DAY, tm: TM, b: B, c: C, v: V, n: N }\n\
        rest:\n  PATCH /t/{id}:\n    update: T\n";
    let kit = Kit::new(tables, mapping);
    let old = "ID=3; AT=2026-06-01T09:30:00.250; FL=1.50; DAY=2026-01-01; TM=09:30:00; B=true; C=ab; V=NULL; N=1.500";
    let body = r#"{"id":3,"at":"2026-06-01T07:30:00.25Z","fl":1.5,"day":"2026-01-01","tm":"09:30:00","b":true,"c":"ab","v":null,"n":1.5}"#;
    let check = |from: &str, to: &str, expected: &str| {
        let written = kit.write("PATCH /t/{id}", &["id=3"], Some(old), &body.replace(from, to));
        assert_eq!(written.split(" where ").next().unwrap(), expected, "{to}");
    };
    check("", "", "nothing");
    check("07:30:00.25Z", "09:30:00.250000+02:00", "nothing");
    check("\"fl\":1.5", "\"fl\":1.500", "nothing");
    check("\"09:30:00\"", "\"09:30:00.000\"", "nothing");
    check("\"ab\"", "\"ab   \"", "error /c: the legacy field would give back another value");
    check("\"v\":null", "\"v\":\"\"", "error /v: the legacy field would give back another value");
    check("\"n\":1.5", "\"n\":1.50000", "nothing");
    check("\"n\":1.5", "\"n\":1.501", "update A.T set N='1.501'");
}

#[test]
fn the_old_row_is_the_only_one_of_its_answer() {
    let kit = Kit::new(TABLES, MAPPING);
    let operation = kit.operation("PATCH /stores/{id}");
    let plan = operation.call.as_ref().unwrap().table().unwrap();
    let row = kit.row("PATCH /stores/{id}", OLD);
    let rows = |n: usize| {
        let mut rows = Tree::new(Arc::clone(&plan.shape), plan.table.rows);
        let root = rows.root();
        (0..n).for_each(|_| {
            rows.graft(root, plan.table.part, &row, row.root());
        });
        rows
    };
    let ambient = Ambient::for_tests();
    assert!(old(operation, &rows(0), &ambient).unwrap().is_none());
    assert_eq!(old(operation, &rows(2), &ambient).unwrap_err().class, kernel::Class::Poison);
    let found = old(operation, &rows(1), &ambient).unwrap().unwrap();
    assert!(found.tree.same(found.tree.root(), &row, row.root()));
    // What a client sees and sends back changes nothing.
    let mut inputs = kit.inputs("PATCH /stores/{id}", &["id=17"], "");
    (inputs.body, inputs.old) = (found.modern, Some(found.tree));
    assert_eq!(write(kit.program(), operation, &inputs), Ok(None));
}
