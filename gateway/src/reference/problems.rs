//! The page of the problems that are built in.
//!
//! **Invariant.** A new kind does not compile until somebody says whether a client may repeat the request.

use super::cell;
use crate::problem::{Kind, MEDIA_TYPE};
use std::fmt::Write as _;

/// Returns the page.
pub(super) fn page() -> String {
    let mut page = format!(
        "# Problems\n\n\
         An error answer is a problem as in RFC 9457, of media type `{MEDIA_TYPE}`.\n\
         Its `type` is `/problems/` and a name, behind the base URL of `seawall serve --base-url`; the service answers \
         there with what it means.\n\
         Its `instance` is the id of the request, which stands in the header `X-Request-Id` and in the log.\n\
         Names beside these come from `errors:` of a connection; they have the status that is written there.\n\n\
         | name | status | title | meaning | repeat the request |\n| --- | --- | --- | --- | --- |\n"
    );
    for kind in Kind::ALL {
        let facts = kind.facts();
        let (title, meaning) = (cell(facts.title), cell(kind.explanation()));
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {title} | {meaning} | {} |",
            facts.slug,
            facts.status,
            repeat(kind)
        );
    }
    page
}

/// Says whether a client may send the request again as it is.
fn repeat(kind: Kind) -> &'static str {
    match kind {
        Kind::BadRequest
        | Kind::InvalidParameter
        | Kind::InvalidBody
        | Kind::IdempotencyKeyMissing
        | Kind::NotFound
        | Kind::Conflict
        | Kind::MethodNotAllowed
        | Kind::NotAcceptable
        | Kind::BodyTooLarge
        | Kind::UnsupportedMediaType
        | Kind::Unwritable => "no: change it first",
        Kind::Unauthenticated => "with a valid token",
        Kind::Forbidden => "with a token that has the scope",
        Kind::InFlight => "after `Retry-After`, with the same key",
        Kind::PreconditionFailed => "after reading the record again",
        Kind::CursorExpired => "with the cursor in `resume`, after reading the records anew",
        Kind::IdempotencyKeyReused => "with a fresh key",
        Kind::RateLimited | Kind::Unavailable => "after `Retry-After`, with the same key",
        Kind::Internal | Kind::LegacyError | Kind::LegacyContract => {
            "a read, yes; a write only after finding out what became of it"
        }
        Kind::TimedOut | Kind::ConcurrentChange => "yes",
        Kind::OutcomeUnknown => "no: find out by reading",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_on_the_page() {
        let page = page();
        for kind in Kind::ALL {
            let facts = kind.facts();
            assert!(page.contains(&format!("| `{}` | {} |", facts.slug, facts.status)), "{kind:?}");
        }
    }
}
