//! What is written of what was told.

use super::kit::{Kit, Say, kit, kit_with};
use crate::layout::Dialect;
use kernel::PartKind;

/// Writes `NAME=value`, `NAME{` and `}` into an ASCII record.
fn said(kit: &Kit, text: &str) -> Vec<Say> {
    let mut open = Vec::new();
    text.split_whitespace()
        .map(|word| match word.strip_suffix('{') {
            Some(name) => {
                open.push(kit.part(name));
                Say::Enter(kit.part(name))
            }
            None if word == "}" => Say::Leave(open.pop().expect("something is open")),
            None => {
                let (name, value) = word.split_once('=').expect("a value");
                Say::Text(kit.part(name), value.into())
            }
        })
        .collect()
}

fn check(copybook: &str, told: &str, expected: &str) {
    let kit = kit(copybook, "latin1");
    match kit.write(0, &said(&kit, told)) {
        Ok(bytes) => assert_eq!(String::from_utf8_lossy(&bytes), expected, "{copybook}: {told}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{copybook}: {told}"),
    }
}

#[test]
fn what_was_not_told_is_blank_or_zero() {
    check("01 R. 05 A PIC XX. 05 N PIC 9(3). 05 FILLER PIC X. 05 B PIC X.", "B=b", "  000 b");
    check("01 R. 05 G. 10 A PIC X. 10 B PIC 9. 05 T OCCURS 2. 10 C PIC X.", "T{ C=c }", " 0c ");
    check("01 R. 05 A PIC X. 05 N PIC 9(9) COMP SYNC.", "A=a", "a\0\0\0\0\0\0\0");
}

#[test]
fn order_does_not_matter() {
    check("01 R. 05 A PIC X. 05 B PIC X. 05 C PIC X.", "C=c A=a B=b", "abc");
}

#[test]
fn counters_count_what_was_told() {
    let book = "01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N. 10 X PIC X. 05 A PIC X.";
    check(book, "A=a", "0a");
    check(book, "T{ X=x } T{ X=y } A=a", "2xya");
    check(book, "A=a T{ X=x } N=1", "1xa");
    check(
        book,
        "N=2 T{ X=x }",
        "client: a counter says something else than there are elements, part=T, counter=2, elements=1",
    );
    check(book, "T{ } T{ } T{ } T{ }", "client: more elements than the table has room for, part=T, max=3");
    let one =
        "01 R. 05 N PIC 9. 05 T OCCURS 1 TO 3 DEPENDING ON N PIC X. 05 U OCCURS 0 TO 2 DEPENDING ON N PIC X.";
    check(one, "", "1  ");
    check(one, "T=a T=b U=c U=d", "2abcd");
    check(
        one,
        "T=a T=b U=c",
        "client: a counter says something else than there are elements, part=U, counter=2, elements=1",
    );
    check(one, "T=a T=b T=c U=d U=e U=f", "client: more elements than the table has room for, part=U, max=2");
    let nested = "01 R. 05 N PIC 9. 05 G OCCURS 0 TO 3 DEPENDING ON N. 10 M PIC 9. 10 T OCCURS 0 TO 3 DEPENDING ON M PIC X. 05 Z PIC X.";
    check(nested, "G{ T=a T=b } G{ } Z=z", "22ab0z");
}

#[test]
fn of_several_meanings_the_one_that_was_told_is_written() {
    let book = "01 R. 05 A PIC X(4). 05 B REDEFINES A. 10 C PIC 99. 10 D PIC X. 05 E REDEFINES A PIC 9(3). 05 Z PIC X.";
    check(book, "A=a Z=z", "a   z");
    check(book, "B{ C=1 D=d } Z=z", "01d z");
    check(book, "E=7 Z=z", "007 z");
    check(book, "Z=z", "    z");
}

