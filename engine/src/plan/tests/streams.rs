//! Records that come by themselves: what stands beside them, fields that cannot be read, events, totals.
//!
//! **Invariant.** The bookings of the design's example, against a shape that stands here.

use super::{Case, case, detail};
use crate::json::{JsonLimits, text_of};
use crate::plan::laws::Laws;
use crate::plan::stream::{Compared, EventReader, Said, Tally, Unread};
use crate::plan::testing::Told;
use crate::plan::tree::{Tree, capture};
use crate::plan::write::{Write, put};
use crate::program::{Ambient, EventPlan};
use kernel::{Document, Severity, Visitor};

const SHAPE: &str = "
    type Header { HDR-TYPE HDR-FILE-NO:int HDR-BUS-DATE:int }
    type Trailer { TRL-TYPE TRL-COUNT:int TRL-TOTAL:dec TRL-TEXT }
    type Control { CTL-TYPE CTL-NO:int }
    type Booking {
      $header?=Header $trailer?=Trailer $control?=Control $file?:text
      TRX-TYPE TRX-SEQ:int TRX-ACCOUNT TRX-AMOUNT:dec TRX-CCY TRX-DC TRX-KIND
      TRX-DETAIL? TRX-TRANSFER? { TRF-IBAN TRF-REF } TRX-CARD? { CRD-LAST:int CRD-MERCHANT }
      TRX-SPLIT* { SPL-COST-CTR SPL-AMOUNT:dec }
      header?:text
    }
    record header=Header record booking=Booking record trailer=Trailer record control=Control";

const MAPPING: &str = r#"
connections: { pms: { type: double, timezone: Europe/Vienna } }
codes: { direction: { debit: D, credit: C } }
models:
  M:
    legacy: pms/booking
    key: id
    ignore: [TRX-TYPE, header, $control]
    fields:
      id: $header/HDR-FILE-NO + TRX-SEQ | join(-)
      bookedOn: $header/HDR-BUS-DATE | date(yyyyMMdd)
      account: TRX-ACCOUNT
      direction: TRX-DC | codes(direction)
      amount.value: TRX-AMOUNT
      amount.currency: TRX-CCY
      detail:
        oneOf: TRX-KIND
        cases:
          transfer: { when: T, at: TRX-TRANSFER, fields: { iban: TRF-IBAN, reference: TRF-REF } }
          card: { when: C, at: TRX-CARD, fields: { lastDigits: CRD-LAST, merchant: CRD-MERCHANT } }
          fee: { when: [F, Z], fields: { text: TRX-DETAIL } }
      splits:
        each: TRX-SPLIT
        fields: { costCenter: SPL-COST-CTR, amount: SPL-AMOUNT, day: $header/HDR-BUS-DATE }
events:
  M:
    topic: bookings
    type: booked
    key: = account
    id: = id
    time: = bookedOn
    subject: = "account " + account
    verify:
      $trailer/TRL-COUNT: = count
      $trailer/TRL-TOTAL: = sum(amount.value)
    reject: rejected
    policy: { rejectLimit: 100 }
"#;

const HEADER: &str = "($header (HDR-TYPE \"00\") (HDR-FILE-NO 4711) (HDR-BUS-DATE 20260331))";
const REST: &str =
    "(TRX-TYPE 10) (TRX-SEQ 17) (TRX-ACCOUNT AT-1) (TRX-AMOUNT 1234.56) (TRX-CCY EUR) (TRX-DC D)";
const TRANSFER: &str =
    "(TRX-KIND T) (TRX-TRANSFER (TRF-IBAN AT61) (TRF-REF rent)) (TRX-CARD (CRD-LAST bad) (CRD-MERCHANT x))";

fn changed(mapping: &str, from: &str, to: &str) -> Case {
    assert!(mapping.contains(from), "{from} is not in the mapping");
    case(SHAPE, &mapping.replacen(from, to, 1), &[])
}

impl Case {
    fn events(&self) -> &EventPlan {
        self.program().events.first().unwrap_or_else(|| panic!("{:?}", self.program().unsupported))
    }

