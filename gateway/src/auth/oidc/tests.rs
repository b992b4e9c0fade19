//! Tokens of our own issuer and of strangers against one `Oidc`.
//!
//! **Invariant.** Each test makes what it needs and leaves nothing behind.

use super::*;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::AtomicUsize;

const ISSUER: &str = "https://idp.example";
const AUDIENCE: &str = "hotel-apps";

/// An issuer with one key.
struct Issuer {
    pair: EcdsaKeyPair,
    key_id: &'static str,
}

/// A place where keys are fetched: its document can be changed, and it counts.
#[derive(Default)]
struct Place {
    document: StdMutex<Vec<u8>>,
    fetched: AtomicUsize,
}

impl Issuer {
    fn new(key_id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { pair, key_id }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "kid": self.key_id, "use": "sig", "alg": "ES256",
                "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..65]) })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64.encode(signature.as_ref()))
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.sign(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.key_id }), &claims)
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "exp": now_s() + 600, "scope": "a:read b:write" })
}

fn key_set(issuers: &[&Issuer]) -> Vec<u8> {
    json!({ "keys": issuers.iter().map(|issuer| issuer.jwk()).collect::<Vec<_>>() }).to_string().into_bytes()
}

fn config(source: KeySource) -> OidcConfig {
    OidcConfig {
        issuer: ISSUER.into(),
        audience: vec![AUDIENCE.into()],
        algorithms: Algorithms::asymmetric(),
        source,
        leeway: Duration::from_secs(60),
    }
}

/// An `Oidc` whose keys come from a place.
async fn oidc(place: &Arc<Place>) -> Oidc {
    let place = Arc::clone(place);
    let fetch: Fetch = Arc::new(move |_| {
        place.fetched.fetch_add(1, Ordering::SeqCst);
        let document = place.document.lock().unwrap().clone();
        Box::pin(async move { if document.is_empty() { Err("no route".into()) } else { Ok(document) } })
    });
    let oidc = Oidc::new(config(KeySource::Url("https://idp.example/keys".into())), fetch);
    oidc.start().await.unwrap();
    oidc
}

fn place(issuers: &[&Issuer]) -> Arc<Place> {
    Arc::new(Place { document: StdMutex::new(key_set(issuers)), fetched: AtomicUsize::new(0) })
}

