//! Mistakes of architects: each is one line of a project of `mappings` changed to something wrong, and noticed.
//!
//! **Invariant.** A mistake that neither `seawall check` nor the project's own tests notice fails this suite.

#[path = "mutations/files.rs"]
mod files;
#[path = "mutations/lines.rs"]
mod lines;
#[path = "mutations/table.rs"]
mod table;

use gateway::cli::ProjectArgs;
use gateway::project::{Mode, Project};
use gateway::testing::{self, Options, Outcome, Subject};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use table::{CONNECTIONS, MODELS, Mutation, OPERATIONS, RESERVATIONS, TESTS};
use tests::process::scratch;
use tests::shared::repository;

/// Who notices a mistake.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// `seawall check`, with this code, at the line that was changed.
    Check(&'static str),
    /// `seawall check`, with this code, at the line that holds this text.
    CheckAt(&'static str, &'static str),
    /// The tests of the project.
    Tests,
}

/// A finding of `check`: code, file, line, message.
type Finding = (String, String, usize, String);

#[test]
fn every_mistake_in_connections_is_noticed() {
    notice_all(CONNECTIONS);
}

#[test]
fn every_mistake_in_models_is_noticed() {
    notice_all(MODELS);
}

#[test]
fn every_mistake_in_operations_is_noticed() {
    notice_all(OPERATIONS);
}

#[test]
fn every_mistake_in_tests_and_schemas_is_noticed() {
    notice_all(TESTS);
}

#[test]
fn every_mistake_in_the_mapping_of_a_file_is_noticed() {
    notice_all(files::BOOKINGS);
}

#[test]
fn there_are_enough_mistakes_of_different_kinds() {
    let all: Vec<&Mutation> = [CONNECTIONS, MODELS, OPERATIONS, TESTS].into_iter().flatten().collect();
    let changes: BTreeSet<_> = all.iter().map(|one| (one.file, one.from, one.to)).collect();
    assert_eq!(changes.len(), all.len(), "a mistake stands twice in the table");
    let codes: BTreeSet<_> = all.iter().filter_map(|one| one.by.code()).collect();
    let tests = all.iter().filter(|one| one.by.code().is_none()).count();
    assert!(
        all.len() >= 60 && codes.len() >= 20 && tests >= 20,
        "{} mistakes, {codes:?}, {tests} by tests",
        all.len()
    );
}

#[test]
fn the_project_without_a_mistake_passes() {
    for project in [RESERVATIONS, files::PROJECT] {
        let project = Mutated::of(project, &[]);
        assert!(project.check().iter().all(|(code, ..)| code.starts_with('W')), "{:?}", project.check());
        assert_eq!(project.failures(), Ok(Vec::new()));
    }
}

#[test]
fn one_mistake_is_told_once() {
    let known = known(RESERVATIONS);
    let check = |file, from, to, code: &str| {
        let mutation = Mutation { project: RESERVATIONS, what: "", file, from, to, by: By::Tests };
        let mut found = Mutated::of(RESERVATIONS, &[&mutation]).check();
        found.retain(|(code, _, _, message)| !known.contains(&format!("{code}{message}")));
        assert_eq!(found.iter().map(|(code, ..)| code.as_str()).collect::<Vec<_>>(), [code], "{found:?}");
    };
    check("facade.yaml", "wsdl: legacy/pms.wsdl", "wsdl: legacy/nothing.wsdl", "E091");
    check("facade.yaml", "    type: soap\n", "    type: soapp\n", "E007");
    let state = "name: reading a reservation\n    after: nothing like it";
    check("tests.yaml", "name: reading a reservation", state, "E007");
    let watch = "      call: pms.ReadReservation\n      send:\n        ReadRequests/HotelReadRequest";
    let silent = "      send:\n        ReadRequests/HotelReadRequest";
    check("facade.yaml", watch, silent, "E007");
    check("facade.yaml", "      receive: ReservationsList/HotelReservation\n\n", "\n", "E007");
}