    fn told<'a>(
        &self,
        document: &'a str,
    ) -> impl FnMut(&mut dyn Visitor) -> Result<kernel::Progress, kernel::DecodeError> + 'a {
        let model = self.program().find_model("M").expect("the model M");
        let (shape, ty) = (self.catalogue.shape.clone(), model.ty);
        move |to| Told::new(&shape, ty, document).advance(to)
    }

    fn event(&self, document: &str) -> Result<(String, Said), Unread> {
        let mut reader = EventReader::new(self.events(), &Ambient::for_tests());
        let mut json = b"before".to_vec();
        // A record that fails leaves nothing behind for the next one.
        let _ = reader.read(&mut self.told("(TRX-SEQ bad) (TRX-AMOUNT x)"), &mut json);
        assert_eq!(json, b"before");
        let said = reader.read(&mut self.told(document), &mut json);
        let text = String::from_utf8(json).expect("UTF-8");
        let said = said.inspect_err(|_| assert_eq!(text, "before"))?;
        Ok((text.trim_start_matches("before").to_owned(), said))
    }
}

#[test]
fn a_record_is_read_with_what_stands_beside_it() {
    let case = case(SHAPE, MAPPING, &[]);
    assert_eq!(case.findings(), []);
    let split =
        "(TRX-SPLIT (SPL-COST-CTR K1) (SPL-AMOUNT 1.00)) (TRX-SPLIT (SPL-COST-CTR K2) (SPL-AMOUNT 2))";
    let (json, said) = case.event(&format!("{HEADER} {REST} {TRANSFER} {split}")).expect("readable");
    assert_eq!(
        json,
        r#"{"id":"4711-17","bookedOn":"2026-03-31","account":"AT-1","direction":"debit","amount":{"value":1234.56,"currency":"EUR"},"detail":{"type":"transfer","iban":"AT61","reference":"rent"},"splits":[{"costCenter":"K1","amount":1.00,"day":20260331},{"costCenter":"K2","amount":2,"day":20260331}]}"#
    );
    assert_eq!((&*said.key, &*said.partition), ("4711-17", "AT-1"));
    assert_eq!((said.id.as_deref(), said.subject.as_deref()), (Some("4711-17"), Some("account AT-1")));
    assert_eq!(said.time.as_deref(), Some("2026-03-31T00:00:00+02:00"));
    assert!(!said.deleted && said.newest.is_absent());
}

#[test]
fn keys_of_several_values_are_told_apart_whatever_is_in_them() {
    let mapping =
        MAPPING.replacen("key: id", "key: [account, cost]", 1).replacen("    key: = account\n", "", 1);
    let mapping = mapping.replacen("account: TRX-ACCOUNT", "account: TRX-ACCOUNT\n      cost: TRX-DETAIL", 1);
    let case = case(SHAPE, &mapping, &[]);
    let check = |account: &str, cost: &str, key: &str, shown: &str| {
        let rest = REST.replace("AT-1", &format!("{account:?}"));
        let document = format!("{HEADER} {rest} (TRX-DETAIL {cost}) {TRANSFER}");
        let (_, said) = case.event(&document).expect("readable");
        assert_eq!((&*said.key, &*said.partition), (key, shown));
    };
    check("AT-1", "K1", "AT-1/K1", "AT-1/K1");
    check("a/b", "c", "a~1b/c", "a/b/c");
    check("a", "b/c", "a/b~1c", "a/b/c");
    check("a~1b", "c", "a~01b/c", "a~1b/c");
    check("a", "~", "a/~0", "a/~");
    check("a", "nil", "a/~", "a/");
}

