//! What is proposed for a copybook.

use super::*;

fn imported(text: &str) -> String {
    import_copybook(text, FileId(0), "legacy/FILE.cpy", "host").unwrap_or_else(|found| panic!("{found:?}"))
}

/// Lines without their comments and blanks behind.
fn lines(text: &str) -> Vec<String> {
    let code = |line: &str| line.split(" # ").next().unwrap_or_default().trim_end().to_owned();
    text.lines().map(code).filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')).collect()
}

#[test]
fn every_item_is_a_field_or_ignored() {
    let text = "01 BOOKING. 05 BK-ID PIC 9(8). 05 BK-KIND PIC X. 88 KIND-A VALUE 'A'. 88 KIND-B VALUES 'B' 'C'. \
        05 BK-AREA PIC X(9). 05 BK-OTHER REDEFINES BK-AREA. 10 O-A PIC X. 05 BK-GROUP. 10 G-A PIC S9(5)V99 COMP-3. \
        05 BK-CNT PIC 99. 05 BK-LIST OCCURS 0 TO 9 DEPENDING ON BK-CNT. 10 L-A PIC X. 05 BK-NAMES OCCURS 3 PIC X(3).";
    let expected = "connections:
  host:
    type: files
    path: /inbound/*
    format:
      type: copybook
      copybook: legacy/FILE.cpy
      encoding: cp037
      framing: rdw
codes:
  bk-kind:
    kind-a: \"A\"
    kind-b: [\"B\", \"C\"]
models:
  Booking:
    legacy: host/BOOKING
    fields:
      bkId: BK-ID
      bkKind: BK-KIND | codes(bk-kind)
      bkArea: BK-AREA
      bkGroup:
        at: BK-GROUP
        fields:
          gA: G-A
      bkList:
        each: BK-LIST
        fields:
          lA: L-A
      bkNames: BK-NAMES[*]
    ignore: [BK-OTHER, BK-CNT]";
    assert_eq!(lines(&imported(text)).join("\n"), expected);
}

#[test]
fn several_records_want_conditions() {
    let text = imported(
        "01 HEAD. 05 H-TYPE PIC XX. 05 H-A PIC X. 01 BODY-REC. 05 B-G. 10 B-TYPE PIC 9. 01 HEAD. 05 X PIC X.",
    );
    let lines = lines(&text);
    for line in [
        "        head: { H-TYPE: \"00\" }",
        "        bodyRec: { B-G/B-TYPE: \"1\" }",
        "        head2: { X: \"2\" }",
        "  BodyRec:",
        "    legacy: host/bodyRec",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}\n{text}");
    }
}

#[test]
fn names_with_signs_are_quoted() {
    let lines = lines(&imported(
        "01 R. 05 G#1. 10 A#B PIC X. 88 X VALUE 'A'. 05 N# PIC 9. 05 T OCCURS 0 TO 2 DEPENDING ON N# PIC X.",
    ));
    for line in ["        at: '\"G#1\"'", "          aB: '\"A#B\" | codes(a-b)'", "    ignore: ['\"N#\"']"] {
        assert!(lines.iter().any(|known| known == line), "{line}: {lines:#?}");
    }
}

#[test]
fn records_of_one_length_are_cut_by_it() {
    let lines = lines(&imported("01 R. 05 A PIC X(7)."));
    assert!(lines.iter().any(|line| line == "      length: 7"));
}

#[test]
fn values_that_are_no_codes_stay_comments() {
    let check = |conditions: &str, expected: &str| {
        let lines = lines(&imported(&format!("01 R. 05 A PIC 9(2). {conditions}")));
        assert!(lines.iter().any(|line| line == expected), "{conditions}: {lines:?}");
    };
    check("88 X VALUE 1 THRU 5.", "      a: A");
    check("88 X VALUE 1. 88 Y VALUE 01.", "      a: A");
    check("88 X VALUE 01. 88 Y VALUE ZERO.", "      a: A | codes(a)");
    check("88 X VALUE 01. 88 Y VALUE ZERO.", "    y: \"0\"");
}
