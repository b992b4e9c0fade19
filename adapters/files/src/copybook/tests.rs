//! What copybooks say, and what they may not say.

use super::*;

fn read(text: &str) -> Copybook {
    parse(text, FileId(0), Lines::Guess, "RECORD").unwrap_or_else(|found| panic!("{text}: {found:?}"))
}

/// Messages of all findings, errors and warnings.
fn findings(text: &str) -> Vec<String> {
    let found = match parse(text, FileId(0), Lines::Guess, "RECORD") {
        Ok(copybook) => copybook.warnings,
        Err(found) => found,
    };
    found
        .iter()
        .map(|it| format!("{} at {}: {}", it.code.0, it.span.map_or(0, |it| it.start), it.message))
        .collect()
}

/// The items as `level name children`, in order.
fn items(text: &str) -> Vec<String> {
    let book = read(text);
    let item =
        |(n, item): (usize, &Item)| format!("{} {} {}", item.level, book.called(n), item.children.len());
    book.items.iter().enumerate().map(item).collect()
}

#[test]
fn lines_are_read_in_columns_or_free() {
    let check = |text: &str, expected: &[&str]| assert_eq!(items(text), expected, "{text}");
    check("       01  A.\n           05  B  PIC X.\n", &["1 A 1", "5 B 0"]);
    check(
        "000100 01  A.                                                           IDENT001\n000200     05  B  PIC X.\n",
        &["1 A 1", "5 B 0"],
    );
    check("01 A.\n05 B PIC X.\n05 C PIC 9.\n", &["1 A 2", "5 B 0", "5 C 0"]);
    check(
        "      * a comment\n       01 A.\n      / another\n      *\n       05 B PIC X. *> more\n",
        &["1 A 1", "5 B 0"],
    );
    check("       01 A.\r\n       05 B\r\n          PIC X.\r\n\u{1a}", &["1 A 1", "5 B 0"]);
    check("\t\t01 A.\n\t\t05 B PIC X.\n", &["1 A 1", "5 B 0"]);
    check("       01 A.\n       05 LONG-NA\n      -    ME PIC X.\n", &["1 A 1", "5 LONG-NAME 0"]);
    check(
        "       01 A.\n       EJECT\n       SKIP1.\n       TITLE 'X'.\n       05 B PIC X.\n",
        &["1 A 1", "5 B 0"],
    );
    check("*> free\n>>SOURCE FORMAT FREE\n01 A PIC X.", &["1 A 0"]);
}

#[test]
fn text_behind_column_72_does_not_count() {
    let line = format!("{:<72}05 C PIC X.\n", "       05 B PIC X.");
    assert_eq!(items(&format!("       01 A.\n{line}")), ["1 A 1", "5 B 0"]);
}

#[test]
fn literals_go_on_in_the_next_line() {
    let first = format!("{:<72}\n", "       01 A PIC X(9) VALUE 'it''s ");
    let book = read(
        &format!("{first}      -    'long'.\n       01 B. \n        88 C VALUE 'no'.\n")
            .replace("01 B. ", "01 B PIC X."),
    );
    assert_eq!(book.records.len(), 2);
    assert_eq!(book.items[1].conditions[0].values, [(Literal::Text("no".into()), None)]);
}

#[test]
fn groups_follow_from_level_numbers() {
    let check = |text: &str, expected: &[&str]| assert_eq!(items(text), expected, "{text}");
    check(
        "01 A. 05 B. 10 C PIC X. 10 D PIC X. 05 E PIC X. 01 F PIC X.",
        &["1 A 2", "5 B 2", "10 C 0", "10 D 0", "5 E 0", "1 F 0"],
    );
    check("77 N PIC 9. 77 M PIC 9.", &["77 N 0", "77 M 0"]);
    check("05 B PIC X. 05 C PIC X.", &["0 RECORD 2", "5 B 0", "5 C 0"]);
    check(
        "01 A. 05 PIC X. 05 FILLER PIC X. 05 RECORD PIC X.",
        &["1 A 3", "5 FILLER 0", "5 FILLER 0", "5 RECORD 0"],
    );
    check("01 A. 05 B PIC X. 66 R RENAMES B. 05 C PIC X.", &["1 A 2", "5 B 0", "5 C 0"]);
}

