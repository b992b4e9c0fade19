//! Conditions: which values match, which type a record has.

use super::*;
use crate::double::Columns;
use kernel::{FileId, ShapeBuilder, Span};

#[test]
fn values_match_as_the_reference_says() {
    let check = |pattern: &str, text: &str, number: bool, expected: bool| {
        assert_eq!(Pattern::parse(pattern).matches(text, number), expected, "{pattern} on {text}");
        assert_eq!(Pattern::parse(pattern).to_string(), pattern);
    };
    check("10", "10", false, true);
    check("10", " 10 ", false, true);
    check("00", "0", false, false);
    check("00", "0", true, true);
    check("1.50", "1.5", true, true);
    check("x", "0", true, false);
    check("CPF*", "CPF99", false, true);
    check("CPF*", "XCPF", false, false);
    check("a*b*c", "a1b2c", false, true);
    check("a*a", "a", false, false);
    check("*", "", false, false);
    check("*", "x", false, true);
    check("!00", "01", false, true);
    check("!00", "0", true, false);
}

/// A type's name, and its maps of paths to values.
type Written<'a> = (&'a str, &'a [&'a [(&'a str, &'a str)]]);

fn select(rules: &[Written<'_>]) -> (Columns, Select) {
    let mut shape = ShapeBuilder::new();
    let format = Columns::new(&mut shape, &[("record", &[("A", 1), ("B", 2), ("C", 1)])]);
    let span = Span::new(FileId(0), 0, 0);
    let asked = |(path, value): &(&str, &str)| Asked {
        path: (*path).into(),
        span,
        values: value.split('|').map(Pattern::parse).collect(),
    };
    let named: Vec<Named> = rules
        .iter()
        .map(|(name, any)| Named {
            name: (*name).into(),
            span,
            any: any.iter().map(|all| all.iter().map(asked).collect()).collect(),
        })
        .collect();
    let mut found = Vec::new();
    let rules = compile(&named, &format, &mut found);
    assert_eq!(found, []);
    (format, Select::new(rules.into()))
}

#[test]
fn a_record_has_the_one_type_whose_conditions_hold() {
    let (format, mut select) = select(&[
        ("one", &[&[("A", "1"), ("B", "xx|yy")]]),
        ("two", &[&[("A", "2")], &[("A", "3"), ("C", "*")]]),
        ("many", &[&[("B", "z*")]]),
    ]);
    let mut check = |record: &str, expected: Found| {
        for _ in 0..2 {
            assert_eq!(select.find(&format, record.as_bytes()), expected, "{record}");
        }
    };
    check("1xx-", Found::One(0));
    check("1yy-", Found::One(0));
    check("1zz-", Found::One(2));
    check("2---", Found::One(1));
    check("3--C", Found::One(1));
    check("3-- ", Found::None);
    check("2z--", Found::Two(1, 2));
    check("2", Found::One(1));
    check("", Found::None);
    assert_eq!(select.reason(Found::Two(1, 2)), "two record types apply: two and many");
    assert!(select.reason(Found::None).contains("none of one, two, many"));
}

#[test]
fn so_many_different_values_that_they_are_not_remembered_are_told_apart_all_the_same() {
    let (format, mut select) =
        select(&[("even", &[&[("C", "0|2|4|6|8")]]), ("odd", &[&[("C", "1|3|5|7|9"), ("B", "*")]])]);
    for n in 0..2000_usize {
        let record = format!("x{:02}{}", n % 97, n % 10);
        let expected = Found::One(u16::try_from(n % 2).unwrap());
        assert_eq!(select.find(&format, record.as_bytes()), expected, "{record}");
    }
}
