//! Tests of how diagnostics are shown.

use super::*;
use kernel::{FileId, Span};

fn sources(files: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    for (path, text) in files {
        sources.add(*path, *text);
    }
    sources
}

fn span_of(sources: &Sources, file: u32, part: &str) -> Span {
    let text = &sources.file(FileId(file)).expect("a file").text;
    let start = text.find(part).expect("the part");
    Span::new(FileId(file), start, start + part.len())
}

#[test]
fn a_finding_is_shown_with_both_places_and_the_hint() {
    let lines = |n: usize| "#\n".repeat(n);
    let yaml = format!("{}          firstName:   PersonName/GivenName\n", lines(58));
    let wsdl = format!(
        "{}  <xs:element name=\"GivenName\" type=\"xs:string\" minOccurs=\"0\" maxOccurs=\"5\"/>\n",
        lines(45)
    );
    let sources = sources(&[("facade.yaml", &yaml), ("legacy/pms.wsdl", &wsdl)]);
    let found = Diagnostic::new(
        "E016",
        span_of(&sources, 0, "PersonName/GivenName"),
        "`GivenName` can occur up to 5 times",
    )
    .also(Some(span_of(&sources, 1, "maxOccurs=\"5\"")), "declared here")
    .hint("use `each:`, GivenName[1], GivenName[*], or a condition");
    let expected = r#"error[E016]: `GivenName` can occur up to 5 times
  --> facade.yaml:59:24
   |
59 |           firstName:   PersonName/GivenName
   |                        ^^^^^^^^^^^^^^^^^^^^
  ::: legacy/pms.wsdl:46
   |
46 |   <xs:element name="GivenName" type="xs:string" minOccurs="0" maxOccurs="5"/>
   |                                                               ------------- declared here
   = help: use `each:`, GivenName[1], GivenName[*], or a condition
"#;
    assert_eq!(render(&[found], &sources), expected);
}

#[test]
fn findings_are_sorted_by_file_and_position_and_shown_once() {
    let sources = sources(&[("b.yaml", "x\ny\n"), ("a.yaml", "z\n")]);
    let at = |file, start| Span::new(FileId(file), start, start + 1);
    let found = [
        Diagnostic::new("W004", at(0, 2), "third"),
        Diagnostic::new("E007", at(0, 0), "second"),
        Diagnostic::new("E007", at(1, 0), "first"),
        Diagnostic::new("E007", at(0, 0), "second"),
        Diagnostic::new("E009", None, "nowhere"),
    ];
    let expected = "error[E009]: nowhere\n\
        \nerror[E007]: first\n --> a.yaml:1:1\n  |\n1 | z\n  | ^\n\
        \nerror[E007]: second\n --> b.yaml:1:1\n  |\n1 | x\n  | ^\n\
        \nwarning[W004]: third\n --> b.yaml:2:1\n  |\n2 | y\n  | ^\n";
    assert_eq!(render(&found, &sources), expected);
    assert_eq!(summary(&found), "4 errors, 1 warning");
    assert_eq!(summary(&[]), "");
}

#[test]
fn carets_stand_under_what_they_mean_whatever_stands_before() {
    let check = |line: &str, part: &str, shown: &str, carets: &str| {
        let sources = sources(&[("a.yaml", &format!("{line}\n"))]);
        let text = render(&[Diagnostic::new("E007", span_of(&sources, 0, part), "m")], &sources);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!((rows[3], rows[4]), (&*format!("1 | {shown}"), &*format!("  | {carets}")), "{line:?}");
    };
    check("a: bc", "bc", "a: bc", "   ^^");
    check("\ta: bc", "bc", "    a: bc", "       ^^");
    check("größe: bc", "bc", "größe: bc", "       ^^");
    check("名前: bc", "bc", "名前: bc", "      ^^");
    check("a: 名前", "名前", "a: 名前", "   ^^^^");
    check("e\u{301}: bc", "bc", "e\u{301}: bc", "   ^^");
    check("\u{1b}[31m: bc", "bc", "\u{fffd}[31m: bc", "       ^^");
    check("\u{202e}a: bc", "bc", "\u{fffd}a: bc", "    ^^");
}

