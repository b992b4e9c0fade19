//! Problems out of the errors of calls.
//!
//! **Invariant.** The class and the cause decide; context adds only where something is, never what it holds.

use super::{Kind, Problem};
use engine::program::ErrorEntry;
use kernel::{Cause, Class, Error};
use std::time::Duration;

/// How an error of a call is judged: by which table, and whether the call may be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The error table of the connection.
    pub entries: &'a [ErrorEntry],
    /// The call has the same effect when it is executed twice.
    pub repeatable: bool,
}

/// The pause for what may succeed later, as an entry with `retry: true`, where the legacy system names none.
const PAUSE_DEFAULT: Duration = Duration::from_secs(1);

/// Context of an error that a client may see: places, never values.
const PLACES: [(&str, &str); 5] = [
    ("pointer", "pointer"),
    ("path", "path"),
    ("offset", "offset"),
    ("limit", "limit"),
    ("operation", "operation"),
];

impl Judged<'_> {
    /// Returns the problem of an error.
    pub fn problem(&self, error: &Error) -> Problem {
        if let Some(entry) = error.entry.and_then(|index| self.entries.get(usize::try_from(index).ok()?)) {
            return Self::declared(entry, error);
        }
        let context = |key: &str| error.context.iter().find(|(name, _)| *name == key).map(|(_, text)| text);
        if let (Class::Client, Some(parameter)) = (error.class, context("parameter")) {
            let why = context("why").map_or(error.message, String::as_str);
            return crate::http::query::refused(parameter, why);
        }
        let kind = self.kind(error);
        let mut problem = Problem::new(kind);
        if kind != Kind::Internal {
            problem = problem.detail(error.message);
            problem = places(problem, error);
        }
        match (kind, error.retry_after) {
            // Whether it may be sent again at all is what nobody knows.
            (Kind::OutcomeUnknown, _) => problem,
            (_, Some(pause)) => problem.retry_after(pause),
            (Kind::Unavailable | Kind::RateLimited, None) => problem.retry_after(PAUSE_DEFAULT),
            _ => problem,
        }
    }

    fn declared(entry: &ErrorEntry, error: &Error) -> Problem {
        let mut problem = Problem::declared(&entry.problem, entry.status, entry.title.as_deref());
        if let Some(detail) = &error.detail {
            problem = problem.detail(detail.clone());
        }
        match error.retry_after {
            Some(pause) => problem.retry_after(pause),
            None if entry.retry || entry.class == Class::RateLimited => problem.retry_after(PAUSE_DEFAULT),
            None => problem,
        }
    }

    fn kind(&self, error: &Error) -> Kind {
        if error.class == Class::Ambiguous && !self.repeatable {
            return Kind::OutcomeUnknown;
        }
        match (error.cause, error.class) {
            (Cause::Legacy, Class::Conflict) if is_of_database(error) => Kind::Conflict,
            (Cause::Legacy, Class::Client) if is_of_database(error) => Kind::Unwritable,
            (Cause::TimedOut, _) => Kind::TimedOut,
            (_, Class::RateLimited) => Kind::RateLimited,
            (Cause::Unavailable | Cause::Broken, _) => Kind::Unavailable,
            (Cause::Contract, _) => Kind::LegacyContract,
            (Cause::Unwritable, _) => Kind::Unwritable,
            (Cause::Legacy, Class::NotFound) => Kind::NotFound,
            (Cause::Legacy, Class::Transient | Class::Ambiguous | Class::Maintenance) => Kind::Unavailable,
            (Cause::Legacy, _) => Kind::LegacyError,
            (Cause::Cancelled | Cause::Internal, _) => Kind::Internal,
        }
    }
}

/// A database said what it is in a word of its own kind.
fn is_of_database(error: &Error) -> bool {
    error.context.iter().any(|(key, _)| *key == "error")
}