#[test]
fn a_field_that_cannot_be_read_matters_only_where_it_is_wanted() {
    let case = case(SHAPE, MAPPING, &[]);
    let check = |document: String, pointer: &str, path: &str| {
        let unread = case.event(&document).expect_err("it cannot be read");
        assert!(unread.error.to_string().contains("the record breaks the contract"), "{}", unread.error);
        assert_eq!((detail(&unread.error, "pointer"), detail(&unread.error, "path")), (pointer, path));
        assert_eq!(detail(&unread.error, "reason"), "these are no digits");
        assert!(!detail(&unread.error, "offset").is_empty());
        assert_eq!(unread.field.map(|field| field.bytes.to_vec()), Some(vec![0xff]));
    };
    let rest = |from: &str, to: &str| REST.replace(from, to);
    check(format!("{HEADER} {} {TRANSFER}", rest("1234.56", "bad")), "/amount/value", "TRX-AMOUNT");
    check(
        format!("{HEADER} {} {TRANSFER}", rest("SEQ 17", "SEQ bad")),
        "/id",
        "$header/HDR-FILE-NO + TRX-SEQ",
    );
    check(
        format!("{HEADER} {REST} {}", TRANSFER.replace("KIND T", "KIND C")),
        "/detail/lastDigits",
        "TRX-CARD/CRD-LAST",
    );
    check(format!("{HEADER} {REST} {}", TRANSFER.replace("KIND T", "KIND bad")), "/detail", "TRX-KIND");
    check(
        format!("{} {REST} {TRANSFER}", HEADER.replace("20260331", "bad")),
        "/bookedOn",
        "$header/HDR-BUS-DATE",
    );
    check(
        format!("{HEADER} {REST} {TRANSFER} (TRX-SPLIT (SPL-COST-CTR K) (SPL-AMOUNT bad))"),
        "/splits/0/amount",
        "TRX-SPLIT/SPL-AMOUNT".trim_start_matches("TRX-SPLIT/"),
    );
    // Nobody asks for the type, and nobody for the area of another kind.
    case.event(&format!("{HEADER} {} {TRANSFER}", rest("TYPE 10", "TYPE bad"))).expect("readable");
}

#[test]
fn totals_are_compared_with_what_the_last_record_says() {
    let case = case(SHAPE, MAPPING, &[]);
    let check = |records: &[&str], unknown: usize, trailer: &str| -> Result<Vec<String>, String> {
        let mut tally = Tally::new(case.events(), &Ambient::for_tests()).expect("it verifies");
        for amount in records {
            let document = format!("{HEADER} {} (TRX-KIND bad)", REST.replace("1234.56", amount));
            tally.add(&mut case.told(&document)).map_err(|unread| unread.error.to_string())?;
        }
        (0..unknown).for_each(|_| tally.add_unknown());
        let compared = tally.close(&mut case.told(trailer)).map_err(|unread| unread.error.to_string())?;
        assert_eq!(compared.len(), 2, "what holds is told, too");
        Ok(compared.into_iter().filter_map(|total| total.difference).collect())
    };
    let trailer =
        |count: &str, total: &str| format!("{HEADER} ($trailer (TRL-COUNT {count}) (TRL-TOTAL {total}))");
    let holds = Ok(Vec::new());
    assert_eq!(check(&["1234.56", "19.99"], 0, &trailer("2", "1254.55")), holds);
    assert_eq!(check(&["1234.56", "19.99"], 1, &trailer("3", "1254.550")), holds);
    assert_eq!(check(&[], 0, &trailer("0", "0")), holds);
    assert_eq!(
        check(&["1234.56", "19.99"], 0, &trailer("2", "1.00")),
        Ok(vec!["TRL-TOTAL: the file says 1.00, the bookings add up to 1254.55".to_owned()])
    );
    assert_eq!(
        check(&["1.00", "1.00"], 0, &trailer("3", "1.99")),
        Ok(vec![
            "TRL-COUNT: the file says 3, there are 2 bookings".to_owned(),
            "TRL-TOTAL: the file says 1.99, the bookings add up to 2.00".to_owned(),
        ])
    );
    assert_eq!(
        check(&["1"], 0, &trailer("2", "1")),
        Ok(vec!["TRL-COUNT: the file says 2, there is 1 booking".to_owned()])
    );
    let fails = |found: Result<Vec<String>, String>, wanted: &str| {
        let error = found.expect_err("it cannot be compared");
        assert!(error.contains(wanted), "{error}");
    };
    fails(check(&["bad"], 0, &trailer("1", "1")), "these are no digits");
    fails(check(&["1"], 0, HEADER), "there is no trailer to compare with");
    fails(check(&["1"], 0, &trailer("nil", "1")), "it is empty");
    fails(check(&["1"], 0, &trailer("1", "bad")), "these are no digits");
}

