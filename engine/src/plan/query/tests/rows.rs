//! Rows whose columns come at once give what rows give that are told column by column, on random values.
//!
//! **Invariant.** Rows that break the contract are among them; both ways refuse the same ones with the same words.

use super::kit::Kit;
use crate::codec::tests::kit::Random;
use crate::plan::query::Listing;

const TABLES: &str = "
    table L.T
      ID int key
      NAME char(8)
      CODE char(1) null
      AMOUNT decimal(9,2) null
      DAY int null
      AT timestamp null
      NOTE text null
      PART date null
      FLAG bool null";

const MAPPING: &str = r#"
codes: { status: { active: A, closed: C } }
models:
  T:
    legacy: erp/L.T
    key: id
    fields:
      name: NAME
      id: ID
      detail.status: CODE | codes(status)
      detail.unit: = "piece"
      amount: AMOUNT
      inner.deep.day: DAY | nullIf(0) | date(yyyyMMdd)
      at: AT
      kind: = "row"
      note: NOTE | default(none)
      part: PART
      flag: FLAG
rest:
  GET /rows:
    list: T
    page: { size: 50, max: 100 }
"#;

/// A row; one in `odd` cells is no usual one.
fn row(random: &mut Random, odd: usize) -> String {
    let columns = ["ID", "NAME", "CODE", "AMOUNT", "DAY", "AT", "NOTE", "PART", "FLAG"];
    let cell = |name: &&str| {
        let value = match *name {
            _ if random.below(odd) == 0 => random.one(&["NULL", "", "x", "  ", "-1", "\"", "é\\"]).to_owned(),
            "ID" => random.below(1_000).to_string(),
            "NAME" => random.one(&["HUBER   ", "Müller", "a \"b\"", "  lead"]).to_owned(),
            "CODE" => random.one(&["A", "C", "NULL"]).to_owned(),
            "AMOUNT" => format!("{}.{:02}", random.below(10_000), random.below(100)),
            "DAY" => random.one(&["20260301", "0", "20240229"]).to_owned(),
            "AT" => random.one(&["2026-03-29T01:30:00", "2026-07-01 12:00:00.5", "NULL"]).to_owned(),
            "NOTE" => random.one(&["", "late", "NULL", "line\tbreak"]).to_owned(),
            "PART" => random.one(&["2026-01-31", "NULL"]).to_owned(),
            _ => random.one(&["true", "false", "1", "0"]).to_owned(),
        };
        format!("{name}={value}")
    };
    columns.iter().map(cell).collect::<Vec<_>>().join(";")
}

#[test]
fn rows_at_once_give_what_rows_give_column_by_column() {
    let kit = Kit::new(TABLES, MAPPING);
    let mut inputs = kit.inputs("GET /rows", &[], "");
    inputs.page.size = 9;
    let read = &kit.operation("GET /rows").call.as_ref().expect("a call").read;
    assert!(read.has_short_rows());
    let mut random = Random(0x0B0A_7F10);
    let (mut good, mut bad) = (0, 0);
    for round in 0..600 {
        let odd = [20, 200, 2_000][round % 3];
        let rows: Vec<String> = (0..random.below(12)).map(|_| row(&mut random, odd)).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        match kit.page_or_error("GET /rows", &inputs, &Listing::default(), &rows) {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        }
    }
    assert!(good > 100 && bad > 50, "{good} {bad}");
    let taken = kit.taken.get();
    assert!(taken > 1_000, "only {taken} rows went the short way");
}
