//! Where fields stand, and what is told of them.

use super::kit::{built, hex, kit, kit_with};
use crate::format::Format;
use crate::layout::Dialect;
use crate::select::Pattern;

/// Tells ASCII records.
fn check(copybook: &str, record: &str, expected: &str) {
    let kit = kit(copybook, "latin1");
    match kit.shown(0, record.as_bytes()) {
        Ok(shown) => assert_eq!(shown, expected, "{copybook}"),
        Err(error) => assert_eq!(format!("! {error}"), expected, "{copybook}"),
    }
}

#[test]
fn fields_stand_one_behind_the_other() {
    check("01 R. 05 A PIC X. 05 B PIC 9(3). 05 C PIC XX.", "a012cc", "A=a B=12 C=cc");
    check("01 R. 05 G. 10 A PIC X. 10 B PIC X. 05 C PIC X.", "abc", "G{A=a B=b} C=c");
    check("01 R. 05 A PIC X. 05 FILLER PIC X(3). 05 PIC X. 05 B PIC X.", "a....b", "A=a B=b");
    check("01 R PIC X(3).", "abc", "R=abc");
    check("05 A PIC X. 05 B PIC X.", "ab", "A=a B=b");
}

#[test]
fn tables_are_told_element_by_element() {
    check("01 R. 05 A OCCURS 3 PIC X. 05 B PIC X.", "abcd", "A=a A=b A=c B=d");
    check(
        "01 R. 05 G OCCURS 2. 10 A PIC X. 10 B OCCURS 2 PIC X. 05 C PIC X.",
        "abcdefg",
        "G{A=a B=b B=c} G{A=d B=e B=f} C=g",
    );
    check("01 R. 05 FILLER OCCURS 2. 10 A PIC X.", "ab", "FILLER{A=a} FILLER{A=b}");
    check("01 R. 05 FILLER OCCURS 2 PIC X. 05 A PIC X.", "..a", "A=a");
}

#[test]
fn a_counter_says_how_long_a_table_is_and_where_what_follows_stands() {
    let book = "01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N PIC X. 05 A PIC X. 05 B PIC X.";
    check(book, "0ab", "N=0 A=a B=b");
    check(book, "2xyab", "N=2 T=x T=y A=a B=b");
    check(book, "4wxyzab", "! T: its counter N says 4, and it has 0 to 3 elements at byte 1000");
    check(book, "?wxyzab", "! T: its counter N is no number at byte 1000");
    check(book, "3xy", "! T[3]: the record of 3 bytes ends within this element at byte 1003");
    check(book, "3xyza", "! the record has 5 bytes, and its layout needs 6 at byte 1005");
    check(book, "0a", "! the record has 2 bytes, and its layout needs 3 at byte 1002");
    check(book, "2xyabc", "N=2 T=x T=y A=a B=b");
}

#[test]
fn tables_of_variable_length_stand_within_each_other() {
    let book = "01 R. 05 N PIC 9. 05 G OCCURS 1 TO 3 DEPENDING ON N. 10 M PIC 9. 10 T OCCURS 0 TO 3 DEPENDING ON M. 15 X PIC X. 10 A PIC X. 05 Z PIC X.";
    check(book, "21xa0bz", "N=2 G{M=1 T{X=x} A=a} G{M=0 A=b} Z=z");
    check(book, "29xa0bz", "! G[1]/T: its counter G/M says 9, and it has 0 to 3 elements at byte 1002");
    check(book, "20a7bz", "! G[2]/T: its counter G/M says 7, and it has 0 to 3 elements at byte 1004");
    let fixed = "01 R. 05 G OCCURS 2. 10 M PIC 9. 10 T OCCURS 0 TO 3 DEPENDING ON M PIC X. 05 Z PIC X.";
    check(fixed, "2xy1az", "G{M=2 T=x T=y} G{M=1 T=a} Z=z");
    let two = "01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N PIC X. 05 M PIC 9. 05 U OCCURS 0 TO 3 DEPENDING ON M PIC X. 05 V OCCURS 0 TO 3 DEPENDING ON N PIC 9.";
    check(two, "1x2yz7", "N=1 T=x M=2 U=y U=z V=7");
}

