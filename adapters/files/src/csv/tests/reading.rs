//! Fields, headers, ragged records, record types, and what is wrong with them.
//!
//! **Invariant.** Offsets are checked as well as words: records begin at byte 100.

use super::kit::{headed, opened, shared, tell, texts, try_open, values};
use crate::csv::{Csv, Cut};
use crate::format::Format;
use serde_json::json;

#[test]
fn fields_are_told_without_quotes_and_escapes() {
    let csv = opened(json!({ "columns": ["a", "b", "c"] }));
    let check = |record: &str, expected: &[&str]| {
        assert_eq!(texts(&csv, record.as_bytes()).unwrap(), expected, "{record:?}");
    };
    check("1,2,3", &["1", "2", "3"]);
    check(",,", &["", "", ""]);
    check("\"\",\" \",", &["", " ", ""]);
    check("\"a,b\",\"c\nd\",\"e\"\"f\"", &["a,b", "c\nd", "e\"f"]);
    check("\"\"\"\",\"\"\"a\",\"a\"\"\"", &["\"", "\"a", "a\""]);
    check("5\" pipe, \"x\",ü€😀", &["5\" pipe", " \"x\"", "ü€😀"]);
    let escape = opened(json!({ "columns": ["a", "b"], "escape": "\\" }));
    assert_eq!(texts(&escape, br#""a\"\\,""b",c\,d"#).unwrap(), [r#"a"\,"b"#, "c,d"]);
    assert_eq!(texts(&escape, br#"5"\\,x"#).unwrap(), ["5\"\\", "x"]);
    let none = opened(json!({ "columns": ["a", "b"], "separator": "tab", "quote": "none" }));
    assert_eq!(texts(&none, b"\"a\tb\"").unwrap(), ["\"a", "b\""]);
    let latin = try_open(&json!({ "columns": ["a", "b"], "separator": ";" }), "windows-1252").unwrap();
    assert_eq!(
        texts(&latin, b"\x80 5;\"M\xFCller \"\"&\"\" S\xF6hne\"").unwrap(),
        ["€ 5", "Müller \"&\" Söhne"]
    );
    let ebcdic = try_open(&json!({ "columns": ["a", "b"], "separator": ";" }), "cp273").unwrap();
    let mut record = Vec::new();
    ebcdic.dialect().page.encode_into("Ä;\"b\"\";\"", &mut record).unwrap();
    assert_eq!(texts(&ebcdic, &record).unwrap(), ["Ä", "b\";"]);
}

#[test]
fn a_record_of_the_wrong_number_of_fields_is_refused_with_its_place() {
    let csv = opened(json!({ "columns": ["a", "b", "c"] }));
    let refuse =
        |record: &str, why: &str| assert_eq!(texts(&csv, record.as_bytes()), Err(why.into()), "{record}");
    refuse("1,2", "the record has 2 fields, and there are 3 columns at byte 103");
    refuse("", "the record has 1 fields, and there are 3 columns at byte 100");
    refuse("1,2,3,4", "the record has 4 fields or more, and there are 3 columns at byte 106");
    refuse("1,\"2\"x,3", "there is text behind the closing quote at byte 105");
    refuse("1,\"2,3", "the quoted field has no end at byte 102");

    let ragged = opened(json!({ "columns": ["a", "b", "c"], "ragged": true }));
    assert_eq!(texts(&ragged, b"1,2").unwrap(), ["1", "2"]);
    let told = tell(&ragged, 0, b"1,2,3,4,5").unwrap();
    assert_eq!((told.leaves.len(), told.unknown), (3, vec!["field 4".to_owned(), "field 5".to_owned()]));
}

#[test]
fn a_field_that_is_no_text_is_told_and_the_others_go_on() {
    let csv = opened(json!({ "columns": ["a", "b", "c"] }));
    let told = tell(&csv, 0, b"1,x\xFF,3").unwrap();
    assert_eq!(told.leaves.len(), 2);
    let (part, why, at) = &told.unreadable[0];
    assert_eq!(
        (*part, why.as_str(), *at),
        (csv.types()[0].parts[1], "byte 2 of the text is no character of utf-8", 102)
    );
}

#[test]
fn a_header_says_which_field_is_which_column() {
    let csv = opened(json!({ "columns": ["id", "name"], "header": true }));
    assert!(csv.has_header());
    assert!(texts(&csv, b"1,2").unwrap_err().contains("the header in front of the record is not known"));
    let order = headed(&csv, "new,\"name\", id ").unwrap();
    assert_eq!(
        values(&*order, 0, b"x,Huber,7").unwrap(),
        [("name".to_owned(), "Huber".to_owned()), ("id".to_owned(), "7".to_owned())]
    );
    assert_eq!(tell(&*order, 0, b"x,Huber,7").unwrap().unknown, ["new"]);
    assert!(texts(&*order, b"x,Huber").unwrap_err().contains("2 fields, and there are 3 columns"));
    let leaf = order.leaf(0, "id").unwrap();
    assert_eq!(order.text(&leaf, b"x,Huber,\"7\"", &mut String::new()).as_deref(), Some("7"));

    assert_eq!(
        headed(&csv, "id,nam").unwrap_err(),
        "the header lacks the column name; it has id, nam at byte 0"
    );
    assert_eq!(headed(&csv, "id,name,id").unwrap_err(), "the header has the column id twice at byte 0");
    let ragged = opened(json!({ "columns": ["id", "name"], "header": true, "ragged": true }));
    assert_eq!(texts(&*headed(&ragged, "name").unwrap(), b"Huber").unwrap(), ["Huber"]);
}

#[test]
fn several_types_of_records_have_columns_of_their_own() {
    let csv = opened(json!({
        "columns": { "head": ["kind", "date"], "row": ["kind", "id", "amount"] },
        "records": { "head": { "kind": "H" }, "row": { "kind": "R" } },
    }));
    let names: Vec<&str> = csv.types().iter().map(|ty| &*ty.name).collect();
    assert_eq!(names, ["head", "row"]);
    assert_eq!(csv.names(1), ["kind", "id", "amount"]);
    let kind = csv.leaf(1, "kind").unwrap();
    assert_eq!(csv.text(&kind, b"R,1,2", &mut String::new()).as_deref(), Some("R"));
    assert_eq!(csv.leaf(0, "amount"), None);
    assert_eq!(tell(&csv, 1, b"R,1,2").unwrap().leaves.len(), 3);
    assert!(tell(&csv, 0, b"R,1,2").is_err());
}

#[test]
fn what_a_mapping_writes_is_checked() {
    let refuse = |format: serde_json::Value, why: &str| {
        let wrong = try_open(&format, "utf-8").unwrap_err();
        assert!(wrong.iter().any(|wrong| wrong.contains(why)), "{wrong:?}");
    };
    refuse(json!({}), "`columns` is missing");
    refuse(json!({ "columns": [] }), "at least one column");
    refuse(json!({ "columns": ["a", "a"] }), "the column `a` is there twice");
    refuse(json!({ "columns": ["a"], "separator": ",," }), "`separator` is one character");
    refuse(json!({ "columns": ["a"], "separator": "€" }), "has to be one byte");
    refuse(json!({ "columns": ["a"], "separator": "\"" }), "are different characters");
    refuse(json!({ "columns": ["a"], "escape": "\"" }), "are different characters");
    refuse(json!({ "columns": ["a"], "separator": "none" }), "cannot be none");
    refuse(json!({ "columns": ["a"], "quoting": "often" }), "`quoting` is needed or always");
    refuse(json!({ "columns": "legacy/none.csv" }), "there is no `legacy/none.csv`");
    refuse(
        json!({ "columns": { "x": ["a"] }, "records": { "y": { "a": "1" } } }),
        "there is no record type `x`",
    );
    refuse(
        json!({ "columns": { "x": ["a"] }, "records": { "x": {}, "y": {} } }),
        "nothing of the record type `y`",
    );
    let sample = opened(json!({ "columns": "legacy/sample.csv", "separator": ";" }));
    assert_eq!(sample.names(0), ["id", "full name", "amount"]);
}

/// Returns the header and the records of a file.
fn records(csv: &Csv, bytes: &[u8]) -> Vec<Vec<u8>> {
    let dialect = csv.dialect();
    let mut at = dialect.prelude(bytes, true).unwrap().unwrap();
    let mut records = Vec::new();
    while let Cut::Record { start, length, next } = dialect.split(&bytes[at..], true).unwrap() {
        records.push(bytes[at + start..at + start + length].to_vec());
        at += next;
    }
    records
}

type Row = serde_json::Map<String, serde_json::Value>;

#[test]
fn the_cases_of_csv_spectrum_are_read_as_their_json_says() {
    let Some(folder) = shared("fixtures/flat/csv-spectrum") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("csvs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        if name.ends_with("_crlf") && !bytes.contains(&b'\r') {
            // The shared copy has lost the carriage returns that its name and its JSON speak of.
            bytes = String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes();
        }
        let json = std::fs::read(folder.join("json").join(format!("{name}.json"))).unwrap();
        let mut expected: Vec<Row> = match serde_json::from_slice(&json).unwrap() {
            serde_json::Value::Object(only) => vec![only],
            rows => serde_json::from_value(rows).unwrap(),
        };
        if name == "location_coordinates" {
            // Its JSON has a made-up telephone number that its CSV has not.
            assert_eq!(expected[0]["Contact Phone Number"], "1234567890");
            expected[0]["Contact Phone Number"] = "2095257564".into();
        }
        let columns: Vec<&String> = expected[0].keys().collect();
        let csv = opened(json!({ "columns": columns, "header": true }));
        let mut records = records(&csv, &bytes).into_iter();
        let headed = csv.headed(&records.next().unwrap()).unwrap();
        let mut found: Vec<Row> = Vec::new();
        for record in records {
            let values = values(&*headed, 0, &record).unwrap();
            found.push(values.into_iter().map(|(name, text)| (name, text.into())).collect());
        }
        assert_eq!(found, expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 12);
}