fn notice_all(mutations: &[Mutation]) {
    let known = known(mutations[0].project);
    let wrong: Vec<String> = mutations
        .iter()
        .filter_map(|mutation| {
            notice(mutation, &known)
                .err()
                .map(|why| format!("{}: {} → {}\n    {why}", mutation.what, mutation.from, mutation.to))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} mistakes:\n{}", wrong.len(), mutations.len(), wrong.join("\n"));
}

/// What `check` says of a project without a mistake.
fn known(project: &str) -> BTreeSet<String> {
    Mutated::of(project, &[]).check().into_iter().map(|(code, _, _, message)| code + &message).collect()
}

/// Makes a mistake and looks who notices it.
fn notice(mutation: &Mutation, known: &BTreeSet<String>) -> Result<(), String> {
    let project = Mutated::of(mutation.project, &[mutation]);
    let mut found = project.check();
    found.retain(|(code, _, _, message)| !known.contains(&format!("{code}{message}")));
    let Some(code) = mutation.by.code() else {
        return match project.failures() {
            // Warnings, as about what is not mapped any more, are a help and not yet a refusal.
            _ if found.iter().any(|(code, ..)| code.starts_with('E')) => {
                Err(format!("check notices it already: {found:?}"))
            }
            Ok(failures) if failures.is_empty() => Err("nobody notices it".into()),
            Ok(_) | Err(_) => Ok(()),
        };
    };
    let lines = project.lines(mutation);
    let here = |finding: &&Finding| finding.0 == code && lines.contains(&(finding.1.clone(), finding.2));
    match found.iter().find(here) {
        Some(_) => Ok(()),
        None => Err(format!("expected {code} at one of {lines:?}, found {found:?}")),
    }
}

impl By {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Check(code) | Self::CheckAt(code, _) => Some(code),
            Self::Tests => None,
        }
    }
}

/// A copy of the project with mistakes in it, gone when it is dropped.
struct Mutated(PathBuf);

impl Mutated {
    fn of(project: &str, mutations: &[&Mutation]) -> Self {
        let folder = scratch("mutation").unwrap();
        copy(&repository().join("mappings").join(project), &folder);
        for mutation in mutations {
            let path = folder.join(mutation.file);
            let text = fs::read_to_string(&path).unwrap();
            let times = text.matches(mutation.from).count();
            assert_eq!(times, 1, "{:?} stands {times} times in {}", mutation.from, mutation.file);
            fs::write(path, text.replacen(mutation.from, mutation.to, 1)).unwrap();
        }
        Self(folder)
    }

    fn args(&self) -> ProjectArgs {
        ProjectArgs { project: self.0.clone(), env: None, libs: Vec::new() }
    }

    /// What `seawall check --json` says.
    fn check(&self) -> Vec<Finding> {
        let found: Value = serde_json::from_str(&Project::check(&self.args(), Mode::Offline).json()).unwrap();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let line = |one: &Value| usize::try_from(one["line"].as_u64().unwrap_or(0)).unwrap();
        let finding = |one: &Value| (text(one, "code"), text(one, "file"), line(one), text(one, "message"));
        found.as_array().unwrap().iter().map(finding).collect()
    }

    /// The tests that fail, or why the project cannot be loaded.
    fn failures(&self) -> Result<Vec<String>, String> {
        let project = Project::load(&self.args(), Mode::Offline).map_err(|findings| findings.text())?;
        let subject = Subject {
            project: &project.written,
            program: &project.program,
            connections: &project.connections,
            folder: &project.folder,
            sources: &project.sources,
        };
        let report = testing::run(&subject, Options::default());
        assert_eq!(report.counts().2, 0, "{report}");
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        Ok(report.results.into_iter().filter(|test| failed(&test.outcome)).map(|test| test.name).collect())
    }

    /// The lines at which the mistake may be reported.
    fn lines(&self, mutation: &Mutation) -> Vec<(String, usize)> {
        // What stands before a change is as it was, so the change begins where `from` did.
        let (file, text, wanted, changed) = match mutation.by {
            By::CheckAt(_, place) => {
                ("facade.yaml", fs::read_to_string(self.0.join("facade.yaml")).unwrap(), place, place)
            }
            By::Check(_) | By::Tests => {
                (mutation.file, original(mutation.project, mutation.file), mutation.from, mutation.to)
            }
        };
        let start = text.find(wanted).unwrap_or_else(|| panic!("{wanted:?} is not in {file}"));
        let first = text[..start].matches('\n').count() + 1;
        let count = changed.trim_end().matches('\n').count();
        (first..=first + count).map(|line| (file.to_owned(), line)).collect()
    }
}

/// The text of a file of a project without a mistake.
fn original(project: &str, file: &str) -> String {
    fs::read_to_string(repository().join("mappings").join(project).join(file)).unwrap()
}

impl Drop for Mutated {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Copies a folder; the copy can be written even if the original cannot.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}
