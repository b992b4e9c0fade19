//! Fixtures, project folders and connections for tests.
//!
//! **Invariant.** Shared fixtures are read where they lie; a test that cannot find them says so loudly.

#![allow(dead_code, reason = "each test uses a part of it")]

use adapters_ports::{Adapter, Files, Opened, Settings};
use adapters_soap::Soap;
use kernel::{Entry, FileId, Node, NodeKind, Sources, Span, Style, Text};
use std::path::{Path, PathBuf};

/// Returns a folder of the shared fixtures, or says loudly that there is none.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("SEAWALL_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")));
    let folder = shared.join(name);
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} does not exist", folder.display());
    None
}

/// A folder as a project.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if Path::new(path).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            return Err("it is outside of the project".into());
        }
        std::fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }
}

/// Returns a configuration of texts; a value with `\n` is a map of `key: value` lines.
pub(crate) fn config(entries: &[(&str, &str)]) -> Node {
    let span = Span::new(FileId(0), 0, 0);
    let text = |value: &str| Node {
        span,
        kind: NodeKind::Text(Text { value: value.to_owned(), style: Style::Plain }),
    };
    let entry = |key: &str, value: Node| Entry { key: key.to_owned(), key_span: span, value };
    let map = |lines: &str| {
        let entries = lines
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(key, value)| entry(key, text(value)));
        Node { span, kind: NodeKind::Map(entries.collect()) }
    };
    let entries = entries
        .iter()
        .map(|(key, value)| entry(key, if value.contains('\n') { map(value) } else { text(value) }));
    Node { span, kind: NodeKind::Map(entries.collect()) }
}

/// Opens a connection, or says why not.
pub(crate) fn open(folder: &Path, entries: &[(&str, &str)]) -> Result<Opened, String> {
    open_files(&Folder(folder.to_owned()), entries)
}

/// Opens a connection of a project of these files, or says why not.
pub(crate) fn open_files(files: &dyn Files, entries: &[(&str, &str)]) -> Result<Opened, String> {
    let node = config(entries);
    let settings = Settings { name: "test", node: &node, offline: false };
    let mut sources = Sources::default();
    Soap.open(&settings, files, &mut sources, &mut Vec::new()).map_err(|error| {
        let messages: Vec<String> = error.0.iter().map(ToString::to_string).collect();
        messages.join("; ")
    })
}
