//! Tests of field lines and paths.

use super::*;
use crate::codec::CodecArg;

/// Wraps a field line into a project.
fn field(line: &str) -> String {
    format!("models:\n  M:\n    legacy: c/S\n    fields:\n      f: {line}\n")
}

fn value(line: &str) -> (ValueLine, Sources) {
    let (project, found, sources) = read(&field(line));
    assert_eq!(found, [], "{line}");
    match project.models[0].fields[0].kind.clone() {
        FieldKind::Value(value) => (value, sources),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_path_is_read_with_its_steps_and_picks() {
    let check = |line: &str, expected: &[(&str, StepKind, Pick)]| {
        let (value, _) = value(line);
        let steps: Vec<_> =
            value.sources[0].steps.iter().map(|s| (s.name.as_str(), s.kind, s.pick.clone())).collect();
        assert_eq!(steps, expected, "{line}");
    };
    let any = StepKind::Any;
    check("A/B/C", &[("A", any, Pick::None), ("B", any, Pick::None), ("C", any, Pick::None)]);
    check("A/B[1]", &[("A", any, Pick::None), ("B", any, Pick::Nth(1))]);
    check("A/B[ last ]", &[("A", any, Pick::None), ("B", any, Pick::Last)]);
    check("Tag[*]", &[("Tag", any, Pick::All)]);
    check("TRX-SEQ", &[("TRX-SEQ", any, Pick::None)]);
    check("KDLIB.KD#X", &[("KDLIB.KD#X", any, Pick::None)]);
    check("A/@id", &[("A", any, Pick::None), ("id", StepKind::Attribute, Pick::None)]);
    check("'\"@id\"'", &[("id", StepKind::Attribute, Pick::None)]);
    check("'\"first name\"/B'", &[("first name", any, Pick::None), ("B", any, Pick::None)]);
    check("Payment/xsi:type", &[("Payment", any, Pick::None), ("xsi:type", StepKind::Type, Pick::None)]);
}

#[test]
fn conditions_parents_and_what_stands_beside_are_read() {
    let (line, sources) = value("../L/B[MinMax=SetMinLOS][A/Unit='a ]/b']/Time");
    assert_eq!(line.sources[0].up, 1);
    let Pick::Where(all) = &line.sources[0].steps[1].pick else { panic!("conditions") };
    assert_eq!(all[1].path.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["A", "Unit"]);
    assert_eq!(all[1].value.value, "a ]/b");
    assert_eq!(under(&sources, Some(all[0].span)), "MinMax=SetMinLOS");
    assert_eq!(under(&sources, Some(line.sources[0].steps[2].span)), "Time");

    let (line, _) = value("$header/HDR-NO + ../../SEQ | join(-)");
    assert_eq!(line.sources[0].beside.as_deref().map(String::as_str), Some("header"));
    assert_eq!(line.sources[1].up, 2);
    let (line, _) = value("$sqlstate");
    assert!(line.sources[0].steps.is_empty());
}

#[test]
fn codecs_are_read_with_their_arguments_and_places() {
    let (line, sources) =
        value("A + B | datetime(yyyyMMdd + HHmmss, Europe/Vienna) | flag(A, [S, 'G,H']) | lower");
    assert_eq!(line.sources.len(), 2);
    assert_eq!(under(&sources, Some(line.sources_span)), "A + B");
    let [datetime, flag, lower] = line.codecs.as_slice() else { panic!("three codecs") };
    let CodecArg::Text { value: pattern, span } = &datetime.args[0] else { panic!("a text") };
    assert_eq!(
        (pattern.as_str(), under(&sources, Some(*span)).as_str()),
        ("yyyyMMdd + HHmmss", "yyyyMMdd + HHmmss")
    );
    assert_eq!(datetime.args.len(), 2);
    let CodecArg::List { items, span } = &flag.args[1] else { panic!("a list") };
    assert_eq!(items.iter().map(|(item, _)| item.as_str()).collect::<Vec<_>>(), ["S", "G,H"]);
    assert_eq!(under(&sources, Some(*span)), "[S, 'G,H']");
    assert_eq!(under(&sources, Some(flag.span)), "flag(A, [S, 'G,H'])");
    assert_eq!(under(&sources, Some(lower.name_span)), "lower");
    assert!(lower.args.is_empty());
    let (line, _) = value(r#""A | join(\", \") | nullIf(\"\")""#);
    assert!(matches!(&line.codecs[0].args[0], CodecArg::Text { value, .. } if value == ", "));
    assert!(matches!(&line.codecs[1].args[0], CodecArg::Text { value, .. } if value.is_empty()));
}

#[test]
fn an_expression_keeps_its_text_and_place() {
    let check = |line: &str, text: &str, place: &str| {
        let (project, found, sources) = read(&field(line));
        assert_eq!(found, [], "{line}");
        let FieldKind::Computed(expr) = &project.models[0].fields[0].kind else { panic!("{line}") };
        assert_eq!((expr.text.as_str(), under(&sources, Some(expr.span)).as_str()), (text, place));
    };
    check("= checkOut - checkIn", "checkOut - checkIn", "checkOut - checkIn");
    check("'= a == \"x\" ? \"it''s\" : b'", "a == \"x\" ? \"it's\" : b", "a == \"x\" ? \"it''s\" : b");
}

#[test]
fn a_diagnostic_within_a_quoted_expression_is_moved_to_its_place_in_the_file() {
    let (project, _, sources) = read(&field("'= a == \"it''s\" ? bad : c'"));
    let FieldKind::Computed(expr) = &project.models[0].fields[0].kind else { panic!("computed") };
    let at = expr.text.find("bad").expect("bad");
    let found = expr.relocate(Diagnostic::new("E030", expr.span.within(at, at + 3), "m"));
    assert_eq!(under(&sources, found.span), "bad");
}

#[test]
fn what_is_not_a_path_is_refused_where_it_stands() {
    let at = |line: &str, code: &str, place: &str| check(&field(line), code, place);
    at("A/B[0]/C", "E011", "[0]");
    at("A//B", "E010", "/");
    at("A/", "E010", "/");
    at("A/B[x]", "E010", "[x]");
    at("A/B[1", "E010", "[1");
    at("A/B[1][2]", "E010", "[1][2]");
    at("A/B[1][T=x]", "E010", "[1][T=x]");
    at("A/B[]", "E010", "[]");
    at("A/B[99999999999]", "E010", "99999999999");
    at("A/B[T[1]=x]/C", "E010", "[T[1]");
    at("A/../B", "E010", "..");
    at("A B/C", "E010", "A B");
    at("ota:A/B", "E010", "ota:A");
    at("$/A", "E010", "$");
    at("A/$header", "E010", "$header");
    at("A + | lower", "E010", "");
    at("=a", "E010", "=a");
    at("A(B)", "E010", "A(B)");
}

#[test]
fn what_is_not_a_codec_is_refused_where_it_stands() {
    let at = |line: &str, place: &str| check(&field(line), "E020", place);
    at("A | ", "|");
    at("A | lower | | upper", "|");
    at("A | date(yyyy", "(yyyy");
    at("A | flag(A, [S, G)", "(A, [S, G)");
    at("A | date(yyyy) x", "(yyyy) x");
    at("A | lower upper", "upper");
    at("A | flag(A,, B)", ",");
    at("A | flag(A, [S,,G])", ",");
    at("A | 'lower'", "'lower'");
    at("A | nullIf(\"x)", "(\"x)");
}

#[test]
fn all_mistakes_of_a_line_are_told_at_once() {
    let (_, found, _) = read(&field("A/B[0] + C//D | date(yyyy | (x)"));
    let codes: Vec<_> = found.iter().map(|one| one.code.0).collect();
    assert_eq!(codes, ["E011", "E010", "E020"]);
}
