//! The shared examples as their authors wrote them, checked by the real binary.
//!
//! **Invariant.** Nothing of them is copied into the repository; where they are missing, a test says `SKIPPED`.

use std::path::PathBuf;
use std::process::Command;
use tests::process::seawall;
use tests::shared::shared;

/// All examples that there are.
const EXAMPLES: &[&str] = &["availability", "bookings", "customers", "reservations", "rooms"];

#[test]
fn no_example_has_a_mistake() {
    for project in examples() {
        let (code, said) = check(&project, &[]);
        assert_eq!(code, Some(0), "{}:\n{said}", project.display());
    }
}

fn examples() -> Vec<PathBuf> {
    EXAMPLES.iter().filter_map(|name| shared(&format!("examples/{name}"))).collect()
}

/// Runs `seawall check` without any variable or secret.
fn check(project: &std::path::Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(seawall()).arg("check").arg(project).args(args).env_clear().output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}
