//! Reads a WSDL or XSD file and all files that it imports or includes.
//!
//! **Invariant.** Only files of the project folder are read, each once; nothing comes from the network.

use super::findings::Findings;
use super::text::{self, Unreadable};
use super::{WSDL, XSD};
use adapters_ports::Files;
use kernel::{Diagnostic, FileId, Sources, Span};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::HashMap;
use std::sync::Arc;

/// Most files of one schema.
const FILES_MAX: usize = 2000;
/// Most bytes of all files of one schema.
const BYTES_MAX: usize = 128 << 20;
/// Most XML nodes of one file.
const NODES_MAX: u32 = 4_000_000;

/// One file that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) path: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) file: FileId,
}

/// Where an import or include leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// To this file.
    File(usize),
    /// To the network, which is not read.
    Remote(String),
    /// To something that could not be read, which was reported.
    Broken,
}

/// All files of a schema; the first is the one that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) loaded: Vec<Loaded>,
    /// By file and by the offset of the importing element.
    links: HashMap<(usize, usize), Link>,
}

impl Library {
    /// Returns where an import or include of a file leads, if it names a location.
    pub(crate) fn link(&self, doc: usize, node: Node<'_, '_>) -> Option<&Link> {
        self.links.get(&(doc, node.range().start))
    }

    /// Parses all files. They were parsed once before, so this cannot fail.
    pub(crate) fn parse(&self) -> Vec<Document<'_>> {
        self.loaded.iter().filter_map(|loaded| parse(&loaded.text).ok()).collect()
    }
}

/// Reads `path` and everything that it leads to. Nothing is returned if `path` itself is not readable.
pub(crate) fn collect(
    path: &str,
    files: &dyn Files,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Option<Library> {
    let mut reader =
        Reader { files, sources, findings, library: Library::default(), known: HashMap::new(), bytes: 0 };
    let path = normalized("", path).unwrap_or_else(|| path.to_owned());
    let mut next = 0;
    // The file that was asked for must be readable, whatever else may be missing.
    let tolerant = std::mem::take(&mut reader.findings.tolerant);
    if reader.read(&path, None) == Link::Broken {
        return None;
    }
    reader.findings.tolerant = tolerant;
    while next < reader.library.loaded.len() {
        reader.follow(next);
        next += 1;
    }
    Some(reader.library)
}

struct Reader<'r> {
    files: &'r dyn Files,
    sources: &'r mut Sources,
    findings: &'r mut Findings,
    library: Library,
    known: HashMap<String, Link>,
    bytes: usize,
}

impl Reader<'_> {
    fn follow(&mut self, doc: usize) {
        let text = self.library.loaded[doc].text.clone();
        let file = self.library.loaded[doc].file;
        let base = self.library.loaded[doc].path.clone();
        let Ok(parsed) = parse(&text) else { return };
        for node in parsed.descendants().filter(Node::is_element) {
            let Some(location) = location(node) else { continue };
            let span = tag_span(file, node);
            let link = match target(&base, location) {
                Target::Remote => Link::Remote(location.to_owned()),
                Target::Outside => {
                    self.findings.push(
                        Diagnostic::new(
                            "E091",
                            span,
                            format!("`{location}` lies outside the project folder"),
                        )
                        .hint("copy the file into the project folder and name it relative to this one"),
                    );
                    Link::Broken
                }
                Target::Path(path) => self.read(&path, Some(span)),
            };
            self.library.links.insert((doc, node.range().start), link);
        }
    }

    fn read(&mut self, path: &str, from: Option<Span>) -> Link {
        if let Some(link) = self.known.get(path) {
            return link.clone();
        }
        let link = match self.load(path, from) {
            Ok(link) => link,
            Err(diagnostic) => {
                self.findings.push(diagnostic);
                Link::Broken
            }
        };
        self.known.insert(path.to_owned(), link.clone());
        link
    }

    fn load(&mut self, path: &str, from: Option<Span>) -> Result<Link, Diagnostic> {
        let unreadable = |reason: String| {
            Diagnostic::new("E091", from, format!("schema file `{path}` cannot be read: {reason}"))
        };
        if self.library.loaded.len() >= FILES_MAX {
            return Err(unreadable(format!("more than {FILES_MAX} files belong to this schema")));
        }
        let bytes = self.files.read(path).map_err(unreadable)?;
        let text: Arc<str> = text::decode(&bytes).map_err(unreadable)?.into();
        self.bytes += text.len();
        if self.bytes > BYTES_MAX {
            return Err(unreadable(format!("all files of this schema have more than {BYTES_MAX} bytes")));
        }
        let file = self.sources.add(path, text.clone());
        if let Err(Unreadable { reason, offset }) = parse(&text) {
            let span = offset.map(|at| Span::new(file, at, at + 1)).or(from);
            let from = if span == from { None } else { from };
            return Err(Diagnostic::new("E091", span, format!("`{path}` is not readable: {reason}"))
                .also(from, "it is named here"));
        }
        self.library.loaded.push(Loaded { path: path.into(), text, file });
        Ok(Link::File(self.library.loaded.len() - 1))
    }
}

