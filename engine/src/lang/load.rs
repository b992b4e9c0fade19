//! Loads a project: reads its files, merges them, lays an overlay over them, replaces variables, builds.
//!
//! **Invariant.** Each stage works on what the last one left, so everything downstream sees one tree.

use super::ast::Project;
use super::overlay::{self, Kind};
use super::table::ROOT;
use super::variables::{self, Variables};
use super::yaml::{self, duplicate};
use super::{build, check, suggest, syntax};
use kernel::{Diagnostic, Entry, FileId, Node, NodeKind, Sources, Span};
use std::collections::HashMap;

/// The version of the format that is read.
pub const FORMAT: u32 = 1;

/// Findings that are kept; a person reads fewer.
const FINDINGS_MAX: usize = 1_000;
/// Cut texts whose consequences are left out.
const CUTS_MAX: usize = 100;

const ROOT_ONLY: [&str; 3] = ["format", "title", "auth"];

/// How a project is loaded.
#[derive(Default)]
pub struct Options<'a> {
    /// The environment's file: path and text.
    pub overlay: Option<(&'a str, &'a str)>,
    /// Where values of variables come from; `None` leaves them in place, as `check` and `test` do.
    pub variables: Option<&'a dyn Variables>,
    /// The types of connections and their ports, for overlays that replace a connection.
    pub kinds: &'a [Kind<'a>],
}

/// Loads a project without an environment. Variables stay in place.
///
/// `files` are pairs of path, relative to the root, and text. They are added to `sources`.
pub fn load(files: Vec<(String, String)>, sources: &mut Sources) -> (Project, Vec<Diagnostic>) {
    load_with(files, sources, &Options::default())
}

/// Loads a project for an environment.
pub fn load_with(
    files: Vec<(String, String)>,
    sources: &mut Sources,
    options: &Options<'_>,
) -> (Project, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut merger = Merger::default();
    for (path, text) in files {
        let file = sources.add(path, text);
        merger.file(file, sources, &mut found);
    }
    let whole = merger.whole;
    let readable = merger.heads(&mut found);
    let mut root = merger.finish();
    if !readable {
        limit(&mut found);
        return (Project::default(), found);
    }
    if let Some((path, text)) = options.overlay {
        let file = sources.add(path, text);
        // What a file that cannot be read would have had is unknown.
        if let Some(node) = yaml::parse(file, text, &mut found).filter(|_| whole) {
            overlay::apply(&mut root, &node, options.kinds, sources, &mut found);
        }
    }
    variables::apply(&mut root, options.variables, sources, &mut found);
    for entry in root.map().unwrap_or_default() {
        if let Some(key) = ROOT.key(&entry.key) {
            check::check(&entry.value, &key.form, &mut found);
        }
    }
    let (project, more) = build::project(&root, sources);
    found.extend(more);
    without_consequences(&mut found);
    limit(&mut found);
    (project, found)
}

/// A text that YAML cut is a mistake of its own; what its pieces seem to mean is none.
fn without_consequences(found: &mut Vec<Diagnostic>) {
    let cut: Vec<Span> =
        found.iter().filter(|one| one.code.0 == "E006").filter_map(|one| one.span).take(CUTS_MAX).collect();
    let within = |span: Span| {
        cut.iter().any(|cut| cut.file == span.file && cut.start <= span.start && span.end <= cut.end)
    };
    found.retain(|one| one.code.0 == "E006" || !one.span.is_some_and(within));
}

fn limit(found: &mut Vec<Diagnostic>) {
    if let Some(more) = found.len().checked_sub(FINDINGS_MAX).filter(|more| *more > 0) {
        found.truncate(FINDINGS_MAX);
        found.push(Diagnostic::new("N002", None, format!("{more} further findings are not shown")));
    }
}

/// Merges files into one map of sections.
struct Merger {
    sections: Vec<Entry>,
    /// The names in each section, and where they stand.
    names: HashMap<(String, String), Span>,
    /// No file was unreadable.
    whole: bool,
    /// The first file, where something is missing as a whole.
    first: Option<FileId>,
}

impl Default for Merger {
    fn default() -> Self {
        Self { sections: Vec::new(), names: HashMap::new(), whole: true, first: None }
    }
}

impl Merger {
    fn file(&mut self, file: FileId, sources: &Sources, found: &mut Vec<Diagnostic>) {
        self.first.get_or_insert(file);
        let text = sources.file(file).map(|file| file.text.clone()).unwrap_or_default();
        let Some(node) = yaml::parse(file, &text, found) else {
            self.whole = false;
            return;
        };
        match node.kind {
            NodeKind::Null => {}
            NodeKind::Map(entries) => entries.into_iter().for_each(|entry| self.section(entry, found)),
            _ => {
                self.whole = false;
                found.push(node.expected("a map of sections"));
            }
        }
    }

