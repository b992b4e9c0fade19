//! Statements of the mapping's author: their parameters, and what they must be.
//!
//! **Invariant.** The facts of each statement stand in the test; the text is never looked into.

use super::TABLES;
use super::kit::{Kit, Statements};
use kernel::{ScalarType, Statement, TextType};
use std::sync::Arc;

fn columns(names: &[&str]) -> Option<Vec<Arc<str>>> {
    Some(names.iter().map(|name| Arc::from(*name)).collect())
}

const STATEMENTS: Statements = &[
    ("SELECT cold", || Statement {
        parameters: vec![(
            "min".into(),
            Some(ScalarType::Decimal { digits: Some(11), scale: Some(2), unsigned: false }),
        )],
        columns: columns(&["lgnr", "LGART"]),
        writes: false,
    }),
    ("SELECT less", || Statement { parameters: Vec::new(), columns: columns(&["LGNR"]), writes: false }),
    ("SELECT town", || Statement {
        parameters: vec![(
            "min".into(),
            Some(ScalarType::Text(TextType { length_max: Some(3), ..TextType::default() })),
        )],
        columns: columns(&["LGNR", "LGART"]),
        writes: false,
    }),
    ("DELETE one", || Statement {
        parameters: vec![("id".into(), Some(ScalarType::integer()))],
        columns: None,
        writes: true,
    }),
    ("UPDATE close", || Statement {
        parameters: vec![
            ("id".into(), Some(ScalarType::integer())),
            ("reason".into(), Some(ScalarType::text())),
            ("body.until".into(), Some(ScalarType::Date)),
            ("now".into(), Some(ScalarType::LocalDateTime)),
        ],
        columns: None,
        writes: true,
    }),
];

const MAPPING: &str = "models:
  Store:
    legacy: erp/WRH.LAGER
    key: id
    fields: { id: LGNR, art: LGART, reason: LGUSR, until: LGSEIT | date(yyyyMMdd) }
    ignore: [LGBEZ1, LGBEZ2, LGMAIL, LGAKT, LGWERT, LGDAT, LGZEIT, LGRES]
  Brief:
    legacy: erp/WRH.LAGER
    key: id
    fields: { id: LGNR, art: LGART }
    ignore: [LGBEZ1, LGBEZ2, LGMAIL, LGAKT, LGWERT, LGSEIT, LGDAT, LGZEIT, LGUSR, LGRES]
rest:
  GET /cold:
    list: Brief
    sql: SELECT cold
    query: { min: number }
    filter: { art: art }
    page: { size: 50 }
  POST /stores/{id}/close:
    body: Store
    sql: UPDATE close
    status: 204
";

fn kit(from: &str, to: &str) -> Kit {
    assert!(MAPPING.contains(from), "the mapping has no {from:?}");
    Kit::with(TABLES, &MAPPING.replacen(from, to, 1), STATEMENTS)
}

#[test]
fn rows_of_a_statement_are_filtered_ordered_and_paged() {
    let kit = kit("", "");
    assert_eq!(
        kit.select("GET /cold", &["min=1.5", "art=K"]),
        "select LGNR, LGART from (SELECT cold with min='1.5') where LGART = 'K' order LGNR limit 3"
    );
    assert_eq!(
        kit.select("GET /cold", &[]),
        "select LGNR, LGART from (SELECT cold with min=NULL) order LGNR limit 3"
    );
}

#[test]
fn values_come_from_parameters_the_body_and_the_clock() {
    let kit = kit("", "");
    let body = r#"{"id":5,"reason":"sold","until":"2026-06-30"}"#;
    assert_eq!(
        kit.write("POST /stores/{id}/close", &["id=5"], None, body),
        "UPDATE close with id='5', reason='sold', body.until='2026-06-30', now='2026-01-01T01:00:00'"
    );
    let nothing = kit.write("POST /stores/{id}/close", &["id=5"], None, r#"{"id":5}"#);
    assert!(nothing.contains("reason=NULL"), "{nothing}");
}

#[test]
fn a_parameter_of_the_path_that_no_field_is_has_the_type_that_it_is_sent_to() {
    let mapping = MAPPING.replace("    body: Store\n    sql: UPDATE close", "    sql: DELETE one");
    let kit = Kit::with(TABLES, &mapping, STATEMENTS);
    assert_eq!(kit.findings(), []);
    assert_eq!(kit.write("POST /stores/{id}/close", &["id=5"], None, "{}"), "DELETE one with id='5'");
}

#[test]
fn a_text_that_is_longer_than_its_column_is_compared_and_not_refused() {
    let mapping = MAPPING.replace("SELECT cold", "SELECT town").replace("min: number", "min: text");
    let kit = Kit::with(TABLES, &mapping, STATEMENTS);
    assert_eq!(
        kit.select("GET /cold", &["min=longer"]),
        "select LGNR, LGART from (SELECT town with min='longer') order LGNR limit 3"
    );
}

#[test]
fn each_mistake_is_reported_at_its_place() {
    let check = |from: &str, to: &str, expected: &[(&str, &str)]| {
        assert_eq!(kit(from, to).findings(), expected, "{to}");
    };
    check("", "", &[]);
    check("SELECT cold", "SELEKT cold", &[("E078", "SELEKT")]);
    check("SELECT cold", "SELECT less", &[("E078", "SELECT less"), ("E038", "min")]);
    check("query: { min: number }", "query: { mn: number }", &[("E030", "SELECT cold")]);
    check("query: { min: number }", "query: { min: date }", &[("E042", "SELECT cold")]);
    check("sql: UPDATE close", "sql: SELECT less", &[("E078", "SELECT less"), ("E038", "{id}")]);
}
