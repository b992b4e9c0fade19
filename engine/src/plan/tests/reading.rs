//! Reading: what becomes of a record.
//!
//! **Invariant.** Each row is a document and the JSON that it is.

use super::{case, detail};
use kernel::{Cause, Class};

/// A mapping of a model `M` with these lines of fields.
fn model(fields: &str) -> String {
    let indented: String = fields.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "connections:\n  pms: {{ type: soap, wsdl: x }}\nmodels:\n  M:\n    legacy: pms/R\n    fields:\n{indented}"
    )
}

fn check(shape: &str, fields: &str, rows: &[(&str, &str)]) {
    let case = case(&format!("type R {{ {shape} }} call Get {{ }} -> {{ R?=R }}"), &model(fields), &[]);
    for (document, json) in rows {
        let found = case.record(document);
        assert_eq!(found.as_deref().ok(), Some(*json), "{fields}\n{document}\n{found:?}");
    }
}

#[test]
fn leaves_become_members_in_the_order_of_the_mapping() {
    check(
        "@A? @N:int? B:date C { D:dec? }",
        "d: C/D\na: A\nn: N\nb: B",
        &[
            (
                r#"@A=x @N=007 (B 2026-01-02) (C (D 420.50))"#,
                r#"{"d":420.50,"a":"x","n":7,"b":"2026-01-02"}"#,
            ),
            (r#"@N=1 @A="q\" (B 2026-01-02) (C)"#, r#"{"d":null,"a":"q\\","n":1,"b":"2026-01-02"}"#),
        ],
    );
}

#[test]
fn positions_pick_one_of_several_and_count_within_their_parent() {
    check(
        "G* { P* { @C? } }",
        "one: G[1]/P[1]/C\ntwo: G[1]/P[2]/C\nlast: G[last]/P[last]/C\nsecond: G[2]/P[1]/C",
        &[
            (
                "(G (P @C=a) (P @C=b) (P @C=c)) (G (P @C=d) (P @C=e))",
                r#"{"one":"a","two":"b","last":"e","second":"d"}"#,
            ),
            ("(G (P @C=a))", r#"{"one":"a","two":null,"last":"a","second":null}"#),
            // The last one counts, also where it has nothing in it.
            ("(G (P @C=a)) (G (P))", r#"{"one":"a","two":null,"last":null,"second":null}"#),
            ("", r#"{"one":null,"two":null,"last":null,"second":null}"#),
        ],
    );
}

#[test]
fn a_condition_on_an_attribute_picks_whatever_its_place_among_the_attributes() {
    check(
        "Id* { @Type? @ID? In? { @X? } }",
        "a: Id[Type=14]/ID\nb: Id[Type=16]/ID\nx: Id[Type=14]/In/X",
        &[
            (
                "(Id @Type=14 @ID=one (In @X=1)) (Id @Type=16 @ID=two (In @X=2))",
                r#"{"a":"one","b":"two","x":"1"}"#,
            ),
            ("(Id @ID=two @Type=16) (Id @ID=one @Type=14)", r#"{"a":"one","b":"two","x":null}"#),
            // The first for which it holds.
            ("(Id @ID=one @Type=14) (Id @ID=three @Type=14 (In @X=3))", r#"{"a":"one","b":null,"x":null}"#),
            ("(Id @ID=one)", r#"{"a":null,"b":null,"x":null}"#),
        ],
    );
}

#[test]
fn a_condition_on_a_later_child_is_decided_at_the_end_of_its_part() {
    check(
        "P* { V? K? U? }",
        "v: P[K=x]/V\nu: P[K=x][U=1]/V",
        &[
            ("(P (V a) (K y)) (P (V b) (K x) (U 2)) (P (V c) (K x) (U 1))", r#"{"v":"b","u":"c"}"#),
            ("(P (V a) (K y))", r#"{"v":null,"u":null}"#),
        ],
    );
}

#[test]
fn what_a_condition_rejects_is_not_an_error() {
    check("P* { V:int? K? }", "v: P[K=x]/V", &[("(P (V bad) (K y)) (P (V 1) (K x))", r#"{"v":1}"#)]);
}

#[test]
fn arrays_of_objects_nest_and_an_empty_one_is_an_empty_array() {
    check(
        "A* { @N? B* { @M? } }",
        "a:\n  each: A\n  fields:\n    n: N\n    b: { each: B, fields: { m: M } }",
        &[
            ("", r#"{"a":[]}"#),
            (
                "(A @N=1 (B @M=x) (B @M=y)) (A @N=2)",
                r#"{"a":[{"n":"1","b":[{"m":"x"},{"m":"y"}]},{"n":"2","b":[]}]}"#,
            ),
        ],
    );
}

#[test]
fn elements_of_leaves_are_the_same_in_whatever_order_their_leaves_come() {
    check(
        "G* { A? B? P* { @T? @C? } }",
        "g:\n  each: G\n  fields:\n    a: A\n    b: B\n    c: P[T=1]/C\n    d: P[last]/C",
        &[
            (
                // In order; another order; some are missing; none is there; in order again.
                "(G (A x) (B y) (P @T=1 @C=c)) (G (B y) (A x) (P @T=2 @C=e)) (G (B y)) (G) (G (A x) (B y) (P @T=1 @C=c))",
                r#"{"g":[{"a":"x","b":"y","c":"c","d":"c"},{"a":"x","b":"y","c":null,"d":"e"},{"a":null,"b":"y","c":null,"d":null},{"a":null,"b":null,"c":null,"d":null},{"a":"x","b":"y","c":"c","d":"c"}]}"#,
            ),
            (
                // What was read is forgotten: its condition fails afterwards, or another one is the last.
                "(G (A x) (B y) (P @C=c @T=2)) (G (A x) (B y) (P @T=1 @C=c) (P @T=2 @C=e)) (G (A x) (B y) (P @C=c @T=1) (P))",
                r#"{"g":[{"a":"x","b":"y","c":null,"d":"c"},{"a":"x","b":"y","c":"c","d":"e"},{"a":"x","b":"y","c":"c","d":null}]}"#,
            ),
        ],
    );
    check(
        "G* { A? B? }",
        "g:\n  each: G\n  fields:\n    a: A\n    b: B",
        &[
            // Blank is nothing, explicit nothing too.
            (
                "(G (A x) (B y)) (G (A \" \") (B y)) (G (A x) (B nil)) (G (A x) (B y))",
                r#"{"g":[{"a":"x","b":"y"},{"a":null,"b":"y"},{"a":"x","b":null},{"a":"x","b":"y"}]}"#,
            ),
        ],
    );
}

#[test]
fn two_arrays_may_be_made_of_the_same_elements() {
    check(
        "A* { @N? @T? }",
        "n: { each: A, fields: { n: N } }\nt: { each: \"A[T=1]\", fields: { n: N } }\nall: A[*]/N\nlast: A[last]/N",
        &[(
            "(A @N=1 @T=0) (A @N=2 @T=1) (A @N=3 @T=1)",
            r#"{"n":[{"n":"1"},{"n":"2"},{"n":"3"}],"t":[{"n":"2"},{"n":"3"}],"all":["1","2","3"],"last":"3"}"#,
        )],
    );
}

#[test]
fn an_array_that_could_not_be_read_in_a_part_that_is_not_picked_is_read_in_the_one_that_is() {
    check(
        "A* { N*:int K? }",
        "n: \"A[K=1]/N[*]\"",
        &[("(A (N x) (K 2)) (A (N 1) (N 2) (K 1))", r#"{"n":[1,2]}"#)],
    );
}

#[test]
fn a_common_prefix_is_looked_up_in_each_element() {
    check(
        "G* { P* { C { N? E9 } } }",
        "g:\n  each: G\n  at: P[1]/C\n  fields:\n    n: N\n    e: E[1]",
        &[(
            "(G (P (C (N a) (E x) (E y))) (P (C (N b)))) (G)",
            r#"{"g":[{"n":"a","e":"x"},{"n":null,"e":null}]}"#,
        )],
    );
}

#[test]
fn an_object_without_any_present_field_is_absent() {
    check(
        "T? { @A:dec? @C? }",
        "total.amount: T/A\ntotal.currency: T/C\nt: { at: T, fields: { a: A } }",
        &[
            ("(T @A=1.50 @C=EUR)", r#"{"total":{"amount":1.50,"currency":"EUR"},"t":{"a":1.50}}"#),
            ("(T @C=EUR)", r#"{"total":{"amount":null,"currency":"EUR"},"t":null}"#),
            ("(T)", r#"{"total":null,"t":null}"#),
            ("", r#"{"total":null,"t":null}"#),
        ],
    );
}

#[test]
fn the_value_of_what_encloses_an_element_is_found_before_and_after_it() {
    let fields = "a:\n  each: L/A\n  fields:\n    n: N\n    before: ../@C\n    after: ../Z";
    check(
        "L { @C? A* { @N? } Z? }",
        &fields.replace("../@C", "../C"),
        &[(
            "(L @C=c (A @N=1) (A @N=2) (Z z))",
            r#"{"a":[{"n":"1","before":"c","after":"z"},{"n":"2","before":"c","after":"z"}]}"#,
        )],
    );
}

#[test]
fn elements_that_use_an_enclosing_field_wait_for_it_at_any_depth() {
    check(
        "L { A* { @N:int? B* { @M:int? } X:int? } } Y:int?",
        "y: Y\na:\n  each: L/A\n  fields:\n    n: N\n    sum: = n + y\n    x: X\n    b: { each: B, fields: { m: M, far: = m + x + y } }",
        &[(
            "(L (A @N=1 (B @M=5) (B @M=6) (X 10)) (A @N=2 (B @M=7) (X 20))) (Y 100)",
            r#"{"y":100,"a":[{"n":1,"sum":101,"x":10,"b":[{"m":5,"far":115},{"m":6,"far":116}]},{"n":2,"sum":102,"x":20,"b":[{"m":7,"far":127}]}]}"#,
        )],
    );
}

#[test]
fn what_waits_is_cleared_where_the_condition_of_its_parent_fails() {
    check(
        "G* { I* { @N:int? } K? } Y:int?",
        "y: Y\nk: G[K=x]/K\ni: { each: \"G[K=x]/I\", fields: { n: = m + y, m: N } }",
        &[(
            "(G (I @N=1) (K y)) (G (I @N=2) (K x)) (G (I @N=3) (K y)) (Y 10)",
            r#"{"y":10,"k":"x","i":[{"n":12,"m":2}]}"#,
        )],
    );
}

#[test]
fn computed_fields_use_each_other_in_any_order_and_hidden_ones_do_not_show() {
    check(
        "@A:int? @B:int? I* { @P:dec? }",
        "c: = b + 1\nb: = _a * 2\n_a: A\nsum: '= sum(i.map(x, x.p))'\ni: { each: I, fields: { p: P } }\nn: = size(i)\nk: = \"EUR\"",
        &[(
            "@A=3 (I @P=1.10) (I @P=2.20)",
            r#"{"c":7,"b":6,"sum":3.30,"i":[{"p":1.10},{"p":2.20}],"n":2,"k":"EUR"}"#,
        )],
    );
}

#[test]
fn the_inputs_of_every_model_are_fixed() {
    check(
        "@A?",
        "a: A\nn: = now\nt: = today\nr: = requestId",
        &[("", r#"{"a":null,"n":"2026-01-01T00:00:00Z","t":"2026-01-01","r":"test-request"}"#)],
    );
}

#[test]
fn a_constant_alone_does_not_make_an_object_present() {
    check(
        "@A:dec?",
        "m.amount: A\nm.currency: = \"EUR\"",
        &[("@A=1", r#"{"m":{"amount":1,"currency":"EUR"}}"#), ("", r#"{"m":null}"#)],
    );
}

#[test]
fn several_fields_are_combined_when_the_record_is_complete() {
    check("A { @X? } B?", "v: B + A/X | join(-)", &[("(A @X=1) (B 2)", r#"{"v":"2-1"}"#)]);
}

#[test]
fn defaults_and_null_values_of_codecs_apply() {
    check(
        "@A:int? @B?",
        "a: A | default(0)\nb: B | nullIf(x)\nc: A",
        &[("@A=5 @B=y", r#"{"a":5,"b":"y","c":5}"#), ("@B=x", r#"{"a":0,"b":null,"c":null}"#)],
    );
}

#[test]
fn explicit_nothing_is_absent_and_no_element() {
    check(
        "A? L* { @N? } G? { V? }",
        "a: A\nl: { each: L, fields: { n: N } }\ng.v: G/V",
        &[("(A nil) (L @N=1) (L nil) (G nil)", r#"{"a":null,"l":[{"n":"1"}],"g":null}"#)],
    );
}

#[test]
fn the_own_text_of_an_element_is_meant_by_its_path() {
    check(
        "P? { @C? #text:dec? } Q* { @C? #text? }",
        "p: P\nc: P/C\nq: Q[C=x]",
        &[("(P @C=EUR \"1.50\") (Q @C=y \"1\") (Q @C=x \"2\")", r#"{"p":1.50,"c":"EUR","q":"2"}"#)],
    );
}

#[test]
fn a_selector_chooses_the_case_and_the_others_are_not_looked_at() {
    let fields = "d:\n  oneOf: K\n  cases:\n    t: { when: T, at: X, fields: { v: V } }\n    f: { when: [F, Z], fields: { w: W } }";
    check(
        "K? X? { V:int? } W?",
        fields,
        &[
            ("(K T) (X (V 1)) (W w)", r#"{"d":{"type":"t","v":1}}"#),
            ("(X (V bad)) (W w) (K Z)", r#"{"d":{"type":"f","w":"w"}}"#),
            ("(X (V 1))", r#"{"d":null}"#),
        ],
    );
}

#[test]
fn without_a_selector_the_part_that_is_there_chooses() {
    let fields = "g:\n  as: kind\n  cases:\n    card: { at: C, fields: { h: H } }\n    bill: { at: B, fields: { n: N } }";
    check(
        "C? { @H? } B? { @N? }",
        fields,
        &[
            ("(B @N=1)", r#"{"g":{"kind":"bill","n":"1"}}"#),
            ("(C)", r#"{"g":{"kind":"card","h":null}}"#),
            ("", r#"{"g":null}"#),
        ],
    );
}

#[test]
fn the_type_in_the_message_chooses_the_case() {
    let shape = "type Pay { Date? } type Card : Pay { No? } type Voucher : Pay { Code? } \
                 type R { P?=Pay Q*=Pay } call Get { } -> { R?=R }";
    let fields = "p:\n  oneOf: P/xsi:type\n  cases:\n    card: { when: Card, at: P, fields: { no: No, date: Date } }\n    \
                  voucher: { when: Voucher, at: P, fields: { code: Code } }";
    let case = case(shape, &model(fields), &[]);
    let check = |document: &str, json: &str| assert_eq!(case.record(document).ok().as_deref(), Some(json));
    check("(P=Card (Date d) (No 1))", r#"{"p":{"type":"card","no":"1","date":"d"}}"#);
    check("(P=Voucher (Date d) (Code c))", r#"{"p":{"type":"voucher","code":"c"}}"#);
    check("", r#"{"p":null}"#);
}

const SCHEMA: &str = r#"{ "type": "object", "required": ["id", "n", "list"], "properties": {
    "id": { "type": "string" }, "n": { "type": ["integer", "null"] }, "o": { "type": "string" },
    "list": { "type": "array", "items": { "type": "object", "required": ["x"], "properties": { "x": { "type": "integer" } } } },
    "t": { "type": "object", "required": ["a", "c"], "properties": { "a": { "type": "number" }, "c": { "type": "string" } } },
    "w": { "type": "string", "writeOnly": true } } }"#;

#[test]
fn a_schema_says_what_an_absent_value_is() {
    let fields = "id: ID\nn: N\no: O\nlist: { each: L, fields: { x: X } }\nt.a: T/A\nt.c: T/C\nw: W";
    let mapping = model(fields).replace("    legacy: pms/R\n", "    legacy: pms/R\n    schema: s.json\n");
    let shape = "type R { @ID? @N:int? @O? @W? L* { @X:int? } T? { @A:dec? @C? } } call Get { } -> { R?=R }";
    let case = case(shape, &mapping, &[("s.json", SCHEMA)]);
    let check = |document: &str, expected: Result<&str, (&str, &str)>| match (case.record(document), expected)
    {
        (Ok(json), Ok(expected)) => assert_eq!(json, expected),
        (Err(error), Err((pointer, path))) => {
            assert_eq!((error.class, error.cause), (Class::Poison, Cause::Contract));
            assert_eq!((detail(&error, "pointer"), detail(&error, "path")), (pointer, path), "{error}");
        }
        (found, expected) => panic!("{document}: {found:?}, expected {expected:?}"),
    };
    check("@ID=1 @W=secret", Ok(r#"{"id":"1","n":null,"list":[]}"#));
    check("@ID=1 @N=2 @O=o (T @A=1 @C=c)", Ok(r#"{"id":"1","n":2,"o":"o","list":[],"t":{"a":1,"c":"c"}}"#));
    check("@N=1", Err(("/id", "ID")));
    check("@ID=1 (L @X=1) (L)", Err(("/list/1/x", "X")));
    check("@ID=1 (T @A=1)", Err(("/t/c", "T/C")));
    check("@ID=1 @N=bad", Err(("/n", "N")));
    check("@ID=1 (L @X=bad)", Err(("/list/0/x", "X")));
}

const DEMANDS: &str = r##"{ "type": "object", "required": ["rooms"], "properties": {
    "code": { "type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[A-Z]+$" },
    "state": { "enum": ["on", "off"] }, "n": { "type": "number", "minimum": 1, "exclusiveMaximum": 10 },
    "tags": { "type": "array", "maxItems": 2, "items": { "type": "string", "maxLength": 1 } },
    "rooms": { "type": "array", "minItems": 1, "items": { "type": "object", "properties": {
        "no": { "$ref": "#/$defs/no" }, "beds": { "type": "array", "minItems": 1, "items": { "type": "object" } } } } },
    "box": { "type": "object", "properties": { "beds": { "type": "array", "minItems": 1 }, "a": { "type": "string" } } },
    "_hidden": { "type": "string", "maxLength": 1 }, "w": { "type": "string", "maxLength": 1, "writeOnly": true } },
    "$defs": { "no": { "type": "integer", "maximum": 99 } } }"##;

#[test]
fn an_answer_obeys_what_the_schema_demands_of_values() {
    let fields = "code: C\nstate: S\nn: N\ntags: T[*]/V\nrooms: { each: R, fields: { no: No, beds: { each: B, fields: { x: X } } } }\nbox.beds: { each: K/B, fields: { x: X } }\nbox.a: K/A\n_hidden: H\nw: W";
    let mapping = model(fields).replace("    legacy: pms/R\n", "    legacy: pms/R\n    schema: s.json\n");
    let shape = "type R { @C? @S? @N:dec? @H? @W? T* { @V } R* { @No:int? B* { @X? } } K? { @A? B* { @X? } } } call Get { } -> { R?=R }";
    let case = case(shape, &mapping, &[("s.json", DEMANDS)]);
    let check = |document: &str, expected: Option<(&str, &str, &str)>| {
        let room = "(R @No=1 (B))";
        let document = if document.contains("(R") || document == "@C=AB" {
            document.to_owned()
        } else {
            format!("{document} {room}")
        };
        match (case.record(&document), expected) {
            (Ok(_), None) => {}
            (Err(error), Some((pointer, path, words))) => {
                assert_eq!((error.class, error.cause), (Class::Poison, Cause::Contract));
                assert_eq!((detail(&error, "pointer"), detail(&error, "path")), (pointer, path), "{error}");
                let reason = format!("not what the JSON Schema wants: {words}");
                assert_eq!(detail(&error, "reason"), reason, "{document}");
            }
            (found, expected) => panic!("{document}: {found:?}, expected {expected:?}"),
        }
    };
    check("@H=long @W=long", None);
    check("@C=ABC @S=on @N=9.99 (T @V=a) (T @V=b)", None);
    check("@C=AB", Some(("/rooms", "R", "minItems 1")));
    check("@C=A", Some(("/code", "C", "minLength 2")));
    check("@C=SECRET", Some(("/code", "C", "maxLength 3")));
    check("@C=ab", Some(("/code", "C", "pattern ^[A-Z]+$")));
    check("@S=On", Some(("/state", "S", "enum")));
    check("@N=0.5", Some(("/n", "N", "minimum 1")));
    check("@N=10", Some(("/n", "N", "exclusiveMaximum 10")));
    check("(T @V=a) (T @V=b) (T @V=c)", Some(("/tags", "T[*]/V", "maxItems 2")));
    check("(T @V=a) (T @V=bc)", Some(("/tags/1", "T[*]/V", "maxLength 1")));
    check("(R @No=1 (B)) (R @No=100 (B))", Some(("/rooms/1/no", "No", "maximum 99")));
    check("(R @No=1)", Some(("/rooms/0/beds", "B", "minItems 1")));
    // An object without anything is absent as a whole, with its empty array.
    check("(K)", None);
    check("(K @A=a)", Some(("/box/beds", "K/B", "minItems 1")));
}

#[test]
fn no_error_repeats_a_value_of_the_payload() {
    let mapping =
        model("a: A | codes(c)\nn: N\nd: { each: D, fields: { v: V } }") + "codes:\n  c: { x: [X] }\n";
    let case = case("type R { @A? @N:int? D* { @V:date? } } call Get { } -> { R?=R }", &mapping, &[]);
    for document in ["@N=supersecretvalue", "(D @V=2026-01-01) (D @V=supersecretvalue)"] {
        let error = case.record(document).expect_err("it breaks the contract");
        assert!(!error.to_string().contains("supersecretvalue"), "{error}");
    }
}

#[test]
fn parts_that_nothing_maps_are_not_descended_into() {
    let case = case("type R { @A? Big* { X* { Y* } } } call Get { } -> { R?=R }", &model("a: A"), &[]);
    let model = case.program().find_model("M").expect("a model");
    let mut told =
        crate::plan::testing::Told::new(&case.catalogue.shape, model.ty, "@A=1 (Big (X (Y 1) (Y 2))) (Big)");
    let mut reader = crate::program::Reader::new(
        std::sync::Arc::new(crate::program::ReadPlan::of_record(model)),
        &crate::program::Ambient::for_tests(),
    );
    kernel::Document::advance(&mut told, &mut reader).expect("decodable");
    assert_eq!(told.entered, 3);
}

#[test]
fn what_the_schema_does_not_know_is_counted_and_refused_only_where_it_is_strict() {
    let mapping = model("a: G/A").replace("wsdl: x", "wsdl: x, strict: STRICT");
    let shape = "type R { G? { A? } } call Get { } -> { R?=R }";
    let mapping = mapping + "rest:\n  GET /r:\n    get: M\n    call: pms.Get\n    receive: R\n";
    let lax = case(shape, &mapping.replace("STRICT", "false"), &[]);
    assert_eq!(lax.reply("(R (G (New (Thing x)) (A 1)) (G (A 2)))").ok().as_deref(), Some(r#"{"a":"1"}"#));
    let operation = &lax.program().operations[0];
    let mut reader = operation.reader(&crate::program::Ambient::for_tests()).expect("a reader");
    let reply = lax.catalogue.operations[0].reply.expect("a reply");
    let ty = lax.catalogue.shape.part(reply).ty;
    let told =
        crate::plan::testing::Told::new(&lax.catalogue.shape, ty, "(R (G (New x) (New y) (A 1)) (G (A 2)))");
    super::finish(&mut reader, told).expect("an answer");
    assert_eq!(reader.residue().paths, [("R/G/New".to_owned(), 2), ("R/G".to_owned(), 1)]);
    let strict = case(shape, &mapping.replace("STRICT", "true"), &[]);
    let error = strict.reply("(R (G (New x) (A 1)))").expect_err("strict");
    assert_eq!((error.class, detail(&error, "path")), (Class::Poison, "R/G/New"));
}

/// A small generator with a fixed seed. Source: xorshift64*, S. Vigna, "An experimental exploration of Marsaglia's
/// xorshift generators, scrambled".
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }
}

#[test]
fn random_documents_read_as_a_plain_interpretation_of_the_mapping_says() {
    let fields = "y: Y\nfirst: \"G[K=x]/I[1]/N\"\nlast: G[last]/K\nks: G[*]/K\n\
                  g:\n  each: G\n  fields:\n    k: K\n    y2: = y + 1\n    i: { each: \"I[T=a]\", fields: { n: N, k2: ../K } }";
    let shape = "type R { G* { I* { @N:int? @T? } K? } Y:int? } call Get { } -> { R?=R }";
    let case = case(shape, &model(fields), &[]);
    let mut dice = Dice(0x5ea_1a11);
    for _ in 0..500 {
        type Group = (Vec<(u64, bool)>, Option<&'static str>);
        let groups: Vec<Group> = (0..dice.below(4))
            .map(|_| {
                let items = (0..dice.below(4)).map(|n| (n + dice.below(9), dice.below(2) == 0)).collect();
                (items, [None, Some("x"), Some("z")][usize::try_from(dice.below(3)).unwrap_or(0)])
            })
            .collect();
        let y = Some(dice.below(100)).filter(|y| y % 3 > 0);
        let text = |value: Option<String>| value.unwrap_or_else(|| "null".into());
        let quoted = |k: &Option<&str>| text(k.map(|k| format!("\"{k}\"")));
        let (mut document, mut list) = (String::new(), Vec::new());
        for (items, k) in &groups {
            document.push_str(" (G");
            items.iter().for_each(|(n, a)| {
                document.push_str(&format!(" (I @N={n} @T={})", if *a { "a" } else { "b" }))
            });
            k.iter().for_each(|k| document.push_str(&format!(" (K {k})")));
            document.push(')');
            let chosen =
                items.iter().filter(|(_, a)| *a).map(|(n, _)| format!(r#"{{"n":{n},"k2":{}}}"#, quoted(k)));
            let chosen: Vec<String> = chosen.collect();
            let y2 = text(y.map(|y| (y + 1).to_string()));
            list.push(format!(r#"{{"k":{},"y2":{y2},"i":[{}]}}"#, quoted(k), chosen.join(",")));
        }
        y.iter().for_each(|y| document.push_str(&format!(" (Y {y})")));
        let first = groups.iter().find(|(_, k)| *k == Some("x")).and_then(|(items, _)| items.first());
        let ks: Vec<String> = groups.iter().filter_map(|(_, k)| k.map(|k| format!("\"{k}\""))).collect();
        let expected = format!(
            r#"{{"y":{},"first":{},"last":{},"ks":[{}],"g":[{}]}}"#,
            text(y.map(|y| y.to_string())),
            text(first.map(|(n, _)| n.to_string())),
            quoted(&groups.last().and_then(|(_, k)| *k)),
            ks.join(","),
            list.join(",")
        );
        assert_eq!(case.record(&document).ok(), Some(expected), "{document}");
    }
}