#[test]
fn mistakes_of_a_stream_are_found() {
    let check_in = |mapping: &str, from: &str, to: &str, code: &str, at: &str| {
        let case = changed(mapping, from, to);
        let found = case.findings();
        assert!(found.iter().any(|(known, text, _)| *known == code && *text == at), "{to}: {found:?}");
        let errors = case.compiled.findings.iter().filter(|found| found.severity == Severity::Error).count();
        assert!(errors <= 1, "{to}: {found:?}");
    };
    let check = |from: &str, to: &str, code: &str, at: &str| check_in(MAPPING, from, to, code, at);
    check("$header/HDR-BUS-DATE", "$heder/HDR-BUS-DATE", "E013", "$heder");
    check("$header/HDR-BUS-DATE", "$header/HDR-BUS-DAT", "E014", "HDR-BUS-DAT");
    check("$header/HDR-BUS-DATE", "$file/X", "E014", "X");
    check("account: TRX-ACCOUNT", "account: control", "E014", "control");
    check("legacy: pms/booking", "legacy: pms/boking", "E003", "boking");
    check("$trailer/TRL-COUNT: = count", "TRX-SEQ: = count", "E013", "TRX-SEQ");
    check("$trailer/TRL-COUNT: = count", "$trailr/TRL-COUNT: = count", "E013", "$trailr");
    check("$trailer/TRL-COUNT: = count", "$trailer/TRL-CONT: = count", "E014", "TRL-CONT");
    check("sum(amount.value)", "sum(amount.vlue)", "E030", "vlue");
    check("sum(amount.value)", "sum(amont)", "E030", "amont");
    check("sum(amount.value)", "amount.value", "E030", "amount");
    check("sum(amount.value)", "sum(account)", "E042", "account");
    check("sum(amount.value)", "sum(splits)", "E042", "splits");
    check("sum(amount.value)", "sum(1)", "E036", "sum(1)");
    check("= count", "= cnt", "E030", "cnt");
    check("= count", "= count > 1", "E042", "count > 1");
    check("type: booked", "type: booked\n    watch: { every: 1s }", "E007", "{ every: 1s }");
    check("type: booked", "type: booked\n    newest: account", "E042", "account");
    check("type: booked", "type: booked\n    newest: acount", "E030", "acount");
    check("type: booked", "type: booked\n    onlyChanges: [acount]", "E030", "acount");
    check("time: = bookedOn", "time: = account", "E042", "account");
    let keyless = |from: &str, to: &str, at: &str| {
        check_in(&MAPPING.replace("    key: id\n", ""), from, to, "E077", at)
    };
    keyless("    key: = account\n", "", "M");
    keyless("type: booked", "created: booked", "booked");
    keyless("type: booked", "type: booked\n    newest: bookedOn", "bookedOn");
    keyless("type: booked", "type: booked\n    onlyChanges: [direction]", "direction");
    check(", $control]", "]", "W008", "pms");
}

