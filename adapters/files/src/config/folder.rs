//! Where files are, when they are ready, what happens to them.
//!
//! **Invariant.** A path that is not known offline is not judged, and leads nowhere.

use super::{remote, word};
use crate::folder::{After, Glob, Order, Place, Ready, Store};
use adapters_ports::{Files as ProjectFiles, Forms};
use kernel::{Diagnostic, Node, NodeKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long nobody has to write to a file, where the mapping says nothing.
const STABLE: Duration = Duration::from_secs(10);

/// Reads the keys; nothing where no path is known.
pub(super) fn read(
    forms: &mut Forms,
    node: &Node,
    root: &Path,
    files: &dyn ProjectFiles,
) -> Option<(Place, Arc<dyn Store>)> {
    let order = word(forms, node, "order", &Order::WORDS).unwrap_or_default();
    let ready = ready(forms, node).unwrap_or(Ready::Stable(STABLE));
    let path = forms.text(node, "path");
    if node.at("path").is_none() {
        forms.missing(node, "path", "write which files are read: /inbound/*.DAT");
    }
    let named = path.and_then(|path| remote::read(forms, node, path, root, files));
    let (done, failed) =
        (away(forms, node, "done", named.as_ref()), away(forms, node, "failed", named.as_ref()));
    let done = match forms.text(node, "done") {
        None | Some(("leave", _)) => After::Leave,
        Some(("delete", _)) => After::Delete,
        Some(_) => done.map_or(After::Leave, After::Move),
    };
    let remote::Named { folder, glob, store, .. } = named?;
    Some((Place { folder, glob, ready, order, done, failed }, store))
}

/// The folder of files that were read.
fn away(forms: &mut Forms, node: &Node, key: &str, named: Option<&remote::Named>) -> Option<PathBuf> {
    let (text, span) = forms.text(node, key)?;
    if text.contains("://") {
        let found =
            Diagnostic::new("E007", span, format!("`{key}` is a folder of the server that `path` names"));
        forms.diagnose(found.hint("write its path there, /done, or a folder below that of `path`, done"));
        return None;
    }
    named.map(|named| named.folder(text))
}

fn ready(forms: &mut Forms, node: &Node) -> Option<Ready> {
    const KNOWN: [&str; 4] = ["stable", "marker", "rename", "manifest"];
    let written = node.at("ready")?;
    if let NodeKind::Text(text) = &written.kind {
        if text.value == "now" {
            return Some(Ready::Now);
        }
        if forms.is_known(&text.value) {
            forms.wrong(written.span, "`ready` is `now`, or a map: { stable: 10s }");
        }
        return None;
    }
    let map = forms.map(node, "ready", &KNOWN)?;
    if map.map().is_some_and(|entries| entries.len() != 1) {
        forms.wrong(map.span, format!("`ready` has exactly one of: {}", KNOWN.join(", ")));
        return None;
    }
    let glob = |forms: &mut Forms, key: &str| {
        let (text, span) = forms.text(map, key)?;
        match Glob::parse(text) {
            Ok(glob) => Some(glob),
            Err(why) => {
                forms.wrong(span, format!("`ready.{key}`: {why}"));
                None
            }
        }
    };
    if map.at("stable").is_some() {
        return forms.duration(map, "stable").map(Ready::Stable);
    }
    if map.at("rename").is_some() {
        return glob(forms, "rename").map(Ready::Renamed);
    }
    if map.at("manifest").is_some() {
        return glob(forms, "manifest").map(Ready::Manifest);
    }
    let (marker, span) = forms.text(map, "marker")?;
    let named = marker.contains("{name}") || marker.contains("{stem}");
    if !named || marker.contains('/') || marker == "{name}" {
        let found = Diagnostic::new("E007", span, "`ready.marker` is a name made of that of the file");
        forms.diagnose(
            found.hint("write {name} for the whole name, {stem} for that without its ending: {name}.done"),
        );
        return None;
    }
    Some(Ready::Marker(marker.to_owned()))
}
