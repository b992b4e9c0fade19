//! Keys and tokens for tests and the demo: what an identity provider would issue.
//!
//! **Invariant.** Signed with ES256 by keys made at run time; no key is ever committed.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// A key pair and what it issues tokens as.
#[derive(Debug)]
pub struct KeySet {
    pair: EcdsaKeyPair,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub audience: String,
}

impl KeySet {
    /// Makes a new key pair.
    pub fn new(issuer: &str, audience: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("the system has entropy");
        Self { pair, issuer: issuer.to_owned(), audience: audience.to_owned() }
    }

    /// Returns the public key as a JWK set.
    pub fn jwks(&self) -> Value {
        // An uncompressed point: 0x04, then 32 bytes of x, then 32 bytes of y (SEC 1, 2.3.3).
        let point = self.pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1", "x": x, "y": y }] })
    }

    /// Returns a token for a subject with scopes, separated by blanks, that is valid for `seconds` from now.
    pub fn token(&self, subject: &str, scopes: &str, seconds: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
        let now = i64::try_from(now).expect("the clock is before the year 292 billion");
        self.sign(&json!({
            "iss": self.issuer, "aud": self.audience, "sub": subject, "scope": scopes,
            "iat": now, "nbf": now - 1, "exp": now + seconds,
        }))
    }

    /// Signs any claims.
    pub fn sign(&self, claims: &Value) -> String {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" }).to_string());
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature =
            self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("the system has entropy");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