#[test]
fn what_stands_beside_a_record_is_kept_by_every_write() {
    let case = case(SHAPE, MAPPING, &[]);
    let model = case.program().find_model("M").expect("the model M");
    let document = format!("{HEADER} {REST} {TRANSFER}").replace("(CRD-LAST bad)", "(CRD-LAST 1234)");
    let mut told = Told::new(&case.catalogue.shape, model.ty, &document);
    let record = capture(&model.shape, model.ty, &mut told).expect("readable");
    let modern = Laws::new(model, Ambient::for_tests()).read(&record).expect("readable");
    let check = |from: &str, to: &str, write: Write, refused: &[&str]| {
        let mut text = Vec::new();
        crate::json::write(&modern, &mut text);
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.contains(from), "{text}");
        let sent = crate::json::parse(text.replacen(from, to, 1).as_bytes(), JsonLimits::default());
        let mut tree = record.clone();
        let root = tree.root();
        let done = put(model, &sent.expect("JSON"), &mut tree, root, write, &Ambient::for_tests());
        let pointers: Vec<String> = done.err().into_iter().flatten().map(|error| error.pointer).collect();
        assert_eq!(pointers, refused, "{from} → {to}");
        let mut mine = Tree::new(model.shape.clone(), model.ty);
        let (mut before, root) = (mine.clone(), mine.root());
        mine.take_beside(&tree);
        before.take_beside(&record);
        assert!(mine.same(root, &before, root), "{to} changed what stands beside the record");
    };
    check("4711-17", "4711-17", Write::Put, &[]);
    check("4711-17", "4711-18", Write::Put, &[]);
    check("4711-17", "4712-17", Write::Put, &["/id"]);
    check("2026-03-31", "2026-04-01", Write::Put, &["/bookedOn"]);
    check("2026-03-31", "2026-04-01", Write::Create, &["/bookedOn"]);
    check("4711-17", "4711-17", Write::Create, &[]);
    check("\"AT-1\"", "\"AT-2\"", Write::Put, &[]);
}

#[test]
fn the_laws_hold_for_records_with_something_beside_them() {
    let case = case(SHAPE, MAPPING, &[]);
    let model = case.program().find_model("M").expect("the model M");
    let report = Laws::new(model, Ambient::for_tests()).random(300, 7);
    assert_eq!((report.records, &report.broken[..]), (300, &[][..]), "{report:?}");
    let beside = |tree: &Tree| tree.children(tree.root()).iter().any(|&node| tree.is_beside(node));
    let samples = Laws::new(model, Ambient::for_tests()).samples(50, 3);
    assert!(samples.iter().filter(|sample| beside(sample)).count() > 25);
}

#[test]
fn a_list_beside_the_record_is_read_and_only_from_the_record_itself() {
    let shape = "
        type Part { NO:int }
        type Header { P=Part* ID }
        type Row { $header?=Header SEQ:int L* { X } }
        record row=Row record header=Header";
    let mapping = |fields: &str| {
        format!(
            "connections: {{ pms: {{ type: double }} }}\nmodels:\n  M:\n    legacy: pms/row\n    ignore: [L]\n    fields:\n{fields}"
        )
    };
    let read = |fields: &str, document: &str| case(shape, &mapping(fields), &[]).record(document);
    let header = "($header (P (NO 1)) (P (NO 2)) (ID a))";
    assert_eq!(
        read("      of: { each: $header/P, fields: { no: NO } }\n      box: { at: $header, fields: { id: ID, seq: ../SEQ } }\n      first: $header/P[1]/NO\n", &format!("{header} (SEQ 5)")).expect("readable"),
        r#"{"of":[{"no":1},{"no":2}],"box":{"id":"a","seq":5},"first":1}"#
    );
    for fields in [
        "      l: { each: L, fields: { of: { each: $header/P, fields: { no: NO } } } }\n",
        "      l: { each: L, fields: { all: \"$header/P[*]/NO\" } }\n",
    ] {
        let case = case(shape, &mapping(fields), &[]);
        assert!(case.findings().iter().any(|(code, ..)| *code == "E013"), "{:?}", case.findings());
    }
}

