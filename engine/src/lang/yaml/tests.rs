//! Tests of reading YAML with spans.

use super::*;
use kernel::Sources;

fn read(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("a.yaml", text);
    let mut found = Vec::new();
    let node = parse(file, text, &mut found);
    (node, found)
}

fn under(text: &str, span: Option<Span>) -> &str {
    let span = span.expect("a place");
    &text[span.start as usize..span.end as usize]
}

#[test]
fn scalars_stay_as_written_and_know_where_they_stand() {
    let text = "é: NO # c\nb: 'it''s'\nc:\n  - 007\n  - \"x\"\nd: ~\ne: { f: 1e3 }\n";
    let (node, found) = read(text);
    let node = node.expect("a map");
    assert_eq!(found, []);
    let check = |value: &Node, expected: Option<&str>, written: &str| {
        assert_eq!(value.text(), expected);
        assert_eq!(under(text, Some(value.span)), written);
    };
    check(node.at("é").unwrap(), Some("NO"), "NO");
    check(node.at("b").unwrap(), Some("it's"), "'it''s'");
    check(&node.at("c").unwrap().list().unwrap()[0], Some("007"), "007");
    check(&node.at("c").unwrap().list().unwrap()[1], Some("x"), "\"x\"");
    check(node.at("d").unwrap(), None, "~");
    check(node.at("e").unwrap().at("f").unwrap(), Some("1e3"), "1e3");
    assert!(node.at("d").unwrap().is_null());
    assert_eq!(under(text, Some(node.at("e").unwrap().span)), "{ f: 1e3 }");
    assert_eq!(under(text, Some(node.map().unwrap()[0].key_span)), "é");
}

#[test]
fn what_the_format_does_not_allow_is_refused_where_it_stands() {
    let check = |text: &str, code: &str, place: &str| {
        let (_, found) = read(text);
        let first = found.first().unwrap_or_else(|| panic!("{text:?}: nothing found"));
        assert_eq!((first.code.0, under(text, first.span)), (code, place), "{text:?} {first:?}");
        assert_eq!(found.len(), 1, "{text:?} {found:?}");
    };
    check("a: 1\nb: 2\na: 3\n", "E001", "a");
    check("a: { b: 1, b: 2 }\n", "E001", "b");
    check("a: &x 1\n", "E008", "&x 1");
    check("a: *x\n", "E008", "*");
    check("a: !t 1\n", "E008", "!t 1");
    check("a:\n  <<: 1\n", "E008", "<<");
    check("\ta: 1\n", "E008", "\t");
    check("a:\n\t- b\n", "E008", "\t");
    check("a:\tb\n", "E008", "\t");
    check("a: x\t| y\n", "E008", "\t");
    check("%YAML 1.2\n---\na: 1\n", "E008", "%YAML 1.2");
    check("a: 1\n---\nb: 2\n", "E008", "---");
    check("? [a]\n: b\n", "E008", "[");
    check("a: \"x\n", "E008", "\"");
    check("a: @x\n", "E008", "@");
    check("a: b\n  c: d\n", "E008", ":");
}

#[test]
fn a_tab_within_text_or_a_comment_is_left_alone() {
    for text in ["a: \"x\ty\"\n", "a: b # c\td\n", "a: |\n  x\ty\n", "#\tc\na: b\n", "\t\na: b\n"] {
        assert_eq!(read(text).1, [], "{text:?}");
    }
}

#[test]
fn a_line_that_yaml_cut_is_to_be_quoted() {
    let check = |text: &str, place: &str| {
        let (_, found) = read(text);
        let first = found.first().unwrap_or_else(|| panic!("{text:?}: nothing found"));
        assert_eq!((first.code.0, under(text, first.span)), ("E006", place), "{text:?} {first:?}");
        assert_eq!(found.len(), 1, "{text:?} {found:?}");
    };
    check("g: = v == \"V\" ? \"x\" : \"y\"   # c\nb: 1\n", "= v == \"V\" ? \"x\" : \"y\"");
    check("q: A: b\n", "A: b");
    check("m: { a: = x ? b : c }\n", "= x ? b : c");
    check("m: { id: KDNR | flag(A, [S, G]), b: c }\n", "KDNR | flag(A");
    check("m: { id: f(a, b), c: d }\n", "f(a");
    check("m:\n  - { d: = f(a, b) }\n", "= f(a");
    check("m: { a: b, c }\n", "c");
    check("m: [= f(a, b)]\n", "= f(a");
    check("m: { at: A/B[1]/C, d: e }\n", "A/B[1]/C");
    check("m: { A[T=1]: x }\n", "A[T=1]:");
}

#[test]
fn a_value_that_is_not_written_is_nothing() {
    for text in ["a:\n", "a: { b: }\n", "a:\nb: 1\n", "", "# c\n"] {
        let (node, found) = read(text);
        assert_eq!(found, [], "{text:?}");
        assert!(node.is_some(), "{text:?}");
    }
}

#[test]
fn depth_and_size_have_a_limit() {
    let deep = format!("a: {}{}\n", "[".repeat(100), "]".repeat(100));
    assert_eq!(read(&deep).1[0].code.0, "E008");
    let block = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>();
    assert_eq!(read(&block).1[0].message, "nested deeper than 64 levels");
    let long = format!("a: {}\n", "x".repeat(FILE_BYTES_MAX));
    assert_eq!(read(&long).1[0].code.0, "E008");
}
