//! Prefixes for the namespaces of a shape, chosen once.
//!
//! **Invariant.** A namespace has the same prefix in every message of a connection.

use super::escape;
use kernel::{PartId, PartKind, Shape};
use std::collections::HashMap;
use std::sync::Arc;

/// The namespaces of a shape.
#[derive(Debug, Clone)]
pub(crate) struct Spaces {
    uris: Vec<Arc<str>>,
    /// By namespace: its prefix with the colon, its declaration, and the one that makes it the default.
    written: Vec<[Box<str>; 3]>,
    /// By part: 0 is no namespace, else the number behind its prefix.
    of_part: Vec<u32>,
    /// Some inner element has no namespace, so that none can be the default one.
    unqualified: bool,
}

impl Spaces {
    /// Numbers the namespaces of a shape in its order.
    pub(crate) fn new(shape: &Shape) -> Self {
        let mut numbers: HashMap<Arc<str>, u32> = HashMap::new();
        let mut uris = Vec::new();
        let mut unqualified = false;
        let of_part = shape
            .parts()
            .map(|(_, part)| match &part.name.space {
                Some(uri) => *numbers.entry(uri.clone()).or_insert_with(|| {
                    uris.push(uri.clone());
                    // A shape has fewer namespaces than parts.
                    u32::try_from(uris.len()).unwrap_or(u32::MAX)
                }),
                None => {
                    unqualified |= part.kind == PartKind::Element;
                    0
                }
            })
            .collect();
        let written = (1..).zip(&uris).map(|(number, uri)| written(number, uri)).collect();
        Self { uris, written, of_part, unqualified }
    }

    /// Number of a part's namespace; 0 is none.
    pub(crate) fn of(&self, part: PartId) -> u32 {
        self.of_part.get(part.0 as usize).copied().unwrap_or(0)
    }

    /// Number of a namespace, if a part is in it.
    pub(crate) fn find(&self, uri: &str) -> Option<u32> {
        let at = self.uris.iter().position(|known| **known == *uri)?;
        u32::try_from(at + 1).ok()
    }

    /// What stands before a name of this namespace; nothing for none.
    pub(crate) fn prefix(&self, number: u32) -> &str {
        self.text(number, 0)
    }

    /// The declaration of its prefix, with a blank before it.
    pub(crate) fn declaration(&self, number: u32) -> &str {
        self.text(number, 1)
    }

    /// The declaration that makes it the default one, with a blank before it.
    pub(crate) fn default_declaration(&self, number: u32) -> &str {
        self.text(number, 2)
    }

    fn text(&self, number: u32, which: usize) -> &str {
        let at = (number as usize).checked_sub(1);
        at.and_then(|at| self.written.get(at)).map_or("", |texts| &texts[which])
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.uris.len()
    }

    /// The namespace that elements below this root have without a prefix; 0 if there is none.
    pub(crate) fn default_below(&self, root: PartId) -> u32 {
        if self.unqualified { 0 } else { self.of(root) }
    }
}

/// Appends the declaration of a namespace, with a blank before it.
pub(crate) fn declare(out: &mut String, name: &str, uri: &str) {
    for piece in [" ", name, "=\""] {
        out.push_str(piece);
    }
    // The namespace stood in an XML document, so that its characters can be written.
    let _ = escape::value(uri, out);
    out.push('"');
}

fn written(number: usize, uri: &str) -> [Box<str>; 3] {
    let declaration = |name: &str| {
        let mut out = String::new();
        declare(&mut out, name, uri);
        out.into_boxed_str()
    };
    [format!("n{number}:").into(), declaration(&format!("xmlns:n{number}")), declaration("xmlns")]
}
