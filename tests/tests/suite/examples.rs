//! The shared examples as their authors wrote them, checked by the real binary.
//!
//! **Invariant.** Nothing of them is copied into the repository; where they are missing, a test says `SKIPPED`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::process::{FacadeOptions, scratch, seawall};
use tests::shared::{repository, shared};
use tests::{Facade, KeySet};

/// All examples that there are.
const EXAMPLES: &[&str] = &["availability", "bookings", "customers", "reservations", "rooms"];

#[test]
fn no_example_has_a_mistake() {
    for project in examples() {
        let (code, said) = check(&project, &[]);
        assert_eq!(code, Some(0), "{}:\n{said}", project.display());
    }
}

#[test]
fn every_example_is_served_with_its_overlay_for_demonstrations() {
    let keys = KeySet::new("https://idp.example", "demo");
    let secrets = scratch("secrets").unwrap();
    for name in ["pms-password", "erp-password"] {
        fs::write(secrets.join(name), "secret").unwrap();
    }
    let variables = ["PMS_URL", "MQTT_URL", "ERP_ODBC", "ERP_USER"]
        .map(|name| (name.to_owned(), "http://127.0.0.1:1".to_owned()));
    let mut env = variables.to_vec();
    env.push(("SEAWALL_SECRETS".to_owned(), secrets.display().to_string()));
    for project in examples() {
        let mut args = vec!["--env".to_owned(), "demo".to_owned()];
        for section in waivers(&check(&project, &["--env", "demo"]).1) {
            args.extend(["--without".to_owned(), section]);
        }
        let options = FacadeOptions { project: &project, env: env.clone(), args, keys: &keys, store: None };
        let facade = Facade::start(&options).unwrap_or_else(|error| panic!("{}: {error}", project.display()));
        let api = facade.client().get("/openapi.json").unwrap();
        assert_eq!(api.status, 200, "{}", project.display());
        drop(facade);
    }
    fs::remove_dir_all(secrets).unwrap();
}

#[test]
fn check_looks_at_every_overlay_and_shows_where_one_is_wrong() {
    let project = scratch("overlays").unwrap();
    tests::bench::copy(&repository().join("mappings/reservations"), &project).unwrap();
    fs::write(project.join("env/prod.yaml"), "connections.pms.policy.timeout: 2s\n").unwrap();
    assert_eq!(check(&project, &[]).0, Some(0));
    let wrong = "connections.pms.policy.timeout: 2s\nconnections.pmx.url: http://127.0.0.1:1\n";
    fs::write(project.join("env/prod.yaml"), wrong).unwrap();
    let (code, said) = check(&project, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    for part in ["error[E080]: the project has no `connections.pmx.url`", "--> env/prod.yaml:2:13", "pms"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // What is wrong with another overlay is no matter of this one.
    assert_eq!(check(&project, &["--env", "demo"]).0, Some(0));
    assert_eq!(check(&project, &["--env", "prod"]).0, Some(1));
    assert_eq!(check(&project, &["--env", "nobody"]).0, Some(2));
    fs::remove_dir_all(project).unwrap();
}

/// The sections that `check` says this build does not run.
fn waivers(said: &str) -> BTreeSet<String> {
    let hints = said.split("--without ").skip(1);
    hints.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned).collect()
}

fn examples() -> Vec<PathBuf> {
    EXAMPLES.iter().filter_map(|name| shared(&format!("examples/{name}"))).collect()
}

/// Runs `seawall check` without any variable or secret.
fn check(project: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(seawall()).arg("check").arg(project).args(args).env_clear().output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}
