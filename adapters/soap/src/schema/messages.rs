//! Real messages prove that schemas were read right: each decodes through its shape and is written again.
//!
//! **Invariant.** The verdicts are those of an independent validator; nothing here decides which message is valid.

use super::load_xsd;
use crate::wire::spaces::Spaces;
use crate::wire::{Decoder, Index, difference, encoder};
use adapters_ports::Files;
use kernel::{Limits, PartId, PartKind, Shape, Sources};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

#[derive(Debug)]
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }
}

fn shared() -> Option<PathBuf> {
    let root = match std::env::var_os("SEAWALL_SHARED") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let found = root.join("fixtures/ota");
    if found.is_dir() {
        return Some(found);
    }
    eprintln!("SKIPPED: {} is missing; set SEAWALL_SHARED to the folder of shared fixtures", found.display());
    None
}

#[test]
fn every_valid_message_of_ota_is_read_and_written_again_with_the_same_infoset() {
    let Some(root) = shared() else { return };
    let expected = std::fs::read(root.join("_expected/ota-validity.json"));
    let expected: Value =
        serde_json::from_slice(&expected.expect("the verdicts")).expect("the verdicts are JSON");
    let mut schemas: HashMap<String, (Index, Spaces)> = HashMap::new();
    let (mut same, mut wrong) = (0, Vec::new());
    for (path, verdict) in expected["files"].as_object().expect("files") {
        if verdict["xsd_valid"] != true {
            continue;
        }
        let schema = format!("schema-alpinebits/{}", verdict["schema"].as_str().expect("a schema"));
        let (index, spaces) = schemas.entry(schema).or_insert_with_key(|schema| {
            let loaded = load_xsd(schema, &Folder(root.clone()), &mut Sources::default());
            let shape = loaded.unwrap_or_else(|findings| panic!("{schema}: {findings:#?}")).shape;
            (Index::new(shape.clone()), Spaces::new(&shape))
        });
        let message = std::fs::read(root.join(path)).expect("the message");
        match again(index, spaces, verdict["root"].as_str().expect("a root"), &message) {
            Ok(()) => same += 1,
            Err(reason) => wrong.push(format!("{path}: {reason}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{same} are the same");
    assert_eq!(same, 175);
}

/// Reads a message and writes it again.
fn again(index: &Index, spaces: &Spaces, root: &str, message: &[u8]) -> Result<(), String> {
    let shape = index.shape();
    let is = |id: &&PartId| &*shape.part(**id).name.local == root;
    let root = *shape.globals().iter().find(is).ok_or("the schema has no such root")?;
    let mut decoder = Decoder::new(index, root, Limits::default(), None);
    decoder.feed(message);
    decoder.close();
    let written =
        encoder::element(shape, spaces, root, &mut decoder).map_err(|error| format!("{error:?}"))?;
    let message = without_blanks(shape, root, message)?;
    match difference(message.as_bytes(), written.as_bytes())? {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}

/// Removes white space where the schema permits elements only: an infoset calls it element content white space,
/// and only a schema can tell it from a text.
fn without_blanks(shape: &Shape, root: PartId, message: &[u8]) -> Result<String, String> {
    let message = std::str::from_utf8(message).map_err(|error| error.to_string())?;
    let message = message.trim_start_matches('\u{feff}');
    let parsed = roxmltree::Document::parse(message).map_err(|error| error.to_string())?;
    let mut left = vec![(parsed.root_element(), shape.part(root).ty)];
    let mut cut = Vec::new();
    while let Some((node, ty)) = left.pop() {
        let Some(group) = shape.group(ty) else { continue };
        for child in node.children() {
            let name = child.tag_name();
            let is = |part: &&PartId| {
                let part = shape.part(**part);
                part.kind == PartKind::Element
                    && &*part.name.local == name.name()
                    && part.name.space.as_deref() == name.namespace()
            };
            if child.is_element() {
                left.extend(group.parts.iter().find(is).map(|part| (child, shape.part(*part).ty)));
            } else if child.is_text() && shape.text_part(ty).is_none() {
                cut.push(child.range());
            }
        }
    }
    cut.sort_by_key(|range| range.start);
    let mut kept = String::new();
    let mut at = 0;
    for range in cut {
        kept.push_str(&message[at..range.start]);
        // Anything else than white space would be a mistake of the message, and must show.
        kept.push_str(message[range.clone()].trim());
        at = range.end;
    }
    kept.push_str(&message[at..]);
    Ok(kept)
}
