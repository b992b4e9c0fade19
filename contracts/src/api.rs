//! The published API: the document of a project, what OpenAPI demands of it, and what a change would break.
//!
//! **Invariant.** The committed document changes only when somebody says so; consumers generate code from it.

mod compare;
mod structure;

pub use compare::breaking_changes;
pub(crate) use structure::errors;
pub use structure::{mistakes, target};

use gateway::cli::ProjectArgs;
use gateway::openapi;
use gateway::problem::Types;
use gateway::project::{Mode, Project};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the example project is.
pub fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mappings/reservations")
}

/// Returns the APIs whose promises are tried: the name of the facade, its project, and the connection behind it.
pub fn all() -> Vec<(&'static str, PathBuf, &'static str)> {
    let own = |name| Path::new(env!("CARGO_MANIFEST_DIR")).join("apis").join(name);
    vec![("reservations", example(), "pms"), ("suppliers", own("suppliers"), "erp")]
}

/// Where the published document of a facade is.
pub fn published(facade: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("openapi/{facade}.json"))
}

/// Loads a project as `check` does: variables stand for themselves.
///
/// # Errors
/// All findings, for people.
pub fn load(folder: &Path) -> Result<Project, String> {
    let args = ProjectArgs { project: folder.to_owned(), env: None, libs: Vec::new() };
    Project::load(&args, Mode::Offline).map_err(|findings| findings.text())
}

/// Returns the document that a project serves at `/openapi.json`.
pub fn document(project: &Project) -> Value {
    let document = openapi::document(&project.program, &Types::new(""), &project.examples());
    serde_json::from_str(&document).expect("it is JSON")
}

/// Returns a document as it is committed: members sorted by name, one per line.
pub fn print(document: &Value) -> String {
    format!("{:#}\n", sorted(document))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let by_name: BTreeMap<&String, Value> =
                members.iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(
                by_name.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