fn places(mut problem: Problem, error: &Error) -> Problem {
    for (key, member) in PLACES {
        if let Some((_, value)) = error.context.iter().find(|(name, _)| *name == key) {
            problem = problem.with(member, value.as_str());
        }
    }
    // Several values at once come as a list that is JSON already.
    let list =
        error.context.iter().find(|(name, _)| *name == "errors").map(|(_, list)| serde_json::from_str(list));
    match list {
        Some(Ok(serde_json::Value::Array(errors))) => problem.with("errors", errors),
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{FileId, Span};

    fn entry(problem: &str, status: u16, class: Class, retry: bool) -> ErrorEntry {
        ErrorEntry {
            problem: problem.into(),
            status,
            title: None,
            class,
            retry,
            counts: None,
            has_detail: false,
            span: Span::new(FileId(0), 0, 0),
        }
    }

    #[test]
    fn class_and_cause_choose_the_problem() {
        let check = |class, cause, repeatable, slug: &str, status| {
            let judged = Judged { entries: &[], repeatable };
            let problem = judged.problem(&Error::new(class, cause, "something"));
            assert_eq!(
                (problem.slug(), problem.status()),
                (slug, status),
                "{class:?} {cause:?} {repeatable}"
            );
        };
        check(Class::Ambiguous, Cause::TimedOut, true, "timed-out", 504);
        check(Class::Ambiguous, Cause::TimedOut, false, "outcome-unknown", 504);
        check(Class::Ambiguous, Cause::Broken, false, "outcome-unknown", 504);
        check(Class::Ambiguous, Cause::Broken, true, "unavailable", 503);
        check(Class::Ambiguous, Cause::Legacy, false, "outcome-unknown", 504);
        check(Class::Ambiguous, Cause::Legacy, true, "unavailable", 503);
        check(Class::Transient, Cause::Unavailable, false, "unavailable", 503);
        check(Class::Transient, Cause::TimedOut, false, "timed-out", 504);
        check(Class::RateLimited, Cause::Unavailable, false, "rate-limited", 429);
        check(Class::RateLimited, Cause::Legacy, true, "rate-limited", 429);
        check(Class::Poison, Cause::Contract, false, "legacy-contract", 502);
        check(Class::Client, Cause::Unwritable, false, "unwritable", 422);
        check(Class::Defect, Cause::Legacy, false, "legacy-error", 502);
        check(Class::Client, Cause::Legacy, false, "legacy-error", 502);
        check(Class::Auth, Cause::Legacy, false, "legacy-error", 502);
        check(Class::NotFound, Cause::Legacy, true, "not-found", 404);
        check(Class::Maintenance, Cause::Legacy, true, "unavailable", 503);
        check(Class::Defect, Cause::Internal, true, "internal", 500);
    }

    #[test]
    fn an_entry_of_the_table_chooses_its_own_problem() {
        let entries = [
            entry("no-availability", 409, Class::Conflict, false),
            entry("pms-busy", 503, Class::Transient, true),
        ];
        let judged = Judged { entries: &entries, repeatable: false };
        let mut error = Error::new(Class::Conflict, Cause::Legacy, "judged");
        error.entry = Some(0);
        error.detail = Some("sold out".into());
        let problem = judged.problem(&error);
        assert_eq!((problem.slug(), problem.status()), ("no-availability", 409));
        assert_eq!(problem.0.detail.as_deref(), Some("sold out"));
        assert_eq!(problem.0.retry_after, None);
        error.entry = Some(1);
        assert_eq!(judged.problem(&error).0.retry_after, Some(PAUSE_DEFAULT));
    }

    #[test]
    fn a_client_is_told_when_to_come_again_if_it_may_come_again() {
        let entries = [
            entry("sold-out", 409, Class::Conflict, false),
            entry("slow-down", 429, Class::RateLimited, false),
            entry("busy", 423, Class::Transient, true),
        ];
        let check = |class, table: Option<u32>, told: Option<u64>, expected: Option<u64>| {
            let mut error = Error::new(class, Cause::Legacy, "judged");
            (error.entry, error.retry_after) = (table, told.map(Duration::from_secs));
            let problem = Judged { entries: &entries, repeatable: false }.problem(&error);
            assert_eq!(
                problem.0.retry_after,
                expected.map(Duration::from_secs),
                "{class:?} {table:?} {told:?}"
            );
        };
        check(Class::Conflict, Some(0), None, None);
        check(Class::RateLimited, Some(1), None, Some(1));
        check(Class::RateLimited, Some(1), Some(30), Some(30));
        check(Class::Transient, Some(2), None, Some(1));
        check(Class::Transient, Some(2), Some(30), Some(30));
        check(Class::Transient, None, None, Some(1));
        check(Class::RateLimited, None, None, Some(1));
        check(Class::Maintenance, None, Some(30), Some(30));
        check(Class::Ambiguous, None, Some(30), None);
    }

    #[test]
    fn text_of_the_legacy_system_stays_inside_unless_it_is_released() {
        let judged = Judged { entries: &[], repeatable: true };
        let poison = "ORA-00600 at 10.1.2.3";
        let error = Error::new(Class::Defect, Cause::Legacy, "a fault that no entry covers")
            .with("fault", poison)
            .with("path", "Errors/Error/Code")
            .because(poison);
        let answer = judged.problem(&error).answer(&crate::problem::Types::new(""), "r");
        let text = std::str::from_utf8(answer.bytes()).unwrap();
        assert!(!text.contains("ORA"), "{text}");
        assert!(text.contains("Errors/Error/Code"), "{text}");
    }
}
