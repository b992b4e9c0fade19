//! `seawall snapshot`: the catalog of a database, and what its changes touch.
//!
//! **Invariant.** It reads the database and writes one file, only if that is asked for, and only below the project.

use super::{Ended, SnapshotArgs, complain, say};
use crate::import::dotted;
use crate::project::{Mode, Project};
use crate::registry::Change;
use engine::plan::model::{FieldKind, LegacyPath, Model, ObjectMap};
use engine::program::Program;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

/// Runs the command.
pub(super) fn run(args: &SnapshotArgs) -> Ended {
    let place = args.place.clone().into();
    let (folder, taken) = match Project::snapshot(&place, &args.connection, &args.tables) {
        Ok(taken) => taken,
        Err(findings) => return findings.print_as_errors(),
    };
    if args.write {
        return match write(folder.root(), &taken.path, &taken.text) {
            Ok(()) => {
                say(&format!("{}: written", taken.path));
                Ended::Done
            }
            Err(why) => complain(&why),
        };
    }
    if !args.diff {
        say(&taken.text);
        return Ended::Done;
    }
    let Some(changes) = &taken.changes else {
        return complain(&format!(
            "{} is not there, or cannot be read: write it first by --write",
            taken.path
        ));
    };
    // What the project says today is what a change touches; one that cannot be compiled is touched in unknown ways.
    let program = Project::load(&place, Mode::Offline).ok().map(|project| project.program);
    say(&report(changes, program.as_deref(), &args.connection));
    if changes.is_empty() { Ended::Done } else { Ended::Findings }
}

fn write(root: &Path, path: &str, text: &str) -> Result<(), String> {
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let target = root.join(path);
    let leads_out = || format!("{path} leads out of the project");
    if !Path::new(path).components().all(inside) {
        return Err(leads_out());
    }
    let failed = |error: std::io::Error| format!("{path}: {error}");
    let folder = target.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(failed)?;
    let real = folder.canonicalize().map_err(failed)?;
    if !real.starts_with(root) || target.symlink_metadata().is_ok_and(|meta| meta.file_type().is_symlink()) {
        return Err(leads_out());
    }
    fs::write(&target, text).map_err(failed)
}

/// Returns the changes, each with what it touches.
fn report(changes: &[Change], program: Option<&Program>, connection: &str) -> String {
    if changes.is_empty() {
        return "nothing has changed".into();
    }
    let mut lines = Vec::new();
    for change in changes {
        let member = change.member.as_ref().map_or_else(String::new, |member| format!(".{member}"));
        lines.push(format!("{}{member}: {}", change.owner, change.what));
        let touched = program.map(|program| touched(program, connection, change));
        match touched {
            None => lines.push("  touches: the project cannot be compiled, so that is not known".into()),
            Some(touched) => lines.extend(touched.into_iter().map(|line| format!("  touches: {line}"))),
        }
    }
    lines.join("\n")
}

fn touched(program: &Program, connection: &str, change: &Change) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, model) in program.models.iter().enumerate() {
        let is_here = &*program.connections[model.connection].name == connection;
        if !is_here || dotted(&model.shape, model.part) != change.owner {
            continue;
        }
        let fields = match &change.member {
            None => vec!["all fields".to_owned()],
            Some(column) => fields(model, column),
        };
        if fields.is_empty() {
            continue;
        }
        lines.push(format!("model {}: {}", model.name, fields.join(", ")));
        let of_model = |id: engine::plan::model::ModelId| id.0 as usize == number;
        let operations = program.operations.iter().filter(|plan| plan.model.is_some_and(of_model));
        lines.extend(operations.map(|plan| plan.key.to_string()));
        let events = program.events.iter().filter(|event| of_model(event.model));
        lines.extend(events.map(|event| format!("events {} to {}", event.name, event.topic.topic)));
    }
    let called = format!("{connection}.{}", change.owner);
    let calls =
        program.operations.iter().filter(|plan| plan.call.as_ref().is_some_and(|call| *call.name == *called));
    lines.extend(calls.map(|plan| plan.key.to_string()));
    lines
}

/// The fields that a column makes, dotted, and what the model says of it otherwise.
fn fields(model: &Model, column: &str) -> Vec<String> {
    let is_it = |path: &LegacyPath| {
        let part = path.steps.last().and_then(|step| step.parts.first());
        part.is_some_and(|&part| *model.shape.part(part).name.local == *column)
    };
    let mut found = BTreeSet::new();
    walk(&model.body, "", &is_it, &mut found);
    if model.constants.iter().any(|constant| is_it(&constant.path)) {
        found.insert("write:".to_owned());
    }
    if model.ignored.iter().any(is_it) {
        found.insert("ignore:".to_owned());
    }
    found.into_iter().collect()
}

fn walk(map: &ObjectMap, prefix: &str, is_it: &dyn Fn(&LegacyPath) -> bool, found: &mut BTreeSet<String>) {
    for field in &map.fields {
        let name = format!("{prefix}{}", field.name);
        match &field.kind {
            FieldKind::Value { sources, .. } if sources.iter().any(is_it) => drop(found.insert(name)),
            FieldKind::Object(inner) => walk(inner, &format!("{name}."), is_it, found),
            FieldKind::Cases { selector, cases, .. } => {
                if selector.as_ref().is_some_and(is_it) {
                    found.insert(name.clone());
                }
                for case in cases {
                    walk(&case.fields, &format!("{name}."), is_it, found);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_written_below_the_project_and_nowhere_else() {
        let root = std::env::temp_dir().join(format!("seawall-snapshot-{}", crate::ids::request_id()));
        fs::create_dir_all(root.join("project")).unwrap();
        let project = root.join("project").canonicalize().unwrap();
        write(&project, "legacy/erp.catalog.json", "{}").unwrap();
        assert_eq!(fs::read(project.join("legacy/erp.catalog.json")).unwrap(), b"{}");
        for path in ["../x.json", "/tmp/x.json", "legacy/../../x.json"] {
            assert!(write(&project, path, "{}").unwrap_err().contains("leads out"), "{path}");
        }
        std::os::unix::fs::symlink(&root, project.join("link")).unwrap();
        assert!(write(&project, "link/x.json", "{}").is_err());
        assert!(!root.join("x.json").exists());
        fs::remove_dir_all(root).unwrap();
    }
}
