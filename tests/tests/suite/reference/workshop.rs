//! Projects that grow as a guide is read, and the commands that are run in them.
//!
//! **Invariant.** A project begins with the legacy files of the example and has nothing else that the guide does not show.

use crate::reference::session::Session;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::databases::odbc_driver;
use tests::process::scratch;
use tests::{bench, seawall, shared::repository};

/// The projects of a guide.
#[derive(Debug, Default)]
pub(crate) struct Workshop {
    projects: BTreeMap<String, PathBuf>,
    /// The facade that serves one of them, as long as its files do not change.
    session: Option<Session>,
}

impl Workshop {
    fn folder(&mut self, project: &str) -> PathBuf {
        let start = || {
            let folder = scratch(&format!("guide-{project}")).unwrap();
            let example = repository().join("mappings/reservations");
            bench::copy(&example.join("legacy"), &folder.join("legacy")).unwrap();
            bench::copy(&example.join("tests"), &folder.join("tests")).unwrap();
            folder
        };
        self.projects.entry(project.to_owned()).or_insert_with(start).clone()
    }

    /// Writes a file of a project.
    pub(crate) fn write(&mut self, project: &str, file: &str, text: &str) {
        let path = self.folder(project).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        if file.ends_with(".sql") {
            let database = rusqlite::Connection::open(path.with_extension("db")).unwrap();
            database.execute_batch(text).unwrap();
        }
        self.session = None;
    }

    /// Runs `seawall …` in the folder of a project; returns what it says and whether it found nothing wrong.
    pub(crate) fn run(&mut self, project: &str, command: &str) -> (String, bool) {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("seawall"), "only seawall and curl are run: {command}");
        let (folder, env) = (self.folder(project), self.env(project));
        let output = Command::new(seawall()).args(words).current_dir(folder).envs(env).output().unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (text, output.status.success())
    }

    /// Returns the running facade of a project, started if it does not run.
    pub(crate) fn session(&mut self, project: &str) -> &mut Session {
        let (folder, env): (&Path, _) = (&self.folder(project), self.env(project));
        self.session.get_or_insert_with(|| Session::start(folder, env))
    }

    /// Where the database of a project is, if its guide has made one.
    fn env(&mut self, project: &str) -> Vec<(String, String)> {
        let file = self.folder(project).join("erp.db");
        let Some(driver) = file.is_file().then(|| odbc_driver("libsqlite3odbc.so")).flatten() else {
            return Vec::new();
        };
        let url = format!("Driver={driver};Database={}", file.display());
        vec![("ERP_URL".to_owned(), url), ("ERP_FILE".to_owned(), file.display().to_string())]
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        self.session = None;
        if !std::thread::panicking() {
            self.projects.values().for_each(|folder| drop(fs::remove_dir_all(folder)));
        }
    }
}
