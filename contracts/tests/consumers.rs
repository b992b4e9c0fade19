//! Every story of a consumer comes true in front of the example's mapping.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

use contracts::api::{example, load, published};
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

async fn stage(keys: &KeySet) -> Stage {
    let document: Value = serde_json::from_slice(&std::fs::read(published("reservations")).unwrap()).unwrap();
    let project = load(&example()).unwrap_or_else(|findings| panic!("{findings}"));
    Stage::new(&project, "pms", auth(keys).await, &folder().join("legacy"), document).unwrap()
}

#[tokio::test]
async fn every_story_of_a_consumer_comes_true() {
    let keys = KeySet::new(ISSUER, AUDIENCE);
    let token = |scopes: &str| keys.token("app", scopes, 300);
    let mut wrong = Vec::new();
    for (path, story) in stories() {
        let stage = stage(&keys).await;
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
    let steps: Vec<Step> = stories().into_iter().flat_map(|(_, story)| story.steps).collect();
    let document: Value = serde_json::from_slice(&std::fs::read(published("reservations")).unwrap()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(
                steps.iter().any(|step| step.operation.as_ref() == Some(&name)),
                "no story is about {name}"
            );
        }
    }
    let statuses: Vec<u16> = steps.iter().map(|step| step.expect.status).collect();
    for status in [200, 201, 400, 401, 403, 404, 405, 409, 422, 502, 503, 504] {
        assert!(statuses.contains(&status), "no story tells of {status}");
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
        let found = stage(&keys).await.play(&step, &token).await;
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