fn parse(text: &str) -> Result<Document<'_>, Unreadable> {
    text::guard(text)?;
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        Unreadable { reason: format!("no well-formed XML: {error}"), offset: offset(text, at.row, at.col) }
    })
}

/// The byte offset of a row and a column (in characters), both from 1.
fn offset(text: &str, row: u32, column: u32) -> Option<usize> {
    let before: usize = text.split_inclusive('\n').take(row.saturating_sub(1) as usize).map(str::len).sum();
    let line = text.get(before..)?;
    let within = line.char_indices().nth(column.saturating_sub(1) as usize).map_or(line.len(), |(at, _)| at);
    Some((before + within).min(text.len().saturating_sub(1)))
}

/// The location that an import or include names.
fn location<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let name = node.tag_name();
    let attribute = match (name.namespace(), name.name()) {
        (Some(XSD), "include" | "import" | "redefine" | "override") => "schemaLocation",
        (Some(WSDL), "import") => "location",
        _ => return None,
    };
    node.attribute(attribute).map(str::trim).filter(|location| !location.is_empty())
}

enum Target {
    Path(String),
    Remote,
    Outside,
}

fn target(base: &str, location: &str) -> Target {
    let scheme = location
        .split(['/', '?', '#'])
        .next()
        .and_then(|head| head.split_once(':'))
        .map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("file") || scheme.len() == 1 => return Target::Outside,
        Some(_) => return Target::Remote,
        None => {}
    }
    let location = location.split('#').next().unwrap_or(location).replace('\\', "/").replace("%20", " ");
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    normalized(folder, &location).map_or(Target::Outside, Target::Path)
}

/// Joins and resolves `.` and `..`; nothing if the result lies above the root.
fn normalized(folder: &str, location: &str) -> Option<String> {
    if location.starts_with('/') {
        return None;
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(location.split('/')) {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop()?;
            }
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

/// The span of an element's start tag.
pub(crate) fn tag_span(file: FileId, node: Node<'_, '_>) -> Span {
    let start = node.range().start;
    let rest = node.document().input_text().get(start..).unwrap_or_default();
    Span::new(file, start, start + text::start_tag_length(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_resolved_against_the_file_that_names_them() {
        let check =
            |base: &str, location: &str, expected: Option<&str>| match (target(base, location), expected) {
                (Target::Path(path), Some(expected)) => assert_eq!(path, expected),
                (Target::Outside, None) => {}
                _ => panic!("{base} {location}"),
            };
        check("legacy/a.wsdl", "b.xsd", Some("legacy/b.xsd"));
        check("legacy/a.wsdl", "./x/../b.xsd", Some("legacy/b.xsd"));
        check("legacy/a.wsdl", "..\\b.xsd", Some("b.xsd"));
        check("a.wsdl", "../b.xsd", None);
        check("a.wsdl", "/etc/passwd", None);
        check("a.wsdl", "file:///etc/passwd", None);
        check("a.wsdl", "C:/b.xsd", None);
        assert!(matches!(target("a.wsdl", "https://example.org/b.xsd"), Target::Remote));
        assert!(matches!(target("a.wsdl", "urn:b"), Target::Remote));
    }

    #[test]
    fn an_offset_is_found_by_row_and_column() {
        assert_eq!(offset("ab\néd\n", 2, 2), Some(5));
        assert_eq!(offset("ab", 1, 9), Some(1));
        assert_eq!(offset("", 1, 1), Some(0));
    }
}
