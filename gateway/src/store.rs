//! What the gateway must not forget: keys of requests that were started, and what was accepted last.
//!
//! **Invariant.** What a method answers is durable; where it cannot be, the answer is an error and nothing may be sent.

mod sqlite;
mod stream;
mod watch;

pub use sqlite::Sqlite;
pub use stream::{
    Advance, BlockKey, Counted, KeyState, NamedPlace, Place, Refusal, Streams, UNITS_MAX, UnitProgress,
};
pub use watch::{Dirty, Keyed, Known, KnownKind, Numbers, Outgoing, Settled, WatchState, Watches};

use crate::http::answer::Answer;
use adapters_ports::BoxFuture;
use aws_lc_rs::digest;
use std::fmt::{self, Debug};
use std::time::Duration;

/// A SHA-256 hash, by which the store knows everything: it holds no key, no name, no payload of a request.
pub type Hash = [u8; 32];

/// The state that outlives a request, and the process.
pub trait Store: Send + Sync + Debug + 'static {
    /// Starts a request under a key, or says what became of the one that was started before.
    ///
    /// # Errors
    /// It is not known durably; the request must not be sent.
    fn begin(&self, key: Hash, payload: Hash, keep: Duration) -> BoxFuture<'_, Result<Begin, StoreError>>;

    /// Keeps the answer of a request that was started, to be replayed.
    ///
    /// # Errors
    /// It is not kept; the outcome of the key is unknown from now on.
    fn finish(&self, key: Hash, answer: Answer) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Forgets a request that was started and of which it is certain that nothing happened.
    ///
    /// # Errors
    /// It is not forgotten; the outcome of the key is unknown from now on.
    fn release(&self, key: Hash) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives up a request whose outcome nobody knows. Needs no waiting, since that is what the store knows already.
    fn leave(&self, key: Hash);

    /// Says whether a content differs from what was accepted last under a key, and if so forgets the old one.
    /// [`Store::settle`] follows, whatever becomes of it.
    ///
    /// # Errors
    /// It is not known.
    fn offer(&self, key: Hash, content: Hash) -> BoxFuture<'_, Result<Offer, StoreError>>;

    /// Ends what `offer` began: a content was accepted, or, with `None`, perhaps not.
    ///
    /// Contents that overlapped in time are not remembered, since nobody knows which came last.
    ///
    /// # Errors
    /// It is not remembered; the same content will be sent again.
    fn settle(&self, key: Hash, accepted: Option<Hash>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Says whether the store can be used.
    ///
    /// # Errors
    /// Why not.
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Nothing was; now it is started, durably.
    Started,
    /// It is being worked on.
    InFlight,
    /// It was started, and nobody knows what became of it.
    Unknown,
    /// It was used for another payload.
    OtherPayload,
    /// This was the answer.
    Finished(Answer),
}

/// Whether a content is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It was accepted last time.
    Unchanged,
    /// It was not.
    Changed,
}

/// The store cannot do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

/// Hashes parts so that no two different lists of parts hash alike.
pub fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"ab"]), hash(&[b"ab", b""]));
        assert_eq!(hash(&[b"ab", b"c"]), hash(&[b"ab", b"c"]));
    }
}
