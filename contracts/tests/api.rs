//! The published API is what the example serves, is OpenAPI, and changes only on purpose.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

#[path = "api/asyncapi.rs"]
mod asyncapi;
#[path = "api/validator.rs"]
mod validator;

use contracts::api::{all, breaking_changes, document, load, mistakes, print, published};
use serde_json::{Value, json};
use std::path::Path;

/// Set to anything to write the published document anew.
const REFRESH: &str = "SEAWALL_PUBLISH";

fn committed() -> Value {
    committed_of("reservations")
}

fn committed_of(facade: &str) -> Value {
    let text = std::fs::read_to_string(published(facade)).unwrap_or_else(|_| "{}".into());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_published_documents_are_what_the_mappings_serve() {
    for (facade, folder, _) in all() {
        is_served(facade, &folder);
    }
}

fn is_served(facade: &str, folder: &Path) {
    let file = published(facade);
    let produced = document(&load(folder).unwrap_or_else(|findings| panic!("{findings}")));
    let text = print(&produced);
    if std::env::var_os(REFRESH).is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    if before == text {
        return;
    }
    let breaking = breaking_changes(&committed_of(facade), &produced);
    let consequence = match breaking.is_empty() {
        true => "Nothing that clients rely on is lost.".to_owned(),
        false => format!("Clients break:\n  {}", breaking.join("\n  ")),
    };
    panic!(
        "contracts/openapi/{facade}.json is not what the mapping serves. {consequence}\n\
         If it is meant: {REFRESH}=1 cargo test -p contracts --test api, and commit the file."
    );
}

#[test]
fn the_published_documents_are_openapi() {
    for (facade, _, _) in all() {
        assert_eq!(mistakes(&committed_of(facade)), Vec::<String>::new(), "{facade}");
    }
}

#[test]
fn an_independent_validator_takes_the_published_documents() {
    for (facade, _, _) in all() {
        match validator::run(&published(facade)) {
            Ok(()) => {}
            Err(validator::Why::Unavailable(why)) => eprintln!("SKIPPED: openapi-spec-validator: {why}"),
            Err(validator::Why::Refused(why)) => panic!("{facade}: {why}"),
        }
    }
}

/// Returns the published document with another value at a pointer; nothing removes what is there.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut document = committed();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not there"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(key, value)),
        (Value::Object(members), None) => assert!(members.remove(&key).is_some(), "{pointer} is not there"),
        (Value::Array(items), Some(value)) => items.push(value),
        (Value::Array(items), None) => drop(items.remove(key.parse().unwrap())),
        _ => panic!("{pointer}"),
    }
    document
}

const GET: &str = "/paths/~1reservations~1{id}/get";
const POST: &str = "/paths/~1reservations/post";
const MODEL: &str = "/components/schemas/Reservation";
const BODY: &str = "/components/schemas/PostReservationsBody";

#[test]
fn a_document_that_is_no_openapi_is_noticed() {
    let check = |pointer: &str, value: Option<Value>, expected: &str| {
        let found = mistakes(&with(pointer, value));
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{pointer}: {expected:?} is not in {found:?}"
        );
    };
    check("/openapi", Some(json!("3.0.3")), "is not 3.1");
    check("/info", None, "/info: has no title");
    check("/surprise", Some(json!(1)), "/: has the unknown field surprise");
    check("/paths/nothing", Some(json!({})), "does not begin with /");
    check("/paths/~1reservations~1{key}", Some(json!({})), "is there twice");
    check(&format!("{GET}/parameters"), Some(json!([])), "does not declare the parameter id");
    check(&format!("{GET}/parameters/0/required"), Some(json!(false)), "is in the path and not required");
    check(&format!("{GET}/parameters/0/schema"), None, "not exactly one of schema and content");
    check(&format!("{GET}/responses"), None, "has no responses");
    check(&format!("{GET}/responses/2000"), Some(json!({ "description": "" })), "is no status");
    check(&format!("{GET}/responses/200/description"), None, "has no description");
    check(&format!("{GET}/security"), Some(json!([{ "key": [] }])), "unknown scheme key");
    check(&format!("{POST}/operationId"), Some(json!("getReservationsById")), "operationId of another");
    check(&format!("{POST}/requestBody/content"), None, "has no content");
    check(&format!("{MODEL}/type"), Some(json!("record")), "is no JSON Schema");
    check(&format!("{MODEL}/properties/total"), Some(json!({ "$ref": "#/nowhere" })), "refers to #/nowhere");
    check(&format!("{MODEL}/properties/hotelId/type"), Some(json!("number")), "/examples/");
    check("/components/securitySchemes/token/scheme", None, "has no scheme");
}

#[test]
fn a_change_that_breaks_clients_is_named_and_another_one_is_not() {
    let check = |pointer: &str, value: Option<Value>, expected: &str| {
        let found = breaking_changes(&committed(), &with(pointer, value));
        assert!(found.iter().any(|one| one == expected), "{pointer}: {expected:?} is not in {found:#?}");
    };
    let body = "POST /reservations, body";
    let response = "GET /reservations/{id}, response 200";
    check("/paths/~1reservations", None, "POST /reservations is gone");
    check(GET, None, "GET /reservations/{id} is gone");
    check(&format!("{GET}/parameters/0"), None, "GET /reservations/{id}, parameter id is gone");
    let more = json!({ "name": "hotel", "in": "query", "required": true, "schema": {} });
    let required = "GET /reservations/{id}, parameter hotel is required now";
    check(&format!("{GET}/parameters/9"), Some(more), required);
    check(&format!("{GET}/responses/404"), None, "GET /reservations/{id}, response 404 is gone");
    check(&format!("{MODEL}/properties/hotelId"), None, &format!("{response}/hotelId is gone"));
    check(&format!("{BODY}/required/9"), Some(json!("total")), &format!("{body}/total is required now"));
    check(&format!("{MODEL}/required/0"), None, &format!("{response}/id may be missing now"));
    let other = format!("{response}/nights has another type: string may come now");
    check(&format!("{MODEL}/properties/nights/type"), Some(json!("string")), &other);
    let fewer = format!("{body}/status has another enum: no-show is not accepted any more");
    check(&format!("{BODY}/properties/status/enum/2"), None, &fewer);
    let more = format!("{response}/status has another enum: waiting may come now");
    check(&format!("{MODEL}/properties/status/enum/9"), Some(json!("waiting")), &more);
    let tighter = format!("{body}/hotelId is bounded more tightly: maxLength 5");
    check(&format!("{BODY}/properties/hotelId/maxLength"), Some(json!(5)), &tighter);

    for (pointer, value) in [
        (format!("{MODEL}/properties/note"), json!({ "type": "string" })),
        (format!("{MODEL}/properties/hotelId/description"), json!("where")),
        (format!("{GET}/parameters/9"), json!({ "name": "hotel", "in": "query", "schema": {} })),
        (format!("{GET}/responses/418"), json!({ "description": "a teapot" })),
        ("/paths/~1rooms".to_owned(), json!({})),
    ] {
        assert_eq!(
            breaking_changes(&committed(), &with(&pointer, Some(value))),
            Vec::<String>::new(),
            "{pointer}"
        );
    }
}