#[test]
fn what_nobody_wants_still_has_its_length() {
    let kit = kit(
        "01 R. 05 G. 10 N PIC 9. 10 T OCCURS 0 TO 3 DEPENDING ON N PIC X. 05 H OCCURS 0 TO 3 DEPENDING ON N. 10 M PIC 9. 10 U OCCURS 0 TO 3 DEPENDING ON M PIC X. 05 Z PIC X.",
        "latin1",
    );
    let z = kit.part("Z");
    let wants = |part| part == z;
    let mut recorder = super::kit::Recorder { wants: Some(&wants), ..kit.recorder() };
    kit.tell(0, b"2xy1a2bcz", &mut recorder).unwrap();
    assert_eq!(kit.show(&recorder.said), "Z=z");
}

#[test]
fn redefinitions_share_their_bytes() {
    check(
        "01 R. 05 A PIC X(4). 05 B REDEFINES A. 10 C PIC XX. 10 D PIC XX. 05 E PIC X.",
        "abcde",
        "A=abcd B{C=ab D=cd} E=e",
    );
    check(
        "01 R. 05 A PIC X. 05 B REDEFINES A PIC X(3). 05 C REDEFINES B PIC X(2). 05 E PIC X.",
        "abcd",
        "A=a B=abc C=ab E=d",
    );
    check(
        "01 R. 05 A PIC X(4). 05 FILLER REDEFINES A. 10 C PIC XX. 10 D PIC XX.",
        "abcd",
        "A=abcd C=ab D=cd",
    );
    check("01 R. 05 A PIC XX. 05 B REDEFINES A PIC 99.", "x1", "A=x1 !B: byte 1 is no digit at byte 1000");
}

#[test]
fn a_meaning_that_does_not_fit_into_the_record_is_unreadable_and_not_absent() {
    let book = "01 R. 05 K PIC X. 05 A. 10 B PIC XX. 10 C PIC XX. 05 D REDEFINES A PIC XX.";
    check(book, "kabcd", "K=k A{B=ab C=cd} D=ab");
    check(book, "kab", "K=k A{B=ab} D=ab !A/C: it stands behind the end of the record at byte 1003");
    check(book, "ka", "! the record has 2 bytes, and its layout needs 3 at byte 1002");
}

#[test]
fn a_redefinition_at_the_end_may_be_of_variable_length() {
    let book = "01 R. 05 K PIC X. 05 A. 10 N PIC 9. 10 T OCCURS 0 TO 3 DEPENDING ON N PIC X. 10 L PIC X. 05 D REDEFINES A PIC XX.";
    check(book, "k2xyl", "K=k A{N=2 T=x T=y L=l} D=2x");
    let counter = "!A/N: byte 1 is no digit at byte 1001 !A/T: its counter A/N is no number at byte 1001";
    let behind = "!A/L: it stands behind a table whose counter cannot be read at byte 1003";
    check(book, "kab", &format!("K=k A{{}} D=ab {counter} {behind}"));
}

#[test]
fn the_end_of_a_record_is_watched() {
    let book = "01 R. 05 A PIC XX. 05 FILLER PIC XX.";
    check(book, "ab..", "A=ab");
    check(book, "ab", "A=ab");
    check(book, "a", "! the record has 1 bytes, and its layout needs 2 at byte 1001");
    check(book, "ab..x", "A=ab ?bytes behind the record");
    let table = "01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N PIC X.";
    check(table, "1x", "N=1 T=x");
    check(table, "1x..", "N=1 T=x");
    check(table, "1x.", "N=1 T=x ?bytes behind the record");
}

#[test]
fn a_group_may_be_told_as_one_text_too() {
    let dialect = Dialect { texts: vec!["day".into()], ..Dialect::default() };
    let kit = kit_with("01 R. 05 A PIC X. 05 DAY. 10 Y PIC 9(4). 10 M PIC 99.", "latin1", &dialect);
    assert_eq!(kit.shown(0, b"a202603").unwrap(), "A=a DAY{DAY=202603 Y=2026 M=3}");
}

#[test]
fn two_items_of_one_name_are_two_parts() {
    check("01 R. 05 A PIC X. 05 A PIC X. 05 A-2 PIC X.", "abc", "A=a A-2=b A-2-2=c");
}

/// Offsets of fields and the length of the record, as `A@0 B@4 =8`.
fn places(copybook: &str, expected: &str) {
    let kit = kit(copybook, "cp037");
    let names = kit.layout.names(0);
    let place = |name: &String| {
        let bytes = kit.layout.leaf(0, name).and_then(|leaf| leaf.bytes);
        bytes.map_or_else(|| format!("{name}@?"), |bytes| format!("{name}@{}", bytes.start))
    };
    let mut shown: Vec<String> = names.iter().map(place).collect();
    shown.push(format!("={}", kit.layout.types()[0].bytes_max.expect("a bound")));
    assert_eq!(shown.join(" "), expected, "{copybook}");
}