fn outcome(result: Result<Arc<Caller>, Refusal>) -> String {
    match result {
        Ok(caller) => format!("{} {}", caller.subject, caller.has("a:read")),
        Err(Refusal::Invalid(why)) => why.into(),
        Err(other) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn claims_decide_whether_a_signed_token_is_accepted() {
    let issuer = Issuer::new("k1");
    let oidc = oidc(&place(&[&issuer])).await;
    let check = async |change: fn(&mut Value), expected: &str| {
        let token = issuer.token(change);
        assert_eq!(outcome(oidc.caller(&token).await), expected);
        // The second time it may come from the cache, with the same result.
        assert_eq!(outcome(oidc.caller(&token).await), expected);
    };
    check(|_| (), "u1 true").await;
    check(|c| c["aud"] = json!(["other", AUDIENCE]), "u1 true").await;
    check(|c| c["scope"] = json!("b:write"), "u1 false").await;
    check(|c| c["scope"] = json!("xa:read a:reader"), "u1 false").await;
    check(|c| (c["scope"], c["scp"]) = (Value::Null, json!(["a:read"])), "u1 true").await;
    check(|c| (c["scope"], c["scp"]) = (Value::Null, json!("x a:read")), "u1 true").await;
    check(|c| (c["sub"], c["azp"]) = (Value::Null, json!("job")), "client:job true").await;
    check(|c| c["nbf"] = json!(now_s() + 30), "u1 true").await;
    check(|c| c["exp"] = json!(now_s() - 30), "u1 true").await;
    check(|c| c["exp"] = json!(now_s() as f64 + 0.5), "u1 true").await;
    check(|c| c["exp"] = json!(now_s() - 61), "the token has expired").await;
    check(|c| c["exp"] = json!(0), "the token has expired").await;
    check(|c| c["exp"] = Value::Null, "the token has no time of expiry").await;
    check(|c| c["exp"] = json!("4102444800"), "the claims of the token are not readable").await;
    check(|c| c["nbf"] = json!(now_s() + 90), "the token is not valid yet").await;
    check(|c| c["iss"] = json!("https://idp.example/"), "the token is of another issuer").await;
    check(|c| c["iss"] = Value::Null, "the token is of another issuer").await;
    check(|c| c["aud"] = json!("other"), "the token is for another audience").await;
    check(|c| c["aud"] = json!([]), "the token is for another audience").await;
    check(|c| c["aud"] = Value::Null, "the token is for another audience").await;
    check(|c| c["sub"] = Value::Null, "the token names no subject").await;
    check(|c| c["sub"] = json!(""), "the token names no subject").await;
}

#[tokio::test]
async fn a_header_cannot_choose_how_it_is_verified() {
    let issuer = Issuer::new("k1");
    let stranger = Issuer::new("k1");
    let other = Issuer::new("k2");
    let oidc = oidc(&place(&[&issuer])).await;
    let check = async |token: String, expected: &str| {
        assert_eq!(outcome(oidc.caller(&token).await), expected, "{token}");
    };
    let header = |change: fn(&mut Value)| {
        let mut header = json!({ "alg": "ES256", "kid": "k1" });
        change(&mut header);
        issuer.sign(&header, &claims())
    };
    let algorithm = "the token is signed by an algorithm that is not accepted";
    check(header(|h| h["alg"] = json!("none")), algorithm).await;
    check(header(|h| h["alg"] = json!("None")), algorithm).await;
    check(header(|h| h["alg"] = json!("HS256")), algorithm).await;
    check(header(|h| h["alg"] = json!("es256")), algorithm).await;
    check(header(|h| h["alg"] = json!("RS256")), "the token is signed by an unknown key").await;
    check(header(|h| h["alg"] = json!("ES384")), "the token is signed by an unknown key").await;
    check(header(|h| h["crit"] = json!(["exp"])), "the token demands an extension that is not supported")
        .await;
    check(header(|h| h["b64"] = json!(false)), "the token demands an extension that is not supported").await;
    check(header(|h| h["kid"] = json!("k9")), "the token is signed by an unknown key").await;
    check(header(|h| h["kid"] = json!(null)), "u1 true").await;
    check(header(|h| h["jwk"] = json!({ "kty": "oct", "k": "c2VjcmV0" })), "u1 true").await;
    check(stranger.token(|_| ()), "the signature of the token does not fit").await;
    check(other.token(|_| ()), "the token is signed by an unknown key").await;
}

#[tokio::test]
async fn a_secret_made_of_the_public_key_signs_nothing() {
    let issuer = Issuer::new("k1");
    let oidc = oidc(&place(&[&issuer])).await;
    let point = issuer.pair.public_key().as_ref();
    for secret in [point, &issuer.jwk().to_string().into_bytes()] {
        let message = format!(
            "{}.{}",
            BASE64.encode(r#"{"alg":"HS256","kid":"k1"}"#),
            BASE64.encode(claims().to_string())
        );
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let token = format!("{message}.{}", BASE64.encode(aws_lc_rs::hmac::sign(&key, message.as_bytes())));
        let expected = "the token is signed by an algorithm that is not accepted";
        assert_eq!(outcome(oidc.caller(&token).await), expected);
    }
}

#[tokio::test]
async fn a_token_that_was_touched_is_refused_also_after_it_was_cached() {
    let issuer = Issuer::new("k1");
    let oidc = oidc(&place(&[&issuer])).await;
    let token = issuer.token(|_| ());
    assert_eq!(outcome(oidc.caller(&token).await), "u1 true");
    let pieces: Vec<&str> = token.split('.').collect();
    let mut more = claims();
    more["scope"] = json!("admin");
    let check = async |token: String, expected: &str| {
        assert_eq!(outcome(oidc.caller(&token).await), expected);
    };
    let forged = BASE64.encode(more.to_string());
    check(format!("{}.{forged}.{}", pieces[0], pieces[2]), "the signature of the token does not fit").await;
    check(format!("{}.{}.", pieces[0], pieces[1]), "the token is not signed").await;
    check(format!("{}.{}", pieces[0], pieces[1]), "the token is not a signed JSON Web Token").await;
    check(format!("{token}.x"), "the token is not a signed JSON Web Token").await;
    check(format!("{token}AAAA"), "the signature of the token does not fit").await;
    check("a.b.c".into(), "the header of the token is not readable").await;
    check("x".repeat(100_000), "the token is too large").await;
    check(format!("{}.{}.{}", pieces[0], "A".repeat(100_000), pieces[2]), "the token is too large").await;
}

#[tokio::test]
async fn an_unknown_key_refreshes_the_set_once_and_a_revoked_key_ends_its_tokens() {
    let (first, second) = (Issuer::new("k1"), Issuer::new("k2"));
    let place = place(&[&first]);
    let oidc = oidc(&place).await;
    let token = first.token(|_| ());
    assert_eq!(outcome(oidc.caller(&token).await), "u1 true");
    // Within the pause an unknown key causes no further fetch, whoever sends how many of them.
    for _ in 0..50 {
        assert_eq!(
            outcome(oidc.caller(&second.token(|_| ())).await),
            "the token is signed by an unknown key"
        );
    }
    assert_eq!(place.fetched.load(Ordering::SeqCst), 1);
    // After the pause one request fetches, and the key is known.
    *place.document.lock().unwrap() = key_set(&[&second]);
    oidc.refresh.lock().await.tried = None;
    assert_eq!(outcome(oidc.caller(&second.token(|_| ())).await), "u1 true");
    assert_eq!(place.fetched.load(Ordering::SeqCst), 2);
    assert_eq!(outcome(oidc.caller(&token).await), "the token is signed by an unknown key");
}

#[tokio::test]
async fn without_keys_nobody_is_judged_and_a_failed_refresh_keeps_the_old_ones() {
    let issuer = Issuer::new("k1");
    let place = Arc::new(Place::default());
    let oidc = oidc(&place).await;
    assert!(!oidc.is_ready());
    assert_eq!(outcome(oidc.caller(&issuer.token(|_| ())).await), "NoKeys");
    *place.document.lock().unwrap() = key_set(&[&issuer]);
    oidc.reload().await.unwrap();
    assert!(oidc.is_ready());
    for document in [b"<html>".to_vec(), Vec::new()] {
        *place.document.lock().unwrap() = document;
        assert!(oidc.reload().await.is_err());
        assert_eq!(outcome(oidc.caller(&issuer.token(|_| ())).await), "u1 true");
    }
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_stops_the_start() {
    let fetch: Fetch = Arc::new(|_| Box::pin(async { Err("no network".to_owned()) }));
    let source = KeySource::File(PathBuf::from("/nonexistent/keys.json"));
    let error = Oidc::new(config(source), fetch).start().await.unwrap_err();
    assert!(error.contains("/nonexistent/keys.json"), "{error}");
}

#[tokio::test]
async fn the_shared_tokens_are_judged_as_their_file_says() {
    let root = std::env::var_os("SEAWALL_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let path = root.join("fixtures/security/jwt.json");
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return;
    };
    let fixture: Value = serde_json::from_slice(&text).unwrap();
    let document = fixture["jwks"].to_string().into_bytes();
    let fetch: Fetch = Arc::new(move |_| {
        let document = document.clone();
        Box::pin(async move { Ok(document) })
    });
    let config = OidcConfig { audience: vec!["legacy-gw".into()], ..config(KeySource::Url("u".into())) };
    let oidc = Oidc::new(config, fetch);
    oidc.start().await.unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 6);
    for case in cases {
        let found = oidc.caller(case["token"].as_str().unwrap()).await;
        assert_eq!(found.is_ok(), case["accept"].as_bool().unwrap(), "{} {found:?}", case["id"]);
    }
}
