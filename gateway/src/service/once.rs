//! Requests that must have one effect: idempotency keys (language reference, "Policies").
//!
//! **Invariant.** Nothing is sent before the key is durably started, and never again after that unless it is certain
//! that nothing happened.

use crate::auth::Caller;
use crate::http::answer::Answer;
use crate::problem::{Kind, Problem};
use crate::store::{self, Begin, Hash, Store, StoreError};
use kernel::{Cause, Class, Error};
use std::sync::Arc;
use std::time::Duration;

/// The header.
pub const HEADER: &str = "idempotency-key";
/// Longest key.
const KEY_BYTES_MAX: usize = 255;
/// The pause that a client gets while an equal request is on its way.
const IN_FLIGHT_PAUSE: Duration = Duration::from_secs(1);

/// What is known of the effect of a call that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// There is a definite answer.
    Settled,
    /// Certainly nothing happened.
    None,
    /// Nobody knows.
    Unknown,
}

/// A key that was started; dropping it leaves its outcome unknown.
#[derive(Debug)]
pub struct Ticket {
    store: Arc<dyn Store>,
    key: Hash,
    open: bool,
}

/// What a key leads to.
#[derive(Debug)]
pub enum Turn {
    /// The request may be sent.
    Go(Ticket),
    /// It was answered before.
    Replay(Answer),
}

/// Reads the key of a request: its hash, which belongs to the caller and the operation.
///
/// # Errors
/// The problems `idempotency-key-missing`, and `bad-request` for a key that is none.
pub fn key(header: Option<&[u8]>, caller: &Caller, operation: &str) -> Result<Hash, Problem> {
    let header = header.ok_or_else(|| {
        Problem::new(Kind::IdempotencyKeyMissing).detail("send a fresh Idempotency-Key with each intent")
    })?;
    // The draft writes a quoted string, most clients the bare text; both are the same key.
    let text = header.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    if text.is_empty() || text.len() > KEY_BYTES_MAX || !text.iter().all(u8::is_ascii_graphic) {
        let why = format!("Idempotency-Key must be 1 to {KEY_BYTES_MAX} visible ASCII characters");
        return Err(Problem::new(Kind::BadRequest).detail(why));
    }
    Ok(store::hash(&[b"once", caller.subject.as_bytes(), operation.as_bytes(), text]))
}

/// Starts a key, or says what it leads to.
///
/// # Errors
/// The problems `in-flight`, `idempotency-key-reused`, `outcome-unknown`, and `unavailable` where the store is.
pub async fn begin(
    store: &Arc<dyn Store>,
    key: Hash,
    payload: Hash,
    keep: Duration,
) -> Result<Turn, Problem> {
    match store.begin(key, payload, keep).await {
        Ok(Begin::Started) => Ok(Turn::Go(Ticket { store: Arc::clone(store), key, open: true })),
        Ok(Begin::Finished(answer)) => Ok(Turn::Replay(answer.header("idempotency-replayed", "true"))),
        Ok(Begin::InFlight) => {
            let problem = Problem::new(Kind::InFlight).detail("a request with this key is being worked on");
            Err(problem.retry_after(IN_FLIGHT_PAUSE))
        }
        Ok(Begin::OtherPayload) => {
            Err(Problem::new(Kind::IdempotencyKeyReused).detail("the key was used for another payload"))
        }
        Ok(Begin::Unknown) => Err(Problem::new(Kind::OutcomeUnknown)
            .detail("a request with this key was started, and nobody knows what became of it")),
        Err(error) => Err(unusable(&error)),
    }
}

/// Returns the problem of a store that cannot be used. Nothing was sent.
pub fn unusable(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store cannot be used");
    Problem::new(Kind::Unavailable)
        .detail("the store of this service cannot be used; nothing was sent")
        .retry_after(Duration::from_secs(5))
}

impl Ticket {
    /// Ends the key by what is known of the effect.
    pub async fn end(mut self, effect: Effect, answer: &Answer) {
        let result = match effect {
            Effect::Settled => self.store.finish(self.key, answer.clone()).await,
            Effect::None => self.store.release(self.key).await,
            // Dropping says just that.
            Effect::Unknown => return,
        };
        self.open = false;
        if let Err(error) = result {
            // The client still gets its answer; a repetition will be told that the outcome is unknown.
            tracing::error!(%error, "the outcome of a request could not be kept");
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.open {
            self.store.leave(self.key);
        }
    }
}

impl Effect {
    /// Returns what an error says about the effect of the call.
    pub fn of(error: &Error) -> Self {
        match (error.class, error.cause) {
            (_, Cause::Unwritable) => Self::None,
            // The system was too busy, closed, not reached, or did not let us in.
            (Class::Transient | Class::RateLimited | Class::Maintenance | Class::Auth, _) => Self::None,
            // It answered: no.
            (Class::Client | Class::NotFound | Class::Conflict, _) | (Class::Defect, Cause::Legacy) => {
                Self::Settled
            }
            // An answer that cannot be read may stand for something that was done.
            (Class::Ambiguous | Class::Poison | Class::Defect, _) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(subject: &str) -> Caller {
        Caller::new(subject, Vec::new())
    }

    #[test]
    fn a_key_belongs_to_caller_and_operation() {
        let of = |header: &str, subject: &str, operation: &str| {
            key(Some(header.as_bytes()), &caller(subject), operation).unwrap()
        };
        let base = of("k-1", "ada", "POST /a");
        assert_eq!(of("\"k-1\"", "ada", "POST /a"), base);
        assert_eq!(of(" k-1 ", "ada", "POST /a"), base);
        assert_ne!(of("k-2", "ada", "POST /a"), base);
        assert_ne!(of("k-1", "bob", "POST /a"), base);
        assert_ne!(of("k-1", "ada", "POST /b"), base);
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        let check = |header: Option<&[u8]>, slug: &str| {
            assert_eq!(key(header, &caller("a"), "op").unwrap_err().slug(), slug);
        };
        check(None, "idempotency-key-missing");
        check(Some(b""), "bad-request");
        check(Some(b"\"\""), "bad-request");
        check(Some(b"a b"), "bad-request");
        check(Some("schlüssel".as_bytes()), "bad-request");
        check(Some(&[b'x'; 256]), "bad-request");
    }

    #[test]
    fn only_what_certainly_did_not_happen_may_be_sent_again() {
        let check = |class, cause, effect| assert_eq!(Effect::of(&Error::new(class, cause, "")), effect);
        check(Class::Transient, Cause::Unavailable, Effect::None);
        check(Class::Transient, Cause::TimedOut, Effect::None);
        check(Class::RateLimited, Cause::Legacy, Effect::None);
        check(Class::Maintenance, Cause::Legacy, Effect::None);
        check(Class::Auth, Cause::Legacy, Effect::None);
        check(Class::Client, Cause::Unwritable, Effect::None);
        check(Class::Client, Cause::Legacy, Effect::Settled);
        check(Class::Conflict, Cause::Legacy, Effect::Settled);
        check(Class::NotFound, Cause::Legacy, Effect::Settled);
        check(Class::Defect, Cause::Legacy, Effect::Settled);
        check(Class::Defect, Cause::Internal, Effect::Unknown);
        check(Class::Ambiguous, Cause::TimedOut, Effect::Unknown);
        check(Class::Ambiguous, Cause::Broken, Effect::Unknown);
        check(Class::Poison, Cause::Contract, Effect::Unknown);
    }
}
