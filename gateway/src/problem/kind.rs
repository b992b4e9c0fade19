//! The problems that are built in, each with its status, slug and title.
//!
//! **Invariant.** One table; a status that is not in it comes from the mapping.

/// A problem that needs no mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be read as a request.
    BadRequest,
    /// A path or query parameter that does not fit.
    InvalidParameter,
    /// The body is not readable, or not what the schema says.
    InvalidBody,
    /// An operation that creates something was called without `Idempotency-Key`.
    IdempotencyKeyMissing,
    /// Who calls is not known.
    Unauthenticated,
    /// Who calls may not.
    Forbidden,
    /// Nothing is there.
    NotFound,
    /// Something is there, but not for this method.
    MethodNotAllowed,
    /// Nothing that the client accepts can be answered.
    NotAcceptable,
    /// A request with the same key is on its way.
    InFlight,
    /// A database refuses the record because of another one.
    Conflict,
    /// Others change the record all the time.
    ConcurrentChange,
    /// The record is not the one that `If-Match` names.
    PreconditionFailed,
    /// Events behind the cursor are not kept any more.
    CursorExpired,
    /// The body is too large.
    BodyTooLarge,
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
    /// The same key was used for another payload.
    IdempotencyKeyReused,
    /// The legacy system cannot hold a value.
    Unwritable,
    /// Too much.
    RateLimited,
    /// A mistake of ours.
    Internal,
    /// The legacy system answered with an error that no entry covers.
    LegacyError,
    /// The answer of the legacy system breaks the contract.
    LegacyContract,
    /// No connection, breaker open, no place in the queue, store unusable, shutting down.
    Unavailable,
    /// No answer in time.
    TimedOut,
    /// Nobody knows whether it happened; it is not sent again.
    OutcomeUnknown,
}

/// Statuses of answers that are no problems and that no mapping chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// An answer of the gateway itself.
    Ok,
    /// Done, and there is nothing to say.
    NoContent,
    /// The client has it already.
    NotModified,
    /// Alive, but not ready.
    NotReady,
}

/// What a kind looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The last segment of its type.
    pub slug: &'static str,
    /// The status.
    pub status: u16,
    /// A title for people.
    pub title: &'static str,
}

impl Kind {
    /// All kinds, for documents and tests.
    pub const ALL: [Self; 25] = [
        Self::BadRequest,
        Self::InvalidParameter,
        Self::InvalidBody,
        Self::IdempotencyKeyMissing,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::InFlight,
        Self::Conflict,
        Self::ConcurrentChange,
        Self::PreconditionFailed,
        Self::CursorExpired,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::Unwritable,
        Self::RateLimited,
        Self::Internal,
        Self::LegacyError,
        Self::LegacyContract,
        Self::Unavailable,
        Self::TimedOut,
        Self::OutcomeUnknown,
    ];

    /// Returns what it looks like.
    pub fn facts(self) -> Facts {
        let facts = |slug, status, title| Facts { slug, status, title };
        match self {
            Self::BadRequest => facts("bad-request", 400, "Bad request"),
            Self::InvalidParameter => facts("invalid-parameter", 400, "Invalid parameter"),
            Self::InvalidBody => facts("invalid-body", 400, "Invalid body"),
            Self::IdempotencyKeyMissing => {
                facts("idempotency-key-missing", 400, "The header Idempotency-Key is missing")
            }
            Self::Unauthenticated => facts("unauthenticated", 401, "Authentication is required"),
            Self::Forbidden => facts("forbidden", 403, "Not allowed"),
            Self::NotFound => facts("not-found", 404, "Not found"),
            Self::MethodNotAllowed => facts("method-not-allowed", 405, "Method not allowed"),
            Self::NotAcceptable => facts("not-acceptable", 406, "Nothing acceptable to answer"),
            Self::InFlight => facts("in-flight", 409, "The same request is still on its way"),
            Self::Conflict => facts("conflict", 409, "It contradicts what is there"),
            Self::ConcurrentChange => facts("concurrent-change", 409, "The record changes all the time"),
            Self::PreconditionFailed => facts("precondition-failed", 412, "The record has changed"),
            Self::CursorExpired => facts("cursor-expired", 410, "Events are not kept any more"),
            Self::BodyTooLarge => facts("body-too-large", 413, "The body is too large"),
            Self::UnsupportedMediaType => facts("unsupported-media-type", 415, "Unsupported media type"),
            Self::IdempotencyKeyReused => {
                facts("idempotency-key-reused", 422, "The idempotency key was used for another request")
            }
            Self::Unwritable => facts("unwritable", 422, "A value cannot be stored"),
            Self::RateLimited => facts("rate-limited", 429, "Too many requests"),
            Self::Internal => facts("internal", 500, "Internal error"),
            Self::LegacyError => facts("legacy-error", 502, "The legacy system reported an error"),
            Self::LegacyContract => facts("legacy-contract", 502, "The legacy system broke its contract"),
            Self::Unavailable => facts("unavailable", 503, "Temporarily unavailable"),
            Self::TimedOut => facts("timed-out", 504, "No answer in time"),
            Self::OutcomeUnknown => facts("outcome-unknown", 504, "Nobody knows whether it happened"),
        }
    }