#[test]
fn every_usage_has_its_length() {
    places(
        "01 R. 05 A PIC S9(4) COMP. 05 B PIC 9(9) COMP. 05 C PIC 9(18) BINARY. 05 D PIC X.",
        "A@0 B@2 C@6 D@14 =15",
    );
    places(
        "01 R. 05 A PIC 9(5) COMP-3. 05 B PIC S9(4) COMP-3. 05 C PIC 9(4) COMP-6. 05 D PIC 9(3) COMP-6. 05 E PIC X.",
        "A@0 B@3 C@6 D@8 E@10 =11",
    );
    places(
        "01 R. 05 A COMP-1. 05 B COMP-2. 05 C POINTER. 05 D INDEX. 05 E PIC X.",
        "A@0 B@4 C@12 D@16 E@20 =21",
    );
    places(
        "01 R. 05 A PIC S9(3) SIGN LEADING SEPARATE. 05 B PIC S9(3) LEADING. 05 C PIC N(3). 05 D PIC G(2) DISPLAY-1. 05 E PIC X.",
        "A@0 B@4 C@7 D@13 E@17 =18",
    );
    places(
        "01 R. 05 A PIC 9(3) COMP-X. 05 B PIC X(2) COMP-X. 05 C BINARY-LONG. 05 D PIC -(5)9.99. 05 E PIC X.",
        "A@0 B@2 C@4 D@8 E@17 =18",
    );
    places("01 R. 05 A PIC S9(3)PP. 05 B PIC X.", "A@0 B@3 =4");
}

#[test]
fn slack_bytes_align_what_is_synchronized() {
    places(
        "01 R. 05 A PIC X. 05 B PIC 9(4) COMP SYNC. 05 C PIC X. 05 D PIC 9(9) COMP SYNC.",
        "A@0 B@2 C@4 D@8 =12",
    );
    places("01 R. 05 A PIC X. 05 B COMP-2 SYNC. 05 C PIC X. 05 D COMP-1 SYNC.", "A@0 B@8 C@16 D@20 =24");
    places(
        "01 R. 05 A PIC X. 05 G SYNC. 10 B PIC 9(4) COMP. 10 C PIC X. 10 D PIC S9(18) COMP.",
        "A@0 G/B@2 G/C@4 G/D@8 =16",
    );
    places("01 R. 05 A PIC X. 05 B PIC 9(4) SYNC COMP-3. 05 C PIC X.", "A@0 B@1 C@4 =5");
    // Two slack bytes stand before each B; the length of an element is a multiple of four already.
    // One slack byte stands behind each element, so that all of them are alike.
    places("01 R. 05 T OCCURS 2. 10 B PIC 9(4) COMP SYNC. 10 Y PIC X. 05 Z PIC X.", "T/B@? T/Y@? Z@8 =9");
    places(
        "01 R. 05 A PIC X(5). 05 T OCCURS 3. 10 X PIC X. 10 B PIC 9(9) COMP SYNC. 10 Y PIC X. 05 Z PIC X.",
        "A@0 T/X@? T/B@? T/Y@? Z@29 =30",
    );
}

#[test]
fn conditions_find_what_has_one_place() {
    places(
        "01 R. 05 N PIC 9. 05 G. 10 A PIC X. 05 T OCCURS 0 TO 9 DEPENDING ON N PIC X. 05 Z PIC X.",
        "N@0 G/A@1 T@? Z@? =12",
    );
    let kit = kit("01 R. 05 K PIC XX. 05 N PIC 9(3). 05 A PIC X(4) JUST RIGHT.", "latin1");
    let text = |name: &str| {
        let leaf = kit.layout.leaf(0, name)?;
        kit.layout.text(&leaf, b"1 007  ab", &mut String::new())
    };
    assert_eq!(
        [text("K"), text("N"), text("A"), text("B")].map(Option::unwrap_or_default),
        ["1", "7", "ab", ""]
    );
}

