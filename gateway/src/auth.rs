//! Who calls, and what they may do.
//!
//! **Invariant.** A caller comes from a verified token or from `type: none`; nothing else makes one.

mod keys;
mod oidc;
mod source;
mod token;

pub use keys::{Algorithms, Keys};
pub use oidc::{Oidc, OidcConfig};
pub use source::{DOCUMENT_BYTES_MAX, Fetch, KeySource};

use crate::problem::{Kind, Problem};
use std::sync::Arc;
use std::time::Duration;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Stable name within the issuer; idempotency keys belong to it.
    pub subject: Arc<str>,
    scopes: Box<[Box<str>]>,
}

/// How callers are known.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Everybody may do everything: `type: none`.
    None(Arc<Caller>),
    /// By access tokens of an issuer.
    Oidc(Arc<Oidc>),
}

/// Why a caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no bearer token.
    Missing,
    /// The token is not acceptable; the text says why and holds nothing of it.
    Invalid(&'static str),
    /// The keys of the issuer were never had, so nobody can be judged.
    NoKeys,
}

impl Caller {
    /// Returns a caller.
    pub fn new(subject: impl Into<Arc<str>>, scopes: Vec<String>) -> Self {
        Self { subject: subject.into(), scopes: scopes.into_iter().map(String::into_boxed_str).collect() }
    }

    /// Returns whether the caller has a scope.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| &**own == scope)
    }
}

impl Auth {
    /// Returns an `Auth` that asks nobody.
    pub fn none() -> Self {
        Self::None(Arc::new(Caller::new("anonymous", Vec::new())))
    }

    /// Finds out who calls from the value of the `Authorization` header.
    ///
    /// # Errors
    /// Why nobody is known.
    pub async fn caller(&self, authorization: Option<&[u8]>) -> Result<Arc<Caller>, Refusal> {
        match self {
            Self::None(anybody) => Ok(Arc::clone(anybody)),
            Self::Oidc(oidc) => oidc.caller(bearer(authorization)?).await,
        }
    }

    /// Checks that a caller has the scope of an operation.
    ///
    /// # Errors
    /// The problem `forbidden`.
    pub fn permit(&self, caller: &Caller, scope: Option<&str>) -> Result<(), Problem> {
        match (self, scope) {
            (Self::None(_), _) | (_, None) => Ok(()),
            (Self::Oidc(_), Some(scope)) if caller.has(scope) => Ok(()),
            (Self::Oidc(_), Some(scope)) => Err(forbidden(scope)),
        }
    }

    /// Returns whether callers can be judged at all.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::None(_) => true,
            Self::Oidc(oidc) => oidc.is_ready(),
        }
    }
}

impl Refusal {
    /// Returns the problem that a client gets.
    pub fn problem(self) -> Problem {
        match self {
            // RFC 6750, section 3.1: without any credentials "the resource server SHOULD NOT include an error code".
            Self::Missing => Problem::new(Kind::Unauthenticated)
                .detail("the request has no bearer token")
                .header("www-authenticate", "Bearer"),
            Self::Invalid(why) => Problem::new(Kind::Unauthenticated).detail(why).header(
                "www-authenticate",
                format!("Bearer error=\"invalid_token\", error_description=\"{why}\""),
            ),
            Self::NoKeys => Problem::new(Kind::Unavailable)
                .detail("the keys of the token issuer are not available yet")
                .retry_after(Duration::from_secs(5)),
        }
    }
}

fn forbidden(scope: &str) -> Problem {
    // RFC 6750, section 3.1: "The request requires higher privileges than provided by the access token."
    Problem::new(Kind::Forbidden)
        .detail("the token lacks the scope of this operation")
        .with("scope", scope)
        .header("www-authenticate", format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
}

/// Returns the token behind `Bearer`, whose name is not case-sensitive (RFC 9110, section 11.1).
fn bearer(authorization: Option<&[u8]>) -> Result<&str, Refusal> {
    let value = authorization.ok_or(Refusal::Missing)?;
    let (scheme, token) = value.split_at_checked(7).ok_or(Refusal::Missing)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return Err(Refusal::Missing);
    }
    let token = std::str::from_utf8(token).map_err(|_| Refusal::Invalid("the token is not readable"))?.trim();
    if token.is_empty() { Err(Refusal::Missing) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bearer_scheme_gives_a_token() {
        let check = |header: Option<&str>, expected| assert_eq!(bearer(header.map(str::as_bytes)), expected);
        check(None, Err(Refusal::Missing));
        check(Some("Bearer abc"), Ok("abc"));
        check(Some("bearer  abc "), Ok("abc"));
        check(Some("Basic dXNlcjpwdw=="), Err(Refusal::Missing));
        check(Some("Bearer"), Err(Refusal::Missing));
        check(Some("Bearer   "), Err(Refusal::Missing));
        check(Some("Bea"), Err(Refusal::Missing));
        assert_eq!(bearer(Some(b"Bearer \xff")), Err(Refusal::Invalid("the token is not readable")));
    }

    #[test]
    fn a_refusal_says_how_to_authenticate() {
        let types = crate::problem::Types::new("");
        let check = |refusal: Refusal, header: Option<&str>| {
            assert_eq!(refusal.problem().answer(&types, "r").find("www-authenticate"), header);
        };
        check(Refusal::Missing, Some("Bearer"));
        check(
            Refusal::Invalid("expired"),
            Some("Bearer error=\"invalid_token\", error_description=\"expired\""),
        );
        check(Refusal::NoKeys, None);
    }
}
