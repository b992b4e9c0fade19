//! Judging: which line of a connection's error table a reply or a fault is.
//!
//! **Invariant.** The first line that matches wins; text of the legacy system leaves only through `detail`.

mod pattern;

pub use pattern::Pattern;

use crate::program::ErrorEntry;
use kernel::{Cause, Class, Error};

/// The error table of a connection, compiled. Its paths are resolved anew for each operation.
#[derive(Debug, Clone, Default)]
pub struct ErrorTable {
    /// The lines, in order.
    pub entries: Vec<Rule>,
    /// How many tests there are on paths; a test's number is an index into the facts of a reply.
    pub tests: usize,
}

/// One line: what it asks for, and what it makes of it.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Maps of which one must hold; all tests of a map must hold.
    pub any: Vec<Vec<Test>>,
    /// The problem.
    pub entry: ErrorEntry,
}

/// One path of a condition with its values.
#[derive(Debug, Clone)]
pub enum Test {
    /// A path into the reply, by its number; the reader finds out whether it holds.
    Reply(usize),
    /// Something beside the reply.
    Beside(Beside, Vec<Pattern>),
}

/// What stands beside a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// `$fault/code`.
    FaultCode,
    /// `$fault/string`.
    FaultString,
    /// `$status`.
    Status,
    /// `$sqlstate`.
    SqlState,
    /// `$message`.
    Message,
    /// `$error`.
    Error,
}

/// What stands beside a reply, for judging. Its texts stay here.
#[derive(Debug, Clone, Copy, Default)]
pub struct FaultView<'a> {
    /// Code of a fault.
    pub code: Option<&'a str>,
    /// Text of a fault.
    pub text: Option<&'a str>,
    /// Status of the transport.
    pub status: Option<u16>,
    /// SQLSTATE of a database.
    pub sqlstate: Option<&'a str>,
    /// Message of a database.
    pub message: Option<&'a str>,
    /// What databases say in different codes: `unique`, `deadlock`.
    pub error: Option<&'a str>,
}

impl ErrorTable {
    /// Returns the number of the first line that holds.
    ///
    /// `holds` says whether a test on a path of the reply holds.
    pub fn first(&self, holds: impl Fn(usize) -> bool, beside: &FaultView<'_>) -> Option<usize> {
        let test = |test: &Test| match test {
            Test::Reply(number) => holds(*number),
            Test::Beside(what, patterns) => beside.holds(*what, patterns),
        };
        self.entries.iter().position(|rule| rule.any.iter().any(|all| all.iter().all(test)))
    }

    /// Returns the error of a line.
    pub fn error(&self, line: usize, detail: Option<String>) -> Error {
        let Some(rule) = self.entries.get(line) else {
            return Error::new(Class::Defect, Cause::Legacy, "the legacy system answered with an error");
        };
        let mut error =
            Error::new(rule.entry.class, Cause::Legacy, "the legacy system answered with an error")
                .with("problem", &rule.entry.problem);
        error.entry = u32::try_from(line).ok();
        error.counts = rule.entry.counts;
        error.detail = detail.filter(|text| !text.is_empty());
        error
    }

    /// Returns the error that a fault is, by the table or by the status of the transport.
    ///
    /// `repeatable`: the call has the same effect when it is executed twice.
    pub fn fault(&self, fault: &FaultView<'_>, repeatable: bool) -> Error {
        if let Some(line) = self.first(|_| false, fault) {
            return self.error(line, None);
        }
        if let Some(class) = fault.error.and_then(|error| by_database(error, repeatable)) {
            return Error::new(class, Cause::Legacy, "the database refused the statement")
                .with("error", fault.error.unwrap_or_default());
        }
        let class = uncovered(fault.status, repeatable);
        let error =
            Error::new(class, Cause::Legacy, "the legacy system answered with an error that no entry covers");
        match fault.status {
            Some(status) => error.with("status", status),
            None => error,
        }
    }
}

