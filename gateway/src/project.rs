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
use engine::plan::resolve::suggestions;
use engine::program::{Program, Unsupported};
use kernel::{Diagnostic, FileId, Secret, Sources};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Sections that do nothing by themselves; what uses them does.
pub const DEFINITIONS: [&str; 2] = ["connections", "models"];

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
    /// The version of the mapping: a hash of all files that were read.
    pub version: Arc<str>,
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
                    version: version(&findings.sources),
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

    /// Opens one connection of a project, whatever else is wrong with it.
    ///
    /// # Errors
    /// The project cannot be read, has no such connection, or it cannot be opened.
    pub fn open_one(args: &ProjectArgs, name: &str, mode: Mode) -> Result<Opened, Findings> {
        let mut findings = Findings::default();
        let Some((folder, files)) = findings.read(args) else { return Err(findings) };
        let Some((written, found)) = findings.written(&folder, &files, args.env.as_deref(), mode) else {
            return Err(findings);
        };
        let Some(at) = written.connections.iter().position(|it| it.name.value == name) else {
            // It may be there, and not be readable.
            findings.found.extend(found);
            let names = written.connections.iter().map(|it| it.name.value.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            findings.unreadable.push(format!("there is no connection `{name}`; there is {names}"));
            return Err(findings);
        };
        let one = &written.connections[at];
        let opened = findings.open_connection(&folder, one, mode);
        opened.ok_or_else(|| {
            if findings.found.is_empty() {
                let kind = &one.kind.value;
                findings.unreadable.push(format!("connection {name}: no adapter here serves type `{kind}`"));
            }
            findings
        })
    }

    /// Asks the database of a connection for its catalog, whatever else is wrong with the project.
    ///
    /// # Errors
    /// The project cannot be read, has no such connection, or the database cannot be asked.
    pub fn snapshot(
        args: &ProjectArgs,
        name: &str,
        tables: &[String],
    ) -> Result<(Folder, registry::Taken), Findings> {
        let mut findings = Findings::default();
        let Some((folder, files)) = findings.read(args) else { return Err(findings) };
        let written = findings.written(&folder, &files, args.env.as_deref(), Mode::Online);
        let Some((written, found)) = written else { return Err(findings) };
        let Some(one) = written.connections.iter().find(|it| it.name.value == name) else {
            findings.found.extend(found);
            findings.unreadable.push(format!("there is no connection `{name}`"));
            return Err(findings);
        };
        let settings = Settings { name, node: &one.node, offline: false };
        match registry::snapshot(&one.kind.value, &settings, &folder, tables) {
            Some(Ok(taken)) => return Ok((folder, taken)),
            Some(Err(AdapterError(errors))) => findings.found.extend(errors),
            None => {
                let kind = &one.kind.value;
                findings.unreadable.push(format!("a connection of type `{kind}` has no catalog"));
            }
        }
        Err(findings)
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
        let (written, found) = self.written(folder, files, overlay, mode)?;
        self.found.extend(found);
        self.found.extend(nobody_may_call(&written));
        let mut opened = self.open(folder, &written, mode);
        // Of a kind that nobody serves here the compiler tells; of all others it was said why they are not open.
        let failed = written.connections.iter().filter(|connection| {
            !opened.contains_key(&connection.name.value) && !is_known_and_unserved(&connection.kind.value)
        });
        let failed: BTreeSet<String> = failed.map(|connection| connection.name.value.clone()).collect();
        let catalogues: BTreeMap<_, _> =
            opened.iter().map(|(name, opened)| (name.clone(), Arc::clone(&opened.catalogue))).collect();
        let read = |path: &str| folder.read_text(path);
        let statements = |connection: &str, text: &str| match opened.get(connection) {
            Some(opened) => opened.connection.statement(text),
            // That it is not open was reported already.
            None => Err(Vec::new()),
        };
        let mut environment = Environment {
            catalogues: &catalogues,
            failed: &failed,
            statements: &statements,
            files: &read,
            sources: &mut self.sources,
        };
        let Compiled { program, findings } = compile(&written, &mut environment);
        self.found.extend(findings);
        let unsupported = program.iter().flat_map(|program| &program.unsupported);
        self.found.extend(unsupported.map(not_run));
        let connections = program.as_ref().map(|program| {
            let plans = program.connections.iter();
            plans.map(|plan| opened.remove(&*plan.name).map(|opened| opened.connection)).collect()
        });
        Some(Loaded { written, program, connections: connections.unwrap_or_default() })
    }

    fn written(
        &mut self,
        folder: &Folder,
        files: &[(String, String)],
        overlay: Option<&str>,
        mode: Mode,
    ) -> Option<(lang::Project, Vec<Diagnostic>)> {
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
        Some(lang::load_with(files.to_vec(), &mut self.sources, &options))
    }

    fn open(&mut self, folder: &Folder, written: &lang::Project, mode: Mode) -> BTreeMap<String, Opened> {
        let mut all = BTreeMap::new();
        for connection in &written.connections {
            if let Some(opened) = self.open_connection(folder, connection, mode) {
                all.insert(connection.name.value.clone(), opened);
            }
        }
        all
    }

    fn open_connection(
        &mut self,
        folder: &Folder,
        connection: &lang::Connection,
        mode: Mode,
    ) -> Option<Opened> {
        let Some(adapter) = registry::adapter(&connection.kind.value) else {
            self.found.extend(unknown_kind(connection));
            return None;
        };
        let keys: Vec<AdapterKey> = adapter.keys().iter().map(key).collect();
        self.found.extend(lang::unknown_adapter_keys(connection, &keys));
        let settings =
            Settings { name: &connection.name.value, node: &connection.node, offline: mode == Mode::Offline };
        let opened = adapter.open(&settings, folder, &mut self.sources, &mut self.found);
        opened.map_err(|AdapterError(errors)| self.found.extend(errors)).ok()
    }
}

