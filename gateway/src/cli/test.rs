//! `seawall test`: the tests in the mapping files.
//!
//! **Invariant.** It needs no secret and no network.

use super::{Ended, TestArgs, complain, say};
use crate::project::{Mode, Project};
use crate::testing::{self, Options, Subject};

/// Runs the command.
pub(super) fn run(args: &TestArgs) -> Ended {
    let project = match Project::load(&args.project, Mode::Offline) {
        Ok(project) => project,
        Err(findings) => return findings.print_as_errors(),
    };
    if project.written.tests.is_empty() && !args.laws {
        return complain("the project has no tests: write at least one under `tests:`");
    }
    let subject = Subject {
        project: &project.written,
        program: &project.program,
        connections: &project.connections,
        folder: &project.folder,
        sources: &project.sources,
    };
    let report = testing::run(&subject, Options { laws: args.laws, update: args.update });
    say(&report.to_string());
    if report.is_good() { Ended::Done } else { Ended::Findings }
}
