//! Checking: each mistake is reported with its code, at its place.
//!
//! **Invariant.** Each row changes a mapping that has no findings, so what is found is due to the change.

use super::{Case, case};
use kernel::{Diagnostic, Severity};

const SHAPE: &str = "type Pay { Date? } type Card : Pay { No? } \
    type R { @ID @S? Given9 Once Box? { @W? @When:date? @Num:int? } L* { @X? @Y:int? Tags* } P?=Pay K? } \
    call Get { @Key @Zone? @From:date? } -> { @Echo? Err? { @Code? } List? { R*=R } } \
    call Put { @Echo? @Must? Body { R+=R } } -> { Err? { @Code? } R?=R }";

const SCHEMA: &str = r#"{ "type": "object", "additionalProperties": false, "required": ["id", "once", "list"], "properties": {
    "id": { "type": "string" }, "once": { "type": "string" }, "state": { "enum": ["on", "off"] },
    "when": { "type": "string", "format": "date" }, "num": { "type": "integer" }, "double": { "type": "number" },
    "box": { "type": "object", "properties": { "w": { "type": "string" } } },
    "given": { "type": "string" },
    "list": { "type": "array", "items": { "type": "object", "properties": { "x": { "type": "string" }, "y": { "type": "integer" } } } } } }"#;