    /// Says what it means, for the page that its type leads to.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::BadRequest => "The request line, a header or an escape in the path cannot be read.",
            Self::InvalidParameter => {
                "A path or query parameter is unknown, missing or of the wrong form; `parameter` names it."
            }
            Self::InvalidBody => {
                "The body is no JSON, or not what the schema of the operation says; `errors` lists where and why."
            }
            Self::IdempotencyKeyMissing => {
                "The operation creates something. Send a fresh `Idempotency-Key` with each intent, and the same one \
                 with each repetition."
            }
            Self::Unauthenticated => "Send a valid access token as `Authorization: Bearer …`.",
            Self::Forbidden => "The token is valid, but lacks the scope that `scope` names.",
            Self::NotFound => "There is no such path, or no such thing.",
            Self::MethodNotAllowed => "The path exists; the header `Allow` lists its methods.",
            Self::NotAcceptable => "Answers are `application/json`; problems are `application/problem+json`.",
            Self::InFlight => "Another request with this key is being worked on. Wait, then repeat it.",
            Self::CursorExpired => {
                "Events behind the cursor were removed by their retention, so some were missed. Read the records anew, \
                 then go on with the cursor in `resume`."
            }
            Self::Conflict => {
                "The database refuses it because of another record: the key is taken, or another record needs this one                  or is missing. Nothing was written."
            }
            Self::ConcurrentChange => {
                "Others changed the record each time it was about to be written. Nothing was written; try again."
            }
            Self::PreconditionFailed => "Read the record again, look at what changed, and repeat the write.",
            Self::BodyTooLarge => "The body exceeds `bytesMax`.",
            Self::UnsupportedMediaType => "Send `Content-Type: application/json`.",
            Self::IdempotencyKeyReused => "Use a fresh `Idempotency-Key` for another payload.",
            Self::Unwritable => {
                "The value at `pointer` is valid JSON of the right type, but the legacy system cannot hold it. Nothing \
                 was sent."
            }
            Self::RateLimited => "Wait as long as `Retry-After` says. Nothing was executed.",
            Self::Internal => "A mistake on this side. Tell the operator the id in `instance`.",
            Self::LegacyError => "The legacy system reported an error that its mapping does not know.",
            Self::LegacyContract => {
                "The answer of the legacy system lacks something that is required, or holds something that its schema \
                 does not allow; `path` and `pointer` say where."
            }
            Self::Unavailable => {
                "The system behind cannot be reached now. Nothing was executed; try again later."
            }
            Self::TimedOut => "The system behind did not answer in time. The request may be repeated.",
            Self::OutcomeUnknown => {
                "The request was sent, and no answer came. It may or may not have been executed, and it is not sent \
                 again by itself. Find out by reading, then decide."
            }
        }
    }
}

impl Status {
    /// Returns the number.
    pub fn code(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::NoContent => 204,
            Self::NotModified => 304,
            Self::NotReady => 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_slug_and_a_title_of_its_own() {
        let slugs: HashSet<_> = Kind::ALL.iter().map(|kind| kind.facts().slug).collect();
        let titles: HashSet<_> = Kind::ALL.iter().map(|kind| kind.facts().title).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
        assert_eq!(titles.len(), Kind::ALL.len());
        assert!(Kind::ALL.iter().all(|kind| (400..600).contains(&kind.facts().status)));
    }
}
