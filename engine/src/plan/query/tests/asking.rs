//! What a request asks for: columns, filters, order, pages.
//!
//! **Invariant.** The whole query is compared, so that nothing more is asked than is shown.

use super::kit::Kit;
use super::{MAPPING, TABLES};
use crate::plan::query::{Listing, project};
use std::sync::Arc;

const COLUMNS: &str =
    "select LGNR, LGBEZ1, LGBEZ2, LGART, LGMAIL, LGAKT, LGWERT, LGSEIT, LGDAT, LGZEIT from WRH.LAGER";

#[test]
fn filters_are_turned_around_and_the_key_completes_the_order() {
    let kit = Kit::new(TABLES, MAPPING);
    let check = |params: &[&str], expected: &str| {
        let query = kit.select("GET /stores", params);
        assert_eq!(query, format!("{COLUMNS}{expected} order LGNR limit 3"), "{params:?}");
    };
    check(&[], "");
    check(&["kind=cold"], " where LGART in ('K','KK')");
    check(&["kind=dry", "active=false"], " where LGART = 'T' and LGAKT in ('N','S')");
    check(&["kinds=cold,dry"], " where LGART in ('K','KK','T')");
    check(&["not=dry"], " where LGART <> 'T' or LGART is null");
    check(&["worth=10.005"], " where LGWERT <= '10'");
    check(&["from=2020-01-01"], " where LGSEIT >= '20200101'");
    check(
        &["changedSince=2026-03-01T00:00:00Z", "kind=dry"],
        " where LGART = 'T' and (LGDAT > '20260301' or (LGDAT = '20260301' and LGZEIT >= '10000'))",
    );
    check(
        &["name=Hof Ost"],
        " where LGBEZ1 like Hof Ost% or (LGBEZ1 = 'Hof' and LGBEZ2 like Ost%) or (LGBEZ1 = '' and LGBEZ2 like Hof Ost%)",
    );
}

#[test]
fn a_text_that_the_code_table_does_not_know_is_refused_and_not_found_nowhere() {
    let kit = Kit::new(TABLES, MAPPING);
    let check = |name: &str, text: &str, expected: Option<&str>| {
        let params = &kit.operation("GET /stores").params;
        let param = params.iter().find(|param| &*param.name == name).unwrap();
        assert_eq!(param.parse(text).err().as_deref(), expected, "{name}={text}");
    };
    check("kind", "cold", None);
    check("kind", "other", Some("expected one of cold, dry"));
    check("not", "COLD", Some("expected one of cold, dry"));
    check("kinds", "dry,cold", None);
    check("kinds", "dry,other", Some("expected one of cold, dry"));
    check("kinds", "", Some("expected one of cold, dry"));
    check("active", "J", Some("expected true or false"));
    // What no table decides can be anything.
    check("name", "other", None);
}

#[test]
fn a_record_is_asked_for_by_its_key() {
    let kit = Kit::new(TABLES, MAPPING);
    assert_eq!(kit.select("GET /stores/{id}", &["id=17"]), format!("{COLUMNS} where LGNR = '17'"));
    assert_eq!(kit.select("GET /stores/{id}", &["id=1234567"]), format!("{COLUMNS} where false"));
    assert_eq!(kit.select("PATCH /stores/{id}", &["id=17"]), format!("{COLUMNS} where LGNR = '17'"));
}

#[test]
fn a_client_sorts_by_the_fields_that_the_mapping_names() {
    let kit = Kit::new(TABLES, MAPPING);
    let plan = kit.operation("GET /stores").call.as_ref().unwrap().table().unwrap().clone();
    let check = |sort: &str, expected: Result<&str, &str>| {
        let listing = plan.sort(sort).map(|sort| Listing { sort: Some(sort), fields: None });
        let query =
            listing.map(|listing| kit.listed("GET /stores", &kit.inputs("GET /stores", &[], ""), &listing));
        let expected = expected.map(|order| format!("{COLUMNS} order {order} limit 3"));
        assert_eq!(query, expected.map_err(str::to_owned), "{sort}");
    };
    let fields = "expected fields out of changed, value.amount, since, each once";
    check("-changed", Ok("LGDAT desc, LGZEIT desc, LGNR"));
    check("value.amount,-since", Ok("LGWERT, LGSEIT desc, LGNR"));
    check("name", Err(fields));
    check("changed,-changed", Err(fields));
    check("", Err(fields));
}

#[test]
fn a_client_names_fields_and_no_other_column_is_asked_for() {
    let kit = Kit::new(TABLES, MAPPING);
    let check = |fields: &str, columns: &str, json: &str| {
        let operation = kit.operation("GET /stores");
        let projection = project(kit.program(), operation, fields).unwrap();
        let listing = Listing { sort: None, fields: Some(Arc::new(projection)) };
        let inputs = kit.inputs("GET /stores", &[], "");
        let query = kit.listed("GET /stores", &inputs, &listing);
        assert_eq!(query, format!("select {columns} from WRH.LAGER order LGNR limit 3"), "{fields}");
        let row = "LGNR=7; LGBEZ1=Hof; LGBEZ2=Ost; LGART=K; LGWERT=5.00; LGDAT=20260301; LGZEIT=90500";
        let (items, _) = kit.page("GET /stores", &inputs, &listing, &[row]);
        assert_eq!(items, json, "{fields}");
    };
    check("kind", "LGNR, LGART", r#"[{"kind":"cold"}]"#);
    check("value", "LGNR, LGWERT", r#"[{"value":{"amount":5.00,"currency":"EUR"}}]"#);
    check("value.currency", "LGNR", r#"[{"value":{"currency":"EUR"}}]"#);
    check("label", "LGNR, LGBEZ1, LGBEZ2", r#"[{"label":"Hof Ost 7"}]"#);
    check("id,changed", "LGNR, LGDAT, LGZEIT", r#"[{"id":7,"changed":"2026-03-01T09:05:00+01:00"}]"#);
    let operation = kit.operation("GET /stores");
    assert_eq!(project(kit.program(), operation, "id,nope").unwrap_err(), "expected fields of Store");
    assert!(project(kit.program(), operation, "value.nope").is_err());
}
