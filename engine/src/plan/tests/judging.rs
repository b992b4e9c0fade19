//! Judging: what the error table makes of replies and faults.
//!
//! **Invariant.** The table sees the whole beginning of a reply before any of the payload goes out.

use super::{case, detail, finish};
use crate::plan::testing::Told;
use crate::program::{Ambient, FaultView};
use kernel::{Class, Document, Progress};

const SHAPE: &str = "type E { Error* { @Code? @Text? } } type R { @ID? @N:int? } \
    call Read { @K? } -> { Errors?=E List? { R*=R } More? } \
    call Late { @K? } -> { List? { R*=R } Errors?=E }";

fn mapping(errors: &str, rest: &str) -> String {
    format!(
        "connections:\n  pms:\n    type: soap\n    wsdl: x\n    errors:\n{errors}models:\n  M:\n    legacy: pms/R\n    \
         fields: {{ id: ID, n: N }}\nrest:\n  GET /r/{{id}}:\n{rest}    send: {{ K: = id }}\n"
    )
}

const TABLE: &str = "      - { when: { Errors/Error/Code: 245 }, problem: not-there, status: 404 }\n      \
    - { when: { Errors/Error/Code: [320, 321], Errors/Error/Text: \"*bad*\" }, problem: bad, status: 422, detail: \"Errors/Error[1]/Text\" }\n      \
    - { when: { Errors/Error/Code: 448 }, problem: busy, status: 503, retry: true, counts: false }\n      \
    - { when: [ { $fault/code: \"Client*\" }, { $fault/string: \"*no*\" } ], problem: client, status: 400 }\n      \
    - { when: { Errors/Error/Code: \"*\" }, problem: other, status: 502 }\n";

const READ: &str = "    get: M\n    call: pms.Read\n    receive: List/R[1]\n";

