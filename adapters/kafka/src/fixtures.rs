//! The shared fixtures that unit tests read.
//!
//! **Invariant.** A test that finds none says `SKIPPED`; it never passes in silence.

use std::path::{Path, PathBuf};

/// Returns a file of the conformance suite of CloudEvents.
pub(crate) fn cloudevents(file: &str) -> Option<serde_json::Value> {
    let shared = std::env::var_os("SEAWALL_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = shared.unwrap_or_else(beside).join("fixtures/conformance/cloudevents").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "SKIPPED: {} is missing; set SEAWALL_SHARED to the folder of shared fixtures",
            path.display()
        );
        return None;
    };
    Some(serde_json::from_str(&text).expect("a fixture is JSON"))
}