const MAPPING: &str = "connections:
  pms:
    type: soap
    wsdl: x
    send: { Echo: = requestId }
    errors:
      - { when: { Err/Code: 1 }, problem: gone, status: 404 }
      - { when: { Err/Code: \"*\" }, problem: error, status: 502 }
codes:
  state: { on: [A, B], off: C }
models:
  M:
    schema: s.json
    legacy: pms/R
    key: id
    fields:
      id: ID
      once: Once
      state: S | codes(state)
      when: Box/When
      num: Box/Num
      double: \"= has(num) ? num * 2 : 0\"
      box.w: Box/W
      given: Given[1]
      list: { each: L, fields: { x: X, y: Y } }
    ignore: [L/Tags, P, K]
rest:
  GET /r/{id}:
    get: M
    call: pms.Get
    send: { Key: = id }
    receive: List/R[1]
    policy: { cache: 30s }
  POST /r:
    create: M
    call: pms.Put
    send: { Body/R: = body }
    receive: R
    policy: { idempotency: 24h }
";

fn checked(from: &str, to: &str) -> Case {
    assert!(MAPPING.contains(from), "the mapping has no {from:?}");
    case(SHAPE, &MAPPING.replacen(from, to, 1), &[("s.json", SCHEMA)])
}

/// Replaces a text of the mapping, and expects exactly one error: its code and the text that it points at.
fn check(from: &str, to: &str, code: &str, at: &str) {
    let case = checked(from, to);
    let errors: Vec<&Diagnostic> =
        case.compiled.findings.iter().filter(|found| found.severity == Severity::Error).collect();
    let found: Vec<_> = case.findings().into_iter().filter(|(found, ..)| found.starts_with('E')).collect();
    assert_eq!(
        found.iter().map(|(code, at, _)| (*code, *at)).collect::<Vec<_>>(),
        [(code, at)],
        "{to}\n{errors:#?}"
    );
    assert!(case.compiled.program.is_none());
}

/// As `check`, for a warning or a note beside which the program is made.
fn warns(from: &str, to: &str, code: &str, part: &str) {
    let case = checked(from, to);
    let found = case.findings();
    assert!(
        found.iter().any(|(found, _, message)| *found == code && message.contains(part)),
        "{to}\n{found:?}"
    );
    case.program();
}

#[test]
fn the_mapping_itself_has_no_findings() {
    assert_eq!(checked("M:", "M:").findings(), []);
}

#[test]
fn names_of_connections_structures_models_and_operations_must_exist() {
    check("legacy: pms/R", "legacy: pmx/R", "E002", "pmx");
    check("call: pms.Get", "call: pmx.Get", "E002", "pmx");
    check("legacy: pms/R", "legacy: pms/Rr", "E003", "Rr");
    check("legacy: pms/R", "legacy: pms", "E003", "pms");
    check("get: M", "get: N", "E004", "N");
    check("call: pms.Get", "call: pms.Gte", "E005", "Gte");
    check("    receive: List/R[1]\n", "", "E003", "GET /r/{id}");
    check("receive: List/R[1]", "receive: List", "E003", "List");
}

#[test]
fn legacy_paths_must_exist_with_suggestions() {
    check("id: ID", "id: IDD", "E014", "IDD");
    check("Box/When", "Box/Wehn", "E014", "Wehn");
    check("Box/When", "Box/When/X", "E014", "X");
    check("each: L", "each: LL", "E014", "LL");
    check("each: L, fields: { x: X", "each: L, fields: { x: Z", "E014", "Z");
    check("ignore: [L/Tags", "ignore: [L/Tag", "E014", "Tag");
    check("Err/Code: 1", "Err/Cod: 1", "E014", "Cod");
    check("Key: = id", "Ky: = id", "E014", "Ky");
    check("send: { Echo: = requestId }", "send: { Ecko: = requestId }", "E014", "Ecko");
    check("id: ID", "id: ../ID", "E014", "../ID");
    let case = checked("Box/When", "Box/Wehn");
    assert_eq!(case.compiled.findings[0].hint.as_deref(), Some("it has: When"));
}

#[test]
fn what_stands_beside_a_record_is_known_where_it_is_available() {
    check("id: ID", "id: $header/ID", "E013", "$header");
    check("{ Err/Code: 1 }", "{ $fault/cod: 1 }", "E013", "$fault/cod");
}

#[test]
fn conditions_must_compare_something_that_exists() {
    check("given: Given[1]", "given: L[Z=1]/X", "E015", "Z");
}

#[test]
fn repeated_parts_are_picked_and_single_ones_are_not_repeated() {
    check("given: Given[1]", "given: Given", "E016", "Given");
    check("given: Given[1]", "given: L/X", "E016", "L/X");
    check("receive: List/R[1]", "receive: List/R", "E016", "List/R");
    check("each: L, ", "each: Box, ", "E017", "Box");
    check("each: L, ", "each: \"L[1]\", ", "E017", "L[1]");
    check("once: Once", "once: Box", "E018", "Box");
    let case = checked("given: Given[1]", "given: Given");
    assert_eq!(
        case.compiled.findings[0].hint.as_deref(),
        Some("use `each:`, Given[1], Given[*], or a condition")
    );
}

#[test]
fn codecs_are_checked_by_the_legacy_type() {
    check("once: Once", "once: Once + K", "E019", "Once + K");
    check("codes(state)", "codse(state)", "E021", "codse");
    check("once: Once", "once: Once | date(YYYY)", "E022", "YYYY");
}

#[test]
fn expressions_use_modern_names_and_types() {
    check("num * 2 : 0", "nmu * 2 : 0", "E030", "nmu");
    check("Key: = id", "Key: = idd", "E030", "idd");
    check("num * 2 : 0", "when * 2 : 0", "E042", "when * 2");
    check("key: id", "key: idd", "E031", "idd");
    check("Key: = id", "From: = id", "E042", "id");
}

#[test]
fn computed_fields_do_not_use_themselves() {
    let case = checked("double: \"= has(num) ? num * 2 : 0\"", "double: = _b\n      _b: = double");
    let found: Vec<_> = case.findings().into_iter().map(|(code, at, _)| (code, at)).collect();
    assert_eq!(found, [("E037", "_b"), ("E037", "double")]);
}

#[test]
fn fields_agree_with_the_schema() {
    check("given: Given[1]", "givne: Given[1]", "E040", "givne");
    check("      once: Once\n", "", "E040", "M");
    check("off: C", "of: C", "E041", "of");
    check("when: Box/When", "when: Once", "E042", "when: Once");
    check("given: Given[1]", "given: Box/Num", "E042", "given: Box/Num");
    check("given: Given[1]", "given: Given[*]", "E042", "given: Given[*]");
    check("once: Once", "once: = K + \"\"\n      _k: K", "E030", "K");
    check("once: Once", "once: = _k + \"\"\n      _k: K", "E032", "_k + \"\"");
}

#[test]
fn what_legacy_requires_is_filled() {
    check("      id: ID\n", "      id: ID | readOnly\n", "E043", "POST /r");
    check("send: { Key: = id }", "send: { Zone: = id }", "E043", "GET /r/{id}");
}

#[test]
fn cases_do_not_overlap() {
    let cases = "_c:\n        oneOf: K\n        cases:\n          a: { when: [T, U], fields: { x: Once } }\n          b: { when: WHEN, fields: { y: ID } }\n      id: ID";
    check("id: ID", &cases.replace("WHEN", "T"), "E050", "T");
    check("id: ID", &cases.replace("WHEN", "\"T*\""), "E050", "\"T*\"");
    check(
        "id: ID",
        &cases
            .replace("        oneOf: K\n", "")
            .replace(", fields: { x", ", at: Box, fields: { x")
            .replace("when: [T, U], ", "")
            .replace("when: WHEN, ", "at: Box, ")
            .replace("x: Once", "x: W")
            .replace("y: ID", "y: W"),
        "E050",
        "b",
    );
    let types = "_c:\n        oneOf: P/xsi:type\n        cases:\n          a: { when: Crad, at: P, fields: { x: No } }\n      id: ID";
    check("id: ID", types, "E014", "Crad");
}

#[test]
fn code_tables_are_unambiguous() {
    check("off: C", "off: [C, A]", "E060", "A");
}

#[test]
fn policies_do_not_promise_what_cannot_be_kept() {
    check("\n    policy: { idempotency: 24h }", "", "E070", "POST /r");
    check("idempotency: 24h", "idempotency: 24h, cache: 1s", "E071", "1s");
    check(
        "problem: gone, status: 404",
        "problem: gone, status: 404, retry: true, class: defect",
        "E072",
        "true",
    );
}

#[test]
fn a_change_needs_the_old_record() {
    let put = "  PUT /q/{id}:\n    replace: M\n    call: pms.Put\n    send: { Body/R: = body }\n  POST /r:";
    check("  POST /r:", put, "E075", "PUT /q/{id}");
    let put =
        put.replace("/q/{id}", "/r/{key}").replace("{ Body/R: = body }", "{ Body/R: = body, Must: = key }");
    let case = checked("  POST /r:", &put);
    assert_eq!(case.program().operations[1].read_by.as_deref(), Some("GET /r/{id}"));
    assert_eq!(case.program().operations[1].success, 204);
}

#[test]
fn filters_speak_of_fields_whose_codec_keeps_the_order() {
    let list = |filter: &str| {
        format!(
            "  GET /r:\n    list: M\n    call: pms.Get\n    filter: {{ f: {filter} }}\n    send: {{ Key: = f }}\n    receive: List/R\n  POST /r:"
        )
    };
    check("  POST /r:", &list("stat"), "E033", "stat");
    check("  POST /r:", &list("state >="), "E034", ">=");
    checked("  POST /r:", &list("when >=")).program();
}

#[test]
fn a_parameter_that_nothing_uses_is_a_mistake() {
    check("send: { Key: = id }", "send: { Key: x }", "E038", "{id}");
}

#[test]
fn literals_are_values_of_the_legacy_type() {
    check("send: { Key: = id }", "send: { Key: = id, From: tomorrow }", "E042", "tomorrow");
    checked("send: { Key: = id }", "send: { Key: = id, From: 2026-01-01 }").program();
}

#[test]
fn the_body_goes_where_its_structure_is() {
    check("Body/R: = body", "Body: = body", "E003", "Body");
}

#[test]
fn a_time_zone_must_exist_and_is_reported_once() {
    check("    wsdl: x\n", "    wsdl: x\n    timezone: Europe/Wien\n", "E024", "Europe/Wien");
    let case = checked("    wsdl: x\n", "    wsdl: x\n    timezone: Europe/Vienna\n");
    assert_eq!(case.program().connections[0].timezone.iana_name(), Some("Europe/Vienna"));
}

#[test]
fn files_that_a_mapping_names_must_be_readable() {
    check("schema: s.json", "schema: t.json", "E007", "t.json");
}

#[test]
fn warnings_leave_the_program_as_it_is() {
    warns("      - { when: { Err/Code: \"*\" }, problem: error, status: 502 }\n", "", "W001", "every error");
    let optional = MAPPING
        .replace("once: Once", "once: K")
        .replace("    ignore:", "    write: { Once: x }\n    ignore:");
    let optional = case(SHAPE, &optional, &[("s.json", SCHEMA)]);
    assert!(
        optional.findings().iter().any(|(code, _, message)| *code == "W002" && message.ends_with(": once"))
    );
    warns("ignore: [L/Tags, P, K]", "ignore: [L/Tags, K]", "W003", "P/…");
    warns("ignore: [L/Tags, P, K]", "ignore: [P, K]", "W003", "L/Tags");
}

#[test]
fn what_follows_from_other_things_counts_as_used() {
    let check = |parts: &str, expected: &[&str]| {
        let shape = SHAPE.replace("Given9 Once ", &format!("Given9 Once {parts} "));
        let case = case(&shape, MAPPING, &[("s.json", SCHEMA)]);
        let found: Vec<String> =
            case.findings().iter().map(|(code, _, said)| format!("{code} {said}")).collect();
        assert_eq!(found.len(), expected.len(), "{parts}: {found:?}");
        found.iter().zip(expected).for_each(|(found, part)| assert!(found.contains(part), "{found}"));
    };
    check("~Count:int", &[]);
    check("~Count?:int G? { ~One ~Two }", &[]);
    check("~Count:int Other?", &["W003 legacy fields neither used nor ignored: Other"]);
    check("G? { ~One Two }", &["W003 legacy fields neither used nor ignored: G/…"]);
    check("~G { One Two }", &[]);
    check("G? { }", &[]);
}

#[test]
fn an_enumeration_value_that_no_code_yields_is_a_note() {
    warns("{ on: [A, B], off: C }", "{ on: [A, B] }", "N001", "`off`");
}

#[test]
fn sections_that_do_not_run_are_checked_and_named() {
    let events = "events:\n  M:\n    topic: t\n    updated: u\n    deleted: d\n    deletedWhen: = state == 'off'\nrest:";
    let case = checked("rest:", events);
    let unsupported: Vec<_> = case.program().unsupported.iter().map(|it| (it.section, &*it.name)).collect();
    assert_eq!(unsupported, [("events", "M")]);
    check("rest:", &events.replace("M:", "N:"), "E004", "N");
    check("rest:", &events.replace("state ==", "stat =="), "E030", "stat");
    check("rest:", &events.replace("topic: t", "topic: bus/t"), "E002", "bus");
    check("rest:", &events.replace("state == 'off'", "id"), "E042", "id");
}

#[test]
fn a_watch_of_a_service_asks_it_and_says_where_the_records_are() {
    let events = "events:\n  M:\n    topic: t\n    updated: u\n    watch:\n      every: 30s\n      since: when\n      call: pms.Get\n      send: { Key: a, From: = since }\n      receive: List/R\nrest:";
    checked("rest:", events).program();
    check("rest:", &events.replace("      call: pms.Get\n", ""), "E007", "M");
    check("rest:", &events.replace("      receive: List/R\n", "").replace("rest:", "\nrest:"), "E007", "M");
    check("rest:", &events.replace("List/R\n", "List/Rr\n"), "E014", "Rr");
}

#[test]
fn what_follows_from_a_connection_that_could_not_be_opened_is_not_reported() {
    let connection = "  failed: { type: soap, wsdl: y }\ncodes:";
    let models = "models:
  F: { legacy: failed/R, key: id, fields: { id: ID } }
  G: { schema: s.json }
";
    let rest = "rest:
  GET /f/{id}: { get: F, call: failed.Get, send: { Key: = id }, receive: List/R, policy: { cache: 30s } }
  POST /g/{id}: { body: G, call: failed.Get, send: { Key: = id } }
";
    let mapping = MAPPING
        .replacen("codes:", connection, 1)
        .replacen("models:\n", models, 1)
        .replacen("rest:\n", rest, 1);
    let case = case(SHAPE, &mapping, &[("s.json", SCHEMA)]);
    assert_eq!((case.findings(), &case.program().unsupported[..]), (vec![], &[][..]));
    assert_eq!(case.program().operations.len(), 2);
}

#[test]
fn tests_name_operations_and_models_that_exist() {
    let test = "tests:\n  - { name: t, request: GET /r/1, calls: { pms.Get: { reply: x.xml } }, response: { status: 200 } }\nrest:";
    checked("rest:", test).program();
    check("rest:", &test.replace("GET /r/1", "GET /x/1"), "E005", "GET /x/1");
    check("rest:", &test.replace("pms.Get:", "pms.Gte:"), "E005", "Gte");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let mapping = MAPPING
        .replace("id: ID\n", "id: IDD\n")
        .replace("num * 2", "nmu * 2")
        .replace("Key: = id", "Kye: = id")
        .replace("\n    policy: { idempotency: 24h }", "");
    let case = case(SHAPE, &mapping, &[("s.json", SCHEMA)]);
    let mut codes: Vec<_> = case.findings().into_iter().map(|(code, ..)| code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["E014", "E014", "E030", "E070"]);
}

#[test]
fn every_diagnostic_has_an_entry_in_the_reference() {
    for code in ["E037", "E038", "N001", "W001", "W002", "W003", "W005"] {
        assert!(crate::diagnostics::CODES.iter().any(|known| known.code == code), "{code} is not documented");
    }
}
