//! Every story of a consumer comes true in front of the example's mapping.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

use contracts::api::{all, load, published};
use contracts::consumer::{Stage, Step, Story};
use gateway::auth::{Algorithms, Auth, KeySource, Oidc, OidcConfig};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tests::KeySet;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "hotel-apps";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("consumers")
}

fn stories() -> Vec<(PathBuf, Story)> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.sort();
    let story = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let story = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, story)
    };
    files.into_iter().map(story).collect()
}

async fn auth(keys: &KeySet) -> Auth {
    let jwks = keys.jwks().to_string().into_bytes();
    let config = OidcConfig {
        issuer: ISSUER.into(),
        audience: vec![AUDIENCE.into()],
        algorithms: Algorithms::asymmetric(),
        source: KeySource::of(Some("https://id.example.com/jwks"), ISSUER, &folder()),
        leeway: Duration::ZERO,
    };
    let oidc = Oidc::new(config, Arc::new(move |_| Box::pin(std::future::ready(Ok(jwks.clone())))));
    oidc.start().await.unwrap();
    Auth::Oidc(Arc::new(oidc))
}

fn document(facade: &str) -> Value {
    serde_json::from_slice(&std::fs::read(published(facade)).unwrap()).unwrap()
}

async fn stage(keys: &KeySet, facade: &str) -> Stage {
    let api = all().into_iter().find(|(name, _, _)| *name == facade);
    let (_, project, connection) = api.unwrap_or_else(|| panic!("there is no API {facade}"));
    let project = load(&project).unwrap_or_else(|findings| panic!("{findings}"));
    let (auth, files) = (auth(keys).await, folder().join("legacy"));
    Stage::new(&project, connection, auth, &files, document(facade)).unwrap()
}

#[tokio::test]
async fn every_story_of_a_consumer_comes_true() {
    let keys = KeySet::new(ISSUER, AUDIENCE);
    let token = |scopes: &str| keys.token("app", scopes, 300);
    let mut wrong = Vec::new();
    for (path, story) in stories() {
        let stage = stage(&keys, &story.api).await;
        for step in &story.steps {
            let found = stage.play(step, &token).await;
            let of = format!("{} of {}: {}", path.display(), story.consumer, step.name);
            wrong.extend(found.into_iter().map(|what| format!("{of}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_stories_are_about_every_operation_and_the_usual_problems() {
    for (facade, _, _) in all() {
        let told = stories().into_iter().filter(|(_, story)| story.api == facade);
        let steps: Vec<Step> = told.flat_map(|(_, story)| story.steps).collect();
        is_told_of(facade, &document(facade), &steps);
    }
}

fn is_told_of(facade: &str, document: &Value, steps: &[Step]) {
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(
                steps.iter().any(|step| step.operation.as_ref() == Some(&name)),
                "{facade}: no story is about {name}"
            );
        }
    }
    let statuses: Vec<u16> = steps.iter().map(|step| step.expect.status).collect();
    let usual: &[u16] = match facade {
        "reservations" => &[200, 201, 400, 401, 403, 404, 405, 409, 422, 502, 503, 504],
        _ => &[200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 503, 504],
    };
    for status in usual {
        assert!(statuses.contains(status), "{facade}: no story tells of {status}");
    }
}

#[tokio::test]
async fn a_promise_that_is_not_kept_is_noticed() {
    let keys = KeySet::new(ISSUER, AUDIENCE);
    let token = |scopes: &str| keys.token("app", scopes, 300);
    let good = json!({
        "name": "a read", "operation": "GET /reservations/{id}", "scopes": "reservations:read",
        "legacy": [{ "reply": "R-1001.xml" }],
        "request": { "method": "GET", "target": "/reservations/R-1001" },
        "expect": { "status": 200, "headers": { "Location": null }, "members": { "/id": "R-1001" } },
    });
    let check = async |pointer: &str, value: Value, expected: &str| {
        let mut step = good.clone();
        *step.pointer_mut(pointer).unwrap() = value;
        let step: Step = serde_json::from_value(step).unwrap();
        let found = stage(&keys, "reservations").await.play(&step, &token).await;
        let as_expected =
            if expected.is_empty() { found.is_empty() } else { found.join("\n").contains(expected) };
        assert!(as_expected, "{pointer}: {expected:?} is not in {found:?}");
    };
    check("/name", json!("good"), "").await;
    check("/expect/status", json!(201), "the status is").await;
    check("/expect/headers", json!({ "ETag": null }), "the header ETag is").await;
    check("/expect/members", json!({ "/id": "R-1" }), "/id is").await;
    check("/expect", json!({ "status": 200, "problem": "internal" }), "the problem is").await;
    check("/legacy", json!([]), "was called once more").await;
    check("/legacy", json!([{ "reply": "R-1001.xml" }, "silent"]), "was not called for Silent").await;
    check("/legacy", json!([{ "reply": "nothing.xml" }]), "nothing.xml").await;
    check("/operation", json!("POST /reservations"), "does not announce 200").await;
}

#[tokio::test]
async fn a_statement_that_nobody_expects_is_noticed() {
    let keys = KeySet::new(ISSUER, AUDIENCE);
    let token = |scopes: &str| keys.token("app", scopes, 300);
    let check = async |legacy: Value, expected: &str| {
        let step = json!({
            "name": "one less", "operation": "DELETE /suppliers/{id}", "scopes": "suppliers:write",
            "legacy": [legacy],
            "request": { "method": "DELETE", "target": "/suppliers/12" },
            "expect": { "status": 204 },
        });
        let step: Step = serde_json::from_value(step).unwrap();
        let found = stage(&keys, "suppliers").await.play(&step, &token).await.join("\n");
        assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
        assert!(found.contains(expected), "{expected:?} is not in {found}");
    };
    let delete = |key: u8| format!("DELETE FROM PURLIB.LIEFST WHERE LFNR = {key}");
    check(json!({ "changed": { "sql": delete(12), "rows": 1 } }), "").await;
    check(json!({ "changed": { "sql": delete(13), "rows": 1 } }), "the statement is").await;
    check(json!({ "changed": { "sql": delete(12), "rows": 0 } }), "the status is").await;
    let rows = json!({ "sql": delete(12), "table": "PURLIB.NOTHING", "rows": [] });
    check(json!({ "rows": rows }), "PURLIB.NOTHING: no such table").await;
}
