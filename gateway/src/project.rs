//! A project: its folder read, its connections opened, everything compiled.
//!
//! **Invariant.** All mistakes are reported at once, whatever stage they belong to; nothing here touches a network.

mod examples;
mod folder;
mod variables;

pub use folder::Folder;
pub use variables::{Deployment, FOLDER_VARIABLE};

use crate::cli::{Ended, ProjectArgs, complain};
use crate::registry;
use adapters_ports::{AdapterError, Connection, KeyDoc, Opened, Settings};
use engine::diagnostics;
use engine::lang::{self, AdapterKey, Options};
use engine::plan::compile::{Compiled, Environment, compile};
use engine::program::Program;
use kernel::{Diagnostic, Secret, Sources};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A project that can be used.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub folder: Folder,
    /// What is written.
    pub written: lang::Project,
    /// What it compiles to.
    pub program: Arc<Program>,
    /// The connections in the order of the program; `None` where no adapter serves one.
    pub connections: Vec<Option<Arc<dyn Connection>>>,
    /// All files that were read.
    pub sources: Sources,
    /// Warnings and notes.
    pub findings: Vec<Diagnostic>,
}

/// Whether variables and secrets have values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They stand for themselves: nothing will be called.
    Offline,
    /// They come from the environment and from mounted files.
    Online,
}

/// What was found in a project.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// The findings, with places in `sources`.
    pub found: Vec<Diagnostic>,
    /// All files that were read.
    pub sources: Sources,
    /// What kept the folder from being read, in words.
    pub unreadable: Vec<String>,
}

/// One way through all stages.
struct Loaded {
    written: lang::Project,
    program: Option<Program>,
    connections: Vec<Option<Arc<dyn Connection>>>,
}

impl Project {
    /// Loads a project.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(args: &ProjectArgs, mode: Mode) -> Result<Self, Findings> {
        let mut findings = Findings::default();
        let Some((folder, files)) = findings.read(args) else { return Err(findings) };
        let loaded = findings.load(&folder, &files, args.env.as_deref(), mode);
        diagnostics::sort(&mut findings.found, &findings.sources);
        match loaded {
            Some(Loaded { written, program: Some(program), connections }) if !findings.has_errors() => {
                Ok(Self {
                    folder,
                    written,
                    program: Arc::new(program),
                    connections,
                    sources: findings.sources,
                    findings: findings.found,
                })
            }
            _ => Err(findings),
        }
    }

    /// Checks a project: with the overlay that is named, or as it stands and with each overlay that it has.
    pub fn check(args: &ProjectArgs, mode: Mode) -> Findings {
        let mut findings = Findings::default();
        let Some((folder, files)) = findings.read(args) else { return findings };
        let overlays = match &args.env {
            Some(name) => vec![Some(name.clone())],
            None => std::iter::once(None).chain(folder.overlays().into_iter().map(Some)).collect(),
        };
        for overlay in overlays {
            findings.load(&folder, &files, overlay.as_deref(), mode);
        }
        diagnostics::sort(&mut findings.found, &findings.sources);
        findings
    }
}

impl Findings {
    /// Returns whether the project cannot be used.
    pub fn has_errors(&self) -> bool {
        !self.unreadable.is_empty() || diagnostics::has_errors(&self.found)
    }

    /// Returns all findings for people.
    pub fn text(&self) -> String {
        let mut text: String = self.unreadable.iter().map(|error| format!("error: {error}\n")).collect();
        text.push_str(&diagnostics::render(&self.found, &self.sources));
        let summary = diagnostics::summary(&self.found);
        if !text.is_empty() {
            text.push('\n');
        }
        match (summary.is_empty(), self.unreadable.is_empty()) {
            (true, true) => text.push_str("no mistakes found"),
            (true, false) => {}
            (false, _) => text.push_str(&summary),
        }
        text
    }

    /// Returns all findings for programs: an array, as the reference describes it.
    pub fn json(&self) -> String {
        let mut array = diagnostics::to_json(&self.found, &self.sources);
        if let Some(list) = array.as_array_mut() {
            for error in &self.unreadable {
                list.push(serde_json::json!({ "code": null, "severity": "error", "message": error }));
            }
        }
        format!("{array:#}")
    }

