//! Records that are written, from nothing and over what was read.
//!
//! **Invariant.** Everything written is read back.

use super::kit::{Given, headed, opened, rewritten, tell, texts, try_open, written};
use crate::csv::{Csv, Cut};
use crate::format::Format as _;
use serde_json::json;

fn write(csv: &Csv, values: &[&str]) -> String {
    let bytes = written(csv, 0, values).unwrap();
    assert_eq!(texts(csv, &bytes).unwrap(), values);
    // The splitter takes it for one record.
    let mut stream = bytes.clone();
    stream.extend_from_slice(csv.dialect().ending());
    let expected = Cut::Record { start: 0, length: bytes.len(), next: stream.len() };
    assert_eq!(csv.dialect().split(&stream, true), Ok(expected), "{values:?}");
    csv.dialect().page.decode(&bytes, &mut String::new()).unwrap().to_owned()
}

#[test]
fn quotes_are_written_where_they_are_needed() {
    let csv = opened(json!({ "columns": ["a", "b"] }));
    assert_eq!(write(&csv, &["1", "x y"]), "1,x y");
    assert_eq!(write(&csv, &["1,5", "a\"b"]), "\"1,5\",\"a\"\"b\"");
    assert_eq!(write(&csv, &["", "\n"]), ",\"\n\"");
    assert_eq!(write(&csv, &["\r", " "]), "\"\r\", ");
    let always = opened(json!({ "columns": ["a", "b"], "quoting": "always" }));
    assert_eq!(write(&always, &["1", ""]), "\"1\",\"\"");
    let escape = opened(json!({ "columns": ["a", "b"], "escape": "\\" }));
    assert_eq!(write(&escape, &["a\"b", "c\\d"]), "\"a\\\"b\",\"c\\\\d\"");
    let only_escape = opened(json!({ "columns": ["a", "b"], "escape": "\\", "quote": "none" }));
    assert_eq!(write(&only_escape, &["a,b", "c\\\nd"]), "a\\,b,c\\\\\\\nd");
    let comment = opened(json!({ "columns": ["a", "b"], "comment": "#" }));
    assert_eq!(write(&comment, &["#1", "#2"]), "\"#1\",#2");
    let ebcdic = try_open(&json!({ "columns": ["a", "b"], "separator": ";" }), "cp273").unwrap();
    assert_eq!(write(&ebcdic, &["Ä;", "\u{85}"]), "\"Ä;\";\"\u{85}\"");
}

#[test]
fn what_could_not_be_read_again_is_refused() {
    let none = opened(json!({ "columns": ["a", "b"], "quote": "none" }));
    let refused = written(&none, 0, &["1", "a,b"]).unwrap_err();
    assert!(refused.contains("there are no quotes") && refused.contains("part=b"), "{refused}");
    let comment = opened(json!({ "columns": ["a", "b"], "quote": "none", "comment": "#" }));
    assert!(written(&comment, 0, &["#1", "b"]).unwrap_err().contains("comment"));
    let latin = try_open(&json!({ "columns": ["a", "b"] }), "latin1").unwrap();
    let refused = written(&latin, 0, &["1", "5 €"]).unwrap_err();
    assert!(refused.contains("character 3 of the text does not exist in latin1"), "{refused}");
}

#[test]
fn what_was_read_is_written_back_byte_for_byte() {
    let csv = opened(json!({ "columns": ["a", "b", "c"], "ragged": true }));
    let check = |record: &str| {
        let values = texts(&csv, record.as_bytes()).unwrap();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let again = rewritten(&csv, record.as_bytes(), &values).unwrap();
        assert_eq!(again, record.as_bytes(), "{record:?}");
    };
    for record in ["1,2,3", "\"1\",\"\",", "5\" x,\"a\"\"b\", c", "1", "1,2,3,4,\"5\"", "\"\",,\"x\ny\""] {
        check(record);
    }
    let change = |record: &str, values: &[&str]| {
        String::from_utf8(rewritten(&csv, record.as_bytes(), values).unwrap()).unwrap()
    };
    assert_eq!(change("\"1\",\"2\",3", &["1", "x,y", "3"]), "\"1\",\"x,y\",3");
    assert_eq!(change("1", &["1", "", "z"]), "1,,z");
    assert_eq!(change("1", &["1", "", ""]), "1");
    assert_eq!(change("1,2,3,\"4\"", &["1", "2", ""]), "1,2,,\"4\"");

    // What nobody tells stays.
    assert_eq!(change("1,\"2\",3", &["4"]), "4,\"2\",3");

    let csv = opened(json!({ "columns": ["id", "name"], "header": true }));
    let headed = headed(&csv, "new,name,id").unwrap();
    let again = rewritten(&*headed, b"\"?\",Huber,7", &["8", "Huber"]).unwrap();
    assert_eq!(again, b"\"?\",Huber,8");
    assert_eq!(written(&*headed, 0, &["8", "Huber"]).unwrap(), b",Huber,8");
}

#[test]
fn random_values_are_read_as_they_were_written() {
    let letters = ['a', ',', '"', '\n', '\r', '\\', '#', ' ', 'ü', ';'];
    let dialects = [
        opened(json!({ "columns": ["a", "b", "c"] })),
        opened(json!({ "columns": ["a", "b", "c"], "escape": "\\", "comment": "#" })),
        opened(
            json!({ "columns": ["a", "b", "c"], "escape": "\\", "quote": "none", "comment": "#", "separator": ";" }),
        ),
        opened(json!({ "columns": ["a", "b", "c"], "quoting": "always" })),
    ];
    let mut seed = 0x5EA_3A11_u64;
    let mut next = |end: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % end
    };
    for _ in 0..3000 {
        let values: Vec<String> =
            (0..3).map(|_| (0..next(5)).map(|_| letters[next(10) as usize]).collect()).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        for csv in &dialects {
            write(csv, &values);
        }
    }
}

#[test]
fn whatever_record_is_read_is_written_back() {
    let letters = [b'a', b',', b'"', b'\n', b'\r', b'\\', b'#', b' ', 0xFC, b';'];
    let dialects = [
        try_open(&json!({ "columns": ["a", "b", "c"], "ragged": true }), "utf-8").unwrap(),
        try_open(&json!({ "columns": ["a", "b"], "escape": "\\", "comment": "#", "ragged": true }), "latin1")
            .unwrap(),
        try_open(&json!({ "columns": ["a"], "quote": "none", "escape": "\\" }), "windows-1252").unwrap(),
    ];
    let mut seed = 0x0BAD_5EED_u64;
    let mut next = |end: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % end
    };
    let mut good = 0;
    for _ in 0..4000 {
        let stream: Vec<u8> = (0..next(24)).map(|_| letters[next(10) as usize]).collect();
        for csv in &dialects {
            let mut at = 0;
            while let Ok(Cut::Record { start, length, next }) = csv.dialect().split(&stream[at..], true) {
                let record = &stream[at + start..at + start + length];
                at += next;
                let Ok(told) = tell(csv, 0, record) else { continue };
                if !told.unreadable.is_empty() {
                    continue;
                }
                let told = told.leaves.into_iter().map(|(part, text)| (part, Some(text))).collect();
                let mut out = Vec::new();
                csv.rewrite(0, record, &mut Given(told), &mut out).unwrap();
                assert_eq!(out, record, "{:?}", String::from_utf8_lossy(record));
                good += 1;
            }
        }
    }
    assert!(good > 8000, "{good}");
}
