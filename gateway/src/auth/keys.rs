//! Key sets: the public keys of an issuer, and the algorithms that are accepted with them.
//!
//! **Invariant.** A key verifies only with an algorithm of its own family that the configuration allows; the token decides nothing.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use std::str::FromStr;

/// Most keys of one set.
const KEYS_MAX: usize = 100;

/// The algorithms that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithms(Vec<Algorithm>);

/// A parsed key set.
#[derive(Clone)]
pub struct Keys {
    keys: Vec<Key>,
    /// Grows with every change of the set; what was verified under an older one is verified anew.
    pub(super) generation: u64,
}

#[derive(Clone)]
struct Key {
    id: Option<Box<str>>,
    algorithm: Option<Algorithm>,
    family: Option<AlgorithmFamily>,
    curve: Option<EllipticCurve>,
    decoding: DecodingKey,
}

/// A key set whose keys were not looked at yet.
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl Algorithms {
    /// The asymmetric algorithms.
    pub fn asymmetric() -> Self {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        Self(vec![RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA])
    }

    /// Returns the algorithms of these names.
    ///
    /// # Errors
    /// A name that is not known, none at all, or a symmetric algorithm: with it everybody who can verify can also sign.
    pub fn parse<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, String> {
        let mut algorithms = Vec::new();
        for name in names {
            match Algorithm::from_str(name) {
                Ok(algorithm) if algorithm.family() == AlgorithmFamily::Hmac => {
                    return Err(format!("algorithm {name} is symmetric; use RS256, PS256, ES256 or EdDSA"));
                }
                Ok(algorithm) => algorithms.push(algorithm),
                Err(_) => {
                    return Err(format!("algorithm {name} is not known; use RS256, PS256, ES256 or EdDSA"));
                }
            }
        }
        if algorithms.is_empty() { Err("no algorithm is accepted".into()) } else { Ok(Self(algorithms)) }
    }

    /// Returns the algorithm of this name if it is accepted. Names are case-sensitive (RFC 7515, section 4.1.1).
    pub(super) fn find(&self, name: &str) -> Option<Algorithm> {
        Algorithm::from_str(name).ok().filter(|algorithm| self.0.contains(algorithm))
    }
}

impl Keys {
    /// Reads a key set. Keys that are not for signatures, or of a kind that nobody here knows, are passed over.
    ///
    /// # Errors
    /// It is no key set, is too large, or has no key that could verify anything.
    pub fn parse(json: &[u8], generation: u64) -> Result<Self, String> {
        let set: Set =
            serde_json::from_slice(json).map_err(|error| format!("no JSON Web Key Set: {error}"))?;
        if set.keys.len() > KEYS_MAX {
            return Err(format!("the key set has {} keys; at most {KEYS_MAX} are read", set.keys.len()));
        }
        // RFC 7517, section 5: keys "that are not understood … SHOULD" be ignored, and must not hide the others.
        let readable = set.keys.into_iter().filter_map(|jwk| serde_json::from_value::<Jwk>(jwk).ok());
        let keys: Vec<Key> = readable.filter_map(|jwk| key(&jwk)).collect();
        if keys.is_empty() {
            return Err("the key set has no public key for signatures".into());
        }
        Ok(Self { keys, generation })
    }

