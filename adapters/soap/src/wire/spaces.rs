//! Prefixes for the namespaces of a shape, chosen once.
//!
//! **Invariant.** A namespace has the same prefix in every message of a connection.

use kernel::{PartId, PartKind, Shape};
use std::collections::HashMap;
use std::sync::Arc;

/// The namespaces of a shape.
#[derive(Debug, Clone)]
pub(crate) struct Spaces {
    uris: Vec<Arc<str>>,
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
        Self { uris, of_part, unqualified }
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

    /// The namespace of a number.
    pub(crate) fn uri(&self, number: u32) -> Option<&Arc<str>> {
        self.uris.get((number as usize).checked_sub(1)?)
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
