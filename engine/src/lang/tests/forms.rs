//! Tests of values of the wrong form.

use super::*;

const MODEL: &str = "models:\n  M:\n    legacy: c/S\n    fields:\n";

#[test]
fn a_name_that_stands_twice_shows_both_places() {
    let files = [
        ("facade.yaml", "facade: t\nformat: 1\nmodels:\n  M: { schema: a.json }\n"),
        ("b.yaml", "models:\n  M: { schema: b.json }\n"),
    ];
    let (_, found, sources) = read_files(&files);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code.0, under(&sources, found[0].span).as_str()), ("E001", "M"));
    assert_eq!(sources.file(found[0].others[0].span.file).expect("a file").path.as_ref(), "facade.yaml");

    check("title: a\ntitle: b\n", "E001", "title");
    check(&format!("{MODEL}      a: X\n      a: Y\n"), "E001", "a");
    check(&format!("{MODEL}      a: X\n      a.b: Y\n"), "E001", "a.b");
    check("rest:\n  GET /a/{x}: { call: c.O }\n  GET /a/{y}: { call: c.O }\n", "E001", "GET /a/{y}");
    check("rest:\n  GET /a/{x}/{x}: { call: c.O }\n", "E001", "{x}");
    check(
        "tests:\n  - { name: a, file: x, events: [] }\n  - { name: a, file: y, events: [] }\n",
        "E001",
        "a",
    );
}

#[test]
fn files_are_one_project() {
    let (project, found, _) = read_files(&[
        ("facade.yaml", "facade: t\nformat: 1\ntests:\n  - { name: a, file: x, events: [] }\n"),
        ("models/a.yaml", "models:\n  A: { schema: a.json }\n"),
        ("models/b.yaml", "models:\n  B: { schema: b.json }\ntests:\n  - { name: b, file: y, events: [] }\n"),
        ("empty.yaml", "# nothing yet\n"),
    ]);
    assert_eq!(found, []);
    assert_eq!((project.models.len(), project.tests.len()), (2, 2));
}

#[test]
fn the_root_file_has_the_head() {
    let told = |files: &[(&str, &str)]| {
        let (_, found, _) = read_files(files);
        found.iter().map(|one| one.code.0).collect::<Vec<_>>()
    };
    assert_eq!(told(&[("a.yaml", "facade: t\n")]), ["E009"]);
    assert_eq!(
        told(&[("a.yaml", "facade: t\nformat: 2\nunheard: of\nmodels: { M: { newKey: 1 } }\n")]),
        ["E007", "E009"]
    );
    assert_eq!(told(&[("a.yaml", "format: 1\n")]), ["E007"]);
    assert_eq!(told(&[("a.yaml", "facade: t\n"), ("b.yaml", "format: 1\n")]), ["E007"]);
    assert_eq!(told(&[("a.yaml", "facade: t\nformat: one\n")]), ["E007"]);
    // A file that cannot be read may have had it.
    assert_eq!(told(&[("a.yaml", "facade: \"t\n")]), ["E008"]);
    assert_eq!(told(&[("a.yaml", "- x\n")]), ["E007"]);
}

#[test]
fn unknown_keys_are_told_with_the_one_that_was_meant() {
    let hint = |body: &str, place: &str, hint: &str| {
        let (_, found, sources) = read(body);
        assert_eq!(found.len(), 1, "{body}\n{found:?}");
        assert_eq!((found[0].code.0, under(&sources, found[0].span).as_str()), ("E007", place), "{body}");
        assert_eq!(found[0].hint.as_deref(), Some(hint), "{body}");
    };
    hint("modles: {}\n", "modles", "did you mean `models`?");
    hint("models:\n  M: { schema: a.json, feilds: {} }\n", "feilds", "did you mean `fields`?");
    hint("rest:\n  GET /a: { call: c.O, recieve: A }\n", "recieve", "did you mean `receive`?");
    hint("connections:\n  c: { type: x, policy: { timeOut: 5s } }\n", "timeOut", "did you mean `timeout`?");
    hint("policies:\n  p: { breaker: { failures: 5, opens: 1s } }\n", "opens", "did you mean `open`?");
    hint(
        "events:\n  M: { topic: a, type: t, reject: b, policy: { rejectlimit: 5 } }\n",
        "rejectlimit",
        "did you mean `rejectLimit`?",
    );
    hint("tests:\n  - { name: a, file: x, event: [] , events: [] }\n", "event", "did you mean `events`?");
    hint(
        "connections:\n  c: { type: x, errors: [ { when: { A: 1 }, problem: p, status: 404, clas: poison } ] }\n",
        "clas",
        "did you mean `class`?",
    );
}