#[test]
fn states_late_records_and_changes_are_told_by_their_values() {
    let mapping = MAPPING
        .replace("type: booked", "created: booked\n    updated: changed\n    deleted: gone\n    deletedWhen: = amount.value == 0\n    newest: bookedOn\n    onlyChanges: [direction, amount.value]")
        .replace("    key: = account\n    id: = id\n    time: = bookedOn\n", "");
    let case = case(SHAPE, &mapping, &[]);
    let said = |document: &str| case.event(&format!("{HEADER} {document} {TRANSFER}")).expect("readable").1;
    let first = said(REST);
    assert_eq!((&*first.partition, first.id.clone(), first.time.clone()), ("4711-17", None, None));
    assert_eq!(text_of(&first.newest).as_deref(), Some("2026-03-31"));
    assert!(!first.deleted && said(&REST.replace("1234.56", "0.00")).deleted);
    assert_eq!(said(&REST.replace("AT-1", "AT-2")).content, first.content);
    assert_ne!(said(&REST.replace("1234.56", "1234.57")).content, first.content);
    assert_ne!(said(&REST.replace("(TRX-DC D)", "(TRX-DC C)")).content, first.content);
    // Beside no header the key is absent, and a record without a key is none.
    let keyless =
        case.event(&format!("{} {TRANSFER}", REST.replace("(TRX-SEQ 17)", ""))).expect_err("no key");
    assert_eq!(detail(&keyless.error, "reason"), "the key of the record is absent");
}

#[test]
fn the_report_says_what_becomes_of_each_record() {
    let case = case(SHAPE, MAPPING, &[]);
    let text = crate::plan::explain::explain(case.program(), None).expect("a report").text();
    let events = text.split("events M").nth(1).expect("events");
    let expected = " → bookings (embedded log)
  type     each record: booked
  noticed  each `booking` of pms, as it comes
  noticed  others pass by: header (read as $header), trailer (its totals are compared), control
  key      account
  id       id
  time     bookedOn
  subject  \"account \" + account
  verify   $trailer/TRL-COUNT is count
  verify   $trailer/TRL-TOTAL is sum(amount.value)
  reject   to rejected (embedded log); more than 100 stop the source
  memory   S0 stream
";
    assert_eq!(events, expected);
    assert!(text.contains("(15 of 15 legacy fields used or ignored)"), "{text}");
}

#[test]
fn totals_may_be_computed_and_of_computed_fields() {
    let check = |line: &str, amounts: &[&str], told: &str, expected: Option<&str>| {
        let fields = "      amount.value: TRX-AMOUNT\n      twice: = amount.value * 2\n      parts: = sum(splits.map(s, s.amount))\n";
        let mapping = MAPPING
            .replace("      amount.value: TRX-AMOUNT\n", fields)
            .replace("      $trailer/TRL-COUNT: = count\n", "")
            .replace("$trailer/TRL-TOTAL: = sum(amount.value)", line);
        let case = case(SHAPE, &mapping, &[]);
        let mut tally = Tally::new(case.events(), &Ambient::for_tests()).expect("it verifies");
        for amount in amounts {
            // Nothing but the sums is wanted: neither a required field nor the kind matters.
            let split = format!("(TRX-KIND bad) (TRX-SPLIT (SPL-COST-CTR K) (SPL-AMOUNT {amount}))");
            let document = REST.replace("1234.56", amount).replace("SEQ 17", "SEQ bad");
            tally.add(&mut case.told(&format!("{document} {split}"))).expect("it can be added up");
        }
        let trailer = "($trailer (TRL-COUNT 2) (TRL-TOTAL 3.00) (TRL-TEXT \"0003\"))";
        let found = tally.close(&mut case.told(trailer)).map_err(|unread| unread.error.to_string());
        let [Compared { field, said, totals, found, difference }] = &found.expect("it compares")[..] else {
            panic!("there is one line");
        };
        let all = format!("{field}: = {totals} | {said} | {found}");
        assert_eq!(all, format!("{} | {}", line.trim_start_matches("$trailer/"), told), "{line}");
        assert_eq!(difference.as_deref(), expected, "{line}");
    };
    let two = &["1.25", "1.75"];
    check("$trailer/TRL-TOTAL: = sum(amount.value)", two, "3.00 | 3.00", None);
    check("$trailer/TRL-TEXT: = sum(amount.value)", two, "3 | 3.00", None);
    let differs = Some("TRL-TEXT: the file says 3, there are 2 bookings");
    check("$trailer/TRL-TEXT: = count", two, "3 | 2", differs);
    check("$trailer/TRL-TOTAL: = sum(twice) / 2", two, "3.00 | 3", None);
    check("$trailer/TRL-TOTAL: = sum(parts)", two, "3.00 | 3.00", None);
    check("$trailer/TRL-TOTAL: = count + 1", two, "3.00 | 3", None);
    check("$trailer/TRL-TOTAL: = min(amount.value) + max(amount.value)", two, "3.00 | 3.00", None);
    let differs = Some("TRL-TOTAL: the file says 3.00, max(amount.value) of the bookings is 1.75");
    check("$trailer/TRL-TOTAL: = max(amount.value)", two, "3.00 | 1.75", differs);
    let differs = Some("TRL-TOTAL: the file says 3.00, min(amount.value) of the bookings is nothing");
    check("$trailer/TRL-TOTAL: = min(amount.value)", &[], "3.00 | ", differs);
    let differs = Some("TRL-TOTAL: the file says 3.00, sum(amount.value) * 2 of the bookings is 6.00");
    check("$trailer/TRL-TOTAL: = sum(amount.value) * 2", two, "3.00 | 6.00", differs);
}