#[test]
fn odd_places_are_shown_as_well_as_can_be() {
    let text = "ab\ncd\n";
    let sources = sources(&[("a.yaml", text)]);
    for (start, end) in [(0, 5), (2, 2), (6, 6), (99, 200), (3, 1)] {
        let span = Span { file: FileId(0), start, end };
        let text = render(&[Diagnostic::new("E007", span, "m")], &sources);
        assert!(text.lines().last().is_some_and(|line| line.ends_with('^')), "{start}..{end}\n{text}");
    }
    let gone = Span { file: FileId(7), start: 0, end: 1 };
    assert_eq!(render(&[Diagnostic::new("E007", gone, "m")], &sources), "error[E007]: m\n");
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let line = format!("{}needle{}", "x".repeat(5_000), "y".repeat(5_000));
    let sources = sources(&[("a.wsdl", &line)]);
    let text = render(&[Diagnostic::new("E014", span_of(&sources, 0, "needle"), "m")], &sources);
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[3].chars().count() < 200, "{}", rows[3]);
    let column = |row: &str, part: &str| row[..row.find(part).expect("it is shown")].chars().count();
    assert_eq!(column(rows[3], "needle"), column(rows[4], "^^^^^^"));
}

#[test]
fn the_json_form_has_all_members() {
    let sources = sources(&[("a.yaml", "é: x\nb: y\n")]);
    let found = Diagnostic::new("E001", span_of(&sources, 0, "y"), "m")
        .also(Some(span_of(&sources, 0, "x")), "there")
        .hint("h");
    let expected = serde_json::json!([{
        "code": "E001", "severity": "error", "message": "m",
        "file": "a.yaml", "line": 2, "column": 4, "endLine": 2, "endColumn": 5, "hint": "h",
        "others": [{ "file": "a.yaml", "line": 1, "column": 4, "endLine": 1, "endColumn": 5, "text": "there" }],
    }]);
    assert_eq!(to_json(&[found], &sources), expected);
    let bare = to_json(&[Diagnostic::new("N001", None, "m")], &sources);
    assert_eq!(bare[0]["severity"], "note");
    assert!(bare[0]["line"].is_null() && bare[0]["hint"].is_null());
}

#[test]
fn codes_are_sorted_and_each_is_explained() {
    for pair in CODES.windows(2) {
        assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
    }
    for code in CODES {
        assert!(code.explanation.ends_with(['.', '`']), "{}", code.code);
        assert!(reference().contains(&format!("## {} {}\n", code.code, code.meaning)));
    }
    assert_eq!(explain("E016").map(|code| code.code), Some("E016"));
    assert_eq!(explain("E999"), None);
}

/// Collects each `"E001"` in the sources below a folder.
fn codes_below(folder: &std::path::Path, codes: &mut std::collections::BTreeSet<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            codes_below(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("diagnostics/tests.rs")
        {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let quoted = text.split('"').filter(|part| {
                part.len() == 4
                    && part.starts_with(['E', 'W', 'N'])
                    && part[1..].bytes().all(|byte| byte.is_ascii_digit())
            });
            codes.extend(quoted.map(str::to_owned));
        }
    }
}

#[test]
fn every_code_in_the_sources_is_explained() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut codes = std::collections::BTreeSet::new();
    for folder in ["engine/src", "adapters", "gateway/src"] {
        codes_below(&root.join(folder), &mut codes);
    }
    assert!(codes.len() > 40, "{codes:?}");
    let strange: Vec<_> = codes.iter().filter(|code| explain(code).is_none()).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn what_was_found_twice_is_said_once_even_if_something_alike_stands_between() {
    let sources = sources(&[("a.yaml", "abc")]);
    let one = |hint: &str| Diagnostic::new("E007", span_of(&sources, 0, "b"), "no").hint(hint);
    let mut found = vec![one("x"), one("y"), one("x"), one("y")];
    sort(&mut found, &sources);
    assert_eq!(found, [one("x"), one("y")]);
}