    fn section(&mut self, entry: Entry, found: &mut Vec<Diagnostic>) {
        let Some(key) = ROOT.key(&entry.key) else {
            let diagnostic =
                Diagnostic::new("E007", entry.key_span, format!("there is no section `{}`", entry.key));
            found.push(match suggest::hint(&entry.key, ROOT.keys.iter().map(|key| key.name)) {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            });
            return;
        };
        let empty = entry.value.is_null() || entry.value.list().is_some_and(<[Node]>::is_empty);
        if entry.key == "tests" && empty {
            found.push(
                Diagnostic::new("E007", entry.key_span, "`tests` is empty")
                    .hint("write a test, or remove the section"),
            );
            return;
        }
        let known = self.sections.iter_mut().find(|section| section.key == entry.key);
        match (known, &entry.value.kind) {
            (None, NodeKind::Map(_)) if entry.key != "auth" => self.names_of(entry, found),
            (None, _) => self.sections.push(entry),
            (Some(known), _) => match (&mut known.value.kind, entry.value.kind) {
                (NodeKind::Map(_), NodeKind::Map(more)) if entry.key != "auth" => {
                    for more in more {
                        self.name(&entry.key, more, found);
                    }
                }
                (NodeKind::List(list), NodeKind::List(more)) => list.extend(more),
                (NodeKind::Text(_), _) | (_, NodeKind::Text(_)) => {
                    found.push(duplicate(&entry.key, entry.key_span, known.key_span));
                }
                _ if entry.key == "auth" => found.push(duplicate(&entry.key, entry.key_span, known.key_span)),
                _ => found.push(Diagnostic::new(
                    "E007",
                    entry.key_span,
                    format!("`{}` must be {} in all files", entry.key, key.form.words()),
                )),
            },
        }
    }

    fn names_of(&mut self, entry: Entry, found: &mut Vec<Diagnostic>) {
        let Entry { key, key_span, value } = entry;
        let span = value.span;
        let NodeKind::Map(entries) = value.kind else { return };
        let empty = Node { span, kind: NodeKind::Map(Vec::new()) };
        self.sections.push(Entry { key: key.clone(), key_span, value: empty });
        for entry in entries {
            self.name(&key, entry, found);
        }
    }

    fn name(&mut self, section: &str, entry: Entry, found: &mut Vec<Diagnostic>) {
        let place = (section.to_owned(), entry.key.clone());
        if let Some(first) = self.names.get(&place) {
            found.push(duplicate(&entry.key, entry.key_span, *first));
            return;
        }
        self.names.insert(place, entry.key_span);
        let section = self.sections.iter_mut().find(|known| known.key == section);
        if let Some(NodeKind::Map(entries)) = section.map(|section| &mut section.value.kind) {
            entries.push(entry);
        }
    }

    /// Checks what stands in the root file. Returns whether this program can read the format.
    fn heads(&self, found: &mut Vec<Diagnostic>) -> bool {
        let at = |name: &str| self.sections.iter().find(|section| section.key == name);
        let start = self.first.map(|file| Span::new(file, 0, 0));
        let facade = at("facade");
        if facade.is_none() && self.whole {
            let hint = "the root file begins with `facade: name` and `format: 1`";
            found.push(Diagnostic::new("E007", start, "`facade` is missing").hint(hint));
        }
        if let Some(facade) = facade {
            for other in ROOT_ONLY.iter().filter_map(|name| at(name)) {
                if other.key_span.file != facade.key_span.file {
                    let message = format!("`{}` stands in another file than `facade`", other.key);
                    let diagnostic = Diagnostic::new("E007", other.key_span, message);
                    found.push(diagnostic.also(Some(facade.key_span), "the root file").hint("move it there"));
                }
            }
        }
        let Some(format) = at("format") else {
            if self.whole {
                let place = facade.map(|facade| facade.key_span).or(start);
                found.push(Diagnostic::new("E009", place, "`format` is missing").hint("write `format: 1`"));
            }
            return true;
        };
        let number = format.value.text().and_then(syntax::amount::integer);
        if number.is_some_and(|number| number > FORMAT) {
            let message = format!("this program reads format {FORMAT}, the project is newer");
            found.push(Diagnostic::new("E009", format.value.span, message).hint("use a newer program"));
            return false;
        }
        true
    }

    fn finish(self) -> Node {
        let span = Span::new(self.first.unwrap_or(FileId(0)), 0, 0);
        Node { span, kind: NodeKind::Map(self.sections) }
    }
}
