//! What became of the tests, as data and as text.
//!
//! **Invariant.** One line per test, whatever became of it; the summary counts all of them.

use engine::plan::laws;
use std::fmt::{self, Write as _};

/// What became of all tests.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The tests, in the order of the files.
    pub results: Vec<Tested>,
    /// The laws of each model on random records, where that was asked for.
    pub laws: Vec<Checked>,
    /// The files that were rewritten.
    pub updated: Vec<String>,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Its name.
    pub name: String,
    /// Where it stands: `file:line:column`.
    pub place: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as it says.
    Passed,
    /// Something is not; each line says what.
    Failed(Vec<String>),
    /// It needs what this build lacks.
    NotRun(String),
}

/// The laws of one model.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The model.
    pub model: String,
    /// What was found.
    pub report: laws::Report,
}

impl Outcome {
    /// Returns a failure for one reason.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(vec![why.into()])
    }

    /// Returns `Passed` where nothing is wrong.
    pub(super) fn of(wrong: Vec<String>) -> Self {
        if wrong.is_empty() { Self::Passed } else { Self::Failed(wrong) }
    }
}

impl Report {
    /// Returns how many tests passed, failed, and were not run.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count =
            |wanted: fn(&Outcome) -> bool| self.results.iter().filter(|test| wanted(&test.outcome)).count();
        (
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::NotRun(_))),
        )
    }

    /// Returns whether no test failed and no law is broken.
    pub fn is_good(&self) -> bool {
        self.counts().1 == 0 && self.laws.iter().all(|checked| checked.report.broken.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.results.iter().try_for_each(|test| write!(f, "{test}"))?;
        self.laws.iter().try_for_each(|checked| write!(f, "{checked}"))?;
        self.updated.iter().try_for_each(|file| writeln!(f, "updated  {file}"))?;
        let (passed, failed, not_run) = self.counts();
        write!(f, "{passed} passed, {failed} failed, {not_run} not run")
    }
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, place, outcome } = self;
        match outcome {
            Outcome::Passed => writeln!(f, "ok       {name}  ({place})"),
            Outcome::NotRun(why) => writeln!(f, "not run  {name}: {why}  ({place})"),
            Outcome::Failed(lines) => {
                writeln!(f, "FAILED   {name}  ({place})")?;
                lines.iter().try_for_each(|line| writeln!(f, "{}", indented(line)))
            }
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let laws::Report { records, unreadable, refused, broken, .. } = &self.report;
        let word = if broken.is_empty() { "laws    " } else { "BROKEN  " };
        let counts = format!(
            "{records} random records, {} broken, {refused} refused, {unreadable} unreadable",
            broken.len()
        );
        writeln!(f, "{word} {}: {counts}", self.model)?;
        for one in broken {
            writeln!(f, "{}", indented(&format!("{} on record {}: {}", one.law, one.record, one.what)))?;
        }
        Ok(())
    }
}

fn indented(text: &str) -> String {
    let mut out = String::new();
    for (n, line) in text.lines().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(out, "{}           {line}", if n > 0 { "\n" } else { "" });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_has_a_line_and_the_summary_counts_all() {
        let test = |name: &str, outcome| Tested { name: name.into(), place: "a.yaml:7:5".into(), outcome };
        let report = Report {
            results: vec![
                test("one", Outcome::Passed),
                test("two", Outcome::Failed(vec!["/a: expected 1, found 2".into(), "first\nsecond".into()])),
                test("three", Outcome::NotRun("this build reads no streams".into())),
            ],
            laws: Vec::new(),
            updated: vec!["tests/a.json".into()],
        };
        let expected = "ok       one  (a.yaml:7:5)\n\
            FAILED   two  (a.yaml:7:5)\n           /a: expected 1, found 2\n           first\n           second\n\
            not run  three: this build reads no streams  (a.yaml:7:5)\n\
            updated  tests/a.json\n1 passed, 1 failed, 1 not run";
        assert_eq!(report.to_string(), expected);
        assert!(!report.is_good());
    }

    #[test]
    fn a_broken_law_is_a_failure() {
        let broken = laws::Broken { law: "PutGet", record: 3, what: "x".into() };
        let report = laws::Report { records: 10, broken: vec![broken], ..laws::Report::default() };
        let report = Report { laws: vec![Checked { model: "M".into(), report }], ..Report::default() };
        assert!(!report.is_good());
        assert!(report.to_string().starts_with("BROKEN   M: 10 random records, 1 broken"), "{report}");
    }
}
