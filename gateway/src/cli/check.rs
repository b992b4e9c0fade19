//! `seawall check` and `seawall schema`.
//!
//! **Invariant.** `check` needs no secret and no network.

use super::{CheckArgs, Ended, say};
use crate::project::{Mode, Project};

/// Runs `check`: the project as it stands, or with one overlay, and each overlay that it has.
pub(super) fn run(args: &CheckArgs) -> Ended {
    let report = Project::check(&args.project, Mode::Offline);
    if args.json {
        say(&report.json());
    } else {
        say(&report.text());
    }
    match (report.unreadable.is_empty(), report.has_errors()) {
        (false, _) => Ended::NotTried,
        (true, true) => Ended::Findings,
        (true, false) => Ended::Done,
    }
}

/// Runs `schema`.
pub(super) fn schema() -> Ended {
    let schema = engine::lang::editor_schema(&crate::project::adapter_keys());
    say(&format!("{schema:#}"));
    Ended::Done
}
