//! Reads and verifies one JSON Web Token (RFC 7519) by a key set.
//!
//! **Invariant.** Claims are looked at only after the signature was verified with a pinned algorithm.

use super::{Algorithms, Caller, Keys};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Largest token in bytes.
pub(super) const TOKEN_BYTES_MAX: usize = 16 << 10;

/// What a token has to say to be accepted.
#[derive(Debug, Clone)]
pub(super) struct Demands {
    pub issuer: String,
    pub audience: Vec<String>,
    pub algorithms: Algorithms,
    pub leeway_s: i64,
}

/// A token taken apart; nothing in it is believed yet.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    /// Which key is said to have signed it.
    pub key_id: Option<String>,
    algorithm: Algorithm,
    message: &'t str,
    payload: &'t str,
    signature: &'t str,
}

/// A verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verified {
    pub caller: Caller,
    /// Seconds since 1970, leeway included.
    pub expires_s: i64,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<OneOrMany>,
    exp: Option<serde_json::Number>,
    nbf: Option<serde_json::Number>,
    sub: Option<String>,
    client_id: Option<String>,
    azp: Option<String>,
    scope: Option<OneOrMany>,
    scp: Option<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl<'t> Parts<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// It is no signed token in compact form, or names an algorithm that is not accepted.
    pub(super) fn parse(token: &'t str, algorithms: &Algorithms) -> Result<Self, &'static str> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err("the token is too large");
        }
        let mut pieces = token.split('.');
        let (Some(head), Some(payload), Some(signature), None) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return Err("the token is not a signed JSON Web Token");
        };
        let header: Header = json(head).ok_or("the header of the token is not readable")?;
        // RFC 7515, section 4.1.11: "If any of the listed extension Header Parameters are not understood and
        // supported by the recipient, then the JWS is invalid." None is supported here.
        if header.crit.is_some() || header.b64.is_some() {
            return Err("the token demands an extension that is not supported");
        }
        let algorithm =
            algorithms.find(&header.alg).ok_or("the token is signed by an algorithm that is not accepted")?;
        if signature.is_empty() {
            return Err("the token is not signed");
        }
        let message = &token[..head.len() + 1 + payload.len()];
        Ok(Self { key_id: header.kid, algorithm, message, payload, signature })
    }

    /// Verifies the signature, then the claims.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub(super) fn verify(
        &self,
        keys: &Keys,
        demands: &Demands,
        now_s: i64,
    ) -> Result<Verified, &'static str> {
        let candidates = keys.candidates(self.key_id.as_deref(), self.algorithm);
        if candidates.is_empty() {
            return Err("the token is signed by an unknown key");
        }
        let signed = candidates.into_iter().any(|key| {
            jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm)
                .unwrap_or(false)
        });
        if !signed {
            return Err("the signature of the token does not fit");
        }
        let claims: Claims = json(self.payload).ok_or("the claims of the token are not readable")?;
        claims.judge(demands, now_s)
    }
}

impl Claims {
    fn judge(self, demands: &Demands, now_s: i64) -> Result<Verified, &'static str> {
        if self.iss.as_deref() != Some(demands.issuer.as_str()) {
            return Err("the token is of another issuer");
        }
        let audience = self.aud.map(OneOrMany::list).unwrap_or_default();
        if !audience.iter().any(|one| demands.audience.contains(one)) {
            return Err("the token is for another audience");
        }
        let expires_s = self.exp.as_ref().and_then(seconds).ok_or("the token has no time of expiry")?;
        let expires_s = expires_s.saturating_add(demands.leeway_s);
        if now_s >= expires_s {
            return Err("the token has expired");
        }
        if let Some(begin) = &self.nbf {
            let begin_s = seconds(begin).ok_or("the claims of the token are not readable")?;
            if now_s < begin_s.saturating_sub(demands.leeway_s) {
                return Err("the token is not valid yet");
            }
        }
        let subject = subject(self.sub, self.client_id.or(self.azp)).ok_or("the token names no subject")?;
        let scopes = [self.scope, self.scp].into_iter().flatten().flat_map(OneOrMany::words).collect();
        Ok(Verified { caller: Caller::new(subject, scopes), expires_s })
    }
}

impl OneOrMany {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }

    fn words(self) -> Vec<String> {
        match self {
            Self::One(one) => one.split_whitespace().map(str::to_owned).collect(),
            Self::Many(many) => many,
        }
    }
}

/// A client that calls for itself may have no `sub`; it must not be taken for a person with the same name.
fn subject(subject: Option<String>, client: Option<String>) -> Option<String> {
    let named = |name: &String| !name.is_empty();
    subject.filter(named).or_else(|| client.filter(named).map(|client| format!("client:{client}")))
}

/// RFC 7519, section 2: a NumericDate is a number of seconds, "non-integer values can be represented".
fn seconds(number: &serde_json::Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let float = number.as_f64().filter(|value| value.is_finite() && value.abs() < 1e15)?;
    #[expect(clippy::cast_possible_truncation, reason = "the bound above fits into i64")]
    let whole = float.floor() as i64;
    Some(whole)
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
