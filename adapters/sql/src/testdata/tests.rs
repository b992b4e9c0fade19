//! Rows of tests as maps.

use super::*;
use crate::catalog::Snapshot;
use crate::schema::Schema;

fn schema() -> Schema {
    let text = r#"{ "tables": { "T": { "key": ["A"], "columns": {
        "A": "DECIMAL(20,2)", "B": "CHAR(5)", "C": "VARBINARY(4)", "D": "DATE" } } } }"#;
    Schema::new(Snapshot::parse(text, FileId(0)).unwrap())
}

#[test]
fn a_row_survives_json_and_keeps_its_digits() {
    let schema = schema();
    let part = schema.catalogue.tables[0].part;
    let json = br#"{ "C": "00ff", "A": 123456789012345678.90, "B": null }"#;
    let mut told = decode(schema.shape(), part, json).unwrap();
    let wire = encode(schema.shape(), &mut told).unwrap();
    let expected = "{\n  \"A\": \"123456789012345678.90\",\n  \"B\": null,\n  \"C\": \"00ff\"\n}\n";
    assert_eq!(String::from_utf8(wire.clone()).unwrap(), expected);
    assert_eq!(difference(json, &wire), Ok(None));
}

#[test]
fn what_the_catalog_does_not_know_is_refused() {
    let schema = schema();
    let part = schema.catalogue.tables[0].part;
    let check = |json: &str, expected: &str| {
        let error = decode(schema.shape(), part, json.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(r#"{ "X": 1 }"#, "there is no `X`; it has: A, B, C, D");
    check(r#"[]"#, "expected a map, found a list");
    check(r#"{ "A": {} }"#, "A: expected a value, found a map");
    check(r#"{ "C": "0g" }"#, "C: bytes are hexadecimal");
    check("{", "expected a key");
}

#[test]
fn a_difference_is_told_by_its_path() {
    let check = |one: &str, other: &str, expected: Option<&str>| {
        let found = difference(one.as_bytes(), other.as_bytes()).unwrap();
        assert_eq!(found.as_deref(), expected, "{one} {other}");
    };
    check(r#"{"A":1,"B":"x"}"#, r#"{"B":"x","A":"1.00"}"#, None);
    check(r#"{"A":1}"#, r#"{"A":2}"#, Some("A: expected `1`, found `2`"));
    check(r#"{"A":1}"#, r#"{}"#, Some("the record: `A` is missing"));
    check(r#"{"A":"12.5"}"#, r#"{"A":"12.50"}"#, None);
    check(r#"{"A":0}"#, r#"{"A":"-0.00"}"#, None);
    check(r#"{"A":"007"}"#, r#"{"A":"7"}"#, Some("A: expected `007`, found `7`"));
    check(r#"{"A":"-07"}"#, r#"{"A":"-7"}"#, Some("A: expected `-07`, found `-7`"));
    check(r#"{"A":"+7"}"#, r#"{"A":"7"}"#, Some("A: expected `+7`, found `7`"));
    check(r#"{}"#, r#"{"A":1}"#, Some("the record: `A` is not expected"));
    check(r#"{"A":[{"B":1}]}"#, r#"{"A":[{"B":null}]}"#, Some("A[1]/B: expected a text, found nothing"));
    assert!(difference(b"{", b"{}").is_err());
}

#[test]
fn a_document_in_memory_can_be_left_and_resumed() {
    struct Once(bool, Vec<u32>);
    impl Visitor for Once {
        fn enter(&mut self, part: PartId, _ty: TypeId) -> Interest {
            if std::mem::take(&mut self.0) {
                Interest::Pause
            } else {
                self.1.push(part.0);
                Interest::Leaf
            }
        }
        fn leaf(&mut self, _part: PartId, _scalar: Scalar<'_>) -> Result<(), Stop> {
            Ok(())
        }
        fn unknown(&mut self, _name: &str) {}
        fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
            Ok(())
        }
    }
    let schema = schema();
    let mut told = decode(schema.shape(), schema.catalogue.tables[0].part, br#"{"A":1,"B":"x"}"#).unwrap();
    let mut once = Once(true, Vec::new());
    assert_eq!(told.advance(&mut once), Ok(Progress::Paused));
    assert_eq!(told.advance(&mut once), Ok(Progress::End));
    assert_eq!(once.1.len(), 2);
}