#[test]
fn an_area_at_the_end_is_as_long_as_what_was_told() {
    let book = "01 R. 05 A PIC X. 05 B. 10 C PIC XX. 10 D PIC XX. 05 E REDEFINES B PIC XXX.";
    check(book, "B{ C=c }", " c   ");
    check(book, "E=e", " e  ");
    check(book, "", "     ");
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_its_path() {
    let book = "01 R. 05 T OCCURS 2. 10 A PIC 99.";
    let kit = kit(book, "latin1");
    let error = kit.write(0, &said(&kit, "T{ A=1 } T{ A=100 }")).unwrap_err();
    assert_eq!(error.context[0], ("part", "T[2]/A".into()));
}

/// Writes over an older record; the document speaks for all, or only for what stands behind `for`.
fn over(copybook: &str, old: &str, told: &str, speaks: Option<&[&str]>, expected: &str) {
    let kit = kit(copybook, "latin1");
    let parts: Option<Vec<_>> = speaks.map(|names| names.iter().map(|name| kit.part(name)).collect());
    let speaks = |part| parts.as_ref().is_none_or(|parts| parts.contains(&part));
    match kit.rewrite(0, old.as_bytes(), &speaks, &said(&kit, told)) {
        Ok(bytes) => assert_eq!(String::from_utf8_lossy(&bytes), expected, "{copybook}: {told}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{copybook}: {told}"),
    }
}

#[test]
fn what_nobody_speaks_for_stays() {
    let book = "01 R. 05 A PIC XX. 05 FILLER PIC XX. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N. 10 X PIC X. 10 Y PIC X. 05 Z PIC X.";
    over(book, "aa..2xyXYz", "Z=w", Some(&["Z"]), "aa..2xyXYw");
    over(book, "aa..2xyXYz", "T{ X=1 } T{ X=2 }", Some(&["T", "X"]), "aa..21y2Yz");
    over(book, "aa..2xyXYz", "T{ X=1 }", Some(&["T", "X"]), "aa..11yz");
    over(book, "aa..1xyz", "T{ X=1 } T{ X=2 }", Some(&["T", "X"]), "aa..21y2 z");
    over(book, "aa..2xyXYz", "A=b", None, "b ..0z");
    over(book, "aa..2xyXYzrest", "A=b", Some(&["A"]), "b ..2xyXYzrest");
    over(
        book,
        "aa..9xyXYz",
        "A=b",
        Some(&["A"]),
        "client: the counter of the older record cannot be read, part=T",
    );
}

#[test]
fn a_record_that_ended_early_ends_there_again() {
    let book = "01 R. 05 A PIC X. 05 B. 10 C PIC XX. 10 D PIC XX. 05 E REDEFINES B PIC XX.";
    over(book, "acc", "A=a B{ C=cc } E=cc", None, "acc");
    over(book, "acc", "A=a B{ C=cc D=d }", None, "accd ");
    over("01 R. 05 A PIC X. 05 FILLER PIC X(3).", "a", "A=b", None, "b");
}

#[test]
fn room_that_a_table_leaves_keeps_its_bytes() {
    let book = "01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N PIC X.";
    over(book, "1xyz", "N=1 T=x", None, "1xyz");
    over(book, "1xyz", "N=2 T=a T=b", None, "2abz");
    over(book, "3xyz", "T=a", None, "1ayz");
}

#[test]
fn a_group_that_is_one_text_too_is_written_by_either() {
    let dialect = Dialect { texts: vec!["G".into()], ..Dialect::default() };
    let book = "01 R. 05 G. 10 A PIC X. 10 FILLER PIC X(2). 10 B PIC X. 05 C PIC X.";
    let kit = kit_with(book, "latin1", &dialect);
    let (text, _) = kit.shape.parts().find(|(_, part)| part.kind == PartKind::Text).unwrap();
    let (group, _) = kit.shape.parts().find(|(_, part)| part.kind == PartKind::Element).unwrap();
    let (a, c) = (kit.part("A"), kit.part("C"));
    let written = |said: &[Say]| String::from_utf8(kit.write(0, said).unwrap()).unwrap();
    let said = |part, value: &str| Say::Text(part, value.into());
    assert_eq!(written(&[Say::Enter(group), said(text, "wxyz"), Say::Leave(group), said(c, "c")]), "wxyzc");
    assert_eq!(
        written(&[Say::Enter(group), said(text, "wxyz"), said(a, "a"), Say::Leave(group), said(c, "c")]),
        "axyzc"
    );
    assert_eq!(written(&[Say::Enter(group), said(a, "a"), Say::Leave(group), said(c, "c")]), "a   c");
}