#[test]
fn clauses_come_in_any_order_and_form() {
    let check = |clauses: &str, see: &dyn Fn(&Item) -> bool| {
        let book = read(&format!("01 A. 05 N PIC 9. 05 B {clauses}."));
        assert!(see(&book.items[2]), "{clauses}: {:?}", book.items[2]);
    };
    let usage = |usage: Usage| move |item: &Item| item.usage == Some(usage);
    check("PIC S9(4) COMP", &usage(Usage::Binary));
    check("PICTURE IS S9(4) USAGE IS COMPUTATIONAL-4", &usage(Usage::Binary));
    check("USAGE BINARY PIC 9(4)", &usage(Usage::Binary));
    check("PACKED-DECIMAL PIC 9(4)", &usage(Usage::Packed));
    check("PIC 9(4) COMP-6", &usage(Usage::PackedUnsigned));
    check("COMP-1", &usage(Usage::Float));
    check("USAGE COMPUTATIONAL-2", &usage(Usage::Double));
    check("BINARY-LONG UNSIGNED", &usage(Usage::Sized { bytes: 4, signed: false }));
    check("USAGE POINTER", &usage(Usage::Opaque(4)));
    check("PIC X VALUE X'40' JUSTIFIED RIGHT", &|item| item.justified);
    check("PIC 9 BLANK WHEN ZEROES", &|item| item.blank_when_zero);
    check("PIC 9(4) COMP SYNC RIGHT VALUE ZERO", &|item| item.synchronized);
    check("PIC X(3) VALUE ALL '-' GLOBAL", &|item| item.picture.is_some());
    check("PIC S9 SIGN IS LEADING SEPARATE CHARACTER", &|item| {
        item.sign == Some(SignClause { leading: true, separate: true })
    });
    check("PIC S9 TRAILING SEPARATE", &|item| {
        item.sign == Some(SignClause { leading: false, separate: true })
    });
    let table = |min, max, counter| move |item: &Item| item.occurs == Some(Occurs { min, max, counter });
    check("PIC X OCCURS 3", &table(3, 3, None));
    check("OCCURS 3 TIMES INDEXED BY I, J PIC X", &table(3, 3, None));
    check(
        "OCCURS 0 TO 3 TIMES DEPENDING ON N ASCENDING KEY IS B DESCENDING B INDEXED BY I PIC X",
        &table(0, 3, Some(1)),
    );
    check("OCCURS 3 DEPENDING N OF A PIC X", &table(0, 3, Some(1)));
    check("REDEFINES N PIC X", &|item| item.redefines == Some(1));
}

#[test]
fn what_a_group_says_holds_for_its_items() {
    let book = read("01 A COMP. 05 B PIC 9(4). 05 C SIGN LEADING. 10 D PIC S9 DISPLAY. 10 E PIC 9 DISPLAY.");
    assert_eq!(book.items[1].usage, Some(Usage::Binary));
    assert_eq!(book.items[3].usage, Some(Usage::Display));
    assert_eq!(book.items[3].sign, Some(SignClause { leading: true, separate: false }));
    assert_eq!(book.items[4].sign, None);
}

#[test]
fn conditions_keep_their_values() {
    let book = read(
        "01 A PIC X. 88 B VALUE 'X'. 88 C VALUES ARE 1 THRU 5, 'A' 'B'. 88 D VALUE SPACES LOW-VALUES WHEN SET TO FALSE 'N'.",
    );
    let conditions = &book.items[0].conditions;
    let text = |text: &str| Literal::Text(text.into());
    assert_eq!(conditions[0].values, [(text("X"), None)]);
    let range = (Literal::Number("1".into()), Some(Literal::Number("5".into())));
    assert_eq!(conditions[1].values, [range, (text("A"), None), (text("B"), None)]);
    assert_eq!(conditions[2].values.len(), 2);
}