#[test]
fn the_first_entry_that_holds_makes_the_error() {
    let case = case(SHAPE, &mapping(TABLE, READ), &[]);
    let check = |document: &str, entry: u32, class: Class, released: Option<&str>| {
        let error = case.reply(document).expect_err("an error");
        assert_eq!(
            (error.entry, error.class, error.detail.as_deref()),
            (Some(entry), class, released),
            "{document}"
        );
    };
    check("(Errors (Error @Code=245 @Text=x))", 0, Class::NotFound, None);
    check("(Errors (Error @Code=1) (Error @Code=245))", 0, Class::NotFound, None);
    check("(Errors (Error @Code=321 @Text=\"a bad one\"))", 1, Class::Client, Some("a bad one"));
    check("(Errors (Error @Code=448))", 2, Class::Transient, None);
    check("(Errors (Error @Code=999))", 4, Class::Defect, None);
    // An attribute that is asked for by `*` stands for the element that carries it.
    check("(Errors (Error))", 4, Class::Defect, None);
    assert_eq!(case.reply("(Errors) (List (R @ID=1 @N=2))").ok().as_deref(), Some(r#"{"id":"1","n":2}"#));
}

#[test]
fn only_the_text_that_the_entry_names_is_released() {
    let table = TABLE.replace(", Errors/Error/Text: \"*bad*\"", "");
    let case = case(SHAPE, &mapping(&table, READ), &[]);
    let error = case
        .reply("(Errors (Error @Code=320 @Text=first) (Error @Code=1 @Text=second))")
        .expect_err("an error");
    assert_eq!((error.entry, error.detail.as_deref()), (Some(1), Some("first")));
    assert!(!error.to_string().contains("first"), "{error}");
}

#[test]
fn a_table_that_comes_before_the_payload_is_judged_before_it() {
    let case = case(SHAPE, &mapping(TABLE, READ), &[]);
    let operation = &case.program().operations[0];
    assert!(operation.call.as_ref().is_some_and(|call| call.read.decides_early()));
    let reply = case.catalogue.operations[0].reply.expect("a reply");
    let ty = case.catalogue.shape.part(reply).ty;
    let mut reader = operation.reader(&Ambient::for_tests()).expect("a reader");
    let mut told = Told::new(&case.catalogue.shape, ty, "(Errors (Error @Code=448)) (List (R @ID=1))");
    assert_eq!(told.advance(&mut reader), Ok(Progress::Paused));
    assert_eq!(reader.judged().and_then(|error| error.entry), Some(2));
    reader.reset(&Ambient::for_tests());
    let mut told = Told::new(&case.catalogue.shape, ty, "(List (R @ID=1))");
    assert_eq!(told.advance(&mut reader), Ok(Progress::Paused));
    assert!(reader.judged().is_none());
    assert_eq!(finish(&mut reader, told).ok().as_deref(), Some(r#"{"id":"1","n":null}"#));
}

#[test]
fn a_table_behind_the_payload_is_judged_at_the_end_even_if_the_payload_is_broken() {
    let rest = READ.replace("pms.Read", "pms.Late");
    let case = case(SHAPE, &mapping(TABLE, &rest), &[]);
    let operation = &case.program().operations[0];
    assert!(!operation.call.as_ref().is_some_and(|call| call.read.decides_early()));
    let error = case.reply("(List (R @N=broken)) (Errors (Error @Code=448))").expect_err("an error");
    assert_eq!((error.entry, error.class), (Some(2), Class::Transient));
    let error = case.reply("(List (R @N=broken))").expect_err("an error");
    assert_eq!((error.class, detail(&error, "pointer")), (Class::Poison, "/n"));
}

#[test]
fn faults_are_judged_by_what_stands_beside_the_reply() {
    let case = case(SHAPE, &mapping(TABLE, READ), &[]);
    let reader = case.program().operations[0].reader(&Ambient::for_tests()).expect("a reader");
    let check = |code: &str, text: &str, status: u16, entry: Option<u32>, class: Class| {
        let fault =
            FaultView { code: Some(code), text: Some(text), status: Some(status), ..FaultView::default() };
        let error = reader.judge_fault(&fault);
        assert_eq!((error.entry, error.class), (entry, class), "{code} {text}");
        assert!(!error.to_string().contains(text), "{error}");
    };
    check("Client.Unknown", "oops", 500, Some(3), Class::Client);
    check("Server", "there is no such thing", 500, Some(3), Class::Client);
    check("Server", "oops", 500, None, Class::Defect);
    check("Server", "oops", 503, None, Class::Transient);
}

#[test]
fn a_reply_without_the_record_is_found_to_have_none() {
    let case = case(SHAPE, &mapping(TABLE, READ), &[]);
    let operation = &case.program().operations[0];
    let reply = case.catalogue.operations[0].reply.expect("a reply");
    let mut reader = operation.reader(&Ambient::for_tests()).expect("a reader");
    let ty = case.catalogue.shape.part(reply).ty;
    let mut told = Told::new(&case.catalogue.shape, ty, "(List)");
    while told.advance(&mut reader) == Ok(Progress::Paused) {}
    let answer = reader.finish().expect("an answer");
    assert!(!answer.found);
    assert!(answer.json.is_empty());
}

#[test]
fn the_items_of_a_list_can_be_taken_while_they_come() {
    let rest =
        "    list: M\n    call: pms.Read\n    receive: List/R\n    page: { size: 2, max: 5, next: More }\n";
    let case = case(SHAPE, &mapping(TABLE, rest), &[]);
    let operation = &case.program().operations[0];
    let reply = case.catalogue.operations[0].reply.expect("a reply");
    let ty = case.catalogue.shape.part(reply).ty;
    let text = "(List (R @ID=1) (R @ID=2) (R @ID=3)) (More next)";
    let mut reader = operation.reader(&Ambient::for_tests()).expect("a reader");
    let whole = finish(&mut reader, Told::new(&case.catalogue.shape, ty, text)).expect("an answer");
    assert_eq!(whole, r#"[{"id":"1","n":null},{"id":"2","n":null},{"id":"3","n":null}]"#);

    reader.reset(&Ambient::for_tests());
    let mut told = Told::new(&case.catalogue.shape, ty, text).slow(true);
    let (mut out, mut items) = (Vec::new(), 0);
    while told.advance(&mut reader) != Ok(Progress::End) {
        items += reader.take_items(items == 0, &mut out);
    }
    items += reader.take_items(items == 0, &mut out);
    assert_eq!((items, format!("[{}]", String::from_utf8_lossy(&out))), (3, whole));
    let answer = reader.finish().expect("an answer");
    assert_eq!((answer.cursor.as_deref(), answer.json), (Some("next"), &b"[]"[..]));
}

#[test]
fn the_fingerprint_tells_mapped_values_apart_and_nothing_else() {
    let case = case(SHAPE, &mapping(TABLE, READ), &[]);
    let operation = &case.program().operations[0];
    let reply = case.catalogue.operations[0].reply.expect("a reply");
    let ty = case.catalogue.shape.part(reply).ty;
    let print = |text: &str| {
        let mut reader = operation.reader(&Ambient::for_tests()).expect("a reader");
        let mut told = Told::new(&case.catalogue.shape, ty, text);
        while told.advance(&mut reader) == Ok(Progress::Paused) {}
        reader.finish().expect("an answer").fingerprint
    };
    let one = print("(List (R @ID=1 @N=2))");
    assert_eq!(one, print("(Errors) (List (R @ID=1 @N=2) (R @ID=9))"));
    assert_ne!(one, print("(List (R @ID=12))"));
    assert_ne!(one, print("(List (R @ID=1 @N=3))"));
    assert_ne!(one, print("(List (R @ID=1))"));
}
