//! Where Kafka's classes are.
//!
//! **Invariant.** What is missing is nothing, said loudly.

use crate::shared::repository;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Returns the folder of Kafka's jars. Maven fetches them if need be.
pub(super) fn broker() -> Option<PathBuf> {
    static FETCHED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let fetched = FETCHED.get_or_init(|| {
        let source = repository().join("tests/kafka");
        let folder = source.join("target/broker");
        // The tools come last; with them the broker is complete.
        if folder.join("slf4j-simple-1.7.36.jar").is_file() {
            return Some(folder);
        }
        let fetched = Command::new("mvn").args(["-q", "-B", "package"]).current_dir(&source).status();
        if fetched.is_ok_and(|status| status.success()) {
            return Some(folder);
        }
        eprintln!("SKIPPED: Apache Kafka cannot be fetched by Maven; run tests/setup.sh test");
        None
    });
    fetched.clone()
}
