//! Who may call: tokens of a real key set against the running facade.

use crate::estate::Estate;
use serde_json::json;

#[test]
fn only_a_valid_token_with_the_scope_may_read() {
    let estate = Estate::start();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut claims = json!({
            "iss": "https://idp.example", "aud": "hotel-apps", "sub": "x", "scope": "reservations:read",
            "iat": now, "exp": now + 600,
        });
        change(&mut claims);
        estate.keys.sign(&claims)
    };
    let check = |what: &str, token: &str, status: u16| {
        let answer = estate.facade.client().bearer(token).get("/reservations/R-1001").unwrap();
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        if status == 401 {
            assert!(answer.header("www-authenticate").is_some(), "{what}: no WWW-Authenticate");
        }
    };
    check("valid", &claims(&|_| {}), 200);
    check("expired", &claims(&|c| c["exp"] = json!(now - 300)), 401);
    check("not yet", &claims(&|c| c["nbf"] = json!(now + 300)), 401);
    check("other audience", &claims(&|c| c["aud"] = json!("other-api")), 401);
    check("no audience", &claims(&|c| drop(c.as_object_mut().unwrap().remove("aud"))), 401);
    check("other issuer", &claims(&|c| c["iss"] = json!("https://evil.example")), 401);
    check("no expiry", &claims(&|c| drop(c.as_object_mut().unwrap().remove("exp"))), 401);
    check("other scope", &claims(&|c| c["scope"] = json!("reservations:write")), 403);
    check("no scope", &claims(&|c| drop(c.as_object_mut().unwrap().remove("scope"))), 403);
    let stranger = tests::KeySet::new("https://idp.example", "hotel-apps");
    check("other key", &stranger.token("x", "reservations:read", 600), 401);
    check("garbage", "garbage", 401);
    check("empty", "", 401);
    let none = estate.facade.client().get("/reservations/R-1001").unwrap();
    assert_eq!(none.status, 401);
}

#[test]
fn a_token_is_refused_once_it_has_expired_even_if_it_was_accepted_before() {
    let estate = Estate::start();
    // A leeway of 60 s is granted, so a token that expired 58 s ago is good for two seconds more.
    let token = estate.keys.token("x", "reservations:read", -58);
    let mut client = estate.facade.client().bearer(&token);
    assert_eq!(client.get("/reservations/R-1001").unwrap().status, 200);
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(client.get("/reservations/R-1001").unwrap().status, 401);
}
