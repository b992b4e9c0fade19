//! `seawall explain`: what a mapping does.
//!
//! **Invariant.** It needs no secret and no network.

use super::{Ended, ExplainArgs, complain, say};
use crate::project::{Mode, Project};
use crate::statements::statements;
use engine::plan::explain::explain;
use std::path::PathBuf;

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> Ended {
    let (folder, model) = folder_and_model(args);
    let mut place = args.place.clone();
    place.project = folder;
    let project = match Project::load(&place, Mode::Offline) {
        Ok(project) => project,
        Err(findings) => return findings.print_as_errors(),
    };
    let Some(report) = explain(&project.program, model.as_deref()) else {
        let names: Vec<&str> = project.program.models.iter().map(|model| &*model.name).collect();
        return complain(&format!(
            "there is no model `{}`; there is {}",
            model.unwrap_or_default(),
            names.join(", ")
        ));
    };
    if args.json {
        say(&format!("{:#}", report.json()));
    } else {
        let statements = statements(&project.program, &project.connections, model.as_deref());
        say(&format!("{}\n{statements}", report.text().trim_end()));
    }
    Ended::Done
}

/// `seawall explain Customer` means the model in the working folder, if there is no such folder.
fn folder_and_model(args: &ExplainArgs) -> (PathBuf, Option<String>) {
    let first = &args.place.project;
    if args.model.is_none() && !first.exists() {
        return (PathBuf::from("."), Some(first.to_string_lossy().into_owned()));
    }
    (first.clone(), args.model.clone())
}