impl FaultView<'_> {
    fn holds(&self, what: Beside, patterns: &[Pattern]) -> bool {
        let any = |text: &str| patterns.iter().any(|pattern| pattern.matches(text));
        match what {
            Beside::FaultCode => self.code.is_some_and(any),
            Beside::FaultString => self.text.is_some_and(any),
            Beside::Status => self.status.is_some_and(|status| any(&status.to_string())),
            Beside::SqlState => self.sqlstate.is_some_and(any),
            Beside::Message => self.message.or(self.text).is_some_and(any),
            Beside::Error => self.error.is_some_and(any),
        }
    }
}

impl Beside {
    /// Returns what a name after `$` means: `fault/code`, `status`.
    pub fn find(name: &str) -> Option<Self> {
        Some(match name {
            "fault/code" => Self::FaultCode,
            "fault/string" => Self::FaultString,
            "status" => Self::Status,
            "sqlstate" => Self::SqlState,
            "message" => Self::Message,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

/// Returns the class that an entry has by its status, where the mapping does not say one.
///
/// Source: the table of classes in the reference of errors.
pub fn class_of(status: u16, retry: bool) -> Class {
    match (status, retry) {
        (429, _) => Class::RateLimited,
        (_, true) => Class::Transient,
        (401 | 403, _) => Class::Auth,
        (404 | 410, _) => Class::NotFound,
        (409 | 412 | 423, _) => Class::Conflict,
        (503, _) => Class::Maintenance,
        (504, _) => Class::Ambiguous,
        (400..=499, _) => Class::Client,
        _ => Class::Defect,
    }
}

/// Returns the class of what a database reports and no line covers.
///
/// A key that is taken, and a row that others name or that is not there to be named, contradict the state of the data;
/// a value that a column does not take contradicts what the request says. A deadlock, a row that is locked and a
/// transaction that cannot be put in line were rolled back, so the same statement may succeed later. A statement that
/// took too long was stopped, and what it had done by then is not known.
fn by_database(error: &str, repeatable: bool) -> Option<Class> {
    Some(match error {
        "unique" | "foreign-key" => Class::Conflict,
        "not-null" | "check" => Class::Client,
        "locked" | "deadlock" | "serialization" => Class::Transient,
        "timeout" if repeatable => Class::Transient,
        "timeout" => Class::Ambiguous,
        "read-only" => Class::Defect,
        _ => return None,
    })
}

/// Returns the class of a fault that no line covers.
///
/// Nobody has said that nothing happened, so a bare 502, 503 or 504 is transient only for a repeatable operation.
fn uncovered(status: Option<u16>, repeatable: bool) -> Class {
    match status {
        Some(502..=504) if repeatable => Class::Transient,
        Some(502..=504) => Class::Ambiguous,
        Some(status @ 400..=599) => class_of(status, false),
        _ => Class::Defect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{FileId, Span};

    #[test]
    fn the_class_follows_from_status_and_retry() {
        let check = |status, retry, class| assert_eq!(class_of(status, retry), class, "{status} {retry}");
        check(400, false, Class::Client);
        check(422, false, Class::Client);
        check(401, false, Class::Auth);
        check(403, false, Class::Auth);
        check(404, false, Class::NotFound);
        check(410, false, Class::NotFound);
        check(409, false, Class::Conflict);
        check(423, false, Class::Conflict);
        check(423, true, Class::Transient);
        check(429, false, Class::RateLimited);
        check(429, true, Class::RateLimited);
        check(503, true, Class::Transient);
        check(503, false, Class::Maintenance);
        check(504, false, Class::Ambiguous);
        check(500, false, Class::Defect);
        check(502, false, Class::Defect);
    }

    #[test]
    fn a_fault_that_no_line_covers_is_judged_by_its_status_and_what_the_call_may_have_done() {
        let table = ErrorTable::default();
        let check = |status, repeatable, class| {
            let fault = FaultView { code: Some("Server"), status, ..FaultView::default() };
            let error = table.fault(&fault, repeatable);
            assert_eq!((error.class, error.entry), (class, None), "{status:?} {repeatable}");
        };
        check(Some(500), true, Class::Defect);
        check(Some(503), true, Class::Transient);
        check(Some(503), false, Class::Ambiguous);
        check(Some(404), true, Class::NotFound);
        check(Some(200), true, Class::Defect);
        check(None, true, Class::Defect);
    }

    #[test]
    fn what_a_database_reports_has_a_class_where_no_line_covers_it() {
        let table = ErrorTable::default();
        let check = |error, repeatable, class| {
            let fault = FaultView { error: Some(error), sqlstate: Some("XX000"), ..FaultView::default() };
            let found = table.fault(&fault, repeatable);
            assert_eq!((found.class, found.entry), (class, None), "{error} {repeatable}");
        };
        check("unique", false, Class::Conflict);
        check("foreign-key", false, Class::Conflict);
        check("not-null", false, Class::Client);
        check("check", false, Class::Client);
        check("locked", false, Class::Transient);
        check("deadlock", false, Class::Transient);
        check("serialization", false, Class::Transient);
        check("timeout", true, Class::Transient);
        check("timeout", false, Class::Ambiguous);
        check("read-only", false, Class::Defect);
        check("something else", false, Class::Defect);
    }

    #[test]
    fn sqlstate_message_and_word_choose_a_line() {
        let line = |test: Test, status| Rule {
            any: vec![vec![test]],
            entry: ErrorEntry {
                problem: "p".into(),
                status,
                title: None,
                class: class_of(status, false),
                retry: false,
                counts: None,
                has_detail: false,
                span: Span::new(FileId(0), 0, 0),
            },
        };
        let beside = |beside, pattern: &str| Test::Beside(beside, vec![Pattern::parse(pattern)]);
        let table = ErrorTable {
            entries: vec![
                line(beside(Beside::SqlState, "23505"), 409),
                line(beside(Beside::Message, "*CPF5027*"), 423),
                line(beside(Beside::Error, "locked"), 503),
            ],
            tests: 0,
        };
        let check = |sqlstate, text, error, expected| {
            let fault =
                FaultView { sqlstate: Some(sqlstate), text: Some(text), error, ..FaultView::default() };
            assert_eq!(table.fault(&fault, false).entry, expected, "{sqlstate} {text}");
        };
        check("23505", "duplicate", Some("unique"), Some(0));
        check("57033", "row in use: CPF5027 in KDSTAMM", Some("locked"), Some(1));
        check("57033", "row in use", Some("locked"), Some(2));
        check("23503", "no such parent", Some("foreign-key"), None);
    }

    #[test]
    fn the_first_line_that_holds_wins() {
        let line = |any: Vec<Vec<Test>>, problem: &str, status| Rule {
            any,
            entry: ErrorEntry {
                problem: problem.into(),
                status,
                title: None,
                class: class_of(status, false),
                retry: false,
                counts: Some(false),
                has_detail: false,
                span: Span::new(FileId(0), 0, 0),
            },
        };
        let code = |pattern: &str| Test::Beside(Beside::FaultCode, vec![Pattern::parse(pattern)]);
        let status = |pattern: &str| Test::Beside(Beside::Status, vec![Pattern::parse(pattern)]);
        let table = ErrorTable {
            entries: vec![
                line(vec![vec![code("Client.*"), status("400")]], "both", 400),
                line(vec![vec![code("Client.*")], vec![Test::Reply(0)]], "either", 409),
                line(vec![vec![code("*")]], "rest", 502),
            ],
            tests: 1,
        };
        let check = |code, status, line, class| {
            let error = table.fault(&FaultView { code: Some(code), status, ..FaultView::default() }, false);
            assert_eq!((error.entry, error.class, error.counts), (Some(line), class, Some(false)));
        };
        check("Client.Bad", Some(400), 0, Class::Client);
        check("Client.Bad", Some(500), 1, Class::Conflict);
        check("Server", None, 2, Class::Defect);
        assert_eq!(table.first(|test| test == 0, &FaultView::default()), Some(1));
        assert_eq!(table.first(|_| false, &FaultView::default()), None);
    }
}
