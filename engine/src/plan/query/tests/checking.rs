//! Mistakes in mappings of tables: each is noticed, at its place.
//!
//! **Invariant.** Each row changes a mapping that has no findings, so what is found is due to the change.

use super::kit::Kit;
use super::{MAPPING, TABLES};

#[test]
fn a_mapping_without_mistakes_has_no_findings() {
    assert_eq!(Kit::new(TABLES, MAPPING).findings(), []);
}

#[test]
fn each_mistake_is_reported_at_its_place() {
    let check = |from: &str, to: &str, code: &str, at: &str| {
        assert!(MAPPING.contains(from), "the mapping has no {from:?}");
        let kit = Kit::new(TABLES, &MAPPING.replacen(from, to, 1));
        assert_eq!(kit.findings(), [(code, at)], "{to}");
    };
    check("erp/WRH.LAGER", "erp/WRH.LAGR", "E003", "WRH.LAGR");
    check("LGMAIL |", "LGMAL |", "E014", "LGMAL");
    check("kind: kind,", "kind: knd,", "E033", "knd");
    check("kind: kind,", "kind: kind >=,", "E034", ">=");
    check("name: name starts", "name: name >=", "E034", ">=");
    check("name: name starts", "name: name contains", "E039", "name");
    check("active: active,", "active: value.currency,", "E039", "value.currency");
    check("sort: [changed,", "sort: [chngd,", "E033", "chngd");
    check("sort: [changed,", "sort: [kind,", "E034", "kind");
    check("sort: [changed,", "sort: [-changed,", "E007", "-changed");
    check("sort: [changed,", "order: [label], sort: [changed,", "E034", "label");
    check("GET /stores/{id}", "GET /stores/{nr}", "E077", "GET /stores/{nr}");
    check(
        "    write: { LGUSR: FACADE }\n    ignore: [LGRES]",
        "    ignore: [LGRES, LGUSR]",
        "E043",
        "POST /stores",
    );
    check("    ignore: [LGRES]\n", "", "W003", "erp/WRH.LAGER");
    check("page: { size: 50,", "page: { next: LGNR, size: 50,", "E007", "LGNR");
}

#[test]
fn a_float_that_is_not_what_it_shows_is_neither_asked_for_nor_sorted_by() {
    let found = |column: &str, filter: &str, page: &str| -> Vec<String> {
        let tables = format!("table A.T\n ID int key\n FL {column}");
        let mapping = format!(
            "models:\n  T:\n    legacy: erp/A.T\n    key: id\n    fields: {{ id: ID, fl: FL }}\n\
             rest:\n  GET /t:\n    list: T\n{filter}    page: {page}\n"
        );
        let kit = Kit::new(&tables, &mapping);
        kit.compiled.findings.iter().map(|found| found.code.0.to_owned()).collect()
    };
    let filter = "    filter: { from: fl >= }\n";
    assert_eq!(found("real", filter, "{ size: 5 }"), ["E039"]);
    assert_eq!(found("real", "", "{ size: 5, sort: [fl] }"), ["E034"]);
    assert_eq!(found("float", filter, "{ size: 5, sort: [fl] }"), [""; 0]);
}

#[test]
fn the_laws_hold_for_random_rows() {
    let kit = Kit::new(TABLES, MAPPING);
    let model = kit.program().find_model("Store").expect("a model");
    let report = crate::plan::laws::Laws::new(model, crate::program::Ambient::for_tests()).random(500, 11);
    assert_eq!(report.broken, []);
    assert!(report.records == 500 && report.refused < 250, "{report:?}");
}

#[test]
fn a_list_without_pages_is_noted() {
    let kit = Kit::new(
        TABLES,
        &MAPPING.replace("    page: { size: 50, max: 500, sort: [changed, value.amount, since] }\n", ""),
    );
    let codes: Vec<&str> = kit.compiled.findings.iter().map(|found| found.code.0).collect();
    assert_eq!(codes, ["N003"]);
    assert!(!kit.select("GET /stores", &[]).contains("limit"));
}

#[test]
fn what_cannot_be_written_is_known_before() {
    let check = |tables: &str, mapping: &str, expected: &[(&str, &str)]| {
        assert_eq!(Kit::new(tables, mapping).findings(), expected, "{mapping}");
    };
    let rest = "rest:\n  PATCH /v/{id}:\n    update: V\n";
    let model = "models:\n  V:\n    legacy: erp/A.V\n    key: id\n    fields: { id: ID, x: X }\n";
    check("view A.V\n ID int\n X int", &format!("{model}{rest}"), &[("E076", "PATCH /v/{id}")]);
    let written = model.replace("x: X", "x: { from: X, write: = 1 }");
    check("table A.V\n ID int key\n X int generated", &format!("{written}{rest}"), &[("E076", "x")]);
    let constant = format!("{model}    write: {{ Y: 1 }}\n{rest}");
    check("table A.V\n ID int key\n X int\n Y int generated", &constant, &[("E076", "Y")]);
    let get = format!("{model}rest:\n  GET /v/{{id}}:\n    get: V\n");
    check("table A.V\n ID int key\n X int key", &get, &[("W007", "GET /v/{id}")]);
    check("view A.V\n ID int\n X int", &get, &[("W007", "GET /v/{id}")]);
    let list = format!(
        "{}rest:\n  GET /v:\n    list: V\n    page: {{ size: 5 }}\n",
        model.replace("    key: id\n", "")
    );
    check("view A.V\n ID int\n X int", &list, &[("E077", "{ size: 5 }")]);
}