/// Returns the version of a mapping: a hash of its files, by which a dead letter says what could not read it.
fn version(sources: &Sources) -> Arc<str> {
    let files = (0..).map_while(|number| sources.file(FileId(number)));
    let mut parts: Vec<&[u8]> = Vec::new();
    for file in files {
        parts.extend([file.path.as_bytes(), file.text.as_bytes()]);
    }
    let hash = crate::store::hash(&parts);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// Nothing that is written is silently not done.
fn not_run(unsupported: &Unsupported) -> Diagnostic {
    let Unsupported { section, name, why, span } = unsupported;
    let finding = Diagnostic::new("W006", *span, format!("{section} {name}: {why}"));
    if DEFINITIONS.contains(section) {
        return finding.hint("what uses it is not run either");
    }
    finding.hint(format!("`serve` runs without it if you say so: --without {section}"))
}

/// E007 for a project with operations that says nothing about who may call; `serve` would refuse it.
fn nobody_may_call(written: &lang::Project) -> Option<Diagnostic> {
    let facade = written.facade.as_ref().filter(|_| written.auth.is_none() && !written.rest.is_empty())?;
    let diagnostic = Diagnostic::new("E007", facade.span, "the project does not say who may call");
    Some(diagnostic.hint("write `auth:` beside it, at least `auth: { type: none }`"))
}

fn is_known_and_unserved(kind: &str) -> bool {
    registry::adapter(kind).is_none() && registry::kinds().iter().any(|known| known.name == kind)
}

/// E007 for a type that the language does not know. One that it knows and nobody serves here is the compiler's W006.
fn unknown_kind(connection: &lang::Connection) -> Option<Diagnostic> {
    let kinds = registry::kinds().map(|kind| kind.name);
    let kind = &connection.kind;
    if kinds.contains(&kind.value.as_str()) {
        return None;
    }
    let near = suggestions(&kind.value, kinds);
    let known = if near.is_empty() { kinds.join(", ") } else { near.join(", ") };
    let message = format!("there is no type `{}` of connections", kind.value);
    Some(Diagnostic::new("E007", kind.span, message).hint(format!("there is: {known}")))
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