    /// Returns whether there is a key with this id.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Returns the keys that may have made a signature: those with this id, or, for a token that names none, the only
    /// one that fits.
    pub(super) fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<&DecodingKey> {
        let fits = |key: &&Key| key.fits(algorithm) && (id.is_none() || key.id.as_deref() == id);
        let found: Vec<_> = self.keys.iter().filter(fits).map(|key| &key.decoding).collect();
        if id.is_none() && found.len() > 1 { Vec::new() } else { found }
    }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        let curve = match algorithm {
            Algorithm::ES256 => Some(EllipticCurve::P256),
            Algorithm::ES384 => Some(EllipticCurve::P384),
            Algorithm::EdDSA => Some(EllipticCurve::Ed25519),
            _ => None,
        };
        self.family == Some(algorithm.family())
            && self.curve == curve
            && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

fn key(jwk: &Jwk) -> Option<Key> {
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    if common.key_operations.as_ref().is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return None;
    }
    let (family, curve) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (AlgorithmFamily::Rsa, None),
        AlgorithmParameters::EllipticCurve(ec) => (AlgorithmFamily::Ec, Some(ec.curve.clone())),
        AlgorithmParameters::OctetKeyPair(pair) => (AlgorithmFamily::Ed, Some(pair.curve.clone())),
        // A symmetric key in a public set is a mistake, and dangerous to believe.
        _ => return None,
    };
    let algorithm = match &common.key_algorithm {
        None => None,
        Some(own) => Some(named(own)?),
    };
    let decoding = DecodingKey::from_jwk(jwk).ok()?;
    let id = common.key_id.as_deref().map(Box::from);
    Some(Key { id, algorithm, family: Some(family), curve, decoding })
}

/// A key that names an algorithm for encryption, or an unknown one, verifies nothing.
fn named(algorithm: &KeyAlgorithm) -> Option<Algorithm> {
    Algorithm::from_str(&algorithm.to_string()).ok()
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| key.id.as_deref()).collect();
        f.debug_struct("Keys").field("ids", &ids).field("generation", &self.generation).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetric_and_unknown_algorithms_are_refused_in_the_configuration() {
        let check = |names: &[&str], ok| {
            assert_eq!(Algorithms::parse(names.iter().copied()).is_ok(), ok, "{names:?}")
        };
        check(&["RS256", "ES384"], true);
        check(&["HS256"], false);
        check(&["RS256", "HS512"], false);
        check(&["none"], false);
        check(&["rs256"], false);
        check(&[], false);
    }

    #[test]
    fn a_key_that_nobody_here_knows_does_not_hide_the_others() {
        let good =
            r#"{"kty":"OKP","crv":"Ed25519","kid":"good","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let check = |strange: &str| {
            let set = format!(r#"{{"keys":[{strange},{good}]}}"#);
            let keys = Keys::parse(set.as_bytes(), 1).unwrap_or_else(|error| panic!("{strange}: {error}"));
            assert_eq!(keys.candidates(Some("good"), Algorithm::EdDSA).len(), 1, "{strange}");
            assert!(!keys.knows("odd"), "{strange}");
        };
        check(r#"{"kty":"AKP","alg":"ML-DSA-44","kid":"odd","pub":"AAAA"}"#);
        check(r#"{"kty":"EC","crv":"secp256k1","kid":"odd","x":"AAAA","y":"AAAA"}"#);
        check(r#"{"kty":"OKP","crv":"X25519","kid":"odd","x":"AAAA"}"#);
        check(r#"{"kty":"RSA","alg":"RSA-OAEP","kid":"odd","n":"AAAA","e":"AQAB"}"#);
        check(r#"{"kty":"RSA","key_ops":["encrypt"],"kid":"odd","n":"AAAA","e":"AQAB"}"#);
        check(r#"{"kty":"RSA","use":"tls","kid":"odd","n":"AAAA","e":"AQAB"}"#);
        check(r#"{"kty":"RSA","kid":7,"n":"AAAA","e":"AQAB"}"#);
        check("7");
    }

    #[test]
    fn a_set_without_usable_keys_is_refused() {
        let check = |json: &str, part: &str| {
            let error = Keys::parse(json.as_bytes(), 1).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check("[]", "no JSON Web Key Set");
        check("{\"keys\":[]}", "no public key");
        check(r#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}"#, "no public key");
        check(
            r#"{"keys":[{"kty":"EC","use":"enc","kid":"a","crv":"P-256","x":"AAAA","y":"AAAA"}]}"#,
            "no public key",
        );
    }
}
