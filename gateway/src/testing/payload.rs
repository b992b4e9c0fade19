//! Data of tests: files and what stands in the mapping, as values, as structures, as wire.
//!
//! **Invariant.** Whatever is written as a map goes through the encoder of the connection, so that real bytes are tested.

use super::inline;
use crate::project::Folder;
use adapters_ports::{Connection, Files};
use engine::json::{self, JsonLimits};
use engine::lang::Payload;
use engine::plan::tree::{Tree, capture};
use engine::value::Value;
use kernel::{PartId, Shape};
use std::sync::Arc;

/// What data is needed to make sense of legacy data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Legacy<'a> {
    pub connection: &'a dyn Connection,
    pub shape: &'a Arc<Shape>,
    pub part: PartId,
}

/// Returns the bytes of a file or a text.
fn bytes(folder: &Folder, payload: &Payload) -> Result<Option<Vec<u8>>, String> {
    match payload {
        Payload::File(name) => folder.read(name).map(Some),
        Payload::Text(text) => Ok(Some(text.value.clone().into_bytes())),
        Payload::Inline(_) => Ok(None),
    }
}

/// Returns what the data is called in messages.
pub(super) fn named<'a>(payload: &'a Payload, inline: &'a str) -> &'a str {
    match payload {
        Payload::File(name) => name,
        Payload::Text(_) | Payload::Inline(_) => inline,
    }
}

/// Returns JSON data as a value.
///
/// # Errors
/// The file cannot be read, or is no JSON.
pub(crate) fn value(folder: &Folder, payload: &Payload) -> Result<Value, String> {
    match (bytes(folder, payload)?, payload) {
        (Some(bytes), _) => json::parse(&bytes, JsonLimits::default()).map_err(|error| {
            format!("{}:{}:{}: {}", named(payload, "the text"), error.line, error.column, error.message)
        }),
        (None, Payload::Inline(node)) => Ok(inline::value(node)),
        (None, _) => Ok(Value::Absent),
    }
}

/// Returns the bytes that a client sends.
///
/// # Errors
/// The file cannot be read.
pub(super) fn body(folder: &Folder, payload: &Payload) -> Result<Vec<u8>, String> {
    if let Some(bytes) = bytes(folder, payload)? {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    json::write(&value(folder, payload)?, &mut out);
    Ok(out)
}

impl Legacy<'_> {
    /// Returns legacy data in wire form: one part on its own.
    ///
    /// # Errors
    /// The file cannot be read, or the map has a name that the legacy schema does not know.
    pub(super) fn wire(&self, folder: &Folder, payload: &Payload) -> Result<Vec<u8>, String> {
        if let Some(bytes) = bytes(folder, payload)? {
            return Ok(bytes);
        }
        let Payload::Inline(node) = payload else { return Ok(Vec::new()) };
        let tree = inline::tree(self.shape, self.shape.part(self.part).ty, node)?;
        let wire = self.connection.encode_part(self.part, &mut tree.replay(tree.root()));
        wire.map(|wire| wire.to_vec()).map_err(|error| error.to_string())
    }

    /// Returns legacy data as a structure, read from its wire form.
    ///
    /// # Errors
    /// As for `wire`, and where the data is not that part.
    pub(super) fn tree(&self, folder: &Folder, payload: &Payload) -> Result<Tree, String> {
        let wire = self.wire(folder, payload)?;
        let mut document =
            self.decode(&wire).map_err(|error| format!("{}: {error}", named(payload, "the data")))?;
        capture(self.shape, self.shape.part(self.part).ty, &mut *document).map_err(|error| error.to_string())
    }

    fn decode(&self, wire: &[u8]) -> Result<Box<dyn kernel::Document + Send>, String> {
        self.connection.decode_part(self.part, wire)
    }
}