#[test]
fn a_structure_that_is_kept_has_no_field_that_cannot_be_read() {
    let case = case(SHAPE, MAPPING, &[]);
    let model = case.program().find_model("M").expect("the model M");
    let mut told = Told::new(&case.catalogue.shape, model.ty, &format!("{REST} {TRANSFER}"));
    let error = capture(&model.shape, model.ty, &mut told).expect_err("a field cannot be read");
    assert_eq!((error.message.as_str(), error.field.is_some()), ("these are no digits", true));
}

#[test]
fn the_same_values_again_read_as_they_did_the_first_time() {
    let case = case(SHAPE, MAPPING, &[]);
    let mut reader = EventReader::new(case.events(), &Ambient::for_tests());
    let mut read = |day: &str| {
        let document = format!("{} {REST} {TRANSFER}", HEADER.replace("20260331", day));
        let mut json = Vec::new();
        let said = reader.read(&mut case.told(&document), &mut json);
        said.map(|said| (String::from_utf8(json).expect("UTF-8"), said.time, said.content)).ok()
    };
    let first = read("20260331");
    assert!(first.as_ref().is_some_and(|(json, ..)| json.contains(r#""bookedOn":"2026-03-31""#)));
    assert_eq!(read("20260331"), first);
    let other = read("20261225");
    assert_eq!(other.as_ref().and_then(|it| it.1.as_deref()), Some("2026-12-25T00:00:00+01:00"));
    assert_eq!(read("20260399"), None);
    assert_eq!((read("20261225"), read("20260331")), (other, first));
}

#[test]
fn what_no_schema_knows_is_counted_or_refused_as_the_connection_says() {
    let document = format!("{HEADER} {REST} {TRANSFER} (NEW 1)");
    let counted = case(SHAPE, MAPPING, &[]);
    let mut reader = EventReader::new(counted.events(), &Ambient::for_tests());
    reader.read(&mut counted.told(&document), &mut Vec::new()).expect("readable");
    let paths = reader.residue().map(|residue| residue.paths.clone());
    assert_eq!(paths, Some(vec![("NEW".to_owned(), 1)]));
    let strict = changed(MAPPING, "type: double", "type: double, strict: true");
    let unread = strict.event(&document).expect_err("it is strict");
    assert_eq!(detail(&unread.error, "path"), "NEW");
}

#[test]
fn dead_letters_without_a_place_keep_a_block_from_running() {
    let mapping = MAPPING.replacen("connections: {", "connections: { far: { type: unknown },", 1);
    let case = case(SHAPE, &mapping.replacen("reject: rejected", "reject: far/rejected", 1), &[]);
    assert!(case.program().events.is_empty());
    let why = case.program().unsupported.iter().find(|it| it.section == "events").map(|it| it.why);
    assert!(why.is_some_and(|why| why.contains("dead letters")), "{why:?}");
}