#[test]
fn a_counter_is_the_nearest_item_of_its_name() {
    let check = |text: &str, counter: usize| {
        let book = read(text);
        let found = book.items.iter().find_map(|item| item.occurs?.counter);
        assert_eq!(found, Some(counter), "{text}");
    };
    check("01 A. 05 N PIC 9. 05 G. 10 N PIC 9. 10 T OCCURS 1 TO 5 DEPENDING ON N PIC X.", 3);
    check("01 A. 05 N PIC 9. 05 G. 10 N PIC 9. 05 T OCCURS 1 TO 5 DEPENDING ON N PIC X.", 1);
    check("01 A. 05 N PIC 9. 05 G. 10 N PIC 9. 05 T OCCURS 1 TO 5 DEPENDING ON N OF G PIC X.", 3);
    check("01 A. 05 G OCCURS 2. 10 N PIC 9. 10 T OCCURS 1 TO 5 DEPENDING ON N IN G OF A PIC X.", 2);
}

#[test]
fn every_mistake_is_found_with_its_place() {
    let check = |text: &str, expected: &[&str]| assert_eq!(findings(text), expected, "{text}");
    check("", &["E091 at 0: the copybook declares nothing"]);
    check(
        "01 A. 05 B PIC Q. 05 C PIC 9 COMP-7.",
        &[
            "E092 at 15: the picture `Q` is refused: `Q` is no sign of a picture",
            "E092 at 29: `COMP-7` is no clause that is offered",
        ],
    );
    check("01 A. 05 B.", &["E091 at 9: `B` has no picture and no items"]);
    check("01 A PIC X. 05 B PIC X.", &["E091 at 3: `A` has a picture and items of its own"]);
    check("01 A. 05 B PIC X 05 C PIC X.", &["E091 at 9: the entry has no full stop"]);
    check("01 A. 05 B PIC X", &["E091 at 9: the entry has no full stop"]);
    check(
        "01 A PIC X VALUE 'a.",
        &["E091 at 3: the entry has no full stop", "E091 at 17: the literal is not closed"],
    );
    check("COPY OTHER.\n01 A PIC X.", &["E092 at 0: `COPY` is not followed"]);
    check("01 A. COPY B. 05 C PIC X.", &["E092 at 6: `COPY` is not followed"]);
    check("FD X. 01 A PIC X.", &["E091 at 0: an entry begins with a level number: 01 to 49, 66, 77 or 88"]);
    check("01 A. 05 B PIC X OCCURS UNBOUNDED.", &["E092 at 17: OCCURS has no fixed number of elements"]);
    check("01 A. 05 B PIC X OCCURS 1 TO 5.", &["E092 at 17: OCCURS n TO m has no DEPENDING ON"]);
    check(
        "01 A. 05 B PIC X OCCURS 5 TO 1 DEPENDING ON C.",
        &["E092 at 17: OCCURS 5 TO 1 is no range that is offered"],
    );
    check(
        "01 A. 05 B PIC X OCCURS 1 TO 5 DEPENDING ON C.",
        &["E092 at 44: the counter `C` is not in this record"],
    );
    check(
        "01 A. 05 B PIC X OCCURS 1 TO 5 DEPENDING ON C. 05 C PIC 9.",
        &["E092 at 44: the counter `C` stands behind its table"],
    );
    check(
        "01 A. 05 C PIC X. 05 B PIC X OCCURS 1 TO 5 DEPENDING ON C.",
        &["E092 at 56: `C` is no whole number and cannot count"],
    );
    check(
        "01 A. 05 B PIC X. 05 C REDEFINES D PIC X.",
        &["E091 at 33: there is no `D` that could be redefined"],
    );
    check(
        "01 A. 05 B PIC X. 05 C PIC X. 05 D REDEFINES B PIC X.",
        &["E092 at 45: `C` stands between `B` and what redefines it"],
    );
    check("01 A OCCURS 5 PIC X.", &["E092 at 3: a record is no table"]);
    check("01 A PIC X. 66 B RENAMES A.", &["W091 at 15: a level 66 (RENAMES) is passed over"]);
    check("88 B VALUE 1.", &["E091 at 3: an 88 level belongs to the item before it"]);
    check(
        "       01 A.\n      X    05 B PIC X.\n       05 C PIC X.\n",
        &["E091 at 19: column 7 holds `X`, which is no indicator"],
    );
}

#[test]
fn a_redefinition_of_a_redefinition_has_the_place_of_the_first() {
    let book = read("01 A. 05 B PIC X. 05 C REDEFINES B PIC X. 05 D REDEFINES C PIC X(3). 05 E PIC X.");
    assert_eq!(book.items[3].redefines, Some(1));
}