    /// Says on standard error why the project cannot be used.
    pub fn print_as_errors(&self) -> Ended {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), "{}", self.text());
        if self.unreadable.is_empty() { Ended::Findings } else { complain("the project cannot be read") }
    }

    fn read(&mut self, args: &ProjectArgs) -> Option<(Folder, Vec<(String, String)>)> {
        let folder = Folder::open(&args.project).and_then(|folder| folder.with_libraries(&args.libs));
        let folder = folder.map_err(|error| self.unreadable.push(error)).ok()?;
        match folder.mappings() {
            Ok(files) if files.is_empty() => {
                self.unreadable.push(format!("{} has no mapping file (*.yaml)", args.project.display()));
                None
            }
            Ok(files) => Some((folder, files)),
            Err(errors) => {
                self.unreadable.extend(errors);
                None
            }
        }
    }

    fn load(
        &mut self,
        folder: &Folder,
        files: &[(String, String)],
        overlay: Option<&str>,
        mode: Mode,
    ) -> Option<Loaded> {
        let overlay = match overlay.map(|name| (format!("env/{name}.yaml"), name)) {
            None => None,
            Some((path, name)) => match folder.overlay(name) {
                Ok(text) => Some((path, text)),
                Err(error) => {
                    self.unreadable.push(error);
                    return None;
                }
            },
        };
        let deployment = Values(Deployment::from_env());
        let kinds = registry::kinds();
        let options = Options {
            overlay: overlay.as_ref().map(|(path, text)| (path.as_str(), text.as_str())),
            variables: (mode == Mode::Online).then_some(&deployment as &dyn lang::Variables),
            kinds: &kinds,
        };
        let (written, found) = lang::load_with(files.to_vec(), &mut self.sources, &options);
        self.found.extend(found);
        let mut opened = self.open(folder, &written, mode);
        let catalogues: BTreeMap<_, _> =
            opened.iter().map(|(name, opened)| (name.clone(), Arc::clone(&opened.catalogue))).collect();
        let read = |path: &str| folder.read_text(path);
        let mut environment =
            Environment { catalogues: &catalogues, files: &read, sources: &mut self.sources };
        let Compiled { program, findings } = compile(&written, &mut environment);
        self.found.extend(findings);
        let connections = program.as_ref().map(|program| {
            let plans = program.connections.iter();
            plans.map(|plan| opened.remove(&*plan.name).map(|opened| opened.connection)).collect()
        });
        Some(Loaded { written, program, connections: connections.unwrap_or_default() })
    }

    fn open(&mut self, folder: &Folder, written: &lang::Project, mode: Mode) -> BTreeMap<String, Opened> {
        let mut all = BTreeMap::new();
        for connection in &written.connections {
            let Some(adapter) = registry::adapter(&connection.kind.value) else { continue };
            let keys: Vec<AdapterKey> = adapter.keys().iter().map(key).collect();
            self.found.extend(lang::unknown_adapter_keys(connection, &keys));
            let settings = Settings {
                name: &connection.name.value,
                node: &connection.node,
                offline: mode == Mode::Offline,
            };
            match adapter.open(&settings, folder, &mut self.sources, &mut self.found) {
                Ok(opened) => drop(all.insert(connection.name.value.clone(), opened)),
                Err(AdapterError(errors)) => self.found.extend(errors),
            }
        }
        all
    }
}

/// Returns the keys of all adapters, for the editor schema.
pub fn adapter_keys() -> Vec<AdapterKey> {
    registry::adapters().into_iter().flat_map(|adapter| adapter.keys().iter().map(key)).collect()
}

fn key(doc: &KeyDoc) -> AdapterKey {
    AdapterKey { key: doc.key, form: doc.form, default: doc.default, doc: doc.doc }
}

/// The deployment as the language sees it.
struct Values(Deployment);

impl lang::Variables for Values {
    fn env(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }

    fn secret(&self, name: &str) -> Option<Secret<String>> {
        self.0.secret(name)
    }
}
