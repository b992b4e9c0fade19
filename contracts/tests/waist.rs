//! The waist fits sources that are as unlike as can be: rows in columns, and records in bytes.
//!
//! Each double shares nothing with any adapter. Both are read, written and judged by the same plans as messages are.

#![expect(clippy::panic, reason = "all of it is tests")]

mod waist {
    pub(crate) mod bytes;
    pub(crate) mod columns;
    pub(crate) mod kit;
}

use engine::plan::laws::Laws;
use engine::plan::model::Model;
use engine::plan::tree::Tree;
use engine::program::Ambient;
use std::sync::Arc;
use waist::kit::{Picky, compiled, read_all, taken};
use waist::{bytes, columns};

const MAPPING: &str = r#"
facade: waist
format: 1
auth: { type: none }
connections:
  core: { type: odbc, timezone: Europe/Vienna }
  ledger: { type: files }
codes:
  kind: { current: C, savings: [S, T] }
models:
  Account:
    legacy: core/ACCOUNT
    key: id
    fields:
      id: NO
      name: NAME1 + NAME2 | lines(10)
      kind: KIND | codes(kind)
      balance.amount: BALANCE
      balance.currency: = "EUR"
      openedOn: OPENED | nullIf(0) | date(yyyyMMdd)
      changedAt: CHANGED
      overdrawn: = balance.amount < 0
    ignore: [FILLER]
  Posting:
    legacy: ledger/posting
    key: id
    fields:
      id: SEQ
      day: $header/DAY | date(yyyyMMdd)
      amount: AMOUNT
      detail:
        oneOf: KIND
        cases:
          transfer: { when: T, at: TRANSFER, fields: { account: TO-ACCOUNT, text: TO-TEXT } }
          card: { when: [C, D], at: CARD, fields: { digits: CARD-DIGITS } }
      splits:
        each: SPLIT
        fields: { center: CENTER, part: PART }
      parts: = sum(splits.map(s, s.part))
"#;

fn model(name: &str) -> Arc<Model> {
    let catalogues = [("core", columns::catalogue()), ("ledger", bytes::catalogue())];
    compiled(MAPPING, catalogues).find_model(name).map(Arc::clone).expect("the mapping has the model")
}

#[test]
fn rows_in_columns_are_read_wherever_batches_end_and_whoever_pauses() {
    let model = model("Account");
    let expected = r#"[{"id":1,"name":"Jo Miller","kind":"current","balance":{"amount":-12.50,"currency":"EUR"},"openedOn":null,"changedAt":"2026-07-01T09:30:00+02:00","overdrawn":true},{"id":2,"name":"Ann","kind":"savings","balance":{"amount":99999999999999999999999999999999999.99,"currency":"EUR"},"openedOn":"2024-02-29","changedAt":null,"overdrawn":false},{"id":3,"name":"Zoë","kind":"savings","balance":{"amount":0.00,"currency":"EUR"},"openedOn":"1999-12-31","changedAt":"2026-12-24T18:00:00.25+01:00","overdrawn":false}]"#;
    for sizes in [vec![3], vec![1, 2], vec![2, 1], vec![1, 1, 1], vec![0, 3, 0]] {
        for pause in [0, 1, 2, 5] {
            let rows = columns::Rows::new(&columns::three_accounts(), &sizes);
            let found = read_all(&model, columns::catalogue().tables[0].rows, rows, pause);
            assert_eq!(found, expected, "batches {sizes:?}, every {pause}. part paused");
        }
    }
}

#[test]
fn records_in_bytes_are_read_wherever_the_bytes_are_cut_and_whoever_pauses() {
    let model = model("Posting");
    let expected = r#"[{"id":17,"day":"2026-03-31","amount":1234.56,"detail":{"type":"transfer","account":"AT-1","text":"rent"},"splits":[{"center":"K1","part":1000.00},{"center":"K2","part":234.56}],"parts":1234.56},{"id":18,"day":"2026-03-31","amount":-0.01,"detail":{"type":"card","digits":4242},"splits":[],"parts":0}]"#;
    let wire = bytes::two_postings();
    for cut in 1..wire.len() {
        let parts: Vec<Vec<u8>> = wire.chunks(cut).map(<[u8]>::to_vec).collect();
        let pause = cut % 4;
        let found = read_all(&model, bytes::file_type(), bytes::Records::new(parts.clone()), pause);
        assert_eq!(found, expected, "in pieces of {cut} bytes, every {pause}. part paused");
        // The area of the other kind cannot be read, and nobody wants it.
        let both = bytes::Records::new(parts).with_both();
        let found = read_all(&model, bytes::file_type(), both, pause);
        assert_eq!(found, expected, "both areas, in pieces of {cut} bytes, every {pause}. part paused");
    }
}

#[test]
fn a_record_that_is_no_record_is_refused_with_its_place() {
    let check = |at: usize, byte: u8, expected: &str| {
        let mut wire = bytes::two_postings();
        wire[at] = byte;
        let shape = bytes::catalogue().shape.clone();
        let found = taken(&shape, bytes::file_type(), &mut bytes::Records::new(vec![wire]));
        let error = found.expect_err("the record is refused");
        assert_eq!(error.to_string(), expected);
    };
    check(18, 0xff, "a record of 65372 bytes is longer than its file at byte 18");
    check(20, b'x', "no record begins so at byte 20");
    check(30, 0xab, "AMOUNT is not packed decimal: 0001ab456c at byte 28");
}

#[test]
fn the_laws_hold_on_both_and_what_is_written_is_what_is_read() {
    for name in ["Account", "Posting"] {
        let model = model(name);
        let laws = Laws::new(&model, Ambient::for_tests());
        let report = laws.random(2_000, 7);
        assert_eq!((report.records, &report.broken[..]), (2_000, &[][..]), "{name}: {report:?}");
        let samples = laws.samples(200, 11);
        assert_eq!(samples.len(), 200);
        for sample in samples {
            let again = match name {
                "Account" => columns::written_and_read(&sample),
                _ => bytes::written_and_read(&sample),
            };
            assert!(
                alike(&again, &sample, &laws),
                "{name}: {:?} is not {:?}",
                laws.read(&again),
                laws.read(&sample)
            );
        }
    }
}

/// A row has all its columns and a record all its fields, so an absent value comes back as nothing or as blanks.
fn alike(again: &Tree, sample: &Tree, laws: &Laws<'_>) -> bool {
    match (laws.read(again), laws.read(sample)) {
        (Ok(again), Ok(sample)) => again.same(&sample),
        _ => false,
    }
}

#[test]
fn what_nobody_maps_is_never_decoded() {
    let model = model("Posting");
    let mut seen = Picky::new(&model);
    let wire = bytes::two_postings();
    bytes::Records::new(vec![wire]).tell_all(&mut seen);
    assert!(seen.skipped > 0 && !seen.decoded.iter().any(|name| name == "BANK"), "{:?}", seen.decoded);
}