#[test]
fn what_cannot_be_laid_out_is_refused() {
    let check = |copybook: &str, expected: &str| {
        let found = built(copybook, "cp037", &Dialect::default()).err().unwrap_or_default();
        let found: Vec<String> = found.iter().map(|it| it.message.clone()).collect();
        assert_eq!(found, [expected], "{copybook}");
    };
    check("01 R. 05 A PIC X(33554433).", "the picture `X(33554433)` is refused: a count above 33554432");
    check("01 R. 05 A PIC X(33554432). 05 B PIC X.", "with `B` the record has more than 33554432 bytes");
    check("01 R. 05 A OCCURS 1000000 PIC X(100).", "with `A` the record has more than 33554432 bytes");
    check("01 R. 05 A PIC X(4) COMP.", "`A` cannot be stored: its usage does not fit its picture");
    check("01 R. 05 A PIC S9 COMP-6.", "`A` cannot be stored: COMP-6 has no sign, but its picture has one");
    check(
        "01 R. 05 N PIC 9. 05 T OCCURS 0 TO 2 DEPENDING ON N PIC X. 05 A PIC 9(4) COMP SYNC.",
        "`A` is SYNCHRONIZED behind a table of variable length",
    );
    check(
        "01 R. 05 N PIC 9. 05 A PIC X. 05 B REDEFINES A. 10 T OCCURS 0 TO 2 DEPENDING ON N PIC X. 05 C PIC X.",
        "`C` stands behind a redefined area of variable length",
    );
}

#[test]
fn conditions_compare_numbers_by_value_and_texts_as_they_are() {
    let check = |clause: &str, record: &str, value: &str, expected: bool| {
        let kit = kit(&format!("01 R. 05 FILLER PIC X. 05 A {clause}."), "cp037");
        let leaf = kit.layout.leaf(0, "A").expect("a place");
        let record = hex(&format!("40{record}"));
        let text = kit.layout.text(&leaf, &record, &mut String::new());
        let matches = |text: String| Pattern::parse(value).matches(&text, kit.layout.is_number(&leaf));
        assert_eq!(text.is_some_and(matches), expected, "{clause} {value}");
    };
    for (value, expected) in [
        ("00", true),
        ("0", true),
        ("000", true),
        ("0.0", true),
        ("1", false),
        ("!0", false),
        ("!1", true),
        ("*", true),
    ] {
        check("PIC 9(2)", "F0F0", value, expected);
    }
    check("PIC 99", "F1F0", "1*", true);
    check("PIC S9", "D1", "-1", true);
    check("PIC S9", "D1", "-01", true);
    check("PIC S9", "D1", "1", false);
    check("PIC S9(3) SIGN LEADING SEPARATE", "4EF0F0F7", "07", true);
    check("PIC 9(4) COMP", "000A", "10", true);
    check("PIC 9(4) COMP", "000A", "0010", true);
    check("PIC S9(3)V99 COMP-3", "12345C", "123.450", true);
    check("PIC S9(3)V99 COMP-3", "12345D", "-0123.45", true);
    check("PIC S9(3)V99 COMP-3", "12345C", "123.4", false);
    check("PIC 9(3)PP", "F0F1F2", "1200", true);
    check("COMP-1", "41180000", "1.50", true);
    // Texts, edited numbers among them.
    check("PIC X(2)", "F0F0", "00", true);
    check("PIC X(2)", "F0F0", "0", false);
    check("PIC X(2)", "F140", "1", true);
    check("PIC Z9", "40F5", "5", true);
    check("PIC Z9", "40F5", "05", false);
    // What is no number, and what is not there, has no value at all.
    check("PIC 99", "F0C1", "!0", false);
    check("PIC 99", "4040", "*", false);
    check("PIC 99", "F0", "0", false);
}

#[test]
fn counters_and_areas_that_are_redefined_follow_from_other_things() {
    let check = |copybook: &str, expected: &[&str]| {
        let kit = kit(copybook, "latin1");
        let parts = kit.shape.parts().filter(|(_, part)| part.implied);
        let names: Vec<&str> = parts.map(|(id, _)| kit.name(id)).collect();
        assert_eq!(names, expected, "{copybook}");
    };
    check("01 R. 05 A PIC X. 05 B PIC 9.", &[]);
    check("01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N PIC X.", &["N"]);
    check("01 R. 05 A PIC X(2). 05 B REDEFINES A PIC 99. 05 C REDEFINES A. 10 D PIC X.", &["A"]);
    // A group that is redefined has fields of its own, and all of them mean something.
    check("01 R. 05 A. 10 B PIC X. 05 C REDEFINES A PIC X.", &[]);
    check("01 R. 05 A PIC X(2). 05 FILLER REDEFINES A. 10 D PIC X. 10 E PIC X.", &["A"]);
}