#[test]
fn values_of_the_wrong_form_are_refused() {
    let at = |body: &str, place: &str| check(body, "E007", place);
    at("models: [a]\n", "[a]");
    at("models:\n  M: x\n", "x");
    at("models:\n  M:\n", "M");
    at("tests:\n", "tests");
    at("tests: []\n", "tests");
    at("tests:\n  - x\n", "x");
    at("policies:\n  p: { timeout: 5 }\n", "5");
    at("policies:\n  p: { timeout: 5 s }\n", "5 s");
    at("policies:\n  p: { retry: -1 }\n", "-1");
    at("policies:\n  p: { retry: { budget: 20% } }\n", "budget");
    at("policies:\n  p: { retry: { max: 2, backoff: 2s..1s } }\n", "2s..1s");
    at("policies:\n  p: { rate: 50 }\n", "50");
    at("policies:\n  p: { maxBytes: 10 }\n", "10");
    at("policies:\n  p: { concurrency: 0 }\n", "0");
    at("policies:\n  p: { repeatable: yes }\n", "yes");
    at("policies:\n  p: { dedupe: always }\n", "always");
    at("policies:\n  p: { idempotency: never }\n", "never");
    at("policies:\n  p: { breaker: { failures: 150% } }\n", "150%");
    at("policies:\n  p: { breaker: { failures: 5, of: 3 } }\n", "5");
    at(
        "policies:\n  p: { breaker: { failures: 5, of: 9, window: 1s } }\n",
        "{ failures: 5, of: 9, window: 1s }",
    );
    at("connections:\n  c: { url: x }\n", "url");
    at("connections:\n  c: { type: x, nulls: a }\n", "a");
    at("connections:\n  c: { type: x, errors: [ { when: {}, problem: p, status: 404 } ] }\n", "{}");
    at("connections:\n  c: { type: x, errors: [ { when: { A: 1 }, problem: p, status: 4 } ] }\n", "4");
    at("connections:\n  c: { type: x, errors: [ { when: { A: 1 }, problem: a/b, status: 404 } ] }\n", "a/b");
    at("connections:\n  c: { type: x, errors: [ { when: { A: 1 }, status: 404 } ] }\n", "when");
    at("codes:\n  t: {}\n", "{}");
    at("codes:\n  t: { a: { b: c } }\n", "{ b: c }");
    at("codes:\n  t: { csv: ../x.csv, modern: a, legacy: b }\n", "../x.csv");
    at("versions:\n  v1: { deprecated: soon }\n", "soon");
    at("versions:\n  v1: { gone: true }\n", "v1");
    at("models:\n  M: { schema: /etc/passwd }\n", "/etc/passwd");
}

#[test]
fn a_flood_of_findings_is_bounded() {
    let body: String = (0..3_000).map(|n| format!("x{n}: 1\n")).collect();
    let (_, found, _) = read(&body);
    assert_eq!((found.len(), found[1_000].code.0), (1_001, "N002"));
    assert_eq!(found[1_000].message, "2000 further findings are not shown");
}

#[test]
fn ten_thousand_operations_are_read_in_time() {
    let entry = |n: usize| format!("  GET /a{n}/{{id}}: {{ get: M, call: c.O, policy: {{ scope: s }} }}\n");
    let body: String = (0..10_000).map(entry).collect();
    let began = std::time::Instant::now();
    assert_eq!(passes(&format!("rest:\n{body}")).rest.len(), 10_000);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn a_text_that_was_cut_is_one_mistake() {
    check(
        &format!("{MODEL}      f: {{ each: A, fields: {{ a: X | slice(1, 4) }} }}\n"),
        "E006",
        "X | slice(1",
    );
    check("codes:\n  t: { a: f(x, b: c }\n", "E006", "f(x");
}

#[test]
fn a_field_is_one_of_its_five_forms() {
    let field = |text: &str| format!("{MODEL}      f: {text}\n");
    let at = |text: &str, place: &str| check(&field(text), "E007", place);
    at("{ sensitive: true }", "f");
    at("{ each: A }", "f");
    at("{ at: A }", "f");
    at("{ from: A, each: B }", "each");
    at("{ each: A, cases: { x: { at: B } }, fields: { x: X } }", "cases");
    at("{ from: A, fields: { x: X } }", "fields");
    at("{ from: A, write: now }", "now");
    at("{ oneOf: K, cases: {} }", "{ oneOf: K, cases: {} }");
    at("{ oneOf: K, cases: { x: { at: A, fields: { a: B } } } }", "x");
    at("{ cases: { x: { fields: { a: B } } } }", "x");
    at("{ cases: { x: { when: T, at: A } } }", "T");
    at("[A, B]", "[A, B]");
    at("\n", "f");
    check(&format!("{MODEL}      f: >\n        A\n        | lower\n"), "E007", "A\n        | lower\n");
    check(&format!("{MODEL}      f: A\n        | lower\n"), "E007", "A\n        | lower");
    check(&format!("{MODEL}      a b: A\n"), "E007", "a b");
    check(&format!("{MODEL}      a..b: A\n"), "E007", "a..b");
    passes(&field("{ from: A | lower, write: = now, sensitive: true, doc: the f }"));
    passes(&field("{ each: A, at: B/C, key: [x], fields: { x: X } }"));
    passes(&field("{ at: A, fields: { from: X, default: Y } }"));
    passes(&field("{ oneOf: K, as: kind, cases: { x: { when: [T, U], at: A, fields: { a: B } } } }"));
    passes(&field("{ cases: { x: { when: [ { A: 1 }, { B: \"!00\" } ], fields: { a: B } } } }"));
    passes("models:\n  Body: { schema: body.json }\n");
}

#[test]
fn a_model_that_maps_nothing_is_refused() {
    check("models:\n  M: { key: a }\n", "E007", "M");
    check("models:\n  M: { legacy: c/S }\n", "E007", "M");
    check("models:\n  M: { schema: a.json, write: { A: b } }\n", "E007", "M");
}

#[test]
fn a_condition_that_cannot_be_read_is_refused() {
    let when = |text: &str| {
        format!(
            "connections:\n  c:\n    type: x\n    errors:\n      - {{ when: {text}, problem: p, status: 404 }}\n"
        )
    };
    check(&when("{ A//B: 1 }"), "E012", "/");
    check(&when("{ A: \"\" }"), "E012", "\"\"");
    check(&when("{ A: \"!\" }"), "E012", "\"!\"");
    check(&when("{ A: \"!*\" }"), "E012", "\"!*\"");
    check(&when("{ A: [1, \"!!2\"] }"), "E012", "\"!!2\"");
    check(&when("{ \"A[0]\": 1 }"), "E011", "[0]");
    passes(&when("{ $fault/code: \"CPF*\", A/B: [1, 2] }"));
    passes(&when("[ { A: 1 }, { B: \"!00\" } ]"));
}

#[test]
fn authentication_is_complete_or_refused() {
    check("auth: { type: oidc, issuer: i }\n", "E007", "type");
    check("auth: { type: oidc, issuer: i, audience: [] }\n", "E007", "[]");
    check("auth: { type: oicd, issuer: i, audience: a }\n", "E007", "oicd");
    check("auth: { type: none, audience: a }\n", "E007", "audience");
    let project =
        passes("auth: { type: oidc, issuer: i, audience: [a, b], algorithms: [RS256], leeway: 30s }\n");
    let Some(Auth { kind: AuthKind::Oidc { audience, leeway, .. }, .. }) = project.auth else {
        panic!("oidc")
    };
    assert_eq!((audience.len(), leeway.map(|leeway| leeway.as_secs())), (2, Some(30)));
    assert_eq!(passes("auth: { type: none }\n").auth.map(|auth| auth.kind), Some(AuthKind::None));
}

#[test]
fn an_operation_says_one_thing_about_one_route() {
    let at = |body: &str, place: &str| check(&format!("rest:\n{body}"), "E007", place);
    at("  FETCH /a: { call: c.O }\n", "FETCH /a");
    at("  GET a: { call: c.O }\n", "a");
    at("  GET /a//b: { call: c.O }\n", "GET /a//b");
    at("  GET /a/{x y}: { call: c.O }\n", "{x y}");
    at("  GET /a/x{y}: { call: c.O }\n", "x{y}");
    at("  GET /a?b=c: { call: c.O }\n", "a?b=c");
    at("  GET /a: { get: M, list: M }\n", "M");
    at("  GET /a: { call: x }\n", "x");
    at("  GET /a: {}\n", "GET /a");
    at("  GET /a: { get: M, send: { A: b } }\n", "GET /a");
    at("  GET /a: { get: M, body: B }\n", "GET /a");
    at("  GET /a: { steps: { s: { call: c.O } } }\n", "GET /a");
    at("  GET /a: { list: M, filter: { x: y near } }\n", "near");
    at("  GET /a: { list: M, query: { x: integre } }\n", "integre");
    at("  GET /a: { list: M, page: { size: 50, max: 20 } }\n", "50");
    at("  GET /a: { get: M, policy: { timeout: 5s } }\n", "timeout");
    at("  GET /a: { get: M, policy: { use: nobody } }\n", "nobody");
    check("rest:\n  GET /a: { call: c.O, send: { A: =x } }\n", "E007", "=x");
    check("rest:\n  GET /a: { call: c.O, send: { \"A[0]\": x } }\n", "E011", "[0]");
    let project = passes(
        "rest:\n  GET /: { list: M, filter: { a: b, c: d >=, e: f starts }, query: { q: date, r: { type: integer, default: 5 } } }\n",
    );
    let ops: Vec<_> = project.rest[0].filter.iter().map(|filter| filter.op.value).collect();
    assert_eq!(ops, [CompareOp::Equal, CompareOp::GreaterOrEqual, CompareOp::Starts]);
    assert!(project.rest[0].segments.is_empty());
}

#[test]
fn steps_that_wait_for_each_other_are_refused() {
    let steps = |a: &str, b: &str| {
        format!(
            "rest:\n  GET /a:\n    steps:\n      a: {{ call: c.O, send: {{ X: = {a} }} }}\n      b: {{ call: c.O, send: {{ X: = {b} }} }}\n    reply: {{ x: = a }}\n"
        )
    };
    let (_, found, sources) = read(&steps("b.id", "a.id"));
    let told: Vec<_> = found.iter().map(|one| (one.code.0, under(&sources, one.span))).collect();
    assert_eq!(told, [("E074", "a".to_owned()), ("E074", "b".to_owned())]);
    check(&steps("a.id", "id"), "E074", "a");
    passes(&steps("id.b", "a.id"));
    passes(&steps("'b'", "a.id"));
}

#[test]
fn policies_start_from_shared_ones() {
    let project = passes(
        "policies:\n  base: { timeout: 3s, concurrency: 4, scope: s, cache: 1s }\n  gentle: { use: base, concurrency: 2 }\n\
         connections:\n  c: { type: x, policy: { use: gentle, retry: { max: 2, budget: 10%, backoff: 50ms..1s } } }\n\
         rest:\n  GET /a: { get: M, policy: { use: base, cache: 5s } }\n",
    );
    let policy = &project.connections[0].policy;
    assert_eq!(policy.timeout.map(|timeout| timeout.as_secs()), Some(3));
    assert_eq!(policy.concurrency.map(|it| it.value), Some(2));
    assert_eq!(policy.retry.map(|it| (it.max, it.budget_percent)), Some((2, Some(10))));
    assert_eq!(policy.scope, None, "a scope has no effect on a connection");
    let policy = &project.rest[0].policy;
    assert_eq!(policy.cache.map(|cache| cache.as_secs()), Some(5));
    assert_eq!(policy.scope.as_deref().map(String::as_str), Some("s"));
    assert_eq!(policy.timeout, None);
    let (_, found, _) = read("policies:\n  a: { use: b }\n  b: { use: a }\n");
    assert!(!found.is_empty() && found.iter().all(|one| one.message.contains("circle")), "{found:?}");
}

#[test]
fn events_publish_something_somewhere() {
    check("events:\n  M: { topic: t }\n", "E007", "M");
    check("events:\n  M: { topic: t, type: a, created: b }\n", "E007", "M");
    check("events:\n  M: { type: a }\n", "E007", "type");
    check("events:\n  M: { topic: /t, type: a }\n", "E007", "/t");
    check("events:\n  M: { topic: t, type: a, deletedWhen: = x }\n", "E007", "M");
    check("events:\n  M: { topic: t, type: a, key: account }\n", "E007", "account");
    check("events:\n  M: { topic: t, type: a, watch: { since: x } }\n", "E007", "since");
    check("reconcile:\n  M: { every: 5m }\n", "E007", "every");
    let project = passes("events:\n  M: { topic: t, type: a, verify: { $trailer/C: = count } }\n");
    assert_eq!(project.events[0].topic.as_ref().map(|topic| topic.connection.is_none()), Some(true));
}

#[test]
fn a_sunset_comes_after_the_deprecation() {
    check("versions:\n  v1: { deprecated: 2027-01-01, sunset: 2026-01-01 }\n", "E073", "2026-01-01");
    let project = passes(
        "versions:\n  v2: {}\n  v1: { deprecated: 2026-01-01, sunset: 2027-01-01, gone: true, models: { M: { a: b | codes(x), c: ~, d: = e + f } } }\n",
    );
    let kinds: Vec<_> = project.versions[1].models[0].fields.iter().map(|field| &field.kind).collect();
    assert!(matches!(
        kinds.as_slice(),
        [VersionKind::Value(_), VersionKind::Removed, VersionKind::Computed(_)]
    ));
}

#[test]
fn a_test_proves_something() {
    let at = |body: &str, place: &str| check(&format!("tests:\n  - {body}\n"), "E007", place);
    at("{ name: a }", "a");
    at("{ model: M, legacy: a.xml, modern: a.json }", "model");
    at("{ name: a, model: M, legacy: a.xml }", "name");
    at("{ name: a, model: M, legacy: a.xml, modern: a.json, response: {} }", "response");
    at("{ name: a, request: GET /a }", "a");
    at("{ name: a, request: /a, response: {} }", "/a");
    at("{ name: a, request: GET /a, response: { state: 200 } }", "state");
    at("{ name: a, file: x, events: {} }", "{}");
    at("{ name: a, file: x, events: [x] }", "x");
    at("{ name: a, after: b, file: x, events: [] }", "b");
    at("{ name: a, after: a, file: x, events: [] }", "a");
    at("{ name: a, model: M, legacy: ../a.xml, modern: {} }", "../a.xml");
    let project = passes(
        "tests:\n  - { name: a, request: POST /a?b=c, headers: { X: \"\" }, body: { x: 1 }, calls: {}, response: { status: 201, body: [] }, events: [] }\n  - name: b\n    model: M\n    legacy: |\n      <x/>\n    modern: '{}'\n",
    );
    assert_eq!(project.tests[0].calls.as_deref(), Some(&[][..]));
    assert_eq!(project.tests[0].request.as_ref().map(|it| it.target.as_str()), Some("/a?b=c"));
    assert!(matches!(
        (&project.tests[1].legacy, &project.tests[1].modern),
        (Some(Payload::Text(_)), Some(Payload::Text(_)))
    ));
}

#[test]
fn legacy_text_that_other_tools_change_is_a_warning() {
    let warns = |body: &str, place: &str| check(body, "W004", place);
    warns("codes:\n  t: { a: 01 }\n", "01");
    warns("codes:\n  t: { a: [A, NO] }\n", "NO");
    warns("codes:\n  country: { NO: N }\n", "NO");
    warns("connections:\n  c: { type: x, nulls: [0001-01-01] }\n", "0001-01-01");
    warns("connections:\n  c: { type: x, send: { Version: 3.0 } }\n", "3.0");
    warns(
        "connections:\n  c: { type: x, errors: [ { when: { A: 007 }, problem: p, status: 404 } ] }\n",
        "007",
    );
    warns("models:\n  M: { legacy: c/S, fields: { a: A }, write: { X: off } }\n", "off");
    warns("tests:\n  - { name: a, model: M, legacy: { X: 1e3 }, modern: { x: 1e3 } }\n", "1e3");
    let project = passes("codes:\n  t: { a: [\"01\", 245, Book], b: F }\n");
    let CodeSource::Inline(lines) = &project.codes[0].source else { panic!("inline") };
    assert_eq!(
        lines[0].legacy.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(),
        ["01", "245", "Book"]
    );
}
